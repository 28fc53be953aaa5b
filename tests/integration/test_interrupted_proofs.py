"""A run that is killed while its proofs of control are in place: whatever is run next removes them, and nobody else's.

The CA finds every proof good, so that nothing but the client decides. Calls that touch the place of the proofs, or the record of
them, are where it is killed. EVERCERT_CRASH=all kills at every one of them, otherwise at some.
"""
import os
import re
import shutil
import subprocess

import pytest
from client import wait_for
from crash import CALL, EVERYTHING, NO_LEAKS
from test_delivery import KILL_PARENT, lines, script

pytestmark = pytest.mark.ours

CALLS = "openat,write,fsync,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,fchmod,fchmodat,fchownat"
needs_strace = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("strace"), reason="needs strace, as root")


@pytest.fixture
def new_ca(start_pebble):
    return start_pebble("new", "easy", always_valid=True)


@pytest.fixture
def registered(new_client):
    new_client.register()
    return new_client


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def traces(client):
    return [path.parent.name for path in client.config.glob("pending/*/proofs.txt")]


class Webroot:
    """Proofs are files below a web root that has something in it already."""

    def __init__(self, area):
        self.root = area / "web"
        self.root.mkdir(parents=True)
        (self.root / "index.html").write_text("hello\n")
        self.before = tree(self.root)

    def options(self):
        return ["--webroot", "-w", self.root]

    def clear(self):
        self.check("nothing was killed")

    def check(self, at=""):
        assert tree(self.root) == self.before, at


class Hooks:
    """Proofs are files that an auth hook makes; its output tells the cleanup hook which."""

    def __init__(self, area):
        self.root, self.cleaned = area / "hooked", area / "cleaned"
        self.root.mkdir()
        self.auth = script(area / "auth", f'echo "$CERTBOT_VALIDATION" >"{self.root}/$CERTBOT_TOKEN"; echo "of $CERTBOT_DOMAIN"\n')
        self.clean = script(area / "clean", f'rm -f "{self.root}/$CERTBOT_TOKEN"; echo "$CERTBOT_AUTH_OUTPUT" >>{self.cleaned}\n')

    def options(self):
        return ["--manual", "--preferred-challenges", "http", "--manual-auth-hook", self.auth, "--manual-cleanup-hook", self.clean]

    def clear(self):
        """Of what a cleanup hook that was killed has left."""
        for path in self.root.iterdir():
            path.unlink()

    def check(self, at=""):
        assert tree(self.root) == [], at


PLACES = {"webroot": Webroot, "hooks": Hooks}


def words(name, place):
    return ["certonly", "-n", "--cert-name", name, *place.options(), "-d", f"{name}.test", "-d", f"www.{name}.test"]


def certonly(client, name, place):
    return [str(word) for word in client.argv(*words(name, place))]


def traced(client, argv, *strace):
    return subprocess.run(["strace", "-f", *strace, *argv], env=client.environment(NO_LEAKS), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=120,
                          cwd=client.area)


def calls_of(client, place):
    """[(name of a call that touches the proofs or their record, its number among those of that name in its thread)]; none that
    a hook would be killed by first."""
    trace = client.area / "trace"
    done = traced(client, certonly(client, "calls", place), "-y", "-s", "256", "-o", trace, "-e", f"trace={CALLS}")
    assert done.returncode == 0, done.stdout
    seen, found, main, hooks = {}, [], None, set()
    for line in trace.read_text(errors="replace").splitlines():
        match, thread = CALL.match(line), line.split()[0]
        if not match:
            continue
        main = main or thread
        seen[thread, match[1]] = seen.get((thread, match[1]), 0) + 1
        touches = str(place.root) in match[2] or "pending" in match[2]
        if touches and thread == main:
            found.append((match[1], seen[thread, match[1]]))
        elif touches:
            hooks.add(thread)
    return [call for call in found if all(seen.get((hook, call[0]), 0) < call[1] for hook in hooks)]


@needs_strace
@pytest.mark.slow
@pytest.mark.parametrize("kind", PLACES)
def test_killed_with_proofs_in_place(registered, area, kind, capsys):
    client, place = registered, PLACES[kind](area)
    calls = calls_of(client, place)
    place.check("undisturbed")
    assert len(calls) > 12
    step = 1 if EVERYTHING else max(1, len(calls) // 12)
    work, killed, left = calls[::step], 0, 0
    for number, call in enumerate(work):
        argv = certonly(client, f"k{number}", place)
        done = traced(client, argv, "-o", "/dev/null", "-e", f"trace={call[0]}", "-e", f"inject={call[0]}:signal=KILL:when={call[1]}")
        at = f"killed at {call[0]} {call[1]}:\n{done.stdout}"
        if done.returncode != -9:  # it was a hook's own call, or there were not so many this time
            place.clear()
            continue
        killed += 1
        left += bool(traces(client))
        again = subprocess.run(argv, env=client.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                               text=True, timeout=120, cwd=client.area)
        assert again.returncode == 0, f"{at}\n{again.stdout}{again.stderr}"
        place.check(at)
        assert not traces(client) and not list(client.config.glob("pending/*/.*")), at
    assert killed >= len(work) // 2 and left >= killed // 5
    with capsys.disabled():
        print(f"\n{kind}: killed at {killed} of {len(calls)} calls, {left} times with a trace", end=" ")


def killing_hooks(area):
    """Hooks of which the auth hook kills the program when it is run for the last name."""
    place = Hooks(area)
    script(place.auth, place.auth.read_text().split("\n", 1)[1] + f'[ -e {area}/kill ] && [ "$CERTBOT_REMAINING_CHALLENGES" = 0 ] && {{ {KILL_PARENT}; }}; true\n')
    (area / "kill").touch()
    return place


def killed_run(client, area, argv):
    done = subprocess.run(argv, env=client.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120, cwd=client.area)
    assert done.returncode == -9, done.stdout + done.stderr
    (area / "kill").unlink()


def test_the_cleanup_hook_gets_what_the_auth_hook_said(registered, area):
    place = killing_hooks(area)
    killed_run(registered, area, certonly(registered, "m", place))
    wait_for(lambda: len(tree(place.root)) == 2, what="both hooks")
    assert traces(registered) == ["m"]
    subprocess.run(certonly(registered, "m", place), env=registered.environment(), check=True, timeout=120,
                   cwd=registered.area, capture_output=True)
    place.check()
    told = place.cleaned.read_text().splitlines()
    names = ["of m.test", "of www.m.test"]
    assert len(told) == 4 and told[0] in names and told[1] == "", "the second hook had not ended when the program was killed"
    assert sorted(told[2:]) == names
    assert not (registered.config / "pending").exists()


def test_a_first_certificate_that_nobody_asks_for_again(registered, area):
    """`renew` sweeps what is not one of its own; `doctor` tells of it, and sweeps with --fix."""
    client, place = registered, killing_hooks(area)
    client.certonly(["other.test"])
    for command in (("renew",), ("doctor", "--fix"), ("certonly", "-n", "--standalone", "-d", "third.test")):
        (area / "kill").touch()
        killed_run(client, area, certonly(client, "n", place))
        wait_for(lambda: len(tree(place.root)) == 2, what="both hooks")
        found = client.run("doctor", "--json", status=None).json()["findings"]
        assert [f["code"] for f in found] == ["proofs-left"] and found[0]["repairable"], found
        assert len(tree(place.root)) == 2, "doctor only looks"
        client.run(*command)
        place.check(command)
        assert traces(client) == [], command


def test_a_dry_run_that_was_killed(registered, area):
    client, place = registered, killing_hooks(area)
    argv = certonly(client, "y", place) + ["--dry-run"]
    killed_run(client, area, argv)
    wait_for(lambda: len(tree(place.root)) == 2, what="both hooks")
    assert traces(client) == ["y"]
    subprocess.run(argv, env=client.environment(), check=True, timeout=120, cwd=client.area, capture_output=True)
    place.check()
    assert not (client.config / "pending").exists()


def test_what_a_run_has_in_hand_is_left_alone(registered, area):
    """Two runs at the same time: the second does not sweep what the first one is about to show to the CA."""
    client = registered
    place = Hooks(area)
    script(place.auth, place.auth.read_text().split("\n", 1)[1] + f"touch {area}/waiting; while [ ! -e {area}/go ]; do sleep 0.05; done\n")
    first = client.start(*words("long", place))
    wait_for(lambda: (area / "waiting").exists(), what="the first run")
    assert traces(client) == ["long"]
    client.certonly(["quick.test"])
    client.run("renew")
    codes = [f["code"] for f in client.run("doctor", "--json", status=None).json()["findings"]]
    assert "proofs-left" not in codes and traces(client) == ["long"] and len(tree(place.root)) == 1
    (area / "go").touch()
    client.finish(first)
    place.check()
    assert traces(client) == []


def test_the_authenticator_is_gone(registered, area):
    """Nothing is lost but the sweep: the order goes on, and the record stays until somebody can use it."""
    client, place = registered, killing_hooks(area)
    killed_run(client, area, certonly(client, "g", place))
    wait_for(lambda: len(tree(place.root)) == 2, what="both hooks")
    trace = client.config / "pending" / "g" / "proofs.txt"
    good = trace.read_text()
    trace.write_text(re.sub("^authenticator: manual", "authenticator: vanished", good, flags=re.M))
    said = client.certonly(["g.test"], "--cert-name", "g")
    said.says("vanished is not here any more")
    assert traces(client) == ["g"] and len(tree(place.root)) == 2
    trace.write_text(good)
    client.run("renew")
    place.check()
    assert lines(place.cleaned) and traces(client) == []
