"""Large stores, made quickly: certificates that differ in serial number and name only, and one key."""
import base64
import errno
import os
import shutil
import sys
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography import x509

sys.path.append(str(Path(__file__).resolve().parent.parent / "integration"))

from fleet import KINDS, Fleet  # noqa: E402

ECDSA_WITH_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
SERIAL_LEN = 16


def _der(tag, content):
    size = len(content)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x80 | len(octets)]) + octets) + content


def _pem(der):
    text = base64.b64encode(der).decode()
    lines = [text[at:at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]).encode()


class LargeFleet(Fleet):
    """The same store as Fleet makes with one_key, several times as fast. All names must be of one length."""

    def __init__(self, *args):
        super().__init__(*args, one_key=True)
        self.template = self.was = None
        self.next_serial = 0x40 << (8 * (SERIAL_LEN - 1))
        self.linked = {}

    def _make_template(self, name, days_left):
        """What is signed of a certificate for `name`: its serial number and name are exchanged for others of that length."""
        made = x509.load_pem_x509_certificate(self._issue(name, days_left)[0])
        serial = self.next_serial.to_bytes(SERIAL_LEN, "big")
        builder = (x509.CertificateBuilder().subject_name(made.subject).issuer_name(made.issuer).public_key(made.public_key())
                   .serial_number(self.next_serial).not_valid_before(made.not_valid_before).not_valid_after(made.not_valid_after))
        for extension in made.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        content = self._sign(builder).tbs_certificate_bytes
        assert content.count(serial) == content.count(name.encode()) == 1
        self.template, self.was = content, (serial, name.encode(), days_left)

    def _quick(self, name, days_left):
        if self.template is None or self.was[2] != days_left:
            self._make_template(name, days_left)
        self.next_serial += 1
        content = self.template.replace(self.was[0], self.next_serial.to_bytes(SERIAL_LEN, "big")).replace(self.was[1], name.encode())
        assert len(content) == len(self.template), "names are of different lengths"
        signature = self.ca_key.sign(content, ec.ECDSA(hashes.SHA256()))
        return _pem(_der(0x30, content + ECDSA_WITH_SHA256 + _der(3, b"\0" + signature)))

    def _same_file(self, path, kind, content, mode):
        """One that all lineages have: a further name for it, as far as the file system gives one file so many."""
        if kind in self.linked:
            try:
                os.link(self.linked[kind], path)
                return
            except OSError as error:
                if error.errno != errno.EMLINK:
                    raise
        self._file(path, content, mode)
        self.linked[kind] = path

    @staticmethod
    def _file(path, content, mode=0o644):
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        os.write(file, content)
        os.close(file)

    def add(self, name, days_left):
        cert = self._quick(name, days_left)
        live, archive = f"{self.config}/live/{name}", f"{self.config}/archive/{name}"
        os.mkdir(live)
        os.mkdir(archive)
        self._file(f"{archive}/cert1.pem", cert)
        self._file(f"{archive}/fullchain1.pem", cert + self.chain)
        self._same_file(f"{archive}/chain1.pem", "chain", self.chain, 0o644)
        self._same_file(f"{archive}/privkey1.pem", "privkey", self.key_pem, 0o600)
        for kind in KINDS:
            os.symlink(f"../../archive/{name}/{kind}1.pem", f"{live}/{kind}.pem")
        lines = ["version = 2.1.0", f"archive_dir = {archive}", *(f"{kind} = {live}/{kind}.pem" for kind in KINDS),
                 "[renewalparams]", f"account = {self.account}", f"server = {self.server}",
                 "authenticator = standalone", f"http01_port = {self.http_port}", "key_type = ecdsa", ""]
        self._file(f"{self.config}/renewal/{name}.conf", "\n".join(lines).encode())
        return name


def repeat_lineages(config, names, count):
    """Copies the lineages `names` of the store `config` under further names, until there are `count`. Returns all names."""
    config, all_names = Path(config), list(names)
    for number in range(len(names), count):
        source, name = names[number % len(names)], f"copy{number:06}.test"
        for part in ("live", "archive"):
            shutil.copytree(config / part / source, config / part / name, symlinks=True)
        for link in (config / "live" / name).glob("*.pem"):
            leads_to = os.readlink(link).replace(f"/{source}/", f"/{name}/")
            link.unlink()
            link.symlink_to(leads_to)
        text = (config / "renewal" / f"{source}.conf").read_text()
        (config / "renewal" / f"{name}.conf").write_text(text.replace(f"/{source}", f"/{name}"))
        all_names.append(name)
    return all_names
