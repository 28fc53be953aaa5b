"""backup restore: stores put back from copies as people make them, onto whatever is there by then."""
import os
import shutil
import subprocess
import time

import pytest
from client import KINDS, Client

pytestmark = pytest.mark.ours

NAMES = ["r.test", "www.r.test"]
NAME = NAMES[0]
LAYOUTS = pytest.mark.parametrize("layout", ["versioned", "certbot"])


def restore(client, source, *args, yes=True, **more):
    return client.run("backup", "restore", source, *args, *(["--yes"] if yes else []), **more)


def serial(client, name=NAME):
    return client.store.cert(name).serial_number


def tree(folder):
    return {str(p.relative_to(folder)): p.readlink() if p.is_symlink() else p.read_bytes() for p in sorted(folder.rglob("*"))
            if (p.is_symlink() or p.is_file()) and not p.name.endswith(".lock")}


def check(client, lineages):
    client.store.check(lineages)
    client.run("doctor").says("0 remain(s)")
    assert not (client.config / ".restore").exists()


@pytest.fixture
def copied(new_client):
    """copied(layout): a store with r.test and other.test, and a copy of it; r.test was renewed since."""
    def make(layout):
        client = new_client
        client.certonly(NAMES, "--store-layout", layout)
        client.certonly(["other.test"], "--store-layout", layout)
        client.copy = shutil.copytree(client.config, client.area / "copy", symlinks=True)
        client.old = serial(client)
        time.sleep(1.1)  # versions of one second have no order
        client.renew("--force-renewal", "--cert-name", NAME)
        assert serial(client) != client.old
        return client
    return make


@LAYOUTS
def test_whole_and_one(copied, layout):
    client = copied(layout)
    held = os.open(client.store.live(NAME), os.O_RDONLY | os.O_DIRECTORY)
    before = tree(client.config)
    restore(client, client.copy, "--dry-run", yes=False).says(f"{NAME}: replaced", "OLDER than the one here",
                                                             "other.test: the same already")
    restore(client, client.copy, "-n", yes=False, status=1).says("--yes")
    restore(client, client.copy, "--cert-name", "nowhere.test", status=1).says("no certificate called nowhere.test", "other.test, r.test")
    assert tree(client.config) == before

    client.certonly(["new.test"], "--store-layout", layout)
    shutil.rmtree(client.store.live("other.test"))
    restore(client, client.copy, "--cert-name", NAME).says("Restored 1 certificate(s)", "reload")
    assert serial(client) == client.old
    assert not client.store.live("other.test").exists()
    restore(client, client.copy).says("other.test: replaced", "cannot be used", "which stay as they are: new.test")
    check(client, ["new.test", "other.test", NAME])
    restore(client, client.copy).says("Nothing is to be changed.")

    seen = os.open("privkey.pem", os.O_RDONLY, dir_fd=held)
    assert os.read(seen, 65536) == client.store.live(NAME, "privkey").read_bytes(), "who holds the directory reads what is live"
    os.close(seen)
    os.close(held)
    client.renew("--force-renewal").says("all renewals succeeded")
    assert serial(client) != client.old
    check(client, ["new.test", "other.test", NAME])


@LAYOUTS
def test_an_empty_machine(copied, layout, request, trust):
    """The store was elsewhere, its paths, too; links were followed by who copied it."""
    client = copied(layout)
    for way in ("as it is", "links followed"):
        folder = client.area / way.replace(" ", "-")
        folder.mkdir()
        other = Client(request.config.program, folder, trust, client.ca)
        copy = shutil.copytree(client.copy, folder / "etc" / "letsencrypt", symlinks=way == "as it is")
        for conf in (copy / "renewal").glob("*.conf"):
            conf.write_text(conf.read_text().replace(str(client.config), "/etc/letsencrypt"))
        restore(other, folder / "etc").says(f"{NAME}: added", "Restored 2 certificate(s)")
        assert serial(other) == client.old
        check(other, ["other.test", NAME])
        other.renew("--force-renewal").says("all renewals succeeded")
        check(other, ["other.test", NAME])


@LAYOUTS
def test_archives_of_others(copied, layout):
    """tar, and tar -h, from above /etc."""
    client = copied(layout)
    top = client.area / "top" / "etc"
    top.mkdir(parents=True)
    shutil.copytree(client.copy, top / "letsencrypt", symlinks=True)
    for options, archive in (("-czf", "plain.tar.gz"), ("-chf", "followed.tar")):
        subprocess.run(["tar", options, client.area / archive, "-C", top.parent, "etc"], check=True)
        shutil.rmtree(client.config)
        restore(client, client.area / archive).says(f"{NAME}: added", "Restored 2 certificate(s)")
        assert serial(client) == client.old
        check(client, ["other.test", NAME])
    before = tree(client.config)
    whole = (client.area / "plain.tar.gz").read_bytes()
    (client.area / "cut.tar.gz").write_bytes(whole[:len(whole) // 2])
    restore(client, client.area / "cut.tar.gz", status=1)
    (client.area / "text").write_text("this is no archive\n" * 100)
    restore(client, client.area / "text", status=1)
    assert tree(client.config) == before
    assert not (client.config / ".restore").exists()


def test_our_own_archives(copied):
    """Encrypted, with a file outside the store; what was changed is refused before anything is touched, and what is replaced is
    kept."""
    client = copied("certbot")
    secret, wrong, outside = client.area / "secret", client.area / "wrong", client.area / "dns.ini"
    secret.write_text("correct horse battery staple\n")
    wrong.write_text("another horse battery staple\n")
    for path in (secret, wrong):
        path.chmod(0o600)
    outside.write_text("token = x\n")
    outside.chmod(0o600)
    conf = client.store.renewal(NAME)
    conf.write_text(f"{conf.read_text()}some_credentials = {outside}\n")
    newest = serial(client)
    client.run("backup", "create", "--backup-passphrase-file", secret)
    made, = (client.work / "store-backups").iterdir()
    restore(client, client.copy, "--cert-name", NAME).matches(r"What was here is kept in \S+\.restore\.tar\.gz")
    assert serial(client) == client.old
    outside.unlink()
    before = tree(client.config)
    for options in ([], ["--backup-passphrase-file", wrong]):
        restore(client, made, *options, status=1)
        assert tree(client.config) == before
    bad = bytearray(made.read_bytes())
    bad[len(bad) // 2] ^= 1
    (client.area / "bad.tar.gz.cms").write_bytes(bad)
    restore(client, client.area / "bad.tar.gz.cms", "--backup-passphrase-file", secret, status=1)
    assert tree(client.config) == before and not (client.config / ".restore").exists()

    restore(client, made, "--backup-passphrase-file", secret).says("left out", f"{outside}: it lies outside the store")
    assert not outside.exists()
    shutil.rmtree(client.store.live(NAME))
    restore(client, made.name, "--backup-passphrase-file", secret, "--with-outside-files").says(
        "Files outside the store that are put back:", str(outside))
    assert serial(client) == newest
    assert outside.read_text() == "token = x\n" and outside.stat().st_mode & 0o777 == 0o600
    kept = sorted(p for p in (client.work / "store-backups").iterdir() if ".restore." in p.name)
    restore(client, kept[-1], "--backup-passphrase-file", secret, "--backup-keep", "1").says("What was here is kept in")
    assert serial(client) == client.old, "what a restore has replaced can be restored"
    assert kept[-1].exists(), "and is not what makes room for the next one"


def test_what_an_archive_chooses(copied):
    """Nothing outside the stage is touched, and another certificate stays, whatever a renewal file or link says."""
    client = copied("certbot")
    victim = client.area / "victim"
    victim.mkdir()
    conf = client.copy / "renewal" / f"{NAME}.conf"
    text = conf.read_text()
    for kind in KINDS:
        live = client.copy / "live" / NAME / f"{kind}.pem"
        content = live.read_bytes()
        live.unlink()
        live.write_bytes(content)
    (client.copy / "lnk").symlink_to(victim)
    (client.copy / "renewal-hooks").mkdir(exist_ok=True)
    (client.copy / "renewal-hooks" / "evil").symlink_to("/usr/bin/id")
    before = tree(client.config)
    for place in (client.config / ".restore" / "new" / "conf" / "lnk" / "dir", client.config / "renewal-hooks"):
        conf.write_text("\n".join(f"archive_dir = {place}" if line.startswith("archive_dir") else line for line in text.splitlines()))
        restore(client, client.copy, "--cert-name", NAME, "--dry-run", status=1).says("cannot be restored")
        restore(client, client.copy, "--dry-run", status=1).says("NOT RESTORED", "renewal-hooks/evil is left out")
    conf.rename(conf.with_name("harmless.test.conf")).write_text(text)
    restore(client, client.copy, "--cert-name", "harmless.test", status=1).says("of another certificate", NAME)
    assert tree(client.config) == before
    assert not list(victim.iterdir())


def test_yes_is_no_setting(copied):
    client = copied("certbot")
    (client.config / "cli.ini").write_text("yes = true\n")
    restore(client, client.copy, yes=False, status=1).says("--yes")
    assert serial(client) != client.old


def on_an_overlay(client, mounts):
    lower = client.config.rename(client.area / "lower")
    mounts.overlay(lower, client.area / "layers", client.config)


def on_bindfs(client, mounts):
    """No directory can change places with another there."""
    real = client.config.rename(client.area / "real")
    mounts.bindfs(real, client.config)


def on_a_mount_point(client, mounts):
    """CONF is one, and so is live/NAME."""
    mounts.bind(client.config.rename(client.area / "volume"), client.config)
    live = client.store.live(NAME)
    mounts.bind(shutil.copytree(live, client.area / "live", symlinks=True), live)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount anything")
@pytest.mark.parametrize("place", [on_an_overlay, on_bindfs, on_a_mount_point], ids=lambda place: place.__name__)
@LAYOUTS
def test_what_cannot_change_places(copied, mounts, layout, place):
    client = copied(layout)
    place(client, mounts)
    restore(client, client.copy).says("Restored 1 certificate(s)")
    assert serial(client) == client.old
    check(client, ["other.test", NAME])


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize("call", [1, 2, 3], ids=["before the journal", "before the switch", "within the switch"])
def test_killed(copied, call):
    """The next command that uses the store completes it; what only reads does not wait for that."""
    client = copied("certbot")
    argv = client.argv("backup", "restore", client.copy, "--yes")
    backups = (client.program.parent / "evercert-archive").exists()  # it gets its name by the same call
    strace = ["strace", "-f", "-o", "/dev/null", "-e", "trace=renameat2", "-e", f"inject=renameat2:signal=KILL:when={call + backups}"]
    done = subprocess.run([*strace, *argv], env={**client.environment(), "ASAN_OPTIONS": "detect_leaks=0", "LSAN_OPTIONS": "detect_leaks=0"},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode in (-9, 137), done.stdout
    live = {kind: client.store.live(NAME, kind).read_bytes() for kind in KINDS}
    assert live["fullchain"] == live["cert"] + live["chain"]
    client.run("certificates").says(NAME)
    said = client.run("renew", "--cert-name", "other.test")
    if call > 1:
        said.says("has been completed")
        done = client.run("audit", "show", "--json", "--act", "backup-restored").json()["acts"]
        assert [act["what"]["note"] for act in done] == ["completed after it was cut short"]
    assert (serial(client) == client.old) == (call > 1)
    check(client, ["other.test", NAME])
    restore(client, client.copy)
    assert serial(client) == client.old


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("certbot"), reason="needs Certbot")
def test_certbot_goes_on(copied, trust):
    client = copied("certbot")
    restore(client, client.copy)
    certbot = Client(shutil.which("certbot"), client.area, trust, client.ca)
    certbot.run("certificates").says(f"Certificate Name: {NAME}", "VALID")
    certbot.run("renew", "--dry-run").says("all simulated renewals succeeded")
    certbot.renew("--force-renewal")
    assert serial(client) != client.old
