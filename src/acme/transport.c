#include "acme/transport.h"

#include <pthread.h>

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

static int64_t utc_offset; /* from the monotonic clock to UTC, in seconds */

static void read_utc(void)
{
    utc_offset = clock_now() - clock_monotonic_ms() / 1000;
}

/* UTC as first read, advanced by the monotonic clock: setting the clock prolongs no wait. */
static int64_t net_transport_now(void *self)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)self;
    (void)pthread_once(&once, read_utc);
    return utc_offset + clock_monotonic_ms() / 1000;
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
