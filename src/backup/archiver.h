#pragma once
/*
 * evercert-archive at work for us: members go to it and an archive comes back, or the other way round.
 *
 * Knows the process, its pipes and its bounds; knows neither files nor what is in them. One thread at a time.
 */
#include "archive/member.h"
#include "crypto/seal.h"

struct archiver;

enum archiver_job { ARCHIVER_PACKS, ARCHIVER_UNPACKS };

/* Whether it is installed: it is left out of builds without libarchive. */
bool archiver_is_there(void);

/* ERROR_CONFIG where it is not installed. *out is the caller's. */
MUST_USE bool archiver_start(enum archiver_job job, struct archiver **out, struct error *err);
void archiver_free(struct archiver *archiver); /* ends it, whatever it is doing */
DEFINE_AUTO(struct archiver, archiver_free)

/* ---- packing ---- */

/* Where to put frames (member_put ...); at most MEMBER_MAX_FRAME bytes between two calls of archiver_pass. */
struct buf *archiver_frames(struct archiver *archiver);
/* Passes them on; pieces of the archive that are ready go to the sink, whose error is returned as it is. */
MUST_USE bool archiver_pass(struct archiver *archiver, struct seal_sink sink, struct error *err);
/* Says that this was the last member, and passes the rest of the archive to the sink. */
MUST_USE bool archiver_finish(struct archiver *archiver, struct seal_sink sink, struct error *err);

/* ---- unpacking ---- */

/* Where the bytes of the archive come from. */
struct archiver_source {
    /* Appends some of them, at most 64 KiB; *end: those were the last. */
    bool (*more)(void *context, struct buf *to, bool *end, struct error *err);
    void *context;
};

/* The next frame, borrowed until the next call. The last one is MEMBER_END or MEMBER_FAILED. ERROR_STORE when the
 * program ends before; the source's errors are returned as they are. */
MUST_USE bool archiver_next(
    struct archiver *archiver, struct archiver_source source, struct wire_frame *out, struct error *err);
