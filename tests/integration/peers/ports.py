"""Free TCP and UDP ports on loopback.

They lie below the range that the kernel hands out to outgoing connections, so that none of those takes a port between
the moment it is chosen and the moment a server binds it. Workers that test side by side draw from shares of their own: a
port that is meant for later is not free although nobody listens on it yet.
"""
import os
import random
import socket

FIRST, LAST = 12000, 32000
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
SHARE = range(FIRST + WORKER, LAST, WORKERS)
_given = set()


def _is_free(port):
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                with socket.socket(family, kind) as s:
                    if family == socket.AF_INET6:
                        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    s.bind((address, port))
            except OSError as err:
                if family == socket.AF_INET6 and err.errno != 98:
                    continue  # a machine without IPv6
                return False
    return True


def free_port():
    """A port nobody listens on and that was not given before in this run."""
    source = random.SystemRandom()
    for _ in range(500):
        port = source.choice(SHARE)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise RuntimeError("no free port found")


def well_known_address():
    """An address of loopback on which port 53 is for whoever asks for it here: for a DnsRelay, as resolvers are asked at no
    other port, and servers listen only where an interface has an address."""
    well_known_address.given = getattr(well_known_address, "given", 0) + 1
    return f"127.53.{100 + WORKER}.{well_known_address.given}"


def is_listening(port, address="127.0.0.1"):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(1)
        return s.connect_ex((address, port)) == 0


def loopback():
    """The addresses of this machine's loopback: without IPv6 there is one."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
            s.bind(("::1", 0))
        return ("127.0.0.1", "::1")
    except OSError:
        return ("127.0.0.1",)
