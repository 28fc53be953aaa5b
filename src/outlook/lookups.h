#pragma once
/*
 * What is asked of a service that searches the logs, so that few questions tell everything about many names; and which
 * of its answers concern them. Pure.
 *
 * A question for a name finds that name, and all names that have it in them: so one name answers for those below it.
 * Wildcards that would cover a name are no such names; they are asked for by themselves. Which part of a name was
 * registered is not known here, so no question is about more than a name of the store.
 */
#include "base/bytes.h"
#include "outlook/logged.h"
#include "outlook/ct_record.h"

struct lookup_name { /* one question */
    char *name;      /* "a.example", "*.example", "192.0.2.1": also its key in the record */
    bool exact;      /* this name alone; else also what has it in it */
    int64_t last;    /* when it was last answered, 0: never */
};

struct lookups {
    struct lookup_name *at; /* the ones that are due, those that have waited longest first */
    size_t len;
    size_t all; /* how many there are, due or not */
};

void lookups_clear(struct lookups *lookups);
static inline void lookups_clear_at(struct lookups *lookups)
{
    lookups_clear(lookups);
}

/* For names and addresses (of any order, perhaps several times), of which those are due that were not answered for
 * max_age_s. *out must be zero. */
void lookups_plan(
    const struct list *names, const struct ct_record *record, int64_t now, int64_t max_age_s, struct lookups *out);

/* The URL of a question: `form` with {name} and {match}; of the caller's. */
char *lookup_url(const char *form, const struct lookup_name *lookup) __attribute__((returns_nonnull));

struct wanted {                 /* names whose certificates are of interest */
    struct list names, parents; /* sorted; in lower case. parents: of which a wildcard covers one of the names */
    bool below;                 /* also names below those */
};

void wanted_set(struct wanted *wanted, const struct list *names, bool below);
void wanted_clear(struct wanted *wanted);
static inline void wanted_clear_at(struct wanted *wanted)
{
    wanted_clear(wanted);
}
/* Whether a certificate could be used for one of the names: it has it, or a wildcard that covers it, or is for a host
 * that a wildcard among the names covers. */
bool wanted_concerns(const struct wanted *wanted, const struct list *names);
