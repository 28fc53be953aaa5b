"""A rule: whatever makes `renew` fail without the CA's doing is a finding of `doctor`; and where `doctor --fix` says that nothing
remains, `renew` succeeds.

A table of damages, each done to a store with two certificates that is well otherwise. The CA is up: what fails, fails for want of
something here.
"""
import os
import re
import shutil
import subprocess

import certs
import pytest
from client import KINDS, Client

pytestmark = pytest.mark.ours

A, B = "a.test", "b.test"


@pytest.fixture(scope="module")
def base(request, start_pebble, session_area, trust):
    """base(layout): a store of two certificates with two versions each. One for all damages: each works on a copy."""
    made = {}

    def get(layout):
        if layout not in made:
            area = session_area / f"rule-{layout}"
            area.mkdir()
            client = Client(request.config.program, area, trust, start_pebble("new", "rule"))
            for name in (A, B):
                client.certonly([name], "--store-layout", layout)
            client.renew("--force-renewal")
            made[layout] = client
        return made[layout]

    return get


class Damage:
    """What is done to a store; the codes that are found; whether --fix makes all of it good.

    crossed: each archive has the name of the other certificate then, as what is live stays what it is.
    """

    def __init__(self, name, layouts, do, codes, fixed=False, crossed=False):
        self.name, self.layouts, self.do, self.codes, self.fixed = name, layouts.split(), do, codes.split(), fixed
        self.crossed = crossed


def edit(pattern, by, name=A):
    def do(store):
        path = store.renewal(name)
        text, count = re.subn(pattern, by, path.read_text(), flags=re.M | re.S)
        assert count, f"{pattern} is not in\n{path.read_text()}"
        path.write_text(text)
    return do


def truncate(part):
    def do(store):
        text = store.renewal(A).read_text()
        store.renewal(A).write_text(text[:int(len(text) * part)])
    return do


def swap(one, two):
    aside = one.with_name("aside")
    one.rename(aside)
    two.rename(one)
    aside.rename(two)


def swap_all(store):
    swap(store.root / "live" / A, store.root / "live" / B)
    swap(store.archive(A), store.archive(B))


def shell(command):
    def do(store):
        subprocess.run(["sh", "-ec", command], cwd=store.root, check=True)
    return do


def foreign_version(store):
    """Files of the other certificate among the superseded ones."""
    for kind in KINDS:
        store.version_file(A, kind, 1).write_bytes(store.version_file(B, kind, 1).read_bytes())


def empty_newest(store):
    for kind in KINDS:
        (store.archive(A) / f"{kind}3.pem").write_bytes(b"")


GROUP = 54321  # which is nobody's


def give_to_group(path):
    os.chown(path, -1, GROUP)
    path.chmod(path.stat().st_mode & 0o7777 | 0o020)


def hook_of_others(store):
    (store.root / "own").mkdir()
    (store.root / "own" / "hook").write_text("#!/bin/sh\n")
    (store.root / "own" / "hook").chmod(0o755)
    give_to_group(store.root / "own")
    edit(r"^authenticator", f"pre_hook = {store.root}/own/hook\nauthenticator")(store)


BOTH = "certbot versioned"
DAMAGES = [
    Damage("nothing", BOTH, lambda store: None, "", fixed=True),
    Damage("a renewal file without authenticator", BOTH, edit(r"^authenticator.*?$", ""), "renewal-would-fail"),
    Damage("an authenticator that is not there", BOTH, edit(r"^authenticator.*?$", "authenticator = dns-nowhere"), "renewal-would-fail"),
    Damage("an option of another kind", BOTH, edit(r"^authenticator", "rsa_key_size = many\nauthenticator"), "renewal-would-fail"),
    Damage("no section of options", BOTH, edit(r"^\[renewalparams\].*", ""), "renewal-would-fail"),
    Damage("an interval that is none", BOTH, edit(r"\A", "renew_before_expiry = soon\n"), "renewal-would-fail"),
    Damage("cut in the middle", BOTH, truncate(0.5), ""),
    Damage("cut early", BOTH, truncate(0.1), ""),
    Damage("emptied", BOTH, truncate(0), "renewal-file-empty"),
    Damage("a link that leads nowhere", BOTH, shell(f"rm renewal/{A}.conf; ln -s /nowhere renewal/{A}.conf"), "renewal-file-unreadable"),
    Damage("a directory in its place", BOTH, shell(f"rm renewal/{A}.conf; mkdir renewal/{A}.conf"), "renewal-file-unreadable"),
    Damage("an unknown layout", BOTH, edit(r"\A(store_layout[^\n]*)?", "store_layout = other"), "renewal-file-unreadable"),
    Damage("live directories exchanged", BOTH, lambda s: swap(s.root / "live" / A, s.root / "live" / B), "", fixed=True),
    Damage("archives exchanged", BOTH, lambda s: swap(s.archive(A), s.archive(B)), "exchanged", fixed=True),
    Damage("all directories exchanged", "versioned", swap_all, "exchanged", fixed=True),
    Damage("all directories exchanged", "certbot", swap_all, "archive-exchanged", fixed=True, crossed=True),
    Damage("all directories exchanged, and one renewal file mended", "certbot",
           lambda s: (swap_all(s), edit(rf"/archive/{B}$", f"/archive/{A}", B)(s)), "archive-shared", fixed=True, crossed=True),
    Damage("renewal files exchanged", BOTH, lambda s: swap(s.renewal(A), s.renewal(B)), ""),
    Damage("a foreign version", BOTH, foreign_version, "version-foreign"),
    Damage("an empty version, the newest", "certbot", empty_newest, "certificate-damaged"),
    Damage("one archive for both", BOTH, edit(rf"/archive/{A}$", f"/archive/{B}"), "archive-shared", fixed=True),
    Damage("no live", BOTH, shell("rm -r live"), "", fixed=True),
    Damage("no archive", BOTH, shell("rm -r archive"), ""),
    Damage("no accounts", BOTH, shell("rm -r accounts"), "account-gone"),
    Damage("a hook in a directory of others", BOTH, hook_of_others, "renewal-would-fail"),
    Damage("an owner that nobody is", BOTH, edit(r"^authenticator", "key_owner = nobody-at-all\nauthenticator"), "renewal-would-fail"),
    Damage("keys of accounts readable by others", BOTH, shell("chmod -R go+r accounts"), "account-key-open-to-others", fixed=True),
    Damage("a key that is to be used again is garbled", BOTH,
           lambda s: (edit(r"^authenticator", "reuse_key = True\nauthenticator")(s), s.live(A, "privkey").write_bytes(b"x")), ""),
]


def copy_of(origin, client):
    """The client gets the other one's store, and its CA."""
    client.server, client.http_port = origin.server, origin.http_port
    shutil.copytree(origin.config, client.config, symlinks=True, dirs_exist_ok=True)
    for path in client.config.glob("renewal/*.conf"):
        path.write_text(path.read_text().replace(str(origin.config), str(client.config)))
    return client


def findings(client):
    return [f for f in client.run("doctor", "--json", status=None).json()["findings"] if f["severity"] != "note"]


@pytest.mark.parametrize("layout, damage", [pytest.param(layout, d, id=f"{layout}: {d.name}") for d in DAMAGES for layout in d.layouts])
def test_what_renew_fails_by_is_found(base, new_client, layout, damage):
    client = copy_of(base(layout), new_client)
    damage.do(client.store)
    found = [f["code"] for f in findings(client)]
    assert set(damage.codes) <= set(found), found
    copied = client.area / "copy"
    shutil.copytree(client.config, copied, symlinks=True)
    renewed = client.renew("-q", "--force-renewal", status=None)
    assert renewed.status == 0 or found, f"renew fails, and doctor finds nothing:\n{renewed}"
    shutil.rmtree(client.config)
    copied.rename(client.config)
    live = [client.store.live(name, "cert") for name in (A, B)] if damage.crossed else []
    shown = [path.read_bytes() for path in live]
    fixed = client.run("doctor", "--fix", status=None)
    assert [path.read_bytes() for path in live] == shown
    assert (fixed.status == 0) or not damage.fixed, fixed
    if fixed.status == 0:
        client.renew("--force-renewal").says("all renewals succeeded")
        for name in (A, B):
            assert certs.names(client.store.cert(name)) == [name]
            if damage.crossed:
                assert client.store.conf(name)[""]["archive_dir"] == str(client.store.live(name, "cert").resolve().parent)
            elif damage.fixed:
                client.store.check_lineage(name)


# ---- places ----

def fill(folder):
    """Until nothing has room."""
    for name, size in (("ballast", 1 << 16), ("rest", 1 << 9)):
        with pytest.raises(OSError), open(folder / name, "wb", buffering=0) as file:
            while file.write(bytes(size)):
                pass
    return lambda: [(folder / name).unlink() for name in ("ballast", "rest")]


def use_inodes(folder):
    (folder / "many").mkdir()
    with pytest.raises(OSError):
        for number in range(1 << 16):
            (folder / "many" / str(number)).touch()
    return lambda: shutil.rmtree(folder / "many")


def make_read_only(folder):
    subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
    return lambda: subprocess.run(["mount", "-o", "remount,rw,bind", str(folder)], check=True)


PLACES = {
    "full": ("size=2m", fill, "no-room", ["make room on the file system of", "df -h"]),
    "without inodes": ("size=2m,nr_inodes=200", use_inodes, "no-room", ["it has no inode left"]),
    "read-only": ("size=2m", make_read_only, "read-only", ["mount it for writing"]),
}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount, and what root runs is looked at")


def check_told_and_mended(client, code, certificate, advice, mend):
    """One finding, with an advice; renew fails by it and orders nothing; once mended, nothing is found and renew works."""
    serials = [client.store.cert(name).serial_number for name in (A, B)]
    found = findings(client)
    assert [(f["code"], f["certificate"]) for f in found] == [(code, certificate)], found
    for words in advice:
        assert words in "; ".join(found[0]["answers"]), found
    assert not any("run as root" in answer for answer in found[0]["answers"]), found
    client.renew("--force-renewal", *(["--cert-name", certificate] if certificate else []), status=1)
    assert [client.store.cert(name).serial_number for name in (A, B)] == serials
    mend()
    assert {f["code"] for f in findings(client)} <= {"renewal-failing"}  # which is over with the next one that succeeds
    client.renew("--force-renewal").says("all renewals succeeded")
    assert findings(client) == []


@as_root
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("layout", BOTH.split())
def test_where_nothing_can_be_kept(base, new_client, mounts, layout, place):
    options, spoil, code, advice = PLACES[place]
    mounts.tmpfs(new_client.config, f"{options},mode=0755")
    client = copy_of(base(layout), new_client)
    mend = spoil(client.config)
    check_told_and_mended(client, code, None, advice, mend)


@as_root
def test_one_that_lies_elsewhere(base, new_client, mounts):
    """Of one certificate's own file system only that certificate is told."""
    client = copy_of(base("versioned"), new_client)
    mounts.bind(client.store.root / "live" / A, client.store.root / "live" / A)
    mend = make_read_only(client.store.root / "live" / A)
    check_told_and_mended(client, "read-only", A, ["mount it for writing"], mend)


@as_root
@pytest.mark.parametrize("what", ["above", "renewal-hooks/deploy"])
def test_where_others_decide_what_is_run(base, new_client, what):
    client = copy_of(base("certbot"), new_client)
    folder = client.config.parent if what == "above" else client.config / what
    folder.mkdir(parents=True, exist_ok=True)
    give_to_group(folder)
    check_told_and_mended(client, "code-open-to-others", None, [f"chmod go-w {folder}"],
                          lambda: subprocess.run(["chmod", "go-w", str(folder)], check=True))


@as_root
def test_what_is_mended_is_not_told_again(base, new_client):
    """A directory of the store that everybody may write to: closed first, so that no certificate is said to fail by it."""
    client = copy_of(base("certbot"), new_client)
    client.config.chmod(0o777)
    assert [f["code"] for f in findings(client)] == ["writable-by-others"]
    client.run("doctor", "--fix").says("[repaired] writable-by-others", "1 problem(s) repaired, 0 remain(s)")


@pytest.mark.parametrize("quiet", [[], ["-q"]], ids=["aloud", "quiet"])
def test_renew_fails_where_a_renewal_file_is_a_link_to_nothing(new_client, quiet):
    (new_client.config / "renewal").mkdir(parents=True)
    new_client.store.renewal("gone").symlink_to("/nowhere.conf")
    new_client.renew(*quiet, status=1).says("is a link that leads nowhere", "1 parse failure(s)")
    new_client.run("delete", "-n", "--cert-name", "gone", status=1)
    assert not new_client.store.renewal("gone").is_symlink()
