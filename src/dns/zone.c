#include "dns/zone.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "dns/rcode.h"

#define STEPS_MAX 32 /* labels that are taken off a name, one question each */

void zone_clear(struct zone *zone)
{
    for (size_t i = 0; i < zone->count; i++) {
        free(zone->servers[i].name);
        list_clear(&zone->servers[i].addresses);
    }
    free(zone->name);
    *zone = (struct zone){ 0 };
}

struct replies {
    struct dns_reply *at;
    size_t count;
};

static void replies_clear_at(struct replies *replies)
{
    replies_free(replies->at, replies->count);
}

static bool ask_one(
    const struct asker *asker, const char *name, enum dns_type type, struct dns_reply *reply, struct error *err)
{
    const struct ask ask = { NULL, name, type };

    TRY(asker->ask(asker->self, &ask, 1, reply, err));
    if (reply->error == NULL)
        return true;
    *err = *reply->error;
    return false;
}

static void reply_clear_at(struct dns_reply *reply)
{
    dns_reply_clear(reply);
}

/* ---- the cut ---- */

/* The zone that an answer about SOA tells of: of the name itself, or in a "no" of that above it (RFC 2308 section 3).
 */
static char *zone_of(const struct dns_answer *answer, const char *name)
{
    if (answer->rcode != DNS_NOERROR && answer->rcode != DNS_NXDOMAIN)
        return NULL;
    for (size_t i = 0; i < answer->len; i++) {
        const struct dns_record *record = &answer->at[i];
        bool own = record->section == DNS_IN_ANSWER && host_equal(record->name, name);

        if (record->type == DNS_SOA && record->section != DNS_IN_ADDITIONAL &&
            (own || (record->section == DNS_IN_AUTHORITY && host_is_below(name, record->name)))) {
            char *zone = xstrndup(record->name, strlen(record->name));

            text_lower(zone);
            return zone;
        }
    }
    return NULL;
}

static bool refused(const struct dns_answer *answer, const char *name, const char *what, struct error *err)
{
    char room[RCODE_NAME_SIZE];
    const char *rcode = rcode_name(answer->rcode, room);

    return error_set(err, ERROR_NETWORK, "the resolver %s does not say %s %s (%s)", answer->server, what, name, rcode);
}

/* Takes what an answer about SOA at name tells; *out stays NULL where it leaves the zone open. */
static bool take_zone(const struct dns_reply *reply, const char *name, char **out, struct error *err)
{
    const char *dot = strchr(name, '.');

    if (reply->error != NULL) {
        *err = *reply->error;
        return false;
    }
    *out = zone_of(&reply->answer, name);
    return *out != NULL ||
           (reply->answer.rcode != DNS_SERVFAIL && reply->answer.rcode != DNS_REFUSED && dot != NULL &&
               dot[1] != '\0') ||
           refused(&reply->answer, name, "which zone has", err);
}

bool zone_cut(const struct asker *asker, const char *name, const struct dns_reply *first, char **out, struct error *err)
{
    const char *at = name;
    char *zone = NULL;

    if (first != NULL) {
        TRY(take_zone(first, at, &zone, err));
        at = zone == NULL ? strchr(at, '.') + 1 : at;
    }
    for (size_t step = first != NULL; zone == NULL && step < STEPS_MAX; step++) {
        AUTO(reply_clear) struct dns_reply reply = { 0 };

        TRY(ask_one(asker, at, DNS_SOA, &reply, err) && take_zone(&reply, at, &zone, err));
        at = zone == NULL ? strchr(at, '.') + 1 : at; /* some leave the SOA out, or say where a CNAME leads */
    }
    if (zone == NULL)
        return error_set(err, ERROR_NETWORK, "no resolver says which zone has %s", name);
    *out = zone;
    return true;
}

/* ---- who answers for it ---- */

static bool has_server(const struct zone *zone, const char *name)
{
    for (size_t i = 0; i < zone->count; i++)
        if (host_equal(zone->servers[i].name, name))
            return true;
    return false;
}

static bool find_servers(const struct asker *asker, struct zone *zone, struct error *err)
{
    AUTO(reply_clear) struct dns_reply reply = { 0 };

    TRY(ask_one(asker, zone->name, DNS_NS, &reply, err));
    for (size_t i = 0; i < reply.answer.len && zone->count < ZONE_SERVERS_MAX; i++) {
        const struct dns_record *record = &reply.answer.at[i];
        bool fits = record->section == DNS_IN_ANSWER && record->type == DNS_NS && host_equal(record->name, zone->name);
        AUTO(free) char *server = fits ? record_host(record) : NULL;

        if (server != NULL && !has_server(zone, server))
            zone->servers[zone->count++] = (struct name_server){ .name = TAKE(server) };
    }
    return zone->count > 0 || refused(&reply.answer, zone->name, "who the name servers are of", err);
}

/* Aliases are followed by the resolver, so that the owner of an address may have another name. */
static void take_addresses(const struct dns_reply *reply, enum dns_type type, struct name_server *server)
{
    size_t count = 0;

    if (reply->error != NULL || (reply->answer.rcode != DNS_NOERROR && reply->answer.rcode != DNS_NXDOMAIN))
        server->unknown = true;
    for (size_t i = 0; reply->error == NULL && i < reply->answer.len && count < ZONE_ADDRESSES_MAX; i++) {
        const struct dns_record *record = &reply->answer.at[i];
        bool fits = record->section == DNS_IN_ANSWER && record->type == type;
        AUTO(free) char *address = fits ? record_address(record) : NULL;

        if (address == NULL || list_has(&server->addresses, address))
            continue;
        list_add(&server->addresses, address);
        count++;
    }
}

static bool find_addresses(const struct asker *asker, struct zone *zone, struct error *err)
{
    static const enum dns_type types[] = { DNS_A, DNS_AAAA };
    struct ask asks[COUNT(types) * ZONE_SERVERS_MAX];
    AUTO(replies_clear) struct replies replies = { replies_new(COUNT(asks)), COUNT(asks) };

    for (size_t i = 0; i < zone->count; i++)
        for (size_t k = 0; k < COUNT(types); k++)
            asks[COUNT(types) * i + k] = (struct ask){ NULL, zone->servers[i].name, types[k] };
    TRY(ask_all(asker, asks, COUNT(types) * zone->count, replies.at, err));
    for (size_t i = 0; i < zone->count; i++)
        for (size_t k = 0; k < COUNT(types); k++)
            take_addresses(&replies.at[COUNT(types) * i + k], types[k], &zone->servers[i]);
    return true;
}

bool zone_of_cut(const struct asker *asker, const char *cut, struct zone *out, struct error *err)
{
    AUTO(zone_clear) struct zone zone = { .name = xstrdup(cut) };

    TRY(find_servers(asker, &zone, err));
    TRY(find_addresses(asker, &zone, err));
    *out = zone;
    zone = (struct zone){ 0 };
    return true;
}

bool zone_find(const struct asker *asker, const char *name, struct zone *out, struct error *err)
{
    AUTO(free) char *cut = NULL;

    return zone_cut(asker, name, NULL, &cut, err) && zone_of_cut(asker, cut, out, err);
}
