"""What the CA returns is checked against what was asked, whatever way it comes: a hostile CA never changes a byte in live.

Between program and CA stands a recorder that puts something else in the place of the certificate (peers/forger.py has the table).
"""
import base64
import email.utils
import http.server
import json
import re
import shutil
import ssl
import threading
import time
import urllib.request

import certs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from peers.forger import ENDLESS, REFUSED, TAKEN, Forger, blocks, new_key, of, pem

pytestmark = pytest.mark.ours

NAME = "x.test"
FOUND = "but could not be saved; fetching it."


def tree(folder):
    """Everything below a folder: content, target, mode and time of change (of a folder only its mode: probes come and go)."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.exists() else []:
        stat = path.lstat()
        content = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (content, stat.st_mode, None if path.is_dir() else stat.st_mtime_ns)
    return found


class Desk:
    """A program whose CA may be played by a forger: `row` is what it does with a chain, None: nothing."""

    def __init__(self, client, recorder):
        self.client, self.recorder, self.forger, self.row, self.csr = client, recorder, Forger(), None, None
        client.server = recorder.url
        client.http_port = recorder.ca.http_port
        recorder.rewrite = self.rewrite

    def rewrite(self, request, body):
        if "/finalize-order/" in request.path and request.payload:
            text = request.payload["csr"]
            self.csr = x509.load_der_x509_csr(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if "/certZ/" in request.path and self.row:
            return self.row(self.forger, self.csr, body)
        return body

    def finalized(self):
        return len(self.recorder.of("/finalize-order/"))

    def store(self):
        return {kind: tree(self.client.config / kind) for kind in ("live", "archive", "renewal")}

    def nothing_waits(self):
        assert not (self.client.config / "pending").exists()


@pytest.fixture
def desk(make_client, new_ca, record):
    def make():
        made = Desk(make_client(new_ca), record(new_ca))
        made.client.register()
        return made
    return make


def certonly(*args):
    return ["certonly", "-n", "--standalone", "-d", NAME, *args]


def refuse(at, command, orders=1):
    """Each row is refused, says why, leaves everything as it was, and costs no more than an order; the next run orders anew."""
    for name, (row, words) in REFUSED.items():
        before, finalized = at.store(), at.finalized()
        at.row = row
        failed = at.client.run(*command, status=1)
        at.row = None
        try:
            failed.says(words)
            assert at.finalized() == finalized + orders, "orders"
            assert at.store() == before, "the store has changed"
            at.nothing_waits()
        except AssertionError as err:
            raise AssertionError(f"{name}: {err}\n{failed}") from None


# ---- what is refused, in every way ----

@pytest.mark.slow
def test_first_issue(desk):
    at = desk()
    refuse(at, certonly())
    assert at.client.store.lineages() == []
    at.client.run(*certonly())
    at.client.store.check([NAME], lock_may_stay=True)


@pytest.mark.slow
def test_renewal(desk, area):
    at, ran = desk(), area / "deployed"
    at.client.run(*certonly())
    refuse(at, ["renew", "--force-renewal", "--deploy-hook", f"touch {ran}"])
    assert not ran.exists()
    at.client.renew("--force-renewal", "--deploy-hook", f"touch {ran}")
    assert ran.exists()
    assert at.client.store.versions(NAME) == [1, 2]
    at.client.store.check([NAME], lock_may_stay=True)


@pytest.mark.slow
def test_a_users_csr(desk, area):
    at = desk()
    csr = certs.make_csr(area / "csr.pem", [NAME], new_key())
    files = [area / f"{kind}.pem" for kind in ("cert", "chain", "fullchain")]
    command = ["certonly", "-n", "--standalone", "--csr", csr, "--cert-path", files[0], "--chain-path", files[1], "--fullchain-path",
               files[2]]
    refuse(at, command)
    assert not any(path.exists() for path in files)
    at.client.run(*command)
    leaf, issuer = certs.load_chain(files[2].read_bytes())
    assert certs.is_signed_by(leaf, issuer)


@pytest.mark.parametrize("name", ["another key", "another name"])
def test_a_dry_run_tells_of_it(desk, name):
    at = desk()
    at.row = REFUSED[name][0]
    at.client.run(*certonly("--dry-run"), status=1).says(REFUSED[name][1])


@pytest.mark.parametrize("name", ["another key", "expired", "a wrong signature", "cut short"])
def test_an_order_of_an_earlier_run(desk, name):
    """It is given up and a new one placed; when that ends alike, nothing has changed and nothing is fetched again."""
    at = desk()
    at.client.run(*certonly())
    before = at.store()
    at.recorder.instead = lambda request: (404, b"", {}) if "/certZ/" in request.path else None
    at.client.renew("--force-renewal", status=1).says("the order is recorded")
    at.recorder.instead = lambda request: None
    at.row = REFUSED[name][0]
    at.client.renew("--force-renewal", status=1).says(FOUND, "The order of an earlier run is given up", REFUSED[name][1])
    assert at.store() == before and at.finalized() == 3
    at.nothing_waits()
    at.row = None
    at.client.renew("--force-renewal")
    assert at.finalized() == 4
    at.client.store.check([NAME], lock_may_stay=True)


def test_an_answer_without_an_end(desk):
    """It costs no second order within a day; then a new one is placed."""
    at = desk()
    at.client.run(*certonly())
    before = at.store()
    at.row = ENDLESS
    at.client.renew("--force-renewal", status=1).says("downloading the certificate", "larger than", "the next run fetches the certificate")
    at.client.renew("--force-renewal", status=1).says(FOUND, "larger than")
    assert at.store() == before and at.finalized() == 2
    record = at.client.config / "pending" / NAME / "order.txt"
    day_before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 90000))
    record.write_text(re.sub(r"(?m)^created: .*$", f"created: {day_before}", record.read_text()))
    at.client.renew("--force-renewal", status=1).says("The order of an earlier run is given up")
    assert at.store() == before and at.finalized() == 3
    at.row = None
    at.client.renew("--force-renewal").says(FOUND)
    assert at.finalized() == 3
    at.nothing_waits()


def ca_is_ahead(at, seconds):
    """What the CA's answers say in Date."""
    at.recorder.httpd.RequestHandlerClass.date_time_string = (
        lambda handler, timestamp=None: email.utils.formatdate(time.time() + seconds, usegmt=True))


def test_a_clock_that_is_wrong(desk):
    """By the CA's clock the certificate is valid: it is not ordered again each time, but fetched when the clock is right."""
    at = desk()
    at.client.run(*certonly())
    before = at.store()
    ca_is_ahead(at, 3 * 86400)
    at.row = of(begin=2)
    at.client.renew("--force-renewal", status=1).says("dates: the certificate is valid from", "set this machine's clock (UTC) right")
    at.client.renew("--force-renewal", status=1).says(FOUND, "dates: the certificate is valid from")
    assert at.store() == before and at.finalized() == 2
    at.row = None
    at.client.renew("--force-renewal").says(FOUND)
    assert at.finalized() == 2
    at.client.store.check([NAME], lock_may_stay=True)
    at.nothing_waits()


def test_a_clock_that_is_a_little_wrong(desk):
    at = desk()
    ca_is_ahead(at, 14 * 3600)
    at.row = of(begin=0.5)
    at.client.run(*certonly())
    at.client.store.check([NAME], lock_may_stay=True)


@pytest.mark.parametrize("name", ["another key", "a wrong signature", "expired"])
def test_an_alternate_chain(make_client, start_pebble, record, name):
    """One that does not pass is left out; the default one is taken."""
    ca = start_pebble("new", "forked", alternates=2)
    at = Desk(make_client(ca), record(ca))
    wanted = certs.common_name(x509.load_pem_x509_certificate(ca.root(1)).subject)
    at.client.register()
    at.row = lambda forger, csr, genuine: (
        REFUSED[name][0](forger, csr, genuine) if at.recorder.requests[-1].path.count("/") > 2 else genuine)
    at.client.run(*certonly("--preferred-chain", wanted)).says("An alternate chain that the CA has sent is left out", REFUSED[name][1],
                                                               "Using the default certificate chain instead")
    at.client.store.check([NAME], lock_may_stay=True)


# ---- what is put right ----

@pytest.mark.slow
def test_what_is_put_right(desk):
    at = desk()
    for name, (row, words) in TAKEN.items():
        at.row = row
        done = at.client.run(*certonly("--cert-name", NAME, "--force-renewal", "--renew-with-new-domains"))
        assert words is None or " ".join(words.split()) in " ".join(done.text.split()), f"{name}: {done}"
        at.client.store.check([NAME], lock_may_stay=True)
        at.nothing_waits()
    assert at.finalized() == len(TAKEN)


# ---- a leaf without its issuer ----

def alone(forger, csr, genuine):
    return blocks(genuine)[0]


@pytest.fixture
def issuer_place():
    """issuer_place(body): a server that sends it, and the URL."""
    running = []

    def start(body):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}/ca.crt"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def test_an_issuer_that_is_known(desk):
    at = desk()
    at.client.run(*certonly())
    chain = at.client.store.chain(NAME)
    at.row = alone
    at.client.renew("--force-renewal").says("The CA has sent the certificate without that of its issuer", "it is the same as before")
    assert at.client.store.chain(NAME) == chain
    at.client.run("certonly", "-n", "--standalone", "-d", "y.test").says(f"it was taken from the certificate {NAME}")
    assert at.client.store.chain("y.test") == chain and at.finalized() == 3
    at.client.store.check([NAME, "y.test"], lock_may_stay=True)


@pytest.mark.parametrize("form", ["DER", "PEM"])
def test_an_issuer_that_the_certificate_tells_of(desk, issuer_place, form):
    at = desk()
    issuer = at.forger.issuer
    url = issuer_place(issuer.public_bytes(getattr(serialization.Encoding, form)))
    at.row = lambda forger, csr, genuine: pem(forger.leaf(csr, url=url))
    at.client.run(*certonly()).says(f"it was fetched from {url}")
    assert at.client.store.chain(NAME) == [issuer] and at.finalized() == 1
    at.client.store.check([NAME], lock_may_stay=True)


@pytest.mark.parametrize("sent", ["nothing", "a stranger", "a page"])
def test_an_issuer_that_cannot_be_had(desk, issuer_place, sent):
    """Costs no certificate: the order stays, and is taken up when the issuer is there."""
    at = desk()
    at.client.run(*certonly())
    before = at.store()
    bodies = {"nothing": b"", "a stranger": pem(at.forger.root), "a page": b"<html>"}
    made = {}
    url = issuer_place(bodies[sent])

    def row(forger, csr, genuine):
        made.setdefault("leaf", forger.leaf(csr, url=url))
        return pem(made["leaf"], *made.get("chain", []))

    at.row = row
    at.client.renew("--force-renewal", status=1).says("the CA has sent a certificate without its issuer's; fetching that", url,
                                                      "the next run fetches the certificate")
    for _ in range(2):
        at.client.renew("--force-renewal", status=1).says(FOUND, url)
    assert at.finalized() == 2 and at.store() == before
    made["chain"] = [at.forger.issuer]
    at.client.renew().says(FOUND)
    assert at.finalized() == 2 and at.client.store.cert(NAME) == made["leaf"]
    at.client.store.check([NAME], lock_may_stay=True)
    at.nothing_waits()


def test_a_certificates_address_leads_to_no_machine_inside(desk, issuer_place):
    """The CA of the tests lives on loopback, so only what is no loopback address can be refused here."""
    at = desk()
    at.row = lambda forger, csr, genuine: pem(forger.leaf(csr, url="http://169.254.169.254/latest/meta-data/"))
    at.client.run(*certonly(), status=1).says("169.254.169.254")
    assert at.client.store.lineages() == []


def test_a_ca_that_never_sends_an_issuer(desk):
    """The certificate is all there is; it is kept, renewed and not taken for damage."""
    at = desk()
    at.row = alone
    at.client.run(*certonly()).says("so the chain is empty")
    assert at.client.store.live(NAME, "chain").read_bytes() == b""
    assert at.client.store.live(NAME, "fullchain").read_bytes() == at.client.store.live(NAME, "cert").read_bytes()
    at.client.renew("--force-renewal").says("so the chain is empty")
    at.client.run("doctor").says("0 remain(s)")
    assert "INVALID" not in at.client.run("certificates").text
    assert at.finalized() == 2 and at.client.store.versions(NAME) == [1, 2]
    for layout in ("certbot", "versioned"):
        at.client.run("store", "convert", "--layout", layout)
        assert at.client.store.live(NAME, "chain").read_bytes() == b"" and at.client.store.versions(NAME) == [1, 2]
        at.client.run("doctor").says("0 remain(s)")
    at.row = None
    at.client.renew("--force-renewal")
    assert len(at.client.store.chain(NAME)) == 1


def test_an_issuer_that_is_missing_all_at_once(desk):
    """Where one stood before, and nothing says where to find it, the live version stays."""
    at = desk()
    at.client.run(*certonly())
    before = at.store()
    at.row = lambda forger, csr, genuine: pem(forger.leaf(csr))
    at.client.renew("--force-renewal", status=1).says("which is not known here", "the next run fetches the certificate")
    at.client.renew("--force-renewal", status=1).says(FOUND)
    assert at.store() == before and at.finalized() == 2


# ---- one order for two ----

def nonce(at):
    context = ssl.create_default_context(cafile=str(at.client.trust.ca))
    request = urllib.request.Request(f"{at.recorder.base}/nonce-plz", method="HEAD")
    with urllib.request.urlopen(request, context=context, timeout=10) as answer:
        return answer.headers["Replay-Nonce"]


class Orders:
    """Notes the orders that go by: for a CA that hands one out again."""

    def __init__(self, at):
        self.at, self.seen = at, at.recorder.rewrite
        self.last = {}  # as the CA has told of it last
        self.url = None
        at.recorder.rewrite = self.rewrite

    def rewrite(self, request, body):
        if request.status < 300 and any(part in request.path for part in ("/order-plz", "/my-order/", "/finalize-order/")):
            self.last = json.loads(body)
        if "/my-order/" in request.path:
            self.url = f"{self.at.recorder.base}{request.path}"
        return self.seen(request, body)

    def again(self, **members):
        """The answer to a newOrder that is none."""
        headers = {"Content-Type": "application/json", "Location": self.url, "Replay-Nonce": nonce(self.at)}
        return 201, json.dumps({**self.last, **members}).encode(), headers


def test_an_order_that_another_client_was_faster_at(desk, make_client, new_ca):
    """Two hosts share an account, and the CA hands a ready order out again."""
    at = desk()
    second = make_client(new_ca, "second")
    second.server, second.http_port = at.client.server, at.client.http_port
    shutil.copytree(at.client.config, second.config)
    orders, played = Orders(at), []

    def instead(request):
        if request.path == "/order-plz" and played == ["faster"]:
            played.append("handed out again")
            return orders.again(status="ready")
        if "/finalize-order/" in request.path and not played:
            orders.url = f"{at.recorder.base}/my-order/{request.path.rsplit('/', 1)[1]}"
            played.append("faster")
            second.run(*certonly())
        return None

    at.recorder.instead = instead
    at.client.run(*certonly()).says("Another client of this account has finished the order for these names with a key of its own; "
                                    "placing a new one")
    assert played == ["faster", "handed out again"]
    for client in (at.client, second):
        client.store.check([NAME], lock_may_stay=True)
    assert at.client.store.cert(NAME) != second.store.cert(NAME)


def test_an_old_order_for_every_new_one(desk):
    """A CA that answers each newOrder with the first one, which is valid: not its certificate, and no end of orders."""
    at = desk()
    orders = Orders(at)
    at.client.run(*certonly())
    before, asked = at.store(), []

    def instead(request):
        if request.path == "/order-plz":
            asked.append(request)
            return orders.again()
        return None

    at.recorder.instead = instead
    at.client.renew("--force-renewal", status=1).says("key: of the 2 certificates none is for the key that was asked for")
    assert len(asked) == 3 and at.store() == before
    at.nothing_waits()


@pytest.mark.parametrize("as_certbot", [False, True], ids=["evercert", "certbot"])
def test_two_lineages_with_the_same_names(desk, second_name, as_certbot):
    at = desk()
    at.client.run(*certonly("--cert-name", "ec"))
    at.client.run(*certonly("--cert-name", "rsa", "--duplicate", "--key-type", "rsa", "--rsa-key-size", "2048"))
    under_way, most, arrived, lock = set(), [0], threading.Event(), threading.Lock()

    def instead(request):
        if request.path == "/order-plz":
            with lock:
                under_way.add(len(at.recorder.of("/order-plz")))
                most[0] = max(most[0], len(under_way))
            if len(under_way) > 1:
                arrived.set()
            arrived.wait(2)  # who does not wait for the other arrives now
        return None

    def rewrite(request, body):
        if "/certZ/" in request.path or (request.path == "/order-plz" and request.status >= 400):  # done, or refused
            with lock:
                under_way.pop()
        return body

    at.recorder.instead, at.recorder.rewrite = instead, rewrite
    if as_certbot:
        at.client.program = second_name
    at.client.renew("--force-renewal")
    assert most[0] == 1, f"two orders for the same names were under way: {[(r.status, r.path) for r in at.recorder.requests]}"
    for name in ("ec", "rsa"):
        at.client.store.check_lineage(name)
        assert len(at.client.store.versions(name)) == 2
