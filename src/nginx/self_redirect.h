#pragma once
/*
 * Directives that send clients to https under the name that they asked for. Harmless in a block without TLS; in one
 * with TLS they would send them back to itself for ever.
 */
#include "nginx/model.h"

struct nginx_redirects {
    struct nginx_item *at; /* return, rewrite, or the if around them; include as of the item that they stand in */
    size_t len;
    bool whole; /* one of them is for all requests */
};

/* A target that is one variable is looked up where `set` or the default of a `map` gives it. https_port: others are
 * another server. Adds to out, which is cleared by the caller. */
void nginx_redirects_find(
    const struct nginx_model *model, const struct nginx_block *block, int https_port, struct nginx_redirects *out);
void nginx_redirects_clear(struct nginx_redirects *redirects);
static inline void nginx_redirects_clear_at(struct nginx_redirects *redirects)
{
    nginx_redirects_clear(redirects);
}

/* Whether requests for a name that come without TLS are sent to https by one of them, that of an `if ($host = name)`
 * or `if ($scheme ...)` counted. */
bool nginx_redirects_name(
    const struct nginx_model *model, const struct nginx_block *block, const char *name, int https_port);
