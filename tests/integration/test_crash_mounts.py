"""The store after a crash where live/NAME cannot change places with another directory, and for whoever holds it.

On a FUSE file system, in the lower layer of an overlay, and where live/NAME or archive/NAME is a mount point. EVERCERT_CRASH=all kills at every call;
otherwise in each ninth state of the store.
"""
import os
import shutil

import pytest
from crash import EVERYTHING, LAYOUTS, all_of, base_store, changes, check_mended, check_modes, driver, live_serial, moments  # noqa: F401
from client import KINDS

pytestmark = [pytest.mark.ours, pytest.mark.skipif(not shutil.which("strace"), reason="needs strace"),
              pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount anything")]


class Place:
    """Where a store lies. put(driver, base, name): the store there, mounted; drop(store): all of it is gone."""

    def __init__(self, mounts, area):
        self.mounts, self.area = mounts, area

    def drop(self, store):
        shutil.rmtree(store)


class OnBindfs(Place):
    def __init__(self, mounts, area):
        super().__init__(mounts, area)
        mounts.bindfs(area / "real", area / "fuse")

    def put(self, driver, base, name):
        return driver.copy(base, f"fuse/{name}")


class OnOverlay(Place):
    def put(self, driver, base, name):
        store, layers = self.area / name, self.area / f"{name}-layers"
        lower = driver.copy(base, name)
        layers.mkdir()
        lower = lower.rename(layers / "lower")
        self.mounts.overlay(lower, layers, store)
        return store

    def drop(self, store):
        self.mounts.undo(store)
        shutil.rmtree(store.with_name(f"{store.name}-layers"))
        store.rmdir()


class OnMountPoint(Place):
    """PART/a is a mount point."""
    part = "live"

    def put(self, driver, base, name):
        store, volume = driver.copy(base, name), self.area / f"{name}-volume"
        shutil.copytree(store / self.part / "a", volume, symlinks=True)
        self.mounts.bind(volume, store / self.part / "a")
        return store

    def drop(self, store):
        self.mounts.undo(store / self.part / "a")
        shutil.rmtree(store.with_name(f"{store.name}-volume"))
        shutil.rmtree(store)


class OnVolume(OnMountPoint):
    """live/a is a file system of its own."""

    def put(self, driver, base, name):
        store = driver.copy(base, name)
        live, aside = store / "live" / "a", self.area / f"{name}-volume"
        shutil.copytree(live, aside, symlinks=True)
        self.mounts.tmpfs(live, "size=4m,mode=0700")
        shutil.copytree(aside, live, symlinks=True, dirs_exist_ok=True)
        return store


class OnArchive(OnMountPoint):
    part = "archive"


PLACES = {"bindfs": OnBindfs, "overlay": OnOverlay, "mount point": OnMountPoint, "volume": OnVolume, "archive": OnArchive}


def keys_of(store):
    """Every key that there is, by content, wherever it lies; nothing in it was overwritten."""
    found = [p.read_bytes() for p in store.rglob("privkey*.pem")]
    assert all(b"PRIVATE KEY" in key for key in found)
    return set(found)


def check_held(held, store, at):
    """Who has opened the directory before finds in it what is live."""
    for kind in KINDS:
        seen = os.open(f"{kind}.pem", os.O_RDONLY, dir_fd=held)
        assert os.read(seen, 65536) == (store / "live" / "a" / f"{kind}.pem").read_bytes(), at
        os.close(seen)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_cut_short(driver, area, mounts, layout, place):
    base = base_store(driver, layout)
    at_place = PLACES[place](mounts, area)
    for change in changes(driver, layout):
        if place in ("volume", "archive") and change.name != "convert" and not EVERYTHING:
            continue  # much as on the mount point
        store = at_place.put(driver, base, f"{change.name}-calls")
        keys = keys_of(store)
        calls = driver.calls(store, *change.args)
        assert change.name == "prune" or keys <= keys_of(store)
        live_serial(store)
        at_place.drop(store)
        assert len(calls) > 5

        def attempt(item, change=change):
            number, call = item
            store = at_place.put(driver, base, f"{change.name}-{number}")
            held = os.open(store / "live" / "a", os.O_RDONLY | os.O_DIRECTORY)
            keys = keys_of(store)
            driver.inject(store, "signal=KILL", call, *change.args)
            at = f"{change.name} killed at {call[0]} {call[1]}"
            check_modes(store)
            if number % 2:
                driver.run(store, "doctor", "fix", check=False)
            check_mended(driver, store, change, at, folders=True)
            assert change.name == "prune" or keys <= keys_of(store), at
            check_held(held, store, at)
            os.close(held)
            at_place.drop(store)

        all_of(list(enumerate(moments(calls)))[::1 if EVERYTHING else 9], attempt)
