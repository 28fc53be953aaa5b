"""A machine's nginx, laid out as Debian does it, that Evercert may configure: all of it in one folder, on ports of its own."""
import http.client
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import time
from pathlib import Path

from .ports import free_port, is_listening

PROGRAM = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin") or "nginx"

CONFIG = """\
{user}worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log info;

events {{
    worker_connections 64;
}}

http {{
    access_log {home}/access.log;
    client_body_temp_path {home}/tmp-body;
    proxy_temp_path {home}/tmp-proxy;
    fastcgi_temp_path {home}/tmp-fastcgi;
    uwsgi_temp_path {home}/tmp-uwsgi;
    scgi_temp_path {home}/tmp-scgi;

    include {root}/conf.d/*.conf;
    include {root}/sites-enabled/*;
}}
"""

# What it is called by: notes each call, and keeps nginx away from the machine's own places.
CONTROL = """\
#!/bin/sh
echo "$*" >>{home}/calls.log
exec {program} -p {home} -e {home}/error.log "$@"
"""


class NginxHost:
    """http and https: its two ports. user: (uid, gid) that it runs as; as root its worker is `nobody`."""

    def __init__(self, home, http=None, https=None, user=None):
        self.home, self.root = Path(home), Path(home) / "nginx"
        self.http, self.https, self.user = http or free_port(), https or free_port(), user
        for folder in ("conf.d", "sites-available", "sites-enabled", "snippets"):
            (self.root / folder).mkdir(parents=True)
        (self.home / "www").mkdir()
        (self.home / "www" / "index.html").write_text("hello\n")
        self.control = self.home / "nginx-control"
        self.control.write_text(CONTROL.format(home=self.home, program=PROGRAM))
        self.control.chmod(0o755)
        self.main = self.root / "nginx.conf"
        self.main.write_text(CONFIG.format(home=self.home, root=self.root, user=self._user_line()))
        self._give_away()

    def _user_line(self):
        if os.geteuid() != 0 or self.user:
            return ""
        import grp
        return f"user nobody {grp.getgrgid(pwd.getpwnam('nobody').pw_gid).gr_name};\n"

    def _give_away(self):
        if self.user:
            for path in [self.home, *self.home.rglob("*")]:
                os.chown(path, *self.user, follow_symlinks=False)

    # Its files.

    def fill(self, text):
        """HTTP, HTTPS and HOME in a text become this host's ports and folder."""
        words = {"HTTP": str(self.http), "HTTPS": str(self.https), "HOME": str(self.home)}
        return re.sub(r"\b(HTTPS?|HOME)\b", lambda found: words[found[1]], text)

    def write(self, site, text, enabled=True):
        """A file in sites-available with its link in sites-enabled; text: str, filled, or bytes."""
        path = self.root / "sites-available" / site
        path.write_bytes(text if isinstance(text, bytes) else self.fill(text).encode())
        link = self.root / "sites-enabled" / site
        if enabled and not link.is_symlink():
            link.symlink_to(path)
        self._give_away()
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

    def options(self):
        """For the program under test."""
        return ["--nginx-server-root", self.root, "--nginx-ctl", self.control, "--http-01-port", self.http,
                "--https-port", self.https]

    def call(self, *args):
        def become():
            os.setgroups([])
            os.setgid(self.user[1])
            os.setuid(self.user[0])
        return subprocess.run([PROGRAM, "-p", self.home, "-e", self.home / "error.log", "-c", self.main, *args],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=30, preexec_fn=become if self.user else None)

    def test(self):
        """Demands that nginx accepts its configuration."""
        done = self.call("-t")
        assert done.returncode == 0, done.stdout

    def start(self):
        done = self.call()
        if done.returncode != 0:
            raise RuntimeError(f"nginx does not start:\n{done.stdout}")
        end = time.monotonic() + 15
        while not (self.pid() and (is_listening(self.http) or is_listening(self.https))):
            if time.monotonic() > end:
                raise RuntimeError(f"nginx does not listen:\n{self.log()}")
            time.sleep(0.02)
        return self

    def pid(self):
        """Of the master process, None when there is none."""
        try:
            pid = int((self.home / "nginx.pid").read_text())
            os.kill(pid, 0)
            return pid
        except (OSError, ValueError):
            return None

    def reload(self):
        done = self.call("-s", "reload")
        assert done.returncode == 0, done.stdout

    def stop(self):
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:  # its parent ended: it may be a child of ours now (client.py)
                if os.waitpid(pid, os.WNOHANG)[0]:
                    return
            except ChildProcessError:
                if self.pid() is None:
                    return
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)

    def calls(self):
        """How the program under test has called it, without `-c FILE`: ["-t", "-s reload" ...]."""
        path = self.home / "calls.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [re.sub(r"^-c \S+ ?", "", line) for line in lines]

    def forget_calls(self):
        (self.home / "calls.log").unlink(missing_ok=True)

    def log(self):
        path = self.home / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def requests(self):
        path = self.home / "access.log"
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
