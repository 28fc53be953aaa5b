"""What administrators do with a Certbot that they have had for years: files of options in every place, renewal files and directories
of hooks edited by hand, scripts whose variables are empty. By the program of Certbot's name; Certbot itself passes these tests,
too (but for what is marked)."""
import os
import pwd
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from client import Client
from peers.pebble import MAC_KEYS
from peers.terminal import Line
from test_transcripts import ADVICE, SAVING, Spoken

pytestmark = pytest.mark.certbot5


@pytest.fixture
def certbot(open_program, area, trust, new_ca):
    client = Client(open_program, area, trust, new_ca)
    client.register()
    return client


# ---- files of options ----

def in_places(argv, env, places):
    """Runs a command that sees other directories in some places; in a mount namespace of its own."""
    mounts = "".join(f"mount --bind {shlex.quote(str(what))} {shlex.quote(str(where))} && " for where, what in places.items())
    command = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    return subprocess.run([*command, "sh", "-c", mounts + 'exec "$@"', "sh", *argv], env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)


def test_files_of_options_in_both_places(certbot, area, open_program):
    """The system's, then the user's, whose home the password file knows where no HOME is set: timers start services so."""
    config = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".config"
    places = {Path("/etc/letsencrypt"): area / "etc", config: area / "home"}
    missing = [str(p) for p in places if not p.is_dir()]
    if missing or not shutil.which("unshare"):
        pytest.skip(f"nothing to put other files over: {missing or 'unshare'}")
    if any(str(open_program.resolve()).startswith(f"{p}/") for p in places):
        pytest.skip("the program would be hidden")
    for place in (area / "etc", area / "home" / "letsencrypt"):
        place.mkdir(parents=True)
    (area / "etc" / "cli.ini").write_text("# of the system\nkey-type = rsa\nrsa-key-size = 3072\npre-hook = true of the system\n")
    (area / "home" / "letsencrypt" / "cli.ini").write_text("rsa-key-size = 4096\npost-hook = true of the user\n")
    env = certbot.environment({"HOME": None, "XDG_CONFIG_HOME": None})
    for name, args in (("a.test", []), ("b.test", ["--rsa-key-size", "2048", "--pre-hook", "true of mine"])):
        done = in_places(certbot.argv("certonly", "-n", "--standalone", "-d", name, *args), env, places)
        if "Operation not permitted" in done.stderr:
            pytest.skip("this user may not mount anything")
        assert done.returncode == 0, done.stderr
    saved = [certbot.store.conf(name)["renewalparams"] for name in ("a.test", "b.test")]
    assert [s.get("rsa_key_size", "2048") for s in saved] == ["4096", "2048"]
    assert [s["pre_hook"] for s in saved] == ["true of the system", "true of mine"]
    assert [s["post_hook"] for s in saved] == ["true of the user"] * 2


def test_a_file_of_options_that_cannot_be_read(certbot, area):
    """It may say which CA to use."""
    folder = area / "xdg" / "letsencrypt"
    folder.mkdir(parents=True)
    (folder / "cli.ini").write_text("rsa-key-size = of the user\n")
    for env in ({"XDG_CONFIG_HOME": str(area / "xdg")}, {"XDG_CONFIG_HOME": "~/xdg"}):
        certbot.run("certificates", status=2, env=env).says("invalid int value: 'of the user'")
    (folder / "cli.ini").unlink()
    for link in (True, False):
        (folder / "cli.ini").symlink_to("cli.ini") if link else (folder / "cli.ini").mkdir()
        done = certbot.run("certificates", status=None, env=env)
        assert done.status != 0 and str(folder / "cli.ini") in done.err, done
        (folder / "cli.ini").unlink() if link else (folder / "cli.ini").rmdir()


# ---- scripts ----

@pytest.mark.parametrize("args", [["certonly", "-n", "--standalone"], ["certonly", "-n", "--standalone", "-d", "a.test"], ["certificates"],
                                  ["delete", "-n"], ["renew"], ["run", "-n"]], ids=" ".join)
def test_a_variable_that_is_not_set(certbot, args):
    """No name is not every name, and not one less."""
    done = certbot.run(*args, "-d", "", status=1).says("Requested domain is not a FQDN because it contains an empty label.")
    assert done.out == "" and not (certbot.config / "live").exists()


@pytest.mark.ours
def test_a_certificate_that_is_kept_needs_no_ca(certbot):
    certbot.certonly(["a.test"])
    account = certbot.store.account_dirs()[0]
    elsewhere = certbot.config / "accounts" / "localhost:1" / "directory"
    shutil.copytree(account.parent, elsewhere)
    certbot.certonly(["a.test"], "--server", "https://localhost:1/directory").says("no action taken")
    certbot.certonly(["a.test"], "--server", "https://localhost:1/directory", "--force-renewal", status=1)


def test_must_staple_without_a_server_that_staples(certbot):
    said = Spoken(certbot, "run", "-n", "-a", "standalone", "-i", "null", "--must-staple", "-d", "a.test", status=1)
    assert said.err.startswith(SAVING + "Must-Staple extension requested, but OCSP stapling is not supported by the selected installer "
                               "(null)\n\nYou can either:\n * remove the --must-staple option")
    assert said.err.endswith("\n * choose a different installer plugin (such as --nginx or --apache), if possible.\n" + ADVICE)
    assert certbot.store.lineages() == []


def test_what_is_told_with_v(certbot):
    args = ["certonly", "-n", "-v", "--standalone", "-d", "a.test"]
    selected = SAVING + "Plugins selected: Authenticator standalone, Installer None\n"
    said = Spoken(certbot, *args)
    assert said.err.startswith(selected + "Performing the following challenges:\n") and said.err.endswith(
        "Cleaning up challenges\nNon-standard path(s), might not work with crontab installed by your operating system package manager\n")
    said = Spoken(certbot, *args)
    no_ocsp = "Cannot extract OCSP URI from /etc/letsencrypt/archive/a.test/cert1.pem\n"  # Certbot's; ours asks for a list
    assert said.err.replace(no_ocsp, "") == selected + "Keeping the existing certificate\n"
    said = Spoken(certbot, "certonly", "-n", "-v", "--standalone", "-d", "a.test", "--reuse-key", "--force-renewal")
    assert "Reusing existing private key from /etc/letsencrypt/live/a.test/privkey.pem.\n" in said.err
    said = Spoken(certbot, "delete", "-v", "--cert-name", "a.test", "--force-interactive", input="n\n")
    assert said.err == SAVING + "Deletion of certificate(s) canceled.\n"
    said = Spoken(certbot, "delete", "-n", "-v", "--cert-name", "a.test")
    assert said.err == SAVING + "Removed /etc/letsencrypt/renewal/a.test.conf\n"


# ---- directories of hooks ----

def test_what_runs_in_a_directory_of_hooks(certbot):
    """Programs, by name, links to them, too; no backup of an editor, no directory, nothing that cannot be run. A blank is a
    blank to the shell."""
    certbot.certonly(["a.test"])
    told = certbot.area / "told"
    folder = certbot.config / "renewal-hooks" / "deploy"
    for name in ("20-b.sh", "10-a", ".hidden", "#c.sh#", "d.sh~", "e.dpkg-old", "f g.sh", "é.sh"):
        (folder / name).write_text(f'#!/bin/sh\necho "${{0##*/}}" >> {told}\n')
        (folder / name).chmod(0o755)
    (folder / "not-executable").write_text(f"#!/bin/sh\necho no >> {told}\n")
    (folder / "directory").mkdir()
    (folder / "dangling").symlink_to("nowhere")
    (folder / "linked-directory").symlink_to("directory")
    (folder / "linked").symlink_to("10-a")
    certbot.renew("--force-renewal")
    assert told.read_text().splitlines() == ["#c.sh#", ".hidden", "10-a", "20-b.sh", "e.dpkg-old", "linked", "é.sh"]
    certbot.renew("--force-renewal", "--deploy-hook", folder / "10-a")  # saved from here on, and still once in each run
    assert told.read_text().split().count("10-a") == 2
    certbot.renew("--force-renewal", "--no-directory-hooks")
    assert told.read_text().splitlines()[14:] == ["10-a"]


# ---- renewal files ----

BY_HAND = {
    "'''echo \"a\" 'b'; echo c'''": 'a b\nc\n',
    "\"\"\"echo 'a' \"b\" \"\"\"": "a b\n",
    "'''echo one\necho two'''": "one\ntwo\n",
    "echo a#b": "a\n",
    "echo a # b": "a\n",
    "echo 100%": "100%\n",
    "echo %(key_type)s": "ecdsa\n",
    "echo \"${RENEWED_DOMAINS}\"": "a.test\n",
    "\"echo it's mine\"": None,  # the shell's error, not ours
    "''": None,
}


def test_hooks_written_by_hand(certbot):
    certbot.certonly(["a.test"])
    path = certbot.store.renewal("a.test")
    first = path.read_text()
    for value, printed in BY_HAND.items():
        path.write_text(first.replace("[renewalparams]\n", f"[renewalparams]\nrenew_hook = {value}\n"))
        done = certbot.renew("--force-renewal")
        shown = "".join(f" {line}\n" for line in (printed or "").splitlines())
        assert ("ran with output:\n" + shown in done.out) if printed else "ran with output" not in done.out, f"{value}\n{done}"


@pytest.mark.parametrize("change", [
    lambda b: b.replace(b"\n", b"\r\n"), lambda b: b"\xef\xbb\xbf" + b, lambda b: b.rstrip(b"\n"), lambda b: b.replace(b" = ", b"\t=\t"),
    lambda b: "# caf\u00e9\n".encode() + b, lambda b: b.replace(b"[renewalparams]", b"[ renewalparams ] # here"),
], ids=["CRLF", "byte order mark", "no line feed at the end", "tabs", "UTF-8", "blanks around a section"])
def test_renewal_files_of_all_editors(certbot, change):
    certbot.certonly(["a.test"])
    path = certbot.store.renewal("a.test")
    path.write_bytes(change(path.read_bytes()))
    certbot.renew("--force-renewal").says("all renewals succeeded")
    certbot.renew().says("not due for renewal yet")
    assert certbot.store.versions("a.test") == [1, 2]


@pytest.mark.ours
def test_what_certbot_cannot_read(certbot):
    """An old comment is no reason to let a certificate expire; and a hook is the text that it looks like, commas and all."""
    certbot.certonly(["a.test"])
    path = certbot.store.renewal("a.test")
    path.write_bytes(b"# caf\xe9\n" + path.read_bytes().replace(b"[renewalparams]\n", b"[renewalparams]\nrenew_hook = echo a, b\n"))
    certbot.renew("--force-renewal").says("ran with output: a, b")
    assert path.read_bytes().startswith(b"# caf\xe9\n")


# ---- accounts ----

def test_keys_of_a_binding(open_program, area, trust, start_pebble):
    """CAs hand them out in either alphabet and with padding; and variables of scripts may be empty."""
    key = MAC_KEYS["kid-2"]
    assert "-" in key
    ca = start_pebble("new", "bound", settings={"externalAccountBindingRequired": True, "externalAccountMACKeys": MAC_KEYS})
    certbot = Client(open_program, area, trust, ca)
    args = ["register", "-n", "--agree-tos", "--register-unsafely-without-email"]
    said = Spoken(certbot, *args, "--eab-kid", "kid-1", "--eab-hmac-key", key, status=1)
    assert said.err.startswith(SAVING + "Unable to register an account with ACME server. Error returned by the ACME server: ")
    said = Spoken(certbot, *args, "--eab-kid", "kid-2", "--eab-hmac-key", "", status=1)
    assert said.err.startswith(SAVING + "Unable to register an account with ACME server. Server requires external account binding.")
    for given in (key, key.replace("-", "+").replace("_", "/") + "=="):
        certbot.run(*args, "--eab-kid", "kid-2", "--eab-hmac-key", given).says("Account registered.")
        certbot.run("unregister", "-n")


def test_reconfigure_changes_no_account(certbot):
    certbot.certonly(["a.test"])
    said = Spoken(certbot, "reconfigure", "-n", "--cert-name", "a.test", "--server", "https://localhost:1/x", status=1)
    assert said.err == SAVING + (
        "Using reconfigure to change the ACME account or server is not supported. If you would like to do so, use renew with the "
        "--force-renewal flag instead of reconfigure. Note that doing so will count against any rate limits. For more information on "
        "this method, see https://certbot.org/renew-reconfiguration\n") + ADVICE


# ---- a terminal ----

def test_red_is_what_the_log_says(certbot):
    """Not the last word of a command that has found nothing to do."""
    env = {**certbot.environment(), "LANG": "C.UTF-8"}
    refused = Line(certbot.argv("install", "-n"), env, [])
    assert refused.status == 1 and "\033[31m" in refused.text
    account = Line(certbot.argv("register"), env, [])
    assert account.status == 1 and "There is an existing account" in account.text and "\033[31m" not in account.text
