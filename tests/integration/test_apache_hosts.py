"""Which virtual hosts of an Apache are changed, which are copied, and that all others stay as they are."""
import pytest
from apache_sites import install_own, redirects, rollback, shows, site
from cryptography import x509

pytestmark = pytest.mark.ours


def test_shared_snippet_stays(make_apache_host, new_client, area, trust):
    apache = make_apache_host(modules=["ssl", "socache_shmcb"])
    apache.put("tls.conf", f"SSLEngine on\nSSLCertificateFile {trust.cert}\nSSLCertificateKeyFile {trust.key}\n")
    for name in ("a", "b"):
        apache.write(name, f"<VirtualHost *:HTTPS>\n    ServerName {name}.test\n    Include tls.conf\n</VirtualHost>\n")
    apache.start()
    before = apache.snapshot()
    old = x509.load_pem_x509_certificate(trust.cert.read_bytes())
    _, cert = install_own(new_client, apache, area, ["a.test"], "--no-redirect")
    assert shows(apache, "a.test", cert) and shows(apache, "b.test", old)
    assert apache.snapshot()["tls.conf"] == before["tls.conf"]


def test_macros_of_others_stay(make_apache_host, new_client, area):
    apache = make_apache_host(modules=["macro"])
    apache.write("m", "<Macro Host $name>\n<VirtualHost *:HTTP>\n    ServerName $name\n    DocumentRoot HOME/www\n"
                      "</VirtualHost>\n</Macro>\nUse Host m.test\n")
    apache.write("a", site("a.test"))
    before = apache.start().snapshot()
    _, cert = install_own(new_client, apache, area, ["a.test"])
    assert shows(apache, "a.test", cert)
    assert apache.get("m.test")[0] == 200
    assert apache.snapshot()["sites-available/m.conf"] == before["sites-available/m.conf"]


def test_both_ports_in_one_host(make_apache_host, new_client, area):
    apache = make_apache_host(modules=["ssl", "socache_shmcb"])
    apache.write("a", site("a.test").replace("*:HTTP>", "*:HTTP *:HTTPS>"))
    before = apache.start().snapshot()
    _, cert = install_own(new_client, apache, area, ["a.test"])
    assert shows(apache, "a.test", cert)
    assert redirects(apache, "a.test")
    assert apache.get("a.test", tls=True)[0] == 200
    rollback(new_client, apache, 2)
    assert apache.snapshot() == before


def test_no_plain_host(make_apache_host, new_client, area, trust):
    apache = make_apache_host(modules=["ssl", "socache_shmcb"])
    apache.write("b", site("b.test"))
    apache.write("a", f"<VirtualHost *:HTTPS>\n    ServerName a.test\n    DocumentRoot HOME/www\n    SSLEngine on\n"
                      f"    SSLCertificateFile {trust.cert}\n    SSLCertificateKeyFile {trust.key}\n</VirtualHost>\n")
    before = apache.start().snapshot()
    _, cert = install_own(new_client, apache, area, ["a.test"])
    assert shows(apache, "a.test", cert)
    assert redirects(apache, "a.test")
    assert apache.get("b.test")[0] == 200
    rollback(new_client, apache, 2)
    assert apache.snapshot() == before


@pytest.mark.parametrize("address,name", [("_default_:HTTPS", ""), ("*:HTTPS", "    ServerName default.test\n")],
                         ids=["without a name", "with one"])
def test_the_host_for_all_other_names_stays(make_apache_host, new_client, area, trust, address, name):
    apache = make_apache_host(modules=["ssl", "socache_shmcb"])
    apache.write("a", site("a.test"))
    apache.write("default-ssl", f"<VirtualHost {address}>\n{name}    DocumentRoot HOME/www\n    SSLEngine on\n"
                                f"    SSLCertificateFile {trust.cert}\n    SSLCertificateKeyFile {trust.key}\n</VirtualHost>\n")
    before = apache.start().snapshot()
    _, cert = install_own(new_client, apache, area, ["a.test"])
    assert shows(apache, "a.test", cert)
    assert shows(apache, "other.test", x509.load_pem_x509_certificate(trust.cert.read_bytes()))
    rollback(new_client, apache, 2)
    assert apache.snapshot() == before


HOST = "<VirtualHost *:HTTP>\n    ServerName a.test\n    DocumentRoot HOME/www\nMORE</VirtualHost>\n"
COPIED = {
    "no line feed at the end": HOST.replace("MORE", "").rstrip("\n"),
    "CR LF": HOST.replace("MORE", "    # caf\u00e9\n").replace("\n", "\r\n"),
    "lines that go on": "<virtualhost \\\n *:HTTP>\n  SERVERNAME \\\n http://A.test:HTTP\n  # a comment \\\n  goes on\n"
                        "  DocumentRoot \\\nHOME/www\n</VIRTUALHOST>",
    "IPv6": HOST.replace("*:HTTP", "[::]:HTTP *:HTTP").replace("MORE", ""),
    "a condition around": "Define X\n<IfDefine X>\nDefine D HOME/www\n" + HOST.replace("HOME/www", "${D}").replace("MORE", "") + "</IfDefine>\n",
    "a condition in front": "<IfDefine !Y>\nDefine D HOME/www\n</IfDefine>\n" + HOST.replace("HOME/www", "${D}").replace("MORE", ""),
    "a macro in front": "<Macro M $x>\n DocumentRoot $x\n</Macro>\n" + HOST.replace("DocumentRoot", "Use M").replace("MORE", ""),
    "an include in front": "Include HOME/definitions\n" + HOST.replace("HOME/www", "${D}").replace("MORE", ""),
    "patterns": HOST.replace("MORE", "    RedirectMatch ^/(?!\\.well-known)(.*) https://a.test/$1\n"),
    "rules in a directory": HOST.replace("MORE", "    <Directory HOME/www>\n    RewriteEngine On\n    RewriteRule (.*) "
                                         "https://%{HTTP_HOST}%{REQUEST_URI} \\\n    [R=301,L]\n    </Directory>\n"),
}


@pytest.mark.parametrize("case", COPIED)
def test_what_is_copied(make_apache_host, new_client, area, case):
    apache = make_apache_host(modules=["rewrite", "macro"])
    (apache.home / "definitions").write_text(f"Define D {apache.home}/www\n")
    apache.write("a", apache.fill(COPIED[case]).encode())
    apache.write("0", site("first.test"))
    before = apache.start().snapshot()
    _, cert = install_own(new_client, apache, area, ["a.test"])
    assert shows(apache, "a.test", cert)
    assert redirects(apache, "a.test")
    assert apache.get("a.test", tls=True)[0] == 200
    assert apache.get("unknown.test")[0] == 200
    after = apache.snapshot()
    install_own(new_client, apache, area, ["a.test"])
    assert apache.snapshot() == after
    rollback(new_client, apache, 2)
    assert apache.snapshot() == before
