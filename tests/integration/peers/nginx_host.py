"""A machine's nginx, laid out as Debian does it, that Evercert may configure: all of it in one folder, on ports of its own."""
import os
import pwd
import re
import shutil

from .server_host import ServerHost

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


class NginxHost(ServerHost):
    """As root, its worker is `nobody`."""

    NAME, ROOT, PID_FILE, ERROR_LOG, ACCESS_LOG = "nginx", "nginx", "nginx.pid", "error.log", "access.log"
    TEST, RELOAD, START = ["-t"], ["-s", "reload"], []
    NO_OTHER = ["--apache-ctl", "/nonexistent"]

    def __init__(self, home, http=None, https=None, user=None):
        super().__init__(home, http, https, user)
        for folder in ("conf.d", "sites-available", "sites-enabled", "snippets"):
            (self.root / folder).mkdir(parents=True)
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

    def own_places(self):
        return ["--nginx-server-root", self.root, "--nginx-ctl", self.control]

    def command(self):
        return [PROGRAM, "-p", self.home, "-e", self.home / "error.log", "-c", self.main]

    def calls(self):
        """Without `-c FILE`: ["-t", "-s reload" ...]."""
        return [re.sub(r"^-c \S+ ?", "", line) for line in self.noted()]
