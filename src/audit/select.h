#pragma once
/*
 * Reading the trail for people: which lines, the oldest first.
 */
#include "audit/files.h"
#include "json/doc.h"

struct audit_choice {
    int64_t since;       /* UTC seconds since 1970; INT64_MIN: all */
    const char *act;     /* NULL: all */
    bool failed;         /* only those that failed */
    const char *lineage; /* NULL: all */
    size_t last;         /* only so many, the newest; 0: all */
};

#define AUDIT_LAST_MAX 100000

/* Called for each line; false ends the reading, with *err. line: JSON without its line feed. */
typedef bool audit_visit(void *arg, struct view line, const struct node *record, struct error *err);

/* Memory is that of the last ones, if these are asked for, else of one line. *unread: lines and files that could not be
 * read, which are passed over. ERROR_STORE when the directory cannot be read. */
MUST_USE bool audit_select(const char *dir, const struct audit_choice *choice, audit_visit *visit, void *arg,
    uint64_t *unread, struct error *err);

/* "2026-12-01", "2026-12-01T10:00:00Z", or how long ago: "30m", "12h", "7d". *out: UTC seconds since 1970. */
MUST_USE bool audit_since(const char *text, int64_t now, int64_t *out);
