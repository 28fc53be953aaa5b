"""What is said before, at and after challenges, and what is complained about first where nobody can be asked; word by word, by
the program of Certbot's name. Certbot itself passes these tests, too (but for what is marked)."""
import re

import pytest
from client import Client
from test_transcripts import ADVICE, FRAME, SAVING, Spoken

pytestmark = pytest.mark.certbot5

MISSING = "Missing command line flag or config entry for this setting:\n"
BINDING = ("Unable to register an account with ACME server. Server requires external account binding. Please use --eab-kid and "
           "--eab-hmac-key.\n")
NO_WAY = ("Client with the currently selected authenticator does not support any combination of challenges that will satisfy the "
          "CA.\n")
KEPT = "Certificate not yet due for renewal\n\n" + FRAME + "Certificate not yet due for renewal; no action taken.\n" + FRAME
LOADED = "\n" + FRAME + "Challenges loaded. Press continue to submit to CA.\n"


@pytest.fixture
def certbot(open_program, area, trust, new_ca):
    return Client(open_program, area, trust, new_ca)


def without_values(text):
    """Tokens, and the words that are the CA's and the plugin's own."""
    text = re.sub(r"(?<![\w-])[\w-]{43}(?![\w-])", "TOKEN", text)
    return re.sub(r"^(Hint:|  Detail:) .*$", r"\1 ...", text, flags=re.M)


def test_a_binding_is_missing_before_the_terms_are(open_program, area, trust, start_pebble):
    ca = start_pebble("new", "binding", settings={"externalAccountBindingRequired": True})
    certbot = Client(open_program, area, trust, ca)
    for args in (["register"], ["certonly", "--standalone"], ["certonly", "--webroot", "-d", "a.test"]):
        assert Spoken(certbot, *args, "-n", status=1).err == SAVING + BINDING + ADVICE
    assert certbot.store.account_dirs() == []


def test_a_web_root_is_missed_when_it_is_needed(certbot, open_program, area, trust, checklist_ca):
    """After the terms, and not at all while the CA knows that the name is ours."""
    args = ["certonly", "-n", "--webroot", "-d", "w.test"]
    assert "You must agree in order to register" in Spoken(certbot, *args, status=1).err
    said = Spoken(certbot, *args, "--agree-tos", "--register-unsafely-without-email", status=1)
    assert said.out == "Account registered.\nRequesting a certificate for w.test\n"
    assert said.err == SAVING + MISSING + "Input the webroot for w.test:\n" + ADVICE

    folder = area / "known"
    folder.mkdir()
    known = Client(open_program, folder, trust, checklist_ca)
    known.certonly(["w.test"])
    known.certonly(["w.test"], "--force-renewal", authenticator="--webroot")
    assert known.store.versions("w.test") == [1, 2]


def test_an_account_is_chosen_even_if_nothing_is_to_be_done(certbot):
    certbot.certonly(["a.test"])
    args = ["certonly", "--standalone", "-d", "a.test", "--keep"]
    nobodys = Spoken(certbot, *args, "-n", "--account", "abc", status=1)
    assert re.fullmatch(re.escape(SAVING) + r"Account at \S+/abc does not exist\n" + re.escape(ADVICE), nobodys.err), nobodys.err
    account = certbot.store.account_dirs()[0]
    account.rename(certbot.area / "kept")
    certbot.register()
    (certbot.area / "kept").rename(account)

    said = Spoken(certbot, *args, "-n", status=1)
    assert said.out == "" and said.err.startswith(SAVING + MISSING + "Please choose an account\nChoices: ['")
    said = Spoken(certbot, *args, input="2\n")
    assert re.fullmatch(r"\nPlease choose an account\n" + FRAME + r"1: .+\n2: .+\n" + FRAME + r"Select the appropriate number \[1-2\] "
                        r"then \[enter\] \(press 'c' to cancel\): " + re.escape(KEPT), said.out), said.out
    assert Spoken(certbot, *args, "-n", "--account", account.name).out == KEPT


def test_hooks_clean_up_after_the_report(certbot):
    certbot.register()
    said = Spoken(certbot, "certonly", "-n", "-v", "--manual", "--manual-auth-hook", "echo there", "--manual-cleanup-hook", "echo gone",
                  "-d", "f.test", status=1)
    assert without_values(said.out) == (
        "Requesting a certificate for f.test\nHook '--manual-auth-hook' for f.test ran with output:\n there\n\n"
        "Certbot failed to authenticate some domains (authenticator: manual). The Certificate Authority reported these problems:\n"
        "  Identifier: f.test\n  Type:   connection\n  Detail: ...\n\nHint: ...\n\n"
        "Hook '--manual-cleanup-hook' for f.test ran with output:\n gone\n")
    challenge = "http-01 challenge for Identifier(typ=IdentifierType(dns), value='f.test')\n"
    assert said.err == (
        SAVING + "Plugins selected: Authenticator manual, Installer None\nPerforming the following challenges:\n" + challenge +
        "Running manual-auth-hook command: echo there\nWaiting for verification...\nChallenge failed for domain f.test\n" + challenge +
        "Cleaning up challenges\nRunning manual-cleanup-hook command: echo gone\nSome challenges have failed.\n" + ADVICE)


def test_what_is_in_place_can_be_looked_at(certbot):
    certbot.register()
    www = certbot.area / "www"
    www.mkdir()
    args = ["certonly", "-n", "--debug-challenges", "-d", "d.test"]
    said = Spoken(certbot, *args, "-v", "--webroot", "-w", www, status=1)
    url = "\nURL:\nhttp://d.test/.well-known/acme-challenge/TOKEN\nExpected value:\nTOKEN.TOKEN\n"
    assert LOADED + "\nThe following URLs should be accessible from the internet and return the value\nmentioned:\n" + url + FRAME in \
        without_values(said.out)
    assert "Using the webroot path /srv/www for all unmatched identifiers.\nWaiting for verification...\n" in said.err
    said = Spoken(certbot, *args, "-v", "--manual", "--manual-auth-hook", "true", "--preferred-challenges", "dns", status=1)
    record = "\nFQDN: _acme-challenge.d.test\nExpected value: TOKEN\n"
    title = LOADED + "\nThe following FQDNs should return a TXT resource record with the value\nmentioned:\n"
    assert title + record + FRAME in without_values(said.out)
    said = Spoken(certbot, *args, "--standalone")
    assert LOADED + 'Pass "-v" for more info about challenges.\n' + FRAME in said.out


@pytest.mark.ours
def test_a_record_with_two_values(certbot):
    """Of which Certbot shows one."""
    certbot.register()
    said = Spoken(certbot, "certonly", "-n", "-v", "--debug-challenges", "--manual", "--manual-auth-hook", "true", "-d", "d.test", "-d",
                  "*.d.test", "--preferred-challenges", "dns", status=1)
    assert len(set(re.findall(r"^FQDN: _acme-challenge\.d\.test\nExpected value: ([\w-]{43})$", said.out, re.M))) == 2


def test_no_challenge_will_do(certbot):
    certbot.register()
    said = Spoken(certbot, "certonly", "-n", "-v", "--standalone", "-d", "*.n.test", status=1)
    assert said.out == "Requesting a certificate for *.n.test\n"
    assert said.err == (SAVING + "Plugins selected: Authenticator standalone, Installer None\nPerforming the following challenges:\n" +
                        2 * NO_WAY + ADVICE)
