"""A man in the middle between client and CA, who writes down every request and can answer some himself."""
import base64
import http.client
import json
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from .ports import free_port


def _decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Request:
    method: str
    path: str
    headers: dict
    protected: dict = field(default_factory=dict)  # of the JWS, when it was one
    payload: object = None                         # its payload: None for POST-as-GET and GET
    status: int = 0                                # what was answered


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    connections = 0

    def get_request(self):
        accepted = super().get_request()
        self.connections += 1
        return accepted

    def handle_error(self, request, client_address):
        pass  # a client that hangs up is what some tests are about


class TlsPlayer:
    """An HTTPS server on loopback, or at `address`; `answer(handler, method, body)` of the subclass plays its part."""

    def __init__(self, trust, address=None):
        player = self
        self.count = 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def _serve(self):
                player.count += 1
                length = int(self.headers.get("Content-Length") or 0)
                player.answer(self, self.command, self.rfile.read(length) if length else b"")

            do_GET = do_HEAD = do_POST = _serve

        self.port = free_port()
        self.httpd = QuietServer((address or "127.0.0.1", self.port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(trust.cert, trust.key)
        self.httpd.socket = context.wrap_socket(self.httpd.socket, server_side=True, do_handshake_on_connect=False)
        self.base = f"https://{address or 'localhost'}:{self.port}"
        self.url = self.base + "/dir"
        threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.httpd.shutdown()
        self.httpd.server_close()


def reply(handler, status, body=b"", headers=None):
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


class Recorder(TlsPlayer):
    """Passes everything on to Pebble, which builds its URLs from the Host header and so sends the client back here.

    `instead(request)` may return (status, body, headers) to answer in Pebble's place, or None; `rewrite(request, body)`
    returns what becomes of the body that Pebble answers with, and may change `request.status`; `seize(request, handler)` may send whatever it likes in any
    form, and returns True then. `more_headers(request)` are sent with Pebble's answer, in place of its own of these names.
    """

    def __init__(self, trust, ca, instead=None, address=None):
        self.ca, self.trust = ca, trust
        self.instead = instead or (lambda request: None)
        self.rewrite = lambda request, body: body
        self.seize = lambda request, handler: False
        self.more_headers = lambda request: {}
        self.requests = []
        self.lock = threading.Lock()
        super().__init__(trust, address)

    def answer(self, handler, method, body):
        request = Request(method, urlsplit(handler.path).path, dict(handler.headers))
        if body:
            try:
                jws = json.loads(body)
                request.protected = json.loads(_decode(jws["protected"]))
                request.payload = json.loads(_decode(jws["payload"])) if jws["payload"] else None
            except (ValueError, KeyError):
                pass
        with self.lock:
            self.requests.append(request)
        if self.seize(request, handler):
            return None
        played = self.instead(request)
        if played:
            request.status = played[0]
            return reply(handler, *played)

        context = ssl.create_default_context(cafile=str(self.trust.ca))
        behind = http.client.HTTPSConnection("localhost", self.ca.port, context=context, timeout=60)
        headers = {k: v for k, v in handler.headers.items() if k.lower() not in ("connection", "accept-encoding")}
        behind.request(method, handler.path, body=body or None, headers=headers)
        response = behind.getresponse()
        data = response.read()
        request.status = response.status
        data = self.rewrite(request, data)
        more = self.more_headers(request)
        handler.send_response(request.status)
        for name, value in response.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", *map(str.lower, more)):
                handler.send_header(name, value)
        for name, value in more.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        if method != "HEAD":
            handler.wfile.write(data)
        behind.close()

    def of(self, part):
        """The requests whose path contains `part`."""
        return [r for r in self.requests if part in r.path]
