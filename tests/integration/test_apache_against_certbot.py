"""What Certbot's Apache plugin does with a configuration, and what ours does with the same one: the hosts that are chosen, and
what they are afterwards. Each runs in a network of its own, where ports 80 and 443 are free."""
import re
import shutil
import subprocess

import pytest

CERTBOT = shutil.which("certbot", path="/usr/bin")

pytestmark = [pytest.mark.ours, pytest.mark.any_compiler, pytest.mark.skipif(not CERTBOT, reason="needs Certbot with its Apache plugin")]


def host(address, name=None, *lines):
    body = "".join(f"    {line}\n" for line in ([f"ServerName {name}"] if name else []) + list(lines))
    return f"<VirtualHost {address}>\n{body}</VirtualHost>\n"


TLS = ("SSLEngine on", "SSLCertificateFile HOME/old.pem", "SSLCertificateKeyFile HOME/old.key")

# name: ({site: text}, names of the certificate, further arguments)
SAME = {
    "one host": ({"a": host("*:80", "a.test", "ServerAlias www.a.test")}, ["a.test", "www.a.test"], []),
    "one of two": ({"a": host("*:80", "a.test"), "b": host("*:80", "b.test")}, ["b.test"], []),
    "two of three": ({"a": host("*:80", "a.test"), "b": host("*:80", "b.test"), "c": host("*:80", "c.test")},
                     ["a.test", "c.test"], []),
    "the default site": ({"000-default": host("*:80", None, "DocumentRoot HOME/www")}, ["a.test"], []),
    "an address of its own": ({"a": host("127.0.0.1:80", "a.test"), "b": host("*:80", "b.test")}, ["a.test"], []),
    "a host with TLS": ({"a": host("*:80", "a.test"), "s": host("*:443", "a.test", *TLS)}, ["a.test"], []),
    "TLS in the same file": ({"a": host("*:80", "a.test") + host("*:443", "a.test", *TLS)}, ["a.test"], []),
    "a chain of its own": ({"s": host("*:443", "a.test", *TLS, "SSLCertificateChainFile HOME/old.pem")}, ["a.test"], ["--no-redirect"]),
    "no redirect": ({"a": host("*:80", "a.test")}, ["a.test"], ["--no-redirect"]),
    "rules that lead to https": ({"a": host("*:80", "a.test", "RewriteEngine on", "RewriteCond %{SERVER_NAME} =a.test",
                                            "RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [L,NE,R=permanent]")}, ["a.test"], []),
    "HSTS and UIR": ({"a": host("*:80", "a.test")}, ["a.test"], ["--hsts", "--uir"]),
    "two addresses": ({"a": host("127.0.0.1:80 127.0.0.2:80", "a.test"), "b": host("*:80", "b.test")}, ["a.test"], []),
    "DocumentRoot and more": ({"a": host("*:80", "a.test", "DocumentRoot /nowhere", "DirectoryIndex x.html")}, ["a.test"], []),
}


# name: (sites, names, arguments, what is in ours and not in Certbot's (None: Certbot fails), why)
DIFFERENT = {
    "a pattern": ({"a": host("*:80", "a.test", "ServerAlias *.a.test"), "b": host("*:80", "b.test")}, ["x.a.test"], [],
                  "RewriteCond %{SERVER_NAME} =x.a.test", "names that are not in the certificate are not redirected"),
    "TLS by an alias": ({"a": host("*:80", "a.test"), "s": host("*:443", "x.test", "ServerAlias a.test", *TLS)}, ["a.test"], [],
                        None, "the plain host of a name is found by that name, not only by all names of the TLS host"),
    "a name that the host lacks": ({"a": host("*:80", "a.test")}, ["a.test", "b.test"], [],
                                   None, "the only host is the only one for all names, not for the first one alone"),
    "a pattern in front": ({"a": host("*:80", "x.test", "ServerAlias *.test"), "b": host("*:80", "b.test")}, ["b.test"], [],
                           "", "the host that the server asks is the first one that matches"),
    "a redirect to itself": ({"a": host("*:80", "a.test", "Redirect permanent / https://a.test/")}, ["a.test"], [],
                             "# Redirect permanent / https://a.test/", "a TLS host that redirects to itself is of no use"),
    "characters of two bytes": ({"a": host("*:80", "a.test", "# \u00e9\u00e9\u00e9\u00e9\u00e9") + host("*:80", "b.test")},
                                ["a.test"], [], "", "a copy ends where the host ends"),
    "own options": ({"a": host("*:80", "a.test"), "s": host("*:443", "a.test", *TLS, "SSLProtocol TLSv1.3")}, ["a.test"], [],
                    "", "what the user has set wins"),
}


@pytest.fixture
def pair(area):
    """A certificate of ours for all names of the scenes: that it is known to nobody does not matter here."""
    cert, key = area / "old.pem", area / "old.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                    "-out", cert, "-days", "30", "-subj", "/CN=a.test", "-addext",
                    "subjectAltName=DNS:a.test,DNS:www.a.test,DNS:b.test,DNS:c.test,DNS:x.a.test"],
                   check=True, stderr=subprocess.DEVNULL)
    return cert, key


def alone(argv):
    """Runs it in a network of its own."""
    script = 'ip link set lo up && exec "$@"'
    return subprocess.run(["unshare", "-n", "sh", "-c", script, "sh", *map(str, argv)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400)


def install(program, apache, pair, area, names, args, options):
    cert, key = pair
    for path in (cert, key):
        shutil.copy(path, apache.home / path.name)
    argv = [program, "install", "-n", "--apache", "--cert-path", cert, "--key-path", key, "--fullchain-path", cert,
            *[part for name in names for part in ("-d", name)], *options,
            "--config-dir", area / "c", "--work-dir", area / "w", "--logs-dir", area / "l", *args]
    done = alone(argv)
    apache.stop()
    return done


def options_of(apache, evercert):
    """Certbot knows the ports from elsewhere, and looks for the server's own variables where the wrapper leads."""
    known = apache.options()
    return known if evercert else known[:known.index("--http-01-port")]


def hosts(apache, area):
    """{(addresses, name, aliases): what matters of it} of all hosts that the server reads."""
    found = {}
    for path in sorted((apache.root / "sites-enabled").iterdir()):
        for addresses, body in re.findall(r"<VirtualHost ([^>]*)>\n(.*?)</VirtualHost>", path.read_text(), re.S):
            lines = [" ".join(line.split()) for line in body.splitlines() if line.strip() and not line.strip().startswith("#")]
            aliases = sorted(w for line in lines if line.startswith("ServerAlias ") for w in line.split()[1:])
            name = next((line.split()[1] for line in lines if line.startswith("ServerName ")), None)
            rest = sorted(line.replace(" [OR]", "") for line in lines if not line.startswith("Server"))
            rest = [line.replace(str(apache.home), "HOME").replace(str(area), "AREA") for line in rest]
            found[path.name, addresses, name, tuple(aliases)] = rest
    return found


def play(program, sites, names, args, make_apache_host, pair, area):
    """(exit status, hosts, all text of sites, modules) after an installation."""
    folder = area / ("certbot" if program == CERTBOT else "evercert")
    folder.mkdir()
    modules = [m for m, word in (("ssl", "SSLEngine"), ("socache_shmcb", "SSLEngine"), ("rewrite", "Rewrite")) if word in str(sites)]
    apache = make_apache_host(http=80, https=443, modules=modules)
    for path in pair:
        shutil.copy(path, apache.home / path.name)
    for site, text in sites.items():
        apache.write(site, text)
    done = install(program, apache, pair, folder, names, args, options_of(apache, program != CERTBOT))
    apache.test()
    text = "".join(path.read_text() for path in sorted((apache.root / "sites-enabled").iterdir()))
    return done, hosts(apache, folder), text.replace(str(apache.home), "HOME"), apache.modules()


@pytest.mark.parametrize("scene", SAME)
def test_the_same_hosts(scene, request, make_apache_host, pair, area):
    sites, names, args = SAME[scene]
    theirs, ours = (play(program, sites, names, args, make_apache_host, pair, area)
                    for program in (CERTBOT, request.config.program))
    assert theirs[0].returncode == 0, theirs[0].stdout
    assert ours[0].returncode == 0, ours[0].stdout
    assert ours[1] == theirs[1]
    assert ours[3] == theirs[3]


@pytest.mark.parametrize("scene", DIFFERENT)
def test_what_differs(scene, request, make_apache_host, pair, area):
    """Each is a row of docs/differences-from-certbot.md; one that does not differ any more has no place there."""
    sites, names, args, line, why = DIFFERENT[scene]
    theirs, ours = (play(program, sites, names, args, make_apache_host, pair, area)
                    for program in (CERTBOT, request.config.program))
    assert ours[0].returncode == 0, ours[0].stdout
    assert ours[1] != theirs[1] or ours[2] != theirs[2], why
    if line is None:
        assert theirs[0].returncode == 1, theirs[0].stdout
    elif line:
        assert line in ours[2], why
