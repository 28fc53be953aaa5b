"""Certificates for IP addresses: how they are given, which are refused, the short profile, and the machine's own address found."""
import http.server
import subprocess
import tempfile
import threading
from pathlib import Path

import certs
import pytest
from own_network import own_network
from peers.pebble import Pebble

from conftest import programs_of

pytestmark = pytest.mark.ours

SHORT = {"profiles": {"default": {"description": "the usual one", "validityPeriod": 90 * 86400},
                      "shortlived": {"description": "six days", "validityPeriod": 6 * 86400}}}
# Of somebody whom no test meets, as it runs in a network of its own. Pebble compares the addresses of order and request by their
# bytes, 4 of one and 16 of the other: only where the first byte of the IPv4 address is the smaller one does it find them equal.
V4, V6 = "31.0.114.5", "2a00:db9::5"
PUBLIC_CA = "https://ca.example.org/dir"  # never asked: what is refused is refused before


def days(cert):
    return round((cert.not_valid_after - cert.not_valid_before).total_seconds() / 86400)


# How they are given.


@pytest.mark.parametrize("given, names", [
    (["-i", "127.0.0.1"], ["127.0.0.1"]),
    (["-i127.0.0.1"], ["127.0.0.1"]),
    (["-i", "[0:0::0:1]", "--http-01-address", "::1"], ["::1"]),
    (["-i", "127.0.0.1,127.0.0.2", "-i", "null", "-d", "mixed.test"], ["127.0.0.1", "127.0.0.2", "mixed.test"]),
])
def test_short_option(new_client, given, names):
    new_client.certonly([], *given)
    name = "mixed.test" if "mixed.test" in names else names[0]
    new_client.store.check([name])
    assert certs.names(new_client.store.cert(name)) == names
    assert new_client.store.conf(name)["renewalparams"].get("installer", "None") == ("null" if "null" in given else "None")


@pytest.mark.parametrize("authenticator", ["webroot", "manual"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_authenticators_that_put_files(new_client, authenticator, address):
    """Standalone, tls-alpn-01, nginx and Apache have tests of their own."""
    root = new_client.area / "root"
    place = root / ".well-known/acme-challenge"
    place.mkdir(parents=True)
    handler = lambda *args: http.server.SimpleHTTPRequestHandler(*args, directory=str(root))  # noqa: E731
    family = {"address_family": 10 if ":" in address else 2}
    server = type("Server", (http.server.ThreadingHTTPServer,), family)((address, new_client.http_port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hooks = ["--manual-auth-hook", f'printf %s "$CERTBOT_VALIDATION" >{place}/"$CERTBOT_TOKEN"', "--manual-cleanup-hook",
             f'rm {place}/"$CERTBOT_TOKEN"', "--preferred-challenges", "http"]
    try:
        new_client.certonly([], "-i", address, *(["-w", root] if authenticator == "webroot" else hooks), authenticator=f"--{authenticator}")
        new_client.give_up_authorizations()
        new_client.renew("--force-renewal")
    finally:
        server.shutdown()
        server.server_close()
    new_client.store.check([address])
    assert new_client.store.versions(address) == [1, 2] and certs.names(new_client.store.cert(address)) == [address]


@pytest.mark.parametrize("authenticator", [["--dns-rfc2136"], ["--manual", "--preferred-challenges", "dns"], ["--dns-persist"]])
def test_no_dns_record_proves_an_address(new_client, authenticator):
    """Said before there is an order, or an account."""
    credentials = new_client.area / "dns.ini"
    credentials.write_text("dns_rfc2136_server = 127.0.0.1\ndns_rfc2136_name = k\ndns_rfc2136_secret = c2VjcmV0\n")
    credentials.chmod(0o600)
    hook = ["--manual-auth-hook", "true"] if "--manual" in authenticator else []
    more = ["--dns-rfc2136-credentials", credentials] if "--dns-rfc2136" in authenticator else []
    done = new_client.certonly(["beside.test"], "-i", "127.0.0.1", *authenticator[1:], *hook, *more, authenticator=authenticator[0], status=1)
    done.says("DNS records prove nothing about an IP address (RFC 8738 section 7)", "--standalone, --webroot")
    assert new_client.store.account_dirs() == []


# Which are refused.


@pytest.mark.parametrize("address, reason", [
    ("10.0.0.1", "private address (RFC 1918)"), ("100.64.0.1", "RFC 6598"), ("127.0.0.1", "loopback address"),
    ("169.254.169.254", "link-local address (RFC 3927)"), ("192.0.2.7", "an address for documentation (RFC 5737)"),
    ("224.0.0.1", "multicast address"), ("255.255.255.255", "broadcast"), ("[::1]", "loopback"), ("fe80::1", "link-local"),
    ("fd00::1", "RFC 4193"), ("2001:db8::1", "RFC 3849"), ("::ffff:8.8.8.8", "--ip-address 8.8.8.8")])
def test_not_of_a_public_ca(new_client, address, reason):
    done = new_client.certonly([], "-i", address, "--server", PUBLIC_CA, status=1)
    done.says(reason, "ca.example.org")
    assert new_client.store.account_dirs() == []


@pytest.mark.parametrize("given, why", [
    ("fe80::1%eth0", "leave out the zone (%eth0)"), ("127.0.0.1:443", "leave out the port"), ("127.0.0.1/32", "no network"),
    ("127.0.0.256", "does not appear to be"), ("0177.0.0.1", "does not appear to be"), ("auto,127.1", "does not appear to be")])
def test_no_addresses(new_client, given, why):
    new_client.certonly([], "--ip-address", given, status=1).says("does not appear to be an IPv4 or IPv6 address", why)


def test_requests_of_ones_own(new_client):
    """A CSR's addresses, too; and none is looked for where names are chosen already."""
    new_client.certonly(["csr.test"])
    path = new_client.area / "request.pem"
    subprocess.run(["openssl", "req", "-new", "-key", new_client.store.live("csr.test", "privkey"), "-subj", "/", "-addext",
                    "subjectAltName=IP:10.0.0.1", "-out", path], check=True)
    new_client.certonly([], "--csr", path, "--server", PUBLIC_CA, status=1).says("RFC 1918")
    new_client.certonly([], "--csr", path, "-i", "auto", status=1)
    new_client.run("certonly", "--standalone", "-n", "--csr", path, "--ip-address", "auto", status=1).says("(--csr) does not choose")
    for command in (["renew"], ["certificates"], ["delete", "-n"]):
        new_client.run(*command, "--ip-address", "auto", status=1).says(f"which {command[0]} does not choose")


# The profile.


def test_short_profile(make_client, profiled_ca, second_name):
    client = make_client(profiled_ca)
    client.certonly(["names.test"])  # of whatever profile: this CA chooses one at random
    assert "preferred_profile" not in client.store.conf("names.test")["renewalparams"]
    client.certonly(["mixed.test"], "-i", "127.0.0.1").says('asked for by the profile "shortlived", since it is for an IP address')
    assert days(client.store.cert("mixed.test")) == 6
    assert client.store.conf("mixed.test")["renewalparams"]["preferred_profile"] == "shortlived"
    client.certonly(["mixed.test"], "-i", "127.0.0.1").says("Certificate not yet due for renewal")
    client.renew("--force-renewal", "--cert-name", "mixed.test")
    client.program, program = second_name, client.program  # whoever goes on with the store asks for it, too
    client.renew("--force-renewal", "--cert-name", "mixed.test")
    assert days(client.store.cert("mixed.test")) == 6 and client.store.versions("mixed.test") == [1, 2, 3]

    client.certonly(["plain.test"], "--ip-address", "127.0.0.1")  # as Certbot
    assert "preferred_profile" not in client.store.conf("plain.test")["renewalparams"]
    client.program = program
    client.renew("--force-renewal", "--cert-name", "plain.test").says("shortlived")
    assert days(client.store.cert("plain.test")) == 6
    assert client.store.conf("plain.test")["renewalparams"]["preferred_profile"] == "shortlived"


@pytest.mark.parametrize("option", ["--preferred-profile", "--required-profile"])
@pytest.mark.parametrize("value", ["default", ""])
def test_another_profile_is_wanted(make_client, profiled_ca, option, value):
    """Or none; at renewals, too."""
    client = make_client(profiled_ca)
    for done in (client.certonly([], "-i", "127.0.0.1", option, value), client.renew("--force-renewal")):
        assert "by the profile" not in done.text and (value == "" or days(client.store.cert("127.0.0.1")) == 90)
        assert client.store.conf("127.0.0.1")["renewalparams"][option[2:].replace("-", "_")] == (value or '""')


# This machine's own address.


@pytest.fixture(scope="module")
def world(session_area, trust):
    """A CA, in a network whose loopback has two addresses of the Internet."""
    area = Path(tempfile.mkdtemp(dir=session_area))
    with own_network():
        for address in (f"{V4}/32", f"{V6}/128"):
            if subprocess.run(["ip", "addr", "add", address, "dev", "lo"]).returncode != 0:
                pytest.skip("no addresses can be added to loopback")
        ca = Pebble(area / "ca", programs_of("new"), trust, settings=SHORT)
        try:
            yield ca.start()
        finally:
            ca.stop()


@pytest.fixture
def service():
    """service(TEXT): the URL of a service that answers so; each is of another operator."""
    running = []

    def start(text, status=200):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args):
                pass

        running.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=running[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{running[-1].server_port}/"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def look(client, *urls, status=0):
    more = [part for url in urls for part in ("--ip-service", url)]
    said = client.run("ip", *more, "--json", status=status, env={"http_proxy": "http://127.0.0.1:1"}).json()
    return {a["address"]: a for a in said["addresses"]}, said["services"]


def test_an_interface_has_it(world, make_client):
    client = make_client(world)
    client.certonly([], "--ip-address", "auto", "--ip-service", "none").says(f"IPv4 address is {V4}", f"IPv6 address is {V6}")
    client.store.check([V4])
    assert certs.names(client.store.cert(V4)) == sorted([V4, V6]) and days(client.store.cert(V4)) == 6
    found, services = look(client, "none")
    assert sorted(found) == sorted([V4, V6]) and all(a["interface"] and a["chosen"] for a in found.values()) and services == []
    client.run("ip", "--ip-service", "none").says(V4, "an interface of this machine has it", "--ip-address auto takes it")


def test_services_agree(world, make_client, service):
    """One alone is not believed, nor is one against an interface; what is no public address is none."""
    client = make_client(world)
    client.server = PUBLIC_CA
    found, _ = look(client, service("198.2.3.4"), service(V4))
    assert found["198.2.3.4"]["sure"] is False and found[V4]["chosen"] and not found["198.2.3.4"]["chosen"]
    found, services = look(client, service("8.8.4.4"), service("8.8.4.4\n"), service("10.1.1.1"), service("<html>"), service("x" * 5000), service(V6, 500))
    assert found["8.8.4.4"]["sure"] and found["8.8.4.4"]["seen_by"] == [s["url"][7:-1] for s in services[:2]]
    assert found[V4]["sure"] and not found[V4]["chosen"] and found["8.8.4.4"]["chosen"]  # of two that are sure, the one that is seen
    assert ["RFC 1918" in services[2]["error"], "no IP address" in services[3]["error"], "500" in services[5]["error"]] == [True] * 3
    assert services[4]["address"] is None


def test_none_is_sure(new_client, service):
    """Behind a router: what one service says is shown, and taken by nobody."""
    with own_network():
        answers = [service("8.8.4.4"), service("8.8.8.8")]
        found, _ = look(new_client, *answers, status=1)
        assert sorted(found) == ["8.8.4.4", "8.8.8.8"] and not any(a["sure"] or a["chosen"] for a in found.values())
        (new_client.area / "cli.ini").write_text(f"ip-service = {', '.join(answers)}\nip-address = auto\n")
        new_client.certonly([], "--config", new_client.area / "cli.ini", status=1).says("no address of this machine's could be made sure of; what was found: 8.8.4.4, 8.8.8.8", "evercert ip")


def test_services_are_not_anybody(new_client):
    new_client.run("ip", "--ip-service", "http://ip.example/", status=2).says("is not https: anybody on the way could answer")
    new_client.run("ip", "--ip-service", "ip.example", status=2).says("is neither the URL of a service nor none")
