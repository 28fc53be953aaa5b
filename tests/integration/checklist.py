"""The program as Certbot's own integration tests start it: by the name `certbot`, by an ordinary user, with a long list of
options before the subcommand and a few after everything else."""
import os
import pwd
import shutil
import sys

from client import Client


class Checklist(Client):
    """ordinary: root becomes an ordinary user for it."""

    def __init__(self, program, area, trust, ca, ordinary=True):
        super().__init__(program, area, trust, ca)
        self.forced = self.names_server = True
        if ordinary and os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.as_user = (nobody.pw_uid, nobody.pw_gid)
        for path in (area, self.tmp):
            self.give(path)

    def give(self, path):
        """Makes a file or folder of ours the ordinary user's."""
        if self.as_user:
            os.chown(path, *self.as_user)
        return path

    def folder(self, name):
        path = self.area / name
        path.mkdir()
        return self.give(path)

    def environment(self, more=None):
        # Only --no-verify-ssl makes the CA acceptable.
        return super().environment({"TMPDIR": str(self.area), "SSL_CERT_FILE": None, "REQUESTS_CA_BUNDLE": None, **(more or {})})

    def argv(self, *args):
        return [str(self.program), "--no-verify-ssl", "--http-01-port", str(self.http_port), "--https-port",
                str(self.ca.tls_port), "--config-dir", str(self.config), "--work-dir", str(self.work), "--logs-dir",
                str(self.logs), "--non-interactive", "--no-redirect", "--agree-tos",
                "--register-unsafely-without-email", "--debug", "-vv", "--authenticator", "standalone", "--installer", "null",
                *map(str, args), "--no-random-sleep-on-renew", *(["--renew-by-default"] if self.forced else []),
                *(["--server", self.server] if self.names_server else [])]

    def __call__(self, *args, forced=True, names_server=True, **more):
        """Runs it; `forced` and `names_server` tell whether --renew-by-default and --server are passed."""
        self.forced, self.names_server = forced, names_server
        return self.run(*args, **more)

    def count(self, name):
        """How many certificates the archive of a lineage holds."""
        return len(list(self.store.archive(name).glob("cert*")))

    def params(self, name):
        return self.store.conf(name)["renewalparams"]

    def private_key(self, name, version):
        return (self.store.archive(name) / f"privkey{version}.pem").read_bytes()

    # Commands for hooks.

    def note(self, word):
        """A command that notes that it ran."""
        return f"echo {word} >> {self.area}/noted"

    def noted(self):
        """The words noted since the last call."""
        path = self.area / "noted"
        words = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return words

    def hooks(self):
        return ["--pre-hook", self.note("pre"), "--post-hook", self.note("post"), "--deploy-hook", self.note("deploy")]

    def script(self, kind, *lines):
        """An executable in a directory of hooks."""
        path = self.config / "renewal-hooks" / kind / "hook.sh"
        path.write_text("#!/bin/sh\nset -eu\n" + "\n".join(lines) + "\n")
        path.chmod(0o755)

    def python(self, program):
        interpreter = shutil.which("python3", path="/usr/bin:/bin") or sys.executable  # ours may lie in a closed folder
        return f'{interpreter} -c "{program}"'

    def dns_hook(self, verb, failing="fail"):
        """Tells the CA's DNS server; names that begin with `failing` make it end with an error instead."""
        assert verb in ("set-txt", "clear-txt")
        return self.python(
            "import json, os, sys, urllib.request as web; name = os.environ['CERTBOT_DOMAIN']; "
            f"name.startswith('{failing}') and sys.exit(1); "
            "body = {'host': '_acme-challenge.' + name + '.', 'value': os.environ['CERTBOT_VALIDATION']}; "
            f"web.urlopen('http://127.0.0.1:{self.ca.dns_management}/{verb}', json.dumps(body).encode())")

    def dns_hooks(self):
        return ["--manual-auth-hook", self.dns_hook("set-txt"), "--manual-cleanup-hook", self.dns_hook("clear-txt")]

    def http_hooks(self, root):
        """The same for files below a web root, which has to be the ordinary user's."""
        folder = f"'{root}/.well-known/acme-challenge'"
        return ["--manual-auth-hook", self.python(
                    f"import os; os.makedirs({folder}, exist_ok=True); os.chdir({folder}); "
                    "open(os.environ['CERTBOT_TOKEN'], 'w').write(os.environ['CERTBOT_VALIDATION'])"),
                "--manual-cleanup-hook", self.python(f"import os; os.remove({folder} + '/' + os.environ['CERTBOT_TOKEN'])")]
