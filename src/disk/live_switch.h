#pragma once
/*
 * Switches the files in live/NAME, and keeps the directory: a process that has it open, watched or mounted gets the new
 * files.
 *
 * Its path leads to a complete version at every moment, also after a crash: a stand-in with the new files,
 * live/.NAME.next, changes places with the directory; the files in the directory are replaced while nobody finds it by
 * path; and the two change places again. The mark is in the stand-in (LIVE_MARK), so that after a crash it is known
 * which of the two is which.
 *
 * Where the two cannot change places (a mount point, a file system without such an exchange, a directory of an
 * overlay's lower layer, a live/ that may not be written to), the files are replaced where they are, one after the
 * other, and the record that makes it safe is the layout's.
 */
#include "disk/lineage.h"

/* "live/.NAME.next", of the caller's. */
char *live_stand_in(const char *live) __attribute__((returns_nonnull));
/* Whether there is one. A system call. */
bool live_has_stand_in(const char *live);

/* The stand-in NEXT, which the caller has made and in which there are the new files, or links, and nothing else: all of
 * the above. True as soon as the new files are live, for good; what is left then is live_settle's. On failure the old
 * ones are, and NEXT is to be removed (live_drop). */
MUST_USE bool live_switch(const char *live, const char *next, struct error *err);

/* Whether that failed because the two cannot change places here. */
bool live_cannot_switch(const struct error *err);

/* Finishes a switch that was cut short after the first exchange: what is in NEXT and LIVE becomes one directory again,
 * the older of the two. Then, or when there was none to finish, NEXT is removed. Missing ones are fine. */
MUST_USE bool live_settle(const char *live, const char *next, struct error *err);

/* Removes NEXT, after moving what is a user's in it to LIVE. Not while LIVE is the stand-in: then NEXT is the directory
 * that was there before, and live_settle's. */
MUST_USE bool live_drop(const char *live, const char *next, struct error *err);

/* Replaces our files, or links, in DIR by those in FROM, which stay where they are: each by a rename, the certificate
 * first; or, with cert_last, last. Synced. */
MUST_USE bool live_refill(const char *dir, const char *from, bool cert_last, struct error *err);
/* Removes whatever of all this is in LIVE, or beside it; for one that is to be removed, or switched in another way. */
MUST_USE bool live_remove_passing(const char *live, struct error *err);
