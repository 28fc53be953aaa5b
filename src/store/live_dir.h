#pragma once
/*
 * The directory live/NAME as a whole: another one takes its place in one step. Private to the layouts.
 *
 * Whatever a user keeps in it besides our files goes along; so do its owner, mode and access control lists.
 */
#include "store/store.h"

/* Prepares NEXT, which holds files of ours, for taking the place of LIVE: gets second names for the user's files, the
 * owner and the mode, and is synced. A missing LIVE is fine. */
MUST_USE bool live_prepare(const char *live, const char *next, struct error *err);

/* Before a superseded version, in DIR, is prepared: what a user keeps there under a name that LIVE has as well, but is
 * not the same, is called NAME.ID from now on. So the one that goes along is the one in LIVE, and the other is kept. */
MUST_USE bool live_set_apart(const char *live, const char *dir, const char *id, struct error *err);

/* LIVE and NEXT change places: file_exchange, and both directories above synced. */
MUST_USE bool live_exchange(const char *live, const char *next, struct error *err);

/* After the exchange: what has come along is removed from OLD, and the user's directories move from it to LIVE. Of two
 * files that differ, as one was written while the directories changed places, the younger stays; where one is a
 * directory, both do, the one from OLD as NAME.was. */
MUST_USE bool live_hand_over(const char *old, const char *live, struct error *err);
