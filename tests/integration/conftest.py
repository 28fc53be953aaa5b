"""Fixtures: the CAs, the web server and the program under test.

The program is `EVERCERT` in the environment (a path, or a name on PATH); without it the newest build*/evercert. With
EVERCERT=certbot the tests prove themselves against Certbot; what is Evercert's alone is left out then.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PEBBLES = os.environ.get("EVERCERT_PEBBLES", "old new").split()  # which versions of the CA most tests run against
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

import certs  # noqa: E402
from checklist import Checklist  # noqa: E402
from client import Client  # noqa: E402
from mounts import Mounts  # noqa: E402
from peers.apache_host import ApacheHost  # noqa: E402
from peers.hostile import HostileCa  # noqa: E402
from peers.nginx import Nginx  # noqa: E402
from peers.nginx_host import NginxHost  # noqa: E402
from peers.pebble import MAC_KEYS, Pebble, find_programs  # noqa: E402
from peers.recorder import Recorder  # noqa: E402


def find_program():
    named = os.environ.get("EVERCERT")
    if named:
        return Path(shutil.which(named) or named).absolute()
    builds = sorted(ROOT.glob("build*/evercert"), key=lambda p: p.stat().st_mtime)
    return builds[-1] if builds else None


def pytest_configure(config):
    program = find_program()
    if program is None or not program.exists():
        raise pytest.UsageError("no program to test: build it, or set EVERCERT")
    config.program = program
    said = subprocess.run([str(program), "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    config.version = said.stdout.strip()
    found = re.fullmatch(r"certbot (\d+)\..*", config.version)
    config.certbot = int(found[1]) if found else None


def pytest_report_header(config):
    return f"program under test: {config.program} ({config.version})"


def pytest_collection_modifyitems(config, items):
    if config.certbot is None:
        return
    for item in items:
        if item.get_closest_marker("ours"):
            item.add_marker(pytest.mark.skip(reason="Evercert's alone"))
        elif item.get_closest_marker("certbot5") and config.certbot < 5:
            item.add_marker(pytest.mark.skip(reason="this Certbot is too old for it"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call":
        item.failed = report.failed
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Pebble):
                report.sections.append((f"logs of Pebble in {value.directory}", value.logs()))
            if isinstance(value, Client) and value.log():
                report.sections.append(("log of the program", value.log()[-6000:]))


@pytest.fixture(scope="session")
def session_area():
    path = Path(tempfile.mkdtemp(prefix="evercert-session-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def area(request):
    """A folder for one test that other users can enter (pytest's own are closed to them); kept if the test fails."""
    path = Path(tempfile.mkdtemp(prefix="evercert-test-"))
    path.chmod(0o755)
    yield path
    if not getattr(request.node, "failed", False) or not os.environ.get("KEEP"):
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def mounts(area):
    made = Mounts()
    yield made
    made.close()


@pytest.fixture(scope="session")
def trust(session_area):
    made = certs.make_trust(session_area / "trust")
    made.key.chmod(0o644)
    return made


@pytest.fixture(scope="session")
def stranger(session_area):
    """Another CA, which nobody trusts."""
    return certs.make_trust(session_area / "stranger")


def programs_of(version):
    try:
        return find_programs(version, ROOT / "tools")
    except RuntimeError as err:
        if version == "new" and not os.environ.get("EVERCERT_REQUIRE_PEBBLE_NEW"):
            pytest.skip(f"no newer Pebble: {err}")
        raise


@pytest.fixture(scope="session")
def certbot_new():
    """The path of the newest Certbot that Debian has."""
    found = subprocess.run([str(ROOT / "tools" / "certbot-new")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if found.returncode != 0:
        if os.environ.get("EVERCERT_REQUIRE_CERTBOT_NEW"):
            raise RuntimeError(found.stderr)
        pytest.skip(f"no newer Certbot: {found.stderr.strip()}")
    return Path(found.stdout.strip())


@pytest.fixture(scope="session")
def second_name(request, session_area):
    """The program under test by the name `certbot`: a link from a folder where nothing else of it lies."""
    path = session_area / "bin" / "certbot"
    path.parent.mkdir()
    path.symlink_to(request.config.program.resolve())
    return path


@pytest.fixture(scope="session")
def start_pebble(session_area, trust):
    """start_pebble("old" or "new", name, **settings): a CA that runs until the end of the session. One name, one temper."""
    running = {}

    def start(version, name="plain", **settings):
        if (version, name) not in running:
            pebble = Pebble(session_area / f"pebble-{version}-{name}", programs_of(version), trust, **settings)
            running[version, name] = settings, pebble.start()
        asked, pebble = running[version, name]
        assert settings == asked, f"the CA {name} was started with {asked}"
        return pebble

    yield start
    for _, pebble in running.values():
        pebble.stop()


@pytest.fixture(scope="session", params=PEBBLES)
def ca(request, start_pebble):
    """A CA in good temper; both versions."""
    return start_pebble(request.param)


@pytest.fixture(scope="session")
def new_ca(start_pebble):
    return start_pebble("new")


@pytest.fixture(scope="session", params=PEBBLES)
def hard_ca(request, start_pebble):
    """Half of the nonces refused, validation takes its time, authorizations are reused."""
    return start_pebble(request.param, "hard", nosleep=False, sleeptime=2, nonce_reject=50, authz_reuse=100)


@pytest.fixture(scope="session", params=PEBBLES)
def eab_ca(request, start_pebble):
    return start_pebble(request.param, "eab", settings={"externalAccountBindingRequired": True,
                                                        "externalAccountMACKeys": MAC_KEYS})


@pytest.fixture(scope="session", params=PEBBLES)
def forked_ca(request, start_pebble):
    """A CA with three roots."""
    return start_pebble(request.param, "forked", alternates=2)


@pytest.fixture(scope="session")
def profiled_ca(start_pebble):
    return start_pebble("new", "profiled", settings={"profiles": {
        "default": {"description": "the usual one", "validityPeriod": 90 * 86400},
        "shortlived": {"description": "six days", "validityPeriod": 6 * 86400},
    }})


@pytest.fixture(scope="session")
def sleepy_ca(start_pebble):
    """A CA that leaves challenges pending for up to a minute and a half."""
    return start_pebble("new", "sleepy", nosleep=False, sleeptime=90)


@pytest.fixture
def make_client(request, open_program, area, trust):
    """make_client(ca): the program with a configuration of its own; several in one test get several folders."""
    made = []

    def make(ca=None, name=None):
        folder = area / (name or f"client{len(made)}")
        folder.mkdir(parents=True)
        made.append(Client(request.config.program, folder, trust, ca))
        made[-1].open_program = open_program.resolve()
        return made[-1]

    return make


@pytest.fixture
def client(make_client, ca):
    return make_client(ca)


@pytest.fixture
def new_client(make_client, new_ca):
    return make_client(new_ca)


@pytest.fixture(scope="session")
def checklist_ca(start_pebble):
    """The CA of Certbot's own tests: three roots, and whatever was proved once stays proved."""
    return start_pebble("new", "checklist", authz_reuse=100, alternates=2)


@pytest.fixture(scope="session")
def open_program(request, session_area):
    """The program by the name `certbot`, where any user may run it: builds often lie in closed folders."""
    if request.config.certbot:
        return request.config.program
    folder = session_area / "everyone"
    folder.mkdir()
    program = request.config.program.resolve()
    for name in (program.name, "evercert-net", "evercert-archive"):
        if (program.parent / name).exists():
            shutil.copy(program.parent / name, folder / name)
    (folder / "certbot").symlink_to(program.name)
    return folder / "certbot"


@pytest.fixture
def make_checklist(request, open_program, area, trust):
    """make_checklist(ca): the program as Certbot's own tests start it."""
    made = []

    def make(ca):
        folder = area / f"checklist{len(made)}"
        folder.mkdir()
        # The newest Certbot lies where others cannot run it.
        made.append(Checklist(open_program, folder, trust, ca, ordinary=request.config.certbot is None))
        return made[-1]

    return make


@pytest.fixture
def certbot(make_checklist, checklist_ca):
    return make_checklist(checklist_ca)


@pytest.fixture
def start_nginx(area):
    """start_nginx(port, {host name: folder})."""
    running = []

    def start(port, roots):
        running.append(Nginx(area / f"nginx{len(running)}", port, roots).start())
        return running[-1]

    yield start
    for nginx in running:
        nginx.stop()


@pytest.fixture
def make_nginx_host(area):
    """make_nginx_host(http=None, https=None, user=None): an nginx that the program may configure, not started yet."""
    made = []

    def make(**more):
        made.append(NginxHost(area / f"host{len(made)}", **more))
        return made[-1]

    yield make
    for host in made:
        host.stop()


@pytest.fixture
def make_apache_host(area):
    """make_apache_host(http=None, https=None, user=None, modules=()): an Apache that the program may configure, not started."""
    made = []

    def make(**more):
        made.append(ApacheHost(area / f"apache{len(made)}", **more))
        return made[-1]

    yield make
    for host in made:
        host.stop()


@pytest.fixture
def play(trust):
    """play(part): starts a hostile CA with that part."""
    running = []

    def start(part):
        running.append(HostileCa(trust, part))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def record(trust):
    """record(ca, instead=None): stands between the client and the CA and notes what is asked."""
    running = []

    def start(ca, instead=None):
        running.append(Recorder(trust, ca, instead))
        return running[-1]

    yield start
    for server in running:
        server.stop()
