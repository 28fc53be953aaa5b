"""What docs/security-guide.md tells people to type, typed: each command of ours as it stands there, on a machine of its own that has one
certificate."""
import os
import re
import shutil
from pathlib import Path

import pytest
from client import SANITIZER
from peers.bind import Zone
from test_documented_dns import machine  # noqa: F401 (a fixture)

pytestmark = [pytest.mark.ours, pytest.mark.any_compiler,
              pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="mounts, and a network of its own")]

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "security-guide.md").read_text()
WORDS = {"NAME": "example.com", "ADDRESS": "192.0.2.53", "FILE": "HERE/file", "FROM": "HERE/copy", "/tmp/try": "HERE/try"}
# What is not typed here, and why.
ELSEWHERE = {
    "evercert daemon": "goes on and on: test_daemon.py",
    "evercert ct": "asks again for a minute where nobody answers: test_transparency.py",
    "evercert ct -q": "the same",
    "evercert audit verify --journal": "asks the log of this machine: test_audit.py",
    "evercert schedule install": "changes what systemd does: test_real_systemd.py",
    "evercert audit verify --journal": "asks the journal of this machine: test_audit.py",
    "evercert --nginx": "needs a server: test_nginx_install.py",
    "evercert --apache": "needs a server: test_apache_install.py",
}
# What does not end with 0 on such a machine, which has no server and nobody outside, and what it says then.
FAILS = {
    "evercert preflight": "port-refused",
    "evercert ip": "No public address was found",
    "evercert doctor --online": "problem(s) remain",
    "evercert watch": "refused",
    "evercert incident key-compromise": "add --yes",
    "evercert daemon health": "no daemon is at work",
    "evercert backup restore HERE/copy --config-dir": "Restore this?",
    "evercert revoke --cert-name 192.0.2.53": "192.0.2.53",
}


def commands():
    """As they stand there, each once; what revokes comes last."""
    found = re.findall(r"`(?:[0-9*/]+ )*(evercert [^`|\\]*)[^`]*`|^    (evercert [^#\n]*)", TEXT, re.M)
    found = [(in_line or in_block).strip() for in_line, in_block in found]
    return sorted(dict.fromkeys(found), key=lambda command: " revoke" in command)


def typed(command, area):
    for word, meaning in WORDS.items():
        command = re.sub(rf"(?<!\w){word}\b", meaning, command)
    return command.replace("HERE", str(area))


def test_each_command(machine, area):  # noqa: F811
    machine.names([Zone("example.com", "@ A 192.0.2.53\nwww A 192.0.2.53")])
    with open("/etc/letsencrypt/cli.ini", "a") as settings:
        settings.write(f"http-01-port = {machine.ca.http_port}\nnotify = command:/bin/true\nno-random-sleep-on-renew = true\n")
    machine.type("evercert certonly --standalone -d example.com")
    machine.type(f"cp -a /etc/letsencrypt {area}/copy")
    wrong = []
    for command in commands():
        if command in ELSEWHERE:
            continue
        (area / "file").write_text("www.example.com\n")
        (area / "file").chmod(0o600)
        command = typed(command, area)
        status, said = machine.try_to_type(command)
        expected = next((words for start, words in FAILS.items() if command.startswith(start.replace("HERE", str(area)))), None)
        if (status == 0) != (expected is None) or (expected or "") not in " ".join(said.split()) or SANITIZER.search(said):
            wrong.append(f"$ {command}\n[{status}]\n{said}")
    assert not wrong, "\n".join(wrong)
