"""Accounts that the CA has lost or ended, and files of accounts that are damaged or gone: each has a way out, which is said."""
import json
import shutil
import signal
import subprocess
import threading

import crash
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
            assert versions is None or self.client.store.versions(name) == list(range(1, versions + 1))
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


CHANGE, ASK = "/rollover-account-key", "/sign-me-up"
PROBLEM = {"Content-Type": "application/problem+json"}


def tree(desk):
    """What there is beside the accounts and in them, the contents with it."""
    top = desk.folder.parent
    return {str(path.relative_to(top)): path.read_bytes() if path.is_file() else None for path in top.rglob("*")}


def made(desk):
    return len([r for r in desk.recorder.of(ASK) if r.status == 201])


def ends_well(desk, versions=2):
    """One account, whose key the CA has, and which all certificates go on with."""
    desk.renew()
    assert len(keys(desk)) == 1 and desk.accounts() == keys(desk)
    assert made(desk) == 1, "no second account was made"
    desk.is_well(versions)


def one_more(desk):
    """Neither is anything asked, nor does a renewal file name the account."""
    desk.client.certonly(["c.test"])
    desk.client.run("delete", "-n", "--cert-name", "c.test")


def cut_short(desk, *args):
    """Kills the command between the CA's yes and its hearing of it."""
    process, started = [], threading.Event()

    def kill(request, body):
        if request.path == CHANGE:
            started.wait()
            process[0].kill()
            process[0].wait()
        return body

    desk.recorder.rewrite = kill
    process.append(desk.client.start("update_account", "--new-key", *args))
    started.set()
    process[0].communicate()
    desk.recorder.rewrite = lambda request, body: body
    assert process[0].returncode == -signal.SIGKILL and desk.recorder.of(CHANGE)[-1].status == 200
    assert desk.id in keys(desk)


def second_account(desk, make_client):
    other = make_client(desk.client.ca, "other")
    other.server = desk.recorder.url
    other.register()
    folder = other.store.account_dirs()[0]
    shutil.copytree(folder, desk.folder.parent / folder.name)
    return folder.name


FINISH = {
    "update": ["update_account", "--new-key"],
    "register": ["register", *TERMS],
    "show": ["show_account"],
    "contacts": ["update_account", "--email", "x@a.test"],
    "key and contacts": ["update_account", "--new-key", "--email", "x@a.test"],
    "revoke": ["revoke", "-n", "--cert-name", "a.test", "--no-delete-after-revoke"],
}


@pytest.mark.parametrize("finish", FINISH)
def test_a_new_key_cut_short(desk, finish):
    """Killed before it has heard the CA's yes: whatever comes next finds the new key."""
    cut_short(desk)
    desk.client.run(*FINISH[finish])
    assert len(keys(desk)) == 1 and keys(desk) != {desk.id}
    ends_well(desk)


def test_a_new_key_cut_short_and_renewed(desk):
    """A trial uses what it finds, and leaves the files as they are."""
    cut_short(desk)
    before = tree(desk)
    desk.client.run("renew", "--dry-run")
    assert tree(desk) == before
    ends_well(desk)


def test_a_new_key_cut_short_and_given_up(desk):
    cut_short(desk)
    desk.client.run("unregister", "-n").says("Account deactivated.")
    assert keys(desk) == set() and not list(desk.client.config.glob("accounts/**/private_key.json"))
    ended = [r for r in desk.recorder.requests if r.payload == {"status": "deactivated"}]
    assert ended[-1].status == 200


def test_given_up_and_not_known(desk):
    desk.lose()
    said = desk.client.run("unregister", "-n")
    said.says(f"The CA does not know the account {desk.id}")
    assert "deactivated" not in said.out


@pytest.mark.parametrize("how", ["500", "504", "lost"])
def test_the_answer_to_a_change_is_lost(desk, how):
    """The CA is asked which of the keys it has before one is thrown away."""
    def spoil(request, body):
        if request.path != CHANGE or request.status != 200:
            return body
        if how == "lost":
            raise ConnectionError("lost")
        request.status = int(how)
        return b'{"type":"urn:ietf:params:acme:error:serverInternal","detail":"no"}' if how == "500" else b"<html>"

    desk.recorder.rewrite = spoil
    desk.client.run("update_account", "--new-key").says("a new key")
    assert len(keys(desk)) == 1 and keys(desk) != {desk.id}
    ends_well(desk)


def test_the_ca_does_not_say_which_key_it_has(desk):
    """Then both stay."""
    def spoil(request, body):
        if request.path in (CHANGE, ASK):
            request.status = 500
        return body

    desk.recorder.rewrite = spoil
    desk.client.run("update_account", "--new-key", status=1).says("repeat the command")
    desk.recorder.rewrite = lambda request, body: body
    assert keys(desk) == {desk.id}
    ends_well(desk)
    assert keys(desk) != {desk.id}


def test_a_new_key_is_refused(desk):
    """A no that is meant leaves nothing; of one that may not be, the key is used again."""
    before, answer = tree(desk), (400, b'{"type":"urn:ietf:params:acme:error:badPublicKey","detail":"no"}', PROBLEM)
    desk.recorder.instead = lambda request: answer if request.path == CHANGE else None
    desk.client.run("update_account", "--new-key", status=1)
    assert tree(desk) == before
    answer = (500, b'{"type":"urn:ietf:params:acme:error:serverInternal","detail":"no"}', PROBLEM)
    desk.client.run("update_account", "--new-key", status=1)
    (kept,), = [[name for name in tree(desk) if name.startswith(".") and name.endswith("private_key.json")]]
    desk.recorder.instead = lambda request: None
    desk.client.run("update_account", "--new-key")
    assert keys(desk) == {kept[1:33]}
    ends_well(desk)


def test_a_ca_that_changes_no_keys(desk):
    def without(request, body):
        return json.dumps({k: v for k, v in json.loads(body).items() if k != "keyChange"}).encode() if request.path == "/dir" else body

    before = tree(desk)
    desk.recorder.rewrite = without
    desk.client.run("update_account", "--new-key", status=1).says("does not offer to change")
    assert tree(desk) == before


def test_a_new_key_is_for_one_account(desk, make_client):
    """Of two at one CA: what was prepared for one is not taken for the other."""
    other = second_account(desk, make_client)
    cut_short(desk, "--account", desk.id)
    desk.client.run("update_account", "--new-key", "--account", other).says("a new key")
    assert desk.id in keys(desk) and other not in keys(desk) and len(keys(desk)) == 2
    others = keys(desk) - {desk.id}
    desk.renew()
    assert len(keys(desk)) == 2 and others < keys(desk)
    assert len(desk.accounts()) == 1
    url = {json.loads((desk.folder.parent / id / "regr.json").read_text())["uri"] for id in keys(desk)}
    assert len(url) == 2


def test_a_lineage_of_another_ca_stays(desk):
    """It may name an account that is called the same."""
    conf = desk.client.config / "renewal" / "b.test.conf"
    conf.write_text(conf.read_text().replace(desk.recorder.url, "https://other.example/dir"))
    desk.client.run("update_account", "--new-key")
    assert desk.client.store.conf("b.test")["renewalparams"]["account"] == desk.id
    assert desk.client.store.conf("a.test")["renewalparams"]["account"] != desk.id


@pytest.mark.parametrize("finish", ["update", "register", "show", "contacts", "renew", "certonly"])
def test_both_keys_have_an_account(desk, finish):
    """Killed before the old one's directory was gone: it is one account, and nobody is asked which."""
    before = desk.client.area / "before"
    shutil.copytree(desk.client.config, before, symlinks=True)
    desk.client.run("update_account", "--new-key")
    shutil.copytree(before, desk.client.config, symlinks=True, dirs_exist_ok=True,
                    ignore=lambda folder, names: {"live", "archive"} & set(names))
    assert len(keys(desk)) == 2 and desk.accounts() == {desk.id}
    if finish == "certonly":
        one_more(desk)
    elif finish != "renew":
        desk.client.run(*FINISH[finish])
    if finish != "renew":
        assert len(keys(desk)) == 1 and desk.id not in keys(desk)
    ends_well(desk)


def test_two_renewals_find_the_new_key(desk):
    """The second waits until the first has moved the account's files, and takes what it finds."""
    cut_short(desk)
    refused, once = threading.Semaphore(0), threading.Lock()

    def hold(request, body):
        if request.path == "/order-plz" and request.status >= 400:
            refused.release()
        if request.path == ASK and request.status == 200 and once.acquire(blocking=False):
            assert refused.acquire(timeout=60) and refused.acquire(timeout=60)
        return body

    desk.recorder.rewrite = hold
    desk.client.server = None
    both = [desk.client.start("renew", "--force-renewal", "--cert-name", name) for name in ("a.test", "b.test")]
    for process in both:
        desk.client.finish(process)
    desk.client.server = desk.recorder.url
    assert len(keys(desk)) == 1 and desk.accounts() == keys(desk) and desk.accounts() != {desk.id}
    desk.is_well(2)


@pytest.mark.parametrize("finish, end", [("doctor", "old"), ("show", "part"), ("register", "old"), ("renew", "part")])
def test_what_is_left_beside_accounts(desk, finish, end):
    """A key that is of no more use does not stay for ever."""
    left = desk.folder.parent / f".{'0123456789abcdef' * 2}.{end}"
    shutil.copytree(desk.folder, left)
    found = desk.client.run("doctor", "--json").json()["findings"]
    assert [(f["code"], f["severity"], f["repairable"]) for f in found] == [("account-leftover", "note", True)]
    if finish == "doctor":
        desk.client.run("doctor", "--fix")
    elif finish == "renew":
        desk.renew()
    else:
        desk.client.run(*FINISH[finish], status=None)
    assert not left.exists() and keys(desk) == {desk.id}


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.slow
@pytest.mark.parametrize("finish", ["update", "register", "renew", "certonly"])
def test_a_new_key_killed_anywhere(desk, finish):
    """EVERCERT_CRASH=all: at every call that changes the store, else at some."""
    def strace(*rules):
        argv = desk.client.argv("update_account", "--new-key")
        return subprocess.run(["strace", "-y", "-s", "256", *rules, *argv], env={**desk.client.environment(), **crash.NO_LEAKS},
                              cwd=desk.client.area, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)

    trace, places, seen = desk.client.area / "trace", [], {}
    strace("-o", str(trace), "-e", "trace=openat,rename,unlink,unlinkat,rmdir,mkdir,fsync")
    for line in trace.read_text(errors="replace").splitlines():
        call = crash.CALL.match(line)
        if call:
            seen[call[1]] = seen.get(call[1], 0) + 1
            if str(desk.client.config) in call[2] and (call[1] != "openat" or "O_CREAT" in call[2]):
                places.append((call[1], seen[call[1]]))
    assert {"rename", "openat"} <= {name for name, _ in places} and len(places) > 15
    for name, number in places if crash.EVERYTHING else places[list(FINISH).index(finish) if finish in FINISH else 3::7]:
        at = f"killed at {name} {number}"
        done = strace("-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=KILL:when={number}")
        assert done.returncode == -signal.SIGKILL, at
        if finish == "certonly":
            one_more(desk)
        elif finish != "renew":
            desk.client.run(*FINISH[finish], status=None if finish == "register" else 0)
        try:
            ends_well(desk, None)
        except AssertionError as wrong:
            raise AssertionError(at) from wrong


def test_certbot_changes_no_key(desk, area):
    """There, --new-key is about certificates."""
    program = area / "bin" / "certbot"
    program.parent.mkdir()
    program.symlink_to(desk.client.program)
    desk.client.program = program
    desk.client.run("update_account", "--new-key", "--email", "x@a.test", "-n")
    assert keys(desk) == {desk.id}
