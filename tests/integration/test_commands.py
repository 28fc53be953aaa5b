"""Listing, deleting, revoking, accounts, help and usage."""
import re
import signal

import certs
import pytest


def test_version(client, request):
    said = client.run("--version")
    assert re.fullmatch(r"(evercert|certbot) \d+\.\d+(\.\d+)?\S*\n", said.out)
    assert said.err == ""


@pytest.mark.ours
@pytest.mark.parametrize("name, product", [
    ("certbot", "certbot"), ("certbot-auto", "certbot"), ("certbot-3", "certbot"), ("certbot.distrib", "certbot"),
    ("letsencrypt", "certbot"), ("letsencrypt-auto", "certbot"), ("evercert.old", "evercert"), ("my-certbot", "evercert")])
def test_the_name_decides_by_its_beginning(client, area, request, name, product):
    link = area / name
    link.symlink_to(request.config.program.resolve())
    client.program = link
    assert client.run("--version").out.startswith(product + " ")
    refused = client.run("certonly", "--no-such", status=2)
    assert ("certbot: error: unrecognized arguments: --no-such" in refused.err) == (product == "certbot"), refused


@pytest.mark.parametrize("args", [["help"], ["--help"], ["-h"], ["help", "renew"], ["certonly", "--help"],
                                  ["--help", "all"], ["-h", "standalone"]])
def test_help(client, args):
    done = client.finish(client.start(*args, raw=True))
    assert len(done.out) > 100
    assert done.err == ""
    assert not client.config.exists()


@pytest.mark.ours
@pytest.mark.parametrize("page, words", [
    ("renew", ["RENEWED_LINEAGE", "RENEWED_DOMAINS", "FAILED_DOMAINS", "each command once in a run", "end in ~", "first word"]),
    ("manual", ["CERTBOT_DOMAIN", "CERTBOT_IDENTIFIER", "CERTBOT_VALIDATION", "CERTBOT_TOKEN", "CERTBOT_ALL_DOMAINS",
                "CERTBOT_ALL_IDENTIFIERS", "CERTBOT_REMAINING_CHALLENGES", "CERTBOT_AUTH_OUTPUT", "first word"])])
def test_help_has_the_contract_of_hooks(new_client, page, words):
    new_client.finish(new_client.start("--help", page, raw=True)).says(*words)


def test_help_knows_options(client):
    text = client.finish(client.start("--help", "all", raw=True)).out
    for option in ("--domain", "--cert-name", "--webroot-path", "--http-01-port", "--dry-run", "--key-type",
                   "--preferred-chain", "--deploy-hook", "--eab-kid", "--config-dir", "--server"):
        assert option in text, option


def test_plugins(client):
    said = client.run("plugins").out
    for name in ("standalone", "webroot"):
        assert re.search(rf"^\* {name}$", said, re.M), said


@pytest.mark.parametrize("args, words", [
    (["certonly", "--bogus-option"], "unrecognized arguments: --bogus-option"),
    (["certonly", "--csr"], "argument --csr: expected one argument"),
    (["certonly", "--rsa-key-size", "abc"], "argument --rsa-key-size: invalid int value: 'abc'"),
    (["certonly", "--key-type", "dsa"], "argument --key-type: invalid choice: 'dsa'"),
    (["renew", "--force"], "ambiguous option: --force could match"),
    (["renew", "--quiet=1"], "ignored explicit argument '1'"),
    (["certonly", "--preferred-challenges", "bogus"], "Unrecognized challenges: bogus"),
    (["revoke", "--reason", "boredom"], "invalid choice: 'boredom'"),
    (["certonly", "-d", "a.test", "leftover"], "unrecognized arguments: leftover"),
], ids=lambda v: v if isinstance(v, str) else "")
def test_usage_errors(client, args, words):
    done = client.finish(client.start(*args, raw=True), 2)
    assert done.out == ""
    assert words in done.err
    assert not client.config.exists() and not client.logs.exists()


@pytest.mark.ours
@pytest.mark.parametrize("typed, meant", [
    ("--webrot-path=/x", "--webroot-path"), ("--standalon", "--standalone"), ("--force-renewl", "--force-renewal"),
    ("--keytype=rsa", "--key-type"), ("--certname=x", "--cert-name"), ("--dry-rum", "--dry-run"),
])
def test_nearest_option_is_suggested(client, typed, meant):
    # A unique prefix of an option is that option, so --standalon is understood; then the command fails otherwise.
    done = client.finish(client.start("certonly", typed, raw=True), None)
    if meant.startswith(typed):
        assert "unrecognized" not in done.err
    else:
        assert done.status == 2
        assert meant in done.err
        assert not client.config.exists()


def test_options_before_the_subcommand(client):
    client.finish(client.start("--config-dir", client.config, "--work-dir", client.work, "--logs-dir", client.logs,
                               "--server", client.server, "--http-01-port", client.http_port, "-nd", "early.test",
                               "--agree-tos", "--register-unsafely-without-email", "--stand", "certonly", raw=True))
    client.store.check(["early.test"])


def test_config_file(client, area):
    ini = area / "my.ini"
    ini.write_text(f"# comment\nserver = {client.server}\nhttp-01-port = {client.http_port}\nagree-tos = true\n"
                   "register-unsafely-without-email = yes\nauthenticator = standalone\nnon-interactive\n")
    client.server = client.http_port = None
    client.run("certonly", "-c", ini, "-d", "ini.test")
    client.store.check(["ini.test"])


def test_config_file_with_unknown_key(client, area):
    ini = area / "my.ini"
    ini.write_text("bogus-key = 1\n")
    client.run("certonly", "-c", ini, "-d", "ini.test", status=2).says("--bogus-key")


# certificates

def test_certificates_none(client):
    client.run("certificates").says("No certificates found.")


def expected_entry(client, name, key_type, identifiers, word):
    cert = client.store.cert(name)
    return (f"  Certificate Name: {name}\n    Serial Number: {cert.serial_number:x}\n    Key Type: {key_type}\n"
            f"    {word}: {identifiers}\n    Expiry Date: {cert.not_valid_after:%Y-%m-%d %H:%M:%S}+00:00 (VALID: ")


def test_certificates(client, request):
    client.certonly(["l.test", "www.l.test"])
    client.certonly(["k.test"], "--key-type", "rsa")
    said = client.run("certificates")
    word = "Domains" if (request.config.certbot or 5) < 5 else "Identifiers"
    assert "Found the following certs:" in said.out
    for entry in (expected_entry(client, "l.test", "ECDSA", "l.test www.l.test", word),
                  expected_entry(client, "k.test", "RSA", "k.test", word)):
        assert entry in said.out, f"{entry}\nis not in\n{said.out}"
    assert said.out.index("k.test") < said.out.index("l.test"), "sorted by name"
    assert f"    Certificate Path: {client.store.live('l.test', 'fullchain')}\n" in said.out
    assert f"    Private Key Path: {client.store.live('l.test', 'privkey')}\n" in said.out

    matching = client.run("certificates", "-d", "k.test").out
    assert "Found the following matching certs:" in matching
    assert "Certificate Name: k.test" in matching and "l.test" not in matching


def test_certificates_names_what_is_broken(client):
    client.certonly(["ok.test"])
    client.certonly(["bad.test"])
    client.store.live("bad.test", "cert").unlink()
    said = client.run("certificates")
    assert "Certificate Name: ok.test" in said.out and "Certificate Name: bad.test" not in said.out
    said.says("The following renewal configurations were invalid:", str(client.store.renewal("bad.test")))


@pytest.mark.ours
def test_certificates_json(client):
    client.certonly(["j.test", "www.j.test"])
    cert = client.store.cert("j.test")
    listed = client.run("certificates", "--json").json()["certificates"]
    assert len(listed) == 1
    entry = listed[0]
    assert entry["name"] == "j.test"
    assert entry["identifiers"] == ["j.test", "www.j.test"]
    assert entry["serial"] == f"{cert.serial_number:x}"
    assert entry["key_type"] == "ecdsa"
    assert entry["not_after"] == f"{cert.not_valid_after:%Y-%m-%dT%H:%M:%SZ}"
    assert entry["server"] == client.server
    assert entry["certificate_path"] == str(client.store.live("j.test", "fullchain"))
    assert entry["private_key_path"] == str(client.store.live("j.test", "privkey"))
    assert entry["expired"] is entry["test_certificate"] is False


@pytest.mark.ours
def test_certificates_json_none(client):
    assert client.run("certificates", "--json").json()["certificates"] == []


# delete

def test_delete(client):
    client.certonly(["gone.test"])
    client.certonly(["stays.test"])
    client.run("delete", "-n", "--cert-name", "gone.test").says(
        "Deleted all files relating to certificate gone.test.")
    client.store.check(["stays.test"])


def test_delete_unknown(client):
    client.certonly(["stays.test"])
    client.run("delete", "-n", "--cert-name", "other.test", status=1).says("No certificate found with name other.test")
    client.store.check(["stays.test"])


# revoke

def test_revoke_by_account(client, ca):
    client.certonly(["rev.test"])
    cert = client.store.cert("rev.test")
    path = client.store.live("rev.test", "cert")
    client.run("revoke", "-n", "--cert-path", path, "--reason", "keyCompromise", "--no-delete-after-revoke").says(
        f"Congratulations! You have successfully revoked the certificate that was located at {path}.")
    status = ca.status(cert)
    assert (status["Status"], status["Reason"]) == ("Revoked", 1)
    client.store.check(["rev.test"])


def test_revoke_by_name_deletes(client, ca):
    client.certonly(["rev.test"])
    cert = client.store.cert("rev.test")
    client.run("revoke", "-n", "--cert-name", "rev.test").says("Deleted all files relating to certificate rev.test.")
    assert ca.status(cert)["Status"] == "Revoked"
    client.store.check([])


def test_revoke_with_delete(client, ca):
    client.certonly(["rev.test"])
    client.run("revoke", "-n", "--cert-path", client.store.live("rev.test", "cert"), "--delete-after-revoke")
    client.store.check([])


@pytest.mark.parametrize("key", [["--key-type", "rsa"], ["--elliptic-curve", "secp384r1"]], ids=["rsa", "p384"])
def test_revoke_by_certificate_key(client, make_client, ca, area, key):
    """Whoever has the key can revoke, without an account."""
    client.certonly(["rev.test"], *key)
    cert = client.store.cert("rev.test")
    other = make_client(ca)
    other.run("revoke", "-n", "--cert-path", client.store.live("rev.test", "cert").resolve(), "--key-path",
              client.store.live("rev.test", "privkey").resolve(), "--no-delete-after-revoke")
    assert ca.status(cert)["Status"] == "Revoked"
    assert other.store.account_dirs() == []


def test_revoke_with_the_wrong_key(client, ca):
    client.certonly(["one.test"])
    client.certonly(["two.test"])
    cert = client.store.cert("one.test")
    client.run("revoke", "-n", "--cert-path", client.store.live("one.test", "cert"), "--key-path",
               client.store.live("two.test", "privkey"), status=1)
    assert ca.status(cert)["Status"] == "Valid"


@pytest.mark.ours
def test_revoke_twice(client):
    client.certonly(["rev.test"])
    revoke = ["revoke", "-n", "--cert-name", "rev.test", "--no-delete-after-revoke"]
    client.run(*revoke)
    client.run(*revoke).says("The CA had revoked this certificate already.")
    client.store.check(["rev.test"])


@pytest.mark.ours
@pytest.mark.parametrize("as_certbot", [False, True], ids=["evercert", "certbot"])
@pytest.mark.parametrize("by", ["name", "path"])
def test_revoke_killed_after_the_revocation(make_client, new_ca, record, second_name, as_certbot, by):
    """The same command deletes what it had not come to."""
    client, recorder = make_client(new_ca), record(new_ca)
    client.server = recorder.url
    if as_certbot:
        client.program = second_name
    client.certonly(["rev.test"])
    cert = client.store.cert("rev.test")
    revoke = ["revoke", "-n", *(["--cert-name", "rev.test"] if by == "name" else ["--cert-path", client.store.live("rev.test", "cert")])]
    process = client.start(*revoke)

    def die(request, body):
        if "revoke" in request.path:
            process.kill()
        return body

    recorder.rewrite = die
    client.finish(process, -signal.SIGKILL)
    recorder.rewrite = lambda request, body: body
    assert new_ca.status(cert)["Status"] == "Revoked"
    client.store.check(["rev.test"], lock_may_stay=True)
    client.run(*revoke).says("Deleted all files relating to certificate rev.test.")
    client.store.check([], lock_may_stay=True)


@pytest.mark.parametrize("which", [[], ["--cert-name", "a", "--cert-path", "/etc/hostname"]], ids=["none", "both"])
def test_revoke_wants_one_certificate(client, which):
    client.run("revoke", "-n", *which, status=1).says(
        "Exactly one of --cert-path or --cert-name must be specified")


# accounts

def test_account_life(client):
    client.run("register", "-n", "--agree-tos", "-m", "a@example.org,b@example.org").says("Account registered.")
    folder = client.store.account_dirs()[0]
    said = client.run("show_account")
    said.says(f"Account details for server {client.server}:", "Account URL: https://localhost:",
              "Email contacts: a@example.org, b@example.org")

    client.run("register", "-n", "--agree-tos", "-m", "c@example.org", status=1).says("There is an existing account")
    client.run("update_account", "-n", "-m", "c@example.org").says("Your e-mail address was updated to c@example.org.")
    said = client.run("show_account").says("Email contact: c@example.org")
    assert "a@example.org" not in said.out

    client.run("unregister", "-n").says("Account deactivated.")
    assert not folder.exists()
    client.run("show_account", status=1).says("Could not find an existing account")
    client.run("unregister", "-n", status=1).matches("Could not find (an )?existing account")


@pytest.mark.certbot5
def test_account_thumbprint(client):
    import base64
    import hashlib
    import json
    client.register()
    jwk = json.loads((client.store.account_dirs()[0] / "private_key.json").read_text())
    public = {m: jwk[m] for m in (("e", "kty", "n") if jwk["kty"] == "RSA" else ("crv", "kty", "x", "y"))}
    digest = hashlib.sha256(json.dumps(public, separators=(",", ":"), sort_keys=True).encode()).digest()
    thumbprint = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    client.run("show_account").says(f"Account Thumbprint: {thumbprint}")


def test_account_without_email(client):
    client.register()
    client.run("show_account").says("Email contact: none")


def test_terms_must_be_agreed_to(client):
    client.run("register", "-n", "-m", "a@example.org", status=1).says("--agree-tos")
    assert client.store.account_dirs() == []


@pytest.mark.ours
def test_show_account_json(client):
    client.run("register", "-n", "--agree-tos", "-m", "a@example.org")
    account = client.run("show_account", "--json").json()
    assert account["server"] == client.server
    assert account["url"].startswith("https://localhost:")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", account["thumbprint"])
    assert account["id"] == client.store.account_id()
    assert account["status"] == "valid"
    assert account["emails"] == ["a@example.org"]


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_external_account_binding(make_client, eab_ca, alg, request):
    from peers.pebble import MAC_KEYS
    if request.config.certbot and request.config.certbot < 3 and alg != "HS256":
        pytest.skip("this Certbot knows HS256 only")
    client = make_client(eab_ca)
    credentials = ["--eab-kid", "kid-2", "--eab-hmac-key", MAC_KEYS["kid-2"]]  # long enough for all
    if alg != "HS256":
        credentials += ["--eab-hmac-alg", alg]
    client.certonly(["eab.test"], *credentials)
    client.store.check(["eab.test"])


def test_external_account_binding_missing(make_client, eab_ca):
    client = make_client(eab_ca)
    client.certonly(["eab.test"], status=1).says("Server requires external account binding", "--eab-kid",
                                                 "--eab-hmac-key")
    assert client.store.account_dirs() == []


@pytest.mark.parametrize("kid, key", [("kid-9", "AAAA"), ("kid-1", "AAAA")], ids=["unknown kid", "wrong key"])
def test_external_account_binding_wrong(make_client, eab_ca, kid, key):
    client = make_client(eab_ca)
    client.certonly(["eab.test"], "--eab-kid", kid, "--eab-hmac-key", key, status=1)
    assert client.store.account_dirs() == []
    client.store.check([])


def test_account_is_used_again(client):
    client.certonly(["one.test"])
    client.certonly(["two.test"])
    assert len(client.store.account_dirs()) == 1
