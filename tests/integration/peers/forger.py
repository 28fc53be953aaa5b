"""What a CA, or whoever stands between, may send in a certificate's place: one row for each peculiarity.

A forger has seen the CSR. It has a root and an intermediate certificate of its own: nobody asks whether an issuer is trusted, so
what it signs is as good as the CA's, and only what a row says is wrong with it.
"""
import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

DAY = datetime.timedelta(days=1)


def common_name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def certificate(public_key, signer, subject, issuer, begin, end, *extensions):
    builder = (x509.CertificateBuilder().subject_name(common_name(subject)).issuer_name(common_name(issuer))
               .public_key(public_key).serial_number(x509.random_serial_number())
               .not_valid_before(begin).not_valid_after(end))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(signer, hashes.SHA256())


class Forger:
    def __init__(self):
        self.root_key, self.issuer_key, self.other_key = new_key(), new_key(), new_key()
        now = datetime.datetime.utcnow()
        ca = x509.BasicConstraints(True, None)
        self.root = certificate(self.root_key.public_key(), self.root_key, "Forged Root", "Forged Root", now - DAY, now + 900 * DAY, ca)
        self.issuer = certificate(self.issuer_key.public_key(), self.root_key, "Forged Issuer", "Forged Root", now - DAY,
                                  now + 900 * DAY, ca)

    def leaf(self, csr, *, key=None, names=(), more=(), address=None, subject=None, begin=-1, end=90, ca=False, signer=None, url=None):
        """As the CSR asks for, but for what is said; begin and end are days from now."""
        now = datetime.datetime.utcnow()
        asked = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
        san = [x509.DNSName(name) for name in [*(names or asked), *more]]
        if address:
            san.append(x509.IPAddress(ipaddress.ip_address(address)))
        extensions = [x509.SubjectAlternativeName(san), x509.BasicConstraints(ca, None)]
        if url:
            extensions.append(x509.AuthorityInformationAccess([
                x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(url))]))
        return certificate((key or csr).public_key(), signer or self.issuer_key, subject, "Forged Issuer", now + begin * DAY,
                           now + end * DAY, *extensions)


def pem(*certs):
    return b"".join(cert.public_bytes(serialization.Encoding.PEM) for cert in certs)


def of(**what):
    """A row: a leaf of that kind, and its issuer."""
    return lambda forger, csr, genuine: pem(forger.leaf(csr, **what), forger.issuer)


def text(change):
    """A row: what the CA has sent, changed."""
    return lambda forger, csr, genuine: change(genuine)


def _another_key(forger, csr, genuine):
    return pem(forger.leaf(csr, key=forger.other_key), forger.issuer)


def _wrong_signature(forger, csr, genuine):
    return pem(forger.leaf(csr, signer=forger.other_key), forger.issuer)


def _wrong_signature_above(forger, csr, genuine):
    now = datetime.datetime.utcnow()
    false_root = certificate(forger.other_key.public_key(), forger.other_key, "Forged Root", "Forged Root", now - DAY, now + 900 * DAY,
                             x509.BasicConstraints(True, None))
    return pem(forger.leaf(csr), forger.issuer, false_root)


def _not_a_ca_above(forger, csr, genuine):
    now = datetime.datetime.utcnow()
    issuer = certificate(forger.issuer_key.public_key(), forger.root_key, "Forged Issuer", "Forged Root", now - DAY, now + 900 * DAY,
                         x509.BasicConstraints(False, None))
    return pem(forger.leaf(csr), issuer)


def _too_many(forger, csr, genuine):
    now = datetime.datetime.utcnow()
    return pem(forger.leaf(csr), forger.issuer,
               *(certificate(forger.other_key.public_key(), forger.other_key, f"{i}", f"{i}", now - DAY, now + DAY) for i in range(70)))


# Peculiarity: (what is sent, what the error says)
REFUSED = {
    "another key": (_another_key, "key: of the 2 certificates none is for the key that was asked for"),
    "another name": (of(names=["evil.test"]), 'names: the certificate is for "evil.test", and "x.test'),
    "a name more": (of(more=["evil.test"]), "names: the certificate is for"),
    "an address more": (of(address="192.0.2.9"), "IP 192.0.2.9"),
    "a name that is shell text": (of(more=["$(touch pwned).x.test"]), "has characters in it that no DNS name has"),
    "a name that is a shell word": (of(more=["`reboot`;x.test"]), "`reboot`;x.test"),
    "a common name that was not asked for": (of(subject="evil.test"), "evil.test"),
    "expired": (of(begin=-90, end=-1), "dates: the certificate is valid from"),
    "not yet valid": (of(begin=3), "dates: the certificate is valid from"),
    "a CA's": (of(ca=True), "kind: the certificate is one that may issue others"),
    "a wrong signature": (_wrong_signature, 'signature: the certificate of "x.test" says that "Forged Issuer" issued it'),
    "a wrong signature above": (_wrong_signature_above, 'signature: the certificate of "Forged Issuer" says'),
    "an issuer that is no CA": (_not_a_ca_above, "signature: "),
    "only issuers": (lambda forger, csr, genuine: pem(forger.issuer, forger.root), "key: "),
    "too many": (_too_many, "more than 64 certificates"),
    "cut short": (text(lambda genuine: genuine[:-40]), "has no end"),
    "a block that is not base64": (text(lambda genuine: genuine + b"-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n"),
                                   "not valid base64"),
    "a block without a beginning": (text(lambda genuine: genuine.replace(b"-----BEGIN", b"----BEGIN", 1)), "no beginning"),
    "a block that is no certificate": (text(lambda genuine: genuine + b"-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"),
                                       "certificate of the chain: "),
    "a key among them": (text(lambda genuine: genuine + b"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"),
                         "among certificates"),
    "a web page": (text(lambda genuine: b"<html>Service unavailable</html>"), "no certificate in PEM"),
    "nothing": (text(lambda genuine: b""), "no certificate in PEM"),
}


# More than is read: that says nothing of the certificate, so its order is not given up at once.
ENDLESS = text(lambda genuine: genuine + b" " * (8 << 20))


def blocks(data):
    return [block + b"-----END CERTIFICATE-----\n" for block in data.split(b"-----END CERTIFICATE-----\n")[:-1]]


# Peculiarity: (what is sent, what the warning says, None: nothing)
TAKEN = {
    "the leaf last": (text(lambda genuine: b"".join(reversed(blocks(genuine)))), "as number 2 of its chain; it is put first"),
    "a byte order mark": (text(lambda genuine: b"\xef\xbb\xbf" + genuine), None),
    "text before it in the line": (text(lambda genuine: b"Certificate: " + genuine), None),
    "text between": (text(lambda genuine: b"hello\n" + b"\nsubject=x\n".join(blocks(genuine)) + b"bye"), None),
    "CRLF": (text(lambda genuine: genuine.replace(b"\n", b"\r\n")), None),
    "glued": (text(lambda genuine: b"".join(block.rstrip(b"\n") for block in blocks(genuine))), None),
    "twice": (text(lambda genuine: genuine + genuine), None),
    "others among them": (lambda forger, csr, genuine: pem(forger.root) + genuine,
                          "1 of the 3 certificates that the CA has sent are not part of the chain, and are left out"),
    "www. added": (of(more=["www.x.test"]), "added www.x.test to the certificate, which was not asked for"),
    "a root with it": (lambda forger, csr, genuine: pem(forger.root, forger.leaf(csr), forger.issuer), None),
}
