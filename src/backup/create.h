#pragma once
/*
 * Making a backup.
 */
#include "run/context.h"

struct packer;

struct backup_wanted {
    const struct list *lineages; /* NULL: the whole store; borrowed */
    const char *source;          /* a backup that stays, as it is being restored from; NULL: none */
    const char *reason;          /* why it is made by itself (backup_reason_is_valid); NULL: the user wants it */
    /* What is in it instead of the store; NULL: the store. Then it goes to dir, no old one goes, and the audit trail is
     * the caller's. */
    bool (*fill)(void *context, struct packer *packer, struct error *err);
    void *fill_context;
    const char *dir;
};

struct backup_made {
    char *path;
    char sha256[65];           /* of the file */
    uint64_t size;             /* of the file */
    uint64_t entries;          /* members besides the manifest */
    struct list unreadable;    /* what should be in it and is not, each with the reason */
    uint64_t unreadable_count; /* may be more than the list has */
    struct list lacking; /* what certificates need and a restore of it does not bring back, each with the reason */
    bool empty;          /* it has no certificate */
    struct list removed; /* older backups that have gone */
};

void backup_made_clear(struct backup_made *made);
static inline void backup_made_clear_at(struct backup_made *made)
{
    backup_made_clear(made);
}

/*
 * Writes the backup, encrypted where settings say so, into the directory of backups; then removes old ones by
 * --backup-keep. Until all of it is on the disk nothing has its name, and no older one goes. Takes the locks of
 * lineages one after the other; the store must be open (STORE_SHARE). What this user may not read is left out and told
 * in *out: the backup is then named incomplete; one without certificates is named empty, and pushes none of the others
 * out. ERROR_STORE where it were one that archive_check refuses for its proportions; ERROR_CONFIG where
 * evercert-archive is not installed. *out is the caller's.
 */
MUST_USE bool backup_create(
    struct context *context, const struct backup_wanted *wanted, struct backup_made *out, struct error *err);
