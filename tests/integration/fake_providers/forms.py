"""Providers that are asked by forms, and services for dynamic DNS that keep one value for a name."""
import json
from urllib.parse import parse_qsl

from fake_providers.certbots import DIGITS, basic
from peers.fake_api import Fake, Reply, Unexpected, fits, on


class Dnspod(Fake):
    """As the DNSPod user API, v4.6, has it: status.code says how it went. Clients may ask for records of a type, which it does not have."""
    name, host = "dnspod", "dnsapi.cn"
    credentials = {"api_token": "13490,6b5976c68aba5b14a0558b77c17c3932"}
    denied = "-1: Login fail"
    ttl, fillers = 600, 101

    def authenticate(self, request):
        return b"login_token=13490%2C6b5976c68aba5b14a0558b77c17c3932" in request.body

    def well(self, **more):
        return {"status": {"code": "1", "message": "Action completed successful"}, **more}

    def error(self, status, message, code="6"):
        return Reply(status if status == 429 else 200, {"status": {"code": code, "message": message}})

    def deny(self):
        return self.error(200, "Login fail, please check login info", "-1")

    def is_change(self, request):
        return request.path in ("/Record.Create", "/Record.Remove")

    def asked(self, r, **more):
        return r.form(login_token=str, format="json", lang="en", **more)

    @on("POST /Domain.List")
    def zones_(self, r):
        start = int(self.asked(r, offset=DIGITS, length="100")["offset"])
        return self.well(info={"domain_total": len(self.all_zones)},
                         domains=[{"id": self.zone_id(z), "name": z.encode().decode("idna"), "punycode": z, "status": "enable"} for z in self.all_zones[start:start + 100]])

    @on("POST /Record.List")
    def records_(self, r):
        only = {"record_type": "TXT"} if b"&record_type=" in r.body else {}
        body = self.asked(r, domain_id=DIGITS, sub_domain=str, **only)
        found = self.of(self.zone_of(body["domain_id"]), body["sub_domain"], only.get("record_type"))
        if not found:
            return self.error(200, "No records on the list", "10")
        return self.well(records=[{"id": str(x.id), "name": self.show(x.name), "line": "默认", "line_id": "0", "type": x.type, "value": x.value, "ttl": "600"} for x in found])

    @on("POST /Record.Create")
    def create(self, r):
        body = self.asked(r, domain_id=DIGITS, sub_domain=str, record_type="TXT", record_line_id="0", value=str, ttl="600")
        zone = self.zone_of(body["domain_id"])
        return self.well(record={"id": str(self.put(zone, self.is_relative(body["sub_domain"], zone), body["value"]).id)})

    @on("POST /Record.Remove")
    def delete(self, r):
        body = self.asked(r, domain_id=DIGITS, record_id=DIGITS)
        self.drop(self.by_id(body["record_id"], self.zone_of(body["domain_id"])))
        return self.well()


class Cloudns(Fake):
    """As the HTTP API's pages Get zone information, List records, Add record and Delete record have it."""
    name, host = "cloudns", "api.cloudns.net"
    credentials = {"auth_id": "4711", "auth_password": "cloudns-password"}
    who, wrong = {"auth-id": "4711"}, "auth-id"
    denied = "Invalid authentication"

    def authenticate(self, request):
        return b"auth-password=cloudns-password" in request.body

    def error(self, status, message):
        return Reply(status if status == 429 else 200, {"status": "Failed", "statusDescription": message})

    def deny(self):
        return self.error(200, f"Invalid authentication, incorrect {self.wrong} or auth-password.")

    def is_change(self, request):
        return "/add-" in request.path or "/delete-" in request.path

    def asked(self, r, **more):
        body = r.form(**{**self.who, "auth-password": "cloudns-password", "domain-name": str}, **more)
        if body["domain-name"] not in self.all_zones:
            raise self.error(200, "Missing domain-name")
        return body["domain-name"], body

    @on("POST /dns/get-zone-info.json")
    def one(self, r):
        zone, _ = self.asked(r)
        return {"name": zone, "type": "master", "zone": "domain", "status": "1"}

    @on("POST /dns/records.json")
    def records_(self, r):
        zone, body = self.asked(r, type="TXT", host=str)
        return {str(x.id): {"id": str(x.id), "type": "TXT", "host": x.name, "record": x.value, "ttl": "60", "status": 1} for x in self.of(zone, body["host"], "TXT")} or []

    @on("POST /dns/add-record.json")
    def create(self, r):
        zone, body = self.asked(r, **{"record-type": "TXT"}, host=str, record=str, ttl="60")
        return {"status": "Success", "statusDescription": "The record was added successfully.", "data": {"id": self.put(zone, self.is_relative(body["host"], zone), body["record"]).id}}

    @on("POST /dns/delete-record.json")
    def delete(self, r):
        zone, body = self.asked(r, **{"record-id": DIGITS})
        found = [x for x in self.of(zone) if str(x.id) == body["record-id"]]
        if not found:
            return self.error(200, "Invalid record-id param.")
        self.drop(found[0])
        return {"status": "Success", "statusDescription": "The record was deleted successfully."}


class CloudnsSub(Cloudns):
    """The same as a sub-user."""
    credentials = {"sub_auth_user": "helper", "auth_password": "cloudns-password"}
    who, wrong = {"sub-auth-user": "helper"}, "sub-auth-id, sub-auth-user"


class Dreamhost(Fake):
    """As "DNS API commands" and "API overview" have it; there are no zones."""
    name, host = "dreamhost", "api.dreamhost.com"
    credentials = {"api_key": "DREAMKEY"}
    denied = "invalid_api_key"
    no_zone = "no_such_zone"

    def authenticate(self, request):
        return b"key=DREAMKEY&" in request.body

    def error(self, status, message):
        return Reply(200, {"result": "error", "data": "slow_down_bucko" if status == 429 else message})

    def deny(self):
        return self.error(200, "invalid_api_key")

    def is_change(self, request):
        return b"list_records" not in request.body

    @on("POST /")
    def call(self, r):
        if b"dns-list_records" in r.body:
            r.form(key="DREAMKEY", cmd="dns-list_records", format="json")
            return {"result": "success", "data": [{"record": x.fqdn, "zone": x.zone, "type": x.type, "value": x.value, "editable": "1"} for x in self.records]}
        body = r.form(key="DREAMKEY", cmd={"dns-add_record", "dns-remove_record"}, format="json", record=str, type="TXT", value=str)
        zones = [z for z in self.all_zones if body["record"].endswith("." + z)]
        if not zones:
            return self.error(200, "no_such_zone")
        zone = max(zones, key=len)
        found = [x for x in self.of(zone, self.relative(body["record"], zone), "TXT") if x.value == body["value"]]
        if body["cmd"] == "dns-add_record":
            if found:
                return self.error(200, "record_already_exists_remove_first")
            self.put(zone, self.relative(body["record"], zone), body["value"])
            return {"result": "success", "data": "record_added"}
        if not found:
            return self.error(200, "no_such_record")
        self.drop(found[0])
        return {"result": "success", "data": "record_removed"}


class Regru(Fake):
    """As the documentation of the maker's client for Perl (REG.API v2) has it: JSON inside a form, two places that say how it went."""
    name, host = "regru", "api.reg.ru"
    credentials = {"username": "reg-user", "password": "reg-password"}
    denied = "PASSWORD_AUTH_FAILED"

    def authenticate(self, request):
        return b"password=reg-password" in request.body and b"username=reg-user" in request.body

    def error(self, status, message, code="ACCESS_DENIED"):
        code = "IP_EXCEEDED_ALLOWED_CONNECTION_RATE" if status == 429 else code
        return Reply(200, {"result": "error", "error_code": code, "error_text": message, "charset": "utf-8"})

    def deny(self):
        return self.error(200, "Username/password Incorrect", "PASSWORD_AUTH_FAILED")

    def is_change(self, request):
        return request.path.endswith(("add_txt", "remove_record"))

    def asked(self, r, pattern):
        data = json.loads(r.form(username="reg-user", password="reg-password", input_format="json", output_content_type="plain", input_data=str)["input_data"])
        if data.keys() != pattern.keys():
            raise Unexpected(f"input_data {data}")
        return (data["domains"][0]["dname"], data) if "domains" in data else (None, data)

    def done(self, zone, **more):
        return {"result": "success", "answer": {"domains": [{"dname": zone, "result": "success", "service_id": 12345, **more}]}}

    @on("POST /api/regru2/service/get_list")
    def zones_(self, r):
        self.asked(r, {"servtype": "domain"})
        return {"result": "success", "answer": {"services": [{"dname": z, "servtype": "domain", "state": "A", "service_id": str(self.zone_id(z))} for z in self.all_zones]}}

    @on("POST /api/regru2/zone/get_resource_records")
    def records_(self, r):
        zone, _ = self.asked(r, {"domains": list})
        return self.done(zone, rrs=[{"subname": self.show(x.name), "rectype": x.type, "content": x.value, "prio": 0, "state": "A"} for x in self.of(zone)])

    @on("POST /api/regru2/zone/add_txt")
    def create(self, r):
        zone, data = self.asked(r, {"domains": list, "subdomain": str, "text": str})
        self.put(zone, self.is_relative(data["subdomain"], zone), data["text"])
        return self.done(zone)

    @on("POST /api/regru2/zone/remove_record")
    def delete(self, r):
        zone, data = self.asked(r, {"domains": list, "subdomain": str, "content": str, "record_type": str})
        found = [x for x in self.of(zone, data["subdomain"], data["record_type"]) if x.value == data["content"]]
        if not found:
            return {"result": "success", "answer": {"domains": [{"dname": zone, "result": "error", "error_code": "RR_NOT_FOUND", "error_text": "no such record"}]}}
        self.drop(found[0])
        return self.done(zone)


class OneValue(Fake):
    """A name holds one value; writing replaces it."""
    slots, seeds = 1, ()
    limits = False
    no_zone = None

    def keep(self, name, value):
        for x in [x for x in self.records if x.name == name]:
            self.drop(x)
        if value:
            self.put("", name, value)

    def state(self):
        return sorted((x.name, x.type, x.value) for x in self.records)


class Duckdns(OneValue):
    """As "Duck DNS: HTTP API Specification" has it."""
    name, host = "duckdns", "www.duckdns.org"
    credentials = {"token": "a7c4d0ad-114e-40ef-ba1d-d217904a50f2"}
    denied = "KO"
    names = ("_acme-challenge.first.duckdns.org", "_acme-challenge.second.duckdns.org")
    stored = staticmethod(lambda fqdn: fqdn.split(".")[-3])

    def authenticate(self, request):
        return f"token={self.credentials['token']}&" in request.raw_query + "&"

    def error(self, status, message):
        return Reply(200, "KO")

    def deny(self):
        return Reply(200, "KO")

    fails = "KO"

    def is_change(self, request):
        return True

    @on("GET /update")
    def update(self, r):
        asked = r.args(domains=str, token=str, txt=str, may={"clear": ({"true", "false"}, "false")})
        self.keep(asked["domains"], "" if asked["clear"] == "true" else asked["txt"])
        return "OK"


class Ddnss(OneValue):
    """As public clients have it; no reference was found. It answers with a page. (One of them gives the host with _acme-challenge.)"""
    name, host = "ddnss", "ddnss.de"
    credentials = {"token": "ddnss-key"}
    denied = "badauth"
    names = ("_acme-challenge.first.ddnss.de", "_acme-challenge.second.ddnss.de")
    stored = staticmethod(lambda fqdn: fqdn.removeprefix("_acme-challenge."))

    def page_(self, text):
        return Reply(200, f"<html><head><title>DDNSS</title></head><body>{text}</body></html>", (("Content-Type", "text/html"),))

    def authenticate(self, request):
        return "key=ddnss-key&" in request.raw_query + "&"

    def deny(self):
        return self.page_("badauth")

    def error(self, status, message):
        return self.page_(message)

    def is_change(self, request):
        return True

    @on("GET /upd.php")
    def update(self, r):
        asked = r.args(key=str, host=str, txtm={"1", "2"}, may={"txt": (str, "")})
        if (asked["txtm"] == "1") != bool(asked["txt"]):
            raise Unexpected(f"query {asked}")
        self.keep(asked["host"], asked["txt"])
        return self.page_('<p><font size="2">Updated 1 hostname.</font></p>')


class HeDdns(OneValue):
    """Dynamic TXT records. As public clients have it; no reference was found."""
    name, host = "he-ddns", "dyn.dns.he.net"
    credentials = {"password": "he-key"}
    denied, limits = "badauth", True
    names = ("_acme-challenge.example.com", "_acme-challenge.example.org")
    stored = staticmethod(lambda fqdn: fqdn)

    def authenticate(self, request):
        return b"password=he-key&" in request.body + b"&"

    def deny(self):
        return Reply(200, "badauth")

    def error(self, status, message):
        return Reply(200, "interval" if status == self.limited else message)

    @on("POST /nic/update")
    def update(self, r):
        body = r.form(hostname=str, password=str, txt=str)
        same = any((x.name, x.value) == (body["hostname"], body["txt"]) for x in self.records)
        self.keep(body["hostname"], "" if body["txt"] == "-" else body["txt"])
        return f'{"nochg" if same else "good"} "{body["txt"]}"'


class Joker(OneValue):
    """Records of a domain with dynamic DNS; all values of a name are replaced by those of the request. As public clients and their users have
    it, who cite Joker.com's FAQ, Let's Encrypt SSL Certificates; that page was not found."""
    name, host = "joker", "svc.joker.com"
    credentials = {"username": "joker-user", "password": "joker-password", "domain": "example.com"}
    spoiled = "password"
    denied = "Unauthorized"
    names = ("_acme-challenge.example.com", "_acme-challenge.www.example.com")
    stored = staticmethod(lambda fqdn: fqdn.removesuffix(".example.com"))

    def authenticate(self, request):
        return b"password=joker-password&" in request.body + b"&"

    def deny(self):
        return Reply(401, "Unauthorized")

    def error(self, status, message):
        return Reply(status, message)

    @on("POST /nic/replace")
    def replace(self, r):
        fields = parse_qsl(r.text("application/x-www-form-urlencoded"), keep_blank_values=True, strict_parsing=True)
        values = [value for name, value in fields if name == "value"]
        body = fits({"username": "joker-user", "password": str, "zone": "example.com", "label": str, "type": "TXT", "value": str}, dict(fields))
        if len(fields) != len(body) - 1 + len(values) or ("" in values and len(values) > 1):
            raise Unexpected(f"fields {fields}")
        self.keep(body["label"], "")
        for value in filter(None, values):
            self.put("", body["label"], value)
        return f"OK: {len(values)} inserted, 0 deleted"


class JokerBoth(Joker):
    """The same with two values of one name, as a name and its wildcard need them."""
    slots, names = 2, ("_acme-challenge.www.example.com",)


class AcmeDns(OneValue):
    """As the server's README, API, and the server itself have it: each account has one place, which holds the last two values."""
    name, host = "acme-dns", "auth.acme-dns.io"
    credentials = {"username": "c36f50e8-4632-44f0-83fe-e070fef28a10", "password": "htB9mR9DYgcu9bX_afHF62erXaH2TS7bg9KW3F7Z"}
    headers = {"X-Api-User": "{username}", "X-Api-Key": "{password}"}
    slots, limits = 2, True
    denied = "forbidden"
    names = ("8e5700ea-a4bf-41c7-8a77-e990661dcc6a.auth.acme-dns.io",)
    stored = staticmethod(lambda fqdn: fqdn.split(".")[0])
    forgets = False

    def error(self, status, message):
        return Reply(status, {"error": message})

    def deny(self):
        return self.error(401, "forbidden")

    @on("POST /update")
    def update(self, r):
        body = r.json({"subdomain": str, "txt": str})
        if body["subdomain"] != self.names[0].split(".")[0]:
            return self.deny()
        self.put("", body["subdomain"], body["txt"])
        self.records = self.records[-2:]
        return {"txt": body["txt"]}


class AcmeDnsAccounts(AcmeDns):
    """The same with a file of accounts, of which the one counts that the name is of."""
    credentials = {"registration_file": "FILE"}
    headers = {"X-Api-User": AcmeDns.credentials["username"], "X-Api-Key": AcmeDns.credentials["password"]}
    names = AcmeDns.names
    other = {"fulldomain": "d420c923-bbd7-4056-ab64-c3ca54c9b3cf.auth.acme-dns.io", "subdomain": "d420c923-bbd7-4056-ab64-c3ca54c9b3cf", "username": "other-user", "password": "other-password",
             "allowfrom": []}
    files = {"registration_file": json.dumps({"example.com": other, "example.org": {**AcmeDns.credentials, "fulldomain": AcmeDns.names[0], "subdomain": AcmeDns.names[0].split(".")[0]}})}
    spoiled_file = json.dumps({"example.org": {**other, "fulldomain": AcmeDns.names[0]}})


class Httpreq(Fake):
    """As lego's documentation, HTTP request, has it."""
    name, host = "httpreq", "hooks.test"
    credentials = {"endpoint": "https://hooks.test/dns/", "username": "req-user", "password": "req-password"}
    denied = "401"
    no_zone = None

    def authenticate(self, request):
        return request.header("authorization") == basic("req-user", "req-password")

    def error(self, status, message):
        return Reply(status, message)

    def change(self, r):
        body = r.json({"fqdn": str, "value": str})
        zone = max((z for z in self.all_zones if body["fqdn"].endswith(f".{z}.")), key=len)
        left = self.relative(body["fqdn"], zone, dot=True)
        return zone, left, body["value"], [x for x in self.of(zone, left, "TXT") if x.value == body["value"]]

    @on("POST /dns/present")
    def present(self, r):
        zone, left, value, found = self.change(r)
        if not found:
            self.put(zone, left, value)
        return Reply(200)

    @on("POST /dns/cleanup")
    def cleanup(self, r):
        for x in self.change(r)[3]:
            self.drop(x)
        return Reply(200)


class HttpreqOpen(Httpreq):
    """The same without credentials."""
    credentials = {"endpoint": "https://hooks.test/dns"}
    headers = {}
    spoiled, denied = "endpoint", "https://"
    authenticate = Fake.authenticate


class Technitium(Fake):
    """As the server's API documentation has it: status is in the reply; the token in the form, which all versions take (15.0 has a header field, too)."""
    name, host = "technitium", "dns.test:53443"
    credentials = {"base_url": "https://dns.test:53443/", "token": "tech-token"}
    denied = "Invalid token or session expired."

    def authenticate(self, request):
        return b"token=tech-token" in request.body

    def error(self, status, message):
        return Reply(status if status == 429 else 200, {"status": "error", "errorMessage": message})

    def deny(self):
        return Reply(200, {"status": "invalid-token", "errorMessage": "Invalid token or session expired."})

    def is_change(self, request):
        return request.path.endswith(("/add", "/delete"))

    @on("POST /api/zones/list")
    def zones_(self, r):
        r.form(token="tech-token")
        return {"status": "ok", "response": {"zones": [{"name": z, "type": "Primary", "disabled": False} for z in self.all_zones]}}

    def place(self, body):
        if body["zone"] not in self.all_zones:
            raise self.error(200, "No such zone was found")
        return body["zone"], self.relative(body["domain"], body["zone"])

    @on("POST /api/zones/records/get")
    def records_(self, r):
        zone, left = self.place(r.form(token="tech-token", zone=str, domain=str))
        return {"status": "ok", "response": {"zone": {"name": zone}, "records": [
            {"disabled": False, "name": x.fqdn, "type": x.type, "ttl": 60, "rData": {"text": x.value, "splitText": False, "characterStrings": [x.value]} if x.type == "TXT" else {"ipAddress": x.value}} for x in self.of(zone, left)]}}

    @on("POST /api/zones/records/add")
    def create(self, r):
        body = r.form(token="tech-token", zone=str, domain=str, type="TXT", text=str, ttl="60")
        zone, left = self.place(body)
        if not any(x.value == body["text"] for x in self.of(zone, left, "TXT")):
            self.put(zone, left, body["text"])
        return {"status": "ok", "response": {}}

    @on("POST /api/zones/records/delete")
    def delete(self, r):
        body = r.form(token="tech-token", zone=str, domain=str, type="TXT", text=str)
        zone, left = self.place(body)
        found = [x for x in self.of(zone, left, "TXT") if x.value == body["text"]]
        if not found:
            return self.error(200, "Cannot delete record: no such record exists.")
        self.drop(found[0])
        return {"response": {}, "status": "ok"}


class Domainoffensive(OneValue):
    """As public clients have it; no reference was found."""
    name, host = "domainoffensive", "my.do.de"
    credentials = {"api_token": "do-token"}
    denied = "token is not valid"
    names = ("_acme-challenge.example.com", "_acme-challenge.example.org")
    stored = staticmethod(lambda fqdn: fqdn)

    def authenticate(self, request):
        return "token=do-token" in request.raw_query.split("&")

    def error(self, status, message):
        return Reply(200, {"success": False, "error": message})

    def deny(self):
        return self.error(200, "token is not valid")

    def is_change(self, request):
        return True

    @on("GET /api/letsencrypt")
    def call(self, r):
        asked = r.args(token=str, domain=str, may={"value": (str, ""), "action": ("delete", "")})
        if bool(asked["value"]) == bool(asked["action"]):
            raise Unexpected(f"query {asked}")
        self.keep(asked["domain"], asked["value"])
        return {"domain": asked["domain"], "success": True}


class Internetbs(Fake):
    """As the Reseller/Registrar Domain Name API documentation has it, of which a client quotes the parts on lists of domains and on DNS."""
    name, host = "internetbs", "api.internet.bs"
    credentials = {"api_key": "ibs-key", "password": "ibs-password"}
    denied = "107002: Invalid API key and/or Password"
    ttl = 3600
    asks = {"ApiKey": "ibs-key", "Password": "ibs-password", "ResponseFormat": "JSON"}

    def authenticate(self, request):
        return b"Password=ibs-password&" in request.body + b"&" and b"ApiKey=ibs-key&" in request.body + b"&"

    def well(self, **more):
        return {"transactid": "548e3298130b492de23258634fd74481", "status": "SUCCESS", **more}

    def error(self, status, message, code=100002):
        return Reply(status if status == 429 else 200, {"transactid": "d46d81", "status": "FAILURE", "message": message, "code": code})

    def deny(self):
        return self.error(200, "Invalid API key and/or Password", 107002)

    def is_change(self, request):
        return request.path.endswith(("/Add", "/Remove"))

    @on("POST /Domain/List")
    def zones_(self, r):
        r.form(**self.asks, CompactList="yes")
        return self.well(domaincount=len(self.all_zones), domain=self.all_zones)

    @on("POST /Domain/DnsRecord/List")
    def records_(self, r):
        found = self.of(r.form(**self.asks, Domain=str, FilterType="TXT")["Domain"], type="TXT")
        return self.well(total_records=len(found), **({"records": [{"name": x.fqdn, "value": x.value, "ttl": 3600, "type": "TXT"} for x in found]} if found else {}))

    def place(self, body):
        zone = max((z for z in self.all_zones if body["FullRecordName"].endswith(f".{z}")), key=len)
        return zone, self.relative(body["FullRecordName"], zone)

    @on("POST /Domain/DnsRecord/Add")
    def create(self, r):
        body = r.form(**self.asks, FullRecordName=str, Type="TXT", Value=str, Ttl="3600")
        self.put(*self.place(body), body["Value"])
        return self.well()

    @on("POST /Domain/DnsRecord/Remove")
    def delete(self, r):
        body = r.form(**self.asks, FullRecordName=str, Type="TXT", Value=str)
        self.drop([x for x in self.of(*self.place(body), "TXT") if x.value == body["Value"]][0])
        return self.well()
