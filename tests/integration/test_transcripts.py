"""Every line that Certbot prints where scripts read it, printed by the program of that name."""
import datetime
import re
from pathlib import Path

import certs
import pytest
from client import Client
from cryptography.hazmat.primitives.asymmetric import ec

FRAME = "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -\n"
LOG = "/var/log/letsencrypt/letsencrypt.log"
SAVING = f"Saving debug log to {LOG}\n"
ADVICE = ("Ask for help or search for solutions at https://community.letsencrypt.org. See the logfile " + LOG +
          " or re-run Certbot with -v for more details.\n")
SCHEDULED = "Certbot has set up a scheduled task to automatically renew this certificate in the background.\n"
NEXT_STEPS = ("NEXT STEPS:\n- The certificate will need to be renewed before it expires. Certbot can automatically renew the "
              "certificate in the background, but you may need to take steps to enable that functionality. See "
              "https://certbot.org/renewal-setup for instructions.\n")
# What Certbot says at its end in favour of those who made it; ours has nothing to say there.
DONATION = re.compile(r"\n?" + FRAME + r"If you like Certbot.*?" + FRAME, re.S)
# The CA's reasons and the plugin's advice are nobody's interface.
REPORT = re.compile(r"\nCertbot failed to authenticate some (?:domains|identifiers) \(authenticator: standalone\)\. The Certificate "
                    r"Authority reported these problems:\n(?:  (?:Domain|Identifier): +\S+\n  Type: +\S+\n  Detail: [^\n]+\n\n)+"
                    r"Hint: [^\n]+\n\n")


class Spoken:
    """What one run printed, with the usual folders in place of the test's."""

    def __init__(self, client, *args, status=0, **more):
        result = client.run(*args, status=status, **more)
        self.out, self.err = (self._settled(client, text) for text in (result.out, result.err))

    @staticmethod
    def _settled(client, text):
        text = text.replace(str(client.config), "/etc/letsencrypt").replace(str(client.logs), "/var/log/letsencrypt")
        text = text.replace(str(client.area), "/srv")
        return DONATION.sub("", text)


@pytest.fixture
def certbot(open_program, area, trust, new_ca):
    return Client(open_program, area, trust, new_ca)


NEW = ("-n", "--agree-tos", "--register-unsafely-without-email", "--standalone")


def certonly(certbot, *names, args=(), **more):
    return Spoken(certbot, "certonly", *NEW, *(part for name in names for part in ("-d", name)), *args, **more)


def next_steps():
    """Debian's cli.ini says that something will call `renew`."""
    ini = Path("/etc/letsencrypt/cli.ini")
    if ini.exists() and re.search(r"^preconfigured-renewal *= *true", ini.read_text(), re.M | re.I):
        return "", SCHEDULED
    return NEXT_STEPS, ""


def expiry(certbot, name):
    return f"{certbot.store.cert(name).not_valid_after:%Y-%m-%d}"


def processing(name):
    return f"\n{FRAME}Processing /etc/letsencrypt/renewal/{name}.conf\n{FRAME}"


def received(certbot, name):
    return (f"\nSuccessfully received certificate.\nCertificate is saved at: /etc/letsencrypt/live/{name}/fullchain.pem\n"
            f"Key is saved at:         /etc/letsencrypt/live/{name}/privkey.pem\nThis certificate expires on "
            f"{expiry(certbot, name)}.\nThese files will be updated when the certificate renews.\n")


def test_new_and_kept(certbot):
    steps, scheduled = next_steps()
    said = certonly(certbot, "a.test", "b.test")
    assert said.out == ("Account registered.\nRequesting a certificate for a.test and b.test\n" + received(certbot, "a.test") +
                        scheduled + steps)
    assert said.err == SAVING

    said = certonly(certbot, "a.test", "b.test")
    assert said.out == ("Certificate not yet due for renewal\n\n" + FRAME +
                        "Certificate not yet due for renewal; no action taken.\n" + FRAME)
    assert said.err == SAVING

    said = certonly(certbot, "a.test", "b.test", args=["--force-renewal"])
    assert said.out == ("Renewing an existing certificate for a.test and b.test\n" + received(certbot, "a.test") +
                        scheduled + steps)
    said = certonly(certbot, "a.test", "b.test", args=["--dry-run"])
    assert said.out == ("Account registered.\n" if "Account registered." in said.out else "") + (
        "Simulating renewal of an existing certificate for a.test and b.test\nThe dry run was successful.\n")
    said = certonly(certbot, "a.test", "b.test", "c.test", args=["--expand", "-q"])
    assert said.out == said.err == ""


def test_scheduled_task(certbot):
    said = certonly(certbot, "a.test", "b.test", "c.test", args=["--preconfigured-renewal"])
    assert said.out == ("Account registered.\nRequesting a certificate for a.test and 2 more\n" + received(certbot, "a.test") +
                        SCHEDULED)


def test_csr(certbot, area):
    csr = certs.make_csr(area / "r.pem", ["csr.test", "www.csr.test"], ec.generate_private_key(ec.SECP256R1()))
    said = Spoken(certbot, "certonly", *NEW, "--csr", csr, "--cert-path", area / "c.pem", "--chain-path", area / "ch.pem",
                  "--fullchain-path", area / "f.pem")
    leaf, = certs.load_chain((area / "c.pem").read_bytes())
    assert said.out == (
        "Account registered.\nRequesting a certificate for csr.test and www.csr.test\n\n"
        "Successfully received certificate.\nCertificate is saved at:            /srv/c.pem\n"
        "Intermediate CA chain is saved at:  /srv/ch.pem\nFull certificate chain is saved at: /srv/f.pem\n"
        f"This certificate expires on {leaf.not_valid_after:%Y-%m-%d}.\n"
        "NEXT STEPS:\n- Certificates created using --csr will not be renewed automatically by Certbot. You will need to renew "
        "the certificate before it expires, by running the same Certbot command again.\n")
    assert said.err == SAVING


def test_run_with_the_null_installer(certbot):
    steps, scheduled = next_steps()
    said = Spoken(certbot, "run", *NEW, "--installer", "null", "-d", "n1.test")
    assert said.out == ("Account registered.\nRequesting a certificate for n1.test\n" + received(certbot, "n1.test") + scheduled +
                        "\nDeploying certificate\nCongratulations! You have successfully enabled HTTPS on https://n1.test\n" +
                        steps)
    said = Spoken(certbot, "run", *NEW, "--installer", "null", "-d", "n1.test")
    assert said.out == ("Certificate not yet due for renewal\nDeploying certificate\n"
                        "Congratulations! You have successfully enabled HTTPS on https://n1.test\n")
    assert said.err == SAVING


def make_due(certbot, name):
    path = certbot.store.renewal(name)
    path.write_text("renew_before_expiry = 100 years\n" + path.read_text())


def test_renew_one_of_two(certbot):
    certonly(certbot, "a.test", "b.test")
    certonly(certbot, "c.test")
    make_due(certbot, "a.test")
    said = Spoken(certbot, "renew")
    assert said.out == (
        processing("a.test") + "Renewing an existing certificate for a.test and b.test\n" +
        processing("c.test") + "Certificate not yet due for renewal\n\n" + FRAME +
        "The following certificates are not due for renewal yet:\n"
        f"  /etc/letsencrypt/live/c.test/fullchain.pem expires on {expiry(certbot, 'c.test')} (skipped)\n"
        "Congratulations, all renewals succeeded: \n  /etc/letsencrypt/live/a.test/fullchain.pem (success)\n" + FRAME)
    assert said.err == SAVING


@pytest.fixture
def lose(new_ca):
    """lose(name): from now on the name leads to where nobody answers."""
    lost = []

    def make(name):
        lost.append(name)
        new_ca.add_a(name, "127.0.0.99")

    yield make
    for name in lost:
        new_ca.dns("clear-a", host=name + ".")


def test_renew_failing(certbot, lose):
    certonly(certbot, "s2.test")
    lose("s2.test")
    certbot.give_up_authorizations()
    make_due(certbot, "s2.test")
    certbot.store.renewal("s0").write_text(
        re.sub(r"^authenticator = .*\n", "", certbot.store.renewal("s2.test").read_text(), flags=re.M))
    said = Spoken(certbot, "renew", "--http-01-address", "127.0.0.1", status=1)
    out, reports = REPORT.subn("", said.out)
    assert reports == 1, said.out
    assert out == (processing("s0") + processing("s2.test") + "Renewing an existing certificate for s2.test\n\n" + FRAME +
                   "\nAdditionally, the following renewal configurations were invalid: \n"
                   "  /etc/letsencrypt/renewal/s0.conf (parsefail)\n" + FRAME)
    assert said.err == (
        SAVING + "Renewal configuration file /etc/letsencrypt/renewal/s0.conf does not specify an authenticator. Skipping.\n"
        "Failed to renew certificate s2.test with error: Some challenges have failed.\n"
        "All renewals failed. The following certificates could not be renewed:\n"
        "  /etc/letsencrypt/live/s2.test/fullchain.pem (failure)\n"
        "1 renew failure(s), 1 parse failure(s)\n" + ADVICE)


def test_renew_some_failing(certbot, lose):
    certonly(certbot, "a.test")
    certonly(certbot, "s2.test")
    lose("s2.test")
    certbot.give_up_authorizations()
    said = Spoken(certbot, "renew", "--force-renewal", "--http-01-address", "127.0.0.1", status=1)
    assert REPORT.sub("", said.out) == (
        processing("a.test") + "Renewing an existing certificate for a.test\n" + processing("s2.test") +
        "Renewing an existing certificate for s2.test\n\n" + FRAME + "The following renewals succeeded:\n"
        "  /etc/letsencrypt/live/a.test/fullchain.pem (success)\n\n" + FRAME)
    assert said.err == (
        SAVING + "Failed to renew certificate s2.test with error: Some challenges have failed.\n"
        "The following renewals failed:\n  /etc/letsencrypt/live/s2.test/fullchain.pem (failure)\n"
        "1 renew failure(s), 0 parse failure(s)\n" + ADVICE)


def test_renew_nothing(certbot):
    said = Spoken(certbot, "renew", "--post-hook", "true")
    assert said.out == "\n" + FRAME + "No renewals were attempted.\nNo hooks were run.\n" + FRAME
    assert said.err == SAVING
    said = Spoken(certbot, "renew", "--dry-run")
    assert said.out == "\n" + FRAME + "No simulated renewals were attempted.\n" + FRAME


# Reading and deleting

def entry(certbot, name, key_type, identifiers):
    cert = certbot.store.cert(name)
    return (f"  Certificate Name: {name}\n    Serial Number: {cert.serial_number:x}\n    Key Type: {key_type}\n"
            f"    Identifiers: {identifiers}\n    Expiry Date: {cert.not_valid_after}+00:00 (VALID: {days_left(cert)} days)\n"
            f"    Certificate Path: /etc/letsencrypt/live/{name}/fullchain.pem\n"
            f"    Private Key Path: /etc/letsencrypt/live/{name}/privkey.pem\n")


def days_left(cert):
    return (cert.not_valid_after - datetime.datetime.utcnow()).days


@pytest.mark.certbot5
def test_certificates(certbot):
    assert Spoken(certbot, "certificates").out == "\n" + FRAME + "No certificates found.\n" + FRAME
    certonly(certbot, "a.test", "b.test", args=["--ip-address", "127.0.0.1"])
    certonly(certbot, "c.test", args=["--key-type", "rsa"])
    said = Spoken(certbot, "certificates")
    first = entry(certbot, "a.test", "ECDSA", "a.test b.test 127.0.0.1")
    second = entry(certbot, "c.test", "RSA", "c.test")
    assert said.out == "\n" + FRAME + "Found the following certs:\n" + first + second + FRAME
    assert said.err == SAVING

    certbot.store.renewal("bad.test").write_text("version = 1\n")
    said = Spoken(certbot, "certificates")
    assert said.out == ("\n" + FRAME + "Found the following certs:\n" + first + second +
                        "\nThe following renewal configurations were invalid:\n"
                        "  /etc/letsencrypt/renewal/bad.test.conf\n" + FRAME)
    assert re.fullmatch(re.escape(SAVING) + r"Renewal configuration file /etc/letsencrypt/renewal/bad\.test\.conf produced an "
                        r"unexpected error: .+\. Skipping\.\n", said.err, re.S), said.err
    certbot.store.renewal("bad.test").unlink()
    for args, found in ((["-d", "b.test"], first), (["--cert-name", "c.test"], second), (["-d", "z.test"], "\n")):
        said = Spoken(certbot, "certificates", *args)
        assert said.out == "\n" + FRAME + "Found the following matching certs:\n" + found + FRAME


def test_delete(certbot):
    certonly(certbot, "r8.test")
    said = Spoken(certbot, "delete", "--cert-name", "r8.test", "-n")
    assert said.out == "Deleted all files relating to certificate r8.test.\n"
    assert said.err == SAVING
    said = Spoken(certbot, "delete", "--cert-name", "r8.test", "-n", status=1)
    assert said.out == ""
    assert said.err == (SAVING + "No certificate found with name r8.test (expected /etc/letsencrypt/renewal/r8.test.conf).\n" +
                        ADVICE)
    assert Spoken(certbot, "delete", "-n", status=1).err == SAVING + "No existing certificates found.\n" + ADVICE


def test_revoke(certbot):
    certonly(certbot, "r1.test")
    certonly(certbot, "r2.test")
    said = Spoken(certbot, "revoke", "--cert-name", "r1.test", "-n")
    assert said.out == ("Deleted all files relating to certificate r1.test.\nCongratulations! You have successfully revoked the "
                        "certificate that was located at /etc/letsencrypt/live/r1.test/cert.pem.\n")
    assert said.err == SAVING
    said = Spoken(certbot, "revoke", "--cert-path", certbot.store.live("r2.test", "cert"), "-n", "--no-delete-after-revoke")
    assert said.out == ("Congratulations! You have successfully revoked the certificate that was located at "
                        "/etc/letsencrypt/live/r2.test/cert.pem.\n")
    said = Spoken(certbot, "revoke", "-n", status=1)
    assert (said.out, said.err) == (
        "", SAVING + "Error! Exactly one of --cert-path or --cert-name must be specified!\n" + ADVICE)


@pytest.mark.certbot5
def test_show_account(certbot):
    said = Spoken(certbot, "show_account", status=1)
    assert said.out == ""
    assert said.err == SAVING + f"Could not find an existing account for server {certbot.server}.\n"
    assert Spoken(certbot, "unregister", "-n", status=1).err == (
        SAVING + f"Could not find existing account for server {certbot.server}.\n")
    said = Spoken(certbot, "register", "-n", "--agree-tos", "-m", "a@example.org,b@example.org")
    assert (said.out, said.err) == ("Account registered.\n", SAVING)
    said = Spoken(certbot, "register", "-n", "--agree-tos", "-m", "c@example.org", status=1)
    assert (said.out, said.err) == ("", SAVING + "There is an existing account; registration of a duplicate account with this "
                                    "command is currently unsupported.\n")
    said = Spoken(certbot, "show_account")
    contacts = "  Email contacts: a@example.org, b@example.org\n"
    assert re.fullmatch(rf"Account details for server {re.escape(certbot.server)}:\n  Account URL: https://localhost:\S+\n"
                        rf"  Account Thumbprint: [A-Za-z0-9_-]{{43}}\n{contacts}", said.out), said.out
    assert said.err == SAVING


def test_plugins(certbot):
    said = Spoken(certbot, "plugins", "--authenticators")
    block = r"\* {}\nDescription: \S.+?\nInterfaces: {}\nEntry point: \S.*?\n"
    assert re.search(r"(^|\n)" + block.format("standalone", "Authenticator, Plugin"), said.out, re.S)
    assert said.out.startswith("\n" + FRAME) and said.out.endswith(FRAME)
    names = re.findall(r"^\* (.+)$", said.out, re.M)
    assert names == sorted(names) and {"standalone", "webroot"} <= set(names)
    assert said.err in ("", SAVING), "ours needs no folder for its log to say what it can do"
