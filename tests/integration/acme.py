"""The little ACME that tests speak themselves, with the account key of a client under test (RFC 8555, RFC 7515)."""
import base64
import json
import ssl
import urllib.request

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def number(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def load_jwk(jwk):
    if jwk["kty"] == "EC":
        public = ec.EllipticCurvePublicNumbers(number(jwk["x"]), number(jwk["y"]), ec.SECP256R1())
        return ec.EllipticCurvePrivateNumbers(number(jwk["d"]), public).private_key()
    part = {name: number(jwk[name]) for name in ("n", "e", "d", "p", "q", "dp", "dq", "qi")}
    public = rsa.RSAPublicNumbers(part["e"], part["n"])
    return rsa.RSAPrivateNumbers(part["p"], part["q"], part["d"], part["dp"], part["dq"], part["qi"], public).private_key()


def sign(key, data):
    if isinstance(key, rsa.RSAPrivateKey):
        return "RS256", key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return "ES256", r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Account:
    """One account as a client keeps it: a folder with private_key.json and regr.json."""

    def __init__(self, folder, directory_url, trusted):
        self.key = load_jwk(json.loads((folder / "private_key.json").read_text()))
        self.url = json.loads((folder / "regr.json").read_text())["uri"]
        self.context = ssl.create_default_context(cafile=str(trusted))
        self.new_nonce = json.loads(self._open(directory_url).read())["newNonce"]

    def _open(self, url, **more):
        return urllib.request.urlopen(urllib.request.Request(url, **more), context=self.context, timeout=10)

    def post(self, url, payload):
        """Asked again as long as the nonce is refused."""
        for _ in range(20):
            nonce = self._open(self.new_nonce, method="HEAD").headers["Replay-Nonce"]
            alg = sign(self.key, b"")[0]
            protected = b64(json.dumps({"alg": alg, "kid": self.url, "nonce": nonce, "url": url}).encode())
            body = b64(json.dumps(payload).encode())
            signature = b64(sign(self.key, f"{protected}.{body}".encode())[1])
            jws = json.dumps({"protected": protected, "payload": body, "signature": signature}).encode()
            try:
                return json.loads(self._open(url, data=jws, headers={"Content-Type": "application/jose+json"}).read())
            except urllib.error.HTTPError as refusal:
                problem = json.loads(refusal.read())
                if not problem["type"].endswith(":badNonce"):
                    raise AssertionError(f"{url}: {problem}") from None
        raise AssertionError(f"{url}: no nonce was good")
