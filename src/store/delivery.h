#pragma once
/*
 * Records of outstanding deliveries: CONF/deliveries/NAME.txt says for which version that is still to be done, and what
 * of it is done.
 *
 * A record is there from before the version goes live until the last of it is done, so that a run that was killed in
 * between, or a command that failed, is made up for by the next one. It has a place of its own, not one in
 * CONF/pending: an order ends where a delivery begins. Knows nothing of hooks: what has run is a text that can be
 * recognised again.
 */
#include "store/backoff.h"
#include "store/store.h"

struct delivery {
    char *version;    /* SHA-256 of its certificate, hex */
    char *superseded; /* the same of an earlier one that was not delivered either; NULL: there was none */
    struct list done; /* SHA-256 of what has run for it, hex each */
    bool reload_done; /* the installer's server has it */
    struct backoff backoff;
};

void delivery_clear(struct delivery *delivery);
static inline void delivery_clear_at(struct delivery *delivery)
{
    delivery_clear(delivery);
}

/* The file's text: "key: value" lines. ERROR_STORE as in fields_parse. */
MUST_USE bool delivery_parse(struct view text, struct delivery *out, struct error *err);
void delivery_format(const struct delivery *delivery, struct buf *out);

char *delivery_path(const struct store *store, const char *name) __attribute__((returns_nonnull)); /* of the caller's */
/* Takes the place of an earlier record of that name; synced when it returns. */
MUST_USE bool delivery_save(struct store *store, const char *name, const struct delivery *delivery, struct error *err);
/* *found false: there is none. ERROR_STORE also for one that cannot be read or understood. */
MUST_USE bool delivery_load(
    struct store *store, const char *name, struct delivery *out, bool *found, struct error *err);
/* Missing is fine; the directory goes with the last one. */
MUST_USE bool delivery_drop(struct store *store, const char *name, struct error *err);
bool delivery_is_recorded(const struct store *store, const char *name);
/* Whether there is any record, or what a crash left of one: what nearly every run finds out and needs no more than. */
bool delivery_any(const struct store *store);
/* Names of the lineages that have one, sorted. */
MUST_USE bool delivery_names(struct store *store, struct list *out, struct error *err);

/* Whether it is of the certificate that is live. One whose version never went live becomes that of the one it
 * supersedes, all of which is then to be done. */
bool delivery_settle(struct delivery *delivery, const struct cert *live);
bool delivery_has_run(const struct delivery *delivery, const char *command);
/* Changes the record in memory only, until delivery_save. */
void delivery_note_run(struct delivery *delivery, const char *command);
