"""Which plugins are chosen, what install, enhance, rollback and plugins say, and that each name speaks of itself."""
import fcntl
import re

import pytest
from client import NO_SERVERS, Client

pytestmark = pytest.mark.ours

ADVICE = r"Ask for help or search for solutions at https://community\.letsencrypt\.org\. See the logfile \S+ or re-run Certbot with -v for more details\.\n"
MISSING = ("Missing command line flags. For non-interactive execution, you will need to specify a plugin on the command line.  Run with "
           "'--help plugins' to see a list of options, and see https://eff.org/letsencrypt-plugins for more detail on what the plugins "
           "do and how to use them.\n")
ONLY = ("With the standalone plugin, you probably want to use the \"certonly\" command, eg:\n\n    certbot certonly --standalone\n\n"
        "(Alternatively, add a --installer flag. See https://eff.org/letsencrypt-plugins\n and \"--help plugins\" for more "
        "information.)\n")
NO_SERVER = ("Certbot doesn't know how to automatically configure the web server on this system. However, it can still get a certificate "
             "for you. Please run \"certbot certonly\" to do so. You'll need to manually configure your web server to use the resulting "
             "certificate.\n")
NO_ENHANCEMENT = ("Please specify one or more enhancement types to configure. To list the available enhancement types, run:\n\n"
                  "certbot --help enhance\n\nNo enhancements requested, exiting.\n")
UNKNOWN = "The requested nonsense plugin does not appear to be installed\n"
NOT_WORKING = "The null plugin is not working; there may be problems with your existing configuration.\nThe error was: None\n"
PATHS = ("Path to certificate or key was not defined. If your certificate is managed by Certbot, please use --cert-name to define which "
         "certificate you would like to install.\n")


@pytest.fixture
def as_certbot(second_name, area, trust):
    return Client(second_name, area, trust)


# What Certbot 5.5 says; the second half of each pair: whether its advice about help and log follows.
@pytest.mark.parametrize("args, words, advice", [
    ("run -n -a standalone", ONLY, True),
    ("run -n -a standalone -d a.test", ONLY, True),
    ("run -n", MISSING, True),
    ("run -n -i null -d a.test", MISSING, True),
    ("run -n -a nonsense -d a.test", MISSING, True),
    ("certonly -n", MISSING, True),
    ("install -n", MISSING, True),
    ("rollback -n", MISSING, True),
    ("run -d a.test", NO_SERVER, False),
    ("install", NO_SERVER, False),
    ("enhance --redirect", NO_SERVER, False),
    ("enhance", NO_ENHANCEMENT, True),
    ("enhance -n -i null", NO_ENHANCEMENT, True),
    ("run -n -a nonsense -i null -d a.test", UNKNOWN, False),
    ("install -n -i nonsense", UNKNOWN, False),
    ("certonly -n -a nonsense -d a.test", UNKNOWN, True),
    ("run -n -a null -i null", NOT_WORKING, False),
    ("run -n --standalone --webroot", "Too many flags setting configurators/installers/authenticators 'standalone' -> 'webroot'\n", False),
    ("certonly -n -a null -d a.test", NOT_WORKING, True),
    ("install -n -i null", "No existing certificates found.\n", True),
    ("install -n -i null -d a.test", "No existing certificates found.\n", True),
    ("enhance -n -i null --redirect", "No existing certificates found.\n", True),
    ("install -n -i null --cert-name x", PATHS, True),
    ("install -n -i null --cert-path /nowhere --key-path /nowhere", "Error while reading certificate from path /nowhere\n", True),
    ("install -n -i null --cert-path /etc/passwd --key-path /nowhere", "Error while reading private key from path /nowhere\n", True),
    ("enhance -n -i null --redirect --cert-name x", "Could not find the list of domains for the given certificate name.\n", True),
    ("enhance -n -i null --auto-hsts", "One or more of the requested enhancements are not supported by the selected installer\n", True),
])
def test_words_of_certbot(as_certbot, args, words, advice):
    said = as_certbot.run(*args.split(), *(NO_SERVERS if words == NO_SERVER else []), status=1)
    assert said.out == ""
    assert re.fullmatch(r"Saving debug log to \S+\n" + re.escape(words) + (ADVICE if advice else ""), said.err), said


@pytest.mark.parametrize("args, words", [
    ("renew -d a.test", "(-d, --domain, and --ip-address are not valid options for the renew subcommand)"),
    ("certonly -n --standalone --webroot -d a.test", "Too many flags setting configurators/installers/authenticators 'standalone' -> "
     "'webroot'\n"),
    ("certonly -n --standalone -d a.test --rsa-key-size 1024", "Unsupported RSA key length: 1024\n"),
])
def test_what_a_subcommand_refuses_is_in_the_log(as_certbot, args, words):
    said = as_certbot.run(*args.split(), status=1)
    log = as_certbot.logs / "letsencrypt.log"
    assert said.err.startswith(f"Saving debug log to {log}\n") and words in said.err and f"See the logfile {log} " in said.err, said
    assert words.strip() in log.read_text()


def test_the_command_line_itself_is_refused_before_the_log(as_certbot):
    said = as_certbot.run("renew", "--force-interactive", status=1)
    assert "Saving debug log" not in said.err and not (as_certbot.logs / "letsencrypt.log").exists(), said


def test_a_file_of_options_that_is_no_file(as_certbot):
    as_certbot.run("certificates", "-c", "/dev/null").says("No certificates found.")
    said = as_certbot.run("certificates", "-c", "/dev/stdin", input="bogus = 1\n", status=2)
    assert said.err.endswith("certbot: error: unrecognized arguments: --bogus=1\n"), said
    said = as_certbot.run("certificates", "-c", "/nowhere", status=2)
    assert said.err.endswith("Unable to open config file: /nowhere. Error: [Errno 2] No such file or directory: '/nowhere'\n"), said


def test_a_renewal_file_that_cannot_be_read_is_removed(as_certbot):
    folder = as_certbot.config / "renewal"
    folder.mkdir(parents=True)
    (folder / "x.conf").write_text("cert\n")
    said = as_certbot.run("delete", "-n", "--cert-name", "x", status=1)
    lines = said.err.splitlines()
    assert lines[1] == (f"Could not parse {folder}/x.conf. You may wish to manually delete the contents of {as_certbot.config}/live/x "
                        f"and {as_certbot.config}/archive/x."), said
    assert lines[2].startswith(f"error parsing {folder}/x.conf") and not (folder / "x.conf").exists(), said


def test_a_refusal_is_in_the_words_of_the_ca(as_certbot, new_ca, trust):
    """Certbot's messages have the CA's detail alone; only renew names the type."""
    client = as_certbot
    client.server, client.http_port = new_ca.url, new_ca.http_port
    cert = client.certonly(["a.test"]) and client.config / "live/a.test/cert.pem"
    client.run("revoke", "-n", "--cert-path", cert, "--no-delete-after-revoke")
    said = client.run("revoke", "-n", "--cert-path", cert, "--no-delete-after-revoke", status=1)
    assert re.search(r"\nAn unexpected error occurred:\nCertificate has already been revoked\.?\n", said.err), said


def test_a_later_version_is_noted(new_client):
    client = new_client
    client.certonly(["a.test"])
    conf = client.store.renewal("a.test")
    conf.write_text(re.sub(r"^version = .*", "version = 5.5.9", conf.read_text(), flags=re.M))
    assert "Attempting to parse" not in client.run("certificates", "-v").err
    conf.write_text(conf.read_text().replace("5.5.9", "5.6"))
    client.run("certificates", "-v").says(f"Attempting to parse the version 5.6 renewal configuration file found at {conf} with version")


def test_expansion_declined(new_client):
    client = new_client
    client.certonly(["a.test"])
    said = client.run("certonly", "--force-interactive", "--standalone", "-d", "a.test,b.test", input="c\n", status=1)
    assert re.search(r"must use the --duplicate option\.\n\nFor example:\n\nevercert --duplicate certonly .* -d a\.test,b\.test\n", said.out), said


def test_nothing_to_roll_back(as_certbot):
    for args in (["rollback", *NO_SERVERS], ["rollback", "-n", "-i", "null"]):
        said = as_certbot.run(*args)
        assert said.out == "" and said.err.count("\n") == 1, said


# ---- each name speaks of itself ----

@pytest.mark.parametrize("args, status", [
    ("run -n", 1), ("run -n -a standalone", 1), ("run -d a.test", 1), ("install -n -i null --cert-name x", 1), ("enhance", 1),
    ("certonly -n", 1), ("certonly -n -a null -d a.test", 1), ("install", 1), ("rollback", 0), ("certificates", 0),
    ("reconfigure -n --cert-name x", 1), ("delete -n --cert-name x", 1), ("show_account", 1), ("unregister -n", 1), ("plugins", 0),
    ("install -n -i null -a webroot", 1),
])
def test_our_own_name_never_says_certbot(make_client, args, status):
    said = make_client().run(*args.split(), *([] if "-n" in args else NO_SERVERS), status=status)
    assert said.text and "ertbot" not in said.text, said


# ---- install and enhance, with a certificate ----

def test_installing_what_is_there(new_client):
    new_client.certonly(["a.test"])
    as_given = ["-n", "-i", "null"]
    new_client.run("install", *as_given, "--cert-name", "a.test").says("You have successfully enabled HTTPS on https://a.test")
    new_client.run("install", *as_given, status=1).says("Which certificate would you like to install?", "--cert-name")
    live = new_client.store.live("a.test")
    own = ["--cert-path", live / "cert.pem", "--key-path", live / "privkey.pem"]
    new_client.run("install", *as_given, *own, status=1).says("--domains")
    new_client.run("install", *as_given, *own, "-d", "x.test").says("https://x.test")
    for option in "auto-hsts", "uir", "staple-ocsp", "redirect", "hsts", "security-headers":
        for command in "install", "enhance":
            new_client.run(command, *as_given, "--cert-name", "a.test", f"--{option}", status=1).says(
                f"The null plugin cannot do what --{option} asks for")
    before = new_client.store.versions("a.test")
    new_client.run("run", *as_given, "-a", "standalone", "--must-staple", "--force-renewal", "-d", "a.test", status=1).says(
        "Must-Staple extension requested, but OCSP stapling is not supported by the selected installer (null)")
    assert new_client.store.versions("a.test") == before


def test_what_certbot_passes_over(second_name, area, trust, new_ca):
    as_certbot = Client(second_name, area, trust, new_ca)
    as_certbot.certonly(["a.test"])
    said = as_certbot.run("enhance", "-n", "-i", "null", "--cert-name", "a.test", "--uir", "--staple-ocsp", "--redirect", "--hsts")
    skipped = re.findall(r"Option (\S+) is not supported by the selected installer\. Skipping enhancement\.", said.err)
    assert skipped == ["hsts", "redirect", "staple", "uir"]
    as_certbot.run("enhance", "-n", "-i", "null", "--hsts", status=1).says("Which certificate would you like to use to enhance")


@pytest.mark.parametrize("args, why", [
    (["--checkpoints", "-1"], "must be a positive integer"), (["--checkpoints=-1"], "must be a positive integer"),
    (["--checkpoints", "x"], "invalid int value"),
])
def test_rollback_of_no_number(make_client, args, why):
    make_client().run("rollback", "-n", "-i", "null", *args, status=2 if "int value" in why else 1).says(why)


def test_an_installer_that_is_gone(new_client):
    """A certificate that is there helps more than an error, and who reads the output can do something."""
    new_client.certonly(["g.test"], "-i", "nonsense").says("no server was told: there is no installer named nonsense")
    new_client.renew("--force-renewal").says("no server was told: there is no installer named nonsense")
    assert new_client.store.versions("g.test") == [1, 2]


# ---- plugins ----

def test_plugins_keeps_a_log_where_it_can(as_certbot):
    said = as_certbot.run("plugins")
    assert said.err == f"Saving debug log to {as_certbot.logs}/letsencrypt.log\n"
    assert as_certbot.log() != ""
    held = []
    for folder in (as_certbot.config, as_certbot.work, as_certbot.logs):
        held.append(open(folder / ".certbot.lock", "w"))
        fcntl.lockf(held[-1], fcntl.LOCK_EX)
    assert "* standalone" in as_certbot.run("plugins").out
    as_certbot.run("certificates", status=1)


@pytest.mark.parametrize("which", ["--config-dir", "--work-dir", "--logs-dir"])
def test_plugins_needs_no_directories(as_certbot, which):
    blocked = as_certbot.area / "blocked"
    blocked.write_text("a file, not a directory\n")
    assert "* standalone" in as_certbot.run("plugins", which, blocked / "x").out
    as_certbot.run("certificates", which, blocked / "x", status=1)


def test_plugins_of_both_kinds(as_certbot):
    assert "* webroot" in as_certbot.run("plugins", "--authenticators").out
    for kinds in (["--installers"], ["--installers", "--authenticators"]):
        assert "No plugins" in as_certbot.run("plugins", "--prepare", *NO_SERVERS, *kinds).out


def test_listing_what_is_not_there(as_certbot):
    assert "No certificates found." in as_certbot.run("certificates", "--cert-name", "nope").out
