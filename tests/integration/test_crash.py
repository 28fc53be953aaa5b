"""The store after a crash, and after system calls that fail: killed, or refused, at every single call of each change.

EVERCERT_CRASH=all kills and fails every call in each way, and kills each recovery at each call; otherwise a change is killed in every
state of the store that it goes through, each third call fails in each way, and of recoveries those are killed that differ.
"""
import os
import re
import shutil
from pathlib import Path

import pytest
from crash import (CALL, ERRORS, EVERYTHING, LAYOUTS, READING, Change, all_of, base_store, changes, check_mended, check_modes,
                   check_nothing_left, check_users_files, driver, live_serial, moments)  # noqa: F401 (driver is a fixture)

pytestmark = [pytest.mark.ours, pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")]


@pytest.fixture
def tell(capsys):
    def say(text):
        with capsys.disabled():
            print(f"\n{text}", end=" ")
    return say


def points(calls):
    """What is tried at which call."""
    for i, call in enumerate(calls):
        if EVERYTHING or call.anew:
            yield "signal=KILL", call
        for k, error in enumerate(ERRORS):
            if EVERYTHING or i % len(ERRORS) == k:
                yield f"error={error}", call


def calls_of(driver, base, change, **how):
    scratch = driver.copy(base, "scratch")
    calls = driver.calls(scratch, *change.args, **how)
    shutil.rmtree(scratch)
    return calls


def is_done(driver, store, change):
    """Whether the change is there, as far as a reader can tell; nothing is mended for that."""
    live = live_serial(store)
    if change.name == "prune":
        return set(driver.versions(store)) == change.kept
    if change.name == "convert":
        return (store / "live" / "a" / "cert.pem").is_symlink() == (change.args[1] == "certbot")
    return live == change.after


def check_status(driver, store, change, done, at):
    """Exit status 0: the change is there. Else: as before; or the change is there, and the error says what is not."""
    assert done.returncode in (0, 1), at
    there = is_done(driver, store, change)
    if done.returncode == 0:
        assert there or "cannot be read now: it is kept" in done.stderr, f"a success, but it is not there: {at}"
    else:
        assert done.stderr.count("store-driver: ") == 1 and len(done.stderr.strip()) > len("store-driver: : "), at


def try_point(driver, base, change, number, what, call):
    store = driver.copy(base, f"{change.name}-{number}")
    held = (store / "live" / "a").stat().st_ino
    done = driver.inject(store, what, call, *change.args)
    at = f"{change.name}, {what} at {call[0]} {call[1]}:\n{done.stderr}"
    check_modes(store)
    assert live_serial(store) in change.live, at
    if "KILL" in what:
        assert done.returncode != 0, at
    else:
        check_status(driver, store, change, done, at)
    check_mended(driver, store, change, at, (base / "live" / "a" / "own").exists())
    # one that is refused, of the exchange itself, is as good as a file system that has none
    assert ("error" in what and call[0] == "renameat2") or (store / "live" / "a").stat().st_ino == held, f"who holds the directory sees another one: {at}"
    shutil.rmtree(store)


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_cut_short_at_every_call(driver, layout, tell):
    base = base_store(driver, layout)
    tried = {}
    for change in changes(driver, layout):
        work = list(points(calls_of(driver, base, change)))
        assert len(work) > 10
        all_of(enumerate(work), lambda item: try_point(driver, base, change, item[0], *item[1]))
        tried[change.name] = (sum("KILL" in what for what, _ in work), len(work))
    tell(f"{layout}: " + ", ".join(f"{name} killed at {kills} of {kills} calls, {all_ - kills} failing calls"
                                   for name, (kills, all_) in tried.items()))


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_reads_that_fail(driver, layout, tell):
    """What cannot be read is not taken for absent: nothing is lost, nothing older or half becomes live."""
    base = base_store(driver, layout)
    count = 0
    for change in changes(driver, layout):
        calls = calls_of(driver, base, change, calls=READING)
        work = [(error, call) for i, call in enumerate(calls) for k, error in enumerate(("EIO", "EACCES"))
                if EVERYTHING or i % 12 == 6 * k]
        all_of(enumerate(work), lambda item: try_point(driver, base, change, item[0], f"error={item[1][0]}", item[1][1]))
        count += len(work)
    tell(f"{layout}: {count} reads failed")


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_without_an_exchange_of_directories(driver, layout, tell):
    """On file systems that have no such thing there are moments in between; the next start ends them."""
    base = base_store(driver, layout)
    count = 0
    for change in changes(driver, layout):
        calls = moments(calls_of(driver, base, change, exchange=False))

        def attempt(item, change=change):
            number, call = item
            store = driver.copy(base, f"{change.name}-{number}")
            driver.inject(store, "signal=KILL", call, *change.args, exchange=False)
            check_modes(store)
            check_mended(driver, store, change, f"{change.name} killed at {call[0]} {call[1]}", folders=True)
            shutil.rmtree(store)

        all_of(enumerate(calls), attempt)
        count += len(calls)
    tell(f"{layout}, without exchange: killed at {count} calls")


# ---- twice ----

def recovery_of(driver, broken, seen):
    """The calls of the recovery of a store; none, when the like of it was tried already."""
    scratch = driver.copy(broken, f"{broken.name}-recovery")
    calls = driver.calls(scratch, "fix")
    shutil.rmtree(scratch)
    mark = tuple(call.name for call in calls)
    if not EVERYTHING and mark in seen:
        return []
    seen.add(mark)
    return moments(calls)


@pytest.mark.slow
@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "no exchange"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_recovery_is_cut_short_too(driver, layout, exchange, tell):
    base = base_store(driver, layout)
    count = broken_count = 0
    for change in changes(driver, layout):
        calls, seen = moments(calls_of(driver, base, change, exchange=exchange)), set()

        def attempt(item, change=change, seen=seen):
            number, first = item
            broken = driver.copy(base, f"{change.name}-{number}")
            driver.inject(broken, "signal=KILL", first, *change.args, exchange=exchange)
            seconds = recovery_of(driver, broken, seen)
            for k, second in list(enumerate(seconds))[0 if EVERYTHING else number % 4::1 if EVERYTHING else 4]:
                store = driver.copy(broken, f"{change.name}-{number}-{k}")
                driver.inject(store, "signal=KILL", second, "fix", exchange=exchange)
                at = f"{change.name} killed at {first[0]} {first[1]}, its recovery at {second[0]} {second[1]}"
                check_modes(store)
                if exchange:
                    assert live_serial(store) in change.live, at
                check_mended(driver, store, change, at, (base / "live" / "a" / "own").exists())
                shutil.rmtree(store)
            shutil.rmtree(broken)
            return len(seconds) if EVERYTHING else len(seconds[number % 4::4])

        tried = all_of(list(enumerate(calls))[::1 if EVERYTHING else 9], attempt)
        count += sum(tried)
        broken_count += sum(n > 0 for n in tried)
    assert count > 0
    tell(f"{layout}{'' if exchange else ', without exchange'}: {broken_count} recoveries killed at {count} calls")


# ---- what a success is worth ----

FD_PATH = re.compile(r"^\d+<([^>]*)>")
PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)(?:<([^>]*)>)?, )?"((?:[^"\\]|\\.)*)"')
LEFTOVER = re.compile(r"/(\.[^/]*|[^/]*\.next)$")  # what the next start removes once more
SUCCESS = re.compile(r"= (\d+)(<.*>)?$")


class Disk:
    """Which files and directories have changes that a power failure could take back."""

    def __init__(self, store):
        self.store, self.loose = str(store), {}

    def touch(self, path, line):
        if path.startswith(self.store + "/"):
            self.loose[path] = line

    def above(self, path, line):
        self.touch(path.rsplit("/", 1)[0], line)

    def forget(self, path):
        for known in [p for p in self.loose if p == path or p.startswith(path + "/")]:
            del self.loose[known]

    def moved(self, old, new):
        for known in [p for p in self.loose if p == old or p.startswith(old + "/")]:
            self.loose[new + known[len(old):]] = self.loose.pop(known)

    def see(self, name, rest, line):
        paths = [os.path.join(folder, path) for folder, path in PATH.findall(rest)]
        fd = FD_PATH.match(rest)
        if name == "write":
            self.touch(fd[1], line)
        elif name in ("fsync", "fdatasync"):
            self.loose.pop(fd[1], None)
        elif name == "openat" and "O_CREAT" in rest and paths:
            self.above(paths[0], line)
        elif name in ("mkdir", "mkdirat", "symlink", "symlinkat", "link", "linkat"):
            self.above(paths[-1], line)
        elif name in ("unlink", "unlinkat", "rmdir"):
            self.forget(paths[0])
            if not LEFTOVER.search(paths[0]):
                self.above(paths[0], line)
        elif name in ("rename", "renameat2") and "RENAME_EXCHANGE" in rest:
            one, two = paths
            self.moved(one, "/aside")
            self.moved(two, one)
            self.moved("/aside", two)
            self.above(one, line)
            self.above(two, line)
        elif name in ("rename", "renameat2"):
            self.forget(paths[1])
            self.moved(*paths)
            self.above(paths[0], line)
            self.above(paths[1], line)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["create", "add", "restore", "prune", "convert", "delete"])
def test_a_success_is_durable(driver, layout, name):
    """When a change has succeeded, every file and directory that it changed was synced since."""
    if name == "create":
        store, args = driver.area / "new", ["create", layout, driver.pems[0]]
        (store / "renewal").mkdir(parents=True)
    else:
        store = driver.copy(base_store(driver, layout), "durable")
        args = {change.name: change.args for change in changes(driver, layout)}.get(name, ["delete"])
    disk = Disk(store)
    for line in driver.trace(store, *args):
        match = CALL.match(line)
        if match and SUCCESS.search(line):
            disk.see(match[1], match[2], line)
    loose = {path: line for path, line in disk.loose.items() if ".evercert.lock" not in line}
    assert not loose, "\n".join(f"{path}: {line}" for path, line in loose.items())


# ---- the beginning and the end ----

@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_delete_cut_short(driver, layout, tell):
    """Whatever is left, a second `delete` removes, or `doctor --fix`; or it is gone, and then nothing of it is left."""
    base = base_store(driver, layout)
    work = list(points(calls_of(driver, base, Change("delete", ["delete"], None, None, set()))))

    def attempt(item):
        number, (what, call) = item
        store = driver.copy(base, f"delete-{number}")
        done = driver.inject(store, what, call, "delete")
        at = f"{what} at {call[0]} {call[1]}: {done.stderr}"
        check_modes(store)
        if done.returncode == 0:
            assert list((store / "renewal").iterdir()) == [], at
        if number % 2 and not (store / "renewal" / "a.conf").exists():
            driver.run(store, "doctor", "fix", check=False)
        else:
            driver.run(store, "delete", check=False)
        assert list((store / "renewal").iterdir()) == [], at
        left = [p.name for part in ("live", "archive") for p in (store / part).rglob("*.pem") if p.name != "dh.pem"]
        assert left == [], at
        shutil.rmtree(store)

    all_of(enumerate(work), attempt)
    tell(f"{layout}: delete killed at {sum('KILL' in what for what, _ in work)} calls, {len(work)} points")


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_create_cut_short(driver, layout, tell):
    """The same name is free again, or taken by a whole lineage."""
    def fresh(number):
        store = driver.area / f"create-{number}"
        store.mkdir()
        (store / "renewal").mkdir()
        return store

    work = list(points(driver.calls(fresh("trace"), "create", layout, driver.pems[0])))

    def attempt(item):
        number, (what, call) = item
        store = fresh(number)
        done = driver.inject(store, what, call, "create", layout, driver.pems[0])
        at = f"{what} at {call[0]} {call[1]}: {done.stderr}"
        check_modes(store)
        shown = driver.run(store, "show", check=False)
        assert done.returncode != 0 or shown.returncode == 0, at
        if shown.returncode != 0:
            driver.run(store, "create", layout, driver.pems[0])
        assert sorted(p.name for p in (store / "renewal").iterdir()) == ["a.conf"], at
        assert driver.versions(store) == {driver.serials[0]: "live"}, at
        assert live_serial(store) == driver.serials[0], at
        check_nothing_left(store)
        shutil.rmtree(store)

    all_of(enumerate(work), attempt)
    tell(f"{layout}: create killed at {sum('KILL' in what for what, _ in work)} calls, {len(work)} points")


@pytest.mark.slow
@pytest.mark.parametrize("what", ["signal=KILL", "error=EIO"])
def test_what_is_in_the_rest_of_a_version(driver, what, tell):
    """What a user keeps where a version is put away is there after any interruption, under the same name."""
    base = base_store(driver, "versioned")
    versions = {path.name for path in (base / "archive" / "a").iterdir()}
    rehearsal = driver.copy(base, "rehearsal")
    driver.run(rehearsal, "add", driver.pems[3])
    (live_id,) = {path.name for path in (rehearsal / "archive" / "a").iterdir()} - versions
    rest = base / "archive" / "a" / live_id
    rest.mkdir(mode=0o700)
    (rest / "mine.txt").write_bytes(b"kept")
    (rest / "folder").mkdir()
    (rest / "folder" / "file").write_bytes(b"kept, too")
    calls = driver.calls(driver.copy(base, "scratch"), "add", driver.pems[3])
    if "KILL" in what:
        calls = moments(calls)

    def attempt(item):
        number, call = item
        store = driver.copy(base, f"rest-{number}")
        driver.inject(store, what, call, "add", driver.pems[3])
        assert live_serial(store) in driver.serials[2:], call
        driver.run(store, "fix")
        for name, content in (("mine.txt", b"kept"), ("folder/file", b"kept, too")):
            found = [p for p in store.rglob(Path(name).name) if str(p).endswith(f"/{name}") and p.read_bytes() == content]
            assert found, f"{name}: {what} at {call}"
        check_users_files(store, call, folders=True)
        shutil.rmtree(store)

    all_of(list(enumerate(calls)), attempt)
    tell(f"versioned: {what} at {len(calls)} calls")
