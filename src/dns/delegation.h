#pragma once
/*
 * Where the records of challenges are to be put: at `_acme-challenge.NAME`, or where a CNAME there leads, so that a
 * zone of its own can hold them. The CA follows it as well (RFC 8555 section 8.4 leaves that to DNS).
 */
#include "dns/zones.h"

#define DELEGATION_STEPS_MAX 8

struct delegation {
    const char *name; /* where the CA looks; borrowed */
    char *place;      /* where that leads now; name itself without a CNAME */
    /* A wildcard makes the CNAME, as far as can be seen: a record at name itself would take its place (RFC 4592 section
     * 2.2.1), and is as good. */
    bool by_wildcard;
    bool same_zone;         /* place is in the zone of name */
    char *zone;             /* the zone of place; NULL: it is not known */
    struct error *error;    /* NULL, or why it cannot be anywhere: CNAMEs that lead in a circle, or too far */
    enum zoned_state state; /* of the last question */
    char *unseen;           /* why it is not known whether place leads on; NULL: it does not */
};

void delegation_clear(struct delegation *delegation);

struct delegation_way {
    struct zones *zones;
    /* The CA's: where the servers of a zone cannot be asked, resolvers are for a CA in public alone, which has its own,
     * as they remember a name that is not there yet. NULL: they never are. */
    const char *ca_url;
};

/*
 * Fills each, asking for all of them at the same time. Where nobody says whether a name leads on, it does not. False,
 * with ERROR_CANCELED, when the user interrupts.
 */
MUST_USE bool delegations_follow(
    const struct delegation_way *way, struct delegation *delegations, size_t count, struct error *err);
