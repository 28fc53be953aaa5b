"""Folders of the system that a test may write to: what it writes there is its own."""
import contextlib
import ctypes
import os
import subprocess

import pytest

CLONE_NEWNS = 0x20000
MS_REC, MS_PRIVATE = 1 << 14, 1 << 18


@contextlib.contextmanager
def own_folders(area, *folders):
    """These folders as they are, and what is written there is this thread's alone, and that of the processes it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    before, here = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC), os.getcwd()
    try:
        if libc.unshare(CLONE_NEWNS) != 0 or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) != 0:
            pytest.skip(f"no mounts of its own: {os.strerror(ctypes.get_errno())}")
        for number, folder in enumerate(folders):
            base = area / f"mount{number}"
            base.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", base], check=True)  # an overlay does not lie on an overlay
            for part in ("upper", "work"):
                (base / part).mkdir()
            done = subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir={folder},upperdir={base}/upper,workdir={base}/work",
                                   "overlay", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                pytest.skip(f"nothing can be mounted here: {done.stdout.strip()}")
        yield
    finally:
        libc.setns(before, CLONE_NEWNS)
        os.close(before)
        os.chdir(here)
