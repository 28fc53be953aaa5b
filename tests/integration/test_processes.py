"""The process that talks to the network: what it knows, what it may do, and what happens when it is gone."""
import base64
import errno
import json
import os
import shutil
import signal
import subprocess
import sys

import certs
import pytest
from client import wait_for
from peers import processes
from peers.ports import is_listening

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc of Linux")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into the process")

NETWORK_PROGRAM = "evercert-net"


def network_process(pid):
    return next((p for p in processes.descendants(pid) if processes.program(p) == NETWORK_PROGRAM), None)


@pytest.fixture
def renewing(make_client, new_ca, sleepy_ca):
    """A client in the middle of a renewal that waits for validation: (client, its process, the network process)."""
    client = make_client(new_ca)
    client.certonly(["secret.test", "www.secret.test"])
    client.ca, client.server, client.http_port = sleepy_ca, sleepy_ca.url, sleepy_ca.http_port
    client.register()
    process = client.start("renew", "--cert-name", "secret.test", "--force-renewal")
    wait_for(lambda: process.poll() is not None or is_listening(client.http_port), what="the responder")
    assert process.poll() is None, client.finish(process, None)
    yield client, process, wait_for(lambda: network_process(process.pid), what="the network process")
    if process.poll() is None:
        process.kill()
    process.communicate()


def key_forms(number, least=16):
    """A secret number as memory may hold it: big-endian, little-endian (OpenSSL's own), base64, hex, decimal."""
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    assert len(raw) >= least
    # base64 depends on the position modulo 3 in what is encoded; the middle of each form does not.
    inside = [base64.b64encode(b"\0" * shift + raw)[4 if shift else 0:-4] for shift in range(3)]
    return {raw, raw[::-1], *inside, *(part.replace(b"+", b"-").replace(b"/", b"_") for part in inside),
            raw.hex().encode(), raw.hex().upper().encode(), str(number).encode()}


def key_secrets(key):
    numbers = key.private_numbers()
    secrets = [numbers.private_value] if hasattr(numbers, "private_value") else [numbers.d, numbers.p, numbers.q]
    return {form for number in secrets for form in key_forms(number)}


def jwk_secrets(jwk):
    members = [jwk[m] for m in ("d", "p", "q") if m in jwk]
    numbers = [int.from_bytes(base64.urlsafe_b64decode(m + "=" * (-len(m) % 4)), "big") for m in members]
    return {m.encode() for m in members} | {form for number in numbers for form in key_forms(number)}


def pem_lines(path):
    """The lines of a PEM file long enough to be found by chance never."""
    return {line for line in path.read_bytes().splitlines() if len(line) == 64}


def all_secrets(client):
    found = set()
    for path in [p for part in ("archive", "live") for p in (client.config / part).rglob("privkey*.pem")]:
        found |= key_secrets(certs.load_key(path.read_bytes())) | pem_lines(path)
    for path in client.config.glob("accounts/**/private_key.json"):
        found |= jwk_secrets(json.loads(path.read_text()))
    return found


def secrets_in(pieces, secrets):
    return [secret for piece in pieces for secret in secrets if secret in piece]


@needs_root
def test_secrets_are_found_where_they_are(make_client, new_ca, area):
    """The search below can find: a process that does hold the keys is found out."""
    client = make_client(new_ca)
    client.certonly(["secret.test"])
    holder = subprocess.Popen(["/usr/bin/python3", "-c", "import sys; d = [open(p, 'rb').read() for p in sys.argv[1:]];"
                               "print('read', flush=True); sys.stdin.read()",
                               client.store.live("secret.test", "privkey"),
                               client.store.account_dirs()[0] / "private_key.json"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        holder.stdout.readline()
        pieces = list(processes.memory(holder.pid))
        assert secrets_in(pieces, pem_lines(client.store.live("secret.test", "privkey")))
        jwk = json.loads((client.store.account_dirs()[0] / "private_key.json").read_text())
        assert secrets_in(pieces, jwk_secrets(jwk))
    finally:
        holder.communicate()


class Gate:
    """A hook that waits: `here` appears when the client has come to it, `open()` lets it go on."""

    def __init__(self, area, name):
        self.here, self.go = area / f"{name}.here", area / f"{name}.go"
        self.hook = area / f"{name}.sh"
        self.hook.write_text(f"#!/bin/sh\n: > {self.here}\nuntil [ -e {self.go} ]; do sleep 0.05; done\n")
        self.hook.chmod(0o755)

    def wait(self, process):
        wait_for(lambda: self.here.exists() or process.poll() is not None, what=f"the hook {self.hook.name}")
        assert self.here.exists()

    def open(self):
        self.go.touch()


@needs_root
@pytest.mark.ours
def test_no_private_key_in_the_network_process(make_client, start_pebble, area):
    """Keys of accounts and certificates, old ones and the one being certified, in any form, at two moments: while a
    challenge is being prepared (account key in use, new key made) and when the certificate has been deployed."""
    client = make_client(start_pebble("new", "trusting", always_valid=True))
    authenticate, deploy = Gate(area, "authenticate"), Gate(area, "deploy")
    for options in ([], ["--key-type", "rsa", "--cert-name", "rsa.secret.test"]):
        client.certonly(["secret.test", "www.secret.test"], "--duplicate", *options, "--manual-auth-hook", "true",
                        authenticator="--manual")
    pieces = []
    client.give_up_authorizations()
    process = client.start("renew", "--cert-name", "rsa.secret.test", "--force-renewal", "--manual-auth-hook",
                           authenticate.hook, "--deploy-hook", deploy.hook)
    try:
        for gate in (authenticate, deploy):
            gate.wait(process)
            net = network_process(process.pid)
            assert net or gate is deploy, "no network process in the middle of an order"
            if net:
                pieces += processes.memory(net)
            gate.open()
            authenticate.here.unlink(missing_ok=True)
    finally:
        authenticate.open()
        deploy.open()
    client.finish(process)

    assert client.store.versions("rsa.secret.test") == [1, 2]
    assert sum(map(len, pieces)) > 100_000
    assert secrets_in(pieces, {b"secret.test"}), "what it must know is there: the right memory was read"
    secrets = all_secrets(client)
    assert len(secrets) > 50
    assert secrets_in(pieces, secrets) == []


@pytest.mark.ours
def test_network_process_is_locked_in(renewing):
    client, process, net = renewing
    status = processes.status(net)
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == int(status["CapInh"], 16) == 0
    if os.geteuid() == 0:
        assert "0" not in status["Uid"].split() + status["Gid"].split()
        assert "0" not in status["Groups"].split()
    assert processes.children(net) == []


@needs_root
@pytest.mark.ours
def test_network_process_holds_no_file_of_ours(renewing):
    client, process, net = renewing
    held = [path for path in processes.open_files(net) if path.startswith(str(client.area))]
    assert held == []


@needs_root
@pytest.mark.ours
def test_permissions_alone_keep_the_network_process_out(renewing):
    """Even without Landlock: its user may open nothing private under the configuration."""
    client, process, net = renewing
    uid, gid = (int(processes.status(net)[field].split()[1]) for field in ("Uid", "Gid"))
    secret = [p for p in client.config.rglob("*") if p.name.startswith(("privkey", "private_key"))]
    assert len(secret) >= 3  # two accounts, one certificate

    def try_all():
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    tried = subprocess.run(["/usr/bin/python3", "-c", "import sys\nfor p in sys.argv[1:]:\n try: open(p); print(p)\n"
                            " except PermissionError: pass", *secret], preexec_fn=try_all, stdout=subprocess.PIPE, check=True)
    assert tried.stdout == b""


needs_calls = pytest.mark.skipif(not processes.can_call, reason="knows the registers of x86-64 Linux only")


@needs_calls
@needs_root
def test_probe_opens_what_may_be_opened(area):
    """The probe below tells the truth: an ordinary process gets a descriptor, or the plain error."""
    target = area / "file"
    target.write_text("x")
    victim = subprocess.Popen(["sleep", "60"])
    try:
        with processes.Tracer(victim.pid) as tracer:
            assert tracer.open(target) >= 0
            assert tracer.open(area / "nothing") == -errno.ENOENT
        assert victim.poll() is None, "and goes on as if nothing had been"
    finally:
        victim.kill()
        victim.wait()


@needs_calls
@needs_root
@pytest.mark.ours
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR | os.O_CREAT],
                         ids=["read", "write", "create"])
def test_network_process_cannot_open_a_file_under_the_config_dir(renewing, flags):
    """It is made to try, as code injected into it would, on a file that everybody else may open."""
    client, process, net = renewing
    client.config.chmod(0o755)
    target = client.config / "everybody"
    target.write_text("for all")
    target.chmod(0o666)
    victim = client.config / "new" if flags & os.O_CREAT else target
    try:
        with processes.Tracer(net) as tracer:
            result = tracer.open(victim, flags)
        assert result in (-errno.EACCES, -errno.EPERM, -errno.ENOSYS), result
    except processes.Died as died:
        assert died.args[0] == signal.SIGSYS
    finally:
        target.unlink()
    assert not (client.config / "new").exists()


@pytest.mark.ours
def test_network_process_killed(renewing):
    """The command ends at once with a clear error; the lineage is what it was."""
    client, process, net = renewing
    before = {p: p.read_bytes() for p in client.config.rglob("*") if p.is_file() and p.name != ".certbot.lock"}
    os.kill(net, signal.SIGKILL)
    done = client.finish(process, 1)
    done.matches("(?i)network process")
    client.store.check(["secret.test"])
    shutil.rmtree(client.config / "failures")  # that it failed
    assert {p: p.read_bytes() for p in client.config.rglob("*") if p.is_file()} == before
    assert not is_listening(client.http_port)


@pytest.mark.ours
def test_network_process_stopped_from_the_start(make_client, new_ca, area):
    """A helper that cannot be started, or dies at once: a clear error, nothing made."""
    client = make_client(new_ca)
    lonely = area / "bin"
    lonely.mkdir()
    client.program = shutil.copy(client.program, lonely / "evercert")
    client.certonly(["x.test"], status=1).matches("(?i)network process|evercert-net")
    client.store.check([])


@pytest.mark.ours
def test_parent_killed_takes_the_network_process_along(renewing):
    client, process, net = renewing
    process.kill()
    process.wait()
    wait_for(lambda: processes.program(net) == "", what="the end of the network process")
    wait_for(lambda: not is_listening(client.http_port), what="the end of the responder")


@needs_root
@pytest.mark.ours
def test_memory_of_the_privileged_process_is_nobodys(make_client, start_pebble, area):
    """Who runs as the same user may neither debug it nor find a core file: the kernel gives its files in /proc to root."""
    client = make_client(start_pebble("new", "trusting", always_valid=True))
    gate = Gate(area, "wait")
    area.chmod(0o777)
    for path in (client.config, client.work, client.logs, client.tmp):
        path.mkdir(exist_ok=True)
        os.chown(path, 54320, 54320)
    client.become(54320, 54320)
    process = client.start("certonly", "-n", "--manual", "--manual-auth-hook", gate.hook, "-d", "m.test", "--agree-tos",
                           "--register-unsafely-without-email")
    try:
        gate.wait(process)
        assert processes.status(process.pid)["Uid"].split()[1] == "54320"
        assert os.stat(f"/proc/{process.pid}/environ").st_uid == 0
        hooks = [p for p in processes.children(process.pid) if processes.program(p) != NETWORK_PROGRAM]
        assert hooks and os.stat(f"/proc/{hooks[0]}/environ").st_uid == 54320, "what it starts is as ever"
    finally:
        gate.open()
    client.finish(process)


@pytest.mark.ours
def test_doctor_tells_how_the_network_process_is_protected(make_client):
    client = make_client()
    text = client.run("doctor").matches(r"The network process is locked in: user \d+, .*system calls").out
    assert client.run("doctor", "--json").json()["network_process"] in text


@needs_root
@pytest.mark.ours
@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
def test_root_without_capabilities(new_client, monkeypatch):
    """As in a container that has dropped them all: it stays root, Landlock protects, and that is said."""
    if "Landlock (version" not in new_client.run("doctor").out:
        pytest.skip("this kernel has no Landlock")
    plain = new_client.argv
    monkeypatch.setattr(new_client, "argv", lambda *args: ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *plain(*args)])
    new_client.certonly(["bare.test"]).says("fewer protections than usual: user 0, Landlock", "it stays root: Operation not permitted")
    new_client.run("doctor").says("user 0, Landlock", "it stays root")
    new_client.store.check(["bare.test"])


@pytest.mark.ours
def test_doctor_finds_a_network_process_that_does_not_start(make_client, area):
    client = make_client()
    lonely = area / "bin"
    lonely.mkdir()
    client.program = shutil.copy(client.program, lonely / "evercert")
    client.run("doctor", status=1).says("1 remain(s)", "The network process does not work", "install Evercert again")
    said = client.run("doctor", "--json", status=1).json()
    assert not said["healthy"] and "missing" in said["network_failure"]
