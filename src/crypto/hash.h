#pragma once
/*
 * SHA-256 of what comes in pieces.
 */
#include "base/bytes.h"

#define HASH_HEX_SIZE 65

struct hash;

/* ERROR_INTERNAL when OpenSSL has none. *out is the caller's. */
MUST_USE bool hash_new(struct hash **out, struct error *err);
MUST_USE bool hash_put(struct hash *hash, struct view bytes, struct error *err);
/* Lower-case hex of all that was put in; the hash begins anew. */
MUST_USE bool hash_end(struct hash *hash, char out[static HASH_HEX_SIZE], struct error *err);
void hash_free(struct hash *hash);
DEFINE_AUTO(struct hash, hash_free)
