"""Third-party plugins: the two examples of the documentation at work, and programs that are broken or not to be trusted."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from client import wait_for
from peers.ports import is_listening

pytestmark = pytest.mark.ours

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "plugins"


@pytest.fixture
def plugins(area):
    """The directory of plugins."""
    path = area / "plugins"
    path.mkdir(mode=0o755)
    path.chmod(0o755)
    return path


def example(plugins, name):
    if name == "example-http" and not shutil.which("jq"):
        pytest.skip("the example in shell needs jq")
    target = plugins / name
    shutil.copyfile(EXAMPLES / name, target)
    target.chmod(0o755)
    return target


def program(plugins, name, *cases, mode=0o755, extra=""):
    """A plugin in shell. cases: branches of a `case` over the question; describe and a friendly answer come by themselves."""
    path = plugins / name
    path.write_text("\n".join([
        "#!/bin/sh", f"echo run >>{path.parent.parent}/{name}.runs", "while IFS= read -r q; do", "case $q in",
        f"""*'"request":"describe"'*) echo '{{"ok":true,"protocol":1,"name":"{name}","description":"a test",'\\
            '"kinds":["authenticator","installer"],"challenges":["http-01"],"limits":{{"present":2,"cleanup":2}}{extra}}}';;""",
        *cases, """*) echo '{"ok":true}';;""", "esac", "done", ""]))
    path.chmod(mode)
    return path


def has_run(area, name):
    return (area / f"{name}.runs").exists()


def obtain(client, plugins, plugin, names, *args, **more):
    return client.certonly(names, "--plugin-dir", plugins, *args, authenticator=f"--authenticator={plugin}", **more)


# ---- the examples ----

def test_example_in_shell(client, area, plugins, start_nginx):
    root, other = area / "www", area / "www2"
    for folder in (root, other):
        folder.mkdir()
    example(plugins, "example-http")
    start_nginx(client.http_port, {"s.test": root, "t.test": other})
    obtain(client, plugins, "example-http", ["s.test", "a.s.test"], "--example-http-root", root)
    client.store.check(["s.test"])
    params = client.store.conf("s.test")["renewalparams"]
    assert params["authenticator"] == "example-http"
    assert params["example_http_root"] == str(root)
    assert client.store.conf("s.test")["evercert"]["plugin_dir"] == str(plugins)
    assert list((root / ".well-known" / "acme-challenge").iterdir()) == []

    client.renew("--force-renewal")
    client.store.check(["s.test"])
    assert client.store.versions("s.test") == [1, 2]
    assert client.store.conf("s.test")["renewalparams"]["example_http_root"] == str(root)


def test_an_option_at_renewal_is_saved(new_client, area, plugins, start_nginx):
    root = area / "www"
    root.mkdir()
    example(plugins, "example-http")
    start_nginx(new_client.http_port, {"s.test": root})
    (area / "wrong").mkdir()
    obtain(new_client, plugins, "example-http", ["s.test"], "--example-http-root", root)
    new_client.give_up_authorizations()
    failed = new_client.renew("--force-renewal", "--plugin-dir", plugins, "--example-http-root", area / "wrong", status=1)
    failed.says("s.test")
    assert new_client.store.conf("s.test")["renewalparams"]["example_http_root"] == str(root)
    (area / "moved").symlink_to(root)
    new_client.renew("--force-renewal", "--plugin-dir", plugins, "--example-http-root", area / "moved")
    assert new_client.store.conf("s.test")["renewalparams"]["example_http_root"] == str(area / "moved")


def test_reconfigured(new_client, area, plugins, start_nginx):
    root = area / "www"
    root.mkdir()
    (area / "moved").symlink_to(root)
    example(plugins, "example-http")
    start_nginx(new_client.http_port, {"r.test": root})
    new_client.certonly(["r.test"], "-w", root, authenticator="--webroot")
    new_client.run("reconfigure", "-n", "--cert-name", "r.test", "--plugin-dir", plugins, "-a", "example-http",
                   "--example-http-root", root)
    new_client.run("reconfigure", "-n", "--cert-name", "r.test", "--plugin-dir", plugins,
                   "--example-http-root", area / "moved")
    params = new_client.store.conf("r.test")["renewalparams"]
    assert (params["authenticator"], params["example_http_root"]) == ("example-http", str(area / "moved"))
    assert new_client.store.conf("r.test")["evercert"]["plugin_dir"] == str(plugins)
    new_client.renew("--force-renewal")
    assert new_client.store.versions("r.test") == [1, 2]


def test_example_in_python(client, area, plugins, ca):
    example(plugins, "example-dns")
    api = f"http://127.0.0.1:{ca.dns_management}"
    obtain(client, plugins, "example-dns", ["*.p.test"], "--example-dns-api", api)
    client.store.check(["p.test"])
    params = client.store.conf("p.test")["renewalparams"]
    assert (params["authenticator"], params["example_dns_api"]) == ("example-dns", api)
    client.renew("--force-renewal", "-v")
    client.store.check(["p.test"])
    assert client.store.versions("p.test") == [1, 2]


def test_example_as_installer(new_client, area, plugins, new_ca):
    example(plugins, "example-dns")
    folder = area / "server"
    folder.mkdir()
    options = ["--plugin-dir", plugins, "--example-dns-api", f"http://127.0.0.1:{new_ca.dns_management}",
               "--example-dns-folder", folder]
    new_client.run("run", "-n", "--agree-tos", "--register-unsafely-without-email", "-a", "example-dns", "-i", "example-dns",
                   "-d", "i.test", *options)
    live = new_client.store.live("i.test")
    assert (folder / "fullchain.pem").read_bytes() == (live / "fullchain.pem").read_bytes()
    assert (folder / "key.pem").read_bytes() == (live / "privkey.pem").read_bytes()
    assert (folder / "reloads").read_text() == "reload\n"
    assert new_client.store.conf("i.test")["renewalparams"]["installer"] == "example-dns"
    new_client.renew("--force-renewal").says("Reloading example-dns server after certificate renewal")
    assert (folder / "reloads").read_text() == "reload\nreload\n"


def test_from_cli_ini(new_client, area, plugins, start_nginx):
    root = area / "www"
    root.mkdir()
    example(plugins, "example-http")
    start_nginx(new_client.http_port, {"s.test": root})
    ini = area / "own.ini"
    ini.write_text(f"plugin-dir = {plugins}\nauthenticator = example-http\nexample-http-root = {root}\n")
    new_client.certonly(["s.test"], "-c", ini, authenticator=None)
    new_client.store.check(["s.test"])


def test_listed(new_client, area, plugins):
    example(plugins, "example-dns")
    program(plugins, "standalone")
    program(plugins, "UPPER")
    program(plugins, "open", mode=0o777)
    (plugins / "README").write_text("notes\n")
    listed = new_client.run("plugins", "--plugin-dir", plugins)
    listed.says(f"* example-dns Description: TXT records by way of an HTTP interface (example) Interfaces: Authenticator, "
                f"Installer, Plugin Entry point: {plugins}/example-dns", "Option: --example-dns-api: address of the",
                f"{plugins}/standalone is not used: its name is that of a plugin of our own",
                f"{plugins}/UPPER is not used: a plugin's name is made of lower case letters",
                f"{plugins}/open can be written by everybody; if you trust it: chmod go-w {plugins}/open")
    assert "README" not in listed.text and not has_run(area, "open") and not has_run(area, "standalone")
    only = new_client.run("plugins", "--plugin-dir", plugins, "--installers")
    assert "* example-dns" in only.out and "* webroot" not in only.out


def test_help(new_client, area, plugins):
    example(plugins, "example-dns")
    program(plugins, "webroot")
    program(plugins, "needy", extra=',"options":[{"name":"key-file","help":"where the key is","required":true},{"name":"zone"}]')
    program(plugins, "open", mode=0o777)

    def page(*words, status=0):
        return new_client.finish(new_client.start(*words, raw=True), status)

    page("--plugin-dir", plugins, "--help", "example-dns").says(
        "example-dns: TXT records by way of an HTTP interface (example)", "--example-dns-api VALUE")
    page("--help", "needy", f"--plugin-dir={plugins}").says("--needy-key-file VALUE where the key is (required)", "--needy-zone VALUE")
    own = page("--plugin-dir", plugins, "--help", "webroot")
    assert "--webroot-map" in own.out and not has_run(area, "webroot"), "a built-in name was shadowed"
    page("--plugin-dir", plugins, "--help", "open", status=1).says(f"{plugins}/open can be written by everybody")
    assert not has_run(area, "open")
    for topic in ("nothing", "../needy", "all"):
        assert "--needy" not in page("--plugin-dir", plugins, "--help", topic).out


# ---- programs that are not to be run ----

def test_nothing_runs_that_was_not_asked_for(new_client, area, plugins):
    program(plugins, "idle")
    program(plugins, "webroot")
    new_client.certonly(["n.test"], "--plugin-dir", plugins)
    new_client.renew("--force-renewal", "--plugin-dir", plugins)
    new_client.run("certificates", "--plugin-dir", plugins)
    new_client.certonly(["m.test"], "--plugin-dir", plugins, authenticator=None, status=1)
    assert not has_run(area, "idle")
    new_client.certonly(["w.test"], "--plugin-dir", plugins, "-w", area, authenticator="--webroot", status=1)
    assert not has_run(area, "webroot"), "a built-in name was shadowed"


@pytest.mark.parametrize("mode, who", [(0o777, "everybody"), (0o775, "its group")])
def test_writable_program(new_client, area, plugins, mode, who):
    path = program(plugins, "loose", mode=mode)
    if os.geteuid() == 0:
        os.chown(path, 0, 12345)  # root's own group may
        path.chmod(mode)
    obtain(new_client, plugins, "loose", ["l.test"], status=1).says(
        f"The loose plugin in {plugins} cannot be used", f"{path} can be written by {who}", f"chmod go-w {path}")
    assert not has_run(area, "loose")


def test_writable_directory(new_client, area, plugins):
    program(plugins, "loose")
    plugins.chmod(0o777)
    obtain(new_client, plugins, "loose", ["l.test"], status=1).says(f"{plugins} can be written by everybody")
    assert not has_run(area, "loose")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_owned_by_another(new_client, area, plugins):
    path = program(plugins, "foreign")
    os.chown(path, 12345, 12345)
    obtain(new_client, plugins, "foreign", ["l.test"], status=1).says(
        f"{path} belongs to user 12345, who is neither root nor the user that runs this")
    os.chown(path, 0, 0)
    os.chown(plugins, 12345, 12345)
    obtain(new_client, plugins, "foreign", ["l.test"], status=1).says(f"{plugins} belongs to user 12345")
    assert not has_run(area, "foreign")


def test_not_there(new_client, plugins):
    obtain(new_client, plugins, "nothing", ["l.test"], status=1).says(
        "The requested nothing plugin does not appear to be installed")
    gone = new_client.certonly(["l.test"], "--plugin-dir", "/nonexistent", authenticator="--authenticator=nothing", status=1)
    gone.says("The requested nothing plugin does not appear to be installed")


# ---- options ----

def test_options_that_nobody_has(new_client, plugins):
    program(plugins, "my", extra=',"options":[{"name":"zone","help":"the zone","required":true}]')
    obtain(new_client, plugins, "my", ["o.test"], status=1).says("The my plugin needs the option --my-zone", "the zone")
    obtain(new_client, plugins, "my", ["o.test"], "--my-zone", "x", "--my-zona", "y", status=2).says(
        "unrecognized arguments: --my-zona", "--my-zone")
    obtain(new_client, plugins, "my", ["o.test"], "--my-zone", status=2).says("argument --my-zone: expected one argument")
    obtain(new_client, plugins, "my", ["o.test"], "--your-zone", "y", status=2).says("unrecognized arguments: --your-zone y")
    obtain(new_client, plugins, "my", ["o.test"], "--domian", "y", status=2).says("did you mean --domain")


def test_values_are_no_shell(new_client, area, plugins):
    """A value reaches the plugin as it was given, in its input and nowhere else, and is in no log."""
    seen = area / "seen"
    program(plugins, "my", f"""*'"request":"present"'*) printf '%s\\n' "$q" >{seen}; tr '\\0' ' ' </proc/$$/cmdline >>{seen};"""
            f""" env >>{seen}; echo '{{"ok":false,"error":"enough"}}';;""", extra=',"options":[{"name":"key"}]')
    value = f"$(touch {area}/pwned) `id`; 'secret-7' \\ \"x\""
    obtain(new_client, plugins, "my", ["v.test"], "--my-key", value, status=1).says("enough")
    question, rest = seen.read_text().split("\n", 1)
    assert json.loads(question)["options"] == {"key": value}
    assert "secret-7" not in rest and not (area / "pwned").exists()
    assert "secret-7" not in new_client.log()
    assert f"{plugins}/my" in rest


# ---- programs that misbehave ----

@pytest.mark.parametrize("answer, says", [
    ("sleep 600", "it did not answer within 2 seconds"),
    ("echo the end is near >&2; exit 3", "it ended without an answer (exit status 3); it said: the end is near"),
    ("kill -9 $$", "it ended without an answer (signal 9)"),
    ("echo hello, world", "answer"),
    ("yes", "it answered one question with more than one line"),
    ("head -c 9000000 /dev/zero | tr '\\0' x", "its answer is longer than 65536 bytes"),
    ("printf '\\033[31m\\001'; echo", "answer"),
    ("""echo '{"ok":false,"error":"zone \\u001b[31mlocked","next":"unlock it"}'""", "zone ?[31mlocked"),
], ids=["hangs", "dies", "killed", "garbage", "lines", "megabytes", "control", "says-no"])
def test_fails_at_present(new_client, area, plugins, answer, says):
    """Whatever happens: a clear message, cleanup is still asked for, nothing is left running."""
    cleaned = area / "cleaned"
    program(plugins, "bad", f"""*'"request":"present"'*) {answer};;""",
            f"""*'"request":"cleanup"'*) echo "$q" >>{cleaned}; echo '{{"ok":true}}';;""")
    failed = obtain(new_client, plugins, "bad", ["b.test"], status=1)
    failed.says("plugin bad, present", says)
    assert "\033" not in failed.text
    assert len(cleaned.read_text().splitlines()) == 1
    new_client.store.check([])


def test_hangs_when_asked_what_it_is(new_client, plugins):
    path = plugins / "mute"
    path.write_text("#!/bin/sh\nexec sleep 600\n")
    path.chmod(0o755)
    obtain(new_client, plugins, "mute", ["b.test"], status=1).says("it did not answer within 10 seconds")


def test_fails_at_cleanup(new_client, area, plugins):
    """A cleanup that fails is a warning: the certificate is there."""
    root = area / "www"
    root.mkdir()
    source = example(plugins, "example-http")
    source.write_text(source.read_text().replace('rm -f "$file" && answer && return', "exit 4"))
    server = subprocess.Popen([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "-d", str(root),
                               str(new_client.http_port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: is_listening(new_client.http_port), what="the web server")
        obtain(new_client, plugins, "example-http", ["c.test"], "--example-http-root", root).says(
            "could not clean up the http-01 challenge for c.test: it ended without an answer (exit status 4)")
    finally:
        server.terminate()
        server.wait()
    new_client.store.check(["c.test"])


def test_interrupted(new_client, area, plugins):
    """Ctrl-C while the plugin works: it is told to clean up by a second process, and both are gone."""
    cleaned = area / "cleaned"
    program(plugins, "slow", f"""*'"request":"wait"'*) touch {area}/waiting; sleep 600;;""",
            f"""*'"request":"cleanup"'*) echo "$q" >>{cleaned}; echo '{{"ok":true}}';;""")
    process = new_client.start("certonly", "-n", "--agree-tos", "--register-unsafely-without-email", "-d", "z.test",
                               "--plugin-dir", plugins, "-a", "slow")
    wait_for((area / "waiting").exists, what="the wait")
    os.kill(process.pid, signal.SIGINT)
    done = new_client.finish(process, status=1)
    done.says("Exiting due to user request")
    assert len(cleaned.read_text().splitlines()) == 1
    assert re.search("slow", new_client.log())


def test_many_at_once(new_client, area, plugins, new_ca):
    """Several lineages are renewed at the same time, each with a process of its own; the plugin is described once."""
    example(plugins, "example-dns")
    api = f"http://127.0.0.1:{new_ca.dns_management}"
    for i in range(4):
        obtain(new_client, plugins, "example-dns", [f"m{i}.test"], "--example-dns-api", api)
    (new_client.logs / "letsencrypt.log").unlink()
    new_client.renew("--force-renewal", "--jobs", "4")
    new_client.store.check([f"m{i}.test" for i in range(4)])
    assert all(new_client.store.versions(f"m{i}.test") == [1, 2] for i in range(4))
    assert new_client.log().count("what it is") == 1
