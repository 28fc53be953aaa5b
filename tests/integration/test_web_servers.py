"""What the plugins of both web servers share, with the servers themselves: their start, their programs, the TLS files."""
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import certs
import pytest
from peers.ports import free_port

pytestmark = pytest.mark.ours

SITE = "server {\n    listen 127.0.0.1:HTTP;\n    server_name a.test;\n    root HOME/www;\n}\n"
VHOST = "<VirtualHost *:HTTP>\n    ServerName a.test\n    DocumentRoot HOME/www\n</VirtualHost>\n"
PEERS = Path(__file__).parent / "peers"
CERTBOT = shutil.which("certbot", path="/usr/bin")
PACKAGED = {"nginx": Path("/usr/lib/python3/dist-packages/certbot_nginx/_internal/tls_configs"),
            "apache": Path("/usr/lib/python3/dist-packages/certbot_apache/_internal/tls_configs")}


@pytest.fixture
def pair(area):
    cert, key = area / "new.pem", area / "new.key"
    certs.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
                  "-days", "30", "-subj", "/CN=a.test", "-addext", "subjectAltName=DNS:a.test")
    return cert, key


def install(client, host, pair, kind="nginx", **more):
    return client.run("install", "-n", f"--{kind}", *host.options(), "-d", "a.test", "--no-redirect", "--cert-path", pair[0],
                      "--fullchain-path", pair[0], "--key-path", pair[1], **more)


def is_new(host, pair):
    shown = subprocess.run(["openssl", "x509", "-inform", "DER"], input=host.certificate("a.test"), stdout=subprocess.PIPE, check=True)
    return shown.stdout.decode().strip() == re.search(r"-----BEGIN.*", pair[0].read_text(), re.DOTALL)[0].strip()


@pytest.mark.parametrize("foreground", [False, True])
def test_a_stopped_nginx_is_started(make_client, make_nginx_host, pair, foreground):
    """One that stays in the foreground keeps nobody waiting, and goes on when the run has ended."""
    host, client = make_nginx_host(), make_client()
    host.write("a", SITE)
    if foreground:
        host.main.write_text("daemon off;\n" + host.main.read_text())
    begin = time.monotonic()
    install(client, host, pair, timeout=60)
    assert time.monotonic() - begin < 60
    assert host.pid() is not None and is_new(host, pair)
    assert os.getsid(host.pid()) != os.getsid(0)
    if foreground:
        assert os.stat(client.logs / "nginx-start.log").st_mode & 0o77 == 0


def test_a_stopped_apache_is_started(make_client, make_apache_host, pair):
    host, client = make_apache_host(modules=("ssl", "socache_shmcb")), make_client()
    host.write("a", VHOST)
    install(client, host, pair, kind="apache", timeout=60)
    assert host.pid() is not None and is_new(host, pair)


def test_a_stopped_nginx_that_cannot_start(make_client, make_nginx_host, pair):
    """Everything is as it was, and the message has nginx's own words."""
    host, client = make_nginx_host(), make_client()
    host.write("a", SITE)
    host.main.write_text(host.main.read_text().replace(f"pid {host.home}/nginx.pid;", f"pid {host.home}/none/nginx.pid;"))
    before = host.snapshot()
    said = install(client, host, pair, status=1)
    assert "nginx.pid" in said.err and host.snapshot() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="others can do no more than an ordinary user")
def test_programs_that_others_may_write_are_not_run(make_client, make_nginx_host, pair):
    host, client = make_nginx_host(), make_client()
    host.write("a", SITE)
    host.start()
    host.forget_calls()
    host.control.chmod(0o777)
    install(client, host, pair, status=1).says("can be written by everybody")
    assert host.calls() == []


def test_a_hanging_program_is_ended_by_an_interrupt(make_client, make_nginx_host, pair):
    host, client = make_nginx_host(), make_client()
    host.write("a", SITE)
    host.control.write_text("#!/bin/sh\nexec sleep 1000\n")
    process = client.start("install", "-n", "--nginx", *host.options(), "-d", "a.test", "--cert-path", pair[0], "--fullchain-path",
                           pair[0], "--key-path", pair[1], stdin=subprocess.DEVNULL)
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    client.finish(process, None, timeout=60)
    assert time.monotonic() - begin < 30


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_tls_at_another_port_alone(make_client, make_nginx_host, make_apache_host, pair, kind):
    """Something else may pass the usual port on to it, or not: nobody is sent there, and nothing is claimed."""
    port = free_port()
    if kind == "nginx":
        host = make_nginx_host()
        host.write("a", SITE + SITE.replace("127.0.0.1:HTTP", f"127.0.0.1:{port} ssl").replace(
            "    root", f"    ssl_certificate {pair[0]};\n    ssl_certificate_key {pair[1]};\n    root"))
    else:
        host = make_apache_host(modules=["ssl", "socache_shmcb"])
        host.write("a", f"Listen {port}\n" + VHOST + VHOST.replace("*:HTTP", f"*:{port}").replace(
            "</V", f"SSLEngine on\nSSLCertificateFile {pair[0]}\nSSLCertificateKeyFile {pair[1]}\n</V"))
    host.start()
    done = make_client().run("install", "-n", f"--{kind}", *host.options(), "-d", "a.test", "--cert-path", pair[0],
                             "--fullchain-path", pair[0], "--key-path", pair[1])
    done.says(f"other ports than {host.https} alone: a.test", "Successfully deployed")
    assert "enabled HTTPS" not in done.text and host.get("a.test")[0] == 200


def until(seen):
    for _ in range(600):
        if seen():
            return
        time.sleep(0.1)
    raise AssertionError("it has not come to that")


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_two_runs_at_once(make_client, make_nginx_host, make_apache_host, pair, area, kind):
    """One server, from two stores: ours wait for each other, and Certbot is refused meanwhile."""
    host = make_nginx_host() if kind == "nginx" else make_apache_host()
    for name in ("a", "b"):
        host.write(name, (SITE if kind == "nginx" else VHOST).replace("a.test", f"{name}.test"))
    host.start()
    *words, last = host.control.read_text().splitlines()
    held, go = area / "held", area / "go"
    host.control.write_text("\n".join([*words, f'case "$*" in *reload*|*graceful*) touch {held}; '
                                       f"while [ ! -e {go} ]; do sleep 0.1; done;; esac", last, ""]))
    args = ["install", "-n", f"--{kind}", *host.options(), "--no-redirect", "--cert-path", pair[0], "--fullchain-path", pair[0],
            "--key-path", pair[1]]
    clients = make_client(), make_client()
    try:
        first = clients[0].start(*args, "-d", "a.test")
        until(held.exists)
        second = clients[1].start(*args, "-d", "b.test")
        until(lambda: "Waiting up to" in "".join(path.read_text() for path in clients[1].logs.glob("letsencrypt.log")))
        if CERTBOT:
            argv = [CERTBOT, *args[:2], "-i", kind, *host.own_places()[:4], *args[-7:], "-d", "b.test", *(
                f"--{name}-dir={area}/certbot/{name}" for name in ("config", "work", "logs"))]
            refused = subprocess.run([*map(str, argv)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True, timeout=120)
            assert refused.returncode == 1 and "not working" in refused.stdout and "lock" in refused.stdout, refused.stdout
    finally:
        go.touch()
    for client, process in zip(clients, (first, second)):
        client.finish(process)
        assert len(list((client.work / "backups").iterdir())) == 1
    for name in ("a.test", "b.test"):
        assert host.certificate(name)
    assert is_new(host, pair)


def test_an_apache_that_would_wait_for_ever(make_client, make_apache_host, pair):
    """Its own programs hang then, for as long as they may; which file it is is said instead."""
    host = make_apache_host()
    host.write("a", VHOST)
    host.start()
    os.mkfifo(host.root / "sites-enabled" / "z.conf")
    install(make_client(), host, pair, "apache", status=1, timeout=60).says("sites-enabled/z.conf is a FIFO")
    assert host.get("a.test")[0] == 200


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_tls_files(make_client, make_nginx_host, make_apache_host, pair, kind):
    """What Certbot's package has released is brought up to date; what the user has written stays, with one warning."""
    if not PACKAGED[kind].is_dir():
        pytest.skip("Certbot's plugins are not here")
    if kind == "nginx":
        host, client, files = make_nginx_host(), make_client(), ["options-ssl-nginx.conf", "ssl-dhparams.pem"]
        host.write("a", SITE)
    else:
        host, client, files = make_apache_host(modules=("ssl", "socache_shmcb")), make_client(), ["options-ssl-apache.conf"]
        host.write("a", VHOST)
    host.start()
    client.config.mkdir(parents=True, exist_ok=True)
    options = client.config / files[0]
    install(client, host, pair, kind)
    ours = options.read_bytes()
    assert all((client.config / name).is_file() for name in files)
    releases = sorted(PACKAGED[kind].glob("*.conf"))
    assert len(releases) >= 2
    for release in releases:
        options.write_bytes(release.read_bytes())
        install(client, host, pair, kind)
        current = release.name == "options-ssl-nginx.conf"  # the same in every newer Certbot
        assert options.read_bytes() == (release.read_bytes() if current else ours), release
    options.write_bytes(ours + b"# mine\n")
    digest = next(client.config.glob(f".updated-{files[0].rsplit('.', 1)[0]}*-digest.txt"))
    digest.unlink()
    assert "was edited" in install(client, host, pair, kind).err
    assert "was edited" not in install(client, host, pair, kind).err
    assert options.read_bytes() == ours + b"# mine\n" and len(digest.read_bytes()) == 64
    host.test()


def test_names_that_the_certificate_is_not_for(make_client, make_nginx_host, pair, second_name):
    """Installed as wanted, with a warning, as no browser accepts it; Certbot has none."""
    host = make_nginx_host()
    host.write("a", SITE.replace("a.test", "a.test b.test"))
    host.start()
    args = ("-n", "--nginx", *host.options(), "-d", "a.test", "-d", "b.test", "--no-redirect", "--cert-path", pair[0],
            "--fullchain-path", pair[0], "--key-path", pair[1])
    assert "is not for b.test: clients" in make_client().run("install", *args).err
    certbot = make_client()
    certbot.program = second_name
    assert "is not for" not in certbot.run("install", *args).err
    (host.home / "none.pem").write_text("no certificate\n")
    before = host.snapshot()
    args = [host.home / "none.pem" if arg == pair[0] else arg for arg in args]
    make_client().run("install", *args, status=1).says("none.pem")
    assert host.snapshot() == before


# ---- taking back ----

def leave(client, host, kind, running):
    """What a killed run has left: a host with a line too much, and a journal of what was there, in Certbot's form. running: what ours says
    of the server, None: Certbot's, which says nothing."""
    site, folder = site_file(host), client.work / "IN_PROGRESS"
    folder.mkdir(parents=True)
    shutil.copy2(site, folder / f"{site.name}_0")
    (folder / "FILEPATHS").write_text(f"{site}\n")
    (folder / "CHANGES_SINCE").write_text("a change\n")
    if running is not None:
        words = f"{host.control},graceful" if kind == "apache" else f"{host.control},-c,{host.main},-s,reload"
        (folder / "RELOAD").write_text(f"{words}\r\n{host.home / host.PID_FILE}{',start' if running else ''}\r\n")
    site.write_bytes(b"# left\n" + site.read_bytes())


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_a_key_of_another_certificate(make_client, make_nginx_host, make_apache_host, pair, area, kind):
    """Nothing is written, and no reload is tried."""
    host, client, other = host_of(kind, make_nginx_host, make_apache_host), make_client(), area / "other.key"
    before = host.snapshot()
    certs.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", other)
    install(client, host, (pair[0], other), kind, status=1).says("other.key does not belong to the certificate", "the key that the certificate")
    assert host.snapshot() == before and not (client.work / "backups").exists()
    assert not any("reload" in call or "graceful" in call for call in host.calls())


HURRY = 30  # so many times as fast runs the clock by which a reload is given up


@pytest.mark.parametrize("kind", ["nginx", "apache"])
@pytest.mark.parametrize("always", [False, True], ids=["once", "always"])
def test_a_reload_that_hangs(make_client, make_nginx_host, make_apache_host, pair, session_area, always, kind):
    """It is given up after a minute, and everything is as it was; so is the server, unless it cannot be told."""
    host, client, hurry = host_of(kind, make_nginx_host, make_apache_host), make_client(), session_area / "hurry-web.so"
    before, pid = host.snapshot(), host.pid()
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", hurry, PEERS / "hurry.c", "-ldl"], check=True)
    *words, last = host.control.read_text().splitlines()
    hangs = f'case "$*" in *reload*|*graceful*|*restart*) {"true" if always else f"mkdir {host.home}/once 2>/dev/null"} && exec sleep 1000;; esac'
    host.control.write_text("\n".join([*words, hangs, last, ""]))
    asan = client.environment()["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
    said = install(client, host, pair, kind, status=1, env={"LD_PRELOAD": str(hurry), "HURRY": str(HURRY), "ASAN_OPTIONS": asan})
    said.says("was not done after 60.0 s", "could not be told so" if always else "was taken back")
    assert host.snapshot() == before and not (client.work / "IN_PROGRESS").exists()
    assert host.pid() == pid and host.get("a.test")[0] == 200


# Of whom the journal is; whether it says that he was running; which server runs in the end. Both have been stopped.
STOPPED = {
    "nginx's": ("nginx", False, []),
    "nginx's, signed by nobody": ("nginx", None, []),
    "Apache's": ("apache", False, []),
    "Apache's, signed by nobody": ("apache", None, []),
    "Apache's, which may have ended of it": ("apache", True, ["apache"]),
}


@pytest.mark.parametrize("by", ["prepare", "apache", "nginx"])
@pytest.mark.parametrize("case", STOPPED)
def test_a_stopped_server_stays_stopped(make_client, make_nginx_host, make_apache_host, case, by):
    """What a killed run has left is taken back, and none is told of it but whose it is."""
    hosts, client = {"nginx": make_nginx_host(), "apache": make_apache_host()}, make_client()
    hosts["nginx"].write("a", SITE)
    hosts["apache"].write("a", VHOST)
    kind, running, want = STOPPED[case]
    before = hosts[kind].snapshot()
    leave(client, hosts[kind], kind, running)
    command = ["plugins", "--prepare"] if by == "prepare" else ["rollback", f"--{by}"]
    client.run(*command, *hosts["nginx"].own_places(), *hosts["apache"].own_places())
    assert hosts[kind].snapshot() == before and not (client.work / "IN_PROGRESS").exists()
    until(lambda: all(hosts[kind].pid() for kind in want))
    assert [kind for kind in hosts if hosts[kind].pid()] == want


def host_of(kind, make_nginx_host, make_apache_host):
    """A running server with a site a.test."""
    host = make_nginx_host() if kind == "nginx" else make_apache_host(modules=("ssl", "socache_shmcb", "rewrite"))
    host.write("a", SITE if kind == "nginx" else VHOST)
    return host.start()


def rollback(client, host, kind, count, **more):
    return client.run("rollback", "-n", f"--{kind}", *host.options(), "--checkpoints", count, **more)


def backups(client):
    return sorted(path.name for path in (client.work / "backups").iterdir())


def site_file(host):
    return next(path for path in sorted((host.root / "sites-available").iterdir()) if path.name in ("a", "a.conf"))


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_a_rollback_mends_what_is_broken(make_client, make_nginx_host, make_apache_host, pair, kind):
    """The server refuses the file that was changed: nothing but its old content makes it work again, and it is reloaded."""
    host, client = host_of(kind, make_nginx_host, make_apache_host), make_client()
    before = host.snapshot()
    install(client, host, pair, kind)
    site = site_file(host)
    if kind == "apache":
        site = site.with_name("a-le-ssl.conf")
    site.write_text("Broken {\n" + site.read_text())
    assert host.call("-t").returncode != 0
    install(client, host, pair, kind, status=1)
    rollback(client, host, kind, 1)
    assert host.snapshot() == before and backups(client) == []
    host.test()
    assert host.get("a.test")[0] == 200
    rollback(client, host, kind, 1).says("hasn't modified")


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_a_rollback_of_what_was_broken_elsewhere(make_client, make_nginx_host, make_apache_host, pair, kind):
    """What was taken back stays so; the server's words say what has to be corrected, and no reload is tried."""
    host, client = host_of(kind, make_nginx_host, make_apache_host), make_client()
    before = host.snapshot()
    install(client, host, pair, kind)
    other = host.write("other", "broken_word;\n")
    host.forget_calls()
    said = rollback(client, host, kind, 1, status=1)
    said.says("broken_word", "stays so")
    assert not any("reload" in call or "graceful" in call for call in host.calls())
    after = {path: what for path, what in host.snapshot().items() if Path(path).stem != "other"}
    assert after == before and backups(client) == []
    assert is_new(host, pair)  # it runs with what it has read
    for path in (host.root / "sites-enabled").iterdir():
        if path.resolve() == other.resolve():
            path.unlink()
    host.test()


@pytest.mark.skipif(not Path("/usr/bin/certbot").exists(), reason="needs the packaged Certbot")
def test_each_server_has_its_own_checkpoints(make_client, make_nginx_host, make_apache_host, pair):
    """In one work directory; Certbot, which knows no difference, takes ours back all the same."""
    client, hosts, before = make_client(), {}, {}
    for kind in ("nginx", "apache"):
        hosts[kind] = host_of(kind, make_nginx_host, make_apache_host)
        before[kind] = hosts[kind].snapshot()
        install(client, hosts[kind], pair, kind)
    assert len(backups(client)) == 2
    hosts["apache"].forget_calls()
    after = hosts["apache"].snapshot()
    rollback(client, hosts["nginx"], "nginx", 1).says("stays", "another server", "graceful")
    assert hosts["nginx"].snapshot() == before["nginx"] and hosts["apache"].snapshot() == after
    assert hosts["apache"].calls() == [] and is_new(hosts["apache"], pair)
    assert len(backups(client)) == 1
    rollback(client, hosts["apache"], "apache", 1)
    assert hosts["apache"].snapshot() == before["apache"] and backups(client) == []
    install(client, hosts["nginx"], pair)
    done = subprocess.run(["/usr/bin/certbot", "rollback", "-n", "--config-dir", client.config, "--work-dir", client.work, "--logs-dir",
                           client.logs, "-i", "nginx", "--nginx-server-root", hosts["nginx"].root, "--nginx-ctl",
                           hosts["nginx"].control], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    assert hosts["nginx"].snapshot() == before["nginx"] and backups(client) == []
