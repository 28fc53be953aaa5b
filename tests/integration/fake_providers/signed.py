"""Providers whose requests are signed: the signatures are computed here anew, from the providers' descriptions of them."""
import base64
import calendar
import hashlib
import hmac
import json
import re
import time
from datetime import datetime
from urllib.parse import parse_qsl, quote
from zoneinfo import ZoneInfo

from fake_providers.certbots import DIGITS, basic
from fake_providers.sets import SetFake
from peers.fake_api import Fake, Reply, Unexpected, fits, on


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def mac(key, text, algorithm=hashlib.sha256):
    return hmac.new(key if isinstance(key, bytes) else key.encode(), text.encode(), algorithm).digest()


def canonical_query(raw):
    read = parse_qsl(raw, keep_blank_values=True)
    return "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(read))


def recent(seconds):
    if abs(int(seconds) - time.time()) > 600:
        raise Unexpected(f"time {seconds}")


def stamp(text, form):
    recent(calendar.timegm(time.strptime(text, form)))
    return text


class Exoscale(Fake):
    """As "Exoscale API" (OpenAPI, 2.0.0) has it, EXO2-HMAC-SHA256 as the provider's own client signs; changes are operations."""
    name, host = "exoscale", "api-ch-gva-2.exoscale.com"
    credentials = {"api_key": "EXO0123", "api_secret": "exo-secret"}
    denied = "Invalid or missing authorization"
    ttl = 300

    def __init__(self):
        super().__init__()
        self.operations = {}

    def authenticate(self, r):
        found = re.fullmatch(r"EXO2-HMAC-SHA256 credential=(\w+),expires=(\d+),signature=(\S+)", r.header("authorization"))
        if not found or r.raw_query:
            raise Unexpected(f"authorization {r.header('authorization')}")
        if not time.time() < int(found[2]) < time.time() + 1200:
            raise Unexpected(f"expires {found[2]}")
        text = f"{r.method} {r.path}\n{r.body.decode()}\n\n\n{found[2]}"
        return found[1] == "EXO0123" and found[3] == base64.b64encode(mac("exo-secret", text)).decode()

    def deny(self):
        return self.error(403, "Invalid or missing authorization")

    def queue(self):
        number = f"op-{len(self.operations)}"
        self.operations[number] = ["pending", "success"]
        return {"id": number, "state": "pending", "reference": {"id": "x"}}

    @on("GET /v2/operation/{number}")
    def operation(self, r, number):
        left = self.operations[number]
        return {"id": number, "state": left.pop(0) if len(left) > 1 else left[0]}

    @on("GET /v2/dns-domain")
    def zones_(self, r):
        return {"dns-domains": [{"id": f"x{self.zone_id(z)}", "unicode-name": z} for z in self.all_zones]}

    @on("GET /v2/dns-domain/{zid}/record")
    def records_(self, r, zid):
        return {"dns-domain-records": [{"id": f"r{x.id}", "name": x.name, "type": x.type, "content": f'"{x.value}"', "ttl": 300} for x in self.of(self.zone_of(zid[1:]))]}

    @on("POST /v2/dns-domain/{zid}/record")
    def create(self, r, zid):
        zone = self.zone_of(zid[1:])
        body = r.json({"name": str, "type": "TXT", "content": str, "ttl": 300})
        self.put(zone, self.is_relative(body["name"], zone), body["content"])
        return self.queue()

    @on("DELETE /v2/dns-domain/{zid}/record/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number[1:], self.zone_of(zid[1:])))
        return self.queue()


class Websupport(Fake):
    """As the introduction to REST API v2 has it, whose examples sign the path without the query; services as v1, Service management, has them, records as public clients."""
    name, host = "websupport", "rest.websupport.sk"
    credentials = {"identifier": "ws-key", "secret_key": "ws-secret"}
    denied = "This action is unauthorized."
    ttl = 600

    def authenticate(self, r):
        date = stamp(r.header("date"), "%Y-%m-%dT%H:%M:%SZ")
        seconds = calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%SZ"))
        key, secret = self.credentials.values()
        return r.header("authorization") == basic(key, mac(secret, f"{r.method} {r.path} {seconds}", hashlib.sha1).hex())

    def error(self, status, message):
        return Reply(status, {"type": "/errors/httpException", "status": status, "title": message})

    def deny(self):
        return self.error(403, "This action is unauthorized.")

    @on("GET /v1/user/self/service")
    def zones_(self, r):
        return {"items": [{"id": self.zone_id(z), "serviceName": "domain", "status": "active", "name": z} for z in self.all_zones]
                + [{"id": 2222, "serviceName": "The Hosting", "status": "active", "name": "example.com"}]}

    @on("GET /v2/service/{zid}/dns/record")
    def records_(self, r, zid):
        asked = json.loads(r.args(filters=str)["filters"])
        if asked.keys() != {"name", "type", "content"} or asked["type"] != ["TXT"]:
            raise Unexpected(f"filters {asked}")
        found = [x for x in self.of(self.zone_of(zid), asked["name"], "TXT") if x.value == asked["content"]]
        return {"currentPage": 1, "totalPages": 1, "data": [{"id": x.id, "type": "TXT", "name": x.fqdn, "content": x.value, "ttl": 600} for x in found]}

    @on("POST /v2/service/{zid}/dns/record")
    def create(self, r, zid):
        zone = self.zone_of(zid)
        body = r.json({"type": "TXT", "name": str, "content": str, "ttl": 600})
        self.put(zone, self.is_relative(body["name"], zone), body["content"])
        return Reply(204)

    @on("DELETE /v2/service/{zid}/dns/record/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number, self.zone_of(zid)))
        return Reply(204)


class Active24(Websupport):
    """As public clients have it (the reference of API v2 was not found, that of v1 shows the same program): filters may do nothing, so all is paged."""
    name, host = "active24", "rest.active24.cz"
    credentials = {"api_key": "a24-key", "secret": "a24-secret"}
    extra = [("example.com", f"filler{n:03}", "filler", "TXT") for n in range(120)]
    seeds = (*extra, *Fake.seeds)

    @on("GET /v2/service/{zid}/dns/record")
    def records_(self, r, zid):
        asked = r.args(filters='{"type":["TXT"]}', page=DIGITS, rowsPerPage="100")
        part, pages = self.page(self.of(self.zone_of(zid)), asked["page"], 100)
        return {"currentPage": int(asked["page"]), "rowsPerPage": 100, "totalPages": pages,
                "data": [{"id": x.id, "type": x.type, "name": x.fqdn, "content": x.value, "ttl": 600} for x in part]}


class Constellix(SetFake):
    """As the provider's own library and its support articles have it (API v1): record sets that are found by name and then fetched."""
    name, host = "constellix", "api.dns.constellix.com"
    credentials = {"apikey": "cx-key", "secretkey": "cx-secret"}
    denied = "Unable to authenticate token"

    def authenticate(self, r):
        key, signature, ms = r.header("x-cns-security-token").split(":")
        recent(int(ms) // 1000)
        return key == "cx-key" and signature == base64.b64encode(mac("cx-secret", ms, hashlib.sha1)).decode()

    def error(self, status, message):
        return Reply(status, {"errors": [message]})

    def deny(self):
        return self.error(401, "Unable to authenticate token")

    @on("GET /v1/domains/search")
    def zones_(self, r):
        asked = r.args(exact=str)["exact"]
        found = [{"id": self.zone_id(z), "name": z} for z in self.all_zones if z == asked]
        return found or self.error(404, "No domains matched")

    @on("GET /v1/domains/{zid}/records/txt/search")
    def search(self, r, zid):
        left = r.args(exact=str)["exact"]
        if not self.values(self.zone_of(zid), left):
            return self.error(404, "No records matched")
        return [{"id": f"{zid}-{left}", "name": left}]

    @on("GET /v1/domains/{zid}/records/txt/{sid}")
    def read(self, r, zid, sid):
        left = sid.split("-", 1)[1]
        return {"id": sid, "type": "TXT", "name": left, "ttl": 60, "roundRobin": [{"value": f'"{v}"', "disableFlag": False} for v in self.values(self.zone_of(zid), left)]}

    def change(self, r, zid):
        body = r.json({"name": str, "ttl": 60, "roundRobin": list})
        if any(not {"value"} <= x.keys() <= {"value", "disableFlag"} for x in body["roundRobin"]):
            raise Unexpected(f"body {body}")
        self.store(self.zone_of(zid), self.is_relative(body["name"], self.zone_of(zid)), [self.unquoted(x["value"]) for x in body["roundRobin"]])
        return {"success": "done"}

    @on("POST /v1/domains/{zid}/records/txt")
    def create(self, r, zid):
        return [self.change(r, zid)]

    @on("PUT /v1/domains/{zid}/records/txt/{sid}")
    def write(self, r, zid, sid):
        return self.change(r, zid)

    @on("DELETE /v1/domains/{zid}/records/txt/{sid}")
    def delete(self, r, zid, sid):
        self.store(self.zone_of(zid), sid.split("-", 1)[1], [])
        return {"success": "done"}


class Tencentcloud(Fake):
    """As the reference of the DNSPod API (2021-03-23) and of signature version 3 has them; a line is named in the language of the account, so that its id counts."""
    name, host = "tencentcloud", "dnspod.tencentcloudapi.com"
    credentials = {"secret_id": "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "secret_key": "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"}
    denied = "AuthFailure.SecretIdNotFound"
    spoiled = "secret_id"
    ttl, fillers = 600, 101

    def error(self, status, message, code="InvalidParameter"):
        return Reply(200, {"Response": {"Error": {"Code": "RequestLimitExceeded" if status == 429 else code, "Message": message}, "RequestId": "1"}})

    def deny(self):
        return self.error(200, "The SecretId is not found, please ensure that your SecretId is correct.", "AuthFailure.SecretIdNotFound")

    def authenticate(self, r):
        found = re.fullmatch(r"TC3-HMAC-SHA256 Credential=(\S+)/(\d{4}-\d\d-\d\d)/dnspod/tc3_request, ?SignedHeaders=(\S+), ?Signature=([0-9a-f]{64})", r.header("authorization"))
        if not found:
            raise Unexpected(f"authorization {r.header('authorization')}")
        names = found[3].split(";")
        if names != sorted(names) or not {"content-type", "host"} <= set(names):
            raise Unexpected(f"signed fields {names}")
        seconds = r.header("x-tc-timestamp")
        recent(seconds)
        if time.strftime("%Y-%m-%d", time.gmtime(int(seconds))) != found[2]:
            raise Unexpected("date")
        fields = "".join(f"{n}:{r.header(n).strip().lower()}\n" for n in names)
        request = f"{r.method}\n/\n\n{fields}\n{found[3]}\n{sha256(r.body)}"
        text = f"TC3-HMAC-SHA256\n{seconds}\n{found[2]}/dnspod/tc3_request\n{sha256(request.encode())}"
        key = mac(mac(mac("TC3" + self.credentials["secret_key"], found[2]), "dnspod"), "tc3_request")
        return found[1] == self.credentials["secret_id"] and mac(key, text).hex() == found[4]

    def is_change(self, request):
        return request.header("x-tc-action") in ("CreateRecord", "DeleteRecord")

    @on("POST /")
    def call(self, r):
        if r.header("x-tc-version") != "2021-03-23":
            raise Unexpected("version")
        reply = getattr(self, r.header("x-tc-action"))(r)
        return reply if isinstance(reply, Reply) else {"Response": {**reply, "RequestId": "1"}}

    def DescribeDomainList(self, r):
        start = r.json({"Offset": int, "Limit": 100})["Offset"]
        return {"DomainCountInfo": {"DomainTotal": len(self.all_zones), "AllTotal": len(self.all_zones)}, "DomainList": [{"DomainId": self.zone_id(z), "Name": z, "Status": "ENABLE"} for z in self.all_zones[start:start + 100]]}

    def DescribeRecordList(self, r):
        body = r.json({"Domain": str, "Subdomain": str, "RecordType": "TXT", "Offset": int, "Limit": 100})
        found = self.of(body["Domain"], body["Subdomain"], "TXT")
        if not found:
            return self.error(200, "No records on the list.", "ResourceNotFound.NoDataOfRecord")
        return {"RecordCountInfo": {"TotalCount": len(found)}, "RecordList": [{"RecordId": x.id, "Name": self.show(x.name), "Type": "TXT", "Value": x.value, "TTL": 600} for x in found]}

    def CreateRecord(self, r):
        body = r.json({"Domain": str, "SubDomain": str, "RecordType": "TXT", "RecordLine": "默认", "RecordLineId": "0", "Value": str, "TTL": 600})
        if any(x.value == body["Value"] for x in self.of(body["Domain"], body["SubDomain"], "TXT")):
            return self.error(200, "The record already exists.", "InvalidParameter.DomainRecordExist")
        return {"RecordId": self.put(body["Domain"], self.is_relative(body["SubDomain"], body["Domain"]), body["Value"]).id}

    def DeleteRecord(self, r):
        body = r.json({"Domain": str, "RecordId": int})
        self.drop(self.by_id(body["RecordId"], body["Domain"]))
        return {}


class Aliyun(Fake):
    """As the API reference of Alibaba Cloud DNS (2015-01-09), and Request syntax and signature method V3 (RPC style) have it."""
    name, host = "aliyun", "alidns.aliyuncs.com"
    credentials = {"access_key": "LTAIexample", "access_key_secret": "ali-secret"}
    denied = "InvalidAccessKeyId.NotFound"
    spoiled = "access_key"
    ttl, fillers = 600, 101
    limited = "Throttling.User"

    def error(self, status, message, code="InvalidParameter"):
        if status == self.limited:
            status, message, code = 400, "Request was denied due to user flow control.", status
        return Reply(status, {"RequestId": "1", "HostId": self.host, "Code": code, "Message": message})

    def deny(self):
        return self.error(404, "Specified access key is not found.", "InvalidAccessKeyId.NotFound")

    def authenticate(self, r):
        found = re.fullmatch(r"ACS3-HMAC-SHA256 Credential=(\S+?),SignedHeaders=(\S+?),Signature=([0-9a-f]{64})", r.header("authorization"))
        if not found:
            raise Unexpected(f"authorization {r.header('authorization')}")
        names = found[2].split(";")
        must = {n for n in r.headers if n.startswith("x-acs-")} | {"host"}
        if names != sorted(names) or not must <= set(names):
            raise Unexpected(f"signed fields {names}")
        if not {"x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"} <= set(names):
            raise Unexpected(f"signed fields {names}")
        stamp(r.header("x-acs-date"), "%Y-%m-%dT%H:%M:%SZ")
        if r.header("x-acs-signature-nonce") in self.used:
            raise Unexpected("a nonce twice")
        self.used.add(r.header("x-acs-signature-nonce"))
        if r.header("x-acs-content-sha256") != sha256(r.body):
            raise Unexpected("x-acs-content-sha256")
        fields = "".join(f"{n}:{r.header(n).strip()}\n" for n in names)
        request = f"{r.method}\n/\n{canonical_query(r.raw_query)}\n{fields}\n{found[2]}\n{sha256(r.body)}"
        return found[1] == "LTAIexample" and mac("ali-secret", f"ACS3-HMAC-SHA256\n{sha256(request.encode())}").hex() == found[3]

    def is_change(self, request):
        return request.header("x-acs-action") in ("AddDomainRecord", "DeleteDomainRecord")

    @on("POST /")
    def call(self, r):
        if r.header("x-acs-version") != "2015-01-09":
            raise Unexpected("version")
        reply = getattr(self, r.header("x-acs-action"))(r)
        return reply if isinstance(reply, Reply) else {**reply, "RequestId": "1"}

    def DescribeDomains(self, r):
        part, _ = self.page(self.all_zones, r.args(PageNumber=DIGITS, PageSize="100")["PageNumber"], 100)
        return {"TotalCount": len(self.all_zones), "PageSize": 100, "Domains": {"Domain": [{"DomainName": z, "DomainId": str(self.zone_id(z))} for z in part]}}

    def DescribeSubDomainRecords(self, r):
        asked = r.args(DomainName=str, SubDomain=str, Type="TXT", PageNumber="1", PageSize="500")
        found = [x for x in self.of(asked["DomainName"], type="TXT") if x.fqdn == asked["SubDomain"]]
        return {"TotalCount": len(found), "DomainRecords": {"Record": [{"RecordId": str(x.id), "RR": self.show(x.name), "Type": "TXT", "Value": x.value, "TTL": 600} for x in found]}}

    def AddDomainRecord(self, r):
        asked = r.args(DomainName=str, RR=str, Type="TXT", Value=str, TTL="600")
        if any(x.value == asked["Value"] for x in self.of(asked["DomainName"], asked["RR"], "TXT")):
            return self.error(400, "The DNS record already exists.", "DomainRecordDuplicate")
        return {"RecordId": str(self.put(asked["DomainName"], self.is_relative(asked["RR"], asked["DomainName"]), asked["Value"]).id)}

    def DeleteDomainRecord(self, r):
        self.drop(self.by_id(r.args(RecordId=DIGITS)["RecordId"]))
        return {}


class NearlyFreeSpeech(Fake):
    """As public clients and recorded replies have it; no reference was found. SHA-1 over what is asked, with a salt."""
    name, host = "nearlyfreespeech", "api.nearlyfreespeech.net"
    credentials = {"login": "nfsn-login", "api_key": "nfsn-key"}
    denied = "The API request was not valid."
    ttl, apex = 300, ""

    def authenticate(self, r):
        login, seconds, salt, given = r.header("x-nfsn-authentication").split(";")
        recent(seconds)
        if not re.fullmatch("[A-Za-z0-9]{16}", salt):
            raise Unexpected(f"salt {salt}")
        if salt in self.used:
            raise Unexpected("a salt twice")
        self.used.add(salt)
        text = f"{login};{seconds};{salt};nfsn-key;{r.path};{hashlib.sha1(r.body).hexdigest()}"
        return login == "nfsn-login" and given == hashlib.sha1(text.encode()).hexdigest()

    def error(self, status, message):
        return Reply(status, {"error": message, "debug": "reason"})

    def deny(self):
        return Reply(401, {"error": "The API request was not valid.", "debug": "The authentication hash was not valid."})

    def is_change(self, request):
        return not request.path.endswith("/listRRs")

    @on("POST /dns/{zone}/listRRs")
    def list_(self, r, zone):
        body = dict(parse_qsl(r.text("application/x-www-form-urlencoded"), keep_blank_values=True))
        if not body.keys() <= {"name", "type"}:
            raise Unexpected(f"body {body}")
        return [{"name": x.name, "type": x.type, "data": x.value, "ttl": x.ttl, "scope": "member"} for x in self.of(zone)
                if body.get("name", x.name) == x.name and body.get("type", x.type) == x.type]

    @on("POST /dns/{zone}/addRR")
    def create(self, r, zone):
        body = r.form(name=str, type="TXT", data=str, ttl="300")
        self.put(zone, self.is_relative(body["name"], zone), body["data"])
        return Reply(200, "")

    @on("POST /dns/{zone}/removeRR")
    def delete(self, r, zone):
        body = r.form(name=str, type="TXT", data=str)
        self.drop([x for x in self.of(zone, body["name"], "TXT") if x.value == body["data"]][0])
        return Reply(200, "")


class Edgedns(SetFake):
    """As Edge DNS's OpenAPI files (v2) have it, Record sets; EdgeGrid signs with a key for each instant."""
    name, host = "edgedns", "akab-1.luna.akamaiapis.net"
    credentials = {"host": "akab-1.luna.akamaiapis.net", "client_token": "akab-client", "client_secret": "edge-secret=", "access_token": "akab-access"}
    denied = "Not authorized"

    def error(self, status, message):
        return Reply(status, {"type": "https://problems.luna.akamaiapis.net/x", "title": message, "status": status})

    def deny(self):
        return self.error(401, "Not authorized")

    def authenticate(self, r):
        head, signature = r.header("authorization").rsplit("signature=", 1)
        found = re.fullmatch(r"EG1-HMAC-SHA256 client_token=(\S+);access_token=(\S+);timestamp=(\S+);nonce=(\S+);", head)
        if not found:
            raise Unexpected(f"authorization {r.header('authorization')}")
        stamp(found[3], "%Y%m%dT%H:%M:%S+0000")
        key = base64.b64encode(mac("edge-secret=", found[3])).decode()
        content = base64.b64encode(hashlib.sha256(r.body[:131072]).digest()).decode() if r.method == "POST" and r.body else ""
        text = "\t".join([r.method, "https", self.host, r.target, "", content, head])
        return (found[1], found[2]) == ("akab-client", "akab-access") and signature == base64.b64encode(mac(key, text)).decode()

    base = "/config-dns/v2/zones/{zone}/names/{fqdn}/types/TXT"

    @on("GET /config-dns/v2/zones/{zone}")
    def one(self, r, zone):
        return {"zone": zone, "type": "primary"}

    @on("GET " + base)
    def read(self, r, zone, fqdn):
        values = self.values(zone, self.relative(fqdn, zone))
        return {"name": fqdn, "type": "TXT", "ttl": 60, "rdata": [f'"{v}"' for v in values]} if values else self.error(404, "Not Found")

    def change(self, r, zone, fqdn, there, status=200):
        if bool(self.values(zone, self.relative(fqdn, zone))) != there:
            return self.error(409 if not there else 404, "record set")
        body = r.json({"name": fqdn, "type": "TXT", "ttl": 60, "rdata": list})
        self.store(zone, self.relative(fqdn, zone), [self.unquoted(v) for v in body["rdata"]])
        return Reply(status, body)

    @on("POST " + base)
    def create(self, r, zone, fqdn):
        return self.change(r, zone, fqdn, False, 201)

    @on("PUT " + base)
    def write(self, r, zone, fqdn):
        return self.change(r, zone, fqdn, True)

    @on("DELETE " + base)
    def delete(self, r, zone, fqdn):
        self.store(zone, self.relative(fqdn, zone), [])
        return Reply(204)


class Wedos(Fake):
    """As the manual, WAPI - WDNS, has it: the password is digested with the hour of Prague; changes are committed at the end."""
    name, host = "wedos", "api.wedos.com"
    credentials = {"user": "someone@example.com", "auth": "wapi-password"}
    denied = "2051"
    ttl = 300

    def __init__(self):
        super().__init__()
        self.stale = set()

    def authenticate(self, r):
        self.asked = json.loads(r.form(request=str)["request"])["request"]
        more = {} if self.asked["command"] == "dns-domains-list" else {"data": dict}
        fits({"user": str, "auth": str, "command": str, **more}, self.asked, "request")
        password = hashlib.sha1(b"wapi-password").hexdigest()
        for seconds in (time.time(), time.time() - 60):  # a request that was made in the last minute of an hour
            hour = datetime.fromtimestamp(seconds, ZoneInfo("Europe/Prague")).strftime("%H")
            if self.asked["auth"] == hashlib.sha1(f"someone@example.com{password}{hour}".encode()).hexdigest():
                return True
        return False

    def well(self, data):
        return {"response": {"code": 1000, "result": "OK", "timestamp": int(time.time()), "svTRID": "1", "command": self.asked["command"], "data": data}}

    def error(self, status, message, code=2150):
        return Reply(status if status == 429 else 200, {"response": {"code": code, "result": message, "svTRID": "1"}})

    def deny(self):
        return self.error(200, "Invalid login or password", 2051)

    def is_change(self, request):
        return self.asked["command"] in ("dns-row-add", "dns-row-delete")

    @on("POST /wapi/json")
    def call(self, r):
        data, command = self.asked.get("data"), self.asked["command"]
        if command == "dns-domains-list":
            return self.well({"domain": [{"name": z, "type": "primary", "status": "active"} for z in self.all_zones]})
        if command == "dns-domain-commit":
            self.stale.discard(fits({"name": str}, data)["name"])
            return self.well({})
        if command == "dns-rows-list":
            zone = fits({"domain": str}, data)["domain"]
            return self.well({"row": [{"ID": str(x.id), "name": x.name, "ttl": str(x.ttl), "rdtype": x.type, "rdata": x.value, "author_comment": ""} for x in self.of(zone)]})
        self.stale.add(data["domain"])
        if command == "dns-row-add":
            fits({"domain": str, "name": str, "ttl": 300, "type": "TXT", "rdata": str}, data)
            if any(x.value == data["rdata"] for x in self.of(data["domain"], data["name"], "TXT")):
                return self.error(200, "Record already exists", 2316)
            self.put(data["domain"], self.is_relative(data["name"], data["domain"]), data["rdata"])
            return self.well({})
        if command != "dns-row-delete":
            raise Unexpected(f"command {command}")
        self.drop(self.by_id(fits({"domain": str, "row_id": str}, data)["row_id"], data["domain"]))
        return self.well({})

    def unfinished(self):
        return [f"not committed: {z}" for z in self.stale]
