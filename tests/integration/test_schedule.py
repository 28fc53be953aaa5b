"""What is said of who renews: only what is true on this machine.

Each run has a mount namespace of its own, in which a file of cron's says who is called.
"""
import shutil
import signal
import subprocess

import pytest
from client import wait_for

pytestmark = pytest.mark.ours

NAME = "x.test"


@pytest.fixture
def on_a_machine(new_client, area):
    """on_a_machine(line of cron): its folders for that have no other."""
    own = area / "etc"
    own.mkdir()
    inner = area / "inner"
    try:
        may = subprocess.run(["unshare", "-m", "mount", "--bind", own, "/etc/cron.d"], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        may = False
    if not may:
        pytest.skip("no mount namespace, or no cron, here")
    real = new_client.program

    def make(line=""):
        (own / "renewals").write_text(line)
        inner.write_text(f"#!/bin/sh\nexec unshare -m sh -c 'mount --bind {own} /etc/cron.d && exec {real} \"$@\"' evercert \"$@\"\n")
        inner.chmod(0o755)
        new_client.program = inner
        new_client.real = real
        return new_client

    return make


def certbot_there(area):
    path = area / "certbot"
    shutil.copy("/bin/true", path)
    return path


def test_nobody_renews(on_a_machine):
    said = on_a_machine().certonly([NAME])
    said.says("Have it renewed by itself: `evercert schedule install`")
    assert "in the background" not in said.text


def test_we_renew(on_a_machine):
    client = on_a_machine()
    line = f"0 */12 * * * root {client.real} --config-dir {client.config} -q renew\n"
    said = on_a_machine(line).certonly([NAME])
    said.says("It is renewed in the background: /etc/cron.d/renewals runs Evercert.")
    assert "schedule install" not in said.text


@pytest.mark.parametrize("layout", ["certbot", "versioned"])
def test_certbot_renews(on_a_machine, area, layout):
    client = on_a_machine()
    line = f"0 */12 * * * root {certbot_there(area)} --config-dir {client.config} -q renew\n"
    said = on_a_machine(line).certonly([NAME], "--store-layout", layout)
    if layout == "certbot":
        said.says("It is renewed in the background: /etc/cron.d/renewals runs Certbot, which reads this certificate, too.")
        assert "schedule install" not in said.text
    else:
        said.says("/etc/cron.d/renewals runs `certbot renew`, and Certbot cannot read this certificate: let it run `evercert -q renew` "
                  "instead.", f"evercert store convert --layout certbot --cert-name {NAME}")
        assert "in the background" not in said.text


@pytest.fixture
def image(new_client, area):
    """image(words...): `schedule` for a machine that is a directory, with systemd."""
    root = area / "root"
    (root / "run/systemd/system").mkdir(parents=True)
    new_client.certonly([NAME])

    def schedule(*words, program=new_client, **more):
        return program.run("schedule", *words, "--schedule-root", root, "--config-dir", new_client.config, "--work-dir",
                           new_client.work, "--logs-dir", new_client.logs, raw=True, **more)

    schedule.units = root / "etc/systemd/system"
    schedule.client = new_client
    return schedule


def test_installed_looked_at_and_removed(image):
    image("status", status=1).says("Nothing renews the certificates in")
    image("install").says("Wrote /etc/systemd/system/evercert-renew", "a timer of systemd's, twice a day")
    image("install").says("Nothing was to be changed.")
    image("status").says("runs Evercert, at least every 960 minutes.", "The shortest certificate is that of x.test")
    image("remove").says("Removed /etc/systemd/system/evercert-renew")
    assert [p for p in image.units.rglob("*") if not p.is_dir()] == []


def test_a_shorter_certificate(image, make_client, profiled_ca):
    """Status and doctor say that the schedule does not fit, and install mends it."""
    image("install")
    client = make_client(profiled_ca, "short")
    client.config, client.work, client.logs = image.client.config, image.client.work, image.client.logs
    client.certonly(["short.test"], "--preferred-profile", "shortlived")
    for said in (image("status", status=1),
                 client.run("doctor", "--config-dir", client.config, "--work-dir", client.work, "--logs-dir", client.logs,
                            "--schedule-root", image.units.parents[2], raw=True, status=1)):
        said.says("schedule-rare: short.test, whose certificate lives for 143 hours, is to be renewed every 3 hours",
                  "schedule-outdated", "evercert schedule install")
    image("install").says("Replaced /etc/systemd/system/", "every 3 hours")
    image("status").says("at least every 240 minutes.")


def test_what_was_edited_stays(image):
    image("install")
    timer, = image.units.glob("*.timer")
    edited = timer.read_text().replace("Persistent=true", "Persistent=false")
    timer.write_text(edited)
    image("install", status=1).says("was edited, and is left as it is", "systemctl edit", "--force")
    assert image("status", "--json").json()["findings"][0]["code"] == "schedule-edited"
    image("remove").says("Left /etc/systemd/system/")
    assert timer.read_text() == edited
    image("install", "--force")
    assert "Persistent=true" in timer.read_text()


@pytest.mark.parametrize("words, says", [
    ("renew --notfy=slack:s3cr3t", "there is no option --notfy."),
    ("renew --notify slack:s3cr3t --key-type s3cr3t", "is not understood"),
    ("renew --preferred-challenges s3cr3t", "is not understood"),
    ("renew -c /nonexistent/s3cr3t.ini", "is not understood"),
    ("-q renew --deploy-hook 'systemctl reload nginx' >/dev/null 2>&1", None),
    ("-q renew $OPTIONS --notfy", None),
])
def test_a_command_that_is_not_understood(image, words, says):
    """What cron would run is tried, as far as it is known; of it nothing is told that may be secret."""
    line = image.units.parents[1] / "cron.d/own"
    line.parent.mkdir(parents=True)
    line.write_text(f"7 */6 * * * root {image.client.program} --config-dir {image.client.config} {words}\n")
    for command in ("schedule status", "doctor"):
        said = image.client.run(*command.split(), "--schedule-root", image.units.parents[2], "--config-dir", image.client.config,
                                "--work-dir", image.client.work, "--logs-dir", image.client.logs, raw=True, status=None)
        assert ("schedule-command-wrong" in said.text) == (says is not None) and "s3cr3t" not in said.text, said
        if says:
            said.says("/etc/cron.d/own runs a command that", says)
            assert said.status == 1


def test_ensured(image):
    """What packages run: where something renews it is let renew, and what is ours is kept up to date."""
    root = image.units.parents[2]
    (root / "usr/bin").mkdir(parents=True)
    shutil.copy("/bin/true", root / "usr/bin/certbot")
    (root / "etc/cron.d").mkdir(parents=True)
    line = root / "etc/cron.d/certbot"
    line.write_text(f"0 */12 * * * root /usr/bin/certbot -q renew --config-dir {image.client.config}\n")
    image("ensure").says("/etc/cron.d/certbot runs Certbot")
    assert not image.units.exists()
    line.unlink()
    image("ensure").says("Wrote /etc/systemd/system/evercert-renew", "twice a day")
    image("ensure").says("Nothing was to be changed.")
    timer, = image.units.glob("*.timer")
    edited = timer.read_text().replace("Persistent=true", "Persistent=false")
    timer.write_text(edited)
    image("ensure").says(f"{timer.name} runs Evercert")
    assert timer.read_text() == edited


@pytest.mark.parametrize("form", ["systemd", "daemon"])
def test_units_are_clean_and_closed(image, form):
    """As systemd itself judges them."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd here")
    image("install", form)
    units = [p for p in image.units.iterdir() if p.is_file()]
    said = subprocess.run(["systemd-analyze", "verify", *units], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert said.returncode == 0 and said.stdout == "", said.stdout
    service, = image.units.glob("*.service")
    said = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=25", service],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert said.returncode == 0, said.stdout


def test_renew_without_a_terminal_waits(new_client):
    """It says so before it waits, and how not to."""
    new_client.certonly([NAME])
    command = ["renew", "--force-renewal"]
    argv = [part for part in new_client.argv(*command) if part != "--no-random-sleep-on-renew"]
    process = new_client.start(*argv[1:], raw=True)
    wait_for(lambda: "--no-random-sleep-on-renew begins at once" in new_client.log(), what="the sentence")
    process.send_signal(signal.SIGINT)
    said = new_client.finish(process, None)
    said.says("Without a terminal, renew waits at random for up to 8 minutes, so that the CA is not asked by everybody at once:")
    assert "Without a terminal" not in new_client.renew("--force-renewal").text
