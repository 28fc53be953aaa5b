#pragma once
/*
 * How the files of a lineage lie on disk, behind one interface. Private to this room.
 *
 * lineage*.c know renewal files and certificates; a layout knows where versions are kept and how one becomes
 * live. A second layout is a second file with a struct layout, and a choice in lineage_open.
 */
#include "store/store_private.h"

struct layout {
    const char *name;

    /* Whether something is at a new lineage's live_dir or archive_dir already: returns that path, NULL when
     * both are free (or empty directories). */
    const char *(*taken)(const struct lineage *lineage);

    /* Makes live_dir and archive_dir with version 1 in them, synced; what was made is added to undo. */
    bool (*create)(const struct lineage *lineage, const struct issued *issued, struct undo *undo,
                   struct error *err);

    /* Finds version, current and pending_deployment from live[]. Undoes a switch that was interrupted. */
    bool (*find)(struct lineage *lineage, struct error *err);

    /* Writes the next version whole and synced, without making it live; what was made is added to undo. */
    bool (*add)(const struct lineage *lineage, const struct issued *issued, struct undo *undo,
                unsigned *version, struct error *err);

    /* Makes a version live. On failure the old one is. */
    bool (*deploy)(const struct lineage *lineage, unsigned version, struct error *err);

    /* Removes what is older than the versions to be kept beside `newest`. */
    bool (*prune)(const struct lineage *lineage, unsigned newest, struct error *err);

    /* Whether path names a certificate of some version, cert or fullchain, in archive_dir. */
    bool (*has_version_file)(const struct lineage *lineage, const char *path);

    /* Removes live files (live[] may have gaps: a broken renewal file) and versions; the whole archive_dir,
     * or only the files that are versions'. What is missing is fine. */
    bool (*remove)(const struct lineage *lineage, bool whole_archive, struct error *err);
};

/* Certbot's: archive/NAME/cert7.pem, and links to it in live/NAME. */
extern const struct layout layout_certbot;
