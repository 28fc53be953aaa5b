#include "dns/zone.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "dns/rcode.h"

#define STEPS_MAX 32 /* labels that are taken off a name, a question or two each */

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

/* Asks the resolvers. */
static bool ask(
    const struct asker *asker, const char *name, enum dns_type type, struct dns_answer *answer, struct error *err)
{
    return ask_one(asker, &(struct ask){ .name = name, .type = type }, answer, err);
}

/* ---- the cut ---- */

/* The zone that an answer tells of: of the name itself, or in a "no" of that above it (RFC 2308 section 3). */
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

static bool has_failed(const struct dns_answer *answer)
{
    return answer->rcode == DNS_SERVFAIL || answer->rcode == DNS_REFUSED;
}

static bool is_alias(const struct dns_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->len; i++)
        if (answer->at[i].section == DNS_IN_ANSWER && answer->at[i].type == DNS_CNAME &&
            host_equal(answer->at[i].name, name))
            return true;
    return false;
}

/* The zone of a name by what the resolvers say of CNAME there; *out stays NULL where they leave it open. Asked about
 * anything else, they would go where a CNAME leads, and remember that nothing is there yet. */
static bool take_zone(
    const struct asker *asker, const struct dns_answer *cname, const char *name, char **out, struct error *err)
{
    AUTO(dns_answer_clear) struct dns_answer soa = { 0 };

    if (has_failed(cname))
        return refused(cname, name, "which zone has", err);
    *out = zone_of(cname, name);
    if (*out != NULL || is_alias(cname, name))
        return true;
    TRY(ask(asker, name, DNS_SOA, &soa, err)); /* some leave out why not */
    if (has_failed(&soa))
        return refused(&soa, name, "which zone has", err);
    *out = zone_of(&soa, name);
    return true;
}

static bool find_zone(
    const struct asker *asker, const struct dns_reply *first, const char *name, char **out, struct error *err)
{
    AUTO(dns_answer_clear) struct dns_answer answer = { 0 };

    if (first == NULL)
        return ask(asker, name, DNS_CNAME, &answer, err) && take_zone(asker, &answer, name, out, err);
    if (first->error == NULL)
        return take_zone(asker, &first->answer, name, out, err);
    *err = *first->error;
    return false;
}

bool zone_cut(const struct asker *asker, const char *name, const struct dns_reply *first, char **out, struct error *err)
{
    const char *at = name;
    char *zone = NULL;

    for (size_t step = 0; zone == NULL && at != NULL && at[0] != '\0' && step < STEPS_MAX; step++) {
        TRY(find_zone(asker, step == 0 ? first : NULL, at, &zone, err));
        at = strchr(at, '.');
        at = at == NULL ? NULL : at + 1;
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

static void take_servers(const struct dns_answer *answer, struct zone *zone)
{
    for (size_t i = 0; i < answer->len && zone->count < ZONE_SERVERS_MAX; i++) {
        const struct dns_record *record = &answer->at[i];
        bool fits =
            record->section != DNS_IN_ADDITIONAL && record->type == DNS_NS && host_equal(record->name, zone->name);
        AUTO(free) char *server = fits ? record_host(record) : NULL;

        if (server != NULL && !has_server(zone, server))
            zone->servers[zone->count++] = (struct name_server){ .name = TAKE(server) };
    }
}

static bool find_servers(const struct asker *asker, struct zone *zone, struct error *err)
{
    AUTO(dns_answer_clear) struct dns_answer answer = { 0 };

    TRY(ask(asker, zone->name, DNS_NS, &answer, err));
    take_servers(&answer, zone);
    return zone->count > 0 || refused(&answer, zone->name, "who the name servers are of", err);
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

/* Those that are not known yet. */
static bool find_addresses(const struct asker *asker, struct zone *zone, struct error *err)
{
    static const enum dns_type types[] = { DNS_A, DNS_AAAA };
    struct ask asks[COUNT(types) * ZONE_SERVERS_MAX];
    struct name_server *of[ZONE_SERVERS_MAX];
    AUTO(replies_clear) struct replies replies = { replies_new(COUNT(asks)), COUNT(asks) };
    size_t count = 0;

    for (size_t i = 0; i < zone->count; i++) {
        if (zone->servers[i].addresses.len > 0)
            continue;
        of[count] = &zone->servers[i];
        for (size_t k = 0; k < COUNT(types); k++)
            asks[COUNT(types) * count + k] = (struct ask){ NULL, zone->servers[i].name, types[k] };
        count++;
    }
    TRY(ask_all(asker, asks, COUNT(types) * count, replies.at, err));
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < COUNT(types); k++)
            take_addresses(&replies.at[COUNT(types) * i + k], types[k], of[i]);
    return true;
}

/* Addresses of servers that are in the zone come along, since nobody else could tell them (RFC 1034 section 4.2.1). */
static void take_glue(const struct dns_answer *answer, struct zone *zone)
{
    for (size_t i = 0; i < zone->count; i++)
        for (size_t k = 0; k < answer->len; k++) {
            const struct dns_record *record = &answer->at[k];
            struct list *addresses = &zone->servers[i].addresses;
            bool fits = record->section == DNS_IN_ADDITIONAL && host_equal(record->name, zone->servers[i].name) &&
                        host_is_below(record->name, zone->name);
            AUTO(free) char *address = fits ? record_address(record) : NULL;

            if (address != NULL && !list_has(addresses, address) && addresses->len < 2 * (size_t)ZONE_ADDRESSES_MAX)
                list_add(addresses, address);
        }
}

bool zone_of_referral(
    const struct asker *asker, const char *cut, const struct dns_answer *answer, struct zone *out, struct error *err)
{
    AUTO(zone_clear) struct zone zone = { .name = xstrdup(cut) };

    text_lower(zone.name);
    take_servers(answer, &zone);
    if (zone.count == 0)
        return error_set(err, ERROR_NETWORK, "nobody says who the name servers are of %s", zone.name);
    take_glue(answer, &zone);
    TRY(find_addresses(asker, &zone, err));
    *out = zone;
    zone = (struct zone){ 0 };
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
