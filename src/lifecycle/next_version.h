#pragma once
/*
 * Takes a decision to a live certificate: hooks, key, order, saving, deploy hooks. For the first version of a lineage
 * and for the next one. Whether one is wanted is decided elsewhere (obtain.h, renew.h).
 */
#include "plugin/plugin.h"
#include "run/context.h"

/*
 * The next version for names (the lineage's own, or new ones): the key is new, or the old one with --reuse-key. In a
 * dry run nothing is saved. names is what the certificate was issued for in the end.
 */
MUST_USE bool next_version(struct context *context, struct lineage *lineage, const struct plugin *authenticator,
    struct identifiers *names, struct error *err);

/* The first version of a new lineage of that name, or of a name that is free. *out is the caller's; it stays NULL in a
 * dry run. names as above. */
MUST_USE bool first_version(struct context *context, const char *name, const struct plugin *authenticator,
    struct identifiers *names, struct lineage **out, struct error *err);

/*
 * The first version whose saving was cut short: the recorded order is taken up again; one that the CA does not know is
 * placed anew. The settings are those of its renewal file. *found false: no order is recorded.
 */
MUST_USE bool first_version_recorded(struct context *context, const char *name, struct identifiers *names,
    struct lineage **out, bool *found, struct error *err);

/* Makes a version live that was saved by a run which ended too early; says so as Certbot does. */
MUST_USE bool finish_deployment(struct lineage *lineage, struct error *err);

/* Refuses to put a test certificate in the place of one that is none, unless --break-my-certs: ERROR_CONFIG. */
MUST_USE bool check_staging(struct context *context, const struct lineage *lineage, struct error *err);

/* "a", "a and b", "a and 2 more"; of the caller's. */
char *names_summary(const struct list *names) __attribute__((returns_nonnull));
