"""Providers that one logs in to before anything else."""
import base64
import hmac
import struct
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fake_providers.certbots import DIGITS, basic
from peers.fake_api import Fake, Reply, Unexpected, on


class SessionFake(Fake):
    """session: what the login gives; header: how it is shown. What is asked without it is refused."""
    session, header, value = "session-token-77", "authorization", "Bearer {}"

    def authenticate(self, request):
        return request.header(self.header) == self.value.format(self.session)


class MythicBeasts(SessionFake):
    """As Primary DNS API v2 and the documentation of the auth service have it."""
    name, host = "mythicbeasts", "api.mythic-beasts.com"
    hosts = ("api.mythic-beasts.com", "auth.mythic-beasts.com")
    credentials = {"username": "mb-key", "password": "mb-secret"}
    denied = "Invalid credentials"
    open_routes = ("/login",)

    def error(self, status, message):
        return Reply(status, {"errors": [message]})

    @on("POST /login", host="auth.mythic-beasts.com")
    def login(self, r):
        r.form(grant_type="client_credentials")
        if r.header("authorization") != basic("mb-key", "mb-secret"):
            return Reply(401, {"error": "invalid_client", "error_description": "Invalid credentials"})
        return {"access_token": self.session, "expires_in": 300, "token_type": "bearer"}

    def is_change(self, request):
        return request.method != "GET" and request.path != "/login"

    @on("GET /dns/v2/zones", host="api.mythic-beasts.com")
    def zones_(self, r):
        return {"zones": self.all_zones}

    @on("POST /dns/v2/zones/{zone}/records/{name}/TXT", host="api.mythic-beasts.com")
    def create(self, r, zone, name):
        x = r.json({"records": [{"host": name, "type": "TXT", "data": str, "ttl": 60}]})["records"][0]
        if all(y.value != x["data"] for y in self.of(zone, name, "TXT")):
            self.put(zone, self.is_relative(name, zone), x["data"])
        return {"message": "1 record added", "records_added": 1}

    @on("DELETE /dns/v2/zones/{zone}/records/{name}/TXT", host="api.mythic-beasts.com")
    def delete(self, r, zone, name):
        data = r.args(data=str)["data"]
        found = [x for x in self.of(zone, name, "TXT") if x.value == data]
        for x in found:
            self.drop(x)
        return {"message": f"{len(found)} records removed", "records_removed": len(found)}


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEY_PEM = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


class Transip(SessionFake):
    """As the REST API documentation (v6), Domains, DNS, has it: a request for a token is signed with RSA and SHA-512."""
    name, host = "transip", "api.transip.nl"
    credentials = {"username": "transip-user", "key_file": "FILE"}
    files = {"key_file": KEY_PEM}
    spoiled = "username"
    denied = "Your access token could not be created"
    open_routes = ("/v6/auth",)

    def error(self, status, message):
        return Reply(status, {"error": message})

    @on("POST /v6/auth")
    def login(self, r):
        body = r.json({"login": str, "nonce": str, "read_only": False, "expiration_time": "30 minutes", "label": str, "global_key": True})
        if not 6 <= len(body["nonce"]) <= 32:
            raise Unexpected(f"nonce {body['nonce']}")
        KEY.public_key().verify(base64.b64decode(r.header("signature")), r.body, padding.PKCS1v15(), hashes.SHA512())
        if body["login"] != "transip-user":
            return self.error(401, "Your access token could not be created.")
        return Reply(201, {"token": self.session})

    def is_change(self, request):
        return request.method != "GET" and request.path != "/v6/auth"

    @on("GET /v6/domains")
    def zones_(self, r):
        return {"domains": [{"name": z, "isTransferLocked": False} for z in self.all_zones]}

    @on("GET /v6/domains/{zone}/dns")
    def records_(self, r, zone):
        return {"dnsEntries": [{"name": self.show(x.name), "expire": x.ttl, "type": x.type, "content": x.value} for x in self.of(zone)]}

    @on("POST /v6/domains/{zone}/dns")
    def create(self, r, zone):
        x = r.json({"dnsEntry": {"name": str, "expire": 60, "type": "TXT", "content": str}})["dnsEntry"]
        self.put(zone, self.is_relative(x["name"], zone), x["content"])
        return Reply(201)

    @on("DELETE /v6/domains/{zone}/dns")
    def delete(self, r, zone):
        x = r.json({"dnsEntry": {"name": str, "expire": 60, "type": "TXT", "content": str}})["dnsEntry"]
        self.drop([y for y in self.of(zone, x["name"], "TXT") if y.value == x["content"]][0])
        return Reply(204)


class Openprovider(SessionFake):
    """As the Swagger description of the DNS API (v1beta) and API Format Records have it: code is 0 when it went well, a TTL is one of a few."""
    name, host = "openprovider", "api.openprovider.eu"
    credentials = {"username": "op-user", "password": "op-password"}
    denied = "196: Authentication/Authorization Failed"
    open_routes = ("/v1beta/auth/login",)
    ttl, fillers = 900, 101

    def well(self, data):
        return {"code": 0, "desc": "", "data": data}

    def error(self, status, message, code=399):
        return Reply(status, {"code": code, "desc": message, "data": None})

    @on("POST /v1beta/auth/login")
    def login(self, r):
        if r.json({"username": str, "password": str, "ip": "0.0.0.0"})["password"] != "op-password":
            return self.error(401, "Authentication/Authorization Failed", 196)
        return self.well({"token": self.session, "reseller_id": 1})

    def is_change(self, request):
        return request.method == "PUT"

    def listed(self, things, start, size):
        return self.well({"results": things[int(start):int(start) + size], "total": len(things)})

    @on("GET /v1beta/dns/zones")
    def zones_(self, r):
        return self.listed([{"id": self.zone_id(z), "name": z, "type": "master"} for z in self.all_zones], r.args(limit="100", offset=DIGITS)["offset"], 100)

    @on("GET /v1beta/dns/zones/{zone}/records")
    def records_(self, r, zone):
        asked = r.args(type="TXT", limit="500", offset=DIGITS)
        return self.listed([{"name": x.fqdn, "type": "TXT", "value": f'"{x.value}"', "ttl": x.ttl} for x in self.of(zone, type="TXT")], asked["offset"], 500)

    @on("PUT /v1beta/dns/zones/{zone}")
    def change(self, r, zone):
        body = r.json({"id": self.zone_id(zone), "name": zone, "records": dict})["records"]
        for x in body.get("add", []) + body.get("remove", []):
            if x.keys() != {"name", "type", "value", "ttl"} or (x["type"], x["ttl"]) != ("TXT", 900):
                raise Unexpected(f"record {x}")
        for x in body.get("add", []):
            self.put(zone, self.is_relative(x["name"], zone), self.unquoted(x["value"]))
        for x in body.get("remove", []):
            self.drop([y for y in self.of(zone, x["name"], "TXT") if y.value == self.unquoted(x["value"])][0])
        return self.well({"success": True})


class Netcup(SessionFake):
    """As the DomainWebservice interface description has it; codes of errors as recorded replies have them: a session ends after a while,
    sometimes after half a minute, names that can be no domain are refused otherwise than domains of others."""
    name, host = "netcup", "ccp.netcup.net"
    credentials = {"customer_id": "12345", "api_key": "netcup-key", "api_password": "netcup-password"}
    denied = "4013"
    route_ = "POST /run/webservice/servers/endpoint.php"
    open_routes = ("/",)
    limits = False
    sessions = 0

    def well(self, action, data=""):
        return {"serverrequestid": "r1", "clientrequestid": "", "action": action, "status": "success", "statuscode": 2000, "shortmessage": "ok", "longmessage": "", "responsedata": data}

    def error(self, status, message, code=4013, short="Validation Error."):
        return Reply(200, {"serverrequestid": "r1", "clientrequestid": "", "action": "", "status": "error", "statuscode": code,
                           "shortmessage": short, "longmessage": message, "responsedata": ""})

    def is_change(self, request):
        return b"updateDnsRecords" in request.body

    @on(route_)
    def call(self, r):
        if r.raw_query != "JSON":
            raise Unexpected("query")
        r.args_read = True
        body = r.json({"action": str, "param": dict})
        param = body["param"]
        if param["customernumber"] != "12345" or param["apikey"] != "netcup-key":
            raise Unexpected(f"param {param}")
        if body["action"] == "login":
            if fits_keys(param, "apipassword")["apipassword"] != "netcup-password":
                return self.error(200, "The login to the API failed. Api password is wrong")
            self.sessions, self.left = self.sessions + 1, 12
            return self.well("login", {"apisessionid": f"{self.session}{self.sessions}"})
        self.left -= 1
        if param["apisessionid"] != f"{self.session}{self.sessions}" or self.left < 0:
            return self.error(200, "The session id is not in a valid format.", 4001, "Api session id in invalid format")
        return getattr(self, body["action"])(param)

    def logout(self, param):
        fits_keys(param, "apisessionid")
        return self.well("logout")

    def known(self, param):
        if "_" in param["domainname"]:
            raise self.error(200, "Value in field domainname does not match requirements of type: domainname. ")
        if param["domainname"] not in self.all_zones:
            raise self.error(200, "Can not get DNS records for zone.  Domain not found.", 5031, "Getting DNS zone failed")
        return param["domainname"]

    def infoDnsZone(self, param):
        fits_keys(param, "apisessionid", "domainname")
        return self.well("infoDnsZone", {"name": self.known(param), "ttl": "86400"})

    def infoDnsRecords(self, param):
        fits_keys(param, "apisessionid", "domainname")
        return self.well("infoDnsRecords", {"dnsrecords": [
            {"id": str(x.id), "hostname": self.show(x.name), "type": x.type, "priority": "0", "destination": x.value, "deleterecord": False, "state": "unknown"} for x in self.of(self.known(param))]})

    def updateDnsRecords(self, param):
        fits_keys(param, "apisessionid", "domainname", "dnsrecordset")
        zone = self.known(param)
        for x in param["dnsrecordset"]["dnsrecords"]:
            if x.get("deleterecord") is True:
                found = self.by_id(x["id"], zone)
                if (self.show(found.name), found.type, found.value) != (x["hostname"], x["type"], x["destination"]):
                    raise Unexpected(f"record {x}")
                self.drop(found)
            elif x.keys() == {"hostname", "type", "destination"}:
                self.put(zone, self.is_relative(x["hostname"], zone), x["destination"])
            else:
                raise Unexpected(f"record {x}")
        return self.well("updateDnsRecords", {"dnsrecords": []})


def fits_keys(param, *more):
    if param.keys() != {"customernumber", "apikey", *more}:
        raise Unexpected(f"param {param}")
    return param


class Clouddns(SessionFake):
    """As the provider's README on GitHub (vshosting/clouddns) has it: lists have limits, changes are published, which gives all records other ids."""
    name, host = "clouddns", "admin.vshosting.cloud"
    credentials = {"client_id": "client-9", "email": "user@example.com", "password": "cloud-password"}
    denied = "2001: Invalid user credentials"
    open_routes = ("/api/public",)
    fillers = 101

    def __init__(self):
        super().__init__()
        self.stale = set()

    def error(self, status, message, code=None):
        return Reply(status, {"error": {"code": code or status, "message": message}})

    @on("POST /api/public/auth/login")
    def login(self, r):
        if r.json({"email": "user@example.com", "password": str})["password"] != "cloud-password":
            return self.error(401, "Invalid user credentials", 2001)
        return {"auth": {"accessToken": self.session, "refreshToken": "r"}}

    def is_change(self, request):
        return request.method != "GET" and ("record" in request.path)

    @on("POST /clouddns/domain/search")
    def zones_(self, r):
        asked = r.json({"search": [{"name": "clientId", "operator": "eq", "type": "string", "value": "client-9"}], "offset": int, "limit": 100})
        part = self.all_zones[asked["offset"]:asked["offset"] + 100]
        return {"items": [{"id": f"d{self.zone_id(z)}", "domainName": z + ".", "status": "ACTIVE"} for z in part]}

    @on("GET /clouddns/domain/{zid}")
    def one(self, r, zid):
        zone = self.zone_of(zid[1:])
        return {"id": zid, "domainName": zone + ".", "lastDomainRecordList": [{"id": f"r{x.id}", "name": x.fqdn + ".", "type": x.type, "value": x.value} for x in self.of(zone)]}

    @on("POST /clouddns/record-txt")
    def create(self, r):
        body = r.json({"domainId": str, "type": "TXT", "name": str, "value": str})
        zone = self.zone_of(body["domainId"][1:])
        self.stale.add(zone)
        return {"id": f"r{self.put(zone, self.relative(body['name'], zone, dot=True), body['value']).id}"}

    @on("DELETE /clouddns/record/{number}")
    def delete(self, r, number):
        x = self.by_id(number[1:])
        self.stale.add(x.zone)
        self.drop(x)
        return {"success": True}

    @on("PUT /clouddns/domain/{zid}/publish")
    def publish(self, r, zid):
        r.json({})
        zone = self.zone_of(zid[1:])
        self.stale.discard(zone)
        for x in self.of(zone):
            self.serial += 7
            x.id = self.serial
        return {"id": zid, "domainName": zone + ".", "status": "PUBLISHING_TO_INTERNET"}

    def unfinished(self):
        return [f"not published: {z}" for z in self.stale]


class Ispconfig(SessionFake):
    """As ISPConfig's remote API documentation and its source have it: the method is the query."""
    name, host = "ispconfig", "panel.test:8080"
    credentials = {"endpoint": "https://panel.test:8080", "username": "remote", "password": "isp-password"}
    denied = "remote_fault: The login failed"
    open_routes = ("/",)

    def well(self, response):
        return {"code": "ok", "message": "", "response": response}

    def error(self, status, message):
        return Reply(status if status == 429 else 200, {"code": "remote_fault", "message": message, "response": False})

    def is_change(self, request):
        return request.raw_query in ("dns_txt_add", "dns_txt_delete")

    @on("POST /remote/json.php")
    def call(self, r):
        r.args_read = True
        body = r.json(dict)
        if r.raw_query == "login":
            if body != {"username": "remote", "password": "isp-password", "client_login": False}:
                return self.error(200, "The login failed. Username or password wrong.")
            return self.well(self.session)
        if body.pop("session_id", None) != self.session:
            return self.error(200, "The session is not valid")
        return self.well(getattr(self, r.raw_query)(**body))

    def logout(self):
        return True

    def dns_zone_get(self, primary_id):
        return [{"id": str(self.zone_id(z)), "server_id": "1", "sys_userid": "5", "origin": z + ".", "active": "Y"} for z in self.all_zones if {"origin": z + "."} == primary_id]

    def client_get_id(self, sys_userid):
        if sys_userid != "5":
            raise Unexpected(f"sys_userid {sys_userid}")
        return 4

    def dns_txt_add(self, client_id, params, update_serial):
        zone = self.zone_of(params["zone"])
        fixed = {k: v for k, v in params.items() if k not in ("zone", "name", "data", "stamp")}
        if str(client_id) != "4" or update_serial is not True or fixed != {"server_id": "1", "type": "TXT", "aux": "0", "ttl": "60", "active": "y", "serial": "1"}:
            raise Unexpected(f"params {params}")
        return str(self.put(zone, self.relative(params["name"], zone, dot=True), params["data"]).id)

    def dns_txt_get(self, primary_id):
        return [{"id": str(x.id), "zone": str(self.zone_id(x.zone)), "name": x.fqdn + ".", "type": "TXT", "data": x.value} for x in self.records
                if x.type == "TXT" and primary_id == {"name": x.fqdn + ".", "type": "TXT"}]

    def dns_txt_delete(self, primary_id, update_serial):
        self.drop(self.by_id(primary_id))
        return 1


class Inwx(SessionFake):
    """As the DomRobot API documentation, Nameserver, has it: JSON-RPC, the session is a cookie. The ids of records, there of the type int, have
    grown beyond 32 bits, and are texts since November 2025."""
    name, host = "inwx", "api.domrobot.com"
    credentials = {"username": "inwx-user", "password": "inwx-password"}
    denied = "2200: Authentication error"
    header, value = "cookie", "domrobot={}"
    open_routes = ("/",)
    ttl, fillers, far = 300, 101, 1 << 32

    def well(self, data=None):
        return {"code": 1000, "msg": "Command completed successfully", "resData": data or {}}

    def error(self, status, message, code=2400):
        return Reply(status if status == 429 else 200, {"code": code, "msg": message})

    def is_change(self, request):
        return b"nameserver.createRecord" in request.body or b"nameserver.deleteRecord" in request.body

    @on("POST /jsonrpc/")
    def call(self, r):
        body = r.json({"method": str, "params": dict})
        if body["method"] == "account.login":
            if body["params"] != {"user": "inwx-user", "pass": "inwx-password"}:
                return self.error(200, "Authentication error", 2200)
            return Reply(200, self.well({"customerId": 1, "tfa": "0"}), (("Set-Cookie", f"domrobot={self.session}; path=/; secure"),))
        if not self.authenticate(r) or (self.locked and body["method"] != "account.unlock"):
            return self.error(200, "Authentication error", 2200)
        return getattr(self, body["method"].replace(".", "_"))(body["params"])

    locked = False

    def account_logout(self, params):
        return {"code": 1500, "msg": "Command completed successfully; ending session"}

    def account_unlock(self, params):
        if params not in [{"tan": tan} for tan in totps("JBSWY3DPEHPK3PXP")] or not self.locked:
            return self.error(200, "Invalid TAN", 2200)
        self.locked = False
        return self.well()

    def nameserver_list(self, params):
        if params.keys() != {"page", "pagelimit"}:
            raise Unexpected(f"params {params}")
        part, _ = self.page(self.all_zones, params["page"], params["pagelimit"])
        return self.well({"count": len(self.all_zones), "domains": [{"roId": self.zone_id(z), "domain": z, "type": "MASTER"} for z in part]})

    def nameserver_info(self, params):
        if params.keys() != {"domain", "name", "type"}:
            raise Unexpected(f"params {params}")
        found = [{"id": str(self.far + x.id), "name": x.fqdn, "type": x.type, "content": x.value, "ttl": 300, "prio": 0}
                 for x in self.of(params["domain"], type=params["type"]) if x.fqdn == params["name"]]
        return self.well({"domain": params["domain"], "type": "MASTER", "count": len(found), **({"record": found} if found else {})})

    def nameserver_createRecord(self, params):
        if params.keys() != {"domain", "name", "type", "content", "ttl"} or (params["type"], params["ttl"]) != ("TXT", 300):
            raise Unexpected(f"params {params}")
        name = self.relative(params["name"], params["domain"])
        if any(x.value == params["content"] for x in self.of(params["domain"], name, "TXT")):
            return self.error(200, "Object exists", 2302)
        return self.well({"id": str(self.far + self.put(params["domain"], name, params["content"]).id)})

    def nameserver_deleteRecord(self, params):
        if params.keys() != {"id"} or not isinstance(params["id"], str):
            raise Unexpected(f"params {params}")
        self.drop(self.by_id(int(params["id"]) - self.far))
        return self.well()


def totps(secret):
    """RFC 6238, computed here anew: the password of now, and that of before, as servers take it for requests on their way."""
    for step in (0, 1):
        mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30 - step), "sha1").digest()
        yield f"{(struct.unpack('>I', mac[mac[-1] & 15:][:4])[0] & 0x7fffffff) % 10 ** 6:06}"


class InwxSecondFactor(Inwx):
    """The same with a second factor."""
    credentials = {"shared_secret": "jbsw y3dp ehpk 3pxp", "username": "inwx-user", "password": "inwx-password"}
    locked = True


class Corenetworks(SessionFake):
    """As the API's documentation (API-Dokumentation, DNS-Funktionen) has it: changes are committed at the end; slave zones are not ours to change."""
    name, host = "corenetworks", "beta.api.core-networks.de"
    credentials = {"username": "core-user", "password": "core-password"}
    denied = "401"
    open_routes = ("/auth/token",)
    ttl = 300

    def __init__(self):
        super().__init__()
        self.stale = set()

    def error(self, status, message):
        return Reply(status, {"error": message})

    @on("POST /auth/token")
    def login(self, r):
        if r.json({"login": "core-user", "password": str})["password"] != "core-password":
            return self.error(401, "Unauthorized")
        return {"token": self.session, "expires": 3600}

    def is_change(self, request):
        return request.method == "POST" and "/records/" in request.path and not request.path.endswith("commit")

    @on("GET /dnszones/")
    def zones_(self, r):
        return [*({"name": z, "type": "master"} for z in self.all_zones), {"name": "www.sub.example.com", "type": "slave"}]

    @on("GET /dnszones/{zone}/records/")
    def records_(self, r, zone):
        return [{"name": self.show(x.name), "ttl": x.ttl, "type": x.type, "data": f'"{x.value}"' if x.type == "TXT" else x.value} for x in self.of(zone)]

    @on("POST /dnszones/{zone}/records/")
    def create(self, r, zone):
        x = r.json({"name": str, "type": "TXT", "data": str, "ttl": 300})
        self.stale.add(zone)
        self.put(zone, self.is_relative(x["name"], zone), x["data"])
        return Reply(204)

    @on("POST /dnszones/{zone}/records/delete")
    def delete(self, r, zone):
        x = r.json({"name": str, "type": "TXT", "data": str})
        self.stale.add(zone)
        self.drop([y for y in self.of(zone, x["name"], "TXT") if f'"{y.value}"' == x["data"]][0])
        return Reply(204)

    @on("POST /dnszones/{zone}/records/commit")
    def commit(self, r, zone):
        self.stale.discard(zone)
        return Reply(204)

    def unfinished(self):
        return [f"not committed: {z}" for z in self.stale]
