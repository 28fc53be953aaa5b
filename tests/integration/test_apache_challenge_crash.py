"""Evercert killed while Apache answers a challenge: the configuration is valid at every moment, and the next start restores it.

EVERCERT_CRASH=all kills at every call that changes something, otherwise at some.
"""
import os
import shutil
import subprocess

import pytest
from crash import CALL, EVERYTHING, NO_LEAKS

pytestmark = [pytest.mark.ours, pytest.mark.slow, pytest.mark.skipif(not shutil.which("strace"), reason="needs strace"),
              pytest.mark.skipif(os.geteuid() != 0, reason="only root can trace what is not dumpable")]

CALLS = "rename,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,fsync,fdatasync,fchmod,fchmodat,chmod"
SITE = """\
<VirtualHost *:HTTP>
    ServerName k.apache.test
    ServerAlias *.k.apache.test
    DocumentRoot HOME/www
    RedirectMatch ^/x http://nowhere.test/
</VirtualHost>
"""


def arguments(host, name):
    return ["certonly", "-n", "--agree-tos", "--register-unsafely-without-email", "-d", name, "--apache", *host.options()]


def traced(client, host, name, *strace):
    argv = ["strace", "-f", *strace, *client.argv(*arguments(host, name))]
    done = subprocess.run(argv, env=client.environment(NO_LEAKS), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=120, cwd=client.area)
    for left in client.tmp.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return done


def calls_of(client, host, name):
    """[(name of a call that touches the server's files or ours about them, its number in its thread)], as they come."""
    trace = client.area / "trace"
    done = traced(client, host, name, "-y", "-s", "256", "-o", trace, "-e", f"trace={CALLS}")
    assert done.returncode == 0, done.stdout
    places = (f"{host.root}/", f"{client.work}/temp_checkpoint", f"{client.work}/http_challenges")
    seen, found = {}, []
    for line in trace.read_text(errors="replace").splitlines():
        match, thread = CALL.match(line), line.split()[0]
        if match:
            seen[thread, match[1]] = seen.get((thread, match[1]), 0) + 1
            if any(place in match[2] for place in places):
                found.append((match[1], seen[thread, match[1]]))
    return found


def test_killed_while_answering(client, make_apache_host, capsys):
    host = make_apache_host(http=client.http_port)
    host.write("k", SITE)
    host.start()
    before = host.snapshot()
    calls = calls_of(client, host, "0.k.apache.test")
    assert len(calls) > 20 and host.snapshot() == before
    step = 1 if EVERYTHING else max(1, len(calls) // 10)
    killed = left = 0
    work = list(enumerate(calls, start=1))[step // 2::step]
    for number, (call, when) in work:
        done = traced(client, host, f"a{number}.k.apache.test", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                      f"inject={call}:signal=KILL:when={when}")
        killed += done.returncode == -9
        left += host.snapshot() != before
        host.test()
        assert host.get("k.apache.test")[0] == 200
        client.run(*arguments(host, f"b{number}.k.apache.test"))
        assert host.snapshot() == before, f"killed at {call} {when}:\n{done.stdout}"
        assert not (client.work / "temp_checkpoint").exists() and not list((client.work / "http_challenges").iterdir())
        host.test()
    assert killed >= len(work) * 3 // 4 and left > 0
    with capsys.disabled():
        print(f"\n{len(calls)} calls, killed at {killed}, {left} times in the middle of it")
