"""Evercert killed while it installs into Apache, or takes that back: the configuration is valid at every moment, the server goes on, and
the next start restores or completes.

EVERCERT_CRASH=all kills at every call that changes something, otherwise at some.
"""
import os
import re
import shutil
import subprocess

import pytest
from crash import CALL, EVERYTHING, NO_LEAKS

pytestmark = [pytest.mark.ours, pytest.mark.slow, pytest.mark.skipif(not shutil.which("strace"), reason="needs strace"),
              pytest.mark.skipif(os.geteuid() != 0, reason="only root can trace what is not dumpable")]

CALLS = "rename,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,fsync,fdatasync,fchmod,fchmodat,chmod"
SITE = "<VirtualHost *:HTTP>\n    ServerName NAME\n    DocumentRoot HOME/www\n</VirtualHost>\n"


@pytest.fixture
def pair(area):
    cert, key = area / "own.pem", area / "own.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                    "-out", cert, "-days", "30", "-subj", "/CN=own", "-addext", "subjectAltName=DNS:a.test,DNS:b.test"],
                   check=True, stderr=subprocess.DEVNULL)
    return ["--cert-path", cert, "--key-path", key, "--fullchain-path", cert]


class Scene:
    def __init__(self, client, host, pair):
        self.client, self.host = client, host
        self.install = ["install", "-n", "--apache", "-d", "a.test", "-d", "b.test", "--hsts", *pair, *host.options()]
        self.rollback = ["rollback", "--apache", "--checkpoints", "3", *host.options()]

    def traced(self, argv, *strace):
        client = self.client
        done = subprocess.run(["strace", "-f", *map(str, strace), *client.argv(*argv)], env=client.environment(NO_LEAKS),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=120, cwd=client.area)
        for left in client.tmp.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        return done

    def calls_of(self, argv):
        """[(name of a call of ours that touches the server's files or ours about them, its number in its thread)]."""
        trace = self.client.area / "trace"
        done = self.traced(argv, "-y", "-s", "256", "-o", trace, "-e", f"trace={CALLS}")
        assert done.returncode == 0, done.stdout
        places = (f"{self.host.root}/", f"{self.client.work}/IN_PROGRESS", f"{self.client.work}/backups")
        seen, found = {}, []
        for line in trace.read_text(errors="replace").splitlines():
            match, thread = CALL.match(line), line.split()[0]
            if match:
                seen[thread, match[1]] = seen.get((thread, match[1]), 0) + 1
                if any(place in match[2] for place in places):
                    found.append((match[1], seen[thread, match[1]]))
        return found

    def backups(self):
        folder = self.client.work / "backups"
        return [p for p in folder.iterdir() if re.fullmatch(r"[0-9.]+", p.name)] if folder.is_dir() else []

    def undo(self):
        """Everything back, by as many checkpoints as there are."""
        if self.backups():
            self.client.run(*self.rollback[:-len(self.host.options()) - 1], str(len(self.backups())), *self.host.options())


@pytest.mark.parametrize("command", ["install", "rollback"])
def test_killed(command, new_client, make_apache_host, pair, capsys):
    host = make_apache_host()
    for name in ("a.test", "b.test"):
        host.write(name, SITE.replace("NAME", name))
    host.start()
    scene = Scene(new_client, host, pair)
    before = host.snapshot()
    if command == "install":
        calls = scene.calls_of(scene.install)
    else:
        new_client.run(*scene.install)
        calls = scene.calls_of(scene.rollback)
        assert host.snapshot() == before
    scene.undo()
    assert len(calls) > 20 and host.snapshot() == before
    step = 1 if EVERYTHING else max(1, len(calls) // 10)
    work, killed = calls[step // 2::step], 0
    for call, when in work:
        if command == "rollback":
            new_client.run(*scene.install)
        done = scene.traced(getattr(scene, command), "-o", "/dev/null", "-e", f"trace={call}", "-e",
                            f"inject={call}:signal=KILL:when={when}")
        killed += done.returncode == -9
        host.test()
        assert host.get("a.test")[0] in (200, 301)
        new_client.run(*scene.install)
        host.test()
        assert host.get("a.test", tls=True)[1]["Strict-Transport-Security"] == "max-age=31536000"
        assert not (new_client.work / "IN_PROGRESS").exists()
        scene.undo()
        assert host.snapshot() == before, f"killed at {call} {when}:\n{done.stdout}"
        assert host.get("a.test")[0] == 200
    assert killed >= len(work) // 2
    with capsys.disabled():
        print(f"\n{command}: {len(calls)} calls, killed at {killed}")
