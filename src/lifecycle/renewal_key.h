#pragma once
/*
 * The key of the next certificate: a new one, or that of the lineage.
 */
#include "config/answers.h"
#include "store/store.h"

/* The kind of key that settings ask for. */
struct key_params key_params_of(const struct settings *settings);

/*
 * Makes the key, or reads the lineage's (with --reuse-key and without --new-key). A conflict between a reused key and
 * the configured type, size or curve is ERROR_CONFIG with Certbot's words; where a key is reused, answers get its
 * type, size and curve. lineage may be NULL; restored: settings are those of its renewal file. *out is the caller's.
 */
MUST_USE bool renewal_key(const struct settings *settings, struct answers *answers, const struct lineage *lineage,
    bool restored, struct key **out, struct error *err);

/* Whether the lineage's key is used again. */
bool renewal_key_is_reused(const struct settings *settings, const struct lineage *lineage);

/* Its PEM: byte for byte the old file's when it is reused. */
MUST_USE bool renewal_key_pem(const struct settings *settings, const struct lineage *lineage, const struct key *key,
    struct buf *out, struct error *err);
