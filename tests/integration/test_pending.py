"""A certificate that the CA has issued is never lost: not by a full disk, not by a crash; and no order is placed that could not be kept.

Between program and CA stands a recorder, which counts orders and can end the program at a given request. System calls are made
to fail, or the program is killed at them, by strace; a first run without mishap tells which calls those are.
"""
import os
import re
import shutil
import signal
import stat
import subprocess
import time

import certs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

pytestmark = pytest.mark.ours

NO_LEAKS = {"ASAN_OPTIONS": "detect_leaks=0:exitcode=99"}  # leaks cannot be looked for under strace
NAME = "x.test"
needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
FOUND = "but could not be saved; fetching it."


@pytest.fixture(params=["certbot", "versioned"])
def layout(request):
    return request.param


class Desk:
    """A program whose requests are recorded."""

    def __init__(self, client, recorder):
        self.client, self.recorder = client, recorder
        self.http_port = client.http_port
        client.server = recorder.url
        client.http_port = recorder.ca.http_port
        self.doomed = None

    def orders(self):
        return len([r for r in self.recorder.of("/order-plz") if r.status == 201])

    def finalized(self):
        return len(self.recorder.of("/finalize-order/"))

    def issued(self):
        """The serial number of the certificate that was fetched last."""
        return int(self.recorder.of("/certZ/")[-1].path.rsplit("/", 1)[1], 16)

    def dir(self, name=NAME):
        return self.client.config / "pending" / name

    def order(self):
        return dict(line.split(": ", 1) for line in (self.dir() / "order.txt").read_text().splitlines())

    def change(self, **values):
        fields = {**self.order(), **values}
        (self.dir() / "order.txt").write_text("".join(f"{k}: {v}\n" for k, v in fields.items()))

    def die_at(self, part, *command):
        """Runs a command that is killed when it asks for `part`; the CA does not get to see that."""
        process = self.client.start(*command)

        def instead(request):
            if part not in request.path:
                return None
            os.kill(process.pid, signal.SIGKILL)
            return 503, b"", {}

        self.recorder.instead = instead
        done = self.client.finish(process, status=None)
        self.recorder.instead = lambda request: None
        assert done.status == -signal.SIGKILL, done
        return done

    def check_settled(self):
        assert not (self.client.config / "pending").exists()
        self.client.store.check([NAME], lock_may_stay=True)


@pytest.fixture
def desk(make_client, new_ca, record):
    def make():
        client = make_client(new_ca)
        made = Desk(client, record(new_ca))
        client.register()
        return made
    return make


def certonly(*args, layout=None):
    return ["certonly", "-n", "--standalone", "-d", NAME, *(["--store-layout", layout] if layout else []), *args]


def check_closed(folder):
    for path in [folder, *folder.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path} has mode {mode:o}"


# ---- strace ----

def under_strace(desk, trace, command, *options, status=None):
    argv = ["strace", "-f", "-y", "-s", "256", "-o", str(trace), *options, *desk.client.argv(*command)]
    process = subprocess.Popen(argv, env=desk.client.environment(NO_LEAKS), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, errors="replace", cwd=desk.client.area, start_new_session=True)
    return desk.client.finish(process, status=status)


def number_of(trace, call, pattern, last=False):
    """Which of the calls of that name the one is whose line has the pattern, in its thread."""
    counts, found = {}, None
    for line in trace.read_text(errors="replace").splitlines():
        match = re.match(rf"(\d+) +{call}\((.*)", line)
        if match:
            counts[match[1]] = counts.get(match[1], 0) + 1
            if re.search(pattern, match[2]) and (last or found is None):
                found = counts[match[1]]
    assert found, f"no {call} with {pattern}"
    return found


def mishap(desk, area, command, call, pattern, what, last=False, prepare=None):
    """Runs the command in a store like that of desk() with a mishap at a call; returns the desk and the result."""
    rehearsal, real = desk(), desk()
    for each in (rehearsal, real):
        if prepare:
            prepare(each)
    under_strace(rehearsal, area / "rehearsal", command, "-e", f"trace={call}", status=0)
    number = number_of(area / "rehearsal", call, pattern, last)
    done = under_strace(real, area / "real", command, "-e", f"trace={call}", "-e", f"inject={call}:{what}:when={number}")
    assert done.status != 0, done
    return real, done


def obtained(layout):
    def prepare(each):
        each.client.run(*certonly(layout=layout))
    return prepare


VERSION_FILE = r"archive/x\.test/.*fullchain"


# ---- no room, or a crash, after the certificate is issued ----

@pytest.mark.slow
@needs_strace
@pytest.mark.parametrize("what", ["ENOSPC", "EIO"])
def test_no_room_for_a_new_certificate(desk, area, layout, what):
    at, failed = mishap(desk, area, certonly(layout=layout), "fsync", VERSION_FILE, f"error={what}")
    failed.says("the certificate was issued, but could not be saved", f"its order is recorded in {at.dir()}",
                "the next run fetches it")
    assert at.client.store.lineages() == []
    check_closed(at.client.config / "pending")
    serial = at.issued()
    at.client.run(*certonly(layout=layout)).says(FOUND)
    assert (at.orders(), at.finalized(), at.client.store.cert(NAME).serial_number) == (1, 1, serial)
    at.check_settled()


@pytest.mark.slow
@needs_strace
@pytest.mark.parametrize("again", ["renew", "certonly"])
def test_no_room_for_the_next_version(desk, area, layout, again):
    at, failed = mishap(desk, area, ["renew", "--force-renewal"], "fsync", VERSION_FILE, "error=ENOSPC", prepare=obtained(layout))
    failed.says("its order is recorded in", "the next run fetches it")
    before, serial = at.client.store.cert(NAME).serial_number, at.issued()
    assert before != serial and at.client.store.versions(NAME) == [1]
    at.client.run(*(["renew"] if again == "renew" else certonly())).says(FOUND)
    assert (at.orders(), at.client.store.cert(NAME).serial_number) == (2, serial)
    assert at.client.store.versions(NAME) == [1, 2]
    at.check_settled()


@needs_strace
@pytest.mark.parametrize("call, pattern", [
    ("fsync", VERSION_FILE), ("rename", r"renewal/.*x\.test"), ("unlink", r"pending/x\.test/order\.txt"),
], ids=["writing the version", "its renewal file", "record no longer needed"])
@pytest.mark.slow
def test_killed_while_saving(desk, area, layout, call, pattern):
    at, failed = mishap(desk, area, ["renew", "--force-renewal"], call, pattern, "signal=KILL", prepare=obtained(layout))
    serial = at.issued()
    check_closed(at.client.config / "pending")
    at.client.renew()
    assert at.client.store.cert(NAME).serial_number == serial  # fetched, or it was whole already
    at.client.renew().says("not yet due")
    assert at.orders() == 2
    at.check_settled()


@pytest.mark.slow
@needs_strace
@pytest.mark.parametrize("named", [[], ["--cert-name", NAME]], ids=["by its domain", "by its name"])
@pytest.mark.parametrize("call, pattern", [("fsync", VERSION_FILE), ("fsync", r"renewal/")], ids=["version", "renewal file"])
def test_killed_while_making_the_lineage(desk, area, layout, call, pattern, named):
    command = certonly(*named, layout=layout)
    at, failed = mishap(desk, area, command, call, pattern, "signal=KILL")
    serial = at.issued()
    at.client.run(*command).says(FOUND)
    assert (at.orders(), at.client.store.cert(NAME).serial_number) == (1, serial)
    at.check_settled()


@pytest.mark.parametrize("args", [[], ["--cert-name", NAME]], ids=["all", "by name"])
def test_a_first_issue_killed_before_anything_was_saved(desk, layout, args):
    """The record knows how the certificate is to be renewed: `renew` fetches it, and saves it with these options."""
    at = desk()
    at.die_at("/certZ/", *certonly("--key-type", "rsa", layout=layout))
    serial = at.issued()
    check_closed(at.client.config / "pending")
    at.client.run("doctor").says("order-waiting", "the next `renew` asks")
    at.client.renew("--dry-run", status=None)
    assert at.dir().exists() and at.client.store.lineages() == []
    at.client.renew(*args).says(FOUND)
    assert (at.orders(), at.client.store.cert(NAME).serial_number) == (1, serial)
    assert at.client.store.conf(NAME)["renewalparams"]["key_type"] == "rsa"
    assert at.client.store.is_versioned(NAME) == (layout == "versioned")
    at.client.renew("--force-renewal").says("all renewals succeeded")
    at.check_settled()


@pytest.mark.slow
@needs_strace
@pytest.mark.parametrize("call, pattern", [("fsync", VERSION_FILE), ("rename", r"renewal/x\.test\.conf"), ("fsync", r"/live"),
                                           ("unlink", r"pending/x\.test/order\.txt")],
                         ids=["version", "renewal file", "live", "record no longer needed"])
@pytest.mark.parametrize("before", [[], ["doctor", "--fix"]], ids=["renew", "doctor --fix and renew"])
def test_a_first_issue_killed_while_saving(desk, area, layout, call, pattern, before):
    """Nobody has to say again what was wanted: `renew` finishes it, from the recorded order."""
    at, failed = mishap(desk, area, certonly(layout=layout), call, pattern, "signal=KILL")
    serial = at.issued()
    if before:
        at.client.run(*before, status=None)
    at.client.renew()
    assert (at.orders(), at.client.store.cert(NAME).serial_number) == (1, serial)
    assert at.client.store.is_versioned(NAME) == (layout == "versioned")
    at.client.renew().says("not yet due")
    assert [f["code"] for f in at.client.run("doctor", "--json").json()["findings"]] == []
    at.check_settled()


# ---- a crash between program and CA ----

def test_killed_before_the_download(desk, layout):
    at = desk()
    at.die_at("/certZ/", *certonly(layout=layout))
    serial = at.issued()
    assert at.order()["names"] == NAME and "previous certificate sha256" not in at.order()
    at.client.run(*certonly(layout=layout)).says(FOUND)
    assert (at.orders(), at.finalized(), at.client.store.cert(NAME).serial_number) == (1, 1, serial)
    at.check_settled()
    if layout == "versioned":
        meta = (at.client.store.live(NAME) / "meta.txt").read_text()
        assert f"order: {at.recorder.base}/my-order/" in meta


def test_killed_before_the_ca_was_told_to_issue(desk):
    at = desk()
    at.die_at("/finalize-order/", *certonly())
    key = (at.dir() / "privkey.pem").read_bytes()
    at.client.run(*certonly()).says("that was not finished; finishing it")
    assert (at.orders(), at.finalized()) == (1, 2)
    assert at.client.store.live(NAME, "privkey").read_bytes() == key
    at.check_settled()


def test_the_record_is_there_before_the_ca_is_told_to_issue(desk):
    at = desk()
    seen = []

    def instead(request):
        if "/finalize-order/" in request.path:
            check_closed(at.client.config / "pending")
            seen.append((at.order(), (at.dir() / "privkey.pem").read_bytes()))

    at.recorder.instead = instead
    at.client.run(*certonly("--preferred-profile", "default", "--must-staple"))
    (order, key), = seen
    assert order["order"].startswith(at.recorder.base) and order["server"] == at.recorder.url
    assert order["private key here"] == "yes" and order["must staple"] == "yes" and len(order["csr sha256"]) == 64
    assert order["account id"] == at.client.store.account_id()
    assert at.client.store.live(NAME, "privkey").read_bytes() == key
    at.check_settled()


@needs_strace
def test_what_cannot_be_recorded_is_not_issued(desk, area):
    at, failed = mishap(desk, area, certonly(), "fsync", r"pending/x\.test/.*order", "error=ENOSPC")
    failed.says("recording the order before the certificate is issued", "No space left")
    assert (at.orders(), at.finalized()) == (1, 0)
    assert not (at.client.config / "pending").exists()
    at.client.run(*certonly())
    at.check_settled()


@needs_strace
def test_keys_are_closed_from_the_first_byte(desk, area):
    at = desk()
    trace = area / "trace"
    under_strace(at, trace, certonly(), "-e", "trace=openat,mkdir,chmod,fchmod", status=0)
    made = [line for line in trace.read_text().splitlines() if "/pending/" in line and "O_CREAT" in line]
    assert len(made) == 3 and all("O_EXCL" in line and re.search(r", 0600\) = ", line) for line in made), made
    folders = [line for line in trace.read_text().splitlines() if "mkdir(" in line and "/pending" in line]
    assert len(folders) == 2 and all(", 0700)" in line for line in folders), folders


# ---- other keys ----

def test_a_key_that_is_used_again(desk, layout):
    at = desk()
    at.client.run(*certonly("--reuse-key", layout=layout))
    key = at.client.store.live(NAME, "privkey").read_bytes()
    at.die_at("/certZ/", "renew", "--force-renewal")
    assert {p.name for p in at.dir().iterdir()} == {"order.txt"}
    serial = at.issued()
    at.client.renew().says(FOUND)
    assert (at.orders(), at.client.store.cert(NAME).serial_number) == (2, serial)
    assert at.client.store.live(NAME, "privkey").read_bytes() == key
    at.check_settled()


def test_a_users_csr(desk, area):
    at = desk()
    key = ec.generate_private_key(ec.SECP256R1())
    csr = (x509.CertificateSigningRequestBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]))
           .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), False).sign(key, hashes.SHA256()))
    (area / "csr.pem").write_bytes(csr.public_bytes(serialization.Encoding.PEM))
    command = ["certonly", "-n", "--standalone", "--csr", area / "csr.pem", "--cert-path", area / "cert.pem",
               "--chain-path", area / "chain.pem", "--fullchain-path", area / "fullchain.pem"]
    at.die_at("/certZ/", *command)
    folder, = (at.client.config / "pending").iterdir()
    assert {p.name for p in folder.iterdir()} == {"order.txt"}
    check_closed(at.client.config / "pending")
    serial = at.issued()
    at.client.run(*command).says(FOUND)
    assert at.orders() == 1 and certs.load_chain((area / "cert.pem").read_bytes())[0].serial_number == serial
    assert not (at.client.config / "pending").exists()


def test_another_kind_of_key_is_wanted_now(desk):
    at = desk()
    at.die_at("/certZ/", *certonly())
    at.client.run(*certonly("--key-type", "rsa", "--rsa-key-size", "2048"))
    assert at.orders() == 2 and at.client.store.key(NAME).key_size == 2048
    at.check_settled()


def test_other_names_are_wanted_now(desk):
    at = desk()
    at.die_at("/certZ/", *certonly())
    at.client.run(*certonly("-d", "y.test"))
    names = at.client.store.cert(NAME).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert at.orders() == 2 and sorted(names.get_values_for_type(x509.DNSName)) == [NAME, "y.test"]
    at.check_settled()


# ---- records that are of no use ----

def without(desk):
    at = desk()
    at.die_at("/certZ/", *certonly())
    return at


def test_an_order_that_the_ca_does_not_know(desk):
    at = without(desk)
    at.change(order=at.order()["order"][:-4] + "gone")
    assert FOUND not in at.client.run(*certonly()).text
    assert at.orders() == 2
    at.check_settled()


def test_an_order_that_has_expired(desk):
    at = without(desk)
    path = at.order()["order"].removeprefix(at.recorder.base)
    body = (b'{"status":"invalid","expires":"2020-01-01T00:00:00Z","identifiers":[{"type":"dns","value":"x.test"}],'
            b'"authorizations":[],"finalize":"https://localhost/f"}')
    at.recorder.instead = lambda r: (200, body, {"Content-Type": "application/json"}) if r.path == path else None
    assert FOUND not in at.client.run(*certonly()).text
    assert at.orders() == 2
    at.check_settled()


def test_an_order_of_another_account(desk):
    at = without(desk)
    at.change(account=at.order()["account"] + "0")
    assert FOUND not in at.client.run(*certonly()).text
    assert at.orders() == 2
    at.check_settled()


@pytest.mark.parametrize("text", [b"", b"order: \x1b[2J\n", b"order: https://localhost/o\n"], ids=["empty", "escapes", "cut short"])
def test_a_record_that_cannot_be_read(desk, text):
    at = without(desk)
    (at.dir() / "order.txt").write_bytes(text)
    at.client.run(*certonly())
    assert at.orders() == 2
    at.check_settled()


def test_a_record_that_cannot_be_read_now(desk, layout):
    """Whoever only looks whether something is due leaves it for another time."""
    at = desk()
    at.client.run(*certonly(layout=layout))
    at.die_at("/certZ/", *certonly("--force-renewal"))
    order, away = at.dir() / "order.txt", at.client.area / "order.txt"
    order.rename(away)
    order.symlink_to("order.txt")  # reading fails, but not as if nothing was there
    at.client.renew().says("not yet due", "Too many levels of symbolic links")
    assert (at.dir() / "privkey.pem").stat().st_size and order.is_symlink()
    order.unlink()
    away.rename(order)
    at.client.renew().says(FOUND)
    assert at.orders() == 2
    at.check_settled()


def test_a_record_whose_key_was_wiped_already(desk):
    at = without(desk)
    (at.dir() / "privkey.pem").write_bytes(bytes(241))
    at.client.run(*certonly())
    assert at.orders() == 2
    at.check_settled()


def test_an_old_record_is_removed_by_any_renewal(desk):
    at = without(desk)
    at.change(created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 8 * 86400)))
    (at.client.config / "pending" / "left.test").mkdir()
    at.client.renew()
    assert [p.name for p in (at.client.config / "pending").iterdir()] == ["left.test"]
    os.utime(at.client.config / "pending" / "left.test", (0, 0))
    at.client.renew()
    assert not (at.client.config / "pending").exists()


def told(desk, *args, status=0):
    """What doctor says of recorded orders: {code: finding}."""
    said = desk.client.run("doctor", "--json", *args, status=status).json()
    return {finding["code"]: finding for finding in said["findings"] if finding["code"].startswith("order-")}


def test_doctor_leaves_an_order_that_may_still_be_fetched(desk, layout):
    at = desk()
    at.client.run(*certonly(layout=layout))
    at.die_at("/certZ/", "renew", "--force-renewal")
    serial = at.issued()
    found = told(at, "--fix", status=1)["order-waiting"]  # besides, the run was killed
    assert found["severity"] == "note" and found["certificate"] == NAME and found["path"] == str(at.dir()), found
    assert not found["repairable"] and f"the next `renew` asks {at.recorder.url} for that certificate" in found["answers"][0], found
    at.client.run("doctor", status=1).says(f"Certificate {NAME}", "[note] order-waiting", "the next `renew` asks",
                                           "the last run of renew", "1 remain(s)")
    at.client.renew().says(FOUND)
    assert (at.orders(), at.client.store.cert(NAME).serial_number) == (2, serial)
    assert told(at) == {}
    at.check_settled()


def test_doctor_removes_orders_that_are_of_no_use(desk):
    at = without(desk)
    assert "the next `renew` asks" in told(at, "--fix")["order-waiting"]["answers"][0]
    at.change(created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 8 * 86400)))
    (at.client.config / "pending" / "left.test").mkdir()
    (at.client.config / "pending" / "bad.test").mkdir()
    (at.client.config / "pending" / "bad.test" / "order.txt").write_bytes(b"order: \x1b[2J\n")
    found = told(at, status=1)
    assert set(found) == {"order-old", "order-leftover", "order-damaged"} and all(f["repairable"] for f in found.values()), found
    fixed = told(at, "--fix")
    assert all(f["repaired"] for f in fixed.values()) and set(fixed) == set(found)
    assert not (at.client.config / "pending").exists()
    at.client.run(*certonly())
    at.check_settled()


def test_a_dry_run_leaves_records_alone(desk):
    for _ in range(5):  # once in a hundred the CA takes the proof of the recorded order for good again, and the dry run gives it up
        at = without(desk)
        before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in at.dir().iterdir()}
        asked = len(at.recorder.of("/chalZ/"))
        assert FOUND not in at.client.run(*certonly("--dry-run")).text
        assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in at.dir().iterdir()} == before
        if len(at.recorder.of("/chalZ/")) > asked:
            break
    at.client.run(*certonly()).says(FOUND)
    at.check_settled()


@needs_strace
def test_a_dry_run_records_nothing(desk, area):
    at = desk()
    under_strace(at, area / "trace", certonly("--dry-run"), "-e", "trace=mkdir", status=0)
    assert "pending" not in (area / "trace").read_text()


def test_deleting_a_certificate_takes_the_record_along(desk):
    at = desk()
    at.client.run(*certonly())
    at.die_at("/certZ/", "renew", "--force-renewal")
    assert at.dir().exists()
    at.client.run("delete", "-n", "--cert-name", NAME)
    assert not (at.client.config / "pending").exists()
    at.client.store.check([], lock_may_stay=True)


@pytest.mark.slow
@needs_strace
def test_killed_anywhere(desk, area, layout, capsys):
    """EVERCERT_CRASH=all: at every call of a renewal that changes the store, else at some."""
    changing = "mkdir,rename,renameat2,fsync,unlink,unlinkat,rmdir,symlink,link,fchmod"
    rehearsal = desk()
    obtained(layout)(rehearsal)
    under_strace(rehearsal, area / "rehearsal", ["renew", "--force-renewal"], "-e", f"trace={changing}", status=0)
    points, counts, begun = [], {}, False
    for line in (area / "rehearsal").read_text(errors="replace").splitlines():
        found = re.match(r"(\d+) +(\w+)\(", line)
        if not found:
            continue
        call = found[2]
        number = counts[found.groups()] = counts.get(found.groups(), 0) + 1
        begun = begun or ("pending/x.test" in line and call == "mkdir")
        if begun and str(rehearsal.client.config) in line:
            points.append((call, number))
    assert len(points) > 15
    tried = points if os.environ.get("EVERCERT_CRASH") == "all" else points[4::9]
    real = desk()
    obtained(layout)(real)
    shutil.copytree(real.client.config, area / "before", symlinks=True)
    for call, number in tried:
        shutil.rmtree(real.client.config)
        shutil.copytree(area / "before", real.client.config, symlinks=True)
        first, finalized = real.orders(), real.finalized()
        under_strace(real, area / "real", ["renew", "--force-renewal"], "-e", f"trace={changing}", "-e",
                     f"inject={call}:signal=KILL:when={number}")
        at = f"killed at {call} {number}"
        was_finalized = real.finalized() > finalized
        if (real.client.config / "pending").exists():
            check_closed(real.client.config / "pending")
        real.client.renew(*([] if was_finalized else ["--force-renewal"]))
        assert real.orders() - first <= (1 if was_finalized else 2), at
        assert real.client.store.cert(NAME).serial_number == real.issued(), at
        real.check_settled()
    with capsys.disabled():
        print(f"\n{layout}: a renewal killed at {len(tried)} of {len(points)} calls", end=" ")


def test_a_refused_order_leaves_no_record(desk):
    at = desk()
    problem = b'{"type":"urn:ietf:params:acme:error:badCSR","detail":"no","status":400}'
    at.recorder.instead = lambda r: ((400, problem, {"Content-Type": "application/problem+json"})
                                     if "/finalize-order/" in r.path else None)
    at.client.run(*certonly(), status=1)
    assert not (at.client.config / "pending").exists()


# ---- before the order ----

@needs_root
@pytest.mark.parametrize("options, fill", [("size=1m", True), ("size=8m,nr_inodes=40", False)], ids=["room", "inodes"])
def test_no_order_on_a_full_disk(make_client, new_ca, record, mounts, options, fill):
    client = make_client(new_ca)
    mounts.tmpfs(client.config, options)
    at = Desk(client, record(new_ca))
    client.register()
    if fill:
        (client.config / "ballast").write_bytes(bytes(900 * 1024))
    else:
        for i in range(100):
            try:
                (client.config / f"ballast{i}").touch()
            except OSError:
                break
        for i in range(6):
            (client.config / f"ballast{i}").unlink()
    client.run(*certonly(), status=1).says("No space left on device", "make room")
    assert at.orders() == 0
    for path in client.config.glob("ballast*"):
        path.unlink()
    client.run(*certonly())
    at.check_settled()


@needs_root
@pytest.mark.parametrize("part", ["archive", "live", f"live/{NAME}"])
def test_live_and_archive_on_different_file_systems(make_client, new_ca, record, mounts, part):
    client = make_client(new_ca)
    mounts.tmpfs(client.config / part, "size=8m,mode=0700")
    at = Desk(client, record(new_ca))
    client.register()
    client.run(*certonly(layout="versioned"))
    for _ in range(2):
        client.run("renew", "--force-renewal", "--no-random-sleep-on-renew")
        client.store.check_lineage(NAME)
    assert at.orders() == 3
