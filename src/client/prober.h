#pragma once
/*
 * Handshakes with TLS servers, in the event loop, to see what they show. They verify nothing; what is shown is judged
 * afterwards, for who wants to know.
 */
#include <event2/event.h>

#include "net/message.h"

struct prober;

/* Called with answers: exactly one for each id. Arguments are valid during the call only. */
struct prober_sink {
    void (*probed)(void *ctx, uint32_t id, const struct message_probed *probed);
    void (*failed)(void *ctx, uint32_t id, const struct message_failed *failed);
    void *ctx;
};

struct prober *prober_new(struct event_base *base, struct prober_sink sink) __attribute__((returns_nonnull));
/* Which certificates are trusted, before the first probe; what is behind the view is copied. */
void prober_trust(struct prober *prober, enum message_trust trust, struct view bundle);
void prober_free(struct prober *prober); /* probes under way get no answer any more */
DEFINE_AUTO(struct prober, prober_free)

/* Begins to probe. False: the id is in use. */
MUST_USE bool prober_begin(struct prober *prober, uint32_t id, const struct message_probe *probe);

/* Ends it with a failure, MESSAGE_FAILURE_CANCELED; an id that is not under way (any more) is fine. */
void prober_cancel(struct prober *prober, uint32_t id);
