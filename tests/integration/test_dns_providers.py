"""Every description of a DNS provider, against a fake of that provider's API that knows its documentation."""
import importlib
import json
import os
import subprocess
from pathlib import Path

import certs
import pytest
from peers.fake_api import Fake, FakeServer

pytestmark = pytest.mark.ours
HERE = Path(__file__).resolve().parent
DESCRIPTIONS = HERE.parent.parent / "data" / "dns"
FIRST, SECOND, THIRD = "first-value", "second_VALUE-2", "third-value"


def all_fakes():
    found = {}
    for path in sorted((HERE / "fake_providers").glob("[a-z]*.py")):
        for one in vars(importlib.import_module(f"fake_providers.{path.stem}")).values():
            if isinstance(one, type) and issubclass(one, Fake) and one.name and one.host and (DESCRIPTIONS / f"{one.name}.json").exists():
                found[one.__name__] = one
    return [found[name] for name in sorted(found)]


FAKES = all_fakes()


class Driver:
    """The program that changes records by a description; what it says of secrets is looked at when it ends."""

    def __init__(self, program, folder, fake, server, trust, credentials):
        self.secrets = [v for k, v in credentials.items() if k in SECRETS[fake.name] and len(v) > 5]
        env = {"PATH": os.environ["PATH"], "REQUESTS_CA_BUNDLE": str(trust.ca), "https_proxy": server.proxy, "http_proxy": server.proxy}
        driver = program.parent / "src" / "dns_driver"
        if not driver.exists():
            pytest.skip(f"{driver} is not there: this build has no tests")
        argv = [driver, folder, program.parent / "evercert-net", fake.name]
        if hasattr(fake, "environment"):
            env.update(credentials)
        else:
            argv.append(self.write(folder, fake, credentials))
        self.said = open(folder / "said", "w+")
        self.process = subprocess.Popen(list(map(str, argv)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said, env=env, cwd=folder, text=True)

    @staticmethod
    def write(folder, fake, credentials):
        path = folder / f"{fake.name}.ini"
        path.touch(mode=0o600)
        if getattr(fake, "whole_file", False):
            path.write_text(json.dumps(credentials))
            return path
        for key, text in getattr(fake, "files", {}).items():
            spoiled = credentials[key] == "wrong"
            (folder / key).write_text(fake.spoiled_file if spoiled else text)
            credentials = {**credentials, key: str(folder / key)}
        path.write_text("".join(f'dns_{fake.name.replace("-", "_")}_{key} = "{value}"\n' for key, value in credentials.items()))
        return path

    def change(self, verb, *values):
        """values: pairs of a name and a value; gives what is said of each."""
        self.process.stdin.write(" ".join([verb, *(part for pair in values for part in pair)]) + "\n")
        self.process.stdin.flush()
        answers = []
        for line in self.process.stdout:
            assert not any(s in line for s in self.secrets), f"a secret was told: {line}"
            if line == ".\n":
                assert len(answers) == len(values), answers
                return answers
            answers.append(line.strip())
        raise AssertionError(f"the driver ended: {answers} {self.log()}")

    def log(self):
        self.said.flush()
        return Path(self.said.name).read_text()

    def end(self):
        self.process.stdin.close()
        rest = self.process.stdout.read()
        status = self.process.wait(30)
        self.process.stdout.close()
        log = self.log()
        self.said.close()
        assert status == 0 and "Sanitizer" not in log, f"{status}: {rest} {log}"
        assert not any(s in log + rest for s in self.secrets), "a secret was told"


DESCRIBED = {fake.name: json.loads((DESCRIPTIONS / f"{fake.name}.json").read_text()) for fake in FAKES}
SECRETS = {name: {key for key, is_ in described.get("keys", {}).items() if not is_.get("public")} for name, described in DESCRIBED.items()}


@pytest.fixture(scope="module")
def server(session_area, trust):
    """One server for all fakes, with a certificate for all their hosts."""
    hosts = sorted({host.split(":")[0] for fake in FAKES for host in fake.hosts or (fake.host,)})
    leaf = certs.make_leaf(trust, session_area / "fakes", hosts)
    running = FakeServer(*leaf)
    yield running
    running.stop()


class Scene:
    def __init__(self, request, kind, server, trust, area):
        self.program, self.server, self.trust, self.area = request.config.program, server, trust, area
        self.fake = self.server.fake = kind()
        self.server.strays.clear()
        self.drivers = 0

    def open(self, credentials=None):
        folder = self.area / f"driver{self.drivers}"
        folder.mkdir()
        self.drivers += 1
        return Driver(self.program, folder, self.fake, self.server, self.trust, credentials or getattr(self.fake, "environment", self.fake.credentials))

    def spoiled(self):
        given = dict(getattr(self.fake, "environment", self.fake.credentials))
        return {**given, self.fake.spoiled or list(given)[-1]: "wrong"}

    def check(self):
        unfinished = getattr(self.fake, "unfinished", list)()
        assert not self.fake.failures + self.server.strays + unfinished, "\n".join([*self.fake.failures, *self.server.strays, *unfinished, "", *self.fake.log[-40:]])

    def done(self, answers):
        assert answers == ["done"] * len(answers), "\n".join([*answers, "", *self.fake.failures, *self.server.strays, *self.fake.log[-40:]])
        self.check()

    def refused(self, answers, part):
        assert all(a.startswith("failed: ") and part in a for a in answers), f"no {part!r} in:\n" + "\n".join([*answers, "", *self.fake.log[-20:]])
        self.check()

    def state(self, *more):
        """What the fake had at first, and more: (name, value)."""
        return sorted([*self.before, *((name, "TXT", value) for name, value in more)])


@pytest.mark.parametrize("kind", [f for f in FAKES if not f.slots], ids=lambda f: f.__name__)
def test_provider(request, kind, server, trust, area):
    scene = Scene(request, kind, server, trust, area)
    fake = scene.fake
    scene.before = before = fake.state()
    longest = getattr(fake, "longest", "sub.example.com")
    apex = "_acme-challenge.example.com"
    ours = [(apex, FIRST), (apex, SECOND), (f"_acme-challenge.www.{longest}", THIRD), ("_acme-challenge.example.org", FIRST)]

    driver = scene.open(scene.spoiled())
    scene.refused(driver.change("add", ours[0]), fake.denied)
    driver.end()
    assert fake.state() == before

    driver = scene.open()
    scene.done(driver.change("add", *ours))
    assert fake.state() == scene.state(*ours)
    by_sets, changes = "edit" in DESCRIBED[fake.name], fake.changes
    assert not by_sets or changes == 3, "not one change for each record set"
    zones = {record.fqdn: record.zone for record in fake.records}
    assert zones[ours[2][0]] == longest and zones[apex] == "example.com", "not the zone with the longest name"
    scene.done(driver.change("add", *ours))
    assert fake.state() == scene.state(*ours), "to add what is there changes something"
    assert not by_sets or fake.changes == changes, "what is there is written again"

    fake.limit = 1 if fake.limits else 0
    scene.done(driver.change("remove", ours[0]))
    assert fake.state() == scene.state(*ours[1:]) and fake.limit == 0
    scene.done(driver.change("remove", ours[0]))
    assert fake.state() == scene.state(*ours[1:])

    if fake.no_zone:
        scene.refused(driver.change("add", ("_acme-challenge.nowhere.test", FIRST)), fake.no_zone)
    fake.refuse = 1
    scene.refused(driver.change("add", ours[0]), fake.fails)
    assert fake.refuse == 0 and fake.state() == scene.state(*ours[1:])
    scene.done(driver.change("remove", *ours[1:]))
    assert fake.state() == before
    driver.end()
    scene.check()


@pytest.mark.parametrize("kind", [f for f in FAKES if f.slots], ids=lambda f: f.__name__)
def test_one_value(request, kind, server, trust, area):
    """Services that keep one value, or the last two, for a name."""
    scene = Scene(request, kind, server, trust, area)
    fake = scene.fake

    def kept():
        return sorted((name, value) for name, _, value in fake.state())

    driver = scene.open(scene.spoiled())
    scene.refused(driver.change("add", (fake.names[0], FIRST)), fake.denied)
    driver.end()
    assert kept() == []

    driver = scene.open()
    names = fake.names if fake.slots == 1 else fake.names * 2
    ours = list(zip(names, (FIRST, SECOND)))
    scene.done(driver.change("add", *ours))
    assert kept() == sorted((fake.stored(name), value) for name, value in ours)
    fake.limit = 1 if fake.limits else 0
    scene.done(driver.change("remove", ours[0]))
    scene.done(driver.change("remove", ours[0]))
    if getattr(fake, "forgets", True):
        assert kept() == [(fake.stored(ours[1][0]), SECOND)]
    fake.refuse = 1
    scene.refused(driver.change("add", ours[0]), fake.fails)
    scene.done(driver.change("remove", ours[1]))
    if getattr(fake, "forgets", True):
        assert kept() == []
    driver.end()
    scene.check()


BY_NAME = {fake.__name__: fake for fake in FAKES}


@pytest.mark.parametrize("name", ["Linode", "Gcore", "Google", "Gehirn"])
def test_done_but_not_said(request, name, server, trust, area):
    """An error of the server to a change that was made: nothing is there twice, and nothing is left."""
    scene = Scene(request, BY_NAME[name], server, trust, area)
    fake = scene.fake
    scene.before = before = fake.state()
    ours = ("_acme-challenge.www.sub.example.com", FIRST)
    driver = scene.open()
    fake.lost = 1
    scene.done(driver.change("add", ours))
    assert fake.lost == 0 and fake.state() == scene.state(ours) and fake.changes == 1
    fake.lost = 1
    scene.done(driver.change("remove", ours))
    assert fake.lost == 0 and fake.state() == before
    driver.end()


@pytest.mark.parametrize("name", ["Desec", "Google", "Sakuracloud"])
def test_shown_late(request, name, server, trust, area):
    """A service whose parts are not of one mind yet: it is asked again, but nothing is written twice."""
    scene = Scene(request, BY_NAME[name], server, trust, area)
    fake = scene.fake
    scene.before = before = fake.state()
    ours = [("_acme-challenge.example.com", FIRST), ("_acme-challenge.example.com", SECOND)]
    driver = scene.open()
    fake.late = 1
    scene.done(driver.change("add", *ours))
    assert fake.late == 0 and fake.state() == scene.state(*ours) and fake.changes == 1
    driver.change("remove", *ours)
    assert fake.state() == before and fake.changes == 2
    driver.end()


def test_each_has_a_fake():
    described = {path.stem for path in DESCRIPTIONS.glob("*.json")}
    assert described == {fake.name for fake in FAKES}
