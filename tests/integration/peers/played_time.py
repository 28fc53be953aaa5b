"""A time of day that a test plays, for the program and for Pebble (played_clock.c)."""
import mmap
import platform
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest

NEVER = 1 << 60


class PlayedTime:
    """Processes with `environment` see it; those that run the daemon move it on, up to `stop_at`."""

    def __init__(self, folder):
        if shutil.which("cc") is None:
            pytest.skip("no compiler")
        self.library, path = folder / "played_clock.so", folder / "played"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self.library, Path(__file__).parent / "played_clock.c", "-ldl"],
                       check=True)
        path.write_bytes(struct.pack("qq", 0, NEVER))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 16)
        self.environment = {"LD_PRELOAD": str(self.library), "PLAYED_CLOCK": str(path)}

    def with_sanitizer(self, options):
        return {**self.environment, "ASAN_OPTIONS": options + ":verify_asan_link_order=0"}

    @property
    def ahead(self):
        """Seconds."""
        return struct.unpack_from("q", self.memory, 0)[0] / 1000

    @ahead.setter
    def ahead(self, seconds):
        struct.pack_into("q", self.memory, 0, int(seconds * 1000))

    def stop_at(self, ahead):
        struct.pack_into("q", self.memory, 8, int(ahead * 1000))

    def now(self):
        return time.time() + self.ahead

    def pebble(self, make, *args, **more):
        """A Pebble whose clock this is. A program without a C library asks the kernel, so it runs in an emulator, which asks ours."""
        emulator = shutil.which(f"qemu-{platform.machine()}")
        if emulator is None:
            pytest.skip("no qemu-user: Pebble's clock cannot be moved")
        return make(*args, run_by=[emulator], env=self.environment, **more)
