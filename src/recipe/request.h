#pragma once
/*
 * Requests from the steps of a description: address, head, body and signature.
 *
 * Pure: all that a request needs (variables, time, random digits) is passed in, and nothing is sent.
 */
#include "net/net.h"
#include "recipe/description.h"
#include "tree/vars.h"

#define REQUEST_MAX (1024 * 1024) /* of a body */

struct request { /* owned */
    enum http_method method;
    char *url;
    struct list fields; /* name and value in turn */
    struct buf body;
    const char *type; /* of the body, borrowed; NULL: there is none */
    bool has_body;
};

void request_clear(struct request *request);
static inline void request_clear_at(struct request *request)
{
    request_clear(request);
}

struct request_moment { /* what differs from one request to the next */
    int64_t now_ms;
    char nonce[33]; /* 32 random hexadecimal digits */
};

/*
 * address: the step's own, or NULL for that of its "do". vars: everything that is known; the scope itself gets what
 * signing and headers need ("now", "nonce", "url" ...). ERROR_CONFIG. *out must be zero or cleared.
 */
MUST_USE bool request_build(const struct description *description, const struct value *step, const char *address,
    const struct request_moment *moment, struct vars *vars, struct request *out, struct error *err);

/* Whether the address may be asked: https, or http to this machine, or where `plain` allows it. ERROR_CONFIG. */
MUST_USE bool request_check_url(const char *url, bool plain, struct error *err);
/* Whether both lead to the same server by the same scheme: addresses of next pages must. */
bool request_same_server(const char *url, const char *other);
