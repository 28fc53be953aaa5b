"""Hundreds of command lines, read by a Certbot's parser and by ours (with EVERCERT_DIFFERENTIAL=all by that of 5.5, too): both accept or both refuse, with the same exit status
and the same words, and what they accept is saved for renewal alike. differences.py has what may differ."""
import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import command_lines
import differences

pytestmark = [pytest.mark.ours, pytest.mark.any_compiler]

DRIVER = Path(__file__).parent / "peers" / "certbot_parser.py"
DOCUMENT = Path(__file__).parents[2] / "docs" / "differences-from-certbot.md"
# Of the packaged Certbot's options, those that 5.5 has no more; some belong to a plugin that may not be installed.
GONE = {"--manual-public-ip-logging-ok", "--dns-route53-propagation-seconds", "--certbot-route53:auth-propagation-seconds"}
NEWER = {"--ip-address", "--required-profile", "--preferred-profile", "--eab-hmac-alg", "--run-deploy-hooks"}
CERTBOTS = ["packaged", "newest"] if os.environ.get("EVERCERT_DIFFERENTIAL") == "all" else ["packaged"]


def python_of(program, folder):
    """The interpreter of a Certbot: what its first line names, or what its launcher starts (tools/certbot-new)."""
    lines = Path(program).read_text(errors="replace").splitlines()
    if "python" in lines[0]:
        return lines[0][2:].split()[0]
    started = "\n".join(lines[1:]).replace('"$tree/usr/bin/certbot" ', "").replace('$(readlink -f "$0")', str(Path(program).resolve()))
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{started}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture(scope="module")
def generate(request):
    program = request.config.program.resolve().parent / "src" / "cmd" / "generate"
    if not program.exists():
        pytest.skip("needs a build tree: the program `generate` is not installed")
    return program


@pytest.fixture(scope="module")
def table(generate):
    return json.loads(subprocess.run([generate, "options"], stdout=subprocess.PIPE, check=True).stdout)


@pytest.fixture(scope="module")
def places(session_area, certbot):
    root = session_area / f"differential-{certbot['version']}"
    root.mkdir()
    return command_lines.Places(root)


def environment(home):
    return {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CONFIG_HOME": str(home), "LANG": "C.UTF-8",
            "HTTPS_PROXY": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1",  # nothing gets out
            "ASAN_OPTIONS": "detect_leaks=1:exitcode=99", "UBSAN_OPTIONS": "halt_on_error=1"}


class Compared:
    """One line with both answers; `real`: what the program itself says to a line that Certbot refuses."""

    def __init__(self, line, words, theirs, ours):
        self.line, self.words, self.theirs, self.ours, self.real = line, words, theirs, ours, None

    def __str__(self):
        if self.real:
            return (f"{command_lines.show(self.line)}\n    Certbot:  {self.theirs['exit']} {self.theirs['message']!r}"
                    f"\n    Evercert: {self.real[0]} {self.real[1][-600:]!r}")
        theirs, ours = saved(self.theirs), saved(self.ours)
        return (f"{command_lines.show(self.line)}\n    Certbot:  { {k: v for k, v in theirs.items() if ours.get(k) != v} }"
                f"\n    Evercert: {self.ours['message']!r} { {k: v for k, v in ours.items() if theirs.get(k) != v} }")

    def complaint(self, known):
        theirs, ours = self.theirs, self.ours
        if theirs["exit"] == 0:
            if ours["exit"] != 0:
                return "refused, though Certbot accepts it"
            if "verb" in theirs and theirs["verb"] != ours["verb"]:
                return "another subcommand"
            return "saved differently" if "saved" in theirs and saved(theirs) != saved(ours) else None
        status, text = self.real
        if status == 0:
            return "accepted, though Certbot refuses it"
        if status != theirs["exit"]:
            return "another exit status"
        return None if same_words(theirs["message"], status, text, known) else "other words"


def saved(answer):
    return dict(answer.get("saved", {}), webroot_map=answer.get("webroot_map", {}))


def same_words(message, status, text, known):
    ambiguous = re.fullmatch(r"(ambiguous option: [^ =]+)\S* could match (.*)", message)
    if ambiguous:  # in the order of each one's table, and ours has options that this Certbot does not know yet
        found = re.search(re.escape(ambiguous[1]) + r"\S* could match (.*)", text)
        return bool(found) and sorted(set(found[1].split(", ")) & set(known)) == sorted(ambiguous[2].split(", "))
    # Newer Certbots, and we, name the error by its number and its file, too.
    text, message = (re.sub(r"(Unable to open config file: .*? Error: )\[Errno \d+\] (.*?): '[^']*'", r"\1\2", t) for t in (text, message))
    flat = " ".join(text.split())
    return ("certbot: error: " if status == 2 else "") + " ".join(message.split()) in flat


def ask(argv, env, cwd, all_words):
    told = "".join(json.dumps(words) + "\n" for words in all_words)
    run = subprocess.run(argv, input=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, cwd=cwd)
    assert run.returncode == 0, run.stderr[-4000:]
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.fixture(scope="module", params=CERTBOTS)
def certbot(request, session_area):
    """What a Certbot's parser says of itself, and a function that asks it."""
    program = shutil.which("certbot") if request.param == "packaged" else request.getfixturevalue("certbot_new")
    if program is None:
        pytest.skip("no Certbot to compare with")
    python = python_of(program, session_area)

    def answers(all_words, home):
        return ask([python, "-B", str(DRIVER)], environment(home), home, all_words)

    about = answers([], session_area)[0]
    about["answers"] = answers
    about["is_old"] = int(about["version"].split(".")[0]) < 5
    return about


def with_file(places, number, line):
    """The words of a line, with folders of our own in front and the text of its cli.ini in a file."""
    words = [places.fill(w) for w in line.words]
    if line.ini is not None:
        path = places.root / f"{number}.ini"
        path.write_text(places.fill(line.ini), newline="")
        words = ["-c", str(path)] + words
    return places.dirs(number % 2) + words


@pytest.fixture(scope="module")
def compared(generate, table, places, certbot, request):
    lines = command_lines.from_table(table, certbot["options"]) + command_lines.by_hand()
    all_words = [with_file(places, i, line) for i, line in enumerate(lines)]
    theirs = certbot["answers"](all_words, places.root)[1:]
    ours = ask([generate, "parse"], environment(places.root), places.root, all_words)
    assert len(theirs) == len(ours) == len(lines)
    made = [Compared(*four) for four in zip(lines, all_words, theirs, ours)]

    link = places.root / "certbot"
    link.symlink_to(request.config.program.resolve())

    def really(half):
        for one in half:
            if one.theirs["exit"] != 0:
                run_one(one)

    def run_one(one):
        run = subprocess.run([link, *one.words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, errors="replace", env=environment(places.root), cwd=places.root, timeout=60)
        one.real = run.returncode, run.stderr

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(really, [made[::2], made[1::2]]))  # each half has folders of its own
    return made


@pytest.fixture(scope="module")
def explained(compared, certbot):
    """{name of a difference: [lines]}, and under None what nobody has explained."""
    found = {}
    for one in compared:
        complaint = one.complaint(certbot["options"])
        if complaint:
            name = differences.find(one.line, one.theirs, dict(one.ours, real=one.real), certbot)
            found.setdefault(name, []).append((complaint, one))
    return found


def test_enough_of_everything(compared, table, certbot):
    refused = sum(one.theirs["exit"] != 0 for one in compared)
    assert len(compared) > 800 and refused > 250
    assert {one.theirs["exit"] for one in compared} == {0, 1, 2}
    kept = {key for one in compared if one.theirs["exit"] == 0 and "saved" in one.theirs for key in one.theirs["saved"]}
    known = [o for o in table["options"] if "--" + o["names"][0] in certbot["options"]]
    assert {o["saved"] for o in known if o["saved"]} - kept == set()


def test_options_are_certbots(table, certbot):
    """None of Certbot's is missing, and what it lacks is newer, of a plugin that is not installed, or ours."""
    ours = {"--" + n: o for o in table["options"] for n in o["names"]}
    assert set(n for n in certbot["options"] if n.startswith("--")) - set(ours) == (GONE & set(certbot["options"]) if certbot["is_old"] else set())
    plugins = ("--nginx-", "--apache-", "--dns-")
    assert {n for n, o in ours.items() if n not in certbot["options"] and not n.startswith(plugins) and not o["ours"]} == (
        NEWER if certbot["is_old"] else set())
    shorts = {"-" + letter for o in table["options"] for letter in o["shorts"] or ""}
    assert {n for n in certbot["options"] if not n.startswith("--")} == shorts


def test_lines_agree(explained):
    wrong = explained.get(None, [])
    assert not wrong, f"{len(wrong)} lines:\n" + "\n".join(f"{complaint}: {one}" for complaint, one in wrong[:600])


def test_every_difference_is_needed_and_has_a_reason(explained, certbot):
    rows = re.findall(r"^\| `([\w-]+)` \| .+ \| .+ \| .+ \|$", DOCUMENT.read_text(), re.M)
    assert sorted(rows) == sorted(differences.RULES)
    assert sorted(filter(None, explained)) == sorted(differences.needed(certbot))


def test_files_in_the_usual_places(generate, certbot, area):
    """The user's own cli.ini is read, with less weight than -c and the command line."""
    (area / "letsencrypt").mkdir()
    (area / "letsencrypt" / "cli.ini").write_text("key-type = rsa\nrsa-key-size = 3072\nelliptic-curve = secp384r1\n")
    (area / "more.ini").write_text("rsa-key-size = 4096\n")
    lines = [["certonly"], ["certonly", "-c", str(area / "more.ini")], ["renew", "--key-type", "ecdsa"],
             ["certonly", "--config-dir", str(area / "elsewhere")]]
    theirs = certbot["answers"](lines, area)[1:]
    ours = ask([generate, "parse"], environment(area), area, lines)
    if not certbot["is_old"]:
        assert theirs[1]["saved"].pop("config_dir")  # docs/differences-from-certbot.md
    assert [saved(one) for one in ours] == [saved(one) for one in theirs]
    assert [one["saved"].get("rsa_key_size") for one in ours] == [["3072"], ["4096"], ["3072"], ["3072"]]


# ---- what is asked of the program itself, by its second name ----

@pytest.fixture
def as_certbot(request, area):
    link = area / "certbot"
    link.symlink_to(request.config.program.resolve())

    def run(*words):
        return subprocess.run([link, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env=environment(area), cwd=area, timeout=60)

    return run


def test_version_is_one_that_scripts_can_compare(as_certbot):
    for words in (["--version"], ["certonly", "--version"], ["--versio"]):
        said = as_certbot(*words)
        assert (said.returncode, said.stdout, said.stderr) == (0, "certbot 5.5.0\n", "")


def test_usage_errors_leave_nothing_behind(as_certbot, area):
    before = sorted(area.iterdir())
    said = as_certbot("certonly", "--rsa-key-size", "abc")
    assert said.returncode == 2 and said.stdout == ""
    assert re.fullmatch(r"usage:.*\ncertbot: error: argument --rsa-key-size: invalid int value: 'abc'\n", said.stderr, re.S)
    assert sorted(area.iterdir()) == before


@pytest.mark.parametrize("words", [["help"], ["-h"], ["--help"], ["-h", "bogus"], ["certonly", "-h"], ["-h", "-n"], ["--bogus", "-h"],
                                   ["-nh"], ["--help", "certonly", "--bogus"]])
def test_help_anywhere(as_certbot, words):
    said = as_certbot(*words)
    assert said.returncode == 0 and said.stderr == ""
    assert said.stdout.startswith("\n- - - ") != ("certonly" in words[1:])


@pytest.mark.parametrize("topic", ["all", "automation", "security", "testing", "paths", "manage", "commands", "command", "subcommand",
                                   "subcommands", "verbs", "run", "everything", "certonly", "auth", "renew", "certificates", "revoke",
                                   "delete", "reconfigure", "register", "update_account", "unregister", "show_account", "install",
                                   "enhance", "rollback", "plugins", "standalone", "webroot", "manual", "nginx", "apache"])
def test_topics(as_certbot, topic):
    said = as_certbot("help", topic)
    assert said.returncode == 0 and said.stderr == ""
    assert said.stdout.startswith("usage:"), "the overview instead of a page of its own"


def test_options_are_on_certbots_pages(as_certbot, certbot, area):
    """Who looks for an option on the page where Certbot has it finds it, under both names."""
    pages = ["all", "automation", "security", "testing", "paths", "manage", "run", "certonly", "renew", "certificates", "revoke",
             "delete", "reconfigure", "register", "update_account", "unregister", "show_account", "install", "enhance", "rollback",
             "plugins", "standalone", "webroot", "manual"]

    def names(text):  # those at the beginning of a line, not those that an explanation mentions
        heads = [re.split(r"\s{2,}", line.strip())[0] for line in text.splitlines() if re.match(r"  -", line)]
        return {name for head in heads for name in re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", head)}

    seen = 0
    for page, theirs in zip(pages, certbot["answers"]([["--help", page] for page in pages], area)[1:]):
        if theirs["printed"].lstrip().startswith("- - -"):
            continue  # an older Certbot has no such page
        wanted = names(theirs["printed"]) - GONE - {"--register-unsafely-without-email"}  # on no page of 5.5
        assert wanted - names(as_certbot("--help", page).stdout) == set(), page
        seen += len(wanted)
    assert seen > 200


def test_help_is_no_subcommand_elsewhere(as_certbot):
    said = as_certbot("-n", "help")
    assert said.returncode == 2 and "certbot: error: unrecognized arguments: help" in said.stderr


@pytest.mark.parametrize("name", ["os-packages-only", "no-self-upgrade", "no-bootstrap", "no-permissions-check"])
def test_deprecated_options_warn_even_quiet_runs(as_certbot, places, name):
    said = as_certbot(*places.dirs(0), "certificates", "-q", "--" + name)
    assert (said.returncode, said.stdout) == (0, "")
    assert said.stderr == f"Use of --{name} is deprecated.\n"
