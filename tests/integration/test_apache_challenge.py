"""--apache as authenticator: a real Apache answers http-01 for Pebble, and its files are as they were afterwards."""
import os
import signal
import threading
import time

import certs
import pytest

pytestmark = [pytest.mark.ours]
BARE = {"authenticator": None}
NOBODY = (65534, 65534)

PLAIN = """\
<VirtualHost *:HTTP>
    ServerName {name}
    DocumentRoot HOME/www
{lines}</VirtualHost>
"""


def plain(name, lines=""):
    return PLAIN.format(name=name, lines=lines)


@pytest.fixture
def host(client, make_apache_host):
    """An Apache whose http port is where the CA looks, not started yet."""
    return make_apache_host(http=client.http_port)


def obtain(client, host, *names, args=(), **more):
    """Obtains a certificate through the host, whose files and answers must be the same afterwards."""
    before = host.snapshot()
    done = client.certonly(names, "--apache", *host.options(), *args, **BARE, **more)
    assert host.snapshot() == before
    assert not (client.work / "temp_checkpoint").exists()
    assert list((client.work / "http_challenges").iterdir()) == []
    host.test()
    return done


def test_one_reload_for_all_names(client, host):
    host.write("a", plain("a.apache.test", "    ServerAlias *.b.apache.test\n"))
    host.write("c", plain("c.apache.test"))
    host.start()
    obtain(client, host, "a.apache.test", "x.b.apache.test", "c.apache.test", "unknown.apache.test")
    client.store.check(["a.apache.test"])
    assert host.calls().count("graceful") == 2, "to answer; to answer no more, and to read the certificate"
    assert host.get("c.apache.test")[0] == 200 and host.log().count("caught SIGTERM") == 0
    assert client.store.conf("a.apache.test")["renewalparams"]["authenticator"] == "apache"
    client.give_up_authorizations()
    before = host.snapshot()
    client.renew("--force-renewal")
    assert host.snapshot() == before and client.store.versions("a.apache.test") == [1, 2]


# What stands in the way of an answer.
HOSTILE = {
    "rules": "    RewriteEngine on\n    RewriteRule ^ /index.html [L]\n",
    "redirecting rule": "    RewriteEngine on\n    RewriteRule ^ https://h.apache.test%{REQUEST_URI} [R=301,L]\n",
    "rules that are off": "    RewriteRule ^ /nowhere [L]\n    RewriteEngine off\n",
    "redirect": "    Redirect permanent / http://nowhere.test/\n",
    "denied": "    <Location />\n        Require all denied\n    </Location>\n",
    "denied in the old way": "    <Location />\n        Order deny,allow\n        Deny from all\n    </Location>\n",
    "password": "    <Location />\n        AuthType Basic\n        AuthName x\n        AuthUserFile /dev/null\n"
                "        Require valid-user\n    </Location>\n",
    "proxy": "    ProxyPass / http://127.0.0.1:1/\n",
    "proxy in a location": "    <Location />\n        ProxyPass http://127.0.0.1:1/\n    </Location>\n",
    "handler": "    <Location />\n        SetHandler server-status\n    </Location>\n",
    "alias": "    Alias / HOME/www/\n    AliasMatch .* HOME/www/index.html\n",
    "alias of a location": "    <Location /.well-known>\n        Alias HOME/www\n    </Location>\n",
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("modules", [("proxy", "proxy_http"), ("proxy", "proxy_http", "rewrite")], ids=["bare", "rewrite"])
def test_whatever_stands_in_the_way(client, make_apache_host, case, modules):
    if "rule" in case and "rewrite" not in modules:
        pytest.skip("there are no rules without mod_rewrite")
    host = make_apache_host(http=client.http_port, modules=modules)
    host.write("h", plain("h.apache.test", HOSTILE[case]))
    host.start()
    before = host.modules()
    obtain(client, host, "h.apache.test")
    assert host.modules() == before
    client.store.check(["h.apache.test"])


def test_module_is_enabled_for_a_moment(client, host):
    host.write("h", plain("h.apache.test", HOSTILE["redirect"]))
    host.start()
    obtain(client, host, "h.apache.test")
    called = [line for line in host.calls() if line.startswith("a2")]
    assert called == ["a2enmod rewrite", "a2dismod -f rewrite"]


def test_modules_are_left_alone(client, host):
    host.write("h", plain("h.apache.test"))
    host.start()
    obtain(client, host, "h.apache.test")
    assert not [line for line in host.calls() if line.startswith("a2")], "mod_alias is enough"


def test_main_server(client, host):
    """No host answers at the port: the main server does."""
    host.write("s", "<VirtualHost 127.0.0.9:HTTP>\n    ServerName other.apache.test\n</VirtualHost>\n")
    host.start()
    obtain(client, host, "main.apache.test")
    client.store.check(["main.apache.test"])


def test_nothing_listens(client, host):
    """A host of our own, and a port to listen at, for a moment; it answers nothing else."""
    host.put("ports.conf", "Listen HTTPS\n")
    host.write("s", "<VirtualHost *:HTTPS>\n    ServerName s.apache.test\n    DocumentRoot HOME/www\n</VirtualHost>\n")
    host.start()
    obtain(client, host, "s.apache.test")
    client.store.check(["s.apache.test"])
    with pytest.raises(ConnectionRefusedError):
        host.get("s.apache.test")


def test_port_of_another(client, host, start_nginx, area):
    """Apache would end when it is to listen there: it is not asked to."""
    (area / "www").mkdir()
    start_nginx(client.http_port, {"s.apache.test": area / "www"})
    host.put("ports.conf", "Listen HTTPS\n")
    host.write("s", "<VirtualHost *:HTTPS>\n    ServerName s.apache.test\n    DocumentRoot HOME/www\n</VirtualHost>\n")
    host.start()
    before = host.snapshot()
    done = client.certonly(["s.apache.test"], "--apache", *host.options(), status=1, **BARE)
    done.says("another program")
    assert host.snapshot() == before and host.get("s.apache.test", port=host.https)[0] == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_ip_address(client, host, address):
    host.write("a", plain("a.apache.test"))
    host.start()
    obtain(client, host, args=["--ip-address", address])


def test_macro(client, make_apache_host):
    host = make_apache_host(http=client.http_port, modules=("macro",))
    host.write("m", "<Macro VHost $name $port>\n<VirtualHost *:$port>\n    ServerName $name.apache.test\n"
                    "    Alias / HOME/www/\n</VirtualHost>\n</Macro>\nUse VHost one HTTP\nUse VHost two HTTP\n")
    host.start()
    obtain(client, host, "one.apache.test", "two.apache.test")


def test_as_ordinary_user(client, make_apache_host):
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    client.become(*NOBODY)
    host = make_apache_host(http=client.http_port, user=NOBODY)
    os.chown(client.area, *NOBODY)
    os.chown(client.tmp, *NOBODY)
    host.write("u", plain("u.apache.test", HOSTILE["redirect"]))
    host.start()
    obtain(client, host, "u.apache.test")


def test_umask(client, host):
    host.write("a", plain("a.apache.test"))
    host.start()
    obtain(client, host, "a.apache.test", umask=0o077)


def test_text_is_kept(client, host):
    text = plain("l.apache.test", "    # caf\xe9 \\\n    # und\n\tServerAlias m.apache.test").encode("latin-1")
    text = text.replace(b"HTTP", str(host.http).encode()).replace(b"HOME", str(host.home).encode()).replace(b"\n", b"\r\n")
    host.write("l", text.replace(b"m.apache.test</", b"m.apache.test\r\n</"))
    host.start()
    obtain(client, host, "l.apache.test", "m.apache.test")


def test_refused_configuration(client, host):
    """It does not pass its test: nothing is touched."""
    host.write("a", plain("a.apache.test"))
    host.start()
    host.write("broken", "NoSuchDirective x\n")
    before = host.snapshot()
    done = client.certonly(["a.apache.test"], "--apache", *host.options(), status=1, **BARE)
    done.says("NoSuchDirective")
    assert host.snapshot() == before and host.get("a.apache.test")[0] == 200


def test_ca_says_no(client, host):
    """A name that the CA cannot see: the files are restored all the same."""
    host.write("a", plain("a.apache.test"))
    host.start()
    before = host.snapshot()
    client.certonly(["a.apache.test"], "--apache", *host.options(), "--http-01-port", host.https, status=None, **BARE)
    assert host.snapshot() == before
    host.test()


def test_certificate_is_of_the_names(client, host):
    host.write("a", plain("a.apache.test"))
    host.start()
    obtain(client, host, "a.apache.test")
    assert certs.names(client.store.cert("a.apache.test")) == ["a.apache.test"]


def test_renewal(client, host):
    """Those that are due together share reloads."""
    for name in ("a", "b", "c"):
        host.write(name, plain(f"{name}.apache.test", HOSTILE["denied"]))
    host.start()
    for name in ("a", "b", "c"):
        obtain(client, host, f"{name}.apache.test")
    client.give_up_authorizations()
    before = host.snapshot()
    host.forget_calls()
    client.renew("--force-renewal")
    assert [client.store.versions(f"{name}.apache.test") for name in ("a", "b", "c")] == [[1, 2]] * 3
    assert host.snapshot() == before and host.calls().count("graceful") in range(2, 5)


def test_answers_all_the_time(client, host):
    """Visitors see nothing of it."""
    host.write("a", plain("a.apache.test"))
    host.start()
    seen, done = [], threading.Event()

    def visit():
        while not done.is_set():
            seen.append(host.get("a.apache.test")[::2])

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        obtain(client, host, "a.apache.test")
    finally:
        done.set()
        visitor.join()
    assert len(seen) > 20 and set(seen) == {(200, "hello\n")}


def test_a_stopped_server_is_started(client, host):
    host.write("a", plain("a.apache.test"))
    obtain(client, host, "a.apache.test")
    assert host.get("a.apache.test")[0] == 200


# While the CA looks.

@pytest.fixture
def slow_client(make_client, sleepy_ca):
    made = make_client(sleepy_ca)
    made.register()
    return made


@pytest.fixture
def slow_host(slow_client, make_apache_host):
    made = make_apache_host(http=slow_client.http_port)
    made.write("a", plain("a.apache.test", HOSTILE["redirect"]))
    return made.start()


def pending(client, host, name):
    """A run whose challenge is in place, and that the CA has been told of."""
    known = client.ca.log().count("chalZ/ -> calling handler")
    process = client.start("certonly", "-n", "--agree-tos", "--register-unsafely-without-email", "-d", name, "--apache",
                           *host.options())
    end = time.monotonic() + 60
    while client.ca.log().count("chalZ/ -> calling handler") == known:
        assert process.poll() is None and time.monotonic() < end, client.finish(process, None)
        time.sleep(0.05)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(slow_client, slow_host, number):
    before, modules = slow_host.snapshot(), slow_host.modules()
    process = pending(slow_client, slow_host, "a.apache.test")
    assert slow_host.snapshot() != before and "rewrite" in slow_host.modules()
    process.send_signal(number)
    slow_client.finish(process, None)
    assert slow_host.snapshot() == before and slow_host.modules() == modules
    assert slow_host.calls()[-1] == "graceful"
    slow_host.test()


@pytest.mark.parametrize("following", [["renew"], ["plugins", "--prepare"], None], ids=["renew", "prepare", "another"])
def test_killed(slow_client, slow_host, following):
    """What is run next restores everything, byte for byte, even where what was left does not pass the test."""
    before = slow_host.snapshot()
    process = pending(slow_client, slow_host, "a.apache.test")
    process.kill()
    process.communicate()
    assert slow_host.snapshot() != before
    (slow_host.root / "mods-enabled" / "rewrite.load").unlink()
    assert slow_host.call("configtest").returncode != 0, "rules without their module"
    if following is None:
        process = pending(slow_client, slow_host, "b.apache.test")
        process.send_signal(signal.SIGINT)
        slow_client.finish(process, None)
    else:
        slow_client.run(*following, *slow_host.places())
    assert slow_host.snapshot() == before
    slow_host.test()
