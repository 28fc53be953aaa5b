"""Several runs in one store at once: on different lineages side by side, on the same one after the other."""
import datetime
import os
import re
import signal
import subprocess

import certs
import pytest
from client import read_until, wait_for
from test_contract_disk import answered, asking, hold
from test_hand_over import apart, certbots, program, share  # noqa: F401 (fixtures)

pytestmark = pytest.mark.ours

# Nobody needs to be reached: the CA takes every name for proved.
BY_HAND = {"authenticator": None}


@pytest.fixture(scope="session")
def easy_ca(start_pebble):
    return start_pebble("new", "two-profiles", always_valid=True, settings={"profiles": {
        "default": {"description": "the usual one", "validityPeriod": 90 * 86400},
        "shortlived": {"description": "six days", "validityPeriod": 6 * 86400},
    }})


def manual():
    return ["--manual", "--manual-auth-hook", "true"]


def obtain(client, *names, layout="versioned"):
    for name in names:
        client.certonly([name], *manual(), "--preferred-profile", "default", "--store-layout", layout, **BY_HAND)


class Gate:
    """A hook that says it is there, and waits until it may go on."""

    def __init__(self, folder, name):
        self.inside, self.open = folder / f"{name}.inside", folder / f"{name}.open"
        self.script = folder / f"{name}.sh"
        self.script.write_text(f"#!/bin/sh\ntouch {self.inside}\ni=0\n"
                               f"while [ ! -e {self.open} ] && [ $i -lt 6000 ]; do sleep 0.05; i=$((i + 1)); done\n")
        self.script.chmod(0o755)

    def entered(self):
        wait_for(self.inside.exists, what=f"{self.inside.name}")

    def let_go(self):
        self.open.touch()


def start_gated(client, name, *args, word="gate"):
    gate = Gate(client.area, f"{word}-{name}")
    process = client.start("renew", "--cert-name", name, "--force-renewal", "--pre-hook", gate.script, *args)
    gate.entered()
    return process, gate


def versions(client, name):
    return len(client.store.versions(name))


# --- renewals

def test_different_lineages_at_once(make_client, easy_ca):
    client = make_client(easy_ca)
    obtain(client, "a.test", "b.test")
    first, gate_a = start_gated(client, "a.test")
    second, gate_b = start_gated(client, "b.test")  # is inside although the first one still is
    assert first.poll() is None
    gate_b.let_go()
    client.finish(second)
    assert first.poll() is None
    gate_a.let_go()
    client.finish(first)
    assert versions(client, "a.test") == versions(client, "b.test") == 2
    client.store.check(["a.test", "b.test"])


@pytest.mark.parametrize("layout", ["versioned", "certbot"])
def test_same_lineage_once(make_client, easy_ca, layout):
    """The second waits, then sees what the first has made and finds nothing to do."""
    client = make_client(easy_ca)
    client.certonly(["a.test"], *manual(), "--store-layout", layout, **BY_HAND)
    start = datetime.datetime.utcnow() - datetime.timedelta(days=2)  # the CA wants this one renewed, and no other
    easy_ca.set_renewal_window(client.store.live("a.test", "cert").read_bytes(), start, start + datetime.timedelta(days=1))
    conf = client.store.renewal("a.test")
    conf.write_text(re.sub("^ari_retry_after = .*\\n", "", conf.read_text(), flags=re.M))
    gate = Gate(client.area, "gate")
    first = client.start("renew", "--pre-hook", gate.script)
    gate.entered()
    second = client.start("renew")
    read_until(second, f" s for process {first.pid} (")
    gate.let_go()
    client.finish(first).says("Congratulations, all renewals succeeded")
    client.finish(second).says("Certificate not yet due for renewal", "No renewals were attempted")
    assert versions(client, "a.test") == 2
    client.store.check(["a.test"])


def test_patience_ends(make_client, easy_ca):
    client = make_client(easy_ca)
    obtain(client, "a.test", "b.test")
    process, gate = start_gated(client, "a.test")
    try:
        said = client.renew("--cert-name", "a.test", "--lock-timeout", "1", status=1)
        said.says(f"process {process.pid} (", "is busy with the certificate a.test, still after 1 s", "--lock-timeout SECONDS",
                  "live/a.test/fullchain.pem (failure)")
        assert 1 <= said.seconds
        said = client.run("delete", "-n", "--cert-name", "a.test", "--lock-timeout", "0", status=1)
        said.says("is busy with the certificate a.test")
        client.run("reconfigure", "-n", "--cert-name", "a.test", "--lock-timeout", "0", status=1).says("is busy with")
        client.run("revoke", "-n", "--cert-name", "a.test", "--lock-timeout", "0", status=1).says("is busy with")
        # what only reads, and what is about another lineage, needs no patience
        client.run("certificates", "--lock-timeout", "0").says("Certificate Name: a.test", "Certificate Name: b.test")
        client.run("delete", "-n", "--cert-name", "b.test", "--lock-timeout", "0")
        client.run("doctor", "--lock-timeout", "0").says("Another process is at work here")
        client.run("doctor", "--fix", "--lock-timeout", "0", status=1).says("is busy with the certificates here")
    finally:
        gate.let_go()
        client.finish(process)
    client.store.check(["a.test"])


def test_deleted_meanwhile(make_client, easy_ca):
    client = make_client(easy_ca)
    obtain(client, "a.test")
    deleting = client.start("delete", "--force-interactive", "--cert-name", "a.test", stdin=subprocess.PIPE)
    read_until(deleting, "Are you sure you want to delete")
    process, gate = start_gated(client, "a.test")
    waiting = client.start("renew", "--force-renewal")  # gets there before the other one or after it
    answer(deleting, "y")
    for one in deleting, waiting:
        read_until(one, f" s for process {process.pid} (")
    gate.let_go()
    client.finish(process)
    client.finish(deleting)
    client.finish(waiting)
    assert not client.store.renewal("a.test").exists()
    client.store.check([])


def answer(process, *lines):
    process.stdin.write("".join(line + "\n" for line in lines))
    process.stdin.flush()


QUESTIONS = {
    "keep or renew": (["-d", "a.test"], "What would you like to do?", "2"),
    "expand": (["-d", "a.test", "-d", "b.test"], "expand and replace", "e"),
    "other names": (["--cert-name", "a.test", "-d", "b.test"], "Did you intend to make this change", "u"),
    "key type": (["-d", "a.test", "--key-type", "rsa"], "update its key type to RSA?", "u"),
}


@pytest.mark.parametrize("case", QUESTIONS)
def test_a_question_keeps_nobody_waiting(make_client, easy_ca, case):
    """Its user is at lunch: others renew meanwhile, and what he answers then is about what there is then."""
    args, question, yes = QUESTIONS[case]
    client = make_client(easy_ca)
    client.certonly(["a.test"], *manual(), "--preferred-profile", "default", "--store-layout", "certbot", **BY_HAND)
    waiting = client.start("certonly", "--force-interactive", *args, *manual(), stdin=subprocess.PIPE)
    read_until(waiting, question)
    client.renew("--force-renewal", "--lock-timeout", "0").says("Congratulations")
    assert versions(client, "a.test") == 2
    answer(waiting, yes)
    read_until(waiting, question)  # once more, about the new one
    answer(waiting, yes)
    client.finish(waiting)
    assert versions(client, "a.test") == 3
    client.store.check(["a.test"])


def test_a_question_about_nothing_new(make_client, easy_ca):
    """Asked once, where nothing has happened meanwhile."""
    client = make_client(easy_ca)
    obtain(client, "a.test")
    waiting = client.start("certonly", "--force-interactive", "-d", "a.test", *manual(), stdin=subprocess.PIPE)
    read_until(waiting, "What would you like to do?")
    answer(waiting, "2")
    said = client.finish(waiting)
    assert "meanwhile" not in said.text and "What would you like" not in said.text
    assert versions(client, "a.test") == 2


def test_deleted_while_somebody_is_asked(make_client, easy_ca):
    client = make_client(easy_ca)
    obtain(client, "a.test")
    waiting = client.start("certonly", "--force-interactive", "-d", "a.test", *manual(), stdin=subprocess.PIPE)
    read_until(waiting, "What would you like to do?")
    client.run("delete", "-n", "--cert-name", "a.test", "--lock-timeout", "0")
    answer(waiting, "1")  # what he would have kept is no more: he gets a new one
    client.finish(waiting).says("a.test was changed by another process meanwhile")
    assert versions(client, "a.test") == 1
    client.store.check(["a.test"])


@pytest.mark.parametrize("named", ["name", "path"])
def test_revoked_while_somebody_renews(make_client, easy_ca, named):
    """Whoever answers that what he revoked may go does not mean what came since."""
    client = make_client(easy_ca)
    obtain(client, "a.test")
    what = {"name": ["--cert-name", "a.test"], "path": ["--cert-path", client.store.live("a.test", "cert")]}[named]
    waiting = client.start("revoke", "--force-interactive", *what, stdin=subprocess.PIPE)
    read_until(waiting, "Would you like to delete")
    client.renew("--force-renewal", "--lock-timeout", "0").says("Congratulations")
    answer(waiting, "y")
    client.finish(waiting).says("is not deleted: what it holds now was not revoked")
    client.store.check(["a.test"])


@pytest.mark.parametrize("layout", ["versioned", "certbot"])
def test_killed_holder_leaves_nothing(make_client, easy_ca, layout):
    client = make_client(easy_ca)
    obtain(client, "a.test", layout=layout)
    process, gate = start_gated(client, "a.test")
    os.kill(process.pid, signal.SIGKILL)  # its hook lives on, and holds nothing
    process.wait()
    said = client.renew("--force-renewal", "--lock-timeout", "0")
    assert "Waiting" not in said.err
    gate.let_go()
    client.finish(process, -9)
    client.store.check(["a.test"], lock_may_stay=True)
    assert versions(client, "a.test") == 2


def test_wait_is_interrupted(make_client, easy_ca):
    client = make_client(easy_ca)
    obtain(client, "a.test")
    process, gate = start_gated(client, "a.test")
    waiting = client.start("renew", "--force-renewal")
    read_until(waiting, "Waiting up to")
    waiting.terminate()
    client.finish(waiting, -15)  # minutes before its patience ends
    gate.let_go()
    client.finish(process)


def test_nothing_is_locked_during_the_random_sleep(make_client, easy_ca):
    client = make_client(easy_ca)
    obtain(client, "a.test")
    arguments = [a for a in client.argv("renew", "--force-renewal")[1:] if a != "--no-random-sleep-on-renew"]
    sleeper = client.start(*arguments, raw=True)
    wait_for(lambda: "random delay of" in client.log(), what="the sleep")
    client.renew("--force-renewal", "--lock-timeout", "0").says("Congratulations")
    sleeper.terminate()
    client.finish(sleeper, None)
    client.store.check(["a.test"])


# --- new lineages and accounts

def test_eight_at_once(make_client, easy_ca):
    client = make_client(easy_ca)
    names = [f"n{i}.test" for i in range(8)]
    started = [client.start("certonly", "-n", "--agree-tos", "--register-unsafely-without-email", *manual(), "-d", name)
               for name in names]
    for process in started:
        client.finish(process)
    client.store.check(names)
    assert len(client.store.account_dirs()) == 1
    assert len({certs.names(client.store.cert(name))[0] for name in names}) == 8
    logs = "".join(path.read_text() for path in client.logs.glob("letsencrypt.log*"))
    assert all(logs.count(f"'-d', '{name}']") == 1 for name in names), "a log was lost"
    assert not list(client.area.glob("*/.certbot.lock")) and (client.config / ".evercert.lock").read_bytes() == b""
    assert (client.config / ".evercert.lock").stat().st_mode & 0o7777 == 0o600


def test_same_names_at_once(make_client, easy_ca):
    """Both decide to make a lineage; the second finds, once it may, that there is one."""
    client = make_client(easy_ca)
    client.register()
    gate = Gate(client.area, "gate")
    first = client.start("certonly", "-n", *manual(), "-d", "a.test", "-d", "b.test", "--pre-hook", gate.script)
    gate.entered()
    second = client.start("certonly", "-n", *manual(), "-d", "a.test", "-d", "b.test")
    other = client.start("certonly", "-n", *manual(), "-d", "a.test", "-d", "c.test", "--cert-name", "c.test")
    client.finish(other)
    assert second.poll() is None
    gate.let_go()
    client.finish(first)
    client.finish(second).says("Certificate not yet due for renewal; no action taken")
    client.store.check(["a.test", "c.test"])
    assert versions(client, "a.test") == 1


def test_one_account(make_client, easy_ca):
    client = make_client(easy_ca)
    started = [client.start("register", "-n", "--agree-tos", "--register-unsafely-without-email") for _ in range(4)]
    said = [client.finish(process, None) for process in started]
    assert sorted(s.status for s in said) == [0, 1, 1, 1]
    assert sum("There is an existing account" in s.err + s.out for s in said) == 3
    assert len(client.store.account_dirs()) == 1


# --- with Certbot

@pytest.mark.parametrize("certbot", ["old", "new"])
def test_certbot_waits_for_all_of_ours(share, easy_ca, certbot):
    ours, theirs = share(easy_ca, "evercert", certbot)
    obtain(ours, "a.test", "b.test", layout="certbot")
    first, gate_a = start_gated(ours, "a.test")
    second, gate_b = start_gated(ours, "b.test")
    theirs.run("certificates", status=1).says("Another instance of Certbot is already running.")
    gate_a.let_go()
    ours.finish(first)
    assert (ours.logs / ".certbot.lock").exists(), "the file of the one that is still there"
    theirs.run("certificates", status=1).says("Another instance of Certbot is already running.")
    gate_b.let_go()
    ours.finish(second)
    assert not list(ours.area.glob("*/.certbot.lock"))
    theirs.run("certificates").says("Certificate Name: a.test", "Certificate Name: b.test")


def test_ours_waits_for_certbot(share, easy_ca):
    theirs, ours = share(easy_ca, "old", "evercert")
    process = asking(theirs)
    try:
        said = ours.run("certificates", status=1).says("Another instance of Certbot is already running.")
        said.says(f"process {process.pid} (", f"holds the lock on {theirs.logs}/.certbot.lock")
    finally:
        answered(process)
    ours.run("certificates").says("No certificates found")


# --- what is told where

@pytest.mark.parametrize("word", ["evercert", "as certbot", "new"])
def test_locked_configuration_is_told_in_the_log(apart, word):
    client = apart(None, word)
    client.config.mkdir()
    holder = hold(client.config / ".certbot.lock")
    said = client.run("certificates", status=1).says("Another instance of Certbot is already running.")
    holder.communicate()
    assert "Another instance of Certbot is already running." in client.log()
    assert "certbot-log-" not in said.err
    if word != "evercert":
        said.says(f"Saving debug log to {client.logs}/letsencrypt.log")
    assert not client.work.exists()


@pytest.mark.parametrize("word", ["evercert", "as certbot", "new"])
def test_directories_of_a_dry_run(apart, easy_ca, word):
    client = apart(easy_ca, word)
    client.work = client.area / "deep" / "work"
    client.certonly(["a.test"], *manual(), "--dry-run", umask=0o077, **BY_HAND)
    assert (client.config / "renewal").stat().st_mode & 0o7777 == 0o700  # 0755 as the umask leaves it
    for path in (client.work, client.work.parent):
        assert path.stat().st_mode & 0o7777 == 0o755, path
    assert (client.config / ".evercert.lock").exists() == (word == "evercert")
