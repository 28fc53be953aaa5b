"""Listing more lineages than one window holds (INVENTORY_WINDOW): in order, in bounded memory, whatever is broken among them."""
import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from client import wait_for
from fleet import Fleet
from peers.revocation import RevocationServer
from test_revocation import RevocableFleet

pytestmark = pytest.mark.ours

ROOT = Path(__file__).resolve().parents[2]
WINDOW = int(re.search(r"#define INVENTORY_WINDOW (\d+)", (ROOT / "src/lifecycle/inventory.h").read_text())[1])
MANY = 2 * WINDOW + 100  # two whole windows and part of a third
BROKEN = (0, WINDOW - 1, WINDOW, MANY - 1)


def plain_fleet(client):
    return Fleet(client.config, "https://127.0.0.1:1/dir", "0", 80, one_key=True)


@pytest.fixture
def large(make_client):
    """A client with MANY lineages, and their names."""
    client = make_client()
    return client, plain_fleet(client).add_many(MANY, 80)


def listed(said):
    return re.findall(r"^  Certificate Name: (\S+)$", said.out, re.M)


def break_some(client, names):
    for number in BROKEN:
        client.store.live(names[number], "chain").unlink()
    return [names[number] for number in BROKEN]


def lineage_files(client):
    return sorted(path for part in ("live", "archive", "renewal") for path in (client.config / part).rglob("*"))


def in_one_piece(said):
    """What is shown is one listing: one frame, one header, and what is invalid behind all the others."""
    frame, rest = said.out.lstrip("\n").split("\n", 1)
    assert set(frame) == {"-", " "} and rest.endswith(frame + "\n"), said.out[-600:]
    body = rest[:-len(frame) - 1]
    assert frame not in body
    assert body.startswith("Found the following certs:\n  Certificate Name: ") and body.count("Found the following") == 1
    return body


def test_in_order(large):
    client, names = large
    said = client.run("certificates")
    assert listed(said) == names
    in_one_piece(said)
    assert listed(client.run("certificates")) == names, "what is remembered changes nothing"
    assert "Certificate Name: " + names[-1] in client.log()


def test_broken_ones_among_them(large):
    client, names = large
    broken = break_some(client, names)
    good = [name for name in names if name not in broken]
    said = client.run("certificates")
    assert listed(said) == good
    end = in_one_piece(said).partition("\nThe following renewal configurations were invalid:\n")[2]
    assert end == "".join(f"  {client.store.renewal(name)}\n" for name in broken)
    assert re.findall(r"/([^/]+)\.conf produced an unexpected error", said.err) == broken

    document = client.run("certificates", "--json").json()
    assert [entry["name"] for entry in document["certificates"]] == good
    assert [entry["renewal_file"] for entry in document["invalid"]] == [str(client.store.renewal(name)) for name in broken]
    assert all(name in entry["error"] for entry, name in zip(document["invalid"], broken))


def test_all_broken(large):
    client, names = large
    for name in names:
        client.store.live(name, "chain").unlink()
    said = client.run("certificates")
    assert listed(said) == [] and "Found" not in said.out
    assert said.out.count(".conf\n") == MANY
    chosen = client.run("certificates", "--cert-name", names[0])
    assert chosen.out == said.out, "as Certbot: nothing is found where nothing loads, whatever is asked for"
    document = client.run("certificates", "--json").json()
    assert document["certificates"] == [] and len(document["invalid"]) == MANY


@pytest.mark.skipif(not shutil.which("taskset"), reason="no taskset")
def test_by_one_worker(large):
    client, names = large
    broken = break_some(client, names)
    several = client.run("certificates")
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        one = client.run("certificates")
    finally:
        os.sched_setaffinity(0, before)
    assert one.out == several.out and one.err == several.err
    assert listed(one) == [name for name in names if name not in broken]


def test_one_of_a_later_window(large):
    client, names = large
    said = client.run("certificates", "--cert-name", names[WINDOW + 7])
    assert listed(said) == [names[WINDOW + 7]]
    assert "Found the following matching certs:\n  Certificate Name: " in said.out
    assert "Found the following matching certs:\n\n- - -" in client.run("certificates", "--cert-name", "none.test").out
    assert client.run("certificates", "--cert-name", "none.test", "--json").json()["certificates"] == []
    assert listed(client.run("certificates", "-d", names[-1])) == [names[-1]]


def test_interrupted_in_the_middle(make_client):
    """What was shown is whole, and nothing has changed."""
    client, server = make_client(), RevocationServer()
    try:
        shown = plain_fleet(client).add_many(WINDOW, 80, "a")
        RevocableFleet(client, server, ocsp=True, one_key=True).add_many(20, 80, "b")
        server.talks = "not"
        before = lineage_files(client)
        process = client.start("certificates")
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 1 << 20)  # nobody reads until the end
        wait_for(lambda: server.requests, what="a question")
        process.terminate()
        stopped = client.finish(process, status=-signal.SIGTERM)
        assert listed(stopped) == shown
        in_one_piece(stopped)
        assert lineage_files(client) == before
        server.talks = "well"
        assert len(listed(client.run("certificates"))) == WINDOW + 20
    finally:
        server.stop()


def test_nobody_reads_on(large):
    """A reader that has enough ends it: no error of ours may hide that not all was written."""
    client, names = large
    process = client.start("certificates")
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(60) != 0


def test_silent_hosts_of_later_windows_are_waited_for_together(make_client):
    """Three hosts are silent, the first in one window, the others in the next: and the fourth is asked all the same."""
    client, servers = make_client(), [RevocationServer() for _ in range(4)]
    try:
        fleets = [RevocableFleet(client, server, crl="7.crl", one_key=True) for server in servers]
        for server in servers[:3]:
            server.talks = "not"
        fleets[0].add_many(WINDOW, 80, "a")
        fleets[1].add_many(WINDOW, 80, "b")
        fleets[2].add_many(WINDOW, 80, "c")
        name = fleets[3].add("d.test", 80)
        servers[3].revoked = {client.store.cert(name).serial_number}
        said = client.run("certificates")
        assert said.out.count("(VALID: ") == 3 * WINDOW
        assert said.out.count("(INVALID: REVOKED)") == 1
        assert [server.count("GET") for server in servers] == [1, 1, 1, 1]
    finally:
        for server in servers:
            server.stop()


def test_nobody_is_asked_about_what_is_not_asked_for(make_client):
    """Also not when a host that is silent has later windows looked through."""
    client, servers = make_client(), [RevocationServer() for _ in range(2)]
    try:
        fleets = [RevocableFleet(client, server, crl="7.crl", one_key=True) for server in servers]
        servers[0].talks = "not"
        fleets[0].add("a.test", 80)
        fleets[1].add_many(WINDOW, 80, "b")
        assert listed(client.run("certificates", "-d", "a.test")) == ["a.test"]
        assert [server.count("GET") for server in servers] == [1, 0]
    finally:
        for server in servers:
            server.stop()


# ---- what is remembered ----

def settle(client):
    """Makes all files older than anything that could still be written at the same time of change: a wait that cannot be
    played, since no clock of ours decides about it."""
    newest = max(path.stat().st_ctime for path in client.config.rglob("*"))
    wait_for(lambda: time.time() - int(newest) > 5, what="the age")


def test_files_that_do_not_change_are_not_read_again(make_client):
    client = make_client()
    names = plain_fleet(client).add_many(3, 80)
    settle(client)
    for _ in range(2):
        assert listed(client.run("certificates")) == names
    kept = [client.work / name for name in ("checked", "listed")]
    inodes = [path.stat().st_ino for path in kept]
    traced = client.area / "trace"
    if shutil.which("strace"):
        subprocess.run(["strace", "-f", "-e", "trace=openat", "-o", traced, client.program, "certificates", "--config-dir",
                        client.config, "--work-dir", client.work, "--logs-dir", client.logs], check=True, stdout=subprocess.PIPE,
                       env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        opened = traced.read_text()
        assert ".pem" not in opened and ".test" not in opened
    assert [path.stat().st_ino for path in kept] == inodes, "nothing new, nothing written"


@pytest.mark.parametrize("kind", ["cert", "chain", "fullchain", "privkey"])
def test_a_file_that_has_changed_is_read_again(make_client, kind):
    """Written in place, and to the same length and time of modification."""
    client = make_client()
    names = plain_fleet(client).add_many(2, 80)
    settle(client)
    client.run("certificates")
    path = client.store.live(names[0], kind).resolve()
    before, text = path.stat(), path.read_bytes()
    middle = len(text) // 2
    path.write_bytes(text[:middle] + (b"A" if text[middle:middle + 1] != b"A" else b"B") + text[middle + 1:])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    for _ in range(2):
        assert listed(client.run("certificates")) == names[1:]
    path.write_bytes(text)
    assert listed(client.run("certificates")) == names


CHANGES = {
    "server": lambda client, name: change_text(client.store.renewal(name), "https://127.0.0.1:1/dir", "https://staging.xyzw/dd"),
    "renewal file": lambda client, name: client.store.renewal(name).unlink(),
    "damaged renewal file": lambda client, name: client.store.renewal(name).write_text(""),
    "link": lambda client, name: change_link(client.store.live(name, "privkey")),
    "version": lambda client, name: client.store.version_file(name, "chain", 1).unlink(),
}


def change_text(path, old, new):
    text = path.read_text()
    assert len(old) == len(new) and old in text
    path.write_text(text.replace(old, new))


def change_link(path):
    path.unlink()
    path.symlink_to("../../archive/none")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_is_told(make_client, change):
    """As by a listing that remembers nothing."""
    client = make_client()
    names = plain_fleet(client).add_many(2, 80)
    settle(client)
    before = [client.run("certificates", *args).out for args in ([], ["--json"])]
    assert before[0] == client.run("certificates").out
    change(client, names[0])
    for args in [], ["--json"]:
        after = client.run("certificates", *args)
        for name in ("checked", "listed"):
            (client.work / name).unlink(missing_ok=True)
        anew = client.run("certificates", *args)
        assert re.sub(r'"seconds_left": \d+', "", after.out) == re.sub(r'"seconds_left": \d+', "", anew.out)
        assert after.err == anew.err
        assert after.out != before[bool(args)] and names[1] in after.out


def test_of_what_is_remembered_the_ca_is_asked_all_the_same(make_client):
    client, server = make_client(), RevocationServer()
    try:
        name = RevocableFleet(client, server, ocsp=True).add("a.test", 80)
        settle(client)
        for _ in range(2):
            client.run("certificates").says("(VALID: ")
        server.revoked = {client.store.cert(name).serial_number}
        client.run("certificates").says("(INVALID: REVOKED)")
        assert len(server.requests) == 3
    finally:
        server.stop()


def test_a_signature_is_not_remembered_for_another_chain(make_client):
    client = make_client()
    first, second = plain_fleet(client), plain_fleet(client)
    first.add("first.test", 80)
    second.add("second.test", 80)
    assert listed(client.run("certificates")) == ["first.test", "second.test"]
    kept = client.work / "checked"
    assert kept.stat().st_mode & 0o7777 == 0o600
    for kind in ("chain", "fullchain"):  # of another CA of that name: the files fit each other, the signature does not
        path = client.store.live("first.test", kind)
        path.write_bytes(path.read_bytes().replace(first.chain, second.chain))
    said = client.run("certificates")
    assert listed(said) == ["second.test"]
    said.says("first.test.conf produced an unexpected error: the signature does not fit.")


@pytest.mark.skipif(os.geteuid() != 0, reason="as another user")
@pytest.mark.parametrize("spoil", [lambda path: path.chmod(0o666), lambda path: os.chown(path, 12345, 0),
                                   lambda path: path.parent.chmod(0o777)], ids=["mode", "owner", "directory"])
def test_what_others_could_have_written_is_not_believed(make_client, spoil):
    client = make_client()
    plain_fleet(client).add_many(3, 80)
    settle(client)
    client.run("certificates")
    kept = [client.work / name for name in ("listed", "checked")]
    inodes = [path.stat().st_ino for path in kept]
    for path in kept:
        spoil(path)
    assert len(listed(client.run("certificates"))) == 3
    assert client.log().count("is not used") == 2
    assert all(path.stat().st_ino != inode for path, inode in zip(kept, inodes)), "all were checked anew"


def peak_kib(client, count):
    """The largest the program has been, in a process of its own."""
    code = ("import os, subprocess, sys; p = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL); "
            "print(os.wait4(p.pid, 0)[2].ru_maxrss)")
    argv = [client.program, "certificates", "--config-dir", client.config, "--work-dir", client.work, "--logs-dir", client.logs]
    found = subprocess.run(["/bin/sh", "-c", 'exec "$@"', "sh", shutil.which("python3"), "-S", "-c", code, *map(str, argv)],
                           stdout=subprocess.PIPE, text=True, check=True)
    return int(found.stdout)


def test_memory_does_not_grow_with_the_store(make_client, request):
    """Beyond one window: what is kept of each lineage is its name and two digests."""
    if b"__asan" in Path(request.config.program).read_bytes():
        pytest.skip("a sanitizer keeps what is freed")
    client = make_client()
    fleet = plain_fleet(client)
    fleet.add_many(2 * WINDOW, 80, "a")
    small = peak_kib(client, 2 * WINDOW)
    fleet.add_many(6 * WINDOW, 80, "b")
    large = peak_kib(client, 8 * WINDOW)
    grown = (large - small) * 1024 / (6 * WINDOW)
    assert grown < 700, f"{grown:.0f} bytes for each lineage: {small} KiB, then {large} KiB"
