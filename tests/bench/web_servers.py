"""Installing certificates into nginx and Apache: small and large configurations, ours and Certbot's.

The server's program is called by way of a script that notes what each call cost, so that the client's own share can be
told from the server's: the configuration test alone takes longer than all else.
"""
import os
import re
import shutil
from dataclasses import dataclass

import certs
import measure
from peers.apache_host import ApacheHost
from peers.nginx_host import NginxHost

NGINX_SITE = """\
server {{
    listen HTTP;
    server_name {first} {more};
    root HOME/www;

    location / {{
        try_files $uri $uri/ =404;
    }}
}}
"""

APACHE_SITE = """\
<VirtualHost *:HTTP>
    ServerName {first}
    ServerAlias {more}
    DocumentRoot HOME/www
</VirtualHost>
"""

# Runs the program behind it, and writes a line: microseconds of wall, the CPU of all of it, and the words of the call.
CLOCK = """\
#!/bin/bash
before=$EPOCHREALTIME
{program} "$@"
status=$?
after=$EPOCHREALTIME
times >{log}.times
echo "$(( ${{after/./}} - ${{before/./}} ))" $(<{log}.times) "$*" >>{log}
exit $status
"""


@dataclass
class Installed:
    wall: float    # seconds of all of it
    own: float     # seconds of CPU, but for the server's programs
    calls: list    # words of each call of the server's program
    server: float  # seconds of wall in these calls

    def tests(self):
        return sum(words.endswith(("-t", "configtest")) for words in self.calls)

    def reloads(self):
        return sum(words.endswith(("-s reload", "graceful", "restart")) for words in self.calls)


def cpu_seconds(text):
    minutes, seconds = re.fullmatch(r"(\d+)m([\d.]+)s", text).groups()
    return 60 * int(minutes) + float(seconds)


class Site:
    """A server of one kind with its sites, and how a client is told to install there."""

    def __init__(self, kind, home):
        self.kind, self.home = kind, home
        if kind == "nginx":
            self.host, self.template = NginxHost(home), NGINX_SITE
        else:
            self.host, self.template = ApacheHost(home, modules=("ssl", "socache_shmcb", "rewrite", "headers")), APACHE_SITE
        self.clock, self.log = home / "clock", home / "clock.log"
        self.clock.write_text(CLOCK.format(program=self.host.control, log=self.log))
        self.clock.chmod(0o755)

    def fill(self, names, files, aliases=1):
        """Hosts with a name of its own each, and with `aliases` more below it, in so many files. Returns all names."""
        of_file, everything = -(-len(names) // files), []
        for number, first in enumerate(range(0, len(names), of_file)):
            text = ""
            for name in names[first:first + of_file]:
                more = [f"www{i or ''}.{name}" for i in range(aliases)]
                everything += [name, *more]
                text += self.template.format(first=name, more=" ".join(more))
            self.host.write(f"site{number:04}", text)
        return everything

    def command(self, client, pair, names):
        options = [self.clock if word == self.host.control else word for word in self.host.options()]
        domains = [word for name in names for word in ("-d", name)]
        return [*client.base("install"), "-n", f"--{self.kind}", *options, *domains, "--cert-path", pair[0], "--fullchain-path",
                pair[0], "--key-path", pair[1]]

    def install(self, client, pair, names):
        """Installed, of one run."""
        self.log.unlink(missing_ok=True)
        env = client.env()
        cost = measure.run(self.command(client, pair, names), env={**env, "PATH": env["PATH"] + ":/usr/sbin"}, cwd=client.home)
        calls, wall, cpu = [], 0.0, 0.0
        for line in self.log.read_text().splitlines() if self.log.exists() else []:
            took, *times, words = line.split(maxsplit=5)
            calls.append(words)
            wall += int(took) / 1e6
            cpu += sum(cpu_seconds(text) for text in times)
        return Installed(cost.wall, cost.cpu - cpu, calls, wall)

    def repeat(self, client, pair, names):
        """The same once more. Ours has to leave everything as it is."""
        before = self.host.snapshot()
        run = self.install(client, pair, names)
        if client.name == "evercert" and (run.reloads() or self.host.snapshot() != before):
            raise RuntimeError(f"{self.kind}: an installation that changes nothing has changed something: {run.calls}")
        return run


def make_pair(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    cert, key = folder / "cert.pem", folder / "key.pem"
    certs.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
                  "-days", "30", "-subj", "/CN=" + names[0], "-addext", "subjectAltName=" + ",".join("DNS:" + n for n in names))
    return cert, key


def one_of_many(kind, client, area, hosts, files):
    """[(words, Installed)]: one name into so many virtual hosts, and the same again."""
    site = Site(kind, area)
    site.fill([f"n{i}.test" for i in range(hosts)], files)
    pair = make_pair(area / "pair", ["n7.test"])
    where = f"{hosts} hosts in {files} file{'s' if files > 1 else ''}"
    try:
        site.host.start()
        first = site.install(client, pair, ["n7.test"])
        again = [site.repeat(client, pair, ["n7.test"]) for _ in range(3)]
        again.sort(key=lambda run: run.wall)
        return [(f"one name, {where}", first), (f"again, {where}", again[1])]
    finally:
        site.host.stop()


def many_names(kind, client, area, hosts, files, aliases):
    site = Site(kind, area)
    names = site.fill([f"n{i}.test" for i in range(hosts)], files, aliases)
    pair = make_pair(area / "pair", names)
    try:
        site.host.start()
        words = f"{len(names)} names, {files} files"
        return [(words, site.install(client, pair, names)), (f"{words}, again", site.repeat(client, pair, names))]
    finally:
        site.host.stop()


def show(kind, rows, seconds):
    print(f"\n### Installing into {kind}\n\n| client | what | wall | own CPU | tests | reloads | wall of the server's programs |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for name, what, run in rows:
        print(f"| {name} | {what} | {seconds(run.wall)} | {seconds(run.own)} | {run.tests()} | {run.reloads()} | {seconds(run.server)} |",
              flush=True)


def measure_kind(kind, report, pair_of_clients, area, trust, seconds, quick):
    ours, theirs = pair_of_clients[0], pair_of_clients[1:]
    hosts = 200 if quick else 5000
    rows, number = [], 0

    def run(client, work, *sizes):
        nonlocal number
        number += 1
        client_ = client[0](client[1], None, area / f"{kind}-client-{number}", trust)
        done = work(kind, client_, area / f"{kind}-{number}", *sizes)
        rows.extend((client_.name, *row) for row in done)
        return [row[1] for row in done]

    small = [run(client, one_of_many, 20, 20)[0] for client in (ours, *theirs)]
    ten = [run(client, many_names, 10, 10, 1)[0] for client in (ours, *theirs)]
    in_one = run(ours, one_of_many, hosts, 1)[0]
    in_many = run(ours, one_of_many, hosts, hosts)[0]
    wide = run(ours, many_names, 125, 75, 1)[0]
    show(kind, rows, seconds)
    report.budget(f"{kind}: one name into {hosts} hosts in one file, own CPU", in_one.own, 0.1, seconds)
    report.budget(f"{kind}: one name into {hosts} hosts in a file each, own CPU", in_many.own, 0.1, seconds)
    report.budget(f"{kind}: 250 names over 75 files, wall", wide.wall, 2, seconds)
    for what, (own, *others) in (("one name into 20 hosts", small), ("20 names over 10 files", ten)):
        if others:
            report.budget(f"{kind}: {what}, wall, of certbot's", own.wall / others[0].wall, 1 / 2)


def web_servers(report, pair_of_clients, area, trust, seconds, quick):
    """Ours, and Certbot's on small sizes: it is slow."""
    if shutil.which("nginx", path="/usr/sbin:/usr/bin") is not None:
        measure_kind("nginx", report, pair_of_clients, area, trust, seconds, quick)
    if os.path.exists("/usr/sbin/apache2"):
        measure_kind("apache", report, pair_of_clients, area, trust, seconds, quick)
