"""Clouds that one logs in to before anything else."""
from fake_providers.certbots import DIGITS
from fake_providers.sessions import SessionFake
from fake_providers.sets import SetFake
from peers.fake_api import Reply, Unexpected, on


class Rackspace(SessionFake):
    """As the Cloud DNS 1.0 API reference has it: changes are jobs, who asks too often is told so by 413, a search for a name with "_" finds nothing."""
    name, host = "rackspace", "dns.api.rackspacecloud.com"
    hosts = ("dns.api.rackspacecloud.com", "identity.api.rackspacecloud.com")
    credentials = {"username": "rack-user", "api_key": "rack-key"}
    header, value = "x-auth-token", "{}"
    denied = "Username or api key is invalid"
    open_routes = ("/v2.0/tokens",)
    ttl, limited = 300, 413
    seeds = (*SessionFake.seeds, *(("example.com", f"txt{n}", "filler", "TXT") for n in range(100)))  # more than one page, before ours
    base = "/v1.0/123456"

    def __init__(self):
        super().__init__()
        self.jobs = {}

    def error(self, status, message):
        return Reply(status, {"code": status, "message": message, "details": ""})

    @on("POST /v2.0/tokens", host="identity.api.rackspacecloud.com")
    def login(self, r):
        given = r.json({"auth": {"RAX-KSKEY:apiKeyCredentials": {"username": str, "apiKey": str}}})["auth"]["RAX-KSKEY:apiKeyCredentials"]
        if given != {"username": "rack-user", "apiKey": "rack-key"}:
            return Reply(401, {"unauthorized": {"code": 401, "message": "Username or api key is invalid."}})
        return {"access": {"token": {"id": self.session, "tenant": {"id": "123456", "name": "123456"}}, "serviceCatalog": []}}

    def is_change(self, request):
        return request.method != "GET" and not request.path.startswith("/v2.0")

    def queue(self):
        self.jobs[f"job-{len(self.jobs)}"] = ["RUNNING", "COMPLETED"]
        return Reply(202, {"jobId": list(self.jobs)[-1], "status": "RUNNING", "callbackUrl": "https://example.test"})

    @on("GET " + base + "/status/{job}")
    def status(self, r, job):
        r.args(showDetails="true")
        state = self.jobs[job].pop(0) if len(self.jobs[job]) > 1 else "COMPLETED"
        return {"jobId": job, "status": state}

    @on("GET " + base + "/domains")
    def zones_(self, r):
        asked = r.args(name=str)["name"]
        found = [{"id": self.zone_id(z), "name": z} for z in self.all_zones if z == asked]
        return {"totalEntries": len(found), "domains": found}

    @on("GET " + base + "/domains/{zid}/records")
    def records_(self, r, zid):
        asked = r.args(type="TXT", may={"name": (str, None), "data": (str, None), "limit": (DIGITS, "100"), "offset": (DIGITS, "0")})
        start, size = int(asked["offset"]), min(int(asked["limit"]), 100)
        if start % size:
            return self.error(400, "offset must be a multiple of the limit")
        wanted = [asked[k] for k in ("name", "data") if asked[k] is not None]
        found = [{"id": f"TXT-{x.id}", "name": x.fqdn, "type": "TXT", "data": x.value, "ttl": 300} for x in self.of(self.zone_of(zid), type="TXT")
                 if asked["name"] in (None, x.fqdn) and asked["data"] in (None, x.value) and not any(c in w for w in wanted for c in "_ ")]
        return {"totalEntries": len(found), "records": found[start:start + size]}

    @on("POST " + base + "/domains/{zid}/records")
    def create(self, r, zid):
        zone = self.zone_of(zid)
        x = r.json({"records": [{"name": str, "type": "TXT", "data": str, "ttl": 300}]})["records"][0]
        self.put(zone, self.relative(x["name"], zone), x["data"])
        return self.queue()

    @on("DELETE " + base + "/domains/{zid}/records")
    def delete(self, r, zid):
        self.drop(self.by_id(r.args(id=str)["id"].removeprefix("TXT-"), self.zone_of(zid)))
        return self.queue()


class Azure(SessionFake, SetFake):
    """As the REST reference of Azure DNS (2018-05-01) has it: record sets of zones that are named by long paths."""
    name, host = "azure", "management.azure.com"
    hosts = ("management.azure.com", "login.microsoftonline.com")
    credentials = {"tenant_id": "tenant-1", "sp_client_id": "client-2", "sp_client_secret": "azure-secret", "subscription_id": "sub-3"}
    spoiled = "sp_client_secret"
    denied = "invalid_client: AADSTS7000215"
    open_routes = ("/tenant-1/",)
    fillers = 100
    version = {"api-version": "2018-05-01"}

    def error(self, status, message, code="BadRequest"):
        return Reply(status, {"error": {"code": code, "message": message}})

    @on("POST /tenant-1/oauth2/v2.0/token", host="login.microsoftonline.com")
    def login(self, r):
        body = r.form(grant_type="client_credentials", client_id="client-2", client_secret=str, scope="https://management.azure.com/.default")
        if body["client_secret"] != "azure-secret":
            return Reply(401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."})
        return {"token_type": "Bearer", "expires_in": 3599, "access_token": self.session}

    def is_change(self, request):
        return request.method in ("PUT", "DELETE")

    path = "/subscriptions/sub-3/providers/Microsoft.Network/dnszones"

    @on("GET /subscriptions/sub-3/providers/Microsoft.Network/dnszones", host="management.azure.com")
    @on("GET /subscriptions/sub-3/resourceGroups/dns-1/providers/Microsoft.Network/dnszones", host="management.azure.com")
    def zones_(self, r):
        if r.path != self.path:
            return self.error(403, "The client does not have authorization to perform this action", "AuthorizationFailed")
        start = int(r.args(may={"$skipToken": (DIGITS, "0")}, **self.version)["$skipToken"])
        part = [self.zone(z, "dns-1", "Public") for z in self.all_zones[start:start + 100]]
        if start == 0:
            part.append(self.zone("example.com", "inside", "Private"))
        more = {"nextLink": f"https://{self.host}{r.path}?api-version=2018-05-01&$skipToken={start + 100}"} if start + 100 < len(self.all_zones) else {}
        return {"value": part, **more}

    @staticmethod
    def zone(name, group, kind):
        return {"id": f"/subscriptions/sub-3/resourceGroups/{group}/providers/Microsoft.Network/dnszones/{name}", "name": name, "type": "Microsoft.Network/dnszones",
                "etag": "00000003", "location": "global", "tags": {}, "properties": {"numberOfRecordSets": 7, "zoneType": kind}}

    base = "/subscriptions/sub-3/resourceGroups/dns-1/providers/Microsoft.Network/dnszones/{zone}/TXT/{name}"

    @on("GET " + base)
    def read(self, r, zone, name):
        r.args(**self.version)
        if not self.values(zone, name):
            return self.error(404, f"The resource record '{name}' does not exist", "NotFound")
        return {"name": name, "etag": "e1", "properties": {"TTL": 60, "fqdn": f"{name}.{zone}.", "TXTRecords": [{"value": [v]} for v in self.values(zone, name)]}}

    @on("PUT " + base)
    def write(self, r, zone, name):
        r.args(**self.version)
        records = r.json({"properties": {"TTL": 60, "TXTRecords": list}})["properties"]["TXTRecords"]
        if any(x.keys() != {"value"} or len(x["value"]) != 1 for x in records):
            raise Unexpected(f"records {records}")
        new = not self.values(zone, name)
        self.store(zone, self.is_relative(name, zone), [x["value"][0] for x in records])
        return Reply(201 if new else 200, {"name": name, "properties": {"TTL": 60, "TXTRecords": records, "provisioningState": "Succeeded"}})

    @on("DELETE " + base)
    def delete(self, r, zone, name):
        r.args(**self.version)
        there = self.values(zone, name)
        self.store(zone, name, [])
        return Reply(200 if there else 204)


class AzureGroup(Azure):
    """The same, held to a resource group."""
    credentials = {**Azure.credentials, "resource_group": "dns-1"}
    path = "/subscriptions/sub-3/resourceGroups/dns-1/providers/Microsoft.Network/dnszones"


class AzureZones(Azure):
    """The same with zones that the user names, as Certbot's plugin has it: none is listed."""
    credentials = {"tenant_id": "tenant-1", "sp_client_id": "client-2", "sp_client_secret": "azure-secret", "zone1": "example.com:/subscriptions/sub-3/resourceGroups/dns-1",
                   "zone2": "sub.example.com:/subscriptions/sub-3/resourceGroups/dns-1/providers/Microsoft.Network/dnszones/sub.example.com",
                   "zone12": "example.org:/subscriptions/sub-3/resourceGroups/dns-1"}
    spoiled = "sp_client_secret"
    path = None


class AzureFederated(Azure):
    """The same for a workload identity, whose token is in a file."""
    credentials = {"tenant_id": "tenant-1", "sp_client_id": "client-2", "subscription_id": "sub-3", "federated_token_file": "FILE"}
    files = {"federated_token_file": "header.claims.signature\n"}
    spoiled = "sp_client_id"
    denied = "unauthorized_client: AADSTS700016"

    @on("POST /tenant-1/oauth2/v2.0/token", host="login.microsoftonline.com")
    def login(self, r):
        body = r.form(grant_type="client_credentials", client_id=str, client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                      client_assertion="header.claims.signature", scope="https://management.azure.com/.default")
        if body["client_id"] != "client-2":
            return Reply(400, {"error": "unauthorized_client", "error_description": "AADSTS700016: Application with identifier 'wrong' was not found in the directory."})
        return {"token_type": "Bearer", "expires_in": 3599, "access_token": self.session}


class Keystone(SessionFake):
    """OpenStack's way to log in: the token is a header field of the reply."""
    header, value = "x-auth-token", "{}"

    def keystone(self, r, user, scope, password):
        given = r.json({"auth": {"identity": {"methods": ["password"], "password": {"user": {**user, "password": str}}}, "scope": scope}})
        if given["auth"]["identity"]["password"]["user"]["password"] != password:
            return Reply(401, {"error": {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}})
        return Reply(201, {"token": {"expires_at": "2030-01-01T00:00:00Z"}}, (("X-Subject-Token", self.session),))

    def is_change(self, request):
        return request.method != "GET" and not request.path.endswith("/auth/tokens")


class Selectel(Keystone, SetFake):
    """As the maker's client for Go and provider for Terraform, DNS API v2, have it: record sets; no reference was found."""
    name, host = "selectel-api-v2", "api.selectel.ru"
    hosts = ("api.selectel.ru", "cloud.api.selcloud.ru")
    credentials = {"account_id": "4321", "project_name": "dns", "username": "sel-user", "password": "sel-password"}
    denied = "401: The request you have made requires authentication."
    open_routes = ("/identity",)
    fillers = 1000

    def error(self, status, message):
        return Reply(status, {"error": "bad_request", "description": message, "location": "body"})

    @on("POST /identity/v3/auth/tokens", host="cloud.api.selcloud.ru")
    def login(self, r):
        return self.keystone(r, {"name": "sel-user", "domain": {"name": "4321"}}, {"project": {"name": "dns", "domain": {"name": "4321"}}}, "sel-password")

    @on("GET /domains/v2/zones")
    def zones_(self, r):
        start = int(r.args(limit="1000", offset=DIGITS)["offset"])
        return {"count": len(self.all_zones), "next_offset": start + 1000, "result": [{"id": f"z{self.zone_id(z)}", "name": z + "."} for z in self.all_zones[start:start + 1000]]}

    @on("GET /domains/v2/zones/{zid}/rrset")
    def read(self, r, zid):
        zone, asked = self.zone_of(zid[1:]), r.args(name=str, rrset_types="TXT", limit="1000")
        left = self.relative(asked["name"], zone, dot=True)
        found = [{"id": f"s-{left}", "name": asked["name"], "type": "TXT", "ttl": 60, "records": [{"content": f'"{v}"', "disabled": False} for v in self.values(zone, left)]}]
        return {"count": 1, "next_offset": 0, "result": found if self.values(zone, left) else []}

    def contents(self, body):
        if any(not {"content"} <= x.keys() <= {"content", "disabled"} for x in body["records"]):
            raise Unexpected(f"records {body}")
        return [self.unquoted(x["content"]) for x in body["records"]]

    @on("POST /domains/v2/zones/{zid}/rrset")
    def create(self, r, zid):
        zone = self.zone_of(zid[1:])
        body = r.json({"name": str, "type": "TXT", "ttl": 60, "records": list})
        left = self.relative(body["name"], zone, dot=True)
        if self.values(zone, left):
            return self.error(409, "rrset exists")
        self.store(zone, left, self.contents(body))
        return {}

    @on("PATCH /domains/v2/zones/{zid}/rrset/{sid}")
    def write(self, r, zid, sid):
        self.store(self.zone_of(zid[1:]), sid[2:], self.contents(r.json({"ttl": 60, "records": list})))
        return Reply(204)

    @on("DELETE /domains/v2/zones/{zid}/rrset/{sid}")
    def delete(self, r, zid, sid):
        self.store(self.zone_of(zid[1:]), sid[2:], [])
        return Reply(204)


class Vkcloud(Keystone):
    """As the provider's own Terraform provider (public DNS v2) and public clients have it: a list of TXT records for each zone."""
    name, host = "vkcloud", "mcs.mail.ru"
    hosts = ("mcs.mail.ru", "infra.mail.ru")
    credentials = {"project_id": "p-1", "username": "user@example.com", "password": "vk-password"}
    denied = "401: The request you have made requires authentication."
    open_routes = ("/identity",)
    apex = ""

    def error(self, status, message):
        return Reply(status, {"error": message})

    @on("POST /identity/v3/auth/tokens", host="infra.mail.ru")
    def login(self, r):
        return self.keystone(r, {"name": "user@example.com", "domain": {"name": "users"}}, {"project": {"id": "p-1"}}, "vk-password")

    @on("GET /public-dns/v2/dns/")
    def zones_(self, r):
        return [{"uuid": f"z{self.zone_id(z)}", "zone": z, "status": "active"} for z in self.all_zones]

    @on("GET /public-dns/v2/dns/{zid}/txt/")
    def records_(self, r, zid):
        return [{"uuid": f"r{x.id}", "name": x.name, "dns": zid, "content": x.value, "ttl": 60} for x in self.of(self.zone_of(zid[1:]), type="TXT")]

    @on("POST /public-dns/v2/dns/{zid}/txt/")
    def create(self, r, zid):
        zone = self.zone_of(zid[1:])
        body = r.json({"name": str, "content": str, "ttl": 60})
        return Reply(201, {"uuid": f"r{self.put(zone, self.is_relative(body['name'], zone), body['content']).id}"})

    @on("DELETE /public-dns/v2/dns/{zid}/txt/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number[1:], self.zone_of(zid[1:])))
        return Reply(204)


class Ultradns(SessionFake, SetFake):
    """As the REST API user guide and the provider's OpenAPI description have it: record sets by owner name."""
    name, host = "ultradns", "api.ultradns.com"
    credentials = {"username": "ultra-user", "password": "ultra-password"}
    denied = "60001: invalid_grant"
    open_routes = ("/authorization",)
    ttl = 120

    def error(self, status, message, code=53005):
        return Reply(status, [{"errorCode": code, "errorMessage": message}])

    @on("POST /authorization/token")
    def login(self, r):
        body = r.form(grant_type="password", username="ultra-user", password=str)
        if body["password"] != "ultra-password":
            return Reply(401, {"errorCode": 60001, "errorMessage": "invalid_grant:Invalid username & password combination."})
        return {"tokenType": "Bearer", "accessToken": self.session, "access_token": self.session, "expires_in": "3600"}

    def is_change(self, request):
        return "/rrsets/" in request.path and request.method != "GET"

    def place(self, name, owner):
        if name[:-1] not in self.all_zones or not name.endswith("."):
            raise self.error(404, "Zone does not exist in the system.", 1801)
        return name[:-1], self.relative(owner, name[:-1], dot=True) if owner else ""

    @on("GET /zones/{name}")
    def one(self, r, name):
        return {"properties": {"name": self.place(name, None)[0] + ".", "type": "PRIMARY"}}

    @on("GET /zones/{name}/rrsets/TXT/{owner}")
    def read(self, r, name, owner):
        zone, left = self.place(name, owner)
        if not self.values(zone, left):
            return self.error(404, "Data not found.", 70002)
        return {"zoneName": name, "rrSets": [{"ownerName": owner, "rrtype": "TXT (16)", "ttl": 120, "rdata": self.values(zone, left)}]}

    @on("POST /zones/{name}/rrsets/TXT/{owner}")
    def create(self, r, name, owner):
        zone, left = self.place(name, owner)
        if self.values(zone, left):
            return self.error(400, "Resource Record of type 16 with these attributes already exists in the system.", 2111)
        self.store(zone, left, r.json({"ttl": 120, "rdata": list})["rdata"])
        return Reply(201, {"message": "Successful"})

    @on("PUT /zones/{name}/rrsets/TXT/{owner}")
    def write(self, r, name, owner):
        zone, left = self.place(name, owner)
        self.store(zone, left, r.json({"ttl": 120, "rdata": list})["rdata"])
        return {"message": "Successful"}

    @on("DELETE /zones/{name}/rrsets/TXT/{owner}")
    def delete(self, r, name, owner):
        self.store(*self.place(name, owner), [])
        return Reply(204)
