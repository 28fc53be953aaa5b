"""How each client is told to do the same thing, each in its own folder with its own account."""
import os
import shutil
import subprocess
from pathlib import Path


class Contender:
    """program: path of the executable. ca: a running Pebble. home: the client's own folder."""
    name = ""

    def __init__(self, program, ca, home, trust, webroot=None):
        self.program, self.ca, self.home, self.trust, self.webroot = str(program), ca, home, trust, webroot
        home.mkdir(parents=True)

    def env(self):
        bundle = str(self.trust.ca)
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "TMPDIR": str(self.home), "LANG": "C.UTF-8",
                "XDG_CONFIG_HOME": str(self.home), "SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle,
                "CURL_CA_BUNDLE": bundle, "LEGO_CA_CERTIFICATES": bundle}

    def prepare(self):
        """Once, before anything is measured: makes the account."""

    def issue(self, name):
        raise NotImplementedError

    def version(self):
        return [self.program, "--version"]

    def once(self, argv):
        subprocess.run([str(a) for a in argv], env=self.env(), cwd=self.home, check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Certbot(Contender):
    name = "certbot"

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.config = self.home / "conf"

    def base(self, verb):
        return [self.program, verb, "--config-dir", self.config, "--work-dir", self.home / "work", "--logs-dir",
                self.home / "logs"]

    def prepare(self):
        self.once([*self.base("register"), "-n", "--agree-tos", "--register-unsafely-without-email", "--server",
                   self.ca.url])

    def issue(self, name):
        return [*self.base("certonly"), "-n", "--agree-tos", "--register-unsafely-without-email", "--standalone",
                "--server", self.ca.url, "--http-01-port", self.ca.http_port, "-d", name]

    def renew(self):
        return [*self.base("renew"), "--no-random-sleep-on-renew"]

    def certificates(self):
        return self.base("certificates")

    def account(self):
        return next(self.config.glob("accounts/**/regr.json")).parent.name


class Evercert(Certbot):
    name = "evercert"

    def doctor(self):
        return self.base("doctor")

    def status(self):
        """With all that is written of it."""
        return [*self.base("status"), "--html", self.home / "status.html", "--prometheus", self.home / "status.prom"]

    def renew_one(self):
        """The first lineage of whatever number there is."""
        name = min(self.config.glob("renewal/*.conf")).stem
        return [*self.renew(), "--cert-name", name, "--force-renewal"]


class Lego(Contender):
    name = "lego"

    def issue(self, name):
        return [self.program, "--path", self.home, "--server", self.ca.url, "--accept-tos", "--email", "a@example.org",
                "--http", "--http.port", f":{self.ca.http_port}", "-d", name, "run"]

    def prepare(self):
        self.once(self.issue("first.lego.test"))


class Uacme(Contender):
    """Has no responder of its own: nginx serves what its hook writes."""
    name = "uacme"

    def hook(self):
        path = self.home / "hook.sh"
        folder = self.webroot / ".well-known" / "acme-challenge"
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\n[ "$2" = http-01 ] || exit 1\ncase $1 in\nbegin) printf %s "$5" > {folder}/$4 ;;\n'
                        f'*) rm -f {folder}/$4 ;;\nesac\n')
        path.chmod(0o755)
        return path

    def prepare(self):
        self.hook_path = self.hook()
        self.once([self.program, "-y", "-a", self.ca.url, "-c", self.home / "uacme", "new"])

    def issue(self, name):
        return [self.program, "-a", self.ca.url, "-c", self.home / "uacme", "-t", "EC", "-h", self.hook_path, "issue", name]


class Dehydrated(Contender):
    """Has no responder of its own either."""
    name = "dehydrated"

    def prepare(self):
        folder = self.webroot / ".well-known" / "acme-challenge"
        folder.mkdir(parents=True, exist_ok=True)
        self.config = self.home / "config"
        self.config.write_text(f"CA={self.ca.url}\nBASEDIR={self.home}\nWELLKNOWN={folder}\nKEY_ALGO=prime256v1\n"
                               f"CURL_OPTS='--cacert {self.trust.ca}'\nAUTO_CLEANUP=no\n")
        self.once([self.program, "-f", self.config, "--register", "--accept-terms"])

    def issue(self, name):
        return [self.program, "-f", self.config, "-c", "-x", "-d", name, "-o", self.home / "out"]


PEERS = (Certbot, Lego, Uacme, Dehydrated)


def installed(peers=PEERS):
    return [(peer, shutil.which(peer.name)) for peer in peers if shutil.which(peer.name)]
