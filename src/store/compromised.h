#pragma once
/*
 * Keys of a lineage that others know, and what is still to be done about them: CONF/.compromised/NAME/ has SERIAL.pem
 * for each certificate that is to be revoked, and new-key for the key that was made in their place.
 *
 * It is there from the user's consent on until the last of them is revoked. So what was interrupted can be finished,
 * and whoever looks can tell the key that was made from one that came later.
 */
#include "store/store.h"

struct compromised {
    struct list
        serials;      /* of the certificates that are to be revoked; those that have expired meanwhile are left out */
    struct list keys; /* cert_key_hash of their keys, each once */
    char *new_key;    /* cert_key_hash of the key that was made in their place; NULL: none was */
};
void compromised_clear(struct compromised *compromised);
static inline void compromised_clear_at(struct compromised *compromised)
{
    compromised_clear(compromised);
}

char *compromised_dir(const struct store *store, const char *name) __attribute__((returns_nonnull));
char *compromised_path(const struct store *store, const char *name, const char *serial)
    __attribute__((returns_nonnull)); /* both of the caller's */

/* Nothing is recorded: *out is empty. now: UTC seconds. ERROR_STORE, also for a certificate that is none. */
MUST_USE bool compromised_load(
    const struct store *store, const char *name, int64_t now, struct compromised *out, struct error *err);
/* pem: the certificate. Synced when it returns, as the next one. */
MUST_USE bool compromised_add(
    const struct store *store, const char *name, const char *serial, struct view pem, struct error *err);
MUST_USE bool compromised_set_new_key(const struct store *store, const char *name, const char *hash, struct error *err);
/* A certificate is revoked. Missing is fine. */
MUST_USE bool compromised_remove(const struct store *store, const char *name, const char *serial, struct error *err);
/* All are. */
MUST_USE bool compromised_drop(const struct store *store, const char *name, struct error *err);
/* Names of the lineages of which something is recorded, sorted. */
MUST_USE bool compromised_names(const struct store *store, struct list *out, struct error *err);
