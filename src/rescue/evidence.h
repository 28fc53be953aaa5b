#pragma once
/*
 * Files as evidence: lists of them, and which of the store may be shown to others. Private to this room.
 */
#include <sys/stat.h>

#include "backup/owners.h"

#define EVIDENCE_DAYS 14               /* what changed in so many days is listed apart */
#define EVIDENCE_FILES_MAX 500000      /* that are listed */
#define EVIDENCE_TEXT_MAX (256u << 20) /* bytes of a list */

struct evidence { /* lists of files, line by line */
    struct owners *owners;
    int64_t since;       /* UTC seconds: what changed later is listed apart */
    struct buf files;    /* all of them */
    struct list changed; /* "TIME\tPATH" of those that changed since, in the order in which they were met */
    size_t count;
};

void evidence_open(struct evidence *evidence, int64_t now);
void evidence_clear(struct evidence *evidence);
static inline void evidence_clear_at(struct evidence *evidence)
{
    evidence_clear(evidence);
}

/*
 * Lists what lies at path, and all below it; links are not followed. With digests: of regular files the SHA-256, too,
 * and all of them are in evidence->files; else only what changed is listed. except: a path that is passed over, or
 * NULL. What cannot be read is listed with the reason. ERROR_CANCELED alone.
 */
MUST_USE bool evidence_list(
    struct evidence *evidence, const char *path, bool digests, const char *except, struct error *err);

/* Why a file of the store is no evidence for everybody's eyes: a private key, or what its owner alone may read and is
 * not known to be harmless; NULL: it may be shown. */
const char *evidence_secret(const char *path, const struct stat *st);
