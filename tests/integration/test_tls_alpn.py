"""Proving control by tls-alpn-01 (RFC 8737, RFC 8738), with the built-in responder."""
import shutil
import signal
import socket
import ssl
import subprocess

import certs
import pytest
from client import read_until, wait_for
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from peers.ports import free_port, is_listening

pytestmark = pytest.mark.ours

UNATTENDED = ["-n", "--agree-tos", "--register-unsafely-without-email"]
ACME = "acme-tls/1"
EXTENSION = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
UNRECOGNIZED_NAME, NO_APPLICATION_PROTOCOL = "unrecognized name", "no application protocol"


def alpn(client, port=None):
    return ["--preferred-challenges", "tls-alpn-01", "--tls-alpn-01-port", port or client.ca.tls_port]


def shown(name):
    return f"asked the responder: TLS for {name} by {ACME}: certificate shown"


# With a CA.


def test_names(client):
    client.certonly(["a.alpn.test", "b.alpn.test"], *alpn(client))
    store = client.store
    store.check(["a.alpn.test"])
    assert certs.names(store.cert("a.alpn.test")) == ["a.alpn.test", "b.alpn.test"]
    conf = store.conf("a.alpn.test")
    assert conf["evercert"] == {"tls_alpn_01_port": str(client.ca.tls_port)}
    assert conf["renewalparams"]["pref_challs"].strip(",") == "tls-alpn-01"
    for name in ("a.alpn.test", "b.alpn.test"):
        assert shown(name) in client.log()
    assert "http-01 challenge" not in client.log()
    assert not is_listening(client.ca.tls_port)

    client.give_up_authorizations()
    client.renew("--force-renewal")
    store.check(["a.alpn.test"])
    assert store.versions("a.alpn.test") == [1, 2]
    assert shown("a.alpn.test") in client.log()
    assert store.conf("a.alpn.test") == conf


def test_renewed_under_the_other_name(client, second_name):
    """A timer may call us certbot: what was asked for by our own name is done."""
    client.certonly(["other.alpn.test"], *alpn(client))
    client.give_up_authorizations()
    client.program = second_name
    client.renew("--force-renewal")
    assert client.store.versions("other.alpn.test") == [1, 2]
    assert shown("other.alpn.test") in client.log()
    assert client.store.conf("other.alpn.test")["evercert"]["tls_alpn_01_port"] == str(client.ca.tls_port)


def test_run(new_client):
    new_client.run("run", *UNATTENDED, "-a", "standalone", "-i", "null", "-d", "run.alpn.test", *alpn(new_client))
    new_client.store.check(["run.alpn.test"])
    assert shown("run.alpn.test") in new_client.log()


@pytest.mark.parametrize("address, lineage, name", [
    ("127.0.0.1", "127.0.0.1", "1.0.0.127.in-addr.arpa"), ("0:0::1", "::1", "1." + 31 * "0." + "ip6.arpa")])
def test_ip_address(new_client, address, lineage, name):
    new_client.certonly([], "--ip-address", address, "--tls-alpn-01-address", address, *alpn(new_client))
    new_client.store.check([lineage])
    assert certs.names(new_client.store.cert(lineage)) == [lineage]
    assert new_client.store.conf(lineage)["evercert"]["tls_alpn_01_address"] == address
    assert shown(name) in new_client.log()

    new_client.give_up_authorizations()
    new_client.renew("--force-renewal")
    assert new_client.store.versions(lineage) == [1, 2]


def test_many_at_the_same_time(new_client):
    """Orders that share names: each has its own digest for them, and so they take their turn."""
    for i, names in enumerate((["x", "y"], ["y", "z"], ["z", "x"], ["x", "y", "z"])):
        new_client.certonly([f"{name}.share.test" for name in names], "--cert-name", f"n{i}", *alpn(new_client))
    new_client.give_up_authorizations()
    new_client.renew("--force-renewal", "--jobs", "4")
    for i in range(4):
        assert new_client.store.versions(f"n{i}") == [1, 2]


def test_http_stays_the_default(client):
    client.certonly(["default.alpn.test"], "--tls-alpn-01-port", client.ca.tls_port)
    assert "http-01 challenge for default.alpn.test" in client.log()
    assert ACME not in client.log()


def test_in_order_of_preference(client):
    client.certonly(["order.alpn.test"], "--preferred-challenges", "dns,tls-alpn,http", "--tls-alpn-01-port",
                    client.ca.tls_port)
    assert shown("order.alpn.test") in client.log()


# Where it does not work.


def test_the_ca_does_not_reach_us(new_client):
    port = free_port()
    done = new_client.certonly(["far.alpn.test"], *alpn(new_client, port), status=1)
    done.says("Some challenges have failed.", "The CA asks on port 443", f"this machine answered on port {port}",
              ACME)


def test_port_in_use(new_client):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = new_client.certonly(["busy.alpn.test"], *alpn(new_client, port), "--tls-alpn-01-address", "127.0.0.1",
                                   status=1)
    done.says(f"Could not bind TCP port {port} because it is already in use", "prove control on port 80")


def test_webroot_cannot(new_client):
    done = new_client.certonly(["web.alpn.test"], "-w", new_client.area, *alpn(new_client), authenticator="--webroot",
                               status=1)
    done.says("None of the preferred challenges are supported by the selected plugin")


def test_under_the_name_certbot(new_client, second_name):
    new_client.program = second_name
    done = new_client.certonly(["c.alpn.test"], *alpn(new_client), status=2)
    done.says("argument --preferred-challenges: Unrecognized challenges: tls-alpn-01")


def test_what_is_in_place_can_be_looked_at(new_client):
    done = new_client.certonly(["look.alpn.test"], "--debug-challenges", "-v", *alpn(new_client))
    done.says("should be answered by TLS on port 443", "Identifier: look.alpn.test")
    done.matches(r"Expected digest: [0-9a-f]{64}\b")


# The responder, while a challenge is pending.


class Pending:
    """A run whose challenge the CA leaves alone for a while. On the CA's port: where nobody listens, it gives up."""

    def __init__(self, client, name):
        self.client, self.port, self.name = client, client.ca.tls_port, name
        self.process = client.start("certonly", *UNATTENDED, "--standalone", "-d", name, *alpn(client))

    def __enter__(self):
        wait_for(lambda: is_listening(self.port), what="the responder")
        wait_for(lambda: self.ask(self.name) is not None, what="the challenge")
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.terminate()
        if not self.process.stdout.closed:
            self.client.finish(self.process, None)

    def ask(self, name, protocols=(ACME,), version=None):
        """The certificate that is shown, None when the connection ends without one."""
        try:
            return self.shake_hands(name, protocols, version)
        except OSError:
            return None

    def shake_hands(self, name, protocols=(ACME,), version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if protocols:
            context.set_alpn_protocols(protocols)
        if version:
            context.maximum_version = version
        with socket.create_connection(("127.0.0.1", self.port), 60) as plain:
            with context.wrap_socket(plain, server_hostname=name) as tls:
                assert tls.selected_alpn_protocol() == ACME
                assert tls.recv(1) == b"", "closed after the handshake"
                return x509.load_der_x509_certificate(tls.getpeercert(True))


@pytest.fixture
def pending(make_client, sleepy_ca):
    with Pending(make_client(sleepy_ca), "pending.alpn.test") as running:
        yield running


def test_certificate(pending):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        cert = pending.shake_hands(pending.name, version=version)
        assert cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value == \
            x509.SubjectAlternativeName([x509.DNSName(pending.name)])
        assert cert.issuer == cert.subject
        how = ec.ECDSA(cert.signature_hash_algorithm)
        cert.public_key().verify(cert.signature, cert.tbs_certificate_bytes, how)
        extension = cert.extensions.get_extension_for_oid(EXTENSION)
        assert extension.critical
        assert len(extension.value.value) == 34 and extension.value.value[:2] == b"\x04\x20"
    assert pending.process.poll() is None


@pytest.mark.parametrize("name, protocols, why", [
    ("other.alpn.test", [ACME], UNRECOGNIZED_NAME), (None, [ACME], UNRECOGNIZED_NAME),
    ("pending.alpn.test", [], NO_APPLICATION_PROTOCOL), ("pending.alpn.test", ["h2"], NO_APPLICATION_PROTOCOL),
    ("pending.alpn.test", ["http/1.1", ACME], NO_APPLICATION_PROTOCOL)])
def test_refused(pending, name, protocols, why):
    with pytest.raises(ssl.SSLError, match=why):
        pending.shake_hands(name, protocols)
    assert pending.ask(pending.name)


def test_openssl_asks(pending):
    def openssl(*args):
        command = [shutil.which("openssl"), "s_client", "-connect", f"127.0.0.1:{pending.port}", *args]
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=60).stdout

    assert f"ALPN protocol: {ACME}" in openssl("-alpn", ACME, "-servername", pending.name)
    assert "alert number 112" in openssl("-alpn", ACME, "-servername", "other.alpn.test")
    assert "alert number 120" in openssl("-alpn", "h2", "-servername", pending.name)
    assert "alert number 120" in openssl("-servername", pending.name)
    assert "alert" in openssl("-alpn", ACME, "-servername", pending.name, "-tls1_1")


def test_junk_and_those_who_wait(pending):
    for junk in (b"GET / HTTP/1.1\r\n\r\n", b"\0" * 70000, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                 b"\x15\x03\x01\0\x02\x02\x28"):
        with socket.create_connection(("127.0.0.1", pending.port), 60) as plain:
            try:
                plain.sendall(junk)
            except OSError:
                pass  # it hung up on us, as it may
    idle = [socket.create_connection(("127.0.0.1", pending.port), 60) for _ in range(100)]
    for waiting in idle[::2]:
        waiting.sendall(b"\x16\x03\x01")
    assert pending.ask(pending.name)
    for waiting in idle:
        waiting.close()
    assert pending.process.poll() is None


def test_interrupted(pending):
    pending.process.send_signal(signal.SIGINT)
    pending.client.finish(pending.process, 1).says("Exiting due to user request.")
    assert "Cleaning up challenges" in pending.client.log()
    assert not is_listening(pending.port)


def test_two_runs_wait_for_each_other(pending, make_client, sleepy_ca):
    second = make_client(sleepy_ca, "second")
    waiting = second.start("certonly", *UNATTENDED, "--standalone", "-d", "two.alpn.test", *alpn(second))
    read_until(waiting, f"another run that answers on port {pending.port}")
    pending.process.send_signal(signal.SIGINT)
    pending.client.finish(pending.process, 1)
    wait_for(lambda: waiting.poll() is not None or "Waiting for verification" in second.log(), what="its turn")
    assert waiting.poll() is None and is_listening(pending.port)
    waiting.send_signal(signal.SIGINT)
    second.finish(waiting, 1)
