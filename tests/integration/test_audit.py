"""The audit trail: every act of a certificate's life, what becomes of the file, and what verification finds."""
import contextlib
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from own_folders import own_folders

pytestmark = pytest.mark.ours

NAME = "a.test"


def lines(client, name="audit.log"):
    return (client.logs / name).read_text().splitlines(keepends=True)


def acts(client):
    return [json.loads(line) for line in lines(client)]


def check_chain(client):
    """Our own look at it, with nothing but what docs/audit.md says."""
    before = "0" * 64
    for number, line in enumerate(lines(client), start=1):
        record = json.loads(line)
        assert (record["seq"], record["prev"]) == (number, before), line
        before = hashlib.sha256(line.encode()).hexdigest()


class Told:
    """Which acts a command has added."""

    def __init__(self, client):
        self.client = client

    def __call__(self, *args, status=0, **more):
        before = len(acts(self.client)) if (self.client.logs / "audit.log").exists() else 0
        self.client.run(*args, status=status, **more)
        check_chain(self.client)
        new = acts(self.client)[before:]
        assert all(record["who"]["command"] == args[0] for record in new)
        return [(r["act"], r.get("lineage"), r["result"]) for r in new], new


def test_a_life(new_client, area):
    """From the account's registration to its end: exactly these acts, each with what it is about."""
    client, told = new_client, Told(new_client)
    hook = area / "hook"
    hook.write_text("#!/bin/sh\nexit 0\n")
    hook.chmod(0o755)
    non_interactive = ["-n", "--agree-tos", "--register-unsafely-without-email"]

    done, records = told("register", *non_interactive)
    assert done == [("trail-begun", None, "done"), ("account-registered", None, "done")]
    assert records[1]["what"]["account"] == client.store.account_id()

    done, records = told("certonly", *non_interactive, "--standalone", "-d", NAME, "--deploy-hook", f"{hook} --password=secret")
    assert done == [("key-made", NAME, "done"), ("certificate-issued", NAME, "done"), ("certificate-live", NAME, "done"),
                    ("certificate-delivered", NAME, "done")]
    serial = f"{client.store.cert(NAME).serial_number:x}"
    assert records[0]["what"] == {"type": "ecdsa", "curve": "secp256r1"}
    assert records[1]["what"]["serial"] == records[2]["what"]["serial"] == serial
    assert records[1]["what"]["names"] == NAME and records[1]["what"]["server"] == client.server

    assert told("renew") == ([], []), "nothing was due, so nothing was done"
    hook.write_text("#!/bin/sh\nexit 3\n")
    done, records = told("renew", "--force-renewal", status=1)
    assert done == [("key-made", NAME, "done"), ("certificate-issued", NAME, "done"), ("certificate-live", NAME, "done"),
                    ("hook-failed", NAME, "failed")]
    assert records[3]["what"] == {"hook": "deploy-hook", "program": str(hook), "status": "3"}
    assert "secret" not in "".join(lines(client))
    hook.write_text("#!/bin/sh\nexit 0\n")
    assert told("renew")[0] == [("certificate-delivered", NAME, "done")], "the hook was made up for"

    done, records = told("reconfigure", "-n", "--cert-name", NAME, "--pre-hook", "true", "--cert-mode", "640", status=None)
    assert done == [("renewal-settings-changed", NAME, "done"), ("access-changed", NAME, "done")]
    assert "pre_hook" in records[0]["what"]["keys"].split(",")
    assert told("renew", "--dry-run") == ([], [])

    versions = client.run("history", "--json", NAME).json()["certificates"][0]["versions"]
    old, = [version for version in versions if version["state"] == "superseded"]
    done, records = told("history", "restore", NAME, old["id"])
    assert done == [("version-restored", NAME, "done"), ("certificate-delivered", NAME, "done")]
    assert records[0]["what"]["serial"] == old["serial"] == serial

    done, records = told("revoke", "-n", "--cert-name", NAME, "--reason", "superseded", "--no-delete-after-revoke")
    assert done == [("certificate-revoked", NAME, "done")]
    assert (records[0]["what"]["serial"], records[0]["what"]["reason"]) == (serial, "superseded")
    assert told("delete", "-n", "--cert-name", NAME)[0] == [("lineage-deleted", NAME, "done")]
    assert told("delete", "-n", "--cert-name", NAME, status=1)[0] == [("command-failed", None, "failed")]
    account = client.store.account_id()
    done, records = told("update_account", "-n", "-m", "somebody@example.test")
    assert done == [("account-changed", None, "done")] and records[0]["what"]["contacts"] == "mailto:somebody@example.test"
    done, records = told("update_account", "-n", "--new-key")
    assert done == [("account-key-changed", None, "done")] and records[0]["what"]["account"] == account
    done, records = told("unregister", "-n")
    assert done == [("account-closed", None, "done")] and records[0]["what"]["account"] != account
    for asking in (["certificates"], ["status"], ["doctor"], ["history"], ["plugins"]):
        assert told(*asking, status=None) == ([], []), "who only looks is no act"


@pytest.fixture
def three_acts(new_client):
    """A trail of four lines: its beginning, and three changes of the contact."""
    new_client.register()
    for who in ("one", "two"):
        new_client.run("update_account", "-n", "-m", f"{who}@example.test")
    assert [a["act"] for a in acts(new_client)] == ["trail-begun", "account-registered", "account-changed", "account-changed"]
    return new_client


def verified(client, *args, status=0):
    found = client.run("audit", "verify", "--json", *args, status=status).json()
    assert found["whole"] == (status == 0) == (found["problem_count"] == 0)
    return found


def test_shown(three_acts):
    client = three_acts
    said = client.run("audit").says("account-registered", "account-changed: account=", "contacts=mailto:one@example.test",
                                    "with update_account")
    assert said.out.count("\n") == 4
    assert client.run("audit", "show", "--last", "1").out.count("\n") == 1
    assert client.run("audit", "show", "--act", "account-changed", "--since", "1h").out.count("\n") == 2
    client.run("audit", "show", "--since", "2999-01-01").says("Nothing of that kind is in the audit trail")
    client.run("audit", "show", "--act", "no-such-act", status=2).says('"no-such-act" is no act')
    client.run("audit", "show", "--since", "yesterday", status=2).says('"yesterday" is no time')
    client.run("audit", "frobnicate", status=2).says('"frobnicate" is no action of audit')
    assert client.run("audit", "show", "--json").json()["acts"] == acts(client)
    client.run("delete", "-n", "--cert-name", "none.test", status=1)
    client.run("audit", "show", "--last", "1").says("command-failed FAILED:", "none.test")
    assert client.run("audit", "show", "--act", "failed").out.count("\n") == 1


def test_verified(three_acts):
    client = three_acts
    found = verified(client)
    assert (found["first"], found["last"], found["lines"], found["files"]) == (1, 4, 4, 1)
    assert found["head"] == hashlib.sha256(lines(client)[-1].encode()).hexdigest()
    head = f"4:{found['head']}"
    client.run("audit", "verify").says("4 line(s) in 1 file(s), from line 1", f"Head: {head}")
    whole = lines(client)

    def write(new):
        (client.logs / "audit.log").write_text("".join(new))

    write([whole[0], whole[1].replace("account-registered", "account-changed"), *whole[2:]])
    client.run("audit", "verify", status=1).says("audit.log:2: it was changed, or its hash in line 3 behind it.", "is not whole")
    write([whole[0], *whole[2:]])
    assert verified(client, status=1)["problems"] == [
        {"file": "audit.log", "line": 2, "what": "line 2 is missing in front of it"}]
    write([whole[0], whole[2], whole[1], whole[3]])
    assert {p["line"] for p in verified(client, status=1)["problems"]} == {2, 3, 4}
    write(whole[:2])
    assert verified(client)["last"] == 2, "what is cut off at the end is not seen by the chain"
    assert verified(client, "--head", head, status=1)["problems"][0]["what"].startswith("there is a head of line 4")
    assert verified(client, "--head", head.split(":")[1], status=1)["problems"][0]["what"].startswith("no line has the hash")
    write(whole)
    assert verified(client, "--head", head)["heads_compared"] == 1
    write(whole[2:])
    assert verified(client, "--head", f"1:{'0' * 64}", status=1)["problems"][0]["what"].endswith("nothing could be compared")
    write(whole)
    client.run("audit", "verify", "--head", "4:abc", status=2).says("is no head")
    (client.logs / "audit.log").write_bytes("".join(whole).encode()[:-10])
    client.run("audit", "verify").says("The last line is cut short")
    client.run("update_account", "-n", "-m", "three@example.test")
    client.run("audit", "verify").says("1 line(s) were cut short")
    (client.logs / "audit.log").unlink()
    client.run("audit", "verify").says("There is no audit trail in")


def test_heads_in_the_systems_log(three_acts, area):
    """--heads-from takes a file as it is; --journal asks journalctl for what the owner of the trail has said, and for no other."""
    client = three_acts
    trail = client.logs / "audit.log"
    log = area / "auth.log"

    def head(number, line):
        return f'Dec  1 03:45:31 host evercert[7]: audit head={number}:{hashlib.sha256(line.encode()).hexdigest()} trail="{trail}" act=x\n'

    whole = lines(client)
    log.write_text(f"Dec  1 03:45:31 host sshd[9]: Invalid user audit head=4711:{'0' * 64} trail=\"{trail}\"\n" + "".join(head(n, line) for n, line in enumerate(whole, start=1)))
    assert verified(client, "--heads-from", log)["heads_compared"] == 4
    found = client.run("audit", "verify", "--heads-from", "-", "--json", input=log.read_text()).json()
    assert found["heads_compared"] == 4
    trail.write_text("".join(whole[:3]))
    client.run("audit", "verify", "--heads-from", log, status=1).says("there is a head of line 4: lines behind this one were taken away")
    trail.write_text("".join(whole))

    journalctl = area / "bin" / "journalctl"
    journalctl.parent.mkdir()
    journalctl.write_text(f'#!/bin/sh\necho "$*" >{area}/asked\ncat {log}\n')
    journalctl.chmod(0o755)
    path = {"PATH": f"{journalctl.parent}:/usr/bin:/bin"}
    found = client.run("audit", "verify", "--journal", "--json", env=path).json()
    assert found["heads_compared"] == 4
    assert f"SYSLOG_IDENTIFIER=evercert _UID={os.getuid()}" in (area / "asked").read_text()
    log.write_text(log.read_text().replace(str(trail), "/elsewhere/audit.log"))
    client.run("audit", "verify", "--journal", env=path, status=1).says("has no head of", "audit.log to compare with")
    journalctl.write_text("#!/bin/sh\nexit 1\n")
    client.run("audit", "verify", "--journal", env=path, status=1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a /dev of its own")
def test_the_system_is_told(new_client, area):
    """The head goes to /dev/log at once for what cannot be undone, and at the end of each run for all else."""
    client = new_client
    with own_folders(area, "/dev"):
        if os.path.lexists("/dev/log"):
            os.unlink("/dev/log")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.bind("/dev/log")
            log.setblocking(False)

            def told():
                messages = []
                with contextlib.suppress(BlockingIOError):
                    while True:
                        messages.append(log.recv(65536).decode())
                return messages

            client.register()
            first, = told()
            assert first.startswith("<85>") and "act=account-registered result=done uid=0" in first
            client.certonly([NAME])
            (client.area / "heads").write_text("\n".join([first, *told()]) + "\n")
            client.run("certificates")
            assert told() == [], "who only looks tells nobody"
    assert len((client.area / "heads").read_text().splitlines()) == 2, "one for all acts of a run"
    found = verified(client, "--heads-from", client.area / "heads")
    assert found["heads_compared"] == 2 and found["last"] == len(acts(client))


# What one way leaves is nothing that another one of them would overwrite.
WAYS_TO_ROTATE = ("create", "nocreate", "create\n compress\n dateext\n dateformat -%Y%m%d-03", "dateext\n dateformat -%Y%m%d-04",
                  "copytruncate\n dateext\n dateformat -%Y%m%d-05", "extension .log\n dateext\n dateformat -%Y%m%d-08")


def test_rotated(three_acts, area):
    """By logrotate as a package of Certbot sets it up, and in its other ways: the chain goes on."""
    if not shutil.which("logrotate", path="/usr/sbin:/usr/bin:/sbin:/bin"):
        pytest.skip("logrotate is not installed")
    client = three_acts
    for number, words in enumerate(WAYS_TO_ROTATE, start=1):
        conf = area / "logrotate.conf"
        conf.write_text(f"{client.logs}/audit.log {{\n rotate 9\n missingok\n {words}\n}}\n")
        conf.chmod(0o644)
        subprocess.run(["/usr/sbin/logrotate", "-f", "-s", area / "state", conf], check=True)
        client.run("update_account", "-n", "-m", f"n{number}@example.test")
        found = verified(client)
        assert (found["files"], found["last"]) == (1 + number, 4 + 2 * number), words
        assert acts(client)[0]["act"] == "trail-rotated"
    assert any(path.suffix == ".gz" for path in client.logs.iterdir())
    for number in (6, 7):  # the second time there is nothing in it, and what is compressed last has no line
        conf.write_text(f"{client.logs}/audit.log {{\n rotate 9\n create\n compress\n dateext\n dateformat -%Y%m%d-0{number}\n}}\n")
        subprocess.run(["/usr/sbin/logrotate", "-f", "-s", area / "state", conf], check=True)
    client.run("update_account", "-n", "-m", "n6@example.test")
    assert verified(client)["last"] == 4 + 2 * len(WAYS_TO_ROTATE) + 2
    for path in client.logs.glob("audit.log*.gz"):
        path.write_bytes(path.read_bytes()[:40])
    assert any(".gz" in p["file"] for p in verified(client, status=1)["problems"])


def test_many_at_once(new_client):
    """The threads of one run write one chain. (Processes do so in src/audit/trail_test.c.)"""
    client = new_client
    names = [f"n{number}.test" for number in range(6)]
    for name in names:
        client.certonly([name])
    before = len(acts(client))
    client.renew("--force-renewal", "--jobs", "6")
    check_chain(client)
    made = [(a["act"], a["lineage"]) for a in acts(client)[before:] if a["act"] == "certificate-live"]
    assert sorted(made) == [("certificate-live", name) for name in names]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_full_disk(new_client, mounts):
    """It costs the line, never the certificate; the next act closes what was cut short."""
    client = new_client
    mounts.tmpfs(client.logs, "size=64k,mode=700")
    client.certonly([NAME])
    with contextlib.suppress(OSError), open(client.logs / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 512)
    with contextlib.suppress(OSError), open(client.logs / "audit.log", "rb+") as trail:  # fills its last page, but for some bytes
        size = trail.seek(0, os.SEEK_END)
        room = -size % 4096
    serial = client.store.cert(NAME).serial_number
    client.renew("--force-renewal", env={"TMPDIR": str(client.tmp)})
    assert client.store.cert(NAME).serial_number != serial, "the renewal is not stopped"
    short = lines(client)
    assert room < 1500 or len(short) > 1
    (client.logs / "filler").unlink()
    client.renew("--force-renewal")
    found = verified(client)
    assert found["last"] == len([line for line in lines(client) if line.startswith("{") and line.endswith("}\n")])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may set the attribute")
def test_append_only(three_acts):
    client = three_acts
    trail = client.logs / "audit.log"
    if not shutil.which("chattr") or subprocess.run(["chattr", "+a", trail], stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("this file system, or this container, has no attribute for that")
    try:
        client.run("update_account", "-n", "-m", "more@example.test")
        assert verified(client)["last"] == 5
    finally:
        subprocess.run(["chattr", "-a", trail], check=True)


def test_doctor_looks_at_its_end(three_acts):
    client = three_acts

    def codes():
        found = client.run("doctor", "--json", status=None).json()
        return [finding["code"] for finding in found["findings"] if finding["code"].startswith("audit-")]

    trail = client.logs / "audit.log"
    assert codes() == []
    trail.chmod(0o662)
    assert codes() == ["audit-open"]
    trail.chmod(0o640)
    whole = lines(client)
    trail.write_text("".join([*whole[:2], *whole[3:]]))
    assert codes() == ["audit-broken"]


def test_documented(three_acts):
    """The commands of docs/audit.md, as they stand there."""
    client = three_acts
    page = (Path(__file__).resolve().parents[2] / "docs" / "audit.md").read_text()
    typed = re.findall(r"^    evercert (audit[^#|\n]*)", page, re.MULTILINE)
    assert len(typed) >= 5
    for command in typed:
        if "--journal" not in command:
            client.run(*command.split())
    named = set(re.findall(r"`([a-z-]+)`", "".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))))
    known = set(re.findall(r'ACT\(\w+, "([a-z-]+)"', (Path(__file__).resolve().parents[2] / "src/audit/acts.h").read_text()))
    assert named == known, "every act has its row"
