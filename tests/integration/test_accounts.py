"""Accounts that the CA has lost or ended, and files of accounts that are damaged or gone: each has a way out, which is said."""
import json
import shutil
import signal
import subprocess

import pytest

pytestmark = pytest.mark.ours

TERMS = ["-n", "--agree-tos", "--register-unsafely-without-email"]


class Desk:
    """A client with certificates a.test and b.test of one account, and who stands between it and its CA."""

    def __init__(self, client, recorder, others):
        self.client, self.recorder, self.others = client, recorder, others
        client.server = recorder.url
        client.certonly(["a.test"])
        client.certonly(["b.test"])
        self.id = client.store.account_id()
        self.folder = client.store.account_dirs()[0]

    def lose(self):
        """The CA's database is made anew."""
        self.recorder.ca = self.others

    def end(self):
        """Somebody else gives the account up."""
        copy = self.client.area / "copy"
        shutil.copytree(self.client.config, copy, symlinks=True)
        mine, self.client.config = self.client.config, copy
        self.client.run("unregister", "-n")
        self.client.config = mine

    def renew(self, *args, **more):
        """As the timer does: what is not in the renewal file is not said."""
        server, self.client.server = self.client.server, None
        said = self.client.run("renew", "--force-renewal", *args, **more)
        self.client.server = server
        return said

    def accounts(self):
        return {self.client.store.conf(name)["renewalparams"]["account"] for name in ("a.test", "b.test")}

    def is_well(self, versions):
        for name in ("a.test", "b.test"):
            assert self.client.store.versions(name) == list(range(1, versions + 1))
        self.client.store.check(["a.test", "b.test"])
        said = self.client.run("doctor", "--json").json()
        assert [finding["code"] for finding in said["findings"] if finding["severity"] != "note"] == []


@pytest.fixture
def desk(make_client, start_pebble, record):
    first = start_pebble("new", "easy", always_valid=True)
    return Desk(make_client(first), record(first), start_pebble("new", "easy too", always_valid=True))


def test_lost(desk):
    """The advice of `renew` leads out of it."""
    desk.lose()
    said = desk.renew(status=1)
    said.says("the CA does not know the account", "run the register command with --server " + desk.recorder.url)
    assert desk.client.store.versions("a.test") == [1]
    desk.client.run("register", *TERMS).says(f"The CA does not know the account {desk.id} (any more)", "Account registered.")
    assert desk.client.store.account_id() == desk.id
    desk.client.run("register", *TERMS, status=1).says("There is an existing account")
    desk.renew()
    assert desk.accounts() == {desk.id}
    desk.is_well(2)


def test_lost_and_the_terms_are_agreed_to(desk):
    """Nobody has to do anything, and one account is made for all."""
    desk.lose()
    asked = len(desk.recorder.of("/sign-me-up"))
    desk.renew("--agree-tos")
    made = [r for r in desk.recorder.of("/sign-me-up")[asked:] if r.status == 201]
    assert len(made) == 1
    assert desk.client.store.account_id() == desk.id
    desk.is_well(2)


@pytest.mark.parametrize("damage", ["lost", "regr.json", "meta.json"])
def test_a_trial_changes_nothing(desk, damage):
    """Neither here nor at the CA, though it uses what it finds."""
    if damage == "lost":
        desk.lose()
    else:
        (desk.folder / damage).write_text("")
    before = {path.name: path.read_bytes() for path in desk.folder.iterdir()}
    asked = len(desk.recorder.of("/sign-me-up"))
    desk.client.run("renew", "--dry-run", "--agree-tos", status=1 if damage == "lost" else 0)
    assert {path.name: path.read_bytes() for path in desk.folder.iterdir()} == before
    assert all(r.payload.get("onlyReturnExisting") for r in desk.recorder.of("/sign-me-up")[asked:])


def test_lost_and_given_up(desk):
    desk.lose()
    desk.client.run("unregister", "-n")
    assert desk.client.store.account_dirs() == []
    desk.renew(status=1).says(f"The account {desk.id} that this certificate was got with is not here", "run the register command")
    desk.client.run("register", *TERMS)
    new = desk.client.store.account_id()
    assert new != desk.id
    desk.renew().says(f"The account {new} takes its place.")
    assert desk.accounts() == {new}
    desk.is_well(2)


def test_ended(desk):
    desk.end()
    desk.renew(status=1).says("the CA has ended the account", "run the register command")
    desk.client.run("register", *TERMS).says(f"The CA has ended the account {desk.id}", "Account registered.")
    new = desk.client.store.account_id()
    assert new != desk.id
    desk.renew()
    assert desk.accounts() == {new}
    desk.is_well(2)


def test_ended_and_given_up(desk):
    desk.end()
    desk.client.run("unregister", "-n")
    assert desk.client.store.account_dirs() == []


@pytest.mark.parametrize("file", ["meta.json", "regr.json"])
@pytest.mark.parametrize("content", ["", None, "{}", "[1"])
def test_of_which_the_key_is_left(desk, file, content):
    """The CA is asked for the rest, and it is written anew."""
    path = desk.folder / file
    path.unlink()
    if content is not None:
        path.write_text(content)
    found = desk.client.run("doctor", "--json", status=1).json()["findings"]
    assert [(f["code"], f["repairable"]) for f in found] == [("account-incomplete", file == "meta.json")]
    if file == "meta.json":
        desk.client.run("doctor", "--fix")
    desk.renew()
    assert json.loads(path.read_text()).keys() >= ({"uri", "body"} if file == "regr.json" else {"creation_dt", "creation_host"})
    assert desk.accounts() == {desk.id}
    desk.is_well(2)


def test_register_mends_it_too(desk):
    (desk.folder / "regr.json").write_text("")
    desk.client.run("register", *TERMS)
    assert json.loads((desk.folder / "regr.json").read_text())["uri"].startswith(desk.recorder.base)
    desk.is_well(1)


def test_lost_without_a_registration(desk):
    (desk.folder / "regr.json").unlink()
    desk.lose()
    desk.renew(status=1).says("the CA does not know the account", "run the register command")
    desk.client.run("register", *TERMS)
    desk.renew()
    desk.is_well(2)


@pytest.mark.parametrize("what", ["accounts", "key"])
def test_not_in_the_backup(desk, what):
    if what == "accounts":
        shutil.rmtree(desk.client.config / "accounts")
    else:
        (desk.folder / "private_key.json").write_text("")
    found = desk.client.run("doctor", "--json", status=1).json()["findings"]
    assert {f["certificate"] for f in found if f["code"] == "account-gone" and f["severity"] == "error"} == {"a.test", "b.test"}
    desk.renew(status=1).says("that this certificate was got with is not here", "run the register command with --server")
    desk.client.run("register", *TERMS)
    found = desk.client.run("doctor", "--json", status=1).json()["findings"]
    assert all(f["repairable"] for f in found if f["code"] == "account-gone")
    desk.renew()
    shutil.rmtree(desk.folder, ignore_errors=True)
    assert desk.accounts() == {desk.client.store.account_id()}
    desk.is_well(2)


def test_one_of_several(desk):
    """What was got with the one that is given up goes on with the newest, by `renew` or by `doctor --fix`."""
    kept = desk.client.area / "kept"
    shutil.move(desk.client.config / "accounts", kept)
    desk.client.run("register", *TERMS)
    new = desk.client.store.account_id()
    shutil.copytree(kept, desk.client.config / "accounts", dirs_exist_ok=True)
    desk.client.run("unregister", "-n", "--account", desk.id)
    desk.renew("--cert-name", "a.test").says(f"The account {new} takes its place.")
    desk.client.run("doctor", "--fix").says("account-gone")
    assert desk.accounts() == {new}
    desk.renew()
    assert desk.client.store.versions("a.test") == [1, 2, 3]


def test_the_key_is_kept_before_the_ca_is_asked(desk, make_client):
    """The answer to newAccount is lost: the next attempt finds the account that was made, and no second one."""
    client = make_client(desk.recorder.ca, "fresh")
    client.server = desk.recorder.url

    def lose_answer(request, body):
        if request.path == "/sign-me-up":
            raise ConnectionError("lost")
        return body

    desk.recorder.rewrite = lose_answer
    asked = len(desk.recorder.of("/sign-me-up"))
    client.run("register", *TERMS, status=1)
    kept = list(client.config.glob("accounts/**/private_key.json"))
    assert len(kept) == 1 and kept[0].stat().st_mode & 0o777 == 0o400
    desk.recorder.rewrite = lambda request, body: body
    client.run("register", *TERMS)
    keys = [json.dumps(r.protected["jwk"]) for r in desk.recorder.of("/sign-me-up")[asked:]]
    assert len(keys) >= 2 and len(set(keys)) == 1  # curl tries a connection that was closed once more
    assert list(client.config.glob("accounts/**/private_key.json")) == [client.store.account_dirs()[0] / "private_key.json"]


def test_a_key_that_was_refused_is_not_kept(desk, make_client):
    client = make_client(desk.recorder.ca, "fresh")
    client.server = desk.recorder.url
    problem = {"type": "urn:ietf:params:acme:error:invalidContact", "detail": "no", "status": 400}
    desk.recorder.instead = lambda request: ((400, json.dumps(problem).encode(), {"Content-Type": "application/problem+json"})
                                             if request.path == "/sign-me-up" else None)
    client.run("register", "-n", "--agree-tos", "-m", "a@example.org", status=1)
    assert list(client.config.glob("accounts/**/private_key.json")) == []


# ---- a new key ----

def keys(desk):
    return {folder.name for folder in desk.client.store.account_dirs()}


def test_a_new_key(desk):
    """The old key is of no more use, the lineages follow, and who still has the old one is told."""
    before = desk.client.area / "before"
    shutil.copytree(desk.client.config, before, symlinks=True)
    desk.client.run("update_account", "--new-key").says("Your account has a new key")
    new, = keys(desk)
    assert new != desk.id and desk.accounts() == {new}
    assert [r.status for r in desk.recorder.of("/rollover-account-key")] == [200]
    desk.renew()
    desk.is_well(2)
    shown = desk.client.run("show_account", "--json").json()

    mine, desk.client.config = desk.client.config, before
    desk.client.run("renew", "--force-renewal", status=1)
    desk.client.config = mine
    assert desk.client.run("show_account", "--json").json()["url"] == shown["url"]


def test_a_new_key_and_another_address(desk):
    desk.client.run("update_account", "--new-key", "--email", "new@a.test").says("updated to new@a.test", "a new key")
    assert keys(desk) != {desk.id}
    desk.renew()
    desk.is_well(2)


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize("finish", ["update", "register", "renew", "doctor"])
def test_a_new_key_cut_short(desk, finish):
    """Killed between the CA's yes and the account's files: whatever comes next finds the new key."""
    argv = desk.client.argv("update_account", "--new-key")
    rename = ["strace", "-f", "-o", "/dev/null", "-e", "trace=rename", "-e", "inject=rename:signal=KILL:when=1", *argv]
    killed = subprocess.run(rename, env={**desk.client.environment(), "ASAN_OPTIONS": "detect_leaks=0"}, cwd=desk.client.area,
                            stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [r.status for r in desk.recorder.of("/rollover-account-key")] == [200]
    assert keys(desk) == {desk.id}
    if finish == "update":
        desk.client.run("update_account", "--new-key").says("a new key")
    elif finish == "register":
        desk.client.run("register", *TERMS)
    elif finish == "doctor":
        desk.client.run("register", *TERMS)
        desk.client.run("doctor", "--fix")
    if finish != "renew":
        assert len(keys(desk)) == 1 and keys(desk) != {desk.id}
    desk.renew()
    assert len(keys(desk)) == 1 and desk.accounts() == keys(desk)
    assert len([r for r in desk.recorder.of("/sign-me-up") if r.status == 201]) == 1, "no second account was made"
    desk.is_well(2)


def test_certbot_changes_no_key(desk, area):
    """There, --new-key is about certificates."""
    program = area / "bin" / "certbot"
    program.parent.mkdir()
    program.symlink_to(desk.client.program)
    desk.client.program = program
    desk.client.run("update_account", "--new-key", "--email", "x@a.test", "-n")
    assert keys(desk) == {desk.id}
