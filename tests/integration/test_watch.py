"""What servers show, seen from outside: each thing that may be wrong with it, at TLS and STARTTLS servers, and in each form."""
import datetime
import re
import shutil
import socket
from pathlib import Path

import pytest
from certs import load_chain, load_key, openssl
from fleet import Fleet
from peers.ports import free_port
from peers.revocation import RevocationServer
from peers.tls_host import DIALOGUES, TlsHost

pytestmark = pytest.mark.ours

ROOT = Path(__file__).resolve().parents[2]


class Scene:
    """Certificates of the CA that the client trusts, an intermediate of it, and servers that show them."""

    def __init__(self, client, trust, area):
        self.client, self.trust, self.area, self.servers = client, trust, area / "hosts", []
        self.area.mkdir()
        self.middle = self.issue("middle", None, by=(trust.ca, trust.ca.with_name("ca.key")))

    def issue(self, name, names, days=60, ago=10, by=None, extensions=(), key=("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"), subject=None):
        """(chain file, key file) of a certificate; names None: of a CA; by None: signed by itself."""
        folder = self.area / name
        folder.mkdir()
        lines = ["basicConstraints=critical,CA:TRUE"] if names is None else ["basicConstraints=critical,CA:FALSE"]
        lines += [f"subjectAltName={names}"] if names else []
        (folder / "ext").write_text("\n".join([*lines, *extensions]) + "\n")
        openssl("req", "-new", *key, "-nodes", "-keyout", "key", "-out", "csr", "-subj", f"/CN={subject or name}", cwd=folder)
        signer = ["-signkey", "key"] if by is None else ["-CA", by[0], "-CAkey", by[1], "-set_serial", str(1000 + len(list(self.area.iterdir())))]
        now = datetime.datetime.utcnow()
        # openssl x509 takes no dates: as many days as it takes to the end, and the beginning by the clock of the library
        openssl("x509", "-req", "-in", "csr", *signer, "-days", max(days, 1), "-extfile", "ext", "-out", "cert", cwd=folder)
        if days < 1 or ago != 10:
            self._date(folder, by, now - datetime.timedelta(days=ago), now + datetime.timedelta(days=days))
        (folder / "chain").write_bytes((folder / "cert").read_bytes())
        return folder / "chain", folder / "key"

    @staticmethod
    def _date(folder, by, begin, end):
        """The same certificate with other dates."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        cert = x509.load_pem_x509_certificate((folder / "cert").read_bytes())
        key = serialization.load_pem_private_key(Path(by[1] if by else folder / "key").read_bytes(), None)
        builder = (x509.CertificateBuilder().subject_name(cert.subject).issuer_name(cert.issuer).public_key(cert.public_key())
                   .serial_number(cert.serial_number).not_valid_before(begin).not_valid_after(end))
        for extension in cert.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        (folder / "cert").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def leaf(self, name, names="DNS:a.test", whole=True, by=None, **more):
        chain, key = self.issue(name, names, by=by or (self.middle[0], self.middle[1]), **more)
        if whole and by is None:
            chain.write_bytes(chain.read_bytes() + self.middle[0].read_bytes())
        return chain, key

    def serve(self, pair, how="at once", **more):
        self.servers.append(TlsHost(*pair, how, **more))
        return self.servers[-1]

    def watch(self, *args, status=None, address=True, **more):
        where = ["--address", "127.0.0.1"] if address else []
        return self.client.run("watch", *args, *where, status=status, **more)


@pytest.fixture
def scene(make_client, trust, area):
    scene = Scene(make_client(), trust, area)
    yield scene
    for server in scene.servers:
        server.close()


def codes(said):
    """The remarks about each server, as --json tells them."""
    return [[remark["code"] for remark in server["remarks"]] for server in said.json()["servers"]]


def test_what_may_be_wrong(scene):
    other = scene.issue("other-ca", None)
    cases = {  # what is shown, the remarks, the exit status
        "well": (scene.leaf("well"), [], 0),
        "a wildcard": (scene.leaf("wildcard", "DNS:*.test"), [], 0),
        "expired": (scene.leaf("expired", days=-1, ago=60), ["expired"], 2),
        "not yet valid": (scene.leaf("future", days=60, ago=-2), ["not-yet-valid"], 2),
        "ending": (scene.leaf("ending", days=5, ago=85), ["ending"], 2),
        "late": (scene.leaf("late", days=16, ago=74), ["late"], 1),
        "another name": (scene.leaf("wrong", "DNS:b.test,DNS:c.test"), ["wrong-name"], 2),
        "a common name alone": (scene.leaf("common", "DNS:b.test", subject="a.test"), ["wrong-name"], 2),
        "signed by itself": (scene.issue("self", "DNS:a.test"), ["self-signed"], 2),
        "no intermediate": (scene.leaf("incomplete", whole=False), ["incomplete"], 2),
        "another CA": (scene.leaf("stranger", by=other), ["incomplete"], 2),
        "a weak key": (scene.leaf("weak", key=("-newkey", "rsa:1024")), ["weak"], 1),
        "expired, of another name, and incomplete": (scene.leaf("all", "DNS:b.test", days=-1, ago=60, whole=False),
                                                     ["wrong-name", "expired", "incomplete"], 2),
    }
    (other[0].parent / "both").write_bytes(scene.area.joinpath("stranger", "cert").read_bytes() + other[0].read_bytes())
    cases["another CA, which is shown"] = ((other[0].parent / "both", scene.area / "stranger" / "key"), ["untrusted"], 2)
    for name, (pair, wanted, status) in cases.items():
        server = scene.serve(pair, seclevel=0)
        said = scene.watch("--json", f"a.test:{server.port}")
        assert (codes(said), said.status) == ([wanted], status), f"{name}: {said}"
        assert server.names == ["a.test"]
        if name not in ("well", "late", "expired, of another name, and incomplete"):
            continue
        text = scene.watch(f"a.test:{server.port}").out
        assert text.startswith(["OK ", "WARNING ", "CRITICAL "][status]), f"{name}: {text}"
        assert all(f" {code}: " in text for code in wanted)
        quiet = scene.watch("-q", f"a.test:{server.port}")
        assert (quiet.out == "") == (status == 0) and quiet.status == status
    assert set(sum((wanted for _, wanted, _ in cases.values()), [])) <= documented_codes()


def documented_codes():
    text = (ROOT / "docs" / "transparency.md").read_text().split("## What servers show")[1]
    return {code for line in text.splitlines() if line.startswith("| `") for code in re.findall(r"`([a-z-]+)`", line.split("|")[1])}


def test_every_code_is_documented():
    sources = "".join((ROOT / "src" / "outlook" / name).read_text() for name in ("sight.c", "watch.c"))
    used = set(re.findall(r'sight_remark\([^"]*"([a-z-]+)"', sources)) | {"self-signed", "incomplete", "untrusted"}
    assert used | {"expired", "ending", "late"} == documented_codes()


def test_servers_that_do_not_answer(scene):
    pair = scene.leaf("well")
    silent, plain = scene.serve(pair, "silent"), scene.serve(pair, "plain")
    closed = free_port()
    said = scene.watch("--json", f"a.test:{silent.port}", f"a.test:{plain.port}", f"a.test:{closed}", "--watch-timeout", 1, status=2)
    assert codes(said) == [["unreachable"]] * 3
    whats = [server["remarks"][0]["what"] for server in said.json()["servers"]]
    assert "in time" in whats[0] and "agree on no TLS" in whats[1] and "refused the connection" in whats[2]
    assert all(server["certificate"] is None for server in said.json()["servers"])


@pytest.mark.parametrize("protocol", sorted(DIALOGUES))
def test_starttls(scene, protocol):
    server = scene.serve(scene.leaf("well"), protocol)
    said = scene.watch("--json", f"{protocol}://a.test:{server.port}", status=0)
    assert said.json()["servers"][0]["starttls"] == protocol and server.names == ["a.test"]
    if protocol == "smtp":
        scene.watch("--starttls", protocol, f"a.test:{server.port}", status=0)
        assert codes(scene.watch("--json", f"imap://a.test:{server.port}", status=2)) == [["unreachable"]], "it speaks another protocol"


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_addresses(scene):
    pair = scene.leaf("addresses", "IP:127.0.0.1,IP:::1,DNS:a.test")
    four, six = scene.serve(pair), scene.serve(pair, address="::1")
    hosts = [f"127.0.0.1:{four.port}", f"[::1]:{six.port}", f"https://[0:0::1]:{six.port}/path"]
    said = scene.watch("--json", *hosts, address=False, status=0)
    assert [(server["host"], server["address"]) for server in said.json()["servers"]] == [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::1", "::1")]
    assert not [name for name in four.names + six.names if name], "an address is no server name"
    assert codes(scene.watch("--json", f"127.0.0.1:{scene.serve(scene.leaf('name')).port}", address=False, status=2)) == [["wrong-name"]]


def test_halves_of_a_load_balancer(scene):
    one = scene.serve(scene.leaf("one"), address="127.0.0.1")
    two = TlsHostAt(scene.leaf("two"), "127.0.0.2", one.port)
    scene.servers.append(two)
    said = scene.watch("--json", f"a.test:{one.port}", "--address", "127.0.0.1,127.0.0.2", address=False, status=1)
    assert codes(said) == [[], ["differs"]]
    two.context.load_cert_chain(*[scene.area / "one" / name for name in ("chain", "key")])
    scene.watch(f"a.test:{one.port}", "--address", "127.0.0.1", "--address", "127.0.0.2", address=False, status=0)


class TlsHostAt(TlsHost):
    def __init__(self, pair, address, port):
        original = socket.create_server
        socket.create_server = lambda where, **more: original((address, port), **more)
        try:
            super().__init__(*pair, address=address)
        finally:
            socket.create_server = original


def test_certificates_of_this_store(scene):
    """The newest, an earlier one, one with our key, and another one where ours is expected."""
    client = scene.client
    fleet = Fleet(client.config, "https://localhost:1/dir", "0", 80, one_key=True)
    fleet.add("a.test", 80)
    live, archive = client.config / "live" / "a.test", client.config / "archive" / "a.test"
    pair = live / "fullchain.pem", live / "privkey.pem"
    bundle = client.area / "bundle.pem"
    bundle.write_bytes(fleet.chain)
    trusts = {"SSL_CERT_FILE": str(bundle), "REQUESTS_CA_BUNDLE": str(bundle)}

    def watch(server, *args, **more):
        return scene.watch("--json", f"a.test:{server.port}", *args, env=trusts, **more)

    server = scene.serve(pair)
    said = watch(server, "--expect-cert-name", "a.test", status=0)
    assert codes(said) == [[]] and (said.json()["servers"][0]["lineage"], said.json()["servers"][0]["newest"]) == ("a.test", True)
    for kind in ("cert", "fullchain", "chain", "privkey"):  # it is renewed, and the server goes on with the old one
        shutil.copy(archive / f"{kind}1.pem", archive / f"{kind}2.pem")
    cert, _ = fleet._issue("a.test", 89)
    (archive / "cert2.pem").write_bytes(cert)
    (live / "cert.pem").unlink()
    (live / "cert.pem").symlink_to("../../archive/a.test/cert2.pem")
    assert codes(watch(server, status=1)) == [["older"]]
    (archive / "cert1.pem").unlink()
    assert codes(watch(server, status=1)) == [["other-certificate"]]
    stranger = scene.serve(scene.leaf("stranger"))
    assert codes(watch(stranger, "--expect-cert-name", "a.test", status=2)) == [["untrusted", "unexpected"]]
    watch(server, "--expect-cert-name", "nowhere", status=3).says("no certificate named nowhere is live here")


def test_revoked(scene):
    ca = RevocationServer()
    try:
        pair = scene.leaf("revoked", extensions=[f"crlDistributionPoints=URI:{ca.url}/list.crl"])
        issuer = load_chain(scene.middle[0].read_bytes())[0]
        ca.speak_for(issuer, load_key(scene.middle[1].read_bytes()))
        cert = load_chain(pair[0].read_bytes())[0]
        ca.know(cert)
        server = scene.serve((pair[0], pair[1]))
        host = f"127.0.0.1:{server.port}"
        assert codes(scene.watch("--json", host, address=False)) == [["wrong-name"]]
        assert scene.watch("--json", host, address=False).json()["servers"][0]["revocation"] == "good"
        ca.revoked.add(cert.serial_number)
        shutil.rmtree(scene.client.work / "revocation", ignore_errors=True)
        assert codes(scene.watch("--json", host, address=False)) == [["wrong-name", "revoked"]]
    finally:
        ca.stop()


def test_many_hosts_of_a_file(scene):
    server, late = scene.serve(scene.leaf("well")), scene.serve(scene.leaf("late", days=16, ago=74))
    hosts = scene.area / "list"
    hosts.write_text("# ours\n" + f"a.test:{server.port}\n" * 150 + f"\ntls://a.test:{late.port}\n")
    said = scene.watch("--hosts-file", hosts, status=1)
    assert said.out.count("\nOK ") + said.out.startswith("OK ") == 150 and said.out.count("WARNING ") == 1
    quiet = scene.watch("-q", "--hosts-file", hosts, status=1)
    assert quiet.out.count("\n") == 2 and " late: " in quiet.out and quiet.err == ""
    nagios = scene.watch("--nagios", "--hosts-file", hosts, status=1)
    assert nagios.out.count("\n") == 1 and nagios.out.startswith("EVERCERT WARNING - 151 servers: 0 critical, 1 warning, 150 well; a.test:")
    assert re.search(r" \| servers=151;;;0 critical=0;;0;0;151 warning=1;0;;0;151 next_expiry=\d+s;;;0 least_life_left=17%;25:;12:;0;100\n$", nagios.out)
    assert scene.watch("--hosts-file", "/dev/stdin", input=f"a.test:{server.port}\n", status=0).out.count("\n") == 1


def test_thresholds(scene):
    server = scene.serve(scene.leaf("late", days=16, ago=74))
    host = f"a.test:{server.port}"
    scene.watch(host, "--warn-below", 10, "--critical-below", 5, status=0)
    scene.watch(host, "--critical-below", 20, status=2)


def test_what_is_refused(scene):
    scene.watch(status=2).says("no host is named")
    scene.watch("a.test:99999", status=3).says("a port is a number")
    scene.watch("--json", "--nagios", "a.test", status=3).says("only one of")
    said = scene.watch("--nagios", "a.test:99999", status=3)
    assert said.out.startswith("EVERCERT UNKNOWN - ") and "a port is a number" in said.out
    scene.watch("--starttls", "gopher", "a.test", status=2)
    hosts = scene.area / "list"
    hosts.write_text("a.test\nb.test:x\n")
    scene.watch("--hosts-file", hosts, status=3).says(f"{hosts}, line 2")


def test_keys_of_the_document(scene):
    server = scene.serve(scene.leaf("late", days=16, ago=74))
    document = scene.watch("--json", f"a.test:{server.port}", f"a.test:{free_port()}").json()
    seen, = [server for server in document["servers"] if server["certificate"]]
    keys = set(re.findall(r"`([a-z0-9_]+)`", (ROOT / "docs" / "transparency.md").read_text()))
    assert {*document, *seen, *seen["certificate"], *seen["remarks"][0]} <= keys
    assert (seen["trusted"], seen["protocol"], document["level"]) == (True, "TLSv1.3", "critical")
    assert seen["certificate"]["fingerprint_sha256"] == openssl(
        "x509", "-in", scene.area / "late" / "cert", "-noout", "-fingerprint", "-sha256").decode().split("=")[1].strip().replace(":", "").lower()


def test_as_the_security_guide_says(scene):
    """The commands of its rows, as they stand there."""
    rows = [line for line in (ROOT / "docs" / "security-guide.md").read_text().splitlines()
            if line.startswith(("| External monitoring", "| Certificate changed?", "| Certificate Transparency monitoring"))]
    commands = [command.split()[1:] for row in rows for command in re.findall(r"`(evercert [^`]*)`", row)]
    assert sorted(words[0] for words in commands) == ["ct", "ct", "watch", "watch", "watch", "watch"]
    client = scene.client
    fleet = Fleet(client.config, "https://localhost:1/dir", "0", 80, one_key=True)
    fleet.add("a.test", 80)
    live, bundle, hosts = client.config / "live" / "a.test", client.area / "bundle.pem", client.area / "hosts-to-watch"
    bundle.write_bytes(fleet.chain)
    server, stranger = scene.serve((live / "fullchain.pem", live / "privkey.pem")), scene.serve(scene.leaf("stranger"))
    for words in commands:
        if words[0] == "watch":
            for at, wanted in ((server, 0), (stranger, 2)):
                hosts.write_text(f"a.test:{at.port}\n")
                typed = [{"NAME": f"a.test:{at.port}" if words[i - 1] != "--expect-cert-name" else "a.test", "FILE": hosts}.get(word, word)
                         for i, word in enumerate(words)]
                scene.watch(*typed[1:], env={"SSL_CERT_FILE": str(bundle), "REQUESTS_CA_BUNDLE": str(bundle)}, status=wanted)
        else:  # nobody is asked: there is no answer at that place
            client.run(*words, "--ct-url", f"http://127.0.0.1:{free_port()}/?q={{name}}", "--ct-pause", 0, status=1).says("got no answer")


def test_under_certbots_name_and_by_everybody(scene, second_name):
    server = scene.serve(scene.leaf("well"))
    scene.watch(f"a.test:{server.port}", status=0)
    assert not scene.client.config.exists(), "it makes nothing"
    scene.client.program = second_name
    scene.watch(f"a.test:{server.port}", status=0)
