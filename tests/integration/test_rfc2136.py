"""--dns-rfc2136: certificates by signed updates of real name servers, which the CA asks."""
import os
import signal
import struct
import subprocess
import tempfile
from pathlib import Path

import dns.opcode
import dns.rdataclass
import dns.rdatatype
import pytest
from client import read_until
from own_network import with_name_servers
from peers import knot, powerdns
from peers.bind import Bind, TsigKey, Zone
from peers.dns_relay import DnsRelay
from peers.ports import free_port, loopback, well_known_address

PEERS = Path(__file__).resolve().parent / "peers"
ALGORITHMS = ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"]
KEYS = {name: TsigKey(f"{name}.certs.", name) for name in ALGORITHMS}
KEY = KEYS["hmac-sha256"]
STRANGER = TsigKey("stranger.", "hmac-sha256")
SOMEBODY_ELSES = "somebody else's"


def challenge_of(zone):
    return f"_acme-challenge.{zone}"


def may_prove(zone, *keys):
    """A rule of BIND's: this key changes TXT records at the challenge's name, and nothing else."""
    return "".join(f"grant {key.name} name {challenge_of(zone)}. TXT; " for key in keys)


def zone(name, *keys, records=f'_acme-challenge TXT "{SOMEBODY_ELSES}"', **more):
    return Zone(name, records, update=may_prove(name, *(keys or KEYS.values())), **more)


def zones(address):
    own = f"grant {KEY.name} name _acme-challenge.own.test. TXT;"
    return [zone("example.test", address=address), zone("other.test", address=address),
            Zone("own.test", "_acme-challenge NS ns", address=address),
            Zone("_acme-challenge.own.test", "@ SOA ns.own.test. hostmaster.own.test. 1 3600 600 86400 1\n@ NS ns.own.test.", update=own)]


@pytest.fixture(scope="module")
def face():
    """The address at which the BIND of these tests is asked as name servers are: on port 53."""
    return well_known_address()


@pytest.fixture(scope="module")
def bind(session_area, face):
    server = Bind(Path(tempfile.mkdtemp(dir=session_area)), zones(face), keys=[*KEYS.values(), STRANGER]).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def port_53(bind, face):
    if os.geteuid() != 0:
        pytest.skip("port 53 is root's")
    relay = DnsRelay(bind.port, port=53, address=face)
    yield face
    relay.stop()


@pytest.fixture(scope="module")
def bind_ca(start_pebble, bind):
    return start_pebble("new", f"asks-bind-{bind.port}", dns_server=f"127.0.0.1:{bind.port}")


@pytest.fixture
def make_resolving(make_client, port_53):
    """make_resolving(ca): a client whose resolver is the BIND of these tests."""
    def make(ca):
        client = make_client(ca)
        client.program = with_name_servers(client.program, client.area / "resolving", port_53)
        return client
    return make


@pytest.fixture
def client(make_resolving, bind_ca):
    return make_resolving(bind_ca)


@pytest.fixture
def relay(bind):
    made = DnsRelay(bind.port)
    yield made
    made.stop()


def options(credentials, seconds=0):
    wait = [] if seconds is None else ["--dns-rfc2136-propagation-seconds", str(seconds)]
    return ["--dns-rfc2136-credentials", credentials, *wait]


def obtain(client, credentials, *names, seconds=0, **more):
    return client.certonly(names, *options(credentials, seconds), authenticator="--dns-rfc2136", **more)


def both(name):
    return name, f"*.{name}"


def updates(relay):
    """What was changed through a relay: (zone, class, name, value) of each record, update by update."""
    found = []
    for message in relay.seen:
        if message.opcode() == dns.opcode.UPDATE:
            found.append([(message.zone[0].name.to_text(), dns.rdataclass.to_text(rrset.deleting or rrset.rdclass),
                           rrset.name.to_text(), record.to_text()) for rrset in message.update for record in rrset])
    return found


# ---- servers and algorithms ----

@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_algorithms(client, bind, area, algorithm):
    """A name and its wildcard: two values under one name, besides one that stays."""
    obtain(client, KEYS[algorithm].credentials(area / "dns.ini", bind.port), *both("example.test"))
    client.store.check(["example.test"])
    assert bind.values(challenge_of("example.test")) == {SOMEBODY_ELSES}


@pytest.mark.ours
def test_no_time_is_said(client, bind, area):
    """The name servers of the zone are asked until they have the records."""
    credentials = KEY.credentials(area / "dns.ini", bind.port)
    said = obtain(client, credentials, *both("example.test"), seconds=None)
    assert "seconds for DNS changes" not in said.text
    assert "dns_rfc2136_propagation_seconds" not in client.store.conf("example.test")["renewalparams"]
    assert bind.values(challenge_of("example.test")) == {SOMEBODY_ELSES}


@pytest.mark.ours
@pytest.mark.parametrize("kind", [knot.Knot, powerdns.PowerDns], ids=["knot", "powerdns"])
def test_other_servers(make_resolving, start_pebble, area, kind):
    """Set up as docs/dns.md says; what the key may not change it does not change."""
    server = kind(area / "server", [Zone("example.test", f'_acme-challenge TXT "{SOMEBODY_ELSES}"')],
                  keys=[KEY, STRANGER]).start()
    try:
        ca = start_pebble("new", f"asks-{kind.__name__}", dns_server=f"127.0.0.1:{server.port}")
        obtain(make_resolving(ca), KEY.credentials(area / "dns.ini", server.port), *both("example.test"))
        assert server.values(challenge_of("example.test")) == {SOMEBODY_ELSES}
        wrong = TsigKey(KEY.name, KEY.algorithm)
        obtain(make_resolving(ca), wrong.credentials(area / "wrong.ini", server.port), "example.test", status=1).says(
            "Received response from server: REFUSED" if kind is powerdns.PowerDns else "BADSIG: the server has another secret")
        for number, (key, name) in enumerate([(STRANGER, "example.test"), (KEY, "www.example.test")]):
            refused = obtain(make_resolving(ca), key.credentials(area / f"{number}.ini", server.port), name, status=1)
            if kind is knot.Knot:  # PowerDNS says that it has done it
                refused.says(f"BADKEY: the server has no key {key.name} for HMAC-SHA256", "Knot says the same")
            assert server.values(challenge_of(name)) == ({SOMEBODY_ELSES} if name == "example.test" else set())
    finally:
        server.stop()


@pytest.mark.skipif("::1" not in loopback(), reason="no IPv6 here")
def test_ipv6(client, bind, area):
    obtain(client, KEY.credentials(area / "dns.ini", bind.port, "::1"), "example.test")


@pytest.mark.ours
def test_two_zones_and_renewal(client, bind, relay, area):
    """One update for all values of a zone, by TCP, and renewal with what is saved."""
    credentials = KEY.credentials(area / "dns.ini", relay.port)
    obtain(client, credentials, *both("example.test"), *both("other.test"))

    added, removed = updates(relay)[:2], updates(relay)[2:]
    assert sorted(update[0][0] for update in added) == sorted(update[0][0] for update in removed) == ["example.test.", "other.test."]
    for update in added + removed:
        assert len(update) == 2 and {name for _, _, name, _ in update} == {challenge_of(update[0][0])}
    assert {kind for update in added for _, kind, _, _ in update} == {"IN"}
    assert {kind for update in removed for _, kind, _, _ in update} == {"NONE"}
    assert {record[3] for update in added for record in update} == {record[3] for update in removed for record in update}
    assert {way for way, _ in relay.raw} == {"tcp"}

    params = client.store.conf("example.test")["renewalparams"]
    assert params["authenticator"] == "dns-rfc2136" and params["dns_rfc2136_credentials"] == str(credentials)
    assert params["dns_rfc2136_propagation_seconds"] == "0"
    client.give_up_authorizations()
    client.renew("--force-renewal")
    assert client.store.versions("example.test") == [1, 2]
    assert bind.values(challenge_of("example.test")) == bind.values(challenge_of("other.test")) == {SOMEBODY_ELSES}


def test_zone_of_the_challenge_alone(client, bind, area):
    """A zone that holds nothing but the challenge's name: its key can do no harm elsewhere."""
    obtain(client, KEY.credentials(area / "dns.ini", bind.port), "own.test")
    assert bind.values(challenge_of("own.test")) == set()


# ---- what goes wrong ----

FAILURES = {
    "secret": (TsigKey(KEY.name, KEY.algorithm), {}, ["example.test"],
               ["Encountered error adding TXT record", "BADSIG: the server has another secret for the key hmac-sha256.certs."]),
    "name of key": (TsigKey("nobody.", KEY.algorithm, KEY.secret), {}, ["example.test"],
                    ["BADKEY: the server has no key nobody. for HMAC-SHA256"]),
    "algorithm": (TsigKey(KEY.name, "hmac-sha512", KEY.secret), {}, ["example.test"],
                  ["BADKEY: the server has no key hmac-sha256.certs. for HMAC-SHA512"]),
    "permission": (STRANGER, {}, ["example.test"],
                   ["Received response from server: REFUSED. It does not let the key stranger. change TXT records of "
                    "_acme-challenge.example.test", "grant stranger. name _acme-challenge.example.test. TXT;"]),
    "zone": (KEY, {}, ["www.example.invalid"],
             ["Unable to determine base domain for _acme-challenge.www.example.invalid using names: "
              "['_acme-challenge.www.example.invalid', 'www.example.invalid', 'example.invalid', 'invalid'].",
              "dns_rfc2136_sign_query = true"]),
    "host name": (KEY, {"server": "localhost"}, ["example.test"],
                  ["The configured target DNS server (localhost) is not a valid IPv4 or IPv6 address. A hostname is not allowed."]),
    "nobody there": (KEY, {"port": free_port()}, ["example.test"],
                     ["look whether a name server answers at 127.0.0.1 port"]),
}


@pytest.mark.ours
@pytest.mark.parametrize("failure", FAILURES)
def test_failures(client, bind, area, failure):
    key, more, names, words = FAILURES[failure]
    credentials = key.credentials(area / "dns.ini", more.get("port", bind.port), more.get("server", "127.0.0.1"))
    obtain(client, credentials, *names, status=1).says(*words)
    assert key.secret not in client.log()
    assert bind.values(challenge_of("example.test")) == {SOMEBODY_ELSES}


@pytest.mark.ours
def test_one_zone_of_two_fails(client, bind, area):
    """What could be put in place is taken away, too."""
    credentials = KEY.credentials(area / "dns.ini", bind.port)
    obtain(client, credentials, "example.test", "www.own.test", status=1).says("REFUSED", "own.test")
    assert bind.values(challenge_of("example.test")) == {SOMEBODY_ELSES}


@pytest.mark.ours
@pytest.mark.parametrize("ahead", [3600, -3600])
def test_clocks_apart(client, area, session_area, ahead):
    shift = session_area / "shift.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", shift, PEERS / "hurry.c", "-ldl"], check=True)
    server = Bind(area / "bind", [zone("example.test", KEY)], keys=[KEY], env={"LD_PRELOAD": str(shift), "AHEAD": str(ahead)}).start()
    try:
        obtain(client, KEY.credentials(area / "dns.ini", server.port), "example.test", status=1).matches(
            r"BADTIME: the server's clock is (3599|3600|3601) s " + ("ahead of" if ahead > 0 else "behind"))
    finally:
        server.stop()


def is_update(message):
    return message[2] >> 3 & 0xf == dns.opcode.UPDATE


def without_tsig(wire, answer):
    """The answer of somebody who has no key."""
    if not is_update(answer):
        return answer
    return answer[:6] + struct.pack("!3H", 0, 0, 0) + answer[12:12 + len(b"\7example\4test\0") + 4]


def with_another_byte(wire, answer):
    if not is_update(answer):
        return answer
    at = len(answer) - 10  # in the MAC
    return answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1:]


@pytest.mark.ours
@pytest.mark.parametrize("edit, words", [(without_tsig, "is not signed, so that it may be anybody's"),
                                         (with_another_byte, "the answer is not the server's: its signature does not fit")],
                         ids=["unsigned", "changed"])
def test_answers_of_others(client, bind, relay, area, edit, words):
    relay.edit = edit
    obtain(client, KEY.credentials(area / "dns.ini", relay.port), "example.test", status=1).says(words)
    relay.edit = None
    client.run("certificates")  # what is left of a change that nobody vouched for is swept up
    obtain(client, KEY.credentials(area / "dns.ini", relay.port), "example.test")
    assert bind.values(challenge_of("example.test")) == {SOMEBODY_ELSES}


@pytest.mark.ours
def test_without_tcp(client, bind, relay, area):
    relay.refuse_tcp = True
    obtain(client, KEY.credentials(area / "dns.ini", relay.port), "example.test")
    assert {way for way, _ in relay.raw} == {"udp"}


@pytest.mark.ours
def test_views(make_resolving, start_pebble, area):
    """A key chooses the view that has the zone, for questions that are signed only."""
    inside = zone("example.test", KEY)
    server = Bind(area / "bind", views={"inside": (f"match-clients {{ key {KEY.name}; }};", [inside]),
                                        "outside": ("match-clients { any; };", [Zone("elsewhere.test")])}, keys=[KEY]).start()
    try:
        client = make_resolving(start_pebble("new", "easy", always_valid=True))
        plain = KEY.credentials(area / "plain.ini", server.port)
        obtain(client, plain, "example.test", status=1).says("Unable to determine base domain for _acme-challenge.example.test")
        obtain(client, KEY.credentials(area / "signed.ini", server.port, sign_query="true"), "example.test")
    finally:
        server.stop()


# ---- interruptions ----

@pytest.mark.ours
def test_killed_while_it_waits(client, bind, area):
    """The next run removes exactly what the killed one has added."""
    credentials = KEY.credentials(area / "dns.ini", bind.port)
    process = client.start("certonly", "-n", "--agree-tos", "--register-unsafely-without-email", "--dns-rfc2136",
                           *options(credentials, 600), "-d", "example.test", "-d", "*.example.test")
    read_until(process, "Waiting 600 seconds")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    left = bind.values(challenge_of("example.test"))
    assert len(left) == 3 and SOMEBODY_ELSES in left
    client.renew()
    assert bind.values(challenge_of("example.test")) == {SOMEBODY_ELSES}


# ---- the documentation ----

def test_documented():
    """What these tests run with is what docs/dns.md tells people to write."""
    text = (PEERS.parent.parent.parent / "docs" / "dns.md").read_text()
    key = TsigKey("certs.")
    for said in (knot.ACL.format(key=key.name), powerdns.POLICY.format(key=key.name), may_prove("example.org", key)):
        assert said.strip() in text, said
