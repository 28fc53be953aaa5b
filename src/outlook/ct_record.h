#pragma once
/*
 * What is remembered of looks into the logs: CONF/transparency/record.txt, a file of lines.
 *
 * When each lookup was last made, so that thousands of names are looked up over time; the certificates of our own that
 * have not expired, so that one that is deleted is still known; and those of others, with who knows of them.
 */
#include "base/range_lock.h"
#include "outlook/logged.h"

#define RECORD_MAX ((size_t)64 * 1024 * 1024) /* bytes of the file */
#define RECORD_FOUND_MAX 10000                /* certificates of others that are remembered */
#define RECORD_NAMES 20                       /* that are kept of each */
#define RECORD_NOTE_MAX 300                   /* bytes */

struct looked { /* a lookup, by the name that was asked for */
    char *name;
    int64_t at; /* UTC seconds, of the last that succeeded */
};

struct own {               /* a certificate that this store had */
    char *serial, *issuer; /* as in stored.h */
    int64_t not_after;
};

struct found { /* a certificate that is not of this store */
    int64_t id;
    char *serial, *issuer;               /* serial as in stored.h; issuer: its whole name */
    struct list names;                   /* the first RECORD_NAMES */
    int64_t not_before, not_after, seen; /* seen: first */
    int64_t acknowledged;                /* 0: nobody knows of it */
    char *by, *note;                     /* who did, and what he wrote; NULL while nobody has */
    bool is_new;                         /* not in the file: of this run */
};

struct ct_record {
    struct looked *looked; /* by name */
    size_t looked_len, looked_room;
    struct own *own; /* by serial number and issuer */
    size_t own_len, own_room;
    struct found *found; /* as they came */
    size_t found_len, found_room;
    size_t left_out; /* that there was no room for, of this run */
};

void ct_record_clear(struct ct_record *record);
static inline void ct_record_clear_at(struct ct_record *record)
{
    ct_record_clear(record);
}

/* Lines that cannot be read are passed over. *out must be zero. */
void ct_record_parse(struct view text, struct ct_record *out);
void ct_record_format(const struct ct_record *record, struct buf *out);

/* 0: never */
int64_t ct_record_looked_at(const struct ct_record *record, const char *name);
void ct_record_note_look(struct ct_record *record, const char *name, int64_t at);

/* Adds one; end it with ct_record_settle. */
void ct_record_add_own(struct ct_record *record, const char *serial, const char *issuer, int64_t not_after);
/* Puts own certificates in order, each once. */
void ct_record_settle(struct ct_record *record);
bool ct_record_has_own(const struct ct_record *record, const char *serial, const char *issuer);

/* The entry for it, a new one where it was not known; NULL: there is no room. A later look completes its names. */
struct found *ct_record_add_found(struct ct_record *record, const struct logged *logged, int64_t now);
/* NULL: there is none of that ID. */
struct found *ct_record_find(struct ct_record *record, int64_t id);
/* Forgets certificates that have expired, lookups that are older than so many seconds, and certificates of others that
 * `is_known` knows by now. */
void ct_record_sweep(struct ct_record *record, int64_t now, int64_t age_s,
    bool (*is_known)(void *ctx, const struct found *found), void *ctx);

/* ---- the file ---- */

/* For whoever changes it: waits for another process, half a minute at most. ERROR_STORE. */
MUST_USE bool ct_record_lock(const char *config_dir, struct range_lock **out, struct error *err);
/* What is not there is empty. ERROR_STORE when it cannot be read. *out must be zero. */
MUST_USE bool ct_record_load(const char *config_dir, struct ct_record *out, struct error *err);
MUST_USE bool ct_record_save(const char *config_dir, const struct ct_record *record, struct error *err);
