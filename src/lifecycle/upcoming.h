#pragma once
/*
 * When `renew` will next have something to do, as far as the store tells: no CA is asked, nothing is changed. For who
 * runs it (src/ops) and who shows it.
 */
#include "store/store.h"

#define UPCOMING_NEVER INT64_MAX

/* UTC seconds. */
struct upcoming {
    int64_t not_before, not_after;
    int64_t due;     /* the CA's instant, renew_before_expiry or the part of its life; UPCOMING_NEVER: autorenew off */
    int64_t put_off; /* until then an unattended run does not try again (its renewals keep failing); 0: it does */
    int64_t tried;   /* the last attempt, if it failed; 0: it did not */
    unsigned failures; /* in a row */
};

/* When an unattended run has something to do for it: when it is due and not put off. */
int64_t upcoming_at(const struct upcoming *upcoming);

/* Fails for a lineage that cannot be read. now: UTC seconds. */
MUST_USE bool upcoming_of(struct store *store, const struct voice *voice, const char *name, int64_t now,
    struct upcoming *out, struct error *err);

struct upcoming_all {
    size_t lineages, unreadable;
    int64_t next;     /* the earliest upcoming_at; UPCOMING_NEVER when there is none */
    char *next_name;  /* of whom; NULL */
    int64_t shortest; /* the shortest life of a certificate that is to be renewed, in seconds; 0: none */
    char *shortest_name;
};

/*
 * Of the whole store; a lineage that cannot be read is counted and passed over. after: instants up to it count as
 * nothing upcoming, since a run after them has dealt with them; 0: all count. Ends early on an interrupt.
 */
MUST_USE bool upcoming_of_all(struct store *store, const struct voice *voice, int64_t now, int64_t after,
    struct upcoming_all *out, struct error *err);
void upcoming_all_clear(struct upcoming_all *all);
static inline void upcoming_all_clear_at(struct upcoming_all *all)
{
    upcoming_all_clear(all);
}
