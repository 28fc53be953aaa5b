#pragma once
/*
 * The store: the directories in which everything lives, and its lineages.
 *
 * With src/disk the only code that knows live/ and archive/. No network.
 */
#include "base/range_lock.h"
#include "config/settings.h"
#include "disk/lineage.h"

struct store;

enum store_need {
    STORE_CREATE = 1,   /* make the directories */
    STORE_LOCK = 2,     /* take Certbot's locks in logs, config and work directory */
    STORE_SHARE = 4,    /* ... so that they keep Certbot out, but not others of ours: lineages are locked one by one */
    STORE_AS_IT_IS = 8, /* leftovers of interrupted work in a lineage are not settled: a dry run */
    STORE_READ = 16,    /* nothing is written: what may not be made or locked is done without */
};

/* The directories come from settings. ERROR_STORE when one cannot be made, has the wrong access
 * (--strict-permissions) or is locked by another process (waiting settings->lock_timeout_s for all together). Where
 * logs or work directory are full or read-only it goes on without them, and says so: what is kept lies elsewhere. *out
 * is the caller's, for store_close, which releases the locks. */
MUST_USE bool store_open(const struct settings *settings, unsigned needs, struct store **out, struct error *err);
/* The same in two steps, as Certbot takes them: first the logs directory alone, so that what then becomes of the others
 * is told in the log. */
MUST_USE bool store_open_logs(const struct settings *settings, unsigned needs, struct store **out, struct error *err);
MUST_USE bool store_open_rest(struct store *store, struct error *err);
/* Whether an errno says that nothing can be written there: no room, or a read-only file system; with STORE_READ also
 * that this user may not, or that it is not there. */
bool store_may_go_without(unsigned needs, int sys);
bool store_only_reads(const struct store *store); /* STORE_READ was said */
void store_close(struct store *store);            /* NULL is fine */
DEFINE_AUTO(struct store, store_close)
const char *store_config_dir(const struct store *store);
const char *store_work_dir(const struct store *store);

/* ---- lineages ---- */

/* Base names of CONF/renewal/NAME.conf in byte order of the paths ("a-0001.conf" before "a.conf"). A missing
 * directory is an empty list. */
MUST_USE bool store_lineage_names(struct store *store, struct list *out, struct error *err);
bool store_has_lineage(struct store *store, const char *name);
/* "CONF/renewal/NAME.conf", of the caller's. */
char *store_conf_path(const struct store *store, const char *name) __attribute__((returns_nonnull));

/* CONF/renewal, which Certbot makes before it searches there, also for a dry run. */
MUST_USE bool store_make_renewal_dir(struct store *store, struct error *err);

/*
 * Call in a run that only reads, before it loads all lineages: looks once, in CONF/live and CONF/archive, for leftovers
 * of conversions and switches, instead of at every lineage. A lineage that another process begins to change meanwhile
 * is read as it is.
 */
void store_look_once(struct store *store);

/* Loads one; finishes work that was interrupted. While another process is at it, what is live is read as it
 * is; only what cannot be read then is waited for. Thread-safe for different
 * names. ERROR_STORE with Certbot's words. *out is the caller's, for lineage_free. */
MUST_USE bool lineage_load(struct store *store, const char *name, struct lineage **out, struct error *err);
/* Loads it anew, in place; on failure it stays as it was. */
MUST_USE bool lineage_reload(struct store *store, struct lineage *lineage, struct error *err);
void lineage_free(struct lineage *lineage); /* NULL is fine */
DEFINE_AUTO(struct lineage, lineage_free)

/* Makes the lineage stand for its live version, also where a newer one waits: for showing what servers read. */
MUST_USE bool lineage_take_live(struct lineage *lineage, struct error *err);
/* Makes the newest version live. */
MUST_USE bool lineage_fix_deployment(struct lineage *lineage, struct error *err);
const char *lineage_layout(const struct lineage *lineage); /* "certbot" or "versioned" */
