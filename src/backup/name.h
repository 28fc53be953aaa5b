#pragma once
/*
 * The names of backups: DATE-SERIAL-STORE[.REASON].tar.gz[.cms]. In byte order they are in the order of their making.
 * STORE tells apart the stores whose backups lie in one directory; the first backups had none.
 */
#include "base/bytes.h"

#define BACKUP_NAME_SIZE 112
#define BACKUP_MAX_REASON 32
#define BACKUP_STORE_LEN 8 /* hex digits */

struct backup_name {
    int64_t made;                       /* UTC seconds since 1970 */
    unsigned serial;                    /* tells those of one second apart: 1 to 9999 */
    char store[BACKUP_STORE_LEN + 1];   /* whose it is (backup_name_store); "": not known */
    char reason[BACKUP_MAX_REASON + 1]; /* why it was made by itself ("delete"); "": the user wanted it */
    bool sealed;                        /* encrypted */
};

void backup_name_format(const struct backup_name *name, char out[static BACKUP_NAME_SIZE]);

/* False: not such a name, and so no file of ours. */
MUST_USE bool backup_name_parse(const char *text, struct backup_name *out);

/* What stands for a store in names: a digest of where --config-dir really is. */
MUST_USE bool backup_name_store(const char *config_dir, char out[static BACKUP_STORE_LEN + 1], struct error *err);

/* Whether a text may be a reason: lower-case letters and "-". */
bool backup_reason_is_valid(const char *reason);
