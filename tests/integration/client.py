"""The program under test, run with a configuration of its own, and a reader for the store that it keeps."""
import ctypes
import json
import os
import re
import select
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path

import acme
import certs
from peers import processes

# Orphans come to us instead of to process 1: so a network process that outlives its command is seen. Linux only.
PR_SET_CHILD_SUBREAPER = 36
if hasattr(ctypes.CDLL(None), "prctl"):
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

SANITIZER = re.compile(r"ERROR: (Address|Leak|Memory|Thread)Sanitizer|runtime error: |UndefinedBehaviorSanitizer")
VERSION = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]+")
KINDS = ("cert", "chain", "fullchain", "privkey")


class Result:
    def __init__(self, argv, status, out, err, seconds):
        self.argv, self.status, self.out, self.err, self.seconds = argv, status, out, err, seconds

    @property
    def text(self):
        return self.out + self.err

    def says(self, *parts):
        """Demands each part in what was printed, line breaks and runs of blanks taken as one blank."""
        flat = " ".join(self.text.split())
        for part in parts:
            assert " ".join(part.split()) in flat, f"missing {part!r} in:\n{self}"
        return self

    def matches(self, pattern):
        assert re.search(pattern, self.text) or re.search(pattern, " ".join(self.text.split())), f"no match for {pattern!r} in:\n{self}"
        return self

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return (f"$ {' '.join(self.argv)}\n[exit {self.status} after {self.seconds:.2f} s]\n"
                f"--- stdout ---\n{self.out}\n--- stderr ---\n{self.err}")


class Store:
    """What lies in a configuration folder, in either layout. Versions are counted 1, 2 ... in both."""

    def __init__(self, root):
        self.root = root

    def live(self, name, kind=None):
        folder = self.root / "live" / name
        return folder / f"{kind}.pem" if kind else folder

    def archive(self, name):
        return self.root / "archive" / name

    def renewal(self, name):
        return self.root / "renewal" / f"{name}.conf"

    def lineages(self):
        return sorted(p.name[:-5] for p in (self.root / "renewal").glob("*.conf"))

    def is_versioned(self, name):
        return self.conf(name)[""].get("store_layout") == "versioned"

    def version_dirs(self, name):
        """The folders of the versions of a versioned lineage, the oldest first; the last is the live one."""
        superseded = [p for p in self.archive(name).iterdir() if VERSION.fullmatch(p.name)]
        return [*sorted(superseded, key=lambda p: (p / "meta.txt").stat().st_mtime_ns), self.live(name)]

    def versions(self, name):
        if self.is_versioned(name):
            return list(range(1, len(self.version_dirs(name)) + 1))
        return sorted(int(p.stem[4:]) for p in self.archive(name).glob("cert*.pem"))

    def version_file(self, name, kind, version):
        if self.is_versioned(name):
            return self.version_dirs(name)[version - 1] / f"{kind}.pem"
        return self.archive(name) / f"{kind}{version}.pem"

    def cert(self, name):
        return certs.load_chain(self.live(name, "cert").read_bytes())[0]

    def chain(self, name):
        return certs.load_chain(self.live(name, "chain").read_bytes())

    def key(self, name, version=None):
        path = self.version_file(name, "privkey", version) if version else self.live(name, "privkey")
        return certs.load_key(path.read_bytes())

    def conf(self, name):
        """The renewal file as {section: {key: text}}; keys before the first section are in section ""."""
        sections, section = {"": {}}, ""
        for line in self.renewal(name).read_text().splitlines():
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            if line.startswith("["):
                section = line.strip("[]")
                assert section not in sections, f"section twice: {line}"
                sections[section] = {}
            else:
                key, value = line.split("=", 1)
                assert key.strip() not in sections[section], f"key twice: {line}"
                sections[section][key.strip()] = value.strip()
        return sections

    def account_dirs(self):
        return sorted(p.parent for p in (self.root / "accounts").glob("**/regr.json"))

    def account_id(self):
        dirs = self.account_dirs()
        assert len(dirs) == 1, dirs
        return dirs[0].name

    def check_lineage(self, name):
        """Demands that the lineage is whole: links, contents and modes as a server and Certbot expect them."""
        conf = self.conf(name)
        live, archive = self.live(name), self.archive(name)
        for kind in KINDS:
            assert conf[""][kind] == str(live / f"{kind}.pem")
        assert conf[""]["archive_dir"] == str(archive)
        assert "renewalparams" in conf
        if self.is_versioned(name):
            self._check_versioned(name)
        else:
            self._check_links(name)
        self._check_files(live)

    def _check_versioned(self, name):
        *superseded, live = self.version_dirs(name)
        for folder in [*superseded, live]:
            assert {p.name for p in folder.iterdir()} == {f"{k}.pem" for k in KINDS} | {"meta.txt"}
            assert all(p.is_file() and not p.is_symlink() and p.stat().st_size for p in folder.iterdir()), folder
            self._check_key_mode(folder / "privkey.pem")
            cert = certs.load_chain((folder / "cert.pem").read_bytes())[0]
            assert f"serial: {cert.serial_number:x}\n" in (folder / "meta.txt").read_text()
        for folder in superseded:
            self._check_files(folder)
            cert = certs.load_chain((folder / "cert.pem").read_bytes())[0]
            assert folder.name == f"{cert.not_valid_before:%Y%m%dT%H%M%SZ}-{cert.serial_number:x}"
        assert len(superseded) == len(list(self.archive(name).iterdir())), "something else is in the archive"
        assert stat.S_IMODE(self.archive(name).stat().st_mode) & 0o007 == 0

    def _check_links(self, name):
        number = None
        for kind in KINDS:
            path = self.live(name, kind)
            assert path.is_symlink(), path
            link = os.readlink(path)
            found = re.fullmatch(r"\.\./\.\./archive/" + re.escape(name) + "/" + kind + r"([1-9]\d*)\.pem", link)
            assert found, f"{path} -> {link}"
            assert number in (None, found[1]), f"links of different versions in {path.parent}"
            number = found[1]
        assert {p.name for p in self.live(name).iterdir()} == {f"{k}.pem" for k in KINDS} | {"README"}
        for path in self.archive(name).iterdir():
            assert re.fullmatch(r"(cert|chain|fullchain|privkey)[1-9]\d*\.pem", path.name), path
            assert path.stat().st_size > 0, path
            if path.name.startswith("privkey"):
                self._check_key_mode(path)

    @staticmethod
    def _check_key_mode(path):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o007 in (0, 0o004) and mode & 0o111 == 0, oct(mode)

    @staticmethod
    def _check_files(folder):
        data = {kind: (folder / f"{kind}.pem").read_bytes() for kind in KINDS}
        assert data["fullchain"] == data["cert"] + data["chain"]
        leaf, *chain = certs.load_chain(data["fullchain"])
        assert chain and certs.is_signed_by(leaf, chain[0])
        key = certs.load_key(data["privkey"])
        assert certs.public_bytes(key.public_key()) == certs.public_bytes(leaf.public_key())
        assert data["privkey"].startswith(b"-----BEGIN PRIVATE KEY-----\n")

    def check(self, lineages=None, lock_may_stay=False):
        """Demands that everything in the store is whole and nothing is left over; `lineages`: exactly these."""
        folders = {}
        for kind in ("renewal", "live", "archive"):
            folder = self.root / kind
            folders[kind] = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
        assert all(n.endswith(".conf") for n in folders["renewal"]), folders["renewal"]
        found = sorted(n[:-5] for n in folders["renewal"])
        assert sorted(n for n in folders["live"] if n != "README") == found
        assert folders["archive"] == found
        for name in found:
            self.check_lineage(name)
        if lineages is not None:
            assert found == sorted(lineages)
        assert lock_may_stay or not (self.root / ".certbot.lock").exists(), "the lock of a run that ended is still there"


# For a machine on which no server is installed that the program could configure, whatever this one has.
NO_SERVERS = ["--nginx-ctl", "/nonexistent", "--apache-ctl", "/nonexistent"]


class Client:
    def __init__(self, program, area, trust, ca=None):
        self.program, self.area, self.trust, self.ca = program, area, trust, ca
        self.config, self.work, self.logs = area / "conf", area / "work", area / "logs"
        self.tmp = area / "tmp"
        self.tmp.mkdir(exist_ok=True)
        self.store = Store(self.config)
        self.server = ca.url if ca else None
        self.http_port = ca.http_port if ca else None
        self.open_program = program  # the same, where any user may run it
        self.as_user = None  # (uid, gid) to run as
        self.always = []     # further arguments of every command

    def environment(self, more=None):
        bundle = str(self.trust.ca)
        env = {
            "PATH": os.environ["PATH"], "HOME": str(self.area), "TMPDIR": str(self.tmp), "LANG": "C.UTF-8",
            "XDG_CONFIG_HOME": str(self.area), "SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle,
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "detect_leaks=1:exitcode=99:allocator_may_return_null=1"),
            "UBSAN_OPTIONS": os.environ.get("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1"),
        }
        env.update(more or {})
        return {k: v for k, v in env.items() if v is not None}

    def argv(self, *args):
        """The command line: the subcommand first, then where things are, then the rest of the arguments."""
        args = [str(a) for a in args]
        fixed = ["--config-dir", str(self.config), "--work-dir", str(self.work), "--logs-dir", str(self.logs)]
        if self.server and "--server" not in args:
            fixed += ["--server", self.server]
        if self.http_port and "--http-01-port" not in args:
            fixed += ["--http-01-port", str(self.http_port)]
        if "renew" in args[:1]:
            fixed += ["--no-random-sleep-on-renew"]
        return [str(self.program), *args[:1], *fixed, *self.always, *args[1:]]

    def become(self, uid, gid):
        """Runs as another user from now on."""
        self.as_user = (uid, gid)
        self.program = self.open_program

    def _become(self):
        def become():
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):  # ignored below nohup, or in a shell's background
                signal.signal(number, signal.SIG_DFL)
            if self.as_user:
                uid, gid = self.as_user
                os.setgroups([])
                os.setgid(gid)
                os.setuid(uid)
        return become

    def start(self, *args, env=None, stdin=subprocess.DEVNULL, cwd=None, raw=False, umask=None):
        """Starts the program in a session of its own and returns the process."""
        argv = [str(self.program), *map(str, args)] if raw else self.argv(*args)
        return subprocess.Popen(argv, env=self.environment(env), stdin=stdin, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, errors="replace", cwd=cwd or self.area,
                                start_new_session=True, preexec_fn=self._become(),
                                **({"umask": umask} if umask is not None else {}))

    def finish(self, process, status=0, input=None, timeout=240):
        """Waits for a started process and demands its exit status (None: any) and a clean end."""
        begin = time.monotonic()
        try:
            out, err = process.communicate(input, timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            result = Result(process.args, "killed: too slow", out, err, time.monotonic() - begin)
            raise AssertionError(f"not finished after {timeout} s:\n{result}") from None
        result = Result(process.args, process.returncode, out, err, time.monotonic() - begin)
        assert not SANITIZER.search(err), f"sanitizer report:\n{result}"
        assert status is None or result.status == status, f"expected exit {status}:\n{result}"
        assert leftovers(process.pid) == [], f"processes left behind by:\n{result}"
        left = list(self.tmp.iterdir())
        for path in left:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        # Certbot keeps an early failure's log there and names it.
        assert all(str(p) in result.err for p in left), f"left in TMPDIR: {left}\n{result}"
        return result

    def run(self, *args, status=0, input=None, env=None, timeout=240, **more):
        stdin = subprocess.PIPE if input is not None else subprocess.DEVNULL
        return self.finish(self.start(*args, env=env, stdin=stdin, **more), status, input, timeout)

    # What most tests begin with.

    def register(self, *args, **more):
        return self.run("register", "-n", "--agree-tos", "--register-unsafely-without-email", *args, **more)

    def certonly(self, names, *args, authenticator="--standalone", **more):
        domains = [part for name in names for part in ("-d", name)]
        return self.run("certonly", "-n", "--agree-tos", "--register-unsafely-without-email",
                        *([authenticator] if authenticator else []), *domains, *args, **more)

    def renew(self, *args, **more):
        return self.run("renew", *args, **more)

    def give_up_authorizations(self):
        """Has the CA prove control anew at the next order: Pebble reuses valid authorizations in 1 % of the orders even when
        it is told not to."""
        said = "".join(path.read_text(errors="replace") for path in self.logs.glob("letsencrypt.log*"))
        folder, = self.store.account_dirs()
        account = acme.Account(folder, self.server, self.trust.ca)
        for url in sorted(set(re.findall(r"https://\S+/authZ/[\w-]+", said))):
            account.post(url, {"status": "deactivated"})

    def log(self):
        path = self.logs / "letsencrypt.log"
        return path.read_text(errors="replace") if path.exists() else ""


def read_until(process, text, seconds=60):
    """What the process has said so far, once it has said that."""
    said, end = "", time.monotonic() + seconds
    while text not in " ".join(said.split()):
        ready, _, _ = select.select([process.stdout, process.stderr], [], [], max(0, end - time.monotonic()))
        assert ready, f"{text!r} did not come:\n{said}"
        for stream in ready:
            got = os.read(stream.fileno(), 65536).decode(errors="replace")
            assert got, f"it ended without {text!r}:\n{said}"
            said += got
    return said


def leftovers(session, seconds=60):
    """What remains of a command that ended: members of its session, and orphaned network processes."""
    end = time.monotonic() + seconds
    while True:
        orphans = [p for p in processes.children(os.getpid()) if processes.program(p) == "evercert-net"]
        found = session_members(session) + orphans
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.01)


def session_members(session):
    """The ids of the processes that still belong to a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def wait_for(condition, seconds=60, what="the condition"):
    """Waits until condition() is true and returns its value; one that takes long (a program that is asked) is asked less often."""
    end = time.monotonic() + seconds
    while (begun := time.monotonic()) < end:
        value = condition()
        if value:
            return value
        time.sleep(min(0.2, max(0.01, 2 * (time.monotonic() - begun))))
    raise AssertionError(f"{what} did not come about in {seconds} s")
