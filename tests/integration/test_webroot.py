"""--webroot with a real nginx that serves the files as another user."""
import json

import certs
import pytest

# How the program is called without an authenticator of its own choosing.
BARE = {"authenticator": None}


@pytest.fixture
def roots(area):
    made = {}
    for name in ("a", "b"):
        made[name] = area / "www" / name
        made[name].mkdir(parents=True)
    return made


def test_map_per_domain(client, roots, start_nginx):
    nginx = start_nginx(client.http_port, {"a.web.test": roots["a"], "b.web.test": roots["b"]})
    client.certonly([], "--webroot", "-w", roots["a"], "-d", "a.web.test", "-w", roots["b"], "-d", "b.web.test", **BARE)

    client.store.check(["a.web.test"])
    assert certs.names(client.store.cert("a.web.test")) == ["a.web.test", "b.web.test"]
    assert nginx.requests().count("/.well-known/acme-challenge/") >= 2
    assert list(roots["a"].iterdir()) == list(roots["b"].iterdir()) == [], "what was created is removed"
    conf = client.store.conf("a.web.test")
    assert conf["renewalparams"]["authenticator"] == "webroot"
    assert conf["webroot_map"] == {"a.web.test": str(roots["a"]), "b.web.test": str(roots["b"])}


def test_map_as_json_and_renewal(client, roots, start_nginx):
    start_nginx(client.http_port, {"j.web.test": roots["a"]})
    client.certonly([], "--webroot", "--webroot-map", json.dumps({"j.web.test": str(roots["a"])}), **BARE)
    client.renew("--force-renewal")
    client.store.check(["j.web.test"])
    assert client.store.versions("j.web.test") == [1, 2]
    assert list(roots["a"].iterdir()) == []


def test_tight_umask(client, roots, start_nginx):
    """The server's user can read the responses although our umask says that nobody may."""
    start_nginx(client.http_port, {"tight.web.test": roots["a"]})
    client.certonly(["tight.web.test"], "--webroot", "-w", roots["a"], umask=0o077, **BARE)
    client.store.check(["tight.web.test"])


def test_folders_that_were_there_stay(client, roots, start_nginx):
    challenges = roots["a"] / ".well-known" / "acme-challenge"
    challenges.mkdir(parents=True)
    (challenges / "other").write_text("somebody else's")
    start_nginx(client.http_port, {"stay.web.test": roots["a"]})
    client.certonly(["stay.web.test"], "--webroot", "-w", roots["a"], **BARE)
    assert [p.name for p in challenges.iterdir()] == ["other"]


def test_folders_are_removed_after_a_failure(client, roots, start_nginx):
    start_nginx(client.http_port, {"wrong.web.test": roots["b"]})
    failed = client.certonly(["wrong.web.test"], "--webroot", "-w", roots["a"], status=1, **BARE)
    failed.says("wrong.web.test", "Some challenges have failed.")
    assert list(roots["a"].iterdir()) == []
    client.store.check([])


def test_not_a_folder(client, area):
    nothing = area / "nothing"
    client.certonly(["x.test"], "--webroot", "-w", nothing, status=1, **BARE).says(
        f"{nothing} does not exist or is not a directory")


def test_root_after_domain(client, roots):
    client.certonly([], "--webroot", "-d", "x.test", "-w", roots["a"], "-w", roots["b"], status=1, **BARE).says(
        "If you specify multiple webroot paths, one of them must precede all")
