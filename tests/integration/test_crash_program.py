"""The program itself, called `certbot`, killed in the middle of a renewal: whatever is run next finds the store whole.

The CA is a real one, so orders, records and hooks are part of it; calls that touch the store are where it is killed. A process holds
live/a open meanwhile, and a user keeps files and a folder in it. EVERCERT_CRASH=all kills at every call, otherwise at some.
"""
import os
import shutil
import subprocess

import pytest
from crash import CALL, EVERYTHING, IN_FOLDERS, NO_LEAKS, USERS, check_modes, check_nothing_left, check_users_files, live_serial
from test_crash_mounts import check_held

pytestmark = [pytest.mark.ours, pytest.mark.slow, pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")]

NAME = "a"
CALLS = "rename,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,fsync,fdatasync,fchmod,fchmodat"
KEPT = {**USERS, **IN_FOLDERS}
NEXT = [("renew",), ("doctor", "--fix"), ("certificates",)]
PLACES = {"plain": 1, "bindfs": 4, "overlay": 4, "mount point": 4}  # of the calls that are tried elsewhere, one in so many here


def traced(client, *strace):
    """A renewal under strace, which ends when everything that it follows has ended."""
    argv = ["strace", "-f", *strace, *client.argv("renew", "--force-renewal")]
    done = subprocess.run(argv, env=client.environment(NO_LEAKS), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=120, cwd=client.area)
    for left in client.tmp.iterdir():
        left.unlink()
    return done


def calls_of(client):
    """[(name of a call that touches the store, its number among those of that name in its thread)], as they come."""
    trace = client.area / "trace"
    done = traced(client, "-y", "-s", "256", "-o", trace, "-e", f"trace={CALLS}")
    assert done.returncode == 0, done.stdout
    seen, found = {}, []
    for line in trace.read_text(errors="replace").splitlines():
        match, thread = CALL.match(line), line.split()[0]
        if not match:
            continue
        seen[thread, match[1]] = seen.get((thread, match[1]), 0) + 1
        if f"{client.config}/" in match[2]:
            found.append((match[1], seen[thread, match[1]]))
    return found


class Stores:
    """Copies of one store, each with a client of its own."""

    def __init__(self, make_client, ca, mounts, program, place, layout):
        self.make_client, self.ca, self.mounts, self.program, self.place = make_client, ca, mounts, program, place
        self.base = self.fresh("base")
        self.base.certonly([f"{NAME}.test"], "--cert-name", NAME, "--store-layout", layout)
        for name, content in KEPT.items():
            (self.base.config / name).parent.mkdir(parents=True, exist_ok=True)
            (self.base.config / name).write_bytes(content)

    def fresh(self, name):
        client = self.make_client(self.ca, name)
        client.program = self.program
        return client

    def copy(self, name):
        client = self.fresh(name)
        lower = client.area / "lower" if self.place == "overlay" else client.config
        if self.place == "bindfs":
            self.mounts.bindfs(client.area / "real", client.config)
        shutil.copytree(self.base.config, lower, symlinks=True, dirs_exist_ok=True)
        for path in lower.glob("renewal/*.conf"):
            path.write_text(path.read_text().replace(str(self.base.config), str(client.config)))
        if self.place == "overlay":
            self.mounts.overlay(lower, client.area / "layers", client.config)
        elif self.place == "mount point":
            volume, live = client.area / "volume", client.config / "live" / NAME
            shutil.copytree(live, volume, symlinks=True)
            self.mounts.bind(volume, live)
        return client


def check_killed(client, command, whole, at):
    """What is live belongs together at once, where directories change places; after the next command, and one renewal, all is well."""
    store = client.config
    check_modes(store)
    if whole:
        live_serial(store)
    client.run(*command, status=None if "doctor" in command else 0, env=NO_LEAKS)
    live_serial(store)
    client.renew(env=NO_LEAKS)
    live = live_serial(store)
    client.run("doctor", "--fix", env=NO_LEAKS)
    assert live_serial(store) == live, at
    check_nothing_left(store, at)
    check_users_files(store, at, folders=True)
    names = [p.name for p in client.store.archive(NAME).glob("*.pem")]
    numbers = [{n[len(kind):] for n in names if n.startswith(kind)} for kind in ("privkey", "fullchain", "chain", "cert")]
    assert all(of_kind == numbers[0] for of_kind in numbers), f"{at}\n{names}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount anything, and trace what is not dumpable")
@pytest.mark.parametrize("place", PLACES)
def test_killed_while_renewing(make_client, new_ca, mounts, second_name, place, capsys):
    stores = Stores(make_client, new_ca, mounts, second_name, place, "certbot")
    calls = calls_of(stores.copy("calls"))
    assert len(calls) > 20
    step = 1 if EVERYTHING else len(calls) // 9 * PLACES[place]
    killed = 0
    work = list(enumerate(calls))[step // 2::step]
    for turn, (number, call) in enumerate(work):
        client = stores.copy(f"{number}")
        held = os.open(client.config / "live" / NAME, os.O_RDONLY | os.O_DIRECTORY)
        done = traced(client, "-o", "/dev/null", "-e", f"trace={call[0]}", "-e", f"inject={call[0]}:signal=KILL:when={call[1]}")
        killed += done.returncode == -9
        at = f"killed at {call[0]} {call[1]}:\n{done.stdout}"
        check_killed(client, NEXT[turn % len(NEXT)], place == "plain", at)
        check_held(held, client.config, at)
        os.close(held)
    assert killed >= len(work) * 3 // 4
    with capsys.disabled():
        print(f"\n{place}: killed at {killed} of {len(calls)} calls", end=" ")
