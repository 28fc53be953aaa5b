"""The audit trail: every act of a certificate's life, what becomes of the file, and what verification finds."""
import hashlib
import json

import pytest
from fleet import Fleet

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

    old = client.run("history", "--json", NAME).json()["certificates"][0]["versions"][0]
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
