"""What will fail is said before an order is placed, in an Internet of its own: public addresses on the loopback of a network
namespace, a name server with authority, a resolver that checks DNSSEC, web servers with every fault, and a CA in public."""
import contextlib
import email.utils
import os
import re
import shutil
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

import certs
from client import Client
from own_network import own_network, with_name_servers
from peers.bind import Bind, Zone
from peers.pebble import Pebble
from peers.recorder import QuietServer, Recorder

pytestmark = pytest.mark.ours

AUTHORITY, RESOLVER, CA = "5.6.0.53", "127.0.0.1", "5.6.0.14"
WELL, OTHER, PLAYED, CLOSED, SILENT, SILENT6, WELL6 = (
    "5.6.7.1", "5.6.7.2", "5.6.7.3", "5.6.7.4", "5.6.9.9", "2a00:9::9", "2a00:7::1")
START = f"@ SOA ns hostmaster 1 3600 600 86400 1\n@ NS ns\nns A {AUTHORITY}\n"
OURS = "pebble.letsencrypt.org"
ZONE = START + f"""
well A {WELL}
both A {WELL}
both AAAA {WELL6}
six A {WELL}
six AAAA {SILENT6}
alias CNAME well
lost CNAME nowhere
bare TXT "nothing"
inside A 10.1.2.3
closed A {CLOSED}
silent A {SILENT}
forbidden A {WELL}
forbidden CAA 0 issue "other.example"
below.forbidden A {WELL}
nobody CAA 0 issue ";"
nobody A {WELL}
wild A {WELL}
wild CAA 0 issue "{OURS}"
wild CAA 0 issuewild ";"
critical A {WELL}
critical CAA 128 tbs "x"
account A {WELL}
account CAA 0 issue "{OURS}; accounturi=https://elsewhere.example/1"
method A {WELL}
method CAA 0 issue "{OURS}; validationmethods=dns-01"
files A {WELL}
alpn A {OTHER}
permitted A {WELL}
permitted CAA 0 issue "{OURS}; validationmethods=http-01"
_acme-challenge.delegated CNAME x.acme.other.example.
""" + "".join(f"{name} A {PLAYED}\n" for name in (
    "away", "port", "circle", "dead", "secure", "login", "page", "secret", "broken", "babble", "tls"))


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Web:
    """A web server at one address, on port 80, that has another fault for each host, and files for one."""

    def __init__(self, address, root=None):
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                name = self.headers["Host"].split(".")[0]
                file = Path(f"{root}{self.path}") if name in ("files", "nobody") else None
                found = (200, None, file.read_bytes()) if file and file.is_file() else (404, None, b"no such file")
                status, location, body = ANSWERS.get(name, found)
                if status is None:
                    self.wfile.write(b"SSH-2.0-babble\r\n")
                    return
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        server = QuietServer if ":" not in address else type("Six", (QuietServer,), {"address_family": 10})
        self.httpd = server((address, 80), Handler)
        threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.httpd.shutdown()
        self.httpd.server_close()


ANSWERS = {
    "away": (301, "https://elsewhere.a.example/", b""),
    "port": (302, "https://port.a.example:8443/x", b""),
    "circle": (302, "/.well-known/acme-challenge/evercert-preflight", b""),
    "dead": (301, "https://dead.a.example/", b""),
    "login": (200, None, b"<html><form><input type='password'></form>"),
    "page": (200, None, b"<!DOCTYPE html><p>Welcome"),
    "secret": (403, None, b"no"),
    "broken": (502, None, b"Bad gateway"),
    "babble": (None, None, None),
}


def tls_server(address, port, trust):
    """Shakes hands with whoever comes, and hangs up."""
    class Handler(BaseHTTPRequestHandler):
        def handle(self):
            pass

    httpd = QuietServer((address, port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trust.cert, trust.key)
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True, do_handshake_on_connect=True)
    threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return httpd


def sign_expired(folder, zone):
    """A zone signed a year ago for a month; returns its clause and the trust anchor of its key."""
    folder.mkdir()
    (folder / "zone").write_text(zone.text())
    run = lambda *argv: subprocess.run(argv, cwd=folder, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout
    key = run("dnssec-keygen", "-q", "-K", folder, "-a", "ECDSAP256SHA256", "-f", "KSK", zone.name).strip()
    ago = lambda days: time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() - days * 86400))
    run("dnssec-signzone", "-q", "-S", "-K", folder, "-z", "-P", "-s", ago(365), "-e", ago(335), "-o", zone.name, "-f",
        folder / "signed", folder / "zone")
    fields = re.search(r"DNSKEY (\d+) (\d+) (\d+) (.+)", (folder / f"{key}.key").read_text())
    anchor = f'{zone.name}. static-key {fields[1]} {fields[2]} {fields[3]} "{fields[4].replace(" ", "")}";'
    return f'zone "{zone.name}" {{ type primary; file "{folder}/signed"; }};\n', anchor


def start_names(area):
    broken, anchor = sign_expired(area / "signed", Zone("broken.example", START + f"www A {WELL}\n"))
    zones = [Zone("a.example", ZONE), Zone("inner.example", START.replace(AUTHORITY, "10.0.0.53")),
             Zone("split.example", START + f"www A {WELL}\n"), Zone("other.example", START), Zone("example", START)]
    authority = Bind(area / "authority", zones, port=53, addresses=[AUTHORITY], statements=broken).start()
    stubs = "".join(f'zone "{name}" {{ type static-stub; server-addresses {{ {address}; }}; }};\n' for name, address in (
        *((zone.name, AUTHORITY) for zone in zones if zone.name != "split.example"), ("broken.example", AUTHORITY),
        ("lame.example", CLOSED)))
    # The view from inside: this resolver itself has a zone that others find elsewhere.
    resolver = Bind(area / "resolver", [Zone("split.example", START)], port=53, addresses=[RESOLVER],
                    options="recursion yes; dnssec-validation yes; qname-minimization off;",
                    statements=f"trust-anchors {{ {anchor} }};\n{stubs}").start()
    return authority, resolver


class World:
    pass


@pytest.fixture(scope="module")
def world(request, session_area, programs_new):
    area = session_area / "preflight"
    area.mkdir()
    made = World()
    made.area, made.root = area, area / "root"
    made.root.mkdir()
    with own_network(), contextlib.ExitStack() as stack:
        if os.geteuid() != 0 or shutil.which("ip") is None:
            pytest.skip("a network with addresses of its own needs root and ip(8)")
        for address in (AUTHORITY, CA, WELL, OTHER, PLAYED, CLOSED):
            ip("addr", "add", f"{address}/32", "dev", "lo")
        ip("-6", "addr", "add", f"{WELL6}/128", "dev", "lo", "nodad")
        ip("link", "add", "nowhere", "type", "veth", "peer", "name", "beyond")  # what is sent there is lost
        ip("link", "set", "nowhere", "arp", "off")
        ip("link", "set", "beyond", "up")
        ip("addr", "add", "5.6.9.1/24", "dev", "nowhere")
        ip("-6", "addr", "add", "2a00:9::1/64", "dev", "nowhere", "nodad")
        ip("link", "set", "nowhere", "up")
        made.trust = certs.make_trust(area / "trust", CA)
        made.trust.key.chmod(0o644)
        for server in start_names(area):
            stack.callback(server.stop)
        for address in (WELL, WELL6, PLAYED):
            stack.callback(Web(address, made.root).stop)
        for port in (80, 443):
            tls = tls_server(OTHER, port, made.trust)
            stack.callback(tls.server_close)
            stack.callback(tls.shutdown)
        pebble = Pebble(area / "pebble", programs_new, made.trust, dns_server=f"{AUTHORITY}:53",
                        settings={"httpPort": 80}, authz_reuse=100).start()
        stack.callback(pebble.stop)
        made.ca = Recorder(made.trust, pebble, address=CA)
        stack.callback(made.ca.stop)
        program = with_name_servers(request.config.program.resolve(), area / "evercert-elsewhere", RESOLVER)
        made.client = Client(program, area, made.trust, None)
        made.client.server = made.ca.url
        made.client.register()
        yield made


@pytest.fixture(scope="module")
def programs_new():
    from conftest import programs_of
    return programs_of("new")


def look(world, *names, options=("--webroot",), status=0):
    """The findings of preflight: {(name without the zone, code): severity}, and the texts."""
    domains = [part for name in names for part in ("-d", name if "." in name else f"{name}.a.example")]
    said = world.client.run("preflight", *options, *domains, "--json", status=status)
    found = said.json()
    return {(f["name"] and f["name"].removesuffix(".a.example"), f["code"]): f["severity"] for f in found["findings"]}, found


def answered(world):
    """Challenges that the CA was asked to look at."""
    return [r for r in world.ca.requests if r.path.startswith("/chalZ/")]


def test_names(world):
    """What DNS says of a name. Only what the zone's servers say for everybody to hear is certain."""
    found, said = look(world, "well", "both", "alias", "permitted", "gone", "lost", "bare", "inside", "www.inner.example",
                       "www.split.example", "www.lame.example", "www.broken.example", status=1)
    assert found == {
        ("gone", "name-unknown"): "failure",
        ("lost", "name-unknown"): "warning",
        ("bare", "no-address"): "failure",
        ("inside", "private-address"): "failure",
        ("www.inner.example", "name-unknown"): "warning",
        ("www.split.example", "name-unknown"): "warning",
        ("www.lame.example", "lookup-failed"): "warning",
        ("www.lame.example", "caa-failed"): "warning",
        ("www.broken.example", "dnssec-bogus"): "warning",
    }
    seen = {name["name"]: name["seen"] for name in said["names"]}
    assert seen["both.a.example"] == f"{WELL}, {WELL6}, no CAA records"
    assert seen["alias.a.example"] == f"alias of well.a.example, {WELL}, no CAA records"
    assert seen["permitted.a.example"] == f"{WELL}, CAA records of permitted.a.example"


def test_caa(world):
    """Records that permit nothing are certain, as the zone's servers have public addresses; the CA agrees."""
    found, said = look(world, "forbidden", "below.forbidden.a.example", "nobody", "wild", "critical", "account", "method", status=1)
    assert found == {
        ("forbidden", "caa-forbids"): "failure",
        ("below.forbidden", "caa-forbids"): "failure",
        ("nobody", "caa-forbids"): "failure",
        ("critical", "caa-critical"): "failure",
        ("account", "caa-account"): "failure",
        ("method", "caa-method"): "failure",
    }
    found, _ = look(world, "*.wild.a.example", "*.well.a.example", "delegated", options=("--manual", "--preferred-challenges", "dns"), status=1)
    assert found == {("*.wild", "caa-forbids"): "failure", ("delegated", "challenge-alias"): "note"}


def test_ports(world):
    """Addresses that do not answer, and what answers with something else."""
    found, said = look(world, "six", "closed", "silent", "away", "port", "circle", "dead", "login", "page", "secret", "broken",
                       "babble", status=1)
    assert found == {
        ("six", "ipv6-unanswered"): "warning",
        ("closed", "port-refused"): "warning",
        ("silent", "port-silent"): "warning",
        ("away", "redirect-away"): "warning",
        ("port", "redirect-refused"): "warning",
        ("circle", "redirect-endless"): "warning",
        ("dead", "redirect-dead"): "warning",
        ("login", "login-page"): "warning",
        ("page", "page-for-everything"): "note",
        ("secret", "answer-refused"): "warning",
        ("broken", "server-failing"): "warning",
        ("babble", "not-http"): "warning",
    }


def test_tls_where_http_belongs(world):
    said = world.client.run("preflight", "--webroot", "--ip-address", OTHER, "--json", status=1).json()
    assert [(f["code"], f["severity"]) for f in said["findings"]] == [("tls-on-port-80", "warning")]


def test_a_server_of_our_own(world):
    """Nobody is to listen yet, and the way there is to be open."""
    found, _ = look(world, "closed", "well", "silent", options=("--standalone",), status=1)
    assert found == {("well", "port-taken"): "warning", ("silent", "port-silent"): "warning"}


def test_tls_alpn_01_at_port_443(world):
    """The same, where the CA asks at port 443 by TLS."""
    found, said = look(world, "closed", "alpn", "silent", options=("--standalone", "--preferred-challenges", "tls-alpn-01"), status=1)
    assert found == {("alpn", "port-taken"): "warning", ("silent", "port-silent"): "warning"}
    assert {name["proof"] for name in said["names"]} == {"tls-alpn-01"}
    assert [f["what"] for f in said["findings"]] == [f"another program answers at port 443 of {OTHER} already",
                                                      f"port 443 of {SILENT}: nothing takes the connection"]


def test_what_is_certain_to_fail_is_not_tried(world):
    """The CA is not asked to look, unless --skip-preflight is given: this one does not look at CAA records. Then the authorization is
    valid, and nothing is certain any more. A warning stops nothing."""
    order = ("--webroot", "-w", world.root)
    world.ca.requests.clear()
    said = world.client.certonly(["nobody.a.example"], *order, authenticator=None, status=1)
    said.says("the CA would refuse, and was not asked to look: nobody.a.example: the CAA records", "--skip-preflight")
    assert answered(world) == []
    world.client.certonly(["nobody.a.example"], *order, "--skip-preflight", authenticator=None)
    assert len(answered(world)) == 1
    said = world.client.certonly(["nobody.a.example"], *order, "--force-renewal", authenticator=None)
    said.says("[failure] caa-forbids: nobody.a.example:")
    said = world.client.certonly(["broken.a.example"], *order, authenticator=None, status=1)
    said.says("[warning] server-failing: broken.a.example:", "Some challenges have failed")
    # Of several names, one that may be left out costs no failed validation, either.
    world.ca.requests.clear()
    said = world.client.certonly(["files.a.example", "gone.a.example"], *order, "--allow-subset-of-names", authenticator=None)
    said.says("[failure] name-unknown: gone.a.example", "The CA would refuse these names, and is not asked to look:",
              "Retrying without: gone.a.example")
    assert len(answered(world)) == 1
    assert certs.names(world.client.store.cert("files.a.example")) == ["files.a.example"]
    world.client.run("delete", "-n", "--cert-name", "files.a.example")


def test_never_under_the_name_of_certbot(world, second_name, tmp_path):
    program = with_name_servers(second_name, world.area / "certbot-elsewhere", RESOLVER)
    certbot = Client(program, tmp_path, world.trust, None)
    certbot.server = world.ca.url
    world.ca.requests.clear()
    certbot.certonly(["nobody.a.example"], "--webroot", "-w", world.root, authenticator=None)
    assert len(answered(world)) == 1
    certbot.give_up_authorizations()
    world.ca.requests.clear()
    said = certbot.certonly(["nobody.a.example"], "--webroot", "-w", world.root, "--preflight", "--force-renewal",
                            authenticator=None, status=1)
    said.says("the CA would refuse, and was not asked to look")
    assert answered(world) == []


def test_renewal_looks_after_a_failure(world):
    """Not at a lineage that was renewed the last time."""
    client, renew = world.client, ("--force-renewal", "--cert-name", "files.a.example")
    said = client.certonly(["files.a.example"], "--webroot", "-w", world.root, authenticator=None)
    assert "[warning]" not in said.out
    ANSWERS["files"] = (403, None, b"no")
    client.give_up_authorizations()
    assert "[warning]" not in client.renew(*renew, status=1).out
    client.renew(*renew, status=1).says("[warning] answer-refused: files.a.example:")
    doctor = ("doctor", "--cert-name", "files.a.example", "--json")
    assert "answer-refused" not in client.run(*doctor, status=None).out
    told = client.run(*doctor, "--online", status=1).json()["findings"]
    assert ("answer-refused", "warning", "files.a.example") in [(f["code"], f["severity"], f["certificate"]) for f in told]
    del ANSWERS["files"]
    assert "[warning]" not in client.renew(*renew).out


def test_the_clock(world, monkeypatch):
    handler = world.ca.httpd.RequestHandlerClass
    monkeypatch.setattr(handler, "date_time_string", lambda *_: email.utils.formatdate(time.time() + 7300, usegmt=True))
    found, said = look(world, "well", status=1)
    assert found == {(None, "clock-off"): "warning"}
    assert "121 minutes behind" in said["findings"][0]["what"]


def test_resolvers_that_do_not_answer(world, request):
    program = with_name_servers(request.config.program.resolve(), world.area / "evercert-nowhere", CLOSED)
    whole, world.client.program = world.client.program, program
    try:
        found, _ = look(world, "well", "gone")
    finally:
        world.client.program = whole
    assert found == {(None, "resolvers-silent"): "note"}


def test_caa_records_to_paste(world):
    """For the account and the way in use, and what is there now. A name server takes them as they are printed."""
    said = world.client.run("caa", "-d", "well.a.example", "-d", "nobody.a.example", "-d", "alias.a.example", "--preferred-challenges",
                            "http", "--email", "x@a.example")
    account = world.client.run("show_account", "--json").json()["url"]
    said.says(f'well.a.example. IN CAA 0 issue "{OURS}; accounturi={account}; validationmethods=http-01"',
              'well.a.example. IN CAA 0 issuewild ";"', 'well.a.example. IN CAA 0 iodef "mailto:x@a.example"',
              "There are no CAA records now", "Now those of nobody.a.example count, which do not permit this",
              "alias.a.example is an alias (CNAME) of well.a.example")
    zone = Zone("well.a.example", START + "\n".join(
        line.lstrip("; ") if "TYPE257" in line else line for line in said.out.splitlines() if line.lstrip("; ").startswith("well.a")))
    bind = Bind(world.area / "pasted", [zone], addresses=["127.0.0.1"]).start()
    try:
        answer = bind.ask("well.a.example", "CAA")
    finally:
        bind.stop()
    assert {str(record) for rrset in answer.answer for record in rrset} == {  # both forms are the same records
        f'0 issue "{OURS}; accounturi={account}; validationmethods=http-01"', '0 issuewild ";"', '0 iodef "mailto:x@a.example"'}
    data = world.client.run("caa", "-d", "method.a.example", "--preferred-challenges", "http", "--json").json()["names"][0]
    assert data["now"] == {"known": True, "at": "method.a.example", "alias": None, "allows": False,
                           "records": [f'0 issue "{OURS}; validationmethods=dns-01"'], "reason": "another proof is named"}
