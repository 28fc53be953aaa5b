#pragma once
/*
 * What state each certificate is in that the store has, or that a server of this machine wants to read: found by
 * looking at files alone, and without changing any.
 */
#include "disk/lineage.h"
#include "rescue/uses.h"
#include "run/context.h"

enum trouble_kind {
    TROUBLE_NONE,
    TROUBLE_STOP_GAP,    /* a self-signed certificate stands in (crypto/stop_gap.h) */
    TROUBLE_EXPIRED,     /* whole, and over */
    TROUBLE_NO_RENEWAL,  /* the files are whole, but there is no renewal file, or an empty one */
    TROUBLE_BAD_RENEWAL, /* there is a renewal file that cannot be used: it is for people to mend */
    TROUBLE_GUESSED,     /* whole, with a renewal file that was made up (stand_in.h) */
    TROUBLE_BROKEN,      /* the renewal file is well, the files are not */
    TROUBLE_LOST,        /* neither is there */
    TROUBLE_FOREIGN, /* not of this store: a server reads files of other names in its directory, and cannot use them */
};
const char *trouble_kind_word(enum trouble_kind kind); /* "well", "stop-gap" ...: for programs */

struct source {        /* a backup that has one certificate, whole */
    char *path;        /* NULL: there is none */
    int64_t made;      /* UTC seconds since 1970 */
    int64_t not_after; /* of the newest certificate of that name in it */
};

struct trouble { /* one certificate; also one that is well */
    char *name;
    enum trouble_kind kind;
    char *why;             /* what is wrong, for people; NULL: nothing */
    char *keeps;           /* why nothing may be put in the place of its files (usable.h); NULL: they may give way */
    bool has_conf;         /* a renewal file, which may be one that cannot be read; an empty one is none */
    const struct use *use; /* borrowed from the uses; NULL: no server that is known reads it */
    struct identifiers
        names; /* of its certificate, or of what is left of it, or of the server that reads it; may be none */
    struct source backup; /* the newest that has it (sources.h) */
};

struct troubles {
    struct trouble *at;
    size_t len;
};

/* only: a name; NULL: all. ERROR_STORE where the store cannot be listed, ERROR_CONFIG where there is nothing of that
 * name. *out is the caller's and borrows uses. */
MUST_USE bool troubles_find(
    struct context *context, const struct uses *uses, const char *only, struct troubles *out, struct error *err);
/* Looks at one again. */
void trouble_look(struct context *context, struct trouble *trouble);
void troubles_clear(struct troubles *troubles);
static inline void troubles_clear_at(struct troubles *troubles)
{
    troubles_clear(troubles);
}

/* A server that reads its files does not start, or clients refuse what it shows. */
static inline bool trouble_is_broken(enum trouble_kind kind)
{
    return kind == TROUBLE_BROKEN || kind == TROUBLE_LOST;
}

/* The same where its renewal file cannot tell, as it has to be mended first. */
static inline bool trouble_wants_stop_gap(const struct trouble *trouble)
{
    return trouble_is_broken(trouble->kind) || (trouble->kind == TROUBLE_BAD_RENEWAL && trouble->keeps == NULL);
}

/* CONF/.set-aside/NAME: where files go that had to give way (stand_in.h); of the caller's. */
char *set_aside_dir(const struct store *store, const char *name) __attribute__((returns_nonnull));
