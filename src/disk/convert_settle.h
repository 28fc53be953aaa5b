#pragma once
/*
 * A conversion to the other layout (store/convert.h): the names that it uses on disk, and how directories change
 * places.
 *
 * The other form is built beside what is there, of second names for the same files (so that owner, mode and time are
 * kept), and the renewal file is rewritten last: that is the instant from which the lineage has the other layout. After
 * an interruption the names on disk, together with the layout that the renewal file names, tell what is to be done:
 *
 *     live/.NAME.convert         the live directory, and
 *     archive/.NAME.convert      the archive, of the layout that it is to have, or (once in place) of the one that it
 *                                had
 *     live/.NAME.convert.was     what was live, where directories cannot change places: convert_in_place.h
 *
 * At every moment live/NAME can be read: links that lead into the archive are there only while what they lead to is.
 */
#include "disk/lineage.h"

/* "DIR/../.NAME.convert", of the caller's. */
char *convert_path(const char *dir) __attribute__((returns_nonnull));

/* Whether something of a conversion is there. A few system calls. */
bool convert_is_unsettled(const struct lineage *lineage);

/* Puts both directories of the layout that the lineage has in place, where an interruption left the others there. Can
 * be undone by doing it with the other layout, until convert_clean. */
MUST_USE bool convert_switch(const struct lineage *lineage, struct error *err);

/* Removes what is left beside the directories in place, after moving what is a user's in it to them. */
MUST_USE bool convert_clean(const struct lineage *lineage, struct error *err);

/* Does both for a loaded lineage. Failures to remove leftovers are only logged. */
MUST_USE bool convert_settle(const struct lineage *lineage, struct error *err);
