"""A DNS service with a JSON interface, for scripts written in the style of acme.sh's (tests/integration/scripts).

What is in its zones is told to the CA's DNS server, so that the CA finds it. Replies are laid out over several lines, as
services do it.
"""
import hashlib
import hmac
import http.server
import json
import threading
import urllib.parse
import urllib.request

KEY, SECRET = "fake-user", "very secret, 'quoted'"


class DnsService:
    """zones: {"example.test": {}}; records as {id: (name within the zone, value)}.

    log      all requests, as (method, path, body)
    refuse   status with which changes are answered; None: they are made
    refused  the methods that this is about
    forgets  says that it has added a record, and has not
    """

    def __init__(self, zones, ca=None):
        self.zones, self.ca = {z: {} for z in zones}, ca
        self.log, self.tokens, self.refuse, self.count = [], [], None, 0
        self.refused, self.forgets = ("POST", "PUT", "DELETE"), False
        self.lock = threading.Lock()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                with service.lock:
                    service.log.append((self.command, self.path, body))
                    status, reply, fields = service.handle(self.command, self.path, self.headers, body)
                data = b"" if reply is None else json.dumps(reply, indent=2).encode()
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = do_PUT = answer

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def values(self, zone):
        with self.lock:
            return sorted(self.zones[zone].values())

    # ---- the interface ----

    def handle(self, method, path, headers, body):
        url = urllib.parse.urlsplit(path)
        parts, query = url.path.strip("/").split("/")[1:], dict(urllib.parse.parse_qsl(url.query))
        if parts == ["old"]:
            return 302, None, {"Location": "/v1/login"}
        if parts == ["login"]:
            return self.login(headers, body)
        if headers.get("Authorization") not in [f"Bearer {t}" for t in self.tokens]:
            return 401, {"success": False, "errors": ["bad token"]}, {}
        if parts == ["zones"]:
            found = [z for z in self.zones if query.get("name") in (None, z)]
            return 200, {"success": True, "result": [{"id": self.id_of(z), "name": z} for z in found]}, {}
        zone = next((z for z in self.zones if self.id_of(z) == parts[1]), None)
        if zone is None:
            return 404, {"success": False, "errors": ["no such zone"]}, {}
        if method in self.refused and self.refuse:
            return self.refuse, {"success": False, "errors": [f"refused; your key was {KEY}, {SECRET}"]}, {}
        return getattr(self, method.lower())(zone, parts[3:], query, body)

    def login(self, headers, body):
        now, signature = headers.get("X-Signature", " ").split(" ", 1)
        good = hmac.new(SECRET.encode(), f"{KEY}:{now}".encode(), hashlib.sha256).hexdigest()
        if signature != good or body != f"user={KEY}":
            return 403, {"success": False, "errors": ["wrong signature"]}, {}
        self.tokens.append(f"token-{len(self.tokens)}-0123456789")
        return 200, {"success": True}, {"X-Session-Token": self.tokens[-1]}

    def get(self, zone, rest, query, body):
        found = [{"id": i, "name": n, "content": v} for i, (n, v) in self.zones[zone].items()
                 if (n, v) == (query.get("name"), query.get("content"))]
        return 200, {"success": True, "count": len(found), "result": found}, {}

    def post(self, zone, rest, query, body):
        asked = json.loads(body)
        entry = asked["name"], asked["content"]
        if entry in self.zones[zone].values():
            return 400, {"success": False, "errors": ["record already exists"]}, {}
        self.count += 1
        if self.forgets:
            return 201, {"success": True, "result": {"id": f"r{self.count}", "content": entry[1]}}, {}
        self.zones[zone][f"r{self.count}"] = entry
        self.tell(zone, entry[0])
        return 201, {"success": True, "result": {"id": f"r{self.count}", "content": entry[1]}}, {}

    def delete(self, zone, rest, query, body):
        entry = self.zones[zone].pop(rest[0], None)
        if entry is None:
            return 404, {"success": False, "errors": ["no such record"]}, {}
        self.tell(zone, entry[0])
        return 200, {"success": True}, {}

    # ----

    @staticmethod
    def id_of(zone):
        return hashlib.sha1(zone.encode()).hexdigest()

    def tell(self, zone, name):
        if self.ca is None:
            return
        host = f"{name}.{zone}."
        self.post_to_ca("clear-txt", {"host": host})
        for other, value in self.zones[zone].values():
            if other == name:
                self.post_to_ca("set-txt", {"host": host, "value": value})

    def post_to_ca(self, verb, body):
        url = f"http://127.0.0.1:{self.ca.dns_management}/{verb}"
        with urllib.request.urlopen(url, json.dumps(body).encode(), timeout=30):
            pass
