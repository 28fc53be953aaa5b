#include "recipe/provider.h"

#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "recipe/records.h"
#include "recipe/step.h"

#define LOCK_FILE ".evercert-dns.lock" /* in the configuration directory */

struct opened {
    struct service *service;
    struct plugin_net net;
};

struct service *recipe_service_of(void *self)
{
    return ((struct opened *)self)->service;
}

/* ---- outside ---- */

static bool ask(void *arg, const struct http_request *request, struct http_response *out, struct error *err)
{
    struct opened *opened = arg;
    struct net *net = NULL;

    TRY(plugin_net_get(&opened->net, &net, err));
    if (net == NULL)
        return error_set(err, ERROR_NETWORK, "there is no network here");
    return net_http(net, request, out, err);
}

static bool sleep_for(void *arg, int64_t ms)
{
    (void)arg;
    return clock_sleep_ms(ms);
}

static int64_t now(void *arg)
{
    struct timespec at;

    (void)arg;
    if (clock_gettime(CLOCK_REALTIME, &at) != 0)
        return clock_now() * 1000;
    return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static int64_t monotonic(void *arg)
{
    (void)arg;
    return clock_monotonic_ms();
}

/* ---- as dns/provider.h wants it ---- */

static bool open_it(
    const struct plugin_context *context, const struct provider *provider, void **self, struct error *err)
{
    const struct description *description = ((const struct recipe_provider *)provider)->description;
    AUTO(vars_clear) struct vars keys = { 0 };
    AUTO(free) char *where = NULL;
    struct service *service = NULL;
    struct opened *opened;

    TRY(recipe_keys(context, description, provider->name, &keys, &where, err));
    if (!service_open(description, &keys, &service, err))
        return error_as(err, ERROR_PLUGIN) || (where != NULL && error_in(err, "%s", where));
    opened = xcalloc(1, sizeof *opened);
    opened->service = service;
    opened->net = context->when_needed;
    service->where_from = TAKE(where);
    service->lock_path = file_join(context->settings->config_dir, LOCK_FILE);
    service->outside = (struct service_outside){
        .http = ask, .sleep_ms = sleep_for, .now_ms = now, .monotonic_ms = monotonic, .arg = opened
    };
    *self = opened;
    return true;
}

static bool add(void *self, struct txt *const *txts, size_t count, struct error *err)
{
    return records_change(recipe_service_of(self), true, txts, count, err);
}

static bool take_away(void *self, struct txt *const *txts, size_t count, struct error *err)
{
    return records_change(recipe_service_of(self), false, txts, count, err);
}

static void close_it(void *self)
{
    struct opened *opened = self;

    service_log_out(opened->service);
    service_close(opened->service);
    free(opened);
}

bool recipe_is_provider(const struct provider *provider)
{
    return provider->open == open_it;
}

struct recipe_provider recipe_provider_of(const struct description *description, const char *name)
{
    return (struct recipe_provider){ .provider = { .name = name,
                                         .wait_s = description->wait_s,
                                         .open = open_it,
                                         .add = add,
                                         .remove = take_away,
                                         .close = close_it },
        .description = description };
}
