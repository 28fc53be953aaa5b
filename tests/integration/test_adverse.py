"""The main flows with a CA that refuses half of the nonces, validates late and reuses authorizations."""
import certs
import pytest

pytestmark = pytest.mark.ours  # Certbot tries each request twice, which is not enough for such a CA


def test_life_of_a_certificate(make_client, hard_ca):
    client = make_client(hard_ca)
    client.certonly(["hard.test", "www.hard.test"])
    client.store.check(["hard.test"])
    first = client.store.cert("hard.test")

    client.certonly(["hard.test", "www.hard.test"], "--force-renewal")  # all authorizations are valid already
    client.renew("--force-renewal")
    client.store.check(["hard.test"])
    assert client.store.versions("hard.test") == [1, 2, 3]
    assert certs.names(client.store.cert("hard.test")) == certs.names(first)

    client.certonly(["hard.test", "www.hard.test", "more.hard.test"], "--expand")  # some of them
    assert certs.names(client.store.cert("hard.test")) == ["hard.test", "more.hard.test", "www.hard.test"]
    last = client.store.cert("hard.test")
    client.run("revoke", "-n", "--cert-name", "hard.test")
    assert hard_ca.status(last)["Status"] == "Revoked"
    client.store.check([])


def test_many_names(make_client, hard_ca):
    client = make_client(hard_ca)
    names = [f"n{number}.hard.test" for number in range(20)]
    client.certonly(names)
    client.store.check(["n0.hard.test"])
    assert certs.names(client.store.cert("n0.hard.test")) == sorted(names)


def test_account_life(make_client, hard_ca):
    client = make_client(hard_ca)
    client.run("register", "-n", "--agree-tos", "-m", "a@example.org")
    client.run("update_account", "-n", "-m", "b@example.org")
    client.run("show_account").says("b@example.org")
    client.run("unregister", "-n")
    assert client.store.account_dirs() == []
