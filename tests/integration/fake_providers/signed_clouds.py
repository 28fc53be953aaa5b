"""Large clouds whose requests are signed."""
import base64
import hashlib
import json
import re
from urllib.parse import quote
from xml.etree import ElementTree

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from fake_providers.certbots import DIGITS
from fake_providers.sessions import KEY, KEY_PEM, SessionFake
from fake_providers.sets import SetFake
from fake_providers.signed import canonical_query, mac, recent, sha256, stamp
from peers.fake_api import Fake, Reply, Unexpected, on, pairs


class Huaweicloud(SetFake):
    """As the Domain Name Service API reference (v2) has it, with AK/SK signing, SDK-HMAC-SHA256; a search by name finds longer names, too."""
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
    """As the DNS API reference (20180115) and Request Signatures, version 1, have it."""
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
    """As the Cloud DNS API v1 reference and its discovery document have it; a service account trades a JWT for a token. Too many
    requests are told by a reason, with status 403."""
    name, host = "google", "dns.googleapis.com"
    hosts = ("dns.googleapis.com", "oauth2.googleapis.com")
    account = {"type": "service_account", "project_id": "project-9", "private_key_id": "key-1", "private_key": KEY_PEM, "client_email": "acme@project-9.iam.gserviceaccount.com",
               "token_uri": "https://oauth2.googleapis.com/token"}
    credentials, whole_file, spoiled = account, True, "client_email"
    denied = "Invalid grant: account not found"
    open_routes = ("/token",)
    base = "/dns/v1/projects/project-9/managedZones"
    limited = 403

    def __init__(self):
        super().__init__()
        self.pending = {}

    def error(self, status, message):
        reason = "rateLimitExceeded" if message == "too many requests" else "invalid"
        return Reply(status, {"error": {"code": status, "message": message, "errors": [{"domain": "global", "reason": reason, "message": message}]}})

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
        private = [{"id": "1", "name": "inside", "dnsName": asked, "visibility": "private", "privateVisibilityConfig": {"networks": []}}] if found else []
        return {"kind": "dns#managedZonesListResponse", "managedZones": private + found}

    def named(self, zid):
        for zone in self.all_zones:
            if zid in (str(self.zone_id(zone)), zone.replace(".", "-")):
                return zone
        raise self.error(404, "The 'parameters.managedZone' resource was not found.")

    may_list = True

    @on("GET " + base + "/{zid}/rrsets")
    def read(self, r, zid):
        if not self.may_list:
            r.args(name=str, type="TXT")
            return self.error(403, "Required 'dns.resourceRecordSets.list' permission")
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
    """As the Route 53 API Reference and the Developer Guide (throttling) have it: XML, whose elements have an order; signature version 4."""
    name, host = "route53", "route53.amazonaws.com"
    credentials = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "aws/secret+key"}
    environment = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "aws/secret+key"}
    spoiled = "AWS_ACCESS_KEY_ID"
    denied = "InvalidClientTokenId"
    keys = ("AKIDEXAMPLE", "aws/secret+key", "")  # and the token of a session
    may_list = True
    ttl, fillers, limited = 10, 101, 400
    namespace = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'

    def __init__(self):
        super().__init__()
        self.batches = {}

    def error(self, status, message, code="InvalidInput"):
        if message == self.fails or "but it was not found" in message:
            return Reply(400, self.document("InvalidChangeBatch", f"<Messages><Message>{message}</Message></Messages><RequestId>1</RequestId>"))
        if message == "too many requests":
            message, code = "Rate exceeded", "Throttling"
        return Reply(status, f'<?xml version="1.0"?>\n<ErrorResponse {self.namespace}><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>')

    def deny(self):
        return self.error(403, "The security token included in the request is invalid.", "InvalidClientTokenId")

    def authenticate(self, r):
        found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=(\S+)/(\d{8})/us-east-1/route53/aws4_request, ?SignedHeaders=(\S+), ?Signature=([0-9a-f]{64})", r.header("authorization"))
        if not found:
            raise Unexpected(f"authorization {r.header('authorization')}")
        names = found[3].split(";")
        access, secret, session = self.keys
        if names != sorted(names) or not {"host", "x-amz-date", *(["x-amz-security-token"] if session else [])} <= set(names):
            raise Unexpected(f"signed fields {names}")
        date = stamp(r.header("x-amz-date"), "%Y%m%dT%H%M%SZ")
        fields = "".join(f"{n}:{' '.join(r.header(n).split())}\n" for n in names)
        path = quote(r.path, safe="/-_.~")
        request = f"{r.method}\n{path}\n{canonical_query(r.raw_query)}\n{fields}\n{found[3]}\n{sha256(r.body)}"
        scope = f"{found[2]}/us-east-1/route53/aws4_request"
        key = mac(mac(mac(mac("AWS4" + secret, found[2]), "us-east-1"), "route53"), "aws4_request")
        return (found[1], r.header("x-amz-security-token")) == (access, session) and mac(key, f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{sha256(request.encode())}").hex() == found[4]

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
        if not self.may_list:
            return self.error(403, "User: arn:aws:iam::1:user/acme is not authorized to perform: route53:ListResourceRecordSets", "AccessDenied")
        name = asked["name"].removesuffix(".")
        names = sorted({x.fqdn for x in self.of(zone, type="TXT")}, key=lambda n: n != name)
        inner = "".join(f"<ResourceRecordSet><Name>{n}.</Name><Type>TXT</Type><TTL>10</TTL><ResourceRecords>"
                        + "".join(f'<ResourceRecord><Value>"{v}"</Value></ResourceRecord>' for v in self.values(zone, self.relative(n, zone)))
                        + "</ResourceRecords></ResourceRecordSet>" for n in names[:int(asked["maxitems"])])
        return self.document("ListResourceRecordSetsResponse", f"<ResourceRecordSets>{inner}</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>")

    @on("POST /2013-04-01/hostedzone/{zid}/rrset/")
    @on("POST /2013-04-01/hostedzone/{zid}/rrset")
    def change(self, r, zid):
        zone = self.zone_of(zid[1:])
        r.body_read = True
        space = "{https://route53.amazonaws.com/doc/2013-04-01/}"
        root = ElementTree.fromstring(r.body)
        if root.tag != space + "ChangeResourceRecordSetsRequest":
            raise Unexpected(f"root {root.tag}")
        for one in root.iter(space + "Change"):
            action, record = one.find(space + "Action").text, one.find(space + "ResourceRecordSet")
            if [x.tag.removeprefix(space) for x in (*one, *record)] != ["Action", "ResourceRecordSet", "Name", "Type", "TTL", "ResourceRecords"]:
                raise Unexpected(f"order of elements in {r.body}")
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


class Baidu(Fake):
    """As the API reference of public DNS and the provider's own library (bce-auth-v1) have it; markers lead through lists, changes have no reply."""
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
    """As the reference of the DNS API (2018-08-01) and of signatures has them; the region is that of the provider's own SDK."""
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
        found = re.fullmatch(r"HMAC-SHA256 Credential=(\S+)/(\d{8})/cn-beijing/dns/request, ?SignedHeaders=(\S+), ?Signature=([0-9a-f]{64})", r.header("authorization"))
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
        key = mac(mac(mac(mac("volc-sk", found[2]), "cn-beijing"), "dns"), "request")
        text = f"HMAC-SHA256\n{date}\n{found[2]}/cn-beijing/dns/request\n{sha256(request.encode())}"
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
