#pragma once
/*
 * Shared by the calls of net/net.h. Only for the files beside this one.
 */

#include "base/mutex.h"
#include "net/channel.h"
#include "net/message.h"

#define PRIVATE_GRACE_MS 30000  /* the network process keeps time-outs itself; so much later it counts as stuck */
#define PRIVATE_ANSWER_MS 30000 /* for what the network process answers at once: it may have to start first */

struct net {
    struct channel *channel;
    int pid;
    uint32_t hello;          /* id of the question that READY answers */
    struct mutex ready_lock; /* guards the next two; held while READY is waited for */
    bool ready;              /* protection is filled */
    struct net_protection protection;
    struct mutex lock; /* guards what follows; held while it is changed, also across the call that changes it */
    struct {
        enum responder responder;
        unsigned opens; /* without a close; 0: the row is free */
        char *where;    /* address and port */
    } places[MESSAGE_MAX_PLACES];
};

/* Logs once how the network process is protected. Called when it has answered something: READY came before that. */
void private_note_protection(struct net *net);

/* An answer of which there may be more. */
struct private_body {
    struct net *net;
    uint32_t exchange;
    bool more;
};

/* Begins an exchange: *out gets the head, and out->body, whose bound is the caller's, the first piece. */
MUST_USE bool private_http_begin(struct net *net, const struct http_request *request, bool stream,
    struct private_body *body, struct http_response *out, struct error *err);
/* Appends the next piece, or nothing when none comes in time. */
MUST_USE bool private_body_read(struct private_body *body, int timeout_ms, struct buf *out, struct error *err);
/* Appends all that is left. A process that does not come to an end by until_ms (of clock_monotonic_ms), or says more
 * than out has room for, is no longer believed: it keeps both bounds itself. */
MUST_USE bool private_body_rest(struct private_body *body, int64_t until_ms, struct buf *out, struct error *err);
void private_body_end(struct private_body *body); /* whether it was read to its end or not */

/* Sends a frame that wants DONE, with descriptors if any, and waits for it. */
MUST_USE bool private_ask(
    struct net *net, uint32_t id, const struct buf *frame, const int *fds, size_t fd_count, struct error *err);
