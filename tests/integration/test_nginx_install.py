"""nginx as installer: which blocks get the certificate, what is served then, and that all of it can be taken back."""
import contextlib
import os
import re
import shutil
import socket
import ssl
import time

import certs
import pytest
from nginx_sites import SITES
from own_network import own_network
from peers.nginx_host import NginxHost
from peers.ports import free_port

pytestmark = [pytest.mark.ours,
              pytest.mark.skipif(os.geteuid() != 0, reason="redirection is for port 80, which root alone may listen on")]

RSA, ECDSA = "rsa_pss_rsae_sha256:rsa_pkcs1_sha256", "ecdsa_secp256r1_sha256"


class Host(NginxHost):
    """On ports 80 and 443, at an address that ADDR stands for in texts. In a network of its own."""

    def __init__(self, home, **more):
        super().__init__(home, http=80, https=443, **more)
        self.address = "127.0.41.1"

    def fill(self, text):
        return super().fill(text).replace("ADDR", self.address)

    def start(self):
        done = self.call()
        assert done.returncode == 0, done.stdout
        end = time.monotonic() + 15
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection((self.address, 80), timeout=1):
                return self
            time.sleep(0.02)
        raise RuntimeError(f"nginx does not listen:\n{self.log()}")

    def get(self, host, path="/", **more):
        return super().get(host, path, address=more.pop("address", self.address), **more)

    def certificate(self, name, address=None, sigalgs=None):
        return super().certificate(name, address or self.address, sigalgs)


def make_pair(folder, name, names, kind="ec"):
    """A certificate that signs itself: (fullchain, key) paths."""
    folder.mkdir(parents=True, exist_ok=True)
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    algorithm = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else ["rsa:2048"]
    san = ",".join(("IP:" if re.fullmatch(r"[\d.]+|.*:.*", n) else "DNS:") + n for n in names)
    certs.openssl("req", "-x509", "-newkey", *algorithm, "-nodes", "-keyout", key, "-out", cert, "-days", "30",
                  "-subj", "/CN=" + names[0], "-addext", "subjectAltName=" + san)
    return cert, key


@pytest.fixture
def network():
    with own_network():
        yield


@pytest.fixture
def host(area, network):
    made = Host(area / "host")
    make_pair(made.home, "own", ["own.test"])
    yield made
    made.stop()


def der(path):
    return ssl.PEM_cert_to_DER_cert(path.read_text())


def install(client, host, pair, names, *more, command="install", **rest):
    domains = [word for name in names for word in ("-d", name)]
    return client.run(command, "-n", "--nginx", *host.options(), *domains, "--cert-path", pair[0], "--fullchain-path", pair[0],
                      "--key-path", pair[1], *more, **rest)


def check_tls(host, pair, names):
    for name in names:
        assert host.certificate(name) == der(pair[0]), name


def check_redirected(host, names):
    for name in names:
        status, headers, _ = host.get(name, "/x?y")
        assert (status, headers["Location"]) == (301, f"https://{name}/x?y"), name


def check_rolled_back(client, host, before, count):
    client.run("rollback", "-n", "-i", "nginx", *host.options(), "--checkpoints", count)
    assert host.snapshot() == before
    host.test()


def write(host, files):
    for name, text in files.items():
        data = host.fill(text).encode("latin-1")
        if name.startswith("../"):
            host.put(name[3:], data)
        else:
            host.write(name, data)
    host.test()


@pytest.mark.parametrize("site", SITES)
def test_a_site_gets_https(make_client, host, site):
    files, names, others = SITES[site]
    client = make_client()
    write(host, files)
    host.start()
    pair = make_pair(host.home, "new", names)
    before, answers = host.snapshot(), {name: host.get(name, "/") for name in others}

    install(client, host, pair, names)
    host.test()
    check_tls(host, pair, names)
    check_redirected(host, names)
    for name in names:
        status, headers, _ = host.get(name, "/", tls=True)
        assert status == 200, (name, headers)
    for name, (status, headers, body) in answers.items():
        now = host.get(name, "/")
        assert (now[0], now[1].get("Location"), now[2]) == (status, headers.get("Location"), body), name

    after, checkpoints = host.snapshot(), sorted((client.work / "backups").iterdir())
    host.forget_calls()
    install(client, host, pair, names)
    assert host.snapshot() == after and sorted((client.work / "backups").iterdir()) == checkpoints
    assert "-s reload" not in host.calls()

    check_rolled_back(client, host, before, len(checkpoints))
    for name, answer in answers.items():
        assert host.get(name, "/")[2] == answer[2]


def test_one_reload_and_two_tests(make_client, host):
    client = make_client()
    write(host, SITES["several blocks"][0])
    host.start()
    host.forget_calls()
    install(client, host, make_pair(host.home, "new", ["a.test", "b.test"]), ["a.test", "b.test"])
    assert sorted(host.calls()) == ["-V", "-s reload", "-t", "-t"]


def test_both_key_types_in_one_block(make_client, host):
    """A second lineage of the other key type goes beside the first; one of the same type takes its place."""
    client = make_client()
    write(host, SITES["plain"][0])
    host.start()
    live = client.config / "live"
    ecdsa = make_pair(live / "a.test", "ecdsa", ["a.test", "www.a.test"])
    rsa = make_pair(live / "a.test-0001", "rsa", ["a.test", "www.a.test"], "rsa")
    install(client, host, ecdsa, ["a.test", "www.a.test"])
    assert host.certificate("a.test", sigalgs=ECDSA) == der(ecdsa[0])
    install(client, host, rsa, ["a.test", "www.a.test"])
    assert host.certificate("a.test", sigalgs=ECDSA) == der(ecdsa[0])
    assert host.certificate("a.test", sigalgs=RSA) == der(rsa[0])
    other = make_pair(live / "a.test-0002", "ecdsa", ["a.test", "www.a.test"])
    install(client, host, other, ["a.test", "www.a.test"])
    assert host.certificate("a.test", sigalgs=ECDSA) == der(other[0])
    assert host.certificate("a.test", sigalgs=RSA) == der(rsa[0])


def test_an_address_is_a_name(make_client, host):
    client = make_client()
    write(host, SITES["default of the address"][0])
    host.start()
    pair = make_pair(host.home, "new", [host.address])
    install(client, host, pair, [], "--ip-address", host.address)
    assert host.certificate(None) == der(pair[0])
    status, headers, _ = host.get(host.address, "/x")
    assert (status, headers["Location"]) == (301, f"https://{host.address}/x")
    assert host.get("other.test")[0] == 200


def test_enhancements_one_by_one(make_client, host):
    client = make_client()
    write(host, SITES["plain"][0])
    host.start()
    names = ["a.test", "www.a.test"]
    pair = make_pair(host.home, "new", names)
    install(client, host, pair, names, "--no-redirect", "--hsts", "--security-headers")
    status, headers, body = host.get("a.test", "/", tls=True)
    assert status == 200 and headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
    status, headers, _ = host.get("a.test", "/")
    assert status == 200 and "Strict-Transport-Security" not in headers
    install(client, host, pair, names, "--redirect")
    check_redirected(host, names)
    notes = [(folder / "CHANGES_SINCE").read_text().splitlines()[0] for folder in sorted((client.work / "backups").iterdir())]
    assert notes == ["-- Deployed ACME Certificate --", "-- Add enhancement Strict-Transport-Security --",
                     "-- Add enhancement security-headers --", "-- Add enhancement redirect --"]


def test_what_is_refused_changes_nothing(make_client, host):
    client = make_client()
    write(host, SITES["plain"][0])
    host.start()
    names = ["a.test", "www.a.test"]
    pair = make_pair(host.home, "new", names)
    before = host.snapshot()

    said = install(client, host, pair, ["nobody.test"], status=1)
    said.says("nobody.test")
    assert host.snapshot() == before

    other = make_pair(host.home, "other", names)
    said = install(client, host, (pair[0], other[1]), names, status=1)  # the key of another certificate: nginx -t refuses it
    assert host.snapshot() == before
    host.test()

    host.write("broken", "server { listen ADDR:80; nonsense; }\n")
    broken = host.snapshot()
    said = install(client, host, pair, names, status=1)
    said.says("nonsense")
    assert host.snapshot() == broken


def test_a_port_that_another_has(make_client, host):
    """The reload succeeds as a command, but nginx keeps what it had: all is taken back, and said."""
    client = make_client()
    write(host, SITES["plain"][0])
    host.start()
    names = ["a.test", "www.a.test"]
    pair = make_pair(host.home, "new", names)
    before = host.snapshot()
    with socket.socket() as taken:
        taken.bind((host.address, 443))
        taken.listen()
        said = install(client, host, pair, names, status=1)
    said.says("Address already in use")
    assert host.snapshot() == before
    assert host.get("a.test")[2] == "hello\n"
    assert not list((client.work).glob("backups/*")) and not (client.work / "IN_PROGRESS").exists()


def test_a_port_that_another_has_while_nginx_is_stopped(make_client, host):
    client = make_client()
    write(host, SITES["plain"][0])
    names = ["a.test", "www.a.test"]
    pair = make_pair(host.home, "new", names)
    before = host.snapshot()
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 80))
        taken.listen()
        said = install(client, host, pair, names, status=1)
    said.says("ddress already in use", "ss -ltnp", "all that this run had changed was taken back")
    assert "could not all be taken back" not in said.text and said.text.count("ddress already in use") <= 4
    assert host.snapshot() == before
    assert not list((client.work).glob("backups/*")) and not (client.work / "IN_PROGRESS").exists()


def test_names_that_the_certificate_is_not_for(make_client, host):
    client = make_client()
    write(host, SITES["plain"][0])
    host.start()
    pair = make_pair(host.home, "new", ["a.test"])
    install(client, host, pair, ["a.test"]).says("Served by the same server block, and not in the new certificate: www.a.test")
    assert "not in the new certificate" not in install(client, host, pair, ["a.test"]).text


def test_names_are_told_when_none_is_given(make_client, host):
    client = make_client()
    write(host, SITES["several blocks"][0])
    host.start()
    said = client.run("run", "-n", "--nginx", *host.options(), "--agree-tos", "--register-unsafely-without-email", status=1)
    said.says("a.test", "b.test", "c.test")


def test_an_ordinary_users_nginx(make_client, make_nginx_host):
    import pwd
    who = pwd.getpwnam("nobody")
    host = make_nginx_host(user=(who.pw_uid, who.pw_gid))
    host.write("a", "server {\n    listen 127.0.0.1:HTTP;\n    server_name a.test;\n    root HOME/www;\n}\n")
    pair = make_pair(host.home, "new", ["a.test"])
    for path in pair:
        os.chown(path, who.pw_uid, who.pw_gid)
    host.start()
    client = make_client()
    for folder in (client.area, client.tmp):
        os.chown(folder, who.pw_uid, who.pw_gid)
    client.become(who.pw_uid, who.pw_gid)
    before = host.snapshot()
    client.run("install", "-n", "--nginx", *host.options(), "-d", "a.test", "--cert-path", pair[0], "--fullchain-path", pair[0],
               "--key-path", pair[1])
    assert host.certificate("a.test") == der(pair[0])
    check_rolled_back(client, host, before, 1)


def test_obtained_installed_and_renewed(make_client, new_ca, make_nginx_host):
    """One command leads from HTTP to HTTPS; a renewal leaves every file as it is, and reloads once for the new certificate."""
    host = make_nginx_host(http=new_ca.http_port)
    host.write("a", "server {\n    listen 127.0.0.1:HTTP;\n    server_name a.test www.a.test;\n    root HOME/www;\n}\n")
    host.start()
    client = make_client(new_ca)
    client.run("run", "-n", "--nginx", *host.options(), "--agree-tos", "--register-unsafely-without-email", "-d", "a.test",
               "-d", "www.a.test")
    host.test()
    assert host.certificate("a.test") == der(client.store.live("a.test", "cert"))
    assert client.store.conf("a.test")["renewalparams"]["installer"] == "nginx"
    before = host.snapshot()
    client.renew("--force-renewal", "--no-random-sleep-on-renew")
    assert host.snapshot() == before
    assert host.certificate("www.a.test") == der(client.store.live("a.test", "cert"))
    host.test()


# What differs from Certbot on the same site, and why: docs/differences-from-certbot.md.
DIFFERENT = {
    "regex of PCRE": "Certbot takes no regular expression of PCRE's own syntax for a match",
    "names that are not in the certificate": "Certbot answers them with 404",
    "redirects by itself": "Certbot makes an endless loop",
    "redirects by itself, TLS by default": "Certbot makes an endless loop",
    "included listen and names": "Certbot leaves HTTP as it was",
    "as Debian has it, with a name": "Certbot answers other names than the default server's with 404",
    "wildcard": "Certbot fails where it cannot ask",
    "a default that refuses TLS": "Certbot's copy refuses TLS, too, and HTTP stays as it is",
    "comment without newline at the end": "Certbot writes the new block into the comment, and nginx refuses it",
    "own TLS options": "Certbot refuses",
    "CR LF and Latin-1": "Certbot ignores the file",
}


def effect(host, pair, names, others):
    """What a visitor sees of all that."""
    seen = {}
    for name in [*names, *others]:
        status, headers, body = host.get(name, "/")
        seen[name, "http"] = status, headers.get("Location"), body if status == 200 else ""
    for name in names:
        status, headers, body = host.get(name, "/", tls=True)
        seen[name, "https"] = status, headers.get("Location"), host.certificate(name) == der(pair[0])
    return seen


def settled(host, pair, names, others):
    """The effect once it stays; Certbot does not wait for it."""
    last, end = None, time.monotonic() + 10
    while time.monotonic() < end:
        try:
            seen = effect(host, pair, names, others)
        except (OSError, AssertionError) as err:
            seen = repr(err)
        if seen == last and not isinstance(seen, str):
            return seen
        last = seen
        time.sleep(0.5)
    return last


@pytest.mark.skipif(shutil.which("certbot") is None, reason="no Certbot to compare with")
@pytest.mark.parametrize("site", SITES)
def test_the_same_as_certbot(make_client, area, network, site):
    files, names, others = SITES[site]
    seen = []
    for program in ("ours", "certbot"):
        client, host = make_client(), Host(area / program)
        make_pair(host.home, "own", ["own.test"])
        if program == "certbot":
            client.program = shutil.which("certbot")
        write(host, files)
        host.start()
        try:
            pair = make_pair(host.home, "new", names)
            done = install(client, host, pair, names, status=None)
            seen.append(settled(host, pair, names, others) if done.status == 0 else done.text)
        finally:
            host.stop()
    print(site, seen[0], seen[1], sep="\n")
    assert (seen[0] == seen[1]) == (site not in DIFFERENT)


def test_several_lineages_are_renewed_together(make_client, new_ca, make_nginx_host):
    """One change of the configuration for all challenges, and one reload for all that was renewed."""
    host = make_nginx_host(http=new_ca.http_port)
    names = ["a.test", "b.test", "c.test"]
    for name in names:
        host.write(name, f"server {{\n    listen 127.0.0.1:HTTP;\n    server_name {name};\n    root HOME/www;\n}}\n")
    host.start()
    client = make_client(new_ca)
    for name in names:
        client.run("run", "-n", "--nginx", *host.options(), "--agree-tos", "--register-unsafely-without-email", "-d", name)
    before = host.snapshot()
    client.give_up_authorizations()
    host.forget_calls()
    client.renew("--force-renewal")
    assert host.snapshot() == before
    for name in names:
        assert host.certificate(name) == der(client.store.live(name, "cert"))
    assert host.calls().count("-s reload") == 2  # to answer; to answer no more, and to read the renewed files

    client.run("enhance", "-n", "--nginx", *host.options(), "--cert-name", "a.test", "--hsts")
    status, headers, _ = host.get("a.test", tls=True)
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in host.get("b.test", tls=True)[1]


SCENES = """\
server {
    listen HTTP DEFAULT;
    listen [::]:HTTP DEFAULT;
    server_name s1.test s2.test;
    root HOME/www;
}
server {
    listen HTTP;
    listen [::]:HTTP;
    server_name s3.test;
    root HOME/www;
    location /.well-known/ { return 404; }
    return 301 https://$host$request_uri;
}
server {
    listen OTHER;
    listen [::]:OTHER;
    server_name s4.test s5.test;
}
server {
    listen HTTP;
    listen [::]:HTTP;
    listen HTTPS ssl;
    listen [::]:HTTPS ssl ipv6only=on;
    if ($scheme != "https") {
        return 301 https://$host$request_uri;
    }
    server_name s6.test s7.test;
    ssl_certificate HOME/own.pem;
    ssl_certificate_key HOME/own.key;
}
"""


@pytest.mark.parametrize("names,default", [("s1.test", True), ("s2.test", True), ("s3.test", True), ("s4.test", True),
                                           ("s5.test", False), ("s6.test,s7.test", False)])
def test_odd_sites_by_the_other_name(make_client, second_name, new_ca, make_nginx_host, names, default):
    """Each gets its certificate by the name `certbot`, as default server for TLS, too; one rollback takes all of it back."""
    host = make_nginx_host(http=new_ca.http_port)
    make_pair(host.home, "own", ["own.test"])
    host.write("all", SCENES.replace("OTHER", str(free_port())).replace("DEFAULT", "default_server" if default else ""))
    host.start()
    before = host.snapshot()
    client = make_client(new_ca)
    client.program = second_name
    client.run("run", "-n", "--nginx", *host.options(), "--agree-tos", "--register-unsafely-without-email", "-d", names)
    lineage = names.split(",")[0]
    for name in [*names.split(","), "localhost"]:
        assert host.certificate(name) == der(client.store.live(lineage, "cert")), name
    check_rolled_back(client, host, before, 1)


def test_a_block_is_chosen_from_a_menu(make_client, host):
    """No block has the name, and there is no single default server: the user says which is the model."""
    client = make_client()
    write(host, SITES["several blocks"][0])
    host.start()
    pair = make_pair(host.home, "new", ["new.test"])
    before = host.snapshot()
    said = client.run("install", "--force-interactive", "--nginx", *host.options(), "-d", "new.test", "--cert-path", pair[0],
                      "--fullchain-path", pair[0], "--key-path", pair[1], input="3\n")
    said.says("1: a.test |", "2: b.test |", "3: c.test |")
    assert host.certificate("new.test") == der(pair[0])
    assert host.get("new.test", tls=True)[2] == "c" and host.get("c.test")[2] == "c"
    check_rolled_back(client, host, before, 2)


def test_names_for_a_wildcard_are_chosen(make_client, host):
    client = make_client()
    write(host, {"a": "".join(f"server {{\n    listen ADDR:80;\n    server_name {name};\n    return 200 x;\n}}\n"
                              for name in ("a.w.test", "b.w.test", "w.test"))})
    host.start()
    pair = make_pair(host.home, "new", ["*.w.test"])
    said = client.run("install", "--force-interactive", "--nginx", *host.options(), "-d", "*.w.test", "--cert-path", pair[0],
                      "--fullchain-path", pair[0], "--key-path", pair[1], input="2\n")
    said.says("1: a.w.test", "2: b.w.test")
    assert host.certificate("b.w.test") == der(pair[0])
    text = (host.root / "sites-available" / "a").read_text()
    assert text.count("ssl_certificate ") == 1
    assert host.get("b.w.test")[0] == 301 and host.get("a.w.test")[0] == 200


def test_one_name_is_sent_to_the_other(make_client, host):
    """What is sent to another name over https is no circle: the site stays in one piece, and so does the redirect."""
    client = make_client()
    write(host, {"a": """\
server {
    listen ADDR:80;
    listen [::1]:80;
    server_name a.test www.a.test;
    if ($host = www.a.test) {
        return 301 https://a.test$request_uri;
    }
    root HOME/www;
}
"""})
    host.start()
    names = ["a.test", "www.a.test"]
    pair = make_pair(host.home, "new", names)
    before = host.snapshot()
    install(client, host, pair, names)
    check_tls(host, pair, names)
    assert host.certificate("a.test", "[::1]") == der(pair[0])
    assert host.get("a.test", tls=True)[0] == 200
    status, headers, _ = host.get("www.a.test", "/x", tls=True)
    assert (status, headers["Location"]) == (301, "https://a.test/x")
    check_redirected(host, names)
    check_rolled_back(client, host, before, 2)


def test_both_families_on_one_socket(make_client, host):
    client = make_client()
    write(host, {"a": "server {\n    listen [::]:80 ipv6only=off;\n    server_name a.test;\n    root HOME/www;\n}\n"})
    host.start()
    pair = make_pair(host.home, "new", ["a.test"])
    install(client, host, pair, ["a.test"])
    assert host.certificate("a.test", "[::1]") == host.certificate("a.test", "127.0.0.1") == der(pair[0])
    check_redirected(host, ["a.test"])
