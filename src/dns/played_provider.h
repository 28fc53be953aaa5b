#pragma once
/*
 * For tests: a provider whose zone is a list of lines "NAME VALUE", and that can be told to fail.
 */
#include "base/clock.h"
#include "base/test.h"
#include "base/text.h"
#include "dns/provider.h"
#include "plugin/proof_play.h"

static struct played {
    struct list zone;
    size_t opens, closes, changes;
    const char *refuses; /* a value that it refuses */
    const char *stops;   /* it fails as a whole, before it comes to this value */
    enum error_kind stops_as;
    bool forgets, fails_to_open;
} played;

__attribute__((unused)) static void played_reset(void)
{
    list_clear(&played.zone);
    played = (struct played){ .stops_as = ERROR_NETWORK };
}

static bool played_open(const struct plugin_context *context __attribute__((unused)), const struct provider *provider,
    void **self, struct error *err)
{
    played.opens++;
    if (played.fails_to_open)
        return error_set(err, ERROR_PLUGIN, "no credentials");
    *self = (void *)provider;
    return true;
}

static void played_close(void *self __attribute__((unused)))
{
    played.closes++;
}

/* Whether the value can be changed; else it, or *err, says why not. */
static bool played_step(struct txt *txt, bool *go_on, struct error *err)
{
    struct error why = { 0 };

    *go_on = true;
    if (played.stops != NULL && strcmp(txt->value, played.stops) == 0)
        return *go_on = error_set(err, played.stops_as, "stopped at %s", txt->value);
    if (played.refuses == NULL || strcmp(txt->value, played.refuses) != 0)
        return true;
    (void)error_set(&why, ERROR_PLUGIN, "%s is refused", txt->value);
    txt_fail(txt, &why);
    return false;
}

static bool played_change(struct txt *const *txts, size_t count, bool add, struct error *err)
{
    played.changes++;
    for (size_t i = 0; i < count && !played.forgets; i++) {
        AUTO(free) char *line = xprintf("%s %s", txts[i]->name, txts[i]->value);
        bool go_on, may = played_step(txts[i], &go_on, err);

        if (!go_on)
            return false;
        if (!may)
            continue;
        for (size_t k = played.zone.len; k-- > 0;)
            if (strcmp(played.zone.at[k], line) == 0)
                list_remove(&played.zone, k);
        if (add)
            list_add(&played.zone, line);
        txt_done(txts[i]);
    }
    return true;
}

static bool played_add(void *self __attribute__((unused)), struct txt *const *txts, size_t count, struct error *err)
{
    return played_change(txts, count, true, err);
}

static bool played_remove(void *self __attribute__((unused)), struct txt *const *txts, size_t count, struct error *err)
{
    return played_change(txts, count, false, err);
}

static const struct provider played_provider = {
    .name = "dns-rfc2136",
    .wait_s = 0,
    .open = played_open,
    .add = played_add,
    .remove = played_remove,
    .close = played_close,
};

static const struct dns_plugin played_plugin = {
    .plugin = { .name = "dns-rfc2136", .authenticator = &dns_authenticator, .share = &dns_share },
    .provider = &played_provider,
};
