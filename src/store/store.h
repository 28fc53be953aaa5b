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
    STORE_AS_IT_IS = 8, /* what interrupted work has left in a lineage is read as it is, and left so: a dry run */
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
 * that this user may not. */
bool store_may_go_without(unsigned needs, int sys);
void store_close(struct store *store); /* NULL is fine */
DEFINE_AUTO(struct store, store_close)
const char *store_config_dir(const struct store *store);
const char *store_work_dir(const struct store *store);

/*
 * Fails with a clear error when a new version could not be written or made live: missing permission, full disk or
 * quota, read-only. Asked before an order is placed. lineage: that gets the version, NULL for a new one.
 */
MUST_USE bool store_probe(struct store *store, const struct lineage *lineage, struct error *err);
/* The same for who only looks: nothing has a name for an instant. Where a file system knows no files without names,
 * what only a file would show (a quota) stays unseen. */
MUST_USE bool store_look_for_room(struct store *store, const struct lineage *lineage, struct error *err);
/* The same for owners, groups and modes that settings name and nobody can give to a file: ERROR_CONFIG. */
MUST_USE bool store_check_access(const struct settings *settings, struct error *err);

/* ---- locks of lineages ---- */

/*
 * Everything that changes a lineage happens with its lock held, from before it is loaded until it is done. A thread
 * that holds it may take it again. Waits for others: settings->lock_timeout_s if that is set, else some minutes.
 * ERROR_STORE in vain, ERROR_CANCELED. *out is the caller's, for range_lock_release (by AUTO) in the same thread; it
 * may be NULL.
 */
MUST_USE bool lineage_lock(struct store *store, const char *name, struct range_lock **out, struct error *err);
/* Without waiting: *taken says whether it was to be had. */
MUST_USE bool lineage_lock_try(
    struct store *store, const char *name, struct range_lock **out, bool *taken, struct error *err);
/* Whether this thread may change the lineage. */
bool lineage_is_locked(const struct store *store, const char *name);
/* All lineages and accounts, for who repairs the store. Not for a thread that holds the lock of a lineage. */
MUST_USE bool store_lock_all(struct store *store, struct range_lock **out, struct error *err);
MUST_USE bool store_lock_all_try(struct store *store, struct range_lock **out, bool *taken, struct error *err);
/* For repairs of one lineage, which look at what others leave unused; taken with the lineage locked. */
MUST_USE bool store_lock_repair(struct store *store, struct range_lock **out, struct error *err);
/* For an order of that account for those names, however they are written down (issuance/alike.h): a CA may give two of
 * the same the same order. Taken with the lineage locked, given up before hooks run. */
MUST_USE bool store_lock_order(struct store *store, const char *what_for, struct range_lock **out, struct error *err);

/* ---- lineages ---- */

/* Base names of CONF/renewal/NAME.conf in byte order of the paths ("a-0001.conf" before "a.conf"). A missing
 * directory is an empty list. */
MUST_USE bool store_lineage_names(struct store *store, struct list *out, struct error *err);
bool store_has_lineage(struct store *store, const char *name);
/* The error for a name that has no renewal file. Returns false. */
bool lineage_missing(const struct store *store, const char *name, struct error *err);
/* Whether a renewal file was made for a certificate that never came: an interrupted lineage_create of ours. An
 * empty file is none: its name is taken, as for Certbot. */
bool lineage_is_unfinished(const struct store *store, const char *name);
#define LINEAGE_LAYOUT_KEY "store_layout" /* in renewal files of all layouts but Certbot's, which keeps it as it is */
/* The renewal file of a lineage, which need not load. *out is the caller's, for conf_free. */
MUST_USE bool lineage_read_conf(const struct store *store, const char *name, struct conf **out, struct error *err);
/* "CONF/renewal/NAME.conf", of the caller's. */
char *store_conf_path(const struct store *store, const char *name) __attribute__((returns_nonnull));

/* CONF/renewal, which Certbot makes before it searches there, also for a dry run. */
MUST_USE bool store_make_renewal_dir(struct store *store, struct error *err);

/* Loads one; finishes work that was interrupted. While another process is at it, what is live is read as it
 * is; only what cannot be read then is waited for. Thread-safe for different
 * names. ERROR_STORE with Certbot's words. *out is the caller's, for lineage_free. */
MUST_USE bool lineage_load(struct store *store, const char *name, struct lineage **out, struct error *err);
void lineage_free(struct lineage *lineage); /* NULL is fine */
DEFINE_AUTO(struct lineage, lineage_free)

/* Of the same lineage, loaded twice: whether all that one may have decided by is still the same. What was learned of
 * renewal information does not count. */
bool lineage_is_unchanged(const struct lineage *before, const struct lineage *now);
/* Whether its files belong together: chain's first certificate signed the leaf, fullchain is cert + chain,
 * the key matches. For listing: cheap. */
MUST_USE bool lineage_verify(const struct lineage *lineage, struct error *err);
/* From now on the version that is live is the lineage's, also where a newer one waits: for telling what servers read.
 */
MUST_USE bool lineage_take_live(struct lineage *lineage, struct error *err);
/* Makes the newest version live. */
MUST_USE bool lineage_fix_deployment(struct lineage *lineage, struct error *err);
/* The private key's PEM into a secret buffer. */
MUST_USE bool lineage_read_key(const struct lineage *lineage, struct buf *out, struct error *err);
/* A file of the current version. */
MUST_USE bool lineage_read(const struct lineage *lineage, enum kind kind, struct buf *out, struct error *err);
/* Has the renewal file name the account `to` where it names `from`. With the lineage locked. */
MUST_USE bool lineage_change_account(
    struct store *store, const char *name, const char *from, const char *to, struct error *err);
/* The server in the renewal file, NULL when it names none. Borrowed until the lineage is saved or gets a
 * version. */
const char *lineage_server(const struct lineage *lineage);
/* The same, of the caller's, without loading the lineage: NULL also when its renewal file cannot be read. */
char *store_server_of(struct store *store, const char *name);
const char *lineage_layout(const struct lineage *lineage); /* "certbot" or "versioned" */
bool server_is_staging(const char *url);                   /* the staging URL, or "staging" in it */

/* Whether a new lineage may have that name, to be asked before a certificate is ordered: ERROR_CONFIG for a
 * name that no file can have, ERROR_STORE "live directory exists for NAME" when files of that name are there
 * without a renewal file. */
MUST_USE bool lineage_check_name(struct store *store, const char *name, struct error *err);

/*
 * A new lineage: reserves a name (NAME, NAME-0001, ...), writes version 1, the links and the renewal file
 * with the settings that are saved. Nothing is left behind on failure. A leading "*." is the caller's to
 * strip. *out is the caller's.
 */
MUST_USE bool lineage_create(struct store *store, const char *name, const struct issued *issued,
    const struct settings *settings, struct lineage **out, struct error *err);
/*
 * The next version of a lineage: its files, each with its owner and mode before a byte is in it; made live by one
 * switch; renewal file rewritten with settings; superseded versions pruned (history.h). A failure leaves the live
 * version as it was; when only making it live failed, the new version is kept as a pending deployment (err->next says
 * so). The lineage is reloaded in place.
 */
MUST_USE bool lineage_add_version(struct store *store, struct lineage *lineage, const struct issued *issued,
    const struct settings *settings, struct error *err);
/* Rewrites the renewal file with settings (reconfigure), or keeps what was learned of renewal information. */
MUST_USE bool lineage_save_settings(struct lineage *lineage, const struct settings *settings, struct error *err);
/* Gives all versions' files the owner, group and mode that settings ask for, and lets whom they name pass the
 * directories; what may not be done is warned of. Where settings are silent nothing changes. */
MUST_USE bool lineage_apply_access(
    struct store *store, const struct lineage *lineage, const struct settings *settings, struct error *err);

/* What is kept of the CA's renewal information, for the certificate of the newest version. UTC seconds, 0: nothing. */
struct renewal_memory {
    int64_t retry_at; /* not to be asked for before */
    int64_t instant;  /* chosen in the suggested window */
    int64_t said_at;  /* when the CA last said that window */
};
MUST_USE bool lineage_save_renewal_info(
    struct lineage *lineage, const struct renewal_memory *memory, struct error *err);
/* All zero when what was kept is about another certificate (an older version made live, files from a backup). A new
 * version starts without. ERROR_CONFIG when it is unreadable. */
MUST_USE bool lineage_renewal_info(const struct lineage *lineage, struct renewal_memory *out, struct error *err);

/* Removes a lineage's files, also a broken one's. Refused (ERROR_STORE) when another lineage
 * uses the same archive directory. A renewal file that cannot be parsed is removed and then reported, as
 * nothing says which files were its own. */
MUST_USE bool lineage_delete(struct store *store, const char *name, struct error *err);
/* Before a lineage is deleted because its certificate was revoked: should that be cut short, whoever finishes it knows.
 */
MUST_USE bool lineage_mark_revoked(const struct lineage *lineage, struct error *err);
/* Whether a lineage_delete of that name was cut short; called again, it finishes. *revoked: lineage_mark_revoked was
 * called before. */
bool lineage_is_half_deleted(struct store *store, const char *name, bool *revoked);
/* The one that had that path as its live certificate, of the caller's; NULL when there is none. */
MUST_USE bool store_find_half_deleted(struct store *store, const char *cert_path, char **name, struct error *err);
/* Finishes the deletions that were cut short, but for those whose files others use by now. Trouble is told. */
void store_finish_deletions(struct store *store);
/* The lineage one of whose certificate files (live or archived) has that path; NULL when none. Of the
 * caller's. */
MUST_USE bool store_find_by_path(struct store *store, const char *cert_path, char **name, struct error *err);
/* How many lineages use that archive directory. */
MUST_USE bool store_count_archive_users(struct store *store, const char *archive_dir, size_t *out, struct error *err);
