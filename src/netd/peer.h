#pragma once
/*
 * The network process's end of the socket to the privileged one. Knows frames and descriptors in transit; knows nothing
 * of what they mean. Never blocks: answers are queued.
 */
#include <event2/event.h>

#include "net/message.h"

struct peer;

/* Called for each whole frame, which is gone afterwards. False: it must not have come. */
typedef bool (*peer_frame)(void *ctx, const struct wire_frame *frame);

/* Called once, when the other side has gone (violated: or is not to be trusted any more). */
typedef void (*peer_end)(void *ctx, bool violated);

/* Takes over fd. */
struct peer *peer_new(struct event_base *base, int fd, peer_frame frame, peer_end end, void *ctx);
void peer_free(struct peer *peer);
DEFINE_AUTO(struct peer, peer_free)

/* Queues whole frames. */
void peer_send(struct peer *peer, const struct buf *frames);

/* Takes one of the descriptors that came with what was read so far, oldest first; -1 when there is none. */
int peer_take_descriptor(struct peer *peer);
