"""A private key is known to others: what is done, in which order, and that it is finished when it was interrupted."""
import shutil

import pytest

pytestmark = pytest.mark.ours

NAME = "leak.test"


@pytest.fixture
def client(new_client):
    new_client.certonly([NAME], "--reuse-key")
    return new_client


def compromise(client, *args, **more):
    return client.run("incident", "key-compromise", "--cert-name", NAME, *args, **more)


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
    said = compromise(client, "--force-interactive", input="y\n")
    said.says(f"{NAME} has a new key and a new certificate", "Whoever had the key may have had more", "evercert update_account --new-key",
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


def test_one_that_was_killed_is_finished(client, new_ca):
    """After the new certificate came, before the old one was revoked."""
    cert = client.store.cert(NAME)
    place = client.config / ".compromised" / NAME
    place.mkdir(parents=True)
    shutil.copy(client.store.live(NAME, "cert"), place / f"{cert.serial_number:x}.pem")
    client.renew("--force-renewal", "--new-key")
    made = client.store.cert(NAME).serial_number
    compromise(client, "--yes").says(f"Revoked: serial number {cert.serial_number:x}")
    assert client.store.cert(NAME).serial_number == made and revoked(new_ca, [cert]) == [True] and notes(client) == []


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
    client.run("incident", status=2).says("incident needs to know what has happened")
    client.run("incident", "fire", status=2).says("incident knows no")
    client.run("incident", "key-compromise", status=2).says("whose key is it?")
    client.run("incident", "key-compromise", "--cert-name", "no.test", "--yes", status=1).says("No certificate found with name no.test")
