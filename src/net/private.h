#pragma once
/*
 * What the calls of net/net.h share. Only for the files beside this one.
 */

#include "base/mutex.h"
#include "net/channel.h"
#include "net/message.h"

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

/* Sends a frame that wants DONE, with descriptors if any, and waits for it. */
MUST_USE bool private_ask(
    struct net *net, uint32_t id, const struct buf *frame, const int *fds, size_t fd_count, struct error *err);
