"""More providers with a record for each value: hosting companies and registrars."""
from fake_providers.certbots import DIGITS, basic
from fake_providers.sessions import totps
from peers.fake_api import Fake, Reply, Unexpected, on


class Hosttech(Fake):
    """As public clients have it; no reference was found."""
    name, host = "hosttech", "api.ns1.hosttech.eu"
    credentials = {"token": "hosttech-token"}
    headers = {"Authorization": "Bearer {token}"}
    denied = "Unauthenticated."
    ttl, fillers = 600, 101

    def deny(self):
        return self.error(401, "Unauthenticated.")

    @on("GET /api/user/v1/zones")
    def zones_(self, r):
        start = int(r.args(limit="100", offset=DIGITS)["offset"])
        return {"data": [{"id": self.zone_id(z), "name": z, "ttl": 10800} for z in self.all_zones[start:start + 100]]}

    @on("GET /api/user/v1/zones/{zid}/records")
    def records_(self, r, zid):
        r.args(type="TXT")
        return {"data": [{"id": x.id, "type": "TXT", "name": x.name, "text": x.value, "ttl": x.ttl} for x in self.of(self.zone_of(zid), type="TXT")]}

    @on("POST /api/user/v1/zones/{zid}/records")
    def create(self, r, zid):
        zone = self.zone_of(zid)
        body = r.json({"type": "TXT", "name": str, "text": str, "ttl": 600})
        return Reply(201, {"data": {"id": self.put(zone, self.is_relative(body["name"], zone), body["text"]).id}})

    @on("DELETE /api/user/v1/zones/{zid}/records/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number, self.zone_of(zid)))
        return Reply(204)


class Variomedia(Fake):
    """As the customer API's pages on DNS records and on the job queue have it: changes are jobs in a queue."""
    name, host = "variomedia", "api.variomedia.de"
    credentials = {"api_token": "vario-token"}
    headers = {"Authorization": "token {api_token}"}
    denied = "unauthorized: The server could not verify"
    ttl = 300

    def __init__(self):
        super().__init__()
        self.jobs = {}

    def error(self, status, message, code="bad-request"):
        return Reply(status, {"errors": [{"status": str(status), "title": message, "id": code}]})

    def deny(self):
        return self.error(401, "The server could not verify that you are authorized to access the URL requested.", "unauthorized")

    def authenticate(self, request):
        if request.header("accept") != "application/vnd.variomedia.v1+json":
            raise Unexpected(f"accept {request.header('accept')}")
        return super().authenticate(request)

    @on("GET /domains/{zone}")
    def one(self, r, zone):
        return {"data": {"type": "domain", "id": zone}}

    def queue(self):
        self.jobs[str(18000 + len(self.jobs))] = ["pending", "done"]
        return {"data": {"type": "queue-job", "id": list(self.jobs)[-1], "attributes": {"status": "pending"}}}

    @on("GET /queue-jobs/{number}")
    def job(self, r, number):
        status = self.jobs[number].pop(0) if len(self.jobs[number]) > 1 else "done"
        return {"data": {"id": number, "type": "queue-job", "attributes": {"job_type": "dns-record", "status": status}}}

    @on("GET /dns-records")
    def records_(self, r):
        zone = r.args(**{"filter[domain]": str})["filter[domain]"]
        return {"data": [{"id": f"v{x.id}", "type": "dns-record", "attributes": {
            "record_type": x.type, "name": self.show(x.name), "domain": zone, "data": x.value, "ttl": x.ttl}} for x in self.of(zone)]}

    @on("POST /dns-records")
    def create(self, r):
        x = r.json({"data": {"type": "dns-record", "attributes": {"record_type": "TXT", "name": str, "domain": str, "data": str, "ttl": 300}}},
                   kind="application/vnd.api+json")["data"]["attributes"]
        self.put(x["domain"], self.is_relative(x["name"], x["domain"]), x["data"])
        return Reply(202, self.queue())

    @on("DELETE /dns-records/{number}")
    def delete(self, r, number):
        self.drop(self.by_id(number[1:]))
        return Reply(202, self.queue())


class Zoneee(Fake):
    """api.zone.eu/v2: TXT records of a domain."""
    name, host = "zoneee", "api.zone.eu"
    credentials = {"api_user": "zone-user", "api_key": "zone-key"}
    denied = "401"

    def authenticate(self, request):
        return request.header("authorization") == basic(self.credentials["api_user"], self.credentials["api_key"])

    @on("GET /v2/dns/{zone}/txt")
    def records_(self, r, zone):
        return [{"resource_url": "u", "destination": x.value, "id": str(x.id), "name": x.fqdn, "delete": True, "modify": True} for x in self.of(zone, type="TXT")]

    @on("POST /v2/dns/{zone}/txt")
    def create(self, r, zone):
        body = r.json({"name": str, "destination": str})
        return Reply(201, [{"id": str(self.put(zone, self.relative(body["name"], zone), body["destination"]).id)}])

    @on("DELETE /v2/dns/{zone}/txt/{number}")
    def delete(self, r, zone, number):
        self.drop(self.by_id(number, zone))
        return Reply(204)


class Simply(Fake):
    """As Simply.com's API documentation and OpenAPI description (2.5.0) have it."""
    name, host = "simply", "api.simply.com"
    credentials = {"account_name": "S123456", "api_key": "simply-key"}
    denied = "Invalid account authorization"
    ttl = 600

    def authenticate(self, request):
        return request.header("authorization") == basic(self.credentials["account_name"], self.credentials["api_key"])

    def error(self, status, message):
        return Reply(status, {"error": message})

    def deny(self):
        return self.error(401, "Invalid account authorization")

    def well(self, **more):
        return {"status": 200, "message": "success", **more}

    @on("GET /2/my/products/")
    def zones_(self, r):
        return self.well(products=[{"object": z, "autorenew": True, "domain": {"name": z, "name_idn": z}} for z in self.all_zones])

    @on("GET /2/my/products/{zone}/dns/records/")
    def records_(self, r, zone):
        return self.well(records=[{"record_id": x.id, "name": self.show(x.name), "ttl": x.ttl, "data": x.value, "type": x.type, "priority": 0} for x in self.of(zone)])

    @on("POST /2/my/products/{zone}/dns/records/")
    def create(self, r, zone):
        body = r.json({"type": "TXT", "name": str, "data": str, "ttl": 600})
        return self.well(record={"id": self.put(zone, self.is_relative(body["name"], zone), body["data"]).id})

    @on("DELETE /2/my/products/{zone}/dns/records/{number}/")
    def delete(self, r, zone, number):
        self.drop(self.by_id(number, zone))
        return self.well()


class Arvan(Fake):
    """As the OpenAPI description (CDN 4.0), DNS Management, has it; types in lower case."""
    name, host = "arvan", "napi.arvancloud.ir"
    credentials = {"key": "Apikey 00000000-aaaa"}
    headers = {"Authorization": "{key}"}
    denied = "Unauthenticated"
    ttl, fillers = 600, 101

    def deny(self):
        return self.error(401, "Unauthenticated.")

    def error(self, status, message):
        return Reply(status, {"status": False, "message": message, **({"errors": {"value": [message]}} if status == 422 else {})})

    def listed(self, r, things, **more):
        asked = r.args(per_page="100", page=DIGITS, **more)
        part, pages = self.page(things, asked["page"], 100)
        return {"data": part, "links": {}, "meta": {"current_page": int(asked["page"]), "last_page": pages, "per_page": 100, "total": len(things)}}

    @on("GET /cdn/4.0/domains")
    def zones_(self, r):
        return self.listed(r, [{"id": f"a{self.zone_id(z)}", "domain": z, "name": z, "status": "active"} for z in self.all_zones])

    @on("GET /cdn/4.0/domains/{zone}/dns-records")
    def records_(self, r, zone):
        return self.listed(r, [{"id": f"a{x.id}", "type": x.type.lower(), "name": self.show(x.name), "ttl": x.ttl,
                                "value": {"text": x.value} if x.type == "TXT" else [{"ip": x.value}]} for x in self.of(zone, type="TXT")], type="txt")

    @on("POST /cdn/4.0/domains/{zone}/dns-records")
    def create(self, r, zone):
        body = r.json({"type": "txt", "name": str, "value": {"text": str}, "ttl": 600, "upstream_https": "default",
                       "ip_filter_mode": {"count": "single", "order": "none", "geo_filter": "none"}})
        x = self.put(zone, self.is_relative(body["name"], zone), body["value"]["text"])
        return Reply(201, {"data": {"id": f"a{x.id}"}, "message": "DNS record created successfully"})

    @on("DELETE /cdn/4.0/domains/{zone}/dns-records/{number}")
    def delete(self, r, zone, number):
        self.drop(self.by_id(number[1:], zone))
        return {"message": "DNS record deleted successfully"}


class Timeweb(Fake):
    """As the OpenAPI description, Domains, has it: records are made under their full name. (It wants subdomains to be made first; public clients do not.)"""
    name, host = "timeweb", "api.timeweb.cloud"
    credentials = {"api_key": "timeweb-token"}
    headers = {"Authorization": "Bearer {api_key}"}
    denied = "unauthorized: Unauthorized"
    fillers = 101

    def error(self, status, message, code="bad_request"):
        return Reply(status, {"status_code": status, "message": message, "error_code": code, "response_id": "15095f25"})

    def deny(self):
        return self.error(401, "Unauthorized", "unauthorized")

    def listed(self, r, key, things):
        start = int(r.args(limit="100", offset=DIGITS)["offset"])
        return {"meta": {"total": len(things)}, key: things[start:start + 100], "response_id": "1"}

    @on("GET /api/v1/domains")
    def zones_(self, r):
        return self.listed(r, "domains", [{"fqdn": z, "id": self.zone_id(z), "subdomains": []} for z in self.all_zones])

    @on("GET /api/v1/domains/{zone}/dns-records")
    def records_(self, r, zone):
        return self.listed(r, "dns_records", [{"type": x.type, "id": x.id, "data": {"subdomain": x.fqdn if x.name else None, "value": x.value}, "ttl": 600} for x in self.of(zone)])

    def zone_above(self, fqdn):
        return sorted((z for z in self.all_zones if fqdn == z or fqdn.endswith("." + z)), key=len)[-1]

    @on("POST /api/v2/domains/{fqdn}/dns-records")
    def create(self, r, fqdn):
        zone = self.zone_above(fqdn)
        x = self.put(zone, self.relative(fqdn, zone), r.json({"type": "TXT", "value": str})["value"])
        return Reply(201, {"dns_record": {"id": x.id, "type": "TXT", "fqdn": zone}, "response_id": "1"})

    @on("DELETE /api/v2/domains/{fqdn}/dns-records/{number}")
    def delete(self, r, fqdn, number):
        x = self.by_id(number)
        if x.fqdn != fqdn:
            raise Unexpected(f"record {number} is of {x.fqdn}")
        self.drop(x)
        return Reply(204)


class Nicmanager(Fake):
    """As public clients have it, anycast zones; no reference was found."""
    name, host = "nicmanager", "api.nicmanager.com"
    credentials = {"login": "nic-login", "username": "nic-user", "password": "nic-password"}
    denied = "Not Authorized"
    ttl = 900

    def authenticate(self, request):
        if "x-auth-token" in request.headers:
            raise Unexpected("a one-time password")
        return request.header("authorization") == basic("nic-login.nic-user", self.credentials["password"])

    def deny(self):
        return self.error(401, "Not Authorized")

    @on("GET /v1/anycast/{zone}")
    def one(self, r, zone):
        return {"name": zone, "active": True, "records": [{"id": x.id, "name": x.fqdn, "type": x.type, "content": x.value, "ttl": x.ttl} for x in self.of(zone)]}

    @on("POST /v1/anycast/{zone}/records")
    def create(self, r, zone):
        body = r.json({"name": str, "type": "TXT", "value": str, "ttl": 900})
        self.put(zone, self.relative(body["name"], zone), body["value"])
        return Reply(202)

    @on("DELETE /v1/anycast/{zone}/records/{number}")
    def delete(self, r, zone, number):
        self.drop(self.by_id(number, zone))
        return Reply(202)


class NicmanagerEmail(Nicmanager):
    """The same with an e-mail address."""
    credentials = {"email": "nic@example.com", "password": "nic-password"}

    def authenticate(self, request):
        return request.header("authorization") == basic("nic@example.com", self.credentials["password"])


class NicmanagerSecondFactor(Nicmanager):
    """The same with a second factor."""
    credentials = {"email": "nic@example.com", "otp": "JBSWY3DPEHPK3PXP", "password": "nic-password"}

    def authenticate(self, request):
        return request.header("authorization") == basic("nic@example.com", self.credentials["password"]) and request.header("x-auth-token") in totps("JBSWY3DPEHPK3PXP")


class Dynu(Fake):
    """As public clients have it; no reference of v2 was found. The status is in the reply."""
    name, host = "dynu", "api.dynu.com"
    credentials = {"auth_token": "dynu-key"}
    headers = {"API-Key": "{auth_token}"}
    denied = "Authentication Exception: Failed to authenticate"

    def error(self, status, message, kind="Argument Exception"):
        return Reply(status if status == 429 else 501 if status == 400 else status, {"statusCode": 501, "type": kind, "message": message})

    def deny(self):
        return Reply(401, {"statusCode": 401, "type": "Authentication Exception", "message": "Failed to authenticate."})

    @on("GET /v2/dns")
    def zones_(self, r):
        return {"statusCode": 200, "domains": [{"id": self.zone_id(z), "name": z, "unicodeName": z, "state": "Complete"} for z in self.all_zones]}

    @on("GET /v2/dns/{zid}/record")
    def records_(self, r, zid):
        return {"statusCode": 200, "dnsRecords": [{"id": x.id, "domainId": int(zid), "domainName": x.zone, "nodeName": x.name, "hostname": x.fqdn, "recordType": x.type,
                                                   "ttl": 60, "state": True, "textData": x.value} for x in self.of(self.zone_of(zid))]}

    @on("POST /v2/dns/{zid}/record")
    def create(self, r, zid):
        zone = self.zone_of(zid)
        body = r.json({"nodeName": str, "recordType": "TXT", "textData": str, "ttl": 60, "state": True, "group": ""})
        return {"statusCode": 200, "id": self.put(zone, self.is_relative(body["nodeName"], zone), body["textData"]).id}

    @on("DELETE /v2/dns/{zid}/record/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number, self.zone_of(zid)))
        return {"statusCode": 200}


class Easydns(Fake):
    """As the provider's own client (easydns-mcp) has it, API Reference. As others have it, a zone of somebody else is refused with 403."""
    name, host = "easydns", "rest.easydns.net"
    credentials = {"usertoken": "easy-token", "userkey": "easy-key"}
    denied = "Enhance your calm"
    ttl, limited = 300, 420

    def authenticate(self, request):
        return request.header("authorization") == basic(self.credentials["usertoken"], self.credentials["userkey"])

    def error(self, status, message):
        if status == 404 and message == "zone not found":
            return Reply(403, {"msg": "Forbidden", "status": 403})
        return Reply(status, {"error": {"code": status, "message": message}} if status == 420 else {"msg": message, "status": status})

    def deny(self):
        return Reply(403, {"msg": "Enhance your calm", "status": 403})

    @on("GET /zones/records/all/{zone}")
    def records_(self, r, zone):
        asked = r.args(format="json", may={"start": (DIGITS, "0"), "max": ("1000", "1000")})
        things = [{"id": x.id, "domain": zone, "host": self.show(x.name), "ttl": 300, "prio": 0, "geozone_id": 0, "type": x.type, "rdata": x.value} for x in self.of(zone)]
        start = int(asked["start"])  # and one further record, which a zone is never without
        return {"msg": "message", "status": 200, "data": things[start:start + 1000], "count": len(things[start:]), "total": len(things) + 1, "start": start, "max": 1000}

    @on("PUT /zones/records/add/{zone}/TXT")
    def create(self, r, zone):
        r.args(format="json")
        body = r.json({"domain": zone, "host": str, "type": "TXT", "rdata": str, "ttl": 300, "prio": 0})
        return Reply(201, {"msg": "OK", "status": 201, "data": {"id": self.put(zone, self.is_relative(body["host"], zone), body["rdata"]).id}})

    @on("DELETE /zones/records/{zone}/{number}")
    def delete(self, r, zone, number):
        r.args(format="json")
        self.drop(self.by_id(number, zone))
        return {"msg": "OK", "status": 200}


class Domeneshop(Fake):
    """As "Domeneshop API Documentation (v0)" has it."""
    name, host = "domeneshop", "api.domeneshop.no"
    credentials = {"client_token": "dom-token", "client_secret": "dom-secret"}
    denied = "401"

    def authenticate(self, request):
        return request.header("authorization") == basic(self.credentials["client_token"], self.credentials["client_secret"])

    def error(self, status, message):
        return Reply(status, {"code": "error", "help": message})

    @on("GET /v0/domains")
    def zones_(self, r):
        without = {"id": 1, "domain": "www.sub.example.com", "status": "active", "services": {"registrar": True, "dns": False, "email": False, "webhotel": "none"}}
        return [without, *({"id": self.zone_id(z), "domain": z, "status": "active", "services": {"registrar": True, "dns": True, "email": False, "webhotel": "none"}}
                           for z in self.all_zones)]

    @on("GET /v0/domains/{zid}/dns")
    def records_(self, r, zid):
        asked = r.args(type="TXT", host=str)
        return [{"id": x.id, "host": self.show(x.name), "ttl": 60, "type": "TXT", "data": x.value} for x in self.of(self.zone_of(zid), asked["host"], "TXT")]

    @on("POST /v0/domains/{zid}/dns")
    def create(self, r, zid):
        zone = self.zone_of(zid)
        body = r.json({"type": "TXT", "host": str, "data": str, "ttl": 60})
        return Reply(201, {"id": self.put(zone, self.is_relative(body["host"], zone), body["data"]).id})

    @on("DELETE /v0/domains/{zid}/dns/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number, self.zone_of(zid)))
        return Reply(204)


class Namecom(Fake):
    """As the Core API (v1) has it: domains and records in pages."""
    name, host = "namecom", "api.name.com"
    credentials = {"username": "name-user", "token": "name-token"}
    denied = "Unauthorized"
    ttl, fillers = 300, 1001

    def authenticate(self, request):
        return request.header("authorization") == basic(self.credentials["username"], self.credentials["token"])

    def deny(self):
        return self.error(401, "Unauthorized")

    def error(self, status, message):
        return Reply(status, {"message": message, "details": None})

    def listed(self, r, key, things):
        asked = r.args(perPage="1000", page=DIGITS)
        part, pages = self.page(things, asked["page"], 1000)
        more = {"nextPage": int(asked["page"]) + 1, "lastPage": pages} if int(asked["page"]) < pages else {}
        first = (int(asked["page"]) - 1) * 1000 + 1
        return {key: part, "from": first, "to": first + len(part) - 1, "totalCount": len(things), **more}

    @on("GET /core/v1/domains")
    def zones_(self, r):
        return self.listed(r, "domains", [{"domainName": z, "locked": True} for z in self.all_zones])

    @on("GET /core/v1/domains/{zone}/records")
    def records_(self, r, zone):
        return self.listed(r, "records", [{"id": x.id, "domainName": zone, "host": x.name, "fqdn": x.fqdn + ".", "type": x.type, "answer": x.value, "ttl": 300} for x in self.of(zone)])

    @on("POST /core/v1/domains/{zone}/records")
    def create(self, r, zone):
        body = r.json({"host": str, "type": "TXT", "answer": str, "ttl": 300})
        return {"id": self.put(zone, self.is_relative(body["host"], zone), body["answer"]).id}

    @on("DELETE /core/v1/domains/{zone}/records/{number}")
    def delete(self, r, zone, number):
        self.drop(self.by_id(number, zone))
        return {}
