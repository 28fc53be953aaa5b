"""A CA that plays endless things, over a real connection: nothing in the store changes, and it costs a bounded time and memory.

What is wrong in a certificate stands in test_gate.py. The time that may pass is half an hour and more, so both processes have
a clock that runs fast (peers/hurry.c); how much memory they take at the most tells peers/peak.c.
"""
import json
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from client import wait_for
from peers import endless
from peers.forger import pem
from peers.revocation import RevocationServer
from test_gate import NAME, Desk
from test_revocation import RevocableFleet

pytestmark = pytest.mark.ours

PEERS = Path(__file__).resolve().parent / "peers"
MORE_MEMORY = 50 << 10  # KiB
HURRY = 60              # so many times as fast the clocks run where time matters

# What is asked of a CA for a renewal, in order.
PLACES = {
    "directory": "/dir", "nonce": "/nonce-plz", "order": "/order-plz", "authorization": "/authZ/", "challenge": "/chalZ/",
    "request": "/finalize-order/", "look": "/my-order/", "certificate": "/certZ/",
}


@pytest.fixture(scope="session")
def tools(session_area):
    """What is written in C for this."""
    if shutil.which("cc") is None:
        pytest.skip("no compiler")
    peak, hurry = session_area / "peak", session_area / "hurry.so"
    subprocess.run(["cc", "-O1", "-o", peak, PEERS / "peak.c"], check=True)
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", hurry, PEERS / "hurry.c", "-ldl"], check=True)
    return peak, hurry


def script(path, command):
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)


class Hostile(Desk):
    """A program with one lineage, whose CA plays a part; what it does to memory and time is measured."""

    # What is freed is given back at once.
    options = "detect_leaks=1:exitcode=99:allocator_may_return_null=1:quarantine_size_mb=0:thread_local_quarantine_size_kb=0"

    def __init__(self, client, recorder, folder, tools):
        super().__init__(client, recorder)
        peak, self.hurry = tools
        program = client.program.resolve()
        # A sanitizer puts room around each of many small pieces.
        self.bound = MORE_MEMORY * (2 if b"__asan_" in program.read_bytes() else 1)
        self.folder = folder
        folder.mkdir()
        shutil.copy(program, folder / "evercert-real")
        shutil.copy(program.parent / "evercert-net", folder / "evercert-net-real")
        script(folder / "evercert", f'exec {peak} {folder}/peak {folder}/evercert-real "$@"')
        self.run_at(1)
        for path in folder.iterdir():
            path.chmod(path.stat().st_mode | stat.S_IROTH | stat.S_IXOTH)
        client.program = folder / "evercert"
        client.run("certonly", "-n", "--agree-tos", "--register-unsafely-without-email", "--standalone", "-d", NAME)
        self.normal = self.renew(0)

    def run_at(self, speed):
        preload = f"LD_PRELOAD={self.hurry} HURRY={speed}" if speed > 1 else ""
        script(self.folder / "evercert-net", f'exec env {preload} {self.folder}/evercert-net-real "$@"')
        self.speed = speed

    def renew(self, status, *args, forced=True):
        """Returns how many KiB it took."""
        env = {"ASAN_OPTIONS": self.options}
        if self.speed > 1:
            env.update(LD_PRELOAD=str(self.hurry), HURRY=str(self.speed), ASAN_OPTIONS=self.options + ":verify_asan_link_order=0")
        self.done = self.client.run("renew", *(["--force-renewal"] if forced else []), *args, status=status, env=env, timeout=300)
        return int((self.folder / "peak").read_text())

    def suffer(self, *args):
        """A renewal that fails, at that cost; returns what is said."""
        before = self.store()
        cost = self.renew(1, *args) - self.normal
        assert self.store() == before, "the store has changed"
        assert cost < self.bound, f"{cost} KiB more than for a renewal"
        assert (self.client.logs / "letsencrypt.log").stat().st_size < 4 << 20
        shutil.rmtree(self.client.config / "pending", ignore_errors=True)
        return self.done

    def renew_if_due(self):
        """Nothing is, whatever anybody says."""
        cost = self.renew(0, forced=False) - self.normal
        assert cost < self.bound, f"{cost} KiB more than for a renewal"

    def live_and_archive(self):
        found = self.store()
        del found["renewal"]  # says when the CA was asked
        return found

    def seize(self, part, form):
        """From the first request to that part of the CA on, the answers have that form."""
        def seize(request, handler):
            if part not in request.path and not (part == "/dir" and "/dir" in handler.path):
                return False
            form(handler)
            return True
        self.recorder.seize = seize

    def free(self):
        self.recorder.seize = lambda request, handler: False
        self.recorder.instead = lambda request: None
        self.recorder.rewrite = self.rewrite
        self.recorder.more_headers = lambda request: {}


@pytest.fixture
def revocation():
    server = RevocationServer()
    yield server
    server.stop()


@pytest.fixture
def hostile(make_client, new_ca, record, area, tools):
    return Hostile(make_client(new_ca), record(new_ca), area / "bin", tools)


def in_each(cases, play):
    """Plays them all, and tells which failed."""
    for name, case in cases.items():
        try:
            play(case)
        except AssertionError as err:
            raise AssertionError(f"{name}: {err}") from None


def places(form):
    """Where that form can do harm."""
    found = dict(PLACES)
    if form not in endless.OF_HEADERS:
        del found["nonce"]
    if form in endless.WITH_AN_END:
        del found["challenge"]
    return found


def play_everywhere(hostile, form):
    def play(part):
        hostile.client.give_up_authorizations()  # asks the CA itself: not while that talks without end
        hostile.seize(part, form)
        hostile.suffer("--issuance-timeout", "5")
        hostile.free()

    in_each(places(form), play)


@pytest.mark.slow
@pytest.mark.parametrize("form", endless.AT_ONCE, ids=lambda form: form.__name__)
def test_an_answer_without_an_end(hostile, form):
    play_everywhere(hostile, form)
    hostile.renew(0)
    hostile.client.store.check([NAME], lock_may_stay=True)


@pytest.mark.slow
@pytest.mark.parametrize("form", endless.SLOW, ids=lambda form: form.__name__)
def test_an_answer_that_takes_for_ever(hostile, form):
    hostile.run_at(HURRY)
    play_everywhere(hostile, form)
    hostile.run_at(1)
    hostile.renew(0)
    hostile.client.store.check([NAME], lock_may_stay=True)


def test_a_silent_ca_holds_the_deploy_hooks_of_others_for_a_minute(hostile, start_pebble, area):
    """By name they come after its own; they do not wait until it is given up."""
    other, told = start_pebble("new", "trusting", always_valid=True), area / "told"
    hostile.client.certonly(["y.test"], "--server", other.url, "--http-01-port", other.http_port, "--deploy-hook", f"touch {told}")
    told.unlink()
    hostile.seize("/dir", endless.silence)
    hostile.client.server = hostile.client.http_port = None
    env = {"LD_PRELOAD": str(hostile.hurry), "HURRY": "10", "ASAN_OPTIONS": f"{hostile.options}:verify_asan_link_order=0"}
    process = hostile.client.start("renew", "--force-renewal", "--jobs", "2", env=env)
    wait_for(lambda: told.exists() or process.poll() is not None, what="the deploy hook", seconds=60)
    assert process.poll() is None, "the silent one was waited for"
    hostile.client.finish(process, 1).says("(success)", "(failure)")


# ---- no decision, for ever ----

RETRY_AFTER = {"at once": "0", "thirty years": "999999999", "in the year 9999": "Fri, 31 Dec 9999 23:59:59 GMT"}


def saying(hostile, parts, change, retry_after):
    """Answers from those parts of the CA are changed: a function of the document, which is sent with that Retry-After."""
    hostile.asked = 0

    def rewrite(request, body):
        body = Desk.rewrite(hostile, request, body)
        if request.status >= 400 or not any(part in request.path for part in parts):
            return body
        hostile.asked += 1
        return json.dumps(change(json.loads(body))).encode()

    hostile.recorder.rewrite = rewrite
    hostile.recorder.more_headers = lambda request: (
        {"Retry-After": retry_after} if retry_after and any(part in request.path for part in parts) else {})


@pytest.mark.slow
@pytest.mark.parametrize("status, words", [
    ("processing", "waiting for the CA to issue the certificate (the order is 'processing'): "
                   "the CA has not come to a decision within 3 seconds"),
    ("pending", "(the order is 'pending'): the CA has not come to a decision within 3 seconds"),
    ("ready", "sending the certificate request: "),
    ("valid", "waiting for the CA to name the certificate's address (the order is 'valid'): "
              "the CA has not come to a decision within 3 seconds"),
])
def test_an_order_that_stays_as_it_is(hostile, status, words):
    def change(order):
        return {**order, "status": status, "certificate": None}

    def play(retry_after):
        saying(hostile, ["/finalize-order/", "/my-order/"], change, retry_after)
        said = hostile.suffer("--issuance-timeout", "3")
        said.says(words.split(": ")[-1], words.split(": ")[0])
        assert 1 < hostile.asked < 40, f"asked {hostile.asked} times"
        hostile.free()

    in_each(RETRY_AFTER, play)


@pytest.mark.slow
@pytest.mark.parametrize("retry_after", ["at once", "thirty years"])
def test_an_authorization_that_is_pending_for_ever(hostile, retry_after):
    """Half an hour, by a clock that runs fast."""
    hostile.client.give_up_authorizations()
    hostile.run_at(HURRY)
    saying(hostile, ["/authZ/"], lambda authz: {**authz, "status": "pending"}, RETRY_AFTER[retry_after])
    said = hostile.suffer("--issuance-timeout", "5").says(NAME)  # what its answers take, and what is waited for between them
    said.matches(r"has not come to a decision within 1800 seconds|has taken all of the 30 minutes that an order may take")
    assert hostile.asked < 1500, f"asked {hostile.asked} times"


def test_a_request_that_is_never_ready(hostile):
    """What it takes to become ready counts with what it takes to be issued."""
    problem = {"type": "urn:ietf:params:acme:error:orderNotReady", "detail": "later", "status": 403}
    hostile.recorder.instead = lambda request: (
        (403, json.dumps(problem).encode(), {"Content-Type": "application/problem+json"}) if "/finalize-order/" in request.path else None)
    saying(hostile, ["/my-order/"], lambda order: {**order, "status": "pending"}, "0")
    hostile.suffer("--issuance-timeout", "3").says("waiting for the order to become ready",
                                                   "the CA has not come to a decision within 3 seconds")


# ---- too much of everything ----

def refusal(kind, status, retry_after=None):
    """Each request to newOrder is refused."""
    problem = {"type": f"urn:ietf:params:acme:error:{kind}", "detail": "x" * 100_000, "status": status}

    def play(hostile):
        headers = {"Content-Type": "application/problem+json", "Replay-Nonce": "bm9uY2U"}
        if retry_after:
            headers["Retry-After"] = retry_after
        hostile.recorder.instead = lambda request: (
            (status, json.dumps(problem).encode(), headers) if "/order-plz" in request.path else None)
    return play


def documents(parts, change):
    return lambda hostile: saying(hostile, parts, change, None)


def bundle(change):
    def play(hostile):
        hostile.row = lambda forger, csr, genuine: change(genuine)
    return play


def many_certificates(forger, csr, genuine):
    """Different ones."""
    return genuine + b"".join(pem(forger.leaf(csr, names=[f"{number}.test"])) for number in range(500))


def links(hostile):
    """Of the certificate's answer: so many other chains, each of which is endless."""
    hostile.recorder.more_headers = lambda request: (
        {"Link": ", ".join(f'<{hostile.recorder.base}/certZ/{number}>;rel="alternate"' for number in range(900))}
        if "/certZ/" in request.path else {})

    def seize(request, handler):
        if not re.search(r"/certZ/\d{1,3}$", request.path):
            return False
        endless.chunked(handler)
        return True
    hostile.recorder.seize = seize


TOO_MUCH = {
    "badNonce": (refusal("badNonce", 400), "x" * 100),
    "busy, at once": (refusal("rateLimited", 429, "0"), "x" * 100),
    "busy, a second": (refusal("serverInternal", 503, "1"), "x" * 100),
    "busy, thirty years": (refusal("rateLimited", 429, "999999999"), "x" * 100),
    "authorizations": (documents(["/order-plz"], lambda order: {
        **order, "status": "pending", "authorizations": [f"{order['finalize']}/{number}" for number in range(5_000)]}),
                       "the CA wants 5000 authorizations, but 1 names were ordered"),
    "authorizations, larger than is read": (documents(["/order-plz"], lambda order: {
        **order, "authorizations": [f"{order['finalize']}/{number}" for number in range(10_000)]}), "larger than the"),
    "identifiers": (documents(["/authZ/"], lambda authz: {**authz, "identifier": [authz["identifier"]] * 5_000}), "identifier"),
    "challenges": (documents(["/authZ/"], lambda authz: {**authz, "status": "pending", "challenges": authz["challenges"] * 500}),
                   "more than 32 challenges"),
    "certificates": (bundle(lambda genuine: genuine * 5_000), "larger than the"),
    "certificates, as many as are read": (lambda hostile: setattr(hostile, "row", many_certificates), "more than 64 certificates"),
    "beginnings": (bundle(lambda genuine: b"-----BEGIN CERTIFICATE-----\n" * 18_000), ""),
    "empty ones": (bundle(lambda genuine: b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" * 9_000), ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much(hostile, name):
    play, words = TOO_MUCH[name]
    if name in ("identifiers", "challenges", "authorizations"):
        hostile.client.give_up_authorizations()
    play(hostile)
    hostile.suffer("--issuance-timeout", "5").says(words)


@pytest.mark.slow
def test_too_many_other_chains(hostile):
    """The certificate is there: one of them that cannot be had costs it as little as all of them."""
    links(hostile)
    assert hostile.renew(0, "--preferred-chain", "No Such Root") - hostile.normal < hostile.bound
    hostile.client.store.check([NAME], lock_may_stay=True)
    assert len(hostile.recorder.of("/certZ/")) < 70


def leaves(node, path=()):
    """The paths of all texts in a document."""
    if isinstance(node, str):
        yield path
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else []:
        yield from leaves(value, (*path, key))


def lengthened(node, path):
    if not path:
        return node + "x" * 400_000
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = lengthened(node[path[0]], path[1:])
    return copy


@pytest.mark.slow
@pytest.mark.parametrize("place", ["directory", "order", "authorization", "challenge", "request", "look"])
def test_a_long_text_in_each_member(hostile, place):
    """Where nobody needs the member, the renewal succeeds."""
    part, samples = PLACES[place], []

    def take_sample(request, body):
        if part in request.path and request.status < 300:
            samples.append(json.loads(body))
        return Desk.rewrite(hostile, request, body)

    hostile.client.give_up_authorizations()
    hostile.recorder.rewrite = take_sample
    hostile.renew(0)

    def play(path):
        saying(hostile, [part], lambda document: lengthened(document, path) if path in leaves(document) else document, None)
        before = hostile.store()
        cost = hostile.renew(None, "--issuance-timeout", "5") - hostile.normal
        assert cost < hostile.bound, f"{cost} KiB more than for a renewal"
        assert hostile.done.status in (0, 1) and len(hostile.done.text) < 20_000
        if hostile.done.status == 1:
            assert hostile.store() == before, "the store has changed"
            shutil.rmtree(hostile.client.config / "pending", ignore_errors=True)
        hostile.client.store.check([NAME], lock_may_stay=True)
        hostile.free()

    paths = sorted({path for sample in samples for path in leaves(sample)}, key=str)
    assert paths
    in_each({str(path): path for path in paths}, play)


# ---- what is asked besides ----

@pytest.mark.slow
@pytest.mark.parametrize("form", endless.AT_ONCE + endless.SLOW, ids=lambda form: form.__name__)
def test_renewal_information(hostile, form):
    """It is advice: without it, a certificate that is not due is not renewed."""
    if form in endless.SLOW:
        hostile.run_at(HURRY)
    hostile.seize("renewalInfo", form)
    before = hostile.live_and_archive()
    hostile.renew_if_due()
    hostile.done.says("Certificate not yet due for renewal")
    assert hostile.recorder.of("renewalInfo") and hostile.live_and_archive() == before


@pytest.mark.slow
@pytest.mark.parametrize("where", ["ocsp", "crl"])
def test_revocation(hostile, where, revocation):
    """Who does not answer has revoked nothing."""
    fleet = RevocableFleet(hostile.client, revocation, ocsp=where == "ocsp", crl="1.crl" if where == "crl" else None)
    fleet.add("told.test", 80)
    before = hostile.live_and_archive()

    def play(form):
        revocation.answer = lambda handler, body: form(handler)
        revocation.requests.clear()
        shutil.rmtree(hostile.client.work, ignore_errors=True)  # who is silent is remembered there
        hostile.run_at(HURRY if form in endless.SLOW else 1)
        hostile.renew_if_due()
        assert revocation.requests and hostile.live_and_archive() == before

    in_each({form.__name__: form for form in endless.AT_ONCE + endless.SLOW}, play)
