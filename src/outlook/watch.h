#pragma once
/*
 * Looking at servers, ours or not: all at the same time, each within its time.
 */
#include "outlook/sight.h"
#include "run/context.h"

struct watch {
    struct sight *at; /* host by host, in their order; at least one of each */
    size_t len;
    int64_t now; /* UTC seconds */
    enum level level;
};

void watch_clear(struct watch *watch);
static inline void watch_clear_at(struct watch *watch)
{
    watch_clear(watch);
}

/* Asks each host at one of its addresses, or at all of them (--all-addresses), or where --address says. hosts must
 * outlive *out, which must be zero. ERROR_CONFIG when --expect-cert-name is none that is live here; ERROR_CANCELED. */
MUST_USE bool watch_look(struct context *context, const struct hosts *hosts, struct watch *out, struct error *err);
