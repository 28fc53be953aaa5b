#pragma once
/*
 * Files of this machine become members of a backup, with a manifest at its end. For this room, and for evidence
 * of an incident (src/rescue), which is packed alike.
 *
 * What is read is never led astray: no link is followed but one that is asked for (PACK_FOLLOWED), and what changes its
 * kind meanwhile is not taken.
 */
#include "backup/manifest.h"
#include "crypto/seal.h"

struct packer;

/* manifest: what its first line says, and where entries and what could not be read are counted; the caller's, as long
 * as the packer is there. The archive goes to the sink. *out is the caller's. */
MUST_USE bool packer_new(struct manifest *manifest, struct seal_sink sink, struct packer **out, struct error *err);
void packer_free(struct packer *packer);
DEFINE_AUTO(struct packer, packer_free)

/* A path (absolute) that is not to be packed, with all below it, from now on; a directory also where another path leads
 * to it. */
void packer_skip(struct packer *packer, const char *path);

/* What certificates need and a restore will not bring back is noted in the manifest. */
void packer_lacks(struct packer *packer, const char *path, const char *why);

enum pack_how {
    PACK_TREE,           /* with all in it; links stay links */
    PACK_FOLLOWED,       /* the same, and where path itself is a link, what it leads to */
    PACK_ALONE,          /* a directory without what is in it */
    PACK_FOLLOWED_ALONE, /* the same, and where path itself is a link, what it leads to */
};

/*
 * Puts what lies at path into the archive as `name`, directories as `how` says. A path that is not
 * there is passed over, as is what is neither a file nor a directory nor a link; what this user may not read is noted
 * in the manifest. An error ends the packing: the disk of the archive is full, the user interrupts.
 */
MUST_USE bool packer_put(
    struct packer *packer, const char *path, const char *name, enum pack_how how, struct error *err);

/* A file of our own, readable by its owner alone. */
MUST_USE bool packer_put_text(struct packer *packer, const char *name, struct view text, struct error *err);

/* Whether files of that name are locks, which are not to be opened: closing one gives up this process's. */
bool packer_is_lock(const char *name);

/* Files that come from here on are second names of none that came before. */
void packer_forget_links(struct packer *packer);

/* The manifest, and the rest of the archive. */
MUST_USE bool packer_finish(struct packer *packer, struct error *err);
