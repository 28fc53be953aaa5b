"""International names as people type them, and the key of an external account that nobody else gets to see."""
import json
import subprocess

import certs
import pytest
from peers.pebble import MAC_KEYS

pytestmark = pytest.mark.ours


def test_an_international_name(new_client, second_name):
    client = new_client
    client.certonly(["bücher.test", "WWW.Bücher.test"]).says("xn--bcher-kva.test", "(bücher.test, www.bücher.test)")
    assert certs.names(client.store.cert("xn--bcher-kva.test")) == ["www.xn--bcher-kva.test", "xn--bcher-kva.test"]
    client.run("certificates").says("Identifiers: xn--bcher-kva.test www.xn--bcher-kva.test",
                                    "International Names: bücher.test, www.bücher.test")
    client.certonly(["bücher.test", "www.bücher.test"], "--keep").says("not yet due for renewal")
    client.certonly(["a\u0301 b.test"], status=1)
    client.program = second_name
    client.certonly(["bücher.test"], status=1).says("Non-ASCII domain names not supported.")
    assert "International" not in client.run("certificates").text


def command_line(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().decode().split("\0")[:-1]


@pytest.mark.parametrize("by", ["evercert", "certbot"])
@pytest.mark.parametrize("shape", ["two words", "one word"])
def test_the_key_disappears_from_the_list_of_processes(make_client, eab_ca, second_name, by, shape):
    client = make_client(eab_ca)
    if by == "certbot":
        client.program = second_name
    kid, key = next(iter(MAC_KEYS.items()))
    words = ["--eab-hmac-key", key] if shape == "two words" else [f"--eab-hmac-key={key}"]
    # The terms are asked for: the program waits for an answer while it is looked at.
    process = client.start("register", "-m", "a@eab.test", "--no-eff-email", "--eab-kid", kid, *words, stdin=subprocess.PIPE)
    asked = ""
    while "(N)o:" not in asked:
        letter = process.stdout.read(1)
        assert letter, "ended before the question"
        asked += letter
    shown = command_line(process.pid)
    assert key not in " ".join(shown) and kid in shown, shown
    assert ("--eab-hmac-key" in shown and shown[shown.index("--eab-hmac-key") + 1] == "*" * len(key)) == (shape == "two words")
    client.finish(process, input="y\n")
    assert key not in client.log() and len(client.store.account_dirs()) == 1


def test_the_key_from_a_file(make_client, eab_ca, area):
    client = make_client(eab_ca)
    kid, key = next(iter(MAC_KEYS.items()))
    path = area / "hmac"
    register = ["register", "-n", "--agree-tos", "-m", "a@eab.test", "--eab-kid", kid]
    path.write_text("no base64!\n")
    client.run(*register, "--eab-hmac-key-file", path, status=1).says(f"the value of --eab-hmac-key-file {path} is not base64url")
    client.run(*register, "--eab-hmac-key-file", area / "gone", status=1).says("gone", "No such file")
    client.run(*register, status=1).says("belong together: one is missing")
    client.run(*register, "--eab-hmac-key-file", path, "--eab-hmac-key", key, status=1).says("cannot both be given")
    path.write_text(key + "\n")
    client.run(*register, "--eab-hmac-key-file", path).says("Account registered.")
    regr = json.loads((client.store.account_dirs()[0] / "regr.json").read_text())
    assert key not in json.dumps(regr)


def test_what_has_no_effect_says_so(new_client):
    new_client.register("--eff-email").says("--eff-email has no effect: your address is shared with nobody but the CA.")
    new_client.certonly(["debug.test"], "--debug-challenges").says("There is no terminal, and so nobody is waited for")
