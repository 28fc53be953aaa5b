#pragma once
/*
 * What is in the store: every lineage with its state, for listing.
 */
#include "run/context.h"

struct inventory_entry {
    struct lineage *lineage; /* NULL when it is broken */
    char *name, *conf_path;
    bool is_test, is_expired, is_revoked;
    char *why; /* it is broken */
};

struct inventory {
    struct inventory_entry *at; /* in the order of the renewal files */
    size_t len;
    int64_t now;
};

/*
 * All lineages, or those that --cert-name, -d and --ip-address ask for; broken ones are always among them. Each is
 * verified (lineage_verify), several at a time; what is told is the version that is live. Those that can be asked about
 * are checked for revocation; for the others nothing touches the network. Fails when the store cannot be read, or on an
 * interrupt (ERROR_CANCELED).
 */
MUST_USE bool inventory_take(struct context *context, struct inventory *out, struct error *err);
void inventory_clear(struct inventory *inventory);
static inline void inventory_clear_at(struct inventory *inventory)
{
    inventory_clear(inventory);
}

/* Brings entries whose certificates can be asked about into the order in which they are: the first of each host comes
 * before all others, so that silent hosts are waited for at the same time. */
void inventory_order_by_host(struct inventory_entry **at, size_t count);

/* "VALID: 89 days", "VALID: 1 day", "VALID: 5 hour(s)", "INVALID: TEST_CERT, EXPIRED", "INVALID: REVOKED"; of the
 * caller's. */
char *inventory_status(const struct inventory_entry *entry, int64_t now) __attribute__((returns_nonnull));
