"""Scripts in the style of acme.sh's, one for each way in which such scripts speak with a provider, against the fakes of those providers.

Each call is run by another shell. One alone is given the script's settings: those before it fail for want of them, those after it find what it
has saved.
"""
import base64
import os
import shutil
import subprocess
from pathlib import Path

import certs
import pytest
from fake_providers import certbots, forms, panels, records, session_clouds, sessions, sets, signed, signed_clouds
from peers.fake_api import FakeServer

pytestmark = [pytest.mark.ours, pytest.mark.any_compiler]
SCRIPTS = Path(__file__).resolve().parent / "scripts"
SHELLS = [shell.split() for shell in ("dash", "bash", "busybox sh") if shutil.which(shell.split()[0])] or [["sh"]]
VALUE = "a-value_1-0123456789abcdefghijklmnopqrstuvwxyz"

# The script's name, the provider, and the settings: names of credentials of the fake, or what is made of them.
STYLES = [
    ("azure", session_clouds.Azure, {"AZX_SUBSCRIPTION": "subscription_id", "AZX_TENANT": "tenant_id", "AZX_APP": "sp_client_id", "AZX_SECRET": "sp_client_secret"}),
    ("bunny", records.Bunny, {"BUNNYX_KEY": "api_key"}),
    ("clouddns", sessions.Clouddns, {"CDX_CLIENT": "client_id", "CDX_EMAIL": "email", "CDX_PASSWORD": "password"}),
    ("cloudflare", certbots.Cloudflare, {"CFX_Token": "api_token"}),
    ("digitalocean", certbots.DigitalOcean, {"DOX_KEY": "token"}),
    ("dnsimple", certbots.Dnsimple, {"DNSIMPLEX_TOKEN": "token"}),
    ("dnsmadeeasy", certbots.DnsMadeEasy, {"MEX_Key": "api_key", "MEX_Secret": "secret_key"}),
    ("dnspod", forms.Dnspod, {"DPX_Login": "api_token"}),
    ("dreamhost", forms.Dreamhost, {"DHX_KEY": "api_key"}),
    ("duckdns", forms.Duckdns, {"DUCKX_Token": "token"}),
    ("exoscale", signed.Exoscale, {"EXOX_KEY": "api_key", "EXOX_SECRET": "api_secret"}),
    ("gandi", sets.Gandi, {"GANDIX_TOKEN": "token"}),
    ("godaddy", sets.Godaddy, {"GDX_Key": "key", "GDX_Secret": "secret"}),
    ("google", signed_clouds.Google, {"GOOGX_PROJECT": "project_id", "GOOGX_EMAIL": "client_email",
                                      "GOOGX_KEY_B64": lambda c: base64.b64encode(c["private_key"].encode()).decode()}),
    ("inwx", sessions.Inwx, {"INWXX_User": "username", "INWXX_Password": "password"}),
    ("joker", forms.Joker, {"JOKERX_User": "username", "JOKERX_Password": "password"}),
    ("linode", certbots.Linode, {"LINODEX_KEY": "key"}),
    ("luadns", certbots.Luadns, {"LUAX_Email": "email", "LUAX_Key": "token"}),
    ("namecheap", panels.Namecheap, {"NCHX_USERNAME": "username", "NCHX_API_KEY": "api_key"}),
    ("namesilo", panels.Namesilo, {"SILOX_Key": "api_key"}),
    ("netcup", sessions.Netcup, {"NCX_CID": "customer_id", "NCX_Key": "api_key", "NCX_Password": "api_password"}),
    ("netlify", records.Netlify, {"NETLIFYX_TOKEN": "token"}),
    ("njalla", records.Njalla, {"NJALLAX_Token": "token"}),
    ("nsone", certbots.Nsone, {"NSX_Key": "api_key"}),
    ("ovh", certbots.Ovh, {"OVX_AK": "application_key", "OVX_AS": "application_secret", "OVX_CK": "consumer_key"}),
    ("plesk", panels.Plesk, {"PLESKX_Url": "api_url", "PLESKX_User": "username", "PLESKX_Password": "password"}),
    ("porkbun", records.Porkbun, {"PORKX_KEY": "key", "PORKX_SECRET": "secret"}),
    ("powerdns", sets.Powerdns, {"PDNSX_Url": "api_url", "PDNSX_Key": "api_key"}),
    ("regru", forms.Regru, {"REGRUX_User": "username", "REGRUX_Password": "password"}),
    ("route53", signed_clouds.Route53, {"AWSX_ID": "aws_access_key_id", "AWSX_SECRET": "aws_secret_access_key"}),
    ("selectel", session_clouds.Selectel, {"SELX_Account": "account_id", "SELX_Project": "project_name", "SELX_User": "username", "SELX_Password": "password"}),
    ("tencentcloud", signed.Tencentcloud, {"TCX_Id": "secret_id", "TCX_Key": "secret_key"}),
    ("vultr", records.Vultr, {"VULTRX_KEY": "key"}),
    ("websupport", signed.Websupport, {"WSX_ApiKey": "identifier", "WSX_ApiSecret": "secret_key"}),
]

# What a script asks for once and keeps for its later calls.
KEPT = {"azure": "/oauth2/v2.0/token", "dnsimple": "/v2/accounts "}


@pytest.fixture(scope="module")
def server(session_area, trust):
    hosts = sorted({host.split(":")[0] for _, fake, _ in STYLES for host in fake.hosts or (fake.host,)})
    running = FakeServer(*certs.make_leaf(trust, session_area / "styles", hosts))
    yield running
    running.stop()


class Caller:
    """Calls a script in the surroundings that evercert gives it: one call after another, each by the next shell."""

    def __init__(self, program, area, server, trust, name):
        self.shim, self.calls, self.scratch = program.parent / "data" / "dnsapi.sh", 0, area / "scratch"
        (area / "state").mkdir(mode=0o700)
        self.env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TMPDIR": str(self.scratch), "EVERCERT_STATE": str(area / "state"), "EVERCERT_GIVEN": " ",
                    "EVERCERT_SCRIPT": str(SCRIPTS / f"dns_{name}.sh"), "EVERCERT_HELPER": str(program), "REQUESTS_CA_BUNDLE": str(trust.ca),
                    "https_proxy": server.proxy, "http_proxy": server.proxy}

    def call(self, verb, name, value, settings=None):
        shell = SHELLS[self.calls % len(SHELLS)]
        self.calls += 1
        self.scratch.mkdir(mode=0o700)
        done = subprocess.run([*shell, self.shim, verb, name, value], env={**self.env, **(settings or {})}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        shutil.rmtree(self.scratch)
        return done.returncode, f"{' '.join(shell)}, {verb}: {done.stdout}"


@pytest.mark.parametrize("name, kind, wanted", STYLES, ids=[s[0] for s in STYLES])
def test_style(request, area, server, trust, name, kind, wanted):
    fake = server.fake = kind()
    server.strays.clear()
    settings = {k: v(fake.credentials) if callable(v) else fake.credentials[v] for k, v in wanted.items()}
    caller = Caller(request.config.program, area, server, trust, name)
    if fake.slots:
        record, other, stored = fake.names[0], fake.names[1], fake.stored(fake.names[0])
    else:
        longest = getattr(fake, "longest", "sub.example.com")
        record, other, stored = f"_acme-challenge.{longest}", "_acme-challenge.example.com", f"_acme-challenge.{longest}"
        fake.put(longest, "_acme-challenge", "someone-elses")
    before = fake.state()

    def went_well(said):
        unfinished = getattr(fake, "unfinished", list)()
        assert not fake.failures + server.strays + unfinished, "\n".join([said, *fake.failures, *server.strays, *unfinished, "", *fake.log[-30:]])

    status, said = caller.call("add", record, VALUE)
    assert status and not fake.log and fake.state() == before, f"without settings: {said}"
    status, said = caller.call("add", record, VALUE, settings)
    went_well(said)
    assert status == 0 and fake.state() == sorted([*before, (stored, "TXT", VALUE)]), "\n".join([said, *fake.log[-20:]])
    fake.refuse = 1
    status, said = caller.call("add", other, VALUE)
    went_well(said)
    assert status == 1 and fake.refuse == 0 and fake.fails in said, said
    status, said = caller.call("rm", record, VALUE)
    went_well(said)
    assert status == 0 and fake.state() == before, "\n".join([said, *fake.log[-20:]])
    assert name not in KEPT or sum(KEPT[name] in line for line in fake.log if not line.startswith(" ")) == 1
