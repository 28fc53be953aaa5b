"""An administrator's first hour, with no documentation open: on a screen, with the program's own questions."""
import hashlib
import os
import re

import certs
import pytest
from client import Client
from peers.terminal import Line, Screen

AUTHENTICATOR = "(press 'c' to cancel):"
TEXT = "(Enter 'c' to cancel):"
YES_NO = "(Y)es/(N)o:"


@pytest.fixture(params=["evercert", "certbot"])
def named(request, open_program, area, trust, new_ca):
    """The program by either name, on a machine where the CA and the folders are set up in cli.ini, and nothing else."""
    program = open_program.parent / request.param
    if not program.exists():
        pytest.skip("another client is under test")
    client = Client(program, area, trust, new_ca)
    ini = area / "letsencrypt" / "cli.ini"
    ini.parent.mkdir()
    ini.write_text(f"config-dir = {client.config}\nwork-dir = {client.work}\nlogs-dir = {client.logs}\n"
                   f"server = {client.server}\nhttp-01-port = {client.http_port}\npreconfigured-renewal = false\n"
                   "nginx-ctl = /nonexistent\napache-ctl = /nonexistent\n")
    return client


@pytest.fixture
def open_screen(area, named):
    opened = []

    def start(**size):
        path = f"{named.program.parent}:{os.environ['PATH']}"
        opened.append(Screen(area, named.environment({"PATH": path}), **size))
        return opened[-1]

    yield start
    for screen in opened:
        screen.close()


def test_first_certificate(named, open_screen, area):
    name = named.program.name
    person = open_screen()

    screen = person.run(name, "ready>")
    assert "certonly" in screen and person.status() == 1, "what to type instead"

    person.run(f"{name} certonly", "(standalone)", "(webroot)", AUTHENTICATOR)
    person.type("3")
    assert person.wait_for(AUTHENTICATOR).count(AUTHENTICATOR) == 2
    person.type("1")
    person.wait_for("mail", TEXT)
    person.type("nobody at home")
    person.wait_for("nobody at home", "nvalid email address" if name == "certbot" else "is not a valid e-mail address", TEXT)
    person.type("admin@a.test")
    person.wait_for("Do%20what%20thou%20wilt", "agree", YES_NO)
    person.type("of course")
    assert person.wait_for(YES_NO).count(YES_NO) == 2
    person.type("y")
    person.wait_for("Account registered.", TEXT)
    person.type("http://a.test/index.html")
    person.wait_for("appears to be a URL", "http://", TEXT)
    if name == "evercert":
        person.type("my web site")
        person.wait_for('"my" has no dot in it', TEXT)
    person.type("a.test, www.a.test")
    screen = person.wait_for("Requesting a certificate for a.test and www.a.test", "NEXT STEPS:", "ready>")
    for file in ("fullchain", "privkey"):
        path = named.store.live("a.test", file)
        assert str(path) in screen.replace("\n", ""), "the paths are what all of it was for"
        assert path.exists()
    assert person.status() == 0
    named.store.check(["a.test"])

    person.run(f"{name} show_account", "Email contact: admin@a.test", "ready>")

    # The same once more, and then one name more.
    person.run(f"{name} certonly --standalone -d a.test -d www.a.test", "What would you like to do?", "1: Keep", "2: Renew",
               AUTHENTICATOR)
    person.type("1")
    screen = person.wait_for("no action taken", "ready>")
    if name == "evercert":
        assert str(named.store.live("a.test", "fullchain")) in screen.replace("\n", "")
    assert person.status() == 0 and named.store.versions("a.test") == [1]
    person.run(f"{name} certonly --standalone", TEXT)
    person.type("a.test www.a.test mail.a.test")
    person.wait_for("It contains these names: a.test, www.a.test", "mail.a.test.", "(E)xpand/(C)ancel:")
    person.type("e")
    person.wait_for("Renewing an existing certificate for a.test and 2 more", "Successfully received certificate.", "ready>")
    assert named.store.versions("a.test") == [1, 2]
    named.store.check(["a.test"])

    person.run(f"{name} delete", "1: a.test", TEXT[1:] if name == "certbot" else "'c' to cancel):")
    person.type("2")
    person.wait_for("1: a.test", "'c' to cancel):")
    person.type("1")
    person.wait_for("* a.test", YES_NO)
    person.type("y")
    person.wait_for("Deleted all files relating to certificate a.test.", "ready>")
    named.store.check([])


def longest_line(text):
    """Without what must not be broken: a line that has no blank to break it at, and what the person typed."""
    return max(len(line) for line in text.splitlines() if " " in line.strip() and "/" not in line)


@pytest.mark.ours
def test_narrow_and_dumb(named, area):
    """On 40 columns no word of ours is broken, and a terminal that understands nothing gets no escape sequences."""
    name = "long" * 15 + ".a.test"
    argv = [named.program, "certonly", "-d", name]
    answers = [("cancel): ", "9"), ("cancel): ", "1"), ("cancel): ", "x"), ("cancel): ", "admin@a.test"), ("(N)o: ", "y")]
    line = Line(argv, named.environment(), answers, columns=40, term="dumb")
    assert line.status == 0, line.text
    assert "\x1b" not in line.text
    assert name in line.text and str(named.store.live(name, "fullchain")) in line.text, "never broken: they have to be copied"
    asked = line.text[:line.text.index("Account registered.")]
    assert longest_line(asked) <= (40 if named.program.name == "evercert" else 80), asked
    named.store.check([name])

    line = Line([named.program, "certonly", "--standalone", "-d", name, "--force-renewal"], named.environment(), [])
    assert "\x1b[1m\nNEXT STEPS:\n\x1b[0m" in line.text, "a better one gets them"


def picture(root):
    """Everything in a store but its logs."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in files + folders:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                found[path] = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    found[path] = hashlib.sha256(file.read()).hexdigest()
    return found


WAYS = {"Ctrl-C": b"\x03", "Ctrl-D": b"\x04", "c": b"c\n"}


@pytest.mark.parametrize("way", WAYS)
def test_leaving_the_first_time(named, way):
    """At each question in turn: the command fails, nothing is left behind, and nothing is said that is not so."""
    script = [("cancel): ", "1"), ("cancel): ", "admin@a.test"), ("(N)o: ", "y"), ("cancel): ", WAYS[way])]
    for last in range(len(script)):
        if way == "c" and script[last][0] == "(N)o: ":
            continue  # "no" is the answer there
        leave = script[:last] + [(script[last][0], WAYS[way])]
        line = Line([named.program, "certonly"], named.environment(), leave)
        assert line.status == 1, f"question {last}: {line.text}"
        assert ("Exiting due to user request." in line.text) == (way == "Ctrl-C"), line.text
        assert ("the input ended" in line.text or "EOFError" in line.text) == (way == "Ctrl-D"), line.text
        assert "uccess" not in line.text
        named.store.check([])
        assert len(named.store.account_dirs()) == (1 if last == 3 else 0), f"question {last}: agreed or not"


@pytest.fixture
def stocked(named):
    named.certonly(["a.test", "b.test"])
    named.certonly(["a.test", "b.test"], "--keep")  # notes in the renewal file when the CA wants to be asked again
    return named


LATER = [
    (["certonly", "--standalone", "-d", "a.test", "-d", "b.test"], "cancel): ", "Operation canceled. You may re-run the client."),
    (["certonly", "--standalone", "-d", "a.test", "-d", "b.test", "-d", "c.test"], "(C)ancel: ",
     "User chose to cancel the operation and may reinvoke the client."),
    (["certonly", "--standalone", "--cert-name", "a.test", "-d", "a.test"], "(C)ancel: ",
     "Specified mismatched certificate name and domains."),
    (["certonly", "--standalone"], "cancel): ", "Please specify --domains, --ip-address, or --installer that will help in domain "
     "names autodiscovery, or --cert-name for an existing certificate name."),
    (["delete"], "cancel): ", "User ended interaction."),
    (["reconfigure"], "cancel): ", "User ended interaction."),
    (["update_account"], "cancel): ", "Error getting email address."),
    (["certonly", "--webroot", "-d", "w.test"], "cancel): ",
     "Every requested identifier must have a webroot when using the webroot plugin."),
]


@pytest.mark.parametrize("way", WAYS)
def test_leaving_later(stocked, way):
    """Whatever was there stays as it was, to the byte."""
    before = picture(stocked.config)
    for args, cue, said in LATER:
        line = Line([stocked.program, *args], stocked.environment(), [(cue, WAYS[way])])
        text = re.sub(r"\x1b\[\d+m", "", line.text)
        assert line.status == 1, text
        assert ("\x1b[31m" in line.text) == (stocked.program.name == "certbot"), "its errors are red"
        assert ("Exiting due to user request." in text) == (way == "Ctrl-C"), text
        if stocked.program.name == "certbot" and way == "c":
            assert said in text, text
        assert picture(stocked.config) == before, f"{args}: {set(picture(stocked.config).items()) ^ set(before.items())}"
    line = Line([stocked.program, "delete", "--cert-name", "a.test"], stocked.environment(), [("(N)o: ", WAYS[way]),
                *([("(N)o: ", "n")] if way == "c" else [])])
    assert line.status == (0 if way == "c" else 1), "no is an answer"
    assert picture(stocked.config) == before


@pytest.mark.ours
def test_pasted_names(named):
    """Tabs, blanks of a web page and of a table, and a mark of its beginning; as evercert also a column and semicolons."""
    column = "d.test\ne.test;f.test\n" if named.program.name == "evercert" else "d.test e.test\u2003f.test\n"
    pasted = "\ufeffa.test\tb.test,\u00a0c.test\u3000" + column
    line = Line([named.program, "certonly", "--standalone", "--agree-tos", "--register-unsafely-without-email"],
                named.environment(), [("cancel): ", pasted.encode())])
    assert line.status == 0, line.text
    assert certs.names(named.store.cert("a.test")) == [f"{letter}.test" for letter in "abcdef"]


@pytest.mark.ours
def test_revoking_from_a_list(named, new_ca):
    for name in ("one.test", "two.test", "three.test"):
        named.certonly([name])
    before = {name: named.store.cert(name) for name in named.store.lineages()}
    argv = [named.program, "revoke"]
    if named.program.name == "certbot":
        line = Line(argv, named.environment(), [])
        assert line.status == 1 and "Exactly one of --cert-path or --cert-name must be specified!" in line.text
        return
    line = Line(argv, named.environment(), [("cancel): ", "1,2"), ("(N)o: ", "n")])
    assert line.status == 0 and "Nothing was revoked." in line.text, line.text
    assert named.store.lineages() == ["one.test", "three.test", "two.test"]
    line = Line(argv, named.environment(), [("cancel): ", "1\t3"), ("(N)o: ", "y"), ("(N)o: ", "y"), ("(N)o: ", "n")])
    assert line.status == 0, line.text
    assert [new_ca.status(before[name])["Status"] for name in ("one.test", "two.test", "three.test")] == ["Revoked", "Revoked", "Valid"]
    assert named.store.lineages() == ["three.test", "two.test"], "the first was deleted, the other kept"
    assert Line([named.program, "revoke"], named.environment(), [("cancel): ", "c")]).status == 1
