#pragma once
/*
 * Asking whether the certificates of a listing were revoked: many at a time, since each answer is waited for, and so
 * that hosts that are silent are waited for together. Private to inventory.c.
 */
#include "lifecycle/inventory.h"

/* By --cert-name, -d and --ip-address. identifiers: of its certificate. */
bool inventory_is_asked_for(const struct settings *settings, const char *name, const struct list *identifiers);

/* Sets is_revoked of all that can be asked about; entries without a lineage are passed over. False on an interrupt. */
MUST_USE bool inventory_ask(
    struct context *context, struct inventory_entry *at, size_t count, int64_t now, struct error *err);

/* The same for one lineage of each host that comes up for the first time among those of `names` that are asked for:
 * after it, it is known of all of them whether they answer. */
MUST_USE bool inventory_ask_each_host(
    struct context *context, char *const *names, size_t count, int64_t now, struct error *err);

/* Brings entries whose certificates can be asked about into the order in which they are: the first of each host comes
 * before all others. Returns how many hosts there are. */
size_t inventory_order_by_host(struct inventory_entry **at, size_t count);
