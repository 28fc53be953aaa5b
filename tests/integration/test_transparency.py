"""Certificates in the public logs that are not of this store: what is asked, what is told, and bad days of the service."""
import datetime
import json
import re
import shutil
from pathlib import Path

import pytest
from certs import load_chain
from fleet import Fleet
from peers.hook_server import HookServer
from peers.log_search import LogSearch

pytestmark = pytest.mark.ours

STRANGERS = 3  # the exit status while there are certificates that nobody knows of


@pytest.fixture
def search():
    server = LogSearch()
    yield server
    server.close()


@pytest.fixture
def hook():
    server = HookServer()
    yield server
    server.close()


class World:
    """A store with certificates that are logged, and another CA that gives certificates to strangers."""

    def __init__(self, client, search):
        self.client, self.search = client, search
        self.fleet = Fleet(client.config, "https://localhost:1/dir", "0", 80, one_key=True)
        self.others = Fleet(client.area / "others", "https://localhost:1/dir", "0", 80, one_key=True)

    def own(self, name, days_left=80):
        self.fleet.add(name, days_left)
        return self.search.add(self.client.store.cert(name))

    def stranger(self, name, days_left=70):
        folder = self.others.config / "live" / name
        if folder.exists():
            for kind in ("live", "archive"):
                shutil.rmtree(self.others.config / kind / name)
        self.others.add(name, days_left)
        return self.search.add(load_chain((folder / "cert.pem").read_bytes())[0]) - 1

    def ct(self, *args, status=0, pause=0, **more):
        return self.client.run("ct", "--ct-url", self.search.url, "--ct-pause", pause, *args, status=status, **more)

    def asked(self):
        asked = list(self.search.asked)
        self.search.asked.clear()
        return asked


@pytest.fixture
def world(make_client, search):
    return World(make_client(), search)


def record(client):
    return client.config / "transparency" / "record.txt"


# ---- what is found ----

def test_a_stranger_is_told_of_until_somebody_knows_him(world, hook):
    world.own("a.example")
    world.own("www.a.example")
    said = world.ct().says("1 of 1 questions asked", "2 certificates for these names; 2 are of this store", "none that is not of this store")
    assert world.asked() == [("a.example", "ILIKE")]
    number = world.stranger("www.a.example")
    to = ["--notify", f"json:{hook.url}/x"]
    said = world.ct("--max-age", 0, *to, status=STRANGERS)
    said.says("1 certificate in the public logs is not of this store", str(number), "names: www.a.example", "issuer: CN=Fleet CA",
              f"{world.search.site}?id={number}", "ct acknowledge ID")
    message = json.loads(hook.taken.pop().body)
    assert message["severity"] == "error" and message["alarm"].endswith(" transparency")
    assert [(item["name"], item["trouble"]) for item in message["problems"]] == [(f"certificate {number}", "foreign")]
    assert f"{world.search.site}?id={number}" in message["message"] and "www.a.example" in message["message"]
    # it stays so, is told once, and quietly only news are printed
    assert world.ct("-q", "--max-age", 0, *to, status=STRANGERS).text == "" and not hook.taken
    assert world.ct("list").says(str(number)).out.count("names:") == 1
    world.ct("acknowledge", "1", status=1).says("1 is no ID of a certificate that was found")
    world.ct("acknowledge", number, "--note", "the shop of the other department").says("1 certificate is acknowledged")
    world.ct("list").says("acknowledged", "the shop of the other department")
    world.ct("--max-age", 0, *to)
    message = json.loads(hook.taken.pop().body)
    assert message["event"] == "recovered" and message["recovered"][0]["gone"] and not hook.taken


def test_quietly_news_are_printed_once(world):
    world.own("a.example")
    assert world.ct("-q").text == ""
    first, second = world.stranger("a.example"), world.stranger("a.example", 60)
    said = world.ct("-q", "--max-age", 0, status=STRANGERS)
    assert "2 certificates in the public logs" in said.out and {str(first), str(second)} <= set(said.out.split())
    third = world.stranger("a.example", 50)
    said = world.ct("-q", "--max-age", 0, status=STRANGERS)
    assert str(third) in said.out and str(first) not in said.out and said.err == ""
    world.ct("acknowledge", "all").says("3 certificates are acknowledged")
    assert world.ct("-q", "--max-age", 0).text == ""


def test_as_json(world):
    world.own("a.example")
    number = world.stranger("a.example")
    document = world.ct("--json", status=STRANGERS).json()
    assert document["unacknowledged"] == 1 and document["look"]["asked"] == 1 and document["look"]["of_this_store"] == 1
    cert, = document["certificates"]
    assert (cert["id"], cert["names"], cert["issuer"], cert["new"], cert["acknowledged"]) == (number, ["a.example"], "CN=Fleet CA", True, None)
    world.ct("acknowledge", number, "--note", 'with "quotes"')
    document = world.ct("list", "--json").json()
    assert document["look"] is None and document["certificates"][0]["acknowledged"]["note"] == 'with "quotes"'
    keys = set(re.findall(r"`([a-z_]+)`", (Path(__file__).parents[2] / "docs" / "transparency.md").read_text()))
    assert {*document, *world.ct("--json", "--max-age", 0).json()["look"], *cert, *document["certificates"][0]["acknowledged"]} <= keys


def test_wildcards_addresses_and_names_of_others(world):
    world.own("www.a.example")
    world.own("192.0.2.7")
    world.own("2001:db8::7")
    wildcard, address, longer = world.stranger("*.a.example"), world.stranger("192.0.2.7"), world.stranger("2001:db8::7")
    below = world.stranger("x.www.a.example")
    for name in ("a.example", "*.www.a.example", "192.0.2.70", "www.a.example.net"):
        world.stranger(name)
    found = world.ct("--json", status=STRANGERS).json()["certificates"]
    assert {cert["id"] for cert in found} == {wildcard, address, longer}
    assert sorted(world.asked()) == [("*.a.example", "="), ("192.0.2.7", "="), ("2001:db8::7", "="), ("www.a.example", "ILIKE")]
    found = world.ct("--json", "--subdomains", "--max-age", 0, status=STRANGERS).json()["certificates"]
    assert {cert["names"][0] for cert in found} == {"*.a.example", "192.0.2.7", "2001:db8::7", "x.www.a.example", "*.www.a.example"}
    assert below in {cert["id"] for cert in found}


def test_what_is_ours(world, make_client):
    """Every version in either layout, certificates that were deleted, another store, and orders that are under way."""
    client = world.client
    for days in (40, 80):  # of the first only a superseded version is left, in each layout
        world.own("a.example" if days == 40 else "b.example", days)
    old = client.config / "archive" / "b.example" / "20270101T000000Z-04ab"
    old.mkdir()
    shutil.copy(client.store.live("a.example", "cert").resolve(), old / "cert.pem")
    for kind in ("live", "archive"):
        shutil.rmtree(client.config / kind / "a.example")
    client.store.renewal("a.example").unlink()
    world.ct("-d", "a.example").says("1 are of this store")
    shutil.rmtree(old)
    world.ct("-d", "a.example", "--max-age", 0).says("1 are of this store")  # it is remembered
    elsewhere = world.stranger("b.example", 90)
    assert world.ct("-q", "--max-age", 0, status=STRANGERS).says(str(elsewhere))
    world.ct("--max-age", 0, "--also-store", world.others.config).says("none that is not of this store")
    assert client.run("ct", "list").says("No certificate is remembered")
    client.run("ct", "--ct-url", world.search.url, "--also-store", client.area, status=1).says("is no store of certificates")
    pending = client.config / "pending" / "b.example"
    pending.mkdir(parents=True)
    order = pending / "order.txt"
    order.write_text("order: https://ca.test/order/1\nserver: https://ca.test/dir\naccount: https://ca.test/acct/1\n"
                     f"names: b.example\nrequested names: b.example\ncsr sha256: {'ab' * 32}\ncreated: {datetime.datetime.utcnow():%Y-%m-%dT%H:%M:%SZ}\n")
    said = world.ct("--max-age", 0, status=None)
    assert said.status == 0 and "1 may be of orders that are under way" in said.out, f"{said}\n{client.log()}"
    order.unlink()
    world.ct("--max-age", 0, status=STRANGERS)


def test_another_issuers_certificate_with_our_serial_number(world):
    world.own("a.example")
    (_, own), = world.search.logged
    world.search.row = lambda number, cert, names, row=world.search.row: {**row(number, cert, names), "issuer_name": 'C=US, O="Fleet CA, CN=Fleet CA", CN=Evil CA'}
    assert world.ct("--json", status=STRANGERS).json()["certificates"][0]["serial_number"] == f"{own.serial_number:x}"


# ---- how it is asked ----

def test_many_names_over_time(world):
    for number in range(7):
        world.own(f"n{number}.example")
    world.ct("--ct-requests", 3).says("3 of 7 questions asked, 4 left for later runs")
    first = world.asked()
    world.ct("--ct-requests", 3).says("3 of 7 questions asked, 3 answered not long ago, 1 left for later runs")
    second = world.asked()
    world.own("n7.example")
    world.ct("--ct-requests", 3).says("2 of 8 questions asked, 6 answered not long ago")
    third = world.asked()
    assert sorted(what for what, _ in first + second + third) == [f"n{number}.example" for number in range(8)]
    world.ct().says("0 of 8 questions asked")
    assert world.asked() == [] and world.ct("--ct-requests", 0, "--max-age", 0).says("8 left for later runs")
    world.ct("--cert-name", "n3.example", "--max-age", 0)
    assert world.asked() == [("n3.example", "ILIKE")]
    world.ct("--cert-name", "nowhere", status=1).says("no certificate named nowhere is live here")


def test_bad_days(world):
    world.own("a.example")
    number = world.stranger("a.example")
    for bad in (502, 503, 504, 404, 429, "page", "cut", "short", "nothing", "garbage"):
        world.search.bad = [bad] * 3
        asked = len(world.search.requests)
        said = world.ct("--max-age", 0, status=None)
        tries = len(world.search.requests) - asked
        assert said.status in (1, STRANGERS) and "1 without an answer" in said.out, f"{bad}: {said}"
        assert tries == 3, bad
        world.search.bad = []
    assert "a.example" not in re.findall(r"looked\t\S+\t(.*)", record(world.client).read_text()), "what failed is asked again"
    world.search.bad = [502, "short"]
    said = world.ct(status=STRANGERS).says("1 of 1 questions asked", str(number))
    assert len(world.asked()) >= 3


def test_a_service_that_keeps_failing_is_left_alone(world):
    for number in range(5):
        world.own(f"n{number}.example")
    world.search.bad = [500] * 100
    world.ct(status=1).says("0 of 5 questions asked, 3 left for later runs, 2 without an answer", "it answers with status 500")
    assert len(world.search.requests) == 6, "two names, three times each"
    world.search.bad = ["well", 400, "well", 400]
    said = world.ct(status=1).says("2 of 5 questions got no answer")
    assert len(world.search.requests) == 11 and "3 of 5 questions asked" in said.out, said


def test_a_large_answer(world):
    world.own("a.example")
    number = world.stranger("a.example")
    world.search.padding = 15000
    said = world.ct(status=STRANGERS).says(str(number), "told of a part of them only")
    assert "2 certificates for these names" in said.out
    assert record(world.client).stat().st_size < 2000


def test_hostile_rows(world):
    """What a row says is shown as text, and one that lacks something is counted."""
    world.own("a.example")
    world.stranger("a.example")
    world.search.row = lambda number, cert, names, row=world.search.row: {
        **row(number, cert, names), "issuer_name": "CN=\x1b[31mEvil\n\tCA\u202e", "name_value": "a.example\n\x1b]0;x\x07.a.example", "serial_number": "0abc"}
    find = world.search.find
    world.search.find = lambda query: [*find(query), {"id": 7}, {"id": "8", "name_value": "a.example"}]
    said = world.ct(status=STRANGERS).says("2 certificate(s) are told of in a way that cannot be understood")
    assert "\x1b" not in said.text and "\x07" not in said.text and "\u202e" not in said.text
    assert len(world.ct("list", "--json").json()["certificates"]) == 1
    assert all(line.count("\t") in (2, 3, 7) for line in record(world.client).read_text().splitlines())


def test_what_is_refused(world):
    for url in ("https://crt.sh/?q=x", "http://logs.example/?q={name}", "file:///{name}", "{name}"):
        world.client.run("ct", "--ct-url", url, status=2).says("--ct-url")
    world.client.run("ct", "forget", status=2).says('ct has no action "forget"')
    world.client.run("ct", "acknowledge", status=2).says("needs the IDs")


def test_no_certificates_no_questions(world):
    world.ct().says("0 of 0 questions asked")
    assert world.asked() == []


def test_under_certbots_name(world, second_name):
    world.client.program = second_name
    world.own("a.example")
    world.stranger("a.example")
    world.ct(status=STRANGERS).says("is not of this store")
