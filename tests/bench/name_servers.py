"""One wildcard certificate by signed updates of a BIND that the CA asks: ours, Certbot's plugin, lego.

Nobody waits for records to spread: there is one name server, which has them at once.
"""
import itertools
import tempfile
from pathlib import Path

import clients
from peers.bind import Bind, TsigKey, Zone
from peers.pebble import Pebble

ZONE = "bench.test"
PLUGIN = Path("/usr/lib/python3/dist-packages/certbot_dns_rfc2136")

numbers = itertools.count()


def by_update(contender):
    """Arguments of ours and Certbot's."""
    contender.issue = lambda name: [
        *contender.base("certonly"), "-n", "--agree-tos", "--register-unsafely-without-email", "--server", contender.ca.url,
        "--dns-rfc2136", "--dns-rfc2136-credentials", contender.credentials, "--dns-rfc2136-propagation-seconds", "0", "-d", name]


class Lego(clients.Lego):
    def env(self):
        return {**super().env(), "RFC2136_NAMESERVER": f"127.0.0.1:{self.bind.port}", "RFC2136_TSIG_KEY": self.key.name,
                "RFC2136_TSIG_ALGORITHM": f"{self.key.algorithm}.", "RFC2136_TSIG_SECRET": self.key.secret}

    def issue(self, name):
        return [self.program, "--path", self.home, "--server", self.ca.url, "--accept-tos", "--email", "a@example.org",
                "--dns", "rfc2136", "--dns.disable-cp", "--dns.resolvers", f"127.0.0.1:{self.bind.port}", "-d", name, "run"]

    def prepare(self):
        self.once(self.issue(f"*.first.{ZONE}"))


def one_wildcard(report, programs, ca_programs, area, trust, rounds, take_turns):
    """programs: [(class, path)] of the clients that are here."""
    key = TsigKey("bench.", "hmac-sha512")
    home = Path(tempfile.mkdtemp(dir=area))
    bind = Bind(home / "bind", [Zone(ZONE, update=f"grant {key.name} zonesub TXT;")], keys=[key]).start()
    ca = Pebble(home / "pebble", ca_programs, trust, dns_server=f"127.0.0.1:{bind.port}").start()
    try:
        contenders = []
        for cls, path in programs:
            if cls is clients.Certbot and not PLUGIN.exists():
                continue
            contender = (Lego if cls is clients.Lego else cls)(path, ca, home / cls.name, trust)
            contender.bind, contender.key = bind, key
            if isinstance(contender, clients.Certbot):
                contender.credentials = key.credentials(contender.home / "dns.ini", bind.port)
                by_update(contender)
            contender.prepare()
            contenders.append(contender)

        commands = {c.name: (lambda c=c: (c.issue(f"*.n{next(numbers)}.{ZONE}"), c)) for c in contenders}
        costs = take_turns(commands, rounds)
        for name, sizes in take_turns(commands, 3, memory=True).items():
            for cost, size in zip(costs[name], itertools.cycle(sizes)):
                cost.pss, cost.rss = size.pss, size.rss
        report.table("One wildcard certificate by RFC 2136", costs, ["wall", "cpu", "pss", "rss"],
                     "BIND has the zone, and the CA asks it. Account made beforehand; nobody waits or looks whether the record is there.")
    finally:
        ca.stop()
        bind.stop()
    return costs
