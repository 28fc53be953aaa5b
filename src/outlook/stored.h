#pragma once
/*
 * The certificates that stores hold: every version of every lineage, in both layouts, also what interrupted work has
 * left, and what no renewal file names any more. Read from the files alone, so that a copy of a store, or one of
 * Certbot's that is mounted here, is as good as our own.
 */
#include "base/bytes.h"
#include "crypto/cert.h"

#define STORED_MAX 1000000 /* certificates */

struct stored_cert {
    char *serial;     /* hexadecimal, without leading zeros */
    char *issuer;     /* its common name, "" when it has none */
    char *lineage;    /* the name of the directory it lies in */
    char *cert, *key; /* SHA-256 of the certificate and of its public key, hexadecimal */
    int64_t not_before, not_after;
    bool live;         /* servers are to use it: it is in live/ */
    bool other;        /* of a store that is not our own */
    struct list names; /* of one that is live and our own; else empty */
};

struct stored {
    struct stored_cert *at; /* by serial number, once stored_end was called */
    size_t len, room;
};

void stored_clear(struct stored *known);
static inline void stored_clear_at(struct stored *known)
{
    stored_clear(known);
}

/* Adds what lies in DIR/archive and DIR/live; files that are no certificates are passed over. ERROR_STORE when what is
 * there cannot be read, for one that is not our own also when neither is there. */
MUST_USE bool stored_add_store(struct stored *known, const char *dir, bool other, struct error *err);
/* Adds one certificate. */
void stored_add(struct stored *known, const struct cert *cert, const char *lineage, bool live, bool other);
/* Puts them in order, each once: before anything is looked for. */
void stored_end(struct stored *known);

/* By serial number and the issuer's common name, which is what logs tell. NULL: not known. */
const struct stored_cert *stored_find(const struct stored *known, const char *serial, const char *issuer);
/* The very certificate; else the newest with the same key (*same_key is then set). NULL: neither. */
const struct stored_cert *stored_find_cert(const struct stored *known, const struct cert *cert, bool *same_key);
/* The live certificate of a lineage of our own; NULL: there is none. */
const struct stored_cert *stored_live(const struct stored *known, const char *lineage);

/* SHA-256 of the public key, hexadecimal; of the caller's. */
char *stored_key_of(const struct cert *cert) __attribute__((returns_nonnull));
