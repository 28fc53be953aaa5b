#pragma once
/*
 * Signatures that were found good, by the digest of what was looked at. Listing thousands of lineages then costs one
 * check for each certificate, not one at each call: checking is by far the dearest part of it.
 *
 * Whether a key signed a text never changes, so nothing here grows stale. From run to run it is kept in one bounded
 * file, which is believed only where nobody but root and this user may change it (base/writers.h). So a forged file
 * gives nobody anything: its author may write the certificate and its chain as well, and could put an issuer of their
 * own there, since the chain of a lineage is compared with no root. And only listings ask here: what a CA sends
 * (crypto/accept.h), what becomes live and what says that a certificate was revoked is always checked itself.
 */
#include "base/bytes.h"

#define SIGNATURE_DIGEST 32               /* bytes: SHA-256 */
#define SIGNATURES_KEPT ((size_t)1 << 18) /* in the file, 8 MiB */

struct signatures;
struct signatures *signatures_new(void) __attribute__((returns_nonnull));
void signatures_free(struct signatures *signatures); /* NULL is fine */
DEFINE_AUTO(struct signatures, signatures_free)

/* The name under which the good signature of a certificate (DER) is known, by the first certificate of a PEM text. */
MUST_USE bool signature_digest(
    struct view certificate, struct view chain, uint8_t out[SIGNATURE_DIGEST], struct error *err);

/* Whether it was found good before. Thread-safe, like the next. */
bool signatures_has(struct signatures *signatures, const uint8_t digest[SIGNATURE_DIGEST]);
void signatures_add(struct signatures *signatures, const uint8_t digest[SIGNATURE_DIGEST]);

/* What an earlier run has kept at that path; nothing when there is no such file, or none to be believed. */
void signatures_load(struct signatures *signatures, const char *path);
/* Keeps them there for later runs, if there is anything new: those that were asked for in this one first, others as far
 * as they fit. A file that cannot be written is no loss, and only noted in the log. */
void signatures_save(struct signatures *signatures, const char *path);
