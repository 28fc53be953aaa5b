"""What an ordinary user may do: information on what that user may read, without a lock, a log or a directory that can be written; and
where a command takes more, one error at once that says which directory and why."""
import os
import re
import shutil

import pytest

pytestmark = [pytest.mark.ours, pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it as somebody else")]

NAME, NOBODY = "p.test", 65534

# The stores: one that everybody may read; as root makes it, which shows others the renewal files alone; one that nobody else may
# enter; none at all. What a command says of each, and its exit status.
STORES = ("readable", "usual", "closed", "missing")
CLOSED_LINEAGE, CLOSED_STORE, CLOSED_ACCOUNT = "live/p.test/cert.pem: Permission denied", "conf/renewal: Permission denied", "Permission denied"
NONE = "No certificates found."
ANY = {
    "plugins": ("* standalone", 0), "config show": ("logs-dir", 0), "ip --ip-service none": ("address", None), "help certonly": ("--standalone", 0),
    "preflight --ip-address 127.0.0.1": ("127.0.0.1 (http-01)", None), "dns check FILE": ("", None), "daemon --health": ("", None),
    "schedule status": ("", None), "--version": ("evercert ", 0), "--help": ("Subcommands:", 0),
}
INFORMATION = {
    "certificates": ((f"Certificate Name: {NAME}", 0), (CLOSED_LINEAGE, 0), (CLOSED_STORE, 1), (NONE, 0)),
    "certificates --json": ((f'"name": "{NAME}"', 0), (CLOSED_LINEAGE, 0), (CLOSED_STORE, 1), ('"certificates": []', 0)),
    "history": ((": live", 0), (CLOSED_LINEAGE, 0), (CLOSED_STORE, 1), (NONE, 0)),
    f"history {NAME}": ((": live", 0), (CLOSED_LINEAGE, 1), (f"renewal/{NAME}.conf: Permission denied", 1), ("No certificate found", 1)),
    "doctor": (("1 certificate(s) examined", 1), ("not-readable", 1), (CLOSED_STORE, 1), ("0 certificate(s) examined", None)),
    "show_account": (("Account URL", 0), (CLOSED_ACCOUNT, 1), (CLOSED_ACCOUNT, 1), ("Could not find an existing account", 1)),
    "audit": (("Permission denied", 1), ("Permission denied", 1), ("Permission denied", 1), ("Nothing of that kind", 0)),
    "audit verify": (("Permission denied", 1), ("Permission denied", 1), ("Permission denied", 1), ("There is no audit trail", 0)),
    "caa": ((NAME, 0), (CLOSED_LINEAGE, 1), (CLOSED_STORE, 1), (NONE, 0)),
}
CHANGES = [
    "run -n -d new.test", "certonly -n --standalone -d new.test", "certonly -n --standalone -i 127.0.0.1 --dry-run", "renew",
    f"revoke -n --cert-name {NAME}", f"delete -n --cert-name {NAME}", f"reconfigure -n --cert-name {NAME} --standalone", f"install -n --cert-name {NAME} -i null",
    f"enhance -n --cert-name {NAME} --redirect", "rollback -n", "register -n --agree-tos -m a@b.test", "update_account -n -m a@b.test",
    "unregister -n", f"store convert --cert-name {NAME}", f"history restore {NAME} x", "backup restore /nowhere --yes", "doctor --fix", "emergency -n",
    f"incident key-compromise -n --cert-name {NAME}",
]
ELSEWHERE = {"configure", "ct", "watch", "status", "schedule", "daemon", "notify", "setup"}  # work on other files, or have such tests of their own


@pytest.fixture(scope="module")
def made(new_ca, request, session_area, trust, open_program):
    """A store as root makes it."""
    from client import Client
    area = session_area / "privileges"
    area.mkdir()
    client = Client(request.config.program, area, trust, new_ca)
    client.certonly([NAME])
    return client


@pytest.fixture(params=STORES)
def store(request, made, make_client, new_ca):
    """(place in the tables, the client of somebody else for such a store)"""
    client = make_client(new_ca)
    if request.param != "missing":
        for part in ("config", "work", "logs"):
            shutil.copytree(getattr(made, part), getattr(client, part), symlinks=True)
    for path in client.config.rglob("*.conf"):
        path.write_text(path.read_text().replace(str(made.config), str(client.config)))
    if request.param == "readable":
        for path in (client.config, *client.config.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    if request.param == "closed":
        for part in ("config", "work", "logs"):
            getattr(client, part).chmod(0o700)
    client.become(NOBODY, NOBODY)
    client.program = client.program.with_name(made.program.name)
    return STORES.index(request.param), client


def tree(client):
    return {path: (path.lstat().st_mtime_ns, path.lstat().st_mode) for path in client.area.rglob("*") if client.tmp not in path.parents}


def test_information(store):
    place, client = store
    before = tree(client)
    for command, rows in INFORMATION.items():
        says, status = rows[place]
        done = client.run(*command.split(), status=status).says(says)
        assert "cannot lock" not in done.text and "write the log" not in done.text, done
        if "Permission denied" in says and status:
            done.says("next: run as root, or as a user who may read it")
    client.server = None  # some of these take no --server
    client.http_port = None
    for command, (says, status) in ANY.items():
        done = client.run(*command.split(), status=status)
        assert re.sub(r"\s+", " ", says) in re.sub(r"\s+", " ", done.text) and "Traceback" not in done.text, done
        assert "cannot lock" not in done.text and "write the log" not in done.text, done
    assert tree(client) == before


def test_changes(store):
    """None begins, asks the CA, or asks the user anything."""
    place, client = store
    client.server = "https://127.0.0.1:1/dir"
    before = tree(client)
    for command in CHANGES:
        done = client.run(*command.split(), status=1).says("Permission denied", "run as root")
        assert str(client.area) in done.err.replace("\n", ""), done
        assert "127.0.0.1:1" not in done.text and "?" not in done.out, done
    assert tree(client) == before


def test_every_subcommand_is_here(new_client):
    """So that a new one is thought of."""
    listed = set(re.findall(r"^  ([a-z_]+) {2,}\S", new_client.run("help").out, re.M))
    assert listed - ELSEWHERE == {row.split()[0] for row in (*INFORMATION, *ANY, *CHANGES)} - ELSEWHERE - {"help", "--help", "--version"}
