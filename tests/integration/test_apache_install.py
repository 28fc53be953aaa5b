"""Certificates installed into Apache: a real one, asked by a TLS client before and after; nothing else of it changes."""
import json
import os
import re
import socket
import subprocess
import threading
import time

import pytest
from apache_sites import install_own, own_pair, redirects, rollback, shows, site
from client import wait_for
from cryptography import x509
from peers.ports import is_listening

pytestmark = pytest.mark.ours

@pytest.fixture
def apache(make_apache_host):
    return make_apache_host()


@pytest.fixture
def lineage(new_client):
    """lineage([names], *args): a certificate that was obtained without the server."""
    def make(names, *args):
        new_client.certonly(names, *args)
        return new_client.store.live(names[0])
    return make


def install(client, apache, name, *args, **more):
    done = client.run("install", "-n", "--apache", "--cert-name", name, *apache.options(), *args, **more)
    apache.test()
    return done


def served(apache, name, client, lineage, **more):
    """Demands that the server shows that lineage's certificate for the name."""
    shown = x509.load_der_x509_certificate(apache.certificate(name, **more))
    assert shown.serial_number == client.store.cert(lineage).serial_number, (name, shown.subject, apache.log()[-2000:])


def without_state(snapshot):
    return {path: state for path, state in snapshot.items() if not path.startswith(".")}


def backups(client):
    folder = client.work / "backups"
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [(path / "CHANGES_SINCE").read_text().splitlines()[0].strip("- ") for path in found]


def test_from_http_to_https(apache, lineage, new_client):
    apache.write("a", site("a.test"))
    apache.write("b", site("b.test"))
    before = apache.start().snapshot()
    lineage(["a.test", "www.a.test"])
    done = install(new_client, apache, "a.test")
    done.says("Successfully deployed certificate for a.test", "a-le-ssl.conf")
    for name in ("a.test", "www.a.test"):
        served(apache, name, new_client, "a.test")
        assert redirects(apache, name)
        assert apache.get(name, tls=True)[0] == 200
    assert apache.get("b.test")[0] == 200
    assert backups(new_client) == ["Deployed ACME Certificate", "Add enhancement redirect"]
    after = apache.snapshot()
    assert {p for p in after if after[p] != before.get(p)} == {
        "sites-available/a.conf", "sites-available/a-le-ssl.conf", "sites-enabled/a-le-ssl.conf",
        *(p for p in after if p.startswith("mods-enabled/") and p not in before)}
    apache.forget_calls()
    install(new_client, apache, "a.test")  # the second time changes nothing
    assert apache.snapshot() == after
    assert len(backups(new_client)) == 2
    assert "graceful" not in apache.calls()
    rollback(new_client, apache, 2)
    assert apache.snapshot() == before
    assert apache.get("a.test")[0] == 200


def test_what_the_files_are(apache, lineage, new_client):
    apache.write("a", site("a.test"))
    apache.start()
    live = lineage(["a.test", "www.a.test"])
    install(new_client, apache, "a.test")
    assert (apache.root / "sites-available" / "a-le-ssl.conf").read_text() == apache.fill(
        "<IfModule mod_ssl.c>\n" + site("a.test", f"    Include {new_client.config}/options-ssl-apache.conf\n"
                                        f"    SSLCertificateFile {live}/fullchain.pem\n"
                                        f"    SSLCertificateKeyFile {live}/privkey.pem\n").replace("HTTP>", "HTTPS>")
        + "</IfModule>\n")
    assert (apache.root / "sites-available" / "a.conf").read_text() == apache.fill(site("a.test", """\
    RewriteEngine on
    RewriteCond %{SERVER_NAME} =a.test [OR]
    RewriteCond %{SERVER_NAME} =www.a.test
    RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]
"""))
    link = apache.root / "sites-enabled" / "a-le-ssl.conf"
    assert os.readlink(link) == str(apache.root / "sites-available" / "a-le-ssl.conf")


def test_tls_options_where_tls_is_new(apache, new_client, area):
    """They are the same before mod_ssl is loaded and afterwards."""
    apache.write("a", site("a.test"))
    apache.start()
    options = new_client.config / "options-ssl-apache.conf"
    install_own(new_client, apache, area, ["a.test"])
    before = options.read_text()
    assert "SSLSessionTickets off\n" in before
    install_own(new_client, apache, area, ["a.test"])
    assert options.read_text() == before


def test_the_default_site(apache, lineage, new_client):
    apache.write("000-default", "<VirtualHost *:HTTP>\n\tDocumentRoot HOME/www\n</VirtualHost>\n")
    apache.start()
    lineage(["a.test"])
    install(new_client, apache, "a.test")
    served(apache, "a.test", new_client, "a.test")
    assert redirects(apache, "a.test")
    assert apache.get("other.test")[0] == 200, "other names answer as before"
    assert "ServerName a.test" in (apache.root / "sites-available" / "000-default-le-ssl.conf").read_text()
    assert "ServerName" not in (apache.root / "sites-available" / "000-default.conf").read_text()


def test_both_types_of_key(apache, lineage, new_client):
    apache.write("a", site("a.test"))
    apache.start()
    lineage(["a.test", "www.a.test"], "--key-type", "ecdsa")
    new_client.certonly(["a.test", "www.a.test"], "--key-type", "rsa", "--cert-name", "rsa")
    install(new_client, apache, "a.test")
    install(new_client, apache, "rsa")
    served(apache, "a.test", new_client, "a.test", sigalgs="ECDSA+SHA256")
    served(apache, "a.test", new_client, "rsa", sigalgs="RSA-PSS+SHA256")
    before = apache.snapshot()
    install(new_client, apache, "a.test")
    install(new_client, apache, "rsa")
    assert apache.snapshot() == before


def test_headers_and_stapling(apache, lineage, new_client):
    apache.write("a", site("a.test"))
    before = apache.start().snapshot()
    lineage(["a.test", "www.a.test"])
    install(new_client, apache, "a.test", "--hsts", "--uir", "--staple-ocsp", "--security-headers")
    _, headers, _ = apache.get("a.test", tls=True)
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["Content-Security-Policy"] == "upgrade-insecure-requests"
    assert headers["X-Frame-Options"] == "DENY" and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-XSS-Protection"] == "1; mode=block"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "SSLUseStapling on" in (apache.root / "sites-available" / "a-le-ssl.conf").read_text()
    assert backups(new_client) == ["Deployed ACME Certificate", *(f"Add enhancement {name}" for name in (
        "Strict-Transport-Security", "redirect", "staple-ocsp", "Upgrade-Insecure-Requests", "security-headers"))]
    after = apache.snapshot()
    install(new_client, apache, "a.test", "--hsts", "--uir", "--staple-ocsp", "--security-headers")
    assert apache.snapshot() == after
    rollback(new_client, apache, 1)
    assert "X-Frame-Options" not in apache.get("a.test", tls=True)[1]
    rollback(new_client, apache, 5)
    assert apache.snapshot() == before


def test_a_broken_configuration_is_not_touched(apache, lineage, new_client):
    apache.write("a", site("a.test"))
    apache.start()
    lineage(["a.test", "www.a.test"])
    apache.put("sites-enabled/broken.conf", "Nonsense on\n")
    before = apache.snapshot()
    done = new_client.run("install", "-n", "--apache", "--cert-name", "a.test", *apache.options(), status=1)
    done.says("broken.conf", "Nonsense")
    assert apache.snapshot() == before
    assert apache.get("a.test")[0] == 200


def test_a_port_that_is_taken(apache, lineage, new_client):
    """The reload is obeyed only if the port can be had: else all is as before, and the server runs."""
    apache.write("a", site("a.test"))
    before = apache.start().snapshot()
    lineage(["a.test", "www.a.test"])
    # It is a child of ours, since its own parent has ended: as a zombie it would seem to run.
    threading.Thread(target=os.waitpid, args=(apache.pid(), 0), daemon=True).start()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("0.0.0.0", apache.https))
        taken.listen()
        done = new_client.run("install", "-n", "--apache", "--cert-name", "a.test", *apache.options(), status=1)
    done.says("no listening sockets available")
    assert apache.snapshot() == before
    apache.test()
    assert wait_for(lambda: is_listening(apache.http)), "it had ended, and was started again"
    assert apache.get("a.test")[0] == 200
    assert backups(new_client) == []


def test_no_host_with_the_name(apache, lineage, new_client):
    apache.write("a", site("a.test"))
    apache.write("b", site("b.test"))
    before = apache.start().snapshot()
    lineage(["c.test"])
    done = new_client.run("install", "-n", "--apache", "--cert-name", "c.test", *apache.options(), status=1)
    done.says("c.test")
    assert apache.snapshot() == before


def test_existing_tls_host(apache, lineage, new_client, trust):
    tls = f"""\
<VirtualHost *:HTTPS>
\tServerName a.test:HTTPS
\tServerAlias www.a.test
\tDocumentRoot HOME/www
\tSSLEngine on
\tSSLProtocol TLSv1.3
\tSSLCertificateFile {trust.cert}
\tSSLCertificateKeyFile {trust.key}
</VirtualHost>
"""
    apache.put("mods-enabled/.keep", "")
    subprocess.run([apache.enmod, "-q", "ssl"], check=True, stdout=subprocess.DEVNULL)
    apache.write("a", tls)
    apache.write("b", site("a.test"))
    before = apache.start().snapshot()
    live = lineage(["a.test", "www.a.test"])
    install(new_client, apache, "a.test")
    served(apache, "a.test", new_client, "a.test")
    assert redirects(apache, "a.test") and redirects(apache, "www.a.test")
    text = apache.fill(tls).replace(str(trust.cert), f"{live}/fullchain.pem").replace(str(trust.key), f"{live}/privkey.pem")
    want = text.replace("\tServerName", f"\tInclude {new_client.config}/options-ssl-apache.conf\n\tServerName")
    assert (apache.root / "sites-available" / "a.conf").read_text() == want
    rollback(new_client, apache, 2)
    assert apache.snapshot() == before


def test_redirects_are_not_copied(apache, lineage, new_client):
    apache.write("a", site("a.test", "    Redirect permanent / https://a.test/\n"))
    apache.start()
    lineage(["a.test", "www.a.test"])
    install(new_client, apache, "a.test")
    assert apache.get("a.test", tls=True)[0] == 200
    assert redirects(apache, "a.test")


def test_two_hosts_in_one_file(apache, lineage, new_client):
    both = (site("a.test") + "\n" + site("b.test")).replace("\n", "\r\n")
    apache.write("both", both)
    before = apache.start().snapshot()
    lineage(["a.test", "b.test", "www.a.test"])
    install(new_client, apache, "a.test")
    for name in ("a.test", "b.test", "www.a.test"):
        served(apache, name, new_client, "a.test")
        assert redirects(apache, name)
    copy = (apache.root / "sites-available" / "both-le-ssl.conf").read_bytes()
    assert copy.count(b"<VirtualHost") == 2 and b"\n" not in copy.replace(b"\r\n", b"")
    assert apache.get("www.b.test")[0] == 200, "a name that is not in the certificate answers as before"
    rollback(new_client, apache, 2)
    assert apache.snapshot() == before


def test_renewal_reads_the_files_again(apache, lineage, new_client):
    apache.write("a", site("a.test"))
    apache.start()
    names = ["a.test", "www.a.test"]
    new_client.run("run", "-n", "--agree-tos", "--register-unsafely-without-email", "-a", "standalone", "-i", "apache",
                   "--http-01-port", new_client.http_port, *[p for n in names for p in ("-d", n)],
                   *[o for i, o in enumerate(apache.options()) if "http-01-port" not in str(o) and o != apache.http])
    served(apache, "a.test", new_client, "a.test")
    before = apache.snapshot()
    apache.forget_calls()
    new_client.renew("--force-renewal")
    served(apache, "a.test", new_client, "a.test")
    assert apache.snapshot() == before
    assert apache.calls().count("graceful") == 1


def test_auto_hsts(apache, new_client):
    apache.write("a", site("a.test"))
    apache.start()
    names = [part for name in ("a.test", "www.a.test") for part in ("-d", name)]
    ports = ["--http-01-port", str(apache.http)]
    options = [str(o) for o in apache.options()]
    del options[options.index("--http-01-port"):options.index("--http-01-port") + 2]
    new_client.run("run", "-n", "--agree-tos", "--register-unsafely-without-email", "-a", "standalone", "-i", "apache", "--auto-hsts",
                   "--no-redirect", *names, *options)
    path = new_client.config / ".pluginstorage.json"
    (ident, state), = json.loads(path.read_text())["apache"]["autohsts"].items()
    assert re.fullmatch(r"[0-9a-f]{32}", ident) and state["laststep"] == 0
    copy = apache.root / "sites-available" / "a-le-ssl.conf"
    assert f"# DO NOT REMOVE - Managed by Certbot, VirtualHost id: {ident}\n" in copy.read_text()

    def age():
        return apache.get("a.test", tls=True)[1]["Strict-Transport-Security"]

    assert age() == "max-age=60"
    before = apache.snapshot()
    new_client.renew(*ports)
    assert apache.snapshot() == before, "two days have not passed"
    for step, seconds in enumerate((300, 900, 3600, 21600, 43200, 86400), 1):
        state = {"apache": {"autohsts": {ident: {"laststep": step - 1, "timestamp": time.time() - 49 * 3600}}, "x": 1}, "y": [1.5]}
        path.write_text(json.dumps(state))
        new_client.renew(*ports)
        assert age() == f"max-age={seconds}"
        kept = json.loads(path.read_text())
        assert kept["apache"]["autohsts"][ident]["laststep"] == step and kept["y"] == [1.5] and kept["apache"]["x"] == 1
    new_client.renew(*ports)
    assert age() == "max-age=86400", "the last step waits for a renewal"
    new_client.renew("--force-renewal")
    assert age() == "max-age=31536000"
    assert json.loads(path.read_text())["apache"]["autohsts"] == {}
    assert "DO NOT REMOVE" not in copy.read_text()
    assert "Made HSTS max-age permanent" in backups(new_client)


def test_names_that_lose_their_certificate(apache, new_client, area):
    apache.write("a", site("a.test"))
    apache.start()
    done, _ = install_own(new_client, apache, area, ["a.test", "www.a.test"])
    assert "not in the new certificate" not in done.text
    (area / "own.pem").rename(area / "first.pem")
    copy = apache.root / "sites-available" / "a-le-ssl.conf"
    copy.write_text(copy.read_text().replace("own.pem", "first.pem").replace("own.key", "first.key"))
    (area / "own.key").rename(area / "first.key")
    done, cert = install_own(new_client, apache, area, ["www.a.test"])
    done.says("a.test is served by the same virtual host, and is not in the new certificate")
    assert shows(apache, "www.a.test", cert)


def test_wildcard(apache, new_client, area):
    apache.write("a", site("a.test"))
    apache.write("x", site("x.a.test"))
    apache.write("y", site("y.a.test"))
    apache.write("b", site("b.test"))
    before = apache.start().snapshot()
    _, cert = install_own(new_client, apache, area, ["*.a.test"])
    assert shows(apache, "x.a.test", cert) and shows(apache, "y.a.test", cert)
    assert shows(apache, "www.a.test", cert), "an alias of another host, which it covers"
    assert redirects(apache, "x.a.test") and redirects(apache, "y.a.test") and redirects(apache, "www.a.test")
    assert apache.get("a.test")[0] == 200 and apache.get("b.test")[0] == 200, "not covered"
    rollback(new_client, apache, 2)
    assert apache.snapshot() == before


def test_ip_address(apache, new_client, area):
    apache.write("000-default", "<VirtualHost *:HTTP>\n\tDocumentRoot HOME/www\n</VirtualHost>\n")
    apache.write("b", site("b.test"))
    apache.start()
    _, cert = install_own(new_client, apache, area, ["127.0.0.1"])
    assert shows(apache, None, cert)
    status, headers, _ = apache.get("127.0.0.1", "/x")
    assert status == 301 and headers["Location"] == "https://127.0.0.1/x"
    assert apache.get("b.test")[0] == 200
    after = apache.snapshot()
    install_own(new_client, apache, area, ["127.0.0.1"])
    assert {p for p in after if apache.snapshot()[p] != after[p]} == set()


def test_ipv6_address(apache, new_client, area):
    apache.write("000-default", "<VirtualHost *:HTTP>\n\tDocumentRoot HOME/www\n</VirtualHost>\n")
    apache.start()
    _, cert = install_own(new_client, apache, area, ["::1"])
    assert shows(apache, None, cert, address="[::1]")
    status, headers, _ = apache.get("[::1]", "/x", address="::1")
    assert status == 301 and headers["Location"] == "https://[::1]/x"


@pytest.mark.parametrize("text", [site("a.test"), "<VirtualHost *:HTTP>\n    DocumentRoot HOME/www\n</VirtualHost>\n"],
                         ids=["named", "unnamed"])
def test_a_copy_that_was_disabled(apache, new_client, area, text):
    apache.write("a", text)
    apache.start()
    install_own(new_client, apache, area, ["a.test"])
    (apache.root / "sites-enabled" / "a-le-ssl.conf").unlink()
    apache.reload()
    copy = apache.root / "sites-available" / "a-le-ssl.conf"
    before = copy.read_text()
    _, cert = install_own(new_client, apache, area, ["a.test"])
    assert shows(apache, "a.test", cert)
    assert copy.read_text() == before


def without_links(apache, pattern):
    """The layout of a system that has no links for sites: files of one directory are included, or none."""
    text = apache.main.read_text().replace("IncludeOptional sites-enabled/*.conf", pattern)
    apache.main.write_text(text)
    (apache.root / "sites-enabled").rmdir()


def test_a_directory_of_hosts(apache, new_client, area):
    without_links(apache, "IncludeOptional conf.d/*.conf")
    apache.put("conf.d/a.conf", site("a.test"))
    apache.put("conf.d/b.conf", site("b.test"))
    main = apache.main.read_text()
    before = apache.start().snapshot()
    _, cert = install_own(new_client, apache, area, ["a.test"])
    assert shows(apache, "a.test", cert) and redirects(apache, "a.test")
    assert apache.main.read_text() == main, "the copy is included as its original is"
    assert (apache.root / "conf.d" / "a-le-ssl.conf").is_file()
    rollback(new_client, apache, 2)
    assert apache.snapshot() == before


def test_a_host_in_the_main_file(apache, new_client, area):
    without_links(apache, apache.fill(site("a.test")))
    (apache.root / "ports.conf").write_text(f"Listen 127.0.0.1:{apache.http}\n")
    before = apache.start().snapshot()
    _, cert = install_own(new_client, apache, area, ["a.test"])
    assert shows(apache, "a.test", cert) and redirects(apache, "a.test")
    assert f"Include {apache.root}/apache2-le-ssl.conf\n" in apache.main.read_text()
    assert (apache.root / "ports.conf").read_text() == (
        f"Listen 127.0.0.1:{apache.http}\n<IfModule mod_ssl.c>\n    Listen 127.0.0.1:{apache.https} https\n</IfModule>\n")
    after = apache.snapshot()
    install_own(new_client, apache, area, ["a.test"])
    assert apache.snapshot() == after
    rollback(new_client, apache, 2)
    assert apache.snapshot() == before


def test_a_directory_for_new_hosts(apache, new_client, area):
    (apache.root / "vhosts").mkdir()
    apache.write("a", site("a.test"))
    apache.start()
    _, cert = install_own(new_client, apache, area, ["a.test"], "--apache-vhost-root", apache.root / "vhosts",
                          "--apache-le-vhost-ext=-tls.conf")
    assert shows(apache, "a.test", cert)
    assert os.readlink(apache.root / "sites-enabled" / "a-tls.conf") == str(apache.root / "vhosts" / "a-tls.conf")


def test_the_user_knows_which_host(apache, new_client, area):
    apache.write("a", site("a.test"))
    apache.write("b", site("b.test"))
    apache.start()
    paths, cert = own_pair(area, ["c.test"])
    done = new_client.run("install", "--force-interactive", "--apache", *paths, "-d", "c.test", *apache.options(), input="2\n")
    done.says("c.test", "a.conf | a.test www.a.test", "b.conf | b.test www.b.test")
    apache.test()
    assert shows(apache, "c.test", cert)
    assert "ServerAlias c.test" in (apache.root / "sites-available" / "b-le-ssl.conf").read_text()
    assert redirects(apache, "b.test") is False, "it is not in the certificate"


def test_modules_are_left_alone(apache, new_client, area):
    apache.write("a", site("a.test"))
    before = apache.start().snapshot()
    paths, _ = own_pair(area, ["a.test"])
    done = new_client.run("install", "-n", "--apache", *paths, "-d", "a.test", *apache.options(), "--apache-handle-modules",
                          "False", status=1)
    done.says("mod_ssl")
    assert apache.snapshot() == before


def run_with_apache(client, apache, names, *args):
    options = [str(o) for o in apache.options()]
    return client.run("run", "-n", "--agree-tos", "--register-unsafely-without-email", "--apache",
                      *[part for name in names for part in ("-d", name)], *options, *args)


def test_one_command(make_apache_host, new_ca, new_client):
    apache = make_apache_host(http=new_ca.http_port)
    apache.write("a", site("a.test"))
    before = apache.start().snapshot()
    run_with_apache(new_client, apache, ["a.test", "www.a.test"]).says("Successfully deployed certificate for a.test")
    apache.test()
    served(apache, "a.test", new_client, "a.test")
    assert redirects(apache, "a.test") and redirects(apache, "www.a.test")
    assert backups(new_client) == ["Deployed ACME Certificate", "Add enhancement redirect"]
    after = apache.snapshot()
    apache.forget_calls()
    new_client.give_up_authorizations()
    new_client.renew("--force-renewal", "--https-port", apache.https)
    served(apache, "a.test", new_client, "a.test")
    assert apache.snapshot() == after
    rollback(new_client, apache, 2)
    assert apache.snapshot() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_ordinary_user(make_apache_host, new_ca, new_client):
    user = (65534, 65534)
    apache = make_apache_host(http=new_ca.http_port, user=user)
    apache.write("a", site("a.test"))
    before = apache.start().snapshot()
    new_client.become(*user)
    os.chown(new_client.area, *user)
    os.chown(new_client.tmp, *user)
    run_with_apache(new_client, apache, ["a.test", "www.a.test"])
    apache.test()
    served(apache, "a.test", new_client, "a.test")
    assert redirects(apache, "a.test")
    rollback(new_client, apache, 2)
    assert apache.snapshot() == before


def test_enhance_afterwards(apache, lineage, new_client):
    apache.write("a", site("a.test"))
    apache.start()
    lineage(["a.test", "www.a.test"])
    install(new_client, apache, "a.test", "--no-redirect")
    assert apache.get("a.test")[0] == 200
    for _ in range(2):
        new_client.run("enhance", "-n", "--apache", "--cert-name", "a.test", "--redirect", "--hsts", *apache.options())
        apache.test()
        assert redirects(apache, "a.test")
        assert apache.get("a.test", tls=True)[1]["Strict-Transport-Security"] == "max-age=31536000"
        assert len(backups(new_client)) == 3
        calls = apache.calls()
        apache.forget_calls()
    assert "graceful" not in calls, "the second time there is nothing to do"


def test_delete_names_the_files(apache, lineage, new_client):
    apache.write("a", site("a.test"))
    apache.start()
    lineage(["a.test", "www.a.test"])
    install(new_client, apache, "a.test")
    done = new_client.run("delete", "-n", "--cert-name", "a.test", "--server-config-dir", apache.root, status=None)
    done.says("a-le-ssl.conf")
