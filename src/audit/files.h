#pragma once
/*
 * The files of a trail: DIR/audit.log, and what was rotated away from it, by us or by others, in the order in which
 * they were written.
 *
 *     audit.log                     the newest lines
 *     audit.log.from-000000012345   rotated by us: its first line has this number
 *     audit.log.1, audit.log.2.gz, audit.log-20261201, ...   rotated by logrotate and kin
 *     audit.1.log, audit-20261201.log.gz, ...                the same with its `extension .log`
 */
#include "audit/line.h"

#define AUDIT_NAME "audit.log"

#define AUDIT_OURS ".from-" /* behind that, what we rotated has the number of its first line, of 12 digits */

/* Parts of AUDIT_NAME, between which logrotate's `extension` puts its number, with what stands before that. */
#define AUDIT_STEM "audit"
#define AUDIT_EXTENSION ".log"

bool audit_is_file_name(const char *name);
bool audit_is_ours(const char *name); /* we have rotated it, and nobody has compressed it since */

struct audit_file {
    char *path;
    uint64_t first; /* the number of its first line that can be read; UINT64_MAX: there is none */
};

struct audit_files {
    struct audit_file *at;
    size_t count;
};

/* The number of the first line of a file that can be read, UINT64_MAX where there is none. */
MUST_USE bool audit_file_first(const char *path, uint64_t *first, bool *empty, struct error *err);

/* All that are there, the oldest first; those of no line are left out, and one that cannot be read is last. ERROR_STORE
 * when the directory cannot be read. */
MUST_USE bool audit_files_find(const char *dir, struct audit_files *out, struct error *err);
void audit_files_clear(struct audit_files *files);
static inline void audit_files_clear_at(struct audit_files *files)
{
    audit_files_clear(files);
}

/* The end of a file. */
struct audit_tail {
    struct audit_head head;           /* of its last line, whatever that is; seq: of the last one that can be read */
    bool torn;                        /* the last line cannot be read, or has no line feed */
    bool unended;                     /* the last line has no line feed */
    char ended_hash[AUDIT_HASH_SIZE]; /* unended: of the last line with one */
};

/* fd: of a plain file of size bytes. ERROR_STORE also when its last line is longer than megabytes. */
MUST_USE bool audit_tail_read(int fd, int64_t size, const char *path, struct audit_tail *out, struct error *err);

/* The end of that of the files rotated away which has the highest number: *path is its path, of the caller's, NULL when
 * there is none. To unread is added why a file could not be read. For a writer: an interruption does not end it.
 * ERROR_STORE when the directory cannot be read. */
MUST_USE bool audit_files_newest(
    const char *dir, char **path, struct audit_tail *out, struct list *unread, struct error *err);
