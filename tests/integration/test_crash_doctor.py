"""`doctor --fix` killed, or refused, at every single call of a repair: the next one ends at a healthy store, and no version is lost.

EVERCERT_CRASH=all kills every call, and fails it in each way; otherwise it is killed in each second state of the store, and each
twelfth call fails in each way.
"""
import shutil
import subprocess

import pytest
from client import KINDS
from crash import (CALL, ERRORS, EVERYTHING, LAYOUTS, all_of, base_store, changes, check_modes, check_nothing_left, check_users_files,
                   driver, live_serial, moments)  # noqa: F401 (driver is a fixture)

pytestmark = [pytest.mark.ours, pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")]

FIX = ("doctor", "fix")


class Damage:
    """What is done to a store; which versions (by their place) may be live and must be there once it is healthy again."""

    def __init__(self, name, layouts, command, codes, live=(2,), kept=(0, 1, 2), users=True, prepare=None):
        self.name, self.layouts, self.command, self.codes = name, layouts.split(), command, codes.split()
        self.live, self.kept, self.users, self.prepare = live, kept, users, prepare


def three_is(driver, store):
    return driver.versions(store).get(driver.serials[3])


def leave_pending(driver, store):
    """A version that was issued, but could not be made live."""
    rehearsal = driver.copy(store, f"{store.name}-rehearsal")
    calls = [call for call in driver.calls(rehearsal, "add", driver.pems[3]) if call[0] == "renameat2"]
    shutil.rmtree(rehearsal)
    done = driver.inject(store, "error=EIO", calls[0], "add", driver.pems[3])
    assert done.returncode == 1 and three_is(driver, store) == "pending", done.stderr


BOTH = "certbot versioned"
DAMAGES = [
    Damage("links replaced by files", "certbot", "cp -rL live/a x && rm -r live/a && mv x live/a", "live-link-flattened"),
    Damage("one link replaced by its file", "certbot", "cp --remove-destination archive/a/privkey3.pem live/a/privkey.pem",
           "live-link-flattened"),
    Damage("links and archive replaced by files", "certbot", "cp -rL live/a x && rm -r live/a archive/a/*.pem && mv x live/a",
           "live-link-flattened", kept=(2,)),
    Damage("links lost", "certbot", "rm live/a/*k*.pem live/a/c*.pem live/a/fullchain.pem", "live-link-missing"),
    Damage("links into an old place", "certbot",
           "for k in cert chain fullchain privkey; do ln -sf /nowhere/archive/a/${k}3.pem live/a/$k.pem; done", "live-link-dangling"),
    Damage("live older than the newest", "certbot",
           "for k in cert chain fullchain privkey; do ln -sf ../../archive/a/${k}2.pem live/a/$k.pem; done", "live-not-newest",
           live=(1, 2)),
    Damage("links of two versions", "certbot", "ln -sf ../../archive/a/privkey2.pem live/a/privkey.pem", "live-not-newest"),
    Damage("a version that waits", BOTH, "true", "live-not-newest", live=(2, 3), kept=(0, 1, 2, 3), prepare=leave_pending),
    Damage("live files lost", "versioned", "rm live/a/[cfp]*.pem", "live-missing", live=(1,), kept=(0, 1)),
    Damage("live lost", "versioned", "rm -r live/a", "live-missing", live=(1,), kept=(0, 1), users=False),
    Damage("a file replaced by a link", "versioned", "mkdir keys && cp -p live/a/privkey.pem keys/k && ln -sf $PWD/keys/k "
           "live/a/privkey.pem", "live-file-is-link"),
    Damage("live renamed", BOTH, "mv live/a live/old", "live-renamed"),
    Damage("archive renamed", "versioned", "mv archive/a archive/old", "archive-renamed"),
    Damage("no fullchain", BOTH, "rm $(readlink -f live/a/fullchain.pem)", "version-file-missing"),
    Damage("fullchain and key only", BOTH, "rm $(readlink -f live/a/cert.pem) $(readlink -f live/a/chain.pem)", "version-file-missing"),
    Damage("no key, but a copy", BOTH, "mkdir keys && mv $(readlink -f live/a/privkey.pem) keys/k", "version-file-missing"),
    Damage("a wrong key", BOTH, "mkdir keys && f=$(readlink -f live/a/privkey.pem) && cp -p $f keys/k && echo x >$f", "key-mismatch"),
    Damage("keys exchanged", "certbot", "cd archive/a && mv privkey2.pem x && mv privkey3.pem privkey2.pem && mv x privkey3.pem",
           "key-mismatch"),
    Damage("certificate damaged", BOTH, "echo x >live/a/cert.pem", "certificate-mismatch"),
    Damage("wrong modes", BOTH, "chmod 777 live/a renewal && chmod 644 $(readlink -f live/a/privkey.pem)",
           "writable-by-others key-open-to-others"),
    Damage("a renewal file that names old paths", BOTH, "sed -i \"s#$PWD/#/old/place/#\" renewal/a.conf", "renewal-file-old-paths"),
    Damage("leftovers", BOTH, "touch renewal/.a.conf.evercert-abcdef archive/a/cert9.pem.new live/.evercert-probe.1.2", ""),
]


def damaged(driver, base, damage):
    """The store as it is before it is repaired. Its place is part of some damages, so each copy is damaged anew."""
    driver.count += 1
    store = driver.copy(base, f"damaged-{driver.count}")
    if damage.prepare:
        damage.prepare(driver, store)
    subprocess.run(["sh", "-ec", damage.command], cwd=store, check=True)
    return store


def is_whole(store):
    """Whether a server could start: then key and certificate match."""
    try:
        live_serial(store)
    except (OSError, AssertionError, ValueError, IndexError):
        return False
    return True


def check_healthy(driver, store, damage, at):
    said = driver.run(store, *FIX, check=False)
    assert said.returncode == 0, f"{at}\n{said.stdout}{said.stderr}"
    serials = [driver.serials[i] for i in damage.live]
    versions = driver.versions(store)
    assert live_serial(store) in serials, at
    assert {driver.serials[i] for i in damage.kept} <= set(versions), f"{at}\n{versions}"
    assert [s for s, state in versions.items() if state == "live"] == [live_serial(store)], at
    check_nothing_left(store, at)
    check_modes(store)
    if damage.users:
        check_users_files(store, at, (store / "live" / "a" / "own").exists())


def try_point(driver, base, damage, what, call):
    store = damaged(driver, base, damage)
    could_start = is_whole(store)
    before = {(store / "live" / "a" / f"{kind}.pem") for kind in KINDS if (store / "live" / "a" / f"{kind}.pem").exists()}
    done = driver.inject(store, what, call, *FIX)
    at = f"{damage.name}, {what} at {call[0]} {call[1]}:\n{done.stdout}{done.stderr}"
    if "KILL" in what:
        assert done.returncode != 0, at
    else:
        assert done.returncode in (0, 1), at
    once = "EACCES" in what and call[0] == "openat"  # of several looks at a directory: nobody is refused one of them
    if done.returncode == 0 and not once:  # a success is one
        assert driver.run(store, "doctor", "look", check=False).returncode == 0, at
    if could_start:
        assert live_serial(store) in [driver.serials[i] for i in damage.live], at
    assert all(path.exists() for path in before) or damage.name == "live renamed", f"a live file went away: {at}"
    if damage.name != "wrong modes":
        check_modes(store)
    check_healthy(driver, store, damage, at)
    shutil.rmtree(store)


@pytest.mark.slow
@pytest.mark.parametrize("layout, damage", [pytest.param(layout, d, id=f"{layout}: {d.name}") for d in DAMAGES for layout in d.layouts])
def test_a_repair_cut_short(driver, layout, damage, capsys):
    base = base_store(driver, layout)
    scratch = damaged(driver, base, damage)
    found = [line.split()[0] for line in driver.run(scratch, "doctor", "look", check=False).stdout.splitlines() if "note" not in line]
    assert sorted(set(found)) == sorted(damage.codes)
    calls = driver.calls(scratch, *FIX)
    shift = DAMAGES.index(damage)
    kills = [("signal=KILL", call) for i, call in enumerate(moments(calls)) if EVERYTHING or (i + shift) % 2 == 0]
    work = kills + [(f"error={error}", call) for i, call in enumerate(calls) for k, error in enumerate(ERRORS)
                    if EVERYTHING or (i + shift) % 12 == 4 * k + 1]
    assert calls
    check_healthy(driver, scratch, damage, "uninterrupted")
    assert "error" not in driver.run(scratch, "doctor", "look").stdout
    all_of(work, lambda item: try_point(driver, base, damage, *item))
    with capsys.disabled():
        print(f"\n{layout}, {damage.name}: killed at {len(kills)} of {len(calls)} calls, {len(work) - len(kills)} failing calls", end=" ")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["keys exchanged", "a wrong key", "no key, but a copy"])
def test_one_look_at_a_directory_refused(driver, name):
    """What is where a link was not followed is no file to repair: at any refused look the live links stay links."""
    damage = next(d for d in DAMAGES if d.name == name)
    base = base_store(driver, "certbot")
    lines = [line for line in driver.trace(damaged(driver, base, damage), *FIX, calls="openat") if CALL.match(line)]
    looks = [i + 1 for i, line in enumerate(lines) if "O_DIRECTORY" in line and str(driver.area) in line]
    assert looks

    def attempt(item):
        number, error = item
        store = damaged(driver, base, damage)
        done = driver.inject(store, f"error={error}", ("openat", number), *FIX)
        at = f"{error} at look {number}:\n{done.stdout}{done.stderr}"
        assert all((store / "live" / "a" / f"{kind}.pem").is_symlink() for kind in KINDS), at
        assert not [p for p in (store / "archive" / "a").iterdir() if p.is_symlink()], at
        check_healthy(driver, store, damage, at)
        shutil.rmtree(store)

    all_of([(number, error) for number in looks for error in ("EACCES", "EIO")], attempt)


@pytest.mark.slow
@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "steps"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_change_cut_short_and_then_doctor(driver, layout, exchange, capsys):
    """Killed at any call of a change, a store is whole after one `doctor --fix`: one layout, all versions, what users keep."""
    base = base_store(driver, layout, folders=True)
    count = 0
    for number, change in enumerate(changes(driver, layout)):
        calls = moments(driver.calls(driver.copy(base, f"trace-{change.name}"), *change.args, exchange=exchange))

        def attempt(item, change=change):
            index, call = item
            store = driver.copy(base, f"{change.name}-{index}")
            driver.inject(store, "signal=KILL", call, *change.args, exchange=exchange)
            at = f"{change.name} killed at {call[0]} {call[1]}"
            before = sorted(str(p) for p in store.rglob("*") if p.name != ".evercert.lock")
            found = driver.run(store, "doctor", "look", check=False)
            assert sorted(str(p) for p in store.rglob("*") if p.name != ".evercert.lock") == before, at
            fixed = driver.run(store, *FIX, check=False)
            assert fixed.returncode == 0, f"{at}\n{found.stdout}\n{fixed.stdout}{fixed.stderr}"
            versions = driver.versions(store)
            assert live_serial(store) in change.live and change.kept <= set(versions), f"{at}\n{versions}"
            assert [s for s, state in versions.items() if state == "live"] == [live_serial(store)], at
            check_nothing_left(store, at)
            check_users_files(store, at, folders=True)
            check_modes(store)
            said = driver.run(store, "doctor", "look").stdout
            assert all(line.endswith(" note") for line in said.splitlines()), f"{at}\n{said}"
            driver.run(store, "add", driver.pems[3])
            assert live_serial(store) == driver.serials[3], at
            shutil.rmtree(store)

        work = [item for item in enumerate(calls) if EVERYTHING or item[0] % 3 == number % 3]
        all_of(work, attempt)
        count += len(work)
    with capsys.disabled():
        print(f"\n{layout}: killed at {count} calls", end=" ")


def test_nothing_is_concluded_from_what_cannot_be_read(driver):
    """A renamed directory is known by its content. While that cannot be read, nothing older is made live in its stead."""
    base = base_store(driver, "versioned")
    (base / "live" / "a").rename(base / "live" / "old")
    seen, found = {}, []
    for line in driver.trace(driver.copy(base, "scratch"), *FIX, calls="openat,read"):
        call = CALL.match(line)
        if not call:
            continue
        seen[call[1]] = seen.get(call[1], 0) + 1
        if "/live/old/" in line:
            found.append((call[1], seen[call[1]]))
    assert found

    def attempt(item):
        number, call = item
        store = driver.copy(base, f"unread-{number}")
        done = driver.inject(store, "error=EIO", call, *FIX)
        assert not (store / "live" / "a").exists() or live_serial(store) == driver.serials[2], f"{call}: {done.stdout}"
        driver.run(store, *FIX)
        assert live_serial(store) == driver.serials[2], call

    all_of(list(enumerate(found))[:None if EVERYTHING else 12], attempt)


@pytest.mark.parametrize("layout", ["certbot", "versioned"])
def test_a_deletion_that_doctor_finishes_cut_short(driver, layout):
    """Whatever is left of a certificate that was to be deleted, the next `doctor --fix` removes."""
    base = base_store(driver, layout)
    (base / "renewal" / "a.conf").rename(base / "renewal" / ".a.conf.gone")
    calls = moments(driver.calls(driver.copy(base, "scratch"), *FIX))

    def attempt(item):
        number, call = item
        store = driver.copy(base, f"{layout}-{number}")
        driver.inject(store, "signal=KILL", call, *FIX)
        check_modes(store)
        driver.run(store, *FIX, check=False)
        assert list((store / "renewal").iterdir()) == [], call
        assert not list(store.rglob("privkey*")), call
        shutil.rmtree(store)

    all_of(list(enumerate(calls))[::1 if EVERYTHING else 2], attempt)
