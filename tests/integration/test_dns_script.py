"""--dns-script: scripts written for other clients, by their own protocols. Those in acme.sh's style lie in scripts/."""
import os
import pathlib
import shutil
import stat
import subprocess
import sys

import pytest
from own_network import with_name_servers
from peers.dns_service import KEY, SECRET, DnsService

SCRIPTS = pathlib.Path(__file__).parent / "scripts"
WAIT = ["--dns-script-propagation-seconds", "0"]
PYTHON = sys.executable


@pytest.fixture
def service(new_ca):
    service = DnsService(["s.test", "t.test"], new_ca)
    yield service
    service.stop()


@pytest.fixture
def client(new_client):
    """Finds no resolver to follow CNAMEs with."""
    new_client.program = with_name_servers(new_client.program, new_client.area / "nowhere", "127.53.53.53")
    return new_client


@pytest.fixture
def settings(area, service):
    return write(area / "fake.ini", f"# settings\nFake_Key={KEY}\nFake_Secret=\"{SECRET}\"\nFake_Api={service.url}\n")


def write(path, text, mode=0o600):
    path.touch(mode=mode)
    path.write_text(text)
    path.chmod(mode)
    return path


def obtain(client, names, script, *options, **more):
    return client.certonly(names, "--dns-script", script, *WAIT, *options, authenticator=None, **more)


def state_of(client):
    state, = (client.work / "dns-script").iterdir()
    return state


# ---- acme.sh ----


def test_acme_sh_style(client, service, settings):
    obtain(client, ["*.s.test", "s.test", "a.t.test"], SCRIPTS / "dns_fake.sh", "--dns-script-credentials", settings, "-v")
    client.store.check(["s.test"])
    assert service.values("s.test") == service.values("t.test") == []
    assert [m for m, path, _ in service.log if m in ("POST", "DELETE")] == ["POST"] * 4 + ["DELETE"] * 3
    conf = client.store.conf("s.test")
    assert conf["renewalparams"]["authenticator"] == "dns-script"
    assert conf["evercert"]["dns_script_path"] == str(SCRIPTS / "dns_fake.sh")

    state = state_of(client)
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    saved = (state / "account.conf").read_text()
    assert "SAVED_Fake_Token" in saved and "Fake_Secret" not in saved, "the user's file is the only place of what it says"
    assert stat.S_IMODE((state / "account.conf").stat().st_mode) == 0o600
    assert not (state / "scratch").exists()

    client.give_up_authorizations()
    client.renew("--force-renewal")
    assert client.store.versions("s.test") == [1, 2]
    assert [path for _, path, _ in service.log].count("/v1/login") == 1, "the token was kept"
    for secret in [SECRET, *service.tokens]:
        assert secret not in client.log()
    assert "dns_fake.sh: Added, OK" in client.log()


def test_account_conf(client, area, service):
    conf = write(area / "account.conf", f"LOG_LEVEL=1\nSAVED_Fake_Key='{KEY}'\nSAVED_Fake_Api='{service.url}'\n"
                 "SAVED_Fake_Secret='__ACME_BASE64__START_dmVyeSBzZWNyZXQsICdxdW90ZWQn__ACME_BASE64__END_'\n")
    obtain(client, ["s.test"], SCRIPTS / "dns_fake.sh", "--dns-script-credentials", conf)
    client.store.check(["s.test"])


def test_what_failed_is_told_without_secrets(client, service, settings):
    service.refuse = 503
    said = obtain(client, ["s.test"], SCRIPTS / "dns_fake.sh", "--dns-script-credentials", settings, "-vv", status=1)
    said.says("dns_fake.sh failed with exit status 1: Add txt record error", "refused; your key was [hidden], [hidden]",
              f"check its settings in {settings}", "DEBUG=2")
    for secret in [KEY, SECRET, *service.tokens]:
        assert secret not in said.text + client.log()


def test_settings_that_are_missing(client, service):
    obtain(client, ["s.test"], SCRIPTS / "dns_fake.sh", status=1).says(
        "You didn't specify Fake_Key and Fake_Secret yet.", "--dns-script-credentials")


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox sh"])
def test_every_function(request, area, service, shell):
    program, *more = shell.split()
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    helper = request.config.program
    shim = helper.parent / "data" / "dnsapi.sh"
    state, scratch, keys = area / "state", area / "scratch", area / "keys"
    for folder in state, scratch, keys:
        folder.mkdir(mode=0o700)
    for command in ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem", "pkey -in rsa.pem -pubout -out rsa.pub",
                    "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem"):
        subprocess.run(["openssl", *command.split()], cwd=keys, check=True, stderr=subprocess.DEVNULL)
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TMPDIR": str(scratch), "EVERCERT_STATE": str(state),
           "EVERCERT_SCRIPT": str(SCRIPTS / "dns_helpers.sh"), "EVERCERT_HELPER": str(helper), "EVERCERT_GIVEN": " TEST_URL ",
           "TEST_URL": service.url, "TEST_KEYS": str(keys)}

    def call(verb):
        said = subprocess.run([program, *more, str(shim), verb, "_acme-challenge.example.com", "a-value_1"], env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        assert (said.stdout, said.returncode) == ("all was called\n", 0)

    call("add")
    shutil.rmtree(scratch)
    scratch.mkdir(mode=0o700)
    call("rm")


# ---- other clients ----

TELL = """
import json, sys, urllib.request
verb, name, value = sys.argv[1:4]
body = {"host": name.rstrip(".") + "."}
if verb == "set-txt":
    body["value"] = value
urllib.request.urlopen("http://127.0.0.1:%d/" + verb, json.dumps(body).encode())
"""

HOOKS = {
    "dehydrated": """#!/bin/sh
deploy_challenge() { tell set-txt "_acme-challenge.$1" "$3"; [ -n "$2" ]; }
clean_challenge() { tell clear-txt "_acme-challenge.$1" "$3"; [ -n "$2" ]; }
HANDLER="$1"; shift
case "$HANDLER" in
deploy_challenge | clean_challenge) "$HANDLER" "$@" ;;
esac
""",
    "lego": """#!/bin/sh
# for lego: EXEC_PATH=./update.sh lego --dns exec
case "$1" in
present) tell set-txt "$2" "$3" ;;
cleanup) tell clear-txt "$2" "$3" ;;
esac
""",
    "uacme": """#!/bin/sh
# a hook of uacme
[ "$1 $2 $3 $4 $5" = "$UACME_METHOD $UACME_TYPE $UACME_IDENT $UACME_TOKEN $UACME_AUTH" ] || exit 9
case "$1" in
begin) [ "$2" = dns-01 ] && tell set-txt "_acme-challenge.$3" "$5" ;;
done | failed) tell clear-txt "_acme-challenge.$3" "$5" ;;
esac
""",
    "certbot": """#!/bin/sh
[ -z "${CERTBOT_TOKEN+set}" ] || exit 9
case "$CERTBOT_ALL_DOMAINS" in h.test,w.h.test | w.h.test,h.test) ;; *) exit 8 ;; esac
tell set-txt "_acme-challenge.$CERTBOT_DOMAIN" "$CERTBOT_VALIDATION"
echo "made for $CERTBOT_DOMAIN"
""",
}


@pytest.fixture
def make_hook(area, new_ca):
    def make(text, name="hook"):
        tell = write(area / "tell", f"#!{PYTHON}\n" + TELL % new_ca.dns_management, 0o755)
        first, rest = text.split("\n", 1)
        trail = f'echo "$(basename "$0") $*" >>{area}/calls\ntell() {{ {tell} "$@"; }}\n'
        return write(area / name, first + "\n" + trail + rest, 0o755)
    return make


def calls(area):
    return [line.split() for line in (area / "calls").read_text().splitlines()]


@pytest.mark.parametrize("protocol", ["dehydrated", "lego", "uacme"])
def test_protocols(client, area, make_hook, protocol):
    hook = make_hook(HOOKS[protocol])
    obtain(client, ["h.test", "w.h.test"], hook)
    client.store.check(["h.test"])
    begin, end = {"dehydrated": ("deploy_challenge", "clean_challenge"), "lego": ("present", "cleanup"),
                  "uacme": ("begin", "done")}[protocol]
    made = calls(area)
    assert [c[1] for c in made] == [begin] * 2 + [end] * 2
    assert [c[2:] for c in made[:2]] == [c[2:] for c in made[2:]]
    client.give_up_authorizations()
    client.renew("--force-renewal")
    assert client.store.versions("h.test") == [1, 2]


def test_certbot_hooks(client, area, make_hook):
    auth = make_hook(HOOKS["certbot"])
    clean = make_hook('#!/bin/sh\necho "cleaned: $CERTBOT_AUTH_OUTPUT" >>' + str(area / "calls") +
                      '\ntell clear-txt "_acme-challenge.$CERTBOT_DOMAIN" ""\n', "clean")
    obtain(client, ["h.test", "w.h.test"], auth, "--dns-script-cleanup", clean)
    client.store.check(["h.test"])
    made = [" ".join(c) for c in calls(area)]
    assert made[:2] == ["hook", "hook"] and made[2::2] == ["clean", "clean"]
    assert sorted(made[3::2]) == ["cleaned: made for h.test", "cleaned: made for w.h.test"]


def test_lego_raw(client, area, make_hook):
    hook = make_hook('#!/bin/sh\n[ "$3 $1" = "-- cleanup" ] || tell set-txt "_acme-challenge.$2" '
                     '"$(printf %s "$5" | openssl dgst -sha256 -binary | openssl base64 | tr "/+" "_-" | tr -d =)"\n')
    raw = write(area / "raw", "EXEC_MODE=RAW\n")
    obtain(client, ["h.test"], hook, "--dns-script-protocol", "lego", "--dns-script-credentials", raw)
    client.store.check(["h.test"])
    first, last = calls(area)
    assert first[1:4] == ["present", "h.test.", "--"] and last[1:4] == ["cleanup", "h.test.", "--"]
    assert first[5].startswith(first[4] + ".") and first[4:] == last[4:]


def test_a_challenge_that_is_declined(client, area, make_hook):
    hook = make_hook('#!/bin/sh\n# uacme: begin, done, failed, dns-01\n[ "$1" = begin ] && exit 3; : begin failed dns-01\n')
    obtain(client, ["h.test"], hook, status=1).says("hook failed with exit status 3")
    assert [c[1] for c in calls(area)] == ["begin"], "who declines is not called again"


# ---- what is refused, ended, taken up again ----


def test_whose_protocol_is_not_certain(client, area):
    script = write(area / "hook", "#!/bin/sh\nexit 0\n", 0o755)
    obtain(client, ["h.test"], script, status=1).says("is not certain", "--dns-script-protocol")
    obtain(client, ["h.test"], area / "none", status=1).says(f"there is no file {area / 'none'}")
    script.chmod(0o644)
    obtain(client, ["h.test"], script, "--dns-script-protocol", "lego", status=1).says(
        "exists, but is not executable", f"chmod +x {script}")
    obtain(client, ["h.test"], script, "--dns-script-protocol", "acme.sh", status=1).says("dns_NAME_add")
    obtain(client, ["h.test"], script, "--dns-script-protocol", "other", status=2)
    assert not (area / "calls").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="for root alone others' rights matter")
@pytest.mark.ours
def test_what_others_can_write_is_not_run(client, area, make_hook, service):
    hook = make_hook(HOOKS["lego"])
    hook.chmod(0o775)
    os.chown(hook, 0, 27)
    obtain(client, ["h.test"], hook, status=1).says("can be written by its group", f"chmod go-w {hook}")
    hook.chmod(0o755)
    settings = write(area / "settings", "A=b\n", 0o666)
    obtain(client, ["h.test"], hook, "--dns-script-credentials", settings, status=1).says("can be written by")
    assert not (area / "calls").exists()


def test_a_script_has_limits_and_surroundings(client, area, make_hook):
    hook = make_hook('#!/bin/sh\n# lego: present cleanup\n: present cleanup\nexec >"' + str(area / "seen") + '"\n'
                     'env; ls -l /proc/self/fd; sleep 1000\n')
    obtain(client, ["h.test"], hook, "--dns-script-time-limit", "1", status=1, env={"SECRET_OF_OURS": "x"}).says(
        "was not done after 1.0 s", "--dns-script-time-limit")
    seen = (area / "seen").read_text()
    assert "SECRET_OF_OURS" not in seen and "PATH=" in seen and "TMPDIR=" in seen
    assert "socket" not in seen, "no descriptor of ours"


def test_a_killed_run_is_taken_up_again(client, area, make_hook):
    hook = make_hook(HOOKS["lego"].replace("present) tell", f"present) [ -e {area}/killed ] || "
                                           f"{{ touch {area}/killed; kill -9 $PPID; }}; tell"))
    obtain(client, ["h.test"], hook, status=-9)
    obtain(client, ["h.test"], hook)
    client.store.check(["h.test"])
    verbs = [(c[1], c[3]) for c in calls(area)]
    assert [v for v, _ in verbs] == ["present", "cleanup", "present", "cleanup"]
    assert verbs[0][1] == verbs[1][1] != verbs[2][1] == verbs[3][1]


def test_chosen_by_cli_ini(client, area, service, settings):
    ini = write(area / "own.ini", f"dns-script = {SCRIPTS / 'dns_fake.sh'}\ndns-script-credentials = {settings}\n"
                "dns-script-propagation-seconds = 0\n")
    client.certonly(["s.test"], "-c", ini, authenticator=None)
    client.store.check(["s.test"])
    obtain(client, ["s.test"], SCRIPTS / "dns_fake.sh", "--webroot", "-w", area, status=1).says("Too many flags")
