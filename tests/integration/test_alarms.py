"""Alarms: who is told what became of a run of renew, how often, and over which ways."""
import email
import email.policy
import email.utils
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

import pytest
from client import session_members, wait_for
from fleet import Fleet
from peers.hook_server import HookServer
from peers.mail_server import MailServer

DOC = Path(__file__).resolve().parent.parent.parent / "docs" / "alarms.md"
NOWHERE = "https://localhost:1/dir"  # a CA that cannot be reached
SECRET = "XXXXsecretXXXX"

pytestmark = pytest.mark.ours


@pytest.fixture
def store(make_client):
    """A client whose CA cannot be reached, and a maker of lineages for it."""
    client = make_client()
    client.server = NOWHERE
    client.fleet = Fleet(client.config, NOWHERE, "0123", 80, one_key=True)
    return client


@pytest.fixture
def hook():
    server = HookServer()
    yield server
    server.close()


@pytest.fixture
def mail():
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def sendmail(area, mail):
    """A sendmail of a real mail system, which speaks SMTP to the server of the test."""
    if not shutil.which("msmtp"):
        pytest.skip("needs msmtp")
    conf = area / "msmtprc"
    conf.write_text(f"account default\nhost 127.0.0.1\nport {mail.port}\nauth off\ntls off\nfrom root@host.test\n"
                    f"timeout 20\nlogfile {area}/msmtp.log\n")
    program = area / "sendmail"
    program.write_text(f'#!/bin/sh\nexec {shutil.which("msmtp")} -C {conf} "$@"\n')
    program.chmod(0o755)
    return program


def script(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def replace(client, name, days_left):
    """The lineage as it is after a renewal that somebody else has made."""
    for kind in ("live", "archive"):
        shutil.rmtree(client.config / kind / name)
    client.fleet.add(name, days_left)


def told(hook):
    """What came since the last call: the JSON of each message."""
    got = [json.loads(taken.body) for taken in hook.taken]
    hook.taken.clear()
    return got


def memory(client):
    return [path for path in (client.config / "alarms").glob("*.txt")]


def a_day_passes(client):
    """All that was told is a day older."""
    for path in memory(client):
        path.write_text(re.sub(r"20\d\d-(?=\d\d-\d\dT)", "2020-", path.read_text()))


def without_times(message):
    return [(item["name"], item["trouble"]) for item in message["problems"]], [item["name"] for item in message["recovered"]]


# ---- what is told, and how often ----

def test_a_failure_is_told_once_and_its_end_once(store, hook):
    store.fleet.add("a.test", days_left=20)
    store.fleet.add("b.test", days_left=80)
    to = ["--notify", f"json:{hook.url}/x"]
    store.renew(*to, status=1)
    message, = told(hook)
    assert message["event"] == "problem" and message["severity"] == "error"  # 77 per cent of its life are over
    item, = message["problems"]
    assert (item["name"], item["trouble"], item["times"]) == ("a.test", "renewal", 1) and "localhost" in item["why"]
    assert "a.test: expires in 20 days" in message["message"] and "a.test expires in 20 days" in message["title"]
    store.renew(*to, status=1)
    assert told(hook) == []
    a_day_passes(store)
    store.renew(*to, status=1)
    message, = told(hook)
    assert message["problems"][0]["times"] == 3 and ", 3 times since 2020-" in message["message"]
    replace(store, "a.test", 80)
    store.renew(*to)
    message, = told(hook)
    assert message["event"] == "recovered" and without_times(message) == ([], ["a.test"])
    store.renew(*to)
    assert told(hook) == []


def test_it_is_told_again_as_time_runs_out(store, hook):
    store.fleet.add("a.test", days_left=40)
    to = ["--notify", f"json:{hook.url}/x", "--force-renewal"]
    for days, severity in ((40, "warning"), (20, "error"), (10, "error"), (2, "critical"), (-2, "critical")):
        replace(store, "a.test", days)
        store.renew(*to, status=1)
        message, = told(hook)
        assert message["severity"] == severity, days
        store.renew(*to, status=1)
        assert told(hook) == [], days
    assert "a.test expired" in message["title"]


def test_hundreds_are_one_message(store, hook, sendmail, mail):
    names = store.fleet.add_many(600, days_left=25)
    store.fleet.add("worst.test", days_left=1)
    to = ["--notify", f"json:{hook.url}/x", "--notify", f"discord:{hook.url}/d", "--notify", "mailto:a@example.org",
          "--notify-sendmail", sendmail]
    store.renew(*to, status=1, timeout=300)
    messages = {taken.path: json.loads(taken.body) for taken in hook.taken}
    assert len(hook.taken) == 2 and len(mail.mails) == 1
    hook.taken.clear()
    message = messages["/x"]
    assert message["title"].endswith("601 certificates need attention") and message["severity"] == "critical"
    assert len(message["problems"]) == 50 and message["more_problems"] == 551
    assert [item["name"] for item in message["problems"][:3]] == ["worst.test", *names[:2]]
    assert "and 5" in messages["/d"]["embeds"][0]["description"] and len(messages["/d"]["embeds"][0]["description"]) <= 4000
    assert len(mail.mails[0].data) < 50000
    store.renew(*to, status=1, timeout=300)
    assert hook.taken == [] and len(mail.mails) == 1


def test_only_after_some_failures(store, hook):
    store.fleet.add("a.test", days_left=25)
    to = ["--notify", f"json:{hook.url}/x", "--notify-after", "3"]
    for expected in (0, 0, 1, 0):
        store.renew(*to, status=1)
        assert len(told(hook)) == expected


def test_renewed_by_hand_alone(store, hook):
    store.fleet.add("a.test", days_left=10)
    with store.store.renewal("a.test").open("a") as conf:
        conf.write("autorenew = False\n")
    to = ["--notify", f"json:{hook.url}/x"]
    store.renew(*to)
    assert without_times(told(hook)[0]) == ([("a.test", "late")], [])
    a_day_passes(store)
    store.renew(*to)
    assert told(hook) == []


def test_a_deploy_hook_that_fails(new_client, hook, area):
    new_client.certonly(["d.test"], "--deploy-hook", script(area / "deploy", f"[ ! -e {area}/down ]\n"))
    to = ["--notify", f"json:{hook.url}/x"]
    (area / "down").touch()
    new_client.renew("--force-renewal", *to, status=1)
    message, = told(hook)
    assert without_times(message) == ([("d.test", "delivery")], []) and message["severity"] == "error"
    assert "ended with status 1" in message["problems"][0]["why"]
    (area / "down").unlink()
    for record in (new_client.config / "deliveries").iterdir():
        record.write_text(re.sub("not before: .*", "not before: 2020-01-01T00:00:00Z", record.read_text()))
    new_client.renew(*to)
    assert without_times(told(hook)[0]) == ([], ["d.test"])


def test_a_deleted_certificate_is_over(store, hook):
    store.fleet.add("a.test", days_left=20)
    to = ["--notify", f"json:{hook.url}/x"]
    store.renew(*to, status=1)
    store.run("delete", "-n", "--cert-name", "a.test")
    told(hook)
    store.renew(*to)
    message, = told(hook)
    assert message["event"] == "recovered" and message["recovered"][0]["gone"] is True


def test_a_dry_run_tells_nobody(store, hook):
    store.fleet.add("a.test", days_left=20)
    store.renew("--dry-run", "--notify", f"json:{hook.url}/x", status=1)
    assert told(hook) == [] and not (store.config / "alarms").exists()


def test_nothing_is_kept_where_nobody_is_told(store):
    store.fleet.add("a.test", days_left=20)
    store.renew(status=1)
    assert not (store.config / "alarms").exists()


def test_one_of_several_lineages(store, hook):
    for name in ("a.test", "b.test"):
        store.fleet.add(name, days_left=20)
    to = ["--notify", f"json:{hook.url}/x"]
    store.renew(*to, status=1)
    told(hook)
    replace(store, "a.test", 80)
    store.renew("--cert-name", "a.test", *to)
    message, = told(hook)
    assert message["event"] == "recovered" and without_times(message) == ([], ["a.test"])
    replace(store, "b.test", 80)
    store.renew(*to)
    assert without_times(told(hook)[0]) == ([], ["b.test"])


def test_by_the_name_certbot(store, hook, second_name):
    store.fleet.add("a.test", days_left=20)
    store.program = second_name
    (store.area / "letsencrypt").mkdir()
    store.renew(status=1)
    assert not (store.config / "alarms").exists()
    (store.area / "letsencrypt" / "cli.ini").write_text(f"notify = json:{hook.url}/x\nnotify = json:{hook.url}/y\n")
    store.renew(status=1)
    assert sorted(taken.path for taken in hook.taken) == ["/x", "/y"]


def test_a_store_that_stays_locked(store, hook, second_name):
    store.fleet.add("a.test", days_left=80)
    store.program = second_name
    to = ["--notify", f"json:{hook.url}/x"]
    store.renew(*to)
    with (store.config / ".certbot.lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        store.renew(*to, status=1)
        assert told(hook) == []
        store.renew(*to, status=1)
        message, = told(hook)
    assert without_times(message) == ([("all certificates", "run")], []) and message["severity"] == "critical"
    store.renew(*to)
    assert told(hook)[0]["event"] == "recovered"


def test_runs_that_are_interrupted(new_client, hook, area):
    """Once, a machine was switched off; three times in a row, something keeps them from their work."""
    new_client.certonly(["i.test"])
    gate = f"touch {area}/inside; exec sleep 1000"  # exec: the signal is passed on to it alone
    to = ["--notify", f"json:{hook.url}/x"]
    for expected in ([], [], [("all certificates", "run")]):
        run = new_client.start("renew", *to, "--force-renewal", "--pre-hook", gate)
        wait_for((area / "inside").exists)
        (area / "inside").unlink()
        run.send_signal(signal.SIGTERM)
        new_client.finish(run, status=-signal.SIGTERM)
        assert [item for message in told(hook) for item in without_times(message)[0]] == expected
    new_client.renew(*to)
    message, = told(hook)
    assert message["event"] == "recovered" and without_times(message) == ([], ["all certificates"])


def kept_run(client, area, to):
    """A run that a hook keeps, once it does."""
    run = client.start("renew", *to, "--force-renewal", "--pre-hook", f"touch {area}/inside; exec sleep 1000")
    wait_for((area / "inside").exists)
    (area / "inside").unlink()
    return run


def kill_all(run):
    for pid in session_members(run.pid):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("machine", [False, True])
def test_runs_that_are_killed(new_client, hook, area, machine):
    """The next one tells it before it does anything else, as it may be killed, too; once, however often that happens. Where it was the
    machine that went down, it is told at the second time in a row."""
    new_client.certonly(["k.test"])
    to, mark = ["--notify", f"json:{hook.url}/x"], new_client.work / "renew.txt"
    alarm = [("all certificates", "run")]
    for expected in [[], [], alarm] if machine else [[], alarm, []]:
        run = kept_run(new_client, area, to)
        assert [item for message in told(hook) for item in without_times(message)[0]] == expected
        kill_all(run)
        new_client.finish(run, status=-signal.SIGKILL)
        if machine:
            mark.write_text(re.sub("boot: .*", "boot: an earlier one", mark.read_text()))
    says = "the machine was started anew meanwhile" if machine else "it was killed"
    new_client.run("doctor", status=1).says("run-unfinished", says)
    new_client.run("status").says("Runs", "did not come to its end", says)
    state = new_client.run("status", "--json").json()
    assert state["level"] == "warning" and state["runs"][0]["code"] == "run-unfinished"
    new_client.renew(*to).says("did not come to its end")
    message, = told(hook)
    assert message["event"] == "recovered" and without_times(message) == ([], ["all certificates"])
    assert "run-unfinished" not in new_client.run("doctor", status=None).text
    assert new_client.run("status", "--json").json()["runs"] == []


def test_a_run_that_never_ends(store, hook):
    """Told by those that begin while it is at work."""
    store.fleet.add("a.test", days_left=80)
    to = ["--notify", f"json:{hook.url}/x"]
    store.renew(*to)
    mark = store.work / "renew.txt"
    mark.write_text("began: 2026-01-01T00:00:00Z\nprocess: 4711\n")
    with (store.work / "renew.lock").open("r+") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        store.run("doctor", status=1).says("run-endless", "(process 4711) has been at work for")
        store.renew(*to).says("has been at work for")
        store.renew(*to)
        message, = told(hook)
        assert without_times(message) == ([("all certificates", "run")], []) and "4711" in message["message"]
        assert "4711" in mark.read_text(), "the mark is not that of the others"
    store.renew(*to)
    assert [item["trouble"] for message in told(hook) for item in message["recovered"]] == ["run"]


@pytest.mark.parametrize("shell", ["rm renewal/*", "rm -r renewal", "rm -r renewal live archive"])
def test_renewal_files_that_are_gone(store, hook, shell):
    """Not the same as nothing to renew: a store that is not mounted, a restore that went wrong."""
    store.fleet.add("a.test", days_left=80)
    to = ["--notify", f"json:{hook.url}/x"]
    if "live" in shell:
        time.sleep(5)  # what was changed just now is not remembered by listings
    store.run("certificates")
    subprocess.run(shell, shell=True, cwd=store.config, check=True)
    for _ in range(2):
        store.renew(*to, status=1).says("renewal")
    message, = told(hook)
    assert without_times(message) == ([("all certificates", "run")], []) and "/renewal" in message["message"]
    store.run("doctor", status=1).says("renewal-files-lost")
    store.run("status", "--nagios", status=2).says("EVERCERT CRITICAL", "/renewal")
    for folder in ("renewal", "live", "archive"):
        (store.config / folder).mkdir(exist_ok=True)
    store.fleet.add("b.test", days_left=80)
    store.renew(*to)
    assert told(hook)[0]["event"] == "recovered"


@pytest.mark.parametrize("line", [f"no-such-token = {SECRET}", "rsa-key-size = many", "= 3"])
def test_settings_that_are_wrong(store, hook, line):
    """Also when the target stands behind the wrong line; nothing is told of a trial."""
    store.fleet.add("a.test", days_left=80)
    ini = store.config / "own.ini"
    ini.write_text(f"{line}\nnotify = json:{hook.url}/x\n")
    for args, count in ([[], 0], [["--dry-run"], 0], [[], 1], [[], 0]):
        store.renew("-c", str(ini), *args, status=2)
        messages = told(hook)
        assert len(messages) == count
        for message in messages:
            assert without_times(message) == ([("all certificates", "run")], []) and SECRET not in str(message)
            assert f"{ini}, line 1" in message["problems"][0]["why"] or line == "= 3"
    ini.write_text(f"notify = json:{hook.url}/x\n")
    store.renew("-c", str(ini))
    assert told(hook)[0]["event"] == "recovered"


def test_where_nothing_can_be_remembered(store, hook):
    """Runs in a row cannot be counted then: nothing waits for a second one."""
    store.fleet.add("a.test", days_left=80)
    (store.config / "alarms").write_text("no directory")
    store.renew("--notify", f"json:{hook.url}/x", "--pre-hook", "/nonexistent/hook", status=1)
    message, = told(hook)
    assert without_times(message) == ([("all certificates", "run")], [])


def test_a_renewal_file_that_is_wrong(store, hook):
    """Its certificate is known, and so is how long it still lasts."""
    store.fleet.add("a.test", days_left=2)
    conf = store.config / "renewal" / "a.test.conf"
    conf.write_text(conf.read_text().replace("[renewalparams]", "[renewalparams]\nrsa_key_size = many"))
    store.renew("--notify", f"json:{hook.url}/x", status=1)
    message, = told(hook)
    assert message["severity"] == "critical" and "expires in " in message["message"]


# ---- once, whatever happens ----

def test_two_runs_at_once_tell_it_once(store, hook):
    for number in range(20):
        store.fleet.add(f"a{number}.test", days_left=20)
    runs = [store.start("renew", "--notify", f"json:{hook.url}/x") for _ in range(3)]
    for run in runs:
        store.finish(run, status=1)
    assert len(told(hook)) == 1


@pytest.mark.parametrize("moment", ["before it is noted", "before it is sent"])
def test_killed(store, area, moment):
    """The target kills us: what it was told cannot be noted any more."""
    store.fleet.add("a.test", days_left=20)
    note = f"cat >>{area}/told\n" if moment == "before it is noted" else ""
    target = script(area / "target", f"[ -e {area}/once ] && {{ cat >>{area}/told; exit 0; }}\ntouch {area}/once\n{note}kill -9 $PPID\n")
    to = ["--notify", f"command:{target}"]
    run = store.start("renew", *to)
    store.finish(run, status=-signal.SIGKILL)
    for _ in range(2):
        store.renew(*to, status=1)
    assert (area / "told").read_text().count("a.test: ") == (2 if note else 1)


# ---- targets that do not work ----

def drip(handler):
    """An answer that never ends, a byte at a time."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    done = handler.server.done
    while not done.wait(0.2):
        handler.wfile.write(b"x")


def hang(handler):
    handler.server.done.wait(120)


def test_targets_that_hang_delay_nobody_for_long(store, hook, area):
    """All at the same time: ten seconds, and the one that works is told."""
    store.fleet.add("a.test", days_left=20)
    dead = [HookServer(drip), HookServer(hang)]
    done = threading.Event()
    for server in dead:
        server.server.done = done
    sleeper = script(area / "sleeper", "trap '' TERM\nsleep 1000 & wait\nwait\n")
    targets = [f"json:{dead[0].url}/{SECRET}", f"json:{dead[1].url}/{SECRET}", f"command:{sleeper}", f"json:{hook.url}/x"]
    said = store.renew(*[part for target in targets for part in ("--notify", target)], "-vv", status=1, timeout=100)
    done.set()
    for server in dead:
        server.close()
    assert len(told(hook)) == 1
    assert said.err.count("could not be told") == 3, said
    assert SECRET not in said.out + said.err + store.log()


def far_too_much(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(1000):
            handler.wfile.write(b"x" * 100000)
    except OSError:
        pass


@pytest.mark.parametrize("behave, says", [
    ((500, {}, b"no"), "answered with status 500"),
    ((404, {}, b"no"), "answered with status 404"),
    ((403, {}, b'{"error": "invalid_token"}'), "answered with status 403"),
    (far_too_much, "larger than"),
], ids=["500", "404", "403", "too much"])
def test_one_that_fails_is_told_to_the_others_and_tried_again(store, hook, behave, says):
    store.fleet.add("a.test", days_left=20)
    bad = HookServer(behave)
    to = ["--notify", f"json:{hook.url}/x", "--notify", f"json:{bad.url}/{SECRET}"]
    said = store.renew(*to, "-vv", status=1).says("could not be told", says)
    told(hook)
    tried = len(bad.taken)
    assert tried > 0
    store.run("notify", "list", *to).says("has taken nothing since", says)
    store.run("doctor", *to, status=1).says("alarm-target-failing", says)
    store.renew(*to, status=1)
    message, = told(hook)
    assert len(bad.taken) > tried
    assert [trouble for _, trouble in without_times(message)[0]] == ["renewal", "target"]
    assert SECRET not in said.out + said.err + store.log() + json.dumps(message)
    bad.behave(HookServer.FINE)
    bad.taken.clear()
    store.renew(*to, status=1)
    assert len(bad.taken) == 1, "it is told what the other knows already"
    store.renew(*to, status=1)
    assert [item["trouble"] for item in told(hook)[-1]["recovered"]] == ["target"]
    bad.close()


def test_a_redirect_is_not_followed(store, hook):
    store.fleet.add("a.test", days_left=20)
    for status in (301, 302, 307, 308):
        away = HookServer((status, {"Location": f"{hook.url}/stolen"}, b""))
        store.renew("--notify", f"json:{away.url}/x {SECRET}", status=1).says("could not be told", f"status {status}")
        away.close()
    assert hook.taken == []


def test_wrong_targets_keep_nobody_from_being_told(store, hook, area):
    store.fleet.add("a.test", days_left=20)
    wrong = ["nonsense", "nothing:x", "mailto:", "mailto:a b@c", "mailto:-oQ/tmp@c.test", "command:relative", "shell: ", "matrix:https://x",
             f"slack:{SECRET} too many", f"json:http://192.0.2.1/{SECRET}", f"json:ftp://x/{SECRET}"]
    said = store.renew(*[part for target in wrong for part in ("--notify", target)], "--notify", f"json:{hook.url}/x",
                       "--notify-file", area / "missing", "-vv", status=1)
    message, = told(hook)
    assert ("a.test", "renewal") in without_times(message)[0]
    assert SECRET not in said.out + said.err + store.log()
    again = store.renew(*[part for target in wrong for part in ("--notify", target)], status=1)
    assert len(re.findall("is told nothing|could not be told", again.err)) == len(wrong)


def test_the_file_of_targets(store, hook, area):
    store.fleet.add("a.test", days_left=20)
    file = area / "targets"
    file.write_text(f"# ours\n\njson:{hook.url}/{SECRET}\n  json:{hook.url}/y\n")
    for mode in (0o644, 0o604, 0o622):
        file.chmod(mode)
        store.renew("--notify-file", file, status=1).says("is told nothing")
        store.run("doctor", "--notify-file", file, status=1).says("alarm-target-wrong")
    assert hook.taken == []
    file.chmod(0o600)
    store.renew("--notify-file", file, status=1)
    assert sorted(taken.path for taken in hook.taken) == [f"/{SECRET}", "/y"]
    assert store.run("doctor", "--notify-file", file, "--json", status=None).json()["alarms"][0].startswith("json-")


def test_secrets_in_a_file_that_all_can_read(store):
    (store.area / "letsencrypt").mkdir()
    ini = store.area / "letsencrypt" / "cli.ini"
    ini.write_text(f"notify = slack:https://hooks.example/{SECRET}\n")
    ini.chmod(0o644)
    said = store.run("doctor", status=1).says("alarm-secret-open", "chmod 600")
    assert SECRET not in said.out
    ini.chmod(0o600)
    store.run("doctor").says("these are told: slack-")
    ini.unlink()
    store.run("doctor").says("nobody is told", "notify = mailto:YOU@example.org")


# ---- the ways ----

def test_mail(store, mail, sendmail):
    store.fleet.add("a.test", days_left=20)
    to = ["--notify", "mailto:admin@example.org, other@example.org", "--notify-sendmail", sendmail, "--notify-from", "certs@host.example"]
    store.renew(*to, status=1)
    got, = mail.mails
    assert got.sender == "certs@host.example" and got.recipients == ["admin@example.org", "other@example.org"]
    message = email.message_from_bytes(got.data, policy=email.policy.SMTP)
    assert not message.defects
    assert "a.test expires in 20 days" in message["Subject"] and "\n" not in message["Subject"]
    assert email.utils.parseaddr(message["From"]) == ("Evercert", "certs@host.example")
    assert abs(email.utils.parsedate_to_datetime(message["Date"]).timestamp() - time.time()) < 3600
    assert message["Auto-Submitted"] == "auto-generated" and message["Message-ID"].endswith("@host.example>")
    assert "- a.test: expires in 20 days" in message.get_content()
    store.renew(*to, status=1)
    assert len(mail.mails) == 1
    replace(store, "a.test", 80)
    store.renew(*to)
    assert "in order again" in email.message_from_bytes(mail.mails[1].data, policy=email.policy.SMTP)["Subject"]


def test_mail_without_a_sender(store, mail, sendmail):
    store.run("notify", "test", "--notify", "mailto:a@example.org", "--notify-sendmail", sendmail).says("has taken a test message")
    got, = mail.mails
    assert got.sender.endswith("@host.test"), "that of the mail system"
    assert email.message_from_bytes(got.data)["From"]


def test_mail_that_the_server_refuses(store, mail, sendmail):
    store.fleet.add("a.test", days_left=20)
    store.renew("--notify", "mailto:nobody@example.org", "--notify-sendmail", sendmail, status=1).says(
        "mailto:nobody@example.org could not be told", "nobody of that name")
    assert mail.mails == []


def test_no_mail_system(store):
    store.run("notify", "test", "--notify", "mailto:a@example.org", "--notify-sendmail", "/nonexistent/sendmail", status=1).says(
        "mailto:a@example.org has not", "/nonexistent/sendmail")


def test_command(store, area):
    store.fleet.add("a.test", days_left=20)
    target = script(area / "target", f'env >{area}/env\ncat >{area}/text\necho "$#:$1:$2" >{area}/args\n')
    store.renew("--notify", f"command:{target} one $HOME;id", status=1)
    assert (area / "args").read_text() == "2:one:$HOME;id\n"
    assert "- a.test: expires in 20 days" in (area / "text").read_text()
    env = dict(line.split("=", 1) for line in (area / "env").read_text().splitlines())
    assert env["EVERCERT_EVENT"] == "problem" and env["EVERCERT_SEVERITY"] == "error" and "a.test" in env["EVERCERT_TITLE"]
    assert json.loads(env["EVERCERT_JSON"])["problems"][0]["name"] == "a.test"
    assert set(env) - {"PWD", "_", "SHLVL", "OLDPWD"} == {"PATH", "LC_ALL"} | {
        f"EVERCERT_{name}" for name in ("EVENT", "SEVERITY", "TITLE", "HOST", "ALARM", "TIME", "JSON")}


def test_shell(store, area):
    store.run("notify", "test", "--notify", f"shell:cat >{area}/text; echo $EVERCERT_EVENT >>{area}/text")
    assert (area / "text").read_text().endswith("told here.\ntest\n")


def expected(title, text, time, alarm, host):
    """The bodies as the documentation of the services has them."""
    both = f"{title}\n\n{text}"
    return {
        "slack": {"text": title, "blocks": [{"type": "header", "text": {"type": "plain_text", "text": title}},
                                            {"type": "section", "text": {"type": "plain_text", "text": text}}]},
        "discord": {"username": "Evercert", "embeds": [{"title": title, "description": text, "color": 0x2ECC71, "timestamp": time}],
                    "allowed_mentions": {"parse": []}},
        "matrix": {"msgtype": "m.text", "body": both},
        "telegram": {"chat_id": "-1001234567890", "text": both, "link_preview_options": {"is_disabled": True}},
        "mattermost": {"text": f"#### {title}\n```\n{text}```"},
        "teams": {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": {
            "type": "AdaptiveCard", "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "version": "1.4", "body": [
                {"type": "TextBlock", "text": title, "weight": "Bolder", "wrap": True}, {"type": "TextBlock", "text": text, "wrap": True}]}}]},
        "gotify": {"title": title, "message": text, "priority": 4},
        "pagerduty": {"routing_key": "0123456789abcdef0123456789abcdef", "event_action": "trigger", "dedup_key": alarm, "payload": {
            "summary": title, "source": host, "severity": "info", "timestamp": time, "component": "certificates",
            "custom_details": {"message": text}}},
        "json": {"version": 1, "event": "test", "severity": "info", "host": host, "alarm": alarm, "time": time, "title": title,
                 "message": text, "problems": [], "more_problems": 0, "recovered": [], "more_recovered": 0},
    }


def documented():
    """The lines of docs/alarms.md that can be pasted."""
    block, = re.findall(r"```text\n(.*?)```", DOC.read_text(), re.DOTALL)
    return [line for line in block.splitlines() if not line.startswith("#")]


def test_documented_targets_are_good(store, area):
    file = area / "targets"
    block, = re.findall(r"```text\n(.*?)```", DOC.read_text(), re.DOTALL)
    file.touch(mode=0o600)
    file.write_text(block)
    said = store.run("notify", "list", "--notify-file", file).out
    assert said.count("was told nothing yet") == min(len(documented()), 16) and "is told nothing" not in said
    forms = {path.stem for path in (DOC.parent.parent / "data" / "notify").glob("*.json")}
    assert {line.split(":")[0] for line in documented()} == forms
    assert all(f"\n  {form}:" in said for form in forms)


@pytest.mark.parametrize("line", documented())
def test_documented_targets_at_work(store, hook, area, line):
    """Each line as it stands in the documentation, but for the host."""
    form, value = line.split(":", 1)
    local = re.sub(r"https://[^/ ]+", hook.url, value)
    if local == value:
        local = f"{value} {hook.url}"  # whose server has a default
    file = area / "targets"
    file.touch(mode=0o600)
    file.write_text(f"{form}:{local}\n")
    said = store.run("notify", "test", "--notify-file", file, "-vv").says("has taken a test message")
    assert not any(word in said.out + said.err + store.log() for word in re.findall(r"\S*X{8,}\S*|0123456789abcdef0123456789abcdef", line))
    first, *more = hook.taken
    path = urllib.parse.urlsplit(re.search(r"https://[^/ ]+(\S*)", value + " https://none").group(1)).path
    check_request(form, first, path)
    if form == "pagerduty":
        resolve, = more
        assert json.loads(resolve.body)["event_action"] == "resolve"
        assert json.loads(resolve.body)["dedup_key"] == json.loads(first.body)["dedup_key"]
    else:
        assert more == []


def check_request(form, taken, path):
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(taken.path).query))
    assert taken.method == ("PUT" if form == "matrix" else "POST")
    if form == "ntfy":
        assert query["title"].endswith("arrive here") and query["priority"] == "3" and query["tags"] == "bell"
        assert taken.body.endswith("told here.\n") and taken.headers["Content-Type"].startswith("text/plain")
        assert taken.path.split("?")[0] == path
    elif form == "pushover":
        fields = dict(urllib.parse.parse_qsl(taken.body))
        assert taken.path == "/1/messages.json" and taken.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert set(fields) == {"token", "user", "title", "message", "priority"} and fields["priority"] == "0"
        assert fields["user"].startswith("u") and fields["token"].startswith("a")
    else:
        check_json(form, taken, path)


def check_json(form, taken, path):
    body = json.loads(taken.body)
    assert taken.headers["Content-Type"] == "application/json"
    flat = json.dumps(body)
    title = re.search(r"\[[\w.-]+\] a test: alarms of certificates arrive here", flat).group(0)
    host = title[1:title.index("]")]
    text = json.loads(f'"{re.search(r"On [^ ]+ .*?told here.(?:.n)", flat).group(0)}"')
    at = re.search(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", flat)
    alarm = re.search(r"evercert \S+ \S+ test", flat)
    assert body == expected(title, text, at and at.group(0), alarm and alarm.group(0), host)[form]
    paths = {"telegram": "/bot123456789:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX/sendMessage", "pagerduty": "/v2/enqueue", "gotify": "/message"}
    where = taken.path.split("?")[0]
    if form == "matrix":
        assert re.fullmatch(r"/_matrix/client/v3/rooms/%21abcdefgh%3Aexample.org/send/m.room.message/[0-9a-f-]{36}", where)
        assert taken.headers["Authorization"] == "Bearer syt_XXXXXXXXXXXXXXXX"
    else:
        assert where == paths.get(form, path)
    assert form != "gotify" or taken.headers["X-Gotify-Key"] == "AXXXXXXXXXXXXXX"


def test_a_form_of_ones_own(store, hook):
    folder = store.config / "notify-forms"
    folder.mkdir(parents=True)
    block, = [text for text in re.findall(r"```json\n(.*?)```", DOC.read_text(), re.DOTALL) if '"example"' in text]
    (folder / "example.json").write_text(block)
    store.run("notify", "test", "--notify", f"example:{hook.url}/x room").says("has taken a test message")
    body = json.loads(hook.taken[0].body)
    assert body["room"] == "room" and body["color"] == "green" and "a test" in body["text"]
    (folder / "example.json").write_text(block.replace('"limit"', '"limits"'))
    store.run("notify", "test", "--notify", f"example:{hook.url}/x", status=1).says("there is no 'limits' here")
    (folder / "example.json").chmod(0o666)
    store.run("notify", "test", "--notify", f"example:{hook.url}/x", status=1).says("is not used")


def test_notify_without_targets(store):
    store.run("notify", "test", status=1).says("nobody is told", "--notify")
    store.run("notify", status=2).says("notify needs to know what to do")
    store.run("notify", "list").says("Nobody is told of alarms.", "telegram:token chat [server]")
