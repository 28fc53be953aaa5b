#include "preflight/rules.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "preflight/finding.h"
#include "preflight/judge.h"

#define CLOCK_NOTE_S 300
#define CLOCK_WARNING_S 3600

const char *rules_extended_error(int code)
{
    /* RFC 8914 section 4, and the registry. */
    static const char *const words[] = {
        [1] = "the keys of the zone are of a kind that is not supported",
        [2] = "a DS record is of a kind that is not supported",
        [6] = "the signatures do not fit",
        [7] = "a signature has expired",
        [8] = "a signature is not valid yet",
        [9] = "no key of the zone fits the DS record of the zone above",
        [10] = "signatures are missing",
        [11] = "a key lacks the mark of a zone's key",
        [12] = "the proof that there is no such name or record is missing",
        [13] = "it failed a moment ago, and is not asked again yet",
        [15] = "the resolver was told to block this name",
        [16] = "the resolver blocks this name",
        [17] = "the resolver filters this name",
        [18] = "the resolver does not answer this machine",
        [20] = "the server is not responsible for this name",
        [22] = "no name server of the zone can be reached",
        [23] = "the network to a name server of the zone fails",
        [24] = "a name server of the zone gives an answer that makes no sense",
    };

    return code >= 0 && (size_t)code < COUNT(words) && words[code] != NULL ? words[code] : "";
}

enum preflight_severity judge_certain(const struct judge *judge, bool confirmed)
{
    return judge->around->ca_is_public && confirmed ? PREFLIGHT_FAILURE : PREFLIGHT_WARNING;
}

const char *judge_name(const struct judge *judge)
{
    return judge->facts->identifier->value;
}

static bool is_served(const struct facts *facts)
{
    return facts->type != CHALLENGE_OTHER && (challenge_kind_of(facts->type) == CHALLENGE_FILE ||
                                                 challenge_kind_of(facts->type) == CHALLENGE_CERTIFICATE);
}

/* ---- whether there is a proof at all ---- */

static void rule_possible(const struct judge *judge)
{
    AUTO(free) char *types = list_join(judge->around->request->types, ", ");
    struct say say = { .severity = judge_certain(judge, true), .name = judge_name(judge) };

    if (judge->facts->type != CHALLENGE_OTHER)
        return;
    if (identifier_is_wildcard(judge->facts->identifier)) {
        say.code = "wildcard-needs-dns";
        say.why = "CAs take a DNS record alone as a proof for a wildcard";
        say.remedy = "choose a DNS plugin, or --manual, for this certificate";
    } else if (judge->facts->identifier->type == IDENTIFIER_IP) {
        say.code = "address-needs-server";
        say.why = "an IP address has no DNS records by which it could be proved (RFC 8738)";
        say.remedy = "choose an authenticator with http-01 or tls-alpn-01: --standalone, --webroot, --nginx, --apache";
    } else {
        return;
    }
    finding_addf(judge->out, &say, "these settings prove by %s alone, which is not possible for it", types);
}

/* ---- DNS ---- */

/* The lookup of it that fails because of DNSSEC; NULL: none does. */
static const struct lookup *bogus_of(const struct facts *facts)
{
    const struct lookup *lookups[] = { &facts->v4, &facts->v6, &facts->caa, &facts->proof_zone };

    for (size_t i = 0; i < COUNT(lookups); i++)
        if (lookups[i]->bogus)
            return lookups[i];
    return NULL;
}

static void rule_dnssec(const struct judge *judge)
{
    const struct lookup *bogus = bogus_of(judge->facts);
    const char *cause = bogus == NULL ? "" : rules_extended_error(bogus->ede);
    const struct say say = {
        .code = "dnssec-bogus",
        .severity = PREFLIGHT_WARNING,
        .name = judge_name(judge),
        .why = "CAs check DNSSEC, and take an answer that fails the check for none",
        .remedy = "have the zone signed anew, and compare its keys with the DS record of the zone above; where DNSSEC "
                  "is "
                  "not wanted, remove the DS record",
    };

    if (bogus != NULL)
        finding_addf(judge->out, &say, "the resolver refuses its records because DNSSEC is broken%s%s%s",
            cause[0] != '\0' ? " (" : "", cause, cause[0] != '\0' ? ")" : "");
}

static bool has_failed(const struct lookup *lookup)
{
    return lookup->what == LOOKUP_FAILED || lookup->what == LOOKUP_SILENT;
}

static void rule_lookup(const struct judge *judge, const struct lookup *lookup, const char *code, const char *of,
    enum preflight_severity severity)
{
    const char *cause = rules_extended_error(lookup->ede);
    const struct say say = {
        .code = code,
        .severity = severity,
        .name = judge_name(judge),
        .why = "a CA that gets no answer about them refuses",
        .remedy = "see that all name servers of the zone are up, reachable from everywhere by UDP and TCP, and "
                  "responsible for it",
    };

    if (has_failed(lookup) && !(lookup->what == LOOKUP_SILENT && judge->around->resolvers_silent) &&
        bogus_of(judge->facts) == NULL)
        finding_addf(judge->out, &say, "the resolver gets no answer about %s (%s%s%s)", of,
            lookup->what == LOOKUP_SILENT   ? "nothing in time"
            : lookup->rcode == DNS_SERVFAIL ? "SERVFAIL"
            : lookup->rcode == DNS_REFUSED  ? "REFUSED"
                                            : "an error",
            cause[0] != '\0' ? ": " : "", cause);
}

static void rule_lookups(const struct judge *judge)
{
    const struct facts *facts = judge->facts;
    bool half = facts->v4.what == LOOKUP_FOUND || facts->v6.what == LOOKUP_FOUND;

    rule_lookup(judge, has_failed(&facts->v4) ? &facts->v4 : &facts->v6, "lookup-failed",
        half ? "half of its addresses" : "its addresses", half ? PREFLIGHT_NOTE : PREFLIGHT_WARNING);
    rule_lookup(judge, &facts->caa, "caa-failed", "CAA records", PREFLIGHT_WARNING);
    rule_lookup(judge, &facts->proof_zone, "challenge-failed", "the zone of the proof's record", PREFLIGHT_WARNING);
}

/* Servers that cannot be reached from here may be reached by the CA; those that answer say the same to it. */
static void rule_challenge(const struct judge *judge)
{
    const struct delegation *proof = &judge->facts->proof;
    const struct say lame = {
        .code = "challenge-unanswered",
        .severity = PREFLIGHT_WARNING,
        .name = judge_name(judge),
        .why = "the CA asks them for the record, and gets no answer, either",
        .remedy =
            "see that all name servers of the zone are responsible for it (NS records here and in the zone above)",
    };
    const struct say broken = {
        .code = "challenge-circle",
        .severity = PREFLIGHT_WARNING,
        .name = judge_name(judge),
        .why = "no record can be put where such CNAMEs lead",
        .remedy = "remove the CNAME record, or let it lead to a name of its own",
    };

    if (proof->state == ZONED_LAME && proof->unseen != NULL)
        finding_addf(
            judge->out, &lame, "no name server of the zone says anything of %s (%s)", proof->place, proof->unseen);
    if (proof->error != NULL)
        finding_addf(judge->out, &broken, "%s", proof->error->why);
}

static void rule_challenge_alias(const struct judge *judge)
{
    const struct delegation *proof = &judge->facts->proof;
    const struct say say = {
        .code = "challenge-alias",
        .severity = PREFLIGHT_NOTE,
        .name = judge_name(judge),
        .why = proof->by_wildcard ? "the CA looks for the record there, as long as the name has no record of its own"
                                  : "the CA looks for the record there, so that is where it has to be put",
        .remedy = proof->by_wildcard
                      ? "see that the credentials are for the zone of that name, or for that of the name itself"
                      : "see that the credentials are for the zone of that name",
    };

    if (proof->place != NULL && proof->error == NULL && !host_equal(proof->place, proof->name))
        finding_addf(judge->out, &say, "%s is an alias (CNAME%s) of %s", judge->facts->proof_at,
            proof->by_wildcard ? " of a wildcard" : "", proof->place);
}

static bool is_missing(const struct lookup *lookup)
{
    return lookup->what == LOOKUP_NO_NAME || lookup->what == LOOKUP_NOTHING;
}

bool rules_want_addresses_confirmed(const struct facts *facts)
{
    return is_served(facts) && facts->identifier->type == IDENTIFIER_DNS &&
           ((is_missing(&facts->v4) && is_missing(&facts->v6)) || judge_all_inside(facts));
}

static bool is_confirmed(const struct facts *facts)
{
    return facts->v4.confirmed && facts->v6.confirmed;
}

/* A program of the user's may make the records as it goes. */
static enum preflight_severity severity_of_addresses(const struct judge *judge)
{
    return judge_certain(judge, is_confirmed(judge->facts) && judge->around->request->server != SERVER_ANYBODYS);
}

static void rule_addresses(const struct judge *judge)
{
    const struct facts *facts = judge->facts;
    bool no_name = facts->v4.what == LOOKUP_NO_NAME && facts->v6.what == LOOKUP_NO_NAME;
    const struct list *aliases = &facts->v4.aliases;
    const struct say say = {
        .code = no_name ? "name-unknown" : "no-address",
        .severity = severity_of_addresses(judge),
        .name = judge_name(judge),
        .why = "the CA asks a server at the name's address for the proof",
        .remedy = "make an A or AAAA record with the public address of the server (a new one may take minutes to be "
                  "seen), prove control by DNS, or leave the name out",
    };

    if (!is_served(facts) || !is_missing(&facts->v4) || !is_missing(&facts->v6))
        return;
    if (aliases->len > 0)
        finding_addf(judge->out, &say, "it is an alias (CNAME) of %s, which %s", aliases->at[aliases->len - 1],
            no_name ? "does not exist" : "has no address");
    else
        finding_addf(judge->out, &say, "%s%s", no_name ? "the name does not exist in DNS" : "the name has no address",
            facts->v4.confirmed ? ", say the name servers of its zone" : "");
}

/* ---- CAA ---- */

void rules_judge_caa(const struct surroundings *surroundings, const struct facts *facts, struct caa_ruling *out)
{
    static const struct list nobody = { 0 };
    const struct directory *directory = surroundings->request->directory;
    const struct caa_asked asked = {
        .identities = directory != NULL ? &directory->caa_identities : &nobody,
        .account = surroundings->request->account_url,
        .method = challenge_type_name(facts->type),
        .wildcard = identifier_is_wildcard(facts->identifier),
    };

    caa_judge(&facts->caa.caa, &asked, out);
}

bool rules_want_caa_confirmed(const struct surroundings *surroundings, const struct facts *facts)
{
    AUTO(caa_ruling_clear) struct caa_ruling ruling = { 0 };

    if (facts->type == CHALLENGE_OTHER || facts->caa.what != LOOKUP_FOUND)
        return false;
    rules_judge_caa(surroundings, facts, &ruling);
    return ruling.verdict < CAA_ACCOUNT_UNKNOWN;
}

static void add_forbidden(const struct judge *judge, const struct caa_ruling *ruling, struct say *say)
{
    const struct directory *directory = judge->around->request->directory;
    AUTO(free)
    char *ours = directory != NULL && directory->caa_identities.len > 0 ? list_join(&directory->caa_identities, ", ")
                                                                        : xstrdup("the CA");
    AUTO(free)
    char *remedy = xprintf("add a CAA record for %s (`caa` prints it), or use a CA that is permitted", ours);

    say->code = "caa-forbids";
    say->why = "a CA that is not named in such records must not issue (RFC 8659)";
    say->remedy = remedy;
    if (ruling->culprit[0] != '\0')
        finding_addf(judge->out, say, "the CAA records of %s (%s) permit %s alone", judge->facts->caa_at, ruling->tag,
            ruling->culprit);
    else
        finding_addf(judge->out, say, "the CAA records of %s (%s) permit nobody", judge->facts->caa_at, ruling->tag);
}

static void add_caa(const struct judge *judge, const struct caa_ruling *ruling, struct say *say)
{
    const char *at = judge->facts->caa_at;

    switch (ruling->verdict) {
    case CAA_CRITICAL:
        say->code = "caa-critical";
        say->why = "a CA that does not know a critical record must not issue (RFC 8659 section 4.1)";
        say->remedy = "remove that record, or its critical flag";
        finding_addf(judge->out, say, "%s has a critical CAA record \"%s\", which is not known", at, ruling->culprit);
        return;
    case CAA_FORBIDDEN:
        add_forbidden(judge, ruling, say);
        return;
    case CAA_ACCOUNT:
        say->code = "caa-account";
        say->why = "the CA issues to that account alone (accounturi, RFC 8657)";
        say->remedy = "add a record for the account in use (`caa` prints it), or choose the other one with --account";
        finding_addf(judge->out, say, "the CAA records of %s are for the account %s", at, ruling->culprit);
        return;
    case CAA_METHOD:
        say->code = "caa-method";
        say->why = "the CA issues after no other proof (validationmethods, RFC 8657)";
        say->remedy = "choose an authenticator for that proof, or --preferred-challenges, or add it to the record";
        finding_addf(judge->out, say, "the CAA records of %s want %s as a proof, and these settings prove by %s", at,
            ruling->culprit[0] != '\0' ? ruling->culprit : "nothing that there is",
            challenge_type_name(judge->facts->type));
        return;
    case CAA_ACCOUNT_UNKNOWN:
        say->severity = PREFLIGHT_NOTE;
        say->code = "caa-account-unknown";
        say->why = "the CA issues to that account alone (accounturi, RFC 8657), and there is none here yet";
        say->remedy = "register first, and compare with show_account";
        finding_addf(judge->out, say, "the CAA records of %s are for the account %s", at, ruling->culprit);
        return;
    case CAA_CA_UNKNOWN:
        say->severity = PREFLIGHT_NOTE;
        say->code = "caa-unknown";
        say->why = "whether they permit this CA is for the CA to know";
        say->remedy = "look in its documentation for the name that such records have to give";
        finding_addf(
            judge->out, say, "%s has CAA records, and the CA does not say by which name they would mean it", at);
        return;
    case CAA_ALLOWED:
        return;
    }
}

static void rule_caa(const struct judge *judge)
{
    AUTO(caa_ruling_clear) struct caa_ruling ruling = { 0 };
    struct say say = { .severity = judge_certain(judge, judge->facts->caa.confirmed), .name = judge_name(judge) };

    if (judge->facts->type == CHALLENGE_OTHER || judge->facts->caa.what != LOOKUP_FOUND)
        return;
    rules_judge_caa(judge->around, judge->facts, &ruling);
    add_caa(judge, &ruling, &say);
}

/* ---- of no single name ---- */

static void rule_clock(const struct surroundings *around, struct preflight *out)
{
    int64_t ahead = around->request->clock_ahead_s, off = ahead < 0 ? -ahead : ahead;
    const struct say say = {
        .code = "clock-off",
        .severity = off > CLOCK_WARNING_S ? PREFLIGHT_WARNING : PREFLIGHT_NOTE,
        .why = "certificates count from the CA's time on: one that is new may seem not to be valid yet, or an old one "
               "not to be due",
        .remedy = "set the clock, and have it kept right (NTP)",
    };

    if (around->request->has_clock && off > CLOCK_NOTE_S)
        finding_addf(out, &say, "the clock of this machine is %lld minutes %s the CA's", (long long)off / 60,
            ahead > 0 ? "behind" : "ahead of");
}

static void rule_all(const struct surroundings *around, size_t count, size_t total, struct preflight *out)
{
    rule_clock(around, out);
    if (around->resolvers_silent)
        finding_add(out, &(struct say){ .code = "resolvers-silent",
                             .severity = PREFLIGHT_NOTE,
                             .what = "the resolvers of this machine do not answer",
                             .why = "what depends on DNS could not be looked at, or not all of it",
                             .remedy = "see which name servers /etc/resolv.conf names, and whether they answer" });
    if (count < total)
        finding_addf(out,
            &(struct say){ .code = "names-left-out",
                .severity = PREFLIGHT_NOTE,
                .why = "looking at all would take too long before an order",
                .remedy = "ask about the others by themselves: preflight -d NAME" },
            "%zu of %zu names were looked at", count, total);
}

void rules_apply(const struct surroundings *surroundings, const struct facts *facts, size_t count, size_t total,
    struct preflight *out)
{
    rule_all(surroundings, count, total, out);
    for (size_t i = 0; i < count; i++) {
        const struct judge judge = { surroundings, &facts[i], out };

        rule_possible(&judge);
        rule_dnssec(&judge);
        rule_lookups(&judge);
        rule_addresses(&judge);
        rule_caa(&judge);
        rule_challenge(&judge);
        rule_challenge_alias(&judge);
        if (is_served(&facts[i]))
            judge_doors(&judge);
    }
}
