"""DNS plugins that look: CNAMEs that are followed, name servers that are waited for, standing records; in a network of its own, where
the system's resolver, the name servers of the zones and the CA's resolver are on port 53."""
import os
import re
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update
import pytest
from client import read_until, wait_for
from own_network import own_network, with_name_servers
from peers.bind import Bind, TsigKey, Zone
from peers.dns_relay import DnsRelay
from peers.pebble import Pebble
from peers.ports import loopback

from conftest import programs_of

pytestmark = pytest.mark.ours

KEY = TsigKey("certs.", "hmac-sha256")
HERE, THERE = "127.0.0.1", "127.0.0.2"  # the name servers of most zones: BIND, and a relay to it that is slow, lame or whatever
MAY = f"grant {KEY.name} zonesub TXT; grant {KEY.name} zonesub CNAME;"
SOA = "@ SOA ns1.infra.test. hostmaster.infra.test. 1 3600 600 86400 1\n@ NS ns1.infra.test.\n"
TWO = SOA + "@ NS ns2.infra.test.\n"
FRONT = "".join(f"_acme-challenge.{name} CNAME {target}\n" for name, target in [
    ("front.test.", "front.acme.test."), ("circle.front.test.", "_acme-challenge.circle.front.test."),
    ("far.front.test.", "far1.front.test.")]) + "far1 CNAME far2\nfar2 CNAME far.acme.test.\n"
ZONES = [Zone("infra.test", SOA + f"ns1 A {HERE}\nns2 A {THERE}\nns6 AAAA ::1\n"),
         Zone("six.test", SOA.replace("NS ns1", "NS ns6"), update=MAY),
         *(Zone(name, TWO, update=MAY) for name in ("example.test", "other.test", "acme.test", "persist.test")),
         Zone("front.test", TWO + FRONT, update=MAY)]


@pytest.fixture(scope="module")
def site(session_area, trust):
    """BIND, its second face and the CA, in a network of their own."""
    area = Path(tempfile.mkdtemp(dir=session_area))
    with own_network():
        bind = Bind(area / "bind", ZONES, keys=[KEY], port=53, addresses=[HERE], options="recursion yes; allow-recursion { any; };").start()
        ca = Pebble(area / "ca", programs_of("new"), trust, dns_server=f"{HERE}:53")
        try:
            yield bind, ca.start(), KEY.credentials(area / "dns.ini", 53)
        finally:
            ca.stop()
            bind.stop()


@pytest.fixture
def bind(site):
    return site[0]


@pytest.fixture
def client_of_site(request, make_client, site):
    """client_of_site(program=None): the program, which resolves by BIND."""
    def make(program=None):
        made = make_client(site[1])
        made.program = with_name_servers(program or request.config.program.resolve(), made.area / "program", HERE)
        return made
    return make


@pytest.fixture
def client(client_of_site):
    return client_of_site()


@pytest.fixture
def second(site):
    """The other name server, as well as it can be to begin with."""
    relay = DnsRelay(53, port=53, address=THERE)
    yield relay
    relay.stop()


def obtain(client, site, *names, more=(), **how):
    return client.certonly(names, "--dns-rfc2136-credentials", site[2], *more, authenticator="--dns-rfc2136", **how)


def challenge(name):
    return f"_acme-challenge.{name}"


def change(site, zone, name, kind, text=None):
    """Sets, or removes, what a name has."""
    update = dns.update.Update(zone, keyring=dns.tsigkeyring.from_text({KEY.name: KEY.secret}), keyalgorithm="hmac-sha256")
    if text is None:
        update.delete(f"{name}.", kind)
    else:
        update.replace(f"{name}.", 1, kind, text)
    assert dns.query.tcp(update, HERE, 5, 53).rcode() == dns.rcode.NOERROR


class First:
    """For a relay: the first questions for TXT get another answer; `count` None: all of them."""

    def __init__(self, count, rcode="NOERROR"):
        self.left, self.rcode, self.lock, self.answered = count, rcode, threading.Lock(), 0

    def __call__(self, wire, answer):
        question = dns.message.from_wire(wire, ignore_trailing=True)
        if dns.rdatatype.to_text(question.question[0].rdtype) != "TXT":
            return answer
        with self.lock:
            self.answered += 1
            if self.left is not None:
                if self.left == 0:
                    return answer
                self.left -= 1
        other = dns.message.make_response(question)
        other.flags |= dns.flags.AA
        other.set_rcode(dns.rcode.from_text(self.rcode))
        return other.to_wire()


# ---- name servers that are waited for ----

def test_all_name_servers_are_asked(client, site, bind, second):
    """A name, its wildcard and a name of another zone: two values under one name, looked for at both servers."""
    said = obtain(client, site, "example.test", "*.example.test", "other.test").says("Waiting until the name servers have the records")
    assert "Waiting 60 seconds" not in said.text
    assert {q.name.to_text() for m in second.seen for q in m.question if q.rdtype == dns.rdatatype.TXT} == {
        f"{challenge(zone)}." for zone in ("example.test", "other.test")}
    assert bind.values(challenge("example.test")) == set()


def test_name_servers_are_asked_over_ipv6(client, site):
    if "::1" not in loopback():
        pytest.skip("no IPv6 here")
    relay = DnsRelay(53, port=53, address="::1")
    try:
        relay.edit = First(1)
        obtain(client, site, "six.test")
        assert relay.edit.answered == 2
    finally:
        relay.stop()


@pytest.mark.parametrize("face", ["slow", "SERVFAIL", "cut", "lost"])
def test_a_server_that_comes_late(client, site, second, face):
    """It has no record yet, or cannot say, or what it says is cut or lost on the way: it is asked again until it has."""
    if face == "cut":
        second.truncate = True
    elif face == "lost":
        second.drop = 2
    else:
        second.edit = First(2, "NOERROR" if face == "slow" else face)
    obtain(client, site, "example.test")
    if face == "cut":
        assert {way for way, _ in second.raw} == {"udp", "tcp"}
    elif face != "lost":
        assert second.edit.left == 0 and second.edit.answered == 3


def test_a_server_that_never_comes(client, site, bind, second):
    """It is named with what it says, the CA is not asked to look, and nothing is left."""
    second.edit = First(None)
    obtain(client, site, "example.test", "other.test", more=["--dns-propagation-limit", "2"], status=1).says(
        f"after 2 seconds not every name server has the TXT record {challenge('example.test')}: ns2.infra.test ({THERE}) does not "
        "have the record", f"TXT record {challenge('other.test')}: ns2.infra.test ({THERE}) does not", "--dns-propagation-limit SECONDS")
    assert "Waiting for verification" not in client.log()
    assert bind.values(challenge("example.test")) == set() == bind.values(challenge("other.test"))


@pytest.mark.parametrize("face", ["lame", "away"])
def test_a_server_that_is_of_no_use(client, site, second, face):
    """One that has no authority, or is not there, cannot be waited for: the others count."""
    second.lame = True
    if face == "away":
        second.stop()
    obtain(client, site, "example.test", more=["--dns-propagation-limit", "2"])
    assert re.search(rf"left out.*ns2.infra.test \({THERE}\) (answers without authority|does not answer)", client.log())


def test_a_time_that_the_user_gives_is_waited(client, site, second):
    second.edit = First(None)
    obtain(client, site, "example.test", more=["--dns-rfc2136-propagation-seconds", "0"]).says(
        "Waiting 0 seconds for DNS changes to propagate")
    assert second.edit.answered == 0
    client.renew("--force-renewal")
    assert second.edit.answered == 0


def test_as_certbot_nobody_is_asked(client_of_site, site, second_name, second):
    client = client_of_site(second_name)
    obtain(client, site, "example.test", more=["--dns-rfc2136-propagation-seconds", "1"]).says(
        "Waiting 1 seconds for DNS changes to propagate")
    assert second.asked("TXT") == 0


def test_the_limit_is_kept_for_renewals(client, site, second):
    obtain(client, site, "example.test", more=["--dns-propagation-limit", "2"])
    client.give_up_authorizations()
    second.edit = First(None)
    client.renew("--force-renewal", status=1).says("after 2 seconds not every name server has the TXT record")


# ---- CNAMEs ----

def test_records_go_where_a_cname_leads(client, site, bind, second):
    """Into another zone, by one step or three; both names of an order at one place, and their own zone is left alone."""
    obtain(client, site, "front.test", "*.front.test", "far.front.test")
    assert f"is put at front.acme.test, where {challenge('front.test')} leads" in client.log()
    asked = {q.name.to_text() for m in second.seen for q in m.question if q.rdtype == dns.rdatatype.TXT}
    assert asked == {"front.acme.test.", "far.acme.test."}
    assert bind.values("front.acme.test") == set()
    client.renew("--force-renewal")


def test_cnames_in_a_circle(client, site, second):
    obtain(client, site, "circle.front.test", status=1).says(
        f"{challenge('circle.front.test')} is a CNAME that leads back to {challenge('circle.front.test')}")


def test_swept_where_it_was_put(client, site, bind, second):
    """A killed run's record is found where it was put, although the CNAME leads elsewhere by then."""
    name, values = challenge("moved.front.test"), ("old.acme.test", "new.acme.test")
    change(site, "front.test", name, "CNAME", f"{values[0]}.")
    change(site, "acme.test", values[0], "TXT", '"another one"')
    second.edit = First(None)
    argv = ["certonly", "-n", "--agree-tos", "--register-unsafely-without-email", "-d", "moved.front.test", "--dns-rfc2136", "--dns-rfc2136-credentials", site[2]]
    process = client.start(*argv)
    read_until(process, "Waiting until the name servers")
    wait_for(lambda: len(bind.values(values[0])) == 2, what="the record")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    second.edit = None
    change(site, "front.test", name, "CNAME", f"{values[1]}.")
    client.run(*argv)
    assert bind.values(values[0]) == {"another one"} and bind.values(values[1]) == set()


# ---- dns test ----

def trial(client, site, name, *more, **how):
    return client.run("dns", "test", "rfc2136", "-d", name, "--dns-rfc2136-credentials", site[2], *more, **how)


def test_a_trial(client, site, bind, second):
    """By an alias, and where it fails: at CNAMEs, and at the name servers; nothing is left."""
    trial(client, site, "front.test").says(
        f"{challenge('front.test')} is an alias: the record goes to front.acme.test.", "A CA would find it now.",
        "Removed it. dns-01 works with dns-rfc2136 for front.test.")
    assert "Removed" not in trial(client, site, "circle.front.test", status=1).says(
        "cannot follow CNAMEs", "is a CNAME that leads back").out
    second.edit = First(None)
    trial(client, site, "example.test", "--dns-propagation-limit", "1", status=1).says(
        "Removed it.", "waiting for the name servers", "after 1 seconds not every name server has the TXT record")
    assert bind.values("front.acme.test") == set() == bind.values(challenge("example.test"))


def test_a_trial_that_is_killed(client, site, bind, second):
    """Another command takes its record away."""
    second.edit = First(None)
    process = client.start("dns", "test", "rfc2136", "-d", "example.test", "--dns-rfc2136-credentials", site[2])
    read_until(process, "Waiting until the name servers")
    wait_for(lambda: len(bind.values(challenge("example.test"))) == 1, what="the record")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    second.edit = None
    obtain(client, site, "other.test")
    assert bind.values(challenge("example.test")) == set()


# ---- orders beside each other ----

def test_two_orders_of_one_name(client_of_site, site, bind, second):
    """Both have their values there at the same time, and each takes away its own alone."""
    second.edit = First(None)
    clients = [client_of_site() for _ in range(2)]
    started = [client.start("certonly", "-n", "--agree-tos", "--register-unsafely-without-email", "-d", "both.example.test", "--dns-rfc2136",
                            "--dns-rfc2136-credentials", site[2]) for client in clients]
    wait_for(lambda: len(bind.values(challenge("both.example.test"))) == 2, what="two values")
    second.edit = None
    for client, process in zip(clients, started):
        client.finish(process)
    assert bind.values(challenge("both.example.test")) == set()


# ---- dns-account-01 ----

def test_dns_account_01(client, site, bind, second):
    """A label of the account's own, renewed by what is saved."""
    obtain(client, site, "example.test", "*.example.test", more=["--preferred-challenges", "dns-account"])
    asked = {q.name.to_text() for m in second.seen for q in m.question if q.rdtype == dns.rdatatype.TXT}
    assert len(asked) == 1 and re.fullmatch(r"_[a-z2-7]{16}\._acme-challenge\.example\.test\.", asked.pop())
    client.give_up_authorizations()
    client.renew("--force-renewal")
    assert client.log().count("dns-account-01 challenge for example.test") >= 2


# ---- dns-persist-01 ----

PERSIST = "_validation-persist.persist.test"


@pytest.fixture
def standing(site):
    yield
    change(site, "persist.test", PERSIST, "TXT")


def persist(client, *names, more=(), **how):
    return client.certonly(names, *more, authenticator="--dns-persist", **how)


def told(said):
    """The value of the record that one is told to make."""
    return re.search(r"Value: (\S+; accounturi=[^\s;]+(; \w+=\w+)*)", " ".join(said.text.split()))[1]


def test_dns_persist_01(client, site, second, standing):
    """Told what to make, made once, and then renewed with nothing else."""
    value = told(persist(client, "persist.test", status=1).says(
        "The TXT record that proves control of persist.test is not there", f"Name: {PERSIST}", f"{PERSIST}. IN TXT"))
    assert "policy" not in value
    change(site, "persist.test", PERSIST, "TXT", f'"{value}"')
    persist(client, "persist.test")
    client.give_up_authorizations()
    client.renew("--force-renewal")
    assert client.log().count("dns-persist-01 challenge for persist.test") >= 2
    wildcard = persist(client, "persist.test", "*.persist.test", more=["--cert-name", "wild"], status=1).says("has it, but without policy=wildcard")
    change(site, "persist.test", PERSIST, "TXT", f'"{told(wildcard)}"')
    persist(client, "persist.test", "*.persist.test", more=["--cert-name", "wild"])


def test_a_standing_record_that_ends(client, site, second, standing):
    """Is warned of before, and told after."""
    value = told(persist(client, "persist.test", more=["--dns-persist-days", "30"], status=1))
    assert re.search(r"; persistUntil=\d+$", value)
    change(site, "persist.test", PERSIST, "TXT", f'"{value}"')
    persist(client, "persist.test").says(f"The record at {PERSIST} is good until")
    client.run("doctor", status=1).says("persist-record-ends", "by which it is renewed is good until")
    client.give_up_authorizations()
    change(site, "persist.test", PERSIST, "TXT", '"' + re.sub(r"persistUntil=\d+", "persistUntil=1000", value) + '"')
    client.renew("--force-renewal", status=1).says("has it, but its persistUntil has passed", "Value:")


def test_a_user_makes_the_standing_record(client, site, second, standing):
    """Asked again until it is there."""
    process = client.start("certonly", "--agree-tos", "--register-unsafely-without-email", "-d", "persist.test", "--dns-persist",
                           stdin=subprocess.PIPE)
    said = read_until(process, "Press Enter to Continue")
    assert "does not have it" in said
    process.stdin.write("\n")
    process.stdin.flush()
    value = re.search(r"Value: (\S+; accounturi=\S+)", " ".join(read_until(process, "Press Enter to Continue").split()))[1]
    change(site, "persist.test", PERSIST, "TXT", f'"{value}"')
    client.finish(process, input="\n")
    client.store.check(["persist.test"])


# ---- credentials ----

def test_credentials_that_the_user_names(client, site, second):
    """Asked for until they fit, and kept for renewals."""
    short = site[2].parent / "short.ini"
    short.write_text("dns_rfc2136_server = 127.0.0.1\ndns_rfc2136_name =\n")
    said = client.run("certonly", "--agree-tos", "--register-unsafely-without-email", "-d", "example.test", "--dns-rfc2136",
                      input=f"\n{short}\n{site[2]}\n")
    said.says("Input the path to your RFC 2136 credentials INI file", "Please enter a valid path to your",
              f"Missing properties in credentials configuration file {short}:", 'Property "dns_rfc2136_name" not set',
              'Property "dns_rfc2136_secret" not found', "Unsafe permissions on credentials configuration file")
    assert client.store.conf("example.test")["renewalparams"]["dns_rfc2136_credentials"] == str(site[2])
    client.renew("--force-renewal")


@pytest.mark.parametrize("source", ["environment", "systemd"])
def test_credentials_of_the_surroundings(client, site, second, area, source):
    """Nothing of them is in the renewal file, nor in the log, and without them nothing is done."""
    values = {"server": "127.0.0.1", "name": KEY.name, "secret": KEY.secret, "algorithm": "HMAC-SHA256"}
    if source == "environment":
        env = {f"DNS_RFC2136_{key.upper()}": value for key, value in values.items()}
    else:
        env = {"CREDENTIALS_DIRECTORY": str(area)}
        for key, value in values.items():
            (area / f"dns_rfc2136_{key}").touch(mode=0o400)
            (area / f"dns_rfc2136_{key}").write_text(value + "\n")
    client.certonly(["example.test"], authenticator="--dns-rfc2136", env=env)
    client.renew("--force-renewal", env=env)
    assert KEY.secret not in client.store.renewal("example.test").read_text() + client.log()
    client.renew("--force-renewal", status=1).says("Input the path to your RFC 2136 credentials INI file",
                                                   "as a variable of the environment")
