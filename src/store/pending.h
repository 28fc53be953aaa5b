#pragma once
/*
 * Orders under way: CONF/pending/NAME/ holds what it takes to have a certificate again that was issued and never saved,
 * its private key included.
 *
 * A record is there from just before the CA is told to issue until the certificate is in its lineage. order.txt is
 * written last and removed first: without it, what is there is a leftover, but for a trace of proofs (trace.h). Knows
 * nothing of the network, and not whether a record fits what is wanted now.
 */
#include "store/store.h"

#define PENDING_MAX_AGE_S (7 * 86400) /* no CA that we know remembers orders for longer */

struct pending {
    char *order_url, *server, *account_url;
    char *account_id;      /* as in accounts/; for people */
    struct list names;     /* names of the order */
    struct list requested; /* names that were requested: more, when some were left out */
    char *profile;         /* NULL: none was asked for */
    bool must_staple;
    char *csr_sha256;  /* hex */
    char *previous;    /* SHA-256 of the lineage's newest certificate at that time, hex; NULL: there was no lineage */
    int64_t created;   /* UTC seconds */
    bool has_key;      /* the key is in the record; else it is the lineage's, or a user's with a CSR */
    struct buf key;    /* PEM */
    struct buf params; /* of a first certificate: a renewal file's [renewalparams], to be written only */
};

void pending_clear(struct pending *pending);
static inline void pending_clear_at(struct pending *pending)
{
    pending_clear(pending);
}

/* order.txt: "key: value" lines. Unknown keys are passed over. ERROR_STORE: a line or a value is not what it should be,
 * or one is missing. */
MUST_USE bool pending_parse(struct view text, struct pending *out, struct error *err);
/* The same text; what cannot be printed becomes '?'. */
void pending_format(const struct pending *pending, struct buf *out);

/* "CONF/pending/NAME", of the caller's. */
char *pending_dir(const struct store *store, const char *name) __attribute__((returns_nonnull));
char *pending_key_path(const struct store *store, const char *name)
    __attribute__((returns_nonnull)); /* of the caller's */
/* The name under which the order for a user's CSR is recorded: none that a lineage can have. Of the caller's. */
char *pending_csr_name(const char *csr_sha256) __attribute__((returns_nonnull));
bool pending_is_for_csr(const char *name);

/* Takes the place of an earlier record of that name; synced when it returns. Nothing is left behind on failure. */
MUST_USE bool pending_save(struct store *store, const char *name, const struct pending *pending, struct error *err);

enum pending_state {
    PENDING_NONE,     /* a trace of proofs may be there */
    PENDING_LEFTOVER, /* no order.txt: being written, given up, or done */
    PENDING_DAMAGED,
    PENDING_UNREADABLE, /* now; it may be readable another time */
    PENDING_WHOLE,
};
/* Changes nothing. *out is filled for PENDING_WHOLE only; *err says what is wrong with what is damaged or unreadable.
 */
enum pending_state pending_look(struct store *store, const char *name, struct pending *out, struct error *err);

/* *found false: there is none, or none that can be used; that is logged and removed. */
MUST_USE bool pending_load(struct store *store, const char *name, struct pending *out, bool *found, struct error *err);
/* Removes a record, or what is left of one, its key overwritten first; missing is fine. A trace of proofs stays. */
MUST_USE bool pending_drop(struct store *store, const char *name, struct error *err);
/* Names of the records, leftovers and traces, sorted. */
MUST_USE bool pending_names(struct store *store, struct list *out, struct error *err);

/* Whether a first certificate of that name was ordered and is not saved: the record knows how it is to be renewed. */
bool pending_is_first(struct store *store, const char *name);
/* Reads the options that the record saved for renewal, in the form of a renewal file; *out is the caller's, for
 * conf_free. */
MUST_USE bool pending_read_params(struct store *store, const char *name, struct conf **out, struct error *err);

bool pending_is_old(const struct pending *pending, int64_t now);
/* Removes records that are too old, and leftovers of records. Failures are logged. */
void pending_sweep(struct store *store, int64_t now);
