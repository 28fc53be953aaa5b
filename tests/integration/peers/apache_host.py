"""A machine's Apache, laid out as Debian does it, that Evercert may configure: all of it in one folder, on ports of its own."""
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from .nginx_host import NginxHost
from .ports import free_port, is_listening

SYSTEM = Path("/etc/apache2")  # of Debian's package: its modules and its main file are copied
MODULES = """access_compat alias auth_basic authn_core authn_file authz_core authz_host authz_user autoindex deflate dir env
    filter mime mpm_event negotiation reqtimeout setenvif status""".split()

ENVVARS = """\
unset HOME
export APACHE_RUN_USER={user}
export APACHE_RUN_GROUP={group}
export APACHE_PID_FILE={home}/apache2.pid
export APACHE_RUN_DIR={home}/run
export APACHE_LOCK_DIR={home}/lock
export APACHE_LOG_DIR={home}/log
export LANG=C
"""

PORTS = """\
Listen {http}

<IfModule ssl_module>
	Listen {https}
</IfModule>
"""

# What its programs are called by: notes each call, and leads them to this folder.
PROGRAM = """\
#!/bin/sh
echo "{note}$*" >>{home}/calls.log
export APACHE_CONFDIR={root} APACHE_ENVVARS={root}/envvars APACHE_STATE_DIRECTORY={home}/state APACHE_ULIMIT_MAX_FILES=true
exec /usr/sbin/{program} "$@"
"""


class ApacheHost(NginxHost):
    """http and https: its two ports. user: (uid, gid) that it runs as. modules: those enabled beside Debian's own."""

    def __init__(self, home, http=None, https=None, user=None, modules=()):
        self.home, self.root = Path(home), Path(home) / "apache2"
        self.http, self.https, self.user = http or free_port(), https or free_port(), user
        for folder in ("run/socks", "lock", "log", "state", "www", "bin"):
            (self.home / folder).mkdir(parents=True)
        (self.home / "www" / "index.html").write_text("hello\n")
        self._make_root([*MODULES, *modules])
        self.control, self.enmod, self.dismod = (self._program(name) for name in ("apache2ctl", "a2enmod", "a2dismod"))
        self.main = self.root / "apache2.conf"
        self._give_away()

    def _make_root(self, modules):
        self.root.mkdir()
        for folder in ("mods-available", "conf-available"):
            shutil.copytree(SYSTEM / folder, self.root / folder, symlinks=True)
        for folder in ("mods-enabled", "conf-enabled", "sites-available", "sites-enabled"):
            (self.root / folder).mkdir()
        for name in ("apache2.conf", "magic"):
            shutil.copyfile(SYSTEM / name, self.root / name)
        for module in modules:
            for file in sorted((self.root / "mods-available").glob(f"{module}.*")):
                (self.root / "mods-enabled" / file.name).symlink_to(f"../mods-available/{file.name}")
        user, group = (f"#{self.user[0]}", f"#{self.user[1]}") if self.user else ("www-data", "www-data")
        (self.root / "envvars").write_text(ENVVARS.format(home=self.home, user=repr(user), group=repr(group)))
        (self.root / "ports.conf").write_text(PORTS.format(http=self.http, https=self.https))
        www = f"ServerName main.host.test\nCustomLog {self.home}/log/access.log common\n<Directory {self.home}/www>\n\tRequire all granted\n</Directory>\n"
        (self.root / "conf-available" / "www.conf").write_text(www)
        (self.root / "conf-enabled" / "www.conf").symlink_to("../conf-available/www.conf")

    def _program(self, name):
        path = self.home / "bin" / name
        note = "" if name == "apache2ctl" else f"{name} "
        path.write_text(PROGRAM.format(note=note, home=self.home, root=self.root, program=name))
        path.chmod(0o755)
        return path

    # Its files.

    def fill(self, text):
        """HTTP, HTTPS and HOME in a text become this host's ports and folder; %{HTTPS} stays."""
        words = {"HTTP": str(self.http), "HTTPS": str(self.https), "HOME": str(self.home)}
        return re.sub(r"(?<!%\{)\b(HTTPS?|HOME)\b", lambda found: words[found[1]], text)

    def write(self, site, text, enabled=True):
        """A file in sites-available (".conf" is added to its name) with its link in sites-enabled."""
        path = self.root / "sites-available" / f"{site}.conf"
        path.write_bytes(text if isinstance(text, bytes) else self.fill(text).encode())
        link = self.root / "sites-enabled" / path.name
        if enabled and not link.is_symlink():
            link.symlink_to(f"../sites-available/{path.name}")
        self._give_away()
        return path

    def modules(self):
        return sorted(p.name[:-5] for p in (self.root / "mods-enabled").glob("*.load"))

    # Its process.

    def options(self):
        """For the program under test."""
        return ["--apache-server-root", self.root, "--apache-ctl", self.control, "--apache-enmod", self.enmod,
                "--apache-dismod", self.dismod, "--apache-challenge-location", self.root, "--apache-logs-root",
                self.home / "log", "--http-01-port", self.http, "--https-port", self.https]

    def call(self, *args):
        def become():
            os.setgroups([])
            os.setgid(self.user[1])
            os.setuid(self.user[0])
        before = self.calls()
        done = subprocess.run([self.control, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, preexec_fn=become if self.user else None)
        (self.home / "calls.log").write_text("".join(f"{line}\n" for line in before))
        self._give_away()
        return done

    def test(self):
        """Demands that Apache accepts its configuration."""
        done = self.call("configtest")
        assert done.returncode == 0, done.stdout

    def start(self):
        with open(self.home / "start.log", "wb") as out:
            # Not a pipe: the server would keep it open.
            done = subprocess.run([self.control, "start"], stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=60,
                                  user=self.user[0] if self.user else None, group=self.user[1] if self.user else None,
                                  extra_groups=[] if self.user else None)
        if done.returncode != 0:
            raise RuntimeError(f"Apache does not start:\n{(self.home / 'start.log').read_text()}")
        end = time.monotonic() + 15
        while not (self.pid() and (is_listening(self.http) or is_listening(self.https))):
            if time.monotonic() > end:
                raise RuntimeError(f"Apache does not listen:\n{self.log()}")
            time.sleep(0.02)
        self.forget_calls()
        return self

    def pid(self):
        """Of the parent process, None when there is none."""
        try:
            pid = int((self.home / "apache2.pid").read_text())
            os.kill(pid, 0)
            return pid
        except (OSError, ValueError):
            return None

    def reload(self):
        done = self.call("graceful")
        assert done.returncode == 0, done.stdout

    def stop(self):
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + 15
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
        """How the program under test has called its programs: ["configtest", "graceful", "a2enmod ssl" ...]."""
        path = self.home / "calls.log"
        return path.read_text().splitlines() if path.exists() else []

    def log(self):
        path = self.home / "log" / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def requests(self):
        path = self.home / "log" / "access.log"
        return path.read_text(errors="replace") if path.exists() else ""
