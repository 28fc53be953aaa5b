#pragma once
/*
 * Memory of the hosts asked about revocation: the silent ones, the time that they cost, and the lists downloaded. For a
 * run, shared by its threads, and from run to run in a directory.
 *
 * Private to run/revocation.c. Knows no certificates and no HTTP. The directory holds nothing that must be: what cannot
 * be read or written there is as if it were not there. Its contents were once received from outside, and deserves no
 * more trust than what comes by the network.
 */

#include "base/bytes.h"
#include "base/named.h"
#include "run/revocation.h"

#define SILENCE_KEPT_S (4 * 3600) /* for so long a host that was silent is not asked again */
#define SILENCE_DEAR_MS 1000      /* silence that is remembered for later runs */
#define SILENCE_BUDGET_MS 6000    /* of a run, for all silent hosts; then only hosts that answered are asked */
#define LISTS_FRESH_S 3600        /* so old a list may be without being asked for anew */
#define LISTS_KEPT 32             /* on disk, the newest */
#define LISTS_KEPT_BYTES ((size_t)4 * 1024 * 1024) /* of each */

/* The directory to remember in, from the first call on; made when something is to be kept. now: UTC seconds. */
void revocation_memory_use(struct revocation_memory *memory, const char *dir, int64_t now);

/*
 * Whether it makes sense to ask that host. While another thread asks it for the first time, this one waits for what
 * comes of it. True: one of the three below must follow.
 */
bool revocation_may_ask(struct revocation_memory *memory, const char *host);

/* Nothing was learned: the user has interrupted. */
void revocation_note_nothing(struct revocation_memory *memory, const char *host);
/* Notes that the host answered, or did not between two instants of clock_monotonic_ms. now: UTC seconds. */
void revocation_note_answer(struct revocation_memory *memory, const char *host);
void revocation_note_silence(
    struct revocation_memory *memory, const char *host, int64_t begun_ms, int64_t ended_ms, int64_t now);

/* A list as it came from that URL, if it is no older than max_age_s. */
bool revocation_list_kept(
    const struct revocation_memory *memory, const char *url, int64_t now, int64_t max_age_s, struct buf *out);
void revocation_keep_list(const struct revocation_memory *memory, const char *url, struct view list);

/* ---- lists of this run ---- */

struct crl;

struct crl_source { /* known by the URL that lists come from */
    struct named named;
    struct crl *crl; /* NULL: there is none to be had */
};

/* Borrowed until the memory is freed. */
struct crl_source *revocation_source(struct revocation_memory *memory, const char *url);
