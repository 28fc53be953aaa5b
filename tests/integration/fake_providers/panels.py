"""Control panels, and services that speak XML."""
import re
import xmlrpc.client
from xml.etree import ElementTree

from fake_providers.certbots import DIGITS, basic
from fake_providers.sets import SetFake
from peers.fake_api import Fake, Reply, Unexpected, fits, on, pairs

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


class Cpanel(Fake):
    """As the references of UAPI (DNS::parse_zone) and cPanel API 2 (ZoneEdit, deprecated but there) have it: records are known by their line."""
    name, host = "cpanel", "cpanel.test:2083"
    credentials = {"url": "https://cpanel.test:2083", "username": "cp-user", "token": "cp-token"}
    headers = {"Authorization": "cpanel {username}:{token}"}
    denied = "401"
    asks = {"cpanel_jsonapi_apiversion": "2", "cpanel_jsonapi_module": "ZoneEdit"}

    def error(self, status, message):
        return Reply(status if status == 429 else 200, {"cpanelresult": {"apiversion": 2, "data": [{"result": {"status": 0, "statusmsg": message}}], "event": {"result": 1}}})

    def deny(self):
        return Reply(401, "Access denied")

    def is_change(self, request):
        return "add_zone_record" in request.target or "remove_zone_record" in request.target

    @on("GET /execute/DNS/parse_zone")
    def parse(self, r):
        zone = r.args(zone=str)["zone"]
        if zone not in self.all_zones:
            return {"status": 0, "errors": [f"You do not control a DNS zone named {zone}."], "data": None, "metadata": {}}
        return {"status": 1, "errors": None, "data": [{"line_index": 0, "type": "control", "text_b64": "JFRUTA=="}]}

    @on("GET /json-api/cpanel")
    def call(self, r):
        function = re.search(r"cpanel_jsonapi_func=(\w+)", r.raw_query)[1]
        data = getattr(self, function)(r, {**self.asks, "cpanel_jsonapi_func": function})
        return data if isinstance(data, Reply) else {"cpanelresult": {"apiversion": 2, "func": function, "data": data, "event": {"result": 1}}}

    def fetchzone_records(self, r, asks):
        asked = r.args(**asks, domain=str, type="TXT")
        return [{"line": n, "Line": n, "name": x.fqdn + ".", "type": x.type, "txtdata": x.value, "ttl": "60", "class": "IN"}
                for n, x in self.lines(asked["domain"]) if x.type == "TXT"]

    def lines(self, zone):
        """Numbers of lines of the zone's file, in which removal moves up what is below."""
        return list(enumerate(self.of(zone), 12))

    def add_zone_record(self, r, asks):
        asked = r.args(**asks, domain=str, name=str, type="TXT", txtdata=str, ttl="60")
        self.put(asked["domain"], self.relative(asked["name"], asked["domain"], dot=True), asked["txtdata"])
        return [{"result": {"status": 1, "statusmsg": "", "newserial": "2021031903"}}]

    def remove_zone_record(self, r, asks):
        asked = r.args(**asks, domain=str, line=DIGITS)
        found = [x for n, x in self.lines(asked["domain"]) if str(n) == asked["line"]]
        if not found:
            return self.error(200, "There is no record at that line.")
        self.drop(found[0])
        return [{"result": {"status": 1, "statusmsg": "", "newserial": "2021031903"}}]


class CpanelPassword(Cpanel):
    """The same with a password."""
    credentials = {"url": "https://cpanel.test:2083", "username": "cp-user", "password": "cp-password"}
    headers = {}

    def authenticate(self, request):
        return request.header("authorization") == basic("cp-user", "cp-password")


class Directadmin(Fake):
    """As the changelog (1.24.2, API for DNS) has it, with the JSON replies that public clients have seen: names as they were given, values with or without quotes."""
    name, host = "directadmin", "da.test:2222"
    credentials = {"url": "https://da.test:2222/", "username": "da-user", "password": "da-key"}
    denied = "401"

    def authenticate(self, request):
        return request.header("authorization") == basic("da-user", "da-key")

    def error(self, status, message):
        return Reply(status, {"error": message, "result": ""})

    def deny(self):
        return Reply(401, "Please enter your Username and Password")

    @on("GET /CMD_API_SHOW_DOMAINS")
    def zones_(self, r):
        r.args(json="yes")
        return self.all_zones

    @on("GET /CMD_API_DNS_CONTROL")
    def records_(self, r):
        zone = r.args(domain=str, json="yes")["domain"]
        return {"records": [{"type": x.type, "name": x.name or zone + ".", "value": self.shown(x), "combined": self.combined(x), "ttl": "60"} for x in self.of(zone)], "dns_ttl": "1"}

    @staticmethod
    def shown(x):
        return f'"{x.value}"' if x.type == "TXT" and x.id % 2 else x.value

    def combined(self, x):
        return f"name={x.name or x.zone + '.'}&value={self.shown(x)}"

    @on("POST /CMD_API_DNS_CONTROL")
    def change(self, r):
        zone = r.args(domain=str, json="yes")["domain"]
        if b"action=add" in r.body:
            body = r.form(action="add", type="TXT", name=str, value=str, ttl="60")
            self.put(zone, self.is_relative(body["name"], zone), body["value"].strip('"'))
            return {"result": "", "success": "record added"}
        else:
            which = r.form(action="select", txtrecs0=str)["txtrecs0"]
            self.drop([x for x in self.of(zone, type="TXT") if self.combined(x) == which][0])
            return {"result": "", "success": "Records Deleted"}


class Plesk(Fake):
    """As Plesk Obsidian, XML API Reference, Managing DNS and Managing Sites have it; the order of elements counts."""
    name, host = "plesk", "plesk.test:8443"
    credentials = {"api_url": "https://plesk.test:8443", "username": "plesk-user", "password": "plesk-password"}
    headers = {"HTTP_AUTH_LOGIN": "{username}", "HTTP_AUTH_PASSWD": "{password}"}
    denied = "You have entered incorrect username or password."

    def packet(self, inner, status=200):
        return Reply(status, f'{XML}<packet version="1.6.9.1">{inner}</packet>')

    def error(self, status, message, place="system", extra=""):
        first, last = "".join(f"<{p}>" for p in place.split("/")), "".join(f"</{p}>" for p in reversed(place.split("/")))
        return self.packet(f"{first}<status>error</status><errcode>1001</errcode><errtext>{message}</errtext>{extra}{last}", 429 if status == 429 else 200)

    def deny(self):
        return self.error(200, "You have entered incorrect username or password.")

    def is_change(self, request):
        return b"add_rec" in request.body or b"del_rec" in request.body

    @on("POST /enterprise/control/agent.php")
    def call(self, r):
        if r.header("content-type").split(";")[0] != "text/xml":
            raise Unexpected(f"content-type {r.header('content-type')}")
        r.body_read = True
        root = ElementTree.fromstring(r.body)
        if root.tag != "packet":
            raise Unexpected(f"root {root.tag}")
        for path, answer in (("site/get", self.sites), ("dns/add_rec", self.add), ("dns/get_rec", self.list_), ("dns/del_rec", self.delete)):
            if root.find(path) is not None:
                return answer(root.find(path))
        raise Unexpected(f"packet {r.body}")

    def sites(self, asked):
        if [x.tag for x in asked] != ["filter", "dataset"] or len(asked.find("filter")) or asked.find("dataset/gen_info") is None:
            raise Unexpected("site/get")
        return self.packet("<site><get>" + "".join(
            f"<result><status>ok</status><id>{self.zone_id(z)}</id><data><gen_info><name>{z}</name><ascii-name>{z}</ascii-name><status>0</status></gen_info></data></result>"
            for z in self.all_zones) + "</get></site>")

    def add(self, asked):
        given = {x.tag: x.text for x in asked}
        if [x.tag for x in asked] != ["site-id", "type", "host", "value"] or given["type"] != "TXT":
            raise Unexpected(f"add_rec {given}")
        zone = self.zone_of(given["site-id"])
        x = self.put(zone, self.is_relative(given["host"] or "", zone), given["value"])
        return self.packet(f"<dns><add_rec><result><status>ok</status><id>{x.id}</id></result></add_rec></dns>")

    def list_(self, asked):
        zone = self.zone_of(asked.find("filter/site-id").text)
        return self.packet("<dns><get_rec>" + "".join(
            f"<result><status>ok</status><id>{x.id}</id><data><site-id>{self.zone_id(zone)}</site-id><type>{x.type}</type><host>{x.fqdn}.</host><value>{x.value}</value><opt/></data></result>"
            for x in self.of(zone)) + "</get_rec></dns>")

    def delete(self, asked):
        number = asked.find("filter/id").text
        self.drop(self.by_id(number))
        return self.packet(f"<dns><del_rec><result><status>ok</status><id>{number}</id></result></del_rec></dns>")


class Namecheap(Fake):
    """As the API documentation has it (getList, getHosts, setHosts), but for the element host, which it spells Host and its servers, and its own
    client, spell host; 405 for too many requests is that client's, too. All hosts of a domain are written together, and the kind of e-mail."""
    name, host = "namecheap", "api.namecheap.com"
    hosts = ("api.namecheap.com", "dynamicdns.park-your-domain.com")
    credentials = {"username": "nc-user", "api_key": "nc-key"}
    denied = "1011102: API Key is invalid"
    open_routes = ("/getip",)
    ttl, fillers, limited = 300, 101, 405
    zones = ("xample.com", "example.com", "example.org", "example.co.uk")
    longest = "example.co.uk"

    seeds = (("example.com", "", "v=spf1 -all", "TXT"), ("example.com", "_acme-challenge", "someone-elses", "TXT"), ("example.com", "other", "first-value", "TXT"),
             ("example.co.uk", "www", "192.0.2.1", "A"))

    def document(self, inner, status="OK", http=200):
        return Reply(http, f'{XML}<ApiResponse Status="{status}" xmlns="http://api.namecheap.com/xml.response">{inner}</ApiResponse>')

    def error(self, status, message, number=2016166):
        if status == self.limited:
            return Reply(405, "<html><head><title>405 Not Allowed</title></head><body>Not Allowed</body></html>")
        return self.document(f'<Errors><Error Number="{number}">{message}</Error></Errors><Warnings/>', "ERROR")

    def deny(self):
        return self.error(200, "API Key is invalid or API access has not been enabled", 1011102)

    def authenticate(self, request):
        return b"ApiKey=nc-key" in request.body

    def is_change(self, request):
        return b"setHosts" in request.body

    @on("GET /getip", host="dynamicdns.park-your-domain.com")
    def getip(self, r):
        return "192.0.2.44"

    @on("POST /xml.response", host="api.namecheap.com")
    def call(self, r):
        command = re.search(rb"Command=namecheap\.([\w.]+)", r.body)[1].decode()
        asks = {"ApiUser": "nc-user", "ApiKey": "nc-key", "UserName": "nc-user", "ClientIp": "192.0.2.44", "Command": f"namecheap.{command}"}
        return getattr(self, command.split(".")[-1])(r, asks)

    def getList(self, r, asks):
        part, _ = self.page(self.all_zones, r.form(**asks, PageSize="100", Page=DIGITS)["Page"], 100)
        return self.document('<Errors/><CommandResponse Type="namecheap.domains.getList"><DomainGetListResult>' + "".join(
            f'<Domain ID="{self.zone_id(z)}" Name="{z}" IsOurDNS="true"/>' for z in part)
            + f"</DomainGetListResult><Paging><TotalItems>{len(self.all_zones)}</TotalItems><CurrentPage>1</CurrentPage><PageSize>100</PageSize></Paging></CommandResponse>")

    def getHosts(self, r, asks):
        asked = r.form(**asks, SLD=re.compile(r"[^.]+"), TLD=str)
        zone = f"{asked['SLD']}.{asked['TLD']}"
        return self.document(f'<Errors/><CommandResponse><DomainDNSGetHostsResult Domain="{zone}" EmailType="MX" IsUsingOurDNS="true">' + "".join(
            f'<host HostId="{x.id}" Name="{self.show(x.name)}" Type="{x.type}" Address="{x.value}" MXPref="10" TTL="{x.ttl}" IsActive="true"/>' for x in self.of(zone))
            + "</DomainDNSGetHostsResult></CommandResponse>")

    def setHosts(self, r, asks):
        count = r.body.count(b"HostName")
        fields = {f"{k}{n}": str for n in range(1, count + 1) for k in ("HostName", "RecordType", "Address", "MXPref", "TTL")}
        body = r.form(**asks, SLD=str, TLD=str, EmailType="MX", **fields)
        zone = f"{body['SLD']}.{body['TLD']}"
        self.records = [x for x in self.records if x.zone != zone]
        for n in range(1, count + 1):
            if not 300 <= int(body[f"TTL{n}"]) <= 60000:
                raise Unexpected(f"TTL{n} {body[f'TTL{n}']}")
            self.put(zone, self.is_relative(body[f"HostName{n}"], zone), body[f"Address{n}"], ttl=int(body[f"TTL{n}"]), type=body[f"RecordType{n}"])
        return self.document(f'<Errors/><CommandResponse><DomainDNSSetHostsResult Domain="{zone}" IsSuccess="true"/></CommandResponse>')


class Namesilo(Fake):
    """As public clients and recorded replies have it; no reference was found."""
    name, host = "namesilo", "www.namesilo.com"
    credentials = {"api_key": "silo-key"}
    denied = "110: Invalid API Key"
    ttl = 3600
    asks = {"version": "1", "type": "xml", "key": "silo-key"}

    def document(self, code, detail, inner="", http=200):
        return Reply(http, f"{XML}<namesilo><request><operation>x</operation><ip>192.0.2.1</ip></request><reply><code>{code}</code><detail>{detail}</detail>{inner}</reply></namesilo>")

    def error(self, status, message, code=280):
        return self.document(code, message, http=429 if status == 429 else 200)

    def deny(self):
        return self.error(200, "Invalid API Key", 110)

    def authenticate(self, request):
        return "key=silo-key" in request.raw_query.split("&")

    def is_change(self, request):
        return "AddRecord" in request.path or "DeleteRecord" in request.path

    def known(self, r, **more):
        asked = r.args(**self.asks, domain=str, **more)
        if "_" in asked["domain"]:
            raise self.error(200, "Invalid domain syntax", 108)
        if asked["domain"] not in self.all_zones:
            raise self.error(200, "Domain is not active, or does not belong to this user", 200)
        return asked["domain"], asked

    @on("GET /api/getDomainInfo")
    def one(self, r):
        self.known(r)
        return self.document(300, "success", "<created>2020-01-01</created><status>Active</status>")

    @on("GET /api/dnsListRecords")
    def records_(self, r):
        zone, _ = self.known(r)
        return self.document(300, "success", "".join(
            f"<resource_record><record_id>{x.id:x}</record_id><type>{x.type}</type><host>{x.fqdn}</host><value>{x.value}</value><ttl>3600</ttl><distance>0</distance></resource_record>"
            for x in self.of(zone)))

    @on("GET /api/dnsAddRecord")
    def create(self, r):
        zone, asked = self.known(r, rrtype="TXT", rrhost=str, rrvalue=str, rrttl="3600")
        return self.document(300, "success", f"<record_id>{self.put(zone, self.is_relative(asked['rrhost'], zone), asked['rrvalue']).id:x}</record_id>")

    @on("GET /api/dnsDeleteRecord")
    def delete(self, r):
        zone, asked = self.known(r, rrid=str)
        self.drop(self.by_id(int(asked["rrid"], 16), zone))
        return self.document(300, "success")


class Zonomi(SetFake):
    """As the page DNS API has it, with the replies that public clients know: what one request sets at a name is what is there then."""
    name, host = "zonomi", "zonomi.com"
    credentials = {"api_key": "zonomi-key"}
    denied = "ERROR: Invalid api_key"
    ttl, limits = 300, False
    no_zone = "ERROR: No zone found for"

    def __init__(self):
        super().__init__()
        for x in self.records:
            x.ttl = 3600

    def document(self, inner):
        return Reply(200, f"<?xml version =\"1.0\" ?><!DOCTYPE html [<!ENTITY nbsp '&#160;'><!ENTITY trade '&#8482;'><!ENTITY copy '&#169;'>]>\n{inner}")

    def authenticate(self, request):
        return b"api_key=zonomi-key" in request.body.split(b"&")

    def error(self, status, message):
        return self.document(f"<error>ERROR: {message}</error>")

    def deny(self):
        return self.error(200, "Invalid api_key")

    def is_change(self, request):
        return b"action=QUERY" not in request.body

    def place(self, fqdn):
        zones = [z for z in self.all_zones if f".{fqdn}".endswith(f".{z}")]
        if not zones:
            raise self.error(200, f"No zone found for {fqdn}")
        zone = max(zones, key=len)
        return zone, self.relative(fqdn, zone)

    def done(self, action, fqdn):
        found = self.of(*self.place(fqdn), "TXT")
        shown = "".join(f'<record name="{fqdn}" type="TXT" content="{x.value}" ttl="{x.ttl} seconds" prio="0"/>' for x in found if action != "DELETE")
        return self.document(f'<dnsapi_result><is_ok>OK:</is_ok><result_counts added="0" changed="0" unchanged="0" deleted="0"/><actions>'
                             f'<action action="{action}" host="{fqdn}" type="TXT">{shown}</action></actions></dnsapi_result>')

    @on("POST /app/dns/dyndns.jsp")
    def call(self, r):
        body = pairs(r.text("application/x-www-form-urlencoded"), "body")
        if "action" in body:
            fits({"api_key": str, "action": {"QUERY", "DELETE"}, "name": str, "type": "TXT"}, body)
            if body["action"] == "DELETE":
                self.store(*self.place(body["name"]), [])
            return self.done(body["action"], body["name"])
        count = (len(body) - 1) // 5
        fits({"api_key": str, **{f"{key}[{n}]": what for n in range(1, count + 1) for key, what in
                                 {"action": "SET", "name": body["name[1]"], "type": "TXT", "value": str, "ttl": DIGITS}.items()}}, body)
        zone, left = self.place(body["name[1]"])
        kept = {x.value: x.ttl for x in self.of(zone, left, "TXT")}
        self.store(zone, left, [])
        for n in range(1, count + 1):
            value, ttl = body[f"value[{n}]"], int(body[f"ttl[{n}]"])
            if ttl != kept.get(value, self.ttl):
                raise Unexpected(f"ttl {ttl} of {value}")
            self.put(zone, left, value, ttl)
        return self.done("SET", body["name[1]"])


class Dynv6(Fake):
    """As "REST API for dynv6" (0.2.0) has it; only status 422 comes with a body."""
    name, host = "dynv6", "dynv6.com"
    credentials = {"token": "dynv6-token"}
    headers = {"Authorization": "Bearer {token}"}
    denied = "401"

    def error(self, status, message):
        if status != 400:
            return Reply(status)
        return Reply(422, {"error": {"name": "ValidationError", "message": "Validation failed", "fields": [{"name": "data", "message": message}]}})

    @on("GET /api/v2/zones")
    def zones_(self, r):
        return [{"id": self.zone_id(z), "name": z} for z in self.all_zones]

    @on("GET /api/v2/zones/{zid}/records")
    def records_(self, r, zid):
        return [{"id": x.id, "zoneID": int(zid), "type": x.type, "name": x.name, "data": x.value} for x in self.of(self.zone_of(zid))]

    @on("POST /api/v2/zones/{zid}/records")
    def create(self, r, zid):
        zone = self.zone_of(zid)
        body = r.json({"type": "TXT", "name": str, "data": str})
        return {"id": self.put(zone, self.is_relative(body["name"], zone), body["data"]).id}

    @on("DELETE /api/v2/zones/{zid}/records/{number}")
    def delete(self, r, zid, number):
        self.drop(self.by_id(number, self.zone_of(zid)))
        return Reply(204)


class Loopia(Fake):
    """As the LoopiaAPI pages have it (server, authentication, methods); words instead of values as public clients have them."""
    name, host = "loopia", "api.loopia.se"
    credentials = {"user": "user@loopiaapi", "password": "loopia-password"}
    denied = "AUTH_ERROR"
    ttl = 300
    fails = "UNKNOWN_ERROR"

    def error(self, status, message):
        return Reply(200, self.say(["RATE_LIMITED"] if status == self.limited else "UNKNOWN_ERROR"))

    def say(self, value):
        return XML + xmlrpc.client.dumps((value,), methodresponse=True).split("?>\n", 1)[-1]

    def authenticate(self, request):
        params, self.method = xmlrpc.client.loads(request.body)
        self.params = params[2:]
        return params[:2] == ("user@loopiaapi", "loopia-password")

    def deny(self):
        return Reply(200, self.say(["AUTH_ERROR"]))

    def is_change(self, request):
        return self.method in ("addZoneRecord", "removeZoneRecord")

    @on("POST /RPCSERV")
    def call(self, r):
        if r.header("content-type").split(";")[0] != "text/xml":
            raise Unexpected(f"content-type {r.header('content-type')}")
        r.body_read = True
        return self.say(getattr(self, self.method)(*self.params))

    def getDomains(self):
        return [{"domain": z, "paid": 1, "registered": 1, "renewal_status": "NORMAL", "expiration_date": "2030-01-01", "reference_no": 7} for z in self.all_zones]

    def getZoneRecords(self, domain, subdomain):
        return [{"record_id": x.id, "type": x.type, "ttl": 300, "priority": 0, "rdata": x.value} for x in self.of(domain, subdomain)]

    def addZoneRecord(self, domain, subdomain, record):
        if record.keys() != {"type", "ttl", "priority", "rdata", "record_id"} or (record["type"], record["ttl"], record["priority"], record["record_id"]) != ("TXT", 300, 0, 0):
            raise Unexpected(f"record {record}")
        self.put(domain, self.is_relative(subdomain, domain), record["rdata"])
        return "OK"

    def removeZoneRecord(self, domain, subdomain, record_id):
        x = self.by_id(record_id, domain)
        if not isinstance(record_id, int) or x.name != subdomain:
            raise Unexpected(f"record {record_id} of {subdomain}")
        self.drop(x)
        return "OK"


class MailInABox(Fake):
    """As the API documentation and the box's own program have it: records by their full name, values as plain text; why somebody is refused is
    said in JSON to those who ask for it."""
    name, host = "mailinabox", "box.test"
    credentials = {"base_url": "https://box.test/", "email": "admin@example.com", "password": "box-password"}
    denied = "Incorrect email address or password."

    def authenticate(self, request):
        self.plain = request.headers.get("accept") in (None, "", "*/*")
        return request.header("authorization") == basic("admin@example.com", "box-password")

    def error(self, status, message):
        return Reply(status, message)

    def deny(self):
        return Reply(401, f"{self.denied}\n" if self.plain else {"status": "error", "reason": self.denied})

    @on("GET /admin/dns/zones")
    def zones_(self, r):
        return self.all_zones

    def place(self, fqdn):
        zones = [z for z in self.all_zones if fqdn.endswith(f".{z}")]
        if not zones:
            raise self.error(400, f"{fqdn} is not a domain name or a subdomain of a domain name managed by this box.")
        zone = max(zones, key=len)
        return zone, self.relative(fqdn, zone)

    @on("GET /admin/dns/custom/{fqdn}/txt")
    def records_(self, r, fqdn):
        return [{"qname": x.fqdn, "rtype": "TXT", "value": x.value, "zone": x.zone} for x in self.of(*self.place(fqdn), "TXT")]

    @on("POST /admin/dns/custom/{fqdn}/txt")
    def create(self, r, fqdn):
        self.put(*self.place(fqdn), r.text("text/plain"))
        return "updated DNS: example.com"

    @on("DELETE /admin/dns/custom/{fqdn}/txt")
    def delete(self, r, fqdn):
        value = r.text("text/plain")
        self.drop([x for x in self.of(*self.place(fqdn), "TXT") if x.value == value][0])
        return "updated DNS: example.com"
