"""A real BIND 9 on loopback, with everything that it reads and writes in one folder.

    key = TsigKey("certs.example.", "hmac-sha512")
    bind = Bind(area / "bind", [Zone("example.test", update=f"grant {key.name} name _acme-challenge.example.test. TXT;")],
                keys=[key]).start()
    bind.values("_acme-challenge.example.test")         # the TXT values there, as a set
"""
import base64
import os
import re
import shutil

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rdatatype

from .ports import free_port, is_listening, loopback
from .process import Server

PROGRAM = "/usr/sbin/named"
TTL = 1


class TsigKey:
    """A shared secret (RFC 8945). Algorithms as BIND writes them: hmac-md5 ... hmac-sha512."""

    def __init__(self, name="certs.", algorithm="hmac-sha256", secret=None):
        self.name, self.algorithm = name, algorithm
        self.secret = secret or base64.b64encode(os.urandom(32)).decode()

    def clause(self):
        return f'key "{self.name}" {{ algorithm {self.algorithm}; secret "{self.secret}"; }};\n'

    def credentials(self, path, port, server="127.0.0.1", **more):
        """Writes Certbot's credentials file for it; more lines as key=value. Returns the path."""
        lines = {"server": server, "port": port, "name": self.name, "secret": self.secret,
                 "algorithm": self.algorithm.upper(), **more}
        path.touch(mode=0o600)
        path.write_text("".join(f"dns_rfc2136_{k} = {v}\n" for k, v in lines.items() if v is not None))
        return path


class Zone:
    """A zone from text.

    records    lines of a zone file; SOA and NS are there without asking, unless records have a SOA
    update     the rules of BIND's update-policy, who may change what
    options    more lines for the zone's clause
    primaries  "127.0.0.1 port 5300": it is a secondary, and has no records of its own
    address    of the name server in its NS record
    """

    def __init__(self, name, records="", *, update=None, options="", primaries=None, address="127.0.0.1"):
        self.name, self.records, self.update, self.options, self.primaries = name, records, update, options, primaries
        self.address = address

    def text(self):
        start = "" if " SOA " in self.records else (
            f"@ SOA ns hostmaster 1 3600 600 86400 {TTL}\n@ NS ns\nns A {self.address}\n")
        return f"$ORIGIN {self.name.rstrip('.')}.\n$TTL {TTL}\n{start}{self.records}\n"

    def clause(self, folder):
        file = folder / f"{self.name.strip('.') or 'root'}.zone"
        lines = [f'file "{file}";', self.options]
        if self.primaries:
            lines += ["type secondary;", f"primaries {{ {self.primaries}; }};"]
        else:
            file.write_text(self.text())
            lines += ["type primary;"]
        if self.update:
            lines.append(f"update-policy {{ {self.update} }};")
        return f'zone "{self.name}" {{ {" ".join(lines)} }};\n'


class Bind:
    """Authoritative for its zones, and resolves nothing else unless options say `recursion yes;`.

    views    {name: (what it matches, its zones)} instead of zones: {"inside": ("match-clients { 127.0.0.2; };", [...])}
    keys     TSIG keys that it knows
    addresses  where it listens: loopback, unless said otherwise
    options  more lines for its options
    statements  more of its configuration, beside the options
    env      more of its environment
    """

    def __init__(self, home, zones=(), *, views=None, keys=(), port=None, addresses=None, options="",
                 statements="", env=None):
        self.home, self.zones, self.views, self.keys = home, list(zones), views, list(keys)
        self.port, self.options, self.statements = port, options, statements
        self.addresses, self.env = addresses or loopback(), env
        home.mkdir(parents=True, exist_ok=True)

    def _zones(self, folder, zones):
        folder.mkdir(exist_ok=True)
        return "".join(zone.clause(folder) for zone in zones)

    def config(self):
        listen = "".join(f"listen-on{'-v6' if ':' in a else ''} port {self.port} {{ {a}; }};\n" for a in self.addresses)
        if not any(":" in a for a in self.addresses):
            listen += "listen-on-v6 { none; };\n"
        if self.views is None:
            served = self._zones(self.home / "zones", self.zones)
        else:
            served = "".join(f'view "{name}" {{ {match}\n{self._zones(self.home / name, zones)} }};\n'
                             for name, (match, zones) in self.views.items())
        recursion = "" if "recursion" in self.options else "recursion no;"
        validation = "" if "dnssec-validation" in self.options else "dnssec-validation no;"
        return f"""
options {{
    directory "{self.home}"; pid-file "{self.home}/named.pid"; session-keyfile none;
    managed-keys-directory "{self.home}"; {validation} empty-zones-enable no;
    allow-query {{ any; }}; allow-transfer {{ any; }}; notify explicit; max-cache-size 8M; {recursion}
    {listen}{self.options}
}};
controls {{ }};
logging {{ category update-security {{ default_stderr; }}; category dnssec {{ default_stderr; }}; }};
{"".join(key.clause() for key in self.keys)}{self.statements}{served}"""

    def start(self):
        chosen = self.port
        for attempt in range(3):  # a port may be taken between our choice and the bind
            self.port = chosen or free_port()
            if self._start_once():
                return self
            self.stop()
        raise RuntimeError(f"named does not start:\n{self.log()}")

    def _start_once(self):
        config = self.home / "named.conf"
        config.touch(mode=0o600)
        config.write_text(self.config())
        self.server = Server([self._program(), "-g", "-n", "1", "-c", config], self.home / "named.log",
                             env={**os.environ, **(self.env or {})})
        return self.server.wait_until(lambda: re.search(" running$", self.server.text(), re.M)
                                      and all(is_listening(self.port, a) for a in self.addresses))

    def _program(self):
        """BIND's own, under another path where a profile of AppArmor would bind it to /etc/bind."""
        try:
            confined = open("/sys/module/apparmor/parameters/enabled").read().startswith("Y")
        except OSError:
            confined = False
        if not confined:
            return PROGRAM
        return shutil.copy(PROGRAM, self.home / "named")

    def log(self):
        return self.server.text()

    def stop(self):
        self.server.stop()

    def ask(self, name, kind="TXT", **how):
        return ask(self.port, name, kind, **how)

    def values(self, name, **how):
        return values(self.port, name, **how)


def ask(port, name, kind="TXT", *, server="127.0.0.1", recurse=False, timeout=5):
    """The answer of a name server to one question, as dnspython has it."""
    question = dns.message.make_query(name, kind)
    if not recurse:
        question.flags &= ~dns.flags.RD
    return dns.query.tcp(question, server, timeout, port)


def values(port, name, **how):
    """The values of the TXT records of a name there."""
    answer = ask(port, name, "TXT", **how)
    return {b"".join(record.strings).decode() for rrset in answer.answer
            if rrset.rdtype == dns.rdatatype.TXT for record in rrset}
