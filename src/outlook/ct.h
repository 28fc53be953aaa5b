#pragma once
/*
 * Looks into the public logs of Certificate Transparency (RFC 6962), by a service that searches them: which
 * certificates are there for our names that are not of this store.
 *
 * Such services are others' and free of charge: one question at a time, with pauses, a bounded number in a run, those
 * first that have waited longest; what fails is asked again a few times, later each time, and a service that keeps
 * failing is left alone for this run.
 */
#include "outlook/stored.h"
#include "outlook/lookups.h"
#include "outlook/ct_record.h"
#include "run/context.h"

#define CT_URL "https://crt.sh/?q={name}&match={match}&exclude=expired&deduplicate=Y&output=json"

struct ct_look {
    struct ct_record record;             /* as it was saved */
    size_t all, due, asked, failed;      /* questions: that there are, that were due, answered, that got no answer */
    size_t certificates, own, under_way; /* that the service told of; of this store; of orders that are not done */
    struct list failures;                /* why, a line each: at most a few */
    struct list remarks;                 /* what may be missing from the answers */
};

void ct_look_clear(struct ct_look *look);
static inline void ct_look_clear_at(struct ct_look *look)
{
    ct_look_clear(look);
}

/*
 * Asks about the names of all certificates that are live here, or those of --cert-name, -d and --ip-address. What was
 * found is in look->record and on disk, also when some questions got no answer; those that nobody had answered are
 * counted. ERROR_STORE when the store or the record cannot be read, ERROR_CANCELED. *out must be zero.
 */
MUST_USE bool ct_look(struct context *context, struct ct_look *out, struct error *err);
/* What is remembered, without asking anybody. */
MUST_USE bool ct_remembered(struct context *context, struct ct_record *out, struct error *err);
/* Notes that somebody knows of these. ERROR_CONFIG when one of the IDs is none of a certificate that was found; then
 * nothing is noted. `all`: every one that nobody knows of yet. */
MUST_USE bool ct_acknowledge(
    struct context *context, const struct list *ids, bool all, const char *note, size_t *count, struct error *err);

size_t ct_strangers(const struct ct_record *record); /* certificates that nobody has acknowledged */
/* Where the service shows it; of the caller's. NULL: not known of that service. */
char *ct_url_of(const struct settings *settings, int64_t id);
/* What is told of it in one line: issuer, names, dates. Of the caller's. */
char *ct_describe(const struct settings *settings, const struct found *found) __attribute__((returns_nonnull));
/* Tells the targets of alarms of those that nobody knows of, each of them once. */
void ct_tell(struct context *context, const struct ct_record *record);
