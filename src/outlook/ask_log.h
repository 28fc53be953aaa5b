#pragma once
/*
 * One question to a service that searches the logs: the exchange, its retries, and reading what comes.
 */
#include "outlook/lookups.h"
#include "run/context.h"

#define ASK_LOG_CUT                                                                                                    \
    10000 /* findings of which the service tells at most: crt.sh leaves out the others without a word                  \
           */

struct ask_log {
    struct context *context;
    struct net *net;
    int64_t pause_ms; /* between questions */
    void (*take)(void *ctx, const struct logged *logged);
    void *ctx;
};

struct ask_log_result {
    size_t unreadable; /* certificates of which the service told nothing that can be understood */
    bool may_be_cut;   /* there may be more than it has told */
};

/* Asks, a few times if need be. ERROR_NETWORK when there is no answer, or a broken one, of which certificates may have
 * been taken all the same; ERROR_CANCELED. */
MUST_USE bool ask_log(
    const struct ask_log *ask, const struct lookup_name *lookup, struct ask_log_result *out, struct error *err);
