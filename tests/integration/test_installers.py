"""An installer is a transaction: whatever step fails, and wherever a run is killed, its server is as it was or as it is to be."""
import hashlib
import json
import re
import shutil
import signal
from pathlib import Path

import pytest
from client import wait_for
from fleet import Fleet

pytestmark = pytest.mark.ours

PLAYED = Path(__file__).parent / "peers" / "played_server.py"
STEPS = ["test-before", "record", "write", "test-after", "reload", "compare"]
NAMES = ["a.test", "b.test"]


class Server:
    """What the plugin of tests/integration/peers/played_server.py keeps in its folder."""

    def __init__(self, area):
        self.root, self.plugins = area / "server", area / "plugins"
        self.root.mkdir()
        self.plugins.mkdir(mode=0o755)
        shutil.copyfile(PLAYED, self.plugins / "played")
        (self.plugins / "played").chmod(0o755)
        self.args = ["--plugin-dir", self.plugins, "-i", "played", "--played-root", self.root]

    def trouble(self, text):
        (self.root / "trouble").write_text(text)

    def log(self):
        return (self.root / "log").read_text().splitlines() if (self.root / "log").exists() else []

    def forget(self):
        (self.root / "log").unlink(missing_ok=True)

    def state(self):
        """Its configuration and what it serves; never anything half done."""
        assert not (self.root / "before.json").exists()
        return [json.loads((self.root / name).read_text()) if (self.root / name).exists() else {}
                for name in ("sites.json", "running.json")]

    def check(self, client, names):
        """It serves the live certificates of these lineages, and nothing else."""
        paths = {name: str(client.store.live(name) / "fullchain.pem") for name in names}
        assert self.state() == [paths, {name: hashlib.sha256(Path(path).read_bytes()).hexdigest()
                                        for name, path in paths.items()}]


@pytest.fixture
def server(area):
    return Server(area)


@pytest.fixture
def obtained(new_client):
    for name in NAMES:
        new_client.certonly([name])
    return new_client


@pytest.fixture
def served(new_client, server):
    for name in NAMES:
        new_client.run("run", "-n", "--agree-tos", "--register-unsafely-without-email", "--standalone", "-d", name, *server.args)
    server.check(new_client, NAMES)
    server.forget()
    return new_client


def install(client, server, name, *args, **more):
    return client.run("install", "-n", "--cert-name", name, *server.args, *args, **more)


def records(client):
    folder = client.config / "deliveries"
    return sorted(path.stem for path in folder.iterdir()) if folder.exists() else []


def test_each_step_may_fail(obtained, server):
    install(obtained, server, NAMES[0])
    for step in STEPS:
        server.trouble(f"{step} fail\n")
        before = server.state()
        server.forget()
        install(obtained, server, NAMES[1], status=1).says(f"{step} failed")
        assert server.state() == before, step
        assert server.log() == [f"install {NAMES[1]}", *STEPS[:STEPS.index(step) + 1]]
    server.trouble("")
    install(obtained, server, NAMES[1])
    server.check(obtained, NAMES)


def test_killed_at_each_step(obtained, server):
    install(obtained, server, NAMES[0])
    before = server.state()
    for step in STEPS:
        server.trouble(f"{step} kill\n")
        install(obtained, server, NAMES[1], status=-signal.SIGKILL)
        server.trouble("test-before fail\n")
        server.forget()
        install(obtained, server, NAMES[1], status=1)
        assert server.state() == before, step
        assert server.log() == [*(["recovered"] if step != "test-before" else []), f"install {NAMES[1]}", "test-before"]
    server.trouble("")
    install(obtained, server, NAMES[1])
    server.check(obtained, NAMES)


def test_run_that_fails_keeps_the_certificate(new_client, server):
    server.trouble("compare fail\n")
    new_client.run("run", "-n", "--agree-tos", "--register-unsafely-without-email", "--standalone", "-d", "a.test", *server.args,
                   status=1).says("compare failed", "evercert install --cert-name a.test -i played")
    new_client.store.check(["a.test"])
    assert server.state() == [{}, {}]
    server.trouble("")
    install(new_client, server, "a.test")
    server.check(new_client, ["a.test"])


@pytest.mark.parametrize("step", ["test-before", "reload", "compare"])
def test_a_renewal_that_is_killed_is_made_up_for_once(served, server, step):
    server.trouble(f"{step} kill\n")
    served.run("renew", "--force-renewal", status=-signal.SIGKILL)
    assert records(served) == NAMES
    server.trouble("")
    server.forget()
    served.renew().says("doing the rest")
    server.check(served, NAMES)
    assert records(served) == []
    asked = [line for line in server.log() if line.startswith("install")]
    assert [sorted(line.split()[1:]) for line in asked] == [NAMES] and server.log().count("reload") == 1
    served.renew()
    assert server.log().count("reload") == 1


@pytest.mark.parametrize("step", ["test-before", "reload", "compare"])
def test_a_renewal_that_fails_is_made_up_for_once(served, server, step):
    server.trouble(f"{step} fail\n")
    served.renew("--force-renewal", status=1).says(f"{step} failed", "(not delivered)", "2 certificate(s) not delivered")
    assert records(served) == NAMES
    server.trouble("")
    served.renew()
    server.check(served, NAMES)
    assert records(served) == []


def test_one_lineage_is_the_cause(served, server):
    """The other one is put into effect without it."""
    server.trouble(f"compare blame:{NAMES[0]}\n")
    said = served.renew("--force-renewal", status=1)
    said.says(f"compare failed for {NAMES[0]}", "1 certificate(s) not delivered")
    assert records(served) == NAMES[:1]
    asked = [sorted(line.split()[1:]) for line in server.log() if line.startswith("install")]
    assert asked == [NAMES, NAMES[1:]]
    server.trouble("")
    served.renew()
    server.check(served, NAMES)


def test_one_reload_for_32_lineages(new_client, new_ca, server):
    new_client.register()
    fleet = Fleet(new_client.config, new_client.server, new_client.store.account_id(), new_client.http_port, one_key=True)
    names = fleet.add_many(32, 10)
    for name in names:
        conf = new_client.store.renewal(name)
        conf.write_text(conf.read_text() + f"installer = played\nplayed_root = {server.root}\n"
                                           f"[evercert]\nplugin_dir = {server.plugins}\n")
    new_client.renew()
    assert records(new_client) == []
    asked = [line.split()[1:] for line in server.log() if line.startswith("install")]
    assert [sorted(lineages) for lineages in asked] == [names] and server.log().count("reload") == 1


def test_two_runs_wait_for_each_other(obtained, server):
    server.trouble("reload wait\n")
    first = obtained.start("install", "-n", "--cert-name", NAMES[0], *server.args)
    wait_for(lambda: "reload" in server.log(), what="the first run's reload")
    install(obtained, server, NAMES[1], "--lock-timeout", "0", status=1).matches(
        r"The played plugin is not working.*\n?.*is busy with the server of the plugin played")
    second = obtained.start("install", "-n", "--cert-name", NAMES[1], *server.args)
    wait_for(lambda: re.search("Waiting up to .* busy with the server of the plugin played", obtained.log()), what="the second run")
    (server.root / "go").touch()
    obtained.finish(first)
    obtained.finish(second)
    server.check(obtained, NAMES)
    assert [line for line in server.log() if line.startswith("install")] == [f"install {name}" for name in NAMES]


def test_enhancements_and_rollback(served, server):
    served.run("enhance", "-n", "--cert-name", NAMES[0], "--hsts", *server.args)
    for option in "--uir", "--auto-hsts", "--security-headers":
        served.run("enhance", "-n", "--cert-name", NAMES[0], option, "--hsts" if option == "--uir" else "--redirect", *server.args,
                   status=1).says(f"The played plugin cannot do what {'--redirect' if option != '--uir' else option} asks for")
    served.run("rollback", "--checkpoints", "2", *server.args)
    assert [line for line in server.log() if line not in STEPS] == [f"install {NAMES[0]}", f"hsts {NAMES[0]}", "rollback 2"]
    server.check(served, NAMES)


@pytest.mark.parametrize("given", [["--ip-address", "127.0.0.1"], ["-d", "a.test", "--ip-address", "127.0.0.1"]])
def test_addresses_are_names_like_others(new_client, server, given):
    name = given[1]
    new_client.run("run", "-n", "--agree-tos", "--register-unsafely-without-email", "--standalone", *given, *server.args).says(
        "enabled HTTPS on", "https://127.0.0.1")
    sites = [word for word in given if word[0] != "-"]
    path = str(new_client.store.live(name) / "fullchain.pem")
    assert server.state()[0] == {site: path for site in sites}
    server.forget()
    new_client.run("enhance", "-n", "--cert-name", name, "--hsts", *server.args)
    assert sorted(line for line in server.log() if line.startswith("hsts")) == [f"hsts {' '.join(sites)}"]
    (server.root / "sites.json").unlink()
    install(new_client, server, name).says("https://127.0.0.1")
    new_client.run("install", "-n", "--cert-name", name, "--ip-address", "127.0.0.1", *server.args).says("https://127.0.0.1")
    assert server.state()[0] == {site: path for site in sites}
    new_client.renew("--force-renewal")


# ---- the example of the documentation ----

@pytest.fixture
def copies(area):
    """Where the example copies certificates to, and how it is called."""
    folder, plugins = area / "copies", area / "plugins"
    folder.mkdir()
    plugins.mkdir(mode=0o755)
    shutil.copy(Path(__file__).resolve().parents[2] / "docs" / "examples" / "plugins" / "example-copy", plugins)
    (plugins / "example-copy").chmod(0o755)
    reload = f"echo reload >>{area}/reloads; [ ! -e {area}/down ]"
    return folder, ["--plugin-dir", plugins, "-i", "example-copy", "--example-copy-folder", folder, "--example-copy-reload", reload]


def check_copies(client, folder, names):
    for name in names:
        live = client.store.live(name)
        assert (folder / name / "cert.pem").read_bytes() == (live / "fullchain.pem").read_bytes()
        assert (folder / name / "key.pem").read_bytes() == (live / "privkey.pem").read_bytes()
        assert (folder / name / "key.pem").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)


def test_example(obtained, area, copies):
    folder, args = copies
    for name in NAMES:
        obtained.run("run", "-n", "--standalone", "-d", name, "--force-renewal", *args)
    check_copies(obtained, folder, NAMES)
    before = {path: path.read_bytes() for path in folder.rglob("*.pem")}
    (area / "reloads").unlink()

    (area / "down").touch()
    obtained.renew("--force-renewal", status=1).says("ended with status 1", "2 certificate(s) not delivered")
    assert {path: path.read_bytes() for path in folder.rglob("*.pem")} == before
    assert len((area / "reloads").read_text().split()) == 2, "once for what is new, once for what was there before"
    (area / "down").unlink()
    obtained.renew()
    check_copies(obtained, folder, NAMES)
    assert len((area / "reloads").read_text().split()) == 3


@pytest.mark.parametrize("at", ["before", "between", "after"])
def test_example_after_a_kill(obtained, copies, at):
    """A run that was killed has left the second of two folders as it is then; recovering twice is as good as once."""
    folder, args = copies
    obtained.run("install", "-n", "--cert-name", NAMES[0], *args)
    before = {path: path.read_bytes() for path in folder.rglob("*.pem")}
    (folder / "change").write_text(json.dumps({NAMES[0]: False, "new.test": True}))
    shutil.copytree(folder / NAMES[0], folder / ("new.test.new" if at == "before" else "new.test"))
    if at != "before":
        (folder / NAMES[0]).rename(folder / f"{NAMES[0]}.old")
    if at == "after":
        shutil.copytree(folder / f"{NAMES[0]}.old", folder / NAMES[0])
        (folder / NAMES[0] / "cert.pem").write_text("another one")
    obtained.run("rollback", *args, status=1).says("evercert history restore")
    assert {path: path.read_bytes() for path in folder.rglob("*.pem") if ".new" not in path.parent.name} == before
    assert not (folder / "change").exists()
    obtained.run("install", "-n", "--cert-name", NAMES[0], *args)
    assert (folder / NAMES[0] / "cert.pem").read_bytes() == (obtained.store.live(NAMES[0]) / "fullchain.pem").read_bytes()
