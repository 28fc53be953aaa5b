"""A service that searches the logs of Certificate Transparency as crt.sh does, on its good and on its bad days."""
import datetime
import json
import threading
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from cryptography import x509

from .recorder import QuietServer

PAGE = b"<!DOCTYPE html>\n<HTML><HEAD><TITLE>crt.sh</TITLE></HEAD><BODY><BR><BR>canceling statement due to statement timeout</BODY></HTML>\n"
GATEWAY = b"<html>\r\n<head><title>%d</title></head>\r\n<body>\r\n<center><h1>%d</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"


def names_of(cert):
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def name_as_text(name):
    """As crt.sh writes it: in the order of the certificate, values with commas in quotation marks."""
    short = {"commonName": "CN", "organizationName": "O", "countryName": "C"}
    parts = [(short[attribute.oid._name], attribute.value) for attribute in name]
    return ", ".join(f'{key}="{value}"' if "," in value else f"{key}={value}" for key, value in parts)


class LogSearch:
    """add(cert) logs one, with its precertificate; its ID is returned, that of the precertificate is one less.

    bad     what becomes of the next requests, one each: a status, or "page" (with status 200), "cut" (a page in the middle of the
            list), "short" (the connection ends in the middle), "nothing" (an empty body), "garbage"; "well" in between
    asked   the questions: (what, how)
    padding rows of strangers' names in each answer
    """

    def __init__(self):
        search = self
        self.logged, self.bad, self.asked, self.requests, self.padding = [], [], [], [], 0
        self.retry_after = None

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                search.answer(self)

        self.httpd = QuietServer(("127.0.0.1", 0), Handler)
        self.site = f"http://127.0.0.1:{self.httpd.server_address[1]}/"
        self.url = self.site + "?q={name}&match={match}&exclude=expired&deduplicate=Y&output=json"
        threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.httpd.shutdown()
        self.httpd.server_close()

    def add(self, cert):
        number = 14000000000 + 2 * len(self.logged) + 1
        self.logged.append((number, cert))
        return number

    def row(self, number, cert, names):
        return {"issuer_ca_id": 295815, "issuer_name": name_as_text(cert.issuer), "common_name": names_of(cert)[0],
                "name_value": "\n".join(sorted(names)), "id": number,
                "entry_timestamp": f"{datetime.datetime.utcnow():%Y-%m-%dT%H:%M:%S}.456" if number % 4 > 1 else None,
                "not_before": f"{cert.not_valid_before:%Y-%m-%dT%H:%M:%S}", "not_after": f"{cert.not_valid_after:%Y-%m-%dT%H:%M:%S}",
                "serial_number": self.serial(cert), "result_count": len(names) + 1}

    @staticmethod
    def serial(cert):
        """The bytes of the INTEGER: a zero byte in front where the first bit is set."""
        return cert.serial_number.to_bytes(cert.serial_number.bit_length() // 8 + 1, "big").hex()

    def find(self, query):
        what, how = query["q"][0], query["match"][0]
        self.asked.append((what, how))
        rows = []
        for number, cert in self.logged:
            found = [name for name in names_of(cert) if (name == what if how == "=" else what.lower() in name.lower())]
            if not found or ("expired" in query.get("exclude", []) and cert.not_valid_after < datetime.datetime.utcnow()):
                continue
            rows.append(self.row(number - 1, cert, found))  # the precertificate
            if query.get("deduplicate") != ["Y"]:
                rows.append(self.row(number, cert, found))
        return rows + [dict(rows[0], id=15000000000 + i, serial_number=f"{i + 1:x}", name_value=f"x{i}.strangers.example", common_name="x")
                       for i in range(self.padding if rows else 0)]

    def answer(self, handler):
        query = parse_qs(urlsplit(handler.path).query)
        self.requests.append(handler)
        how = self.bad.pop(0) if self.bad else "well"
        status, kind, body = 200, "application/json", json.dumps(self.find(query), separators=(",", ":")).encode()
        if isinstance(how, int):
            status, kind, body = how, "text/html", GATEWAY % (how, how)
        elif how == "page":
            kind, body = "text/html; charset=UTF-8", PAGE
        elif how == "cut":
            body = body[:-1] + PAGE
        elif how == "nothing":
            body = b""
        elif how == "garbage":
            body = body.replace(b":", b"=")
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        if self.retry_after is not None and status != 200:
            handler.send_header("Retry-After", str(self.retry_after))
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[:len(body) // 2] if how == "short" else body)
