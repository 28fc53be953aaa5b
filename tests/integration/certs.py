"""Keys and certificates: those that the servers of the tests show, and reading those that a client stored."""
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----\n", re.S)


@dataclass
class Trust:
    """A throw-away CA and the certificate it gave to the servers on loopback."""
    ca: Path
    cert: Path
    key: Path


def openssl(*args, cwd=None):
    return subprocess.run(["openssl", *map(str, args)], cwd=cwd, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE).stdout


def make_trust(directory, *addresses):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "leaf.ext").write_text(
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
        "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1" + "".join(f",IP:{a}" for a in addresses) + "\n")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", 30, "-subj", "/CN=Test servers CA",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            cwd=directory)
    openssl("req", "-new", *curve, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=localhost", cwd=directory)
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", 30,
            "-extfile", "leaf.ext", "-out", "leaf.pem", cwd=directory)
    return Trust(directory / "ca.pem", directory / "leaf.pem", directory / "leaf.key")


def make_leaf(trust, directory, hosts):
    """A further certificate of that CA, for many names: paths of it and of its key."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "leaf.ext").write_text("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                                        "extendedKeyUsage=serverAuth\nsubjectAltName=" + ",".join(f"DNS:{h}" for h in hosts) + "\n")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr",
            "-subj", "/CN=fakes", cwd=directory)
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", trust.ca, "-CAkey", trust.ca.with_name("ca.key"), "-set_serial", 7, "-days", 30,
            "-extfile", "leaf.ext", "-out", "leaf.pem", cwd=directory)
    return directory / "leaf.pem", directory / "leaf.key"


def load_chain(data):
    return [x509.load_pem_x509_certificate(block) for block in BLOCK.findall(data)]


def load_key(data):
    return serialization.load_pem_private_key(data, None)


def names(cert):
    """The names of a certificate or request, sorted: DNS names and addresses as text."""
    san = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return sorted(san.get_values_for_type(x509.DNSName) + [str(a) for a in san.get_values_for_type(x509.IPAddress)])


def public_bytes(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def fingerprint(cert):
    return cert.fingerprint(hashes.SHA256()).hex()


def key_name(key):
    """How the tests call a key: rsa2048, secp256r1 ..."""
    return key.curve.name if hasattr(key, "curve") else f"rsa{key.key_size}"


def is_signed_by(cert, issuer):
    key = issuer.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(cert.signature, cert.tbs_certificate_bytes, ec.ECDSA(cert.signature_hash_algorithm))
        else:
            key.verify(cert.signature, cert.tbs_certificate_bytes, padding.PKCS1v15(), cert.signature_hash_algorithm)
    except Exception:
        return False
    return True


def common_name(name):
    return name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value


def make_csr(path, names_, key, der=False):
    """Writes a request for `names_` signed by `key`; returns path."""
    csr = (x509.CertificateSigningRequestBuilder()
           .subject_name(x509.Name([]))
           .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names_]), critical=False)
           .sign(key, hashes.SHA256()))
    path.write_bytes(csr.public_bytes(serialization.Encoding.DER if der else serialization.Encoding.PEM))
    return path
