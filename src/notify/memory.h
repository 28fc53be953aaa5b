#pragma once
/*
 * What one target was told: a file of lines for each target, CONF/alarms/TARGET.txt.
 *
 * One file for a target and not a record for each lineage, so that what was told in one message is remembered in one
 * step, or not at all; and so that a target that could not be reached is told later what others know already.
 */
#include "base/bytes.h"

enum trouble {
    TROUBLE_NONE,
    TROUBLE_RENEWAL,  /* the last attempt to renew it failed */
    TROUBLE_DELIVERY, /* it is live, but not everything that follows was done, or its server serves another */
    TROUBLE_LATE,     /* nothing failed, and yet it is not renewed */
    TROUBLE_RUN,      /* no lineage: renew itself could not do its work */
    TROUBLE_TARGET,   /* no lineage: another target takes no alarms */
    TROUBLE_FOREIGN,  /* no lineage: a certificate in the public logs that is not of this store */
    TROUBLE_COUNT
};
const char *trouble_word(enum trouble trouble); /* "renewal", "delivery" ...: stable, for files and programs */

enum standing {
    STANDING_UNTOLD, /* it lasts, and was not told yet */
    STANDING_TOLD,
    STANDING_WELL, /* over, and told: remembered for a while, so that what comes and goes is not told each time */
};

struct known { /* about one lineage, or what stands in its place */
    char *name;
    enum trouble trouble;
    enum standing standing;
    int64_t since, told; /* UTC seconds; told 0: never */
    unsigned level;      /* that was told (decide.h) */
    unsigned runs;       /* that met it, in a row */
};

#define MEMORY_MAX (32 * 1024 * 1024) /* bytes of the file */
#define MEMORY_SENT 24                /* how many of the last messages are remembered */

struct memory {
    struct known *at; /* by name, in byte order */
    size_t len, room;
    int64_t sent[MEMORY_SENT]; /* instants of the last messages that were taken, or may have been; the oldest first */
    size_t sent_len;
    struct {
        int64_t since; /* of the first attempt that failed; 0: the last one succeeded */
        int64_t last;  /* of the last one; 0: not known */
        unsigned times;
        char *why; /* one line */
    } failing;
};

void memory_clear(struct memory *memory);
static inline void memory_clear_at(struct memory *memory)
{
    memory_clear(memory);
}
void memory_add(struct memory *memory, const struct known *known); /* a copy; in order of names */
/* Before a message is sent: an attempt that is killed counts as one that was taken. */
void memory_note_sent(struct memory *memory, int64_t now);
/* After it. why NULL: the target has taken the message; else it counts no longer as one of those that were sent. */
void memory_note_result(struct memory *memory, int64_t now, const char *why);
struct memory memory_dup(const struct memory *memory);

/* Lines that cannot be read are passed over: what they said is told once more. *out must be zero. */
void memory_parse(struct view text, struct memory *out);
void memory_format(const struct memory *memory, struct buf *out);
