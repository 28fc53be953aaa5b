#pragma once
/*
 * Verifies a trail: each line has the hash of the one before it, and the next number; over all files, the oldest first.
 * Memory does not grow with the trail.
 *
 * What that shows and what it cannot show is in docs/audit.md.
 */
#include "audit/files.h"
#include "audit/head.h"

#define AUDIT_PROBLEMS_KEPT 50

struct audit_problem {
    char *file;    /* its name in the directory */
    uint64_t line; /* in that file, from 1; 0: the file as a whole */
    char *what;    /* a sentence without its end */
};

struct audit_verdict {
    struct audit_problem problems[AUDIT_PROBLEMS_KEPT];
    uint64_t problem_count; /* of which the first ones are kept */
    uint64_t files, lines;
    uint64_t first;            /* the number of the oldest line; 0: there is none */
    struct audit_head last;    /* the newest line */
    int64_t first_at, last_at; /* their times, UTC seconds since 1970 */
    uint64_t torn;             /* lines that were cut short, and closed by the next writer */
    bool ends_torn;            /* the newest line is cut short: nothing was written since */
    uint64_t clock_back;       /* how often a line is older than the one before it */
    uint64_t compared;         /* heads that fit */
    uint64_t older;            /* heads of lines that were rotated away; where all are, that is a problem */
};

/* heads: sorted, NULL for none. ERROR_STORE when the directory cannot be read, ERROR_CANCELED when the user interrupts;
 * whatever is wrong with the trail itself is a problem of the verdict, which is the caller's. */
MUST_USE bool audit_verify(
    const char *dir, const struct audit_heads *heads, struct audit_verdict *out, struct error *err);

/* The same of the end of the newest file alone, at most `size` bytes of it: quick. A file that is not there has no
 * lines. */
MUST_USE bool audit_verify_end(const char *dir, int64_t size, struct audit_verdict *out, struct error *err);

void audit_verdict_clear(struct audit_verdict *verdict);
static inline void audit_verdict_clear_at(struct audit_verdict *verdict)
{
    audit_verdict_clear(verdict);
}
