#pragma once
/*
 * Records of dns-persist-01 (draft-ietf-acme-dns-persist): `CA; accounturi=URI; policy=wildcard; persistUntil=SECONDS`,
 * in the syntax of CAA's issue property (RFC 8659 section 4.2). Pure.
 */
#include "base/bytes.h"

struct persist_record {
    char *issuer; /* in lower case, without a dot at the end */
    char *account_uri;
    bool wildcard;
    int64_t until; /* UTC seconds since 1970; INT64_MAX: for ever */
};

/* False when it is no such record, or has one of these parameters twice. *out must be zero. */
MUST_USE bool persist_record_read(const char *text, struct persist_record *out);
void persist_record_clear(struct persist_record *record);
static inline void persist_record_clear_at(struct persist_record *record)
{
    persist_record_clear(record);
}

struct persist_want {           /* borrowed */
    const struct list *issuers; /* any of these names for the CA */
    const char *account_uri;
    bool wildcard;
    int64_t now;
};

enum persist_fit {  /* the later, the nearer to what is wanted */
    PERSIST_OTHER,  /* of another CA or account, or no such record */
    PERSIST_OVER,   /* persistUntil has passed */
    PERSIST_NARROW, /* without policy=wildcard, which is wanted */
    PERSIST_FITS,
};

enum persist_fit persist_record_fit(const struct persist_record *record, const struct persist_want *want);

/* A line for a zone file: NAME. IN TXT "value", in strings of at most 255 bytes (RFC 1035 section 3.3); of the
 * caller's. */
char *persist_record_line(const char *name, const char *value) __attribute__((returns_nonnull));
