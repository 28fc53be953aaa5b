"""DNS providers by their descriptions: options, names, listings and one provider of the administrator's at work.

The descriptions that come with the program are tested against fakes of their services elsewhere.
"""
import json
import subprocess
from pathlib import Path

import pytest
from own_network import with_name_servers
from peers.dns_service import KEY, SECRET, DnsService

pytestmark = pytest.mark.ours

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTION = {
    "name": "fake", "title": "Fake DNS", "base": "{api}", "ttl": 60, "wait": 5,
    "note": "For tests.",
    "keys": {"key": {"public": True, "help": "name of the user"}, "secret": {"help": "secret of the user"}, "api": {"public": True}},
    "sign": {"alg": "hmac-sha256", "key": "{secret}", "text": "{key}:{now}", "to": "mac"},
    "headers": {"Authorization": "Bearer {token}"},
    "error": ["errors"],
    "login": {"do": "POST /login", "form": {"user": "{key}"}, "headers": {"Authorization": "", "X-Signature": "{now} {mac}"},
              "let": {"token": "{hdr_x_session_token}"}},
    "zone": {"ask": True, "do": "GET /zones?name={guess}", "items": "result", "name": "name", "set": {"zid": "id"}},
    "add": {"do": "POST /zones/{zid}/records", "json": {"name": "{rel}", "content": "{value}"}},
    "find": {"do": "GET /zones/{zid}/records?name={rel}&content={value}", "items": "result"},
    "del": {"do": "DELETE /zones/{zid}/records/{id}"},
}
CERTBOTS = ["cloudflare", "digitalocean", "dnsimple", "dnsmadeeasy", "gehirn", "google", "linode", "luadns", "nsone", "ovh",
            "rfc2136", "route53", "sakuracloud"]


def write(path, text, mode=0o600):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.fixture
def service(new_ca):
    service = DnsService(["s.test", "t.test"], new_ca)
    yield service
    service.stop()


@pytest.fixture
def described(new_client):
    """A client with the administrator's description of the service, which finds no resolver to follow CNAMEs with."""
    new_client.program = with_name_servers(new_client.program, new_client.area / "nowhere", "127.53.53.53")
    return describe(new_client)


def describe(client, **changes):
    write(client.config / "dns-providers" / "fake.json", json.dumps({**DESCRIPTION, **changes}), 0o644)
    return client


@pytest.fixture
def credentials(area, service):
    return write(area / "fake.ini",
                 f"# keys\ndns_fake_key = {KEY}\ndns_fake_secret = \"{SECRET}\"\ndns_fake_api = {service.url}\n")


def options(credentials):
    return ["--dns-fake-credentials", credentials, "--dns-fake-propagation-seconds", "0"]


def test_obtain_and_renew(described, service, credentials):
    client = described
    client.certonly(["*.s.test", "s.test", "a.t.test"], "--dns-fake", *options(credentials), "-v", authenticator=None)
    client.store.check(["s.test"])
    assert service.values("s.test") == service.values("t.test") == []
    done = [(method, path) for method, path, _ in service.log]
    assert [m for m, path in done if "/records" in path and m != "GET"] == ["POST"] * 3 + ["DELETE"] * 3
    assert [path for _, path in done].count("/v1/login") == 1
    assert [path for _, path in done].count("/v1/zones?name=s.test") == 1, "what was asked is remembered"
    params = client.store.conf("s.test")["renewalparams"]
    assert params["authenticator"] == "dns-fake"
    assert params["dns_fake_credentials"] == str(credentials)
    assert params["dns_fake_propagation_seconds"] == "0"

    client.give_up_authorizations()
    client.renew("--force-renewal")
    assert client.store.versions("s.test") == [1, 2]
    for secret in [SECRET, *service.tokens]:
        assert secret not in client.log()


@pytest.mark.parametrize("chosen", [
    ["-a", "dns-fake", "--dns-fake-credentials"],
    ["-a", "certbot-dns-fake:dns-fake", "--certbot-dns-fake:dns-fake-credentials"],
    "cli.ini",
])
def test_names(described, service, credentials, chosen):
    """Ways to say it, among them those of Certbot before 1.7; they are saved by the names of today."""
    client = described
    if chosen == "cli.ini":
        file = write(client.area / "cli.ini", f"dns-fake = true\ndns-fake-credentials = {credentials}\ndns-fake-propagation-seconds = 0\n")
        arguments = ["--config", file]
    else:
        arguments = [*chosen, credentials, "--dns-fake-propagation-seconds", "0"]
    client.certonly(["s.test"], *arguments, authenticator=None)
    assert client.store.conf("s.test")["renewalparams"]["authenticator"] == "dns-fake"

    conf = client.store.renewal("s.test")
    lines = [line for line in conf.read_text().splitlines() if not line.startswith(("authenticator", "dns_fake_"))]
    at = lines.index("[renewalparams]") + 1
    lines[at:at] = ["authenticator = certbot-dns-fake:dns-fake", f"certbot_dns_fake:dns_fake_credentials = {credentials}",
                    "certbot_dns_fake:dns_fake_propagation_seconds = 0"]
    conf.write_text("\n".join(lines) + "\n")
    client.give_up_authorizations()
    client.renew("--force-renewal")
    params = client.store.conf("s.test")["renewalparams"]
    assert params["authenticator"] == "dns-fake"
    assert [k for k in params if ":" in k] == []


def test_old_keys(described, service, area):
    """A credentials file as third-party plugins of Certbot had it, and one of the environment."""
    old = write(area / "old.ini", f"certbot_dns_fake:dns_fake_key = {KEY}\nfake_secret = \"{SECRET}\"\ndns_fake_api = {service.url}\n")
    described.certonly(["s.test"], "--dns-fake", *options(old), authenticator=None)
    described.run("dns", "test", "fake", "-d", "t.test", "--dns-fake-propagation-seconds", "0",
                  env={"DNS_FAKE_KEY": KEY, "DNS_FAKE_SECRET": SECRET, "DNS_FAKE_API": service.url}).says("Removed it.")


# ---- dns test ----

def test_trial(described, service, credentials):
    result = described.run("dns", "test", "fake", "-d", "*.a.s.test", *options(credentials))
    result.says("Added a TXT record at _acme-challenge.a.s.test.", "The provider lists it.", "Removed it. dns-01 works with dns-fake for a.s.test.")
    assert service.values("s.test") == []
    assert [m for m, path, _ in service.log if "/records" in path] == ["POST", "GET", "GET", "DELETE"]
    assert [path for _, path, _ in service.log].count("/v1/login") == 1
    assert list((described.config / "pending").glob("*")) == []


def test_trial_that_fails(described, service, credentials, area):
    service.refuse = 403
    refused = described.run("dns", "test", "fake", "-d", "s.test", *options(credentials), status=1)
    refused.says("cannot add the record", "Fake DNS answered with status 403 to POST", "refused; your key was fake-user, ***",
                 "check the credentials in", "fake.ini")
    described.run("dns", "test", "fake", "-d", "other.org", *options(credentials), status=1).says(
        "Fake DNS knows no zone for _acme-challenge.other.org with these credentials", "check that the domain is hosted there")
    wrong = write(area / "wrong.ini", f"dns_fake_key = {KEY}\ndns_fake_secret = other\ndns_fake_api = {service.url}\n")
    described.run("dns", "test", "fake", "-d", "s.test", *options(wrong), status=1).says(
        "cannot log in at Fake DNS", "status 403", "wrong signature")
    lacking = write(area / "lacking.ini", f"dns_fake_key = {KEY}\ndns_fake_secret =\n")
    described.run("dns", "test", "fake", "-d", "s.test", *options(lacking), status=1).says("dns_fake_secret", "dns_fake_api")
    described.run("dns", "test", "nobody", "-d", "s.test", status=1).says("there is no DNS provider \"nobody\"")
    described.run("dns", "test", "fake", status=2).says("dns test needs one name")


def test_trial_of_a_service_that_forgets(described, service, credentials):
    service.forgets = True
    said = described.run("dns", "test", "fake", "-d", "s.test", *options(credentials), status=1)
    said.says("Added a TXT record", "Removed it.", "the provider took the record, and does not list it")
    assert "works" not in said.out


def test_trial_whose_record_cannot_be_removed(described, service, credentials):
    """It is told, kept in mind, and removed by the next one."""
    service.refuse, service.refused = 403, ("DELETE",)
    described.run("dns", "test", "fake", "-d", "s.test", *options(credentials), status=1).says(
        "cannot remove the record", "Fake DNS answered with status 403 to DELETE")
    assert len(service.values("s.test")) == 1
    service.refuse = None
    described.run("dns", "test", "fake", "-d", "s.test", *options(credentials)).says("Removed it. dns-01 works")
    assert service.values("s.test") == []


def test_addresses_that_are_not_asked(described, service, credentials, area):
    plain = write(area / "plain.ini", f"dns_fake_key = {KEY}\ndns_fake_secret = x1234\ndns_fake_api = http://192.0.2.1/v1\n")
    described.run("dns", "test", "fake", "-d", "s.test", *options(plain), status=1).says(
        "credentials are not sent without encryption: the address must be https")
    assert not service.log


def test_description_that_others_may_write(described, service, credentials):
    file = described.config / "dns-providers" / "fake.json"
    file.chmod(0o666)
    described.run("dns", "test", "fake", "-d", "s.test", *options(credentials), status=1).says(
        "fake.json is not used: it says where secrets are sent", "chmod")
    assert not service.log


# ---- listings and documents ----

def test_list(described):
    text = described.run("plugins", "dns").out
    assert "dns-fake: Fake DNS (by the administrator)" in text and "dns_fake_secret: secret of the user" in text
    listed = described.run("plugins", "dns", "--json").json()["providers"]
    names = [p["plugin"] for p in listed]
    assert names == sorted(names) and {f"dns-{n}" for n in CERTBOTS if n != "rfc2136"} <= set(names)
    fake, = [p for p in listed if p["plugin"] == "dns-fake"]
    assert [(k["name"], k["secret"]) for k in fake["keys"]] == [
        ("dns_fake_key", False), ("dns_fake_secret", True), ("dns_fake_api", False)]
    assert [p for p in listed if p.get("error")] == []
    for provider in listed:
        for key in provider["keys"]:
            assert not key["required"] or key["help"] or provider["plugin"] == "dns-fake", f"{provider['plugin']}: what is {key['name']}?"
    page = subprocess.run([described.program, "--help", "dns-desec"], capture_output=True, text=True, check=True).stdout
    assert "--dns-desec-credentials FILE" in page and "dns_desec_token: " in page


def test_plugins_as_certbot_lists_them(new_client, second_name):
    """As images look for them that install DNS plugins."""
    new_client.program = second_name
    listed = new_client.run("plugins", "--authenticators").out
    found = subprocess.run(["sed", "-e", r"s/^Entry point: EntryPoint(name='\([^ ]*\)',$/\1/;t;d"], input=listed,
                           capture_output=True, text=True, check=True).stdout.split()
    assert [n for n in found if n.startswith("dns-")] == [f"dns-{n}" for n in CERTBOTS]
    assert "value='certbot_dns_ovh._internal.dns_ovh:Authenticator'," in listed


def test_page(new_client):
    """docs/dns-providers.md is made by: evercert dns document >docs/dns-providers.md"""
    page = new_client.run("dns", "document").out
    assert page == (ROOT / "docs" / "dns-providers.md").read_text()


def test_check(new_client, area):
    good = write(area / "good.json", json.dumps(DESCRIPTION))
    new_client.run("dns", "check", good).says("describes dns-fake (Fake DNS)", "dns_fake_secret")
    bad = write(area / "bad.json", json.dumps(DESCRIPTION, indent=1).replace('"wait"', '"weight"'))
    new_client.run("dns", "check", bad, status=1).says("bad.json, line 6, column 12 (weight): there is no 'weight' here")
