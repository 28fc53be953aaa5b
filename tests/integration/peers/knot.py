"""A real Knot DNS on loopback, with everything that it reads and writes in one folder. Zones and keys are those of bind.py."""
from .bind import ask, values
from .ports import free_port, is_listening, loopback
from .process import Server

PROGRAM = "/usr/sbin/knotd"

CONFIG = """
server:
    rundir: {home}
    listen: [{listen}]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: {home}/db
key:
{keys}
acl:
{acl}
template:
  - id: default
    storage: {home}/zones
    journal-max-usage: 1M
zone:
{zones}
"""

# What the key may change, and nothing else: docs/dns.md has the same lines.
ACL = """
  - id: certificates
    key: {key}
    action: update
    update-type: TXT
    update-owner: name
    update-owner-match: equal
    update-owner-name: _acme-challenge
"""


class Knot:
    """Serves its zones (bind.Zone). The first key may change TXT records at _acme-challenge of each, unless acl says otherwise."""

    def __init__(self, home, zones, *, keys, acl=ACL, port=None):
        self.home, self.zones, self.keys, self.acl, self.port = home, list(zones), list(keys), acl, port
        for folder in (home, home / "zones", home / "db"):
            folder.mkdir(parents=True, exist_ok=True)

    def start(self):
        chosen = self.port
        for attempt in range(3):  # a port may be taken between our choice and the bind
            self.port = chosen or free_port()
            if self._start_once():
                return self
            self.stop()
        raise RuntimeError(f"knotd does not start:\n{self.log()}")

    def _start_once(self):
        for zone in self.zones:
            (self.home / "zones" / f"{zone.name}.zone").write_text(zone.text())
        keys = "".join(f"  - id: {k.name}\n    algorithm: {k.algorithm}\n    secret: {k.secret}\n" for k in self.keys)
        config = self.home / "knot.conf"
        config.touch(mode=0o600)
        config.write_text(CONFIG.format(
            home=self.home, listen=", ".join(f'"{a}@{self.port}"' for a in loopback()), keys=keys,
            acl=self.acl.format(key=self.keys[0].name),
            zones="".join(f"  - domain: {z.name}\n    file: {z.name}.zone\n    acl: certificates\n" for z in self.zones)))
        self.server = Server([PROGRAM, "-c", config], self.home / "knot.log")
        return self.server.wait_until(lambda: all(is_listening(self.port, a) for a in loopback())
                                      and all(ask(self.port, z.name, "SOA").answer for z in self.zones))

    def log(self):
        return self.server.text()

    def stop(self):
        self.server.stop()

    def values(self, name, **how):
        return values(self.port, name, **how)
