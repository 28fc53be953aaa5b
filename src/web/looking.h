#pragma once
/*
 * The work of verify.h over calls that are passed in, for tests.
 */
#include "web/verify.h"

struct looking { /* who looks, where, and for how long */
    bool (*probe)(struct net *net, const struct probe *probe, struct probed *out, struct error *err);
    bool (*http)(struct net *net, const struct http_request *request, struct http_response *out, struct error *err);
    struct net *net;
    const struct web_log *log; /* NULL: none */
    int64_t limit_ms;
};

MUST_USE bool look_at_names(const struct looking *looking, const struct expected *expected, size_t count,
    struct error **each, struct error *err);
MUST_USE bool look_at_challenge(const struct looking *looking, const char *address, int port, const char *host,
    const char *path, const char *body, struct error *err);
