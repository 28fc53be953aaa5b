"""Renewal: what is due, what is not, what is kept, and hooks."""
import datetime
import json
import stat
import time

import certs
import pytest
from client import KINDS
from fleet import Fleet

UTC = datetime.timezone.utc


def test_forced(client):
    client.certonly(["r.test", "www.r.test"])
    store = client.store
    before = {kind: store.version_file("r.test", kind, 1).read_bytes() for kind in KINDS}
    first = store.cert("r.test")
    done = client.renew("--force-renewal")

    store.check(["r.test"])
    assert store.versions("r.test") == [1, 2]
    second = store.cert("r.test")
    assert second.serial_number != first.serial_number
    assert certs.names(second) == certs.names(first)
    assert {kind: store.version_file("r.test", kind, 1).read_bytes() for kind in KINDS} == before, "old versions stay"
    done.says(f"Processing {store.renewal('r.test')}", "Congratulations, all renewals succeeded:",
              f"{store.live('r.test', 'fullchain')} (success)")


def test_not_due(client):
    client.certonly(["r.test"])
    before = {p: p.read_bytes() for p in client.config.glob("*/r.test/*.pem")}
    done = client.renew()
    cert = client.store.cert("r.test")
    done.says("Certificate not yet due for renewal", "The following certificates are not due for renewal yet:",
              f"{client.store.live('r.test', 'fullchain')} expires on {cert.not_valid_after:%Y-%m-%d} (skipped)",
              "No renewals were attempted.")
    assert {p: p.read_bytes() for p in client.config.glob("*/r.test/*.pem")} == before
    client.store.check(["r.test"])


def test_nothing_to_renew(client):
    client.renew().says("No renewals were attempted.")


def test_unknown_name(client):
    client.certonly(["r.test"])
    client.renew("--cert-name", "other", status=1).says("No certificate found with name other")


def test_same_names_again(client):
    client.certonly(["a.test", "b.test"])
    client.certonly(["b.test", "a.test"]).says("Certificate not yet due for renewal; no action taken.")
    assert client.store.versions("a.test") == [1]
    client.certonly(["a.test", "b.test"], "--force-renewal")
    assert client.store.versions("a.test") == [1, 2]
    client.store.check(["a.test"])


def test_expand(client):
    client.certonly(["a.test"])
    client.certonly(["a.test", "b.test"], status=1).says("--expand")
    client.certonly(["a.test", "b.test"], "--expand")
    client.store.check(["a.test"])
    assert certs.names(client.store.cert("a.test")) == ["a.test", "b.test"]
    assert client.store.versions("a.test") == [1, 2]


def test_duplicate(client):
    client.certonly(["a.test"])
    client.certonly(["a.test"], "--duplicate")
    client.store.check(["a.test", "a.test-0001"])


def test_one_fails_one_succeeds(client, ca):
    client.certonly(["bad.test"])
    client.certonly(["good.test"])
    client.give_up_authorizations()
    ca.add_a("bad.test", "127.0.0.99")  # where nobody answers, if we listen on one address
    try:
        done = client.renew("--force-renewal", "--http-01-address", "127.0.0.1", status=1)
    finally:
        ca.dns("clear-a", host="bad.test.")
    done.says("Failed to renew certificate bad.test with error: Some challenges have failed.",
              "The following renewals succeeded:", f"{client.store.live('good.test', 'fullchain')} (success)",
              "The following renewals failed:", f"{client.store.live('bad.test', 'fullchain')} (failure)",
              "1 renew failure(s), 0 parse failure(s)")
    client.store.check(["bad.test", "good.test"])
    assert client.store.versions("bad.test") == [1]
    assert client.store.versions("good.test") == [1, 2]


def test_broken_file(client):
    client.certonly(["good.test"])
    broken = client.store.renewal("broken")
    broken.write_text("cert = [not\nwhole\n")
    done = client.renew("--force-renewal", status=1)
    done.says("0 renew failure(s), 1 parse failure(s)", f"{broken} (parsefail)",
              f"{client.store.live('good.test', 'fullchain')} (success)")
    assert client.store.versions("good.test") == [1, 2]


def test_due_by_age(client):
    """Certificates near their end are renewed without force, others in the same store are left alone."""
    client.register()
    fleet = Fleet(client.config, client.server, client.store.account_id(), client.http_port)
    old = fleet.add("old.test", days_left=3)
    fleet.add("young.test", days_left=80)
    client.renew().says(f"{client.store.live('old.test', 'fullchain')} (success)",
                        f"{client.store.live('young.test', 'fullchain')} expires on")
    client.store.check(["old.test", "young.test"])
    assert client.store.versions("old.test") == [1, 2]
    assert client.store.versions("young.test") == [1]
    assert certs.names(client.store.cert("old.test")) == [old]


def test_renew_before_expiry(client):
    client.register()
    fleet = Fleet(client.config, client.server, client.store.account_id(), client.http_port)
    for name, interval in {"early.test": "85 days", "young.test": "75 days"}.items():
        path = client.store.renewal(fleet.add(name, days_left=80))
        path.write_text(f"renew_before_expiry = {interval}\n" + path.read_text())
    client.renew()
    assert client.store.versions("early.test") == [1, 2]
    assert client.store.versions("young.test") == [1]
    assert client.store.conf("early.test")[""]["renew_before_expiry"] == "85 days"


@pytest.mark.ours
@pytest.mark.parametrize("name", ["evercert", "certbot"])
def test_renew_before_expiry_longer_than_the_life(client, second_name, name):
    """It would renew at each run. Certbot does."""
    client.certonly(["early.test"])
    path = client.store.renewal("early.test")
    path.write_text("renew_before_expiry = 100 years\n" + path.read_text())
    if name == "certbot":
        client.program = second_name
        client.renew()
        assert client.store.versions("early.test") == [1, 2]
        return
    client.renew().says("renew_before_expiry of early.test is 100 years", "as if that line were not there")
    assert client.store.versions("early.test") == [1]


@pytest.mark.ours
@pytest.mark.parametrize("layout", ["certbot", "versioned"])
def test_old_versions_are_pruned(client, layout):
    """Three superseded ones stay, and the live one."""
    client.certonly(["many.test"], "--store-layout", layout)
    for _ in range(5):
        client.renew("--force-renewal")
    client.store.check(["many.test"])
    versions = client.store.versions("many.test")
    assert len(versions) == 4
    for kind in KINDS:
        for version in versions:
            assert client.store.version_file("many.test", kind, version).exists()


def test_pruning_keeps_five_before_the_current(client, request):
    if request.config.certbot and request.config.certbot < 3:
        pytest.skip("this Certbot never prunes")
    certbots = [] if request.config.certbot else ["--store-layout", "certbot"]
    client.certonly(["many.test"], *certbots)
    for _ in range(7):
        client.renew("--force-renewal", *([] if request.config.certbot else ["--history-keep", "0"]))
    assert client.store.versions("many.test") == [3, 4, 5, 6, 7, 8]


def test_permissions_are_inherited(client):
    client.certonly(["mode.test"])
    client.store.live("mode.test", "privkey").chmod(0o640)
    client.renew("--force-renewal")
    assert stat.S_IMODE(client.store.live("mode.test", "privkey").stat().st_mode) == 0o640
    assert client.store.versions("mode.test") == [1, 2]


def test_absolute_links_stay_absolute(client, request):
    client.certonly(["abs.test"], *([] if request.config.certbot else ["--store-layout", "certbot"]))
    for kind in KINDS:
        link = client.store.live("abs.test", kind)
        target = link.resolve()
        link.unlink()
        link.symlink_to(target)
    client.renew("--force-renewal")
    for kind in KINDS:
        link = client.store.live("abs.test", kind)
        assert link.readlink() == client.store.archive("abs.test") / f"{kind}2.pem"


def test_saved_and_overridden_hooks(client, area):
    ran = area / "ran"
    client.certonly(["hook.test"], "--deploy-hook", f'echo first "$RENEWED_DOMAINS" "$RENEWED_LINEAGE" >> {ran}')
    client.renew("--force-renewal")
    client.renew("--force-renewal", "--deploy-hook", f"echo second >> {ran}")
    client.renew("--force-renewal")
    live = client.store.live("hook.test")
    assert ran.read_text().splitlines() == [f"first hook.test {live}"] * 2 + ["second"] * 2


def hook_folders(client, ran):
    """Executables in the three folders, and what must not run; returns the options of three hooks more."""
    for kind in ("pre", "deploy", "post"):
        folder = client.config / "renewal-hooks" / kind
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("script.sh", "script.sh~"):
            (folder / name).write_text(f"#!/bin/sh\necho folder-{kind} >> {ran}\n")
            (folder / name).chmod(0o755)
        (folder / "not-executable").write_text("")
        (folder / "folder").mkdir()
    return [part for kind in ("pre", "deploy", "post") for part in (f"--{kind}-hook", f"echo {kind} >> {ran}")]


ORDER = ["folder-pre", "pre", "folder-deploy", "deploy", "folder-post", "post"]


def test_hook_order(client, area):
    ran = area / "ran"
    client.certonly(["order.test"])
    options = hook_folders(client, ran)
    client.renew(*options)
    assert not ran.exists(), "no hook runs when nothing is due"
    client.renew("--force-renewal", *options)
    assert ran.read_text().split() == ORDER
    ran.unlink()
    client.renew("--force-renewal", "--no-directory-hooks")
    assert ran.read_text().split() == ["pre", "deploy", "post"]


@pytest.mark.certbot5
def test_hook_order_of_the_first_certificate(client, area):
    ran = area / "ran"
    client.certonly(["order.test"], *hook_folders(client, ran))
    assert ran.read_text().split() == ORDER


def test_failing_hook_is_told_but_not_fatal(client):
    client.certonly(["h.test"], "--deploy-hook", "echo out; echo bad >&2; exit 7").says(
        "reported error code 7", "bad")
    client.store.check(["h.test"])


def test_hook_that_is_not_there(client):
    client.certonly(["h.test"], "--pre-hook", "/nowhere/x", status=1).says("Unable to find pre-hook command /nowhere/x")


def test_dry_run(client):
    client.certonly(["dry.test"])
    files = {p: p.read_bytes() for p in client.config.glob("*/dry.test*/*")}
    conf = client.store.renewal("dry.test").read_bytes()
    client.renew("--dry-run").says("Congratulations, all simulated renewals succeeded:")
    client.certonly(["fresh.test"], "--dry-run").says("The dry run was successful.")
    assert {p: p.read_bytes() for p in client.config.glob("*/dry.test*/*")} == files
    assert client.store.renewal("dry.test").read_bytes() == conf
    client.store.check(["dry.test"])


# Renewal information (RFC 9773)

def window(days_from_now, length_days=1):
    now = datetime.datetime.now(UTC)
    start = now + datetime.timedelta(days=days_from_now)
    return start, start + datetime.timedelta(days=length_days)


def clear_pause(client, name):
    """Lets the client ask the CA for renewal information again at once."""
    path = client.store.renewal(name)
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "ari_retry_after" not in line))


@pytest.mark.certbot5
def test_ca_says_its_time(new_client, new_ca):
    new_client.certonly(["ari.test"])
    pem = new_client.store.live("ari.test", "cert").read_bytes()
    new_ca.set_renewal_window(pem, *window(-30))
    new_client.renew()
    new_client.store.check(["ari.test"])
    assert new_client.store.versions("ari.test") == [1, 2]


@pytest.mark.certbot5
def test_ca_says_not_yet(new_client, new_ca):
    new_client.certonly(["ari.test"])
    pem = new_client.store.live("ari.test", "cert").read_bytes()
    new_ca.set_renewal_window(pem, *window(20))
    new_client.renew()
    assert new_client.store.versions("ari.test") == [1]
    pause = new_client.store.conf("ari.test")["acme_renewal_info"]["ari_retry_after"]
    assert datetime.datetime.fromisoformat(pause).replace(tzinfo=None) > datetime.datetime.now()


@pytest.mark.certbot5
def test_ca_is_asked_again_only_after_its_pause(new_client, new_ca, record):
    new_client.certonly(["ari.test"])
    recorder = record(new_ca)
    path = new_client.store.renewal("ari.test")
    path.write_text(path.read_text().replace(new_client.server, recorder.url))
    new_client.server = None
    new_client.renew()
    asked = len(recorder.of("renewalInfo"))
    assert asked == 1
    new_client.renew()
    assert len(recorder.of("renewalInfo")) == asked


@pytest.mark.ours
def test_new_order_says_what_it_replaces(new_client, new_ca, record):
    recorder = record(new_ca)
    new_client.server = recorder.url
    new_client.certonly(["ari.test"])
    first = new_client.store.cert("ari.test")
    new_ca.set_renewal_window(new_client.store.live("ari.test", "cert").read_bytes(), *window(-30))
    new_client.renew()
    new_client.store.check(["ari.test"])
    assert new_client.store.versions("ari.test") == [1, 2]
    orders = recorder.of("/order-plz")
    assert "replaces" not in orders[0].payload
    # Once more without it where the serial number begins with a zero: Pebble does not find the order of such a certificate.
    assert {order.payload["replaces"] for order in orders if "replaces" in order.payload} == {ari_id(first)}


def suggest(new_client, new_ca, record, start, end):
    """A CA that says that window of each certificate."""
    body = json.dumps({"suggestedWindow": {k: v.strftime("%Y-%m-%dT%H:%M:%SZ") for k, v in {"start": start, "end": end}.items()}})
    recorder = record(new_ca, lambda request: (200, body.encode(), {"Content-Type": "application/json"})
                      if "renewalInfo" in request.path else None)
    new_client.server = recorder.url
    return recorder


@pytest.mark.ours
def test_window_that_is_past_for_every_certificate(new_client, new_ca, record):
    """The first time it is obeyed at once; a CA that means no certificate in particular gets no order at each run."""
    suggest(new_client, new_ca, record, *window(-3))
    new_client.certonly(["ari.test"])
    new_client.renew()
    assert new_client.store.versions("ari.test") == [1, 2]
    new_client.renew().says("The CA suggests to renew ari.test at once, as it did for the one before")
    clear_pause(new_client, "ari.test")
    new_client.renew()
    assert new_client.store.versions("ari.test") == [1, 2]
    new_client.renew("--force-renewal")
    assert new_client.store.versions("ari.test") == [1, 2, 3]


@pytest.mark.ours
def test_window_after_the_end(new_client, new_ca, record):
    suggest(new_client, new_ca, record, *window(9999))
    new_client.certonly(["ari.test"])
    new_client.renew().says("renewal window for ari.test begins when the certificate has ended. It is ignored.")
    assert "evercert_renew_at" not in new_client.store.conf("ari.test")["acme_renewal_info"]


@pytest.mark.ours
@pytest.mark.parametrize("name", ["evercert", "certbot"])
def test_window_of_an_instant(new_client, new_ca, record, second_name, name):
    """Start and end alike: RFC 9773 section 4.2 calls that invalid, Certbot an instant."""
    start, _ = window(-3)
    suggest(new_client, new_ca, record, start, start)
    new_client.certonly(["ari.test"])
    if name == "certbot":
        new_client.program = second_name
    new_client.renew()
    assert new_client.store.versions("ari.test") == ([1, 2] if name == "certbot" else [1])


@pytest.mark.ours
def test_what_a_clock_far_ahead_has_written(new_client, new_ca, record):
    """The CA is asked all the same, and what it says counts."""
    recorder = suggest(new_client, new_ca, record, *window(-3))
    new_client.certonly(["ari.test"])
    path = new_client.store.renewal("ari.test")
    ahead = datetime.datetime.now(UTC) + datetime.timedelta(days=40)
    path.write_text(path.read_text() + f"[acme_renewal_info]\nari_retry_after = {ahead:%Y-%m-%dT%H:%M:%S}\n")
    new_client.renew()
    assert len(recorder.of("renewalInfo")) == 1
    assert new_client.store.versions("ari.test") == [1, 2]


@pytest.mark.ours
@pytest.mark.parametrize("days_ago, stays", [(1, True), (9, False)])
def test_instant_that_nobody_confirms(new_client, new_ca, days_ago, stays):
    """While the CA cannot be asked, what it said counts; not for ever."""
    new_client.certonly(["ari.test"])
    new_ca.set_renewal_window(new_client.store.live("ari.test", "cert").read_bytes(), *window(20))
    new_client.renew()
    path = new_client.store.renewal("ari.test")
    kept = new_client.store.conf("ari.test")["acme_renewal_info"]
    said = datetime.datetime.now(UTC) - datetime.timedelta(days=days_ago)
    path.write_text(path.read_text().replace(kept["evercert_renew_said"], said.strftime("%Y-%m-%dT%H:%M:%SZ")).replace(
        new_client.server, "https://127.0.0.1:1/dir"))
    clear_pause(new_client, "ari.test")
    new_client.server = None
    new_client.renew().says("An error occurred requesting ACME Renewal Information (ARI).")
    assert (new_client.store.conf("ari.test")["acme_renewal_info"].get("evercert_renew_at") == kept["evercert_renew_at"]) == stays


@pytest.mark.ours
def test_instant_of_another_certificate(new_client, new_ca):
    """What was kept for one certificate does not renew the one that is live now."""
    new_client.certonly(["ari.test"])
    new_ca.set_renewal_window(new_client.store.live("ari.test", "cert").read_bytes(), *window(20))
    new_client.renew()
    path = new_client.store.renewal("ari.test")
    kept = new_client.store.conf("ari.test")["acme_renewal_info"]
    assert int(kept["evercert_renew_of"], 16) == new_client.store.cert("ari.test").serial_number
    path.write_text(path.read_text().replace(kept["evercert_renew_at"], "2026-01-01T00:00:00Z"))
    before = path.read_text()
    path.write_text(before.replace(kept["evercert_renew_of"], "123abc"))
    new_client.renew()
    assert new_client.store.versions("ari.test") == [1]
    path.write_text(before)
    new_client.renew()
    assert new_client.store.versions("ari.test") == [1, 2], "the same instant of the same certificate"


REFUSALS = {
    "replaced already": (409, "alreadyReplaced", "a certificate can be replaced once"),
    "not overlapping": (400, "malformed", "the identifiers do not overlap with the certificate indicated by the 'replaces' field"),
    "of another account": (403, "unauthorized", "requester account did not request the certificate being replaced"),
    "unknown certificate": (404, "malformed", "could not find an order for the given certificate"),
    "without a type": (409, None, None),
    "rude": (409, "alreadyReplaced", "\x1b[31m\r\nno" * 5000),
}


@pytest.mark.ours
@pytest.mark.parametrize("kind, always", [*((k, False) for k in REFUSALS), ("replaced already", True)])
def test_replaces_is_refused(new_client, new_ca, record, kind, always):
    """The order is placed again without it, once and no more, also where each order is refused."""
    status, name, detail = REFUSALS[kind]
    problem = {k: v for k, v in {"type": name and f"urn:ietf:params:acme:error:{name}", "detail": detail}.items() if v}

    def instead(request):
        if "/order-plz" not in request.path or not started or not (always or "replaces" in request.payload):
            return None
        return status, json.dumps(problem).encode(), {"Content-Type": "application/problem+json"}

    started = []
    recorder = record(new_ca, instead)
    new_client.server = recorder.url
    new_client.certonly(["ari.test"])
    started.append(True)
    done = new_client.renew("--force-renewal", "-v", status=1 if always else 0)
    orders = [r.payload for r in recorder.of("/order-plz")][1:]
    assert ["replaces" in order for order in orders] == [True, False]
    assert 'the CA refused "replaces"' in done.err and "\x1b" not in done.err
    assert new_client.store.versions("ari.test") == ([1] if always else [1, 2])


@pytest.mark.ours
@pytest.mark.parametrize("answer", [
    {"suggestedWindow": {"start": "2020-01-02T00:00:00Z", "end": "2020-01-01T00:00:00Z"}},
    {"suggestedWindow": {"start": "yesterday", "end": "tomorrow"}},
    {"suggestedWindow": {}}, {}, [], "x",
], ids=["ends before it starts", "no times", "empty", "missing", "list", "text"])
def test_malformed_window_is_ignored(new_client, new_ca, record, answer):
    """RFC 9773 section 4.2: a window that makes no sense is as good as none; the certificate is not due by its age."""
    body = json.dumps(answer).encode()
    recorder = record(new_ca, lambda request: (200, body, {"Content-Type": "application/json", "Retry-After": "60"})
                      if "renewalInfo" in request.path else None)
    new_client.server = recorder.url
    new_client.certonly(["ari.test"])
    new_client.renew()
    assert recorder.of("renewalInfo"), "the CA was asked"
    assert new_client.store.versions("ari.test") == [1]
    new_client.store.check(["ari.test"])


@pytest.mark.ours
def test_replaced_certificate_unknown_to_the_ca(new_client):
    """A lineage whose last certificate came from elsewhere is renewed, without claiming to replace anything here."""
    new_client.register()
    fleet = Fleet(new_client.config, new_client.server, new_client.store.account_id(), new_client.http_port)
    fleet.add("moved.test", days_left=3)
    new_client.renew()
    new_client.store.check(["moved.test"])
    assert new_client.store.versions("moved.test") == [1, 2]


def ari_id(cert):
    """RFC 9773 section 4.1: base64url of the key identifier of the issuer, ".", base64url of the serial's content."""
    import base64
    from cryptography import x509
    aki = cert.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    serial = cert.serial_number.to_bytes(cert.serial_number.bit_length() // 8 + 1, "big")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (aki, serial))
