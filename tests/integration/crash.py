"""What the tests of crashes share: one change of a store (tests/crash/store_driver.c) under strace, and what must hold after it.

A store has versions 0, 1 and 2 of the lineage "a", the last of them live, and what users keep beside the files.
"""
import datetime
import os
import re
import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import certs
import pytest
from client import KINDS, SANITIZER
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

EVERYTHING = os.environ.get("EVERCERT_CRASH") == "all"
CHANGING = ("openat,open,creat,write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,symlink,symlinkat,"
            "unlink,unlinkat,rmdir,mkdir,mkdirat,chmod,fchmod,fchmodat,chown,fchown,fchownat")
READING = "openat,open,read,pread64,getdents64,readlink,readlinkat"
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")
NO_LEAKS = {"ASAN_OPTIONS": "detect_leaks=0:exitcode=99", "UBSAN_OPTIONS": "halt_on_error=1"}  # not under ptrace
ERRORS = ("ENOSPC", "EIO", "EACCES")
LAYOUTS = ("certbot", "versioned")
USERS = {"live/a/dh.pem": b"mine", "archive/a/notes.txt": b"notes", "archive/a/own/deep/file": b"old"}
IN_FOLDERS = {"live/a/own/deep/file": b"deep"}


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


class Call(NamedTuple):
    """A call that meets the store. `anew`: the one before it has changed something. Where it has not (it has synced, looked, or
    failed), a kill here leaves what a kill at that one leaves."""
    name: str
    number: int  # among those of that name
    anew: bool = True


def changes_nothing(name, rest):
    return name in ("fsync", "fdatasync") or (name == "openat" and "O_CREAT" not in rest) or " = -1 E" in rest


def moments(calls):
    """Those at which a kill leaves what no other leaves."""
    return [call for call in calls if EVERYTHING or call.anew]


class Driver:
    def __init__(self, program, area):
        self.program, self.area = program, area
        issuer = ec.generate_private_key(ec.SECP256R1())
        self.pems = [area / f"pems{i}" for i in range(4)]
        self.serials = [make_pems(folder, issuer, 20 * i) for i, folder in enumerate(self.pems)]
        self.count = 0

    def run(self, store, *args, strace=(), check=True):
        done = subprocess.run([*strace, str(self.program), str(store), *map(str, args)], env={**os.environ, **NO_LEAKS},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        assert not SANITIZER.search(done.stderr), done.stderr
        assert not check or done.returncode == 0, f"{args}: {done.stderr}"
        return done

    def versions(self, store, how="show"):
        """{serial: state} as the program sees it."""
        return dict(line.split() for line in self.run(store, how).stdout.splitlines())

    def trace(self, store, *args, calls=CHANGING, exchange=True, check=True):
        """The lines of strace."""
        self.count += 1
        trace = self.area / f"trace{self.count}"
        none = [] if exchange else ["-e", "inject=renameat2:error=EINVAL"]
        self.run(store, *args, check=check,
                 strace=["strace", "-f", "-y", "-s", "256", "-o", str(trace), "-e", f"trace={calls}", *none])
        lines = trace.read_text(errors="replace").splitlines()
        trace.unlink()
        return lines

    def calls(self, store, *args, calls=CHANGING, exchange=True, check=True):
        """The calls of this change that meet the store."""
        seen, found, anew = {}, [], True
        for line in self.trace(store, *args, calls=calls, exchange=exchange, check=check):
            match = CALL.match(line)
            if not match:
                continue
            seen[match[1]] = seen.get(match[1], 0) + 1
            if str(store) not in match[2]:
                continue
            if match[1] == "renameat2" and not exchange:  # it fails, whatever becomes of it
                continue
            if calls == CHANGING and match[1] == "openat" and "O_CREAT" not in match[2] and "O_DIRECTORY" not in match[2]:
                continue
            found.append(Call(match[1], seen[match[1]], anew))
            anew = not changes_nothing(*match.groups())
        return found

    def inject(self, store, what, call, *args, exchange=True):
        name, number = call[:2]
        none = [] if exchange else ["-e", "inject=renameat2:error=EINVAL"]
        strace = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={name},renameat2", *none, "-e",
                  f"inject={name}:{what}:when={number}"]
        return self.run(store, *args, strace=strace, check=False)

    def copy(self, base, name):
        """The same store elsewhere; its renewal file follows."""
        store = self.area / name
        shutil.copytree(base, store, symlinks=True)
        for conf in (store / "renewal").glob("*a.conf*"):
            conf.write_text(conf.read_text().replace(f"{base}/", f"{store}/"))
        return store


@pytest.fixture
def driver(request, area):
    path = Path(request.config.program).resolve().parent / "tests" / "crash" / "store-driver"
    if not path.exists():
        pytest.skip("the driver is not built with this program")
    return Driver(path, area)


def base_store(driver, layout, folders=True):
    """folders: with a user's folder in live/a, too."""
    store = driver.area / f"base-{layout}"
    store.mkdir()
    (store / "renewal").mkdir()
    driver.run(store, "create", layout, driver.pems[0])
    for name, content in {**USERS, **(IN_FOLDERS if folders else {})}.items():
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_bytes(content)
    for pems in driver.pems[1:3]:
        driver.run(store, "add", pems)
    check_users_files(store, "made")
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


def check_users_files(store, at, folders=None):
    kept = {**USERS, **(IN_FOLDERS if folders else {})}
    for name, content in kept.items():
        assert (store / name).is_file() and (store / name).read_bytes() == content, f"{name}: {at}"


def check_nothing_left(store, at=""):
    """Nothing of interrupted work."""
    names = [p.name for p in store.rglob("*") if p.name != ".evercert.lock"]
    left = [n for n in names if n.startswith(".") or n.endswith((".next", ".new", ".was", ".gone")) or n.startswith("previous_")]
    assert not left, f"{at}\n{left}"


class Change:
    """One change: its arguments, what may be live and must be kept when it was cut short, and what it makes of the store."""

    def __init__(self, name, args, before, after, kept):
        self.name, self.args, self.before, self.after, self.kept = name, args, before, after, kept
        self.live = {before, after}


def changes(driver, layout):
    other = next(name for name in LAYOUTS if name != layout)
    zero, one, two, three = driver.serials
    return [
        Change("add", ["add", driver.pems[3]], two, three, {zero, one, two}),
        Change("restore", ["restore", zero], two, zero, {zero, one, two}),
        Change("prune", ["prune", "1"], two, two, {one, two}),
        Change("convert", ["convert", other], two, two, {zero, one, two}),
    ]


def check_mended(driver, store, change, at, folders=False):
    """Once the lineage has been loaded, as the next start does, it is whole."""
    versions = driver.versions(store, "fix")
    live = live_serial(store)
    assert live in change.live, at
    assert change.kept <= set(versions), f"{at}\n{versions}"
    assert [s for s, state in versions.items() if state == "live"] == [live], at
    check_nothing_left(store, at)
    check_users_files(store, at, folders)


def all_of(work, attempt):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(attempt, work))
