#pragma once
/*
 * Obtaining: from what the user asked for to a lineage with a certificate that fits. And the next version of
 * a lineage, which `renew` uses too.
 */
#include "run/context.h"
#include "lifecycle/renewal_check.h"
#include "plugin/plugin.h"

enum obtained { OBTAINED_NEW, OBTAINED_RENEWED, OBTAINED_KEPT, OBTAINED_SIMULATED };

struct obtain_result {
    enum obtained what;
    struct lineage *lineage; /* owned; NULL when a dry run had none before */
    struct list names;       /* identifiers of the certificate */
};
void obtain_result_clear(struct obtain_result *result);
static inline void obtain_result_clear_at(struct obtain_result *result)
{
    obtain_result_clear(result);
}

/* certonly: chooses the lineage, asks what has to be asked, runs hooks, issues, saves. settings->authenticator is
 * chosen when it is not set. */
MUST_USE bool obtain(struct context *context, struct obtain_result *out, struct error *err);

/*
 * The next version of a lineage for names (its own, or new ones): hooks, key (new, or the old one with --reuse-key),
 * issue, save, deploy hook. In a dry run nothing is saved. names is what the certificate was issued for in the end.
 */
MUST_USE bool renew_lineage(struct context *context, struct lineage *lineage, const struct plugin *authenticator,
    struct list *names, struct error *err);

/*
 * The first certificate of that name, whose saving was cut short: the recorded order is taken up again; one that the CA
 * does not know is placed anew. The settings are those of its renewal file. *found false: no order is recorded.
 */
MUST_USE bool obtain_recorded(
    struct context *context, const char *name, struct obtain_result *out, bool *found, struct error *err);

/* Makes a version live that was saved by a run which ended too early; says so as Certbot does. */
MUST_USE bool finish_deployment(struct lineage *lineage, struct error *err);

/* "a", "a and b", "a and 2 more"; of the caller's. */
char *names_summary(const struct list *names) __attribute__((returns_nonnull));
