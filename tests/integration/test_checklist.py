"""What Certbot's own tests ask of it: commands, accounts, and how certificates are obtained."""
import certs
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SAVED = "renew_hook"  # how the renewal file calls a deploy hook


# Commands and accounts

def test_basic_commands(certbot):
    before = sorted(certbot.area.iterdir())
    for args in (["--help"], ["--help", "all"], ["--version"]):
        assert certbot(*args).out
    certbot("--csr", status=2).says("expected one argument")
    assert sorted(certbot.area.iterdir()) == before, "something is left in TMPDIR"


def test_hook_dirs_creation(certbot):
    certbot("register")
    for kind in ("pre", "deploy", "post"):
        assert (certbot.config / "renewal-hooks" / kind).is_dir(), kind


def test_registration_override(certbot):
    certbot("register")
    certbot("unregister")
    certbot("register", "--email", "first@example.org,second@example.org")
    certbot("update_account", "--email", "third@domain.org")
    said = certbot("show_account").out
    assert "third@domain.org" in said and "first@example.org" not in said and "second@example.org" not in said
    certbot("update_account", "--email", "ex1@domain.org,ex2@domain.org")
    assert "ex1@domain.org, ex2@domain.org" in certbot("show_account").out


def test_prepare_plugins(certbot):
    assert "webroot" in certbot("plugins", "--init", "--prepare").out


# Certificates by each way of proving control

def test_http_01(certbot):
    certbot("--domains", "le.http.test", "--preferred-challenges", "http-01", "run", "--cert-name", "le.http.test",
            *certbot.hooks())
    assert certbot.noted() == ["pre", "deploy", "post"]
    certbot.store.check(["le.http.test"])
    assert certbot.params("le.http.test")[SAVED] == certbot.note("deploy")
    text = certbot.store.renewal("le.http.test").read_text()
    assert "renew_hook = " in text and "key_type = ecdsa" in text


def test_ipv4_address_standalone(certbot):
    certbot("certonly", "--ip-address", "127.0.0.7", "--standalone")
    assert certbot.count("127.0.0.7") == 1
    assert certs.names(certbot.store.cert("127.0.0.7")) == ["127.0.0.7"]


def test_ipv6_address_standalone(certbot):
    certbot("certonly", "--ip-address", "::1", "--standalone", "--http-01-address", "::1", "--http-01-port",
            certbot.http_port)
    assert certbot.count("::1") == 1
    certbot.store.check(["::1"])


def test_manual_http_auth(certbot, start_nginx):
    root = certbot.folder("www")
    start_nginx(certbot.http_port, {"le.manual.test": root})
    certbot("certonly", "-a", "manual", "-d", "le.manual.test", *certbot.http_hooks(root), *certbot.hooks())
    assert certbot.noted() == ["pre", "deploy", "post"]
    assert certbot.params("le.manual.test")[SAVED] == certbot.note("deploy")
    assert list((root / ".well-known" / "acme-challenge").iterdir()) == []


def test_manual_dns_auth(certbot):
    certbot("-a", "manual", "-d", "le.dns.test", "--preferred-challenges", "dns", "run", "--cert-name", "le.dns.test",
            *certbot.dns_hooks(), *certbot.hooks())
    assert certbot.noted() == ["pre", "deploy", "post"]
    assert certbot.params("le.dns.test")[SAVED] == certbot.note("deploy")
    certbot("renew", "--cert-name", "le.dns.test", "--authenticator", "manual")
    assert certbot.count("le.dns.test") == 2
    assert certbot.noted() == ["pre", "deploy", "post"]


def test_certonly(certbot):
    certbot("certonly", "--cert-name", "newname", "-d", "le.newname.test")
    assert certbot.count("newname") == 1
    certbot.store.check(["newname"])


def test_certonly_webroot(certbot, start_nginx):
    root = certbot.folder("www")
    start_nginx(certbot.http_port, {"le.webroot.test": root})
    certbot("certonly", "-a", "webroot", "--webroot-path", root, "-d", "le.webroot.test")
    assert certbot.count("le.webroot.test") == 1


def test_certonly_webroot_ipv4(certbot, start_nginx):
    root = certbot.folder("www")
    start_nginx(certbot.http_port, {"localhost": root})
    certbot("certonly", "-a", "webroot", "--webroot-path", root, "--ip-address", "127.0.0.1")
    assert certbot.count("127.0.0.1") == 1


def test_wildcard_certificates(certbot):
    """With an option cut short, and both names proved by records of one name."""
    certbot("-a", "manual", "-d", "*.le.wild.test,le.wild.test", "--preferred-challenge", "dns", *certbot.dns_hooks())
    assert certs.names(certbot.store.cert("le.wild.test")) == ["*.le.wild.test", "le.wild.test"]
    certbot.store.check(["le.wild.test"])


# Requests of one's own

def request_for(certbot, curve, *names):
    key = ec.generate_private_key(curve)
    return key, certs.make_csr(certbot.area / "request.der", names, key, der=True)


def test_auth_and_install_with_csr(certbot):
    key, csr = request_for(certbot, ec.SECP256R1(), "le.csr.test")
    cert, chain = certbot.area / "csr" / "cert.pem", certbot.area / "csr" / "chain.pem"
    certbot("auth", "--csr", csr, "--cert-path", cert, "--chain-path", chain)
    leaf, = certs.load_chain(cert.read_bytes())
    issuer, = certs.load_chain(chain.read_bytes())
    assert certs.names(leaf) == ["le.csr.test"] and certs.is_signed_by(leaf, issuer)

    key_path = certbot.area / "key.pem"
    key_path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certbot("--domains", "le.csr.test", "install", "--cert-path", cert, "--key-path", key_path)


def test_ecdsa(certbot):
    key, csr = request_for(certbot, ec.SECP384R1(), "le.p384.test")
    cert = certbot.area / "cert-p384.pem"
    certbot("auth", "--csr", csr, "--cert-path", cert, "--chain-path", certbot.area / "chain-p384.pem")
    leaf, = certs.load_chain(cert.read_bytes())
    assert certs.public_bytes(leaf.public_key()) == certs.public_bytes(key.public_key())


# What fails for one name, and what is tried only

def test_invalid_domain_with_dns_challenge(certbot):
    certbot("certonly", "-a", "manual", "-d", "le.good.test,fail.good.test", "--allow-subset-of-names",
            "--preferred-challenges", "dns", *certbot.dns_hooks())
    assert certs.names(certbot.store.cert("le.good.test")) == ["le.good.test"]
    said = certbot("certificates").out
    assert "le.good.test" in said and "fail.good.test" not in said


def test_dry_run_deactivate_authzs(certbot):
    """What an earlier try proved is proved again."""
    args = ["certonly", "--dry-run", "-d", "le.dry.test"]
    again = "Recreating order after authz deactivation"
    certbot(*args)
    assert again not in certbot.log()
    certbot(*args)
    assert again in certbot.log()
    assert certbot.store.lineages() == []


def test_preferred_chain(certbot, checklist_ca):
    roots = [certs.common_name(certs.load_chain(checklist_ca.root(n))[0].subject) for n in range(3)]
    assert len(set(roots)) == 3
    for wanted, expected in [(root, root) for root in roots] + [("nobody's root", roots[0])]:
        done = certbot("certonly", "-d", "le.chain.test", "--preferred-chain", wanted, "--force-renewal")
        assert certs.common_name(certbot.store.chain("le.chain.test")[-1].issuer) == expected
        assert certbot.params("le.chain.test")["preferred_chain"] == wanted
        assert ("no chain from the CA matched this issuer" in done.err) == (wanted != expected)
    assert certbot.count("le.chain.test") == 4


def test_reconfigure(certbot, start_nginx):
    root = certbot.folder("www")
    certbot("certonly", "-d", "le.again.test")
    start_nginx(certbot.http_port, {"le.again.test": root})
    certbot("reconfigure", "--cert-name", "le.again.test", "-a", "webroot", "--webroot-path", root).says(
        "Successfully updated configuration.")
    params = certbot.params("le.again.test")
    assert params["authenticator"] == "webroot"
    assert params["webroot_path"].rstrip(",") == str(root)
    assert certbot.count("le.again.test") == 1, "that was a try"


@pytest.mark.parametrize("name", ["le.one.test", "*.two.test"])
def test_name_of_the_lineage(certbot, name):
    certbot("certonly", "-a", "manual", "--preferred-challenges", "dns", *certbot.dns_hooks(), "-d", name)
    certbot.store.check([name.replace("*.", "")])
