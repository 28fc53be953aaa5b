"""Providers that keep all values of a name in one record set, or a whole zone in one document."""
from fake_providers.certbots import basic
from peers.fake_api import Fake, Reply, Unexpected, on


class SetFake(Fake):
    """store(zone, name, values): what a write of a record set does."""

    def store(self, zone, name, values, ttl=None):
        for x in self.of(zone, name, "TXT"):
            self.drop(x)
        for value in values:
            if any(x.value == value for x in self.of(zone, name, "TXT")):
                raise Unexpected(f"{value} twice in a set")
            self.put(zone, name, value, ttl)

    def values(self, zone, name):
        return [x.value for x in self.of(zone, name, "TXT")]


class HetznerCloud(SetFake):
    """As the Hetzner Cloud API reference, Zone RRSet Actions, has it: sets are changed by actions that run for a while, and what
    another action is at work on is locked, or has changed meanwhile."""
    name, host = "hetzner-cloud", "api.hetzner.cloud"
    credentials = {"api_token": "hcloud-token"}
    headers = {"Authorization": "Bearer {api_token}"}
    denied = "unauthorized: the token you provided is invalid"

    def __init__(self):
        super().__init__()
        self.actions = {}
        self.others = {"add": self.error(423, "zone is locked", "locked"), "remove": self.error(409, "the zone has changed", "conflict")}

    def error(self, status, message, code="invalid_input"):
        return Reply(status, {"error": {"code": code, "message": message, "details": {}}})

    def deny(self):
        return self.error(401, "the token you provided is invalid", "unauthorized")

    @on("GET /v1/zones/{zone}")
    def one(self, r, zone):
        return {"zone": {"id": self.zone_id(zone), "name": zone, "mode": "primary"}}

    @on("GET /v1/zones/{zone}/rrsets/{name}/TXT")
    def read(self, r, zone, name):
        if not self.values(zone, name):
            return self.error(404, "RRSet not found", "not_found")
        return {"rrset": {"id": f"{name}/TXT", "name": name, "type": "TXT", "ttl": 60, "records": [{"value": f'"{v}"', "comment": ""} for v in self.values(zone, name)]}}

    def begin(self, command):
        number = 7000 + len(self.actions)
        self.actions[number] = 1
        return Reply(201, {"action": {"id": number, "command": command, "status": "running", "progress": 0, "error": None}})

    @on("GET /v1/actions/{number}")
    def action(self, r, number):
        self.actions[int(number)] -= 1
        return {"action": {"id": int(number), "status": "running" if self.actions[int(number)] >= 0 else "success", "error": None}}

    @on("POST /v1/zones/{zone}/rrsets/{name}/TXT/actions/add_records")
    def add(self, r, zone, name):
        value = self.unquoted(r.json({"ttl": 60, "records": [{"value": str}]})["records"][0]["value"])
        if "add" in self.others:
            return self.others.pop("add")
        if value in self.values(zone, name):
            return self.error(422, "record already exists", "uniqueness_error")
        self.put(zone, self.is_relative(name, zone), value)
        return self.begin("add_rrset_records")

    @on("POST /v1/zones/{zone}/rrsets/{name}/TXT/actions/remove_records")
    def remove(self, r, zone, name):
        value = self.unquoted(r.json({"records": [{"value": str}]})["records"][0]["value"])
        if "remove" in self.others:
            return self.others.pop("remove")
        if value not in self.values(zone, name):
            return self.error(404, "record not found", "not_found")
        self.drop([x for x in self.of(zone, name, "TXT") if x.value == value][0])
        return self.begin("remove_rrset_records")


class Gandi(SetFake):
    """As the LiveDNS API has it, "Single domain's record, by name and type"."""
    name, host = "gandi", "api.gandi.net"
    credentials = {"token": "gandi-pat"}
    headers = {"Authorization": "Bearer {token}"}
    denied = "The server could not verify"
    ttl = 300

    def error(self, status, message):
        return Reply(status, {"code": status, "cause": "Bad Request", "object": "HTTPBadRequest", "message": message})

    def deny(self):
        return self.error(401, "The server could not verify that you authorized to access the document you requested.")

    @on("GET /v5/livedns/domains/{zone}")
    def one(self, r, zone):
        return {"fqdn": zone, "automatic_snapshots": True}

    @on("GET /v5/livedns/domains/{zone}/records/{name}/TXT")
    def read(self, r, zone, name):
        if not self.values(zone, name):
            return self.error(404, "Can't find the DNS record")
        return {"rrset_name": name, "rrset_type": "TXT", "rrset_ttl": 10800, "rrset_values": [f'"{v}"' for v in self.values(zone, name)]}

    @on("PUT /v5/livedns/domains/{zone}/records/{name}/TXT")
    def write(self, r, zone, name):
        self.store(zone, self.is_relative(name, zone), [self.unquoted(v) for v in r.json({"rrset_ttl": 300, "rrset_values": list})["rrset_values"]])
        return Reply(201, {"message": "DNS Record Created"})

    @on("DELETE /v5/livedns/domains/{zone}/records/{name}/TXT")
    def delete(self, r, zone, name):
        self.store(zone, name, [])
        return Reply(204)


class GandiKey(Gandi):
    """The same with an API key of old."""
    credentials = {"api_key": "gandi-key"}
    headers = {"Authorization": "Apikey {api_key}"}


class Desec(SetFake):
    """As the API documentation, Domain Management and DNS Records (bulk operations), has it."""
    name, host = "desec", "desec.io"
    credentials = {"token": "desec-token"}
    headers = {"Authorization": "Token {token}"}
    denied = "Invalid token."
    ttl, apex = 3600, ""

    def error(self, status, message):
        """In bulk operations, each part has its errors."""
        return Reply(status, [{"non_field_errors": [message]}] if status == 400 else {"detail": message})

    def deny(self):
        return self.error(401, "Invalid token.")

    @on("GET /api/v1/domains/{zone}/")
    def one(self, r, zone):
        return {"name": zone, "minimum_ttl": 3600}

    @on("GET /api/v1/domains/{zone}/rrsets/{name}/TXT/")
    def read(self, r, zone, name):
        if not self.values(zone, name):
            return self.error(404, "Not found.")
        return {"domain": zone, "subname": name, "name": f"{name}.{zone}.", "type": "TXT", "ttl": 3600, "records": [f'"{v}"' for v in self.values(zone, name)]}

    @on("PUT /api/v1/domains/{zone}/rrsets/")
    def write(self, r, zone):
        body = r.json([{"subname": str, "type": "TXT", "ttl": 3600, "records": list}])[0]
        if body["subname"] == "@":
            raise Unexpected("@ is not the zone itself in bulk operations")
        self.store(zone, self.is_relative(body["subname"], zone), [self.unquoted(v) for v in body["records"]])
        return [body] if body["records"] else []


class Godaddy(SetFake):
    """As "Domains API", v1 (its OpenAPI file), has it: records of a name and type."""
    name, host = "godaddy", "api.godaddy.com"
    credentials = {"key": "gd-key", "secret": "gd-secret"}
    headers = {"Authorization": "sso-key {key}:{secret}"}
    denied = "UNABLE_TO_AUTHENTICATE"
    ttl = 600

    def error(self, status, message):
        if status == 429:
            return Reply(status, {"code": "TOO_MANY_REQUESTS", "message": message, "retryAfterSec": 1})
        return Reply(status, {"code": "NOT_FOUND" if status == 404 else "INVALID_BODY", "message": message})

    def deny(self):
        return Reply(401, {"code": "UNABLE_TO_AUTHENTICATE", "message": "Unauthorized : Could not authenticate API key/secret"})

    @on("GET /v1/domains/{name}")
    def one(self, r, name):
        if "_" in name:
            return self.error(422, "`domain` is not a valid Domain name")
        if name not in self.all_zones:
            return self.error(404, "Resource not found")
        return {"domain": name, "domainId": self.zone_id(name), "status": "ACTIVE"}

    @on("GET /v1/domains/{zone}/records/TXT/{name}")
    def read(self, r, zone, name):
        return [{"data": v, "name": name, "ttl": 600, "type": "TXT"} for v in self.values(zone, name)]

    @on("PUT /v1/domains/{zone}/records/TXT/{name}")
    def write(self, r, zone, name):
        values = []
        for x in r.json(list):
            if x.keys() != {"data", "ttl"} or x["ttl"] != 600:
                raise Unexpected(f"record {x}")
            values.append(x["data"])
        if not values:
            return self.error(422, "no records")
        self.store(zone, self.is_relative(name, zone), values)
        return None

    @on("DELETE /v1/domains/{zone}/records/TXT/{name}")
    def delete(self, r, zone, name):
        if not self.values(zone, name):
            return self.error(404, "no such records")
        self.store(zone, name, [])
        return Reply(204)


class Powerdns(SetFake):
    """As the OpenAPI description of the Authoritative HTTP API and its introduction have it: who accepts anything gets nothing."""
    name, host = "powerdns", "pdns.test:8081"
    credentials = {"api_url": "https://pdns.test:8081", "api_key": "pdns-key"}
    headers = {"X-API-Key": "{api_key}"}
    denied = "401"

    filters = True

    def __init__(self):
        super().__init__()
        self.told = set()

    def error(self, status, message):
        return Reply(status, {"error": message})

    def deny(self):
        return Reply(401, "Unauthorized")

    def authenticate(self, request):
        if request.header("accept") != "application/json":
            raise Unexpected(f"accept {request.header('accept')!r}")
        return super().authenticate(request)

    @on("GET /api/v1/servers/localhost/zones")
    def zones_(self, r):
        r.args(dnssec="false")
        return [{"id": z + ".", "name": z + ".", "kind": "Native", "url": f"/api/v1/servers/localhost/zones/{z}."} for z in self.all_zones]

    @on("GET /api/v1/servers/localhost/zones/{name}")
    def read(self, r, name):
        zone, sets = self.named(name), {}
        asked = r.args(may={"rrset_name": (str, None), "rrset_type": (str, None)})
        if asked["rrset_type"] and not asked["rrset_name"]:
            return self.error(422, "rrset_type without rrset_name")
        for x in self.of(zone):
            if self.filters and (asked["rrset_name"] not in (None, x.fqdn + ".") or asked["rrset_type"] not in (None, x.type)):
                continue
            one = sets.setdefault((x.fqdn, x.type), {"name": x.fqdn + ".", "type": x.type, "ttl": 60, "comments": [], "records": []})
            one["records"].append({"content": f'"{x.value}"' if x.type == "TXT" else x.value, "disabled": False})
        return {"id": name, "name": name, "rrsets": list(sets.values())}

    def named(self, name):
        if name[:-1] not in self.all_zones or not name.endswith("."):
            raise self.error(404, "Not Found")
        return name[:-1]

    @on("PATCH /api/v1/servers/localhost/zones/{name}")
    def write(self, r, name):
        zone = self.named(name)
        for one in r.json({"rrsets": list})["rrsets"]:
            left = self.relative(one["name"], zone, dot=True)
            if one.keys() == {"name", "type", "changetype"} and (one["type"], one["changetype"]) == ("TXT", "DELETE"):
                self.store(zone, left, [])
            elif one.keys() == {"name", "type", "ttl", "changetype", "records"} and (one["type"], one["changetype"], one["ttl"]) == ("TXT", "REPLACE", 60):
                if any(x.keys() != {"content", "disabled"} or x["disabled"] is not False for x in one["records"]):
                    raise Unexpected(f"records {one['records']}")
                self.store(zone, left, [self.unquoted(x["content"]) for x in one["records"]])
            else:
                raise Unexpected(f"set {one}")
        self.told.discard(zone)
        return Reply(204)

    @on("PUT /api/v1/servers/localhost/zones/{name}/notify")
    def notify(self, r, name):
        self.told.add(self.named(name))
        return {"result": "Notification queued"}

    def is_change(self, request):
        return request.method == "PATCH"


class PowerdnsOld(Powerdns):
    """An older server, which does not know what it is asked for in the query."""
    filters = False


class Leaseweb(SetFake):
    """As the DNS reference of the Hosting API (v2) has it: record sets with names that end in a dot."""
    name, host = "leaseweb", "api.leaseweb.com"
    credentials = {"api_token": "lsw-key"}
    headers = {"X-LSW-Auth": "{api_token}"}
    denied = "401: You are not authorized"

    def error(self, status, message):
        return Reply(status, {"correlationId": "289346a1", "errorCode": str(status), "errorMessage": message})

    def deny(self):
        return self.error(401, "You are not authorized to view this resource.")

    base = "/hosting/v2/domains/{zone}"

    @on("GET " + base + "/resourceRecordSets")
    def all_(self, r, zone):
        return {"resourceRecordSets": [self.shown(zone, left) for left in sorted({x.name for x in self.of(zone, type="TXT")})], "_links": {"parent": {"href": f"/domains/{zone}"}}}

    def shown(self, zone, left):
        return {"content": self.values(zone, left), "editable": True, "name": f"{left}.{zone}.".removeprefix("."), "ttl": 60, "type": "TXT"}

    @on("GET " + base + "/resourceRecordSets/{fqdn}/TXT")
    def read(self, r, zone, fqdn):
        left = self.relative(fqdn, zone, dot=True)
        return self.shown(zone, left) if self.values(zone, left) else self.error(404, "Resource not found")

    @on("POST " + base + "/resourceRecordSets")
    def create(self, r, zone):
        body = r.json({"name": str, "type": "TXT", "content": list, "ttl": 60})
        left = self.relative(body["name"], zone, dot=True)
        if self.values(zone, left):
            return self.error(400, "Record set exists")
        self.store(zone, left, body["content"])
        return Reply(201, self.shown(zone, left))

    @on("PUT " + base + "/resourceRecordSets/{fqdn}/TXT")
    def write(self, r, zone, fqdn):
        left = self.relative(fqdn, zone, dot=True)
        if not self.values(zone, left):
            return self.error(404, "Resource not found")
        self.store(zone, left, r.json({"content": list, "ttl": 60})["content"])
        return self.shown(zone, left)

    @on("DELETE " + base + "/resourceRecordSets/{fqdn}/TXT")
    def delete(self, r, zone, fqdn):
        self.store(zone, self.relative(fqdn, zone, dot=True), [])
        return Reply(204)


class Servercow(SetFake):
    """As the Servercow Wiki, DNS API, API Syntax has it: one value is a text, several are a list."""
    name, host = "servercow", "api.servercow.de"
    credentials = {"username": "cow-user", "password": "cow-password"}
    headers = {"X-Auth-Username": "{username}", "X-Auth-Password": "{password}"}
    denied = "invalid credentials"
    ttl, apex = 120, ""

    def error(self, status, message):
        return Reply(status, {"error": message})

    def deny(self):
        return self.error(401, "invalid credentials")

    @on("GET /dns/v1/domains/{name}")
    def read(self, r, name):
        if name not in self.all_zones:
            return self.error(200, "no such domain in user context")
        sets = {}
        for x in self.of(name):
            sets.setdefault((x.name, x.type), []).append(x.value)
        return [{"name": n, "ttl": 120, "type": t, "content": v if len(v) > 1 else v[0]} for (n, t), v in sets.items()]

    @on("POST /dns/v1/domains/{zone}")
    def write(self, r, zone):
        body = r.json({"type": "TXT", "name": str, "content": list, "ttl": 120})
        self.store(zone, self.is_relative(body["name"], zone), body["content"])
        return {"message": "ok"}

    @on("DELETE /dns/v1/domains/{zone}")
    def delete(self, r, zone):
        self.store(zone, self.is_relative(r.json({"type": "TXT", "name": str})["name"], zone), [])
        return {"message": "ok"}


class Gcore(SetFake):
    """As the DNS API and the provider's own client have it, RRsets."""
    name, host = "gcore", "api.gcore.com"
    credentials = {"apitoken": "gcore-token"}
    headers = {"Authorization": "APIKey {apitoken}"}
    denied = "Unauthorized"
    ttl = 120

    def error(self, status, message):
        return Reply(status, {"error": message})

    def deny(self):
        return self.error(401, "Unauthorized")

    @on("GET /dns/v2/zones/{zone}")
    def one(self, r, zone):
        return {"name": zone, "id": self.zone_id(zone)}

    @on("GET /dns/v2/zones/{zone}/{fqdn}/TXT")
    def read(self, r, zone, fqdn):
        values = self.values(zone, self.relative(fqdn, zone))
        if not values:
            return self.error(404, "record is not found")
        return {"name": fqdn, "type": "TXT", "ttl": 120, "resource_records": [{"id": n, "enabled": True, "content": [v]} for n, v in enumerate(values)]}

    def change(self, r, zone, fqdn):
        records = r.json({"ttl": 120, "resource_records": list})["resource_records"]
        if any(not {"content"} <= x.keys() <= {"content", "enabled", "id"} or len(x["content"]) != 1 for x in records):
            raise Unexpected(f"records {records}")
        self.store(zone, self.relative(fqdn, zone), [x["content"][0] for x in records])
        return {}

    @on("POST /dns/v2/zones/{zone}/{fqdn}/TXT")
    def create(self, r, zone, fqdn):
        if self.values(zone, self.relative(fqdn, zone)):
            return self.error(409, "rrset exists")
        return self.change(r, zone, fqdn)

    @on("PUT /dns/v2/zones/{zone}/{fqdn}/TXT")
    def write(self, r, zone, fqdn):
        if not self.values(zone, self.relative(fqdn, zone)):
            return self.error(404, "record is not found")
        return self.change(r, zone, fqdn)

    @on("DELETE /dns/v2/zones/{zone}/{fqdn}/TXT")
    def delete(self, r, zone, fqdn):
        self.store(zone, self.relative(fqdn, zone), [])
        return {}


class Versio(SetFake):
    """As public clients have it; no reference was found. All records of a domain are written together."""
    name, host = "versio", "www.versio.nl"
    credentials = {"username": "someone@example.com", "password": "versio-password"}
    denied = "401: You are not authorized"
    ttl = 300

    def authenticate(self, request):
        return request.header("authorization") == basic(self.credentials["username"], self.credentials["password"])

    def error(self, status, message):
        return Reply(status, {"error": {"code": status, "message": message}})

    def deny(self):
        return self.error(401, "You are not authorized to access this resource.")

    @on("GET /api/v1/domains/{zone}")
    def one(self, r, zone):
        info = {"domain": zone, "status": "OK"}
        if r.args(may={"show_dns_records": ("true", "")})["show_dns_records"]:
            info["dns_records"] = [{"type": x.type, "name": x.fqdn, "value": f'"{x.value}"' if x.type == "TXT" else x.value, "prio": 0, "ttl": x.ttl} for x in self.of(zone)]
        return {"domainInfo": info}

    @on("POST /api/v1/domains/{zone}/update")
    def write(self, r, zone):
        records = r.json({"dns_records": list})["dns_records"]
        self.records = [x for x in self.records if x.zone != zone]
        for x in records:
            if x.keys() != {"type", "name", "value", "prio", "ttl"} or x["prio"] != 0:
                raise Unexpected(f"record {x}")
            self.put(zone, self.relative(x["name"].removesuffix("."), zone), self.unquoted(x["value"]) if x["type"] == "TXT" else x["value"], ttl=x["ttl"], type=x["type"])
        return {"domainInfo": {"domain": zone}}


class Liara(SetFake):
    """As the provider's own command line client has it; no reference was found. One record holds all texts of a name."""
    name, host = "liara", "dns-service.iran.liara.ir"
    credentials = {"api_key": "liara-key"}
    headers = {"Authorization": "Bearer {api_key}"}
    denied = "Unauthorized: Invalid token"
    ttl = 120

    def error(self, status, message):
        return Reply(status, {"statusCode": status, "error": "Bad Request", "message": message})

    def deny(self):
        return Reply(401, {"statusCode": 401, "error": "Unauthorized", "message": "Invalid token missing header"})

    @on("GET /api/v1/zones/{zone}/dns-records")
    def records_(self, r, zone):
        sets = dict.fromkeys((x.name, x.type) for x in self.of(zone))
        return {"status": "success", "data": [self.shown(zone, *one) for one in sets]}

    def shown(self, zone, name, type):
        key = "text" if type == "TXT" else "ip"
        return {"id": f"l{zone}-{name}-{type}", "name": self.show(name), "type": type, "ttl": 120, "contents": [{key: x.value} for x in self.of(zone, name, type)]}

    def named(self, zone, number):
        found = {f"l{zone}-{x.name}-TXT": x.name for x in self.of(zone, type="TXT")}
        if number not in found:
            raise self.error(404, "Not found")
        return found[number]

    @on("POST /api/v1/zones/{zone}/dns-records")
    def create(self, r, zone):
        body = r.json({"name": str, "type": "TXT", "ttl": 120, "contents": list})
        name = self.is_relative(body["name"], zone)
        if self.values(zone, name):
            return Reply(409, {"statusCode": 409, "error": "Conflict", "message": "This record already exists."})
        self.store(zone, name, [self.text(x) for x in body["contents"]])
        return Reply(201, {"status": "success", "data": self.shown(zone, name, "TXT")})

    def text(self, content):
        if content.keys() != {"text"} or not content["text"]:
            raise Unexpected(f"content {content}")
        return content["text"]

    @on("PUT /api/v1/zones/{zone}/dns-records/{number}")
    def write(self, r, zone, number):
        name = self.named(zone, number)
        body = r.json({"name": self.show(name), "type": "TXT", "ttl": 120, "contents": list})
        self.store(zone, name, [self.text(x) for x in body["contents"]])
        return {"status": "success", "data": self.shown(zone, name, "TXT")}

    @on("DELETE /api/v1/zones/{zone}/dns-records/{number}")
    def delete(self, r, zone, number):
        self.store(zone, self.named(zone, number), [])
        return Reply(204)


class Autodns(SetFake):
    """As the OpenAPI description of the JSON API has it; its basics call status.code resultCode, demand a User-Agent and allow 3 requests in a second."""
    name, host = "autodns", "api.autodns.com"
    credentials = {"user": "autodns-user", "password": "autodns-password"}
    denied = "EF00019"
    ttl, apex = 600, ""

    def authenticate(self, request):
        if not request.header("user-agent"):
            raise Unexpected("no User-Agent")
        return request.header("authorization") == basic(self.credentials["user"], self.credentials["password"]) and request.header("x-domainrobot-context") == "4"

    def well(self, data):
        return {"stid": "20251121-app4", "status": {"code": "S0301", "text": "Zone was updated successfully on the name server.", "type": "SUCCESS"}, "data": data}

    def error(self, status, message, code="E0202002", detail="EF01001"):
        return Reply(status, {"stid": "20251121-app4", "messages": [{"text": message, "code": detail, "status": "ERROR"}], "status": {"code": code, "text": message, "type": "ERROR"}})

    def deny(self):
        return Reply(401, {"stid": "20251121-app4", "status": {"resultCode": "EF00019", "text": "Die Authentifizierung ist fehlgeschlagen.", "type": "ERROR"}, "data": []})

    def is_change(self, request):
        return request.path.endswith("/_stream")

    @on("POST /v1/zone/_search")
    def search(self, r):
        asked = r.json({"filters": [{"key": "name", "operator": "EQUAL", "value": str}]})["filters"][0]["value"]
        return self.well([{"origin": z, "virtualNameServer": "a.ns14.net"} for z in self.all_zones if z == asked])

    @on("GET /v1/zone/{zone}/a.ns14.net")
    def read(self, r, zone):
        return self.well([{"origin": zone, "resourceRecords": [{"name": x.name, "ttl": x.ttl, "type": x.type, "value": x.value} for x in self.of(zone)]}])

    @on("POST /v1/zone/{zone}/_stream")
    def stream(self, r, zone):
        body = r.json({"adds": list, "rems": list})
        for x in [*body["adds"], *body["rems"]]:
            if x.keys() != {"name", "type", "value", "ttl"} or (x["type"], x["ttl"]) != ("TXT", 600):
                raise Unexpected(f"record {x}")
        for x in body["adds"]:
            if x["value"] in self.values(zone, self.is_relative(x["name"], zone)):
                return self.error(400, "Der Zusatzeintrag wurde doppelt eingetragen.", detail="EF02022")
            self.put(zone, x["name"], x["value"])
        for x in body["rems"]:
            self.drop([y for y in self.of(zone, x["name"], "TXT") if y.value == x["value"]][0])
        return self.well([{"origin": zone}])




class Hostinger(SetFake):
    """As the Hostinger API's OpenAPI document, DNS zone, has it: a zone's sets, of which those of that name and type are overwritten."""
    name, host = "hostinger", "developers.hostinger.com"
    credentials = {"api_token": "hostinger-token"}
    headers = {"Authorization": "Bearer {api_token}"}
    denied = "Unauthenticated"
    ttl = 300

    def error(self, status, message):
        return Reply(status, {"message": message, "correlation_id": "26a91bd9"})

    def deny(self):
        return self.error(401, "Unauthenticated")

    @on("GET /api/domains/v1/portfolio")
    def zones_(self, r):
        return [{"id": self.zone_id(z), "domain": z, "type": "domain", "status": "active"} for z in self.all_zones]

    @on("GET /api/dns/v1/zones/{zone}")
    def read(self, r, zone):
        sets = {}
        for x in self.of(zone):
            sets.setdefault((x.name, x.type), []).append({"content": f'"{x.value}"' if x.type == "TXT" else x.value, "is_disabled": False})
        return [{"name": self.show(n), "type": t, "ttl": 14400, "records": v} for (n, t), v in sets.items()]

    @on("PUT /api/dns/v1/zones/{zone}")
    def write(self, r, zone):
        one = r.json({"overwrite": True, "zone": [{"name": str, "type": "TXT", "ttl": 300, "records": list}]})["zone"][0]
        if any(x.keys() != {"content"} for x in one["records"]):
            raise Unexpected(f"records {one['records']}")
        self.store(zone, self.is_relative(one["name"], zone), [x["content"].strip('"') for x in one["records"]])
        return {"message": "Request accepted"}

    @on("DELETE /api/dns/v1/zones/{zone}")
    def delete(self, r, zone):
        one = r.json({"filters": [{"name": str, "type": "TXT"}]})["filters"][0]
        self.store(zone, self.is_relative(one["name"], zone), [])
        return {"message": "Request accepted"}
