"""--dns-rfc2136 beside Certbot's plugin, with one credentials file and a real BIND."""
import shutil
from pathlib import Path

import pytest
from client import Client
from own_network import with_name_servers
from peers.dns_relay import DnsRelay
from test_rfc2136 import KEY, SOMEBODY_ELSES, bind, bind_ca, both, challenge_of, face, obtain, port_53, updates  # noqa: F401

CERTBOT = shutil.which("certbot", path="/usr/bin")

pytestmark = [pytest.mark.ours, pytest.mark.any_compiler,
              pytest.mark.skipif(not CERTBOT or not Path("/usr/lib/python3/dist-packages/certbot_dns_rfc2136").exists(),
                                 reason="needs Certbot with its plugin for RFC 2136")]


def test_the_same_as_certbot(bind_ca, bind, port_53, area, trust, second_name):
    """The same credentials file: the same changes, the same options saved, and each renews what the other has obtained."""
    programs = [Path(CERTBOT), with_name_servers(second_name, area / "certbot", port_53)]
    relay = DnsRelay(bind.port)
    credentials = KEY.credentials(area / "dns.ini", relay.port)
    changes, saved = [], []
    try:
        for number, program in enumerate(programs):
            (area / f"of-{number}").mkdir()
            client = Client(program, area / f"of-{number}", trust, bind_ca)
            relay.seen.clear()
            obtain(client, credentials, *both("example.test"))
            changes.append(sorted(record[:3] for update in updates(relay) for record in update))
            saved.append(dns_options(client))
            assert bind.values(challenge_of("example.test")) == {SOMEBODY_ELSES}
        assert changes[0] == changes[1] and len(changes[0]) == 4
        assert saved[0] == saved[1] and saved[0]["authenticator"] == "dns-rfc2136"

        for number, program in enumerate(reversed(programs)):
            client = Client(program, area / f"of-{number}", trust, bind_ca)
            client.give_up_authorizations()
            client.renew("--force-renewal")
            assert client.store.versions("example.test") == [1, 2] and dns_options(client) == saved[0]
            assert bind.values(challenge_of("example.test")) == {SOMEBODY_ELSES}
    finally:
        relay.stop()


def dns_options(client):
    params = client.store.conf("example.test")["renewalparams"]
    return {key: text for key, text in params.items() if key.startswith("dns_") or key == "authenticator"}


@pytest.mark.parametrize("text", ["", "dns_rfc2136_server = 127.0.0.1\ndns_rfc2136_name =\n", None, "a folder", "no option"])
def test_the_same_is_missing(bind_ca, area, trust, second_name, text):
    """Properties, all at once; the file; the option."""
    path = area / "dns.ini"
    if text == "a folder":
        path.mkdir()
    elif text is not None:
        path.touch(mode=0o600)
        path.write_text(text)
    given = [] if text == "no option" else ["--dns-rfc2136-credentials", path]
    said = []
    for number, program in enumerate([Path(CERTBOT), second_name]):
        (area / f"of-{number}").mkdir()
        client = Client(program, area / f"of-{number}", trust, bind_ca)
        result = client.certonly(["example.test"], *given, authenticator="--dns-rfc2136", status=1)
        said.append([line for line in result.err.splitlines() if "/of-" not in line])
    assert said[0] == said[1]
