"""A real nginx with everything it reads and writes in one folder, serving one document root per host name."""
import os
import pwd

from .ports import is_listening
from .process import Server

CONFIG = """
daemon off;
{user}
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log info;
events {{ worker_connections 64; }}
http {{
    access_log {home}/access.log;
    client_body_temp_path {home}/tmp-body;
    proxy_temp_path {home}/tmp-proxy;
    fastcgi_temp_path {home}/tmp-fastcgi;
    uwsgi_temp_path {home}/tmp-uwsgi;
    scgi_temp_path {home}/tmp-scgi;
{servers}
}}
"""

SERVER = """
    server {{
        listen 127.0.0.1:{port}{default};
        server_name {name};
        root {root};
    }}
"""


class Nginx:
    """Serves `roots` ({host name: folder}) on one port. As root its worker is `nobody`, who must be let in to read."""

    def __init__(self, home, port, roots):
        self.home, self.port, self.roots = home, port, roots
        home.mkdir(parents=True, exist_ok=True)

    def start(self):
        servers = "".join(SERVER.format(port=self.port, name=name, root=root, default=" default_server" if not i else "")
                          for i, (name, root) in enumerate(self.roots.items()))
        user = ""
        if os.geteuid() == 0:
            import grp
            user = f"user nobody {grp.getgrgid(pwd.getpwnam('nobody').pw_gid).gr_name};"
        config = self.home / "nginx.conf"
        config.write_text(CONFIG.format(home=self.home, servers=servers, user=user))
        self.server = Server(["/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else "nginx", "-c", config, "-p",
                              self.home, "-e", self.home / "error.log"], self.home / "nginx.log")
        if not self.server.wait_until(lambda: is_listening(self.port)):
            self.stop()
            raise RuntimeError(f"nginx does not start:\n{self.server.text()}")
        return self

    def requests(self):
        return (self.home / "access.log").read_text()

    def stop(self):
        self.server.stop()
