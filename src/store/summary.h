#pragma once
/*
 * What listings show of a certificate and its lineage, apart from the files that say it; as text it can be kept
 * (listed.h).
 */
#include "disk/lineage.h"

struct summary {
    char *serial;
    struct list names;
    char *issuer;              /* its common name, NULL when it has none */
    char *server;              /* the URL of its CA's directory, NULL when it is not known */
    char *fullchain, *privkey; /* the live paths; NULL when it is of a certificate alone */
    int64_t not_before, not_after;
    enum key_type key_type;
    unsigned key_bits;
    bool can_be_asked_about; /* names an OCSP responder or a revocation list */
    /* What the renewal file says of the next renewal; of a certificate alone nothing. */
    char *renew_before; /* renew_before_expiry as it stands there; NULL: none */
    char *installer;    /* NULL: none */
    bool autorenew;     /* false: not renewed by itself */
    int64_t instant;    /* chosen in the CA's suggested window (RFC 9773), 0: none that can be read */
    int64_t said_at;    /* when the CA last said that window, 0: never */
};

/* Of a certificate alone. */
struct summary *summary_of_cert(const struct cert *cert) __attribute__((returns_nonnull));
/* Of a lineage that was loaded. */
struct summary *summary_of(const struct lineage *lineage) __attribute__((returns_nonnull));
void summary_free(struct summary *summary); /* NULL is fine */
DEFINE_AUTO(struct summary, summary_free)

/* As bytes for this machine and this version of the program, without the paths. */
void summary_put(const struct summary *summary, struct buf *out);
/* False when they are none. */
MUST_USE bool summary_get(struct view bytes, struct summary **out);
