#pragma once
/*
 * PEM (RFC 7468, and the headers of RFC 1421 that old key files have): finding, decoding and writing blocks.
 *
 * Knows nothing of what is in a block. Private to this room.
 */
#include "base/bytes.h"

#define PEM_MAX_DER (256 * 1024) /* of one block; the largest certificates seen have some 30 KiB */

struct pem_block {
    struct view label; /* "CERTIFICATE"; at is NULL when there was no further block */
    struct view body;  /* the base64 text */
    bool encrypted;    /* headers or label say that a passphrase is needed */
};

/* Cuts the next block off *rest, passing over the text before it. CRLF and LF are both line ends.
 * ERROR_CONFIG for a block that has no end. */
MUST_USE bool pem_next(struct view *rest, struct pem_block *out, struct error *err);

/* The same where a block may begin and end in the middle of a line (behind a byte order mark, a blank, another block):
 * none is passed over. ERROR_CONFIG also for one that has no beginning. */
MUST_USE bool pem_next_anywhere(struct view *rest, struct pem_block *out, struct error *err);

/* The next block whose label is a or b (b may be NULL); ERROR_CONFIG "no LABEL found" when there is none. */
MUST_USE bool pem_find(struct view *rest, const char *a, const char *b, struct pem_block *out, struct error *err);

/* Appends the bytes of a block. ERROR_CONFIG when it is not base64, is empty, or is larger than der takes. */
MUST_USE bool pem_decode(const struct pem_block *block, struct buf *der, struct error *err);

/* Appends a block with lines of 64 columns and LF (RFC 7468 section 2). */
void pem_put(struct buf *out, const char *label, struct view der);
