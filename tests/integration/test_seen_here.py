"""Where a name leads as seen from this machine, told beside what the CA has seen; a name server of the test plays the system's."""
import os
import socket
import struct
import threading

import pytest

pytestmark = pytest.mark.ours

SERVER = "127.53.53.53"
ADDRESSES = {b"a.test": "192.0.2.77", b"c.test": "127.0.0.1"}


def answer(question):
    """To a question for an A record its address, for AAAA nothing, and of other names that there are none."""
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]])
        at += 1 + question[at]
    kind = struct.unpack(">H", question[at + 1:at + 3])[0]
    address = ADDRESSES.get(b".".join(labels).lower())
    is_found = address is not None and kind == 1
    head = question[:2] + struct.pack(">HHHHH", 0x8180 if address else 0x8183, 1, int(is_found), 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(address) if is_found else b""
    return head + question[12:at + 5] + record


@pytest.fixture
def resolver():
    """The name server at SERVER; whoever cannot have port 53 there skips the test."""
    asked = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        try:
            server.bind((SERVER, 53))
        except OSError as err:
            pytest.skip(f"no port 53 here: {err}")
        server.settimeout(0.1)
        stop = threading.Event()

        def serve():
            while not stop.is_set():
                try:
                    question, client = server.recvfrom(4096)
                except socket.timeout:
                    continue
                asked.append(question)
                server.sendto(answer(question), client)

        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        stop.set()
        thread.join()


@pytest.fixture
def client(new_client, area):
    """Whose /etc/resolv.conf names that server, in a mount namespace of its own."""
    conf, program = area / "resolv.conf", area / "evercert-elsewhere"
    conf.write_text(f"nameserver {SERVER}\n")
    program.write_text(f"#!/bin/sh\nexec unshare -m sh -c 'mount --bind {conf} /etc/resolv.conf && exec \"$0\" \"$@\"' "
                       f"{new_client.program.resolve()} \"$@\"\n")
    program.chmod(0o755)
    if os.geteuid() != 0 or os.system(f"{program} --version > /dev/null 2>&1") != 0:
        pytest.skip("no mount namespace can be had here")
    new_client.program = program
    return new_client


def told(said):
    """{name: what was seen from here}, for each name that the report is about."""
    names = said.out.split("  Identifier: ")[1:]
    return {name.split()[0]: [line.split(": ", 1)[1] for line in name.splitlines() if "Seen from here" in line] for name in names}


def test_where_names_lead_from_here(client, resolver):
    client.register()
    said = client.run("certonly", "-n", "--standalone", "-d", "a.test", "-d", "b.test", "-d", "c.test", "--http-01-port", "1",
                      status=1)
    assert resolver, "nobody was asked"
    assert told(said) == {
        "a.test": ["the resolvers of this machine give 192.0.2.77"],
        "b.test": ["the resolvers of this machine know no address of this name"],
        "c.test": [],
    }


def test_a_resolver_that_is_silent(client):
    """Nobody answers at SERVER: nothing is told, and nothing else is different."""
    client.register()
    said = client.run("certonly", "-n", "--standalone", "-d", "a.test", "--http-01-port", "1", status=1)
    assert told(said) == {"a.test": []}
    said.says("Some challenges have failed")
