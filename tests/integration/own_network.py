"""A network of its own for a test: nothing but loopback, on which every port is free, and which nobody else reaches."""
import contextlib
import ctypes
import fcntl
import os
import socket
import struct

import pytest

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


@contextlib.contextmanager
def own_network():
    """For this thread and the processes that it starts. Root's alone; where that is not to be had, the test is skipped."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.unshare(CLONE_NEWNET) != 0:
            pytest.skip(f"no network of its own: {os.strerror(ctypes.get_errno())}")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
        yield
    finally:
        libc.setns(before, CLONE_NEWNET)
        os.close(before)
