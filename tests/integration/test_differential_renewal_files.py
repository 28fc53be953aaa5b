"""The same commands for Certbot and for us by its name, each with a store of its own, certificates from one CA: after every
command both have ended with the same status and left the same: renewal files key by key, folders, links and modes, and
certificates with the same names and the same kind of key.

The scenes of USUAL are played always, all of them with EVERCERT_DIFFERENTIAL=all. Certbot is the one of tools/certbot-new, and where
that is not to be had the packaged one, with the scenes that it can do.
"""
import difflib
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import certs
import pytest
from client import Client
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from peers.pebble import MAC_KEYS
from peers.ports import free_port
from test_hand_over import fixed, ours_of

pytestmark = [pytest.mark.ours, pytest.mark.any_compiler, pytest.mark.slow]

FAILS = "fails: "  # a command that Certbot refuses; without it, it must succeed
BY_HAND = "sh: "  # what somebody does to the configuration folder
EDIT = BY_HAND + "cp saved.conf renewal/a.test.conf && sed -i renewal/a.test.conf -e "

# @words are filled in: @www1 and the like are folders, @root0 is the name of a root, @account1 an account.
SCENES = {
    "key types on renewal": [
        "certonly --standalone -d a.test --key-type rsa --rsa-key-size 3072",
        "renew --force-renewal --key-type ecdsa --elliptic-curve secp384r1",
        "renew --force-renewal",
        "certonly --standalone -d a.test --force-renewal --elliptic-curve secp521r1",
        "renew --force-renewal --key-type rsa",
    ],
    "key types when asked again": [
        "certonly --standalone -d a.test --key-type rsa --rsa-key-size 3072",
        "certonly --standalone -d a.test --force-renewal",
        FAILS + "certonly --standalone -d a.test --key-type ecdsa --force-renewal",
        FAILS + "certonly --standalone -d a.test,b.test --key-type ecdsa --expand",
        "certonly --standalone --cert-name a.test --key-type ecdsa",
        "certonly --standalone --cert-name a.test -d b.test --key-type rsa",
    ],
    "a key used again": [
        "certonly --standalone -d a.test --reuse-key --elliptic-curve secp384r1",
        "renew --force-renewal",
        FAILS + "renew --force-renewal --key-type rsa",
        FAILS + "renew --force-renewal --elliptic-curve secp256r1",
        "renew --force-renewal --new-key --elliptic-curve secp521r1",
        FAILS + "certonly --standalone -d a.test --force-renewal",
        "certonly --standalone -d a.test --force-renewal --elliptic-curve secp521r1",
        "renew --force-renewal",
    ],
    "an RSA key used again": [
        "certonly --standalone -d a.test --reuse-key --key-type rsa --rsa-key-size 3072",
        FAILS + "certonly --standalone -d a.test --reuse-key --force-renewal",
        "certonly --standalone -d a.test --reuse-key --rsa-key-size 3072 --force-renewal",
        FAILS + "renew --force-renewal --rsa-key-size 2048",
        "renew --force-renewal --no-reuse-key --rsa-key-size 2048",
        "renew --force-renewal",
        "renew --force-renewal --reuse-key",
    ],
    "must-staple": [
        "certonly --standalone -d a.test --must-staple",
        "renew --force-renewal",
        "certonly --standalone -d a.test --force-renewal",
        "renew --force-renewal --staple-ocsp --uir",
    ],
    "several web roots": [
        "certonly --webroot -w @www1 -d a.test -d b.test -w @www2 -d c.test",
        "renew --force-renewal",
        "renew --force-renewal --webroot-path @www3",
        "certonly --webroot -w @www2 --cert-name a.test -d a.test -d d.test",
        """certonly --webroot --webroot-map '{"a.test,d.test": "@www3"}' -d a.test,d.test --force-renewal""",
        "reconfigure --cert-name a.test --webroot-path @www1",
    ],
    "manual": [
        "certonly --manual --manual-auth-hook 'true auth, 1' --manual-cleanup-hook 'true \"clean\"' "
        "--preferred-challenges dns,http -d a.test -d *.a.test",
        "renew --force-renewal --manual-auth-hook 'true other'",
        "renew --force-renewal --preferred-challenges dns",
        FAILS + "certonly --manual -d b.test",
        "certonly --standalone --cert-name a.test -d a.test --force-renewal",
    ],
    "hooks": [
        "certonly --standalone -d a.test --pre-hook 'echo pre' --post-hook 'echo post >&2' --deploy-hook 'echo deploy'",
        "renew --force-renewal",
        "renew --force-renewal --deploy-hook 'true \"other\", # x' --pre-hook ''",
        FAILS + "renew --force-renewal --post-hook /no/such/hook",
        "renew --force-renewal --renew-hook 'true third' --disable-hook-validation --post-hook /no/such/hook",
        "certonly --standalone -d a.test --force-renewal --no-directory-hooks",
    ],
    "chains": [
        "certonly --standalone -d a.test --preferred-chain @root1",
        "renew --force-renewal",
        "renew --force-renewal --preferred-chain @root2",
        "renew --force-renewal --preferred-chain 'Nobody, Inc.'",
    ],
    "profiles": [
        "certonly --standalone -d a.test --preferred-profile shortlived",
        "renew --force-renewal",
        "renew --force-renewal --required-profile default",
        FAILS + "renew --force-renewal --required-profile nobodys",
        "renew --force-renewal --preferred-profile nobodys --required-profile ''",
    ],
    "names": [
        "certonly --standalone -d b.test -d a.test",
        "certonly --standalone -d a.test -d b.test --keep",
        FAILS + "certonly --standalone -d a.test,b.test,c.test",
        "certonly --standalone -d c.test,a.test,b.test --expand",
        "certonly --standalone -d b.test",
        "certonly --standalone -d b.test --duplicate",
        "certonly --standalone --cert-name b.test -d b.test -d z.test --renew-with-new-domains",
        "certonly @dns --cert-name other -d z.test -d *.z.test",
        "certonly @dns -d *.w.test",
        "certonly @dns -d *.z.test -d z.test --force-renewal",
        FAILS + "certonly --standalone --cert-name nobodys",
    ],
    "csr": [
        "certonly --standalone --csr @csr --cert-path @out/c.pem --chain-path @out/ch.pem --fullchain-path @out/f.pem",
        FAILS + "certonly --standalone --csr @csr --cert-path @out/c.pem --chain-path @out/ch2.pem --fullchain-path @out/f2.pem "
        "--allow-subset-of-names",
        FAILS + "certonly --standalone --csr @out/none.pem",
        "certonly --standalone --csr @csr --dry-run --cert-path @out/d.pem --chain-path @out/dh.pem --fullchain-path @out/df.pem",
        "certonly --standalone --csr @csr --keep -d csr.test",
        FAILS + "certonly --standalone --csr @csr -d other.test",
        FAILS + "renew --csr @csr",
    ],
    "autorenew": [
        "certonly --standalone --cert-name mine -d a.test --no-autorenew",
        "renew",
        "renew --cert-name mine --force-renewal",
        "certonly --standalone --cert-name mine --force-renewal",
        "renew --no-autorenew",
        "renew --no-autorenew --force-renewal",
        "reconfigure --cert-name mine --no-autorenew",
    ],
    "port and address": [
        "certonly --standalone -d a.test --http-01-port @port --http-01-address 127.0.0.1",
        "renew --force-renewal --http-01-address 127.0.0.2",
        "renew --force-renewal --http-01-address ''",
        "reconfigure --cert-name a.test --http-01-port @free",
    ],
    "account": [
        "register",
        "certonly --standalone -d a.test --user-agent 'me, too'",
        "update_account -m new@example.org --no-eff-email",
        "renew --force-renewal",
        FAILS + "renew --force-renewal --account 0123456789abcdef0123456789abcdef",
        FAILS + "register",
        "unregister",
        FAILS + "renew --force-renewal",
    ],
    "reconfigure": [
        "certonly --standalone -d a.test",
        "reconfigure --cert-name a.test --pre-hook 'true pre' --deploy-hook 'true deploy'",
        "reconfigure --cert-name a.test --webroot -w @www1 --key-type rsa",
        "reconfigure --cert-name a.test",
        BY_HAND + "sed -i 's/^version = .*/version = 2.1.0/' renewal/a.test.conf",
        "reconfigure --cert-name a.test",
        FAILS + "reconfigure --cert-name a.test --reuse-key",
        "reconfigure --cert-name a.test --reuse-key --key-type ecdsa --preferred-challenges http --preferred-chain @root1",
        FAILS + "reconfigure --cert-name a.test -d b.test",
        FAILS + "reconfigure --cert-name nobodys",
        FAILS + "reconfigure --cert-name a.test --account 0123456789abcdef0123456789abcdef",
        FAILS + "reconfigure --cert-name a.test --webroot -w @www1/none",
        "renew --force-renewal --new-key",
    ],
    "dry runs": [
        "certonly --standalone -d a.test --dry-run",
        "certonly --standalone -d a.test",
        "certonly --standalone -d a.test --dry-run",
        "certonly --standalone -d a.test -d b.test --dry-run --expand --key-type rsa --cert-name a.test",
        "renew --dry-run --server @url --key-type rsa --pre-hook true",
        FAILS + "renew --dry-run --server @url --deploy-hook /no/such/hook",
    ],
    "staging": [
        "certonly --standalone -d a.test",
        FAILS + "certonly --standalone -d a.test --force-renewal --server @staging",
        "certonly --standalone -d a.test --force-renewal --server @staging --break-my-certs",
        "renew --force-renewal --server @staging",
        FAILS + "certonly --standalone -d b.test --staging --server @url",
    ],
    "from a file": [
        "certonly -c @ini -d a.test",
        "renew --force-renewal",
        "renew --force-renewal -c @ini",
    ],
    "addresses": [
        "certonly --standalone --ip-address 127.0.0.1 -d a.test",
        "renew --force-renewal",
        "certonly --standalone --ip-address 127.0.0.2 --cert-name a.test --force-renewal",
        "certonly --standalone --ip-address ::1",
    ],
    "edited renewal files": [
        "certonly --standalone -d a.test --preferred-challenges http",
        BY_HAND + "cp renewal/a.test.conf saved.conf",
        *(step for change in (
            "'1i renew_before_expiry = 100 years'", "'s/^account = .*/account = None/'", "'/^key_type = /d'",
            "'s/^version = .*/version = 99.1.0/'", "'/^archive_dir = /d'", "'s/^pref_challs = .*/pref_challs = ,/'")
            for step in (EDIT + change, "renew --force-renewal")),
        *(step for change in (
            "'1i renew_before_expiry = 0'", "'1i renew_before_expiry = \"3 Days, 12 hours\"'", "'/^server = /d'",
            "'s/^\\[renewalparams\\]/&\\nautorenew = False/'", "'s/^authenticator = .*/authenticator = nobody/'",
            # Certbot asks the CA no more before 2099; we do (docs/differences-from-certbot.md), and the CA wants no renewal either.
            "'$a [acme_renewal_info]\\nari_retry_after = 2099-01-01T00:00:00'") for step in (EDIT + change, "renew")),
        *(step for change in (
            "'s/renewalparams/other/'", "'/^authenticator = /d'", "'s/^http01_port = .*/http01_port = many/'",
            "'s/^pref_challs = .*/pref_challs = none,/'", "'s/^\\[renewalparams\\]/&\\nautorenew = maybe/'",
            "'$a [acme_renewal_info]\\nari_retry_after = soon'") for step in (EDIT + change, FAILS + "renew")),
        EDIT + "'1i renew_before_expiry = 100 years'",
        "renew",
    ],
    "a deployment that was cut short": [
        "certonly --standalone -d a.test",
        "renew --force-renewal",
        BY_HAND + "for kind in cert chain fullchain privkey; do ln -sf ../../archive/a.test/${kind}1.pem live/a.test/$kind.pem; done",
        "certonly --standalone -d a.test --keep",
        BY_HAND + "for kind in cert chain fullchain privkey; do ln -sf ../../archive/a.test/${kind}1.pem live/a.test/$kind.pem; done",
        "renew",
        BY_HAND + "chmod 640 archive/a.test/privkey1.pem archive/a.test/privkey2.pem",
        "renew --force-renewal",
    ],
    "renew": [
        "renew",
        "certonly --standalone -d a.test",
        FAILS + "renew -d a.test",
        FAILS + "renew --cert-name nobodys",
        "renew --pre-hook true",
        "renew --authenticator webroot -w @www1 --force-renewal",
    ],
}
USUAL = ["key types when asked again", "a key used again", "several web roots", "manual", "hooks", "chains", "names", "renew"]
TOO_NEW = ["profiles", "autorenew", "port and address", "reconfigure", "addresses", "edited renewal files", "an RSA key used again",
           "several web roots", "names", "renew", "a deployment that was cut short"]  # for Certbot 2.1, which has no `reconfigure` and finds short-lived ones due at once
BINDING = [
    "certonly --standalone -d a.test --eab-kid kid-1 --eab-hmac-key @mac1",
    "renew --force-renewal",
    FAILS + "register --eab-kid kid-1",
]
SUBSET = [
    FAILS + "certonly --standalone --http-01-address 127.0.0.1 -d here.test -d gone.test",
    "certonly --standalone --http-01-address 127.0.0.1 -d gone.test -d here.test --allow-subset-of-names",
    "renew --force-renewal",
    FAILS + "certonly --standalone --http-01-address 127.0.0.1 -d gone.test --allow-subset-of-names",
]
ACCOUNTS = [
    FAILS + "certonly --standalone -d a.test",
    "certonly --standalone -d a.test --account @account1",
    "renew --force-renewal",
    "renew --force-renewal --account @account2",
    FAILS + "reconfigure --cert-name a.test --account @account1",
]

# Certbot makes a folder for backups of a web server's configuration although none was touched, and folders before there is
# anything to be put into them.
UNWANTED = re.compile(r"work/backups")
UNWANTED_OLD = re.compile(r"work/backups|conf/(csr|keys)\b")  # Certbot 2 keeps what it has sent
SEEDS = ("renewal", "dir", "accounts")


class Pair:
    """Certbot and we: asked the same in turn."""

    def __init__(self, certbot, ours, area, ca):
        self.clients = [certbot, ours]
        self.unwanted = UNWANTED
        self.same_words = True  # what is said when all goes well; the words for what does not are often our own
        self.ca, self.account_urls, self.unlucky = ca, {certbot: set(), ours: set()}, False
        port = free_port()
        self.words = {
            "port": port, "free": free_port(), "url": ca.url, "staging": ca.url + "?staging", "mac1": MAC_KEYS["kid-1"],
            "csr": certs.make_csr(area / "r.csr", ["csr.test", "www.csr.test"], ec.generate_private_key(ec.SECP256R1())),
            "ini": area / "some.ini",
        }
        self.words["ini"].write_text("authenticator = standalone\nkey-type = rsa\nrsa-key-size = 3072\nreuse-key = true\n"
                                     "pre-hook = true 'a, b'\npreferred-challenges = http\nno-autorenew = yes\n")
        self.accounts = {}  # the name of each account of each store -> what the scenes call it

    def fill(self, text, client):
        """The words of a step, for one of the two."""
        text = text.replace("@dns", "--manual --preferred-challenges dns --manual-auth-hook true")
        own = {"out": client.area / "out", **{f"www{n}": client.area / f"www{n}" for n in (1, 2, 3)}}
        for folder in own.values():
            folder.mkdir(exist_ok=True)
        own.update(self.words)
        own.update({called: name for name, called in self.accounts.items() if any((client.config / "accounts").rglob(name))})
        return [re.sub(r"@([a-z0-9]+)(?![.\w])", lambda m: str(own[m[1]]), word) for word in shlex.split(text)]

    def run(self, step):
        """One step by both; what differs, as lines of text."""
        if step.startswith(BY_HAND):
            for client in self.clients:
                subprocess.run(step.removeprefix(BY_HAND), shell=True, check=True, cwd=client.config)
            return []
        fails = step.startswith(FAILS)
        before = self.proofs()
        done = []
        for client in self.clients:
            command, *rest = self.fill(step.removeprefix(FAILS), client)
            for options in OF_COMMAND.get(command, []):
                if options.split()[0] not in rest:  # a scene may have its own
                    rest += self.fill(options, client)
            done.append(client.run(command, *rest, status=None))
        assert (done[0].status != 0) == fails, f"Certbot is not as the scene has it:\n{done[0]}"
        found = [f"exit status: Certbot {done[0].status}, ours {done[1].status}"] if done[0].status != done[1].status else []
        found += unified(*(self.left(c) for c in self.clients))
        if not fails and self.same_words:
            found += unified(*(said(d, c) for d, c in zip(done, self.clients)))
        theirs, ours = (after - b for after, b in zip(self.proofs(), before))
        self.unlucky = self.unlucky or theirs != ours
        return found and [*found, f"The CA had {theirs} proof(s) from Certbot, {ours} from us", str(done[0]), str(done[1])]

    def proofs(self):
        """How many proofs the CA has looked at, of Certbot's and ours. Of a name that is proved already it wants another one
        nearly always, so that one of the two may have to give more; a web root is written down for those only."""
        log = self.ca.log()
        for client, urls in self.account_urls.items():
            urls.update(json.loads(p.read_text())["uri"] for p in (client.config / "accounts").rglob("regr.json"))
        return [sum(log.count(f'AccountURL:"{url}"') for url in self.account_urls[client]) for client in self.clients]

    def left(self, client):
        """Everything that a command leaves behind, as sorted lines of text."""
        lines = [line for line in tree(client, client is self.clients[0]) if not self.unwanted.match(line)]
        for name in client.store.lineages():
            lines += [f"{name}: {line}" for line in settled(client, name)] + [f"{name}: {line}" for line in issued(client.store, name)]
        return sorted(self.without_names(line, client) for line in lines)

    def without_names(self, line, client):
        for name, called in self.accounts.items():
            line = line.replace(name, called)
        return re.sub(r"\b[0-9a-f]{32}\b", "ACCOUNT", line.replace(str(client.area), "HERE"))


# What the scenes leave out. Renewals have it from the renewal file.
OF_COMMAND = {
    "certonly": ["-n", "--agree-tos", "--register-unsafely-without-email", "--server @url", "--http-01-port @port"],
    "register": ["-n", "--agree-tos", "--register-unsafely-without-email", "--server @url"],
    "update_account": ["-n", "--server @url"],
    "unregister": ["-n", "--server @url"],
    "reconfigure": ["-n"],
}


def said(done, client):
    """What was printed, without dates, thanks and the name of the shell."""
    return [re.sub(r"^ /bin/sh: ", " sh: ", line) for text in (done.out, done.err) for line in fixed(text, client).splitlines()]


def unified(theirs, ours):
    return list(difflib.unified_diff(theirs, ours, "Certbot", "ours", lineterm="", n=1))


# docs/differences-from-certbot.md
OURS_ALONE = {"logs/audit.log", "work/renew.lock", "work/renew.txt"}


def tree(client, is_certbot):
    """Every file and folder with its mode, for Certbot's the one that we give it, and where it links to."""
    found = set()
    for top in (client.config, client.work, client.logs, client.area / "out"):
        for path in [top, *top.rglob("*")] if top.exists() else []:
            name = re.sub(r"letsencrypt\.log\.\d+", "letsencrypt.log.N", str(path.relative_to(client.area)))
            if path.name in SEEDS and path.is_dir() and not any(path.iterdir()):
                continue
            if str(path.relative_to(client.area)) in OURS_ALONE:
                continue
            link = f" -> {os.readlink(path)}" if path.is_symlink() else ""
            mode = stat.filemode(path.lstat().st_mode)
            found.add(f"{name} {ours_of(name, mode) if is_certbot else mode}{link}")
    return found


def settled(client, name):
    """The keys of a renewal file with their values, but for those that no two runs have in common."""
    lines = []
    for section, values in client.store.conf(name).items():
        if section == "acme_renewal_info":
            continue  # docs/differences-from-certbot.md
        if section == "webroot_map":  # Certbot never takes a name away there
            values = {key: values[key] for key in certs.names(client.store.cert(name)) if key in values}
        if section == "":
            values = dict(values, version="V")
        lines += [f"[{section}] {key} = {value}" for key, value in values.items()]
    return lines


def issued(store, name):
    """What was issued for a lineage: names, key, must-staple and root of each version, and which have the key of the one before."""
    lines, last = [], None
    for version in store.versions(name):
        chain = certs.load_chain((store.archive(name) / f"fullchain{version}.pem").read_bytes())
        key = certs.public_bytes(chain[0].public_key())
        staple = any(e.oid == x509.ExtensionOID.TLS_FEATURE for e in chain[0].extensions)
        lines.append(f"version {version}: {certs.names(chain[0])} {certs.key_name(chain[0].public_key())}"
                     f"{' must-staple' if staple else ''}{' same key' if key == last else ''}"
                     f" below {certs.common_name(chain[-1].issuer)}")
        last = key
    return lines


def make_pair(theirs, ours, area, trust, ca):
    clients, (certbot, is_newest) = [], theirs
    for program, folder in ((certbot, "them"), (ours, "ours")):  # of one length: lines are wrapped
        (area / folder).mkdir(parents=True)
        clients.append(Client(program, area / folder, trust))
    both = Pair(*clients, area, ca)
    if not is_newest:
        both.unwanted, both.same_words = UNWANTED_OLD, False
    return both


@pytest.fixture(scope="session")
def theirs(request):
    """A Certbot, and whether it is the newest."""
    try:
        return request.getfixturevalue("certbot_new"), True
    except pytest.skip.Exception as none:
        packaged = shutil.which("certbot")
        if packaged is None or is_ours(packaged):
            pytest.skip(f"{none}, and no packaged one")
        return Path(packaged), False


def is_ours(program):
    return b"EVERCERT" in Path(program).read_bytes()


@pytest.fixture
def pair(theirs, second_name, area, trust):
    """pair(ca): both programs, with stores of their own."""
    return lambda ca: make_pair(theirs, second_name, area, trust, ca)


@pytest.fixture(scope="session")
def agreeing_ca(start_pebble):
    """A CA that takes every name for proved, with three roots and two profiles."""
    return start_pebble("new", "agreeing", always_valid=True, alternates=2, settings={"profiles": {
        "default": {"description": "the usual one", "validityPeriod": 90 * 86400},
        "shortlived": {"description": "six days", "validityPeriod": 6 * 86400}}})


def play(pair, steps):
    for step in steps:
        found = pair.run(step)
        if found:
            return [f"after {step!r}:", *found]
    return []


@pytest.fixture(scope="module")
def played(request, theirs, second_name, session_area, trust, agreeing_ca):
    """All scenes at once, each in a folder and on a port of its own: most of their time is waiting for the CA."""
    roots = {f"root{n}": certs.common_name(certs.load_chain(agreeing_ca.root(n))[0].subject) for n in range(3)}

    def in_a_folder(scene):
        try:
            for take in range(1, 5):
                both = make_pair(theirs, second_name, session_area / f"{scene.replace(' ', '-')}-{take}", trust, agreeing_ca)
                both.words.update(roots)
                found = play(both, SCENES[scene])
                if not (found and both.unlucky):
                    break
            return scene, found
        except AssertionError as err:
            return scene, str(err).splitlines()

    wanted = [item.callspec.params["scene"] for item in request.session.items if item.function is test_scene]
    wanted = [scene for scene in wanted if theirs[1] or scene not in TOO_NEW]
    with ThreadPoolExecutor(6) as pool:
        return dict(pool.map(in_a_folder, wanted))


@pytest.mark.parametrize("scene", SCENES if os.environ.get("EVERCERT_DIFFERENTIAL") == "all" else USUAL)
def test_scene(played, scene):
    if scene not in played:
        pytest.skip("this Certbot is too old for it")
    assert not played[scene], "\n".join(played[scene])


def test_account_binding(pair, start_pebble):
    ca = start_pebble("new", "eab", settings={"externalAccountBindingRequired": True, "externalAccountMACKeys": MAC_KEYS})
    both = pair(ca)
    both.words["port"] = ca.http_port
    found = play(both, BINDING)
    assert not found, "\n".join(found)


def test_subset_of_names(pair, new_ca):
    new_ca.add_a("here.test", "127.0.0.1")
    new_ca.add_a("gone.test", "127.0.0.66")  # where nobody answers
    both = pair(new_ca)
    both.words["port"] = new_ca.http_port
    both.same_words = False  # the CA names random files
    found = play(both, SUBSET)
    assert not found, "\n".join(found)


def test_choice_of_an_account(pair, agreeing_ca, theirs):
    _, is_newest = theirs
    both = pair(agreeing_ca)
    for called in ("account1", "account2"):  # neither registers a second one, so the first is put aside
        for client in both.clients:
            known = {p.name for p in client.store.account_dirs()}
            aside = [(p, client.area / p.name) for p in client.store.account_dirs()]
            for path, hidden in aside:
                path.rename(hidden)
            client.run("register", *both.fill(" ".join(OF_COMMAND["register"]), client))
            for path, hidden in aside:
                hidden.rename(path)
            both.accounts.update({p.name: called for p in client.store.account_dirs() if p.name not in known})
    found = play(both, [step for step in ACCOUNTS if is_newest or "reconfigure" not in step])
    assert not found, "\n".join(found)
