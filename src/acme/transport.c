#include "acme/transport.h"

#include "base/clock.h"
#include "base/interrupt.h"

static bool net_transport_http(
    void *self, const struct http_request *request, struct http_response *out, struct error *err)
{
    return net_http(self, request, out, err);
}

static bool net_transport_sleep_ms(void *self, int64_t ms, struct error *err)
{
    (void)self;
    if (clock_sleep_ms(ms))
        return true;
    TRY(interrupt_check(err));
    return error_set(err, ERROR_CANCELED, "interrupted");
}

static int64_t net_transport_now(void *self)
{
    (void)self;
    return clock_now();
}

struct transport transport_of_net(struct net *net)
{
    return (struct transport){
        .http = net_transport_http,
        .sleep_ms = net_transport_sleep_ms,
        .now = net_transport_now,
        .self = net,
    };
}
