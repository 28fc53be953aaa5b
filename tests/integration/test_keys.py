"""Keys of every type, requests of one's own, must-staple, chains and profiles."""
import certs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa


@pytest.mark.parametrize("options, key", [
    (["--key-type", "rsa"], "rsa2048"),
    (["--key-type", "rsa", "--rsa-key-size", "3072"], "rsa3072"),
    (["--key-type", "rsa", "--rsa-key-size", "4096"], "rsa4096"),
    ([], "secp256r1"),
    (["--elliptic-curve", "secp256r1"], "secp256r1"),
    (["--elliptic-curve", "secp384r1"], "secp384r1"),
    (["--key-type", "ecdsa", "--elliptic-curve", "secp521r1"], "secp521r1"),
], ids=lambda v: v if isinstance(v, str) else "")
def test_key_type(make_client, new_ca, options, key):
    client = make_client(new_ca)
    client.certonly(["key.test"], *options)
    client.store.check(["key.test"])
    assert certs.key_name(client.store.key("key.test")) == key
    assert client.store.conf("key.test")["renewalparams"]["key_type"] == ("rsa" if key.startswith("rsa") else "ecdsa")

    client.renew("--force-renewal")
    client.store.check(["key.test"])
    assert certs.key_name(client.store.key("key.test")) == key, "renewal keeps the type and size"
    assert client.store.key("key.test", 1).private_numbers() != client.store.key("key.test", 2).private_numbers()


def test_reuse_key(client):
    client.certonly(["reuse.test"], "--reuse-key")
    client.renew("--force-renewal")
    client.store.check(["reuse.test"])
    def key(version):
        return client.store.version_file("reuse.test", "privkey", version).read_bytes()

    assert key(1) == key(2)
    client.renew("--force-renewal", "--new-key")
    assert key(2) != key(3)


def test_key_change_needs_confirmation(client, second_name):
    client.program = second_name
    client.certonly(["change.test"], "--key-type", "rsa")
    client.certonly(["change.test"], "--key-type", "ecdsa", "--force-renewal", status=1).says(
        "Please provide both --cert-name and --key-type")
    client.certonly(["change.test"], "--key-type", "ecdsa", "--cert-name", "change.test")
    assert certs.key_name(client.store.key("change.test")) == "secp256r1"


def test_must_staple(make_client, new_ca):  # the old Pebble leaves the extension out
    client = make_client(new_ca)
    client.certonly(["staple.test"], "--must-staple")
    features = client.store.cert("staple.test").extensions.get_extension_for_class(x509.TLSFeature).value
    assert list(features) == [x509.TLSFeatureType.status_request]
    assert client.store.conf("staple.test")["renewalparams"]["must_staple"] == "True"


@pytest.mark.parametrize("form", ["pem", "der"])
@pytest.mark.parametrize("kind", ["P-384", "RSA"])
def test_csr(client, area, form, kind):
    key = ec.generate_private_key(ec.SECP384R1()) if kind == "P-384" else rsa.generate_private_key(65537, 2048)
    csr = certs.make_csr(area / f"request.{form}", ["csr.test", "www.csr.test"], key, der=form == "der")
    paths = {option: area / "out" / option for option in ("cert-path", "chain-path", "fullchain-path")}
    options = [part for option, path in paths.items() for part in (f"--{option}", path)]
    client.certonly([], "--csr", csr, *options).says("Successfully received certificate.",
                                                     *map(str, paths.values()))

    leaf, = certs.load_chain(paths["cert-path"].read_bytes())
    chain = certs.load_chain(paths["chain-path"].read_bytes())
    assert certs.names(leaf) == ["csr.test", "www.csr.test"]
    assert certs.public_bytes(leaf.public_key()) == certs.public_bytes(key.public_key())
    assert certs.is_signed_by(leaf, chain[0])
    assert paths["fullchain-path"].read_bytes() == paths["cert-path"].read_bytes() + paths["chain-path"].read_bytes()
    client.store.check([])


def test_csr_unreadable(client, area):
    bad = area / "bad.csr"
    bad.write_text("-----BEGIN CERTIFICATE REQUEST-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE REQUEST-----\n")
    client.certonly([], "--csr", bad, status=1).says(str(bad)).matches(
        "Failed to parse CSR file|certificate signing request")


def test_csr_of_other_names(client, area):
    csr = certs.make_csr(area / "r.pem", ["csr.test"], ec.generate_private_key(ec.SECP256R1()))
    client.certonly(["other.test"], "--csr", csr, status=1).says("Inconsistent ", "csr.test", "other.test")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_preferred_chain(make_client, forked_ca, number):
    client = make_client(forked_ca)
    root, = certs.load_chain(forked_ca.root(number))
    wanted = certs.common_name(root.subject)
    client.certonly(["chain.test"], "--preferred-chain", wanted)
    client.store.check(["chain.test"])
    last = client.store.chain("chain.test")[-1]
    assert certs.common_name(last.issuer) == wanted
    assert client.store.conf("chain.test")["renewalparams"]["preferred_chain"] == wanted

    client.renew("--force-renewal")
    assert certs.common_name(client.store.chain("chain.test")[-1].issuer) == wanted


def test_preferred_chain_unknown(make_client, forked_ca):
    client = make_client(forked_ca)
    client.certonly(["chain.test"], "--preferred-chain", "Nobody's Root").says(
        "prefer certificate chains with issuer 'Nobody's Root', but no chain from the CA matched")
    client.store.check(["chain.test"])


def days(cert):
    return round((cert.not_valid_after - cert.not_valid_before).total_seconds() / 86400)


@pytest.mark.certbot5
@pytest.mark.parametrize("option", ["--preferred-profile", "--required-profile"])
def test_profile(make_client, profiled_ca, option):
    client = make_client(profiled_ca)
    client.certonly(["profile.test"], option, "shortlived")
    client.store.check(["profile.test"])
    assert days(client.store.cert("profile.test")) == 6
    assert client.store.conf("profile.test")["renewalparams"][option[2:].replace("-", "_")] == "shortlived"
    client.renew("--force-renewal")
    assert days(client.store.cert("profile.test")) == 6


@pytest.mark.ours
def test_another_profile_is_asked_for(make_client, profiled_ca, second_name):
    """It is said, and done, once. Certbot waits for the renewal that is due."""
    client = make_client(profiled_ca)
    client.certonly(["changed.test"], "--preferred-profile", "default")
    client.certonly(["changed.test"], "--preferred-profile", "default").says("Certificate not yet due for renewal")
    client.certonly(["changed.test"]).says("Certificate not yet due for renewal")
    program, client.program = client.program, second_name
    client.certonly(["changed.test"], "--preferred-profile", "shortlived").says("Certificate not yet due for renewal")
    client.program = program
    assert client.store.versions("changed.test") == [1]
    client.certonly(["changed.test"], "--preferred-profile", "shortlived", "--keep-until-expiring").says(
        "Another profile is asked for than the certificate changed.test was obtained with (shortlived, not default), so it is renewed.")
    assert days(client.store.cert("changed.test")) == 6
    client.certonly(["changed.test"], "--preferred-profile", "shortlived").says("Certificate not yet due for renewal")
    assert client.store.versions("changed.test") == [1, 2]
    client.store.check(["changed.test"])


@pytest.mark.ours
def test_another_chain_is_asked_for(make_client, forked_ca):
    client = make_client(forked_ca)
    client.certonly(["chain.test"])
    client.certonly(["chain.test"], "--preferred-chain", "Pebble Root CA").says(
        "Another chain is asked for than the certificate chain.test was obtained with (Pebble Root CA, not none), so it is renewed.")
    client.certonly(["chain.test"], "--preferred-chain", "Pebble Root CA").says("Certificate not yet due for renewal")
    assert client.store.versions("chain.test") == [1, 2]


@pytest.mark.ours
def test_another_type_of_key_is_asked_for(client):
    """Without a terminal --key-type is enough; Certbot wants --cert-name as well."""
    client.certonly(["type.test"])
    client.certonly(["type.test"], "--key-type", "rsa").says("The certificate type.test has an ECDSA key, and RSA is asked for, so it is renewed.")
    assert client.store.versions("type.test") == [1, 2]
    client.certonly(["type.test"], "--key-type", "rsa").says("Certificate not yet due for renewal")


@pytest.mark.certbot5
def test_profile_unknown(make_client, profiled_ca):
    client = make_client(profiled_ca)
    client.certonly(["preferred.test"], "--preferred-profile", "nope")
    assert days(client.store.cert("preferred.test")) in (6, 90)  # Pebble takes one of its profiles at random
    client.certonly(["required.test"], "--required-profile", "nope", status=1).says("nope")
    client.store.check(["preferred.test"])
