#pragma once
/*
 * What the resolvers of this machine say of a name; and, where that matters, what the name servers of its zone say.
 *
 * Resolvers answer for the place where they are: an internal one may know other names than the public has. Only what
 * servers of the zone say, with addresses that everybody can reach, is what a CA sees, too (confirmed).
 */
#include <stdatomic.h>

#include "dns/ask.h"
#include "preflight/caa.h"

enum lookup_what {
    LOOKUP_NOT_ASKED,
    LOOKUP_SILENT,  /* no answer in time */
    LOOKUP_FAILED,  /* an answer that says nothing of the name: SERVFAIL, REFUSED */
    LOOKUP_NO_NAME, /* NXDOMAIN */
    LOOKUP_NOTHING, /* the name is there, without such records */
    LOOKUP_FOUND,
};

struct lookup {
    enum lookup_what what;
    int rcode;
    int ede;             /* RFC 8914, -1: none */
    bool bogus;          /* it fails only because DNSSEC is checked */
    bool confirmed;      /* all servers of the zone that were asked say so, too */
    struct list aliases; /* where the name leads, CNAME by CNAME */
    struct list found;   /* addresses, or how many other records: see `caa` for those */
    struct caa_set caa;
};
void lookup_clear(struct lookup *lookup);
static inline void lookup_clear_at(struct lookup *lookup)
{
    lookup_clear(lookup);
}

#define LOOKUP_QUESTION_MS 2000 /* for resolvers.within.most_ms */

struct resolvers {            /* those of this machine, for many threads */
    struct ask_within within; /* the way to them, and to name servers */
    atomic_bool answer;       /* they have answered a question */
    atomic_bool silent;       /* they have let one wait before they ever answered: they are not asked any more */
};

/* Asks for records of one type: A, AAAA, CAA, TXT ... *out must be zero or cleared. */
void lookup_ask(struct resolvers *resolvers, const char *name, enum dns_type type, struct lookup *out);

/* The CAA records of the name, or of the next name above that has some (RFC 8659 section 3). *at is the name that was
 * asked about last, of the caller's. *out and *at must be zero. */
void lookup_caa(struct resolvers *resolvers, const char *name, struct lookup *out, char **at);

/* Reads an answer. */
void lookup_read(const struct dns_answer *answer, enum dns_type type, struct lookup *out);
