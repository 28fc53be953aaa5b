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

/* Whether a name in the archive is that of a numbered file, or of a version's directory (also one waiting or left
 * over). */
bool convert_is_numbered(const char *name);
bool convert_is_dated(const char *name);
/* Whether the name is that of a temporary file that an interrupted numbering of ARCHIVE left behind. */
bool convert_is_passing(const char *name);

/* Replaces the four files, or links, in LIVE by those of FROM. Those in LIVE are moved to ASIDE first, unless ASIDE is
 * FROM. is_as_it_was: none was replaced yet. */
MUST_USE bool convert_live_in_place(
    const char *live, const char *from, const char *aside, bool is_as_it_was, struct error *err);

/* Copies the entries of FROM into ARCHIVE, all of them or none; those that exist are kept. opens: also gives ARCHIVE
 * the mode of FROM, as links will lead into it. */
MUST_USE bool convert_archive_in_place(const char *archive, const char *from, bool opens, struct error *err);

/* After the commit: removes the entries of ARCHIVE that belong to another layout than `layout`, and gives it the mode
 * of FROM. Overwrites no key: each is kept, as the same file or a copy. */
MUST_USE bool convert_archive_clean(
    const char *archive, const char *from, const struct layout *layout, struct error *err);

/* When the conversion was undone: removes from ARCHIVE what was copied from FROM, which is of the other layout. */
MUST_USE bool convert_archive_undo(
    const char *archive, const char *from, const struct layout *layout, struct error *err);
