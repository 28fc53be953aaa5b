#pragma once
/*
 * What a restore changes: the staged store compared with the one that is there, as steps of a transaction and as facts
 * to be shown.
 */
#include "restore/stage.h"
#include "store/store.h"

enum fate { FATE_ADDED, FATE_REPLACED, FATE_SAME, FATE_REFUSED };

struct planned { /* a lineage, in the order of the stage's */
    enum fate fate;
    char *why;    /* FATE_REFUSED: a clause */
    char *broken; /* why the one that is there cannot be loaded; NULL: it can, or there is none */
    bool here;    /* there is one that loads: what follows is of it */
    char *serial;
    int64_t not_before, not_after;
    size_t removed; /* files of versions that the backup does not have */
};

struct plan {
    struct planned *at;
    size_t len;
    struct list others;   /* paths of other files that are added or replaced, below the configuration directory */
    struct list programs; /* of what is added or replaced: what will be run, or says what is run (restore/code.h) */
    struct list outside;  /* files outside the store that are put back */
    struct list left;     /* what the backup has, and is left out, with the reason */
    struct list missing;  /* those that are not there, and the backup has not: "KEY PATH" */
    struct list kept;     /* lineages of the store that the backup does not have */
};

/* Fills the transaction's steps. whole: also accounts, hooks and settings; else only accounts that the lineages name
 * and that are not here. */
MUST_USE bool plan_make(
    struct store *store, const struct stage *stage, bool whole, struct txn *txn, struct plan *out, struct error *err);
void plan_clear_at(struct plan *plan);

/* Takes the files outside the store out of the plan and the steps: nobody has agreed to them. */
void plan_leave_outside(struct plan *plan, struct txn *txn);

/* How many certificates are not restored. */
size_t plan_refused(const struct plan *plan);
