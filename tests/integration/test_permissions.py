"""Who may read what: owners, groups and modes of keys and certificates, and the directories on the way.

Named after what people suffered from. Users and groups are numbers that belong to nobody, but for one test with a name."""
import os
import re
import shutil
import stat
import subprocess

import pytest
from client import Client

pytestmark = [pytest.mark.ours, pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")]

EXIM = 54320  # a user, and its own group
MAIL, OCSP, OTHER = 54321, 54322, 54323  # groups
NO_LEAKS = {"ASAN_OPTIONS": "detect_leaks=0:exitcode=99"}  # leaks cannot be looked for under strace
KINDS = ("cert", "chain", "fullchain", "privkey")


@pytest.fixture(params=["versioned", "certbot"])
def layout(request):
    return request.param


@pytest.fixture
def client(new_client):
    return new_client


def obtain(client, layout, *args, name="p.test", **more):
    return client.certonly([name], "--store-layout", layout, *args, **more)


def renew(client, *args, **more):
    return client.renew("--force-renewal", *args, **more)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def reads(path, *groups, user=EXIM):
    """Whether a user of these groups can read a file. The kernel is asked."""
    groups = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
    done = subprocess.run(["setpriv", "--reuid", str(user), "--regid", str(user), *groups, "cat", str(path)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0 or b"Permission denied" in done.stderr, done.stderr
    return done.returncode == 0 and len(done.stdout) > 0


def key_files(client):
    return [p for folder in ("live", "archive") for p in (client.config / folder).rglob("privkey*.pem")]


def traced(client, monkeypatch, trace, *options):
    """Runs what the client runs from here on under strace; one file for each thread."""
    plain = client.argv
    monkeypatch.setattr(client, "argv", lambda *args: ["strace", "-ff", "-y", "-s", "64", "-o", str(trace), *options, *plain(*args)])


needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")


def calls(trace):
    """The calls of each thread, in its order."""
    return [path.read_text(errors="replace").splitlines() for path in trace.parent.glob(trace.name + ".*")]


# ---- files are born with their access ----

ORDER = {
    "nothing asked": ([], 0o600, None),
    "a mode": (["--key-mode", "640"], 0o640, None),
    "a group": (["--key-group", str(MAIL)], 0o640, MAIL),
    "owner, group and mode": (["--key-owner", str(EXIM), "--key-group", str(MAIL), "--key-mode", "0440"], 0o440, MAIL),
}


@needs_strace
@pytest.mark.parametrize("case", ORDER)
def test_empty_file_with_the_right_permissions_before_content(client, layout, area, monkeypatch, case):
    """The complaint: once key material was in a file with weak permissions, it may have been stolen."""
    options, final, group = ORDER[case]
    (area / "trace").mkdir()
    traced(client, monkeypatch, area / "trace" / "t", "-e", "trace=openat,fchown,fchmod,chmod,chown,write,rename,renameat2")
    obtain(client, layout, *options, env=NO_LEAKS)
    renew(client, env=NO_LEAKS)

    born = 0
    for thread in calls(area / "trace" / "t"):
        state = {}
        for line in thread:
            name, _, rest = line.partition("(")
            if name == "openat" and "privkey" in rest and "O_CREAT" in rest and "= -1" not in rest:
                assert "O_EXCL" in rest and int(re.search(r", (0\d+)\) = ", rest)[1], 8) & 0o077 == 0, line
                path = re.search(r" = \d+<(.*)>$", rest)[1]
                state[path] = "open"
                born += f"{client.config}/archive/" in path  # a key that waits for its certificate (pending/) is nobody else's
                continue
            path = re.match(r"\d+<([^>]*)>", rest)
            if name == "write" and "PRIVATE KEY" in rest:
                assert path and state.get(path[1]) in ("mode", "written"), f"a key before its mode: {line}"
                state[path[1]] = "written"
            elif path and path[1] in state and name == "fchown":
                assert state[path[1]] == "open", line
                # unless asked, a new version has the group of the one before
                assert f", {EXIM if case.startswith('owner') else -1}, {group or 0})" in rest.replace("4294967295", "-1"), line
                state[path[1]] = "owner"
            elif path and path[1] in state and name == "fchmod" and "/pending/" in path[1]:
                assert state[path[1]] == "open" and ", 0600)" in rest, line
                state[path[1]] = "mode"
            elif path and path[1] in state and name == "fchmod":
                assert state[path[1]] in (("owner",) if group else ("open", "owner")) and int(rest.rsplit(", ", 1)[1].split(")")[0], 8) == final, line
                state[path[1]] = "mode"
            assert not (name in ("chmod", "chown") and "privkey" in rest), line
        assert set(state.values()) <= {"written"}, state
    assert born == 2
    for path in key_files(client):
        assert mode(path) == final and (group is None or path.stat().st_gid == group), path


@needs_strace
def test_changing_never_opens_wider(client, layout, area, monkeypatch):
    """Files that are there: narrowed, given away, widened."""
    obtain(client, layout, "--key-group", MAIL, "--key-mode", "660")
    traced(client, monkeypatch, area / "t", "-e", "trace=fchown,fchmod,write")
    client.run("reconfigure", "-n", "--cert-name", "p.test", "--key-group", OTHER, "--key-mode", "444", env=NO_LEAKS)
    changes = [line.split("(")[0] + line.partition(">")[2].split(" = ")[0] for thread in calls(area / "t") for line in thread
               if "privkey" in line and line.startswith(("fchown", "fchmod"))]
    assert changes == ["fchmod, 0440)", f"fchown, 0, {OTHER})", "fchmod, 0444)"], changes


# ---- the stories ----

def test_sendmail_refuses_group_readable_keys(client, layout):
    """`insecure permissions: must be at most rwxr-----`, and sendmail wants less: after each renewal the same."""
    obtain(client, layout, umask=0)
    assert mode(client.store.live("p.test", "privkey")) == 0o600
    renew(client, umask=0)
    assert {mode(path) for path in key_files(client)} == {0o600}
    obtain(client, layout, "--key-group", MAIL, "--key-mode", "600", name="q.test", umask=0)
    renew(client, umask=0)
    assert {mode(path) for path in key_files(client)} == {0o600}


@pytest.fixture
def ssl_cert():
    """Debian's group for private keys; made, and removed again, where there is none."""
    import grp
    try:
        yield grp.getgrnam("ssl-cert").gr_gid
    except KeyError:
        if not shutil.which("groupadd"):
            pytest.skip("no groupadd")
        subprocess.run(["groupadd", "--system", "ssl-cert"], check=True)
        yield grp.getgrnam("ssl-cert").gr_gid
        subprocess.run(["groupdel", "ssl-cert"], check=True)


def test_debians_ssl_cert_group(client, layout, ssl_cert):
    """As suggested there: three lines in cli.ini, and all certificates follow."""
    ini = client.area / "letsencrypt" / "cli.ini"
    ini.parent.mkdir()
    ini.write_text("private-key-owner = root\nprivate-key-group = ssl-cert\nprivate-key-permission = 640\n")
    obtain(client, layout)
    for _ in range(2):
        key = client.store.live("p.test", "privkey")
        assert (mode(key), key.stat().st_uid, key.stat().st_gid) == (0o640, 0, ssl_cert)
        assert reads(key, ssl_cert) and not reads(key, OTHER) and not reads(key)
        renew(client)
    assert "evercert" not in client.store.conf("p.test")  # it is cli.ini's to say
    ini.write_text("key-group = %d\n" % MAIL)
    renew(client)
    assert reads(client.store.live("p.test", "privkey"), MAIL) and not reads(client.store.live("p.test", "privkey"), ssl_cert)


def test_exim_reads_as_its_own_user(client, layout):
    """Exim opens the key when a connection comes, as its own user: nothing may change at three in the morning."""
    obtain(client, layout, "--key-group", MAIL)
    for _ in range(2):
        for kind in KINDS:
            assert reads(client.store.live("p.test", kind), MAIL), kind
            assert not reads(client.store.live("p.test", kind)), kind
            assert not reads(client.store.live("p.test", kind), OTHER), kind
        renew(client)
    assert client.store.conf("p.test")["evercert"]["key_group"] == str(MAIL)
    client.store.check(["p.test"])


def test_exim_owns_the_key(client, layout):
    """No group at all: the key is Exim's own, and Exim gets there, nobody else."""
    obtain(client, layout, name="q.test")
    client.store.live("q.test", "privkey").chmod(0o644)  # of an ancient Certbot: only directories protect it
    obtain(client, layout, "--key-owner", EXIM)
    for _ in range(2):
        for kind in KINDS:
            assert reads(client.store.live("p.test", kind), user=EXIM), kind
            assert not reads(client.store.live("p.test", kind), EXIM, user=OTHER), kind
        assert not reads(client.store.live("q.test", "privkey"), user=EXIM)
        assert (mode(client.store.live("p.test", "privkey")), client.store.live("p.test", "privkey").stat().st_uid) == (0o600, EXIM)
        renew(client)
    client.store.check(["p.test", "q.test"])


def test_the_owner_of_the_key_reads_certificates(client, layout):
    """Certificates of a second lineage, where archive/ makes everything its owner's alone by now, and after conversions."""
    other = {"certbot": "versioned", "versioned": "certbot"}[layout]
    obtain(client, "certbot", "--key-owner", EXIM, name="q.test")
    obtain(client, layout, name="p.test")
    obtain(client, layout, "--key-owner", EXIM, name="r.test")
    for step in ("obtained", other, layout, "again"):
        for kind in KINDS:
            assert reads(client.store.live("r.test", kind), user=EXIM), f"{kind}, {step}"
            assert reads(client.store.live("q.test", kind), user=EXIM), f"{kind}, {step}"
            assert kind == "privkey" or mode(client.store.live("p.test", kind)) == 0o644, f"{kind}, {step}"
        if step != "again":
            if step != "obtained":
                client.run("store", "convert", "--layout", step, "--cert-name", "r.test", "--cert-name", "p.test")
                assert reads(client.store.live("r.test", "fullchain"), user=EXIM), step
            renew(client)


def test_the_owner_given_by_hand(client, layout):
    """chown -R: the next key is that user's, too."""
    obtain(client, layout)
    for part in ("live", "archive"):
        subprocess.run(["chown", "-R", f"{EXIM}:{EXIM}", client.config / part], check=True)
        (client.config / part).chmod(0o755)
    renew(client)
    assert all(reads(client.store.live("p.test", kind), user=EXIM) for kind in KINDS)
    assert mode(client.store.live("p.test", "privkey")) == 0o600
    versions = client.run("history", "p.test", "--json").json()["certificates"][0]["versions"]
    client.run("history", "restore", "p.test", next(v["id"] for v in versions if v["state"] == "superseded"))
    assert all(reads(client.store.live("p.test", kind), user=EXIM) for kind in KINDS)


@needs_strace
def test_exim_without_access_control_lists(client, layout, area, monkeypatch):
    """One user cannot be let in then: it is said what can be done."""
    traced(client, monkeypatch, area / "t", "-e", "trace=fsetxattr", "-e", "inject=fsetxattr:error=EOPNOTSUPP")
    said = obtain(client, layout, "--key-owner", EXIM, env=NO_LEAKS)
    said.says(f"belongs to user {EXIM}", f"{client.config}/live does not let that user pass", "--key-group")
    assert mode(client.config / "live") == 0o700


def test_an_owner_and_a_directory_above(client, layout, area):
    closed = area / "etc"
    closed.mkdir(mode=0o700)
    client.config = closed / "letsencrypt"
    client.store.root = client.config
    obtain(client, layout, "--key-owner", EXIM).says(f"{closed} does not let them pass", f"setfacl -m u:{EXIM}:x {closed}")
    closed.chmod(0o711)
    assert "pass" not in renew(client).err
    assert reads(client.store.live("p.test", "privkey"), user=EXIM)


def test_exim_before(client, layout):
    """Directories and key opened by hand, for everybody even: kept, where nothing is configured."""
    obtain(client, layout)
    folders = ["live", "archive"] if layout == "certbot" else ["live"]
    for folder in folders:
        os.chown(client.config / folder, 0, EXIM)
        (client.config / folder).chmod(0o750)
    client.store.live("p.test", "privkey").chmod(0o644)
    renew(client)
    assert mode(client.store.live("p.test", "privkey")) == 0o644
    assert reads(client.store.live("p.test", "privkey"))


def test_a_group_given_by_hand(client, layout):
    obtain(client, layout)
    key = client.store.live("p.test", "privkey")
    os.chown(key, -1, MAIL)
    key.chmod(0o640)
    renew(client)
    assert (mode(key), key.stat().st_gid) == (0o640, MAIL)


def test_ocsp_helper_of_low_trust(client, layout):
    """H2O staples as a user of low trust, which needs the certificate and must never have the key."""
    obtain(client, layout, "--cert-group", OCSP)
    for _ in range(2):
        assert reads(client.store.live("p.test", "fullchain"), OCSP) and reads(client.store.live("p.test", "chain"), OCSP)
        assert not any(reads(path, OCSP) for path in key_files(client))
        assert not reads(client.store.live("p.test", "fullchain"), OTHER)
        renew(client)


def test_courier_cannot_read_public_certificates(client):
    """Certificates for everybody, keys for nobody: in the versioned layout nothing stands against it."""
    obtain(client, "versioned", "--cert-mode", "644")
    obtain(client, "versioned", name="q.test")
    for _ in range(2):
        assert reads(client.store.live("p.test", "fullchain"))
        assert not any(reads(path) for path in key_files(client))
        assert mode(client.config / "archive") == 0o700
        renew(client)


def test_certbots_layout_says_why_it_stays_closed(client):
    said = obtain(client, "certbot", "--cert-mode", "644")
    said.says("may be read by everybody", str(client.config / "live"), "store convert --layout versioned --cert-name p.test",
              "--cert-group")
    assert not reads(client.store.live("p.test", "fullchain"))


def test_samba_and_opensmtpd_want_root_and_0600(client, layout):
    """Both refuse a key that is not root's or that anybody else may read; a group for certificates changes nothing there."""
    obtain(client, layout, "--key-owner", "root", "--key-mode", "0600", "--cert-group", OCSP)
    renew(client)
    for path in key_files(client):
        assert (mode(path), path.stat().st_uid) == (0o600, 0), path
    for path in (client.store.live("p.test"), client.config / "live"):
        assert path.stat().st_uid == 0 and mode(path) & 0o022 == 0


# ---- who may not do it ----

def own_area(client, uid):
    for path in (client.config, client.work, client.logs, client.tmp):
        path.mkdir(exist_ok=True)
        os.chown(path, uid, uid)
    client.become(uid, uid)


def test_non_root_operation(client, layout):
    """Not root: what may not be given away is said, with the command; the key is its owner's; nothing fails."""
    own_area(client, EXIM)
    key = client.store.live("p.test", "privkey")
    said = obtain(client, layout, "--key-group", MAIL)
    said.says(f"chown :{MAIL} {key} && chmod 640 {key}")
    assert (mode(key), key.stat().st_uid, key.stat().st_gid) == (0o600, EXIM, EXIM)
    renew(client).says(f"chown :{MAIL} {key} && chmod 640 {key}")
    assert mode(key) == 0o600 and not any(reads(path, EXIM, user=OTHER) for path in key_files(client))
    client.store.check(["p.test"])


def test_non_root_with_its_own_group(client, layout):
    own_area(client, EXIM)
    said = obtain(client, layout, "--key-group", EXIM)
    assert "chown" not in said.text
    renew(client)
    assert all(mode(path) == 0o640 for path in key_files(client))
    assert reads(client.store.live("p.test", "privkey"), EXIM, user=OTHER) and not reads(client.store.live("p.test", "privkey"), user=OTHER)


@needs_strace
def test_freebsd_like_refusal_of_chown(client, layout, area, monkeypatch):
    """EPERM although there seems to be no reason: renewal goes on."""
    obtain(client, layout)
    traced(client, monkeypatch, area / "t", "-e", "trace=fchown", "-e", "inject=fchown:error=EPERM")
    said = renew(client, "--key-group", MAIL, "--key-owner", EXIM, env=NO_LEAKS)
    key = client.store.live("p.test", "privkey")
    said.says(f"{key} could not be given to {EXIM}:{MAIL}", f"chown {EXIM}:{MAIL} {key} && chmod 640 {key}")
    assert mode(key) == 0o600 and key.stat().st_uid == 0
    assert client.store.versions("p.test") == [1, 2]


@needs_strace
def test_a_file_system_without_access_control_lists(client, area, monkeypatch):
    """One group needs none in the versioned layout; what needs them stays closed, and is told."""
    traced(client, monkeypatch, area / "t", "-e", "trace=fsetxattr", "-e", "inject=fsetxattr:error=EOPNOTSUPP")
    live = client.store.live
    obtain(client, "versioned", "--key-group", MAIL, env=NO_LEAKS)
    assert reads(live("p.test", "privkey"), MAIL)
    obtain(client, "versioned", "--key-group", OTHER, name="q.test", env=NO_LEAKS).says(
        f"{client.config}/live lets another group pass", f"chgrp {OTHER} {client.config}/live")
    assert not reads(live("q.test", "privkey"), OTHER) and reads(live("p.test", "privkey"), MAIL)
    obtain(client, "certbot", "--key-group", MAIL, name="r.test", env=NO_LEAKS).says(
        f"{client.config}/archive stays closed", "store convert --layout versioned --cert-name r.test")
    assert mode(client.config / "archive") == 0o700 and not reads(live("r.test", "privkey"), MAIL)


def test_a_group_that_is_not_there(client, layout):
    """Found before anything is ordered."""
    obtain(client, layout, "--key-group", "no-such-group-here", status=1).says("there is no group no-such-group-here")
    assert client.store.lineages() == []


@pytest.mark.parametrize("given, why", [("642", "everybody write"), ("4600", "set-id"), ("040", "owner read"), ("rw", "octal")])
def test_modes_that_are_refused(client, given, why):
    obtain(client, "versioned", "--key-mode", given, status=2).says("argument --key-mode", why)


# ---- reconfigure ----

def test_reconfigure_changes_what_is_there(client, layout):
    obtain(client, layout)
    renew(client)
    client.run("reconfigure", "-n", "--cert-name", "p.test", "--key-group", MAIL, "--cert-group", OCSP, "--cert-mode",
               "640").says("Owners, groups and modes of files apply at once")
    for path in key_files(client):
        assert (mode(path), path.stat().st_gid) == (0o640, MAIL), path
    for version in client.store.versions("p.test"):
        for kind in ("cert", "chain", "fullchain"):
            path = client.store.version_file("p.test", kind, version)
            assert (mode(path), path.stat().st_gid) == (0o640, OCSP), path
    assert reads(client.store.live("p.test", "privkey"), MAIL) and reads(client.store.live("p.test", "cert"), OCSP)
    client.run("reconfigure", "-n", "--cert-name", "p.test", "--key-mode", "600")
    assert not any(reads(path, MAIL) for path in key_files(client))
    saved = client.store.conf("p.test")["evercert"]
    assert (saved["key_group"], saved["key_mode"], saved["cert_mode"]) == (str(MAIL), "600", "640")
    renew(client)
    assert {mode(path) for path in key_files(client)} == {0o600}


def test_each_lineage_its_own_group(client, layout):
    obtain(client, layout, "--key-group", MAIL)
    obtain(client, layout, "--key-group", OTHER, name="q.test")
    obtain(client, layout, name="r.test")
    for _ in range(2):
        may = {name: {group for group in (MAIL, OTHER, OCSP) if reads(client.store.live(name, "privkey"), group)}
               for name in ("p.test", "q.test", "r.test")}
        assert may == {"p.test": {MAIL}, "q.test": {OTHER}, "r.test": set()}
        renew(client)


def test_converting_keeps_the_readers(client):
    """There and back: who reads the key goes on reading it, and nobody else begins to."""
    obtain(client, "versioned", "--key-group", MAIL, "--cert-group", OCSP)
    renew(client)
    for other in ("certbot", "versioned"):
        client.run("store", "convert", "--layout", other, "--cert-name", "p.test")
        may = {(kind, group) for kind in ("privkey", "fullchain") for group in (MAIL, OCSP, OTHER)
               if reads(client.store.live("p.test", kind), group)}
        assert may == {("privkey", MAIL), ("fullchain", MAIL), ("fullchain", OCSP)}, other
        assert not any(reads(path, OCSP) or reads(path) for path in key_files(client))


def test_restoring_keeps_the_readers(client, layout):
    obtain(client, layout)
    client.run("reconfigure", "-n", "--cert-name", "p.test", "--key-group", MAIL)
    renew(client)
    versions = client.run("history", "p.test", "--json").json()["certificates"][0]["versions"]
    old, = [version["id"] for version in versions if version["state"] == "superseded"]
    client.run("history", "restore", "p.test", old)
    assert reads(client.store.live("p.test", "privkey"), MAIL) and not reads(client.store.live("p.test", "privkey"), OTHER)


def test_a_directory_above_is_named(client, layout, area):
    """The store is open to the group, and what lies above it is not ours to open."""
    closed = area / "etc"
    closed.mkdir(mode=0o700)
    client.config = closed / "letsencrypt"
    client.store.root = client.config
    obtain(client, layout, "--key-group", MAIL).says(f"{closed} does not let them pass", f"setfacl -m g:{MAIL}:x {closed}")
    closed.chmod(0o711)
    assert "pass" not in renew(client).err
    assert reads(client.store.live("p.test", "privkey"), MAIL)


# ---- the downgrade ----

def ancient_renewal(client, name):
    """What a Certbot of 2016 does: the next number, by the umask alone."""
    folder = client.store.archive(name)
    number = max(int(re.sub(r"\D", "", p.stem)) for p in folder.glob("privkey*.pem"))
    old = os.umask(0o022)
    for kind in KINDS:
        (folder / f"{kind}{number + 1}.pem").write_bytes((folder / f"{kind}{number}.pem").read_bytes())
        link = client.store.live(name, kind)
        link.unlink()
        link.symlink_to(f"../../archive/{name}/{kind}{number + 1}.pem")
    os.umask(old)


def ancient_lineage(client, name, like):
    old = os.umask(0o022)
    for folder in (client.store.archive(name), client.store.live(name)):
        os.mkdir(folder)
    for kind in KINDS:
        (client.store.archive(name) / f"{kind}1.pem").write_bytes(client.store.live(like, kind).read_bytes())
        client.store.live(name, kind).symlink_to(f"../../archive/{name}/{kind}1.pem")
    os.umask(old)


def check_downgraded(client, readers):
    """Nobody but whom the settings name reads any key, and everybody named reads what is live."""
    for path in key_files(client):
        name = path.parent.name
        may = {group for group in (MAIL, OCSP, OTHER) if reads(path, group)}
        assert may <= readers.get(name, set()), f"{path} can be read by {may}"
        assert not reads(path), f"{path} can be read by everybody"


def test_downgrade_to_an_ancient_certbot(client):
    """Its keys are 0644: only directories protect them, those that were opened meanwhile, too."""
    obtain(client, "certbot", name="before.test")
    obtain(client, "certbot", "--key-group", MAIL)
    obtain(client, "certbot", "--key-group", OTHER, "--cert-group", OCSP, name="q.test")
    for name in ("before.test", "p.test", "q.test"):
        ancient_renewal(client, name)
    ancient_lineage(client, "new.test", "p.test")
    check_downgraded(client, {"p.test": {MAIL}, "q.test": {OTHER}})
    assert reads(client.store.live("p.test", "privkey"), MAIL)


def test_downgrade_to_an_ancient_certbot_from_versions(client):
    """Where live/ is open to everybody: what an old Certbot makes lies in the closed archive."""
    obtain(client, "versioned", "--cert-mode", "644")
    obtain(client, "versioned", "--key-group", MAIL, name="q.test")
    ancient_lineage(client, "new.test", "p.test")
    check_downgraded(client, {"q.test": {MAIL}})


@pytest.mark.skipif(not shutil.which("certbot"), reason="no packaged Certbot here")
@pytest.mark.slow
def test_downgrade_to_the_packaged_certbot(client, area, trust, new_ca):
    obtain(client, "certbot", "--key-group", MAIL)
    obtain(client, "certbot", "--cert-group", OCSP, name="q.test")
    certbot = Client(shutil.which("certbot"), area, trust, new_ca)
    certbot.renew("--force-renewal")
    certbot.certonly(["new.test"])
    check_downgraded(client, {"p.test": {MAIL}})
    for kind in KINDS:
        assert reads(client.store.live("p.test", kind), MAIL), kind  # that one is still served
    renew(client)
    check_downgraded(client, {"p.test": {MAIL}})


@pytest.mark.skipif(not shutil.which("certbot"), reason="no packaged Certbot here")
@pytest.mark.slow
def test_downgrade_to_the_packaged_certbot_from_versions(client, area, trust, new_ca):
    obtain(client, "versioned", "--cert-mode", "644")
    certbot = Client(shutil.which("certbot"), area, trust, new_ca)
    certbot.certonly(["new.test"])
    check_downgraded(client, {})
    assert reads(client.store.live("p.test", "fullchain"))


def test_a_mode_that_is_taken_back(client, layout):
    """The key is closed again, and stays so."""
    obtain(client, layout, "--key-mode", "644", "--cert-mode", "600")
    client.run("reconfigure", "-n", "--cert-name", "p.test", "--key-mode", "", "--cert-mode", "")
    for _ in range(2):
        assert {mode(path) for path in key_files(client)} == {0o600}
        assert mode(client.store.live("p.test", "cert")) == 0o644
        renew(client)
    client.run("reconfigure", "-n", "--cert-name", "p.test", "--key-group", MAIL, "--key-mode", "600")
    client.run("reconfigure", "-n", "--cert-name", "p.test", "--key-mode", "")
    assert mode(client.store.live("p.test", "privkey")) == 0o640
