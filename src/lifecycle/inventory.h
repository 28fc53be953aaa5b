#pragma once
/*
 * The contents of the store: every lineage with its state, for listing. They come in windows of bounded size, one after
 * the other, so that a store of any size is listed as it is read, in the memory of one window.
 */
#include "run/context.h"
#include "store/summary.h"

#define INVENTORY_WINDOW 512 /* lineages, of some 7 KiB each where they are asked about */

struct inventory_entry {
    const char *name;
    char *conf_path;
    struct summary *summary; /* NULL when it is broken */
    char *why;               /* it is broken */
    bool is_denied;          /* if so: files that this user may not read, which says nothing of them */
    bool is_test, is_expired, is_revoked;
    struct lineage *lineage; /* only where it can be asked about revocation */
    struct buf record;       /* for the next listing (store/listed.h) */
};

struct inventory_window {
    struct inventory_entry *at; /* in the order of the renewal files */
    size_t len;                 /* may be 0: none of those that were looked at is asked for */
    size_t in_store;            /* lineages that there are, whatever is asked for */
    bool is_last;
    int64_t now; /* to which the state of all windows refers */
};

/*
 * All lineages, or those that --cert-name, -d and --ip-address ask for; broken ones are always among them. Each is
 * verified (lineage_verify_once), several at a time, unless it is known that nothing has changed since the last listing
 * (store/listed.h); the live version is reported. Those that can be asked about are checked for revocation, each window
 * for itself; for the others nothing touches the network.
 */
struct inventory;
/* Fails when the store cannot be read. *out is the caller's. */
MUST_USE bool inventory_begin(struct context *context, struct inventory **out, struct error *err);
/* Certificates that this user may read, but not their keys, are taken as they are, unverified, instead of as broken:
 * for who shows no more than what they say. */
void inventory_go_without_keys(struct inventory *inventory);
/* Nobody is asked about revocation: nothing touches the network, and is_revoked is not known. */
void inventory_ask_nobody(struct inventory *inventory);
/* The next window, borrowed until the next call; not to be called after the last one. Fails on an interrupt
 * (ERROR_CANCELED). */
MUST_USE bool inventory_next(struct inventory *inventory, const struct inventory_window **out, struct error *err);
void inventory_end(struct inventory *inventory); /* NULL is fine */
DEFINE_AUTO(struct inventory, inventory_end)

/* "VALID: 89 days", "VALID: 1 day", "VALID: 5 hour(s)", "INVALID: TEST_CERT, EXPIRED", "INVALID: REVOKED"; of the
 * caller's. */
char *inventory_status(const struct inventory_entry *entry, int64_t now) __attribute__((returns_nonnull));
