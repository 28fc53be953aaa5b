"""--manual with hooks: http-01 through nginx, dns-01 through the CA's DNS server."""
import pytest


def hook(path, *lines):
    path.write_text("#!/bin/sh\nset -eu\n" + "\n".join(lines) + "\n")
    path.chmod(0o755)
    return path


def http_hooks(area, root):
    folder = f"{root}/.well-known/acme-challenge"
    auth = hook(area / "auth.sh", f"mkdir -p {folder}",
                f'printf %s "$CERTBOT_VALIDATION" > {folder}/$CERTBOT_TOKEN',
                f'echo "$CERTBOT_DOMAIN $CERTBOT_ALL_DOMAINS $CERTBOT_REMAINING_CHALLENGES" >> {area}/calls',
                'echo "made for $CERTBOT_DOMAIN"')
    cleanup = hook(area / "cleanup.sh", f"rm {folder}/$CERTBOT_TOKEN", f'echo "$CERTBOT_AUTH_OUTPUT" >> {area}/cleaned')
    return ["--manual-auth-hook", auth, "--manual-cleanup-hook", cleanup]


def dns_hooks(area, ca):
    base = f"http://127.0.0.1:{ca.dns_management}"
    post = f"""/usr/bin/python3 -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], sys.argv[2].encode())'"""
    host = '_acme-challenge.$CERTBOT_DOMAIN.'
    auth = hook(area / "auth.sh", 'test -z "${CERTBOT_TOKEN+set}"',
                f'{post} {base}/set-txt "{{\\"host\\": \\"{host}\\", \\"value\\": \\"$CERTBOT_VALIDATION\\"}}"')
    cleanup = hook(area / "cleanup.sh", f'{post} {base}/clear-txt "{{\\"host\\": \\"{host}\\"}}"',
                   f'echo "$CERTBOT_DOMAIN" >> {area}/cleaned')
    return ["--manual-auth-hook", auth, "--manual-cleanup-hook", cleanup]


@pytest.fixture
def root(area):
    path = area / "www"
    path.mkdir()
    return path


def test_http_hooks(client, area, root, start_nginx):
    start_nginx(client.http_port, {"m.test": root})
    client.certonly(["m.test", "n.m.test"], *http_hooks(area, root), authenticator="--manual")

    client.store.check(["m.test"])
    calls = [line.split() for line in (area / "calls").read_text().splitlines()]
    assert sorted(c[0] for c in calls) == ["m.test", "n.m.test"]
    assert {frozenset(c[1].split(",")) for c in calls} == {frozenset(("m.test", "n.m.test"))}
    assert [c[2] for c in calls] == ["1", "0"]
    assert sorted((area / "cleaned").read_text().split("\n")[:2]) == ["made for m.test", "made for n.m.test"]
    assert list((root / ".well-known" / "acme-challenge").iterdir()) == []
    params = client.store.conf("m.test")["renewalparams"]
    assert params["authenticator"] == "manual"
    assert params["manual_auth_hook"] == str(area / "auth.sh")


def test_dns_hooks_and_renewal(client, area, ca):
    client.certonly(["d.test"], "--preferred-challenges", "dns", *dns_hooks(area, ca), authenticator="--manual")
    client.give_up_authorizations()
    client.renew("--force-renewal")
    client.store.check(["d.test"])
    assert client.store.versions("d.test") == [1, 2]
    assert (area / "cleaned").read_text().split() == ["d.test", "d.test"]


def test_wildcard(client, area, ca):
    client.certonly(["*.wild.test"], "--preferred-challenges", "dns-01", *dns_hooks(area, ca), authenticator="--manual")
    client.store.check(["wild.test"])


def test_failing_auth_hook(client, area, ca):
    """A hook that fails is reported; the CA then finds nothing; the cleanup hook is called all the same."""
    auth = hook(area / "auth.sh", "echo nothing done >&2", "exit 7")
    cleanup = hook(area / "cleanup.sh", f"touch {area}/cleaned")
    failed = client.certonly(["f.test"], "--preferred-challenges", "dns", "--manual-auth-hook", auth,
                             "--manual-cleanup-hook", cleanup, authenticator="--manual", status=1)
    failed.says("nothing done", "f.test")
    assert (area / "cleaned").exists()
    client.store.check([])


def test_no_hook_without_a_person(client):
    client.certonly(["p.test"], authenticator="--manual", status=1).says("--manual-auth-hook")


def test_hook_that_is_not_there(client):
    client.certonly(["p.test"], "--manual-auth-hook", "/nowhere/hook", authenticator="--manual", status=1).says(
        "Unable to find", "/nowhere/hook")
