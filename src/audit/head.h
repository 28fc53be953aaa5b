#pragma once
/*
 * Heads of a trail in the system's log: what is written there, and how it is found again.
 *
 *     audit head=12:<64 hex digits> trail="/var/log/letsencrypt/audit.log" act=certificate-revoked
 * lineage="example.org"
 */
#include "audit/line.h"
#include "audit/reader.h"

/* trail: the path of audit.log. what: of the line, behind the head; "" for none. Of the caller's. */
char *audit_head_text(const struct audit_head *head, const char *trail, const char *what)
    __attribute__((returns_nonnull));

/* Looks for a head in a line of a log: at its start, or right behind "evercert[PID]: ", which what the system's log has
 * put in front of that (time, host) stands before. False: there is none. *trail is of the caller's. */
MUST_USE bool audit_head_read(struct view line, struct audit_head *head, char **trail);

/* "12:HASH" or "HASH" (seq 0: of whatever line), as on a command line. */
MUST_USE bool audit_head_parse(struct view text, struct audit_head *out);

struct audit_heads { /* sorted by number, each once */
    struct audit_head *at;
    size_t count;
};

#define AUDIT_HEADS_MAX 500000 /* 40 MB */

/* Adds one; false when there are AUDIT_HEADS_MAX already. */
MUST_USE bool audit_heads_add(struct audit_heads *heads, const struct audit_head *head);
/* Adds the heads of that trail that stand in the lines of a log; they are not sorted yet. */
MUST_USE bool audit_heads_read(
    struct audit_reader *reader, const char *trail, struct audit_heads *heads, struct error *err);
void audit_heads_sort(struct audit_heads *heads);
void audit_heads_clear(struct audit_heads *heads);
static inline void audit_heads_clear_at(struct audit_heads *heads)
{
    audit_heads_clear(heads);
}
