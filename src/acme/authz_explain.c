#include "acme/authz_explain.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define ANY NULL

enum way { BY_HTTP, BY_TLS, BY_DNS, BY_ANY };

struct rule {
    enum way way;
    bool ipv6;            /* only where the CA used such an address */
    const char *type;     /* of the problem (RFC 8555 section 6.7); ANY */
    const char *words[4]; /* any of them stands in the detail, in whatever case; none: ANY */
    const char *means, *attempt;
};

/*
 * The first that fits. The words are those of Let's Encrypt's software, of Pebble and of what other CAs pass on from
 * their libraries; where none is known the problem's type alone decides.
 */
static const struct rule rules[] = {
    { BY_HTTP, true, "connection", { ANY },
        "the CA used IPv6, as the name has an AAAA record, and got no answer from that address",
        "let the server answer on IPv6, too, or remove the AAAA record if it leads to another machine" },
    { BY_HTTP, false, "connection", { "refused" },
        "there is a machine at that address, but nothing accepts connections on its port 80",
        "see that the name's A record is this machine's address, and that the server (or the port that is forwarded to "
        "it) is open from outside" },
    { BY_HTTP, false, "connection", { "timeout during connect", "i/o timeout", "timed out" },
        "nothing answers at that address: most often a firewall, a router that forwards nothing, or a wrong A record",
        "open port 80 to everybody: CAs ask from several places of the world, which change" },
    { BY_HTTP, false, "connection", { "timeout after connect" },
        "the server took the connection and was too slow with the answer", "see what keeps the web server busy" },
    { BY_HTTP, false, "connection", { "connection reset", ": EOF", "unexpected EOF" },
        "the connection was broken off: a proxy or firewall on the way, or a port 80 that does not speak HTTP",
        "fetch the address by plain HTTP from another network, and see who answers" },
    { BY_HTTP, false, "connection", { "redirect" },
        "the web server redirects the request to where the CA does not follow",
        "leave /.well-known/acme-challenge/ out of the redirects of port 80" },
    { BY_HTTP, false, "connection", { "unreachable", "no route" },
        "no way leads to that address from the Internet: it is private, or wrong",
        "give the name the public address of this machine, or prove control by DNS" },
    { BY_HTTP, false, "connection", { ANY }, "the CA could not connect to port 80 of the name",
        "let the Internet reach port 80 of this machine (firewall, router, A and AAAA records), or prove control by "
        "DNS" },
    { BY_HTTP, false, "tls", { ANY },
        "the web server redirects the request to https, and the CA could not connect there",
        "leave /.well-known/acme-challenge/ out of the redirects of port 80, or mend port 443" },
    { BY_HTTP, false, "unauthorized", { "did not match" },
        "another answer than ours: a cache, another ACME client, or several machines behind one address",
        "send /.well-known/acme-challenge/ of this name to this machine alone" },
    { BY_HTTP, false, "unauthorized", { ": 404", "returned 404" },
        "the web server that answered has no such file: it is another machine's, or it serves another directory",
        "see that the A and AAAA records lead to this machine and that the webroot is the one that is served for this "
        "name on port 80" },
    { BY_HTTP, false, "unauthorized", { ": 403", ": 401", "returned 403", "returned 401" },
        "the web server refused to deliver the file: a rule, a password, or the permissions of a directory",
        "allow everybody to read /.well-known/acme-challenge/ on port 80" },
    { BY_HTTP, false, "unauthorized", { ": 50", "returned 50" }, "the web server, or a proxy in front of it, failed",
        "look into its log of errors, at the time of the request" },
    { BY_HTTP, false, "unauthorized", { "<html", "<!doctype", "&lt;html" },
        "a web page came in place of the file: an application or a parked domain answers for every address",
        "see where the A and AAAA records lead, and let the server deliver /.well-known/acme-challenge/ as files" },
    { BY_HTTP, false, "unauthorized", { ANY }, "what the CA got from port 80 of the name is not what was put there",
        "see that the A and AAAA records lead to this machine, and fetch "
        "http://NAME/.well-known/acme-challenge/ from outside" },
    { BY_TLS, false, "unauthorized", { "ALPN", "negotiate" },
        "the CA spoke with a server that does not answer the challenge: another one has port 443, or TLS ends before "
        "it",
        "let port 443 of the name lead to this machine, without a proxy that ends TLS in between" },
    { BY_TLS, false, ANY, { ANY }, "the CA could not get the challenge's certificate at port 443 of the name",
        "let the Internet reach port 443 of this machine, without a proxy that ends TLS in between" },
    { BY_DNS, false, ANY, { "no txt", "nxdomain", "not found" },
        "the TXT record cannot be seen at the name servers of the domain",
        "look with `dig TXT _acme-challenge.NAME` at each of its name servers; wait longer before the CA looks if some "
        "take the record over late" },
    { BY_DNS, false, ANY, { "incorrect txt", "correct value" },
        "there are TXT records, but none has the value that was asked for: one of an earlier attempt, or the value was "
        "cut or quoted",
        "remove the old records, and wait as long as their time to live says" },
    { BY_DNS, false, "unauthorized", { ANY }, "the CA did not find the value in the TXT record",
        "see that all name servers of the domain give the new record before the CA looks" },
    { BY_ANY, false, "dns", { "nxdomain" }, "the name does not exist in the public DNS",
        "make an A or AAAA record for it (a new one may take minutes to be seen), or leave the name out" },
    { BY_ANY, false, "dns", { "no valid" }, "the name has no address in the public DNS",
        "make an A or AAAA record for it, or leave the name out" },
    { BY_ANY, false, "dns", { "servfail", "dnssec", "bogus" },
        "the name servers of the domain answer with a failure, most often because DNSSEC is broken",
        "check the zone's signatures and the DS record of the zone above" },
    { BY_ANY, false, "dns", { "timed out", "timeout" }, "the name servers of the domain do not answer",
        "see that all of them can be reached by UDP and TCP from everywhere" },
};

/* Explains by the problem type alone: for these the CA's words do not matter, and the remedy is that of any other
 * answer. */
static struct explanation by_type(const char *type)
{
    const struct problem_rule *rule = problem_rule_of(type);

    return rule->type[0] == '\0' ? (struct explanation){ "", "" } : (struct explanation){ rule->title, rule->next };
}

static bool is_way(enum way way, enum challenge_type type)
{
    switch (way) {
    case BY_HTTP:
        return type == CHALLENGE_HTTP_01;
    case BY_TLS:
        return type == CHALLENGE_TLS_ALPN_01;
    case BY_DNS:
        return type == CHALLENGE_DNS_01 || type == CHALLENGE_DNS_ACCOUNT_01;
    case BY_ANY:
        break;
    }
    return true;
}

/* RFC 8555 has two types for a wrong answer, and CAs use either. */
static bool is_type(const char *wanted, const char *type)
{
    return wanted == ANY || text_equal(wanted, type) ||
           (strcmp(wanted, "unauthorized") == 0 && text_equal(type, "incorrectResponse"));
}

static bool has_words(const struct rule *rule, const char *detail)
{
    if (rule->words[0] == ANY)
        return true;
    for (size_t i = 0; detail != NULL && i < COUNT(rule->words) && rule->words[i] != NULL; i++)
        if (strcasestr(detail, rule->words[i]) != NULL)
            return true;
    return false;
}

static bool used_ipv6(const struct challenge *challenge)
{
    const struct list *records = &challenge->records;

    return records->len > 0 && strchr(records->at[records->len - 1], ':') != NULL; /* the last one it tried */
}

struct explanation authz_explain(const struct authz *authz)
{
    const struct challenge *challenge = authz_failed_challenge(authz);

    if (challenge == NULL)
        return (struct explanation){ "", "" };
    for (size_t i = 0; i < COUNT(rules); i++)
        if (is_way(rules[i].way, challenge->type) && (!rules[i].ipv6 || used_ipv6(challenge)) &&
            is_type(rules[i].type, challenge->error.type) && has_words(&rules[i], challenge->error.detail))
            return (struct explanation){ rules[i].means, rules[i].attempt };
    return by_type(challenge->error.type);
}

bool authz_to_error(const struct authz *authz, struct error *err)
{
    const struct challenge *challenge = authz_failed_challenge(authz);
    const char *star = authz->wildcard ? "*." : "", *name = authz_name(authz);
    struct explanation explanation = authz_explain(authz);
    AUTO(free) char *addresses = NULL;

    if (challenge == NULL) {
        (void)error_set(err, ERROR_ACME, "the CA says '%s' and gives no reason", authz_status_name(authz->status));
        return error_in(err, "authorization of %s%s", star, name);
    }
    (void)problem_to_error(&challenge->error, 0, err);
    if (challenge->records.len > 0) {
        size_t len = strlen(err->why);

        addresses = list_join(&challenge->records, ", ");
        (void)snprintf(err->why + len, sizeof err->why - len, " (the CA used the address %s)", addresses);
    }
    if (explanation.attempt[0] != '\0')
        (void)error_next(err, "%s", explanation.attempt);
    return error_in(err, "authorization of %s%s by %s", star, name, challenge_type_name(challenge->type));
}
