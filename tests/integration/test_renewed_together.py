"""Many lineages of one nginx or Apache that are due together: their challenges share a change and a reload."""
import time

import pytest
from fleet import Fleet

pytestmark = pytest.mark.ours

NGINX = """\
server {{
    listen 127.0.0.1:HTTP;
    listen 127.0.0.1:HTTPS ssl;
    server_name {name};
    ssl_certificate {live}/fullchain.pem;
    ssl_certificate_key {live}/privkey.pem;
    root HOME/www;
}}
"""
APACHE = """\
<VirtualHost 127.0.0.1:HTTP>
    ServerName {name}
    DocumentRoot HOME/www
</VirtualHost>
<VirtualHost 127.0.0.1:HTTPS>
    ServerName {name}
    DocumentRoot HOME/www
    SSLEngine on
    SSLCertificateFile {live}/fullchain.pem
    SSLCertificateKeyFile {live}/privkey.pem
</VirtualHost>
"""
MANY = 40


@pytest.fixture(params=["nginx", "apache"])
def server(request, new_client, make_nginx_host, make_apache_host):
    """(its name, a host of it that is not started, the text of a site, the word by which it is told to reload)"""
    if request.param == "nginx":
        host = make_nginx_host(http=new_client.http_port)
        host.main.write_text(host.main.read_text().replace("worker_connections 64", "worker_connections 1024"))
        return "nginx", host, NGINX, "-s reload"
    return "apache", make_apache_host(http=new_client.http_port, modules=["ssl", "socache_shmcb"]), APACHE, "graceful"


def due(client, host, site, count, days_left=5):
    """Lineages that the host serves; it runs then."""
    client.register()
    fleet = Fleet(client.config, client.server, client.store.account_id(), client.http_port)
    names = [f"{name}.test" for name in (f"due{i:03}" for i in range(count))]
    for name in names:
        fleet.add(name, days_left)
        host.write(name, site.format(name=name, live=client.store.live(name)))
    host.start()
    return names


def renew(client, server, *args, **more):
    """Returns how many reloads it took, and how many tests of the configuration; all files are as they were."""
    name, host, _, word = server
    before = host.snapshot()
    host.forget_calls()
    client.renew("--authenticator", name, *host.options(), "--no-directory-hooks", *args, **more)
    assert host.snapshot() == before
    assert not (client.work / "temp_checkpoint").exists()
    calls = host.calls()
    return calls.count(word), sum(call.split()[0] in ("-t", "configtest") for call in calls)


def test_many(new_client, server):
    """Two reloads: to answer for all of them; then to answer no more, and to read the renewed files. Three tests of the
    configuration: before anything is changed, as it is with the challenges, and with the renewed files."""
    name, host, site, _ = server
    names = due(new_client, host, site, MANY)
    begun = time.monotonic()
    reloads, tests = renew(new_client, server, "--installer", name)
    print(f"{MANY} lineages: {reloads} reloads, {tests} tests, {time.monotonic() - begun:.1f} s")
    assert [new_client.store.versions(name) for name in names] == [[1, 2]] * MANY
    assert (reloads, tests) == (2, 3)


def test_deploy_hooks(new_client, server):
    """They wait for those that are being validated, and these wait for each other."""
    _, host, site, _ = server
    names = due(new_client, host, site, 6)
    done = new_client.area / "deployed"
    renew(new_client, server, "--deploy-hook", f"echo $RENEWED_DOMAINS >>{done}")
    assert done.read_text().split() == names


def test_one_after_the_other(new_client, server):
    """With one job nobody is waited for; what ends one challenge begins the next."""
    _, host, site, _ = server
    names = due(new_client, host, site, 3)
    assert renew(new_client, server, "--jobs", "1")[0] == 3 + 1
    assert [new_client.store.versions(name) for name in names] == [[1, 2]] * 3


def test_one_that_fails(new_client, new_ca, server):
    """It is nobody else's failure, and its challenge goes, too."""
    _, host, site, _ = server
    names = due(new_client, host, site, 5)
    new_ca.add_a(names[2], "255.255.255.255")  # nobody connects to that
    assert renew(new_client, server, status=1)[0] == 2
    assert [new_client.store.versions(name) for name in names] == [[1, 2]] * 2 + [[1]] + [[1, 2]] * 2


def test_one_that_the_server_refuses(new_client, server):
    """Which of them it is, the server does not say in a way that we understand: the other is answered all the same."""
    _, host, site, _ = server
    names = due(new_client, host, site, 2)
    *words, last = host.control.read_text().splitlines()
    file = next(path for path in (host.root / "sites-available").iterdir() if path.name.startswith("due001"))
    host.control.write_text("\n".join([*words, f'case "$*" in *-t*|configtest) if grep -q acme-challenge {file}; '
                                       "then echo this one I do not like >&2; exit 1; fi;; esac", last, ""]))
    assert renew(new_client, server, status=1)[0] >= 1
    assert [new_client.store.versions(name) for name in names] == [[1, 2], [1]]
    said = (new_client.logs / "letsencrypt.log").read_text()
    assert "Failed to renew certificate due001.test" in said and "this one I do not like" in said
    host.test()
