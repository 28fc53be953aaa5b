"""A CA's word on revoked certificates: an OCSP responder and revocation lists, over plain HTTP on loopback."""
import datetime
import threading
from http.server import BaseHTTPRequestHandler

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from .ports import free_port
from .recorder import QuietServer, reply

DAY = datetime.timedelta(days=1)
DER = serialization.Encoding.DER


def _now():
    return datetime.datetime.utcnow().replace(microsecond=0)


class RevocationServer:
    """POST is OCSP, GET /NAME.crl a list. Both are about the certificates of `issuer` that were shown to it with `know`.

    is_revoked(cert)  tells whether one is revoked; a set of serial numbers `revoked` does by default
    talks             "well"; "hangs up", "not" (accepts and is silent), "errors" (HTTP 500), "refuses" (OCSP unauthorized)
    """

    def __init__(self):
        server = self
        self.issuer = self.key = None
        self.certs, self.revoked, self.talks = {}, set(), "well"
        self.is_revoked = lambda cert: cert.serial_number in self.revoked
        self.requests = []
        self.lock = threading.Lock()
        self.end = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def _serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with server.lock:
                    server.requests.append((self.command, self.path, self.headers.get("Content-Type")))
                server.answer(self, body)

            do_GET = do_POST = _serve

        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.httpd = QuietServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.end.set()
        self.httpd.shutdown()
        self.httpd.server_close()

    def speak_for(self, issuer, key):
        self.issuer, self.key = issuer, key

    def know(self, *certs):
        self.certs.update({cert.serial_number: cert for cert in certs})

    def count(self, method):
        return sum(1 for request in self.requests if request[0] == method)

    def answer(self, handler, body):
        if self.talks == "hangs up":
            handler.close_connection = True
            handler.connection.close()
        elif self.talks == "not":
            self.end.wait(60)
        elif self.talks == "errors":
            reply(handler, 500, b"no")
        elif handler.command == "POST":
            reply(handler, 200, self.ocsp(body), {"Content-Type": "application/ocsp-response"})
        else:
            reply(handler, 200, self.crl(f"{self.url}{handler.path}"), {"Content-Type": "application/pkix-crl"})

    def ocsp(self, body):
        question = ocsp.load_der_ocsp_request(body)
        cert = self.certs.get(question.serial_number)
        if cert is None or self.talks == "refuses":
            return ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED).public_bytes(DER)
        bad = self.is_revoked(cert)
        answer = ocsp.OCSPResponseBuilder().add_response(
            cert, self.issuer, question.hash_algorithm,
            ocsp.OCSPCertStatus.REVOKED if bad else ocsp.OCSPCertStatus.GOOD, _now(), _now() + DAY,
            _now() - DAY if bad else None, None).responder_id(ocsp.OCSPResponderEncoding.NAME, self.issuer)
        return answer.sign(self.key, hashes.SHA256()).public_bytes(DER)

    def crl(self, url):
        """One part of the CA's list, which says that it is about what lies at `url`."""
        scope = x509.IssuingDistributionPoint([x509.UniformResourceIdentifier(url)], None, True, False, None, False, False)
        made = (x509.CertificateRevocationListBuilder().issuer_name(self.issuer.subject).last_update(_now())
                .next_update(_now() + DAY).add_extension(scope, critical=True))
        for cert in self.certs.values():
            if self.is_revoked(cert):
                made = made.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(cert.serial_number)
                                                    .revocation_date(_now() - DAY).build())
        return made.sign(self.key, hashes.SHA256()).public_bytes(DER)
