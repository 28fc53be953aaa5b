"""Each question of Certbot's, word by word, by the program of that name: what it says where nobody can be
asked, what it takes then, and what is read from standard input all the same. Certbot itself passes these tests, too."""
import json
import re
import secrets

import pytest
from client import NO_SERVERS, Client
from test_transcripts import ADVICE, FRAME, SAVING, Spoken

MISSING = "Missing command line flag or config entry for this setting:\n"
SKIPPED = ("Skipped user interaction because Certbot doesn't appear to be running in a terminal. You should probably include "
           "--non-interactive or --force-interactive on the command line.\n")
TERMS = ("Please read the Terms of Service at: data:text/plain,Do%20what%20thou%20wilt\n"
         "You must agree in order to register with the ACME server. Do you agree?\n")
NAMES = ("Please enter the domain name(s) you would like on your certificate (comma and/or\n"
         "space separated) (Enter 'c' to cancel): ")
EMAIL = "Enter email address or hit Enter to skip.\n (Enter 'c' to cancel): "
CHECKLIST = ("Select the appropriate numbers separated by commas and/or spaces, or leave input\n"
             "blank to select all options shown (Enter 'c' to cancel): ")
ONE = "Press 1 [enter] to confirm the selection (press 'c' to cancel): "
TWO = "Select the appropriate number [1-2] then [enter] (press 'c' to cancel): "
END = "(the input ended)\n"


@pytest.fixture
def certbot(open_program, area, trust, new_ca):
    return Client(open_program, area, trust, new_ca)


def ask(certbot, *args, typed="", status=1):
    """(standard output, standard error behind the first line): what is in the menu of plugins, and how a program tells that its
    input has ended, is up to it."""
    said = Spoken(certbot, *args, status=status, input=typed)
    out = re.sub(r"^(\d): [A-Z].*?\((standalone|webroot)\)$", r"\1: (\2)", said.out, flags=re.M | re.S)
    err = re.sub(r"^(An unexpected error occurred:\nEOFError|the input ended before the question was answered)$", END[:-1],
                 said.err, flags=re.M)
    assert err.startswith(SAVING)
    return out, err[len(SAVING):]


def framed(text):
    return "\n" + FRAME + text + FRAME


def test_the_first_questions(certbot):
    certbot.always = NO_SERVERS
    menu = "\nHow would you like to authenticate with the ACME CA?\n" + FRAME + "1: (standalone)\n2: (webroot)\n" + FRAME + TWO
    assert ask(certbot, "certonly", "-d", "a.test") == (menu, END + ADVICE)
    assert ask(certbot, "certonly", "-d", "a.test", typed="c\n") == (
        menu, "authenticator could not be determined or is not installed\n" + ADVICE)
    assert ask(certbot, "certonly", "-d", "a.test", typed="3\n\nc\n")[0] == menu + 2 * ("\n** Invalid input **\n" + TWO)

    # The e-mail address is not asked for without a terminal; the terms are.
    flag = "\n(You can set this with the --agree-tos flag)\n"
    assert ask(certbot, "certonly", "--standalone", "-d", "a.test", "-n") == ("", MISSING + TERMS + flag + ADVICE)
    assert ask(certbot, "register", "-n") == ("", MISSING + TERMS + flag + ADVICE)
    agree = framed(TERMS) + "(Y)es/(N)o: "
    assert ask(certbot, "certonly", "--standalone", typed="") == (agree, SKIPPED + END + ADVICE)
    assert ask(certbot, "register", typed="maybe\nN\n") == (
        agree + "(Y)es/(N)o: ", SKIPPED + "Unable to register an account with ACME server. Registration cannot proceed without "
        "accepting Terms of Service.\n" + ADVICE)
    assert ask(certbot, "register", "--force-interactive", typed="c\n") == (EMAIL, "Error getting email address.\n" + ADVICE)
    assert certbot.store.account_dirs() == []

    # With somebody there: address, a better address, terms; and the names come after the account.
    again = "There is a problem with your email address. Enter email address or hit Enter to\nskip.\n (Enter 'c' to cancel): "
    out, err = ask(certbot, "certonly", "--standalone", "--force-interactive", "--no-eff-email",
                   typed="nobody\na@a.test\nYES\na.test, b.test\n", status=0)
    assert out.startswith(EMAIL + again + agree + "Account registered.\n" + NAMES +
                          "Requesting a certificate for a.test and b.test\n\nSuccessfully received certificate.\n"), out
    assert err == "Invalid email address: nobody.\n"
    assert ask(certbot, "certonly", "--standalone", typed="c\n") == (
        NAMES, "Please specify --domains, --ip-address, or --installer that will help in domain names autodiscovery, or "
        "--cert-name for an existing certificate name.\n" + ADVICE)
    assert ask(certbot, "certonly", "--standalone") == (NAMES, END + ADVICE)
    assert ask(certbot, "certonly", "--standalone", "-n") == (
        "", MISSING + "Please enter the domain name(s) you would like on your certificate (comma and/or space separated)\n\n"
        "(You can set this with the --domains flag)\n" + ADVICE)


def test_an_existing_certificate(certbot):
    certbot.certonly(["a.test", "b.test"])
    same = ("Certificate not yet due for renewal\n\nYou have an existing certificate that has exactly the same domains or certificate "
            "name you requested and isn't close to expiry.\n(ref: /etc/letsencrypt/renewal/a.test.conf)\n\nWhat would you like to do?"
            "\n" + FRAME + "1: Keep the existing certificate for now\n2: Renew & replace the certificate (may be subject to CA rate "
            "limits)\n" + FRAME + TWO)
    args = ["certonly", "--standalone", "-d", "a.test", "-d", "b.test"]
    kept = framed("Certificate not yet due for renewal; no action taken.\n")
    assert ask(certbot, *args) == (same, END + ADVICE)
    assert ask(certbot, *args, typed="c\n") == (same, "Operation canceled. You may re-run the client.\n" + ADVICE)
    assert ask(certbot, *args, typed="1\n", status=0) == (same + kept, "")
    assert ask(certbot, *args, "-n", status=0) == ("Certificate not yet due for renewal\n" + kept, "")
    assert certbot.store.versions("a.test") == [1]
    out, _ = ask(certbot, *args, typed="x\n2\n", status=0)
    assert out.startswith(same + "\n** Invalid input **\n" + TWO + "Renewing an existing certificate for a.test and b.test\n"), out
    assert certbot.store.versions("a.test") == [1, 2]

    # Expansion: no flag, no answer, no certificate.
    first = "You have an existing certificate that contains a portion of the domains you"
    rest = ("\n\nIt contains these names: a.test, b.test\n\nYou requested these names for the new certificate: a.test, b.test, "
            "c.test.\n\nDo you want to expand and replace this existing certificate with the new")
    ref = "(ref: /etc/letsencrypt/renewal/a.test.conf)"
    question = framed(f"{first}\nrequested {ref}{rest}\ncertificate?\n") + "(E)xpand/(C)ancel: "
    args += ["-d", "c.test"]
    assert ask(certbot, *args, "-n") == (
        "", MISSING + f"{first} requested {ref}{rest} certificate?\n\n(You can set this with the --expand flag)\n" + ADVICE)
    # Where the program's folders are makes the line with the path longer or shorter.
    flat = [" ".join(text.split()) for text in (question, ask(certbot, *args)[0])]
    assert flat[0] == flat[1]
    out, err = ask(certbot, *args, typed="no\nC\n")
    assert "To obtain a new certificate that contains these names without replacing your existing certificate for a.test, b.test, " \
           "you must use the --duplicate option." in out
    assert err == "User chose to cancel the operation and may reinvoke the client.\n" + ADVICE

    # A changed set under --cert-name, and another type of key, are not asked about without a terminal.
    args = ["certonly", "--standalone", "--cert-name", "a.test", "-d", "a.test"]
    out, err = ask(certbot, *args, "--force-interactive", typed="really?\nCertainly not\n")
    assert out.endswith("\nDid you intend to make this change?\n" + FRAME + 2 * "(U)pdate certificate/(C)ancel: ")
    assert "You are updating certificate a.test to include new domain(s):\n(None)\n\nYou are also removing" in out
    assert err == "Specified mismatched certificate name and domains.\n" + ADVICE
    out, err = ask(certbot, *args, status=0)
    assert out.startswith("Renewing an existing certificate for a.test\n") and err == SKIPPED
    out, err = ask(certbot, "certonly", "--standalone", "-d", "a.test", "--key-type", "rsa")
    assert out == "" and err.startswith(SKIPPED + "Are you trying to change the key type of the certificate named a.test from ECDSA to RSA?")
    out, _ = ask(certbot, "certonly", "--standalone", "-d", "a.test", "--key-type", "rsa", "--force-interactive", typed="u\n", status=0)
    assert out.startswith(framed("An ECDSA certificate named a.test already exists. Do you want to update its key\ntype to RSA?\n") +
                          "(U)pdate key type/(K)eep existing key type: Renewing an existing certificate for a.test\n")


def test_webroot(certbot, area):
    certbot.register()
    (area / "www").mkdir()
    args = ["certonly", "--webroot", "-d", "w.test"]
    assert ask(certbot, *args, "-n")[1] == MISSING + "Input the webroot for w.test:\n" + ADVICE
    begin = "Requesting a certificate for w.test\n"
    asked = "Input the webroot for w.test: (Enter 'c' to cancel): "
    bad = framed("/nowhere does not exist or is not a directory\n")
    no_root = "Every requested identifier must have a webroot when using the webroot plugin.\n" + ADVICE
    assert ask(certbot, *args) == (begin + asked, END + ADVICE)
    assert ask(certbot, *args, typed="/nowhere\nc\n") == (begin + asked + bad + asked, no_root)
    # The names come in the CA's order.
    menu = "\nSelect the webroot for N.test:\n" + FRAME + "1: Enter a new webroot\n2: /srv/www\n" + FRAME + TWO
    out, err = ask(certbot, *args, "-d", "x.test", typed=f"{area}/www\nc\n")
    assert re.sub(r"for [wx]\.test:", "for N.test:", out).endswith(asked.replace("w.test", "N.test") + menu) and err == no_root


def test_what_is_there(certbot):
    """Which account, which certificate; and is that meant?"""
    for command in ("delete", "reconfigure"):
        assert ask(certbot, command) == ("", "No existing certificates found.\n" + ADVICE)
    certbot.certonly(["a.test"])
    which = "Which certificate would you like to reconfigure?\n"
    flag = "\n(You can set this with the --cert-name flag)\n"
    assert ask(certbot, "reconfigure", "-n") == ("", MISSING + which + "Choices: ['a.test']\n" + flag + ADVICE)
    assert ask(certbot, "reconfigure", typed="c\n") == (
        "\n" + which + FRAME + "1: a.test\n" + FRAME + ONE, "User ended interaction.\n" + ADVICE)
    which = "Which certificate(s) would you like to delete?\n"
    listed = "\n" + which + FRAME + "1: a.test\n" + FRAME + CHECKLIST
    assert ask(certbot, "delete", "-n") == ("", MISSING + which + "a.test?\n" + flag + ADVICE)
    assert ask(certbot, "delete", typed="7\nc\n") == (
        listed + "** Error - Invalid selection **\n" + listed, "User ended interaction.\n" + ADVICE)
    out, err = ask(certbot, "delete", "--force-interactive", typed="\nno\n", status=0)
    sure = "\n" + FRAME + "The following certificate(s) are selected for deletion:\n\n  * a.test\n\n"
    assert out.startswith(listed + sure), out
    assert out.endswith("Are you sure you want to delete the above certificate(s)?\n" + FRAME + "(Y)es/(N)o: ") and err == ""

    certbot.store.check(["a.test"])
    out, err = ask(certbot, "revoke", "--cert-name", "a.test", typed="n\n", status=0)
    assert out == framed("Would you like to delete the certificate(s) you just revoked, along with all\nearlier and later versions of "
                         "the certificate?\n") + ("(Y)es (recommended)/(N)o: Congratulations! You have successfully revoked the "
                         "certificate that was located at /etc/letsencrypt/live/a.test/cert.pem.\n")
    out, err = ask(certbot, "delete", typed="1\n", status=0)
    assert out == listed + "Deleted all files relating to certificate a.test.\n" and err == SKIPPED

    account = certbot.store.account_dirs()[0]
    account.rename(certbot.area / "kept")
    certbot.register()
    (certbot.area / "kept").rename(account)
    out, err = ask(certbot, "certonly", "--standalone", "-n", "-d", "a.test")
    assert out == "" and re.fullmatch(re.escape(MISSING) + r"Please choose an account\nChoices: \['\S.*', '\S.*'\]\n" +
                                      re.escape(ADVICE), err), err
    assert ask(certbot, "certonly", "--standalone", "-d", "a.test", typed="c\n")[1] == "No account has been chosen.\n" + ADVICE
    out, err = ask(certbot, "certonly", "--standalone", "-d", "a.test", typed="2\n", status=0)
    assert re.match(r"\nPlease choose an account\n" + FRAME + r"1: .+\n2: .+\n" + FRAME, out), out
    for path in certbot.store.account_dirs()[1:]:
        path.rename(certbot.area / "gone")
    sure = framed("Are you sure you would like to irrevocably deactivate your account?\n")
    assert ask(certbot, "unregister", "--force-interactive", typed="x\na\n") == (sure + 2 * "(D)eactivate/(A)bort: ", "Deactivation aborted.\n")
    assert ask(certbot, "unregister", "--force-interactive") == (sure + "(D)eactivate/(A)bort: ", END + ADVICE)
    assert ask(certbot, "update_account", "--force-interactive", typed="c\n") == (EMAIL, "Error getting email address.\n" + ADVICE)
    assert ask(certbot, "update_account", "--force-interactive", "--no-eff-email", typed="z@a.test\n", status=0) == (
        EMAIL + "Your e-mail address was updated to z@a.test.\n", "")
    assert ask(certbot, "unregister", status=0) == ("Account deactivated.\n", SKIPPED)


def refuse_contact(request):
    """A CA that has no faith in one address."""
    payload = request.payload or {}
    if payload.get("contact") == ["mailto:a@bad.test"]:
        problem = {"type": "urn:ietf:params:acme:error:invalidContact", "detail": "no MX record for bad.test", "status": 400}
        return 400, json.dumps(problem).encode(), {"Content-Type": "application/problem+json", "Replay-Nonce": secrets.token_urlsafe(16)}
    return None


def test_the_ca_refuses_the_address(certbot, record, new_ca):
    """Who is there gives another one; who is not is told what to mend."""
    certbot.server = record(new_ca, refuse_contact).url
    assert ask(certbot, "register", "-n", "--agree-tos", "-m", "a@bad.test") == (
        "", "Unable to register an account with ACME server. The ACME server believes a@bad.test is an invalid email address. Please "
        "ensure it is a valid email and attempt registration again.\n" + ADVICE)
    assert certbot.store.account_dirs() == []
    again = ("The server reported a problem with your email address. Enter email address or\nhit Enter to skip.\n"
             " (Enter 'c' to cancel): ")
    out, err = ask(certbot, "register", "--agree-tos", "--no-eff-email", "--force-interactive", typed="a@bad.test\na@good.test\n", status=0)
    assert (out, err) == (EMAIL + again + "Account registered.\n", "")
    assert "Email contact: a@good.test\n" in ask(certbot, "show_account", status=0)[0]


def test_by_hand(certbot):
    """Nobody will be there to do it again: the last words say so."""
    certbot.register()
    out, err = ask(certbot, "certonly", "--manual", "-d", "m.test")
    token, = re.findall(r"^([\w-]{20,}\.[\w-]{43})$", out, re.M)
    assert f"http://m.test/.well-known/acme-challenge/{token.split('.')[0]}\n" in out
    assert out.endswith(FRAME + "Press Enter to Continue") and err == SKIPPED + END + ADVICE or err == END + ADVICE


def test_no_plugins(certbot):
    assert Spoken(certbot, "plugins", "--installers", "--prepare", *NO_SERVERS).out == framed("No plugins\n")
    said = Spoken(certbot, "plugins", "--prepare", "--authenticators", *NO_SERVERS).out
    assert len(re.findall(r"^Initialized: .+?^Prep: True$", said, re.M | re.S)) >= 2, said
    assert "Prep" not in Spoken(certbot, "plugins", "--init").out
