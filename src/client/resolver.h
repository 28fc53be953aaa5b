#pragma once
/*
 * Questions to name servers, in the event loop: many at one time, each by UDP with another port for each attempt, or by
 * TCP. What does not come from the server that was asked, or does not answer the question, is as if it had not come.
 */
#include <event2/event.h>

#include "net/message.h"

struct resolver;

/* Called with answers: exactly one for each id. Arguments are valid during the call only. */
struct resolver_sink {
    void (*answer)(void *ctx, uint32_t id, const struct message_dns_answer *answer);
    void (*failed)(void *ctx, uint32_t id, const struct message_failed *failed);
    void *ctx;
};

struct resolver *resolver_new(struct event_base *base, struct resolver_sink sink) __attribute__((returns_nonnull));
void resolver_free(struct resolver *resolver); /* lookups under way get no answer any more */
DEFINE_AUTO(struct resolver, resolver_free)

/* Begins to ask. False: the id is in use, or there are far too many. */
MUST_USE bool resolver_ask(struct resolver *resolver, uint32_t id, const struct message_dns *dns);

/* Ends it with a failure, MESSAGE_FAILURE_CANCELED; an id that is not under way (any more) is fine. */
void resolver_cancel(struct resolver *resolver, uint32_t id);
