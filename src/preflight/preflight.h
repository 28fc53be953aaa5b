#pragma once
/*
 * Preflight: what will keep a CA from issuing, found out before an order is placed.
 *
 * It looks as a CA would: at addresses, CAA records, DNSSEC, the ports at which proofs are asked for, and the clock. It
 * changes nothing, at no server and in no zone, and it knows that a CA stands elsewhere: what cannot be known from here
 * is a warning at most. docs/preflight.md lists the codes.
 */
#include "acme/authz.h"
#include "base/identifier.h"
#include "plugin/plugin.h"

enum preflight_severity {
    PREFLIGHT_NOTE,    /* good to know */
    PREFLIGHT_WARNING, /* the order will fail as far as can be told from here */
    PREFLIGHT_FAILURE, /* certain: it will fail */
};
const char *preflight_severity_name(enum preflight_severity severity); /* "note", "warning", "failure" */

struct preflight_finding {
    const char *code; /* stable, for scripts: "caa-forbids" */
    enum preflight_severity severity;
    const char *name;          /* the identifier, borrowed of the request; NULL: it is of no single name */
    char *what, *why, *remedy; /* clauses without a full stop */
};

struct preflight_look { /* what was seen of a name, for people: "203.0.113.5", "CAA records of example.org" */
    const char *name;
    const char *proof; /* "http-01"; NULL: none is possible */
    char *seen;
};

struct preflight {
    struct preflight_finding *at; /* by name, in the request's order; what is of no single name comes first */
    size_t len;
    struct preflight_look *looks;
    size_t look_count;
};
void preflight_clear(struct preflight *preflight);
static inline void preflight_clear_at(struct preflight *preflight)
{
    preflight_clear(preflight);
}

#define PREFLIGHT_NAMES_MAX 32 /* names that are looked at; the others are told */

/* The type by which an identifier is proved: the first of the list that is possible for it, as CAs offer all of them;
 * CHALLENGE_OTHER: none is. */
enum challenge_type preflight_type(const struct list *types, const struct identifier *identifier);

struct preflight_request { /* borrowed */
    const struct identifiers *names;
    const struct list *types; /* challenge types, in the order in which they are tried */
    enum proof_server server;
    int http_port, tls_port;           /* where we shall listen, SERVER_OURS */
    const char *ca_url;                /* of its directory */
    bool ca_is_private;                /* the user says so: where it looks from is not the Internet */
    const struct directory *directory; /* NULL: it is not known */
    const char *account_url;           /* NULL: there is none yet */
    bool has_clock;                    /* of the CA */
    int64_t clock_ahead_s;             /* the CA's clock before this machine's */
    /* The user has asked for it. Else a CA on this machine (one for tests, or the near end of a tunnel) is spared: from
     * where it looks cannot be known. */
    bool asked;
};

/*
 * Looks at all names at once, for some seconds at most. net NULL, or a CA that is spared: at the clock alone. *out is
 * the caller's. An interrupt ends it early.
 */
void preflight_run(struct net *net, const struct preflight_request *request, struct preflight *out);
