"""A real PowerDNS on loopback, with its zones in SQLite. Zones and keys are those of bind.py, records "NAME TYPE DATA" a line."""
import sqlite3

from .bind import TTL, ask, values
from .ports import free_port, is_listening, loopback
from .process import Server

PROGRAM = "/usr/sbin/pdns_server"
SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"

CONFIG = """
daemon=no
guardian=no
launch=gsqlite3
gsqlite3-database={home}/pdns.sqlite3
local-address={addresses}
local-port={port}
socket-dir={home}
security-poll-suffix=
zone-cache-refresh-interval=0
query-cache-ttl=0
cache-ttl=0
negquery-cache-ttl=0
receiver-threads=1
distributor-threads=1
disable-syslog=yes
dnsupdate=yes
allow-dnsupdate-from=
{more}
"""

# What the key may change, and nothing else: docs/dns.md has the same lines.
POLICY = """
function updatepolicy(input)
    return input:getTsigName():toString() == "{key}"
        and input:getQType() == pdns.TXT
        and input:getQName():toString() == "_acme-challenge." .. input:getZoneName():toString()
end
"""


class PowerDns:
    """Serves its zones (bind.Zone). The first key may change TXT records at _acme-challenge of each; policy=None: all records."""

    def __init__(self, home, zones, *, keys, policy=POLICY, port=None):
        self.home, self.zones, self.keys, self.policy, self.port = home, list(zones), list(keys), policy, port
        home.mkdir(parents=True, exist_ok=True)

    def _fill(self):
        database = sqlite3.connect(self.home / "pdns.sqlite3")
        with database:
            database.executescript(open(SCHEMA).read())
            for key in self.keys:
                database.execute("INSERT INTO tsigkeys (name, algorithm, secret) VALUES (?, ?, ?)",
                                 (key.name.rstrip("."), key.algorithm, key.secret))
            for zone in self.zones:
                self._fill_zone(database, zone)
        database.close()

    def _fill_zone(self, database, zone):
        made = database.execute("INSERT INTO domains (name, type) VALUES (?, 'MASTER')", (zone.name,)).lastrowid
        records = [("@", "SOA", f"ns.{zone.name} hostmaster.{zone.name} 1 3600 600 86400 {TTL}"),
                   ("@", "NS", f"ns.{zone.name}"), ("ns", "A", "127.0.0.1")]
        records += [line.split(None, 2) for line in zone.records.splitlines() if line.strip()]
        for name, kind, data in records:
            database.execute("INSERT INTO records (domain_id, name, type, content, ttl, auth) VALUES (?, ?, ?, ?, ?, 1)",
                             (made, zone.name if name == "@" else f"{name}.{zone.name}", kind, data, TTL))
        for kind, content in (("TSIG-ALLOW-DNSUPDATE", self.keys[0].name.rstrip(".")), ("ALLOW-DNSUPDATE-FROM", "127.0.0.0/8"),
                              ("ALLOW-DNSUPDATE-FROM", "::1/128")):
            database.execute("INSERT INTO domainmetadata (domain_id, kind, content) VALUES (?, ?, ?)", (made, kind, content))

    def start(self):
        self._fill()
        chosen = self.port
        for attempt in range(3):  # a port may be taken between our choice and the bind
            self.port = chosen or free_port()
            if self._start_once():
                return self
            self.stop()
        raise RuntimeError(f"pdns_server does not start:\n{self.log()}")

    def _start_once(self):
        more = ""
        if self.policy:
            script = self.home / "policy.lua"
            script.write_text(self.policy.format(key=self.keys[0].name))
            more = f"lua-dnsupdate-policy-script={script}"
        (self.home / "pdns.conf").write_text(CONFIG.format(home=self.home, port=self.port, more=more,
                                                            addresses=",".join(loopback())))
        self.server = Server([PROGRAM, f"--config-dir={self.home}"], self.home / "pdns.log")
        return self.server.wait_until(lambda: all(is_listening(self.port, a) for a in loopback())
                                      and all(ask(self.port, z.name, "SOA").answer for z in self.zones))

    def log(self):
        return self.server.text()

    def stop(self):
        self.server.stop()

    def values(self, name, **how):
        return values(self.port, name, **how)
