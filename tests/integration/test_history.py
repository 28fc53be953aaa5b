"""history: what versions there are, an old one made live again, and those removed that are of no use."""
import datetime
import json
import shutil
import time

import certs
import pytest
from fleet import Fleet
from peers.revocation import RevocationServer
from test_revocation import RevocableFleet

pytestmark = pytest.mark.ours

NAME = "h.test"
LAYOUTS = pytest.mark.parametrize("layout", ["versioned", "certbot"])


def serial(client, version=None):
    if version is None:
        return client.store.cert(NAME).serial_number
    return certs.load_chain(client.store.version_file(NAME, "cert", version).read_bytes())[0].serial_number


def listed(client, *args):
    found, = client.run("history", "--json", *args).json()["certificates"]
    return found["versions"]


@pytest.fixture
def three(new_client, area):
    """three(layout): a lineage that was renewed twice, with a deploy hook that notes what it was told."""
    def make(layout, *args):
        new_client.certonly([NAME], "--store-layout", layout, "--deploy-hook",
                            f'echo "$RENEWED_DOMAINS $RENEWED_LINEAGE" >> {area}/told', *args)
        for _ in range(2):
            time.sleep(1.1)  # versions of one second have no order
            new_client.renew("--force-renewal")
        (area / "told").write_text("")
        return new_client
    return make


@LAYOUTS
def test_listing(three, layout):
    client = three(layout)
    versions = listed(client, NAME)
    assert [v["state"] for v in versions] == ["superseded", "superseded", "live"]
    assert [int(v["serial"], 16) for v in versions] == [serial(client, n) for n in (1, 2, 3)]
    assert not any(v["expired"] or v["damaged"] for v in versions)
    assert all(v["identifiers"] == [NAME] and v["key_type"] == "ecdsa" and v["key_bits"] == 256 for v in versions)
    for number, version in enumerate(versions, start=1):
        assert version["private_key_path"] == str(client.store.version_file(NAME, "privkey", number)) or version["state"] == "live"
        assert version["id"] == (str(number) if layout == "certbot" else version["id"])
    said = client.run("history").says("Certificate Name: h.test", f"Version {versions[0]['id']}: superseded",
                                      f"Version {versions[2]['id']}: live", "Key Type: ECDSA 256")
    assert said.out.count("Serial Number:") == 3


@LAYOUTS
def test_restored(three, area, layout):
    """It is live at once, whole, servers are told; the next renewal goes on from there."""
    client = three(layout)
    first, second, third = (serial(client, n) for n in (1, 2, 3))
    said = client.run("history", "restore", NAME, listed(client)[0]["id"]).says("is live again")
    assert serial(client) == first
    client.store.check([NAME])
    assert (area / "told").read_text() == f"{NAME} {client.store.live(NAME)}\n"
    if layout == "certbot":
        said.says("Version 1 of h.test is live again, as version 4.")
        assert [int(v["serial"], 16) for v in listed(client)] == [first, first, second, third]  # by age
    else:
        assert [int(v["serial"], 16) for v in listed(client)] == [first, second, third]
    assert [v["state"] for v in listed(client)].count("live") == 1
    client.renew("--force-renewal")
    client.store.check([NAME])
    assert serial(client) not in (first, second, third)


def test_what_cannot_be_restored(three):
    client = three("versioned")
    live = listed(client)[2]["id"]
    client.run("history", "restore", NAME, "1", status=1).says("h.test has no version 1", "`history h.test` lists the versions")
    client.run("history", "restore", NAME, live, status=1).says(f"version {live} of h.test is live")
    client.run("history", "restore", "gone.test", live, status=1).says("No certificate found with name gone.test")
    client.run("history", "restore", NAME, status=2).says("needs the name of a certificate and one of its versions")
    client.run("history", "restore", NAME, live, "more", status=2).says("unrecognized arguments: more")
    client.run("history", "a", "b", status=2).says("more than one certificate was named")
    old = client.store.version_dirs(NAME)[0]
    shutil.copy(client.store.live(NAME, "privkey"), old / "privkey.pem")
    client.run("history", "restore", NAME, old.name, status=1).says("matches the private key", "has failed")
    client.store._check_files(client.store.live(NAME))
    client.run("certificates", "more", status=2).says("unrecognized arguments: more")


@LAYOUTS
def test_pruned(three, layout):
    client = three(layout)
    client.run("history", "prune").says("There are no versions that are of no use.")
    ids = [v["id"] for v in listed(client)]
    client.run("history", "prune", NAME, "--history-keep", "1").says(f"Removed a version of h.test: {ids[0]}")
    assert [v["id"] for v in listed(client)] == ids[1:]
    client.store.check([NAME])
    assert json.loads(client.run("history", "prune", "--json").out) == {"certificates": []}
    client.renew("--force-renewal", "--history-keep", "3")
    oldest = listed(client)[0]["id"]
    said = client.run("history", "prune", "--json", "--history-keep", "1")
    assert json.loads(said.out) == {"certificates": [{"name": NAME, "removed": [oldest]}]}
    client.run("history", "restore", NAME, ids[-1], "--json", status=2).says("nothing for --json")


def test_what_to_keep_is_saved(three):
    client = three("versioned", "--history-keep", "1")
    assert client.store.conf(NAME)["evercert"]["history_keep"] == "1"
    assert len(listed(client)) == 2
    client.renew("--force-renewal")
    assert len(listed(client)) == 2
    client.renew("--force-renewal", "--history-keep", "2")
    client.renew("--force-renewal")
    assert len(listed(client)) == 3
    assert client.store.conf(NAME)["evercert"]["history_keep"] == "2"
    client.run("reconfigure", "-n", "--cert-name", NAME, "--cert-mode", "640")
    client.certonly([NAME], "--force-renewal")  # says anew how it is obtained, not how it is kept
    assert len(listed(client)) == 3
    assert client.store.conf(NAME)["evercert"]["history_keep"] == "2"
    assert client.store.conf(NAME)["evercert"]["cert_mode"] == "640"


def test_a_lineage_that_is_called_prune(new_client):
    new_client.certonly(["p.test"], "--cert-name", "prune")
    assert len(listed(new_client, "--cert-name", "prune")) == 1
    new_client.run("history", "prune", "prune").says("no versions that are of no use")


def add_version(fleet, client, name, number, days_left):
    """A further version of a lineage of the fleet, which becomes live."""
    cert, key = fleet._issue(name, days_left)
    content = {"cert": cert, "privkey": key, "chain": fleet.chain, "fullchain": cert + fleet.chain}
    for kind, data in content.items():
        path = client.store.archive(name) / f"{kind}{number}.pem"
        path.write_bytes(data)
        path.chmod(0o600 if kind == "privkey" else 0o644)
        link = client.store.live(name, kind)
        link.unlink()
        link.symlink_to(f"../../archive/{name}/{kind}{number}.pem")


@pytest.fixture
def old_fleet(make_client):
    client = make_client()
    fleet = Fleet(client.config, "https://ca.test/dir", "0", 80)
    fleet.add(NAME, -1)
    add_version(fleet, client, NAME, 2, 80)
    return client


def test_an_expired_one(old_fleet):
    """A script gets what it asked for, and is told; somebody at a terminal is asked."""
    client = old_fleet
    assert [v["expired"] for v in listed(client)] == [True, False]
    client.run("history").says("Version 1: superseded, expired")
    said = client.run("history", "restore", NAME, "1", "--force-interactive", input="c\n")
    said.says("Version 1 of h.test has expired: it was valid until", "Nothing was changed.")
    assert len(listed(client)) == 2
    client.run("history", "restore", NAME, "1", "--force-interactive", input="m\n").says("is live again, as version 3")
    client.run("history", "restore", NAME, "2", "-n").says("is live again, as version 4")
    client.run("history", "restore", NAME, "1", "-n").says("has expired", "It is made live all the same.")
    client.store._check_files(client.store.live(NAME))


@pytest.fixture
def asked_fleet(make_client):
    server = RevocationServer()
    client = make_client()
    fleet = RevocableFleet(client, server, ocsp=True)
    fleet.add(NAME, 50)
    add_version(fleet, client, NAME, 2, 80)
    yield client, server
    server.stop()


def test_a_revoked_one(asked_fleet):
    client, server = asked_fleet
    server.revoked.add(serial(client, 1))
    said = client.run("history", "restore", NAME, "1", "--force-interactive", input="c\n")
    said.says("Version 1 of h.test was revoked by its CA.", "Nothing was changed.")
    client.run("history", "restore", NAME, "1").says("was revoked by its CA. It is made live all the same.")


def test_an_emergency_takes_no_revoked_one(asked_fleet):
    """The key of the live one is lost, and the one before it was revoked, perhaps since others have its key."""
    client, server = asked_fleet
    server.revoked.add(serial(client, 1))
    client.store.live(NAME, "privkey").resolve().unlink()
    nowhere = ["--nginx-server-root", "/nonexistent", "--apache-server-root", "/nonexistent"]
    client.run("emergency", "-n", *nowhere, status=1).says("Version 1 of h.test is whole, but was revoked by its CA", "its files are missing")
    server.revoked.clear()
    client.run("emergency", "-n", *nowhere).says("version 1 of its history, which has not expired, is live again")


def test_nobody_answers(asked_fleet):
    """Then it goes on, since whoever restores an old version may be without a network; and says so."""
    client, server = asked_fleet
    server.talks = "errors"
    client.run("history", "restore", NAME, "1").says("could not be found out", "is live again")


def test_good(asked_fleet):
    client, _ = asked_fleet
    said = client.run("history", "restore", NAME, "1")
    assert said.err == "" and said.out.startswith("Version 1 of h.test is live again"), said


def test_a_machine_without_a_clock(old_fleet):
    """A version that had not expired when the newest one began is kept, whatever the machine takes for now."""
    client = old_fleet
    fleet = Fleet(client.config, "https://ca.test/dir", "0", 80)
    for number, days in ((3, 85), (4, 90)):
        add_version(fleet, client, NAME, number, days)
    result = client.run("history", "prune", "--history-keep", "3")
    result.says("Removed a version of h.test: 1")
    assert [v["id"] for v in listed(client)] == ["2", "3", "4"]
    newest = datetime.datetime.strptime(listed(client)[-1]["not_before"], "%Y-%m-%dT%H:%M:%SZ")
    assert newest <= datetime.datetime.utcnow()
