"""What follows a certificate's going live (deploy hooks) is done in the end, once, whatever came between."""
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from test_pending import NAME as ORDERED
from test_pending import certonly as order
from test_pending import desk  # noqa: F401

pytestmark = pytest.mark.ours

NAME = "d.test"
LAYOUTS = pytest.mark.parametrize("layout", ["versioned", "certbot"])
CHANGING = "openat,write,fsync,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,mkdir,fchmod,fchown"
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")
NO_LEAKS = {"ASAN_OPTIONS": "detect_leaks=0:exitcode=99"}  # leaks cannot be looked for under strace
KILL_PARENT = 'p=$PPID; [ "$(cat /proc/$p/comm)" = sh ] && p=$(cut -d" " -f4 /proc/$p/stat); kill -9 $p'
needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")

# A plugin that does nothing but notes what it is asked for.
PLUGIN = """while IFS= read -r question; do
  echo "$question" >> {told}
  case $question in
    *'"request":"describe"'*) echo '{{"ok":true,"protocol":1,"name":"reloader","description":"notes","kinds":["installer"]}}';;
    *) echo '{{"ok":true}}';;
  esac
done
"""


def script(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def lines(path):
    return path.read_text().split() if path.exists() else []


def findings(client, status):
    return [f["code"] for f in client.run("doctor", "--json", status=status).json()["findings"]]


@pytest.fixture
def hooked(new_client, area):
    """A lineage with a hook of its own that says what it was told, and fails while the file `down` is there; before it runs
    one from the directory, which never fails."""
    folder = new_client.config / "renewal-hooks" / "deploy"
    folder.mkdir(parents=True)
    script(folder / "first", f'echo "$RENEWED_LINEAGE" >> {area}/first\n')
    hook = script(area / "hook", f'[ -e {area}/down ] && exit 7\necho "$RENEWED_DOMAINS" >> {area}/second\n')
    new_client.certonly([NAME], "--deploy-hook", hook)
    assert len(lines(area / "first")) == len(lines(area / "second")) == 1
    assert not (new_client.config / "deliveries").exists()
    return new_client


def test_a_hook_that_failed_runs_at_the_next_renewal(hooked, area):
    (area / "down").touch()
    hooked.renew("--force-renewal", status=1).says("(success)", "(not delivered)", "1 certificate(s) not delivered")
    assert findings(hooked, 1) == ["not-delivered"]
    (area / "down").unlink()
    hooked.renew().says("not everything that follows it was done; doing the rest")
    assert lines(area / "second") == [NAME, NAME]
    assert len(lines(area / "first")) == 2, "what had run for this certificate ran again"
    assert not (hooked.config / "deliveries").exists()
    assert findings(hooked, 0) == []
    hooked.renew()
    assert len(lines(area / "second")) == 2


def test_unattended_runs_wait_longer_each_time_and_others_do_not(hooked, area):
    (area / "down").touch()
    hooked.renew("--force-renewal", status=1)
    hooked.renew(status=1)
    record = hooked.config / "deliveries" / f"{NAME}.txt"
    assert "failures: 2\n" in record.read_text()
    in_an_hour = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    record.write_text(re.sub("not before: .*", f"not before: {in_an_hour}", record.read_text()))
    hooked.renew(status=1).says("(not delivered)")
    assert "failures: 2\n" in record.read_text(), "tried too early"
    (area / "down").unlink()
    hooked.certonly([NAME]).says("doing the rest")
    assert len(lines(area / "second")) == 2 and not record.exists()


def test_a_new_certificate_supersedes_what_was_left(hooked, area):
    (area / "down").touch()
    hooked.renew("--force-renewal", status=1)
    (area / "down").unlink()
    hooked.renew("--force-renewal")
    assert len(lines(area / "second")) == 2
    assert not (hooked.config / "deliveries").exists()


def test_a_renewal_that_fails_delivers_what_there_is(hooked, area):
    (area / "down").touch()
    hooked.renew("--force-renewal", status=1)
    (area / "down").unlink()
    hooked.renew("--force-renewal", "--pre-hook", "true", "--server", "https://localhost:1/dir", status=1).says("(failure)")
    assert len(lines(area / "second")) == 2


def test_deleting_takes_the_record_along(hooked, area):
    (area / "down").touch()
    hooked.renew("--force-renewal", status=1)
    hooked.run("delete", "-n", "--cert-name", NAME)
    assert not (hooked.config / "deliveries").exists()


def test_a_dry_run_delivers_nothing(hooked, area):
    (area / "down").touch()
    hooked.renew("--force-renewal", status=1)
    (area / "down").unlink()
    before = (hooked.config / "deliveries" / f"{NAME}.txt").read_bytes()
    hooked.renew("--dry-run", "--no-random-sleep-on-renew")
    assert (hooked.config / "deliveries" / f"{NAME}.txt").read_bytes() == before
    assert len(lines(area / "second")) == 1


def test_a_record_that_cannot_be_read_counts_for_everything(hooked, area):
    (area / "down").touch()
    hooked.renew("--force-renewal", status=1)
    (area / "down").unlink()
    (hooked.config / "deliveries" / f"{NAME}.txt").write_text("certificate sha")
    assert findings(hooked, 1) == ["delivery-unreadable"]
    hooked.renew().says("done again")
    assert len(lines(area / "first")) == 3 and len(lines(area / "second")) == 2
    assert findings(hooked, 0) == []


def test_as_certbot_a_failure_is_final_and_a_kill_is_not(hooked, area):
    program = area / "bin" / "certbot"
    program.parent.mkdir()
    program.symlink_to(hooked.program)
    hooked.program = program
    (area / "down").touch()
    hooked.renew("--force-renewal")
    assert not (hooked.config / "deliveries").exists()
    (area / "down").unlink()
    script(area / "hook", f'[ -e {area}/killed ] || {{ touch {area}/killed; {KILL_PARENT}; exit; }}\necho x >> {area}/second\n')
    hooked.run("renew", "--force-renewal", status=-signal.SIGKILL)
    hooked.renew()
    assert lines(area / "second") == [NAME, "x"]
    assert len(lines(area / "first")) == 3


def test_deploy_hooks_run_in_the_order_of_names_whatever_their_cas(make_client, new_ca, start_pebble, area):
    """Of two workers one is for the second CA, whose only lineage is the last: it is renewed early, and delivered last."""
    client, other, told = make_client(new_ca), start_pebble("new", "trusting", always_valid=True), area / "told"
    hook = ["--deploy-hook", f'basename "$RENEWED_LINEAGE" >> {told}']
    for name in "abc":
        client.certonly([f"{name}.test"], *hook)
    client.certonly(["d.test"], "--server", other.url, "--http-01-port", other.http_port, *hook)
    told.unlink()
    client.server = client.http_port = None
    for _ in range(2):
        client.renew("--force-renewal", "--jobs", "2")
    assert lines(told) == ["a.test", "b.test", "c.test", "d.test"] * 2


def test_a_ca_that_is_down_holds_up_no_deploy_hook(make_client, new_ca, start_pebble, area):
    client, other, told = make_client(new_ca), start_pebble("new", "trusting", always_valid=True), area / "told"
    hook = ["--deploy-hook", f'basename "$RENEWED_LINEAGE" >> {told}']
    for name in "ac":
        client.certonly([f"{name}.test"], *hook)
    client.certonly(["b.test"], "--server", other.url, "--http-01-port", other.http_port, *hook)
    conf = client.store.renewal("a.test")
    conf.write_text(conf.read_text().replace(client.server, "https://localhost:1/dir"))
    told.unlink()
    client.server = client.http_port = None
    client.renew("--force-renewal", "--jobs", "2", status=1).says("(failure)")
    assert lines(told) == ["b.test", "c.test"]


# A first certificate, of an order that an earlier run has recorded.


def test_a_first_certificate_that_renew_fetches_is_delivered(desk, area):
    """Its deploy hook runs, and counts as not delivered while it fails."""
    at, told, down = desk(), area / "told", area / "down"
    hook = script(area / "hook", f'[ -e {down} ] && exit 7\necho "$RENEWED_LINEAGE" >> {told}\n')
    at.die_at("/certZ/", *order("--deploy-hook", hook))
    down.touch()
    at.client.renew(status=1).says("(success)", "(not delivered)", "1 certificate(s) not delivered")
    assert at.orders() == 1 and not told.exists()
    down.unlink()
    at.client.renew().says("doing the rest")
    at.client.renew()
    assert told.read_text() == f"{at.client.store.live(ORDERED)}\n"
    assert not (at.client.config / "deliveries").exists()
    at.check_settled()


def test_the_server_is_reloaded_for_a_first_certificate_that_renew_fetches(desk, area):
    """By the plugin that installed it."""
    at, told = desk(), area / "told"
    plugins = area / "plugins"
    plugins.mkdir()
    script(plugins / "reloader", PLUGIN.format(told=told))
    at.client.always = ["--plugin-dir", str(plugins)]
    at.die_at("/certZ/", *order("--installer", "reloader"))
    assert '"request":"reload"' not in (told.read_text() if told.exists() else "")
    at.client.renew().says("all renewals succeeded")
    assert at.orders() == 1 and told.read_text().count('"request":"reload"') == 1


# Killed at each system call.


def strace(client, rules, *command):
    argv = ["strace", "-f", "-y", "-s", "256", *rules, *client.argv(*command)]
    return subprocess.run(argv, env={**client.environment(), **NO_LEAKS}, cwd=client.area, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)


def calls(client, area, *command):
    """The calls of this command that change the store: [(name, its number among those of that name)]."""
    strace(client, ["-o", str(area / "trace"), "-e", f"trace={CHANGING}"], *command)
    seen, found = {}, []
    for line in (area / "trace").read_text(errors="replace").splitlines():
        match = CALL.match(line)
        if not match:
            continue
        seen[match[1]] = seen.get(match[1], 0) + 1
        if str(client.config) in match[2] and (match[1] != "openat" or "O_CREAT" in match[2]):
            found.append((match[1], seen[match[1]]))
    return found


@needs_strace
@pytest.mark.slow
@LAYOUTS
def test_killed_anywhere_the_next_run_delivers(new_client, area, layout):
    """An older version is made live, which needs no CA; hooks and the installer's reload follow it as they follow a new one."""
    told, asked, plugins = area / "told", area / "asked", area / "plugins"
    plugins.mkdir()
    script(plugins / "reloader", PLUGIN.format(told=asked))
    new_client.certonly([NAME], "--store-layout", layout, "--deploy-hook", f"echo x >> {told}", "--plugin-dir", plugins,
                        "-i", "reloader")
    time.sleep(1.1)  # versions of one second have no order
    new_client.renew("--force-renewal")
    base = area / "base"
    shutil.copytree(new_client.config, base, symlinks=True)
    serial = new_client.store.cert(NAME).serial_number

    def fresh():
        shutil.rmtree(new_client.config)
        shutil.copytree(base, new_client.config, symlinks=True)
        told.write_text("")
        asked.write_text("")
        versions = new_client.run("history", "--json", NAME).json()["certificates"][0]["versions"]
        return ["history", "restore", NAME, next(v["id"] for v in versions if v["state"] == "superseded")]

    def reloads():
        return asked.read_text().count('"request":"reload"')

    places = calls(new_client, area, *fresh())
    assert len(lines(told)) == reloads() == 1 and len(places) > 10
    live = 0
    for name, number in places if os.environ.get("EVERCERT_CRASH") == "all" else places[::4]:
        command = fresh()
        strace(new_client, ["-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=KILL:when={number}"], *command)
        before, before_reloads = len(lines(told)), reloads()
        new_client.renew()
        restored = new_client.store.cert(NAME).serial_number != serial
        live += restored
        # A hook that has run, but was not noted before the kill, runs again: that, and nothing else, is twice.
        assert len(lines(told)) == restored or (restored and before == 1 and len(lines(told)) == 2), (name, number)
        assert reloads() == restored or (restored and before_reloads == 1 and reloads() == 2), (name, number)
        assert not (new_client.config / "deliveries").exists(), (name, number)
        done = len(lines(told)), reloads()
        new_client.renew()
        assert (len(lines(told)), reloads()) == done
    assert live > 0
