"""Bad input and bad luck: each has its own message, exit 1, and a store that is as whole as before."""
import datetime
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time

import certs
import pytest
from client import session_members, wait_for
from peers import hostile
from peers.ports import free_port, is_listening

# For names at which the CA is to find nobody: they get another address of loopback, and we listen on this one only.
ONE_ADDRESS = ["--http-01-address", "127.0.0.1"]
CERTONLY = ["certonly", "-n", "--agree-tos", "--register-unsafely-without-email", "--standalone"]


@pytest.fixture
def untouched():
    """A port that counts who comes: bad input is told before anything is sent."""
    came = []
    with socket.create_server(("127.0.0.1", free_port())) as s:
        def accept():
            while True:
                try:
                    came.append(s.accept()[1])  # and hung up on
                except OSError:
                    return
        threading.Thread(target=accept, daemon=True).start()
        yield f"https://localhost:{s.getsockname()[1]}/dir", came
        s.shutdown(socket.SHUT_RDWR)


LONG = "a" * 64


@pytest.mark.parametrize("args, words", [
    (["-d", "http://x.test"], "appears to be a URL, not a FQDN"),
    (["-d", "1.2.3.4"], "is an IP address"),
    (["-d", f"{LONG}.test"], "is too long"),
    (["-d", ".".join(["a" * 60] * 5)], "too long"),
    (["-d", "a..test"], "empty label"),
    pytest.param(["-d", "x.test", "--key-type", "rsa", "--rsa-key-size", "1024"], "1024", marks=pytest.mark.ours),
    pytest.param(["-d", "x.test", "--cert-name", "a/b"], "filepath separator", marks=pytest.mark.ours),
    (["-d", "x.test", "--http-01-port", "443", "--https-port", "443"], "http-01 and https-port on the same port (443)"),
    (["-d", "x.test", "--webroot"], "Too many flags setting"),
    (["-d", "*.x.test", "--allow-subset-of-names"], "wildcard"),
    pytest.param(["-d", "x.test", "--http-01-port", "70000"], "--http-01-port", marks=pytest.mark.ours),
    pytest.param(["-d", "x.test", "-m", "not an address"], "not an address", marks=pytest.mark.ours),
    pytest.param(["-d", "x.test", "-m", "a@"], "a@", marks=pytest.mark.ours),
    pytest.param(["-d", "x.test", "--key-type", "rsa", "--rsa-key-size", "16384"], "16384", marks=pytest.mark.ours),
    pytest.param(["--ip-address", "1.2.3"], "'1.2.3' does not appear to be an IPv4 or IPv6 address",
                 marks=pytest.mark.certbot5),
], ids=lambda v: " ".join(v)[:30] if isinstance(v, list) else "")
def test_bad_input_is_told_before_anything_is_sent(make_client, untouched, args, words, request):
    client = make_client()
    client.server, came = untouched
    failed = client.run(*CERTONLY, *args, status=None)
    assert failed.status in (1, 2), failed
    failed.says(words)
    if request.config.certbot is None:
        assert came == [], "somebody was asked although the input was bad"
    client.store.check([])


def lands(client, *words, status=1, **more):
    """An attempt fails with these words; no lineage comes of it, and nothing is left over."""
    client.http_port = client.http_port or free_port()
    failed = client.certonly(["x.test"], status=status, **more).says(*words)
    client.store.check([])
    assert not is_listening(client.http_port)
    assert "Traceback" not in failed.out
    return failed


def test_nobody_answers(make_client, request):
    client = make_client()
    port = free_port()
    client.server = f"https://localhost:{port}/dir"
    failed = lands(client, "localhost", *([] if request.config.certbot else [str(port)]))
    failed.matches(r"(?i)refused")


def test_no_such_host(make_client):
    client = make_client()
    client.server = "https://ca.invalid/dir"
    lands(client, "ca.invalid")


def test_certificate_of_the_ca_not_trusted(make_client, ca, stranger):
    client = make_client(ca)
    bundle = str(stranger.ca)
    lands(client, env={"SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle}).matches(r"(?i)certificate")
    assert client.store.account_dirs() == []


def test_certificate_of_the_ca_for_another_name(make_client, ca):
    client = make_client(ca)
    client.server = ca.url.replace("localhost", "127.0.0.2")
    lands(client, env={"NO_PROXY": "*"})


def test_no_verify_ssl(make_client, ca, stranger):
    client = make_client(ca)
    bundle = str(stranger.ca)
    client.certonly(["x.test"], "--no-verify-ssl", env={"SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle})
    client.store.check(["x.test"])


@pytest.mark.parametrize("part, words", [
    (hostile.server_error, r"500"),
    (hostile.not_json, r"(?i)json|expecting|decod|directory"),
    (hostile.endless_redirect, r"(?i)redirect"),
    (hostile.hangs_up, r"(?i)connection|closed|empty|aborted|eof"),
], ids=["HTTP 500", "garbage", "redirects", "hangs up"])
def test_hostile_ca(make_client, play, part, words):
    client = make_client()
    server = play(part)
    client.server = server.url
    failed = lands(client)
    failed.matches(words)
    assert server.count >= 1


@pytest.mark.ours
def test_directory_of_wrong_types(make_client, play):
    client = make_client()
    client.server = play(hostile.wrong_types).url
    lands(client, "newNonce")


@pytest.mark.ours
def test_endless_body(make_client, play):
    """Reading stops at a bound."""
    client = make_client()
    server = play(hostile.endless_body)
    client.server = server.url
    lands(client)
    assert server.sent < 64 << 20
    # The largest child so far; with a sanitizer's own memory on top.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 600 * 1024


@pytest.mark.slow
def test_silent_ca(make_client, play):
    """A CA that accepts and says nothing: given up, not waited for for ever."""
    client = make_client()
    client.server = play(hostile.silent).url
    failed = lands(client, timeout=150)
    failed.matches(r"(?i)time|sent nothing for \d+ s")


@pytest.mark.certbot5  # Certbot 2.1 as Debian 12 packages it stumbles over every error document of a CA
@pytest.mark.parametrize("retry_after", [
    "7200", (datetime.datetime.utcnow() + datetime.timedelta(hours=2)).strftime("%a, %d %b %Y %H:%M:%S GMT"),
], ids=["seconds", "date"])
def test_rate_limited(make_client, play, request, retry_after):
    client = make_client()
    client.server = play(hostile.rate_limited(retry_after)).url
    failed = lands(client, "too many certificates already issued for: busy.test")
    if request.config.certbot is None:
        now = time.time()
        days = {time.strftime("%Y-%m-%d", kind(now + 7200)) for kind in (time.localtime, time.gmtime)}
        assert any(day in failed.text for day in days), f"does not say when to try again:\n{failed}"


@pytest.mark.ours
def test_words_of_the_ca_are_made_printable(make_client, play):
    client = make_client()
    client.server = play(hostile.rude_words).url
    failed = lands(client, "red", "words")
    assert not set(failed.text) & {"\x1b", "\x07", "\r"}


def test_challenge_failed(make_client, ca):
    """The CA's words are shown, with the name they are about."""
    client = make_client(ca)
    ca.add_a("lost.test", "127.0.0.98")
    failed = client.certonly(["lost.test", "fine.test"], *ONE_ADDRESS, status=1)
    failed.says("The Certificate Authority reported these problems:", "lost.test", "connection",
                "Some challenges have failed.", "127.0.0.98")
    client.store.check([])
    assert not is_listening(client.http_port)


@pytest.mark.ours
def test_error_has_a_hint(make_client, ca):
    client = make_client(ca)
    ca.add_a("hint.test", "127.0.0.98")
    client.certonly(["hint.test"], *ONE_ADDRESS, status=1).matches(r"(?m)^\s*(Hint|next): +\S+")


def test_subset_of_names(make_client, ca):
    client = make_client(ca)
    ca.add_a("lost.test", "127.0.0.98")
    client.certonly(["fine.test", "lost.test"], "--allow-subset-of-names", *ONE_ADDRESS).says("lost.test")
    client.store.check(["fine.test"])
    assert certs.names(client.store.cert("fine.test")) == ["fine.test"]


@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1"])
def test_port_taken(client, address):
    with socket.create_server((address, client.http_port)):
        options = ["--http-01-address", address] if address != "0.0.0.0" else []
        failed = client.certonly(["x.test"], *options, status=1)
    failed.says(str(client.http_port)).matches("already in use")
    client.store.check([])


@pytest.mark.ours
def test_port_taken_by_whom(client):
    with socket.create_server(("0.0.0.0", client.http_port)):
        client.certonly(["x.test"], status=1).matches(rf"python3?|\b{os.getpid()}\b")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
class TestAsNobody:
    NOBODY = (65534, 65534)

    @pytest.fixture
    def nobody(self, client):
        client.become(*self.NOBODY)
        os.chown(client.tmp, *self.NOBODY)
        def may_run():
            try:
                return subprocess.run([client.program, "--version"], preexec_fn=client._become(),
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
            except OSError:
                return False
        if not may_run():
            pytest.skip(f"other users may not run {client.program}")
        return client

    def test_ordinary_user(self, nobody):
        """All of it works without root when the folders are the user's own."""
        os.chown(nobody.area, *self.NOBODY)
        nobody.certonly(["user.test"])
        nobody.renew("--force-renewal")
        nobody.store.check(["user.test"])

    def test_folder_not_writable(self, nobody):
        failed = nobody.certonly(["x.test"], status=1)
        failed.says("Permission denied",
                    "Either run as root, or set --config-dir, --work-dir, and --logs-dir to writeable paths.")
        assert not nobody.config.exists()

    @pytest.mark.ours
    def test_live_not_writable(self, nobody):
        """Found out before the CA is asked for anything."""
        os.chown(nobody.area, *self.NOBODY)
        nobody.certonly(["one.test"])
        for folder in ("live", "archive"):
            os.chown(nobody.config / folder, 0, 0)
            (nobody.config / folder).chmod(0o755)
        before = nobody.ca.log().count("order-plz")
        nobody.certonly(["two.test"], status=1).says(str(nobody.config)).matches("(?i)permission denied")
        assert nobody.ca.log().count("order-plz") == before
        nobody.store.check(["one.test"])


@pytest.fixture
def small_disk(area):
    """A folder on a file system of 4 MiB of its own."""
    folder = area / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=0755", "tmpfs", folder],
                             stderr=subprocess.DEVNULL) if shutil.which("mount") else None
    if mounted is None or mounted.returncode != 0:
        pytest.skip("no right to mount a file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.ours
def test_disk_full(make_client, new_ca, small_disk):
    """However many pages are left: it works, or it fails with words, and the store is whole."""
    client = make_client(new_ca)
    client.config = client.store.root = small_disk / "conf"
    client.certonly(["first.test"])
    filler = small_disk / "filler"
    for pages in [*range(13), 16, 24, 32, 48, 64, 96, 128, 256, 512]:
        filler.unlink(missing_ok=True)
        disk = os.statvfs(small_disk)
        filler.write_bytes(b"x" * max(0, disk.f_bavail - pages) * disk.f_frsize)
        done = client.certonly(["second.test"], status=None)
        if done.status == 0:
            break
        assert done.status == 1, done
        done.matches("(?i)no space left")
        client.store.check(["first.test"])
    assert pages > 0 and done.status == 0, "full at first, enough in the end"
    client.store.check(["first.test", "second.test"])


@pytest.mark.ours
def test_disk_full_at_renewal(make_client, new_ca, small_disk):
    client = make_client(new_ca)
    client.config = client.store.root = small_disk / "conf"
    client.certonly(["first.test"])
    before = client.store.cert("first.test").serial_number
    disk = os.statvfs(small_disk)
    (small_disk / "filler").write_bytes(b"x" * disk.f_bavail * disk.f_frsize)
    client.renew("--force-renewal", status=1).matches("(?i)no space left")
    client.store.check(["first.test"])
    assert client.store.cert("first.test").serial_number == before
    (small_disk / "filler").unlink()
    client.renew("--force-renewal")
    client.store.check(["first.test"])


def pending(client, *args):
    """Starts a command and waits until the CA has been told to look at a challenge."""
    known = client.ca.log().count("chalZ/ -> calling handler")
    process = client.start(*args)
    wait_for(lambda: process.poll() is not None or client.ca.log().count("chalZ/ -> calling handler") > known,
             what="the challenge")
    assert process.poll() is None, client.finish(process, None)
    return process


@pytest.mark.ours
@pytest.mark.parametrize("same_store", [True, False], ids=["in one store", "in two stores"])
def test_two_runs_with_standalone_at_once(make_client, sleepy_ca, same_store):
    """The second waits until the first, whose challenge the CA is slow to look at, listens no more."""
    first, second = make_client(sleepy_ca), make_client(sleepy_ca)
    if same_store:
        second.config = second.store.root = first.config
    first.register()
    if not same_store:
        second.register()
    one = pending(first, *CERTONLY, "-d", "slow.test")
    two = second.start(*CERTONLY, "-d", "two.test")
    wait_for(lambda: two.poll() is not None or "another run that answers on port" in second.log(), what="the second to wait")
    assert two.poll() is None and one.poll() is None
    one.send_signal(signal.SIGINT)
    first.finish(one, 1)
    wait_for(lambda: two.poll() is not None or "Waiting for verification" in second.log(), what="the second to listen")
    assert two.poll() is None and is_listening(second.http_port)
    two.send_signal(signal.SIGINT)
    second.finish(two, 1).says("Waiting up to", "evercert-net", "another run that answers on port", "Exiting due to user request.")


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 1), (signal.SIGTERM, -signal.SIGTERM)],
                         ids=["SIGINT", "SIGTERM"])
def test_interrupted_while_a_challenge_is_pending(make_client, sleepy_ca, number, status):
    client = make_client(sleepy_ca)
    process = pending(client, *CERTONLY, "-d", "slow.test")
    assert is_listening(client.http_port)
    process.send_signal(number)
    stopped = client.finish(process, status)
    if number == signal.SIGINT:
        stopped.says("Exiting due to user request.")
    assert not is_listening(client.http_port)
    client.store.check([], lock_may_stay=status < 0)


def test_ctrl_c_reaches_the_whole_group(make_client, sleepy_ca):
    """A terminal sends SIGINT to every process of the foreground, the network process included."""
    client = make_client(sleepy_ca)
    process = pending(client, *CERTONLY, "-d", "slow.test")
    os.killpg(process.pid, signal.SIGINT)
    client.finish(process, 1).says("Exiting due to user request.")
    assert not is_listening(client.http_port)
    client.store.check([])


def test_interrupted_webroot_leaves_no_file(make_client, sleepy_ca, area, start_nginx):
    client = make_client(sleepy_ca)
    root = area / "www"
    root.mkdir()
    start_nginx(client.http_port, {"slow.test": root})
    process = pending(client, "certonly", "-n", "--agree-tos", "--register-unsafely-without-email", "--webroot", "-w",
                      root, "-d", "slow.test")
    assert list((root / ".well-known" / "acme-challenge").iterdir())
    process.send_signal(signal.SIGINT)
    client.finish(process, 1)
    assert list(root.iterdir()) == []
    client.store.check([])


def test_killed_outright_does_not_block_the_next(make_client, sleepy_ca, new_ca):
    """After SIGKILL the lock file stays, unlocked; the next run takes over."""
    client = make_client(sleepy_ca)
    process = pending(client, *CERTONLY, "-d", "slow.test")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_for(lambda: session_members(process.pid) == [], what="the end of all processes")
    for path in client.tmp.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    client.ca, client.server, client.http_port = new_ca, new_ca.url, new_ca.http_port
    client.certonly(["slow.test"])
    client.store.check(["slow.test"])


def test_two_at_once(make_client, sleepy_ca, pytestconfig):
    """Certbot refuses any other run, ours one that is about the same certificate."""
    client = make_client(sleepy_ca)
    process = pending(client, *CERTONLY, "-d", "slow.test")
    try:
        if pytestconfig.certbot is None:
            client.run("certificates").says("No certificates found")
            client.run(*CERTONLY, "-d", "slow.test", "--lock-timeout", "0", status=1).says(
                f"process {process.pid} (", "is busy with the certificate slow.test")
        else:
            client.run("certificates", status=1).says("Another instance of Certbot is already running")
    finally:
        process.terminate()
        client.finish(process, None)


@pytest.mark.ours
def test_why_the_ca_could_not_verify_is_explained(new_client):
    """For each name what the CA saw, what that means and what to try; with -q the error has it of the first name."""
    args = ["certonly", "-n", "--standalone", "-d", "a.test", "-d", "b.test", "--http-01-port", "1"]
    new_client.register()
    said = new_client.run(*args, status=1)
    assert re.findall(r"^  (\w+): +(\S+)", said.out, re.M)[::5] == [("Identifier", "a.test"), ("Identifier", "b.test")]
    assert said.out.count("  Means:  ") == said.out.count("  Try:    ") == 2
    quiet = new_client.run(*args, "-q", status=1)
    assert quiet.out == ""
    assert re.search(r"Some challenges have failed. a.test \(and 1 more\): .*refused", " ".join(quiet.err.split())), quiet.err
    quiet.says("next:")
