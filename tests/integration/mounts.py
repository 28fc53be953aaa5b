"""File systems of their own, for a test: what cannot be mounted here (by this user, in this container) is skipped."""
import shutil
import subprocess

import pytest


class Mounts:
    def __init__(self):
        self.made = []

    def _mount(self, folder, *argv):
        folder.mkdir(parents=True, exist_ok=True)
        if not shutil.which(argv[0]):
            pytest.skip(f"{argv[0]} is not installed")
        done = subprocess.run([*map(str, argv), str(folder)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            pytest.skip(f"nothing can be mounted here: {done.stdout.strip()}")
        self.made.append(folder)

    def tmpfs(self, folder, options):
        self._mount(folder, "mount", "-t", "tmpfs", "-o", options, "tmpfs")

    def bind(self, what, where):
        self._mount(where, "mount", "--bind", what)

    def bindfs(self, real, folder):
        """A FUSE file system: link counts and inodes come by way of a cache, and directories cannot be exchanged."""
        real.mkdir(parents=True, exist_ok=True)
        self._mount(folder, "bindfs", real)

    def overlay(self, lower, area, folder):
        """What is in lower is the lower layer: its directories cannot be renamed."""
        for part in ("upper", "work"):
            (area / part).mkdir(parents=True)
        self._mount(folder, "mount", "-t", "overlay", "-o", f"lowerdir={lower},upperdir={area}/upper,workdir={area}/work",
                    "overlay")

    def undo(self, folder):
        self.made.remove(folder)
        subprocess.run(["umount", "-l", folder], check=True)

    def close(self):
        for folder in reversed(self.made):
            subprocess.run(["umount", "-l", folder], check=True)
