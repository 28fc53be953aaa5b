"""A private key is known to others: what is done, in which order, and that it is finished when it was interrupted."""
import hashlib
import io
import json
import os
import re
import signal
import socket
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from peers.ports import free_port
from test_status import Shows

pytestmark = pytest.mark.ours

NAME = "127.0.0.5"  # an address: no resolver is asked for it


@pytest.fixture
def client(new_client):
    new_client.certonly([], "-i", NAME, "--reuse-key")
    new_client.tls_port = free_port()
    return new_client


def command(client):
    return ["incident", "key-compromise", "--cert-name", NAME, "--no-collect", "--https-port", client.tls_port]


def compromise(client, *args, **more):
    return client.run(*command(client), *args, **more)


def need_archiver(client):
    if not (Path(client.program).resolve().parent / "evercert-archive").exists():
        pytest.skip("built without libarchive")


def collect(client, *args):
    need_archiver(client)
    return client.run("incident", "collect", "--json", *args).json()


def members(path):
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() if member.isfile() else None for member in tar}


def times(client):
    """Of all that is collected, but for what each run writes."""
    return {path: (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino) for path in client.config.rglob("*")
            if not path.name.endswith(".lock") for status in [path.lstat()]}


def revoked(ca, certs):
    return [ca.status(cert)["Status"] == "Revoked" for cert in certs]


def key(client):
    return client.store.live(NAME, "privkey").read_bytes()


def notes(client):
    return sorted((client.config / ".compromised").rglob("*.pem"))


def test_all_of_a_key(client, new_ca):
    """Two certificates of one key: both are revoked, after there is another one, which is not."""
    certs, old = [client.store.cert(NAME)], key(client)
    client.renew("--force-renewal")
    certs.append(client.store.cert(NAME))
    assert key(client) == old
    planned = compromise(client, "--dry-run").says(f"A certificate with a new key would be obtained for {NAME}", "Nothing was changed")
    assert planned.text.count("would be revoked") == 2
    compromise(client, "-n", status=2).says("to revoke certificates without being asked, add --yes")
    compromise(client, "--force-interactive", input="n\n").says("Nothing was changed")
    assert key(client) == old and revoked(new_ca, certs) == [False, False] and notes(client) == []
    said = compromise(client, "--force-interactive", input="y\ny\n")
    said.says(f"{NAME} has a new key and a new certificate", "Whoever had the key may have had more", "evercert update_account --new-key", "No server was seen with the new certificate",
              f"evercert ct --cert-name {NAME}")
    assert said.text.count("Revoked: serial number") == 2
    assert key(client) != old and revoked(new_ca, [*certs, client.store.cert(NAME)]) == [True, True, False]
    assert notes(client) == []
    client.store.check([NAME])


def test_nothing_is_revoked_before_it_is_in_use(client, new_ca, area):
    """A deploy hook fails: the old certificate stays good, and the command, repeated, makes no second key."""
    hook = area / "hook"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    conf = client.store.renewal(NAME)
    conf.write_text(conf.read_text().replace("[renewalparams]", f"[renewalparams]\nrenew_hook = {hook}"))
    cert = client.store.cert(NAME)
    compromise(client, "--yes", status=1).says("nothing was revoked yet", "repeat this command")
    made = key(client)
    assert revoked(new_ca, [cert]) == [False] and len(notes(client)) == 1
    hook.write_text("#!/bin/sh\n")
    compromise(client, "--yes").says("Revoked: serial number")
    assert key(client) == made and revoked(new_ca, [cert]) == [True] and notes(client) == []


def test_one_that_was_killed_is_finished(client, new_ca, area):
    """In a deploy hook, after the new certificate came: that is known for the one that was made."""
    cert, pid, hook = client.store.cert(NAME), area / "pid", area / "hook"
    hook.write_text(f"#!/bin/sh\nwhile [ ! -s {pid} ]; do sleep 0.1; done\nkill -9 $(cat {pid})\n")
    hook.chmod(0o755)
    conf = client.store.renewal(NAME)
    conf.write_text(conf.read_text().replace("[renewalparams]", f"[renewalparams]\nrenew_hook = {hook}"))
    process = client.start(*command(client), "--yes")
    pid.write_text(str(process.pid))
    process.communicate(timeout=240)
    assert process.returncode == -signal.SIGKILL and len(notes(client)) == 1 and revoked(new_ca, [cert]) == [False]
    made = key(client)
    client.run("doctor", status=1).says("[error] compromise-unfinished", f"incident key-compromise --cert-name {NAME}")
    hook.write_text("#!/bin/sh\n")
    compromise(client, "--yes").says(f"Revoked: serial number {cert.serial_number:x}")
    assert key(client) == made and revoked(new_ca, [cert]) == [True] and notes(client) == []


def test_nothing_is_written_before_the_user_agrees(client, new_ca):
    """Killed at the question, then an ordinary renewal, then a leak: the key that is live then is the one that is known."""
    certs = [client.store.cert(NAME)]
    process = client.start(*command(client), "--force-interactive", stdin=subprocess.PIPE)
    said = ""
    while "Go on?" not in said:
        said += process.stdout.read(1) or pytest.fail(said)
    process.kill()
    process.communicate()
    assert "is to be revoked" in said and notes(client) == []
    client.renew("--force-renewal", "--new-key")
    certs.append(client.store.cert(NAME))
    compromise(client, "--yes").says("Revoked: serial number")
    certs.append(client.store.cert(NAME))
    assert revoked(new_ca, certs) == [False, True, False]


def test_a_server_that_still_shows_it(client, new_ca, area):
    """Nobody has told it: that is said, and asked about; --yes revokes all the same, and ends as a failure."""
    def live():
        return client.store.live(NAME, "cert").read_bytes(), key(client)

    certs, where = [client.store.cert(NAME)], f"for {NAME}, {NAME} port {client.tls_port}"
    server = Shows(area, NAME, client.tls_port, *live())
    try:
        said = compromise(client, "--force-interactive", input="y\nn\n", status=1)
        said.says(f"A known key is still shown {where}", "servers still show a known key")
        assert revoked(new_ca, certs) == [False] and len(notes(client)) == 1
        certs.append(client.store.cert(NAME))
        server.close()
        server = Shows(area, NAME, client.tls_port, *live())
        compromise(client, "--force-interactive", input="y\n").says("1 show(s) the new certificate, 0 a known key")
        assert revoked(new_ca, certs) == [True, False] and notes(client) == []
        compromise(client, "--yes", status=1).says(f"all is revoked, but a known key was still shown {where}", "reload these servers")
        assert revoked(new_ca, certs) == [True, True] and notes(client) == []
    finally:
        server.close()


def test_the_ca_is_down(client, new_ca):
    conf, cert = client.store.renewal(NAME), client.store.cert(NAME)
    text = conf.read_text()
    conf.write_text(text.replace(client.server, "https://127.0.0.1:1/dir"))
    compromise(client, "--yes", "--server", "https://127.0.0.1:1/dir", status=1).says("there is no new certificate, and nothing was revoked yet",
                                                                                    "revoke at once: evercert revoke")
    conf.write_text(text)
    compromise(client, "--yes").says("Revoked")
    assert revoked(new_ca, [cert]) == [True]


def test_what_cannot_be_understood(client):
    client.run("incident", status=2).says("incident needs to know what is to be done")
    client.run("incident", "fire", status=2).says("incident knows no")
    client.run("incident", "key-compromise", status=2).says("whose key is it?")
    client.run("incident", "key-compromise", "--cert-name", "no.test", "--yes", status=1).says("No certificate found with name no.test")


# ---- evidence ----

def test_evidence(client, area):
    """All of it is there, nothing secret is, nothing was changed, and anybody can check it."""
    credentials, hook, listening = area / "dns.ini", area / "hook", socket.create_server(("127.0.0.1", 0))
    credentials.write_text("token = hush-hush")
    credentials.chmod(0o600)
    hook.write_text("#!/bin/sh\n# of ours\n")
    hook.chmod(0o700)
    conf = client.store.renewal(NAME)
    conf.write_text(conf.read_text().replace("[renewalparams]", f"[renewalparams]\ndns_x_credentials = {credentials}\nrenew_hook = {hook}"))
    (client.config / "secret").write_text("hush-hush")
    (client.config / "secret").chmod(0o600)
    (client.config / "odd\nname").symlink_to("/nowhere")
    before = times(client)
    made = collect(client)
    assert times(client) == before
    path = Path(made["path"])
    assert path.parent == client.area / "work" / "incidents" and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and hashlib.sha256(path.read_bytes()).hexdigest() == made["sha256"]
    found = members(path)
    assert not any(b"PRIVATE KEY" in (text or b"") or b"hush-hush" in (text or b"") for text in found.values())
    assert not any("private_key" in name for name in found)
    assert found[f"conf/live/{NAME}/cert.pem"] in (None, client.store.live(NAME, "cert").read_bytes())
    assert {f"conf/renewal/{NAME}.conf", f"files{hook}", "logs/audit.log", "logs/letsencrypt.log", "manifest.json"} <= set(found)
    left_out = found["left-out.txt"].decode()
    assert f"{credentials}\t" in left_out and "/secret\tits owner alone" in left_out and "private_key.json\tit has a private key" in left_out
    key_path = client.store.live(NAME, "privkey").resolve()
    listed = [line for line in found["files.txt"].decode().splitlines() if f"\t{key_path}" in line][0].split("\t")
    status = key_path.stat()
    assert listed[1] == f"{stat.S_IMODE(status.st_mode):04o}" and listed[2].endswith(f"({status.st_uid})") and listed[9] == str(status.st_ino)
    assert listed[11] == hashlib.sha256(key_path.read_bytes()).hexdigest()
    assert f"\t{client.config}/odd" in found["files.txt"].decode() and "odd\nname\t" not in found["files.txt"].decode()
    assert str(conf) in found["changed.txt"].decode()
    assert f"\n{os.getpid()}\t" in found["processes.txt"].decode()
    assert re.search(rf"^tcp\t127\.0\.0\.1\t{listening.getsockname()[1]}\t{os.geteuid()}\t\d+\t.*\b{os.getpid()}\b", found["sockets.txt"].decode(), re.M)
    assert found["journal.txt"].startswith(b"# ") and b"the daemon is not at work" in found["schedule.txt"] and b"\nby: Evercert" in found["about.txt"]
    client.run("backup", "verify", path).says("is whole")
    assert f'"sha256":"{made["sha256"]}"' in (client.logs / "audit.log").read_text() and "incident-collected" in (client.logs / "audit.log").read_text()


def test_evidence_with_keys(client, area):
    """Of it a backup could be restored; encrypted for whom options say, and not in a second one."""
    secret = area / "passphrase"
    secret.write_text("a long passphrase\n")
    secret.chmod(0o600)
    made = collect(client, "--with-keys", "--backup-passphrase-file", secret)
    assert made["path"].endswith(".incident.tar.gz.cms")
    plain = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-binary", "-in", made["path"], "-pwri_password",
                            "a long passphrase"], capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(plain.stdout)) as tar:
        names = tar.getnames()
    assert any(name.endswith("private_key.json") for name in names)
    assert any(name.startswith("conf/") and "privkey" in name for name in names) and "left-out.txt" in names
    second = collect(client, "--with-keys")
    assert not any("incidents" in name for name in members(second["path"])) and json.loads(members(second["path"])["manifest.json"])


def test_evidence_comes_before_a_key_is_replaced(client, new_ca):
    """It is asked at a terminal, and without it the key is replaced all the same."""
    need_archiver(client)
    place, old = client.area / "work" / "incidents", key(client)
    client.run("incident", "collect", "--dry-run").says("Evidence would be collected", "Nothing was changed")
    said = client.run("incident", "key-compromise", "--cert-name", NAME, "--dry-run")
    said.says("Evidence would be collected first")
    assert not place.exists()
    client.run("incident", "key-compromise", "--cert-name", NAME, "--yes").says("Collected the evidence in", "Revoked: serial number")
    [made] = place.iterdir()
    assert key(client) != old and client.store.cert(NAME).serial_number
    renewal = members(made)[f"conf/renewal/{NAME}.conf"]
    assert renewal is not None and b"PRIVATE KEY" not in b"".join(text or b"" for text in members(made).values())
    made.unlink()
    place.rmdir()
    place.write_text("a file")
    client.run("incident", "key-compromise", "--cert-name", NAME, "--yes").says("No evidence was collected", "Revoked: serial number")
