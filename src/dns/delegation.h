#pragma once
/*
 * Where the records of challenges are to be put: at `_acme-challenge.NAME`, or where a CNAME there leads, so that a
 * zone of its own can hold them. The CA follows it as well (RFC 8555 section 8.4 leaves that to DNS).
 */
#include "dns/ask.h"

#define DELEGATION_STEPS_MAX 8

struct delegation {
    const char *name;    /* where the CA looks; borrowed */
    char *place;         /* where the record is to be; name itself without a CNAME */
    bool ended;          /* nothing leads on from there */
    struct error *error; /* NULL, or why it cannot be anywhere: CNAMEs that lead in a circle, or too far */
};

void delegation_clear(struct delegation *delegation);

/*
 * Fills place or error of each, asking for all of them at the same time. A CNAME that a wildcard makes is not followed:
 * the record takes its place. Where no resolver answers, the name is the place. False, with ERROR_CANCELED, when the
 * user interrupts.
 */
MUST_USE bool delegations_follow(
    const struct asker *asker, struct delegation *delegations, size_t count, struct error *err);
