"""The commands that Certbot does not have, under its name: known, with its defaults, its form of errors and its exit codes."""
import pytest

pytestmark = pytest.mark.ours

NAME = "o.test"


@pytest.fixture
def certbot(new_client, second_name):
    new_client.certonly([NAME], "--store-layout", "certbot")
    new_client.program = second_name
    return new_client


def test_history(certbot):
    certbot.renew("--force-renewal")
    listed = certbot.run("history")
    assert "Saving debug log to" in listed.err and listed.out.count("Version ") == 2
    listed.says(f"Certificate Name: {NAME}", "Version 1: superseded", "Version 2: live")
    assert certbot.run("history", "--json").json()["certificates"][0]["layout"] == "certbot"
    certbot.run("history", "restore", NAME, "1").says(f"Version 1 of {NAME} is live again, as version 3.")
    certbot.store.check([NAME])
    certbot.run("history", "restore", NAME, "9", status=1).says(f"{NAME} has no version 9", "Ask for help or search for solutions")
    certbot.run("history", "restore", NAME, status=2).says("usage:", "certbot: error: restore needs the name of a certificate")
    assert certbot.run("history", "prune").out.startswith("There are no versions"), "five are kept, as by Certbot"
    certbot.run("history", "prune", "--history-keep", "1").says(f"Removed a version of {NAME}: 1")


def test_store(certbot):
    certbot.run("store", status=2).says("certbot: error: store needs to know what to do (convert)")
    certbot.run("store", "convert", status=2).says("certbot: error: convert needs to know the layout (--layout versioned or certbot)")
    certbot.run("store", "convert", "--layout", "versioned", "--dry-run").says(f"Would convert {NAME}")
    certbot.run("store", "convert", "--layout", "versioned").says(f"Converted {NAME} from the layout certbot to versioned")
    certbot.store.check([NAME])
    done, = certbot.run("store", "convert", "--layout", "certbot", "--json").json()["certificates"]
    assert (done["name"], done["error"], done["to"]) == (NAME, None, "certbot")
    certbot.renew("--force-renewal")
    certbot.store.check([NAME])


def test_doctor(certbot):
    assert certbot.run("doctor").out.splitlines()[0] == "1 certificate(s) examined; 0 problem(s) repaired, 0 remain(s)."
    certbot.store.live(NAME, "cert").unlink()
    broken = certbot.run("doctor", status=1)
    broken.says("[error] live-link-missing", "With --fix:")
    assert "Ask for help" not in broken.err and broken.err.rstrip().endswith(f"1 problem(s) remain in {certbot.config}")
    assert not certbot.run("doctor", "--json", status=1).json()["healthy"]
    certbot.run("doctor", "--fix").says("[repaired] live-link-missing")
    certbot.store.check([NAME])


def test_their_help_has_the_defaults_of_that_name(certbot):
    certbot.run("help", "history", raw=True).says("usage: certbot history [NAME]", "that Certbot keeps. (default: 0)")
    certbot.run("help", "store", raw=True).says("One of certbot, versioned. (default: certbot)")
    certbot.run("--help").says(" history ", " store ", " doctor ")
    for command in ("history", "store", "doctor"):
        certbot.run("help", command, raw=True).says(f"usage: certbot {command}")


@pytest.mark.parametrize("name", ["evercert", "certbot"])
def test_words_that_they_do_not_take(new_client, second_name, name):
    new_client.program = second_name if name == "certbot" else new_client.program
    said = new_client.run("doctor", "foo", status=2).says("unrecognized arguments: foo")
    assert "doctor foo" not in said.text


def test_errors_keep_their_subject(certbot, area):
    """Which address answered 404, and which variable names the file that cannot be read: Certbot tells neither."""
    nothing = certbot.server.replace("/dir", "/nothing")
    certbot.run("register", "-n", "--agree-tos", "-m", "a@o.test", "--server", nothing, status=1).says(f"HTTP status 404 from {nothing}")
    empty = area / "empty.pem"
    empty.write_text("")
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        only = {"SSL_CERT_FILE": None, "REQUESTS_CA_BUNDLE": None}
        for path in (area / "gone.pem", empty):
            said = certbot.renew("--force-renewal", env={**only, variable: str(path)}, status=1)
            said.says(f"with error: CA certificates named by {variable}: ", str(path))
