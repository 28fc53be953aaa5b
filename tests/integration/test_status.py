"""One screen about everything: its states, each of its forms, what servers and CAs say, and what an ordinary user gets to see."""
import datetime
import os
import re
import socket
import ssl
import struct
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fleet import Fleet
from own_network import own_network, with_name_servers
from peers.ports import free_port
from peers.revocation import RevocationServer
from test_revocation import RevocableFleet

pytestmark = pytest.mark.ours

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "bench"))
from stores import LargeFleet  # noqa: E402

NOBODY = 65534
NO_CA = "https://127.0.0.1:1/dir"
HOSTILE = '"><img src=x onerror=alert(1)>\n\x1b[31m&|\\'


# ---- reading what comes ----

class Page(HTMLParser):
    """Demands of a page that it is well-formed, complete in itself, and can be read by who does not see it."""
    VOID = {"meta", "link", "wbr", "br"}
    DRAWN = {"circle", "path", "rect", "line", "use"}  # which end where they begin

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.referred, self.headings, self.tags, self.text = [], set(), set(), [], [], []
        assert text.startswith("<!DOCTYPE html>\n<html lang=\"en\">")
        self.feed(text)
        self.close()
        assert not self.open, self.open
        assert self.referred <= self.ids, self.referred - self.ids
        assert self.headings[:2] == ["h1", "h2"] and self.headings.count("h1") == 1

    def handle_starttag(self, tag, attributes, ends=False):
        names = [name for name, _ in attributes]
        given = dict(attributes)
        assert len(names) == len(set(names)) and tag not in ("script", "img", "iframe", "object", "a", "form")
        assert not [name for name in names if name.startswith("on")], names
        for name in ("src", "href"):
            assert given.get(name, "#").startswith(("#", "data:image/svg+xml,")), given
        if "id" in given:
            assert given["id"] not in self.ids
            self.ids.add(given["id"])
        self.referred |= {given[name].removeprefix("#") for name in ("aria-labelledby", "href") if given.get(name, "").startswith("#")}
        self.referred |= {given["aria-labelledby"]} if "aria-labelledby" in given else set()
        if tag == "svg":
            assert given.get("aria-label") or given.get("aria-hidden") == "true" or "svg" in self.open, given
        self.tags.append((tag, given))
        if re.fullmatch("h[1-6]", tag):
            assert int(tag[1]) <= int((self.headings or ["h0"])[-1][1]) + 1, "a level of headings is left out"
            self.headings.append(tag)
        if not ends and tag not in self.VOID:
            assert tag not in self.DRAWN, f"<{tag}> is not ended"
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes, ends=True)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> ends what was not begun last"

    def handle_data(self, data):
        assert not (data.strip() and self.open[-1:] in (["table"], ["tr"], ["ul"], ["dl"])), data
        self.text.append(data)

    def count(self, tag, **wanted):
        return sum(name == tag and wanted.items() <= {k.replace("-", "_"): v for k, v in given.items()}.items() for name, given in self.tags)


SAMPLE = re.compile(r'(evercert_[a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?\d+)')


def metrics(text):
    """{(name, (("label", "value"), ...)): value} of text in Prometheus' format; each metric's samples stand together."""
    found, current, seen = {}, None, set()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split(" ")[2]
            assert current not in seen
            seen.add(current)
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {current} gauge"
        else:
            name, labels, value = SAMPLE.fullmatch(line).groups()
            assert name == current, line
            key = (name, tuple(re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', labels or "")))
            assert key not in found, line
            found[key] = int(value)
    return found


def value_of(found, metric_name, /, **labels):
    values = [value for (metric, own), value in found.items() if metric == "evercert_" + metric_name and labels.items() <= dict(own).items()]
    assert len(values) == 1, (metric_name, labels, values)
    return values[0]


def state_of(document):
    return {cert["name"]: cert["state"] for cert in document["certificates"]}


def everything(client, *args):
    """All forms: text, document, Nagios' line and status, metrics and page, each of which was read strictly."""
    text = client.run("status", *args).out
    assert all(len(line) <= 80 and line.isprintable() for line in text.splitlines()), text
    document = client.run("status", "--json", *args).json()
    nagios = client.run("status", "--nagios", *args, "--prometheus", "m.prom", "--html", "p.html", status=None)
    assert nagios.out.count("\n") == 1 and nagios.out.count("|") == 1
    assert nagios.status == ["ok", "warning", "critical", "unknown"].index(document["level"])
    found, page = metrics((client.area / "m.prom").read_text()), Page((client.area / "p.html").read_text())
    assert value_of(found, "status_level") == nagios.status
    return text, document, nagios, found, page


# ---- stores ----

def fleet_of(client, server=NO_CA):
    return Fleet(client.config, server, "0", 80, one_key=True)


def after(hours):
    return f"{datetime.datetime.utcnow() + datetime.timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def fail(client, name, hours_ago=1, count=3, pause=2, why="nobody answers at port 80"):
    (client.config / "failures").mkdir(exist_ok=True)
    (client.config / "failures" / f"{name}.txt").write_text(
        f"last attempt: {after(-hours_ago)}\nfailures: {count}\nfailed orders: {count}\nnot before: {after(pause)}\nlast failure: {why}\n")


def owe(client, name, why="the hook /x ended with 1"):
    (client.config / "deliveries").mkdir(exist_ok=True)
    (client.config / "deliveries" / f"{name}.txt").write_text(
        f"certificate sha256: {'ab' * 32}\nfailures: 1\nnot before: {after(0)}\nlast failure: {why}\n")


@pytest.fixture
def client(make_client):
    return make_client()


def test_nothing_yet(client):
    assert client.run("status").out.startswith("0 certificates\n")
    said = client.run("status", "--nagios", status=3)
    assert said.out.startswith("EVERCERT UNKNOWN - ") and f"there is no directory {client.config}" in said.out
    client.run("status", "--prometheus", client.area / "m.prom", status=1).says(f"there is no directory {client.config}")
    assert not (client.area / "m.prom").exists()
    client.config.mkdir()
    text, document, nagios, found, page = everything(client)
    assert text.startswith("0 certificates\n") and document["certificates"] == [] and document["next_renewal"] is None
    assert nagios.status == 0 and value_of(found, "certificates", state="valid") == 0
    assert "No certificates" in page.text
    assert {path.name for path in client.area.iterdir()} == {"tmp", "conf", "m.prom", "p.html"}, "it made nothing"


def test_one_that_is_well(client):
    fleet_of(client).add("one.test", 80)
    text, document, nagios, found, page = everything(client)
    assert text.startswith("1 certificate, and it is well\n") and re.search(r"^one\.test +80 days +in 50 days$", text, re.M)
    cert, = document["certificates"]
    assert (cert["state"], cert["level"], cert["identifiers"], cert["renewal_failures"]) == ("valid", "ok", ["one.test"], 0)
    assert document["next_expiry"] == {"certificate": "one.test", "at": cert["not_after"]}
    assert nagios.out.startswith("EVERCERT OK - 1 certificate, and it is well | certificates=1;;;0 ")
    end = datetime.datetime.fromisoformat(cert["not_after"].replace("Z", "+00:00")).timestamp()
    assert value_of(found, "certificate_not_after_seconds", certificate="one.test") == end
    assert page.count("svg", **{"class": "lane l0", "role": "img"}) == 1 and page.count("tr", role="row") == 2


def test_thirty_with_everything_that_can_be(client):
    fleet = fleet_of(client)
    for number in range(22):
        fleet.add(f"w{number:02}.test", 80 - number * 2)
    for name, days in (("expired", -4), ("ending", 6), ("late", 18), ("due", 29), ("failing", 28), ("owing", 88), ("broken", 50), ("gone", 70)):
        fleet.add(f"{name}.test", days)
    fail(client, "failing.test")
    owe(client, "owing.test")
    client.store.live("broken.test", "cert").unlink()
    client.store.renewal("gone.test").write_text("")
    text, document, nagios, found, page = everything(client)
    states = state_of(document)
    assert {name: state for name, state in states.items() if state != "valid"} == {
        "expired.test": "expired", "ending.test": "ending", "late.test": "late", "due.test": "due", "failing.test": "failing",
        "owing.test": "undelivered", "broken.test": "broken", "gone.test": "broken"}
    assert list(states)[:4] == ["expired.test", "broken.test", "gone.test", "ending.test"], "what is gravest comes first"
    assert re.findall(r"^(CRITICAL|WARNING|UNKNOWN) +(\S+\.test):", text, re.M) == [
        ("CRITICAL", "expired.test"), ("CRITICAL", "broken.test"), ("CRITICAL", "gone.test"), ("CRITICAL", "ending.test"),
        ("WARNING", "late.test"), ("WARNING", "failing.test"), ("WARNING", "owing.test")]
    flat = " ".join(text.split())
    assert "3 renewals have failed in a row, the last one 1 hour ago: nobody answers at port 80 No run tries again before" in flat
    assert "the hook /x ended with 1" in flat and "failing.test, 1 hour ago: failed; the last that succeeded: owing.test" in flat
    assert nagios.status == 2 and "30 certificates: 4 critical, 3 warnings, 23 well; expired.test: expired 3 days ago;" in nagios.out
    assert document["counts"]["renewals_failing"] == 1 and document["last_failure"]["certificate"] == "failing.test"
    assert value_of(found, "certificate_renewal_failures", certificate="failing.test") == 3
    assert value_of(found, "certificates", state="broken") == 2
    assert page.count("li", **{"class": "l2"}) == 4 and page.count("li", **{"class": "l1"}) == 3 and page.count("tr", role="row") == 24
    assert "7 certificates need attention" in page.text


def test_thresholds_are_given(client):
    fleet_of(client).add("a.test", 14)
    assert state_of(client.run("status", "--json").json()) == {"a.test": "late"}
    assert state_of(client.run("status", "--json", "--warn-below", "10", "--critical-below", "5").json()) == {"a.test": "due"}
    assert client.run("status", "--nagios", "--critical-below", "20", status=2).out.startswith("EVERCERT CRITICAL")
    client.run("status", "--warn-below", "101", status=2)


def test_those_that_are_asked_for(client):
    fleet = fleet_of(client)
    for name in ("a.test", "b.test"):
        fleet.add(name, -1 if name == "a.test" else 80)
    assert list(state_of(client.run("status", "--json", "--cert-name", "b.test").json())) == ["b.test"]
    client.run("status", "--nagios", "-d", "b.test", status=0)
    client.run("status", "--nagios", status=2)


def test_hostile_names(client):
    """Names of files in the store, and reasons that others gave, are nobody's markup."""
    fleet_of(client).add("a.test", 20)
    (client.config / "renewal" / f"{HOSTILE}.conf").write_text(f"archive_dir = {HOSTILE}\n")
    fail(client, "a.test", why='<b onclick="x">| \\ " \' <!-- &lt;')
    text, document, nagios, found, page = everything(client)
    assert HOSTILE in state_of(document)
    assert value_of(found, "certificate_level", certificate='\\"><img src=x onerror=alert(1)> ?[31m&|\\\\') == 2
    assert any(data.startswith('"><img src=x onerror=alert(1)> ?[31m&|\\') for data in page.text), "as text, it is there"
    assert any('<b onclick="x">| \\ " \' <!-- &lt;' in data for data in page.text)


def test_more_than_can_be_shown_one_by_one(client):
    fleet = LargeFleet(client.config, NO_CA, "0", 80)
    fleet.add_many(140, 5, "l05-")
    fleet.add_many(560, 80, "l80-")
    text, document, nagios, found, page = everything(client)
    assert text.startswith("700 certificates: 140 critical, 560 well\n") and text.count("\n") < 60
    assert len(document["certificates"]) == 700 and document["certificates_left_out"] == 0
    assert page.count("li", **{"class": "l2"}) == 100 and page.count("th", role="rowheader") == 30
    assert any("And 40 more, which are less urgent" in data for data in page.text)
    assert (client.area / "p.html").stat().st_size < 400_000


# ---- where it goes ----

def test_files_are_written_whole_and_nothing_else(client):
    fleet_of(client).add("a.test", 80)
    target = client.area / "out.prom"
    target.write_text("before")
    said = client.run("status", "--prometheus", target, "--html", client.area / "p.html")
    assert said.out == "" and "evercert_build_info" in target.read_text()
    assert not [path.name for path in client.area.iterdir() if path.name.startswith(".")]
    assert client.run("status", "--html", "-").out.startswith("<!DOCTYPE html>")
    assert "evercert_build_info" in client.run("status", "--prometheus", "-").out
    client.run("status", "--html", "-", "--json", status=1).says("only one of")
    client.run("status", "--nagios", "--html", "-", status=3).says("EVERCERT UNKNOWN - only one of")
    client.run("status", "--html", "/nonexistent/x.html", status=1).says("/nonexistent")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user(client):
    for folder in (client.area, *client.area.parents):
        if folder.stat().st_mode & 0o001 == 0:
            pytest.skip(f"{folder} lets nobody pass")
    fleet_of(client).add("a.test", 80)
    client.become(NOBODY, NOBODY)
    assert client.run("status", "--nagios", status=3).out.startswith("EVERCERT UNKNOWN - 1 certificate: 1 not readable by this user, 0 well;")
    assert state_of(client.run("status", "--json").json()) == {"a.test": "unreadable"}
    for part in ("live", "archive"):
        (client.config / part).chmod(0o755)
    assert state_of(client.run("status", "--json").json()) == {"a.test": "valid"}, "the key is not needed"
    assert "1 certificate, and it is well" in client.run("status").out
    client.run("certificates").says("Permission denied")
    (client.config / "renewal").chmod(0o700)
    client.run("status", status=1).says("Permission denied")
    assert client.run("status", "--nagios", status=3).out.startswith("EVERCERT UNKNOWN - ")


# ---- online ----

class Shows:
    """A TLS server at an address that shows a certificate."""

    def __init__(self, area, address, port, cert, key):
        path = area / f"{address}.pem"
        path.write_bytes(cert + key)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(path)
        self.socket = socket.create_server((address, port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            connection.settimeout(30)
            try:
                with self.context.wrap_socket(connection, server_side=True) as stream:
                    stream.recv(1)
            except OSError:
                pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@pytest.fixture
def show(area):
    servers = []
    yield lambda *args: servers.append(Shows(area, *args))
    for server in servers:
        server.close()


def install_with(client, name, installer):
    path = client.store.renewal(name)
    path.write_text(path.read_text() + f"installer = {installer}\n")


def test_what_servers_show(client, show):
    fleet, port = fleet_of(client), free_port()
    address = "127.0.0.{}".format
    for number in range(2, 10):
        fleet.add(address(number), 80)
    live = client.store.live(address(2), "cert").read_bytes(), fleet.key_pem
    for number, served in ((2, live), (3, fleet._issue(address(3), 40)), (4, fleet._issue("other.test", 80)), (5, fleet._issue(address(5), -2)),
                           (7, fleet._issue(address(7), 85)), (8, fleet._issue(address(8), 85))):
        show(address(number), port, *served)
    for number in (8, 9):
        install_with(client, address(number), "nginx")
    text, document, nagios, found, page = everything(client, "--online", "--https-port", str(port))
    shown = {cert["name"]: (cert["servers"][0]["shows"], cert["state"]) for cert in document["certificates"]}
    assert shown == {
        address(2): ("right", "valid"), address(3): ("older", "served-wrong"), address(4): ("foreign", "served-wrong"),
        address(5): ("expired", "served-expired"), address(6): ("none", "valid"), address(7): ("other", "valid"),
        address(8): ("other", "served-wrong"), address(9): ("none", "served-wrong")}
    assert document["servers"] == {"right": 1, "older": 1, "other": 2, "foreign": 1, "expired": 1, "none": 2, "certificates_not_asked_about": 0}
    flat = " ".join(text.split())
    assert f"{address(5)}, port {port}, shows a certificate that expired" in flat
    assert "one for other.test of" in flat and "8 asked: 1 as in the store, 5 otherwise, 2 without an answer" in flat
    assert value_of(found, "server_shows_certificate", name=address(2)) == 1
    assert value_of(found, "server_shows_certificate", name=address(3), shows="older") == 0
    assert "does not answer: " in flat and nagios.status == 2
    assert document["cas"][0]["answers"] is False and value_of(found, "ca_answers", server=NO_CA) == 0
    assert f"the CA at {NO_CA} does not answer" in nagios.out
    told = client.run("doctor", "--online", "--https-port", port, "--json", status=1).json()["findings"]
    kinds = {"ca-silent", "not-served", "served-expired", "served-otherwise"}
    assert {(f["code"], f["severity"], f["certificate"]) for f in told if f["code"] in kinds} == {
        ("served-otherwise", "warning", address(3)), ("served-otherwise", "warning", address(4)),
        ("served-expired", "error", address(5)), ("not-served", "note", address(6)), ("served-otherwise", "note", address(7)),
        ("served-otherwise", "warning", address(8)), ("not-served", "warning", address(9)), ("ca-silent", "error", None)}


def test_a_ca_that_answers(make_client, new_ca, show):
    client, port = make_client(new_ca), free_port()
    fleet = fleet_of(client, new_ca.url)
    fleet.add("127.0.0.2", 80)
    show("127.0.0.2", port, client.store.live("127.0.0.2", "cert").read_bytes(), fleet.key_pem)
    document = client.run("status", "--online", "--json", "--https-port", port).json()
    ca, = document["cas"]
    assert (ca["server"], ca["certificates"], ca["answers"], ca["error"]) == (new_ca.url, 1, True, None)
    assert document["level"] == "ok" and document["servers"]["right"] == 1
    assert "answers" in client.run("status", "--online", "--https-port", port).out


def test_revocation_is_asked_about_online_alone(client):
    server = RevocationServer()
    try:
        name = RevocableFleet(client, server, crl="7.crl", one_key=True).add("127.0.0.2", 80)
        server.revoked = {client.store.cert(name).serial_number}
        assert state_of(client.run("status", "--json").json()) == {name: "valid"} and server.requests == []
        assert state_of(client.run("status", "--json", "--online", "--https-port", free_port()).json()) == {name: "revoked"}
        assert server.count("GET") == 1
    finally:
        server.stop()


class Names:
    """A resolver that has one address for every name but those of nowhere.test."""

    def __init__(self, address):
        self.address = socket.inet_aton(address)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            end = question.index(b"\0", 12) + 5
            has = struct.unpack("!H", question[end - 4:end - 2])[0] == 1 and b"nowhere" not in question
            head = question[:2] + struct.pack("!HHHHH", 0x8180, 1, has, 0, 0) + question[12:end]
            self.socket.sendto(head + (b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + self.address if has else b""), peer)


def test_names_are_looked_up(client, show, area):
    with own_network():
        Names("127.0.0.2")
        client.program = with_name_servers(client.program, area / "program", "127.0.0.1")
        fleet = fleet_of(client)
        for name in ("a.test", "b.test", "nowhere.test"):
            fleet.add(name, 80)
        show("127.0.0.2", 443, client.store.live("a.test", "cert").read_bytes(), fleet.key_pem)
        document = client.run("status", "--online", "--json").json()
    shown = {cert["name"]: [(s["address"], s["shows"], s["what"]) for s in cert["servers"]] for cert in document["certificates"]}
    assert shown["a.test"] == [("127.0.0.2", "right", None)]
    assert [row[:2] for row in shown["b.test"]] == [("127.0.0.2", "foreign")] and "a.test" in shown["b.test"][0][2]
    assert shown["nowhere.test"] == [(None, "none", "no address is known for it")]


# ---- what is documented ----

def keys_of(value):
    if isinstance(value, dict):
        return set(value) | {key for part in value.values() for key in keys_of(part)}
    return {key for part in value for key in keys_of(part)} if isinstance(value, list) else set()


def test_every_key_and_metric_is_documented(client, show):
    port = free_port()
    fleet_of(client).add("127.0.0.2", 80)
    fail(client, "127.0.0.2")
    client.store.archive("127.0.0.2").joinpath("privkey1.pem").chmod(0o644)
    documented = set(re.findall(r"`([a-z_-]+)`", (ROOT / "docs" / "status.md").read_text()))
    document = client.run("status", "--online", "--json", "--https-port", port).json()
    assert keys_of(document) - {"config"} <= documented, keys_of(document) - documented
    found = metrics(client.run("status", "--online", "--prometheus", "-", "--https-port", port).out)
    names = {name for name, _ in found}
    assert names <= documented, names - documented
    assert {label for _, labels in found for label, _ in labels} <= documented
    assert document["permissions"]["findings"][0]["code"] == "key-open-to-others" and document["level"] == "warning"
