#pragma once
/*
 * The directory live/NAME as a whole: another one stands in for it while what is in it is switched (live_switch.h), or
 * takes its place (convert_settle.h).
 *
 * Whatever a user keeps in it besides our files goes along; so do its owner, mode and access control lists.
 */
#include "disk/lineage.h"

#define LIVE_MARK ".evercert-stand-in" /* an empty file in a directory that stands in for another one */
#define LIVE_FRESH ".new"              /* ".cert.pem.new": what becomes a file of ours */

/* Prepares NEXT, which holds files of ours and lies beside LIVE, for taking its place: gets the mark, second names for
 * the user's files (where they cannot have one, and for his directories, links that lead there once the two have
 * changed places), the owner and the mode, and is synced. A missing LIVE is fine, and needs no mark. */
MUST_USE bool live_prepare(const char *live, const char *next, struct error *err);

/* Call before a superseded version, in DIR, is prepared: renames to NAME.ID each user's file there that differs from
 * one of the same name in LIVE. The one in LIVE goes along, and the other is kept. */
MUST_USE bool live_set_apart(const char *live, const char *dir, const char *id, struct error *err);

/* LIVE and NEXT change places: file_exchange, and both directories above synced. */
MUST_USE bool live_exchange(const char *live, const char *next, struct error *err);

/* Call after the exchange: removes from OLD what was carried along, and moves to LIVE what is only in OLD. Of two files
 * that differ, as one was written during the exchange, the younger stays; where one is a directory both stay, that of
 * OLD as NAME.was. */
MUST_USE bool live_hand_over(const char *old, const char *live, struct error *err);
