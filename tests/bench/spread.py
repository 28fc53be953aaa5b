#!/usr/bin/python3
"""Wildcard orders by RFC 2136 that wait for a name server which takes each record over a minute late.

    sudo tests/bench/spread.py build/evercert [--count 1000] [--late 60] [--jobs 8]     # or: bench.py build/evercert --only spread

In a network of its own: BIND is the zone's first name server and the system's resolver, a relay to it the second one, which shows a
record `late` seconds after it was first asked for it. Prints how long `renew` took for all of them.
"""
import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "integration")]
sys.dont_write_bytecode = True

import dns.flags  # noqa: E402
import dns.message  # noqa: E402
import dns.rdatatype  # noqa: E402
import certs  # noqa: E402
from client import Client  # noqa: E402
from fleet import Fleet  # noqa: E402
from own_network import own_network, with_name_servers  # noqa: E402
from peers.bind import Bind, TsigKey, Zone  # noqa: E402
from peers.dns_relay import DnsRelay  # noqa: E402
from peers.pebble import Pebble, find_programs  # noqa: E402

FIRST, SECOND = "127.0.0.1", "127.0.0.2"


class Late:
    """Shows a name's TXT records only so many seconds after it was first asked for them."""

    def __init__(self, seconds):
        self.seconds, self.since, self.lock = seconds, {}, threading.Lock()

    def __call__(self, wire, answer):
        question = dns.message.from_wire(wire, ignore_trailing=True)
        if question.question[0].rdtype != dns.rdatatype.TXT:
            return answer
        with self.lock:
            since = self.since.setdefault(question.question[0].name, time.monotonic())
        if time.monotonic() - since >= self.seconds:
            return answer
        nothing = dns.message.make_response(question)
        nothing.flags |= dns.flags.AA
        return nothing.to_wire()


class Wildcards(Fleet):
    def _issue(self, name, days_left):
        return super()._issue(f"*.{name}", days_left)


def fill(client, count, credentials):
    client.register()
    names = Wildcards(client.config, client.server, client.store.account_id(), 80, one_key=True).add_many(count, 5, "w")
    for name in names:
        conf = client.store.renewal(name)
        conf.write_text(conf.read_text().replace("authenticator = standalone", "authenticator = dns-rfc2136\n"
                                                 f"dns_rfc2136_credentials = {credentials}"))
    return names


@dataclass
class Outcome:
    done: int       # certificates
    wall: float     # seconds
    questions: int  # for TXT, at the late server
    rss: int        # bytes, of the largest process
    said: str

    def failures(self):
        return "\n".join(line for line in self.said.splitlines() if line.startswith("Failed to renew"))[:3000] or self.said[-3000:]


def run(program, count, late, jobs, area):
    """Outcome of one `renew`; in a network of its own, where every port is free."""
    key = TsigKey("certs.")
    apex = "@ SOA ns1.infra.test. hostmaster 1 3600 600 86400 1\n@ NS ns1.infra.test.\n"
    zones = [Zone("infra.test", f"{apex}ns1 A {FIRST}\nns2 A {SECOND}\n"),
             Zone("fleet.test", f"{apex}@ NS ns2.infra.test.\n", update=f"grant {key.name} zonesub TXT;")]
    trust = certs.make_trust(area / "trust")
    bind = Bind(area / "bind", zones, keys=[key], port=53, addresses=[FIRST]).start()
    relay = DnsRelay(53, port=53, address=SECOND)
    relay.edit = Late(late)
    ca = Pebble(area / "ca", find_programs("new", HERE.parent.parent / "tools"), trust, dns_server=f"{FIRST}:53").start()
    try:
        (area / "client").mkdir()
        client = Client(program, area / "client", trust, ca)
        client.program = with_name_servers(program, area / "client" / "program", FIRST)
        fill(client, count, key.credentials(area / "dns.ini", 53))
        begin = time.monotonic()
        said = client.renew("--jobs", str(jobs), status=None, timeout=1200)
        took = time.monotonic() - begin
        return Outcome(said.out.count("(success)"), took, relay.asked("TXT"),
                       resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, said.text)
    finally:
        ca.stop()
        relay.stop()
        bind.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=lambda p: Path(p).resolve())
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--late", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evercert-spread-") as area, own_network():
        os.chmod(area, 0o755)
        got = run(options.program, options.count, options.late, options.jobs, Path(area))
    print(f"{got.done} of {options.count} wildcard orders, each record {options.late} s late at one of two name servers, "
          f"--jobs {options.jobs}: {got.wall:.1f} s; {got.questions} questions for TXT at that server; at most {got.rss >> 20} MiB")
    if got.done != options.count:
        print(got.failures())
    return 0 if got.done == options.count else 1


if __name__ == "__main__":
    sys.exit(main())
