#pragma once
/*
 * The outer form of a sealed stream (RFC 5083 section 2.1): what stands before the content, its pieces, what stands
 * behind.
 *
 * Reads BER as far as streams need it, of bytes that come in any pieces, and keeps no more than the header of them.
 * Knows no keys. Private to this room.
 */
#include "crypto/der.h"

struct frame_level { /* a SEQUENCE or tag that is open */
    bool indefinite; /* ended by two zero octets */
    uint64_t end;    /* else: the offset at which it ends */
};

enum frame_state { FRAME_HEADER, FRAME_PIECE, FRAME_BYTES, FRAME_TAIL };

struct frame {
    enum frame_state state;
    struct buf kept; /* what was read and not yet understood: the header, the beginning of a piece, the tail */
    struct frame_level levels[5]; /* ContentInfo, [0], AuthEnvelopedData, EncryptedContentInfo, its [0] */
    size_t open;                  /* how many of them */
    uint64_t offset;              /* of the first byte that is not understood yet */
    uint64_t left;                /* bytes of this piece that are still to come */
    bool whole;                   /* the content is one string, without pieces */
    struct buf recipients;        /* the content of the SET of RecipientInfo */
    struct buf algorithm;         /* the content of the AlgorithmIdentifier */
    struct buf mac;               /* once frame_end has succeeded */
};

#define FRAME_MAC 16 /* bytes: the only size that is taken */

void frame_init(struct frame *frame);
void frame_clear(struct frame *frame);

/* Reads on in *rest. *content is a part of the encrypted content within it, empty when *rest was used up for something
 * else: call until *rest is empty. As soon as frame->state is not FRAME_HEADER, recipients and algorithm are there.
 * ERROR_CONFIG. */
MUST_USE bool frame_read(struct frame *frame, struct view *rest, struct view *content, struct error *err);
/* At the end of the stream: everything that was begun has ended, and nothing follows. ERROR_CONFIG. */
MUST_USE bool frame_end(struct frame *frame, struct error *err);
