#pragma once
/*
 * The manifest: the last member of a backup, which says what is in it.
 *
 * It is a JSON document that is written and read line by line, so that a large one needs no more memory than a small
 * one: a first line that says of what it is the manifest, a line for each member in the order of the archive, and a
 * last one with a digest of all before it. Knows that form; knows nothing of files and archives.
 */
#include "archive/member.h"
#include "crypto/hash.h"

#define MANIFEST_NAME "manifest.json"
#define MANIFEST_LINE_MAX (256 * 1024)
#define MANIFEST_MAX_UNREADABLE 1000 /* names of what could not be read; further ones are only counted */
#define MANIFEST_MAX_LACKING 1000    /* further ones are not named */

struct manifest {
    int64_t made;           /* UTC seconds since 1970 */
    char *host;             /* on which it was made */
    char *by;               /* "Evercert 0.1.0" */
    char *reason;           /* why it was made by itself ("delete"); NULL: the user wanted it */
    char *config_dir;       /* what "conf" in the archive was */
    struct list lineages;   /* whose files are in it, when it is not the whole store */
    struct list unreadable; /* files that should have been in it, each with the reason */
    uint64_t unreadable_count;
    struct list lacking; /* what certificates need and a restore does not bring back, each with the reason */
    uint64_t entries;    /* members besides the manifest */
    uint64_t weight;     /* of all members (member_weight); only where it is being written */
};

void manifest_clear(struct manifest *manifest);
static inline void manifest_clear_at(struct manifest *manifest)
{
    manifest_clear(manifest);
}

/* ---- writing ---- */

/* Each appends one line, without its line feed; the writer puts ",\n" between entries, and "\n" elsewhere. */
void manifest_put_first(struct buf *out, const struct manifest *manifest);
/* sha256: of its content; NULL for what has none. Bytes that are no UTF-8 stand beside the text in base64url. */
void manifest_put_entry(struct buf *out, const struct member *member, const char *sha256);
/* sha256: of all bytes of the manifest before it, which are those that are appended here up to ',"sha256":'; so the
 * line comes in two parts. */
void manifest_put_last(struct buf *out, const struct manifest *manifest);
void manifest_put_digest(struct buf *out, const char *sha256);

/* ---- reading ---- */

struct manifest_reader;

/* entry is called for each line of a member, as manifest_put_entry wrote it; its error is returned as it is. */
typedef bool (*manifest_entry)(void *context, struct view line, struct error *err);

/* *out is the caller's. */
MUST_USE bool manifest_reader_new(manifest_entry entry, void *context, struct manifest_reader **out, struct error *err);
void manifest_reader_free(struct manifest_reader *reader);
DEFINE_AUTO(struct manifest_reader, manifest_reader_free)

/* The next bytes of it. ERROR_STORE when they are those of no manifest. */
MUST_USE bool manifest_reader_put(struct manifest_reader *reader, struct view bytes, struct error *err);
/* At its end: ERROR_STORE when it was cut short, or was changed. *out is the caller's, for manifest_clear. */
MUST_USE bool manifest_reader_end(struct manifest_reader *reader, struct manifest *out, struct error *err);

/* In what two lines of the same member differ ("its size is 5, and was 6"), or that they are of different ones; of the
 * caller's. */
char *manifest_difference(struct view expected, struct view found) __attribute__((returns_nonnull));
