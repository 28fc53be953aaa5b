#!/usr/bin/python3
"""Measures Evercert against the clients that the system packages, on the same CA in the same run, in ratios.

    bench.py PATH-OF-EVERCERT [--rounds N] [--quick] [--most LINEAGES] [--only PART]

Runs take turns, so that a busy moment of the machine meets all of them; medians are shown. The CA is Pebble without
sleeps and without refused nonces. Exit status 0 whatever the figures are: a slow machine is no defect.
"""
import argparse
import ctypes
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]
sys.dont_write_bytecode = True

import certs  # noqa: E402
import clients  # noqa: E402
import measure  # noqa: E402
from fleet import Fleet  # noqa: E402
from name_servers import one_wildcard  # noqa: E402
from own_network import own_network  # noqa: E402
from peers.nginx import Nginx  # noqa: E402
from peers.pebble import Pebble, find_programs  # noqa: E402
from stores import LargeFleet, repeat_lineages  # noqa: E402
import spread  # noqa: E402
from waits import make_waiting  # noqa: E402
from web_servers import web_servers  # noqa: E402

numbers = itertools.count()
SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
RESOLV_CONF = Path("/etc/resolv.conf")
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18


def trust_everywhere(ca):
    """Makes the test CA the one root of the system, for us and our children only: a mount of our own over the bundle.

    uacme's TLS library takes no other bundle; and so everybody loads the same one root. False: not allowed here.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    CLONE_NEWNS = 0x20000
    return (SYSTEM_BUNDLE.exists() and libc.unshare(CLONE_NEWNS) == 0
            and libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0
            and libc.mount(os.fsencode(ca), os.fsencode(SYSTEM_BUNDLE), None, MS_BIND, None) == 0)


def resolve_nowhere(area):
    """In the mounts of our own: who asks the system's resolvers is told at once that there are none."""
    conf = area / "resolv.conf"
    conf.write_text("nameserver 127.53.53.53\n")
    ctypes.CDLL(None).mount(os.fsencode(conf), os.fsencode(RESOLV_CONF), None, MS_BIND, None)


def fresh_name(who):
    return f"n{next(numbers)}.{who}.test"


def seconds(value):
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def mebi(value):
    return f"{value / 1048576:.1f} MiB"


def median(costs, field):
    return statistics.median(getattr(cost, field) for cost in costs)


def take_turns(commands, rounds, memory=False, check=True):
    """{name: function that gives a command and its surroundings} -> {name: [Cost]}; the first round only warms up."""
    costs = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, make in commands.items():
            argv, contender = make()
            cost = measure.run(argv, env=contender.env(), cwd=contender.home, memory=memory, check=check)
            if turn:
                costs[name].append(cost)
    return costs


class Report:
    """Lines of a Markdown table, and the budgets with what became of them."""

    def __init__(self):
        self.verdicts = []

    def table(self, title, costs, fields, notes=None):
        ours = costs["evercert"]
        shown = {"wall": ("wall", seconds), "cpu": ("CPU", seconds), "pss": ("peak PSS", mebi), "rss": ("peak RSS", mebi)}
        print(f"\n### {title}\n")
        print("| client | " + " | ".join(f"{shown[f][0]} | evercert is" for f in fields) + " |")
        print("| --- |" + " ---: | ---: |" * len(fields))
        for name, theirs in costs.items():
            cells = []
            for field in fields:
                value, own = median(theirs, field), median(ours, field)
                cells += [shown[field][1](value), "" if name == "evercert" else ratio(own, value)]
            print(f"| {name} | " + " | ".join(cells) + " |")
        if notes:
            print(f"\n{notes}")
        sys.stdout.flush()

    def budget(self, what, value, limit, show=lambda v: f"1/{1 / v:.1f}"):
        self.verdicts.append((what, value, limit, show))

    def conclude(self):
        print("\n### Budgets\n\n| budget | at most | measured | |\n| --- | ---: | ---: | --- |")
        for what, value, limit, show in self.verdicts:
            word = "met" if value < limit else f"**missed** by {100 * (value / limit - 1):.0f} %"
            print(f"| {what} | {show(limit)} | {show(value)} | {word} |")


def ratio(ours, theirs):
    if ours <= 0 or theirs <= 0:
        return "-"
    return f"1/{theirs / ours:.1f}" if ours <= theirs else f"{ours / theirs:.1f} times"


def share(costs, peer, field="wall"):
    return median(costs["evercert"], field) / median(costs[peer], field)


def times(value):
    return f"{value:.2f} times"


def start_up(report, contenders, rounds):
    commands = {c.name: (lambda c=c: (c.version(), c)) for c in contenders}
    costs = take_turns(commands, rounds * 4, check=False)  # uacme --version exits with 2
    report.table("Start-up (`--version`)", costs, ["wall", "cpu"])
    if "certbot" in costs:
        report.budget("start-up, wall, of certbot's", share(costs, "certbot"), 1 / 50)


def issue_one(report, contenders, rounds):
    commands = {c.name: (lambda c=c: (c.issue(fresh_name(c.name)), c)) for c in contenders}
    costs = take_turns(commands, rounds)
    sizes = take_turns(commands, 3, memory=True)
    for name in costs:
        for cost, size in zip(costs[name], itertools.cycle(sizes[name])):
            cost.pss, cost.rss = size.pss, size.rss
    report.table("One certificate by http-01", costs, ["wall", "cpu", "pss", "rss"],
                 "Account made beforehand. certbot, lego and evercert answer the challenge themselves, uacme and dehydrated"
                 " through nginx, whose cost is not counted. Memory: sums over all processes of the client, sampled every"
                 f" {measure.EVERY_S * 1000:.0f} ms in runs of their own; PSS divides shared pages among those who share"
                 " them, RSS counts them for each.")
    if "certbot" in costs:
        report.budget("one certificate, wall, of certbot's", share(costs, "certbot"), 1 / 10)
    if "uacme" in costs:
        for field, word in (("wall", "wall"), ("pss", "memory (PSS)"), ("rss", "memory (RSS)")):
            report.budget(f"one certificate, {word}, of uacme's", share(costs, "uacme", field), 1, times)


def issue_by_dns(report, programs, ca_programs, area, trust, rounds):
    costs = one_wildcard(report, programs, ca_programs, area, trust, rounds, take_turns)
    for peer, limit, show in (("certbot", 1 / 10, None), ("lego", 1, times)):
        if peer in costs:
            report.budget(f"one wildcard by RFC 2136, wall, of {peer}'s", share(costs, peer), limit, *([show] if show else []))


def fill(contender, count, days_left, prefix):
    fleet = Fleet(contender.config, contender.ca.url, contender.account(), contender.ca.http_port, one_key=count > 2000)
    return fleet.add_many(count, days_left, prefix)


def fresh(cls, program, ca, home, trust):
    contender = cls(program, ca, home, trust)
    contender.prepare()
    return contender


def idle(report, pair, ca, area, trust, rounds, count):
    """Lists `count` lineages, and looks which of them are due: none."""
    contenders = [fresh(cls, program, ca, area / f"idle-{cls.name}", trust) for cls, program in pair]
    for contender in contenders:
        fill(contender, count, 80, "idle")
    rounds = max(2, rounds // 2)
    for title, verb in ((f"`certificates` over {count} lineages", "certificates"),
                        (f"`renew` over {count} lineages, nothing due", "renew")):
        costs = take_turns({c.name: (lambda c=c: (getattr(c, verb)(), c)) for c in contenders}, rounds)
        report.table(title, costs, ["wall", "cpu"])
        if "certbot" in costs:
            report.budget(f"{title}, wall, of certbot's", share(costs, "certbot"), 1 / 50)


def forget_checked(contender):
    for name in ("checked", "listed"):
        (contender.home / "work" / name).unlink(missing_ok=True)


def grow(contender, verb, size):
    """One line of the growth table: (words, lineages, Cost), the quicker of two runs and the memory of a third."""
    def run(**more):
        return measure.run(getattr(contender, verb)(), env=contender.env(), cwd=contender.home, **more)

    cost = min((run() for _ in range(2)), key=lambda c: c.wall)
    sampled = run(memory=True)
    cost.pss, cost.rss = sampled.pss, sampled.rss
    return verb.replace("_", " "), size, cost


def show_growth(rows):
    print("\n### Growth (evercert alone, the quicker of two)\n\n| command | lineages | wall | CPU | wall for each | peak RSS |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for words, size, cost in rows:
        each = "" if words == "renew one" else f"{cost.wall / size * 1e6:.0f} us"
        print(f"| {words} | {size} | {seconds(cost.wall)} | {seconds(cost.cpu)} | {each} | {mebi(cost.rss) if cost.rss else ''} |")
    sys.stdout.flush()


def large(report, evercert, ca, area, trust, count):
    """Ours alone, on stores of a tenth of `count` and of all: the time should grow as the number does, the memory should not."""
    contender = fresh(evercert[0], evercert[1], ca, area / "large", trust)
    fleet = LargeFleet(contender.config, ca.url, contender.account(), ca.http_port)
    made, rows = 0, []
    for size in (count // 10, count):
        begin = time.monotonic()
        fleet.add_many(size - made, 80, f"l{size:07}-")
        made = size
        print(f"({size} lineages made, {time.monotonic() - begin:.0f} s)", file=sys.stderr)
        forget_checked(contender)
        first = measure.run(contender.certificates(), env=contender.env(), cwd=contender.home)
        rows.append(("certificates, nothing checked before", size, first))
        rows += [grow(contender, verb, size) for verb in ("certificates", "status", "renew")]
        if size <= 10_000:
            rows += [grow(contender, verb, size) for verb in ("doctor", "renew_one")]
    show_growth(rows)
    for verb, wall in (("certificates", 10), ("status", 10), ("renew", 5)):
        small, large = (cost for words, _, cost in rows if words == verb)
        report.budget(f"`{verb}`, CPU for each of {count} lineages, of that for each of {count // 10}",
                      large.cpu / small.cpu / 10, 1.5, times)
        if count == 100_000:
            report.budget(f"`{verb}` over {count}, wall", large.wall, wall, seconds)
            report.budget(f"`{verb}` over {count}, memory (RSS)", large.rss, 100 * 1048576, mebi)


def newer_certbot(report, evercert, ca, area, trust, rounds, count):
    """A store that the newer Certbot made, listed by it and by us."""
    found = subprocess.run([HERE.parent.parent / "tools" / "certbot-new"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if found.returncode != 0:
        print(f"\n(the newer Certbot is left out: {found.stderr.strip()[-300:]})")
        return
    certbot = fresh(clients.Certbot, found.stdout.strip(), ca, area / "newer", trust)
    names = [fresh_name("newer") for _ in range(3)]
    for name in names:
        certbot.once(certbot.issue(name))
    repeat_lineages(certbot.config, names, count)
    time.sleep(4)  # what was changed a moment ago is read each time
    ours = evercert[0](evercert[1], ca, area / "newer-evercert", trust)
    ours.config, ours.home = certbot.config, certbot.home
    costs = take_turns({c.name: (lambda c=c: (c.certificates(), c)) for c in (ours, certbot)}, rounds)
    said = subprocess.run([certbot.program, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout.strip()
    report.table(f"`certificates` over {count} lineages that {said} made", costs, ["wall", "cpu"])
    report.budget(f"listing {count} lineages of {said}, wall, of its", share(costs, "certbot"), 1 / 50)


def renew_due(cls, program, ca, home, trust, number, memory):
    contender = fresh(cls, program, ca, home, trust)
    names = fill(contender, number, 5, "due")
    cost = measure.run(contender.renew(), env=contender.env(), cwd=contender.home, memory=memory)
    done = [n for n in names if (contender.config / "archive" / n / "cert2.pem").exists()]
    if len(done) != number:
        raise RuntimeError(f"{cls.name} renewed {len(done)} of {number}")
    return cost


def many_due(report, pair, ca, area, trust, count, theirs):
    """`count` certificates due; certbot gets `theirs` and is scaled. Memory is sampled in a run of its own, which it slows."""
    costs, notes = {}, ""
    for cls, program in pair:
        number = theirs if cls is clients.Certbot else count
        cost, sampled = (renew_due(cls, program, ca, area / f"due-{cls.name}-{memory}", trust, number, memory)
                         for memory in (False, True))
        cost.pss, cost.rss = sampled.pss, sampled.rss
        if number != count:
            notes = f"certbot renewed {number} in {seconds(cost.wall)}; its times are scaled by {count / number:.0f}."
            cost.wall *= count / number
            cost.cpu *= count / number
        costs[cls.name] = [cost]
    report.table(f"`renew`, {count} due", costs, ["wall", "cpu", "pss", "rss"], notes)
    if "certbot" in costs:
        report.budget(f"{count} due, wall, of certbot's", share(costs, "certbot"), 1 / 50)
        report.budget(f"{count} due, wall, of certbot's (aim for 1,000)", share(costs, "certbot"), 1 / 100)
    each = costs["evercert"][0].cpu / count
    report.budget("CPU for each renewed certificate (P-256)", each, 0.010, seconds)


def many_waiting(report, evercert, ca, area, trust, count):
    """`count` certificates due, of a plugin that waits a minute for each, as for name servers."""
    contender = fresh(evercert[0], evercert[1], ca, area / "waiting", trust)
    deployed = area / "deployed"
    names = make_waiting(contender, count, 60, deployed)
    cost = measure.run(contender.renew(), env=contender.env(), cwd=contender.home)
    if deployed.read_text().split() != names:
        raise RuntimeError("not all were renewed, or their deploy hooks did not run in the order of names")
    report.table(f"`renew`, {count} due whose proofs wait 60 s each, with a deploy hook", {"evercert": [cost]}, ["wall", "cpu"])
    report.budget(f"{count} due that wait 60 s each, wall", cost.wall, 180, seconds)


def many_wildcards(report, program, area, count, late):
    """`count` wildcard orders by RFC 2136, each of whose records one of two name servers takes over `late` seconds late."""
    if os.geteuid() != 0:
        print("\n(wildcards whose name server is late left out: a network of their own takes root)")
        return
    home = area / "spread"
    home.mkdir()
    with own_network():
        got = spread.run(program, count, late, 8, home)
    if got.done != count:
        raise RuntimeError(f"{got.done} of {count} were renewed:\n{got.failures()}")
    print(f"\n### `renew`, {count} wildcards by RFC 2136, each record {late} s late at one of two name servers, eight jobs\n\n"
          f"{seconds(got.wall)}; {got.questions} questions at that server", flush=True)
    report.budget(f"{count} wildcards whose name server is {late} s late, wall", got.wall, 180, seconds)


def versions(programs):
    for name, program in programs:
        said = subprocess.run([program, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
        line = next((line for line in said.splitlines() if "ersion" in line or line.startswith(("certbot", "evercert"))), "?")
        print(f"- {name}: {line.strip().lstrip('# ')}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it works")
    parser.add_argument("--most", type=int, default=100_000, help="lineages of the growth measurement; 0: leave it out")
    parser.add_argument("--only", choices=("peers", "dns", "growth", "newer", "waits", "spread", "web"), help="one part of it")
    options = parser.parse_args()
    rounds = 2 if options.quick else options.rounds
    many, due, theirs, most = (50, 10, 2, 1000) if options.quick else (1000, 200, 10, options.most)
    program = Path(options.program).resolve()

    area = Path(tempfile.mkdtemp(prefix="evercert-bench-"))
    area.chmod(0o755)
    servers = []
    try:
        trust = certs.make_trust(area / "trust")
        webroot = area / "www"
        webroot.mkdir()
        programs = find_programs("old", HERE.parent.parent / "tools")
        standalone_ca = Pebble(area / "pebble", programs, trust).start()
        servers.append(standalone_ca)
        webroot_ca = Pebble(area / "pebble-webroot", programs, trust).start()
        servers.append(webroot_ca)
        servers.append(Nginx(area / "nginx", webroot_ca.http_port, {"any.test": webroot}).start())

        peers = clients.installed()
        if not trust_everywhere(trust.ca):
            print("(uacme left out: making it trust the test CA takes root)\n")
            peers = [(peer, path) for peer, path in peers if peer is not clients.Uacme]
        else:
            resolve_nowhere(area)
        print(f"## Evercert against its peers\n\n{measure.machine()}\n")
        versions([("evercert", str(program)), *((peer.name, path) for peer, path in peers)])
        contenders = []
        for cls, path in [(clients.Evercert, program), *peers]:
            own = cls not in (clients.Uacme, clients.Dehydrated)
            contenders.append(cls(path, standalone_ca if own else webroot_ca, area / f"home-{cls.name}", trust,
                                  webroot=None if own else webroot))
            contenders[-1].prepare()
        pair = [(clients.Evercert, program)] + [(cls, path) for cls, path in peers if cls is clients.Certbot]

        report = Report()
        if options.only in (None, "peers"):
            start_up(report, contenders, rounds)
            issue_one(report, contenders, rounds)
            idle(report, pair, standalone_ca, area, trust, rounds, many)
            many_due(report, pair, standalone_ca, area, trust, due, theirs)
        if options.only in (None, "dns"):
            issue_by_dns(report, [*pair, *((cls, path) for cls, path in peers if cls is clients.Lego)], programs, area, trust, rounds)
        if options.only in (None, "newer") and not options.quick:
            newer_certbot(report, pair[0], standalone_ca, area, trust, rounds, many)
        if options.only in (None, "growth") and most >= 1000 and program.name != "certbot":
            large(report, pair[0], standalone_ca, area, trust, most)
        if options.only in (None, "waits") and not options.quick:
            lenient_ca = Pebble(area / "pebble-lenient", programs, trust, always_valid=True).start()
            servers.append(lenient_ca)
            many_waiting(report, pair[0], lenient_ca, area, trust, 1000)
        if options.only in (None, "spread"):
            many_wildcards(report, program, area, *((20, 5) if options.quick else (1000, 60)))
        if options.only in (None, "web"):
            web_servers(report, pair, area, trust, seconds, options.quick)
        report.conclude()
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(area, ignore_errors=True)


if __name__ == "__main__":
    main()
