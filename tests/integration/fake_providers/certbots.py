"""The providers that Certbot has plugins for."""
import base64
import hashlib
import hmac
import json
import re
import time
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from peers.fake_api import Fake, Reply, Unexpected, on

DIGITS = re.compile(r"[0-9]+")


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Cloudflare(Fake):
    """As the API reference (v4), Zones and DNS Records, has it: TXT content is quoted strings, and is kept as it was given."""
    name, host = "cloudflare", "api.cloudflare.com"
    credentials = {"api_token": "cf-token-5512"}
    headers = {"Authorization": "Bearer {api_token}"}
    denied = "Invalid API Token"
    ttl = 120

    def error(self, status, message, code=1004):
        return Reply(status, {"success": False, "errors": [{"code": code, "message": message}], "messages": [], "result": None})

    def deny(self):
        return self.error(403, "Invalid API Token", 9109)

    def well(self, result, **more):
        return {"success": True, "errors": [], "messages": [], "result": result, **more}

    @on("GET /client/v4/zones")
    def zones_(self, r):
        asked = r.args(name=str, may={"per_page": (DIGITS, "20"), "page": (DIGITS, "1"), "status": ("active", "")})
        if not 5 <= int(asked["per_page"]) <= 50:
            raise Unexpected(f"per_page {asked['per_page']}")
        return self.well([{"id": f"z{self.zone_id(z):031}", "name": z, "status": "active"} for z in self.all_zones if z == asked["name"]])

    def zone_named(self, zid):
        return self.zone_of(int(zid[1:]))

    @on("POST /client/v4/zones/{zid}/dns_records")
    def create(self, r, zid):
        zone = self.zone_named(zid)
        body = r.json({"type": "TXT", "name": str, "content": str, "ttl": self.ttl})
        name = self.relative(body["name"], zone)
        value = self.unquoted(body["content"])
        if any(x.value == value for x in self.of(zone, name, "TXT")):
            return self.error(400, "An identical record already exists.", 81058)
        return self.well(self.record(self.put(zone, name, value)))

    def record(self, x):
        return {"id": str(x.id), "type": x.type, "name": x.fqdn, "content": f'"{x.value}"' if x.type == "TXT" else x.value, "ttl": x.ttl}

    @on("GET /client/v4/zones/{zid}/dns_records")
    def records_(self, r, zid):
        asked = r.args(type="TXT", may={"name.exact": (str, None), "content.exact": (str, None), "per_page": (DIGITS, "100"), "page": (DIGITS, "1")})
        name, content = asked["name.exact"], asked["content.exact"]
        found = [x for x in self.of(self.zone_named(zid), type="TXT") if name in (None, x.fqdn) and content in (None, self.record(x)["content"])]
        part, pages = self.page(found, asked["page"], asked["per_page"])
        return self.well([self.record(x) for x in part], result_info={"page": int(asked["page"]), "total_pages": pages, "per_page": int(asked["per_page"]), "count": len(part), "total_count": len(found)})

    @on("DELETE /client/v4/zones/{zid}/dns_records/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number, self.zone_named(zid)))
        return self.well({"id": number})


class CloudflareKey(Cloudflare):
    """The same with the account's global key."""
    credentials = {"email": "someone@example.com", "api_key": "cf-global-key-8d1"}
    headers = {"X-Auth-Email": "{email}", "X-Auth-Key": "{api_key}"}
    denied = "Unknown X-Auth-Key"

    def deny(self):
        return self.error(403, "Unknown X-Auth-Key or X-Auth-Email", 9103)


class DigitalOcean(Fake):
    """As the OpenAPI description (v2), Domains and Domain Records, has it; but flags and tag, which it demands of TXT, too, no client sends."""
    name, host = "digitalocean", "api.digitalocean.com"
    credentials = {"token": "dop_v1_4711"}
    headers = {"Authorization": "Bearer {token}"}
    denied = "Unable to authenticate"
    ttl, fillers = 30, 201

    def error(self, status, message):
        return Reply(status, {"id": {404: "not_found", 429: "too_many_requests"}.get(status, "unprocessable_entity"), "message": message})

    def deny(self):
        return Reply(401, {"id": "unauthorized", "message": "Unable to authenticate you."})

    def listed(self, r, key, things, optional=()):
        asked = r.args(may={"per_page": (DIGITS, "20"), "page": (DIGITS, "1"), **{o: (str, None) for o in optional}})
        part, pages = self.page(things(asked), asked["page"], min(200, int(asked["per_page"])))
        links = {} if int(asked["page"]) >= pages else {
            "pages": {"next": f"https://{self.host}{r.path}?page={int(asked['page']) + 1}&per_page={asked['per_page']}",
                      "last": f"https://{self.host}{r.path}?page={pages}&per_page={asked['per_page']}"}}
        return {key: part, "links": links, "meta": {"total": len(things(asked))}}

    @on("GET /v2/domains/")
    @on("GET /v2/domains")
    def domains(self, r):
        return self.listed(r, "domains", lambda _: [{"name": z, "ttl": 1800, "zone_file": None} for z in self.all_zones])

    @on("GET /v2/domains/{zone}/records/")
    @on("GET /v2/domains/{zone}/records")
    def records_(self, r, zone):
        def fitting(asked):
            return [{"id": x.id, "type": x.type, "name": self.show(x.name), "data": x.value, "ttl": x.ttl} for x in self.of(zone)
                    if asked["type"] in (None, x.type) and asked["name"] in (None, x.fqdn)]
        return self.listed(r, "domain_records", fitting, ("type", "name"))

    @on("POST /v2/domains/{zone}/records")
    def create(self, r, zone):
        body = r.json({"type": "TXT", "name": str, "data": str, "ttl": 30})
        made = self.put(zone, self.is_relative(body["name"], zone), body["data"])
        return Reply(201, {"domain_record": {"id": made.id, "type": "TXT", "name": made.name, "data": made.value, "ttl": 30}})

    @on("DELETE /v2/domains/{zone}/records/{number}")
    def delete(self, r, zone, number):
        self.drop(self.by_id(number, zone))
        return Reply(204)


class Dnsimple(Fake):
    """As "DNSimple API v2" has it: Accounts, Zones, Zone Records. Certbot lists domains, not zones."""
    name, host = "dnsimple", "api.dnsimple.com"
    credentials = {"token": "dnsimple-token-90"}
    headers = {"Authorization": "Bearer {token}"}
    denied = "Authentication failed"

    def error(self, status, message):
        return Reply(status, {"message": message})

    def deny(self):
        return self.error(401, "Authentication failed")

    @staticmethod
    def size(asked):
        if not 1 <= int(asked) <= 100:
            raise Unexpected(f"per_page {asked}")
        return asked

    @staticmethod
    def pagination(asked, found, pages):
        return {"current_page": int(asked["page"]), "per_page": int(asked["per_page"]), "total_entries": len(found), "total_pages": pages}

    @on("GET /v2/accounts")
    def accounts(self, r):
        r.args(may={"per_page": (DIGITS, ""), "page": ("1", "1")})
        return {"data": [{"id": 7, "email": "a@example.com", "plan_identifier": None}, {"id": 1010, "email": "b@example.com", "plan_identifier": "dnsimple-personal"}]}

    @on("GET /v2/1010/domains")
    @on("GET /v2/1010/zones")
    def listing(self, r):
        asked = r.args(may={"name_like": (str, ""), "page": (DIGITS, "1"), "per_page": (DIGITS, "30")})
        found = [z for z in self.all_zones if asked["name_like"] in z]
        part, pages = self.page(found, asked["page"], self.size(asked["per_page"]))
        return {"data": [{"id": self.zone_id(z), "account_id": 1010, "name": z} for z in part], "pagination": self.pagination(asked, found, pages)}

    @on("GET /v2/7/domains")
    @on("GET /v2/7/zones")
    def nothing(self, r):
        r.args(may={"name_like": (str, ""), "page": (DIGITS, "1"), "per_page": (DIGITS, "30")})
        return {"data": [], "pagination": {"current_page": 1, "total_pages": 0}}

    @on("GET /v2/1010/zones/{zone}")
    def one(self, r, zone):
        return {"data": {"id": self.zone_id(zone), "account_id": 1010, "name": zone}}

    @on("GET /v2/1010/zones/{zone}/records")
    def records_(self, r, zone):
        asked = r.args(may={"type": (str, None), "name": (str, None), "page": (DIGITS, "1"), "per_page": (DIGITS, "30")})
        found = [x for x in self.of(zone) if asked["type"] in (None, x.type) and asked["name"] in (None, x.name)]
        part, pages = self.page(found, asked["page"], self.size(asked["per_page"]))
        return {"data": [{"id": x.id, "zone_id": zone, "name": x.name, "content": f'"{x.value}"', "ttl": x.ttl, "type": x.type} for x in part],
                "pagination": self.pagination(asked, found, pages)}

    @on("POST /v2/1010/zones/{zone}/records")
    def create(self, r, zone):
        body = r.json({"type": "TXT", "name": str, "content": str, "ttl": 60})
        made = self.put(zone, self.is_relative(body["name"], zone), body["content"])
        return Reply(201, {"data": {"id": made.id, "name": made.name, "content": made.value}})

    @on("DELETE /v2/1010/zones/{zone}/records/{number}")
    def delete(self, r, zone, number):
        self.drop(self.by_id(number, zone))
        return Reply(204)


class DnsMadeEasy(Fake):
    """As the provider's own Terraform provider has it: too many requests have status 400 (or 404), and x-dnsme-requestsRemaining is 0."""
    name, host = "dnsmadeeasy", "api.dnsmadeeasy.com"
    credentials = {"api_key": "1c1a3c91-4770-4ce7-96f4-54c0eb0e457a", "secret_key": "c9b5625f-9834-4ff8-baba-4ed5f32cae55"}
    denied = "403"

    limited = 400

    def error(self, status, message):
        return Reply(status, {"error": ["Rate limit exceeded" if message == "too many requests" else message]})

    def deny(self):
        return Reply(403, {"error": ["API key not found"]})

    def authenticate(self, request):
        date = request.header("x-dnsme-requestDate")
        parsedate_to_datetime(date)
        if not date.endswith(" GMT"):
            raise Unexpected(f"date {date!r}")
        want = hmac.new(self.credentials["secret_key"].encode(), date.encode(), hashlib.sha1).hexdigest()
        return request.header("x-dnsme-apiKey") == self.credentials["api_key"] and request.header("x-dnsme-hmac") == want

    @on("GET /V2.0/dns/managed/name")
    def by_name(self, r):
        name = r.args(domainname=str)["domainname"]
        if name not in self.all_zones:
            return self.error(404, "Cannot find domain by name")
        return {"id": self.zone_id(name), "name": name}

    @on("POST /V2.0/dns/managed/{zid}/records/")
    def create(self, r, zid):
        zone = self.zone_of(zid)
        body = r.json({"type": "TXT", "name": str, "value": str, "ttl": 60})
        name = self.is_relative(body["name"], zone)
        if any(x.value == body["value"] for x in self.of(zone, name, "TXT")):
            return self.error(400, "Record with this type (TXT), name, and value already exists.")
        made = self.put(zone, name, body["value"])
        return Reply(201, {"id": made.id, "name": made.name, "type": "TXT"})

    @on("GET /V2.0/dns/managed/{zid}/records")
    def records_(self, r, zid):
        asked = r.args(type="TXT", recordName=str)
        found = self.of(self.zone_of(zid), asked["recordName"], "TXT")
        return {"data": [{"id": x.id, "name": x.name, "type": "TXT", "value": f'"{x.value}"', "ttl": x.ttl} for x in found],
                "page": 0, "totalPages": 1, "totalRecords": len(found)}

    @on("DELETE /V2.0/dns/managed/{zid}/records/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number, self.zone_of(zid)))
        return Reply(200)


class Gehirn(Fake):
    """As "Gehirn DNS API" has it, Records: they are in sets, with names that end in a dot. Errors are as public clients have them."""
    name, host = "gehirn", "api.gis.gehirn.jp"
    credentials = {"api_token": "gehirn-token", "api_secret": "gehirn-secret"}
    denied = "Unauthorized"

    def authenticate(self, request):
        return request.header("authorization") == basic(self.credentials["api_token"], self.credentials["api_secret"])

    def error(self, status, message):
        return Reply(status, {"code": status, "description": message})

    def deny(self):
        return self.error(401, "Unauthorized")

    def set_id(self, zone, name, kind):
        return f"set-{self.zone_id(zone)}-{name or 'apex'}-{kind}"

    def sets(self, zone):
        made = {}
        for x in self.of(zone):
            key = (x.name, x.type)
            one = made.setdefault(key, {"id": self.set_id(zone, *key), "type": x.type, "name": x.fqdn + ".", "enable_alias": False, "ttl": x.ttl, "records": []})
            one["records"].append({"data": x.value} if x.type == "TXT" else {"address": x.value})
        return list(made.values())

    @on("GET /dns/v1/zones")
    def zones_(self, r):
        return [{"id": f"id{self.zone_id(z)}", "name": z, "current_version_id": f"v{self.zone_id(z)}"} for z in self.all_zones]

    def version(self, zid, ver):
        if zid[2:] != ver[1:]:
            raise Unexpected(f"version {ver} is not of zone {zid}")
        return self.zone_of(zid[2:])

    @on("GET /dns/v1/zones/{zid}/versions/{ver}/records")
    def records_(self, r, zid, ver):
        return self.sets(self.version(zid, ver))

    def store(self, zone, name, values):
        for x in self.of(zone, name, "TXT"):
            self.drop(x)
        for value in values:
            self.put(zone, name, value)

    @on("POST /dns/v1/zones/{zid}/versions/{ver}/records")
    def create(self, r, zid, ver):
        zone = self.version(zid, ver)
        body = r.json({"type": "TXT", "name": str, "enable_alias": False, "ttl": 60, "records": list})
        name = self.relative(body["name"], zone, dot=True)
        if self.of(zone, name, "TXT"):
            return self.error(409, "a record set of that name and type exists")
        self.store(zone, name, [x["data"] for x in body["records"]])
        return [x for x in self.sets(zone) if x["id"] == self.set_id(zone, name, "TXT")][0]

    @on("PUT /dns/v1/zones/{zid}/versions/{ver}/records/{number}")
    def change(self, r, zid, ver, number):
        zone = self.version(zid, ver)
        body = r.json({"id": number, "type": "TXT", "name": str, "enable_alias": False, "ttl": int, "records": list})
        name = self.relative(body["name"], zone, dot=True)
        if number != self.set_id(zone, name, "TXT") or not body["records"]:
            raise Unexpected(f"set {number}: {body}")
        self.store(zone, name, [x["data"] for x in body["records"]])
        return body

    @on("DELETE /dns/v1/zones/{zid}/versions/{ver}/records/{number}")
    def delete(self, r, zid, ver, number):
        zone = self.version(zid, ver)
        for x in [x for x in self.of(zone) if self.set_id(zone, x.name, x.type) == number]:
            self.drop(x)
        return {"id": number}


class Linode(Fake):
    """As the Linode API reference (v4) has it: domains and their records."""
    name, host = "linode", "api.linode.com"
    credentials = {"key": "linode-key-11"}
    headers = {"Authorization": "Bearer {key}"}
    denied = "Invalid Token"
    fillers = 501

    def error(self, status, message):
        return Reply(status, {"errors": [{"reason": message}]})

    def deny(self):
        return self.error(401, "Invalid Token")

    def authenticate(self, request):
        self.filter = json.loads(request.headers.pop("x-filter", "{}"))
        return super().authenticate(request)

    def listed(self, r, things):
        asked = r.args(may={"page": (DIGITS, "1"), "page_size": (DIGITS, "100")})
        if not 25 <= int(asked["page_size"]) <= 500:
            return self.error(400, "Must be 25-500")
        things = [t for t in things if all(t[k] == v for k, v in self.filter.items())]
        part, pages = self.page(things, asked["page"], asked["page_size"])
        return {"data": part, "page": int(asked["page"]), "pages": pages, "results": len(things)}

    @on("GET /v4/domains")
    def domains(self, r):
        return self.listed(r, [{"id": self.zone_id(z), "domain": z, "type": "master"} for z in self.all_zones])

    @on("GET /v4/domains/{zid}/records")
    def records_(self, r, zid):
        return self.listed(r, [{"id": x.id, "type": x.type, "name": x.name, "target": x.value, "ttl_sec": x.ttl} for x in self.of(self.zone_of(zid))])

    @on("POST /v4/domains/{zid}/records")
    def create(self, r, zid):
        zone = self.zone_of(zid)
        body = r.json({"type": "TXT", "name": re.compile(".{1,100}"), "target": str, "ttl_sec": {0, 300}})
        made = self.put(zone, self.is_relative(body["name"], zone), body["target"])
        return {"id": made.id, "type": "TXT", "name": made.name, "target": made.value}

    @on("DELETE /v4/domains/{zid}/records/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number, self.zone_of(zid)))
        return {}


class Luadns(Fake):
    """As the API page has it (zones, records)."""
    name, host = "luadns", "api.luadns.com"
    credentials = {"email": "user@example.com", "token": "luadns-token-3"}
    denied = "Unauthorized"

    def authenticate(self, request):
        return request.header("authorization") == basic(self.credentials["email"], self.credentials["token"])

    def error(self, status, message):
        return Reply(status, {"status": "Error", "request_id": "r1", "message": message})

    def deny(self):
        return self.error(401, "Unauthorized")

    @on("GET /v1/zones")
    def zones_(self, r):
        return [{"id": self.zone_id(z), "name": z} for z in self.all_zones]

    @on("GET /v1/zones/{zid}/records")
    def records_(self, r, zid):
        return [{"id": x.id, "name": x.fqdn + ".", "type": x.type, "content": x.value, "ttl": x.ttl, "zone_id": int(zid)} for x in self.of(self.zone_of(zid))]

    @on("POST /v1/zones/{zid}/records")
    def create(self, r, zid):
        zone = self.zone_of(zid)
        body = r.json({"type": "TXT", "name": str, "content": str, "ttl": 60})
        made = self.put(zone, self.relative(body["name"], zone, dot=True), body["content"])
        return {"id": made.id, "name": made.fqdn + ".", "type": "TXT", "content": made.value}

    @on("DELETE /v1/zones/{zid}/records/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number, self.zone_of(zid)))
        return {}


class Nsone(Fake):
    """As the maker's client for Go (ns1-go) has it: zones, records as sets of answers."""
    name, host = "nsone", "api.nsone.net"
    credentials = {"api_key": "nsone-key-7"}
    headers = {"X-NSONE-Key": "{api_key}"}
    denied = "Unauthorized"

    def deny(self):
        return self.error(401, "Unauthorized")

    @on("GET /v1/zones/{zone}")
    def one(self, r, zone):
        r.args(may={"records": ("false", "")})
        return {"zone": zone, "id": f"{self.zone_id(zone):024x}"}

    def the_set(self, zone, fqdn):
        return self.of(zone, self.relative(fqdn, zone), "TXT")

    @on("GET /v1/zones/{zone}/{fqdn}/TXT")
    def read(self, r, zone, fqdn):
        found = self.the_set(zone, fqdn)
        if not found:
            return self.error(404, "record not found")
        return {"zone": zone, "domain": fqdn, "type": "TXT", "ttl": found[0].ttl, "answers": [{"answer": [x.value], "id": str(x.id)} for x in found]}

    def store(self, zone, fqdn, answers):
        for x in self.the_set(zone, fqdn):
            self.drop(x)
        for one in answers:
            if not one.keys() <= {"answer", "id"} or len(one["answer"]) != 1:
                raise Unexpected(f"answer {one}")
            self.put(zone, self.relative(fqdn, zone), one["answer"][0])
        return {"zone": zone, "domain": fqdn, "answers": answers}

    @on("PUT /v1/zones/{zone}/{fqdn}/TXT")
    def create(self, r, zone, fqdn):
        if self.the_set(zone, fqdn):
            return self.error(400, "record already exists")
        return self.store(zone, fqdn, r.json({"zone": zone, "domain": fqdn, "type": "TXT", "ttl": 60, "answers": list})["answers"])

    @on("POST /v1/zones/{zone}/{fqdn}/TXT")
    def change(self, r, zone, fqdn):
        if not self.the_set(zone, fqdn):
            return self.error(404, "record not found")
        return self.store(zone, fqdn, r.json({"answers": list})["answers"])

    @on("DELETE /v1/zones/{zone}/{fqdn}/TXT")
    def delete(self, r, zone, fqdn):
        if not self.the_set(zone, fqdn):
            return self.error(404, "record not found")
        self.store(zone, fqdn, [])
        return {}


class Ovh(Fake):
    """As the maker's provider for Terraform has it: /domain/zone. Each change needs a refresh; texts are put in quotes."""
    name, host = "ovh", "eu.api.ovh.com"
    hosts = ("eu.api.ovh.com", "ca.api.ovh.com")
    credentials = {"endpoint": "ovh-eu", "application_key": "app-key-1", "application_secret": "app-secret-2", "consumer_key": "consumer-3"}
    spoiled = "consumer_key"
    denied = "This credential is not valid"
    open_routes = ("/1.0/auth/time",)

    def __init__(self):
        super().__init__()
        self.stale = set()

    def error(self, status, message):
        return Reply(status, {"class": f"Client::Error::{status}", "message": message})

    def deny(self):
        return Reply(403, {"errorCode": "INVALID_CREDENTIAL", "httpCode": "403 Forbidden", "message": "This credential is not valid"})

    def authenticate(self, r):
        c = self.credentials
        text = "+".join([c["application_secret"], c["consumer_key"], r.method, r.url, r.body.decode(), r.header("x-ovh-timestamp")])
        return (r.header("x-ovh-application") == c["application_key"] and r.header("x-ovh-consumer") == c["consumer_key"]
                and r.header("x-ovh-signature") == "$1$" + hashlib.sha1(text.encode()).hexdigest())

    @on("GET /1.0/auth/time")
    def time(self, r):
        return int(time.time())

    @on("GET /1.0/domain/zone/")
    @on("GET /1.0/domain/zone")
    def zones_(self, r):
        return self.all_zones

    @on("GET /1.0/domain/zone/{zone}")
    def one(self, r, zone):
        return {"name": zone, "hasDnsAnycast": False}

    @on("GET /1.0/domain/zone/{zone}/status")
    def status(self, r, zone):
        return {"isDeployed": True, "errors": [], "warnings": []}

    @on("GET /1.0/domain/zone/{zone}/record")
    def ids(self, r, zone):
        asked = r.args(fieldType="TXT", subDomain=str)
        return [x.id for x in self.of(zone, asked["subDomain"], "TXT")]

    @on("GET /1.0/domain/zone/{zone}/record/{number}")
    def read(self, r, zone, number):
        x = self.by_id(number, zone)
        return {"id": x.id, "zone": zone, "subDomain": x.name, "fieldType": x.type, "target": f'"{x.value}"', "ttl": x.ttl}

    @on("POST /1.0/domain/zone/{zone}/record")
    def create(self, r, zone):
        body = r.json({"fieldType": "TXT", "subDomain": str, "target": str, "ttl": 60})
        self.stale.add(zone)
        made = self.put(zone, self.is_relative(body["subDomain"], zone), body["target"].strip('"'))
        return {"id": made.id, "zone": zone}

    @on("DELETE /1.0/domain/zone/{zone}/record/{number}")
    def delete(self, r, zone, number):
        self.stale.add(zone)
        self.drop(self.by_id(number, zone))
        return None

    @on("POST /1.0/domain/zone/{zone}/refresh")
    def refresh(self, r, zone):
        self.stale.discard(zone)
        return None

    def unfinished(self):
        return [f"not refreshed: {z}" for z in self.stale]


class Sakuracloud(Fake):
    """As the maker's client for Go (iaas-api-go) has it: a zone is one item with all its records; a TTL can be missing."""
    name, host = "sakuracloud", "secure.sakura.ad.jp"
    credentials = {"api_token": "sakura-token", "api_secret": "sakura-secret"}
    denied, limited = "Unauthorized", 423
    base = "/cloud/zone/is1a/api/cloud/1.1/commonserviceitem"

    def authenticate(self, request):
        return request.header("authorization") == basic(self.credentials["api_token"], self.credentials["api_secret"])

    def error(self, status, message):
        return Reply(status, {"is_fatal": True, "status": str(status), "error_code": "error", "error_msg": message})

    def deny(self):
        return self.error(401, "Unauthorized")

    def item(self, zone):
        return {"ID": str(self.zone_id(zone)), "Name": zone, "Provider": {"ID": 1, "Class": "dns"}, "Status": {"Zone": zone, "NS": ["ns1.gslb2.sakura.ne.jp"]},
                "Settings": {"DNS": {"ResourceRecordSets": [{"Name": self.show(x.name), "Type": x.type, "RData": x.value, **({"TTL": x.ttl} if x.type == "TXT" else {})}
                                                            for x in self.of(zone)]}}}

    @on("GET " + base)
    def items(self, r):
        r.args_read = True
        zones = self.all_zones
        if r.raw_query:
            wanted = json.loads(unquote(r.raw_query))
            known = {"Provider.Class": "dns"}
            if any(k not in ("Provider.Class", "Name") or (k in known and v != known[k]) for k, v in wanted.get("Filter", {}).items()) or wanted.keys() - {"Filter", "From", "Count"}:
                raise Unexpected(f"query {wanted}")
            zones = [z for z in zones if wanted.get("Filter", {}).get("Name", "") in z]
        return {"From": 0, "Count": len(zones), "Total": len(zones), "CommonServiceItems": [*(self.item(z) for z in zones),
                *([] if r.raw_query else [{"ID": "9", "Provider": {"Class": "gslb"}, "Status": {"FQDN": "x.example"}}])]}

    @on("GET " + base + "/{zid}")
    def read(self, r, zid):
        return {"is_ok": True, "CommonServiceItem": self.item(self.zone_of(zid))}

    @on("PUT " + base + "/{zid}")
    def write(self, r, zid):
        zone = self.zone_of(zid)
        sets = r.json({"CommonServiceItem": {"Settings": {"DNS": {"ResourceRecordSets": list}}}})["CommonServiceItem"]["Settings"]["DNS"]["ResourceRecordSets"]
        self.records = [x for x in self.records if x.zone != zone]
        for x in sets:
            if x.keys() != {"Name", "Type", "RData", *(["TTL"] if x.get("Type") == "TXT" else [])}:
                raise Unexpected(f"record {x}")
            self.put(zone, self.is_relative(x["Name"], zone), x["RData"], ttl=x.get("TTL"), type=x["Type"])
        return {"is_ok": True, "CommonServiceItem": self.item(zone)}
