#pragma once
/*
 * The public half of a key, found in DER without building a key.
 *
 * OpenSSL 3.0 takes some hundred microseconds to decode one key; this takes less than one, which matters when
 * thousands of lineages are listed. Private to this room.
 */
#include "crypto/key.h"

struct public_part {
    bool known; /* false: neither RSA nor an EC curve of ours; nothing else is set then */
    enum key_type type;
    unsigned bits;
    struct view modulus, exponent; /* RSA: big-endian without leading zeros */
    struct view curve, point;      /* EC: the curve's OID, and the point as it is encoded */
};

/* SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7); the views point into spki. */
MUST_USE bool public_part_of_spki(struct view spki, struct public_part *out, struct error *err);

enum private_form { PRIVATE_PKCS8, PRIVATE_PKCS1, PRIVATE_SEC1 };

/* Private keys (RFC 5958, RFC 8017 appendix A.1.2, RFC 5915). known is false also where the public half is
 * absent. */
MUST_USE bool public_part_of_private(
    struct view der, enum private_form form, struct public_part *out, struct error *err);

/* The form that a PEM label promises; false for labels that are no private key. */
bool private_form_of_label(struct view label, enum private_form *out);

/* Whether both are known and the same. *comparable is false when only OpenSSL can tell: one of the two is not
 * known, or one point is compressed and the other is not. */
bool public_part_equal(const struct public_part *a, const struct public_part *b, bool *comparable);
