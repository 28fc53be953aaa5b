"""Stores with many lineages, made without a client: a CA of our own signs what a real one would have given."""
import datetime
import ipaddress
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PEM = serialization.Encoding.PEM
KINDS = ("cert", "privkey", "chain", "fullchain")


def _key_pem(key):
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _general_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Fleet:
    """Adds lineages to the store `config` that renew from `server` with `account` by the standalone authenticator.

    one_key: all certificates share one key, which makes a hundred thousand of them bearable.
    """

    def __init__(self, config, server, account, http_port, one_key=False):
        self.config, self.server, self.account, self.http_port = Path(config), server, account, http_port
        for name, mode in (("renewal", 0o755), ("archive", 0o700), ("live", 0o700)):
            (self.config / name).mkdir(mode=mode, parents=True, exist_ok=True)
        self.now = datetime.datetime.utcnow().replace(microsecond=0)
        self.key = ec.generate_private_key(ec.SECP256R1()) if one_key else None
        self.key_pem = _key_pem(self.key) if one_key else None
        self.ca_key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Fleet CA")])
        self.ca = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
                   .public_key(self.ca_key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(self.now - datetime.timedelta(days=400))
                   .not_valid_after(self.now + datetime.timedelta(days=4000))
                   .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.ca_key.public_key()), critical=False)
                   .sign(self.ca_key, hashes.SHA256()))
        self.chain = self.ca.public_bytes(PEM)
        self.aki = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca_key.public_key())

    def _sign(self, builder):
        return builder.sign(self.ca_key, hashes.SHA256())

    def _issue(self, name, days_left):
        key = self.key or ec.generate_private_key(ec.SECP256R1())
        end = self.now + datetime.timedelta(days=days_left)
        cert = self._sign(x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(self.ca.subject)
                          .public_key(key.public_key()).serial_number(x509.random_serial_number())
                          .not_valid_before(end - datetime.timedelta(days=90))
                          .not_valid_after(end + datetime.timedelta(hours=12))
                          .add_extension(x509.SubjectAlternativeName([_general_name(name)]), critical=True)
                          .add_extension(self.aki, critical=False))
        return cert.public_bytes(PEM), self.key_pem or _key_pem(key)

    def add(self, name, days_left):
        """One lineage with a 90-day certificate for `name`, which may be an address; returns name.

        The certificate lasts half a day longer than `days_left`, so that each listing of a test tells the same number of days.
        """
        cert, key = self._issue(name, days_left)
        content = {"cert": cert, "privkey": key, "chain": self.chain, "fullchain": cert + self.chain}
        live, archive = self.config / "live" / name, self.config / "archive" / name
        live.mkdir()
        archive.mkdir()
        for kind in KINDS:
            file = os.open(archive / f"{kind}1.pem", os.O_CREAT | os.O_EXCL | os.O_WRONLY,
                           0o600 if kind == "privkey" else 0o644)
            os.write(file, content[kind])
            os.close(file)
            os.symlink(f"../../archive/{name}/{kind}1.pem", live / f"{kind}.pem")
        (live / "README").write_text("This directory contains your keys and certificates.\n")
        lines = ["version = 2.1.0", f"archive_dir = {archive}", *(f"{kind} = {live}/{kind}.pem" for kind in KINDS),
                 "[renewalparams]", f"account = {self.account}", f"server = {self.server}",
                 "authenticator = standalone", f"http01_port = {self.http_port}", "key_type = ecdsa"]
        (self.config / "renewal" / f"{name}.conf").write_text("\n".join(lines) + "\n")
        return name

    def add_many(self, count, days_left, prefix="h"):
        return [self.add(f"{prefix}{number:06}.fleet.test", days_left) for number in range(count)]
