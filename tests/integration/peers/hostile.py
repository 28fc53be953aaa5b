"""CAs that misbehave. Each part is a small HTTPS server; the good half of ACME is there where a part needs it."""
import itertools
import json
import time

from .recorder import TlsPlayer, reply

PROBLEM = {"Content-Type": "application/problem+json"}


class HostileCa(TlsPlayer):
    """`part(ca, handler, method, path)` answers and returns True, or leaves the request to the good half."""

    def __init__(self, trust, part):
        self.part = part
        self.nonces = itertools.count()
        self.sent = 0  # bytes of an endless body
        super().__init__(trust)

    def directory(self):
        names = ("newNonce", "newAccount", "newOrder", "revokeCert", "keyChange")
        return {**{name: f"{self.base}/{name}" for name in names}, "meta": {}}

    def json(self, handler, status, body, headers=None):
        reply(handler, status, json.dumps(body).encode(),
              {"Content-Type": "application/json", "Replay-Nonce": f"nonce-{next(self.nonces)}", **(headers or {})})

    def problem(self, handler, status, kind, detail, headers=None, **more):
        self.json(handler, status, {"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail, "status": status,
                                    **more}, {**PROBLEM, **(headers or {})})

    def answer(self, handler, method, body):
        path = handler.path.split("?")[0]
        if self.part(self, handler, method, path):
            return
        if path == "/dir":
            self.json(handler, 200, self.directory())
        elif path == "/newNonce":
            self.json(handler, 200, {})
        elif path == "/newAccount":
            self.json(handler, 201, {"status": "valid"}, {"Location": f"{self.base}/account/1"})
        else:
            self.problem(handler, 404, "malformed", f"no such resource: {path}")


def server_error(ca, handler, method, path):
    reply(handler, 500, b"<html>the dog ate it</html>", {"Content-Type": "text/html"})
    return True


def not_json(ca, handler, method, path):
    reply(handler, 200, b"\x00\xff{{{ this is no directory", {"Content-Type": "application/json"})
    return True


def wrong_types(ca, handler, method, path):
    ca.json(handler, 200, {"newNonce": 7, "newAccount": ["x"], "newOrder": None, "meta": "yes"})
    return True


def silent(ca, handler, method, path):
    time.sleep(600)
    return True


def endless_body(ca, handler, method, path):
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    blank = b" " * 65536
    for _ in range(200_000):  # 12 GiB; whoever reads it all is not well
        handler.wfile.write(blank)
        ca.sent += len(blank)
    return True


def endless_redirect(ca, handler, method, path):
    reply(handler, 302, b"", {"Location": f"{ca.base}/dir?{time.monotonic_ns()}"})
    return True


def hangs_up(ca, handler, method, path):
    handler.close_connection = True
    handler.connection.close()
    return True


def rate_limited(retry_after):
    """A CA whose newOrder is over its limit, with this Retry-After header."""
    def part(ca, handler, method, path):
        if path != "/newOrder":
            return False
        ca.problem(handler, 429, "rateLimited", "too many certificates already issued for: busy.test",
                   {"Retry-After": retry_after})
        return True
    return part


def rude_words(ca, handler, method, path):
    """A CA whose error would paint the terminal."""
    if path != "/newOrder":
        return False
    ca.problem(handler, 403, "rejectedIdentifier", "no\x1b[31m\x07 red\x1b]0;title\x07 words\r\nfor rude.test")
    return True
