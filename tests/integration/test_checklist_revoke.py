"""What Certbot's own tests ask of it: revoking, deleting, leaving the CA."""
import certs
import pytest
from cryptography import x509
from peers.revocation import RevocationServer


def obtain(certbot, *names, args=()):
    for name in names:
        certbot("certonly", "-d", name, *args)


def is_gone(certbot, name):
    store = certbot.store
    there = [path.exists() for path in (store.archive(name), store.live(name), store.renewal(name))]
    assert len(set(there)) == 1, there
    return not there[0]


def test_revoke_simple(certbot, checklist_ca):
    store = certbot.store
    obtain(certbot, "le.one.test", "le.two.test", "le.three.test")
    certbot("revoke", "--cert-path", store.live("le.one.test", "cert"), "--delete-after-revoke")
    assert is_gone(certbot, "le.one.test")
    certbot("revoke", "--cert-path", store.live("le.two.test", "cert"), "--no-delete-after-revoke")
    assert store.live("le.two.test", "cert").exists()
    assert checklist_ca.status(store.cert("le.two.test"))["Status"] == "Revoked"
    certbot("delete", "--cert-name", "le.two.test")
    assert is_gone(certbot, "le.two.test")

    cert = store.cert("le.three.test")
    certbot("revoke", "--cert-path", store.live("le.three.test", "cert"), "--key-path", store.live("le.three.test", "privkey"))
    assert checklist_ca.status(cert)["Status"] == "Revoked"
    assert is_gone(certbot, "le.three.test")


def test_revoke_and_unregister(certbot, checklist_ca):
    names = ["le.one.test", "le.two.test", "le.three.test"]
    obtain(certbot, *names)
    for name, reason, code in zip(names, ("cessationOfOperation", "keyCompromise"), (5, 1)):
        cert = certbot.store.cert(name)
        certbot("revoke", "--cert-path", certbot.store.live(name, "cert"), "--reason", reason)
        status = checklist_ca.status(cert)
        assert (status["Status"], status["Reason"]) == ("Revoked", code)
    certbot("unregister")
    said = certbot("certificates").out
    assert [name in said for name in names] == [False, False, True]
    assert certbot.store.account_dirs() == []


def test_revoke_mutual_exclusive_flags(certbot):
    obtain(certbot, "le.both.test")
    path = certbot.store.live("le.both.test", "fullchain")
    refused = certbot("revoke", "--cert-name", "le.both.test", "--cert-path", path, status=1)
    assert "Exactly one of --cert-path or --cert-name must be specified" in refused.err
    assert not is_gone(certbot, "le.both.test")


def test_revoke_multiple_lineages(certbot, checklist_ca):
    store = certbot.store
    obtain(certbot, "le.one.test", "le.two.test")
    renewal = store.renewal("le.two.test")
    renewal.write_text(renewal.read_text().replace(f"archive_dir = {store.archive('le.two.test')}",
                                                   f"archive_dir = {store.archive('le.one.test')}"))
    cert = store.cert("le.one.test")
    certbot("revoke", "--cert-path", store.live("le.one.test", "cert"))
    assert checklist_ca.status(cert)["Status"] == "Revoked"
    assert "Not deleting revoked certificates due to overlapping archive dirs" in certbot.log()
    assert not is_gone(certbot, "le.one.test") and not is_gone(certbot, "le.two.test")


# By the certificate's own key

@pytest.fixture(scope="module")
def responder():
    server = RevocationServer()
    yield server
    server.stop()


@pytest.fixture
def with_ocsp(make_checklist, start_pebble, responder):
    """A CA whose certificates name a responder; the newer Pebble has given OCSP up."""
    ca = start_pebble("old", "checklist-ocsp", authz_reuse=100, settings={"ocspResponderURL": responder.url})
    responder.speak_for(x509.load_pem_x509_certificate(ca.intermediate()), certs.load_key(ca.manage("intermediate-keys/0")))
    responder.is_revoked = lambda cert: ca.status(cert)["Status"] == "Revoked"
    return make_checklist(ca)


CURVES = ["secp256r1", "secp384r1", "secp521r1"]


@pytest.mark.parametrize("curve", CURVES)
def test_revoke_ecdsa_cert_key(with_ocsp, responder, curve):
    certbot, name = with_ocsp, "le.key.test"
    obtain(certbot, name, args=["--key-type", "ecdsa", "--elliptic-curve", curve])
    responder.know(certbot.store.cert(name))
    assert certbot("certificates").out.count("INVALID") == 0
    certbot("revoke", "--cert-path", certbot.store.live(name, "cert"), "--key-path", certbot.store.live(name, "privkey"),
            "--no-delete-after-revoke")
    assert certbot("certificates").out.count("INVALID: REVOKED") == 1


@pytest.mark.parametrize("curve", CURVES)
def test_revoke_ecdsa_cert_key_delete(certbot, checklist_ca, curve):
    name = "le.key.test"
    obtain(certbot, name, args=["--key-type", "ecdsa", "--elliptic-curve", curve])
    cert = certbot.store.cert(name)
    certbot("revoke", "--cert-path", certbot.store.live(name, "cert"), "--key-path", certbot.store.live(name, "privkey"),
            "--delete-after-revoke")
    assert checklist_ca.status(cert)["Status"] == "Revoked"
    assert is_gone(certbot, name)
    assert certbot("certificates").out.count("INVALID: REVOKED") == 0
