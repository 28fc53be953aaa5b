"""A machine's Apache, laid out as Debian does it, that Evercert may configure: all of it in one folder, on ports of its own."""
import shutil
from pathlib import Path

from .server_host import ServerHost

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


class ApacheHost(ServerHost):
    """modules: those enabled beside Debian's own."""

    NAME, ROOT, PID_FILE, ERROR_LOG, ACCESS_LOG = "Apache", "apache2", "apache2.pid", "log/error.log", "log/access.log"
    TEST, RELOAD, START = ["configtest"], ["graceful"], ["start"]
    NO_OTHER = ["--nginx-ctl", "/nonexistent"]

    def __init__(self, home, http=None, https=None, user=None, modules=()):
        super().__init__(home, http, https, user)
        for folder in ("run/socks", "lock", "log", "state", "bin"):
            (self.home / folder).mkdir(parents=True)
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

    def write(self, site, text, enabled=True):
        """".conf" is added to its name."""
        return super().write(f"{site}.conf", text, enabled)

    def link_text(self, path):
        return f"../sites-available/{path.name}"

    def modules(self):
        return sorted(p.name[:-5] for p in (self.root / "mods-enabled").glob("*.load"))

    def own_places(self):
        return ["--apache-server-root", self.root, "--apache-ctl", self.control, "--apache-enmod", self.enmod,
                "--apache-dismod", self.dismod]

    def more_options(self):
        return ["--apache-challenge-location", self.root, "--apache-logs-root", self.home / "log"]

    def command(self):
        """As a user has it; calls(): ["configtest", "graceful", "a2enmod ssl" ...]."""
        return [self.control]
