"""Providers whose requests are signed: the signatures are computed here anew, from the providers' descriptions of them."""
import base64
import hashlib
import hmac
import json
import re
import time
from datetime import datetime
from urllib.parse import parse_qsl, quote
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from fake_providers.certbots import DIGITS, basic
from fake_providers.sessions import KEY, KEY_PEM, SessionFake
from fake_providers.sets import SetFake
from peers.fake_api import Fake, Reply, Unexpected, fits, on, pairs


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
    import calendar
    recent(calendar.timegm(time.strptime(text, form)))
    return text


class Exoscale(Fake):
    """openapi-v2.exoscale.com: EXO2-HMAC-SHA256; changes are operations."""
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
    """rest.websupport.sk/v2/docs: the signature is the password of basic authentication."""
    name, host = "websupport", "rest.websupport.sk"
    credentials = {"identifier": "ws-key", "secret_key": "ws-secret"}
    denied = "This action is unauthorized."
    ttl = 600

    def authenticate(self, r):
        date = stamp(r.header("date"), "%Y-%m-%dT%H:%M:%SZ")
        import calendar
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
    """rest.active24.cz/v2/docs: the same program."""
    name, host = "active24", "rest.active24.cz"
    credentials = {"api_key": "a24-key", "secret": "a24-secret"}


class Constellix(SetFake):
    """api-docs.constellix.com: record sets that are found by name and then fetched."""
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

    @on("GET /v1/domains/{zid}/records/TXT/search")
    def search(self, r, zid):
        left = r.args(exact=str)["exact"]
        if not self.values(self.zone_of(zid), left):
            return self.error(404, "No records matched")
        return [{"id": f"{zid}-{left}", "name": left}]

    @on("GET /v1/domains/{zid}/records/TXT/{sid}")
    def read(self, r, zid, sid):
        left = sid.split("-", 1)[1]
        return {"id": sid, "type": "TXT", "name": left, "ttl": 60, "roundRobin": [{"value": f'"{v}"', "disableFlag": False} for v in self.values(self.zone_of(zid), left)]}

    def change(self, r, zid):
        body = r.json({"name": str, "ttl": 60, "roundRobin": list})
        if any(not {"value"} <= x.keys() <= {"value", "disableFlag"} for x in body["roundRobin"]):
            raise Unexpected(f"body {body}")
        self.store(self.zone_of(zid), self.is_relative(body["name"], self.zone_of(zid)), [self.unquoted(x["value"]) for x in body["roundRobin"]])
        return {"success": "done"}

    @on("POST /v1/domains/{zid}/records/TXT")
    def create(self, r, zid):
        return Reply(201, [self.change(r, zid)])

    @on("PUT /v1/domains/{zid}/records/TXT/{sid}")
    def write(self, r, zid, sid):
        return self.change(r, zid)

    @on("DELETE /v1/domains/{zid}/records/TXT/{sid}")
    def delete(self, r, zid, sid):
        self.store(self.zone_of(zid), sid.split("-", 1)[1], [])
        return {"success": "done"}


class Tencentcloud(Fake):
    """cloud.tencent.com/document/api/1427 and /1427/56189: signature version 3."""
    name, host = "tencentcloud", "dnspod.tencentcloudapi.com"
    credentials = {"secret_id": "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "secret_key": "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"}
    denied = "AuthFailure.SecretIdNotFound"
    spoiled = "secret_id"
    ttl, fillers = 600, 101

    def error(self, status, message, code="InvalidParameter"):
        return Reply(status if status == 429 else 200, {"Response": {"Error": {"Code": code, "Message": message}, "RequestId": "1"}})

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
        return {"DomainCountInfo": {"AllTotal": len(self.all_zones)}, "DomainList": [{"DomainId": self.zone_id(z), "Name": z, "Status": "ENABLE"} for z in self.all_zones[start:start + 100]]}

    def DescribeRecordList(self, r):
        body = r.json({"Domain": str, "Subdomain": str, "RecordType": "TXT", "Offset": int, "Limit": 100})
        found = self.of(body["Domain"], body["Subdomain"], "TXT")
        if not found:
            return self.error(200, "No records on the list.", "ResourceNotFound.NoDataOfRecord")
        return {"RecordCountInfo": {"TotalCount": len(found)}, "RecordList": [{"RecordId": x.id, "Name": self.show(x.name), "Type": "TXT", "Value": x.value, "TTL": 600} for x in found]}

    def CreateRecord(self, r):
        body = r.json({"Domain": str, "SubDomain": str, "RecordType": "TXT", "RecordLine": "默认", "Value": str, "TTL": 600})
        return {"RecordId": self.put(body["Domain"], self.is_relative(body["SubDomain"], body["Domain"]), body["Value"]).id}

    def DeleteRecord(self, r):
        body = r.json({"Domain": str, "RecordId": int})
        self.drop(self.by_id(body["RecordId"], body["Domain"]))
        return {}


class Aliyun(Fake):
    """alibabacloud.com/help/en/sdk: signature version 3 (ACS3-HMAC-SHA256), RPC style."""
    name, host = "aliyun", "alidns.aliyuncs.com"
    credentials = {"access_key": "LTAIexample", "access_key_secret": "ali-secret"}
    denied = "InvalidAccessKeyId.NotFound"
    spoiled = "access_key"
    ttl, fillers = 600, 101

    def error(self, status, message, code="InvalidParameter"):
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


class Huaweicloud(SetFake):
    """support.huaweicloud.com/api-dns and /devg-apisign: SDK-HMAC-SHA256; names are found by their beginning, too."""
    name, host = "huaweicloud", "dns.cn-north-4.myhuaweicloud.com"
    credentials = {"access_key_id": "HWKEY", "secret_access_key": "hw-secret"}
    denied = "APIGW.0301: Incorrect IAM authentication information"
    spoiled = "access_key_id"
    ttl, fillers = 300, 501

    def error(self, status, message, code="DNS.0301"):
        return Reply(status, {"code": code, "message": message})

    def deny(self):
        return Reply(401, {"error_code": "APIGW.0301", "error_msg": "Incorrect IAM authentication information", "request_id": "1"})

    def authenticate(self, r):
        found = re.fullmatch(r"SDK-HMAC-SHA256 Access=(\S+), ?SignedHeaders=(\S+), ?Signature=([0-9a-f]{64})", r.header("authorization"))
        if not found:
            raise Unexpected(f"authorization {r.header('authorization')}")
        names = found[2].split(";")
        if names != sorted(names) or not {"host", "x-sdk-date"} <= set(names):
            raise Unexpected(f"signed fields {names}")
        date = stamp(r.header("x-sdk-date"), "%Y%m%dT%H%M%SZ")
        fields = "".join(f"{n}:{r.header(n).strip()}\n" for n in names)
        path = r.path if r.path.endswith("/") else r.path + "/"
        request = f"{r.method}\n{path}\n{canonical_query(r.raw_query)}\n{fields}\n{found[2]}\n{sha256(r.body)}"
        return found[1] == "HWKEY" and mac("hw-secret", f"SDK-HMAC-SHA256\n{date}\n{sha256(request.encode())}").hex() == found[3]

    @on("GET /v2/zones")
    def zones_(self, r):
        start = int(r.args(type="public", limit="500", offset=DIGITS)["offset"])
        return {"links": {}, "zones": [{"id": f"h{self.zone_id(z)}", "name": z + ".", "zone_type": "public"} for z in self.all_zones[start:start + 500]], "metadata": {"total_count": len(self.all_zones)}}

    @on("GET /v2/zones/{zid}/recordsets")
    def read(self, r, zid):
        zone, asked = self.zone_of(zid[1:]), r.args(name=str, type="TXT", limit="500")
        left = self.relative(asked["name"], zone, dot=True)
        names = sorted({x.name for x in self.of(zone, type="TXT") if x.name.startswith(left[:4])}, reverse=True)
        return {"recordsets": [{"id": f"s-{n}", "name": f"{n}.{zone}.", "type": "TXT", "ttl": 300, "status": "ACTIVE", "records": [f'"{v}"' for v in self.values(zone, n)]} for n in names],
                "metadata": {"total_count": len(names)}}

    def change(self, r, zid):
        zone = self.zone_of(zid[1:])
        body = r.json({"name": str, "type": "TXT", "ttl": 300, "records": list})
        self.store(zone, self.relative(body["name"], zone, dot=True), [self.unquoted(v) for v in body["records"]])
        return Reply(202, {"id": "s", "status": "PENDING_CREATE"})

    @on("POST /v2/zones/{zid}/recordsets")
    def create(self, r, zid):
        return self.change(r, zid)

    @on("PUT /v2/zones/{zid}/recordsets/{sid}")
    def write(self, r, zid, sid):
        return self.change(r, zid)

    @on("DELETE /v2/zones/{zid}/recordsets/{sid}")
    def delete(self, r, zid, sid):
        self.store(self.zone_of(zid[1:]), sid[2:], [])
        return Reply(202, {"id": sid, "status": "PENDING_DELETE"})


class Oraclecloud(SetFake):
    """docs.oracle.com/iaas: DNS API; request signatures with RSA and SHA-256."""
    name, host = "oraclecloud", "dns.eu-frankfurt-1.oraclecloud.com"
    credentials = {"tenancy": "ocid1.tenancy.oc1..aaaa", "user": "ocid1.user.oc1..bbbb", "fingerprint": "20:3b:97:13", "region": "eu-frankfurt-1", "key_file": "FILE"}
    files = {"key_file": KEY_PEM}
    spoiled = "fingerprint"
    denied = "NotAuthenticated"

    def error(self, status, message, code="InvalidParameter"):
        return Reply(status, {"code": code, "message": message})

    def deny(self):
        return self.error(401, "The required information to complete authentication was not provided or was incorrect.", "NotAuthenticated")

    def authenticate(self, r):
        given = dict(re.findall(r'(\w+)="([^"]*)"', r.header("authorization")))
        if not r.header("authorization").startswith("Signature ") or given.keys() != {"version", "keyId", "algorithm", "headers", "signature"} or given["version"] != "1":
            raise Unexpected(f"authorization {r.header('authorization')}")
        names = given["headers"].split()
        must = {"date", "(request-target)", "host"} | ({"content-length", "content-type", "x-content-sha256"} if r.body else set())
        if set(names) != must or given["algorithm"] != "rsa-sha256":
            raise Unexpected(f"signed fields {names}")
        stamp(r.header("date"), "%a, %d %b %Y %H:%M:%S GMT")
        if r.body and r.header("x-content-sha256") != base64.b64encode(hashlib.sha256(r.body).digest()).decode():
            raise Unexpected("x-content-sha256")
        text = "\n".join(f"{n}: {r.method.lower() + ' ' + r.target if n == '(request-target)' else r.header(n)}" for n in names)
        try:
            KEY.public_key().verify(base64.b64decode(given["signature"]), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise Unexpected("signature") from None
        return given["keyId"] == "ocid1.tenancy.oc1..aaaa/ocid1.user.oc1..bbbb/20:3b:97:13"

    @on("GET /20180115/zones/{zone}")
    def one(self, r, zone):
        return {"id": f"ocid1.dns-zone..{self.zone_id(zone)}", "name": zone}

    @on("GET /20180115/zones/{zone}/records/{fqdn}")
    def read(self, r, zone, fqdn):
        r.args(rtype="TXT")
        return {"items": [{"domain": fqdn, "rtype": "TXT", "rdata": f'"{v}"', "ttl": 60, "isProtected": False} for v in self.values(zone, self.relative(fqdn, zone))]}

    @on("PATCH /20180115/zones/{zone}/records/{fqdn}")
    def change(self, r, zone, fqdn):
        left = self.relative(fqdn, zone)
        for x in r.json({"items": list})["items"]:
            value = self.unquoted(x["rdata"])
            if x["operation"] == "ADD" and x.keys() == {"domain", "rtype", "rdata", "ttl", "operation"} and (x["domain"], x["rtype"], x["ttl"]) == (fqdn, "TXT", 60):
                if value not in self.values(zone, left):
                    self.put(zone, left, value)
            elif x["operation"] == "REMOVE" and x.keys() == {"domain", "rtype", "rdata", "operation"} and (x["domain"], x["rtype"]) == (fqdn, "TXT"):
                self.store(zone, left, [v for v in self.values(zone, left) if v != value])
            else:
                raise Unexpected(f"item {x}")
        return {"items": []}


class Google(SessionFake, SetFake):
    """cloud.google.com/dns/docs/reference/rest/v1; a service account trades a JWT for a token."""
    name, host = "google", "dns.googleapis.com"
    hosts = ("dns.googleapis.com", "oauth2.googleapis.com")
    account = {"type": "service_account", "project_id": "project-9", "private_key_id": "key-1", "private_key": KEY_PEM, "client_email": "acme@project-9.iam.gserviceaccount.com",
               "token_uri": "https://oauth2.googleapis.com/token"}
    credentials, whole_file, spoiled = account, True, "client_email"
    denied = "Invalid grant: account not found"
    open_routes = ("/token",)
    base = "/dns/v1/projects/project-9/managedZones"

    def __init__(self):
        super().__init__()
        self.pending = {}

    def error(self, status, message):
        return Reply(status, {"error": {"code": status, "message": message, "errors": []}})

    @on("POST /token", host="oauth2.googleapis.com")
    def login(self, r):
        jwt = r.form(grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=str)["assertion"]
        head, claims, signature = (base64.urlsafe_b64decode(p + "=" * (-len(p) % 4)) for p in jwt.split("."))
        KEY.public_key().verify(signature, jwt.rsplit(".", 1)[0].encode(), padding.PKCS1v15(), hashes.SHA256())
        head, claims = json.loads(head), json.loads(claims)
        if head.get("alg") != "RS256" or claims["aud"] != "https://oauth2.googleapis.com/token" or not 0 < claims["exp"] - claims["iat"] <= 3600:
            raise Unexpected(f"JWT {head} {claims}")
        if claims["scope"] != "https://www.googleapis.com/auth/ndev.clouddns.readwrite":
            raise Unexpected(f"scope {claims['scope']}")
        recent(claims["iat"])
        if claims["iss"] != self.account["client_email"]:
            return Reply(400, {"error": "invalid_grant", "error_description": "Invalid grant: account not found"})
        return {"access_token": self.session, "expires_in": 3599, "token_type": "Bearer"}

    def is_change(self, request):
        return request.method == "POST" and request.path.endswith("/changes")

    @on("GET " + base, host="dns.googleapis.com")
    def zones_(self, r):
        asked = r.args(dnsName=re.compile(r".+\."))["dnsName"]
        found = [{"id": str(self.zone_id(z)), "name": z.replace(".", "-"), "dnsName": z + ".", "visibility": "public"} for z in self.all_zones if z + "." == asked]
        private = [{"id": "1", "name": "inside", "dnsName": asked, "visibility": "private"}] if found else []
        return {"managedZones": private + found} if found else {}

    def named(self, zid):
        for zone in self.all_zones:
            if zid in (str(self.zone_id(zone)), zone.replace(".", "-")):
                return zone
        raise self.error(404, "The 'parameters.managedZone' resource was not found.")

    @on("GET " + base + "/{zid}/rrsets")
    def read(self, r, zid):
        zone, asked = self.named(zid), r.args(name=str, type="TXT")
        values = self.values(zone, self.relative(asked["name"], zone, dot=True))
        return {"rrsets": [{"name": asked["name"], "type": "TXT", "ttl": 60, "rrdatas": [f'"{v}"' for v in values]}] if values else []}

    @on("POST " + base + "/{zid}/changes")
    def change(self, r, zid):
        zone = self.named(zid)
        body = r.json(dict)
        if not body.keys() <= {"additions", "deletions", "kind"}:
            raise Unexpected(f"change {body}")
        for x in body.get("deletions", []):
            left = self.relative(x["name"], zone, dot=True)
            if sorted(v.strip('"') for v in x["rrdatas"]) != sorted(self.values(zone, left)) or (x["ttl"], x["type"]) != (60, "TXT"):
                return self.error(412, "Precondition not met for 'entity.change.deletions[0]'")
            self.store(zone, left, [])
        for x in body.get("additions", []):
            left = self.relative(x["name"], zone, dot=True)
            if self.values(zone, left) or (x["ttl"], x["type"]) != (60, "TXT"):
                return self.error(409, "The resource 'entity.change.additions[0]' already exists")
            self.store(zone, left, [v.strip('"') for v in x["rrdatas"]])
        number = str(len(self.pending) + 1)
        self.pending[number] = ["pending", "done"]
        return {"id": number, "status": "pending"}

    @on("GET " + base + "/{zid}/changes/{number}")
    def changed(self, r, zid, number):
        left = self.pending[number]
        return {"id": number, "status": left.pop(0) if len(left) > 1 else left[0]}


class Route53(SetFake):
    """docs.aws.amazon.com/Route53/latest/APIReference: XML, signature version 4."""
    name, host = "route53", "route53.amazonaws.com"
    credentials = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "aws/secret+key"}
    environment = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "aws/secret+key"}
    spoiled = "AWS_ACCESS_KEY_ID"
    denied = "InvalidClientTokenId"
    ttl, fillers = 10, 101
    namespace = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'

    def __init__(self):
        super().__init__()
        self.batches = {}

    def error(self, status, message, code="InvalidChangeBatch"):
        return Reply(status, f'<?xml version="1.0"?>\n<ErrorResponse {self.namespace}><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>')

    def deny(self):
        return self.error(403, "The security token included in the request is invalid.", "InvalidClientTokenId")

    def authenticate(self, r):
        found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=(\S+)/(\d{8})/us-east-1/route53/aws4_request, ?SignedHeaders=(\S+), ?Signature=([0-9a-f]{64})", r.header("authorization"))
        if not found:
            raise Unexpected(f"authorization {r.header('authorization')}")
        names = found[3].split(";")
        if names != sorted(names) or not {"host", "x-amz-date"} <= set(names):
            raise Unexpected(f"signed fields {names}")
        date = stamp(r.header("x-amz-date"), "%Y%m%dT%H%M%SZ")
        fields = "".join(f"{n}:{' '.join(r.header(n).split())}\n" for n in names)
        path = quote(r.path, safe="/-_.~")
        request = f"{r.method}\n{path}\n{canonical_query(r.raw_query)}\n{fields}\n{found[3]}\n{sha256(r.body)}"
        scope = f"{found[2]}/us-east-1/route53/aws4_request"
        key = mac(mac(mac(mac("AWS4" + "aws/secret+key", found[2]), "us-east-1"), "route53"), "aws4_request")
        return found[1] == "AKIDEXAMPLE" and mac(key, f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{sha256(request.encode())}").hex() == found[4]

    def document(self, root, inner):
        return f'<?xml version="1.0"?>\n<{root} {self.namespace}>{inner}</{root}>'

    @on("GET /2013-04-01/hostedzone")
    def zones_(self, r):
        asked = r.args(may={"marker": (str, ""), "maxitems": (DIGITS, "100")})
        start = int(asked["marker"] or 0)
        part = self.all_zones[start:start + 100]
        inner = "".join(f"<HostedZone><Id>/hostedzone/Z{self.zone_id(z)}</Id><Name>{z}.</Name><Config><PrivateZone>false</PrivateZone></Config></HostedZone>" for z in part)
        if start == 0:
            inner += "<HostedZone><Id>/hostedzone/Z1</Id><Name>sub.example.com.</Name><Config><PrivateZone>true</PrivateZone></Config></HostedZone>"
        more = start + 100 < len(self.all_zones)
        return self.document("ListHostedZonesResponse", f"<HostedZones>{inner}</HostedZones><IsTruncated>{str(more).lower()}</IsTruncated>"
                             + (f"<NextMarker>{start + 100}</NextMarker>" if more else "") + "<MaxItems>100</MaxItems>")

    @on("GET /2013-04-01/hostedzone/{zid}/rrset")
    def read(self, r, zid):
        zone = self.zone_of(zid[1:])
        asked = r.args(name=str, type="TXT", may={"maxitems": (DIGITS, "100")})
        name = asked["name"].removesuffix(".")
        names = sorted({x.fqdn for x in self.of(zone, type="TXT")}, key=lambda n: n != name)
        inner = "".join(f"<ResourceRecordSet><Name>{n}.</Name><Type>TXT</Type><TTL>10</TTL><ResourceRecords>"
                        + "".join(f'<ResourceRecord><Value>"{v}"</Value></ResourceRecord>' for v in self.values(zone, self.relative(n, zone)))
                        + "</ResourceRecords></ResourceRecordSet>" for n in names[:int(asked["maxitems"])])
        return self.document("ListResourceRecordSetsResponse", f"<ResourceRecordSets>{inner}</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>")

    @on("POST /2013-04-01/hostedzone/{zid}/rrset/")
    @on("POST /2013-04-01/hostedzone/{zid}/rrset")
    def change(self, r, zid):
        from xml.etree import ElementTree
        zone = self.zone_of(zid[1:])
        r.body_read = True
        space = "{https://route53.amazonaws.com/doc/2013-04-01/}"
        root = ElementTree.fromstring(r.body)
        if root.tag != space + "ChangeResourceRecordSetsRequest":
            raise Unexpected(f"root {root.tag}")
        for one in root.iter(space + "Change"):
            action, record = one.find(space + "Action").text, one.find(space + "ResourceRecordSet")
            left = self.relative(record.find(space + "Name").text.removesuffix("."), zone)
            values = [self.unquoted(v.text) for v in record.iter(space + "Value")]
            if record.find(space + "Type").text != "TXT" or record.find(space + "TTL").text != "10":
                raise Unexpected(f"change {r.body}")
            if action == "DELETE":
                if sorted(values) != sorted(self.values(zone, left)):
                    return self.error(400, "Tried to delete resource record set but it was not found")
                self.store(zone, left, [])
            elif action == "UPSERT":
                self.store(zone, left, values)
            else:
                raise Unexpected(f"action {action}")
        number = f"C{len(self.batches) + 1}"
        self.batches[number] = ["PENDING", "INSYNC"]
        return self.document("ChangeResourceRecordSetsResponse", f"<ChangeInfo><Id>/change/{number}</Id><Status>PENDING</Status></ChangeInfo>")

    @on("GET /2013-04-01/change/{number}")
    def changed(self, r, number):
        left = self.batches[number]
        return self.document("GetChangeResponse", f"<ChangeInfo><Id>/change/{number}</Id><Status>{left.pop(0) if len(left) > 1 else left[0]}</Status></ChangeInfo>")


class NearlyFreeSpeech(Fake):
    """members.nearlyfreespeech.net/wiki/API: SHA-1 over what is asked, with a salt."""
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
    """techdocs.akamai.com/edge-dns; EdgeGrid signs with a key for each instant."""
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

    def change(self, r, zone, fqdn, there):
        if bool(self.values(zone, self.relative(fqdn, zone))) != there:
            return self.error(409 if not there else 404, "record set")
        body = r.json({"name": fqdn, "type": "TXT", "ttl": 60, "rdata": list})
        self.store(zone, self.relative(fqdn, zone), [self.unquoted(v) for v in body["rdata"]])
        return body

    @on("POST " + base)
    def create(self, r, zone, fqdn):
        return self.change(r, zone, fqdn, False)

    @on("PUT " + base)
    def write(self, r, zone, fqdn):
        return self.change(r, zone, fqdn, True)

    @on("DELETE " + base)
    def delete(self, r, zone, fqdn):
        self.store(zone, self.relative(fqdn, zone), [])
        return Reply(204)


class Baidu(Fake):
    """cloud.baidu.com/doc/DNS and /doc/Reference (bce-auth-v1); markers lead through lists, changes have no reply."""
    name, host = "baidu", "dns.baidubce.com"
    credentials = {"access_key": "baidu-ak", "secret_key": "baidu-sk"}
    spoiled = "access_key"
    denied = "InvalidAccessKeyId"
    ttl, fillers = 300, 1001

    def error(self, status, message, code="BadRequest"):
        return Reply(status, {"requestId": "1", "code": code, "message": message})

    def deny(self):
        return self.error(403, "The Access Key ID you provided does not exist in our records.", "InvalidAccessKeyId")

    def authenticate(self, r):
        found = re.fullmatch(r"bce-auth-v1/([^/]+)/([^/]+)/(\d+)/([^/]*)/([0-9a-f]{64})", r.header("authorization"))
        if not found:
            raise Unexpected(f"authorization {r.header('authorization')}")
        names = found[4].split(";")
        if names != sorted(names) or "host" not in names:
            raise Unexpected(f"signed fields {names}")
        stamp(found[2], "%Y-%m-%dT%H:%M:%SZ")
        fields = "\n".join(sorted(f"{quote(n, safe='-_.~')}:{quote(r.header(n).strip(), safe='-_.~')}" for n in names))
        request = f"{r.method}\n{quote(r.path, safe='/-_.~')}\n{canonical_query(r.raw_query)}\n{fields}"
        key = mac("baidu-sk", f"bce-auth-v1/{found[1]}/{found[2]}/{found[3]}").hex()
        return found[1] == "baidu-ak" and mac(key, request).hex() == found[5]

    def listed(self, r, key, things, **more):
        start = int(r.args(maxKeys="1000", may={"marker": (DIGITS, "0")}, **more)["marker"])
        following = {"nextMarker": str(start + 1000)} if start + 1000 < len(things) else {}
        return {"marker": str(start), "isTruncated": bool(following), "maxKeys": 1000, key: things[start:start + 1000], **following}

    @on("GET /v1/dns/zone")
    def zones_(self, r):
        return self.listed(r, "zones", [{"id": f"z{self.zone_id(z)}", "name": z, "status": "running"} for z in self.all_zones])

    @on("GET /v1/dns/zone/{zone}/record")
    def records_(self, r, zone):
        name = pairs(r.raw_query, "query")["rr"]
        return self.listed(r, "records", [{"id": str(x.id), "rr": self.show(x.name), "type": x.type, "value": x.value, "ttl": x.ttl, "status": "running"} for x in self.of(zone, name)], rr=str)

    @on("POST /v1/dns/zone/{zone}/record")
    def create(self, r, zone):
        body = r.json({"rr": str, "type": "TXT", "value": str, "ttl": 300})
        self.put(zone, self.is_relative(body["rr"], zone), body["value"])
        return Reply(200, "")

    @on("DELETE /v1/dns/zone/{zone}/record/{number}")
    def delete(self, r, zone, number):
        self.drop(self.by_id(number, zone))
        return Reply(200, "")


class Volcengine(Fake):
    """www.volcengine.com/docs/6758 (DNS) and /6369 (signatures)."""
    name, host = "volcengine", "open.volcengineapi.com"
    credentials = {"access_key": "volc-ak", "secret_key": "volc-sk"}
    spoiled = "access_key"
    denied = "InvalidAccessKey"
    ttl, fillers = 600, 101

    def error(self, status, message, code="InvalidParameter"):
        return Reply(status, {"ResponseMetadata": {"RequestId": "1", "Error": {"Code": code, "Message": message}}})

    def deny(self):
        return self.error(401, "Invalid AccessKey in the request", "InvalidAccessKey")

    def well(self, result):
        return {"ResponseMetadata": {"RequestId": "1", "Service": "dns"}, "Result": result}

    def authenticate(self, r):
        found = re.fullmatch(r"HMAC-SHA256 Credential=(\S+)/(\d{8})/cn-north-1/dns/request, ?SignedHeaders=(\S+), ?Signature=([0-9a-f]{64})", r.header("authorization"))
        if not found:
            raise Unexpected(f"authorization {r.header('authorization')}")
        names = found[3].split(";")
        if names != sorted(names) or not {"host", "x-date"} <= set(names):
            raise Unexpected(f"signed fields {names}")
        date = stamp(r.header("x-date"), "%Y%m%dT%H%M%SZ")
        if r.header("x-content-sha256") not in ("", sha256(r.body)):
            raise Unexpected("x-content-sha256")
        fields = "".join(f"{n}:{r.header(n).strip()}\n" for n in names)
        request = f"{r.method}\n/\n{canonical_query(r.raw_query)}\n{fields}\n{found[3]}\n{sha256(r.body)}"
        key = mac(mac(mac(mac("volc-sk", found[2]), "cn-north-1"), "dns"), "request")
        text = f"HMAC-SHA256\n{date}\n{found[2]}/cn-north-1/dns/request\n{sha256(request.encode())}"
        return found[1] == "volc-ak" and mac(key, text).hex() == found[4]

    @on("GET /")
    def ask(self, r):
        asked = pairs(r.raw_query, "query")
        if asked["Action"] == "ListZones":
            r.args(Version="2018-08-01", Action="ListZones", PageNumber=DIGITS, PageSize="100")
            part, _ = self.page(self.all_zones, asked["PageNumber"], 100)
            return self.well({"Total": len(self.all_zones), "Zones": [{"ZID": self.zone_id(z), "ZoneName": z} for z in part]})
        r.args(Version="2018-08-01", Action="ListRecords", ZID=DIGITS, PageNumber="1", PageSize="100")
        found = self.of(self.zone_of(asked["ZID"]))
        return self.well({"TotalCount": len(found), "Records": [{"RecordID": f"v{x.id}", "Host": self.show(x.name), "Type": x.type, "Value": x.value, "TTL": x.ttl, "Line": "default"} for x in found]})

    @on("POST /")
    def change(self, r):
        if r.args(Version="2018-08-01", Action={"CreateRecord", "DeleteRecord"})["Action"] == "DeleteRecord":
            self.drop(self.by_id(r.json({"RecordID": str})["RecordID"][1:]))
            return self.well({})
        body = r.json({"ZID": int, "Host": str, "Type": "TXT", "Value": str, "TTL": 600})
        zone = self.zone_of(body["ZID"])
        return self.well({"RecordID": f"v{self.put(zone, self.is_relative(body['Host'], zone), body['Value']).id}"})


class Wedos(Fake):
    """kb.wedos.com, WAPI: the password is digested with the hour of Prague; changes are committed at the end."""
    name, host = "wedos", "api.wedos.com"
    credentials = {"user": "someone@example.com", "auth": "wapi-password"}
    denied = "2051"
    ttl = 300

    def __init__(self):
        super().__init__()
        self.stale = set()

    def authenticate(self, r):
        self.asked = fits({"user": str, "auth": str, "command": str, "data": object}, json.loads(r.form(request=str)["request"])["request"], "request")
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
        data, command = self.asked["data"], self.asked["command"]
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
            self.put(data["domain"], self.is_relative(data["name"], data["domain"]), data["rdata"])
            return self.well({})
        if command != "dns-row-delete":
            raise Unexpected(f"command {command}")
        self.drop(self.by_id(fits({"domain": str, "row_id": str}, data)["row_id"], data["domain"]))
        return self.well({})

    def unfinished(self):
        return [f"not committed: {z}" for z in self.stale]
