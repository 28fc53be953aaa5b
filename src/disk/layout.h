#pragma once
/*
 * How the files of a lineage lie on disk, behind one interface.
 *
 * The store knows renewal files and certificates; a layout knows where versions are kept and how one becomes
 * live. A further layout is a file with a struct layout, and a row in layouts[] (layouts.c).
 *
 * All of it is called with the lineage locked, except find and list, which change nothing.
 */
#include "access/access.h"
#include "disk/lineage.h"
#include "disk/remove.h"

struct layout {
    const char *name; /* as in --store-layout and in renewal files */

    /* The live files are links into archive_dir, so that readers pass through it; else files of their own. */
    bool live_are_links;
    /* Versions are called 1, 2 ..., and each file of one is in archive_dir itself, where an older Certbot adds further
     * ones and makes the newest live; else each is a directory with a meta.txt, named by date and serial number. */
    bool numbered;

    /* Whether something is at a new lineage's live_dir or archive_dir already: returns that path, NULL when
     * both are free (or empty directories). */
    const char *(*taken)(const struct lineage *lineage);

    /* Makes live_dir and archive_dir with a first version in them, synced; what was made is added to undo. */
    bool (*create)(const struct lineage *lineage, const struct issued *issued, const struct access *access,
        struct undo *undo, struct error *err);

    /* Whether a switch was interrupted; asked when find fails. */
    bool (*is_unsettled)(const struct lineage *lineage);
    /* Finishes or undoes what was interrupted. */
    bool (*settle)(const struct lineage *lineage, struct error *err);

    /* Finds version, current, pending_deployment and unsettled from live[]. */
    bool (*find)(struct lineage *lineage, struct error *err);

    /* The versions that are whole, the oldest first; the newest or the live one may be anywhere among them. */
    bool (*list)(const struct lineage *lineage, struct list *ids, struct error *err);
    /* The path of a version's file, of the caller's. */
    char *(*path)(const struct lineage *lineage, const char *id, enum kind kind);
    /* The version that live[] leads to, of the caller's. */
    bool (*live)(const struct lineage *lineage, char **id, struct error *err);

    /* Writes a new version whole and synced, without making it live; what was made is added to undo. *id is
     * the caller's. */
    bool (*add)(const struct lineage *lineage, const struct issued *issued, const struct access *access,
        struct undo *undo, char **id, struct error *err);

    /* Makes a version that was added live. On failure the old one is. */
    bool (*deploy)(const struct lineage *lineage, const char *id, struct error *err);
    /* Makes a superseded version live again; it stays so until the next one is added. *now is what it is called from
     * now on, of the caller's. */
    bool (*restore)(const struct lineage *lineage, const char *id, char **now, struct error *err);

    /* Whether a version that is in use is kept as a superseded one as well, by the same name. NULL: none ever is. */
    bool (*has_copy)(const struct lineage *lineage, const char *id);
    /* Removes a superseded version (of two by the same name, that one), its key overwritten first. */
    bool (*drop)(const struct lineage *lineage, const char *id, struct error *err);

    /* Whether there is a version that is whole, wherever it is. */
    bool (*has_version)(const struct lineage *lineage);

    /* Removes what is left of versions whose removal was cut short. NULL: settle does that. */
    bool (*sweep)(const struct lineage *lineage, struct error *err);

    /* Whether path names a certificate of some version, cert or fullchain, in archive_dir. */
    bool (*has_version_file)(const struct lineage *lineage, const char *path);

    /* Removes live files (live[] may have gaps: a broken renewal file) and versions; the whole archive_dir,
     * or only the files that are versions'. What is missing is fine. */
    bool (*remove)(const struct lineage *lineage, bool whole_archive, struct error *err);
};

/* Certbot's: archive/NAME/cert7.pem, and links to it in live/NAME. */
extern const struct layout layout_certbot;
/* Whole versions in directories: regular files in live/NAME, superseded ones in archive/NAME/DATE-SERIAL. */
extern const struct layout layout_versioned;

/* ---- what both layouts do ---- */

struct view issued_part(const struct issued *issued, enum kind kind);
/* Whether there is something at path other than an empty directory. */
bool layout_is_taken(const char *path);
const char *layout_taken(const struct lineage *lineage); /* as struct layout has it */
/* Makes a directory, or takes an empty one that is there; that one is not ours to remove. */
MUST_USE bool layout_make_dir(const char *path, mode_t mode, struct undo *undo, struct error *err);
/* DIR/README, unless it is there. prefix: what stands before the file names, "" or "[cert name]/". undo: NULL when it
 * is to stay. */
MUST_USE bool layout_write_readme(const char *dir, const char *prefix, struct undo *undo, struct error *err);
/* Removes DIR/README if it is such a one, or Certbot's: a user's stays. */
MUST_USE bool layout_remove_readme(const char *dir, struct error *err);
