"""A machine's web server that Evercert may configure: all of it in one folder, on ports of its own. What nginx and Apache have alike."""
import http.client
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import time
from pathlib import Path

from .ports import free_port, is_listening

WAIT_S = 15  # for the server to listen, or to end


class ServerHost:
    """http and https: its two ports. user: (uid, gid) that it runs as. A subclass says where things are (below home) and
    what its programs are: NAME, ROOT, PID_FILE, ERROR_LOG, ACCESS_LOG, and command()."""

    def __init__(self, home, http=None, https=None, user=None):
        self.home, self.root = Path(home), Path(home) / self.ROOT
        self.http, self.https, self.user = http or free_port(), https or free_port(), user
        (self.home / "www").mkdir(parents=True)
        (self.home / "www" / "index.html").write_text("hello\n")

    def _give_away(self):
        if self.user:
            for path in [self.home, *self.home.rglob("*")]:
                os.chown(path, *self.user, follow_symlinks=False)

    # For the program under test, which is to know of no other server: of the machine's own least of all.

    def places(self):
        """Where it is, and its programs."""
        return [*self.own_places(), *self.NO_OTHER]

    def options(self):
        return [*self.own_places(), *self.more_options(), "--http-01-port", self.http, "--https-port", self.https, *self.NO_OTHER]

    def more_options(self):
        return []

    # Its files.

    def fill(self, text):
        """HTTP, HTTPS and HOME in a text become this host's ports and folder; %{HTTPS} stays."""
        words = {"HTTP": str(self.http), "HTTPS": str(self.https), "HOME": str(self.home)}
        return re.sub(r"(?<!%\{)\b(HTTPS?|HOME)\b", lambda found: words[found[1]], text)

    def write(self, site, text, enabled=True):
        """A file in sites-available with its link in sites-enabled; text: str, filled, or bytes."""
        path = self.put(f"sites-available/{site}", text)
        link = self.root / "sites-enabled" / site
        if enabled and not link.is_symlink():
            link.symlink_to(self.link_text(path))
        self._give_away()
        return path

    def link_text(self, path):
        return path

    def put(self, name, text):
        """Any other file below the server root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else self.fill(text).encode())
        self._give_away()
        return path

    def snapshot(self):
        """Everything below the server root: {path: (mode, owner, content or link)}."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            state = path.lstat()
            content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
            found[str(path.relative_to(self.root))] = (stat.S_IMODE(state.st_mode), state.st_uid, state.st_gid, content)
        for lock in (".certbot.lock", ".evercert-server.lock"):
            found.pop(lock, None)
        return found

    # Its process.

    def run(self, command, **how):
        """As its user; how: as of subprocess.run."""
        if self.user:
            how |= {"user": self.user[0], "group": self.user[1], "extra_groups": []}
        return subprocess.run(command, stdin=subprocess.DEVNULL, timeout=60, **how)

    def call(self, *args):
        """Its program, with its output; not among calls()."""
        before = self.noted()
        done = self.run([*self.command(), *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.forget_calls()
        if before:
            (self.home / "calls.log").write_text("".join(f"{line}\n" for line in before))
        self._give_away()
        return done

    def test(self):
        """Demands that the server accepts its configuration."""
        done = self.call(*self.TEST)
        assert done.returncode == 0, done.stdout

    def reload(self):
        done = self.call(*self.RELOAD)
        assert done.returncode == 0, done.stdout

    def start(self):
        with open(self.home / "start.log", "wb") as out:  # not a pipe: the server would keep it open
            done = self.run([*self.command(), *self.START], stdout=out, stderr=out)
        if done.returncode != 0:
            raise RuntimeError(f"{self.NAME} does not start:\n{(self.home / 'start.log').read_text()}")
        end = time.monotonic() + WAIT_S
        while not (self.pid() and (is_listening(self.http) or is_listening(self.https))):
            if time.monotonic() > end:
                raise RuntimeError(f"{self.NAME} does not listen:\n{self.log()}")
            time.sleep(0.02)
        self.forget_calls()
        return self

    def pid(self):
        """Of the process that the others are children of, None when there is none."""
        try:
            pid = int((self.home / self.PID_FILE).read_text())
            os.kill(pid, 0)
            return pid
        except (OSError, ValueError):
            return None

    def stop(self):
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            try:  # its parent ended: it may be a child of ours now (client.py)
                if os.waitpid(pid, os.WNOHANG)[0]:
                    return
            except ChildProcessError:
                if self.pid() is None:
                    return
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)

    # What it has noted.

    def noted(self):
        return self._read("calls.log").splitlines()

    def calls(self):
        """How the program under test has called its programs."""
        return self.noted()

    def forget_calls(self):
        (self.home / "calls.log").unlink(missing_ok=True)

    def log(self):
        return self._read(self.ERROR_LOG)

    def requests(self):
        return self._read(self.ACCESS_LOG)

    def _read(self, name):
        path = self.home / name
        return path.read_text(errors="replace") if path.exists() else ""

    # What it answers.

    def get(self, host, path="/", port=None, address="127.0.0.1", tls=False):
        """(status, headers, body) of a GET with that host; tls: with that name as SNI, whatever certificate comes."""
        port = port or (self.https if tls else self.http)
        stream = socket.create_connection((address, port), timeout=10)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            stream = context.wrap_socket(stream, server_hostname=host)
        connection = http.client.HTTPConnection(host)
        connection.sock = stream
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode(errors="replace")
        finally:
            connection.close()

    def certificate(self, name, address="127.0.0.1", sigalgs=None):
        """The certificate (DER) that it shows for that SNI (None: none); sigalgs: as openssl's -sigalgs, to ask for RSA or ECDSA."""
        command = ["openssl", "s_client", "-connect", f"{address}:{self.https}", "-no_ticket",
                   *(["-servername", name] if name else ["-noservername"]), *(["-sigalgs", sigalgs] if sigalgs else [])]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=30)
        found = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", done.stdout, re.DOTALL)
        assert found, done.stdout
        return ssl.PEM_cert_to_DER_cert(found[0])
