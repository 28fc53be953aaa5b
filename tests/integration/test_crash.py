"""The store after a crash, and after system calls that fail: killed, or refused, at every single call of each change.

What is tried is one change of a store (tests/crash/store_driver.c) under strace. EVERCERT_CRASH=all fails every call in each way;
otherwise every call is killed, and each third one fails in each way.
"""
import datetime
import os
import re
import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import certs
import pytest
from client import KINDS, SANITIZER
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

pytestmark = [pytest.mark.ours, pytest.mark.slow, pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")]

CHANGING = ("openat,open,creat,write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,symlink,symlinkat,"
            "unlink,unlinkat,rmdir,mkdir,mkdirat,chmod,fchmod,fchmodat,chown,fchown,fchownat")
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")
NO_LEAKS = {"ASAN_OPTIONS": "detect_leaks=0:exitcode=99", "UBSAN_OPTIONS": "halt_on_error=1"}  # not under ptrace
ERRORS = ("ENOSPC", "EIO", "EACCES")
LAYOUTS = ("certbot", "versioned")


def make_pems(folder, issuer_key, day):
    """A certificate that began to be valid on that day of a year, with its key and chain; returns its serial number."""
    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def build(subject, key, start):
        return (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name("Crash CA"))
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(start).not_valid_after(start + datetime.timedelta(days=90)))

    start = datetime.datetime(2026, 1, 1) + datetime.timedelta(days=day)
    key = ec.generate_private_key(ec.SECP256R1())
    cert = (build("a.test", key, start).add_extension(x509.SubjectAlternativeName([x509.DNSName("a.test")]), False)
            .sign(issuer_key, hashes.SHA256()))
    ca = (build("Crash CA", issuer_key, start).add_extension(x509.BasicConstraints(True, None), True)
          .sign(issuer_key, hashes.SHA256()))
    text = {"cert": cert.public_bytes(serialization.Encoding.PEM), "chain": ca.public_bytes(serialization.Encoding.PEM),
            "privkey": key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                         serialization.NoEncryption())}
    text["fullchain"] = text["cert"] + text["chain"]
    folder.mkdir()
    for kind in KINDS:
        (folder / f"{kind}.pem").write_bytes(text[kind])
    return f"{cert.serial_number:x}"


class Driver:
    def __init__(self, program, area):
        self.program, self.area = program, area
        issuer = ec.generate_private_key(ec.SECP256R1())
        self.pems = [area / f"pems{i}" for i in range(4)]
        self.serials = [make_pems(folder, issuer, 20 * i) for i, folder in enumerate(self.pems)]

    def run(self, store, *args, strace=(), check=True):
        done = subprocess.run([*strace, str(self.program), str(store), *map(str, args)], env={**os.environ, **NO_LEAKS},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        assert not SANITIZER.search(done.stderr), done.stderr
        assert not check or done.returncode == 0, f"{args}: {done.stderr}"
        return done

    def versions(self, store):
        """{serial: state} as the program sees it."""
        return dict(line.split() for line in self.run(store, "show").stdout.splitlines())

    def calls(self, store, *args, exchange=True):
        """The calls of this change that meet the store: [(name of the call, its number among those of that name)]."""
        trace = self.area / "trace"
        none = [] if exchange else ["-e", "inject=renameat2:error=EINVAL"]
        self.run(store, *args, strace=["strace", "-f", "-y", "-s", "256", "-o", str(trace), "-e", f"trace={CHANGING}", *none])
        seen, found = {}, []
        for line in trace.read_text(errors="replace").splitlines():
            match = CALL.match(line)
            if not match:
                continue
            seen[match[1]] = seen.get(match[1], 0) + 1
            if str(store) in match[2] and not (match[1] == "openat" and "O_CREAT" not in match[2] and "O_DIRECTORY" not in match[2]):
                found.append((match[1], seen[match[1]]))
        return found

    def inject(self, store, what, call, *args, exchange=True):
        name, number = call
        none = [] if exchange else ["-e", "inject=renameat2:error=EINVAL"]
        strace = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={name},renameat2", *none, "-e",
                  f"inject={name}:{what}:when={number}"]
        return self.run(store, *args, strace=strace, check=False)


@pytest.fixture
def driver(request, area):
    path = Path(request.config.program).resolve().parent / "tests" / "crash" / "store-driver"
    if not path.exists():
        pytest.skip("the driver is not built with this program")
    return Driver(path, area)


def base_store(driver, layout):
    """Versions 0, 1 and 2, the last of them live."""
    store = driver.area / f"base-{layout}"
    store.mkdir()
    (store / "renewal").mkdir()
    driver.run(store, "create", layout, driver.pems[0])
    for pems in driver.pems[1:3]:
        driver.run(store, "add", pems)
    return store


def live_serial(store):
    """What a server reads right now, before anything has been mended: all four files belong together."""
    live = store / "live" / "a"
    data = {kind: (live / f"{kind}.pem").read_bytes() for kind in KINDS}
    leaf = certs.load_chain(data["cert"])[0]
    assert data["fullchain"] == data["cert"] + data["chain"]
    assert certs.public_bytes(certs.load_key(data["privkey"]).public_key()) == certs.public_bytes(leaf.public_key())
    return f"{leaf.serial_number:x}"


def check_modes(store):
    """No file with a key in it, whatever its name, is anybody else's for an instant."""
    for path in store.rglob("*"):
        if path.is_file() and not path.is_symlink() and b"PRIVATE KEY" in path.read_bytes():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def check_nothing_left(store):
    """Nothing of interrupted work."""
    names = [p.name for p in store.rglob("*") if p.name != ".evercert.lock"]
    assert not [n for n in names if n.startswith(".") or n.endswith((".next", ".new", ".was")) or n.startswith("previous_")], names


class Change:
    """One change: its arguments, and what must hold when it was cut short and then finished."""

    def __init__(self, name, args, live, kept, again=True):
        self.name, self.args, self.live, self.kept, self.again = name, args, live, kept, again


def changes(driver, layout):
    other = next(name for name in LAYOUTS if name != layout)
    zero, one, two, three = driver.serials
    return [
        Change("add", ["add", driver.pems[3]], {two, three}, {zero, one, two}),
        Change("restore", ["restore", zero], {zero, two}, {zero, one, two}),
        Change("prune", ["prune", "1"], {two}, {one, two}),
        Change("convert", ["convert", other], {two}, {zero, one, two}),
    ]


def points(calls):
    """What is tried at which call."""
    everything = os.environ.get("EVERCERT_CRASH") == "all"
    for i, call in enumerate(calls):
        yield "signal=KILL", call
        for k, error in enumerate(ERRORS):
            if everything or i % len(ERRORS) == k:
                yield f"error={error}", call


def try_point(driver, base, change, number, what, call):
    store = driver.area / f"{change.name}-{number}"
    subprocess.run(["cp", "-a", str(base), str(store)], check=True)
    fix_paths(base, store)
    done = driver.inject(store, what, call, *change.args)
    at = f"{change.name}, {what} at {call[0]} {call[1]}:\n{done.stderr}"
    assert "KILL" not in what or done.returncode != 0, at
    check_modes(store)
    assert live_serial(store) in change.live, at
    check_mended(driver, store, change, at)
    shutil.rmtree(store)


def check_mended(driver, store, change, at):
    """Once the lineage has been loaded, as the next start does, it is whole."""
    driver.run(store, "fix")
    assert live_serial(store) in change.live, at
    versions = driver.versions(store)
    assert change.kept <= set(versions), f"{at}\n{versions}"
    assert [s for s, state in versions.items() if state == "live"] == [live_serial(store)], at
    check_nothing_left(store)


def fix_paths(base, store):
    conf = store / "renewal" / "a.conf"
    if conf.exists():
        conf.write_text(conf.read_text().replace(str(base), str(store)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_cut_short_at_every_call(driver, layout, capsys):
    base = base_store(driver, layout)
    tried = {}
    for change in changes(driver, layout):
        scratch = driver.area / "scratch"
        subprocess.run(["cp", "-a", str(base), str(scratch)], check=True)
        fix_paths(base, scratch)
        work = list(points(driver.calls(scratch, *change.args)))
        shutil.rmtree(scratch)
        assert len(work) > 10
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda item: try_point(driver, base, change, item[0], *item[1]), enumerate(work)))
        tried[change.name] = (sum("KILL" in what for what, _ in work), len(work))
    with capsys.disabled():
        print(f"\n{layout}: " + ", ".join(f"{name} killed at {kills} of {kills} calls, {all_ - kills} failing calls"
                                          for name, (kills, all_) in tried.items()))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_without_an_exchange_of_directories(driver, layout):
    """On file systems that have no such thing there are moments in between; the next start ends them."""
    base = base_store(driver, layout)
    for change in changes(driver, layout):
        scratch = driver.area / "scratch"
        subprocess.run(["cp", "-a", str(base), str(scratch)], check=True)
        fix_paths(base, scratch)
        calls = [call for call in driver.calls(scratch, *change.args, exchange=False) if call[0] != "renameat2"]
        shutil.rmtree(scratch)

        def attempt(item):
            number, call = item
            store = driver.area / f"{change.name}-{number}"
            subprocess.run(["cp", "-a", str(base), str(store)], check=True)
            fix_paths(base, store)
            driver.inject(store, "signal=KILL", call, *change.args, exchange=False)
            at = f"{change.name} killed at {call[0]} {call[1]}"
            check_modes(store)
            check_mended(driver, store, change, at)
            shutil.rmtree(store)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(attempt, enumerate(calls)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_delete_cut_short(driver, layout):
    """Whatever is left, a second `delete` removes; or it is gone, and then nothing of it is left."""
    base = base_store(driver, layout)
    scratch = driver.area / "scratch"
    subprocess.run(["cp", "-a", str(base), str(scratch)], check=True)
    fix_paths(base, scratch)
    work = list(points(driver.calls(scratch, "delete")))
    shutil.rmtree(scratch)

    def attempt(item):
        number, (what, call) = item
        store = driver.area / f"delete-{number}"
        subprocess.run(["cp", "-a", str(base), str(store)], check=True)
        fix_paths(base, store)
        done = driver.inject(store, what, call, "delete")
        at = f"{what} at {call[0]} {call[1]}: {done.stderr}"
        check_modes(store)
        driver.run(store, "delete", check=False)
        assert list((store / "renewal").iterdir()) == [], at
        left = [p for part in ("live", "archive") for p in (store / part).rglob("*") if p.name != "README"]
        assert left == [], at
        shutil.rmtree(store)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(attempt, enumerate(work)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_create_cut_short(driver, layout):
    """The same name is free again, or taken by a whole lineage."""
    def fresh(number):
        store = driver.area / f"create-{number}"
        store.mkdir()
        (store / "renewal").mkdir()
        return store

    work = list(points(driver.calls(fresh("trace"), "create", layout, driver.pems[0])))

    def attempt(item):
        number, (what, call) = item
        store = fresh(number)
        done = driver.inject(store, what, call, "create", layout, driver.pems[0])
        at = f"{what} at {call[0]} {call[1]}: {done.stderr}"
        check_modes(store)
        if driver.run(store, "show", check=False).returncode != 0:
            driver.run(store, "create", layout, driver.pems[0])
        assert sorted(p.name for p in (store / "renewal").iterdir()) == ["a.conf"], at
        assert driver.versions(store) == {driver.serials[0]: "live"}, at
        assert live_serial(store) == driver.serials[0], at
        check_nothing_left(store)
        shutil.rmtree(store)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(attempt, enumerate(work)))
