"""Fakes of the APIs of DNS providers: an HTTPS proxy on loopback that is each of their hosts itself.

A fake is a class (tests/integration/fake_providers) with the routes of one provider's API and its zones and records. Whatever
is asked must be right to the letter: host, method, path, query, header fields, body. Anything else is noted in `failures`,
which fails the test. The program reaches a fake by `https_proxy`, so that descriptions are tried with the hosts that they name,
and nothing can reach the real ones.
"""
import copy
import json
import re
import socket
import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

PLAIN_FIELDS = {"host", "user-agent", "accept", "accept-encoding", "content-type", "content-length", "connection"}


class Unexpected(Exception):
    """What the provider's documentation does not have."""


@dataclass
class Reply(Exception):
    """An answer; also raised, by what cannot go on. body: bytes, text, or what is written as JSON."""
    status: int = 200
    body: object = None
    headers: tuple = ()

    def encoded(self):
        if self.body is None:
            return "", b""
        if isinstance(self.body, bytes):
            return "application/xml", self.body
        if isinstance(self.body, str):
            return ("application/xml" if self.body.startswith("<?xml") else "text/plain"), self.body.encode()
        return "application/json", json.dumps(self.body).encode()


def fits(pattern, value, where="body"):
    """Demands that value is what pattern says: a type stands for any value of it, a set for one of its members."""
    if isinstance(pattern, type):
        good = isinstance(value, pattern) and not (pattern is int and isinstance(value, bool))
    elif isinstance(pattern, set):
        good = value in pattern
    elif isinstance(pattern, re.Pattern):
        good = isinstance(value, str) and pattern.fullmatch(value) is not None
    elif isinstance(pattern, dict):
        if not isinstance(value, dict) or value.keys() != pattern.keys():
            raise Unexpected(f"{where}: {value!r}, not {pattern!r}")
        for key in pattern:
            fits(pattern[key], value[key], f"{where}.{key}")
        return value
    elif isinstance(pattern, (list, tuple)):
        if not isinstance(value, list) or len(value) != len(pattern):
            raise Unexpected(f"{where}: {value!r}, not {pattern!r}")
        for n, item in enumerate(pattern):
            fits(item, value[n], f"{where}.{n}")
        return value
    else:
        good = value == pattern and isinstance(value, bool) == isinstance(pattern, bool)
    if not good:
        raise Unexpected(f"{where}: {value!r}, not {pattern!r}")
    return value


def pairs(text, where):
    """A query or form as a dictionary; nothing may be there twice, or half."""
    read = parse_qsl(text, keep_blank_values=True, strict_parsing=True) if text else []
    if len(dict(read)) != len(read):
        raise Unexpected(f"{where}: a name twice in {text!r}")
    return dict(read)


class Request:
    def __init__(self, host, method, target, headers, body):
        self.host, self.method, self.target, self.body = host, method, target, body
        split = urlsplit(target)
        self.path, self.raw_query = split.path, split.query
        self.headers = {}
        for name, value in headers:
            if name.lower() in self.headers:
                raise Unexpected(f"field {name} twice")
            self.headers[name.lower()] = value
        self.args_read = self.body_read = False

    @property
    def url(self):
        return f"https://{self.host}{self.target}"

    def header(self, name):
        return self.headers.get(name.lower(), "")

    def args(self, may=None, **pattern):
        """The query, which must be exactly this; of `may` ({name: (pattern, default)}) parts can be missing."""
        self.args_read = True
        read, may = pairs(self.raw_query, "query"), may or {}
        pattern = {**pattern, **{k: v[0] for k, v in may.items() if k in read}}
        return {**{k: v[1] for k, v in may.items()}, **fits(pattern, read, "query")}

    def _content(self, kind):
        self.body_read = True
        if self.header("content-type").split(";")[0].strip() != kind:
            raise Unexpected(f"content-type {self.header('content-type')!r}, not {kind}")
        return self.body.decode()

    def json(self, pattern, kind="application/json"):
        text = self._content(kind)
        try:
            return fits(pattern, json.loads(text))
        except ValueError:
            raise Unexpected(f"body is no JSON: {text!r}") from None

    def form(self, **pattern):
        return fits(pattern, pairs(self._content("application/x-www-form-urlencoded"), "body"))

    def text(self, kind):
        return self._content(kind)


@dataclass
class Record:
    zone: str
    name: str  # relative to the zone, "" for the zone itself
    value: str
    ttl: int = 0
    type: str = "TXT"
    id: int = 0

    @property
    def fqdn(self):
        return f"{self.name}.{self.zone}" if self.name else self.zone


def on(route, host=None):
    """Marks the function for "METHOD /path/{zone}"; a {zone} must be one that there is. host: where a provider has several."""
    method, path = route.split(" ", 1)

    def mark(function):
        function.routes = [*getattr(function, "routes", []), (method, path, host)]
        return function
    return mark


# What lies in every fake before the test: zones that end alike, records beside ours that must stay.
ZONES = ("xample.com", "example.com", "example.org", "sub.example.com")
SEEDS = (("example.com", "", "v=spf1 -all", "TXT"), ("example.com", "_acme-challenge", "someone-elses", "TXT"),
         ("example.com", "other", "first-value", "TXT"), ("sub.example.com", "www", "192.0.2.1", "A"))


class Fake:
    """The parts that providers' APIs share. Fakes set:

    host         the API's host name (hosts: several)
    credentials  {key of the credentials file: value}
    headers      {field: value} that each request must have, with {key} for a credential
    denied       part of the message when the credentials are wrong (spoiled: the key to spoil; the last one by default)
    error()      how the provider says that something went wrong
    """
    name = host = ""
    hosts = ()
    credentials, headers, spoiled = {}, {}, None
    open_routes = ()      # paths that need no authentication
    denied = "401"
    ttl = 60
    fillers = 0           # further zones, listed before ours
    zones = ZONES
    seeds = SEEDS
    slots = 0             # 1: a name holds one value only
    apex = "@"            # how the API calls the zone itself
    case = "{}"           # how the API writes names of zones
    variants = ()         # further sets of credentials that must work: {key: value}
    no_zone = "zone"      # part of the message when no zone fits
    knows_zones = True    # False: nobody can tell whether a zone is there
    limits = True         # False: the provider has no limit of requests that it would tell
    limited = 429
    fails = "as ill luck would have it"

    def __init__(self):
        self.all_zones = [f"filler{n:03}.example" for n in range(self.fillers)] + list(self.zones)
        self.zone_ids = {zone: 5000 + n for n, zone in enumerate(self.all_zones)}
        self.by_number = {str(number): zone for zone, number in self.zone_ids.items()}
        self.records, self.serial, self.failures, self.log = [], 1000, [], []
        self.limit = self.refuse = self.changes = 0  # still to be refused; changes that were asked for
        self.lost = 0             # changes still to be made whose answer is an error of the server
        self.late = 0             # times that `read` is still to show what was there before the last change
        self.earlier = None
        self.used = set()
        for zone, name, value, kind in self.seeds:
            self.put(zone, name, value, type=kind)
        self.routes = []
        for attribute in dir(type(self)):
            for method, path, host in getattr(getattr(type(self), attribute), "routes", []):
                pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
                self.routes.append((method, re.compile(pattern), host, attribute))
        self.routes.sort(key=lambda route: route[1].groups)

    # ---- state ----

    def put(self, zone, name, value, ttl=None, type="TXT"):
        self.serial += 7
        record = Record(zone, "" if name == "@" else name, value, self.ttl if ttl is None else ttl, type, self.serial)
        self.records.append(record)
        return record

    def of(self, zone, name=None, type=None):
        return [r for r in self.records if r.zone == zone and (name is None or r.name == ("" if name in ("@", "") else name))
                and type in (None, r.type)]

    def drop(self, record):
        self.records.remove(record)

    def by_id(self, number, zone=None):
        found = [r for r in self.records if str(r.id) == str(number) and zone in (None, r.zone)]
        if not found:
            raise self.error(404, "no such record")
        return found[0]

    def relative(self, fqdn, zone, dot=False):
        """The part of fqdn before zone; the client must have given it whole."""
        if dot:
            if not fqdn.endswith("."):
                raise Unexpected(f"name {fqdn!r} without a final dot")
            fqdn = fqdn[:-1]
        if fqdn != zone and not fqdn.endswith("." + zone):
            raise Unexpected(f"name {fqdn!r} is not of {zone}")
        return fqdn[:-len(zone) - 1]

    def is_relative(self, name, zone):
        """The client's name, which must be relative to zone."""
        if name == zone or name.endswith("." + zone) or name.endswith("."):
            raise Unexpected(f"name {name!r} is not relative to {zone}")
        return "" if name == self.apex else name

    def show(self, name):
        """A name of a record as the API says it."""
        return name or self.apex

    def unquoted(self, value):
        """The value, which the client must have put in quotes."""
        if not (len(value) > 2 and value[0] == value[-1] == '"' and '"' not in value[1:-1]):
            raise Unexpected(f"value {value!r} without quotes")
        return value[1:-1]

    def zone_id(self, zone):
        return self.zone_ids[zone]

    def zone_of(self, number):
        if str(number) not in self.by_number:
            raise self.error(404, "no such zone")
        return self.by_number[str(number)]

    def state(self):
        """What is there, for comparisons: sets of (name, type, value)."""
        return sorted((r.fqdn, r.type, r.value) for r in self.records)

    def page(self, things, number, size):
        """Page `number`, counted from 1, and how many pages there are."""
        number, size = int(number), int(size)
        return things[(number - 1) * size:number * size], max(1, -(-len(things) // size))

    # ---- what a fake changes ----

    def error(self, status, message):
        return Reply(status, {"message": message})

    def deny(self):
        return self.error(401, "credentials refused")

    def authenticate(self, request):
        """Whether the request has the right credentials; a fake with signatures verifies them here."""
        want = {k.lower(): v.format(**self.credentials) for k, v in self.headers.items()}
        have = {k: v for k, v in request.headers.items() if k not in PLAIN_FIELDS}
        if have.keys() != want.keys():
            raise Unexpected(f"fields {sorted(have)}, not {sorted(want)}")
        return have == want

    # ---- the exchange ----

    def answer(self, request):
        self.log.append(f"{request.method} {request.url} {request.body[:400]!r}")
        try:
            reply = self.route(request)
        except Reply as early:
            reply = early
        except Unexpected as err:
            self.failures.append(f"{request.method} {request.url}: {err}")
            reply = Reply(501, "not what the documentation says")
        except Exception as err:
            self.failures.append(f"{request.method} {request.url}: the fake failed: {err!r}")
            reply = Reply(500, "the fake failed")
        self.log.append(f"    {reply.status} {str(reply.body)[:400]}")
        return reply

    def route(self, request):
        if request.method == "GET" and request.body:
            raise Unexpected("a body with GET")
        if self.limit:
            self.limit -= 1
            early = self.error(self.limited, "too many requests")
            return Reply(early.status, early.body, (*early.headers, ("Retry-After", "0")))
        fitting = False
        for method, pattern, host, attribute in self.routes:
            found = pattern.fullmatch(request.path)
            if not found or host not in (None, request.host):
                continue
            fitting = True
            if method != request.method:
                continue
            if not any(request.path.startswith(p) for p in self.open_routes) and not self.authenticate(request):
                return self.deny()
            return self.serve(request, attribute, {k: unquote(v) for k, v in found.groupdict().items()})
        raise Unexpected("no such method" if fitting else "no such path")

    def serve(self, request, attribute, names):
        if "zone" in names and names["zone"] not in self.all_zones:
            return self.error(404, "zone not found")
        if self.refuse and self.is_change(request):
            self.refuse -= 1
            return self.error(500 if self.refuse > 99 else 400, self.fails)
        self.changes += self.is_change(request)
        if self.is_change(request):
            self.earlier = [copy.copy(record) for record in self.records]
        reply = self.late_reply(request, attribute, names) if self.late and self.earlier is not None and attribute == "read" else getattr(self, attribute)(request, **names)
        if request.raw_query and not request.args_read:
            raise Unexpected("a query")
        if request.body and not request.body_read:
            raise Unexpected(f"a body: {request.body!r}")
        if self.lost and self.is_change(request):
            self.lost -= 1
            return self.error(502, "bad gateway")
        return reply if isinstance(reply, Reply) else Reply(200, reply)

    def late_reply(self, request, attribute, names):
        self.late -= 1
        now, self.records = self.records, self.earlier
        try:
            return getattr(self, attribute)(request, **names)
        finally:
            self.records = now

    def is_change(self, request):
        """Whether the request changes records: such a one is refused when a test wants to see an error."""
        return request.method != "GET"


class FakeServer:
    """Serves one fake at a time: `proxy` is what https_proxy and http_proxy are to be."""

    def __init__(self, cert, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.fake, self.lock, self.strays = None, threading.Lock(), []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            tunnel = None
            timeout = 60

            def log_message(self, *args):
                pass

            def do_CONNECT(self):
                host, port = self.path.rsplit(":", 1)
                if host not in outer.hosts() or port != outer.fake_port(host):
                    outer.strays.append(f"a connection to {self.path}")
                    self.send_error(403)
                    self.close_connection = True
                    return
                self.send_response(200)
                self.end_headers()
                self.close_connection = False  # whatever version of HTTP asked for the tunnel
                try:
                    self.connection = context.wrap_socket(self.connection, server_side=True)
                except (ssl.SSLError, OSError) as err:
                    outer.strays.append(f"TLS to {self.path}: {err}")
                    self.close_connection = True
                    return
                self.tunnel = host if port == "443" else f"{host}:{port}"
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.tunnel is None:
                    outer.strays.append(f"a request without TLS: {self.path}")
                    reply = Reply(403)
                else:
                    reply = outer.answer(self.tunnel, self.command, self.path, self.headers.items(), body)
                kind, data = reply.encoded()
                self.send_response(reply.status)
                if kind and not any(name.lower() == "content-type" for name, _ in reply.headers):
                    self.send_header("Content-Type", kind)
                for name, value in reply.headers:
                    self.send_header(name, value)
                if reply.status != 204:
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if reply.status != 204:
                    self.wfile.write(data)
                self.wfile.flush()

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = serve

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            address_family = socket.AF_INET

            def handle_error(self, request, client_address):
                pass  # a client that went away

        self.server = Server(("127.0.0.1", 0), Handler)
        self.proxy = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def hosts(self):
        return {h.split(":")[0] for h in self.fake.hosts or (self.fake.host,)}

    def fake_port(self, host):
        for known in self.fake.hosts or (self.fake.host,):
            if known.split(":")[0] == host:
                return known.split(":")[1] if ":" in known else "443"
        return None

    def answer(self, host, method, target, headers, body):
        with self.lock:
            try:
                request = Request(host, method, target, headers, body)
                if request.header("host") != host:
                    raise Unexpected(f"field Host {request.header('host')!r}, not {host}")
            except Unexpected as err:
                self.strays.append(f"{method} {host}{target}: {err}")
                return Reply(400)
            return self.fake.answer(request)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
