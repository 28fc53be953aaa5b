#pragma once
/*
 * The HTTP client: many exchanges at one time over few connections, by libcurl's multi interface in the event loop.
 *
 * Knows exchanges, their limits and what their failures mean; knows nothing of its callers.
 */
#include <event2/event.h>

#include "net/message.h"

struct engine;

/* Called with answers: exactly one for each id. *response and the like are valid during the call only. */
struct engine_sink {
    void (*response)(void *ctx, uint32_t id, const struct message_response *response);
    void (*data)(void *ctx, uint32_t id, const struct message_data *data);
    void (*failed)(void *ctx, uint32_t id, const struct message_failed *failed);
    void *ctx;
};

/* The options are copied. */
struct engine *engine_new(struct event_base *base, const struct message_hello *options, struct engine_sink sink)
    __attribute__((returns_nonnull));
void engine_free(struct engine *engine); /* exchanges under way get no answer any more */
DEFINE_AUTO(struct engine, engine_free)

/* Begins an exchange. False: the id is in use, or there are far too many. */
MUST_USE bool engine_fetch(struct engine *engine, uint32_t id, const struct message_request *request);

/* The next piece of an answer of which there is more. False: there is none, or another reader is waiting. */
MUST_USE bool engine_read(struct engine *engine, uint32_t id, const struct message_read *read);

/* Ends an exchange or a read, with MESSAGE_FAILURE_CANCELED for who waits for it; an id that is not under way (any
 * more) is fine. */
void engine_cancel(struct engine *engine, uint32_t id);
