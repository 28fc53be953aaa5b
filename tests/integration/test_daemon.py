"""The daemon: renews when something is due, and does what init systems and containers expect of it."""
import datetime
import json
import os
import re
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from client import read_until, wait_for
from peers import processes
from peers.played_time import PlayedTime

pytestmark = pytest.mark.ours

HOUR, DAY = 3600, 86400
UTC = datetime.timezone.utc
NAME = "a.test"


class Daemon:
    """A client with a certificate, and its daemon, to which only the directories are handed on."""

    def __init__(self, client):
        self.client = client
        self.hook = client.area / "hook"
        self.ran = client.area / "ran"
        self.process = None

    def obtain(self, name=NAME, hook=None, **more):
        self.client.certonly([name], *(["--deploy-hook", hook] if hook else []), **more)

    def dirs(self):
        return ["--config-dir", self.client.config, "--work-dir", self.client.work, "--logs-dir", self.client.logs]

    def start(self, env=None):
        self.process = self.client.start("daemon", *self.dirs(), raw=True, env=env)
        read_until(self.process, "The daemon renews the certificates in")
        return self.process

    def run(self, *words, **more):
        return self.client.run("daemon", *words, *self.dirs(), raw=True, **more)

    def state(self):
        return self.run("status", "--json", status=None).json()

    def wait_for_run(self, count=1):
        """Until so many runs have ended well."""
        wait_for(lambda: self.state()["last_run_ended"] and self.renewals() >= count, what="a run")

    def renewals(self):
        return self.client.log_count("Arguments: ['-q', 'renew'")

    def stop(self, number=signal.SIGTERM, status=0):
        self.process.send_signal(number)
        said = self.client.finish(self.process, status)
        self.process = None
        return said

    def make_due(self):
        """Two seconds after it was issued; so is its successor, which the daemon has to leave alone for a minute."""
        path = self.client.store.renewal(NAME)
        path.write_text("renew_before_expiry = 2159 hours, 59 minutes, 58 seconds\n" + path.read_text())
        time.sleep(max(0, self.client.store.cert(NAME).not_valid_before.replace(tzinfo=UTC).timestamp() + 3 - time.time()))


@pytest.fixture
def daemon(new_client):
    def count(text):
        return sum(path.read_text(errors="replace").count(text) for path in new_client.logs.glob("letsencrypt.log*"))
    new_client.log_count = count
    made = Daemon(new_client)
    yield made
    if made.process is not None and made.process.poll() is None:
        os.killpg(made.process.pid, signal.SIGKILL)
        made.process.communicate()


def slow_hook(daemon):
    """A deploy hook that tells when it runs, and goes on until it is let go on or interrupted."""
    go = daemon.client.area / "go"
    daemon.hook.write_text(f"#!/bin/sh\ntrap 'echo interrupted >>{daemon.ran}; exit 1' INT TERM\necho begun >>{daemon.ran}\n"
                           f"while [ ! -e {go} ]; do sleep 0.05; done\necho ended >>{daemon.ran}\n")
    daemon.hook.chmod(0o755)
    go.touch()
    daemon.obtain(hook=daemon.hook)
    go.unlink()
    daemon.ran.unlink()
    return go


def has_run(daemon, word="begun"):
    return daemon.ran.exists() and word in daemon.ran.read_text()


def renew_at(daemon, instant):
    """As if the CA had said it: the daemon goes by it, and the run, which hears nothing else in the next hours."""
    path = daemon.client.store.renewal(NAME)
    text = re.sub(r"evercert_renew_at = .*", "evercert_renew_at = " + time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(instant)),
                  path.read_text())
    path.write_text(text)


def test_first_run_and_health(daemon):
    daemon.obtain()
    daemon.run("health", status=1).says("no daemon is at work for")
    daemon.start()
    daemon.wait_for_run()
    daemon.run("health")
    state = daemon.state()
    assert state["running"] and state["healthy"] and state["exit_status"] == 0 and state["process"] == daemon.process.pid
    another = daemon.run(status=1)
    another.says("another daemon is at work for")
    os.kill(daemon.process.pid, signal.SIGSTOP)  # no sign of life for three minutes
    state = daemon.client.work / "daemon.txt"
    os.utime(state, (time.time() - 200, time.time() - 200))
    daemon.run("health", status=1).says("no sign of life")
    os.kill(daemon.process.pid, signal.SIGCONT)
    said = daemon.stop()
    said.says("The daemon has stopped.")
    assert "Traceback" not in said.text
    daemon.run("health", status=1)


def test_health_and_status_leave_no_log(daemon):
    daemon.obtain()
    before = sorted(daemon.client.logs.iterdir())
    daemon.run("health", status=1)
    daemon.run("status", status=1)
    assert sorted(daemon.client.logs.iterdir()) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_health_for_another_user(daemon):
    """Who may not look at the lock is not told that there is no daemon."""
    daemon.start()
    daemon.wait_for_run()
    daemon.client.become(65534, 65534)
    daemon.run("health", status=1).says("cannot be told", "may not be read", "as the user")
    daemon.stop()


def test_due_by_the_CAs_word(daemon):
    """Some seconds ahead, it is renewed then and not before."""
    daemon.obtain()
    daemon.start()
    daemon.wait_for_run()  # which has asked the CA
    first = daemon.client.store.cert(NAME).serial_number
    # By its own clock, as a run of a minute ago: no two begin within that.
    daemon.stop()
    state = daemon.client.work / "daemon.txt"
    state.write_text(re.sub(r"last run: .*", "last run: " + time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60)),
                            state.read_text()))
    at = int(time.time()) + 5
    renew_at(daemon, at)
    daemon.start()
    wait_for(lambda: daemon.client.store.cert(NAME).serial_number != first, what="the renewal")
    assert daemon.client.store.live(NAME, "cert").stat().st_mtime >= at
    daemon.stop()


def test_a_change_of_the_store_is_noticed(daemon):
    """A certificate that is due within the hour comes and goes."""
    daemon.obtain()
    daemon.start()
    daemon.wait_for_run()
    assert daemon.state()["next_run_for"] is None
    daemon.obtain("b.test")
    path = daemon.client.store.renewal("b.test")
    path.write_text("renew_before_expiry = 2159 hours\n" + path.read_text())
    wait_for(lambda: daemon.state()["next_run_for"] == "b.test", what="a plan for it")
    daemon.client.run("delete", "--cert-name", "b.test", "-n")
    wait_for(lambda: daemon.state()["next_run_for"] is None, what="another plan")
    daemon.stop()


def test_an_empty_store(daemon):
    """As of a container that was just made."""
    daemon.start()
    wait_for(lambda: daemon.state()["last_run_ended"], what="a run")
    assert daemon.state()["exit_status"] == 0 and daemon.state()["healthy"]
    daemon.stop()


def test_stop_lets_the_renewal_finish(daemon):
    go = slow_hook(daemon)
    daemon.make_due()
    daemon.start()
    wait_for(lambda: has_run(daemon), what="the hook")
    daemon.process.send_signal(signal.SIGTERM)
    read_until(daemon.process, "Stopping, once the renewal that is at work is done")
    assert daemon.process.poll() is None
    go.touch()
    said = daemon.client.finish(daemon.process)
    said.says("The daemon has stopped.")
    assert has_run(daemon, "ended") and not has_run(daemon, "interrupted")


def test_the_second_signal_interrupts(daemon):
    slow_hook(daemon)
    daemon.make_due()
    daemon.start()
    wait_for(lambda: has_run(daemon), what="the hook")
    daemon.process.send_signal(signal.SIGSTOP)  # so that it sees both at once
    daemon.process.send_signal(signal.SIGTERM)
    daemon.process.send_signal(signal.SIGINT)
    daemon.process.send_signal(signal.SIGCONT)
    said = daemon.client.finish(daemon.process)
    said.says("Stopping, once the renewal that is at work is done", "Interrupting the renewal that is at work.", "The daemon has stopped.")
    assert has_run(daemon, "interrupted") and not has_run(daemon, "ended")


def test_hangup_tries_again_at_once(daemon):
    """What has failed, although its pause is not over."""
    daemon.obtain()
    daemon.make_due()
    held = socket.create_server(("0.0.0.0", daemon.client.http_port))  # standalone cannot have it
    daemon.start()
    wait_for(lambda: daemon.state()["failures"] == 1, what="a failure")
    runs = daemon.renewals()
    held.close()
    first = daemon.client.store.cert(NAME).serial_number
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: daemon.client.store.cert(NAME).serial_number != first, what="the renewal")
    wait_for(lambda: daemon.state()["failures"] == 0 and daemon.state()["last_run_ended"], what="its end")
    assert daemon.renewals() == runs + 1
    daemon.stop().says("Looking at the store anew.")


@pytest.mark.parametrize("abstract", [False, True])
def test_what_systemd_is_told(daemon, area, abstract):
    name = f"@evercert-test-{os.getpid()}-{time.monotonic_ns()}" if abstract else str(area / "notify")
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind("\0" + name[1:] if abstract else name)
    lines = []

    def until(word):
        while not any(line.startswith(word) for line in lines):
            assert select.select([told], [], [], 60)[0], f"{word} was not told: {lines}"
            lines.extend(told.recv(4096).decode().splitlines())

    daemon.obtain()
    daemon.start(env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "400000"})
    until("READY=1")
    until("STATUS=Next run at")
    for _ in range(3):
        lines.clear()
        until("WATCHDOG=1")
    lines.clear()
    daemon.process.send_signal(signal.SIGHUP)
    until("RELOADING=1")
    until("MONOTONIC_USEC=")
    until("READY=1")
    daemon.process.send_signal(signal.SIGTERM)
    until("STOPPING=1")
    daemon.client.finish(daemon.process)
    told.close()


def may_unshare():
    return subprocess.run(["unshare", "-pf", "--mount-proc", "true"], stderr=subprocess.DEVNULL).returncode == 0


@pytest.mark.skipif(not may_unshare(), reason="no namespace of processes")
def test_process_one(daemon, area):
    """As in a container: signals reach it although it is process 1, and what hooks leave behind leaves no zombies."""
    daemon.obtain(hook="true ; (sleep 0.2 &)")
    daemon.make_due()
    real = daemon.client.program
    inner = area / "inner"
    inner.write_text(f"#!/bin/sh\nexec unshare -pf --mount-proc --kill-child {real} \"$@\"\n")
    inner.chmod(0o755)
    daemon.client.program = inner
    process = daemon.start()
    daemon.client.program = real
    first = daemon.client.store.cert(NAME).serial_number
    wait_for(lambda: daemon.client.store.cert(NAME).serial_number != first, what="the renewal")
    wait_for(lambda: (daemon.client.work / "daemon.txt").read_text().count("exit status") == 0
             and daemon.state()["last_run_ended"], what="the end of the run")
    one, = processes.children(process.pid)
    assert daemon.state()["process"] == 1
    wait_for(lambda: processes.children(one) == [], what="the reaping of orphans")
    os.kill(one, signal.SIGUSR1)  # means nothing, and is not to end it
    os.kill(one, signal.SIGTERM)
    said = daemon.client.finish(process)
    said.says("The daemon has stopped.")


@pytest.mark.parametrize("hours", [100 * 24, -30 * 24])
def test_the_clock_is_set(daemon, area, hours):
    """Ahead, and what is due is renewed; back, and all goes on."""
    played = PlayedTime(area)
    played.stop_at(-1 << 40)  # the test moves it
    env = played.with_sanitizer(daemon.client.environment()["ASAN_OPTIONS"])
    daemon.obtain()
    daemon.start(env=env)
    daemon.wait_for_run()
    runs = daemon.renewals()
    played.ahead = hours * HOUR
    wait_for(lambda: daemon.renewals() > runs, what="a run")
    wait_for(lambda: daemon.run("health", status=None, env=env).status == 0, what="health")
    daemon.stop()


def test_no_storm(daemon, area):
    """A renewal that fails at once, played for a day."""
    played = PlayedTime(area)
    played.stop_at(DAY)
    daemon.obtain()
    renewal = daemon.client.store.renewal(NAME)
    renewal.write_text(renewal.read_text().replace("authenticator = standalone", "authenticator = gone"))
    daemon.make_due()
    process = daemon.start(env=played.with_sanitizer(daemon.client.environment()["ASAN_OPTIONS"]))
    wait_for(lambda: played.ahead >= DAY or process.poll() is not None, what="a day")
    said = daemon.stop()
    runs = said.text.count("renew ended with status 1")
    assert 24 <= runs <= 35, said
    state = json.loads(daemon.run("status", "--json", status=1).out)
    assert state["failures"] == runs


def test_options_that_would_not_be_heeded(daemon):
    daemon.obtain()
    daemon.run("--key-type", "rsa", status=2).says("daemon takes no --key-type", "evercert configure key-type=VALUE")
