"""Hooks and authenticators as Certbot has them, beyond Certbot's own tests: what meets what, and in which order."""
import certs
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fleet import Fleet
from peers.ports import is_listening
from test_manual import dns_hooks, hook

SHOW = 'env | grep -E "^(CERTBOT|RENEWED|FAILED)_" | sort'


def told(path):
    """The variables that a hook which runs SHOW into a file was told."""
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def test_manual_variables_reach_later_hooks(new_client, area, new_ca):
    """Deploy hooks and post-hooks find what the manual authenticator's last hook was told."""
    auth = dns_hooks(area, new_ca)
    new_client.certonly(["leak.test"], "--preferred-challenges", "dns", *auth, "--deploy-hook", f"{SHOW} > {area}/deploy",
                        "--post-hook", f"{SHOW} > {area}/post", "--pre-hook", f"{SHOW} > {area}/pre", authenticator="--manual",
                        env={"CERTBOT_TOKEN": "of dns-01 there is none"})
    assert set(told(area / "pre")) == {"CERTBOT_TOKEN"}, "nothing was told to anybody yet"
    manual = {"CERTBOT_DOMAIN": "leak.test", "CERTBOT_IDENTIFIER": "leak.test", "CERTBOT_ALL_DOMAINS": "leak.test",
              "CERTBOT_ALL_IDENTIFIERS": "leak.test", "CERTBOT_REMAINING_CHALLENGES": "0"}
    renewed = {"RENEWED_DOMAINS": "leak.test", "RENEWED_LINEAGE": str(new_client.store.live("leak.test"))}
    for name, more in (("deploy", renewed), ("post", {**renewed, "FAILED_DOMAINS": ""})):
        found = told(area / name)
        assert len(found.pop("CERTBOT_VALIDATION")) == 43
        found.pop("CERTBOT_AUTH_OUTPUT")
        assert found == {**manual, **more}, name


def test_order_of_hooks_in_renew(new_client, area):
    """However many lineages are renewed at once: pre-hooks and post-hooks as if they came one after the other."""
    ran = area / "ran"
    for name in ("c.order.test", "a.order.test", "b.order.test"):
        new_client.certonly([name], "--pre-hook", f"echo pre {name[0]} >> {ran}", "--post-hook", f"echo post {name[0]} >> {ran}",
                            "--deploy-hook", f"echo deploy $RENEWED_DOMAINS >> {ran}")
    ran.unlink()
    new_client.renew("--force-renewal")
    assert ran.read_text().splitlines() == [
        "pre a", "deploy a.order.test", "pre b", "deploy b.order.test", "pre c", "deploy c.order.test",
        "post a", "post b", "post c"]


def test_plugin_is_made_ready_before_anything_is_done(make_client, area):
    """No hook, no account and no order for an authenticator that cannot work. There is no CA at that address."""
    make_client().certonly(["never.test"], "--server", "https://127.0.0.1:1/dir", "--pre-hook", f"touch {area}/ran",
                           authenticator="--manual", status=1).says("--manual-auth-hook")
    assert not (area / "ran").exists()


@pytest.mark.ours
def test_debug_challenges_without_a_person(new_client, second_name):
    """What is in place is shown, and nobody is waited for."""
    new_client.program = second_name
    new_client.certonly(["debug.test"], "--debug-challenges", "-v").says(
        "Challenges loaded. Press continue to submit to CA.", "URL: http://debug.test/.well-known/acme-challenge/",
        "Expected value: ", "http-01 challenge for Identifier(typ=IdentifierType(dns), value='debug.test')",
        "Successfully received certificate.")


@pytest.mark.ours
def test_places_of_standalone_take_turns(new_client, new_ca):
    """The responder is in one place at a time; who needs it elsewhere waits, and who cannot have it fails alone."""
    new_ca.add_a("b.place.test", "127.0.0.2")
    places = {"a.place.test": "127.0.0.1", "b.place.test": "127.0.0.2", "c.place.test": "127.0.0.1"}
    for name, address in places.items():
        new_client.certonly([name], "--http-01-address", address)
    fleet = Fleet(new_client.config, new_client.server, new_client.store.account_id(), new_client.http_port)
    conf = new_client.store.renewal(fleet.add("d.place.test", days_left=5))  # never proved, so that it must be
    conf.write_text(conf.read_text() + "http01_address = 192.0.2.1\n")
    done = new_client.renew("--force-renewal", "--jobs", "4", status=1)
    done.says("Failed to renew certificate d.place.test with error: ", "192.0.2.1", "1 renew failure(s), 0 parse failure(s)")
    assert [new_client.store.versions(name) for name in [*places, "d.place.test"]] == [[1, 2], [1, 2], [1, 2], [1]]
    assert not is_listening(new_client.http_port)


def csr(area, name):
    return certs.make_csr(area / "request.pem", [name], ec.generate_private_key(ec.SECP256R1()))


def test_csr_runs_no_hooks(new_client, area):
    hooks = [part for kind in ("pre", "deploy", "post") for part in (f"--{kind}-hook", f"touch {area}/ran")]
    new_client.certonly([], "--csr", csr(area, "csr.test"), *hooks, cwd=area)
    assert not (area / "ran").exists()
    assert sorted(p.name for p in area.glob("0*.pem")) == ["0000_cert.pem", "0000_chain.pem", "0001_chain.pem"]


@pytest.mark.ours
def test_csr_that_cannot_be_saved_as_wanted(new_client, area, new_ca):
    """What the CA has issued is not lost when a file appears where it was to go, and the user is told where all of it is."""
    paths = {kind: area / "out" / f"{kind}.pem" for kind in ("cert", "chain", "fullchain")}
    hooks = dns_hooks(area, new_ca)
    with (area / "auth.sh").open("a") as auth:
        auth.write(f"mkdir {area}/out; echo mine > {paths['chain']}\n")
    options = [part for kind, path in paths.items() for part in (f"--{kind}-path", path)]
    done = new_client.certonly([], "--csr", csr(area, "spoilt.test"), *options, "--preferred-challenges", "dns", *hooks,
                               authenticator="--manual", cwd=area, status=1)
    done.says(f"Certificate: {paths['cert']}", f"Intermediate CA chain: {area}/0000_chain.pem",
              f"Full certificate chain: {paths['fullchain']}", "File exists")
    assert paths["chain"].read_text() == "mine\n"
    leaf, = certs.load_chain(paths["cert"].read_bytes())
    assert certs.names(leaf) == ["spoilt.test"]
    assert paths["fullchain"].read_bytes() == paths["cert"].read_bytes() + (area / "0000_chain.pem").read_bytes()


@pytest.mark.ours
@pytest.mark.parametrize("paths", [("out/x", "out/x"), ("request.pem/x", "out/y")], ids=["twice the same", "below a file"])
def test_csr_that_cannot_be_saved(make_client, area, paths):
    """Found out before the CA is asked: this client has none."""
    client = make_client()
    request = csr(area, "never.test")
    client.certonly([], "--csr", request, "--server", "https://127.0.0.1:1/dir", "--cert-path", area / paths[0],
                    "--fullchain-path", area / paths[1], status=1).says(str(area / paths[0]))
    assert not (area / "out").exists()
