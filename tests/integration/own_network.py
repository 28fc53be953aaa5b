"""A network of its own for a test: nothing but loopback, on which every port is free, and which nobody else reaches. Or only
name servers of its own."""
import contextlib
import ctypes
import fcntl
import os
import shlex
import socket
import struct
import subprocess

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


def with_name_servers(program, path, *servers):
    """A program at path that is that program where /etc/resolv.conf names these servers, in a mount namespace of its own. Root's
    alone; where that is not to be had, the test is skipped."""
    conf = path.with_suffix(".resolv.conf")
    conf.write_text("".join(f"nameserver {server}\n" for server in servers))
    script = f'mount --bind {shlex.quote(str(conf))} /etc/resolv.conf && exec "$0" "$@"'
    path.write_text(f"#!/bin/sh\nexec unshare -m sh -c {shlex.quote(script)} {shlex.quote(str(program))} \"$@\"\n")
    path.chmod(0o755)
    tried = subprocess.run([path, "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if os.geteuid() != 0 or tried.returncode != 0:
        pytest.skip(f"no name servers of its own: {tried.stdout.decode(errors='replace').strip()}")
    return path
