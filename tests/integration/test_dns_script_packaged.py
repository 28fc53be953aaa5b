"""--dns-script with scripts that other people wrote and Debian packages, against a real BIND: as they are installed."""
import os
import tempfile
from pathlib import Path

import pytest
from own_network import with_name_servers
from peers.bind import Bind, TsigKey, Zone
from peers.dns_relay import DnsRelay
from peers.ports import well_known_address

pytestmark = [pytest.mark.any_compiler, pytest.mark.skipif(os.geteuid() != 0, reason="port 53 is root's")]
UACME = Path("/usr/share/uacme/nsupdate.sh")
DEHYDRATED = Path("/usr/share/dehydrated-hook-ddns-tsig/dehydrated-hook-ddns-tsig.py")
KEY = TsigKey("hook.certs.", "hmac-sha256")


@pytest.fixture(scope="module")
def face():
    """Where BIND is asked as name servers are: these scripts know no other port."""
    return well_known_address()


@pytest.fixture(scope="module")
def bind(session_area, face):
    server = Bind(Path(tempfile.mkdtemp(dir=session_area)), [
        Zone("open.test", options="allow-update { 127.0.0.0/8; };", address=face),
        Zone("signed.test", update=f"grant {KEY.name} subdomain signed.test. TXT;", address=face)], keys=[KEY]).start()
    relay = DnsRelay(server.port, port=53, address=face)
    yield server
    relay.stop()
    server.stop()


@pytest.fixture
def client(make_client, start_pebble, bind, face):
    client = make_client(start_pebble("new", f"asks-bind-{bind.port}", dns_server=f"127.0.0.1:{bind.port}"))
    client.program = with_name_servers(client.program, client.area / "resolving", face)
    return client


def obtain_twice(client, bind, script, *names):
    """The records are looked for on the name server; when all is over, none is left."""
    if not script.exists():
        pytest.skip(f"{script} is not installed")
    client.certonly(names, "--dns-script", script, authenticator=None)
    client.store.check([names[0]])
    client.give_up_authorizations()
    client.renew("--force-renewal")
    assert client.store.versions(names[0]) == [1, 2]
    assert all(bind.values(f"_acme-challenge.{name}") == set() for name in names)


def test_uacme_nsupdate(client, bind):
    obtain_twice(client, bind, UACME, "open.test", "www.open.test")
    assert client.log().count("nsupdate.sh done") == 0, "a call that succeeds says nothing"


def test_dehydrated_ddns_tsig(client, bind, face):
    (client.area / "dehydrated-hook-ddns-tsig.conf").write_text(
        f"[DEFAULT]\nname_server_ip = {face}\nkey_name = {KEY.name}\nkey_secret = {KEY.secret}\nkey_algorithm = {KEY.algorithm}\nwait = 30\n")
    obtain_twice(client, bind, DEHYDRATED, "signed.test", "www.signed.test")
