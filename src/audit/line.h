#pragma once
/*
 * A line of the audit trail: one JSON object, its number and the hash of the line before it in front.
 *
 *     {"seq":12,"prev":"<64 hex digits>","time":"2026-12-01T03:45:31Z","act":"certificate-revoked", ... }
 *
 * The hash is SHA-256 over all bytes of the line before, its line feed included: `sed -n 11p audit.log | sha256sum`.
 * Pure: knows no files.
 */
#include "audit/act.h"

#define AUDIT_LINE_MAX ((size_t)64 * 1024) /* bytes, with the line feed */
#define AUDIT_HASH_SIZE 65                 /* hexadecimal digits, and a NUL */
#define AUDIT_FACTS_MAX 16

/* Where a chain stands: the number and the hash of its last line. */
struct audit_head {
    uint64_t seq;               /* 0: there is no line */
    char hash[AUDIT_HASH_SIZE]; /* of 0s where there is no line */
};

#define AUDIT_NO_HEAD                                                                                                  \
    ((struct audit_head){ .hash = "0000000000000000000000000000000000000000000000000000000000000000" })

struct audit_fact {
    const char *name, *value; /* value NULL: not known, and not written */
};

/* Who acted, as far as this process can tell. */
struct audit_who {
    uint32_t uid;
    uint32_t login;   /* of the session that led here, whatever it became since; UINT32_MAX: of none (a timer) */
    const char *sudo; /* SUDO_USER or DOAS_USER: told by the environment, so it may be wrong; NULL: none */
    int64_t pid;
    const char *command; /* the subcommand alone: what else was typed may be secret */
};

/* All of a line but its place in the chain; borrowed. */
struct audit_said {
    int64_t time;
    enum audit_act act;
    const char *lineage; /* NULL: none */
    const char *failure; /* why it failed; NULL: it was done */
    struct audit_fact facts[AUDIT_FACTS_MAX];
    size_t count;
    const struct audit_who *who;
};

/* The JSON object without its first two members, to be kept until its place is known. What is foreign in it is made
 * printable, and cut where it is very long. Never fails: of what does not fit the facts are left out. */
void audit_line_body(const struct audit_said *said, struct buf *out);
/* The line behind *head, with its line feed; *head becomes that of this line. */
MUST_USE bool audit_line_put(struct audit_head *head, struct view body, struct buf *out, struct error *err);

/* The hash of some bytes as text. */
MUST_USE bool audit_hash(struct view bytes, char out[static AUDIT_HASH_SIZE], struct error *err);
/* Whether a text is a hash: 64 hexadecimal digits, lower case. */
bool audit_is_hash(struct view text);

/* What the chain needs to know of a line, by a quick reader that takes only what audit_line_put writes. */
struct audit_link {
    uint64_t seq;
    char prev[AUDIT_HASH_SIZE];
    int64_t time;
    struct view act; /* borrowed from the line */
};

/* line: with or without its line feed. False: it is no line of a trail. */
MUST_USE bool audit_line_link(struct view line, struct audit_link *out);
