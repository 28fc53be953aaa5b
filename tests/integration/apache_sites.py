"""Sites for a played Apache, and the installing of certificates that no CA has issued."""
import re
import subprocess

from cryptography import x509

SITE = """\
<VirtualHost *:HTTP>
    ServerName NAME
    ServerAlias www.NAME
    DocumentRoot HOME/www
    # caf\u00e9 \u00e9\u00e9\u00e9
</VirtualHost>
"""


def site(name, more=""):
    text = SITE.replace("NAME", name)
    return text.replace("</VirtualHost>", f"{more}</VirtualHost>") if more else text


def redirects(apache, name):
    status, headers, _ = apache.get(name, "/x")
    return status == 301 and headers["Location"] == f"https://{name}/x"


def rollback(client, apache, count):
    client.run("rollback", "--apache", "--checkpoints", count, *apache.options())
    apache.test()


def own_pair(area, names):
    """A certificate of nobody's for any names."""
    cert, key = area / "own.pem", area / "own.key"
    san = ",".join(("IP:" if re.fullmatch(r"[0-9.]+|.*:.*", name) else "DNS:") + name for name in names)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                    "-out", cert, "-days", "30", "-subj", "/CN=own", "-addext", f"subjectAltName={san}"],
                   check=True, stderr=subprocess.DEVNULL)
    return ["--cert-path", cert, "--key-path", key, "--fullchain-path", cert], x509.load_pem_x509_certificate(cert.read_bytes())


def install_own(client, apache, area, names, *args, **more):
    paths, cert = own_pair(area, names)
    asked = [p for n in names for p in (("--ip-address", n) if re.fullmatch(r"[0-9.]+|.*:.*", n) else ("-d", n))]
    done = client.run("install", "-n", "--apache", *paths, *asked, *apache.options(), *args, **more)
    apache.test()
    return done, cert


def shows(apache, name, cert, **more):
    return x509.load_der_x509_certificate(apache.certificate(name, **more)) == cert
