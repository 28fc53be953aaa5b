#pragma once
/*
 * Remembers facts that were checked and found true, by a digest of what was examined: so that a listing of thousands of
 * lineages checks each once, not at each call. Checking is by far the dearest part of it.
 *
 * What is entered must be a fact that stays true: that a signature fits. From run to run it is kept in one bounded
 * file, which is trusted only where only root and this user may change it (base/writers.h). So a forged file gains
 * nothing: its author may write the certificate and its chain as well, and could put an issuer of their own there,
 * since the chain of a lineage is compared with no root. And only listings ask here: what a CA sends (crypto/accept.h),
 * what becomes live, what doctor says and what says that a certificate was revoked is always checked itself.
 */
#include "base/bytes.h"

#define CHECKED_DIGEST 32              /* bytes: SHA-256 */
#define CHECKED_KEPT ((size_t)1 << 18) /* facts in the file, 8 MiB */

struct checked;
struct checked *checked_new(void) __attribute__((returns_nonnull));
void checked_free(struct checked *checked); /* NULL is fine */
DEFINE_AUTO(struct checked, checked_free)

/* The name of a fact: what was checked, and the two things that were compared. */
MUST_USE bool checked_name(
    const char *what, struct view first, struct view second, uint8_t out[CHECKED_DIGEST], struct error *err);

/* Whether it was found good before. Thread-safe, like the next. */
bool checked_has(struct checked *checked, const uint8_t digest[CHECKED_DIGEST]);
void checked_add(struct checked *checked, const uint8_t digest[CHECKED_DIGEST]);

/* Whether only root and this user may change that file; else the log says why it is not used. */
bool checked_is_ours(const char *path);
/* Loads what an earlier run saved at that path; loads nothing when there is no such file, or one that is not trusted.
 */
void checked_load(struct checked *checked, const char *path);
/* Saves it there for later runs, if there is anything new: first the entries asked for in this run, then others up to
 * the limit. A failure to write is only logged. */
void checked_save(struct checked *checked, const char *path);
