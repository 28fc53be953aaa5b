/*
 * The network process at work.
 */
#include "netd/service.h"

#include "base/mem.h"
#include "netd/alpn_responder.h"
#include "client/engine.h"
#include "client/prober.h"
#include "client/resolver.h"
#include "netd/http_responder.h"
#include "netd/peer.h"

struct service {
    struct event_base *base;
    struct peer *peer;
    struct http_responder *http;
    struct alpn_responder *alpn;
    struct engine *engine; /* NULL until HELLO */
    struct resolver *resolver;
    struct prober *prober;
    uint32_t visits; /* visits that may still be reported */
    struct message_ready ready;
    bool violated;
};

/* ---- answers ---- */

static void send_done(struct service *service, uint32_t id)
{
    AUTO(buf_clear) struct buf frame = BUF(WIRE_HEAD);

    message_put_empty(&frame, MESSAGE_DONE, id);
    peer_send(service->peer, &frame);
}

static void send_failed(void *ctx, uint32_t id, const struct message_failed *failed)
{
    struct service *service = ctx;
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX_WHY + MESSAGE_MAX_NEXT + 64);

    message_put_failed(&frame, id, failed);
    peer_send(service->peer, &frame);
}

static void send_response(void *ctx, uint32_t id, const struct message_response *response)
{
    struct service *service = ctx;
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX);

    message_put_response(&frame, id, response);
    peer_send(service->peer, &frame);
}

static void send_data(void *ctx, uint32_t id, const struct message_data *data)
{
    struct service *service = ctx;
    AUTO(buf_clear) struct buf frame = BUF(HTTP_CHUNK + 64);

    message_put_data(&frame, id, data);
    peer_send(service->peer, &frame);
}

static void send_dns_answer(void *ctx, uint32_t id, const struct message_dns_answer *answer)
{
    struct service *service = ctx;
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX);

    message_put_dns_answer(&frame, id, answer);
    peer_send(service->peer, &frame);
}

static void send_probed(void *ctx, uint32_t id, const struct message_probed *probed)
{
    struct service *service = ctx;
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX);

    message_put_probed(&frame, id, probed);
    peer_send(service->peer, &frame);
}

static void send_visit(void *ctx, const struct message_visit *visit)
{
    struct service *service = ctx;
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX_FROM + MESSAGE_MAX_LINE + MESSAGE_MAX_GIVEN + 64);

    if (service->visits == 0)
        return;
    service->visits--;
    message_put_visit(&frame, visit);
    peer_send(service->peer, &frame);
}

/* ---- questions: false means that it must not have come ---- */

static bool on_hello(struct service *service, const struct wire_frame *frame)
{
    AUTO(buf_clear) struct buf answer = BUF(MESSAGE_MAX_LACKS + 64);
    struct message_hello hello;

    if (service->engine != NULL || !message_get_hello(frame->fields, &hello))
        return false;
    message_put_ready(&answer, frame->id, &service->ready);
    peer_send(service->peer, &answer);
    prober_trust(service->prober, hello.trust, hello.bundle);
    service->engine = engine_new(service->base, &hello,
        (struct engine_sink){ .response = send_response, .data = send_data, .failed = send_failed, .ctx = service });
    return true;
}

static bool on_request(struct service *service, const struct wire_frame *frame)
{
    struct message_request request;

    return message_get_request(frame->fields, &request) && engine_fetch(service->engine, frame->id, &request);
}

static bool on_read(struct service *service, const struct wire_frame *frame)
{
    struct message_read read;

    return message_get_read(frame->fields, &read) && engine_read(service->engine, frame->id, &read);
}

static bool on_dns(struct service *service, const struct wire_frame *frame)
{
    struct message_dns dns;

    return message_get_dns(frame->fields, &dns) && resolver_ask(service->resolver, frame->id, &dns);
}

static bool on_probe(struct service *service, const struct wire_frame *frame)
{
    struct message_probe probe;

    return message_get_probe(frame->fields, &probe) && prober_begin(service->prober, frame->id, &probe);
}

static struct acceptor *acceptor_of(struct service *service, enum responder responder)
{
    return responder == RESPONDER_HTTP ? http_responder_acceptor(service->http)
                                       : alpn_responder_acceptor(service->alpn);
}

static bool on_listen(struct service *service, const struct wire_frame *frame)
{
    struct message_listen listen;

    if (!message_get_listen(frame->fields, &listen))
        return false;
    service->visits += MESSAGE_VISITS_LISTEN;
    for (size_t i = 0; i < listen.sockets; i++) {
        int fd = peer_take_descriptor(service->peer);

        if (fd < 0 || !acceptor_listen(acceptor_of(service, listen.responder), listen.place, fd))
            return false;
    }
    send_done(service, frame->id);
    return true;
}

static bool on_unlisten(struct service *service, const struct wire_frame *frame)
{
    struct message_listen listen;

    if (!message_get_unlisten(frame->fields, &listen))
        return false;
    acceptor_unlisten(acceptor_of(service, listen.responder), listen.place);
    send_done(service, frame->id);
    return true;
}

static bool on_add(struct service *service, const struct wire_frame *frame)
{
    struct message_token token;

    if (!message_get_add(frame->fields, &token))
        return false;
    service->visits += MESSAGE_VISITS_ADD;
    http_responder_add(service->http, token.token, token.content);
    send_done(service, frame->id);
    return true;
}

static bool on_remove(struct service *service, const struct wire_frame *frame)
{
    struct message_token token;

    if (!message_get_remove(frame->fields, &token))
        return false;
    http_responder_remove(service->http, token.token);
    send_done(service, frame->id);
    return true;
}

static bool on_alpn_add(struct service *service, const struct wire_frame *frame)
{
    struct message_alpn alpn;

    if (!message_get_alpn_add(frame->fields, &alpn))
        return false;
    service->visits += MESSAGE_VISITS_ADD;
    if (alpn_responder_add(service->alpn, &alpn))
        send_done(service, frame->id);
    else
        send_failed(service, frame->id,
            &(struct message_failed){ MESSAGE_FAILURE_INTERNAL,
                view_of("the certificate for a tls-alpn-01 challenge could not be made"), view_of("") });
    return true;
}

static bool on_alpn_remove(struct service *service, const struct wire_frame *frame)
{
    struct message_alpn alpn;

    if (!message_get_alpn_remove(frame->fields, &alpn))
        return false;
    alpn_responder_remove(service->alpn, alpn.identifier);
    send_done(service, frame->id);
    return true;
}

static bool on_cancel(struct service *service, const struct wire_frame *frame)
{
    if (!message_get_empty(frame->fields))
        return false;
    engine_cancel(service->engine, frame->id);
    resolver_cancel(service->resolver, frame->id);
    prober_cancel(service->prober, frame->id);
    return true;
}

static bool on_frame(void *ctx, const struct wire_frame *frame)
{
    static const struct {
        enum message_type type;
        bool (*handle)(struct service *service, const struct wire_frame *frame);
    } questions[] = {
        { MESSAGE_HELLO, on_hello },
        { MESSAGE_REQUEST, on_request },
        { MESSAGE_READ, on_read },
        { MESSAGE_DNS, on_dns },
        { MESSAGE_PROBE, on_probe },
        { MESSAGE_LISTEN, on_listen },
        { MESSAGE_ADD, on_add },
        { MESSAGE_REMOVE, on_remove },
        { MESSAGE_UNLISTEN, on_unlisten },
        { MESSAGE_ALPN_ADD, on_alpn_add },
        { MESSAGE_ALPN_REMOVE, on_alpn_remove },
        { MESSAGE_CANCEL, on_cancel },
    };
    struct service *service = ctx;

    if (frame->id == 0 || (service->engine == NULL && frame->type != MESSAGE_HELLO))
        return false; /* HELLO comes first, and only once */
    for (size_t i = 0; i < COUNT(questions); i++)
        if (questions[i].type == frame->type)
            return questions[i].handle(service, frame);
    return false;
}

static void on_end(void *ctx, bool violated)
{
    struct service *service = ctx;

    service->violated = violated;
    (void)event_base_loopbreak(service->base);
}

bool service_run(int fd, const struct message_ready *ready)
{
    struct service service = { .base = event_base_new(), .ready = *ready };

    if (service.base == NULL)
        abort();
    service.http = http_responder_new(service.base, (struct responder_sink){ send_visit, &service });
    service.alpn = alpn_responder_new(service.base, (struct responder_sink){ send_visit, &service });
    service.resolver = resolver_new(
        service.base, (struct resolver_sink){ .answer = send_dns_answer, .failed = send_failed, .ctx = &service });
    service.prober =
        prober_new(service.base, (struct prober_sink){ .probed = send_probed, .failed = send_failed, .ctx = &service });
    service.peer = peer_new(service.base, fd, on_frame, on_end, &service);
    (void)event_base_dispatch(service.base);

    if (service.engine != NULL)
        engine_free(service.engine);
    resolver_free(service.resolver);
    prober_free(service.prober);
    peer_free(service.peer);
    http_responder_free(service.http);
    alpn_responder_free(service.alpn);
    event_base_free(service.base);
    return !service.violated;
}
