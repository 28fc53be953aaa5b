"""Backups: made of a real store, listed, verified; damaged ones, hostile ones, killed ones, full disks."""
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import tarfile
import zlib
from pathlib import Path

import pytest

import crash
from crash import driver  # noqa: F401  (a fixture)

pytestmark = pytest.mark.ours


@pytest.fixture(autouse=True)
def archiver(request):
    if not (Path(request.config.program).resolve().parent / "evercert-archive").exists():
        pytest.skip("built without libarchive")


def shelf(client):
    return client.area / "shelf"


def create(client, *args, status=0, **more):
    return client.run("backup", "create", "--json", "--backup-dir", shelf(client), *args, status=status, **more)


def verify(client, path, *args, status=0):
    return client.run("backup", "verify", path, *args, status=status)


@pytest.fixture
def store(make_client, driver):
    """A store with a lineage of three versions, without a CA."""
    client = make_client()
    make_store(client, driver, "certbot")
    return client


def make_store(client, driver, layout):
    shutil.rmtree(client.config, ignore_errors=True)
    base = crash.base_store(driver, layout)
    shutil.copytree(base, client.config, symlinks=True)
    for conf in (client.config / "renewal").glob("*.conf"):
        conf.write_text(conf.read_text().replace(f"{base}/", f"{client.config}/"))


def members(path):
    with tarfile.open(path) as tar:
        return {m.name: m for m in tar.getmembers()}


def manifest_of(path):
    with tarfile.open(path) as tar:
        return json.load(tar.extractfile("manifest.json"))


# ---- made, listed, verified ----

def test_a_real_store(new_client):
    client = new_client
    client.certonly(["x.test"])
    client.certonly(["y.test"])
    made = create(client, "--with-logs").json()
    path = Path(made["path"])
    assert re.fullmatch(r"\d{8}T\d{6}Z-\d{4}-[0-9a-f]{8}\.tar\.gz", path.name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert hashlib.sha256(path.read_bytes()).hexdigest() == made["sha256"] and path.stat().st_size == made["size"]
    found = members(path)
    for kind in ("cert", "privkey", "chain", "fullchain"):
        assert f"conf/live/x.test/{kind}.pem" in found and f"conf/live/y.test/{kind}.pem" in found
    assert "conf/renewal/x.test.conf" in found and any(name.startswith("logs/letsencrypt.log") for name in found)
    assert any(name.endswith("private_key.json") for name in found), "the account's key"
    assert list(found)[-1] == "manifest.json" and not any(".lock" in name for name in found)
    verify(client, path).says("is whole", f"of {client.config}")
    assert [b["path"] for b in client.run("backup", "list", "--json", "--backup-dir", shelf(client)).json()["backups"]] == [str(path)]
    assert client.run("backup", "verify", "--backup-dir", shelf(client), "--json").json()["entries"] == made["entries"]
    backups = client.run("status", "--json", "--backup-dir", shelf(client), status=None).json()["backups"]
    assert backups["count"] == 1 and re.sub("[-:]", "", backups["newest"]) == path.name[:16]
    # Nobody needs us to read it.
    out = client.area / "by-tar"
    out.mkdir()
    subprocess.run(["tar", "xzf", path, "-C", out], check=True, stderr=subprocess.DEVNULL)
    assert (out / "conf/live/x.test/cert.pem").read_bytes() == client.store.live("x.test", "cert").read_bytes()
    for entry in json.loads((out / "manifest.json").read_text())["entries"]:
        if entry["type"] == "file":
            assert hashlib.sha256((out / entry["path"]).read_bytes()).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("layout", crash.LAYOUTS)
def test_either_layout(make_client, driver, layout):
    client = make_client()
    make_store(client, driver, layout)
    path = create(client).json()["path"]
    verify(client, path).says("is whole")
    found = {n for n in members(path) if n.startswith("conf/")}
    there = {f"conf/{p.relative_to(client.config)}" for p in client.config.rglob("*") if ".lock" not in p.name}
    assert found == there


def test_odd_files(store):
    odd = store.config / "accounts" / "a"
    odd.mkdir(parents=True)
    names = [b"new\nline", b"\xc3\xbc\xff", b" blanks ", b"x" * 255, b"-rf", b'"quoted\\"', b"*"]
    for name in names:
        Path(os.fsdecode(os.fsencode(odd) + b"/" + name)).write_bytes(name)
    deep = odd.joinpath(*["d" * 200] * 8)
    deep.mkdir(parents=True)
    (deep / "file").write_text("deep")
    os.link(odd / "*", odd / "zz-second")
    os.mkfifo(odd / "fifo")
    with open(odd / "sparse", "wb") as f:
        f.truncate(3_000_000)
    (odd / "lost").symlink_to("/nowhere/at all")
    path = create(store).json()["path"]
    verify(store, path).says("is whole")
    entries = {e.get("path_bytes", e["path"]): e for e in manifest_of(path)["entries"]}
    assert entries["conf/accounts/a/new\nline"]["size"] == 8 and entries["conf/accounts/a/lost"]["target"] == "/nowhere/at all"
    assert entries["conf/accounts/a/zz-second"] == {"path": "conf/accounts/a/zz-second", "type": "second name",
                                                   "target": "conf/accounts/a/*"}
    assert "Y29uZi9hY2NvdW50cy9hL8O8_w" in entries and "conf/accounts/a/fifo" not in entries
    assert f"conf/accounts/a/{'/'.join(['d' * 200] * 8)}/file" in entries


def acl(*entries):
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries)


@pytest.mark.skipif(os.geteuid() != 0, reason="owners are set by root")
def test_owners_modes_and_access_lists(store):
    key = store.config / "archive/a/privkey1.pem"
    nobody = 2**32 - 1
    os.chown(key, 4711, 33)
    key.chmod(0o440)
    value = acl((1, 6, nobody), (2, 4, 0), (2, 4, 4711), (4, 0, nobody), (8, 4, 33), (16, 4, nobody), (32, 0, nobody))
    try:
        os.setxattr(key, "system.posix_acl_access", value)
        os.setxattr(key.parent, "system.posix_acl_default", value)
    except OSError:
        pytest.skip("the file system has no access control lists")
    key.parent.chmod(0o2770)
    path = create(store).json()["path"]
    verify(store, path).says("is whole")
    entries = {e["path"]: e for e in manifest_of(path)["entries"]}
    entry = entries["conf/archive/a/privkey1.pem"]
    group = "user::rw-,user:root:r--:0,user:4711:r--:4711,group::---,group:www-data:r--:33,mask::r--,other::---"
    assert (entry["uid"], entry["owner"], entry["group"], entry["acl"]) == (4711, "", "www-data", group)
    assert entries["conf/archive/a"]["default_acl"] == group and entries["conf/archive/a"]["mode"].startswith("2")


def test_files_that_renewal_files_name(store):
    credentials, hook = store.area / "dns.ini", store.area / "hook.sh"
    credentials.write_text("secret")
    hook.write_text("#!/bin/sh\n")
    conf = store.config / "renewal/a.conf"
    behind, large = store.area / "behind.ini", store.area / "large"
    behind.symlink_to("dns.ini")
    large.write_bytes(b"x" * (1 << 20) + b"x")
    usual = conf.read_text()
    conf.write_text(usual + f"dns_x_credentials = {behind}\nrenew_hook = /bin/sh '{hook}' with words\npost_hook = /bin/true\n")
    path = create(store).json()["path"]
    with tarfile.open(path) as tar:
        assert tar.extractfile(f"files{behind}").read() == b"secret", "what a link leads to, as a file"
        found = set(tar.getnames())
    assert f"files{hook}" in found and "files/bin/true" not in found and "files/bin/sh" not in found
    verify(store, path).says("is whole")
    (store.config / "in.ini").symlink_to(credentials)
    conf.write_text(usual + f"dns_x_credentials = {store.config}/in.ini\nrenew_hook = {hook} {large}\n")
    create(store, status=1).says(f"{store.config}/in.ini: it is a link that leads out", f"{large}: files outside")


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_what_may_not_be_read_is_told(store):
    shutil.copytree(store.config, store.area / "theirs", symlinks=True)
    theirs = store.area / "theirs"
    conf = theirs / "renewal/a.conf"
    conf.write_text(conf.read_text().replace(f"{store.config}/", f"{theirs}/"))
    for path in [theirs, *theirs.rglob("*")]:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    (theirs / "accounts").mkdir(exist_ok=True)
    os.chown(theirs / "accounts", 65534, 65534)
    for folder in ("their-w", "their-l"):
        (store.area / folder).mkdir()
        os.chown(store.area / folder, 65534, 65534)
    store.area.chmod(0o755)
    argv = [store.open_program, "backup", "create", "--json", "--config-dir", theirs, "--work-dir", store.area / "their-w",
            "--logs-dir", store.area / "their-l"]

    def run():
        return subprocess.run(list(map(str, argv)), user=65534, group=65534, extra_groups=[], capture_output=True, text=True,
                              cwd="/", env={**os.environ, "HOME": "/"})

    done = run()
    assert done.returncode == 0, done.stderr
    whole = Path(json.loads(done.stdout)["path"])
    os.chown(theirs / "archive/a/privkey1.pem", 0, 0)
    (theirs / "archive/a/privkey1.pem").chmod(0o600)
    done = run()
    assert done.returncode == 1 and "privkey1.pem: Permission denied" in done.stderr, done.stderr
    assert json.loads(done.stdout)["path"].endswith(".incomplete.tar.gz") and whole.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_a_restore_tells_what_it_could_not_keep(store):
    store.area.chmod(0o755)
    copy = store.area / "copy"
    shutil.copytree(store.config, copy, symlinks=True)
    (store.config / "renewal/a.conf").write_text((store.config / "renewal/a.conf").read_text() + "post_hook = true\n")
    (store.config / "archive/a/fullchain1.pem").write_text("other")
    secret = store.config / "archive/a/privkey1.pem"
    for folder in ("their-w", "their-l"):
        (store.area / folder).mkdir()
    for path in store.area.rglob("*"):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    os.chown(secret, 0, 0)
    secret.chmod(0o600)
    argv = [store.open_program, "backup", "restore", copy, "--yes", "--config-dir", store.config, "--work-dir", store.area / "their-w",
            "--logs-dir", store.area / "their-l"]
    done = subprocess.run(list(map(str, argv)), user=65534, group=65534, extra_groups=[], capture_output=True, text=True,
                          cwd="/", env={**os.environ, "HOME": "/"})
    assert "is not kept: " in done.stderr and "privkey1.pem: Permission denied" in " ".join(done.stderr.split()), done.stderr


# ---- rotation ----

def test_rotation(store):
    first = Path(create(store).json()["path"])
    mine = first.name[22:30]  # the store's own part of the name
    future = shelf(store) / f"20990101T000000Z-0001-{mine}.tar.gz"
    shutil.copy(first, future)
    for name in ("20200101T000000Z-0001-00000000.tar.gz", "20200101T000000Z-0001.tar.gz", "notes.txt"):
        (shelf(store) / name).write_text("x")
    # The clock was set back: by name the new one is not the newest, and still it is the one that stays.
    made = create(store, "--backup-keep", "1").json()
    assert set(made["removed"]) == {str(first), str(future)}
    assert {p.name for p in shelf(store).iterdir()} == {Path(made["path"]).name, "20200101T000000Z-0001-00000000.tar.gz",
                                                        "20200101T000000Z-0001.tar.gz", "notes.txt"}


def test_an_empty_store_pushes_nothing_out(store):
    good = Path(create(store, "--backup-keep", "1").json()["path"])
    store.config.rename(store.area / "unmounted")
    for _ in range(2):
        made = create(store, "--backup-keep", "1")
        made.says("There is no certificate in")
    assert made.json()["empty"] and made.json()["path"].endswith(".empty.tar.gz")
    assert {p.name for p in shelf(store).iterdir()} == {good.name, Path(made.json()["path"]).name}


# ---- what a backup cannot bring back is told ----

def test_certificates_outside_of_the_store(store):
    """What restore cannot use is told when it is made, and when it is verified; a link is packed as what it leads to."""
    elsewhere = store.area / "elsewhere"
    conf = store.config / "renewal/a.conf"
    usual = conf.read_text()
    shutil.copytree(store.config / "archive/a", elsewhere / "a")
    conf.write_text(re.sub("archive_dir = .*", f"archive_dir = {elsewhere}/a", usual))
    made = create(store, status=1)
    made.says(f"{elsewhere}/a: it lies outside of --config-dir")
    verify(store, made.json()["path"], status=1).says(f"{elsewhere}/a: it lies outside of --config-dir")
    conf.write_text(usual)
    (store.config / "archive").rename(store.area / "archive")
    (store.config / "archive").symlink_to(store.area / "archive")
    path = create(store).json()["path"]
    verify(store, path).says("is whole")
    found = members(path)
    assert found["conf/archive"].isdir() and found["conf/archive/a/cert1.pem"].isreg()
    # As a place among others it may be named, too: nothing is packed twice, or said to be elsewhere.
    conf.write_text(re.sub("archive_dir = .*", f"archive_dir = {store.area}/archive/a", usual))
    with tarfile.open(create(store).json()["path"]) as tar:
        names = tar.getnames()
    assert len(names) == len(set(names)) and not any("archive/a" in n for n in names if n.startswith("files/")), names


def test_a_large_file_of_zeros(store):
    with open(store.config / "zeros", "wb") as f:
        f.truncate(100 << 20)
    path = create(store).json()["path"]
    assert os.path.getsize(path) < 1 << 20
    verify(store, path).says("is whole")


def test_its_own_directory_by_another_path(store):
    link = store.area / "link"
    link.symlink_to(store.config)
    for _ in range(2):
        path = store.run("backup", "create", "--json", "--backup-dir", link / "backups").json()["path"]
    assert not any("backups" in name for name in members(path))
    store.run("backup", "create", "--backup-dir", link, status=1).says("cannot lie in --config-dir itself")


# ---- encrypted ----

def test_encrypted(store):
    secret = store.area / "passphrase"
    secret.write_text("correct horse battery staple\n")
    wrong = store.area / "wrong"
    wrong.write_text("correct horse battery stable\n")
    for path in (secret, wrong):
        path.chmod(0o600)
    key, cert = store.area / "k.pem", store.area / "c.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=backups", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    path = Path(create(store, "--backup-passphrase-file", secret, "--backup-recipient", cert).json()["path"])
    assert path.name.endswith(".tar.gz.cms") and b"PRIVATE KEY" not in path.read_bytes()
    verify(store, path, status=1).says("is encrypted", "--backup-passphrase-file")
    verify(store, path, "--backup-passphrase-file", wrong, status=1).says("passphrase")
    verify(store, path, "--backup-passphrase-file", secret).says("is whole")
    verify(store, path, "--backup-key", key).says("is whole")
    secret.chmod(0o644)
    create(store, "--backup-passphrase-file", secret, status=1).says("open to all users of this machine", f"chmod 600 {secret}")
    plain = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-binary", "-in", path, "-inkey", key, "-recip", cert],
                           capture_output=True, check=True).stdout
    assert tarfile.open(fileobj=io.BytesIO(plain)).getmember("manifest.json")
    data = bytearray(path.read_bytes())
    for where in (len(data) // 3, len(data) // 2, len(data) - 20):
        data[where] ^= 1
        (store.area / "changed.tar.gz.cms").write_bytes(data)
        verify(store, store.area / "changed.tar.gz.cms", "--backup-key", key, status=1)
        data[where] ^= 1
    (store.area / "short.tar.gz.cms").write_bytes(data[:-100])
    verify(store, store.area / "short.tar.gz.cms", "--backup-key", key, status=1)


# ---- damage ----

def rebuilt(path, to, change):
    """The archive with other members: change gets [(TarInfo, bytes or None)]."""
    with tarfile.open(path) as tar:
        parts = [(m, tar.extractfile(m).read() if m.isreg() else None) for m in tar.getmembers()]
    parts = change(parts)
    with tarfile.open(to, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for member, content in parts:
            if content is not None:
                member.size = len(content)
            tar.addfile(member, io.BytesIO(content) if content is not None else None)
    return to


def index(parts, name):
    return next(i for i, (m, _) in enumerate(parts) if m.name == name)


def edit(name, **what):
    def change(parts):
        i = index(parts, name)
        member, content = parts[i]
        if "content" in what:
            parts[i] = (member, what["content"](content))
        for key, value in what.items():
            if key != "content":
                setattr(member, key, value)
        return parts
    return change


def swapped(a, b):
    def change(parts):
        i, j = index(parts, a), index(parts, b)
        parts[i], parts[j] = parts[j], parts[i]
        return parts
    return change


def contents_swapped(a, b):
    def change(parts):
        i, j = index(parts, a), index(parts, b)
        parts[i], parts[j] = (parts[i][0], parts[j][1]), (parts[j][0], parts[i][1])
        return parts
    return change


def added(name, at, kind=tarfile.REGTYPE, link="", mode=0o600, content=b"x"):
    def change(parts):
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.mode = kind, link, mode
        parts.insert(len(parts) if at is None else at, (member, content if kind == tarfile.REGTYPE else None))
        return parts
    return change


def removed(name):
    return lambda parts: [p for p in parts if p[0].name != name]


CERT, KEY = "conf/archive/a/cert2.pem", "conf/archive/a/privkey2.pem"
DAMAGE = {
    "content": (edit(CERT, content=lambda c: c.replace(b"A", b"B", 1)), [CERT, "its content is not what was put into the backup"]),
    "length": (edit(CERT, content=lambda c: c + b"\n"), [CERT, "size"]),
    "mode": (edit(KEY, mode=0o644), [KEY, "its mode is \"0644\", and was \"0600\""]),
    "owner": (edit(KEY, uid=12345), [KEY, "its uid is 12345"]),
    "link": (edit("conf/live/a/cert.pem", linkname="../../archive/a/cert1.pem"), ["conf/live/a/cert.pem", "target"]),
    "order": (swapped(CERT, KEY), [CERT, KEY, "stands in the archive where the manifest has"]),
    "contents swapped": (contents_swapped("conf/archive/a/privkey1.pem", KEY), ["conf/archive/a/privkey1.pem"]),
    "one less": (removed(CERT), [CERT, "stands in the archive where the manifest has"]),
    "the last one less": (lambda parts: parts[:-2] + parts[-1:], ["stands in manifest.json, but not in the archive"]),
    "one more": (added("conf/accounts/x", 5), ["conf/accounts/x"]),
    "one more at the end": (lambda parts: added("conf/zz", len(parts) - 1)(parts), ["conf/zz", "but not in manifest.json"]),
    "behind the manifest": (added("conf/zz", None), ["conf/zz", "behind the manifest"]),
    "manifest edited": (edit("manifest.json", content=lambda c: c.replace(b'"reason":null', b'"reason":"x"', 1)), ["manifest.json was changed"]),
    "manifest cut": (edit("manifest.json", content=lambda c: c[:len(c) // 2]), ["manifest.json"]),
    "manifest empty": (edit("manifest.json", content=lambda c: b""), ["manifest.json was cut short"]),
    "no manifest of ours": (edit("manifest.json", content=lambda c: b'{"a":1}\n'), ["manifest.json"]),
}


def test_damage_is_found_and_where(store):
    path = create(store).json()["path"]
    whole = rebuilt(path, store.area / "same.tar.gz", lambda parts: parts)
    verify(store, whole).says("is whole")
    for name, (change, said) in DAMAGE.items():
        bad = rebuilt(path, store.area / "bad.tar.gz", change)
        result = verify(store, bad, status=1)
        for part in said:
            assert part in " ".join(result.text.split()), f"{name}: {part!r} is not in {result}"


def contents(data):
    """What a tar in gzip has, whatever its checksum says: padding is no part of it."""
    with tarfile.open(fileobj=io.BytesIO(zlib.decompressobj(-15).decompress(data[10:]))) as tar:
        return [(m.get_info(), tar.extractfile(m).read() if m.isreg() else b"") for m in tar]


def test_a_flipped_byte_or_a_cut_is_found_or_changes_nothing(store):
    path = Path(create(store).json()["path"])
    data = path.read_bytes()
    bad = store.area / "bad.tar.gz"
    whole = gzip.decompress(data)
    for at in range(0, len(data), len(data) // 12 or 1):
        bad.write_bytes(data[:at])
        verify(store, bad, status=1)
    for short in (1, 4, 8, 9):
        bad.write_bytes(data[:-short])
        verify(store, bad, status=1)
    for at in range(12, len(data) - 8, len(data) // 16):
        bad.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1:])
        status = verify(store, bad, status=None).status
        assert status == 1 or (status == 0 and contents(bad.read_bytes()) == contents(data))
    for behind in (b"junk", data, gzip.compress(b"more")):
        bad.write_bytes(data + behind)
        verify(store, bad, status=1).says("behind the end")
    # Where in a long file: the disk returned other bytes in its middle.
    plain = store.area / "plain.tar"
    plain.write_bytes(whole[:whole.index(b"-----BEGIN CERTIFICATE") + 40])
    verify(store, plain, status=1).says("is damaged in conf/archive/a/cert1.pem, at byte")


def test_a_pair_that_does_not_fit(store):
    shutil.copy(store.config / "archive/a/privkey1.pem", store.config / "archive/a/privkey2.pem")
    verify(store, create(store).json()["path"], status=1).says("does not fit", CERT)


def test_a_long_history_is_compared(store):
    archive = store.config / "archive/a"
    for kind in ("cert", "privkey"):
        for i in range(10, 90):
            shutil.copy(archive / f"{kind}1.pem", archive / f"{kind}{i}.pem")
    verify(store, create(store).json()["path"]).says("is whole")
    shutil.copy(archive / "privkey2.pem", archive / "privkey89.pem")
    said = verify(store, create(store).json()["path"], status=1)
    said.says("does not fit: conf/archive/a/cert89.pem")


def test_without_a_manifest(store):
    for name, args in {"a.tar": ["cf"], "b.tar.gz": ["czf"], "c.tar.xz": ["cJf"], "h.tgz": ["chzf"]}.items():
        path = store.area / name
        subprocess.run(["tar", args[0], path, "-C", store.config, "."], check=True)
        verify(store, path, status=1).says("can be read to its end", "has no manifest")


# ---- hostile archives ----

def hostile(path, *entries, mode="w:gz", **more):
    with tarfile.open(path, mode, **more) as tar:
        for entry in entries:
            member = tarfile.TarInfo(entry["name"])
            member.type = entry.get("type", tarfile.REGTYPE)
            member.linkname = entry.get("link", "")
            member.mode = entry.get("mode", 0o644)
            member.devmajor, member.devminor = 1, 3
            content = entry.get("content", b"x" if member.type == tarfile.REGTYPE else b"")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


HOSTILE = {
    "absolute": [{"name": "/etc/evil"}],
    "up": [{"name": "conf/../../evil"}],
    "up alone": [{"name": ".."}],
    "twice a dot": [{"name": "conf/./x"}],
    "device": [{"name": "conf/null", "type": tarfile.CHRTYPE}],
    "block device": [{"name": "conf/sda", "type": tarfile.BLKTYPE}],
    "fifo": [{"name": "conf/fifo", "type": tarfile.FIFOTYPE}],
    "set-user-id": [{"name": "conf/sh", "mode": 0o4755}],
    "set-group-id": [{"name": "conf/sh", "mode": 0o2755}],
    "second name outside": [{"name": "conf/x", "type": tarfile.LNKTYPE, "link": "../../../etc/shadow"}],
    "second name absolute": [{"name": "conf/x", "type": tarfile.LNKTYPE, "link": "/etc/shadow"}],
}


def test_hostile_archives_are_refused(store):
    for name, entries in HOSTILE.items():
        verify(store, hostile(store.area / "h.tar.gz", *entries), status=1).says("the archive has")
    head = tarfile.TarInfo("conf/zeros")
    head.size = 2 << 30  # refused before the first of them
    zeros = store.area / "bomb.tar.gz"
    zeros.write_bytes(gzip.compress(head.tobuf() + b"\0" * 4096))
    verify(store, zeros, status=1).says("larger than any archive of its size")
    many = hostile(store.area / "many.tar.xz", *[{"name": f"conf/{i}", "content": b""} for i in range(14_000)], mode="w:xz")
    verify(store, many, status=1).says("more members than any archive of its size")


def test_what_is_no_archive(store):
    for name, content in {"empty": b"", "text": b"hello\n", "zeros": b"\0" * 5000, "gzip of text": gzip.compress(b"hello")}.items():
        path = store.area / "no.tar.gz"
        path.write_bytes(content)
        verify(store, path, status=1)
    verify(store, store.config, status=1).says("is no file")
    verify(store, store.area / "nothing.tar.gz", status=1).says("No such file")


# ---- killed, and full disks ----

WRITES = "openat,write,fsync,renameat2,rename,unlink,flock,fchmod"


def traced(client, strace, status=None):
    argv = ["strace", "-o", str(client.area / "trace"), *strace, str(client.program), "backup", "create", "--config-dir", str(client.config),
            "--work-dir", str(client.work), "--logs-dir", str(client.logs), "--backup-dir", str(shelf(client))]
    return subprocess.run(argv, env={**os.environ, **crash.NO_LEAKS}, capture_output=True, text=True, timeout=120)


def steps(client):
    """(call, number) of what touches the directory of backups, once it is there."""
    shelf(client).mkdir(mode=0o700, exist_ok=True)
    traced(client, ["-y", "-e", f"trace={WRITES}"])
    seen, found = {}, []
    for line in (client.area / "trace").read_text(errors="replace").splitlines():
        match = crash.CALL.match(line)
        if match:
            seen[match[1]] = seen.get(match[1], 0) + 1
            if str(shelf(client)) in match[2]:
                found.append((match[1], seen[match[1]]))
    return found


def good(client):
    return {p.name for p in shelf(client).glob("2*")}


def test_killed_at_every_step(store):
    calls = steps(store)
    assert {"write", "fsync", "renameat2", "openat"} <= {name for name, _ in calls}, calls
    for name, number in calls:
        before = good(store)
        done = traced(store, ["-e", f"trace={name}", "-e", f"inject={name}:signal=KILL:when={number}"])
        assert done.returncode != 0, (name, number, done.stderr)
        for path in good(store) - before:
            verify(store, shelf(store) / path)
        for path in shelf(store).glob("2*"):
            path.unlink()
    assert traced(store, ["-e", "trace=none"]).returncode == 0
    assert len(good(store)) == len(list(shelf(store).iterdir())) == 1, "what was left is swept"


def test_full_disk(store):
    shelf(store).mkdir(mode=0o700)
    old = shelf(store) / "20200101T000000Z-0001.tar.gz"
    old.write_text("old")
    calls = [c for c in steps(store) if c[0] in ("openat", "write", "fsync", "renameat2", "fchmod")]
    for path in set(shelf(store).iterdir()) - {old}:
        path.unlink()
    for name, number in calls:
        done = traced(store, ["-e", f"trace={name}", "-e", f"inject={name}:error=ENOSPC:when={number}"])
        if done.returncode == 0:  # a call that may fail: the directory of backups was looked at
            for path in set(shelf(store).iterdir()) - {old}:
                path.unlink()
            continue
        assert "No space left on device" in " ".join(done.stderr.split()) or name == "fchmod", (name, number, done.stderr)
        after = {p.name for p in shelf(store).iterdir()}
        assert old.name in after, "the old one stays"
        for path in good(store) - {old.name}:
            verify(store, shelf(store) / path)
            (shelf(store) / path).unlink()


# ---- beside others ----

def test_no_half_version(new_client):
    """While the lineage is renewed again and again, each backup has one whole version live."""
    client = new_client
    client.certonly(["x.test"])
    with subprocess.Popen(["/bin/sh", "-c", f"""
        while [ ! -e {client.area}/stop ]; do
            {client.program} renew --force-renewal --quiet --config-dir {client.config} --work-dir {client.work} \
                --logs-dir {client.logs} --no-random-sleep-on-renew || exit 3
        done"""], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=client.environment()) as renewing:
        try:
            paths = [create(client).json()["path"] for _ in range(6)]
        finally:
            (client.area / "stop").touch()
            said = renewing.communicate(timeout=120)[0]
    assert renewing.returncode == 0, said
    live = set()
    for path in paths:
        verify(client, path).says("is whole")
        with tarfile.open(path) as tar:
            content = tar.extractfile("conf/live/x.test/fullchain.pem").read()
            assert content.startswith(tar.extractfile("conf/live/x.test/cert.pem").read())
            live.add(content)
    assert len(live) > 1, "it was renewed meanwhile"


def test_the_program_maps_no_archive_library(request):
    libraries = subprocess.run(["ldd", request.config.program], capture_output=True, text=True, check=True).stdout
    assert "libarchive" not in libraries and "libcrypto" in libraries
