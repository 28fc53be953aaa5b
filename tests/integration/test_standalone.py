"""Obtaining certificates with the built-in responder."""
import os
import stat
import urllib.error
import urllib.request

import certs
import pytest
from client import wait_for
from peers.ports import is_listening


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def test_two_names(client):
    done = client.certonly(["two.test", "www.two.test"])

    store = client.store
    store.check(["two.test"])
    cert = store.cert("two.test")
    assert certs.names(cert) == ["two.test", "www.two.test"]
    assert certs.key_name(store.key("two.test")) == "secp256r1"
    done.says("Successfully received certificate.", str(store.live("two.test", "fullchain")),
              str(store.live("two.test", "privkey")), cert.not_valid_after.strftime("%Y-%m-%d"))

    assert store.versions("two.test") == [1]
    assert mode(store.version_file("two.test", "privkey", 1)) == 0o600
    for kind in ("cert", "chain", "fullchain"):
        assert mode(store.version_file("two.test", kind, 1)) == 0o644
    assert mode(client.config / "live") == mode(client.config / "archive") == 0o700
    assert mode(client.config / "accounts") == mode(client.logs) == 0o700


def test_renewal_file(client):
    client.certonly(["conf.test"], "--deploy-hook", "true")
    conf = client.store.conf("conf.test")

    assert list(conf[""])[:6] == ["version", "archive_dir", "cert", "privkey", "chain", "fullchain"]
    assert list(conf[""])[6:] in ([], ["store_layout"])
    assert conf[""]["version"][0].isdigit()
    params = conf["renewalparams"]
    assert params["server"] == client.server
    assert params["authenticator"] == "standalone"
    assert params["key_type"] == "ecdsa"
    assert params["account"] == client.store.account_id()
    assert params["http01_port"] == str(client.http_port)
    assert params["renew_hook"] == "true"
    assert params["config_dir"] == str(client.config)
    for never in ("domains", "email", "tos", "noninteractive_mode", "cert_name"):
        assert never not in params
    assert mode(client.store.renewal("conf.test")) == 0o644


def test_account_on_disk(client):
    client.certonly(["account.test"])
    folder = client.store.account_dirs()[0]
    host = client.server.split("//")[1]
    assert folder.parent == client.config / "accounts" / host
    assert len(folder.name) == 32
    assert mode(folder) == 0o700
    assert mode(folder / "private_key.json") == 0o400
    assert {p.name for p in folder.iterdir()} == {"private_key.json", "regr.json", "meta.json"}


def test_many_names(client):
    names = [f"n{i:03}.many.test" for i in range(100)]
    client.certonly(names, timeout=300)
    client.store.check([names[0]])
    assert certs.names(client.store.cert(names[0])) == names


def test_cert_name(client):
    client.certonly(["x.named.test"], "--cert-name", "chosen")
    client.store.check(["chosen"])
    assert certs.names(client.store.cert("chosen")) == ["x.named.test"]


def test_names_are_normalised(client):
    client.certonly(["UPPER.Test", "upper.test.", "upper.test"])
    client.store.check(["upper.test"])
    assert certs.names(client.store.cert("upper.test")) == ["upper.test"]


def test_ipv6(make_client, ca):
    client = make_client(ca)
    ca.add_aaaa("six.test", "::1")
    client.certonly(["six.test"], "--http-01-address", "::1")
    client.store.check(["six.test"])
    assert client.store.conf("six.test")["renewalparams"]["http01_address"] == "::1"


@pytest.mark.certbot5
@pytest.mark.parametrize("address, lineage", [("127.0.0.1", "127.0.0.1"), ("0:0::1", "::1")])
def test_ip_address(new_client, address, lineage):
    listen = ["--http-01-address", lineage]
    new_client.certonly([], "--ip-address", address, *listen)
    new_client.store.check([lineage])
    assert certs.names(new_client.store.cert(lineage)) == [lineage]


@pytest.mark.certbot5
def test_name_and_ip_address(new_client):
    new_client.certonly(["both.test"], "--ip-address", "127.0.0.1")
    new_client.store.check(["both.test"])
    assert certs.names(new_client.store.cert("both.test")) == ["127.0.0.1", "both.test"]


def test_port_is_free_afterwards(client):
    client.certonly(["port.test"])
    assert not is_listening(client.http_port)


@pytest.mark.ours
def test_responder_survives_junk(make_client, sleepy_ca):
    """While a challenge is pending, the responder answers 404 to strangers, and junk does not stop it."""
    import socket
    client = make_client(sleepy_ca)
    process = client.start("certonly", "-n", "--agree-tos", "--register-unsafely-without-email", "--standalone", "-d",
                           "junk.test")
    try:
        wait_for(lambda: is_listening(client.http_port), what="the responder")
        base = f"http://127.0.0.1:{client.http_port}"
        for path in ("/", "/.well-known/acme-challenge/", "/.well-known/acme-challenge/none", "/a" * 2000,
                     "/.well-known/acme-challenge/../../etc/passwd", "/%00", "/.well-known/acme-challenge/%2e%2e"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(base + path, timeout=60)
            assert refused.value.code in (400, 404), path
        for junk in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\0" * 70000, b"GET", b"GET / HTTP/9.9\r\n\r\n",
                     b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"A: b\r\n" * 20000, b"\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", client.http_port), 60) as s:
                try:
                    s.sendall(junk)
                except OSError:
                    pass  # it hung up on us, as it may
        idle = [socket.create_connection(("127.0.0.1", client.http_port), 60) for _ in range(50)]
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(base + "/", timeout=60)
        assert refused.value.code == 404
        for s in idle:
            s.close()
        assert process.poll() is None
    finally:
        process.terminate()
        client.finish(process, None)
