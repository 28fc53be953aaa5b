"""store convert: from one layout to the other and back, and Certbot in between."""
import os
import re
import shutil
import stat
import time

import pytest
from client import Client
from fleet import Fleet

pytestmark = pytest.mark.ours

NAMES = ["c.test", "www.c.test"]
NAME = NAMES[0]
OTHER = {"certbot": "versioned", "versioned": "certbot"}
LAYOUTS = pytest.mark.parametrize("layout", ["versioned", "certbot"])


def convert(client, layout, *args, **more):
    return client.run("store", "convert", "--layout", layout, *args, **more)


def serials(client):
    found, = client.run("history", NAME, "--json").json()["certificates"]
    return [version["serial"] for version in found["versions"]]


@pytest.fixture
def renewed(new_client):
    """renewed(layout): a lineage with three versions."""
    def make(layout):
        new_client.certonly(NAMES, "--store-layout", layout)
        for _ in range(2):
            time.sleep(1.1)  # versions of one second have no order
            new_client.renew("--force-renewal")
        return new_client
    return make


@LAYOUTS
def test_there_and_back(renewed, layout):
    client = renewed(layout)
    store = client.store
    before, conf = serials(client), store.renewal(NAME).read_text()
    keys = [store.version_file(NAME, "privkey", n).read_bytes() for n in (1, 2, 3)]
    times = [store.version_file(NAME, "privkey", n).stat().st_mtime_ns for n in (1, 2, 3)]
    for step, to in enumerate((OTHER[layout], layout)):
        convert(client, to).says(f"Converted c.test from the layout {OTHER[to]} to {to}:")
        store.check([NAME])
        assert store.is_versioned(NAME) == (to == "versioned")
        assert serials(client) == before
        assert [store.version_file(NAME, "privkey", n).read_bytes() for n in (1, 2, 3)] == keys
        assert [store.version_file(NAME, "privkey", n).stat().st_mtime_ns for n in (1, 2, 3)] == times
        assert all(stat.S_IMODE(store.version_file(NAME, "privkey", n).stat().st_mode) == 0o600 for n in (1, 2, 3))
        convert(client, to).says(f"c.test has the layout {to} already.")
    assert sorted(store.renewal(NAME).read_text().splitlines()) == sorted(conf.splitlines())
    client.renew("--force-renewal")
    store.check([NAME])
    assert len(serials(client)) == 4


# ---- where a directory cannot change places with another ----

def on_an_overlay(client, mounts):
    """The store lies in the lower layer, as in an image of a container."""
    lower = client.config.rename(client.area / "lower")
    mounts.overlay(lower, client.area / "layers", client.config)


def on_a_bind_mount(client, mounts):
    live = client.store.live(NAME)
    mounts.bind(shutil.copytree(live, client.area / "volume", symlinks=True), live)


def on_a_volume(client, mounts):
    """live/NAME is a file system of its own."""
    live = client.store.live(NAME)
    kept = shutil.copytree(live, client.area / "volume", symlinks=True)
    mounts.tmpfs(live, "size=4m,mode=0755")
    shutil.copytree(kept, live, symlinks=True, dirs_exist_ok=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount anything")
@pytest.mark.parametrize("place", [on_an_overlay, on_a_bind_mount, on_a_volume], ids=lambda place: place.__name__)
@LAYOUTS
def test_what_cannot_change_places(renewed, mounts, layout, place):
    """Obtained, renewed, restored and converted all the same, and who holds the directory sees what is live."""
    client = renewed(layout)
    place(client, mounts)
    held = os.open(client.store.live(NAME), os.O_RDONLY | os.O_DIRECTORY)

    def check(count):
        client.store.check([NAME, "new.test"])
        assert len(serials(client)) == count
        seen = os.open("privkey.pem", os.O_RDONLY, dir_fd=held)
        assert os.read(seen, 65536) == client.store.live(NAME, "privkey").read_bytes()
        os.close(seen)
        client.run("doctor").says("0 remain(s)")

    client.certonly(["new.test"], "--store-layout", layout)
    check(3)
    client.renew("--force-renewal").says("all renewals succeeded")
    check(4)
    keys = {path.read_bytes() for path in client.config.rglob("privkey*.pem")}
    for to in (OTHER[layout], layout):
        convert(client, to, "--dry-run").says(f"Would convert {NAME}")
        convert(client, to).says(f"Converted {NAME} from the layout {OTHER[to]} to {to}:")
        check(4)
        assert {path.read_bytes() for path in client.config.rglob("privkey*.pem")} == keys
    time.sleep(1.1)
    client.renew("--force-renewal").says("all renewals succeeded")
    check(4)  # as many as are kept
    os.close(held)


def test_dry_run(renewed):
    client = renewed("certbot")
    before = {p: p.lstat().st_mtime_ns for p in client.config.rglob("*") if "letsencrypt.log" not in p.name and p.is_file()}
    convert(client, "versioned", "--dry-run").says("Would convert c.test from the layout certbot to versioned:",
                                                   "version 3 would become 20")
    assert {p: p.lstat().st_mtime_ns for p in before} == before
    said = convert(client, "versioned", "--dry-run", "--json").json()
    assert said["dry_run"] and [v["before"] for v in said["certificates"][0]["versions"]] == ["1", "2", "3"]
    client.store.check([NAME])


def test_certbot_in_between(renewed, area, trust, new_ca):
    """What was made versioned and converted, the packaged Certbot lists and renews; converted again, it is ours again."""
    program = shutil.which("certbot")
    if not program:
        pytest.skip("no Certbot here")
    client = renewed("versioned")
    theirs = Client(program, client.area, trust, new_ca)
    convert(client, "certbot")
    theirs.run("certificates").says(f"Certificate Name: {NAME}", "VALID: 89 days")
    theirs.renew("--force-renewal").says("all renewals succeeded")
    client.store.check([NAME])
    assert client.store.versions(NAME) == [1, 2, 3, 4]
    convert(client, "versioned")
    client.store.check([NAME])
    client.renew("--force-renewal")
    client.store.check([NAME])
    convert(client, "certbot")
    theirs.renew("--force-renewal", "--cert-name", NAME).says("all renewals succeeded")
    client.store.check([NAME])
    theirs.run("delete", "-n", "--cert-name", NAME)
    assert client.store.lineages() == []


def test_a_store_of_certbots(area, trust, new_ca, new_client):
    """Certbot obtained; we convert, renew and give it back."""
    program = shutil.which("certbot")
    if not program:
        pytest.skip("no Certbot here")
    theirs = Client(program, new_client.area, trust, new_ca)
    theirs.certonly(NAMES)
    saved = theirs.store.conf(NAME)["renewalparams"]
    convert(new_client, "versioned")
    new_client.store.check([NAME])
    assert new_client.store.conf(NAME)["renewalparams"] == saved
    new_client.renew("--force-renewal")
    convert(new_client, "certbot")
    theirs.renew("--force-renewal").says("all renewals succeeded")
    theirs.store.check([NAME])
    assert theirs.store.versions(NAME) == [1, 2, 3]


@pytest.fixture
def fleet_client(make_client):
    client = make_client()
    fleet = Fleet(client.config, "https://ca.test/dir", "0", 80)
    for letter in "abc":
        fleet.add(f"{letter}.test", 80)
    return client


def test_a_damaged_one_stops_no_other(fleet_client):
    client = fleet_client
    client.store.version_file("b.test", "privkey", 1).write_bytes(client.store.live("a.test", "privkey").read_bytes())
    said = convert(client, "versioned", status=1)
    said.says("could not convert b.test", "matches the private key", "Converted a.test", "Converted c.test")
    assert [client.store.is_versioned(f"{x}.test") for x in "abc"] == [True, False, True]
    client.store.check_lineage("a.test")
    assert os.readlink(client.store.live("b.test", "cert")) == "../../archive/b.test/cert1.pem"
    assert "error" in convert(client, "versioned", "--json", status=1).json()["certificates"][1]


def test_some_of_them(fleet_client):
    client = fleet_client
    convert(client, "versioned", "--cert-name", "a.test", "--cert-name", "c.test")
    assert [client.store.is_versioned(f"{x}.test") for x in "abc"] == [True, False, True]
    convert(client, "versioned", "--cert-name", "x.test", status=1).says("No certificate found with name x.test")


def test_usage(fleet_client):
    client = fleet_client
    client.run("store", "convert", status=2).says("convert needs to know the layout", "add --layout versioned")
    client.run("store", status=2).says("store needs to know what to do (convert)")
    client.run("store", "mend", status=2).says('store has no action "mend"')
    client.run("store", "convert", "--layout", "flat", status=2).says("invalid choice: 'flat'")


def test_readers_never_miss_a_file(fleet_client):
    """Somebody who opens the four files again and again while it is converted there and back."""
    client = fleet_client
    live = client.store.live("a.test")
    seen = 0
    for to in ("versioned", "certbot") * 3:
        process = client.start("store", "convert", "--layout", to, "--cert-name", "a.test")
        while process.poll() is None:
            for kind in ("cert", "privkey", "chain", "fullchain"):
                assert (live / f"{kind}.pem").read_bytes()
                seen += 1
        client.finish(process)
    assert seen > 100


def test_what_else_is_kept_there(fleet_client):
    client = fleet_client
    live, archive, conf = client.store.live("a.test"), client.store.archive("a.test"), client.store.renewal("a.test")
    (live / "haproxy.pem").write_text("mine")
    (live / "extra").mkdir()
    (live / "extra" / "x").write_text("x")
    (archive / "notes").write_text("notes")
    conf.write_text("# mine\nrenew_before_expiry = 20 days\n" + conf.read_text())
    for to in ("versioned", "certbot"):
        convert(client, to, "--cert-name", "a.test")
        assert (live / "haproxy.pem").read_text() == "mine"
        assert (live / "extra" / "x").read_text() == "x"
        assert (archive / "notes").read_text() == "notes"
        assert conf.read_text().startswith("# mine\nrenew_before_expiry = 20 days\n")
        assert not re.search(r"convert", " ".join(p.name for p in (*live.parent.iterdir(), *archive.parent.iterdir())))
