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
    assert "twice a day" not in said.text


@pytest.mark.parametrize("layout", ["certbot", "versioned"])
def test_certbot_renews(on_a_machine, area, layout):
    client = on_a_machine()
    line = f"0 */12 * * * root {certbot_there(area)} --config-dir {client.config} -q renew\n"
    said = on_a_machine(line).certonly([NAME], "--store-layout", layout)
    if layout == "certbot":
        said.says("It is renewed in the background: /etc/cron.d/renewals runs Certbot, which reads this certificate, too.")
        assert "twice a day" not in said.text
    else:
        said.says("/etc/cron.d/renewals runs `certbot renew`, and Certbot cannot read this certificate: let it run `evercert -q renew` "
                  "instead.", f"evercert store convert --layout certbot --cert-name {NAME}")
        assert "in the background" not in said.text


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
