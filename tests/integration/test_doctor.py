"""The stories of stores that backups, people and machines without a clock have broken: found, repaired, renewed."""
import datetime
import grp
import os
import shutil
import stat
import subprocess

import certs
import pytest
from client import KINDS
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

pytestmark = pytest.mark.ours

NAME = "d.test"


@pytest.fixture(params=["certbot", "versioned"])
def store(request, new_client):
    """A store with one certificate of two versions, in either layout."""
    return make_store(new_client, request.param)


@pytest.fixture
def linked(new_client):
    return make_store(new_client, "certbot")


@pytest.fixture
def versioned(new_client):
    return make_store(new_client, "versioned")


def make_store(client, layout):
    client.certonly([NAME], "--store-layout", layout)
    client.renew("--force-renewal")
    client.doctor = lambda *args, **more: client.run("doctor", *args, **more)
    return client


def findings(client, *args, status=0):
    """What doctor --json tells: {code: finding}."""
    said = client.doctor("--json", *args, status=status).json()
    assert said["healthy"] == (status == 0)
    return {finding["code"]: finding for finding in said["findings"]}


def heal(client, *codes, versions=2):
    """Demands that the findings are these, that they are repaired, and that the certificate is renewed after that."""
    found = findings(client, status=1)
    assert list(found) == list(codes)
    assert all(f["repairable"] and not f["repaired"] and len(f["answers"]) == 1 for f in found.values()), found
    before = client.doctor(status=1)
    before.says(f"Certificate {NAME}", *codes, "Why it matters:", "With --fix:")
    client.doctor("--fix").says(*codes, "Done:", "0 remain(s)")
    assert findings(client) == {}
    serial = client.store.cert(NAME).serial_number
    client.renew("--force-renewal").says("all renewals succeeded")
    client.store.check([NAME])
    assert client.store.cert(NAME).serial_number != serial
    assert len(client.store.versions(NAME)) == versions + 1


def test_a_healthy_store(store):
    store.doctor().says("1 certificate(s) examined; 0 problem(s) repaired, 0 remain(s).")
    assert findings(store) == {}
    before = {p: p.lstat().st_mtime_ns for p in store.config.rglob("*") if p.parent != store.config}
    store.doctor("--fix")
    assert {p: p.lstat().st_mtime_ns for p in store.config.rglob("*") if p.parent != store.config} == before


def copy_store(client, *how):
    """Takes the store through a copy, as a backup and its restoration would."""
    away = client.area / "away"
    client.config.rename(away)
    client.config.mkdir()
    subprocess.run([*how, f"{away}/.", str(client.config)], check=True, stderr=subprocess.DEVNULL)
    shutil.rmtree(away)


def drop_links(client):
    for path in client.config.rglob("*"):
        if path.is_symlink():
            path.unlink()


def test_rsync_without_links(linked):
    drop_links(linked)
    heal(linked, "live-link-missing")


def test_rsync_without_links_leaves_versioned_whole(versioned):
    drop_links(versioned)
    assert findings(versioned) == {}
    versioned.renew("--force-renewal")
    versioned.store.check([NAME])


def test_restored_from_a_tar_made_with_h(linked):
    tar = linked.area / "backup.tar"
    subprocess.run(["tar", "-chf", tar, "-C", linked.config, "."], check=True)
    shutil.rmtree(linked.config)
    linked.config.mkdir()
    subprocess.run(["tar", "-xf", tar, "-C", linked.config], check=True)
    assert not linked.store.live(NAME, "privkey").is_symlink()
    heal(linked, "live-link-flattened")


def test_restored_from_a_tar_made_with_h_leaves_versioned_whole(versioned):
    copy_store(versioned, "cp", "-rL", "--preserve=mode")
    assert findings(versioned) == {}
    versioned.renew("--force-renewal")
    versioned.store.check([NAME])


def test_restored_without_the_archive(linked):
    copy_store(linked, "cp", "-rL", "--preserve=mode")
    shutil.rmtree(linked.store.archive(NAME))
    key = linked.store.live(NAME, "privkey").read_bytes()
    heal(linked, "live-link-flattened", versions=1)
    assert linked.store.version_file(NAME, "privkey", 1).read_bytes() == key
    assert stat.S_IMODE(linked.store.version_file(NAME, "privkey", 1).stat().st_mode) == 0o600


@pytest.mark.parametrize("part", ["live", "archive"])
def test_renamed_directory(store, part):
    folder = store.config / part / NAME
    folder.rename(folder.with_name("old-name"))
    if part == "archive" and store.store.is_versioned(NAME):  # the history alone: nothing stops
        assert list(findings(store, status=1)) == ["archive-renamed"]
        store.doctor("--fix")
        assert len(store.store.versions(NAME)) == 2
        return
    heal(store, f"{part}-renamed")


def test_renamed_everything(store):
    """All three renamed, as people do who want another name: that is the name then."""
    for part in ("live", "archive"):
        (store.config / part / NAME).rename(store.config / part / "e.test")
    store.store.renewal(NAME).rename(store.store.renewal("e.test"))
    assert "renewal-file-old-paths" in findings(store, status=1)
    store.doctor("--fix")
    assert findings(store) == {}
    store.renew("--force-renewal").says("all renewals succeeded")
    store.store.check(["e.test"])


def test_renamed_renewal_file(store):
    store.store.renewal(NAME).rename(store.store.renewal("e.test"))
    found = findings(store)  # works as it is: a note, with both answers
    assert list(found) == ["renewal-file-renamed"] and found["renewal-file-renamed"]["severity"] == "note"
    assert len(found["renewal-file-renamed"]["answers"]) == 2
    store.doctor("--fix").says("Either:", "or:")
    store.renew("--force-renewal").says("all renewals succeeded")
    store.store.renewal("e.test").rename(store.store.renewal(NAME))
    assert findings(store) == {}
    store.store.check([NAME])


def test_copied_renewal_file(store):
    shutil.copy(store.store.renewal(NAME), store.store.renewal("copy"))
    found = findings(store, "--fix", status=1)
    assert list(found) == ["files-shared"] and len(found["files-shared"]["answers"]) == 2


def test_moved_store(store):
    moved = store.area / "restored"
    store.config.rename(moved)
    store.config = store.store.root = moved
    heal(store, "renewal-file-old-paths")


def test_moved_store_with_absolute_links(linked):
    for kind in KINDS:
        path = linked.store.live(NAME, kind)
        target = path.resolve()
        path.unlink()
        path.symlink_to(target)
    moved = linked.area / "restored"
    linked.config.rename(moved)
    linked.config = linked.store.root = moved
    assert list(findings(linked, status=1)) == ["renewal-file-old-paths"]
    linked.doctor("--fix").says("renewal-file-old-paths", "live-link-dangling", "0 remain(s)")
    linked.renew("--force-renewal")
    linked.store.check([NAME])


def test_someone_copied_archive_elsewhere(linked):
    elsewhere = linked.area / "copy"
    shutil.copytree(linked.store.archive(NAME), elsewhere)
    for kind in KINDS:
        path = linked.store.live(NAME, kind)
        name = path.resolve().name
        path.unlink()
        path.symlink_to(elsewhere / name)
    heal(linked, "live-link-elsewhere")
    assert len(list(elsewhere.iterdir())) == 8, "the copy is as it was"


def test_live_files_deleted_by_hand(store):
    for kind in KINDS:
        store.store.live(NAME, kind).unlink()
    heal(store, "live-missing" if store.store.is_versioned(NAME) else "live-link-missing",
         versions=1 if store.store.is_versioned(NAME) else 2)


def test_live_directory_deleted_by_hand(store):
    shutil.rmtree(store.store.live(NAME))
    found = findings(store, status=1)
    assert len(found) == 1 and next(iter(found.values()))["repairable"]
    store.doctor("--fix")
    store.renew("--force-renewal").says("all renewals succeeded")


@pytest.mark.parametrize("kind", ["fullchain", "chain", "cert"])
def test_one_file_of_a_version_lost(store, kind):
    path = store.store.live(NAME, kind).resolve()
    content = path.read_bytes()
    path.unlink()
    heal(store, "version-file-missing")
    assert store.store.version_file(NAME, kind, 2).read_bytes() == content


def test_a_lost_key_has_no_answer(store):
    store.store.live(NAME, "privkey").resolve().unlink()
    found = findings(store, "--fix", status=1)
    assert list(found) == ["version-file-missing"]
    assert not found["version-file-missing"]["repairable"] and len(found["version-file-missing"]["answers"]) == 2


def test_keys_of_two_versions_exchanged(store):
    one, two = (store.store.version_file(NAME, "privkey", v) for v in (1, 2))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    heal(store, "key-mismatch")
    assert store.store.key(NAME, 1) and store.store.version_file(NAME, "privkey", 1).read_bytes() == first


def test_world_readable_keys_of_old(store):
    """Certbot before 0.29 made keys that everybody could read."""
    store.store.live(NAME, "privkey").resolve().chmod(0o644)
    heal(store, "key-open-to-others")
    assert stat.S_IMODE(store.store.live(NAME, "privkey").resolve().stat().st_mode) == 0o600


def test_a_key_that_was_to_be_readable_is_left_alone(store):
    store.run("reconfigure", "-n", "--cert-name", NAME, "--key-mode", "644")
    assert "key-open-to-others" not in findings(store)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another group")
def test_a_group_that_was_promised_the_key(store):
    """What a restored backup or a chmod -R has taken away is given back as the settings have it."""
    store.area.chmod(0o755)
    for folder in (store.config, *store.config.parents):
        if not folder.stat().st_mode & 0o001:
            pytest.skip(f"{folder} lets nobody pass")
    store.run("reconfigure", "-n", "--cert-name", NAME, "--key-group", "daemon")
    assert findings(store) == {}
    key = store.store.live(NAME, "privkey").resolve()
    group = grp.getgrnam("daemon").gr_gid
    os.chown(key, 0, 0)
    found = findings(store, status=1)
    assert list(found) == ["access-not-as-asked"] and found["access-not-as-asked"]["repairable"]
    store.doctor("--fix")
    assert key.stat().st_gid == group and stat.S_IMODE(key.stat().st_mode) == 0o640
    (store.config / "live").chmod(0o700)
    assert findings(store, status=1)["way-closed"]["path"] == str(store.config / "live")
    store.doctor("--fix")
    assert findings(store) == {}
    assert (store.config / "live").stat().st_gid == group
    store.run("reconfigure", "-n", "--cert-name", NAME, "--key-mode", "600")
    assert findings(store) == {}  # a group that may not read the key needs no way to it


def test_raspberry_pi_without_a_clock(store):
    """To a machine that wakes up in the past its newest certificate comes from the future: nothing is dropped for that,
    nothing older made live, and somebody is told."""
    give_certificate_of_next_year(store)
    found = findings(store, status=1)
    assert list(found) == ["clock-behind"] and not found["clock-behind"]["repairable"]
    before = {p: p.read_bytes() for p in store.config.rglob("*.pem")}
    store.doctor("--fix", status=1)
    assert {p: p.read_bytes() for p in store.config.rglob("*.pem")} == before
    store.renew("--force-renewal").says("all renewals succeeded")


def give_certificate_of_next_year(client):
    now = datetime.datetime.utcnow().replace(microsecond=0)
    issuer_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Next Year CA")])

    def make(subject, public, signer, names):
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
                   .serial_number(x509.random_serial_number()).not_valid_before(now + datetime.timedelta(365))
                   .not_valid_after(now + datetime.timedelta(455)))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    cert = make(x509.Name([]), key.public_key(), issuer_key, [NAME])
    chain = make(issuer, issuer_key.public_key(), issuer_key, [])
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for kind, content in (("cert", cert), ("chain", chain), ("fullchain", cert + chain), ("privkey", pem)):
        client.store.live(NAME, kind).write_bytes(content)


def test_leftovers_of_interrupted_work(store):
    left = [store.config / "renewal" / f".{NAME}.conf.evercert-abcdef", store.config / "archive" / ".evercert-probe.77.0",
            store.store.archive(NAME) / "fullchain9.pem.new", store.config / "renewal" / ".other.conf.new", store.config / "renewal" / "reserved.conf"]
    for path in left:
        path.write_bytes(b"")
    found = findings(store, status=1)
    assert list(found) == ["leftover", "renewal-file-empty"]
    store.doctor("--fix").says("0 remain(s)")
    assert not any(path.exists() for path in left)
    store.store.check([NAME])


def test_a_deletion_cut_short_is_finished(store):
    """The renewal file that is set aside before anything is removed says what is to go."""
    gone = store.config / "renewal" / f".{NAME}.conf.gone"
    store.store.renewal(NAME).rename(gone)
    store.store.live(NAME, "cert").unlink()
    found = findings(store, status=1)
    assert list(found) == ["deletion-interrupted", "account-unused"] and found["deletion-interrupted"]["path"] == str(gone)
    store.doctor("--fix").says(f"the deletion of {NAME} was interrupted", "Done: finish it", "0 remain(s)")
    store.store.check([])
    assert list(findings(store)) == ["account-unused"]


def test_a_deletion_cut_short_and_taken_back(store):
    gone = store.config / "renewal" / f".{NAME}.conf.gone"
    shutil.copy(store.store.renewal(NAME), gone)
    store.doctor("--fix").says("leave its files alone", "0 remain(s)")
    assert not gone.exists() and findings(store) == {}
    store.store.check([NAME])


def test_what_belongs_to_nobody_is_only_told(store):
    (store.config / "csr").mkdir()
    (store.config / "csr" / "0000_csr-certbot.pem").write_text("x")
    shutil.copytree(store.store.live(NAME), store.config / "live" / "gone.example")
    account, = store.store.account_dirs()
    text = store.store.renewal(NAME).read_text()
    store.store.renewal(NAME).write_text(text.replace(f"account = {account.name}\n", ""))
    found = findings(store, "--fix", status=1)
    assert list(found) == ["live-without-renewal-file", "account-unused", "old-requests"]
    assert all(len(f["answers"]) == 2 and not f["repairable"] for f in found.values())
    assert (store.config / "live" / "gone.example" / "privkey.pem").exists()


def test_one_certificate_of_several(new_client):
    client = make_store(new_client, "certbot")
    client.certonly(["other.test"])
    for name in (NAME, "other.test"):
        client.store.live(name, "cert").unlink()
    client.doctor("--fix", "--cert-name", "other.test")
    assert client.store.live("other.test", "cert").is_symlink() and not client.store.live(NAME, "cert").exists()
    client.doctor("--cert-name", "unknown", status=1).says("No certificate found with name unknown")


# as an ordinary user

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it as somebody else")


def become_ordinary(client):
    """The store and all around it is that user's, and so is the way there."""
    for folder in (client.area, *client.area.parents):
        if folder.stat().st_mode & 0o001 == 0:
            folder.chmod(folder.stat().st_mode | 0o011)
    subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", client.area], check=True)
    client.become(NOBODY, NOBODY)


def take(path):
    """Makes it root's alone."""
    subprocess.run(["chown", "-R", "-h", "0:0", path], check=True)
    subprocess.run(["chmod", "-R", "go-rwx", path], check=True)


@as_root
def test_as_the_ordinary_user_whose_store_it_is(store):
    become_ordinary(store)
    assert findings(store) == {}
    store.store.live(NAME, "fullchain").resolve().unlink()
    assert findings(store, "--fix")["version-file-missing"]["repaired"]
    store.renew("--force-renewal").says("all renewals succeeded")


@as_root
def test_as_an_ordinary_user_in_a_store_of_root(store):
    become_ordinary(store)
    subprocess.run(["chown", "-R", "-h", "0:0", store.config], check=True)
    for args in (["--fix"], ["--fix", "--json"]):
        store.doctor(*args, status=1).says("cannot lock", "Permission denied", "Either run as root")
    assert list(findings(store, status=1)) == ["not-writable", "not-readable"]  # live and archive are closed to others
    store.config.chmod(0o700)
    store.doctor(status=1).says(str(store.config), "Permission denied")


@as_root
@pytest.mark.parametrize("part", ["key", "live", "archive", "renewal file", "live of all"])
def test_as_an_ordinary_user_in_a_store_that_is_partly_of_root(store, part):
    """What cannot be read is not taken for damaged or absent, and nothing is made of the rest."""
    become_ordinary(store)
    path = {"key": store.store.live(NAME, "privkey").resolve(), "live": store.store.live(NAME), "archive": store.store.archive(NAME),
            "renewal file": store.store.renewal(NAME), "live of all": store.config / "live"}[part]
    take(path)
    before = sorted(str(p) for p in store.config.rglob("*"))
    found = findings(store, "--fix", status=1)
    account = ["account-unused"] if part == "renewal file" else []
    guest = ["not-writable"] if part == "live of all" else []  # a note: root may be the one who renews
    assert list(found) == [*guest, "not-readable", *account], found
    finding = found["not-readable"]
    assert not finding["repairable"] and "Permission denied" in finding["what"] and "run this as root" in finding["answers"][0]
    assert sorted(str(p) for p in store.config.rglob("*")) == before
    remain = 2 if part == "live of all" else 1  # the store's, too: nobody can tell what else lies there
    store.doctor("--fix", status=1).says("[error] not-readable", "run this as root", f"0 problem(s) repaired, {remain} remain(s)")


@as_root
def test_as_an_ordinary_user_who_may_not_give_files_away(store):
    """What only root can do is not called repaired."""
    become_ordinary(store)
    store.renew("--force-renewal", "--key-group", "daemon").says("could not be given to")
    finding = findings(store, "--fix", status=1)["access-not-as-asked"]
    assert not finding["repaired"] and "run this as root" in finding["failure"], finding
    store.doctor("--fix", status=1).says("Tried, and failed:", "0 problem(s) repaired, 1 remain(s)")


@as_root
def test_as_an_ordinary_user_who_may_read_but_not_write(store):
    become_ordinary(store)
    path = store.store.live(NAME, "fullchain").resolve()
    content = path.read_bytes()
    path.unlink()
    os.chown(path.parent, 0, 0)
    path.parent.chmod(0o755)
    finding = findings(store, "--fix", status=1)["version-file-missing"]
    assert not finding["repaired"] and "Permission denied" in finding["failure"], finding
    store.doctor("--fix", status=1).says("Tried, and failed:", "Permission denied", "0 problem(s) repaired, 1 remain(s)")
    store.as_user = None
    for owned in (store.area, *store.area.rglob("*")):  # root runs nothing that the other could have written
        os.chown(owned, 0, 0, follow_symlinks=False)
    store.doctor("--fix")
    assert path.read_bytes() == content


# what is newer than live, and of no use

def make_version(folder, names, days, number=None):
    """Four files of a certificate for these names, by a CA of their own, valid from `days` after today for 90 days."""
    now = datetime.datetime.utcnow().replace(microsecond=0) + datetime.timedelta(days)
    issuer_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA of old")])

    def make(subject, public, san):
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
                   .serial_number(1 << 158 | x509.random_serial_number() >> 2).not_valid_before(now)
                   .not_valid_after(now + datetime.timedelta(90)))
        if san:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in san]), False)
        return builder.sign(issuer_key, hashes.SHA256())

    leaf, top = make(x509.Name([]), key.public_key(), names), make(issuer, issuer_key.public_key(), [])
    pem = [c.public_bytes(serialization.Encoding.PEM) for c in (leaf, top)]
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    if number is None:
        folder = folder / f"{now:%Y%m%dT%H%M%SZ}-{leaf.serial_number:x}.next"
        folder.mkdir(mode=0o700)
    for kind, content in (("cert", pem[0]), ("chain", pem[1]), ("fullchain", b"".join(pem)), ("privkey", private)):
        path = folder / f"{kind}{number or ''}.pem"
        path.write_bytes(content)
        path.chmod(0o600 if kind == "privkey" else 0o644)


def put_version(client, names, days):
    make_version(client.store.archive(NAME), names, days, None if client.store.is_versioned(NAME) else 34)


@pytest.mark.parametrize("names, days, why", [([NAME], -200, "it has expired, and what is live is valid"),
                                              (["other.test"], -1, "it is for other names: other.test")], ids=["expired", "foreign"])
def test_what_is_newer_and_of_no_use_does_not_go_live(store, names, days, why):
    serial = store.store.cert(NAME).serial_number
    put_version(store, names, days)
    found = findings(store, status=1)
    assert list(found) == ["newer-not-usable"] and why in found["newer-not-usable"]["what"], found
    assert list(findings(store, "--fix", status=1)) == ["newer-not-usable"]
    store.run("certificates").says(f"{serial:x}", "VALID: 89 days")
    store.give_up_authorizations()
    store.renew("--force-renewal", "--http-01-port", "1", status=1)
    assert store.store.cert(NAME).serial_number == serial
    store.renew("--force-renewal").says("all renewals succeeded")
    assert store.store.cert(NAME).serial_number != serial
    assert findings(store) == {}
    store.renew().says("not yet due")


def test_certificates_tells_what_is_live(linked):
    one = certs.load_chain(linked.store.version_file(NAME, "cert", 1).read_bytes())[0].serial_number
    for kind in KINDS:
        path = linked.store.live(NAME, kind)
        path.unlink()
        path.symlink_to(f"../../archive/{NAME}/{kind}1.pem")
    linked.run("certificates").says(f"Serial Number: {one:x} ")
    assert linked.run("certificates", "--json").json()["certificates"][0]["serial"] == f"{one:x}"


# what renew does by itself

def test_renew_repairs_what_has_one_answer(store):
    if store.store.is_versioned(NAME):
        store.store.live(NAME, "fullchain").unlink()
    else:
        drop_links(store)
    store.renew("--force-renewal").says("Repaired", "all renewals succeeded")
    store.store.check([NAME])
    assert "done:" in store.log()


def test_renew_leaves_alone_what_has_several(store):
    store.store.live(NAME, "privkey").resolve().unlink()
    store.renew("--force-renewal", status=1).says("is broken", "doctor --cert-name")


def test_renew_dry_run_repairs_nothing(linked):
    drop_links(linked)
    linked.renew("--dry-run", "--server", linked.server, status=1)
    assert not linked.store.live(NAME, "cert").exists()
