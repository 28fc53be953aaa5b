"""A CA that shares the machine's resolver, which remembers for an hour that a name is not there: nothing asks it about the name of a
challenge before the record is there. In a network of its own, with the zones' servers and the resolver each on port 53."""
import re
import tempfile
import threading
from pathlib import Path

import dns.message
import dns.rdatatype
import pytest
from own_network import own_network, with_name_servers
from peers.bind import Bind, TsigKey, Zone, values
from peers.dns_relay import DnsRelay
from peers.pebble import Pebble
from test_dns_waits import First, challenge

from conftest import programs_of

pytestmark = pytest.mark.ours

KEY = TsigKey("certs.", "hmac-sha256")
FIRST, SECOND, RESOLVER, NOBODY = "127.0.0.1", "127.0.0.2", "127.0.0.4", "127.0.0.9"
HOUR = 3600
MAY = f"grant {KEY.name} zonesub TXT;"


def start(*servers):
    return f"@ {HOUR} SOA ns1.infra.test. hostmaster.infra.test. 1 3600 600 86400 {HOUR}\n" + "".join(
        f"@ NS {server}.infra.test.\n" for server in servers)


ZONES = [Zone("test", start("ns1") + f"infra NS ns1.infra\nns1.infra A {FIRST}\n"), Zone("infra.test", start("ns1") + f"ns1 A {FIRST}\nns2 A {SECOND}\nns9 A {NOBODY}\n"),
         Zone("example.test", start("ns1", "ns2") + "_acme-challenge.given NS ns1.infra.test.\n", update=MAY),
         Zone("_acme-challenge.given.example.test", start("ns1"), update=MAY),
         Zone("acme.test", start("ns1", "ns2"), update=MAY),
         Zone("front.test", start("ns1") + "_acme-challenge CNAME front.acme.test.\n", update=MAY),
         # CNAMEs of wildcards: to a zone that we may change and to one that we may not, and within the zone.
         Zone("wild.test", start("ns1") + "*.away CNAME lb.acme.test.\n*.foreign CNAME lb.infra.test.\n*.near CNAME lb\nlb TXT other\n", update=MAY),
         Zone("closed.test", start("ns9"), update=MAY)]


LEADS = {f"{challenge('front.test')}.": "front.acme.test.", f"{challenge('www.away.wild.test')}.": "lb.acme.test."}


class Watch:
    """For the relay before the resolver: what it is asked about a challenge, and whether the record is there by then, everywhere."""

    def __init__(self):
        self.questions, self.lock = [], threading.Lock()

    def __call__(self, wire, answer):
        question = dns.message.from_wire(wire, ignore_trailing=True).question[0]
        name = question.name.to_text().lower()
        if "_acme-challenge" in name or name in LEADS.values():
            there = all(values(53, LEADS.get(name, name), server=server) - {"other"} for server in (FIRST, SECOND))
            with self.lock:
                self.questions.append((name, dns.rdatatype.to_text(question.rdtype), there))
        return answer


@pytest.fixture(scope="module")
def site(session_area, trust):
    area = Path(tempfile.mkdtemp(dir=session_area))
    with own_network():
        bind = Bind(area / "bind", ZONES, keys=[KEY], port=53, addresses=[FIRST]).start()
        stubs = "".join(f'zone "{zone.name}" {{ type static-stub; server-addresses {{ {FIRST}; }}; }};\n' for zone in ZONES)
        cache = Bind(area / "cache", addresses=[FIRST], options="recursion yes; allow-recursion { any; };", statements=stubs).start()
        relay = DnsRelay(cache.port, port=53, address=RESOLVER)
        ca = Pebble(area / "ca", programs_of("new"), trust, dns_server=f"{RESOLVER}:53")
        try:
            yield bind, ca.start(), relay, KEY.credentials(area / "dns.ini", 53)
        finally:
            ca.stop()
            relay.stop()
            cache.stop()
            bind.stop()


@pytest.fixture
def watch(site):
    site[2].edit = Watch()
    yield site[2].edit
    site[2].edit = None


@pytest.fixture
def second():
    relay = DnsRelay(53, port=53, address=SECOND)
    yield relay
    relay.stop()


@pytest.fixture
def client(request, make_client, site):
    made = make_client(site[1])
    made.program = with_name_servers(request.config.program.resolve(), made.area / "program", RESOLVER)
    return made


def obtain(client, site, *names, more=(), **how):
    return client.certonly(names, "--dns-rfc2136-credentials", site[3], *more, authenticator="--dns-rfc2136", **how)


def test_not_before_the_record_is_there(client, site, watch, second):
    """Names whose parents are there or not, one that is a zone of its own, and a CNAME into another zone, while one server is late."""
    second.edit = First(3)
    names = ["example.test", "new.example.test", "a.deep.example.test", "given.example.test", "front.test"]
    looked = client.run("preflight", "--dns-rfc2136", "--dns-rfc2136-credentials", site[3], *(w for name in names for w in ("-d", name)), "--json")
    assert [f["code"] for f in looked.json()["findings"]] == ["challenge-alias"]
    assert watch.questions == []
    obtain(client, site, *names)
    assert {name for name, _, _ in watch.questions} >= {f"{challenge(name)}." for name in names}
    assert [question for question in watch.questions if not question[2]] == []


def test_servers_that_are_not_reached(client, site, watch, second):
    """Then nobody is asked, as a CA that is not in public may share the resolver, and it is said."""
    obtain(client, site, "www.closed.test", more=["--dns-rfc2136-propagation-seconds", "0"])
    assert re.search(rf"Whether {challenge('www.closed.test')} is a CNAME cannot be seen from here: ns9.infra.test \({NOBODY}\) does not "
                     "answer", client.log())
    assert {kind for _, kind, _ in watch.questions} == {"TXT"}  # the CA's


@pytest.mark.parametrize("below, told", [
    ("away", "put at lb.acme.test, where {} leads by a wildcard"),
    ("foreign", "The record is put at {} instead"),
    ("near", None),
])
def test_cnames_of_wildcards(client, site, watch, second, below, told):
    """Followed to another zone that can be changed. In the same zone, or where that is not possible, a record of the name's own takes its
    place, which is what the CA then sees."""
    bind, name = site[0], f"www.{below}.wild.test"
    obtain(client, site, name)
    if told:
        assert told.format(challenge(name)) in client.log()
    else:
        assert "by a wildcard" not in client.log() and "instead" not in client.log()
    assert [question for question in watch.questions if not question[2]] == []
    assert bind.values(challenge(name)) == ({"other"} if below == "near" else set())
    assert bind.values("lb.acme.test") == set() and bind.values("lb.wild.test") == {"other"}
