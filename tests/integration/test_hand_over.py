"""A store goes from Certbot to Evercert and back: with the packaged Certbot and with the newest one Debian has."""
import difflib
import os
import re
import shutil
import stat

import certs
import pytest
from client import Client
from cryptography.hazmat.primitives.asymmetric import ec
from test_manual import dns_hooks, http_hooks

pytestmark = pytest.mark.slow

NAMES = ["h.test", "www.h.test"]


@pytest.fixture(scope="session")
def certbots(certbot_new):
    """Certbots by age: the system's own, and the newest."""
    packaged = shutil.which("certbot")
    return {"old": packaged, "new": certbot_new}


@pytest.fixture
def program(request, certbots, second_name):
    """program(word): the path of "evercert", "as certbot" (the same by its second name), "old" or "new" Certbot."""
    def find(word):
        path = {"evercert": request.config.program, "as certbot": second_name, **certbots}[word]
        return path or pytest.skip(f"no {word} Certbot here")
    return find


@pytest.fixture
def share(program, area, trust):
    """share(ca, word...): programs that keep one store in common."""
    def make(ca, *words):
        folder = area / "shared"
        folder.mkdir()
        clients = [Client(program(word), folder, trust, ca) for word in words]
        for word, client in zip(words, clients):
            if word == "evercert":  # under our own name a new store has a layout of its own: test_convert.py
                client.always = ["--store-layout", "certbot"]
        return clients
    return make


@pytest.fixture
def apart(program, area, trust):
    """apart(ca, word): a program with a store of its own."""
    def make(ca, word):
        folder = area / word.replace(" ", "-")
        folder.mkdir()
        return Client(program(word), folder, trust, ca)
    return make


def major(client):
    said = client.finish(client.start("--version", raw=True)).out
    found = re.fullmatch(r"certbot (\d+)\..*\n", said)
    return int(found[1]) if found else 5


def settled(client, name):
    """The lines of a renewal file, those of a section sorted (Certbots differ in their order), without comments and what
    differs from one store, account and moment to another."""
    text = client.store.renewal(name).read_text().replace(str(client.area), "HERE")
    text = re.sub(r"^(version) = .*$", r"\1 = V", text, flags=re.M)
    text = re.sub(r"^(account) = [0-9a-f]{32}$", r"\1 = A", text, flags=re.M)
    text = re.sub(r"^(ari_retry_after) = \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$", r"\1 = T", text, flags=re.M)
    sections = re.split(r"^(?=\[)", text, flags=re.M)
    return [line for part in sections for line in sorted(part.splitlines()) if line and line[0] != "#"]


def options(client, name):
    """The options saved for renewal: what must not change when another program renews."""
    conf = client.store.conf(name)
    kept = {section: conf[section] for section in conf if section not in ("", "acme_renewal_info")}
    if "reuse_key" in kept["renewalparams"]:  # newer Certbots, and we, note the curve of a key used again; older drop it
        kept["renewalparams"].pop("elliptic_curve", None)
    return kept


# How the names are proved. Each returns (authenticator's options, what the key must be).

def webroot(area, ca, start_nginx):
    root = area / "www"
    root.mkdir()
    start_nginx(ca.http_port, {"h.test": root})
    return ["--webroot", "-w", root]


def manual_http(area, ca, start_nginx):
    root = webroot(area, ca, start_nginx)[2]
    return ["--manual", *http_hooks(area, root)]


def manual_dns(area, ca, start_nginx):
    return ["--manual", "--preferred-challenges", "dns", *dns_hooks(area, ca)]


def standalone(*args):
    return lambda area, ca, start_nginx: ["--standalone", *args]


HOOKS = ["--pre-hook", "true 'pre, hook'", "--post-hook", 'true "post # hook"', "--deploy-hook", """true "it's" """]
SCENES = {
    "standalone": (standalone("--key-type", "ecdsa"), "secp256r1"),
    "p384": (standalone("--elliptic-curve", "secp384r1", *HOOKS), "secp384r1"),
    "rsa": (standalone("--key-type", "rsa", "--rsa-key-size", "3072"), "rsa3072"),
    "reuse-key": (standalone("--reuse-key", "--preferred-challenges", "http"), None),
    "webroot": (webroot, None),
    "manual http": (manual_http, None),
    "manual dns": (manual_dns, None),
}
# All of it takes half an hour: EVERCERT_HAND_OVER=all. The ordinary run has each scene once or twice.
EVERY = os.environ.get("EVERCERT_HAND_OVER") == "all"
BACK_AND_FORTH = [("as certbot", "new"), ("new", "as certbot")]


def some(choices, few):
    return choices if EVERY else few


PAIRS = [(a, b) for certbot in ("old", "new") for ours in ("evercert", "as certbot") for a, b in
         ((ours, certbot), (certbot, ours))]
# Every scene by the second name; by the first name, what its other defaults may touch.
LIVES = some([(scene, *pair) for scene in SCENES for pair in PAIRS if "evercert" not in pair or scene == "standalone"],
             [("standalone", "evercert", "old"), ("standalone", "old", "evercert"), ("p384", "as certbot", "new"),
              *((scene, "new", "as certbot") for scene in ("rsa", "reuse-key", "webroot", "manual http", "manual dns"))])


@pytest.mark.parametrize("scene, first, then", LIVES, ids=[f"{s}: {a} to {b}" for s, a, b in LIVES])
def test_life(share, new_ca, area, start_nginx, scene, first, then):
    """One program obtains; the other lists, renews, keeps; both go on in turns; the other revokes; the first deletes."""
    first, then = share(new_ca, first, then)
    store = first.store
    prove, key = SCENES[scene]
    prove = prove(area, new_ca, start_nginx)

    first.certonly(NAMES, *prove, authenticator=None)
    store.check(["h.test"])
    saved = options(first, "h.test")
    if key:
        assert certs.key_name(store.key("h.test")) == key
    account = store.account_id()

    listed = [re.sub(r"Domains|Identifiers", "Names", c.run("certificates").out) for c in (first, then)]
    assert listed[0] == listed[1]
    assert f"Names: {' '.join(NAMES)}\n" in listed[0]

    for number, client in enumerate((then, first), start=2):
        client.renew("--force-renewal").says("all renewals succeeded", str(store.live("h.test", "fullchain")))
        store.check(["h.test"])
        assert store.versions("h.test") == list(range(1, number + 1))
        assert options(client, "h.test") == saved
        assert certs.key_name(store.key("h.test")) == certs.key_name(store.key("h.test", 1))
        same = certs.public_bytes(store.key("h.test").public_key()) == certs.public_bytes(
            store.key("h.test", 1).public_key())
        assert same == (scene == "reuse-key")
    for client in (then, first):
        client.renew().says("not due for renewal yet")
        client.certonly(NAMES, *prove, "--keep", authenticator=None).says("not yet due for renewal")
    assert store.versions("h.test") == [1, 2, 3]
    assert store.account_id() == account

    cert = store.cert("h.test")
    then.run("revoke", "-n", "--cert-name", "h.test", "--no-delete-after-revoke")
    assert new_ca.status(cert)["Status"] == "Revoked"
    store.check(["h.test"])
    first.run("delete", "-n", "--cert-name", "h.test")
    store.check([])


@pytest.mark.parametrize("first, then", some(PAIRS, BACK_AND_FORTH), ids=lambda w: w)
def test_names_are_changed(share, new_ca, first, then):
    """The other expands the certificate, then makes its key another, and both list what came of it."""
    first, then = share(new_ca, first, then)
    first.certonly(["x.test"])
    then.certonly(["x.test", "y.test"], "--expand")
    first.store.check(["x.test"])
    first.certonly(["x.test", "y.test"], "--key-type", "rsa", "--cert-name", "x.test", "--force-renewal")
    then.certonly(["x.test"], "--cert-name", "x.test", "--renew-with-new-domains", "--key-type", "ecdsa")
    first.store.check(["x.test"])
    assert first.store.versions("x.test") == [1, 2, 3, 4]
    first.certonly(["x.test"], "--duplicate")
    then.store.check(["x.test", "x.test-0001"])


@pytest.mark.parametrize("first, then", some(PAIRS, [("evercert", "old"), ("new", "as certbot")]), ids=lambda w: w)
def test_account(share, new_ca, first, then):
    """One registers; the other shows the account, changes its address, uses it and puts it away."""
    first, then = share(new_ca, first, then)
    first.run("register", "-n", "--agree-tos", "-m", "a@example.org")
    folder = first.store.account_dirs()[0]
    then.run("show_account").says("a@example.org")
    then.run("update_account", "-n", "-m", "b@example.org")
    first.run("show_account").says("b@example.org")
    then.certonly(["a.test"])
    first.certonly(["b.test"])
    assert first.store.account_id() == folder.name
    then.run("unregister", "-n")
    assert not folder.exists()
    first.run("show_account", status=1).says("Could not find an existing account")


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
@pytest.mark.parametrize("first, then", some(PAIRS, BACK_AND_FORTH[:1]), ids=lambda w: w)
def test_csr(share, new_ca, area, first, then, kind):
    """What comes of a request is no lineage: files. The other program revokes the certificate by its path."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    first, then = share(new_ca, first, then)
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    request = certs.make_csr(area / "r.csr", ["csr.test"], key, der=kind == "rsa")
    out = ["--cert-path", area / "c.pem", "--chain-path", area / "ch.pem", "--fullchain-path", area / "f.pem"]
    first.certonly([], "--csr", request, *out)
    then.certonly([], "--csr", request, *[str(a).replace(".pem", "2.pem") for a in out])
    first.store.check([])
    for number, client in (("", then), ("2", first)):
        parts = [(area / f"{kind}{number}.pem") for kind in ("c", "ch", "f")]
        assert parts[2].read_bytes() == parts[0].read_bytes() + parts[1].read_bytes()
        assert {stat.S_IMODE(p.stat().st_mode) for p in parts} == {0o644}
        cert = certs.load_chain(parts[0].read_bytes())[0]
        assert certs.public_bytes(cert.public_key()) == certs.public_bytes(key.public_key())
        client.run("revoke", "-n", "--cert-path", parts[0], "--no-delete-after-revoke")
        assert new_ca.status(cert)["Status"] == "Revoked"


@pytest.mark.parametrize("ours", some(["evercert", "as certbot"], ["as certbot"]))
@pytest.mark.parametrize("back", [False, True], ids=["to us", "from us"])
def test_reconfigure(share, new_ca, ours, back):
    """Options changed by one program are what the other renews with."""
    first, then = share(new_ca, *(("new", ours) if not back else (ours, "new")))
    first.certonly(["re.test"], "--pre-hook", "true 'old, one'")
    stamp = first.area / "deployed"
    then.run("reconfigure", "-n", "--cert-name", "re.test", "--deploy-hook", f"touch {stamp}")
    params = first.store.conf("re.test")["renewalparams"]
    assert params["renew_hook"] == f"touch {stamp}"
    assert params["pre_hook"] == "\"true 'old, one'\""
    first.renew("--force-renewal")
    assert stamp.exists()
    first.store.check(["re.test"])


@pytest.mark.parametrize("first, then", some(PAIRS, BACK_AND_FORTH[1:]), ids=lambda w: w)
def test_ownership_made_by_hand_stays(share, new_ca, first, then):
    """A key made readable for a group stays so when the other program renews."""
    first, then = share(new_ca, first, then)
    first.certonly(["own.test"])
    old = first.store.archive("own.test") / "privkey1.pem"
    group = 65534 if os.getuid() == 0 else os.getgid()
    os.chown(old, -1, group)
    old.chmod(0o640)
    for number, client in ((2, then), (3, first)):
        client.renew("--force-renewal")
        made = (first.store.archive("own.test") / f"privkey{number}.pem").stat()
        assert (stat.S_IMODE(made.st_mode), made.st_gid) == (0o640, group)


@pytest.mark.parametrize("first, then", some(PAIRS, BACK_AND_FORTH[1:]), ids=lambda w: w)
def test_old_versions_are_pruned_alike(share, new_ca, first, then):
    """By its own name the program keeps three superseded versions; who renewed last was `then`."""
    least = 5 if then == "evercert" else 4 if first == "evercert" else 3
    first, then = share(new_ca, first, then)
    first.certonly(["p.test"])
    for number in range(2, 9):
        (first if number % 2 else then).renew("--force-renewal")
    first.store.check(["p.test"])
    if min(major(first), major(then)) >= 3:  # older ones keep all
        assert first.store.versions("p.test") == list(range(least, 9))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("certbot", ["old", "new"])
def test_what_certbot_does_not_know_survives_it(share, new_ca, certbot):
    ours, theirs = share(new_ca, "evercert", certbot)
    ours.certonly(NAMES, "--key-group", "mail", "--key-mode", "640", "--history-keep", "1")
    before = ours.store.conf(NAMES[0])["evercert"]
    assert set(before) == {"key_group", "key_mode", "history_keep"}
    theirs.renew("--force-renewal")
    assert ours.store.versions(NAMES[0]) == [1, 2]
    assert ours.store.conf(NAMES[0])["evercert"] == before
    ours.renew("--force-renewal")
    key = os.stat(ours.store.live(NAMES[0], "privkey"))
    assert (stat.S_IMODE(key.st_mode), key.st_gid) == (0o640, 8)
    assert ours.store.versions(NAMES[0]) == [2, 3], "the history is bounded as it was"
    theirs.renew("--force-renewal")
    assert ours.store.conf(NAMES[0])["evercert"] == before
    ours.store.check([NAMES[0]])


@pytest.mark.parametrize("certbot", ["old", "new"])
def test_tls_alpn(share, new_ca, certbot):
    """Certbot cannot renew such a lineage, and leaves it alone; it can as soon as another challenge is asked for."""
    ours, theirs = share(new_ca, "evercert", certbot)
    ours.certonly(NAMES, "--preferred-challenges", "tls-alpn-01", "--tls-alpn-01-port", new_ca.tls_port)
    before = ours.store.renewal(NAMES[0]).read_bytes()
    theirs.renew("--force-renewal", status=1)
    assert ours.store.versions(NAMES[0]) == [1]
    assert ours.store.renewal(NAMES[0]).read_bytes() == before
    ours.run("reconfigure", "-n", "--cert-name", NAMES[0], "--preferred-challenges", "http")
    theirs.renew("--force-renewal")
    ours.give_up_authorizations()
    ours.renew("--force-renewal", "--preferred-challenges", "tls-alpn-01")
    assert "by acme-tls/1: certificate shown" in ours.log()
    assert ours.store.conf(NAMES[0])["evercert"] == {"tls_alpn_01_port": str(new_ca.tls_port)}
    ours.store.check([NAMES[0]])


def test_comments_and_keys_of_the_users(share, new_ca):
    """What somebody wrote into the renewal file by hand survives both programs."""
    ours, theirs = share(new_ca, "as certbot", "new")
    theirs.certonly(["c.test"])
    path = theirs.store.renewal("c.test")
    text = path.read_text()
    path.write_text("# first of all\nrenew_before_expiry = 31 days\n" + text.replace(
        "[renewalparams]", "mine = a, b  # two\n\n# about renewal\n[renewalparams]\n# in there") + "[ours]\nx = 1\n")
    path.chmod(0o640)
    for client in (ours, theirs, ours):
        client.renew("--force-renewal")
        after = path.read_text()
        for part in ("# first of all\nrenew_before_expiry = 31 days\n", "mine = a, b", "# two", "# about renewal\n",
                     "# in there\n", "[ours]\nx = 1\n"):
            assert part in after, f"{part!r} is gone from:\n{after}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
    theirs.store.check(["c.test"])


@pytest.mark.parametrize("first, then", some([p for p in PAIRS if "evercert" not in p], BACK_AND_FORTH[:1]), ids=lambda w: w)
def test_hooks_with_marks(share, new_ca, area, first, then):
    """Quotes of both kinds at either end, commas and number signs: the other program runs the very same command."""
    first, then = share(new_ca, first, then)
    post = f"""echo "it's" '"both", # kinds' >> {area}/post; true '"'"""
    first.certonly(["q.test"], "--post-hook", post, "--pre-hook", f"echo 'a,b' >> {area}/pre; echo \"'end'\"")
    for client in (then, first):
        client.renew("--force-renewal")
    assert (area / "post").read_text() == "it's \"both\", # kinds\n" * 3
    assert (area / "pre").read_text() == "a,b\n" * 3


# The same command line for both programs, each in a store of its own: what they leave must be the same.

COMMANDS = {
    "plain": ["--standalone"],
    "ecdsa": ["--standalone", "--key-type", "ecdsa", "--elliptic-curve", "secp521r1"],
    "rsa": ["--standalone", "--key-type", "rsa", "--rsa-key-size", "4096"],
    "hooks": ["--standalone", *HOOKS],
    "hooks with marks": ["--standalone", "--pre-hook", "true a,b # c", "--post-hook", "true '\"both\"' x",
                         "--deploy-hook", "true 'one'"],
    "webroot": ["--webroot", "-w", "WWW"],
    "webroot map": ["--webroot", "--webroot-map", '{"h.test": "WWW", "www.h.test": "WWW"}'],
    "several roots": ["--webroot", "-w", "WWW", "-d", "h.test", "-w", "WWW2", "-d", "www.h.test"],
    "manual": ["--manual", "--manual-auth-hook", "true", "--manual-cleanup-hook", "true x,y", "--preferred-challenges",
               "http"],
    "challenges": ["--standalone", "--preferred-challenges", "http-01,dns"],
    "booleans": ["--standalone", "--reuse-key", "--allow-subset-of-names", "--no-autorenew"],
    "agent": ["--standalone", "--user-agent", "me, \"myself\" #1", "--preferred-chain", "Some, Root"],
    "address": ["--standalone", "--http-01-address", "127.0.0.1"],
    "defaults said": ["--standalone", "--key-type", "ecdsa", "--rsa-key-size", "2048", "--http-01-address", ""],
    "never saved": ["--standalone", "--cert-name", "h.test", "--no-directory-hooks", "--disable-renew-updates",
                    "--issuance-timeout", "80", "--user-agent-comment", "c", "--keep", "--https-port", "4433"],
}
# What older Certbots do not know, or do otherwise: a default that was said was forgotten when they renewed.
SINCE = {"booleans": 3, "defaults said": 3}
# What we leave out: older Certbots keep each request and each key once more, and Certbot makes a folder for backups of a
# web server's configuration although none was touched.
WANTED = r"(conf/(csr|keys)(/.*)?|work/backups): we None, "


@pytest.fixture(scope="session")
def easy_ca(start_pebble):
    """A CA that takes every name for proved."""
    return start_pebble("new", "easy", always_valid=True)


# docs/differences-from-certbot.md
OURS_ALONE = {"logs/audit.log", "work/renew.lock", "work/renew.txt"}


def tree(client):
    """Every file of a store with its kind, mode and where it links to; without accounts' names."""
    found = {}
    for top in (client.config, client.work, client.logs):
        for path in [top, *top.rglob("*")]:
            if str(path.relative_to(client.area)) in OURS_ALONE:
                continue
            info = path.lstat()
            name = re.sub(r"[0-9a-f]{32}", "ACCOUNT", str(path.relative_to(client.area)))
            name = re.sub(r"letsencrypt\.log\.\d+", "letsencrypt.log.N", name)
            found[name] = (stat.filemode(info.st_mode), os.readlink(path) if path.is_symlink() else None)
    return found


# The log of Certbot can be read by everybody, ours by its owner alone: docs/differences-from-certbot.md.
OPEN_LOG = re.compile(r"logs/letsencrypt\.log(\.N)? -rw-r--r--")


def ours_of(name, mode):
    """The mode that we give to a file that Certbot has made so."""
    return "-rw-------" if OPEN_LOG.fullmatch(f"{name} {mode}") else mode


def differences(ours, theirs):
    theirs = {name: (ours_of(name, mode), link) for name, (mode, link) in theirs.items()}
    return [f"{key}: we {ours.get(key)}, Certbot {theirs.get(key)}"
            for key in sorted(ours.keys() | theirs.keys()) if ours.get(key) != theirs.get(key)]


def fill(args, client):
    for name in ("WWW", "WWW2"):
        (client.area / name).mkdir(exist_ok=True)
    return [re.sub(r"WWW2?", lambda m: str(client.area / m[0]), a) for a in args]


@pytest.mark.parametrize("command", some(list(COMMANDS), ["hooks with marks", "webroot map", "booleans", "never saved"]))
@pytest.mark.parametrize("certbot", some(["old", "new"], ["new"]))
def test_same_files(apart, easy_ca, command, certbot):
    clients = [apart(easy_ca, word) for word in ("as certbot", certbot)]
    args = COMMANDS[command]
    if SINCE.get(command, 0) > major(clients[1]):
        pytest.skip("this Certbot is too old for it")
    names = [] if "-d" in args or "--webroot-map" in args else NAMES
    for client in clients:
        client.certonly(names, *fill(args, client), authenticator=None)
    compare(*clients)
    for client in clients:
        client.renew("--force-renewal", "--post-hook", "true later")
    compare(*clients)


def compare(ours, theirs):
    found = [line for line in differences(tree(ours), tree(theirs)) if not re.match(WANTED, line)]
    assert not found, "\n".join(found)
    told = list(difflib.unified_diff(*(settled(c, "h.test") for c in (theirs, ours)), "Certbot", "ours", lineterm=""))
    assert not told, "\n".join(told)


@pytest.mark.parametrize("umask", [0o022, 0o077], ids=oct)  # wider ones: docs/differences-from-certbot.md
def test_same_modes(apart, easy_ca, umask):
    clients = [apart(easy_ca, word) for word in ("as certbot", "new")]
    for client in clients:
        client.certonly(NAMES, umask=umask)
        client.renew("--force-renewal", umask=umask)
    found = differences(*map(tree, clients))
    assert not found, "\n".join(found)


def test_same_files_of_an_account(apart, new_ca):
    """By the second name an account's key is RSA, and its files hold what Certbot's hold."""
    import json
    found = []
    for word in ("as certbot", "new"):
        client = apart(new_ca, word)
        client.run("register", "-n", "--agree-tos", "-m", "a@example.org")
        folder = client.store.account_dirs()[0]
        found.append({p.name: {k: type(v).__name__ for k, v in json.loads(p.read_text()).items()}
                      for p in folder.iterdir()})
        key = json.loads((folder / "private_key.json").read_text())
        assert key["kty"] == "RSA"
    assert found[0] == found[1]


def test_same_words(apart, easy_ca):
    """What machines and people read of the commands, but for dates and numbers of the run."""
    said = []
    for word in ("as certbot", "new"):
        client = apart(easy_ca, word)
        texts = []
        for args in (["certonly", "-n", "--agree-tos", "--register-unsafely-without-email", "--standalone", "-d", "w.test"],
                     ["certificates"], ["renew"], ["renew", "--force-renewal"],
                     ["certonly", "-n", "--standalone", "-d", "w.test"],
                     ["revoke", "-n", "--cert-name", "w.test", "--no-delete-after-revoke"],
                     ["delete", "-n", "--cert-name", "w.test"], ["certificates"], ["renew"]):
            done = client.run(*args)
            texts.append((args, fixed(done.out, client), fixed(done.err, client)))
        said.append(texts)
    told = []
    for (args, *mine), (_, *other) in zip(*said):
        for stream, a, b in zip(("stdout", "stderr"), mine, other):
            told += difflib.unified_diff(b.splitlines(), a.splitlines(), f"Certbot {args[0]} {stream}", "ours", lineterm="")
    assert not told, "\n".join(told)


# Certbot asks for donations; we ask for nothing.
DONATIONS = re.compile(r"\n- - -[- ]*\nIf you like Certbot.*?\n- - -[- ]*\n", re.S)


def fixed(text, client):
    text = DONATIONS.sub("", text)
    text = text.replace(str(client.area), "HERE")
    text = re.sub(r"Serial Number: [0-9a-f]+", "Serial Number: N", text)
    return re.sub(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?", "DATE", text)
