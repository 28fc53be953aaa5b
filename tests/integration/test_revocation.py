"""Revoked certificates: what `certificates` says of them, and that `renew` replaces them; by OCSP and by lists."""
import datetime
import os
import re
import signal

import certs
import pytest
from client import wait_for
from cryptography import x509
from fleet import Fleet
from peers.recorder import reply
from peers.revocation import RevocationServer

STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"


@pytest.fixture(scope="module")
def live_responder():
    server = RevocationServer()
    yield server
    server.stop()


@pytest.fixture
def server():
    server = RevocationServer()
    yield server
    server.stop()


@pytest.fixture
def ocsp_client(make_client, start_pebble, live_responder):
    """A client of a Pebble whose certificates name our responder, which asks Pebble what it thinks of them."""
    ca = start_pebble("old", "ocsp", settings={"ocspResponderURL": live_responder.url})
    live_responder.speak_for(x509.load_pem_x509_certificate(ca.intermediate()), certs.load_key(ca.manage("intermediate-keys/0")))
    live_responder.is_revoked = lambda cert: ca.status(cert)["Status"] == "Revoked"
    live_responder.talks = "well"
    live_responder.requests.clear()
    return make_client(ca)


class RevocableFleet(Fleet):
    """Lineages whose certificates say where to ask."""

    def __init__(self, client, server, ocsp=False, crl=None, one_key=False):
        # addresses on loopback count only in certificates of a CA that is there, too
        super().__init__(client.config, client.server or "https://127.0.0.1:1/dir", client.store.account_id() if client.ca else "0", client.http_port or 80,
                         one_key)
        self.responder, self.ocsp, self.crl = server, ocsp, crl
        server.speak_for(self.ca, self.ca_key)

    def _sign(self, builder):
        if self.ocsp:
            access = x509.AccessDescription(x509.AuthorityInformationAccessOID.OCSP,
                                            x509.UniformResourceIdentifier(self.responder.url))
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        if self.crl:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(f"{self.responder.url}/{self.crl}")], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        cert = super()._sign(builder)
        self.responder.know(cert)
        return cert


def status(client, name):
    said = client.run("certificates", "--cert-name", name).out
    return re.search(r"Expiry Date: \S+ \S+ \((.*)\)", said)[1]


# OCSP, live

def test_ocsp_status_live(ocsp_client, live_responder):
    ocsp_client.certonly(["live.test"])
    cert = ocsp_client.store.cert("live.test")
    live_responder.know(cert)
    said = ocsp_client.run("certificates").out
    assert said.count("VALID") == 1 and said.count("INVALID") == said.count("EXPIRED") == 0, said
    assert live_responder.requests == [("POST", "/", "application/ocsp-request")]

    ocsp_client.run("revoke", "-n", "--cert-name", "live.test", "--no-delete-after-revoke")
    said = ocsp_client.run("certificates").out
    assert said.count("INVALID") == said.count("REVOKED") == 1, said
    assert "(INVALID: REVOKED)\n" in said


def test_ocsp_renew(ocsp_client, live_responder):
    ocsp_client.certonly(["renew.test"])
    live_responder.know(ocsp_client.store.cert("renew.test"))
    ocsp_client.renew().says("Certificate not yet due for renewal")
    assert ocsp_client.store.versions("renew.test") == [1]
    ocsp_client.run("revoke", "-n", "--cert-name", "renew.test", "--no-delete-after-revoke")
    ocsp_client.renew().says("Congratulations, all renewals succeeded")
    assert ocsp_client.store.versions("renew.test") == [1, 2]
    live_responder.know(ocsp_client.store.cert("renew.test"))
    ocsp_client.renew().says("Certificate not yet due for renewal")
    assert status(ocsp_client, "renew.test").startswith("VALID")


@pytest.mark.ours
def test_json(ocsp_client, live_responder):
    ocsp_client.certonly(["json.test"])
    live_responder.know(ocsp_client.store.cert("json.test"))
    assert ocsp_client.run("certificates", "--json").json()["certificates"][0]["revoked"] is False
    ocsp_client.run("revoke", "-n", "--cert-name", "json.test", "--no-delete-after-revoke")
    assert ocsp_client.run("certificates", "--json").json()["certificates"][0]["revoked"] is True


def test_refused(make_client, server):
    """A responder that does not want to answer says nothing against the certificate."""
    client = make_client()
    RevocableFleet(client, server, ocsp=True).add("r.test", 80)
    server.talks = "refuses"
    said = client.run("certificates")
    assert "(VALID: " in said.out
    said.says("Invalid OCSP response status for")
    said.says("OCSPResponseStatus.UNAUTHORIZED")


def test_signed_by_a_stranger(make_client, server):
    client = make_client()
    fleet = RevocableFleet(client, server, ocsp=True)
    fleet.add("s.test", 80)
    server.is_revoked = lambda cert: True
    assert status(client, "s.test") == "INVALID: REVOKED"
    stranger = Fleet(client.area / "stranger", "", "", 80)
    server.speak_for(stranger.ca, stranger.ca_key)
    assert status(client, "s.test").startswith("VALID")


def test_ocsp_status_stale(make_client, server, area):
    """Paths relative to the current folder, certificates that are long expired: nobody is asked about those."""
    client = make_client()
    client.server = STAGING
    fleet = RevocableFleet(client, server, ocsp=True, crl="1.crl")
    server.is_revoked = lambda cert: True
    for name in ("a.example.com", "b.example.com"):
        fleet.add(name, -900)
        conf = client.store.renewal(name)
        conf.write_text(conf.read_text().replace(f"{client.config}/", "conf/"))
    client.server = None
    said = client.run("certificates", cwd=client.area).out
    assert said.count("TEST_CERT") == said.count("EXPIRED") == 2, said
    assert "REVOKED" not in said
    assert server.requests == []


# Lists

@pytest.mark.ours
def test_crl(make_client, server, ca):
    client = make_client(ca)
    client.register()
    fleet = RevocableFleet(client, server, crl="7.crl")
    fleet.add("good.test", 80)
    fleet.add("bad.test", 80)
    server.revoked.add(client.store.cert("bad.test").serial_number)
    assert status(client, "bad.test") == "INVALID: REVOKED"
    assert status(client, "good.test").startswith("VALID")
    done = client.renew()
    done.says(f"{client.store.live('bad.test', 'fullchain')} (success)", f"{client.store.live('good.test', 'fullchain')} expires on")
    assert client.store.versions("bad.test") == [1, 2]
    assert client.store.versions("good.test") == [1]


@pytest.mark.ours
def test_list_when_ocsp_fails(make_client, server):
    client = make_client()
    RevocableFleet(client, server, ocsp=True, crl="7.crl").add("r.test", 80)
    server.revoked.add(client.store.cert("r.test").serial_number)
    server.talks = "well"
    server.ocsp = lambda body: b"<html>"
    assert status(client, "r.test") == "INVALID: REVOKED"


@pytest.mark.ours
def test_part_of_another_point(make_client, server):
    """What a list for other certificates leaves out, it has not called good; the certificate stays valid all the same."""
    client = make_client()
    RevocableFleet(client, server, crl="7.crl").add("r.test", 80)
    other = server.crl(f"{server.url}/8.crl")
    server.crl = lambda url: other
    said = client.run("certificates")
    assert "(VALID: " in said.out
    said.says("the revocation list is about other certificates")


@pytest.mark.ours
def test_large_list(make_client, server):
    """Larger than what other answers may be: some CAs do not divide theirs."""
    client = make_client()
    fleet = RevocableFleet(client, server, crl="7.crl")
    fleet.add("r.test", 80)
    small = (x509.CertificateRevocationListBuilder().issuer_name(fleet.ca.subject)
             .last_update(datetime.datetime.utcnow()).next_update(datetime.datetime.utcnow() + datetime.timedelta(days=1))
             .add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.7"), bytes(6_000_000)), critical=False)
             .add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(client.store.cert("r.test").serial_number)
                                      .revocation_date(datetime.datetime.utcnow()).build()))
    large = small.sign(fleet.ca_key, certs.hashes.SHA256()).public_bytes(certs.serialization.Encoding.DER)
    assert len(large) > 6_000_000
    server.crl = lambda url: large
    assert status(client, "r.test") == "INVALID: REVOKED"


@pytest.mark.ours
def test_many_share_a_list(make_client, server):
    client = make_client()
    fleet = RevocableFleet(client, server, crl="7.crl", one_key=True)
    names = fleet.add_many(300, 80)
    server.revoked = {client.store.cert(name).serial_number for name in names[:10]}
    said = client.run("certificates").out
    assert said.count("INVALID: REVOKED") == 10 and said.count("(VALID: ") == 290
    assert server.count("GET") == 1


def endless(server, handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(1024):  # 64 MiB, twice the bound: read to their end, they are not too large but garbage
        handler.wfile.write(bytes(65536))


def drip(server, handler):
    """Never silent for long, never done."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    while not server.end.wait(1):
        handler.wfile.write(b"0")
        handler.wfile.flush()


def by_a_stranger(server, handler):
    key = certs.ec.generate_private_key(certs.ec.SECP256R1())
    server.key, key = key, server.key
    body = server.crl(f"{server.url}{handler.path}")
    server.key = key
    reply(handler, 200, body)


def to(target):
    return lambda server, handler: reply(handler, 302, b"", {"Location": target.format(server.url + handler.path)})


LISTS = {
    "endless": (endless, "larger than"), "drip": (drip, "did not finish its answer in time"),
    "garbage": (lambda server, handler: reply(handler, 200, bytes(range(256)) * 16), "cannot be used"),
    "nothing": (lambda server, handler: reply(handler, 200, b""), "cannot be used"),
    "long promise": (lambda server, handler: reply(handler, 200, b"\x30\x84\xff\xff\xff\xff" + bytes(64)), "cannot be used"),
    "stranger": (by_a_stranger, "cannot be used"), "circle": (to("{}"), "redirects more than five times"),
    "file": (to("file:///etc/passwd"), "redirects to something that is not a web address"),
    "no address": (to("http://[::1"), ""),
}


@pytest.mark.ours
@pytest.mark.parametrize("kind", [pytest.param(k, marks=pytest.mark.slow) if k == "drip" else k for k in LISTS])
def test_hostile_list(make_client, server, kind):
    """Is told, is no revocation, and is asked for once. An endless one is read up to a bound."""
    play, words = LISTS[kind]
    client = make_client()
    RevocableFleet(client, server, crl="7.crl", one_key=True).add_many(3, 80)
    server.is_revoked = lambda cert: True
    server.answer = lambda handler, body: play(server, handler)
    said = client.run("certificates", "-v")
    assert said.out.count("(VALID: ") == 3 and words in said.err, said
    assert server.count("GET") == (6 if kind == "circle" else 1)


# Nobody there

@pytest.mark.ours
@pytest.mark.parametrize("talks", ["hangs up", "errors"])
def test_no_answer_is_no_revocation(make_client, server, talks):
    client = make_client()
    RevocableFleet(client, server, ocsp=True, crl="7.crl").add("r.test", 80)
    server.is_revoked = lambda cert: True
    server.talks = talks
    assert status(client, "r.test").startswith("VALID")


@pytest.mark.ours
def test_offline_costs_one_time_out(make_client, server, ca):
    client = make_client(ca)
    client.register()
    RevocableFleet(client, server, ocsp=True, one_key=True).add_many(60, 80)
    server.talks = "not"
    client.renew("--jobs", "1").says("No renewals were attempted.")
    assert server.count("POST") == 1
    assert client.run("certificates").out.count("(VALID: ") == 60
    assert server.count("POST") == 1, "its silence is remembered"


@pytest.mark.ours
def test_a_certificate_leads_nobody_here(make_client, server):
    """Where the CA is elsewhere, addresses in its certificates are not followed to this machine: not even connected to."""
    client = make_client()
    fleet = RevocableFleet(client, server, ocsp=True, crl="7.crl", one_key=True)
    fleet.server = "https://192.0.2.1/dir"
    fleet.add("far.test", 80)
    fleet.server = "https://127.0.0.1:1/dir"
    fleet.add("near.test", 80)
    server.is_revoked = lambda cert: True
    assert status(client, "near.test") == "INVALID: REVOKED"
    asked = len(server.requests)
    assert status(client, "far.test").startswith("VALID")
    assert len(server.requests) == asked
    assert "is a loopback address, to which no address inside a certificate is followed" in client.log()


@pytest.mark.ours
def test_silence_is_remembered(make_client, server):
    """A host that took a time-out is left alone by the next runs, whatever they are, until its time is over."""
    client = make_client()
    RevocableFleet(client, server, crl="7.crl", one_key=True).add_many(40, 80)
    server.talks = "not"
    for _ in range(2):
        assert client.run("certificates").out.count("(VALID: ") == 40
    assert server.count("GET") == 1
    kept = client.work / "revocation" / "silent"
    assert kept.read_text().split()[1] == server.url
    kept.write_text(f"2020-01-01T00:00:00Z {server.url}\n")
    server.talks = "well"
    client.run("certificates")
    assert server.count("GET") == 2


@pytest.mark.ours
def test_list_is_remembered(make_client, server):
    client = make_client()
    fleet = RevocableFleet(client, server, crl="7.crl", one_key=True)
    fleet.add("r.test", 80)
    server.revoked = {client.store.cert("r.test").serial_number}
    assert status(client, "r.test") == "INVALID: REVOKED"
    assert status(client, "r.test") == "INVALID: REVOKED"
    assert server.count("GET") == 1, "it is fresh"
    kept, = (client.work / "revocation").glob("*.crl")
    os.utime(kept, (kept.stat().st_mtime - 7200,) * 2)
    server.talks = "hangs up"
    assert status(client, "r.test") == "INVALID: REVOKED"
    assert server.count("GET") == 2, "asked, and what was kept is still valid"
    kept.write_bytes(b"nonsense")
    assert status(client, "r.test").startswith("VALID")


@pytest.mark.ours
def test_interrupted(make_client, server):
    client = make_client()
    RevocableFleet(client, server, ocsp=True, one_key=True).add_many(40, 80)
    server.talks = "not"
    process = client.start("certificates")

    wait_for(lambda: server.requests, what="a question")
    process.terminate()
    stopped = client.finish(process, status=-signal.SIGTERM)
    assert "Certificate Name" not in stopped.out, "it waited for the answer"


@pytest.mark.ours
def test_nobody_to_ask(make_client, monkeypatch, area):
    """Without such URLs nothing touches the network: no network process is started."""
    client = make_client()
    client.server = "https://ca.example/dir"
    Fleet(client.config, client.server, "0", 80, one_key=True).add_many(20, 80)
    strace = area / "trace"
    client.program, program = "strace", client.program
    monkeypatch.setattr(client, "argv", lambda *args: ["strace", "-f", "-e", "trace=execve,socket", "-o", str(strace), str(program),
                                                       "certificates", "--config-dir", str(client.config), "--work-dir",
                                                       str(client.work), "--logs-dir", str(client.logs)])
    assert client.run("certificates", env={"ASAN_OPTIONS": "detect_leaks=0"}).out.count("(VALID: ") == 20
    assert "evercert-net" not in strace.read_text() and "socket(" not in strace.read_text()
