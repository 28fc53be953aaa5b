#include "preflight/zone_view.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "dns/zone.h"
#include "base/address.h"

/* ---- comparing ---- */

static bool same_caa(const struct caa_set *a, const struct caa_set *b)
{
    AUTO(list_clear) struct list left = { 0 }, right = { 0 };

    for (size_t i = 0; i < a->len + b->len; i++) {
        AUTO(buf_clear) struct buf text = BUF(4 * CAA_MAX_VALUE + 64);

        caa_put_text(i < a->len ? &a->at[i] : &b->at[i - a->len], &text);
        list_add(i < a->len ? &left : &right, buf_text(&text));
    }
    return a->unreadable == b->unreadable && list_same_set(&left, &right);
}

static bool has_none(const struct lookup *lookup)
{
    return lookup->what == LOOKUP_NO_NAME || lookup->what == LOOKUP_NOTHING;
}

/* That a name is there without such records, or not there at all, comes to the same. */
static bool same(const struct lookup *a, const struct lookup *b)
{
    if (has_none(a) && has_none(b))
        return true;
    return a->what == LOOKUP_FOUND && b->what == LOOKUP_FOUND && list_same_set(&a->found, &b->found) &&
           same_caa(&a->caa, &b->caa);
}

/* ---- the servers of the zone ---- */

struct server_replies {
    struct dns_reply *at;
    size_t count;
};

static void server_replies_clear_at(struct server_replies *replies)
{
    replies_free(replies->at, replies->count);
}

/* One question for each address, the first of which is one of each server. False: one is not public. */
static bool list_asks(const struct zone *zone, const char *name, enum dns_type type, struct ask *asks, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < zone->count; i++) {
        const struct list *addresses = &zone->servers[i].addresses;

        for (size_t j = 0; j < addresses->len; j++)
            if (address_place_of_text(addresses->at[j]) != ADDRESS_PUBLIC)
                return false;
        if (addresses->len > 0)
            asks[(*count)++] = (struct ask){ addresses->at[0], name, type };
    }
    return true;
}

/* A server that does not answer says nothing; one that answers without authority says something else. */
static bool judge(const struct dns_reply *reply, enum dns_type type, const struct lookup *lookup, size_t *answered)
{
    AUTO(lookup_clear) struct lookup seen = { 0 };

    if (reply->error != NULL)
        return true;
    lookup_read(&reply->answer, type, &seen);
    (*answered)++;
    return reply->answer.aa && !reply->answer.tc && seen.aliases.len == 0 && same(&seen, lookup);
}

/* Whether all that answer, at least one, say so. */
static bool all_say(const struct asker *asker, const char *name, enum dns_type type, const struct lookup *lookup)
{
    AUTO(zone_clear) struct zone zone = { 0 };
    AUTO(server_replies_clear)
    struct server_replies replies = { replies_new(ZONE_SERVERS_MAX), ZONE_SERVERS_MAX };
    struct ask asks[ZONE_SERVERS_MAX];
    struct error unknown = { 0 };
    size_t count, answered = 0;
    bool ok;

    if (!zone_find(asker, name, &zone, &unknown)) {
        log_debug("the name servers of %s are not known: %s", name, unknown.why);
        return false;
    }
    ok = list_asks(&zone, name, type, asks, &count) && ask_all(asker, asks, count, replies.at, &unknown);
    for (size_t i = 0; ok && i < count; i++)
        ok = judge(&replies.at[i], type, lookup, &answered);
    return ok && answered > 0;
}

void zone_view_confirm(const struct asker *asker, const char *name, enum dns_type type, struct lookup *lookup)
{
    lookup->confirmed = lookup->aliases.len == 0 && all_say(asker, name, type, lookup);
}

void zone_view_confirm_caa(const struct asker *asker, const char *name, const char *at, struct lookup *lookup)
{
    const struct lookup none = { .what = LOOKUP_NOTHING };
    bool ok = lookup->aliases.len == 0 && lookup->caa.unreadable == 0; /* what was not read may allow it */

    for (; ok && strcmp(name, at) != 0; name = strchr(name, '.') + 1) /* at is its end */
        ok = all_say(asker, name, DNS_CAA, &none);
    lookup->confirmed = ok && all_say(asker, at, DNS_CAA, lookup);
}
