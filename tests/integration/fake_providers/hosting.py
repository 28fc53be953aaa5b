"""Still more providers with a record for each value."""
import re

from fake_providers.certbots import DIGITS, basic
from peers.fake_api import Fake, Reply, Unexpected, on


class Hostingde(Fake):
    """As public clients have it; of hosting.de's API documentation only the introduction was found. The token is in the body, errors in the
    reply; a zone's whole configuration goes with each change, after which the zone is blocked until the change is in force."""
    name, host = "hostingde", "secure.hosting.de"
    credentials = {"api_key": "hostingde-key"}
    denied = "10205: authentication failed"
    ttl, fillers = 120, 101

    def __init__(self):
        super().__init__()
        self.blocked = {}  # zone: how often it is still to be seen so

    def authenticate(self, request):
        return b'"authToken":"hostingde-key"' in request.body.replace(b" ", b"")

    def well(self, response, status="success"):
        return {"errors": [], "warnings": [], "metadata": {}, "status": status, "response": response}

    def error(self, status, message, code=10000):
        return Reply(status if status == 429 else 200, {"errors": [{"code": code, "text": message}], "status": "error", "response": None})

    def deny(self):
        return self.error(200, "authentication failed", 10205)

    def is_change(self, request):
        return request.path.endswith("zoneUpdate")

    def config(self, zone):
        return {"id": f"zc{self.zone_id(zone)}", "accountId": "4", "status": "active", "name": zone, "nameUnicode": zone, "masterIp": "", "type": "NATIVE",
                "emailAddress": "hostmaster@example.com", "zoneTransferWhitelist": ["192.0.2.7"], "soaValues": {"refresh": 1, "retry": 2, "expire": 3, "ttl": 4, "negativeTtl": 5}}

    def listed(self, things, body):
        part, pages = self.page(things, body["page"], body["limit"])
        return self.well({"limit": 100, "page": body["page"], "totalEntries": len(things), "totalPages": pages, "data": part})

    @on("POST /api/dns/v1/json/zoneConfigsFind")
    def zones_(self, r):
        body = r.json(dict)
        if "filter" not in body:
            return self.listed([self.config(z) for z in self.all_zones], r.json({"authToken": str, "limit": 100, "page": int}))
        r.json({"authToken": str, "filter": {"field": "zoneConfigId", "value": str}, "limit": 1, "page": 1})
        zone = self.zone_of(body["filter"]["value"][2:])
        self.blocked[zone] = self.blocked.get(zone, 0) - 1
        return self.listed([{**self.config(zone), "status": "blocked" if self.blocked[zone] > 0 else "active"}], body)

    @on("POST /api/dns/v1/json/recordsFind")
    def records_(self, r):
        body = r.json({"authToken": str, "filter": {"field": "zoneConfigId", "value": str}, "limit": 100, "page": int})
        return self.listed([{"id": f"r{x.id}", "zoneId": body["filter"]["value"], "name": x.fqdn, "type": x.type, "content": f'"{x.value}"', "ttl": x.ttl}
                            for x in self.of(self.zone_of(body["filter"]["value"][2:]))], body)

    @on("POST /api/dns/v1/json/zoneUpdate")
    def update(self, r):
        body = r.json({"authToken": str, "zoneConfig": dict, "recordsToAdd": list, "recordsToDelete": list})
        zone = body["zoneConfig"]["name"]
        if body["zoneConfig"] != self.config(zone) or self.blocked.get(zone, 0) > 0:
            raise Unexpected(f"zone {body['zoneConfig']}, blocked: {self.blocked}")
        self.blocked[zone] = 2
        for x in body["recordsToAdd"]:
            if x.keys() != {"name", "type", "content", "ttl"} or x["ttl"] != 120:
                raise Unexpected(f"record {x}")
            self.put(zone, self.relative(x["name"], zone), self.unquoted(x["content"]))
        for x in body["recordsToDelete"]:
            found = self.by_id(x["id"][1:], zone)
            if (found.fqdn, f'"{found.value}"') != (x["name"], x["content"]):
                raise Unexpected(f"record {x}")
            self.drop(found)
        return self.well({"zoneConfig": {**self.config(zone), "status": "blocked"}, "records": []}, "pending")




class Limacity(Fake):
    """Authentication as the API documentation has it, domains and records as public clients have them."""
    name, host = "limacity", "www.lima-city.de"
    credentials = {"api_key": "lima-key"}
    denied = "unauthorized"

    def authenticate(self, request):
        return request.header("authorization") == basic("api", "lima-key")

    def error(self, status, message):
        return Reply(status, {"status": "invalid_resource", "errors": {"name": [message]}})

    def deny(self):
        return Reply(401, {"status": "unauthorized"})

    @on("GET /usercp/domains.json")
    def zones_(self, r):
        return {"domains": [{"id": self.zone_id(z), "unicode_fqdn": z, "domain": z.split(".")[0], "status": "ok"} for z in self.all_zones]}

    @on("GET /usercp/domains/{zid}/records.json")
    def records_(self, r, zid):
        return {"records": [{"id": x.id, "name": x.fqdn, "subdomain": x.name, "type": x.type, "content": f'"{x.value}"' if x.type == "TXT" else x.value, "ttl": x.ttl}
                            for x in self.of(self.zone_of(zid))]}

    @on("POST /usercp/domains/{zid}/records.json")
    def create(self, r, zid):
        zone = self.zone_of(zid)
        x = r.json({"nameserver_record": {"name": str, "type": "TXT", "content": str, "ttl": 60}})["nameserver_record"]
        self.put(zone, self.is_relative(x["name"], zone), x["content"])
        return {"status": "ok"}

    @on("DELETE /usercp/domains/{zid}/records/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number, self.zone_of(zid)))
        return {"status": "ok"}


class Regfish(Fake):
    """As the maker's clients (regfish-dnsapi-go, certbro) have it; no reference was found. Records by their full name; what is not there has a code."""
    name, host = "regfish", "api.regfish.com"
    credentials = {"api_key": "regfish-key"}
    headers = {"x-api-key": "{api_key}"}
    denied = "Unauthorized"

    def error(self, status, message, code=15000):
        return Reply(status, {"success": False, "error": message, "code": code})

    def deny(self):
        return self.error(401, "Unauthorized", 10001)

    @on("GET /dns/{name}/rr")
    def records_(self, r, name):
        if name not in self.all_zones:
            return self.error(200, "Record not found", 15001)
        return {"success": True, "code": 0, "response": [{"id": x.id, "name": x.fqdn + ".", "type": x.type, "data": x.value, "ttl": x.ttl, "active": True} for x in self.of(name)]}

    @on("POST /dns/rr")
    def create(self, r):
        body = r.json({"type": "TXT", "name": str, "data": str, "ttl": 60})
        zone = max((z for z in self.all_zones if body["name"].endswith(f".{z}.")), key=len)
        return {"success": True, "code": 0, "response": {"id": self.put(zone, self.relative(body["name"], zone, dot=True), body["data"]).id}}

    @on("DELETE /dns/rr/{number}")
    def delete(self, r, number):
        self.drop(self.by_id(number))
        return {"success": True, "code": 0}


class Ionoscloud(Fake):
    """As the Cloud DNS API 1.17 has it: all listings come in pages; what was deleted is listed until it is gone."""
    name, host = "ionoscloud", "dns.de-fra.ionos.com"
    credentials = {"api_token": "ionoscloud-token"}
    headers = {"Authorization": "Bearer {api_token}"}
    denied = "paas-auth-1: Unauthorized"
    fillers = 101

    def __init__(self):
        super().__init__()
        self.gone = []

    def error(self, status, message, code="dns-1"):
        return Reply(status, {"httpStatus": status, "messages": [{"errorCode": code, "message": message}]})

    def deny(self):
        return self.error(401, "Unauthorized, wrong or no api key provided to process this request", "paas-auth-1")

    @on("GET /zones")
    def zones_(self, r):
        start = int(r.args(limit="100", offset=DIGITS)["offset"])
        return {"type": "collection", "offset": start, "limit": 100, "items": [{"id": f"i{self.zone_id(z)}", "type": "zone", "properties": {"zoneName": z, "enabled": True}}
                                                                              for z in self.all_zones[start:start + 100]]}

    @on("GET /records")
    def records_(self, r):
        asked = r.args(**{"filter.zoneId": str, "limit": "1000", "offset": DIGITS}, may={"filter.name": (re.compile(".+"), "")})
        zone, start = self.zone_of(asked["filter.zoneId"][1:]), int(asked["offset"])
        found = [x for x in [*self.gone, *self.records] if x.zone == zone and asked["filter.name"] in x.name]
        return {"type": "collection", "offset": start, "limit": 1000,
                "items": [{"id": f"r{x.id}", "type": "record", "metadata": {"fqdn": x.fqdn, "state": "DESTROYING" if x in self.gone else "AVAILABLE"},
                           "properties": {"name": x.name, "type": x.type, "content": x.value, "ttl": x.ttl, "enabled": True}} for x in found[start:start + 1000]]}

    @on("POST /zones/{zid}/records")
    def create(self, r, zid):
        zone = self.zone_of(zid[1:])
        x = r.json({"properties": {"name": str, "type": "TXT", "content": str, "ttl": 60}})["properties"]
        return Reply(202, {"id": f"r{self.put(zone, self.is_relative(x['name'], zone), x['content']).id}"})

    @on("DELETE /zones/{zid}/records/{number}")
    def delete(self, r, zid, number):
        self.gone.append(self.by_id(number[1:], self.zone_of(zid[1:])))
        self.drop(self.gone[-1])
        return Reply(202, {})


class Glesys(Fake):
    """As the provider's own clients (glesys-go, and those of its API repository) have it; all may be asked with POST."""
    name, host = "glesys", "api.glesys.com"
    credentials = {"user": "CL12345", "password": "glesys-key"}
    denied = "401: Username or password incorrect"

    def authenticate(self, request):
        return request.header("authorization") == basic("CL12345", "glesys-key") and request.header("accept") == "application/json"

    def error(self, status, message):
        return Reply(status, {"response": {"status": {"code": status, "text": message}}})

    def deny(self):
        return self.error(401, "Username or password incorrect")

    def well(self, **more):
        return {"response": {"status": {"code": 200, "text": "OK"}, **more}}

    def is_change(self, request):
        return request.path.endswith(("addrecord", "deleterecord"))

    @on("POST /domain/list")
    def zones_(self, r):
        return self.well(domains=[{"domainname": z, "recordcount": len(self.of(z))} for z in self.all_zones])

    @on("POST /domain/listrecords")
    def records_(self, r):
        zone = r.json({"domainname": str})["domainname"]
        return self.well(records=[{"recordid": x.id, "domainname": zone, "host": self.show(x.name), "type": x.type, "data": x.value, "ttl": x.ttl} for x in self.of(zone)])

    @on("POST /domain/addrecord")
    def create(self, r):
        body = r.json({"domainname": str, "host": str, "type": "TXT", "data": str, "ttl": 60})
        return self.well(record={"recordid": self.put(body["domainname"], self.is_relative(body["host"], body["domainname"]), body["data"]).id})

    @on("POST /domain/deleterecord")
    def delete(self, r):
        self.drop(self.by_id(r.json({"recordid": int})["recordid"]))
        return self.well()


class Yandex360(Fake):
    """As the API reference, DomainDNSService, has it: DNS of an organization's domains."""
    name, host = "yandex360", "api360.yandex.net"
    credentials = {"oauth_token": "yandex-token", "org_id": "4321"}
    headers = {"Authorization": "OAuth {oauth_token}"}
    spoiled = "oauth_token"
    denied = "16: Unauthenticated"
    ttl, fillers = 300, 101

    def error(self, status, message, code=3):
        return Reply(status, {"code": code, "message": message, "details": []})

    def deny(self):
        return self.error(401, "Unauthenticated", 16)

    def listed(self, r, key, things):
        number = r.args(page=DIGITS, perPage="100")["page"]
        part, pages = self.page(things, number, 100)
        return {key: part, "page": int(number), "pages": pages, "perPage": 100, "total": len(things)}

    @on("GET /directory/v1/org/4321/domains")
    def zones_(self, r):
        return self.listed(r, "domains", [{"name": z, "verified": True} for z in self.all_zones])

    @on("GET /directory/v1/org/4321/domains/{zone}/dns")
    def records_(self, r, zone):
        return self.listed(r, "records", [{"recordId": x.id, "name": self.show(x.name), "type": x.type, "ttl": x.ttl, ("text" if x.type == "TXT" else "address"): x.value} for x in self.of(zone)])

    @on("POST /directory/v1/org/4321/domains/{zone}/dns")
    def create(self, r, zone):
        body = r.json({"name": str, "type": "TXT", "text": str, "ttl": 300})
        return {"recordId": self.put(zone, self.is_relative(body["name"], zone), body["text"]).id}

    @on("DELETE /directory/v1/org/4321/domains/{zone}/dns/{number}")
    def delete(self, r, zone, number):
        self.drop(self.by_id(number, zone))
        return {}
