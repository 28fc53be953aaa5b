#pragma once
/*
 * Small records about lineages: CONF/FOLDER/NAME.txt, "key: value" lines (store/fields.h). The folder is there only
 * while it holds any, so that a look at it tells whether there is something to do.
 */
#include "store/fields.h"
#include "store/store.h"

struct record_kind {
    const char *folder;
    const char *what; /* for messages: "a delivery" */
    const struct field *fields;
    size_t count;
};

char *record_path(const struct store *store, const struct record_kind *kind, const char *name)
    __attribute__((returns_nonnull)); /* of the caller's */
/* Takes the place of an earlier one of that name; synced when it returns. `from` is what kind->fields are offsets in.
 */
MUST_USE bool record_save(
    struct store *store, const struct record_kind *kind, const char *name, const void *from, struct error *err);
/* Fills the zeroed structure `out`; what a failure leaves in it is the caller's to clear. *found false: there is none.
 * ERROR_STORE also for one that cannot be read or understood. */
MUST_USE bool record_load(const struct store *store, const struct record_kind *kind, const char *name, void *out,
    bool *found, struct error *err);
/* Missing is fine; the folder goes with the last one. */
MUST_USE bool record_remove(struct store *store, const struct record_kind *kind, const char *name, struct error *err);
bool record_is_there(const struct store *store, const struct record_kind *kind, const char *name);
/* Whether there is any, or what a crash left of one. */
bool record_any(const struct store *store, const struct record_kind *kind);
/* Names of the lineages that have one, sorted. */
MUST_USE bool record_names(
    const struct store *store, const struct record_kind *kind, struct list *out, struct error *err);
