#pragma once
/*
 * Finds damage in a store, and repairs it.
 *
 * Examining changes nothing. A finding says what is wrong, why that matters, and every answer there is; it can be
 * repaired when exactly one of them is right. Nothing here guesses, and no repair removes the only copy of anything:
 * what has to give way is moved aside. The work for a store is proportional to its lineages.
 *
 * A further check is a function and a row in health.c.
 */
#include "store/store.h"

enum health_severity {
    HEALTH_NOTE,    /* works as it is; for information */
    HEALTH_WARNING, /* works today */
    HEALTH_ERROR,   /* does not work, or is open to others */
};
const char *health_severity_name(enum health_severity severity); /* "note", "warning", "error" */

struct health;

struct finding {
    const char *code; /* stable, for scripts: "live-link-flattened" */
    enum health_severity severity;
    char *lineage; /* NULL: of the store */
    char *path;
    char *what;          /* what is wrong */
    const char *why;     /* why it matters */
    struct list answers; /* possible remedies; when it can be repaired: the one remedy */
    bool repaired;       /* that was done */
    char *failed;        /* why it could not be done, NULL: it was not tried, or done */

    /* Repairs the finding; NULL: there is not exactly one right answer. Private, as the members below. */
    bool (*repair)(struct health *health, const struct finding *finding, struct error *err);
    char *from, *to; /* paths for repair */
    unsigned long number;
};
static inline bool finding_is_repairable(const struct finding *finding)
{
    return finding->repair != NULL;
}

struct findings { /* a lineage's stand together, in the order of the renewal files; the store's come first and last */
    struct finding *at;
    size_t len, room;
    size_t examined; /* lineages */
};
void findings_clear(struct findings *findings);
static inline void findings_clear_at(struct findings *findings)
{
    findings_clear(findings);
}

enum health_mode {
    HEALTH_LOOK,  /* changes nothing */
    HEALTH_FIX,   /* repairs what has exactly one right answer */
    HEALTH_REVIVE /* of that, only what keeps a lineage from being loaded */
};

/* Checks of plugins and options, which this room does not know. run is called for each lineage without other errors;
 * its failure is reported as an error. It must change nothing and ask the user nothing. */
struct rehearsal {
    bool (*run)(void *ctx, const char *lineage, struct error *err);
    void *ctx;
    /* Removes the proofs that an interrupted run left in place, as their trace tells (store/trace.h). NULL: not
     * possible here. */
    bool (*sweep)(void *ctx, const char *name, struct error *err);
};

/*
 * Examines one lineage, or the whole store (only: NULL). After a repair the lineage is examined again, so that *out has
 * what was repaired and what remains. Lineages that are repaired are locked meanwhile; for HEALTH_FIX the store must be
 * locked as a whole. Fails when the store cannot be read or there is no such lineage; a repair that fails is in its
 * finding.
 */
MUST_USE bool health_examine(struct store *store, const struct settings *settings, const char *only,
    enum health_mode mode, struct findings *out, struct error *err);
/* The same with a rehearsal. */
MUST_USE bool health_examine_all(struct store *store, const struct settings *settings, const char *only,
    enum health_mode mode, const struct rehearsal *rehearsal, struct findings *out, struct error *err);

/* Adds a finding of another room's. code and why are borrowed for ever; lineage: NULL, of none. The pointer lives until
 * the next one is added. */
struct finding *findings_add(struct findings *findings, const char *code, enum health_severity severity,
    const char *lineage, const char *why, const char *what, ...) PRINTF(6, 7);
void finding_answer(struct finding *finding, const char *answer, ...) PRINTF(2, 3);
/* Why the store seems to have lost all its renewal files: there are certificates, or were when they were last listed,
 * and not one renewal file. Of the caller's; NULL: it does not seem so, or this user cannot tell. */
char *health_lost(struct store *store);
void health_tell_lost(struct store *store, struct findings *out); /* the same as a finding */
/* Only who may read or change what he should not: files and directories of the store, and of these lineages, as far as
 * this user can see them. */
void health_examine_access(
    struct store *store, const struct settings *settings, const struct list *names, struct findings *out);

/* Number of findings that are neither repaired nor notes. */
size_t findings_open(const struct findings *findings);
