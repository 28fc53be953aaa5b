"""CAs with habits of their own are none the worse for it, and none of them gets more than is theirs."""
import json
import threading

import pytest
from client import wait_for
from peers.habits import DOUBLED, HABITS, rewrite

pytestmark = pytest.mark.ours


@pytest.fixture(scope="module")
def easy_ca(start_pebble):
    """It believes everybody: what is proved is not the point here."""
    return start_pebble("new", "easy", always_valid=True)


@pytest.fixture
def between(make_client, easy_ca, record):
    """A client, and who stands between it and the CA."""
    recorder = record(easy_ca)
    client = make_client(easy_ca)
    client.server = recorder.url
    return client, recorder


@pytest.mark.parametrize("habit", [*HABITS, DOUBLED])
def test_a_certificate_is_had(between, habit):
    client, recorder = between
    recorder.rewrite = rewrite(habit)
    client.certonly(["a.test"])
    client.store.check(["a.test"])
    assert len(recorder.of("/finalize-order/")) == 1


def test_the_address_comes_a_moment_after_valid(between):
    client, recorder = between
    looks = []

    def late(request, body):
        if request.path.startswith("/my-order/"):
            order = json.loads(body)
            if order["status"] == "valid":
                looks.append(1)
                if len(looks) < 4:
                    del order["certificate"]
            return json.dumps(order).encode()
        return body

    recorder.rewrite = late
    client.certonly(["a.test"])
    assert len(looks) == 4
    client.store.check(["a.test"])


def test_an_order_that_is_ready_late_is_waited_for(between):
    """As long as --issuance-timeout says."""
    client, recorder = between
    looks, needed = [], [6]

    def refuse(request):
        if request.path.startswith("/finalize-order/") and len(looks) < needed[0]:
            problem = {"type": "urn:ietf:params:acme:error:orderNotReady", "detail": "not yet", "status": 403}
            return 403, json.dumps(problem).encode(), {"Content-Type": "application/problem+json"}
        return None

    def pending(request, body):
        if request.path.startswith("/my-order/"):
            looks.append(1)
            return body.replace(b'"ready"', b'"pending"') if len(looks) < needed[0] else body
        return body

    recorder.instead, recorder.rewrite = refuse, pending
    client.certonly(["a.test"])
    needed[0] = 1000
    said = client.certonly(["b.test"], "--issuance-timeout", "1", status=1)
    said.says("waiting for the order to become ready", "within 1 seconds")


@pytest.mark.parametrize("name", ["evil.test", "a.test.evil.test", "test"])
def test_only_what_was_ordered_is_proved(between, name):
    """A name of the CA's own choice never reaches a hook."""
    client, recorder = between
    touched = client.area / "touched"

    def foreign(request, body):
        if request.path.startswith("/authZ/"):
            authz = json.loads(body)
            authz["identifier"]["value"] = name
            authz["status"] = "pending"
            return json.dumps(authz).encode()
        return body

    recorder.rewrite = foreign
    said = client.certonly(["a.test"], "--manual", "--manual-auth-hook", f"touch {touched}", authenticator=None, status=1)
    said.says(f"the CA wants control of {name} to be proved, which was not ordered")
    assert not touched.exists()
    assert recorder.of("/chalZ/") == []


def test_no_more_authorizations_than_names(between):
    client, recorder = between

    def more(request, body):
        if request.path == "/order-plz":
            order = json.loads(body)
            order["authorizations"] *= 3
            return json.dumps(order).encode()
        return body

    recorder.rewrite = more
    client.certonly(["a.test"], status=1).says("the CA wants 3 authorizations, but 1 names were ordered")
    assert recorder.of("/authZ/") == []


def test_a_whole_address_to_go_to(between):
    """Of an account that is paused, which has forty names in its address."""
    client, recorder = between
    address = "https://portal.test/unpause?jwt=" + "abcDEF0123456789" * 100 + "END"
    problem = {"type": "urn:ietf:params:acme:error:rateLimited", "status": 429,
               "detail": "Your account is temporarily prevented from requesting certificates. Please visit: " + address}
    recorder.instead = lambda request: ((429, json.dumps(problem).encode(), {"Content-Type": "application/problem+json"})
                                        if request.path == "/order-plz" else None)
    said = client.certonly(["a.test"], status=1)
    words = "".join(said.err.split())
    assert words.count(address) == 2  # why, and what to do
    assert "goto" + address in words
    assert address in client.log()


def test_a_slow_ca_keeps_no_other_waiting(between, make_client, easy_ca):
    """Its lineages come first, and are more than there are workers."""
    client, recorder = between
    for number in range(4):
        client.certonly([f"a{number}.test"])
    client.server = easy_ca.url
    for number in range(3):
        client.certonly([f"b{number}.test"])
    answer, asked = threading.Event(), []

    def slow(request):
        if request.path == "/order-plz":
            asked.append(1)
            assert answer.wait(100)

    recorder.instead, client.server = slow, None
    try:
        process = client.start("renew", "--force-renewal", "--jobs", "3")
        for number in range(3):
            wait_for(lambda: client.store.versions(f"b{number}.test") == [1, 2], 60, f"b{number}.test")
        assert [client.store.versions(f"a{number}.test") for number in range(4)] == [[1]] * 4
        assert 1 <= len(asked) <= 3
    finally:
        answer.set()
    client.finish(process)
    client.store.check()
    assert [client.store.versions(f"a{number}.test") for number in range(4)] == [[1, 2]] * 4
