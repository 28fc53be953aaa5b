"""--apache as authenticator: a real Apache answers http-01 for Pebble, and its files are as they were afterwards."""
import os

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
    assert host.calls().count("graceful") == 3, "to answer, to answer no more, to read the certificate"
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
