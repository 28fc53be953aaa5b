"""nginx while all goes wrong: servers that end or lie, editors, configurations that would be read for ever. All comes back."""
import os
import time

import certs
import pytest
from test_nginx_install import (check_redirected, check_rolled_back, check_tls, host, install, make_pair,  # noqa: F401
                                network, write)

pytestmark = [pytest.mark.ours,
              pytest.mark.skipif(os.geteuid() != 0, reason="redirection is for port 80, which root alone may listen on")]

PLAIN = "server {\n    listen ADDR:80;\n    server_name a.test;\n    root HOME/www;\n}\n"


@pytest.fixture
def scene(make_client, host):  # noqa: F811
    """(client, host, pair): one plain site that is served."""
    client = make_client()
    write(host, {"a": PLAIN})
    host.start()
    return client, host, make_pair(host.home, "new", ["a.test"])


def put_control(host, reload):  # noqa: F811
    """A control program that does this, in the shell, instead of the first reload; PID is the master's."""
    words = host.control.read_text().splitlines()
    once = f'case "$*" in *reload*) if mkdir {host.home}/once; then PID=$(cat {host.home}/nginx.pid); {reload}; fi;; esac'
    host.control.write_text("\n".join([*words[:-1], once, words[-1]]) + "\n")


def test_a_server_that_dies_of_the_reload(scene):
    """What was there before comes back, and the server with it; nobody waits for one that is gone."""
    client, host, pair = scene  # noqa: F811
    before = host.snapshot()
    put_control(host, "kill -9 $PID $(pgrep -P $PID); exit 0")
    said = install(client, host, pair, ["a.test"], status=1)
    said.says("nginx has ended", "taken back")
    assert host.snapshot() == before and host.pid()
    assert host.get("a.test")[2] == "hello\n"
    assert not (client.work / "IN_PROGRESS").exists()


def test_a_reload_that_is_late(scene):
    """The certificate counts once it is served."""
    client, host, pair = scene  # noqa: F811
    put_control(host, f'(sleep 6; "{host.control}" "$@") </dev/null >/dev/null 2>&1 & exit 0')
    install(client, host, pair, ["a.test"])
    check_tls(host, pair, ["a.test"])
    check_redirected(host, ["a.test"])


def test_what_was_edited_since_is_kept(scene):
    client, host, pair = scene  # noqa: F811
    before = host.snapshot()
    install(client, host, pair, ["a.test"])
    site = host.root / "sites-available" / "a"
    edited = site.read_text() + "# by the user\n"
    site.write_text(edited)
    said = client.run("rollback", "-n", "-i", "nginx", *host.options(), "--checkpoints", 2)
    said.says("edited since", "rolled-back")
    assert host.snapshot() == before
    kept = list((client.work / "rolled-back").glob("*/a_*"))
    assert [path.read_text() for path in kept] == [edited]


def hold(conf):
    os.mkfifo(conf / "x.conf")


def double(conf):
    for i in range(40):
        (conf / f"f{i}").write_text(f"include {conf}/f{i + 1};\n" * 2)
    (conf / "f40").touch()
    (conf / "x.conf").symlink_to("f0")


def circle(conf):
    (conf / "x.conf").write_text(f"include {conf}/*.conf;\n")


@pytest.mark.parametrize("make,text", [(hold, "FIFO"), (double, "again and again"), (circle, "refuses its")])
def test_what_would_be_read_for_ever(scene, make, text):
    client, host, pair = scene  # noqa: F811
    make(host.root / "conf.d")
    began = time.monotonic()
    said = install(client, host, pair, ["a.test"], status=1, timeout=60)
    assert time.monotonic() - began < 30
    said.says(text)
    assert host.get("a.test")[2] == "hello\n"


def test_a_redirect_to_a_variable(make_client, host):  # noqa: F811
    """Its value comes of a map: the block with TLS is made without it."""
    client = make_client()
    write(host, {"a": "map $host $to {\n    default https://$host$request_uri;\n}\n" + PLAIN.replace("}", "    return 301 $to;\n}")})
    host.start()
    before, pair = host.snapshot(), make_pair(host.home, "new", ["a.test"])
    install(client, host, pair, ["a.test"])
    check_tls(host, pair, ["a.test"])
    check_redirected(host, ["a.test"])
    assert host.get("a.test", tls=True)[0] == 200
    check_rolled_back(client, host, before, 1)


def test_advice_is_for_what_is_there(scene):
    """A key that is too small: nginx refuses the new configuration, and the old one, which is back, needs no correction."""
    client, host, _ = scene  # noqa: F811
    before, weak = host.snapshot(), (host.home / "weak.pem", host.home / "weak.key")
    certs.openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", weak[1], "-out", weak[0], "-days", "30",
                  "-subj", "/CN=a.test", "-addext", "subjectAltName=DNS:a.test")
    said = install(client, host, weak, ["a.test"], status=1)
    said.says("key too small", "taken back")
    assert "correct the configuration" not in said.text
    assert host.snapshot() == before
