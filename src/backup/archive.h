#pragma once
/*
 * Reading a backup: checking it, and unpacking it into a directory of one's own.
 *
 * Any archive goes: a backup of ours, with its manifest, plain or encrypted, or a tar, cpio or zip of the same
 * directories that somebody made otherwise, compressed or not. Nothing in it is believed: names lead nowhere but down
 * from the top, through directories that are none of the archive's links; nothing comes twice; sizes and counts are in
 * proportion to the file; what has no place in a store (devices, set-id bits) is refused. An archive with a manifest is
 * compared with it member by member.
 */
#include "backup/manifest.h"
#include "crypto/cert.h"
#include "crypto/seal.h"

struct archive_found {
    bool has_manifest;
    struct manifest manifest; /* all zero where there is none */
    uint64_t members, bytes;  /* without the manifest; bytes of content */
    struct list
        strangers;       /* "user NAME", "group NAME": owners that this machine does not know; their numbers are used */
    struct list unfit;   /* certificates whose key does not fit, by their path in the archive; only archive_check */
    uint64_t uncompared; /* certificates and keys that were too many in one directory to be compared */
};

void archive_found_clear(struct archive_found *found);
static inline void archive_found_clear_at(struct archive_found *found)
{
    archive_found_clear(found);
}

/* Who wants to know of certificates in an archive. */
struct archive_pairs {
    /* path: of a certificate in the archive ("conf/live/NAME/cert.pem") whose key lies beside it and fits. */
    void (*fits)(void *context, const char *path, const struct cert *cert);
    void *context;
};

/* Whether an archive of `size` bytes may have so many members, which weigh so much (member_weight), itself and its
 * manifest included. What is not in proportion is refused by the two below. */
bool archive_is_in_proportion(uint64_t size, uint64_t members, uint64_t weight);

/*
 * Reads all of it and writes nothing to the disk. ERROR_STORE says what is wrong, and where in the archive;
 * ERROR_CONFIG when it is encrypted and `by` (NULL: nothing) does not open it. With a manifest, all of it is as it was
 * packed when this succeeds. seen: told of certificates on the way (NULL: nobody). *out is the caller's.
 */
MUST_USE bool archive_check(const char *path, const struct unseal_by *by, const struct archive_pairs *seen,
    struct archive_found *out, struct error *err);

/*
 * The same, and unpacks it into dir, which is there, empty, and closed to others (0700): until the end it has what
 * nobody has vouched for, so whoever calls removes it when this fails. Files get their modes, access lists, times and,
 * for root, owners: by the name's number on this machine where it has one. manifest.json is unpacked, too. What links
 * say is not judged: look at what was unpacked without following any. All of it is on the disk when this returns.
 */
MUST_USE bool archive_unpack(
    const char *path, const struct unseal_by *by, const char *dir, struct archive_found *out, struct error *err);
