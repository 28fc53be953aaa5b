#pragma once
/*
 * The outside that the protocol needs: HTTP, a clock and a way to wait. Passed in, so that a test can play a server's
 * part word for word and move time as it likes.
 */
#include "net/net.h"

struct transport {
    /* As net_http. Called from many threads. */
    bool (*http)(void *self, const struct http_request *request, struct http_response *out, struct error *err);
    /* Waits; ERROR_CANCELED when the user interrupts. */
    bool (*sleep_ms)(void *self, int64_t ms, struct error *err);
    int64_t (*now)(void *self); /* UTC seconds since 1970; only ever grows, as time passes */
    void *self;
};

/* The real one, over the network process. net must outlive it. */
struct transport transport_of_net(struct net *net);
