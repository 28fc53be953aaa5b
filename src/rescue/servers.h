#pragma once
/*
 * Whether the web servers of this machine accept their configurations: their own test, by the plugins.
 */
#include "rescue/uses.h"
#include "run/context.h"

#define SERVERS_MAX 16

struct server_test {
    const char *name; /* of the plugin */
    char *why;        /* it does not: in its own words; NULL: it does */
};

struct server_tests {
    struct server_test at[SERVERS_MAX];
    size_t len;
};

/* Those that read files of the store, as settings name them, and those that lineages are installed in, each time anew;
 * nothing is changed. Marks the uses of those that accept. ERROR_STORE, ERROR_CANCELED. */
MUST_USE bool servers_test(struct context *context, struct uses *uses, struct server_tests *out, struct error *err);
size_t servers_broken(const struct server_tests *tests);
void servers_clear(struct server_tests *tests);
static inline void servers_clear_at(struct server_tests *tests)
{
    servers_clear(tests);
}
