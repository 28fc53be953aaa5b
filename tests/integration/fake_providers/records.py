"""Providers that keep each value as a record with an id of its own: JSON over HTTP, with credentials that do not change."""
import re

from fake_providers.certbots import DIGITS
from peers.fake_api import Fake, Reply, Unexpected, on


class Hetzner(Fake):
    """As the Hetzner DNS Public API 1.1.1 has it: zones come in pages, the records of a zone all at once."""
    name, host = "hetzner", "dns.hetzner.com"
    credentials = {"api_token": "hetzner-4711"}
    headers = {"Auth-API-Token": "{api_token}"}
    denied = "Invalid authentication credentials"
    fillers = 101

    def error(self, status, message):
        return Reply(status, {"error": {"code": status, "message": message}})

    def deny(self):
        return Reply(401, {"message": "Invalid authentication credentials"})

    @on("GET /api/v1/zones")
    def zones_(self, r):
        asked = r.args(page=DIGITS, per_page=DIGITS)
        part, pages = self.page(self.all_zones, asked["page"], min(100, int(asked["per_page"])))
        return {"zones": [{"id": f"hz{self.zone_id(z)}", "name": z, "ttl": 86400} for z in part],
                "meta": {"pagination": {"page": int(asked["page"]), "per_page": 100, "last_page": pages, "total_entries": len(self.all_zones)}}}

    def named(self, zid):
        return self.zone_of(zid.removeprefix("hz"))

    @on("GET /api/v1/records")
    def records_(self, r):
        zone = self.named(r.args(zone_id=str)["zone_id"])
        return {"records": [{"id": f"r{x.id}", "zone_id": f"hz{self.zone_id(zone)}", "type": x.type, "name": self.show(x.name), "value": x.value} for x in self.of(zone)]}

    @on("POST /api/v1/records")
    def create(self, r):
        body = r.json({"zone_id": str, "type": "TXT", "name": str, "value": str, "ttl": 60})
        zone = self.named(body["zone_id"])
        x = self.put(zone, self.is_relative(body["name"], zone), body["value"])
        return {"record": {"id": f"r{x.id}", "type": "TXT", "name": x.name, "value": x.value}}

    @on("DELETE /api/v1/records/{number}")
    def delete(self, r, number):
        self.drop(self.by_id(number[1:]))
        return {}


class Porkbun(Fake):
    """As the Porkbun API v3 documentation and the maker's own client have it: the keys are in each body, and errors say so in `status`.

    Who asks too often gets an empty 202, or 503, from what stands before it: as public clients have it."""
    name, host = "porkbun", "api.porkbun.com"
    credentials = {"key": "pk1_0815", "secret": "sk1_4711"}
    denied = "Invalid API key. (001)"
    ttl, fillers, limited = 600, 1001, 202

    def authenticate(self, request):
        return request.body.count(b"pk1_0815") == 1 and request.body.count(b"sk1_4711") == 1

    def error(self, status, message, code="ERROR"):
        if status == 202:
            return Reply(202, "", (("x-amzn-waf-action", "challenge"),))
        return Reply(status, {"status": "ERROR", "code": code, "message": message})

    def deny(self):
        return self.error(403, "Invalid API key. (001)", "INVALID_API_KEY")

    def is_change(self, request):
        return "/create/" in request.path or "/delete/" in request.path

    def asked(self, r, **more):
        return r.json({"apikey": "pk1_0815", "secretapikey": "sk1_4711", **more})

    @on("POST /api/json/v3/domain/listAll")
    def domains(self, r):
        start = int(self.asked(r, start=DIGITS)["start"])
        return {"status": "SUCCESS", "domains": [{"domain": z, "status": "ACTIVE"} for z in self.all_zones[start:start + 1000]]}

    @on("POST /api/json/v3/dns/retrieve/{zone}")
    def records_(self, r, zone):
        self.asked(r)
        return {"status": "SUCCESS", "records": [{"id": str(x.id), "name": x.fqdn, "type": x.type, "content": x.value, "ttl": "600", "prio": "0"} for x in self.of(zone)]}

    @on("POST /api/json/v3/dns/create/{zone}")
    def create(self, r, zone):
        body = self.asked(r, type="TXT", name=str, content=str, ttl="600")
        return {"status": "SUCCESS", "id": self.put(zone, self.is_relative(body["name"], zone), body["content"]).id}

    @on("POST /api/json/v3/dns/delete/{zone}/{number}")
    def delete(self, r, zone, number):
        self.asked(r)
        self.drop(self.by_id(number, zone))
        return {"status": "SUCCESS"}


class Bunny(Fake):
    """As the API reference, DNS Zone, and the provider's own Terraform provider have it; TXT is type 3."""
    name, host = "bunny", "api.bunny.net"
    credentials = {"api_key": "bunny-1"}
    headers = {"AccessKey": "{api_key}"}
    denied = "Authorization has been denied"
    fillers = 1000

    def error(self, status, message):
        return Reply(status, {"ErrorKey": "dns.refused", "Field": "Value", "Message": message})

    def deny(self):
        return Reply(401, {"Message": "Authorization has been denied for this request."})

    def shown(self, zone):
        return {"Id": self.zone_id(zone), "Domain": zone, "Records": [
            {"Id": x.id, "Type": 3 if x.type == "TXT" else 0, "Name": x.name, "Value": x.value, "Ttl": x.ttl} for x in self.of(zone)]}

    @on("GET /dnszone")
    def zones_(self, r):
        asked = r.args(page=DIGITS, perPage="1000")
        part, pages = self.page(self.all_zones, asked["page"], 1000)
        return {"Items": [self.shown(z) for z in part], "CurrentPage": int(asked["page"]), "TotalItems": len(self.all_zones), "HasMoreItems": int(asked["page"]) < pages}

    @on("GET /dnszone/{zid}")
    def one(self, r, zid):
        return self.shown(self.zone_of(zid))

    @on("PUT /dnszone/{zid}/records")
    def create(self, r, zid):
        zone = self.zone_of(zid)
        body = r.json({"Type": 3, "Name": str, "Value": str, "Ttl": 60})
        return Reply(201, {"Id": self.put(zone, self.is_relative(body["Name"], zone), body["Value"]).id, "Type": 3})

    @on("DELETE /dnszone/{zid}/records/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number, self.zone_of(zid)))
        return Reply(204)


class Vultr(Fake):
    """As the API reference (v2), DNS, and Vultr's own clients have it: cursors lead through lists; values of TXT are shown in quotes (and taken without, too)."""
    name, host = "vultr", "api.vultr.com"
    credentials = {"key": "VULTRKEY"}
    headers = {"Authorization": "Bearer {key}"}
    denied = "Invalid API token"
    ttl, fillers = 120, 501

    def error(self, status, message):
        return Reply(status, {"error": message, "status": status})

    def deny(self):
        return self.error(401, "Invalid API token.")

    def listed(self, r, key, things):
        asked = r.args(per_page="500", may={"cursor": (re.compile("bmV4d[0-9]+"), "bmV4d0")})
        start = int(asked["cursor"].removeprefix("bmV4d"))
        following = f"bmV4d{start + 500}" if start + 500 < len(things) else ""
        return {key: things[start:start + 500], "meta": {"total": len(things), "links": {"next": following, "prev": ""}}}

    @on("GET /v2/domains")
    def zones_(self, r):
        return self.listed(r, "domains", [{"domain": z, "date_created": "2020-10-10T01:56:20+00:00"} for z in self.all_zones])

    @on("GET /v2/domains/{zone}/records")
    def records_(self, r, zone):
        return self.listed(r, "records", [{"id": f"uuid-{x.id}", "type": x.type, "name": x.name, "data": f'"{x.value}"' if x.type == "TXT" else x.value, "ttl": x.ttl}
                                          for x in self.of(zone)])

    @on("POST /v2/domains/{zone}/records")
    def create(self, r, zone):
        body = r.json({"type": "TXT", "name": str, "data": str, "ttl": 120})
        return Reply(201, {"record": {"id": f"uuid-{self.put(zone, self.is_relative(body['name'], zone), self.unquoted(body['data'])).id}"}})

    @on("DELETE /v2/domains/{zone}/records/{number}")
    def delete(self, r, zone, number):
        self.drop(self.by_id(number.removeprefix("uuid-"), zone))
        return Reply(204)


class Scaleway(Fake):
    """As the SDK for Go, Domains and DNS v2beta1, has it: a zone is a domain and a subdomain."""
    name, host = "scaleway", "api.scaleway.com"
    credentials = {"secret_key": "scw-secret"}
    headers = {"X-Auth-Token": "{secret_key}"}
    denied = "authentication is denied"

    def error(self, status, message):
        return Reply(status, {"type": "invalid_arguments", "message": message})

    def deny(self):
        return Reply(401, {"type": "denied_authentication", "message": "authentication is denied", "method": "api_key"})

    @on("GET /domain/v2beta1/dns-zones")
    def zones_(self, r):
        asked = r.args(dns_zones=str)["dns_zones"]
        found = [{"domain": ".".join(z.split(".")[-2:]), "subdomain": ".".join(z.split(".")[:-2]), "status": "active"} for z in self.all_zones if z == asked]
        return {"dns_zones": found, "total_count": len(found)}

    @on("GET /domain/v2beta1/dns-zones/{zone}/records")
    def records_(self, r, zone):
        asked = r.args(type="TXT", name=str, page=DIGITS, page_size="100")
        found = [{"id": f"id-{x.id}", "name": x.name, "type": "TXT", "data": f'"{x.value}"', "ttl": x.ttl} for x in self.of(zone, asked["name"], "TXT")]
        return {"records": self.page(found, asked["page"], 100)[0], "total_count": len(found)}

    @on("PATCH /domain/v2beta1/dns-zones/{zone}/records")
    def change(self, r, zone):
        for one in r.json({"return_all_records": False, "disallow_new_zone_creation": True, "changes": list})["changes"]:
            if "add" in one:
                for x in one["add"]["records"]:
                    self.put(zone, self.is_relative(x["name"], zone), self.unquoted(x["data"]), ttl=x["ttl"])
            elif one.keys() == {"delete"} and one["delete"].keys() == {"id"}:
                self.drop(self.by_id(one["delete"]["id"].removeprefix("id-"), zone))
            else:
                raise Unexpected(f"change {one}")
        return {"records": []}


class Netlify(Fake):
    """As Netlify's OpenAPI description has it (dnsZone); pages, which it does not have there, are named by the field Link."""
    name, host = "netlify", "api.netlify.com"
    credentials = {"token": "nf-token"}
    headers = {"Authorization": "Bearer {token}"}
    denied = "Access Denied"
    ttl, fillers = 300, 100

    def error(self, status, message):
        return Reply(status, {"code": status, "message": message})

    def deny(self):
        return self.error(401, "Access Denied")

    @on("GET /api/v1/dns_zones")
    def zones_(self, r):
        number = int(r.args(may={"page": (DIGITS, "1"), "per_page": ("100", "100")})["page"])
        part, pages = self.page(self.all_zones, number, 100)
        here = f"https://{self.host}{r.path}"
        links = [f'<{here}?page={number - 1}&per_page=100>; rel="prev"'] * (number > 1) + [f'<{here}?page={number + 1}&per_page=100>; rel="next"'] * (number < pages)
        links.append(f'<{here}?page={pages}&per_page=100>; rel="last"')
        return Reply(200, [{"id": z.replace(".", "_"), "name": z} for z in part], (("Link", ",".join(links)),))

    def named(self, zid):
        return zid.replace("_", ".")

    @on("GET /api/v1/dns_zones/{zid}/dns_records")
    def records_(self, r, zid):
        return [{"id": f"n{x.id}", "hostname": x.fqdn, "type": x.type, "ttl": x.ttl, "value": x.value} for x in self.of(self.named(zid))]

    @on("POST /api/v1/dns_zones/{zid}/dns_records")
    def create(self, r, zid):
        body = r.json({"type": "TXT", "hostname": str, "value": str, "ttl": 300})
        x = self.put(self.named(zid), self.relative(body["hostname"], self.named(zid)), body["value"])
        return Reply(201, {"id": f"n{x.id}", "hostname": x.fqdn})

    @on("DELETE /api/v1/dns_zones/{zid}/dns_records/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number[1:], self.named(zid)))
        return Reply(204)


class Ionos(Fake):
    """As the IONOS DNS API 1.0.2 has it."""
    name, host = "ionos", "api.hosting.ionos.com"
    credentials = {"prefix": "publicprefix", "secret": "ionos-secret"}
    headers = {"X-API-Key": "{prefix}.{secret}"}
    denied = "UNAUTHORIZED: The customer is not authorized"

    def error(self, status, message):
        return Reply(status, [{"code": "RECORD_NOT_FOUND" if status == 404 else "INVALID_RECORD", "message": message}])

    def deny(self):
        return Reply(401, [{"code": "UNAUTHORIZED", "message": "The customer is not authorized to do this operation."}])

    @on("GET /dns/v1/zones")
    def zones_(self, r):
        return [{"id": f"i-{self.zone_id(z)}", "name": z, "type": "NATIVE"} for z in self.all_zones]

    def named(self, zid):
        return self.zone_of(zid[2:])

    @on("GET /dns/v1/zones/{zid}")
    def one(self, r, zid):
        zone, asked = self.named(zid), r.args(recordName=str, recordType="TXT")
        return {"id": zid, "name": zone, "records": [{"id": f"r-{x.id}", "name": x.fqdn, "rootName": zone, "type": "TXT", "content": f'"{x.value}"', "ttl": x.ttl}
                                                     for x in self.of(zone, type="TXT") if x.fqdn == asked["recordName"]]}

    @on("POST /dns/v1/zones/{zid}/records")
    def create(self, r, zid):
        zone = self.named(zid)
        body = r.json([{"name": str, "type": "TXT", "content": str, "ttl": 60}])[0]
        x = self.put(zone, self.relative(body["name"], zone), body["content"])
        return Reply(201, [{"id": f"r-{x.id}", "name": x.fqdn}])

    @on("DELETE /dns/v1/zones/{zid}/records/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number[2:], self.named(zid)))
        return Reply(200)


class IonosKey(Ionos):
    """The same with the key in one piece."""
    credentials = {"api_key": "publicprefix.ionos-secret"}
    headers = {"X-API-Key": "{api_key}"}


class Infomaniak(Fake):
    """As Infomaniak's Terraform provider and certbot plugin have it; of its reference, Zone, Dns Record, only what public clients make of it
    was found. Records come in pages."""
    name, host = "infomaniak", "api.infomaniak.com"
    credentials = {"token": "infomaniak-token"}
    headers = {"Authorization": "Bearer {token}"}
    denied = "not_authorized: Authorization required"
    ttl, apex = 300, "."
    seeds = (*Fake.seeds, *(("example.com", f"more{n}", "v", "TXT") for n in range(101)))

    def error(self, status, message, code="validation_failed"):
        return Reply(status, {"result": "error", "error": {"code": code, "description": message}})

    def deny(self):
        return self.error(401, "Authorization required", "not_authorized")

    @on("GET /2/zones/{name}/exists")
    def exists(self, r, name):
        return {"result": "success", "data": True} if name in self.all_zones else self.error(404, "Object not found", "object_not_found")

    @on("GET /2/zones/{zone}/records")
    def records_(self, r, zone):
        asked = r.args(**{"filter[types][]": "TXT", "per_page": DIGITS, "page": DIGITS})
        found = sorted(self.of(zone, type="TXT"), key=lambda x: (not x.name.startswith("more"), x.id))
        part, pages = self.page(found, asked["page"], min(100, int(asked["per_page"])))
        return {"result": "success", "data": [{"id": x.id, "source": self.show(x.name), "source_idn": x.fqdn, "type": x.type, "ttl": x.ttl, "target": f'"{x.value}"'} for x in part],
                "total": len(found), "page": int(asked["page"]), "pages": pages, "items_per_page": 100}

    @on("POST /2/zones/{zone}/records")
    def create(self, r, zone):
        body = r.json({"type": "TXT", "source": str, "target": str, "ttl": 300})
        return {"result": "success", "data": {"id": self.put(zone, self.is_relative(body["source"], zone), body["target"]).id}}

    @on("DELETE /2/zones/{zone}/records/{number}")
    def delete(self, r, zone, number):
        self.drop(self.by_id(number, zone))
        return {"result": "success", "data": True}


class Njalla(Fake):
    """JSON-RPC; errors have status 200. As public clients have it; no reference was found."""
    name, host = "njalla", "njal.la"
    credentials = {"token": "njalla-token"}
    headers = {"Authorization": "Njalla {token}"}
    denied = "403: Invalid token."

    def error(self, status, message):
        return Reply(status if status == 429 else 200, {"jsonrpc": "2.0", "error": {"code": status, "message": message}})

    def deny(self):
        return self.error(403, "Invalid token.")

    def is_change(self, request):
        return b"add-record" in request.body or b"remove-record" in request.body

    @on("POST /api/1/")
    def call(self, r):
        body = r.json({"method": str, "params": dict})
        return {"jsonrpc": "2.0", "result": getattr(self, body["method"].replace("-", "_"))(**body["params"])}

    def list_domains(self):
        return {"domains": [{"name": z, "status": "active"} for z in self.all_zones]}

    def list_records(self, domain):
        return {"records": [{"id": str(x.id), "name": self.show(x.name), "type": x.type, "content": x.value, "ttl": x.ttl} for x in self.of(domain)]}

    def add_record(self, domain, type, name, content, ttl):
        if (type, ttl) != ("TXT", 60):
            raise Unexpected(f"type {type}, ttl {ttl}")
        return {"id": str(self.put(domain, self.is_relative(name, domain), content).id)}

    def remove_record(self, domain, id):
        self.drop(self.by_id(id, domain))
        return {}


class Civo(Fake):
    """As the provider's own library (civogo, DNS) has it."""
    name, host = "civo", "api.civo.com"
    credentials = {"token": "civo-token"}
    headers = {"Authorization": "Bearer {token}"}
    denied = "Failed to find the account"
    ttl = 600

    def error(self, status, message):
        return Reply(status, {"code": "dns_error", "reason": message})

    def deny(self):
        return Reply(401, {"code": "database_account_not_found", "reason": "Failed to find the account within the internal database"})

    @on("GET /v2/dns")
    def zones_(self, r):
        return [{"id": f"c-{self.zone_id(z)}", "account_id": "a", "name": z} for z in self.all_zones]

    @on("GET /v2/dns/{zid}/records")
    def records_(self, r, zid):
        return [{"id": f"r-{x.id}", "domain_id": zid, "name": self.show(x.name), "type": x.type.lower(), "value": x.value, "ttl": x.ttl} for x in self.of(self.zone_of(zid[2:]))]

    @on("POST /v2/dns/{zid}/records")
    def create(self, r, zid):
        zone = self.zone_of(zid[2:])
        body = r.json({"type": "TXT", "name": str, "value": str, "ttl": 600})
        return {"id": f"r-{self.put(zone, self.is_relative(body['name'], zone), body['value']).id}"}

    @on("DELETE /v2/dns/{zid}/records/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number[2:], self.zone_of(zid[2:])))
        return {"result": "success"}


class Vercel(Fake):
    """As the REST API reference, dns (records listed by v5, made and removed by v2), has it. Pages go back in time."""
    name, host = "vercel", "api.vercel.com"
    credentials = {"token": "vercel-token", "team_id": "team_1"}
    headers = {"Authorization": "Bearer {token}"}
    spoiled = "token"
    denied = "forbidden: Not authorized"
    fillers = 100

    def error(self, status, message):
        return Reply(status, {"error": {"code": "bad_request", "message": message}})

    def deny(self):
        return Reply(403, {"error": {"code": "forbidden", "message": "Not authorized"}})

    def listed(self, r, key, things):
        until = int(r.args(teamId="team_1", limit="100", may={"until": (DIGITS, "9000")})["until"])
        start = 9000 - until
        return {key: things[start:start + 100], "pagination": {"count": 100, "next": until - 100 if start + 100 < len(things) else None, "prev": None}}

    @on("GET /v5/domains")
    def zones_(self, r):
        return self.listed(r, "domains", [{"id": str(self.zone_id(z)), "name": z, "serviceType": "zeit.world"} for z in self.all_zones])

    @on("GET /v5/domains/{zone}/records")
    def records_(self, r, zone):
        return self.listed(r, "records", [{"id": f"rec_{x.id}", "slug": "s", "name": x.name, "type": x.type, "value": x.value, "ttl": x.ttl} for x in self.of(zone)])

    @on("POST /v2/domains/{zone}/records")
    def create(self, r, zone):
        r.args(teamId="team_1")
        body = r.json({"type": "TXT", "name": str, "value": str, "ttl": 60})
        return {"uid": f"rec_{self.put(zone, self.is_relative(body['name'], zone), body['value']).id}", "updated": 1}

    @on("DELETE /v2/domains/{zone}/records/{number}")
    def delete(self, r, zone, number):
        r.args(teamId="team_1")
        self.drop(self.by_id(number.removeprefix("rec_"), zone))
        return {}


class Spaceship(Fake):
    """As the API reference has it, with bodies as public clients send them: records are told apart by what they say."""
    name, host = "spaceship", "spaceship.dev"
    credentials = {"api_key": "space-key", "api_secret": "space-secret"}
    headers = {"X-Api-Key": "{api_key}", "X-Api-Secret": "{api_secret}"}
    denied = "401"
    fillers = 101

    def error(self, status, message):
        return Reply(status, {"detail": message})

    @on("GET /api/v1/domains")
    def zones_(self, r):
        start = int(r.args(take="100", skip=DIGITS)["skip"])
        return {"items": [{"name": z, "unicodeName": z} for z in self.all_zones[start:start + 100]], "total": len(self.all_zones)}

    @on("GET /api/v1/dns/records/{zone}")
    def records_(self, r, zone):
        r.args(take="500", skip="0")
        return {"items": [{"type": x.type, "name": self.show(x.name), "ttl": x.ttl, ("value" if x.type == "TXT" else "address"): x.value} for x in self.of(zone)],
                "total": len(self.of(zone))}

    @on("PUT /api/v1/dns/records/{zone}")
    def create(self, r, zone):
        x = r.json({"items": [{"type": "TXT", "name": str, "value": str, "ttl": 60}]})["items"][0]
        self.put(zone, self.is_relative(x["name"], zone), x["value"])
        return Reply(204)

    @on("DELETE /api/v1/dns/records/{zone}")
    def delete(self, r, zone):
        x = r.json([{"type": "TXT", "name": str, "value": str}])[0]
        for found in [y for y in self.of(zone, x["name"], "TXT") if y.value == x["value"]]:
            self.drop(found)
        return Reply(204)


class MijnHost(Fake):
    """As mijn.host API and the provider's own Certbot plugin have it: all records of a domain are written together."""
    name, host = "mijn-host", "mijn.host"
    credentials = {"api_key": "mijn-key"}
    headers = {"API-Key": "{api_key}"}
    denied = "No valid API key set"
    ttl = 300

    def error(self, status, message):
        return Reply(status, {"status": status, "status_description": message})

    def deny(self):
        return self.error(401, "No valid API key set")

    def well(self, data=None):
        return {"status": 200, "status_description": "Request successful", "data": data}

    @on("GET /api/v2/domains")
    def zones_(self, r):
        return self.well({"domains": [{"id": self.zone_id(z), "domain": z, "status": "Active"} for z in self.all_zones]})

    @on("GET /api/v2/domains/{zone}/dns")
    def read(self, r, zone):
        return self.well({"domain": zone, "records": [{"type": x.type, "name": x.fqdn + ".", "value": x.value, "ttl": x.ttl} for x in self.of(zone)]})

    @on("PUT /api/v2/domains/{zone}/dns")
    def write(self, r, zone):
        records = r.json({"records": list})["records"]
        self.records = [x for x in self.records if x.zone != zone]
        for x in records:
            if x.keys() != {"type", "name", "value", "ttl"}:
                raise Unexpected(f"record {x}")
            self.put(zone, self.relative(x["name"], zone, dot=True), x["value"], ttl=x["ttl"], type=x["type"])
        return self.well()
