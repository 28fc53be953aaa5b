#pragma once
/*
 * Switching a lineage to the other layout where live/NAME or archive/NAME cannot change places with another directory:
 * a mount point, a directory of an overlay's lower layer, a file system without such a step. The directories stay, and
 * what is in them is replaced. Private to convert*.c.
 *
 * That is whole at every moment: what is live has the same content in both layouts, so a file and the link to it read
 * alike, each takes the other's place by a rename, and links are there only while what they lead to is. The archive has
 * both forms until nothing can be undone any more. What was live is kept in live/.NAME.convert.was meanwhile: where
 * that is, the switch is done in place.
 */
#include "disk/layout.h"

/* In the archive: a number, or the name of a version's directory, waiting or left over. */
bool convert_is_numbered(const char *name);
bool convert_is_dated(const char *name);
/* What an interruption leaves of a file that was to get a number. */
bool convert_is_passing(const char *name);

/* The four files, or links, of FROM take the place of those in LIVE. Those that are in LIVE go to ASIDE first, unless
 * FROM is that. is_as_it_was: none was replaced yet. */
MUST_USE bool convert_live_in_place(
    const char *live, const char *from, const char *aside, bool is_as_it_was, struct error *err);

/* What FROM has comes into ARCHIVE, too, whole or not at all; what is there already stays. opens: ARCHIVE then gets the
 * mode of FROM, as links are to lead into it. */
MUST_USE bool convert_archive_in_place(const char *archive, const char *from, bool opens, struct error *err);

/* After that, when it can no longer be undone: what is of the layout other than `layout` goes from ARCHIVE, which gets
 * the mode of FROM. No key is overwritten: every one is kept, as the same file or a copy. */
MUST_USE bool convert_archive_clean(
    const char *archive, const char *from, const struct layout *layout, struct error *err);

/* When it was undone: what had come from FROM, which is of the other layout, goes from ARCHIVE again. */
MUST_USE bool convert_archive_undo(
    const char *archive, const char *from, const struct layout *layout, struct error *err);
