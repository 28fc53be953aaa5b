#pragma once
/*
 * The transaction of a restore, in CONF/.restore:
 *
 *     new/conf, new/files    what is to be put in place, complete; below files: by absolute path
 *     new/plain              the certificate files of live directories as regular files
 *     old/...                the same of what was there before
 *     forward, back          the journal; its name says where all of it is going
 *
 * Both sides are complete and synced before the journal is there. From then on a step puts a second name of what one of
 * the sides has in place, by a rename, or removes what that side lacks: so each may be done any number of times, and
 * whoever finds the journal goes on. Without a journal nothing was changed.
 *
 * The certificates in a live directory are replaced all at once where the layout's own switch is (disk/live_switch.h),
 * first by regular files: so that the archive behind the links may change while they are read.
 *
 * Everything is done with the store locked.
 */
#include "restore/steps.h"

enum side { SIDE_NEW, SIDE_OLD };

struct txn {
    char *conf; /* the configuration directory; never renamed, as it may be a mount point */
    char *dir;  /* CONF/.restore */
    struct steps steps;
};

void txn_init(struct txn *txn, const char *conf);
void txn_clear_at(struct txn *txn);

/* "CONF/.restore/new/PART" or ".../old/PART", of the caller's. */
char *txn_side_path(const struct txn *txn, enum side side, const char *part) __attribute__((returns_nonnull));

/* Makes an empty CONF/.restore, removing what an earlier one has left. Not while there is a journal. */
MUST_USE bool txn_begin(const struct txn *txn, struct error *err);
/* Fills old/ by the steps, and new/plain; syncs all. Nothing in the store is changed yet. */
MUST_USE bool txn_save(const struct txn *txn, struct error *err);
/* ERROR_STORE unless all that is to be put in place is staged, and nothing else: call before the commit. */
MUST_USE bool txn_check(const struct txn *txn, struct error *err);
/* Writes the journal: from here on a restore that is cut short is completed. */
MUST_USE bool txn_commit(const struct txn *txn, struct error *err);
/* Makes what is in place that of the side. */
MUST_USE bool txn_apply(const struct txn *txn, enum side side, struct error *err);
/* After a failure behind the commit: all of it goes back from now on, also after a crash; then does so. */
MUST_USE bool txn_take_back(const struct txn *txn, struct error *err);
/* Ends it: removes the journal, then everything. */
MUST_USE bool txn_end(const struct txn *txn, struct error *err);

enum txn_found { TXN_NONE, TXN_UNFINISHED /* before its journal: nothing was changed */, TXN_FORWARD, TXN_BACK };
enum txn_found txn_look(const struct txn *txn);
/* Completes what txn_look has found, or takes it back: *went is where it went. Nothing of it is left. */
MUST_USE bool txn_settle(struct txn *txn, enum txn_found *went, struct error *err);
