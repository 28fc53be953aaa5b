"""doctor on what is around the store: the web servers that certificates are installed in."""
import pytest
from peers.nginx_host import NginxHost

pytestmark = pytest.mark.ours


@pytest.fixture
def host(area):
    made = NginxHost(area / "host")
    yield made
    made.stop()


def installed_in(client, name, host):
    """As if its certificate had been obtained with --installer nginx."""
    client.certonly([name])
    conf = client.store.renewal(name)
    where = f"installer = nginx\nnginx_server_root = {host.root}\nnginx_ctl = {host.control}\n"
    conf.write_text(conf.read_text().replace("[renewalparams]\n", "[renewalparams]\n" + where))


def codes(client, status):
    return [(f["code"], f["severity"], f["certificate"]) for f in client.run("doctor", "--json", status=status).json()["findings"]
            if f["severity"] != "note"]


def test_a_web_server_that_is_broken(new_client, host):
    for name in ("a.test", "b.test"):
        installed_in(new_client, name, host)
    assert codes(new_client, 0) == []
    host.write("bad", "server { listen; }\n")
    assert codes(new_client, 1) == [("server-unusable", "error", None)], "once for all its certificates"
    said = new_client.run("doctor", status=1)
    said.says("[error] server-unusable: nginx cannot be used:", "Why it matters: certificates that are renewed are not taken into use")
    (host.root / "sites-enabled" / "bad").unlink()
    assert codes(new_client, 0) == []
