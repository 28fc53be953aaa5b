"""--dns-NAME beside Certbot's plugins as Debian packages them, each against the same fake of the provider's API.

Both get the same credentials and the same names. The fakes tell the CA's DNS server what they hold, so that an order succeeds only
where its records were right.
"""
import functools
import json
import re
import shutil
from pathlib import Path

import certs
import pytest
from client import Client
from fake_providers import certbots, signed_clouds
from peers.fake_api import FakeServer, Reply, on

CERTBOT = shutil.which("certbot", path="/usr/bin")
PACKAGES = Path("/usr/lib/python3/dist-packages")
NAMES = ["example.com", "*.example.com", "www.sub.example.com"]
RECORDS = ["_acme-challenge.example.com", "_acme-challenge.example.com", "_acme-challenge.www.sub.example.com"]

pytestmark = [pytest.mark.ours, pytest.mark.any_compiler, pytest.mark.skipif(not CERTBOT, reason="needs Certbot")]


class Watched:
    """Mixed into a fake: notes what was ever there, and takes what Certbot's libraries send beside."""

    def __init__(self):
        self.ever = set()
        super().__init__()
        self.before = set(self.ever)

    def put(self, *args, **more):
        made = super().put(*args, **more)
        self.ever.add((made.fqdn, made.ttl, made.value))
        return made

    def added(self):
        """Name and TTL of each value that was not there before."""
        return sorted((fqdn, ttl) for fqdn, ttl, _ in self.ever - self.before)

    def answer(self, request):
        if request.method in ("GET", "DELETE") and request.body == b"{}":  # lexicon, python-digitalocean
            request.body = b""
        return super().answer(request)


class Cloudflare(Watched, certbots.Cloudflare):
    """Certbot's asks for pages of one, by the older names of filters, and gives values without quotes: all that is taken, too."""

    def answer(self, request):
        if request.path.endswith("/dns_records"):
            request.raw_query = re.sub(r"\b(name|content)=", r"\1.exact=", request.raw_query)
            request.raw_query = re.sub(r"content\.exact=(?!%22)([^&]*)", r"content.exact=%22\1%22", request.raw_query)
            request.body = re.sub(rb'"content": ?"([\w-]+)"', rb'"content":"\\"\1\\""', request.body)
        request.raw_query = re.sub(r"\bper_page=1\b", "per_page=5", request.raw_query)
        return super().answer(request)


class Linode(Watched, certbots.Linode):
    credentials = {**certbots.Linode.credentials, "version": "4"}  # else Certbot's asks an interface that is gone


# Values of DNSimple and OVH may come back in quotes. Certbot's plugins of Debian 12 do not find their own ones again then, and leave
# them: here they come back as they were given.

class Dnsimple(Watched, certbots.Dnsimple):
    @functools.wraps(certbots.Dnsimple.records_)
    def records_(self, r, zone):
        reply = super().records_(r, zone)
        for record in reply["data"]:
            record.update(priority=None, content=record["content"].strip('"'))
        return reply


class Ovh(Watched, certbots.Ovh):
    @functools.wraps(certbots.Ovh.read)
    def read(self, r, zone, number):
        reply = super().read(r, zone, number)
        return {**reply, "target": reply["target"].strip('"')}

    def answer(self, request):
        reply = super().answer(request)
        return Reply(reply.status, "null", (("Content-Type", "application/json"),)) if reply.body is None else reply


class Sakuracloud(Watched, certbots.Sakuracloud):
    @functools.wraps(certbots.Sakuracloud.write)
    def write(self, r, zid):
        there = {id(x) for x in self.records}
        reply = super().write(r, zid)
        self.ever.update((x.fqdn, x.ttl, x.value) for x in self.records if id(x) not in there)
        return reply


class Route53(Watched, signed_clouds.Route53):
    """With no values of others, which Certbot's would overwrite."""
    seeds = [seed for seed in certbots.Fake.seeds if seed[1] != "_acme-challenge"]

    @functools.wraps(signed_clouds.Route53.change)
    def change(self, r, zid):
        reply = super().change(r, zid)
        self.batches = {number: ["INSYNC"] for number in self.batches}  # both would ask again after 5 s
        return reply


class Google(Watched, signed_clouds.Google):
    """Certbot's asks for a description of the interface first, from which its library makes the calls."""
    hosts = (*signed_clouds.Google.hosts, "www.googleapis.com")
    credentials = {**signed_clouds.Google.credentials, "client_id": "4711"}
    open_routes = (*signed_clouds.Google.open_routes, "/discovery/")

    @functools.wraps(signed_clouds.Google.change)
    def change(self, r, zid):
        reply = super().change(r, zid)
        self.pending = {number: ["done"] for number in self.pending}
        return reply

    def answer(self, request):
        request.raw_query = "&".join(part for part in request.raw_query.split("&") if part != "alt=json")
        return super().answer(request)

    @on("GET /discovery/v1/apis/dns/v1/rest", host="www.googleapis.com")
    def discovery(self, r):
        def method(verb, path, query=(), body=False):
            names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
            parameters = {**{name: {"type": "string", "location": "path", "required": True} for name in names},
                          **{name: {"type": "string", "location": "query"} for name in query}}
            return {"id": path, "httpMethod": verb, "path": path, "parameters": parameters, "parameterOrder": names, "response": {"$ref": "Change"}, **({"request": {"$ref": "Change"}} if body else {})}
        zones = "{project}/managedZones"
        return {"kind": "discovery#restDescription", "id": "dns:v1", "name": "dns", "version": "v1", "rootUrl": "https://dns.googleapis.com/", "servicePath": "dns/v1/projects/",
                "batchPath": "batch/dns/v1", "schemas": {"Change": {"id": "Change", "type": "object", "properties": {}}}, "resources": {
                    "managedZones": {"methods": {"list": method("GET", zones, ["dnsName"])}},
                    "resourceRecordSets": {"methods": {"list": method("GET", zones + "/{managedZone}/rrsets", ["name", "type"])}},
                    "changes": {"methods": {"create": method("POST", zones + "/{managedZone}/changes", body=True),
                                            "get": method("GET", zones + "/{managedZone}/changes/{changeId}")}}}}


def watched(kind):
    return type(kind.__name__, (Watched, kind), {})


KINDS = [Cloudflare, watched(certbots.DigitalOcean), Dnsimple, watched(certbots.Gehirn), Google, Linode, Ovh, Route53, Sakuracloud]


class TellingServer(FakeServer):
    """Tells the CA's DNS server what the fake holds at the names of challenges."""

    def serve(self, fake, ca):
        self.fake, self.ca, self.told = fake, ca, {}
        self.strays.clear()
        self.tell()

    def tell(self):
        held = {}
        for fqdn, kind, value in self.fake.state():
            if kind == "TXT" and fqdn.startswith("_acme-challenge."):
                held.setdefault(fqdn, []).append(value)
        for fqdn in [fqdn for fqdn in {*held, *self.told} if held.get(fqdn) != self.told.get(fqdn)]:
            self.ca.clear_txt(fqdn)
            for value in held.get(fqdn, []):
                self.ca.set_txt(fqdn, value)
        self.told = held

    def answer(self, *request):
        reply = super().answer(*request)
        with self.lock:
            self.tell()
        return reply


@pytest.fixture(scope="module")
def server(session_area, trust):
    hosts = sorted({host for kind in KINDS for host in kind.hosts or (kind.host,)})
    running = TellingServer(*certs.make_leaf(trust, session_area / "fakes-for-both", hosts))
    yield running
    running.stop()


def given(kind, area):
    """The arguments with the credentials."""
    if hasattr(kind, "environment"):
        return []
    path = area / f"{kind.name}.ini"
    path.touch(mode=0o600)
    if getattr(kind, "whole_file", False):
        path.write_text(json.dumps(kind.credentials))
    else:
        path.write_text("".join(f"dns_{kind.name}_{key} = {value}\n" for key, value in kind.credentials.items()))
    return [f"--dns-{kind.name}-credentials", path, f"--dns-{kind.name}-propagation-seconds", "0"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_same_as_certbot(kind, server, new_ca, area, trust, second_name):
    """The same records while the CA looks, none of them afterwards, and the same options saved."""
    if not (PACKAGES / f"certbot_dns_{kind.name}").exists():
        pytest.skip(f"needs Certbot's plugin dns-{kind.name}")
    surroundings = {"https_proxy": server.proxy, "no_proxy": "127.0.0.1,localhost", "HTTPLIB2_CA_CERTS": str(trust.ca), **getattr(kind, "environment", {})}
    options = given(kind, area)
    added, saved = [], []
    for number, program in enumerate([Path(CERTBOT), second_name]):
        (area / f"of-{number}").mkdir()
        client = Client(program, area / f"of-{number}", trust, new_ca)
        fake = kind()
        before = fake.state()
        server.serve(fake, new_ca)
        client.certonly(NAMES, f"--dns-{kind.name}", *options, authenticator=None, env=surroundings)
        client.store.check(["example.com"])
        assert not fake.failures + server.strays + getattr(fake, "unfinished", list)(), "\n".join([*fake.failures, *server.strays, *fake.log[-20:]])
        assert fake.state() == before
        added.append(fake.added())
        saved.append({key: text for key, text in client.store.conf("example.com")["renewalparams"].items() if key.startswith("dns_") or key == "authenticator"})
    assert added[0] == added[1] and [fqdn for fqdn, _ in added[0]] == RECORDS
    assert saved[0] == saved[1] and saved[0]["authenticator"] == f"dns-{kind.name}"
