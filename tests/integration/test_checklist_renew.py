"""What Certbot's own tests ask of it: what is renewed when, with which files and hooks."""
import datetime
import stat

import certs
import pytest
from test_checklist import SAVED

NAME = "le.renew.test"


def mode(certbot, version):
    return stat.S_IMODE((certbot.store.archive(NAME) / f"privkey{version}.pem").stat().st_mode)


def owning_group(certbot, version):
    return (certbot.store.archive(NAME) / f"privkey{version}.pem").stat().st_gid


# Files

def test_renew_files_permissions(certbot):
    certbot("certonly", "-d", NAME)
    certbot("renew")
    assert certbot.count(NAME) == 2
    assert mode(certbot, 2) & 0o007 == 0
    assert owning_group(certbot, 1) == owning_group(certbot, 2)
    assert mode(certbot, 1) & 0o074 == mode(certbot, 2) & 0o074


@pytest.mark.parametrize("old, new", [(0o444, 0o644), (0o640, 0o640), (0o604, 0o604), (0o674, 0o674)], ids=oct)
def test_renew_files_propagate_permissions(certbot, old, new):
    certbot("certonly", "-d", NAME)
    (certbot.store.archive(NAME) / "privkey1.pem").chmod(old)
    certbot("renew")
    assert mode(certbot, 2) == new
    assert owning_group(certbot, 1) == owning_group(certbot, 2)


# When

def test_graceful_renew_it_is_not_time(certbot):
    certbot("certonly", "-d", NAME)
    certbot("renew", "--deploy-hook", certbot.note("deploy"), forced=False)
    assert certbot.count(NAME) == 1
    assert certbot.noted() == []


def test_graceful_renew_it_is_time(certbot):
    certbot("certonly", "-d", NAME)
    path = certbot.store.renewal(NAME)
    lines = path.read_text().splitlines(keepends=True)
    lines.insert(4, "renew_before_expiry = 100 years\n")
    path.write_text("".join(lines))
    certbot("renew", "--deploy-hook", certbot.note("deploy"), forced=False)
    assert certbot.count(NAME) == 2
    assert certbot.noted() == ["deploy"]


@pytest.mark.certbot5
def test_renew_when_ari_says_its_time(certbot, checklist_ca):
    """The CA is asked that the renewal file names."""
    certbot("certonly", "-d", NAME)
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    checklist_ca.set_renewal_window(certbot.store.live(NAME, "cert").read_bytes(), start, start + datetime.timedelta(days=1))
    certbot("renew", "--deploy-hook", certbot.note("deploy"), forced=False, names_server=False)
    assert certbot.count(NAME) == 2
    assert certbot.noted() == ["deploy"]
    assert certbot.params(NAME)["server"] == certbot.server


# Directories of hooks

def all_scripts(certbot):
    certbot("register")
    certbot.script("pre", certbot.note("pre"))
    certbot.script("deploy", 'test "$RENEWED_DOMAINS" = ' + NAME,
                   f'test "$RENEWED_LINEAGE" = {certbot.store.live(NAME)}', certbot.note("deploy"))
    certbot.script("post", certbot.note("post"))


def test_renew_with_hook_scripts(certbot):
    all_scripts(certbot)
    certbot("certonly", "-d", NAME)
    assert certbot.noted() == ["pre", "deploy", "post"]
    certbot("renew")
    assert certbot.count(NAME) == 2
    assert certbot.noted() == ["pre", "deploy", "post"]


def test_renew_ignoring_directory_hooks(certbot):
    all_scripts(certbot)
    certbot("certonly", "-d", NAME, "--no-directory-hooks")
    certbot("renew", "--no-directory-hooks")
    assert certbot.count(NAME) == 2
    assert certbot.noted() == []


def test_renew_empty_hook_scripts(certbot):
    certbot("certonly", "-d", NAME)
    for kind in ("pre", "deploy", "post"):
        folder = certbot.config / "renewal-hooks" / kind
        (folder / "folder").mkdir()
        (folder / "not-executable").touch()
    certbot("renew")
    assert certbot.count(NAME) == 2


def test_a_hook_by_option_and_by_directory_runs_once(certbot):
    all_scripts(certbot)
    path = certbot.config / "renewal-hooks" / "deploy" / "hook.sh"
    certbot("certonly", "-d", NAME, "--deploy-hook", path)
    assert certbot.noted() == ["pre", "deploy", "post"]


# Hooks by options

def test_renew_hook_override(certbot):
    certbot("certonly", "-d", NAME, *certbot.hooks())
    assert certbot.noted() == ["pre", "deploy", "post"]
    certbot("renew", "--cert-name", NAME, "--pre-hook", certbot.note("pre2"), "--post-hook", certbot.note("post2"),
            "--deploy-hook", certbot.note("deploy2"))
    assert certbot.noted() == ["pre2", "deploy2", "post2"]
    assert [certbot.params(NAME)[key] for key in ("pre_hook", SAVED, "post_hook")] == [
        certbot.note(word) for word in ("pre2", "deploy2", "post2")]
    certbot("renew", "--cert-name", NAME)
    assert certbot.noted() == ["pre2", "deploy2", "post2"]
    assert certbot.count(NAME) == 3


def test_renew_hook_env_vars(certbot):
    certbot("certonly", "-d", NAME)
    show = f'echo "renewed=$RENEWED_DOMAINS failed=$FAILED_DOMAINS lineage=$RENEWED_LINEAGE" >> {certbot.area}/noted'
    certbot("renew", "--post-hook", show, "--deploy-hook", certbot.note("deploy"))
    assert certbot.noted() == ["deploy", f"renewed={NAME}", "failed=", f"lineage={certbot.store.live(NAME)}"]

    failed = certbot("renew", "--dry-run", "--post-hook", show, "-a", "manual", "--preferred-challenges", "dns",
                     "--manual-auth-hook", "exit 1", "--disable-hook-validation", status=1)
    assert certbot.noted() == ["renewed=", f"failed={NAME}", "lineage="]
    failed.says("All simulated renewals failed.")


def test_hook_env_vars_of_one_certificate(certbot, request):
    show = f'echo "renewed=$RENEWED_DOMAINS failed=$FAILED_DOMAINS lineage=$RENEWED_LINEAGE" >> {certbot.area}/noted'
    certonly = ["certonly", "-d", NAME, "-d", f"www.{NAME}", "--post-hook", show, "--deploy-hook", "true"]
    refused = certbot(*certonly, "-a", "manual", "--preferred-challenges", "dns", "--manual-auth-hook", "exit 1",
                      "--disable-hook-validation", status=1)
    refused.says("Some challenges have failed.")
    assert certbot.noted() == ["renewed=", "failed=", "lineage="]

    whole = [f"renewed={NAME}", f"www.{NAME}", "failed=", f"lineage={certbot.store.live(NAME)}"]
    certbot(*certonly)
    assert certbot.noted() == whole
    certbot(*certonly)
    # Certbot forgets the names of a certificate that was there before.
    assert certbot.noted() == (["renewed=", *whole[2:]] if request.config.certbot else whole)


def test_a_failing_deploy_hook_changes_nothing(certbot):
    done = certbot("certonly", "-d", NAME, "--deploy-hook", "echo said; echo complained >&2; exit 7", "--disable-hook-validation")
    assert "Hook 'deploy-hook' ran with output:\n said\n" in done.out
    assert "Hook 'deploy-hook' reported error code 7\n" in done.err
    assert "Hook 'deploy-hook' ran with error output:\n complained\n" in done.err
    certbot.store.check([NAME])


# Options that a renewal changes

def test_renew_with_changed_private_key_complexity(certbot):
    certbot("certonly", "-d", NAME, "--key-type", "rsa", "--rsa-key-size", 4096)
    assert certs.key_name(certbot.store.key(NAME)) == "rsa4096"
    certbot("renew")
    assert certs.key_name(certbot.store.key(NAME)) == "rsa4096"
    certbot("renew", "--rsa-key-size", 2048)
    assert certs.key_name(certbot.store.key(NAME)) == "rsa2048"
    assert certbot.count(NAME) == 3
    assert certbot.params(NAME).get("rsa_key_size") == "2048"


def test_ancient_rsa_key_type_preserved(certbot):
    certbot("certonly", "-d", NAME, "--key-type", "rsa")
    path = certbot.store.renewal(NAME)
    text = path.read_text()
    assert "key_type = rsa\n" in text
    path.write_text(text.replace("key_type = rsa\n", ""))
    certbot("renew")
    assert certs.key_name(certbot.store.key(NAME)) == "rsa2048"
    assert certbot.params(NAME)["key_type"] == "rsa"


def test_reuse_key_allow_subset_of_names(certbot):
    certbot("certonly", "-d", NAME, "-d", f"fail.{NAME}", "--reuse-key", "--allow-subset-of-names")
    assert certs.names(certbot.store.cert(NAME)) == [f"fail.{NAME}", NAME]
    certbot("reconfigure", "--cert-name", NAME, "-a", "manual", "--preferred-challenges", "dns", *certbot.dns_hooks())
    certbot("renew", "-a", "manual")
    assert certs.names(certbot.store.cert(NAME)) == [NAME]
    assert certbot.private_key(NAME, 1) == certbot.private_key(NAME, 2)
