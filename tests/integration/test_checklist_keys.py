"""What Certbot's own tests ask of it: keys of which type and size, and which are kept."""
import certs
import pytest
from cryptography import x509

NAME = "le.key.test"


def key_of(certbot, version=None):
    return certs.key_name(certbot.store.key(NAME, version))


def certonly(certbot, *args, **more):
    return certbot("certonly", "-d", NAME, *args, **more)


def test_default_key_type(certbot):
    certonly(certbot)
    assert key_of(certbot) == "secp256r1"


def test_default_rsa_size(certbot):
    certonly(certbot, "--key-type", "rsa")
    assert key_of(certbot) == "rsa2048"


@pytest.mark.parametrize("curve", ["secp256r1", "secp384r1", "secp521r1"])
def test_ecdsa_curves(certbot, curve):
    certonly(certbot, "--key-type", "ecdsa", "--elliptic-curve", curve)
    assert key_of(certbot) == curve
    certbot.store.check([NAME])


def test_incorrect_key_type(certbot):
    certonly(certbot, "--key-type=failwhale", status=2)
    assert certbot.store.lineages() == []


def test_ocsp_must_staple(certbot):
    certbot("auth", "--must-staple", "-d", NAME)
    features = certbot.store.cert(NAME).extensions.get_extension_for_class(x509.TLSFeature).value
    assert list(features) == [x509.TLSFeatureType.status_request]


def test_certonly_non_default_key_size_kept(certbot):
    """The type of the key is kept, its size is not."""
    certonly(certbot, "--key-type", "rsa", "--rsa-key-size", 4096)
    assert key_of(certbot) == "rsa4096"
    certonly(certbot, "--force-renewal")
    assert key_of(certbot) == "rsa2048"
    assert certbot.params(NAME)["key_type"] == "rsa"


def test_renew_with_ec_keys(certbot):
    def key_file():
        return certbot.store.live(NAME, "privkey").stat().st_size

    certonly(certbot)
    assert key_of(certbot) == "secp256r1" and 200 <= key_file() <= 250
    certbot("renew", "--elliptic-curve", "secp384r1")
    assert key_of(certbot) == "secp384r1" and 280 <= key_file() <= 320
    assert certbot.params(NAME)["elliptic_curve"] == "secp384r1"

    certonly(certbot, "--key-type", "ecdsa", forced=True)
    assert key_of(certbot) == "secp256r1" and 200 <= key_file() <= 250

    refused = certonly(certbot, "--key-type", "rsa", status=1)
    assert "Please provide both --cert-name and --key-type" in refused.err
    assert certbot.count(NAME) == 3
    certonly(certbot, "--key-type", "rsa", "--cert-name", NAME)
    assert key_of(certbot) == "rsa2048"
    certbot("renew", "--key-type", "ecdsa")
    assert key_of(certbot) == "secp256r1"
    certbot.store.check([NAME])


# Keys that are used again

def same(certbot, first, second):
    return certbot.private_key(NAME, first) == certbot.private_key(NAME, second)


def test_reuse_key(certbot):
    certonly(certbot, "--reuse-key")
    certbot("renew", "--cert-name", NAME)
    assert same(certbot, 1, 2)

    certbot("--cert-name", NAME, "-d", NAME, "--force-renewal")
    assert not same(certbot, 2, 3)
    assert "reuse_key" not in certbot.params(NAME)
    certbot("--cert-name", NAME, "-d", NAME, "--force-renewal", "--reuse-key")
    assert same(certbot, 3, 4)
    assert certbot.params(NAME)["reuse_key"] == "True"

    certbot("renew", "--cert-name", NAME, "--no-reuse-key")
    assert not same(certbot, 4, 5)
    assert certbot.params(NAME)["reuse_key"] == "False"
    certbot("renew", "--cert-name", NAME)
    assert not same(certbot, 5, 6)
    leaves = [certs.load_chain(p.read_bytes())[0] for p in certbot.store.archive(NAME).glob("cert*.pem")]
    assert len({leaf.serial_number for leaf in leaves}) == certbot.count(NAME) == 6


def test_new_key(certbot):
    certonly(certbot, "--reuse-key", "--elliptic-curve", "secp384r1")
    certbot("renew", "--new-key")
    assert not same(certbot, 1, 2)
    assert key_of(certbot) == "secp384r1"
    params = certbot.params(NAME)
    assert (params["reuse_key"], params["elliptic_curve"]) == ("True", "secp384r1")

    certonly(certbot, "--reuse-key", "--new-key")
    assert not same(certbot, 2, 3)
    assert key_of(certbot) == "secp256r1"
    assert certbot.params(NAME)["reuse_key"] == "True"

    certonly(certbot, "--reuse-key", "--new-key", "--key-type", "rsa", "--cert-name", NAME)
    assert key_of(certbot) == "rsa2048"
    assert certbot.params(NAME)["reuse_key"] == "True"

    for command in (["renew"], ["certonly", "--reuse-key", "-d", NAME]):
        refused = certbot(*command, "--key-type", "rsa", "--rsa-key-size", 4096, "--cert-name", NAME, status=1)
        assert "Unable to change the --rsa-key-size" in refused.err
    assert certbot.count(NAME) == 4
    certbot("renew", "--rsa-key-size", 4096, "--new-key")
    assert key_of(certbot) == "rsa4096"

    certonly(certbot, "--no-reuse-key")
    assert key_of(certbot) == "rsa2048"
    assert not same(certbot, 5, 6)
    assert certbot.params(NAME)["reuse_key"] == "False"
    certbot.store.check([NAME])
