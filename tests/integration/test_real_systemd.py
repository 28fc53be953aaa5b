"""The units under a real systemd, in namespaces of its own, with a layer of its own over the files of this machine: nothing of the
machine's is started or changed. What is run there is what `schedule install` has put in place there.
"""
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from apache_sites import site
from client import wait_for
from cryptography.hazmat.primitives.serialization import Encoding
from peers.apache_host import SYSTEM, ApacheHost
from peers.nginx_host import NginxHost
from peers.ports import is_listening

pytestmark = pytest.mark.ours

NAME = "a.test"
SYSTEMD = "/lib/systemd/systemd"

# Runs in new namespaces of processes, mounts and control groups, up to process 1. Only units of ours are found.
BOOT = """
set -e
mount --make-rprivate /
mkdir -p "$1/layer" && mount -t tmpfs tmpfs "$1/layer" && cd "$1/layer" && mkdir up work m
mount -t overlay overlay -o lowerdir=/,upperdir=up,workdir=work m
mount -t proc proc m/proc; mount -t tmpfs tmpfs m/run; mount -t sysfs sysfs m/sys
mount --rbind "$1" "m$1"; mount --rbind /tmp m/tmp
mount -t cgroup2 cgroup2 m/sys/fs/cgroup
mount -t tmpfs tmpfs m/dev
for name in null zero full random urandom tty; do touch m/dev/$name; mount --bind /dev/$name m/dev/$name; done
mkdir m/dev/shm m/dev/pts m/dev/mqueue m/dev/hugepages m/old; ln -s /proc/self/fd m/dev/fd; ln -s pts/ptmx m/dev/ptmx
mount -t devpts -o newinstance,ptmxmode=0666 devpts m/dev/pts
touch m/dev/console "$1/console"; mount --bind "$1/console" m/dev/console
mount -t tmpfs tmpfs m/etc/systemd
mkdir -p m/etc/systemd/system
for target in timers sysinit basic shutdown multi-user network-online time-set time-sync; do
    printf '[Unit]\\nDefaultDependencies=no\\n' >m/etc/systemd/system/$target.target
done
mkdir m/etc/systemd/system/service.d # of every service; there is no journal
printf '[Service]\\nStandardOutput=append:%s\\nStandardError=inherit\\n' "$1/console" >m/etc/systemd/system/service.d/out.conf
cd m; pivot_root . old; umount -l /old
exec env -i container=test PATH="$PATH" SYSTEMD_LOG_TARGET=console SYSTEMD_UNIT_PATH=/etc/systemd/system \
    SYSTEMD --system --unit=timers.target
""".replace("SYSTEMD ", SYSTEMD + " ")


class Machine:
    def __init__(self, folder):
        self.folder = folder
        (folder / "boot").write_text(BOOT)
        self.log = open(folder / "boot.log", "wb")
        self.outer = subprocess.Popen(["unshare", "--pid", "--mount", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child",
                                       "sh", folder / "boot", folder], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.one = wait_for(self._child, 60, "process 1")
            wait_for(lambda: self.run("systemctl", "list-units", "--no-pager").returncode == 0, 60, "systemd")
        except AssertionError:
            self.stop()
            pytest.skip(f"systemd does not start in namespaces here: {(folder / 'boot.log').read_text(errors='replace')[-300:]}")

    def _child(self):
        path = Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children")
        return path.exists() and path.read_text().split()[:1] or None

    def run(self, *words, env=None):
        return subprocess.run(["nsenter", "-t", self.one[0], "-m", "-p", "-i", "-C", *map(str, words)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env, timeout=120)

    def must(self, *words, **more):
        said = self.run(*words, **more)
        assert said.returncode == 0, f"{words}: {said.stdout}\n{(self.folder / 'console').read_text(errors='replace')[-3000:]}"
        return said.stdout

    def show(self, unit, what):
        return self.must("systemctl", "show", "--value", "-p", what, unit).strip()

    def unit(self, name, *lines):
        """A service, or what is added to one."""
        text = self.folder / "unit"
        text.write_text("\n".join(["[Service]", *map(str, lines), ""]))
        self.must("mkdir", "-p", Path("/etc/systemd/system", name).parent)
        self.must("cp", text, f"/etc/systemd/system/{name}")
        self.must("systemctl", "daemon-reload")

    def stop(self):
        self.outer.kill()
        self.outer.wait()
        self.log.close()


@pytest.fixture
def machine():
    if os.geteuid() != 0 or not Path(SYSTEMD).exists() or shutil.which("nsenter") is None:
        pytest.skip("root and systemd are needed")
    folder = Path(tempfile.mkdtemp(prefix="evercert-machine-", dir="/var/lib"))  # /tmp is another one in the units
    made = Machine(folder)
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def empty_store(machine, new_client):
    """Where both the machine and we see it."""
    new_client.config, new_client.work, new_client.logs = (machine.folder / name for name in ("conf", "work", "logs"))
    new_client.store.root = new_client.config
    return new_client


@pytest.fixture
def store(machine, empty_store):
    """A certificate that is due, with a hook that does what hooks do, and what none may."""
    client = empty_store
    hook = machine.folder / "hook"
    hook.write_text("#!/bin/sh\nset -e\ncp $RENEWED_LINEAGE/fullchain.pem /etc/deployed.pem\nsystemctl is-active timers.target\n"
                    "! touch /usr/not-here\n! touch /etc/systemd/system/not-here\n")
    hook.chmod(0o755)
    client.certonly([NAME])
    make_due(client, f"renew_hook = {hook}")
    return client


def make_due(client, more=""):
    path = client.store.renewal(NAME)
    path.write_text("renew_before_expiry = 2159 hours, 59 minutes, 58 seconds\n"
                    + path.read_text().replace("[renewalparams]", f"[renewalparams]\n{more}"))
    time.sleep(3)


def schedule(machine, client, *words):
    env = client.environment()
    env.pop("XDG_CONFIG_HOME")
    return machine.must(client.program, "schedule", *words, "--config-dir", client.config, "--work-dir", client.work, "--logs-dir",
                        client.logs, env=env)


def trusting(machine, client, unit):
    """The test's CA is trusted by a file beside the unit: as an administrator would have it. (The search for leaks is a
    debugger, which the unit does not let be.)"""
    machine.unit(f"{unit}.d/test.conf", f"Environment=SSL_CERT_FILE={client.trust.ca} HOME=/root ASAN_OPTIONS=detect_leaks=0", "PrivateTmp=no")


def escaped(path):
    return subprocess.run(["systemd-escape", "--path", path], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def check_renewed(machine, client, first):
    assert client.store.cert(NAME).serial_number != first
    assert machine.must("cat", "/etc/deployed.pem").encode() == client.store.live(NAME, "fullchain").read_bytes()
    said = client.log() + "".join(p.read_text() for p in client.logs.glob("letsencrypt.log.*"))
    assert "The network process is locked in: user" in said and "a filter of system calls" in said


def test_timer(machine, store):
    first = store.store.cert(NAME).serial_number
    said = schedule(machine, store, "install")
    assert "Wrote" in said, said
    name = said.split("(")[-1].split(")")[0]
    assert name == f"evercert-renew-{escaped(store.config)}"
    assert machine.show(f"{name}.timer", "ActiveState") == "active"
    assert machine.show(f"{name}.timer", "NextElapseUSecRealtime") != ""
    trusting(machine, store, f"{name}.service")
    machine.must("systemctl", "start", f"{name}.service")
    assert machine.show(f"{name}.service", "Result") == "success"
    check_renewed(machine, store, first)
    assert "runs Evercert" in schedule(machine, store, "status")
    schedule(machine, store, "remove")
    assert machine.run("systemctl", "is-active", f"{name}.timer").returncode != 0


def test_daemon(machine, store):
    first = store.store.cert(NAME).serial_number
    unit = f"evercert-{escaped(store.config)}.service"
    trusting(machine, store, unit)
    assert unit in schedule(machine, store, "install", "daemon")  # which returns when it has said that it is ready
    wait_for(lambda: store.store.cert(NAME).serial_number != first, what="the renewal")
    wait_for(lambda: machine.show(unit, "StatusText").startswith("Next run at"), what="its status")
    check_renewed(machine, store, first)
    machine.must("systemctl", "reload", unit)
    assert machine.show(unit, "ActiveState") == "active"
    machine.must("systemctl", "stop", unit)
    assert machine.show(unit, "Result") == "success"


def test_what_a_hook_starts_goes_on(machine, store):
    """A server that is started by a hook outlives the run that did it; and the next run begins all the same."""
    hook = machine.folder / "hook"
    hook.write_text("#!/bin/sh\nsetsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $! >>/run/started\n")
    unit = schedule(machine, store, "install").split("(")[-1].split(")")[0] + ".service"
    trusting(machine, store, unit)
    machine.must("systemctl", "start", unit)
    assert machine.show(unit, "Result") == "success" and machine.show(unit, "ActiveState") == "inactive"
    machine.must("sh", "-c", "kill -0 $(cat /run/started)")
    time.sleep(3)  # until it is due again
    machine.must("systemctl", "start", unit)
    assert len(machine.must("cat", "/run/started").split()) == 2
    machine.must("sh", "-c", "kill $(cat /run/started)")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_a_web_server(machine, empty_store, new_ca, kind):
    """The server is a service of its own, which the timer's changes for its proofs, tests and reloads, from behind its walls."""
    if kind == "apache" and not SYSTEM.exists():
        pytest.skip("no Apache here")
    client, host = empty_store, {"nginx": NginxHost, "apache": ApacheHost}[kind](machine.folder / "web", http=new_ca.http_port)
    listen = {"nginx": "server {\n    listen 127.0.0.1:HTTP;\n    server_name a.test;\n    root HOME/www;\n}\n", "apache": site(NAME)}[kind]
    host.write("a", listen)
    host.control.write_text(host.control.read_text().replace("APACHE_ULIMIT_MAX_FILES=true", ""))  # which may do less there than elsewhere
    machine.folder.chmod(0o755)  # its workers are somebody else
    host.start()
    try:
        client.run("run", "-n", f"--{kind}", *host.options(), "--agree-tos", "--register-unsafely-without-email", "-d", NAME)
    finally:
        host.stop()
    command = [shutil.which(str(host.command()[0])), *host.command()[1:], *host.START]
    machine.unit("web.service", "Type=forking", "Environment=APACHE_STARTED_BY_SYSTEMD=true", "ExecStart=" + " ".join(map(str, command)), f"PIDFile={host.home / host.PID_FILE}")
    machine.must("systemctl", "start", "web.service")
    wait_for(lambda: is_listening(host.https), what="the server")
    first, before = client.store.cert(NAME).serial_number, host.snapshot()
    make_due(client)
    unit = schedule(machine, client, "install").split("(")[-1].split(")")[0] + ".service"
    trusting(machine, client, unit)
    machine.must("systemctl", "start", unit)
    assert machine.show(unit, "Result") == "success"
    assert client.store.cert(NAME).serial_number != first and host.snapshot() == before
    assert host.certificate(NAME) == client.store.cert(NAME).public_bytes(Encoding.DER)
    assert machine.show("web.service", "ActiveState") == "active"
