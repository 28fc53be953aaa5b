#pragma once
/*
 * What `doctor` looks at besides the store (health/): the web servers that certificates are installed in, and, asked
 * for, the way that a CA would take to prove control of their names.
 */
#include "health/health.h"
#include "run/context.h"

#define CHECKUP_SERVERS 32

/* What was learned of lineages while they were examined: so that none is loaded a second time for its web server. */
struct checkup {
    struct list seen;                     /* names of lineages, in their order */
    struct list servers;                  /* the same as plugin_server has them, each once */
    struct settings *of[CHECKUP_SERVERS]; /* of one lineage of each */
    size_t count;
};
void checkup_clear(struct checkup *checkup);
static inline void checkup_clear_at(struct checkup *checkup)
{
    checkup_clear(checkup);
}
/* Notes by which settings a lineage is renewed; takes them over. To be called in the order of names. */
void checkup_note(struct checkup *checkup, const char *name, struct settings *restored);

/* Adds findings. Lineages that were not noted are loaded. only: a lineage's name; NULL: all. online: names are looked
 * up, ports are knocked at, and the CA is asked; of at most CHECKUP_NAMES lineages, which is told. ERROR_CANCELED on an
 * interrupt; ERROR_STORE where the store cannot be listed. */
#define CHECKUP_NAMES 50
MUST_USE bool checkup(struct context *context, const char *only, bool online, struct checkup *checkup,
    struct findings *findings, struct error *err);
