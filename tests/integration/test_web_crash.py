"""nginx and Apache configured by a run that is killed: whatever is run next finds, or makes, a configuration that is whole.

An installation, a challenge and a rollback, killed at each system call that touches the server's files or the checkpoints.
EVERCERT_CRASH=all kills at every call, otherwise at some.
"""
import os
import shutil
import subprocess

import pytest
from crash import CALL, EVERYTHING, NO_LEAKS
from test_nginx_install import check_tls, make_pair

pytestmark = [pytest.mark.ours, pytest.mark.slow, pytest.mark.skipif(not shutil.which("strace"), reason="needs strace"),
              pytest.mark.skipif(os.geteuid() != 0, reason="only root can trace what is not dumpable")]

CALLS = "rename,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,fsync,fchmod,utimensat,write,ftruncate"
NAMES = ["a.test", "b.test"]
SITES = {"nginx": """\
server {
    listen HTTP;
    server_name NAME;
    root HOME/www;
}
""", "apache": """\
<VirtualHost *:HTTP>
    ServerName NAME
    DocumentRoot HOME/www
</VirtualHost>
"""}
FEW = 10  # calls that are tried, of each command


class Scene:
    """One server and one configuration of ours, which each attempt leaves as it found them."""

    def __init__(self, client, host, server):
        self.client, self.host, self.server = client, host, server
        self.site, other = (host.write(name, SITES[server].replace("NAME", name)) for name in NAMES)
        other.chmod(0o600)
        os.link(self.site, host.root / "second-name")
        self.pair = make_pair(host.home, "new", NAMES)
        host.start()
        self.before = host.snapshot()

    def argv(self, *command):
        return [command[0], "-n", f"--{self.server}", *self.host.options(), *command[1:]]

    def installation(self):
        return self.argv("install", "--cert-path", self.pair[0], "--fullchain-path", self.pair[0], "--key-path", self.pair[1],
                         "-d", NAMES[0], "-d", NAMES[1], "--hsts", "--no-redirect")

    def challenge(self):
        return self.argv("certonly", "--agree-tos", "--register-unsafely-without-email", "--force-renewal", "-d", NAMES[0],
                         "-d", NAMES[1])

    def rollback(self):
        return self.argv("rollback", "--checkpoints", "9")

    def traced(self, command, *strace):
        argv = ["strace", "-f", *strace, *self.client.argv(*command)]
        done = subprocess.run(argv, env=self.client.environment(NO_LEAKS), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=120, cwd=self.client.area)
        for left in self.client.tmp.iterdir():
            left.unlink()
        return done

    def calls(self, command):
        """[(name of a call that touches files of the server or checkpoints, its number among those of its thread)]."""
        trace = self.client.area / "trace"
        done = self.traced(command, "-y", "-s", "256", "-o", trace, "-e", f"trace={CALLS}")
        assert done.returncode == 0, done.stdout
        seen, found = {}, []
        places = (f"{self.host.root}/", f"{self.client.work}/")
        for line in trace.read_text(errors="replace").splitlines():
            match, thread = CALL.match(line), line.split()[0]
            if not match:
                continue
            seen[thread, match[1]] = seen.get((thread, match[1]), 0) + 1
            paths = match[2].split('"')[0] if match[1] == "write" else match[2]  # not what is written
            if any(place in paths for place in places) and "/checked" not in paths:
                found.append((match[1], seen[thread, match[1]]))
        assert len(found) > 10, trace.read_text(errors="replace")
        return found

    def kill_at(self, command, call):
        return self.traced(command, "-o", "/dev/null", "-e", f"trace={call[0]}", "-e", f"inject={call[0]}:signal=KILL:when={call[1]}")

    def run(self, command, **more):
        return self.client.run(*command, env=NO_LEAKS, **more)

    def check_answers(self, at):
        for name in NAMES:
            assert self.host.get(name)[0] == 200, f"{name} {at}"

    def check_nothing_left(self, at, *more):
        left = [p for place in (self.host.root, self.client.work) for p in place.rglob("*")
                if p.name.endswith(".evercert") or p.name in ("temp_checkpoint", "IN_PROGRESS", *more)]
        assert not left, f"{left} {at}"

    def check_recovered(self, at):
        """Nothing is unfinished, and the server takes it."""
        self.host.test()
        self.check_answers(at)
        self.check_nothing_left(at)

    def check_taken_back(self, at):
        self.run(self.rollback())
        self.check_recovered(at)
        self.check_nothing_left(at, ".checkpoint.gone", ".checkpoint.stages")
        assert self.host.snapshot() == self.before, at
        assert list((self.client.work / "backups").glob("*")) == []
        assert (self.host.root / "second-name").samefile(self.site), at


@pytest.fixture(params=["nginx", "apache"])
def scene(request, new_client, make_nginx_host, make_apache_host):
    make = make_nginx_host if request.param == "nginx" else make_apache_host
    return Scene(new_client, make(http=new_client.http_port), request.param)


def some(calls):
    """Those that are tried: all, or some that lie all over."""
    step = 1 if EVERYTHING else max(1, len(calls) // FEW)
    return calls[step // 2::step]


def kill_everywhere(scene, command, prepare, check):
    """check(done, at) after each kill; the scene must then be as it was."""
    prepare()
    calls = scene.calls(command)
    scene.check_taken_back("without a kill")
    killed = 0
    for number, call in enumerate(some(calls)):
        prepare()
        done = scene.kill_at(command, call)
        killed += done.returncode == -9
        at = f"killed at {call[0]} {call[1]}:\n{done.stdout}"
        scene.check_answers(at)
        check(number, at)
        scene.check_taken_back(at)
    assert killed >= len(some(calls)) * 3 // 4, f"{killed} of {len(some(calls))}"
    return len(some(calls))


@pytest.fixture
def tell(capsys):
    def say(text):
        with capsys.disabled():
            print(f"\n{text}", end=" ")
    return say


def test_killed_while_installing(scene, tell):
    def check(number, at):
        if number % 3 == 0:
            scene.run(["plugins", "--prepare", *scene.host.options()])
            scene.check_recovered(at)
        elif number % 3 == 1:
            scene.run(scene.installation())
            scene.check_recovered(at)
            check_tls(scene.host, scene.pair, NAMES)

    tell(f"{kill_everywhere(scene, scene.installation(), lambda: None, check)} calls of an installation ({scene.server})")


def test_killed_during_a_challenge(scene, tell):
    def check(number, at):
        scene.run(["plugins", "--prepare", *scene.host.options()] if number % 2 == 0 else scene.challenge())
        scene.check_recovered(at)
        assert scene.host.snapshot() == scene.before, at

    tell(f"{kill_everywhere(scene, scene.challenge(), lambda: None, check)} calls of a challenge ({scene.server})")


def test_killed_while_rolling_back(scene, tell):
    def prepare():
        scene.run(scene.installation())

    def check(number, at):
        if number % 2 == 0:
            scene.run(["plugins", "--prepare", *scene.host.options()])
            scene.check_recovered(at)

    tell(f"{kill_everywhere(scene, scene.rollback(), prepare, check)} calls of a rollback ({scene.server})")
