#pragma once
/*
 * DER (X.690), the strict and bounded subset that X.509 and key files need.
 *
 * Reads views without copying: definite lengths in their shortest form, tags of one byte, nothing recursive.
 * Knows nothing of certificates. Private to this room.
 */
#include "base/bytes.h"

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_T61_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};
#define DER_CONTEXT(number) (0x80U + (number))             /* [number] IMPLICIT of a primitive type */
#define DER_CONTEXT_CONSTRUCTED(number) (0xa0U + (number)) /* [number] EXPLICIT, or of a constructed type */

/* Content octets of an OBJECT IDENTIFIER, from a string literal. */
#define OID(octets) ((struct view){ octets, sizeof(octets) - 1 })

/* Whether the next element has this tag; false at the end. */
bool der_is(struct view rest, unsigned tag);

/*
 * Each cuts one element off *rest. what is the element's name for err->why, the kind is ERROR_CONFIG.
 */
MUST_USE bool der_any(struct view *rest, unsigned *tag, struct view *content, const char *what, struct error *err);
MUST_USE bool der_take(struct view *rest, unsigned tag, struct view *content, const char *what, struct error *err);
/* The same with its tag and length, as needed where the encoding itself is compared or hashed. */
MUST_USE bool der_whole(struct view *rest, unsigned tag, struct view *element, const char *what, struct error *err);
/* A non-negative INTEGER: its bytes without leading zeros, empty for 0. */
MUST_USE bool der_unsigned(struct view *rest, struct view *magnitude, const char *what, struct error *err);
/* A BIT STRING of whole bytes. */
MUST_USE bool der_bits(struct view *rest, struct view *bytes, const char *what, struct error *err);
/* UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 allows them. UTC seconds since 1970. */
MUST_USE bool der_time(struct view *rest, int64_t *out, const char *what, struct error *err);

/* Fails when something is left. */
MUST_USE bool der_end(struct view rest, const char *what, struct error *err);

/* "1.2.840.113549.1.1.11", for messages; "?" for what is not one. */
#define DER_OID_TEXT_SIZE 96
void der_oid_text(struct view oid, char out[static DER_OID_TEXT_SIZE]);
