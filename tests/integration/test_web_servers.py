"""What the plugins of both web servers share, with the servers themselves: their start, their programs, the TLS files."""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import certs
import pytest

pytestmark = pytest.mark.ours

SITE = "server {\n    listen 127.0.0.1:HTTP;\n    server_name a.test;\n    root HOME/www;\n}\n"
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
    host.write("a", "<VirtualHost *:HTTP>\n    ServerName a.test\n    DocumentRoot HOME/www\n</VirtualHost>\n")
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
def test_tls_files(make_client, make_nginx_host, make_apache_host, pair, kind):
    """What Certbot's package has released is brought up to date; what the user has written stays, with one warning."""
    if not PACKAGED[kind].is_dir():
        pytest.skip("Certbot's plugins are not here")
    if kind == "nginx":
        host, client, files = make_nginx_host(), make_client(), ["options-ssl-nginx.conf", "ssl-dhparams.pem"]
        host.write("a", SITE)
    else:
        host, client, files = make_apache_host(modules=("ssl", "socache_shmcb")), make_client(), ["options-ssl-apache.conf"]
        host.write("a", "<VirtualHost *:HTTP>\n    ServerName a.test\n    DocumentRoot HOME/www\n</VirtualHost>\n")
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
