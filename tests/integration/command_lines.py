"""Command lines for the comparison with Certbot: some made from our table of options, some written by hand.

A line is (group, words, ini): the words behind the program's name, and the text of a cli.ini or None. "{...}" in a word names
a file or folder that `Places` has.
"""
import json
from collections import namedtuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Line = namedtuple("Line", "group words ini")


class Places:
    """The files and folders that lines speak of."""

    def __init__(self, root):
        self.root = root
        for name in ("w1", "w2", "other conf"):
            (root / name).mkdir()
        (root / "empty").write_text("")
        (root / "plain").write_text("")
        (root / "script").write_text("#!/bin/sh\n")
        (root / "script").chmod(0o755)
        for name, names in (("csr", ["a.example", "b.example"]), ("bare-csr", [])):
            (root / name).write_bytes(make_csr(names))
        self.names = {p.name: str(p) for p in root.iterdir()}
        self.names.update(gone=str(root / "gone"), here=str(root))

    def fill(self, text):
        for name, path in self.names.items():
            text = text.replace("{%s}" % name, path)
        return text

    def dirs(self, number):
        """Options for folders of a program that may run beside another with another number."""
        return [word for kind in ("config", "work", "logs") for word in (f"--{kind}-dir", str(self.root / f"{kind}{number}"))]


def make_csr(names):
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
    key = ec.generate_private_key(ec.SECP256R1())
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


# ---- made from the table ----

SAMPLES = {  # two good values where those of the type would not do
    "config": ("{empty}", "{plain}"), "server": ("https://ca.example/dir", "http://ca.example/d"),
    "email": ("a@example.com", "b@example.com,c@example.com"), "domains": ("a.example", "B.example., c.example"),
    "ip-address": ("127.0.0.1", "::1"), "csr": ("{csr}", "{csr}"), "webroot-path": ("{w1}", "{w2}"),
    "webroot-map": ('{"x.example":"{w1}"}', '{"y.example,z.example":"{w2}"}'), "eab-hmac-alg": ("HS384", "HS512"),
    "preferred-challenges": ("dns", "http, dns-01"), "verbose-level": ("1", "2"), "eab-kid": ("kid", "kid2"),
    "pre-hook": ("true", "/bin/true a 'b'"), "post-hook": ("true", "sh -c \"exit 7\""),
    "deploy-hook": ("{script}", "true a,b"), "renew-hook": ("true", "true"), "rsa-key-size": ("4096", "2048"),
    "manual-auth-hook": ("true", "{script} x"), "manual-cleanup-hook": ("true", "{script} x"),
    "authenticator": ("standalone", "manual"), "installer": ("null", "null"), "configurator": ("null", "null"),
}
BY_TYPE = {"text": ("text", "a, b"), "path": ("rel/file", "{here}/f"), "number": ("4711", "12"), "command": ("true", "false")}
WITH = {"webroot-path": ["--webroot"], "webroot-map": ["--webroot"], "eab-hmac-key": ["--eab-kid", "k"],
        "eab-kid": ["--eab-hmac-key", "k"]}


def values_of(option):
    if option["choices"]:
        return option["choices"][0], option["choices"][-1]
    return SAMPLES.get(option["names"][0]) or BY_TYPE.get(option["type"]) or ("text", "text2")


def shortest_prefix(name, names):
    """The least that names this option alone; None when it is the whole name."""
    return next((name[:n] for n in range(1, len(name)) if [o for o in names if o.startswith(name[:n])] == [name]), None)


def of_option(option, names):
    """Every way to give one option, right and wrong."""
    first, name, made = option["names"][0], "--" + option["names"][0], []

    def add(kind, *words, ini=None):
        made.append(Line(f"table: {kind}", ["certonly", *WITH.get(first, []), *words], ini))

    prefixes = {n: shortest_prefix(n, names) for n in option["names"]}
    if option["value"]:
        one, two = values_of(option)
        for n in option["names"]:
            add("separate value", "--" + n, one)
            if prefixes[n]:
                add("abbreviated", "--" + prefixes[n], two)
                add("abbreviated too far", f"--{prefixes[n][:-1]}={two}") if len(prefixes[n]) > 1 else None
        for letter in option["shorts"] or "":
            add("short", "-" + letter, one)
            add("short, with =", f"-{letter}={one}")
            add("clustered", "-q" + letter, one)
        add("glued value", f"{name}={two}")
        add("given twice", name, one, name, two)
        add("no value", name)
        add("no value", name, "-n")
        add("empty value", name + "=")
        add("from a file", ini=f"{first} = {one}")
        add("file and command line", name, two, ini=f"{first} = {one}")
        if option["type"] in ("number", "choice"):
            for bad in ("abc", "-1", "1.5", "", "RSA", "99999999999999999999", " 7 "):
                add("bad value", f"{name}={bad}")
            add("bad value in a file", ini=f"{first} = bad")
    else:
        for n in option["names"]:
            add("flag", "--" + n)
            add("flag with value", f"--{n}=1")
            if prefixes[n]:
                add("abbreviated", "--" + prefixes[n])
                add("abbreviated too far", "--" + prefixes[n][:-1]) if len(prefixes[n]) > 1 else None
        for letter in option["shorts"] or "":
            add("short", "-" + letter)
            add("clustered", f"-{letter}q{letter}")
            add("clustered", f"-{letter}X")
        add("flag twice", name, name)
        for value in ("true", "No", "maybe"):
            add("from a file", ini=f"{first} = {value}")
        add("file and command line", name, ini=f"{first} = off")
    return made


def from_table(table, known):
    """`known`: the options of the Certbot at hand, with their dashes."""
    names = [n for option in table["options"] if not option["ours"] for n in option["names"]]
    return [line for option in table["options"]
            if "--" + option["names"][0] in known and option["names"][0] not in ("help", "version")
            for line in of_option(option, names)]


# ---- written by hand ----

VERBS = """
run|certonly|auth|everything|renew|certificates|delete|revoke|register|update_account|unregister|show_account|install
enhance|rollback|plugins|show-account|config_changes|manage|certonyl|RENEW|--|-|certonly -- x|certonly --|renew certonly
--cert-name renew certonly|--cert-name=renew certonly|--cert-name certonly|-d run certonly|-n -q certonly -d a.example
certonly certonly|certonly foo bar|foo certonly|--bogus|--bogus=1 -X|certonly -X|certonly -nX|-d a.example certonly -d b.example
certonly ''|''|certonly -0|certonly -1|certonly -d -1|certonly --cert-name -1|certonly --cert-name '-a b'|certonly --cert-name '-x y'
certonly --cert-name -x|certonly --cert-name=-x|certonly -d|-d a.example -n -d b.example|certonly --agree|certonly --renew-b
certonly --cert-na x|certonly --cert x|certonly --dom x.example|certonly --force|certonly --reinst|certonly --no|certonly --d
certonly --preferred-challenge dns|certonly --dry|certonly --stag|certonly -nd a.example|certonly -d=a.example|certonly -qnv
certonly -vvv|certonly -vq --verbose|certonly --manual-public-ip-logging-ok|certonly --keep --expand --duplicate
""".strip().replace("\n", "|").split("|")

NAMES = ["a.example", "A.Example.", "a.example,b.example", "a.example, b.example ,a.example", "*.a.example", "a_b.example",
         "localhost", "xn--bcher-kva.example", "bücher.example", "http://a.example", "HTTPS://a.example/x", "1.2.3.4", "::1",
         "a..example", ".a.example", "a.example..", "", ",", "a.example,", "x" * 64 + ".example", "x" * 63 + ".example",
         ".".join(["abcdefghi"] * 26), "*.*.a.example", "-a.example", "1.2.3", "a b.example"]

TOGETHER = """
certonly --standalone --webroot|certonly --standalone --manual|certonly --standalone -a standalone|certonly --webroot -a standalone
certonly --configurator null -a standalone|certonly --configurator null -i null|certonly -a standalone -i null|run --nginx --apache
run --nginx -a standalone|run --nginx -i apache|certonly --nginx --standalone|certonly -a dns-ovh --dns-ovh|certonly --dns-ovh --webroot
certonly --force-interactive -n|renew --force-interactive|certonly --force-interactive -q|certonly --force-interactive --noninteractive
certonly --http-01-port 443|certonly --https-port 80|certonly --http-01-port 8443 --https-port 8443|certonly --http-01-port 0
certonly --staging|certonly --staging --server https://ca.example/d|certonly --dry-run --server https://ca.example/d
certonly --staging --server https://acme-staging-v02.api.letsencrypt.org/directory|certonly --dry-run --staging
certonly --dry-run --staging --server https://ca.example/d|certonly --dry-run|renew --dry-run|run --dry-run|install --dry-run
revoke --dry-run|certificates --dry-run|delete --dry-run|register --dry-run|run --staging|revoke --staging|renew --staging
certonly --staging --server https://acme-v02.api.letsencrypt.org/directory
certonly --csr {csr}|certonly --csr {csr} -d a.example|certonly --csr {csr} -d c.example|certonly --csr {csr} -d b.example -d A.example
run --csr {csr}|renew --csr {csr}|certonly --csr {csr} --allow-subset-of-names|certonly --csr {gone}|certonly --csr {plain}
certonly --csr {w1}|certonly --csr {bare-csr}|certonly --csr {csr} --csr {bare-csr}|revoke --csr {csr}
certonly --allow-subset-of-names -d *.a.example|certonly --allow-subset-of-names -d a.example|run --hsts --auto-hsts
run --no-hsts --auto-hsts|run --hsts --no-hsts|run --redirect --no-redirect|run --no-redirect --redirect --uir --no-uir
run --staple-ocsp|run --must-staple|run --must-staple --no-staple-ocsp|certonly --reuse-key --no-reuse-key
certonly --no-reuse-key --reuse-key --new-key|certonly --eff-email --no-eff-email|revoke --delete-after-revoke --no-delete-after-revoke
certonly --pre-hook gone-command|certonly --pre-hook {plain}|certonly --pre-hook {gone}|certonly --post-hook {plain}
certonly --deploy-hook gone-command|certonly --deploy-hook 'gone-command x'|certonly --pre-hook gone-command --disable-hook-validation
renew --pre-hook gone-command|certificates --pre-hook gone-command|certonly --renew-hook true --deploy-hook false
certonly --deploy-hook true --renew-hook false|certonly --deploy-hook true --renew-hook true|certonly --pre-hook ''
certonly --webroot -w {w1} -d a.example -w {w2} -d b.example|certonly --webroot -d a.example -w {w1}
certonly --webroot -d a.example -w {w1} -w {w2}|certonly --webroot -w {w1} -w {w2} -d a.example -d b.example
certonly --webroot -w {w1} -d a.example,b.example -w {w2} -d c.example,a.example|certonly --webroot -w {gone}
certonly --webroot -w {plain}|certonly --webroot --webroot-map {}|certonly --webroot --webroot-map []|certonly --webroot --webroot-map x
certonly --webroot --webroot-map '{"a.example":"{gone}"}'|certonly --webroot --webroot-map '{"a.example":1}'
certonly --webroot --webroot-map '{"a.example":"{w1}"}' -w {w2} -d b.example|certonly --webroot -w {w2} -d a.example --webroot-map '{"a.example":"{w1}"}'
certonly --webroot --webroot-map '{"a.example":"{w1}"}' --webroot-map '{"b.example":"{w2}"}'|certonly -w {w1} -d a.example
certonly --webroot --webroot-map '{"http://a":"{w1}"}'|certonly --standalone -w {w1} -d a.example
certonly --key-type RSA|certonly --key-type rsa --key-type ecdsa|certonly --key-type rsa --elliptic-curve secp384r1
revoke --reason KeyCompromise|revoke --reason bogus|revoke --reason 1|revoke --reason ''
certonly --preferred-challenges bogus|certonly --preferred-challenges dns,bogus,x|certonly --preferred-challenges tls-sni
certonly --preferred-challenges ''|certonly --preferred-challenges dns --preferred-challenges http,dns|certonly --preferred-challenges 'dns , http'
certonly --user-agent ''|certonly --user-agent-comment 'a (b)'|certonly --user-agent-comment ab|certonly --max-log-backups -1
certonly --max-log-backups x|certonly --issuance-timeout -1|certonly --rsa-key-size 1024|certonly --rsa-key-size x
certonly --config-dir '{other conf}'|certonly --config-dir rel --logs-dir rel/logs|certonly --config-dir ''
certonly --os-packages-only|certonly --no-self-upgrade --no-bootstrap --no-permissions-check|certonly --no-self-upgrade=1
certonly -c {gone}|certonly -c {w1}|certonly -c {plain} -c {empty}|certonly --conf {plain}|certonly --config={gone}
register --eab-kid k|certonly --eab-hmac-key k|certonly --cert-name a/b|certonly --cert-name ''|certonly --account x|certonly --account ''
certonly --no-autorenew|renew --no-autorenew|certonly --no-directory-hooks --disable-renew-updates|plugins --init --prepare
plugins --authenticators --installers|rollback --checkpoints 3|rollback --checkpoints -3|rollback --checkpoints x
""".strip().replace("\n", "|").split("|")

FILES = [  # (words, text of the file)
    ("certonly", "key-type = rsa\n\n# a comment\n; another\n[section]\n---\nreuse-key\n"),
    ("certonly", "--key-type = rsa"), ("certonly", "key-type: rsa"), ("certonly", "key-type rsa"), ("certonly", "  key-type=rsa  "),
    ("certonly", "key_type = rsa"), ("certonly", "bogus = 1"), ("certonly", "bogus"), ("certonly", "a = standalone"), ("certonly", "key-t = rsa"),
    ("certonly", "user-agent ="), ("certonly", "user-agent = \"a b\""), ("certonly", "user-agent = 'a b' # c"), ("certonly", "user-agent = a#b"),
    ("certonly", "user-agent = a #b"), ("certonly", "user-agent = a ;b"), ("certonly", "user-agent = \"a"), ("certonly", "user-agent = a\" b"),
    ("certonly", "user-agent = \"a\"b\""), ("certonly", "user-agent = 'a\" #'"), ("certonly", "user-agent = 'it''s'"), ("certonly", "user-agent = a = b"),
    ("certonly", "user-agent:a:b"), ("certonly", "user-agent\ta"), ("certonly", "= a"), ("certonly", "user-agent = "), ("certonly", "user-agent # c"),
    ("certonly", "key-type = rsa\nkey-type = ecdsa"), ("certonly", "domains = a.example\ndomains = b.example"),
    ("certonly", "domains = a.example, b.example"), ("certonly -d c.example", "domains = a.example"), ("certonly --domain c.example", "domains = a.example"),
    ("certonly", "domains = [a.example, b.example]"), ("certonly", "key-type = [rsa]"), ("renew", "domains = a.example"), ("certonly", "domain = a.example"),
    ("certonly", "reuse-key = true"), ("certonly", "reuse-key = false"), ("certonly", "reuse-key = YES"), ("certonly", "reuse-key = 2"), ("certonly", "reuse-key ="),
    ("certonly --no-reuse-key", "reuse-key = true"), ("certonly --reuse-key", "no-reuse-key = true"), ("certonly", "reuse-key = true\nno-reuse-key = true"),
    ("certonly", "no-reuse-key = true\nreuse-key = true"), ("certonly", "no-autorenew = true"), ("certonly", "no-autorenew = false"),
    ("certonly", "standalone = maybe"), ("certonly", "standalone = true"), ("certonly --webroot", "standalone = true"), ("certonly", "standalone = true\nwebroot = true"),
    ("certonly", "standalone = false\nmanual = on"), ("certonly --standalone", "authenticator = standalone"), ("certonly --standalone", "authenticator = webroot"),
    ("certonly -a webroot", "authenticator = standalone"), ("certonly", "verbose = 2"), ("certonly", "verbose = true"), ("certonly -v", "verbose = x"),
    ("certonly", "quiet = 1"), ("certonly", "text = True"), ("certonly", "no-self-upgrade = true"), ("certonly", "help = true"), ("certonly", "version = true"),
    ("certonly", "webroot = true\nwebroot-path = {w1}\ndomains = a.example"), ("certonly --webroot -d a.example", "webroot-path = {w1}"),
    ("certonly --webroot -w {w2} -d a.example", "webroot-path = {w1}"), ("certonly --webroot", "webroot-map = {\"a.example\":\"{w1}\"}"),
    ("certonly", "webroot-path = {gone}"), ("certonly", "preferred-challenges = dns, http"), ("certonly --preferred-challenges http", "preferred-challenges = dns"),
    ("certonly", "rsa-key-size = 4096 # bits"), ("certonly", "rsa-key-size = abc"), ("certonly", "server = https://ca.example/d"),
    ("certonly --staging", "server = https://ca.example/d"), ("certonly", "staging = true\nserver = https://ca.example/d"), ("certonly", "staging = false"),
    ("certonly", "dry-run = false"), ("run", "dry-run = true"), ("certonly --dry-run", "account = abc"), ("certonly", "pre-hook = gone-command"),
    ("certonly", "pre-hook = 'true \"a b\"'"), ("certonly", "max-log-backups = 0\npreferred-chain = x"), ("renew", "force-interactive = true"),
    ("certonly -n", "force-interactive = true"), ("certonly", "config = {plain}"), ("certonly -c {plain}", "key-type = rsa"), ("certonly", "\ufeffkey-type = rsa"), ("certonly", "key-type = rsa\r\n"),
    ("certonly --key-ty ecdsa", "key-type = rsa"), ("certonly", "test-cert = true"), ("certonly", "renew-hook = true"), ("certonly --deploy-hook true", "renew-hook = false"),
    ("certonly", "keep-until-expiring"), ("certonly", "keep"), ("certonly", "no-random-sleep-on-renew"), ("certonly", "eff-email = false"),
    ("certonly", "csr = {csr}"), ("certonly", "csr = {gone}"), ("certonly", "cert-name = x"), ("certonly", "logs-dir = {here}/x"), ("certonly", "must-staple = true"),
    ("certonly", "-d = a.example"), ("certonly", "user-agent == a"), ("certonly", "authenticator = standalone;x"), ("certonly", "renew = true"),
]


def split(text):
    """Words of a line; '...' keeps blanks."""
    words, word, quoted, open_ = [], "", False, False
    for char in text + " ":
        if char == "'":
            quoted, open_ = not quoted, True
        elif char == " " and not quoted:
            if word or open_:
                words.append(word)
            word, open_ = "", False
        else:
            word, open_ = word + char, True
    return words


def by_hand():
    made = [Line("subcommands, clusters, prefixes", split(text), None) for text in VERBS]
    made += [Line("names", ["certonly", "-d", name], None) for name in NAMES]
    made += [Line("names", ["certonly", "--standalone", "-d", "x.example", f"--domains={name}"], None) for name in NAMES[:6]]
    made += [Line("options together", split(text), None) for text in TOGETHER]
    made += [Line("grammar of cli.ini", split(words), text) for words, text in FILES]
    return made


def show(line):
    return json.dumps(line.words, ensure_ascii=False) + (f" with cli.ini {line.ini!r}" if line.ini is not None else "")
