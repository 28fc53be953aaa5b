"""What a user meets of nginx and Apache in the commands: which names are offered, what is refused before anything is changed, what is
listed. Each with both servers."""
import re
import subprocess

import pytest

pytestmark = pytest.mark.ours

NGINX = "server {{\n    listen HTTP;\n    server_name {};\n    root HOME/www;\n}}\n"
APACHE = "<VirtualHost *:HTTP>\n    ServerName {}\n    ServerAlias {}\n    DocumentRoot HOME/www\n</VirtualHost>\n"
OFFERED = ["a.test", "b.test", "www.b.test"]
NEW_ACCOUNT = ["--agree-tos", "--register-unsafely-without-email"]


def fill(host, kind):
    for site, names in ("one", ["b.test", "www.b.test"]), ("two", ["a.test", "*.a.test localhost 192.0.2.1 127.0.0.1"]):
        host.write(site, NGINX.format(" ".join(names)) if kind == "nginx" else APACHE.format(*names))


@pytest.fixture(params=["nginx", "apache"])
def kind(request):
    listed = subprocess.run([request.config.program, "plugins"], stdout=subprocess.PIPE, text=True).stdout
    if not re.search(rf"\* {request.param}\n.*\nInterfaces: Authenticator, Installer", listed):
        pytest.skip("not built in, or not in both roles")
    return request.param


@pytest.fixture
def host(kind, make_nginx_host, make_apache_host, new_ca):
    made = (make_nginx_host if kind == "nginx" else make_apache_host)(http=new_ca.http_port)
    fill(made, kind)
    return made.start()


def files(host):
    """What belongs to the server: not the file by which our runs wait for each other."""
    return {path: state for path, state in host.snapshot().items() if path != ".evercert-server.lock"}


@pytest.fixture
def server(new_client, host, kind):
    """server("run", ...): the program with the options of this server."""
    def run(verb, *args, **more):
        options = host.options()
        del options[options.index("--http-01-port"):options.index("--http-01-port") + 2]  # the client's own is the same
        return new_client.run(verb, *args, *options, **more)
    run.client, run.flag = new_client, f"--{kind}"
    return run


@pytest.mark.parametrize("verb", ["run", "certonly", "install"])
def test_names_are_offered(server, host, verb, area):
    before = files(host)
    args = [verb, server.flag, "-n", *NEW_ACCOUNT]
    if verb == "install":
        for name in "cert.pem", "key.pem":
            (area / name).write_text("x")
        args += ["--cert-path", area / "cert.pem", "--key-path", area / "key.pem"]
    server(*args, status=1).says("Missing command line flag", "? ".join(OFFERED) + "?", "--domains")
    assert files(host) == before and server.client.store.lineages() == []


def test_names_are_chosen(server, host, kind):
    said = server("certonly", server.flag, *NEW_ACCOUNT, input="3\n")
    said.says("These are the names in the configuration", "1: a.test", "2: b.test", "3: www.b.test", "www.b.test")
    server.client.store.check(["www.b.test"])
    params = server.client.store.conf("www.b.test")["renewalparams"]
    assert (params["authenticator"], params["installer"]) == (kind, kind)
    assert params[f"{kind}_server_root"] == str(host.root) and f"{kind}_ctl" in params and f"{kind}_sleep_seconds" not in params


def test_what_cannot_be_added_is_refused_first(server, host, kind):
    """Before the CA is asked, and before anything is changed."""
    before = files(host)
    options = ["--uir", "--auto-hsts"] if kind == "nginx" else []
    for option in options:
        server("run", server.flag, "-n", "-d", "a.test", option, status=1).says(f"The nginx plugin cannot do what {option} asks for")
    assert server.client.store.lineages() == [] and files(host) == before


def test_addresses_are_names_like_others(server):
    server("run", server.flag, "-n", *NEW_ACCOUNT, "--ip-address", "127.0.0.1").says("https://127.0.0.1")
    server.client.store.check(["127.0.0.1"])
    server("enhance", server.flag, "-n", "--cert-name", "127.0.0.1", "--hsts").says("in effect on https://127.0.0.1")


def test_rollback(server, host):
    server("rollback", server.flag, "-n")
    before = files(host)
    said = server("run", server.flag, "-n", *NEW_ACCOUNT, "-d", "a.test", "--no-redirect")
    said.matches(rf"Successfully deployed certificate for a\.test to {host.root}/sites-\w+/two")
    assert files(host) != before
    server("rollback", server.flag, "-n", "--checkpoints", "-1", status=1).says("positive")
    server("rollback", server.flag, "-n", "--checkpoints", "0")
    server("rollback", server.flag, "-n")
    assert files(host) == before


def test_dry_runs_and_renewals(server, host):
    before = files(host)
    server("certonly", server.flag, "-n", *NEW_ACCOUNT, "-d", "a.test", "--dry-run")
    assert files(host) == before and server.client.store.lineages() == []
    server("certonly", server.flag, "-n", *NEW_ACCOUNT, "-d", "a.test")
    server("certonly", server.flag, "-n", *NEW_ACCOUNT, "-d", "b.test", "-d", "www.b.test")
    assert files(host) == before
    server.client.renew("--dry-run")
    said = server.client.renew("--force-renewal")
    assert said.out.count("Reloading") == 1, said
    assert files(host) == before


def test_plugins(server, kind, host):
    listed = server("plugins", "--installers", "--prepare", "--init").out
    assert f"* {kind}\n" in listed and "* standalone" not in listed
    part = listed[listed.index(f"* {kind}\n"):]
    assert f"Initialized: {kind}\nPrep: True" in part
    host.write("bad", "nonsense;\n")
    listed = server("plugins", "--installers", "--prepare").out
    part = listed[listed.index(f"* {kind}\n"):]
    assert "Prep: True" not in part.split("\n* ")[0] and "nonsense" in part


# ---- with a certificate that another authenticator has obtained ----

@pytest.fixture
def obtained(server, host):
    def obtain(name, *args):
        server("certonly", "-n", *NEW_ACCOUNT, "--webroot", "-w", host.home / "www", "-d", name, *args)
    return obtain


def test_both_types_of_key(server, host, obtained):
    """What is installed beside a certificate with the other type of key leaves that one; what has the same type takes its place."""
    for lineage, key_type in ("e", "ecdsa"), ("r", "rsa"), ("e2", "ecdsa"):
        obtained("a.test", "--cert-name", lineage, "--key-type", key_type)
    live = server.client.store.live

    def served():
        return sorted(lineage for lineage in ("e", "r", "e2") if any(
            str(live(lineage)) + "/" in content.decode(errors="replace") for *_, content in files(host).values() if isinstance(content, bytes)))
    for lineage, want in ("e", ["e"]), ("r", ["e", "r"]), ("e2", ["e2", "r"]):
        server("install", server.flag, "-n", "--cert-name", lineage, "--no-redirect")
        assert served() == want
    server("delete", "-n", "--cert-name", "r", status=1).says("r is not deleted", "install another certificate")
    server("rollback", server.flag, "-n", "--checkpoints", "3")
    assert served() == []
    server("delete", "-n", "--cert-name", "r")


def test_a_failed_run_says_how_to_repeat_it(server, host, kind, obtained):
    """The certificate stays, and nothing else has changed."""
    obtained("x.test")
    before = files(host)
    said = server("run", "-n", "--webroot", "-w", host.home / "www", "-i", kind, "-d", "x.test", status=1)
    said.says("could not be installed", f"evercert install --cert-name x.test -i {kind}")
    assert files(host) == before


def test_an_enhancement_that_fails_takes_all_back(server, host, kind, obtained):
    if kind != "nginx":
        pytest.skip("Apache staples without the chain's file")
    obtained("a.test")
    before, live = files(host), server.client.store.live("a.test")
    paths = ["--cert-path", live / "cert.pem", "--key-path", live / "privkey.pem", "--fullchain-path", live / "fullchain.pem"]
    server("install", server.flag, "-n", *paths, "-d", "a.test", "--staple-ocsp", status=1)
    assert files(host) == before and not (server.client.area / "work" / "backups").exists()
    server("install", server.flag, "-n", *paths, "--chain-path", live / "chain.pem", "-d", "a.test", "--staple-ocsp")
