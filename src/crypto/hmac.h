#pragma once
/*
 * Keyed digests (HMAC, RFC 2104) and plain ones by name, for what signs messages to others: TSIG, and the calls of
 * providers' interfaces.
 *
 * Knows no message and no key's place.
 */
#include "base/bytes.h"

enum digest { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA224, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };

#define DIGEST_COUNT (DIGEST_SHA512 + 1)
#define DIGEST_MAX 64 /* bytes of the longest */

const char *digest_name(enum digest digest); /* "MD5", "SHA256" ... */
size_t digest_size(enum digest digest);      /* in bytes */
/* By name, in lower or upper case. */
MUST_USE bool digest_find(struct view name, enum digest *out);

/* The digest of data, appended to out. ERROR_CONFIG when this machine's cryptography (FIPS) does not allow it. */
MUST_USE bool digest_of(enum digest digest, struct view data, struct buf *out, struct error *err);

/*
 * The HMAC of data under key, appended to out; the key may be of any length, and is not kept. ERROR_CONFIG as above,
 * and for a key that is too short for it (FIPS 140-3 asks for 112 bits).
 */
MUST_USE bool hmac_of(enum digest digest, struct view key, struct view data, struct buf *out, struct error *err);

/* Whether both are the same bytes, in a time that tells nothing of where they differ. */
bool hmac_equal(struct view a, struct view b);
