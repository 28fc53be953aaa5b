"""setup: from a fresh machine to a certificate in use; with nginx, with Apache, with neither; in a terminal and in a script."""
import os
import ssl

import pytest
from client import Client
from peers.terminal import Screen

pytestmark = [pytest.mark.ours, pytest.mark.skipif(os.geteuid() != 0, reason="a machine is set up by root")]

SITE = {
    "nginx": "server {\n    listen HTTP;\n    server_name a.set.test b.set.test;\n    root HOME/www;\n}\n",
    "apache": "<VirtualHost *:HTTP>\n    ServerName a.set.test\n    ServerAlias b.set.test\n    DocumentRoot HOME/www\n</VirtualHost>\n",
}
NAMES = ["a.set.test", "b.set.test"]


@pytest.fixture
def machine(request, area, trust, new_ca, make_nginx_host, make_apache_host):
    """machine(kind): a machine whose settings lead to the CA of the tests, and to one web server, which runs; or to none."""
    def make(*kinds, stopped=()):
        client = Client(request.config.program, area, trust, new_ca)
        client.host = None
        lines = {"config-dir": client.config, "work-dir": client.work, "logs-dir": client.logs, "server": client.server,
                 "http-01-port": client.http_port, "nginx-ctl": "/nonexistent", "apache-ctl": "/nonexistent"}
        for kind in kinds:
            host = {"nginx": make_nginx_host, "apache": make_apache_host}[kind](http=client.http_port)
            host.write("site", SITE[kind])
            if kind not in stopped:
                host.start()
                client.host = host
            options = [str(word) for word in host.options() if word not in host.NO_OTHER]
            lines.update({name[2:]: value for name, value in zip(options[::2], options[1::2]) if name[2:] != "https-port" or host == client.host})
        client.ini = area / "settings.ini"
        client.ini.write_text("".join(f"{name} = {value}\n" for name, value in lines.items()))
        client.root = area / "root"
        for name in ("etc/cron.d", "usr/sbin"):
            (client.root / name).mkdir(parents=True)
        (client.root / "usr/sbin/cron").touch(mode=0o755)
        return client

    return make


def der(client, name):
    return ssl.PEM_cert_to_DER_cert(client.store.live(name, "cert").read_text())


def arguments(client):
    return ["setup", "--config", str(client.ini), "--schedule-root", str(client.root)]


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_in_a_script(machine, kind):
    client = machine(kind)
    said = client.run(*arguments(client), "--yes", "--email", "admin@set.test")
    said.says("Looking at this machine:", f"  {kind}: found", "https://a.set.test and https://b.set.test", "Set up.")
    client.store.check([NAMES[0]])
    for name in NAMES:
        assert client.host.certificate(name) == der(client, NAMES[0])
    line, = (client.root / "etc" / "cron.d").iterdir()
    assert f"-q renew --config-dir {client.config} " in line.read_text()
    assert client.ini.read_text().splitlines()[-1] == "notify = mailto:admin@set.test"
    before, settings = client.host.snapshot(), client.ini.read_text()
    said = client.run(*arguments(client), "--yes")
    said.says("Set up.")
    assert client.host.snapshot() == before and client.ini.read_text() == settings and len(client.store.versions(NAMES[0])) == 1


@pytest.mark.parametrize("stopped, taken", [("apache", "nginx"), ("nginx", "apache")])
def test_one_of_two_is_stopped(machine, stopped, taken):
    """It is not taken, whatever it is called."""
    client = machine("nginx", "apache", stopped=[stopped])
    said = client.run(*arguments(client), "--yes", "-d", NAMES[0])
    said.says(f"  {stopped}: found, but it is stopped", f"  {taken}: found\n", "Set up.", "1 certificate, and it is well")
    assert client.store.conf(NAMES[0])["renewalparams"]["installer"] == taken
    assert client.host.certificate(NAMES[0]) == der(client, NAMES[0])


def test_with_neither(machine):
    client = machine()
    said = client.run(*arguments(client), "--yes", status=1)
    said.says("no web server that could be set up", "no name is known", "give the names with -d")
    said = client.run(*arguments(client), "--yes", "-d", "c.set.test")
    said.says("Successfully received certificate", "Set up.", "Nobody is told when a renewal fails")
    assert "notify" not in client.ini.read_text()
    client.run(*arguments(client), "--yes", "-d", "c.set.test", "--notify", "ntfy:https://ntfy.set.test/secret").says(
        "notify test", "Others can read", "chmod 600")
    assert "notify = ntfy:https://ntfy.set.test/secret" in client.ini.read_text()
    client.store.check(["c.set.test"])


@pytest.fixture
def open_screen(area):
    opened = []

    def start(client):
        path = f"{client.program.parent}:{os.environ['PATH']}"
        opened.append(Screen(area, client.environment({"PATH": path, "HOME": str(area)}), columns=100))
        return opened[-1]

    yield start
    for screen in opened:
        screen.close()


def begin(screen, client):
    screen.type(" ".join(["clear; evercert", *arguments(client)]))
    screen.wait_for("Looking at this machine:", "E-mail address", "(Enter 'c' to cancel):")
    screen.type("admin@set.test")


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_in_a_terminal_with_a_web_server(machine, open_screen, kind):
    client = machine(kind)
    screen = open_screen(client)
    begin(screen, client)
    screen.wait_for("agree", "(Y)es/(N)o:")
    screen.type("y")
    screen.wait_for("1: a.set.test", "2: b.set.test", "(Enter 'c' to cancel):")
    screen.type("1")
    screen.wait_for("https://a.set.test", "are renewed by a line of cron's", "Set up.", "notify test", "ready>")
    assert screen.status() == 0
    assert client.host.certificate("a.set.test") == der(client, "a.set.test")


def test_in_a_terminal_with_two(machine, open_screen):
    """The one that runs comes first in the menu; an address that cannot be one is asked for again."""
    client = machine("nginx", "apache", stopped=["apache"])
    screen = open_screen(client)
    screen.type(" ".join(["clear; evercert", *arguments(client)]))
    screen.wait_for("Which web server is to get the certificate?", "1: nginx", "2: apache", "(press 'c' to cancel):")
    screen.type("1")
    screen.wait_for("E-mail address", "(Enter 'c' to cancel):")
    screen.type("admin at set.test")
    screen.wait_for("admin at set.test", "E-mail address for alarms", "(Enter 'c' to cancel):")
    screen.type("admin@set.test")
    screen.wait_for("agree", "(Y)es/(N)o:")
    screen.type("y")
    screen.wait_for("1: a.set.test", "(Enter 'c' to cancel):")
    screen.type("1")
    screen.wait_for("Set up.", "notify test", "ready>")
    assert client.host.certificate("a.set.test") == der(client, "a.set.test")
    assert "mailto:admin@set.test" in client.ini.read_text()


def test_in_a_terminal_with_neither(machine, open_screen):
    client = machine()
    screen = open_screen(client)
    begin(screen, client)
    screen.wait_for("no web server that could be set up", "(standalone)", "(press 'c' to cancel):")
    screen.type("1")
    screen.wait_for("agree", "(Y)es/(N)o:")
    screen.type("y")
    screen.wait_for("(Enter 'c' to cancel):")
    screen.type("c.set.test")
    screen.wait_for("Successfully received certificate", "Set up.", "notify test", "ready>")
    client.store.check(["c.set.test"])
