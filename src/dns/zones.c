#include "dns/zones.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "dns/rcode.h"

#define DESCENTS_MAX 8 /* zones one below the other */
#define OTHERS_MAX 32  /* addresses that are tried after the first one */

struct known_zone {
    struct zone zone;
    struct list addresses; /* the first of each server, then the second ones ... */
    const char **servers;  /* whose they are; side by side with them */
    size_t good;           /* which one has answered, or is to be tried first */
    bool silent;           /* none does: it costs some seconds to find that out, once */
};

void zoned_clear(struct zoned *zoned)
{
    dns_reply_clear(&zoned->reply);
    free(zoned->why);
    zoned->why = NULL;
}

static void known_free(struct known_zone *known)
{
    zone_clear(&known->zone);
    list_clear(&known->addresses);
    free(known->servers);
    free(known);
}

void zones_clear(struct zones *zones)
{
    for (size_t i = 0; i < zones->count; i++)
        known_free(zones->at[i]);
    free(zones->at);
    zones->at = NULL;
    zones->count = 0;
}

/* ---- zones ---- */

static struct known_zone *find_known(const struct zones *zones, const char *name)
{
    for (size_t i = 0; i < zones->count; i++)
        if (host_equal(zones->at[i]->zone.name, name))
            return zones->at[i];
    return NULL;
}

static void list_addresses(struct known_zone *known)
{
    const struct zone *zone = &known->zone;

    known->servers = xcalloc(zone->count * 2 * ZONE_ADDRESSES_MAX + 1, sizeof *known->servers);
    for (size_t k = 0; k < (size_t)2 * ZONE_ADDRESSES_MAX; k++)
        for (size_t i = 0; i < zone->count; i++)
            if (k < zone->servers[i].addresses.len) {
                known->servers[known->addresses.len] = zone->servers[i].name;
                list_add(&known->addresses, zone->servers[i].addresses.at[k]);
            }
}

static struct known_zone *add_known(struct zones *zones, struct zone *zone)
{
    struct known_zone *known = xcalloc(1, sizeof *known);

    known->zone = *zone;
    *zone = (struct zone){ 0 };
    list_addresses(known);
    zones->at = xrealloc(zones->at, zones->count + 1, sizeof(struct known_zone *));
    return zones->at[zones->count++] = known;
}

/* The name that resolvers are asked about: the one above, unless that is a top level, where zones begin. */
static const char *start_of(const char *name)
{
    const char *dot = strchr(name, '.');

    if (dot == NULL || dot[1] == '\0' || (name[0] != '_' && strchr(dot + 1, '.') == NULL))
        return name;
    return dot + 1;
}

static bool find_by_resolvers(
    struct zones *zones, const char *name, const struct dns_reply *cname, struct known_zone **out, struct error *err)
{
    AUTO(zone_clear) struct zone zone = { 0 };
    AUTO(free) char *cut = NULL;

    TRY(zone_cut(zones->asker, start_of(name), cname, &cut, err));
    *out = find_known(zones, cut);
    if (*out != NULL)
        return true;
    TRY(zone_of_cut(zones->asker, cut, &zone, err));
    *out = add_known(zones, &zone);
    return true;
}

/* ---- answers ---- */

/* The zone below that one which the answer tells the name to be in: it refers to its servers, or, where the same server
 * has both, has its SOA record. Borrowed; NULL: there is none. */
static const char *cut_below(const struct dns_answer *answer, const struct zone *zone, const char *name)
{
    for (size_t i = 0; i < answer->len; i++) {
        const struct dns_record *record = &answer->at[i];
        bool tells = record->section == DNS_IN_AUTHORITY
                         ? record->type == (answer->aa ? DNS_SOA : DNS_NS)
                         : record->section == DNS_IN_ANSWER && answer->aa && record->type == DNS_SOA;

        if (tells && host_is_below(name, record->name) && host_is_below(record->name, zone->name) &&
            !host_equal(record->name, zone->name))
            return record->name;
    }
    return NULL;
}

static bool is_useful(const struct dns_reply *reply, const struct zone *zone, const char *name)
{
    const struct dns_answer *answer = &reply->answer;

    if (reply->error != NULL || (answer->rcode != DNS_NOERROR && answer->rcode != DNS_NXDOMAIN))
        return false;
    return answer->aa || cut_below(answer, zone, name) != NULL;
}

static char *say_useless(const struct known_zone *known, size_t at, const struct dns_reply *reply)
{
    const char *server = known->servers[at], *address = known->addresses.at[at];
    char room[RCODE_NAME_SIZE];

    if (reply->error != NULL)
        return xprintf("%s (%s) does not answer (%s)", server, address, reply->error->why);
    if (reply->answer.rcode != DNS_NOERROR && reply->answer.rcode != DNS_NXDOMAIN)
        return xprintf("%s (%s) answers with %s", server, address, rcode_name(reply->answer.rcode, room));
    return xprintf("%s (%s) answers without authority for this zone", server, address);
}

/* ---- asking ---- */

struct round {
    struct ask *asks;
    struct dns_reply *replies;
    size_t *places; /* whose question it is */
    size_t count;
};

static struct round round_new(size_t count)
{
    return (struct round){ xcalloc(count + 1, sizeof(struct ask)), replies_new(count),
        xcalloc(count + 1, sizeof(size_t)), 0 };
}

static void round_clear_at(struct round *round)
{
    replies_free(round->replies, round->count);
    free(round->asks);
    free(round->places);
}

static void take_reply(struct zoned *zoned, struct dns_reply *reply)
{
    dns_reply_clear(&zoned->reply);
    zoned->reply = *reply;
    *reply = (struct dns_reply){ 0 };
}

static void give_up(struct zoned *zoned, enum zoned_state state, char *why)
{
    zoned->state = state;
    free(zoned->why);
    zoned->why = why;
}

/* Asks all other addresses of the zone at once, where the first one was of no use. */
static bool ask_others(
    struct zones *zones, struct known_zone *known, enum dns_type type, struct zoned *zoned, struct error *err)
{
    AUTO(round_clear) struct round round = round_new(OTHERS_MAX);
    bool heard = zoned->reply.error == NULL;
    char *why = say_useless(known, known->good, &zoned->reply);

    for (size_t i = 0; i < known->addresses.len && round.count < OTHERS_MAX; i++) {
        if (i == known->good)
            continue;
        round.places[round.count] = i;
        round.asks[round.count++] = (struct ask){ known->addresses.at[i], zoned->name, type };
    }
    give_up(zoned, heard ? ZONED_LAME : ZONED_SILENT, why);
    TRY(ask_all(zones->asker, round.asks, round.count, round.replies, err));
    for (size_t i = 0; i < round.count; i++) {
        heard = heard || round.replies[i].error == NULL;
        if (!is_useful(&round.replies[i], &known->zone, zoned->name))
            continue;
        known->good = round.places[i];
        take_reply(zoned, &round.replies[i]);
        give_up(zoned, ZONED_SAYS, NULL);
        return true;
    }
    known->silent = !heard;
    zoned->state = heard ? ZONED_LAME : ZONED_SILENT;
    return true;
}

/* Makes what the good server has said, or the others say, the answer. */
static bool judge(
    struct zones *zones, struct known_zone *known, enum dns_type type, struct zoned *zoned, struct error *err)
{
    zoned->zone = &known->zone;
    if (!is_useful(&zoned->reply, &known->zone, zoned->name))
        return ask_others(zones, known, type, zoned, err);
    give_up(zoned, ZONED_SAYS, NULL);
    return true;
}

static bool ask_good(
    struct zones *zones, struct known_zone *known, enum dns_type type, struct zoned *zoned, struct error *err)
{
    struct ask ask = { .name = zoned->name, .type = type };

    zoned->zone = &known->zone;
    dns_reply_clear(&zoned->reply);
    if (known->addresses.len == 0) {
        give_up(zoned, ZONED_SILENT, xprintf("no name server of %s has an address", known->zone.name));
        return true;
    }
    if (known->silent) {
        give_up(zoned, ZONED_SILENT, xprintf("no name server of %s answers", known->zone.name));
        return true;
    }
    ask.server = known->addresses.at[known->good];
    return ask_all(zones->asker, &ask, 1, &zoned->reply, err) && judge(zones, known, type, zoned, err);
}

/* ---- zones below ---- */

/* The zone below, by what a server of the one above has said: names of its servers, and their addresses where they are
 * in it. */
static bool find_below(struct zones *zones, const struct known_zone *above, const struct dns_answer *answer,
    const char *cut, struct known_zone **out, struct error *err)
{
    AUTO(zone_clear) struct zone zone = { 0 };
    AUTO(round_clear) struct round round = round_new(1);

    *out = find_known(zones, cut);
    if (*out != NULL)
        return true;
    if (answer->aa) { /* the same server has it, and knows them all */
        round.asks[round.count++] = (struct ask){ above->addresses.at[above->good], cut, DNS_NS };
        TRY(ask_all(zones->asker, round.asks, round.count, round.replies, err));
        answer = &round.replies[0].answer;
    }
    TRY(zone_of_referral(zones->asker, cut, answer, &zone, err));
    *out = add_known(zones, &zone);
    return true;
}

/* Goes down as far as answers lead. */
static bool settle(
    struct zones *zones, struct known_zone *known, enum dns_type type, struct zoned *zoned, struct error *err)
{
    for (int i = 0; i < DESCENTS_MAX && zoned->state == ZONED_SAYS; i++) {
        const char *cut = cut_below(&zoned->reply.answer, &known->zone, zoned->name);
        struct known_zone *below;
        struct error why = { 0 };

        if (cut == NULL)
            return true;
        if (!find_below(zones, known, &zoned->reply.answer, cut, &below, &why)) {
            if (why.kind == ERROR_CANCELED) {
                *err = why;
                return false;
            }
            give_up(zoned, ZONED_SILENT, xstrdup(why.why));
            return true;
        }
        known = below;
        TRY(ask_good(zones, known, type, zoned, err));
    }
    return true;
}

/* ---- from outside ---- */

static bool find_all(
    struct zones *zones, struct zoned *zoned, size_t count, struct known_zone **known, struct error *err)
{
    AUTO(round_clear) struct round round = round_new(count);

    for (; round.count < count; round.count++)
        round.asks[round.count] = (struct ask){ NULL, start_of(zoned[round.count].name), DNS_CNAME };
    TRY(ask_all(zones->asker, round.asks, count, round.replies, err));
    for (size_t i = 0; i < count; i++) {
        struct error why = { 0 };

        if (find_by_resolvers(zones, zoned[i].name, &round.replies[i], &known[i], &why))
            continue;
        if (why.kind == ERROR_CANCELED) {
            *err = why;
            return false;
        }
        known[i] = NULL;
        give_up(&zoned[i], ZONED_UNKNOWN, xstrdup(why.why));
    }
    return true;
}

/* Takes what the first server has said, unless it was of no use and another one has answered since. */
static bool take_first(struct zones *zones, struct known_zone *known, enum dns_type type, struct round *round,
    size_t at, struct zoned *zoned, struct error *err)
{
    bool is_good = known->addresses.at[known->good] == round->asks[at].server;

    take_reply(zoned, &round->replies[at]);
    if (!known->silent && (is_good || is_useful(&zoned->reply, &known->zone, zoned->name)))
        return judge(zones, known, type, zoned, err);
    return ask_good(zones, known, type, zoned, err);
}

bool zones_ask(struct zones *zones, enum dns_type type, struct zoned *zoned, size_t count, struct error *err)
{
    AUTO(free) struct known_zone **known = xcalloc(count + 1, sizeof *known); /* side by side with zoned */
    AUTO(round_clear) struct round round = round_new(count);

    TRY(find_all(zones, zoned, count, known, err));
    for (size_t i = 0; i < count; i++) {
        if (known[i] == NULL || known[i]->addresses.len == 0 || known[i]->silent)
            continue;
        round.places[round.count] = i;
        round.asks[round.count++] = (struct ask){ known[i]->addresses.at[known[i]->good], zoned[i].name, type };
    }
    TRY(ask_all(zones->asker, round.asks, round.count, round.replies, err));
    for (size_t i = 0, at = 0; i < count; i++) {
        bool is_next = at < round.count && round.places[at] == i;

        if (known[i] == NULL)
            continue;
        TRY(is_next ? take_first(zones, known[i], type, &round, at++, &zoned[i], err)
                    : ask_good(zones, known[i], type, &zoned[i], err));
        TRY(settle(zones, known[i], type, &zoned[i], err));
    }
    return true;
}
