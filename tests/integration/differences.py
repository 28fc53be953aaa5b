"""Where the parser may differ from Certbot's: each name is a row of docs/differences-from-certbot.md, which has the reason.

A rule gets the line, Certbot's answer, ours and what is known of this Certbot, and says whether this is that difference. A
rule that no line needs fails the test, as does one without a row, or a row without a rule.
"""
import re

RULES = {}
OLDER, NEWER = set(), set()  # rules that only older Certbots need, or only 5.5


def differs(name, of=None):
    def keep(rule):
        RULES[name] = rule
        if of is not None:
            of.add(name)
        return rule
    return keep


def needed(certbot):
    """The names of the rules that this Certbot needs."""
    return RULES.keys() - (NEWER if certbot["is_old"] else OLDER)


def find(line, theirs, ours, certbot):
    return next((name for name in RULES if name in needed(certbot) and RULES[name](line, theirs, ours, certbot)), None)


def said(answer):
    """What the program printed, or our parser's message, on one line."""
    return " ".join((answer["real"][1] if answer.get("real") else answer["message"] or "").split())


def status(answer):
    return answer["real"][0] if answer.get("real") else answer["exit"]


@differs("on-off", OLDER)
def on_off(line, theirs, ours, certbot):
    old = "Expecting 'true', 'false', 'yes', 'no', '1' or '0'"
    if not (theirs["message"] or "").endswith(old):
        return False
    named = theirs["message"].replace("'no', '1'", "'no', 'on', 'off', '1'")
    return named in said(ours) or re.search(r"^\S+ = (on|off|2)$", line.ini, re.M) is not None


@differs("false-counts", OLDER)
def false_counts(line, theirs, ours, certbot):
    if theirs["exit"] or ours["exit"] or not re.search(r"= *(no|false|off)$", line.ini or "", re.I | re.M):
        return False
    more = {k: v for k, v in ours["saved"].items() if theirs["saved"].get(k) != v}
    return all(v in (["False"], ["True"]) for v in more.values()) and not set(theirs["saved"]) - set(ours["saved"])


@differs("ambiguous-without-value")
def ambiguous_without_value(line, theirs, ours, certbot):
    found = re.match(r"(ambiguous option: [^ =]+)=", theirs["message"] or "")
    return bool(found) and status(ours) == 2 and found[1] + " could match" in said(ours)


@differs("other-options", OLDER)
def other_options(line, theirs, ours, certbot):
    mine = re.search(r"ambiguous option: \S+ could match (.*)", said(ours))
    its = re.search(r"ambiguous option: \S+ could match (.*)", theirs["message"] or "")
    if mine and not set(mine[1].split(", ")) <= set(certbot["options"]):
        return True  # our table has options that this Certbot does not know yet
    taken_away = ("--manual-public-ip-logging-ok", "--dns-route53-propagation-seconds")
    return bool(its) and any(name in its[1] for name in taken_away)  # and it has some that are gone


@differs("removed-options", OLDER)
def removed_options(line, theirs, ours, certbot):
    return theirs["exit"] == 0 and said(ours).endswith("unrecognized arguments: --manual-public-ip-logging-ok")


@differs("odd-bytes")
def odd_bytes(line, theirs, ours, certbot):
    return theirs["exit"] == 0 and said(ours).endswith("contains a character that no domain name has.")


@differs("bare-key-comment")
def bare_key_comment(line, theirs, ours, certbot):
    return re.fullmatch(r"[\w-]+ #.*", line.ini or "") is not None


@differs("server-roots")
def server_roots(line, theirs, ours, certbot):
    if theirs["exit"] or ours["exit"]:
        return False
    changed = {k for k in theirs["saved"].keys() | ours["saved"].keys() if theirs["saved"].get(k) != ours["saved"].get(k)}
    return bool(changed) and all(re.fullmatch(r"(nginx|apache)_.*_(root|location)|dns_.*_credentials", k)
                                 and k in theirs["saved"] and k in ours["saved"] and not theirs["saved"][k][0].startswith("/")
                                 and ours["saved"][k][0].startswith("/")
                                 for k in changed)


@differs("no-crash")
def no_crash(line, theirs, ours, certbot):
    return theirs.get("unexpected", False) and "unexpected" not in said(ours)


@differs("number-range")
def number_range(line, theirs, ours, certbot):
    return theirs["exit"] == 0 and ours["exit"] == 2 and "value must be between" in ours["message"]


@differs("verbose-level")
def verbose_level(line, theirs, ours, certbot):
    return theirs["exit"] == 0 and "argument --verbose-level: invalid int value" in said(ours)


@differs("said-early")
def said_early(line, theirs, ours, certbot):
    early = ("Unsupported RSA key length", "The server '", "belong together: one is missing", "cannot be used as a lineage name")
    return theirs["exit"] == 0 and ours["exit"] == 1 and any(text in said(ours) for text in early)


@differs("empty-challenge")
def empty_challenge(line, theirs, ours, certbot):
    return theirs["exit"] == 0 and said(ours).endswith("Unrecognized challenges:")


@differs("stolen-value")
def stolen_value(line, theirs, ours, certbot):
    return (theirs["message"] or "").endswith("expected one argument") and line.words[-1] in ("certonly", "renew", "run")


@differs("webroot-map-shape")
def webroot_map_shape(line, theirs, ours, certbot):
    return theirs["exit"] == 1 and status(ours) == 2 and "argument --webroot-map:" in said(ours)


@differs("renew-hook-alias", OLDER)
def renew_hook_alias(line, theirs, ours, certbot):
    return re.search(r"conflicts with --(renew|deploy)-hook value", theirs["message"] or "") is not None


@differs("newer-words", OLDER)
def newer_words(line, theirs, ours, certbot):
    new = {"Inconsistent domain requests:": "Inconsistent requests:", "all domain flags": "all --domain and --ip-address flags",
           "needs to have a SubjectAltName for every domain": "SubjectAltName for every domain or IP address"}
    return any(a in (theirs["message"] or "") and b in said(ours) for a, b in new.items()) and status(ours) == theirs["exit"]


@differs("line-numbers")
def line_numbers(line, theirs, ours, certbot):
    found = re.match(r"Unexpected line (\d+) ", theirs["message"] or "")
    return bool(found) and f"Unexpected line {int(found[1]) + 1} " in said(ours)


@differs("list-advice")
def list_advice(line, theirs, ours, certbot):
    found = re.match(r"\S+ can't be set to a list", theirs["message"] or "")
    return bool(found) and status(ours) == 2 and found[0] in said(ours)


@differs("empty-name", OLDER)
def empty_name(line, theirs, ours, certbot):
    return theirs["exit"] == 0 and said(ours).endswith("Requested domain is not a FQDN because it contains an empty label.")


@differs("account-of-another", OLDER)
def account_of_another(line, theirs, ours, certbot):
    if theirs["exit"] or ours["exit"] or not {"--dry-run", "--staging", "--test-cert"} & set(line.words):
        return False
    return theirs["saved"].keys() - ours["saved"].keys() == {"account"}


@differs("glued-value", NEWER)
def glued_value(line, theirs, ours, certbot):
    return (theirs["message"] or "").startswith("unrecognized arguments: -") and "ignored explicit argument" in said(ours)


@differs("unknown-algorithm", NEWER)
def unknown_algorithm(line, theirs, ours, certbot):
    return theirs["exit"] == 0 and status(ours) == 2 and "argument --eab-hmac-alg: invalid choice" in said(ours)
