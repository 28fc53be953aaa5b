#pragma once
/*
 * Traces of proofs: CONF/pending/NAME/proofs.txt says what an authenticator was about to put in place for an order. It
 * is there from before the first of it until all of it is removed again.
 *
 * The run that writes one holds the lock of its lineage until then: a run that holds that lock and finds a trace knows
 * that its writer was killed. Knows nothing of authenticators.
 */
#include "store/store.h"

struct trace_proof {
    char *type, *kind, *identifier;
    bool is_ip, wildcard;
    char *token, *key_authorization, *record_name, *record_value, *account_url; /* NULL where it has none */
    unsigned remaining;
    char *output, *place; /* the authenticator's own; NULL: there was none when it was written */
};

struct trace {
    char *authenticator;
    char *options;           /* of that run, in the form of a renewal file */
    struct list identifiers; /* of all proofs of the order, in their order */
    int64_t created;         /* UTC seconds */
    struct trace_proof *proofs;
    size_t count;
};

void trace_clear(struct trace *trace);
static inline void trace_clear_at(struct trace *trace)
{
    trace_clear(trace);
}

/* proofs.txt: "key: value" lines; those of each proof stand behind an empty one. ERROR_STORE as in fields_parse. */
MUST_USE bool trace_parse(struct view text, struct trace *out, struct error *err);
void trace_format(const struct trace *trace, struct buf *out);

char *trace_path(const struct store *store, const char *name) __attribute__((returns_nonnull)); /* of the caller's */
/* Takes the place of an earlier one of that name; synced when it returns. */
MUST_USE bool trace_save(struct store *store, const char *name, const struct trace *trace, struct error *err);
/* *found false: there is none. ERROR_STORE also for one that cannot be read or understood. */
MUST_USE bool trace_load(
    const struct store *store, const char *name, struct trace *out, bool *found, struct error *err);
/* Missing is fine; directories go with the last thing in them. */
MUST_USE bool trace_drop(struct store *store, const char *name, struct error *err);
bool trace_is_there(const struct store *store, const char *name);
/* Names under which there is one, sorted. */
MUST_USE bool trace_names(struct store *store, struct list *out, struct error *err);

#define TRACE_MAX_AGE_S (7 * 86400)
/* Whether the trace is older than TRACE_MAX_AGE_S (or as far in the future, by a wrong clock): then it is given up. */
bool trace_is_old(const struct trace *trace, int64_t now);
