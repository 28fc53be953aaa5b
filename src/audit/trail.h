#pragma once
/*
 * Writing the trail: lines are put behind those that are there, however many processes and threads do so.
 *
 * One write for all lines of a call, under a lock on the file; nothing is ever changed or taken away, so that the file
 * may be an append-only one (`chattr +a`). A line that a crash or a full disk has cut short is closed by the next
 * writer, with a line that says so. Works on with whatever file has taken the place of one that was rotated.
 */
#include "audit/line.h"

#define AUDIT_FILE_MAX ((int64_t)4 * 1024 * 1024) /* bytes, before we rotate */
#define AUDIT_FILES_KEPT 50                       /* of those that we rotated */

struct audit_trail {
    const char *dir;
    const struct audit_who *who; /* of the lines that tell of the trail itself */
    int64_t now;
    int wait_ms;            /* for other writers */
    int64_t file_max;       /* AUDIT_FILE_MAX; other values are a test's */
    unsigned files_kept;    /* AUDIT_FILES_KEPT */
    struct audit_head last; /* that this process knows of; of this call, if it succeeds */
};

/*
 * Appends the lines with these bodies. *written: how many of them are whole in the file, also where it fails. The
 * directory must be there; the file is made, 0640 less the umask. ERROR_STORE.
 */
MUST_USE bool audit_trail_append(
    struct audit_trail *trail, const struct list *bodies, size_t *written, struct error *err);

/* Sees to it that what was written survives a crash of the machine. */
MUST_USE bool audit_trail_sync(const char *dir, struct error *err);
