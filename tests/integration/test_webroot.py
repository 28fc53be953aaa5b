"""--webroot with a real nginx that serves the files as another user."""
import json
import re

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


@pytest.mark.ours
@pytest.mark.parametrize("by", ["evercert", "certbot"])
def test_a_hook_written_below_the_map(new_client, second_name, roots, start_nginx, area, by):
    """At the end of the file, where the last section is open: it does nothing, and that is told with what to do."""
    client = new_client
    if by == "certbot":
        client.program = second_name
    start_nginx(client.http_port, {"hook.web.test": roots["a"]})
    client.certonly(["hook.web.test"], "--webroot", "-w", roots["a"], **BARE)
    path, ran = client.store.renewal("hook.web.test"), area / "ran"
    line = f"renew_hook = touch {ran}\n"
    with path.open("a") as file:
        file.write(line)
    client.renew("--force-renewal").says("renew_hook has no effect, as it stands below [[webroot_map]]",
                                         "Move that line up, right below [renewalparams].")
    assert not ran.exists() and line in path.read_text()
    path.write_text(path.read_text().replace(line, "").replace("[renewalparams]\n", "[renewalparams]\n" + line))
    assert "has no effect" not in client.renew("--force-renewal").text
    assert ran.exists()


@pytest.mark.ours
def test_a_root_for_some_names_only(new_client, second_name, roots, start_nginx):
    """The renewal file has lost a root: the error names the option that helps, and the option helps."""
    client = new_client
    client.program = second_name
    start_nginx(client.http_port, {"a.some.test": roots["a"], "b.some.test": roots["a"]})
    client.certonly(["a.some.test", "b.some.test"], "--webroot", "-w", roots["a"], **BARE)
    path = client.store.renewal("a.some.test")
    path.write_text(re.sub(r"^(webroot_path|b\.some\.test) = .*\n", "", path.read_text(), flags=re.M))
    client.give_up_authorizations()
    client.renew("--force-renewal", status=1).says("Select the webroot for b.some.test", "(You can set this with the --webroot-path flag)")
    client.give_up_authorizations()
    client.renew("--force-renewal", "--webroot-path", roots["a"])
    assert client.store.conf("a.some.test")["webroot_map"]["b.some.test"] == str(roots["a"])
