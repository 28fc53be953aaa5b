"""Where a name leads as seen from this machine, told beside what the CA has seen; a name server of the test plays the system's."""
import os
import socket
import struct
import threading

import pytest

pytestmark = pytest.mark.ours

SERVER = "127.53.53.53"
NOBODY, FAILING = "127.53.53.55", "127.53.53.54"  # asked before it: nobody is there, and SERVFAIL
ADDRESSES = {b"a.test": "192.0.2.77", b"c.test": "127.0.0.1"}


def answer(question, fails):
    """To a question for an A record its address, for AAAA nothing, and of other names that there are none; of one that it fails."""
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]])
        at += 1 + question[at]
    kind = struct.unpack(">H", question[at + 1:at + 3])[0]
    address = ADDRESSES.get(b".".join(labels).lower())
    fails = fails or labels[0] == b"0"
    is_found = address is not None and kind == 1 and not fails
    flags = 0x8182 if fails else 0x8180 if address else 0x8183
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(address) if is_found else b""
    return question[:2] + struct.pack(">HHHHH", flags, 1, int(is_found), 0, 0) + question[12:at + 5] + record


@pytest.fixture
def resolver():
    """The name servers at SERVER and FAILING; whoever cannot have port 53 there skips the test."""
    asked = {SERVER: 0, FAILING: 0}
    stop = threading.Event()

    def serve(server, address):
        while not stop.is_set():
            try:
                question, client = server.recvfrom(4096)
            except socket.timeout:
                continue
            asked[address] += 1
            server.sendto(answer(question, address == FAILING), client)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as good, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bad:
        threads = []
        for server, address in ((good, SERVER), (bad, FAILING)):
            try:
                server.bind((address, 53))
            except OSError as err:
                pytest.skip(f"no port 53 here: {err}")
            server.settimeout(0.1)
            threads.append(threading.Thread(target=serve, args=(server, address)))
        for thread in threads:
            thread.start()
        yield asked
        stop.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def client(new_client, area):
    """Whose /etc/resolv.conf names that server, in a mount namespace of its own."""
    conf, program = area / "resolv.conf", area / "evercert-elsewhere"
    conf.write_text("".join(f"nameserver {server}\n" for server in (NOBODY, FAILING, SERVER)))
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
    assert resolver == {FAILING: 6, SERVER: 6}  # an A and an AAAA record for each name
    assert told(said) == {
        "a.test": ["the resolvers of this machine give 192.0.2.77"],
        "b.test": ["the resolvers of this machine know no address of this name"],
        "c.test": [],
    }


def test_a_name_that_cannot_be_resolved(client, resolver):
    """The others are asked about all the same."""
    client.register()
    said = client.run("certonly", "-n", "--standalone", "-d", "0.test", "-d", "a.test", "--http-01-port", "1", status=1)
    assert told(said) == {"0.test": [], "a.test": ["the resolvers of this machine give 192.0.2.77"]}


def test_a_resolver_that_is_silent(client):
    """Nobody answers anywhere: nothing is told, and nothing else is different."""
    client.register()
    said = client.run("certonly", "-n", "--standalone", "-d", "a.test", "--http-01-port", "1", status=1)
    assert told(said) == {"a.test": []}
    said.says("Some challenges have failed")
