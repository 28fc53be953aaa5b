"""Version 2 of the plugins' protocol: the whole example of docs/plugins.md at work, and types of challenges that only it has."""
import json
import re
import subprocess
from pathlib import Path

import pytest
from client import wait_for

pytestmark = pytest.mark.ours

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"


def example_text():
    blocks = re.findall(r"^```python\n(.*?)^```$", MANUAL.read_text(), re.M | re.S)
    assert len(blocks) == 1
    return blocks[0]


@pytest.fixture
def plugins(area):
    path = area / "plugins"
    path.mkdir(mode=0o755)
    return path


def put(plugins, text, name="example-zone"):
    path = plugins / name
    path.write_text(text)
    path.chmod(0o755)
    return path


class Zone:
    """The DNS server serves what is in the file at the moment when the plugin waits: its `wait` is given that."""

    def __init__(self, plugins, area, ca):
        self.ca, self.file, self.asked = ca, area / "zone", area / "asked"
        serve = f'''
import urllib.request

def serve(question):
    for line in open(question["options"]["file"]).read().splitlines():
        name, value = line.split(" ", 1)
        body = json.dumps({{"host": name + ".", "value": value}}).encode()
        urllib.request.urlopen("http://127.0.0.1:{ca.dns_management}/set-txt", body, timeout=20).read()
    return {{}}

REQUESTS["wait"] = serve
'''
        text = example_text()
        before, loop = text.split("for text in sys.stdin:")
        note = f'    open("{self.asked}", "a").write(text)\n'
        self.plugin = put(plugins, before + serve + "\nfor text in sys.stdin:" + loop.replace("\n", "\n" + note, 1))
        self.options = ["--plugin-dir", plugins, "--example-zone-file", self.file]

    def lines(self):
        return self.file.read_text().splitlines() if self.file.exists() else []

    def questions(self, request):
        found = [json.loads(line) for line in self.asked.read_text().splitlines()]
        return [q for q in found if q["request"] == request]


@pytest.fixture
def zone(plugins, area, new_ca):
    return Zone(plugins, area, new_ca)


def obtain(client, zone, names, *args, **more):
    return client.certonly(names, *zone.options, *args, authenticator="--authenticator=example-zone", **more)


def test_the_example_as_it_stands(plugins):
    """Without Evercert: what the manual says it is asked, and what it has to answer."""
    path = put(plugins, example_text())
    challenge = {"type": "dns-01", "kind": "record", "identifier": "a.example", "is_ip": False, "wildcard": False,
                 "record_name": "_acme-challenge.a.example", "record_value": "v", "account_url": "https://ca.example/1"}
    other = {**challenge, "identifier": "b.example", "record_name": "_acme-challenge.b.example"}
    options = {"file": str(plugins / "zone"), "domain": "a.example"}
    questions = [{"request": "describe", "protocol": 1, "protocols": [1, 2]}]
    questions += [{"request": r, "protocol": 2, "options": options, "challenges": [challenge, other]}
                  for r in ("present", "wait", "cleanup", "sweep")]
    done = subprocess.run([path], input="".join(json.dumps(q) + "\n" for q in questions), capture_output=True, text=True, timeout=30)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and len(answers) == 5 and all(a["ok"] for a in answers), done.stderr
    assert [r["ok"] for r in answers[1]["results"]] == [True, False]
    assert (plugins / "zone").read_text() == ""


def test_all_at_once(new_client, zone):
    obtain(new_client, zone, ["z.test", "*.z.test", "www.z.test"])
    new_client.store.check(["z.test"])
    assert zone.lines() == []
    for request in ("present", "wait", "cleanup"):
        asked = zone.questions(request)
        assert len(asked) == 1 and len(asked[0]["challenges"]) == 3 and asked[0]["protocol"] == 2
    challenges = zone.questions("cleanup")[0]["challenges"]
    assert [c["state"] for c in challenges] == ["written"] * 3
    assert sorted((c["identifier"], c["wildcard"]) for c in challenges) == [("www.z.test", False), ("z.test", False), ("z.test", True)]
    assert new_client.store.conf("z.test")["renewalparams"]["example_zone_file"] == str(zone.file)
    new_client.give_up_authorizations()
    new_client.renew("--force-renewal")
    assert new_client.store.versions("z.test") == [1, 2]


@pytest.mark.parametrize("kind", ["dns-account-01", "dns-persist-01"])
def test_types_of_drafts(new_client, zone, kind):
    obtain(new_client, zone, ["d.test", "*.d.test"], "--preferred-challenges", kind)
    new_client.store.check(["d.test"])
    challenges = zone.questions("present")[0]["challenges"]
    assert [c["type"] for c in challenges] == [kind] * 2
    if kind == "dns-account-01":
        assert all(re.fullmatch(r"_[a-z2-7]{16}\._acme-challenge\.d\.test", c["record_name"]) for c in challenges)
        assert zone.lines() == [] and len(zone.questions("cleanup")) == 1
        return
    url = challenges[0]["account_url"]
    assert sorted(zone.lines()) == sorted(f'{c["record_name"]} {c["record_value"]}' for c in challenges), "they stay"
    assert all(c["kind"] == "standing record" and f"accounturi={url}" in c["record_value"] for c in challenges)
    assert [c["wildcard"] for c in challenges] == ["policy=wildcard" in c["record_value"] for c in challenges]
    assert not zone.questions("cleanup") and not (new_client.config / "pending").exists()
    before = zone.lines()
    new_client.give_up_authorizations()
    new_client.renew("--force-renewal")
    assert zone.lines() == before, "put there once"


def test_a_name_that_fails(new_client, zone):
    refused = obtain(new_client, zone, ["d.test", "x.other", "y.other"], "--example-zone-domain", "d.test", status=1)
    refused.says("Identifier: x.other", "Identifier: y.other", "this file is for another domain", "change --example-zone-domain")
    assert not zone.questions("wait"), "an order that fails anyway is not waited for"
    assert zone.lines() == [] and not new_client.store.lineages()
    obtain(new_client, zone, ["d.test", "x.other"], "--example-zone-domain", "d.test", "--allow-subset-of-names").says(
        "Retrying without: x.other")
    assert [str(name) for name in new_client.store.cert("d.test").extensions.get_extension_for_class(
        __import__("cryptography").x509.SubjectAlternativeName).value.get_values_for_type(__import__("cryptography").x509.DNSName)] == ["d.test"]


def test_sweep(new_client, zone, area):
    """Killed while it waits: the next run asks a new process to sweep, with the states that the plugin had given."""
    text = zone.plugin.read_text()
    (area / "kill").touch()
    zone.plugin.write_text(text.replace("    asked = json.loads(text)\n", f'''    asked = json.loads(text)
    if asked["request"] == "wait" and os.path.exists("{area}/kill"):
        os.system({json.dumps(f"rm {area}/kill; kill -9 " + "%d")} % os.getppid())
''', 1))
    obtain(new_client, zone, ["s.test", "www.s.test"], status=-9)
    wait_for(lambda: not (area / "kill").exists(), what="the kill")
    assert len(zone.lines()) == 2 and (new_client.config / "pending" / "s.test" / "proofs.txt").exists()
    obtain(new_client, zone, ["s.test", "www.s.test"])
    swept = zone.questions("sweep")
    assert len(swept) == 1 and sorted(c["identifier"] for c in swept[0]["challenges"]) == ["s.test", "www.s.test"]
    assert zone.lines() == [] and not (new_client.config / "pending").exists()
