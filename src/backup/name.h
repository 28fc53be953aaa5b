#pragma once
/*
 * The names of backups: DATE-SERIAL[.REASON].tar.gz[.cms]. In byte order they are in the order of their making.
 */
#include "base/bytes.h"

#define BACKUP_NAME_SIZE 96
#define BACKUP_MAX_REASON 32

struct backup_name {
    int64_t made;                       /* UTC seconds since 1970 */
    unsigned serial;                    /* tells those of one second apart: 1 to 9999 */
    char reason[BACKUP_MAX_REASON + 1]; /* why it was made by itself ("delete"); "": the user wanted it */
    bool sealed;                        /* encrypted */
};

void backup_name_format(const struct backup_name *name, char out[static BACKUP_NAME_SIZE]);

/* False: not such a name, and so no file of ours. */
MUST_USE bool backup_name_parse(const char *text, struct backup_name *out);

/* Whether a text may be a reason: lower-case letters and "-". */
bool backup_reason_is_valid(const char *reason);
