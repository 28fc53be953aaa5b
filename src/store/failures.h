#pragma once
/*
 * Renewals that keep failing: CONF/failures/NAME.txt is there from the first failure until the certificate is renewed.
 *
 * A lineage without one was last tried when its certificate was issued, and that succeeded: nothing is written for what
 * goes well.
 */
#include "store/backoff.h"
#include "store/store.h"

struct failures {
    int64_t tried;          /* UTC seconds: the last attempt */
    unsigned failures;      /* in a row, of whatever kind */
    struct backoff backoff; /* of orders that the CA has seen; why is the last failure of any kind */
};

void failures_clear(struct failures *failures);
static inline void failures_clear_at(struct failures *failures)
{
    failures_clear(failures);
}

/* As record_load. */
MUST_USE bool failures_load(
    const struct store *store, const char *name, struct failures *out, bool *found, struct error *err);
MUST_USE bool failures_save(struct store *store, const char *name, const struct failures *failures, struct error *err);
MUST_USE bool failures_drop(struct store *store, const char *name, struct error *err);             /* missing is fine */
char *failures_path(const struct store *store, const char *name) __attribute__((returns_nonnull)); /* of the caller's */
bool failures_any(const struct store *store);
/* Names of the lineages that have one, sorted. */
MUST_USE bool failures_names(const struct store *store, struct list *out, struct error *err);
