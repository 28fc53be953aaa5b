"""What lies on disk beside the lineages: locks, logs, accounts; and names that were made to fool a terminal."""
import base64
import hashlib
import json
import re
import subprocess

import pytest
from client import read_until
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from test_hand_over import apart, certbots, program, share  # noqa: F401 (fixtures)

pytestmark = pytest.mark.ours

ADVICE = "Ask for help or search for solutions at https://community.letsencrypt.org."


# --- the log before there is a log

BAD_HOOK = ["certonly", "-n", "-d", "a.test", "--standalone", "--pre-hook", "/nonexistent/hook --password x"]


@pytest.mark.parametrize("word", ["as certbot", "evercert", "new"])
@pytest.mark.parametrize("how", ["hook", "logs dir", "locked"])
def test_early_log(apart, word, how):
    client = apart(None, word)
    args = BAD_HOOK
    if how == "logs dir":
        (client.area / "file").write_text("")
        client.logs, args = client.area / "file" / "logs", ["certificates"]
    if how == "locked":
        client.logs.mkdir()
        args = ["certificates"]
        holder = hold(client.logs / ".certbot.lock")
    process = client.start(*args, umask=0)
    assert process.wait(60) == 1
    folders = list(client.tmp.iterdir())
    assert len(folders) == 1 and folders[0].name.startswith("certbot-log-")
    assert folders[0].stat().st_mode & 0o7777 == 0o700
    path = folders[0] / "log"
    assert path.stat().st_mode & 0o7777 == 0o600
    text = path.read_text()
    said = client.finish(process, 1)  # takes the folder away
    said.says(str(path))
    if word != "evercert":
        said.says(f"{ADVICE} See the logfile {path} or re-run Certbot with -v for more details.")
    assert re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}:DEBUG:\S+:.*certbot version: \d", text, re.M), text
    assert f"Arguments: ['{'--' if word == 'new' else args[0]}" in text
    words = {"hook": "Unable to find pre-hook command /nonexistent/hook", "logs dir": "Not a directory",
             "locked": "Another instance of Certbot is already running"}[how]
    assert words in text
    said.says(words)
    if how == "locked":
        holder.kill()
        holder.communicate()


def test_no_early_log(make_client):
    """Neither for a slip of the keyboard, nor where the real log took over, nor where nothing went wrong."""
    client = make_client(None)
    for args, status in ((["certonly", "--bogus"], 2), (["--help"], 0), (["--version"], 0), (["plugins"], 0)):
        process = client.start(*args, raw=True)
        process.wait(60)
        assert list(client.tmp.iterdir()) == []
        client.finish(process, status)
    process = client.start("delete", "-n", "--cert-name", "none.test")
    process.wait(60)
    assert list(client.tmp.iterdir()) == []
    client.finish(process, 1).says(str(client.logs / "letsencrypt.log"))


def test_log_tells_the_arguments_but_no_secret(make_client):
    client = make_client(None)
    client.run("register", "-n", "--agree-tos", "-m", "a@b.test", "--server", "https://127.0.0.1:1/dir", "--eab-kid", "kid-1",
               "--eab-hmac-key", "c2VjcmV0LXNlY3JldC1zZWNyZXQ", status=1)
    assert "'--eab-kid', 'kid-1', '--eab-hmac-key', '(secret)'" in client.log()
    assert "c2VjcmV0" not in client.log()


def test_directory_that_cannot_be_made(apart):
    client = apart(None, "as certbot")
    (client.area / "file").write_text("")
    client.config = client.area / "file" / "conf"
    said = client.run("certificates", status=1)
    lines = said.err.splitlines()
    assert "The following error was encountered:" in lines
    assert "Not a directory" in said.err and "An unexpected error" not in said.err
    assert "Either run as root, or set --config-dir, --work-dir, and --logs-dir to writeable paths." in lines


# --- locks

def hold(path):
    """Another process that holds the lock on a file until it is told to end."""
    code = ("import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB); "
            "print(flush=True); sys.stdin.read()")
    process = subprocess.Popen(["/usr/bin/python3", "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def asking(client):
    """The program at a question, its locks taken: it waits for standard input."""
    process = client.start("certonly", "--force-interactive", "-d", "a.test", "--agree-tos", "-m", "a@b.test",
                           stdin=subprocess.PIPE)
    read_until(process, "(press 'c' to cancel)")
    return process


def answered(process):
    """Ends the question; the exit status is that of a canceled prompt."""
    process.communicate("c\n", timeout=60)
    assert process.returncode == 1


@pytest.mark.parametrize("holder, other", [("new", "as certbot"), ("new", "evercert"), ("as certbot", "new"), ("evercert", "new"),
                                           ("evercert", "as certbot")])
def test_locks_exclude_each_other(share, holder, other):
    first, second = share(None, holder, other)
    process = asking(first)
    try:
        said = second.run("certificates", status=1).says("Another instance of Certbot is already running.")
        if other != "new":
            said.matches(rf"process {process.pid} \(\S+\) holds the lock on {first.logs}/\.certbot\.lock: run the command again")
    finally:
        answered(process)
    second.run("certificates").says("No certificates found")


def test_locks_are_shared_by_ours(share):
    first, second = share(None, "evercert", "evercert")
    process = asking(first)
    try:
        second.run("certificates").says("No certificates found")
        assert all((d / ".certbot.lock").exists() for d in (first.config, first.work, first.logs)), "the first has it still"
    finally:
        answered(process)
    assert not list(second.area.glob("*/.certbot.lock"))


def test_lock_timeout_runs_out(share):
    first, second = share(None, "new", "as certbot")
    process = asking(first)
    try:
        said = second.run("certificates", "--lock-timeout", "1", status=1)
        said.says(f"Waiting up to 1 s for process {process.pid} (", "Another instance of Certbot is already running.",
                  ", still after 1 s")
        assert 1 <= said.seconds
        quiet = second.run("certificates", "-q", "--lock-timeout", "1", status=1, env={"TMPDIR": str(second.area)})
        assert "Waiting" not in quiet.err
    finally:
        answered(process)


@pytest.mark.parametrize("holder", ["new", "evercert"])
def test_lock_timeout_released_meanwhile(share, holder):
    first, second = share(None, holder, "evercert" if holder == "new" else "as certbot")
    process = asking(first)
    waiting = second.start("certificates", "--lock-timeout", "600")
    read_until(waiting, f" s for process {process.pid} (")
    answered(process)
    second.finish(waiting).says("No certificates found")
    assert not list(second.area.glob("*/.certbot.lock"))


def test_lock_timeout_is_interrupted(make_client):
    client = make_client(None)
    client.logs.mkdir()
    holder = hold(client.logs / ".certbot.lock")
    waiting = client.start("certificates", "--lock-timeout", "3600")
    read_until(waiting, "Waiting up to")
    waiting.terminate()
    client.finish(waiting, -15)
    holder.communicate()


# --- accounts

def make_account(folder):
    """A P-256 account as Certbot keeps it."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    numbers = key.private_numbers()

    def base64url(number):
        return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()
    account = folder / hashlib.md5(pem).hexdigest()
    account.mkdir(mode=0o700)
    (account / "private_key.json").write_text(json.dumps({
        "x": base64url(numbers.public_numbers.x), "y": base64url(numbers.public_numbers.y),
        "d": base64url(numbers.private_value), "crv": "P-256", "kty": "EC"}))
    (account / "regr.json").write_text('{"body": {}, "uri": "https://ca.test/acct/1"}')
    (account / "meta.json").write_text('{"creation_dt": "2026-01-01T00:00:00Z", "creation_host": "evil\\u001b[31m"}')
    return account.name


def test_more_accounts_than_anybody_has(make_client, new_ca):
    client = make_client(new_ca)
    client.register()
    folder = client.store.account_dirs()[0].parent
    own = client.store.account_id()
    made = [make_account(folder) for _ in range(300)]
    client.run("show_account", "--account", own).says("Account details for server")
    said = client.run("show_account", "-n", status=1)
    said.says("Missing command line flag or config entry for this setting", "Please choose an account",
              "(You can set this with the --account flag)")
    assert "\033" not in said.text
    assert len(made) == 300
    said = client.run("show_account", "--force-interactive", input="1000\nc\n", status=1)
    said.says("301: evil?[31m@2026-01-01T00:00:00Z" if "301: evil" in said.out else "301: ")
    assert "\033" not in said.text


# --- names

@pytest.mark.parametrize("command", ["certificates", "renew"])
def test_names_of_files_are_made_printable(make_client, new_ca, command):
    client = make_client(new_ca)
    (client.config / "renewal").mkdir(parents=True)
    (client.config / "renewal" / "bad\033[2J\033]0;x\a.conf").write_text("")
    (client.config / "renewal" / "caf\u00e9.conf").write_text("")
    said = client.run(command, status=0 if command == "certificates" else 1)
    said.says("bad?[2J?]0;x?.conf", "caf\u00e9.conf")
    assert "\033" not in said.text and "\a" not in said.text


def test_name_of_a_good_lineage_is_made_printable(make_client, new_ca):
    client = make_client(new_ca)
    client.certonly(["good.test"])
    text = client.store.renewal("good.test").read_text()
    (client.config / "renewal" / "bad\033[2J.conf").write_text(text)
    said = client.run("certificates")
    said.says("Certificate Name: bad?[2J", "Certificate Name: good.test")
    assert "\033" not in said.text
