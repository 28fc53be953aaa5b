"""Credentials that nobody has written down: roles of instances, containers and pods, workload identities. And credentials that
may change records, but not see them.

Each test has a network of its own, in which the servers near a machine are at the addresses where clouds have them.
"""
import contextlib
import fcntl
import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import certs
import pytest
from fake_providers.session_clouds import Azure
from fake_providers.signed_clouds import Google, Route53
from own_network import own_network
from peers.fake_api import FakeServer, on
from test_dns_providers import FIRST, SECOND, Driver

pytestmark = pytest.mark.ours
SIOCSIFADDR = 0x8916
INSTANCE, CONTAINER = "169.254.169.254", "169.254.170.2"
APEX, WWW = "_acme-challenge.example.com", "_acme-challenge.www.sub.example.com"


class Near:
    """A server near the machine: answers = {"METHOD path": (fields that are demanded, what is answered)}."""

    def __init__(self, address, answers, silent=False):
        near = self
        self.asked, self.wrong = [], []
        done = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                near.asked.append(f"{self.command} {self.path}")
                if silent:
                    done.wait(30)
                    return
                fields, reply = answers.get(near.asked[-1], ({}, None))
                if reply is None or any(self.headers.get(name) != value for name, value in fields.items()) or "Authorization" in self.headers and "Authorization" not in fields:
                    near.wrong.append(f"{near.asked[-1]} {dict(self.headers)}")
                    self.send_error(404 if reply is None else 401)
                    return
                data = (reply() if callable(reply) else reply).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_POST = answer

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        self.server = Server((address, 80), Handler)
        self.done = done
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.done.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def world(request, trust, area):
    """A network with the fakes in it: world.open(fake, environment) is a driver of that."""
    with own_network(), contextlib.ExitStack() as left:
        yield World(request.config.program, trust, area, left)


class World:
    def __init__(self, program, trust, area, left):
        self.program, self.trust, self.area, self.left = program, trust, area, left
        self.addresses = 0

    def near(self, address, answers, **more):
        self.addresses += 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, SIOCSIFADDR, struct.pack("16sHH4s8x", b"lo:%d" % self.addresses, socket.AF_INET, 0, socket.inet_aton(address)))
        made = Near(address, answers, **more)
        self.left.callback(made.stop)
        return made

    def open(self, fake, environment=None):
        hosts = list(fake.hosts or (fake.host,))
        self.server = FakeServer(*certs.make_leaf(self.trust, self.area / "fakes", hosts))
        self.left.callback(self.server.stop)
        self.server.fake, self.fake, self.before = fake, fake, fake.state()
        if environment is not None:
            fake.environment = environment
        return Driver(self.program, self.area, fake, self.server, self.trust, fake.credentials if environment is None else environment)

    def try_out(self, driver, secrets):
        assert driver.change("add", (APEX, FIRST), (WWW, SECOND)) == ["done"] * 2, self.told()
        assert self.fake.state() == sorted([*self.before, (APEX, "TXT", FIRST), (WWW, "TXT", SECOND)])
        assert driver.change("remove", (APEX, FIRST), (WWW, SECOND)) == ["done"] * 2, self.told()
        assert self.fake.state() == self.before
        log = driver.log()
        driver.end()
        assert not [secret for secret in secrets if secret in log]
        assert not self.fake.failures + self.server.strays, self.told()

    def told(self):
        return "\n".join([*self.fake.failures, *self.server.strays, *self.fake.log[-20:]])


# ---- Amazon ----

KEYS = ("ASIATEMPORARY", "temporary/secret", "session/token==")
AS_JSON = json.dumps({"Code": "Success", "AccessKeyId": KEYS[0], "SecretAccessKey": KEYS[1], "Token": KEYS[2], "Expiration": "2030-01-01T00:00:00Z"})
ROLE = "/latest/meta-data/iam/security-credentials/"


class OfRole(Route53):
    keys = KEYS


def instance(keys=lambda: AS_JSON):
    shown = {"X-aws-ec2-metadata-token": "imds-session=="}
    return {"PUT /latest/api/token": ({"X-aws-ec2-metadata-token-ttl-seconds": "300"}, "imds-session=="),
            f"GET {ROLE}": (shown, "certs-role"), f"GET {ROLE}certs-role": (shown, keys)}


def test_role_of_an_instance(world):
    near = world.near(INSTANCE, instance())
    world.try_out(world.open(OfRole(), {}), [*KEYS[1:], "imds-session"])
    assert not near.wrong and len(near.asked) == 3


def test_keys_that_expire(world):
    class Expiring(OfRole):
        def authenticate(self, r):
            good = super().authenticate(r)
            if not good and r.header("x-amz-security-token").startswith("session-"):
                raise self.error(403, "The security token included in the request is expired", "ExpiredToken")
            return good

    fake, number = Expiring(), []

    def keys():
        number.append(1)
        fake.keys = (*KEYS[:2], f"session-{len(number)}")
        return json.dumps({**json.loads(AS_JSON), "Token": fake.keys[2]})

    world.near(INSTANCE, instance(keys))
    driver = world.open(fake, {})
    assert driver.change("add", (APEX, FIRST)) == ["done"]
    fake.keys = (*KEYS[:2], "the next one")
    assert driver.change("remove", (APEX, FIRST)) == ["done"], world.told()
    assert len(number) == 2 and fake.state() == world.before
    driver.end()


@pytest.mark.parametrize("way", ["relative", "full"])
def test_credentials_of_a_container(world, way):
    path = "/v2/credentials/4711"
    near = world.near(CONTAINER if way == "relative" else INSTANCE, {f"GET {path}": ({"Authorization": "container-secret"} if way == "full" else {}, AS_JSON)})
    (world.area / "token").write_text("container-secret\n")
    environment = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": path} if way == "relative" else {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{INSTANCE}{path}", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(world.area / "token")}
    world.try_out(world.open(OfRole(), environment), [*KEYS[1:], "container-secret"])
    assert not near.wrong and near.asked == [f"GET {path}"]


def test_container_elsewhere(world):
    """What gives out keys by plain HTTP is near, or not asked."""
    driver = world.open(OfRole(), {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/keys"})
    answer, = driver.change("add", (APEX, FIRST))
    assert "credentials are not sent without encryption" in answer
    driver.end()


class WithTokenService(OfRole):
    """docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html: unsigned."""
    hosts = ("route53.amazonaws.com", "sts.eu-central-1.amazonaws.com")

    def authenticate(self, r):
        return "authorization" not in r.headers if r.host.startswith("sts.") else super().authenticate(r)

    @on("POST /", host="sts.eu-central-1.amazonaws.com")
    def assume(self, r):
        body = r.form(Action="AssumeRoleWithWebIdentity", Version="2011-06-15", RoleArn="arn:aws:iam::1:role/certs", RoleSessionName="evercert", WebIdentityToken=str)
        if body["WebIdentityToken"] != "pod.identity.token":
            return self.error(400, "Couldn't retrieve verification key", "InvalidIdentityToken")
        access, secret, session = self.keys
        return (f'<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><SessionToken>{session}</SessionToken>'
                f"<SecretAccessKey>{secret}</SecretAccessKey><AccessKeyId>{access}</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>")


@pytest.mark.parametrize("token", ["pod.identity.token", "another.one"])
def test_web_identity(world, token):
    (world.area / "token").write_text(token)
    driver = world.open(WithTokenService(), {"AWS_ROLE_ARN": "arn:aws:iam::1:role/certs", "AWS_WEB_IDENTITY_TOKEN_FILE": str(world.area / "token"), "AWS_REGION": "eu-central-1"})
    if token == "pod.identity.token":
        world.try_out(driver, [*KEYS[1:], token])
        return
    answer, = driver.change("add", (APEX, FIRST))
    assert "InvalidIdentityToken: Couldn't retrieve verification key" in answer
    driver.end()


@pytest.mark.parametrize("silent", [False, True])
def test_nobody_near(world, silent):
    """Machines that are elsewhere: told at once, or after an instant, and asked once."""
    near = world.near(INSTANCE, {}, silent=True) if silent else None
    driver = world.open(OfRole(), {})
    said = driver.change("add", (APEX, FIRST), (WWW, SECOND))
    assert all(f"Unable to locate credentials: none are given, and nobody at {INSTANCE} has any" in one for one in said)
    assert near is None or len(near.asked) == 1
    driver.end()
    assert not world.server.strays


def test_instances_that_are_not_asked(world):
    near = world.near(INSTANCE, instance())
    driver = world.open(OfRole(), {"AWS_EC2_METADATA_DISABLED": "true"})
    driver.process.stdin.close()
    assert "Unable to locate credentials" in driver.process.stdout.read() + driver.log() and near.asked == []
    driver.process.wait(30)
    driver.process.stdout.close()
    driver.said.close()


# ---- Google ----

SCOPE = "https://www.googleapis.com/auth/ndev.clouddns.readwrite"


def test_service_account_of_an_instance(world):
    base, field = "GET /computeMetadata/v1", {"Metadata-Flavor": "Google"}
    near = world.near(INSTANCE, {f"{base}/instance/service-accounts/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fndev.clouddns.readwrite":
                                 (field, json.dumps({"access_token": Google.session, "expires_in": 3599, "token_type": "Bearer"})), f"{base}/project/project-id": (field, "project-9")})
    world.try_out(world.open(Google(), {}), [Google.session])
    assert not near.wrong and len(near.asked) == 2


class Federated(Google):
    """docs.cloud.google.com: iam/docs/reference/sts, and iamcredentials."""
    hosts = ("dns.googleapis.com", "sts.googleapis.com", "iamcredentials.googleapis.com", "oauth2.googleapis.com")
    open_routes = ("/v1/token", "/v1/projects/-/", "/token")
    audience = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/p"
    impersonates = False

    @on("POST /v1/token", host="sts.googleapis.com")
    def exchange(self, r):
        if "authorization" in r.headers:
            raise AssertionError("a field that does not belong here")
        r.form(grant_type="urn:ietf:params:oauth:grant-type:token-exchange", audience=self.audience, requested_token_type="urn:ietf:params:oauth:token-type:access_token",
               scope="https://www.googleapis.com/auth/cloud-platform" if self.impersonates else SCOPE, subject_token="workload.token", subject_token_type="urn:ietf:params:oauth:token-type:jwt")
        return {"access_token": "federated-token" if self.impersonates else self.session, "token_type": "Bearer", "expires_in": 3599}

    @on("POST /v1/projects/-/serviceAccounts/acme@project-9.iam.gserviceaccount.com:generateAccessToken", host="iamcredentials.googleapis.com")
    def stand_for(self, r):
        r.json({"scope": [SCOPE], "lifetime": "3600s"})
        if r.header("authorization") != "Bearer federated-token":
            return self.error(401, "no such token")
        return {"accessToken": self.session, "expireTime": "2030-01-01T00:00:00Z"}

    @on("POST /token", host="oauth2.googleapis.com")
    def login(self, r):
        r.form(grant_type="refresh_token", client_id="gcloud-client", client_secret="gcloud-secret", refresh_token="refresh-secret")
        return {"access_token": self.session, "expires_in": 3599}


@pytest.mark.parametrize("way", ["text", "json", "impersonated", "user"])
def test_google_files(world, way):
    """Files of workload identity federations and of gcloud, found by the variable that Google's tools have."""
    fake = Federated()
    fake.impersonates = way == "impersonated"
    (world.area / "subject").write_text(json.dumps({"id_token": "workload.token"}) if way == "json" else "workload.token\n")
    source = {"file": str(world.area / "subject"), **({"format": {"type": "json", "subject_token_field_name": "id_token"}} if way == "json" else {})}
    account = {"type": "external_account", "audience": fake.audience, "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": "https://sts.googleapis.com/v1/token",
               "credential_source": source, "quota_project_id": "project-9"}
    if fake.impersonates:
        account["service_account_impersonation_url"] = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/acme@project-9.iam.gserviceaccount.com:generateAccessToken"
    if way == "user":
        account = {"type": "authorized_user", "client_id": "gcloud-client", "client_secret": "gcloud-secret", "refresh_token": "refresh-secret", "quota_project_id": "project-9"}
    path = world.area / "account.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(account))
    world.try_out(world.open(fake, {"GOOGLE_APPLICATION_CREDENTIALS": str(path)}), [fake.session, "workload.token", "federated-token", "refresh-secret", "gcloud-secret"])


def test_google_credential_of_systemd(world):
    path = world.area / "dns-google-credentials"
    path.touch(mode=0o600)
    path.write_text(json.dumps(Google.account))
    world.try_out(world.open(Google(), {"CREDENTIALS_DIRECTORY": str(world.area)}), [Google.session])


# ---- Azure ----

@pytest.mark.parametrize("mine", [{"msi_system_assigned": "true"}, {"msi_client_id": "identity-7"}])
def test_managed_identity(world, mine):
    more = "&client_id=identity-7" if "msi_client_id" in mine else ""
    query = "api-version=2018-02-01" + more + "&resource=https%3A%2F%2Fmanagement.azure.com%2F"
    near = world.near(INSTANCE, {f"GET /metadata/identity/oauth2/token?{query}": ({"Metadata": "true"}, json.dumps({"access_token": Azure.session, "token_type": "Bearer"}))})
    fake = Azure()
    fake.credentials = {**mine, "subscription_id": "sub-3"}
    world.try_out(world.open(fake), [Azure.session])
    assert not near.wrong and len(near.asked) == 1


# ---- what may be written, but not be read ----

@pytest.mark.parametrize("kind", [Route53, Google], ids=["route53", "google"])
def test_without_the_right_to_list(world, kind):
    """As with Certbot's plugins, whose policies lack it: exactly the values of this run are written and removed."""
    fake = kind()
    fake.may_list = False
    fake.records = [record for record in fake.records if record.name != "_acme-challenge"]
    driver = world.open(fake, getattr(fake, "environment", None))
    assert driver.change("add", (APEX, FIRST)) == ["done"], world.told()
    assert driver.change("add", (APEX, SECOND)) == ["done"], world.told()
    assert fake.state() == sorted([*world.before, (APEX, "TXT", FIRST), (APEX, "TXT", SECOND)])
    assert driver.change("remove", (APEX, FIRST)) == ["done"], world.told()
    assert fake.state() == sorted([*world.before, (APEX, "TXT", SECOND)])
    driver.end()
    assert not fake.failures

    # A later run removes what an earlier one has left.
    again = world.open(fake, getattr(fake, "environment", None))
    world.before = [record for record in world.before if record[2] != SECOND]
    assert again.change("remove", (APEX, SECOND)) == ["done"], world.told()
    assert fake.state() == world.before
    again.end()
    assert not fake.failures
