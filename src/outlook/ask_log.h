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

/* Whether the head of an answer promises a list. ERROR_NETWORK when it does not; *again: asking once more may help. */
MUST_USE bool ask_log_check_head(const struct http_response *head, bool *again, struct error *err);
/* How long to wait after so many tries: longer each time, and as long as the service says; bounded. retry_s: seconds
 * that it has named, 0 or less: none. */
int64_t ask_log_wait_ms(int64_t pause_ms, int tried, int64_t retry_s);

/* Asks, a few times if need be. ERROR_NETWORK when there is no answer, or a broken one, of which certificates may have
 * been taken all the same; ERROR_CANCELED. */
MUST_USE bool ask_log(
    const struct ask_log *ask, const struct lookup_name *lookup, struct ask_log_result *out, struct error *err);
