"""Apache as other systems than Debian lay it out: their main files, folders, control programs and default paths, and Debian's httpd.

Each in a tree of /etc of its own and a network of its own, so that nothing needs to be said on the command line.
"""
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest
from own_folders import own_folders
from own_network import own_network
from peers.pebble import Pebble

pytestmark = [pytest.mark.ours, pytest.mark.skipif(os.geteuid() != 0, reason="mounts")]

MODULES = "access_compat alias authn_core authz_core authz_host dir env mime mpm_event setenvif".split()
SITE = "<VirtualHost *:80>\n    ServerName a.test\n    ServerAlias www.a.test\n    DocumentRoot {www}\n</VirtualHost>\n"
MAIN = """\
ServerRoot "{root}"
PidFile {run}/httpd.pid
ErrorLog {run}/error_log
User nobody
Group nogroup
ServerName main.test
TypesConfig /etc/mime.types
<Directory />
    AllowOverride none
    Require all denied
</Directory>
<Directory "{www}">
    Require all granted
</Directory>
"""
SSL_CONF = "Listen 443 https\n<VirtualHost _default_:443>\nSSLEngine on\nSSLCertificateFile {own}/cert.pem\nSSLCertificateKeyFile {own}/key.pem\n</VirtualHost>\n"


def load(*names):
    return "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in names)


# What a system has: its os-release, the folder of its configuration, the file of its main configuration and what that holds,
# further files, its programs, where the host is and where the one with TLS is to appear; edited: what of it may be changed besides.
class Layout:
    def __init__(self, release, root, main, text, files, programs, site, made, server_root=None, edited=()):
        self.release, self.root, self.main, self.text, self.files = release, root, main, text, files
        self.programs, self.site, self.made, self.edited = programs, site, made, set(edited)
        self.server_root = server_root or root


CONTROL = 'case $1 in\ngraceful|start|stop|restart) set -- -k "$@" ;;\nconfigtest) set -- -t ;;\nesac\nexec {httpd} {flags} "$@"\n'
REFUSES = ('case $1 in\ngraceful|start|stop|restart) exec {httpd} -k "$1" ;;\nconfigtest|-t)\n[ $# = 1 ] && exec {httpd} -t ;;\nesac\n'
           'echo "Passing arguments to httpd using apachectl is no longer supported." >&2\nexit 1\n')
LAYOUTS = {
    "Red Hat": Layout(
        'ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9.4"\n', "/etc/httpd", "conf/httpd.conf",
        "Listen 80\nInclude conf.modules.d/*.conf\n" + MAIN + "IncludeOptional conf.d/*.conf\n",
        {"conf.modules.d/00-base.conf": load(*MODULES), "conf.modules.d/00-ssl.conf": load("ssl", "socache_shmcb"),
         "conf.modules.d/10-rewrite.conf": load("rewrite"), "conf.d/ssl.conf": SSL_CONF},
        {"apachectl": REFUSES, "httpd": 'exec {httpd} "$@"\n'}, "conf.d/a.conf", "conf.d/a-le-ssl.conf"),
    "SUSE": Layout(
        'ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\n', "/etc/apache2", "httpd.conf",
        "Include /etc/apache2/sysconfig.d/loadmodule.conf\nInclude /etc/apache2/listen.conf\n" + MAIN
        + "IncludeOptional /etc/apache2/vhosts.d/*.conf\n",
        {"sysconfig.d/loadmodule.conf": load(*MODULES, "ssl", "socache_shmcb", "rewrite"),
         "listen.conf": "Listen 80\n<IfDefine SSL>\n<IfDefine !NOSSL>\n<IfModule mod_ssl.c>\nListen 443\n</IfModule>\n</IfDefine>\n</IfDefine>\n"},
        {"apachectl": CONTROL.replace("{flags}", "-D SSL")}, "vhosts.d/a.conf", "vhosts.d/a-le-ssl.conf"),
    "Gentoo": Layout(
        "ID=gentoo\n", "/etc/apache2", "httpd.conf",
        load(*MODULES) + "<IfDefine SSL>\n" + load("ssl", "socache_shmcb") + "</IfDefine>\n" + load("rewrite") + MAIN
        + "Listen 80\nInclude /etc/apache2/vhosts.d/*.conf\n",
        {"vhosts.d/00_default_ssl_vhost.conf": "<IfDefine SSL>\n" + SSL_CONF + "</IfDefine>\n",
         "/etc/conf.d/apache2": 'APACHE2_OPTS="-D DEFAULT_VHOST -D SSL"\n'},
        {"apache2ctl": CONTROL.replace("{flags}", "-D DEFAULT_VHOST -D SSL"), "apache2": 'exec {httpd} "$@"\n'}, "vhosts.d/a.conf", "vhosts.d/a-le-ssl.conf"),
    "Arch": Layout(
        "ID=arch\n", "/etc/httpd", "conf/httpd.conf",
        "Listen 80\n" + load(*MODULES, "ssl", "socache_shmcb", "rewrite") + MAIN
        + "Include conf/extra/httpd-ssl.conf\nInclude conf/extra/httpd-vhosts.conf\n",
        {"conf/extra/httpd-ssl.conf": SSL_CONF},
        {"apachectl": CONTROL.replace("{flags}", "")}, "conf/extra/httpd-vhosts.conf", "conf/extra/httpd-vhosts-le-ssl.conf",
        edited=["conf/httpd.conf"]),  # which includes the new file
    "FreeBSD": Layout(
        "ID=freebsd\nVERSION_ID=14.1\n", "/usr/local/etc/apache24", "httpd.conf",
        load(*MODULES, "ssl", "socache_shmcb", "rewrite") + MAIN + "Listen 80\nInclude etc/apache24/Includes/*.conf\n",
        {}, {"apachectl": CONTROL.replace("{flags}", "")}, "Includes/a.conf", "Includes/a-le-ssl.conf",
        server_root="/usr/local", edited=["httpd.conf"]),  # which listens on port 443
}


class Machine:
    def __init__(self, layout, area, trust):
        self.layout, self.area, self.root = layout, area, Path(layout.root)
        self.places = {"run": area / "run", "www": area / "www", "root": layout.server_root, "own": area / "own",
                       "httpd": f"/usr/sbin/apache2 -d {layout.server_root} -f {layout.root}/{layout.main}"}
        for folder in ("run", "www", "own", "bin"):
            (area / folder).mkdir()
        area.chmod(0o755)
        (area / "www" / "index.html").write_text("hello\n")
        (area / "own" / "cert.pem").write_bytes(Path(trust.cert).read_bytes())
        (area / "own" / "key.pem").write_bytes(Path(trust.key).read_bytes())
        release = Path("/etc/os-release")
        release.unlink()  # a link
        release.write_text(layout.release)
        shutil.rmtree(self.root, ignore_errors=True)  # Debian's
        for path, text in {layout.main: layout.text, layout.site: SITE, **layout.files}.items():
            self.write(self.root / path, text)
        for name, text in layout.programs.items():
            path = area / "bin" / name
            path.write_text("#!/bin/sh\n" + self.filled(text).replace("{flags}", ""))
            path.chmod(0o755)

    def filled(self, text):
        for word, value in self.places.items():
            text = text.replace("{" + word + "}", str(value))
        return text

    def write(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.filled(text))

    def control(self, *args):
        name = next(n for n in self.layout.programs if n.endswith("ctl"))
        with open(self.area / "control.log", "w+") as out:  # not a pipe: the server would keep it open
            done = subprocess.run([self.area / "bin" / name, *args], stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=60)
        log = self.area / "run" / "error_log"
        assert done.returncode == 0, (self.area / "control.log").read_text() + (log.read_text() if log.exists() else "")

    def stop(self):
        pid = self.area / "run" / "httpd.pid"
        if pid.exists():
            number = int(pid.read_text())
            self.control("stop")
            end = time.monotonic() + 15
            while os.path.exists(f"/proc/{number}/fd") and time.monotonic() < end:
                with contextlib.suppress(ChildProcessError):  # it may be a child of ours now (client.py)
                    os.waitpid(number, os.WNOHANG)
                time.sleep(0.02)

    def files(self):
        return {p.relative_to(self.root): p.read_bytes() for p in sorted(self.root.rglob("[!.]*")) if p.is_file()}


def ask(name, port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        context = ssl._create_unverified_context()
        with context.wrap_socket(plain, server_hostname=name) if port == 443 else plain as connection:
            cert = connection.getpeercert(binary_form=True) if port == 443 else None
            connection.sendall(f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode())
            return connection.makefile("rb").read().decode(), cert


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_one_command(layout, area, trust, make_client, new_ca):
    with own_network(), own_folders(area, "/etc", "/usr/local"):
        machine = Machine(layout, area, trust)
        ca = Pebble(area / "pebble", new_ca.programs, trust, settings={"httpPort": 80})
        client = make_client()
        try:
            ca.start()
            machine.control("start")
            before = machine.files()
            client.server, path = ca.url, {"PATH": f"{area}/bin:{os.environ['PATH']}"}
            done = client.run("run", "-n", "--agree-tos", "--register-unsafely-without-email", "--apache", "-d", "a.test", "-d",
                              "www.a.test", env=path)
            done.says("Successfully deployed certificate for a.test", str(machine.root / layout.made))
            machine.control("configtest")
            for name in ("a.test", "www.a.test"):
                assert f"Location: https://{name}/" in ask(name, 80)[0]
                text, cert = ask(name, 443)
                assert "hello" in text and cert == ssl.PEM_cert_to_DER_cert(client.store.live("a.test", "cert").read_text())
            after = machine.files()
            assert {str(p) for p in after if after[p] != before.get(p)} == {layout.site, layout.made} | layout.edited
            client.run("install", "-n", "--apache", "--cert-name", "a.test", env=path)
            assert machine.files() == after
            client.run("rollback", "--apache", "--checkpoints", "2", env=path)
            assert machine.files() == before and "hello" in ask("a.test", 80)[0]
        finally:
            machine.stop()
            ca.stop()
