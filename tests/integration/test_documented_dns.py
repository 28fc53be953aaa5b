"""What docs/dns.md and docs/dns-scripts.md tell people to type, typed: commands and files as they stand there, on a machine of its own."""
import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import certs
import pytest
from conftest import programs_of
from own_folders import own_folders
from own_network import own_network
from peers.bind import Bind, Zone
from peers.pebble import Pebble

DOCS = Path(__file__).resolve().parents[2] / "docs"
NAME_SERVER = "192.0.2.53"
pytestmark = [pytest.mark.ours, pytest.mark.any_compiler, pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="mounts, and a network of its own")]

# For dns-scripts.md: a script by acme.sh's protocol that changes the zone as whoever is on this machine may, and wants its settings.
SCRIPT = r"""#!/usr/bin/env sh
dns_cf_add() { _change "update add $1. 1 TXT \"$2\"" && _info "added"; }
dns_cf_rm() { _change "update delete $1. TXT \"$2\"" && _info "removed"; }
_change() {
  [ "$CF_Token/$CF_Account_ID" = "0123456789abcdef/fedcba9876543210" ] || return 1
  printf 'server 127.0.0.1\n%s\nsend\n' "$1" | nsupdate
}
"""


def blocks(document):
    """Its blocks of code: those between fences, and those that are set in by four blanks."""
    text = (DOCS / document).read_text()
    fence = re.compile(r"^```\n(.*?)^```", re.M | re.S)
    return fence.findall(text) + re.findall(r"(?:^    .*\n)+", fence.sub("", text), re.M)


def commands(document):
    return [line[4:] for block in blocks(document) for line in block.splitlines() if re.match("    (sudo )?evercert ", line)]


def block_with(document, word):
    block, = (block for block in blocks(document) if word in block)
    return block


class Machine:
    def __init__(self, area, program, trust, programs):
        self.area, self.trust, self.stack = area, trust, contextlib.ExitStack()
        subprocess.run(["ip", "addr", "add", f"{NAME_SERVER}/32", "dev", "lo"], check=True)
        (area / "bin").mkdir()
        for name, line in ("evercert", f'exec {program} "$@"'), ("sudo", 'exec "$@"'):
            (area / "bin" / name).write_text(f"#!/bin/sh\n{line}\n")
            (area / "bin" / name).chmod(0o755)
        for folder in ("/etc/letsencrypt", "/var/lib/letsencrypt", "/var/log/letsencrypt"):
            shutil.rmtree(folder, ignore_errors=True)
        Path("/etc/letsencrypt").mkdir()
        Path("/etc/resolv.conf").unlink()
        Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
        self.ca = Pebble(area / "pebble", programs, trust, dns_server="127.0.0.1:53").start()
        self.stack.callback(self.ca.stop)
        Path("/etc/letsencrypt/cli.ini").write_text(
            f"server = {self.ca.url}\nnon-interactive = true\nagree-tos = true\nregister-unsafely-without-email = true\n")

    def names(self, zones=(), **more):
        self.bind = Bind(self.area / "bind", zones, port=53, addresses=["127.0.0.1", NAME_SERVER], **more).start()
        self.stack.callback(self.bind.stop)

    def try_to_type(self, command):
        """Its exit status, and what it has said."""
        env = {"PATH": f"{self.area}/bin:{os.environ['PATH']}", "REQUESTS_CA_BUNDLE": str(self.trust.ca), "HOME": str(self.area)}
        said = subprocess.run(["sh", "-c", command], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        return said.returncode, said.stdout

    def type(self, command):
        status, said = self.try_to_type(command)
        assert status == 0, f"$ {command}\n{said}"
        return said


@pytest.fixture
def machine(area, request, trust):
    with own_network(), own_folders(area, "/etc", "/var/lib", "/var/log", "/usr/local"):
        made = Machine(area, request.config.program, trust, programs_of("new"))
        with made.stack:
            yield made


def write(path, text):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def names_in(lineage):
    return set(certs.names(certs.load_chain(Path(f"/etc/letsencrypt/live/{lineage}/cert.pem").read_bytes())[0]))


def test_dns(machine):
    key = machine.type(re.search(r"`(tsig-keygen [^`]*)`", (DOCS / "dns.md").read_text())[1])
    secret = re.search(r'secret "([^"]*)"', key)[1]
    named = block_with("dns.md", "update-policy { grant certs. name")
    credentials = block_with("dns.md", "dns_rfc2136_secret")
    assert key.split()[:2] == named.split()[:2], "the key that was made has the name of the one in named.conf"
    write(re.search(r'file "([^"]*)"', named)[1], Zone("example.org", address=NAME_SERVER).text())
    machine.names(statements=named.replace("mPjTjXlR...", secret))
    write("/etc/letsencrypt/dns.ini", credentials.replace("mPjTjXlR...", secret))
    command, = commands("dns.md")
    machine.type(command)
    assert names_in("example.org") == {"example.org", "*.example.org"}
    assert machine.bind.values("_acme-challenge.example.org") == set()


def test_dns_scripts(machine):
    machine.names([Zone("example.com", options="allow-update { 127.0.0.0/8; };", address=NAME_SERVER)])
    settings = "".join(line[4:] + "\n" for line in block_with("dns-scripts.md", "CF_Token=").splitlines())
    first, trial = commands("dns-scripts.md")
    write(re.match("# (/[^,]*)", settings)[1], settings)
    write(re.search(r"--dns-script (\S*)", first)[1], SCRIPT).chmod(0o755)
    machine.type(first)
    assert names_in("example.com") == {"*.example.com"}
    renewal = Path("/etc/letsencrypt/renewal/example.com.conf").read_bytes()
    said = machine.type(trial)
    assert "dns_cf.sh: added" in said and "dns_cf.sh: removed" in said and "The dry run was successful" in said
    assert Path("/etc/letsencrypt/renewal/example.com.conf").read_bytes() == renewal
    assert machine.bind.values("_acme-challenge.example.com") == set()
    assert "dns-hetzner" in machine.type(re.search(r"`(evercert plugins dns)`", (DOCS / "dns-scripts.md").read_text())[1])
