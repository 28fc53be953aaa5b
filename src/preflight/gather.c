/*
 * Gathers facts: names are looked up first, all at once, and then their ports are tried, all at once.
 */
#include <string.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "dns/ca_place.h"
#include "preflight/facts.h"
#include "preflight/own_addresses.h"
#include "preflight/rules.h"
#include "preflight/zone_view.h"

#define THREADS 24
#define ASPECTS 3

struct gathering {
    struct resolvers resolvers;
    struct surroundings *around;
    struct facts *facts;
    size_t count;
    struct list own; /* addresses of this machine */
    struct {
        struct facts *facts;
        struct door *door;
    } * doors;
    size_t door_count;
};

void facts_clear(struct facts *facts)
{
    lookup_clear(&facts->v4);
    lookup_clear(&facts->v6);
    lookup_clear(&facts->caa);
    lookup_clear(&facts->proof_zone);
    delegation_clear(&facts->proof);
    free(facts->caa_at);
    free(facts->proof_at);
    for (size_t i = 0; i < facts->door_count; i++)
        door_clear(&facts->doors[i]);
    free(facts->doors);
}

static bool wants_server(const struct facts *facts)
{
    return facts->type == CHALLENGE_HTTP_01 || facts->type == CHALLENGE_TLS_ALPN_01;
}

/* ---- names ---- */

static void look_up_addresses(struct gathering *gathering, struct facts *facts)
{
    if (!wants_server(facts))
        return;
    lookup_ask(&gathering->resolvers, facts->host, DNS_A, &facts->v4);
    lookup_ask(&gathering->resolvers, facts->host, DNS_AAAA, &facts->v6);
}

/* The resolvers are asked about the zone alone, which is there: the name of the record may not be yet. */
static void look_up_proof(struct gathering *gathering, struct facts *facts)
{
    const struct asker asker = asker_within(&gathering->resolvers.within);
    AUTO(zones_clear) struct zones zones = { .asker = &asker };
    const struct delegation_way way = { .zones = &zones };
    struct error ignored = { 0 };

    facts->proof_at = challenge_record_name(facts->type, facts->host, gathering->around->request->account_url);
    if (facts->proof_at == NULL)
        return;
    facts->proof.name = facts->proof_at;
    if (!gathering->resolvers.silent && !delegations_follow(&way, &facts->proof, 1, &ignored))
        log_debug("where %s leads is not known: %s", facts->proof_at, ignored.why);
    if (facts->proof.zone != NULL && !host_equal(facts->proof.zone, facts->proof.place))
        lookup_ask(&gathering->resolvers, facts->proof.zone, DNS_SOA, &facts->proof_zone);
}

static bool is_public(struct gathering *gathering)
{
    const struct asker asker = asker_within(&gathering->resolvers.within);

    return ca_is_public(&asker, gathering->around->request->ca_url);
}

static void look_up(void *ctx, size_t index)
{
    struct gathering *gathering = ctx;
    struct facts *facts = &gathering->facts[index / ASPECTS];

    if (index == gathering->count * ASPECTS) {
        gathering->around->ca_is_public = !gathering->around->request->ca_is_private && is_public(gathering);
        return;
    }
    if (facts->identifier->type == IDENTIFIER_IP || facts->type == CHALLENGE_OTHER)
        return;
    switch (index % ASPECTS) {
    case 0:
        look_up_addresses(gathering, facts);
        break;
    case 1:
        lookup_caa(&gathering->resolvers, facts->host, &facts->caa, &facts->caa_at);
        break;
    default:
        look_up_proof(gathering, facts);
        break;
    }
}

/* ---- what would be a failure, if the whole world saw it so ---- */

static void confirm(struct gathering *gathering, struct facts *facts)
{
    const struct asker asker = asker_within(&gathering->resolvers.within);

    if (!gathering->around->ca_is_public)
        return;
    if (rules_want_addresses_confirmed(facts)) {
        zone_view_confirm(&asker, facts->host, DNS_A, &facts->v4);
        zone_view_confirm(&asker, facts->host, DNS_AAAA, &facts->v6);
    }
    if (rules_want_caa_confirmed(gathering->around, facts))
        zone_view_confirm_caa(&asker, facts->host, facts->caa_at, &facts->caa);
}

/* ---- ports ---- */

#define DOORS_MAX 4 /* of a family */

static void add_doors(struct gathering *gathering, struct facts *facts, const struct list *addresses)
{
    for (size_t i = 0; i < addresses->len && i < DOORS_MAX; i++) {
        facts->doors = xrealloc(facts->doors, facts->door_count + 1, sizeof *facts->doors);
        facts->doors[facts->door_count++] = (struct door){
            .address = xstrdup(addresses->at[i]),
            .is_own = list_has(&gathering->own, addresses->at[i]),
            .port = facts->type == CHALLENGE_HTTP_01 ? 80 : 443,
        };
    }
}

static void list_doors(struct gathering *gathering)
{
    for (size_t i = 0; i < gathering->count; i++) {
        struct facts *facts = &gathering->facts[i];
        char *host = (char *)facts->host;

        if (!wants_server(facts))
            continue;
        if (facts->identifier->type == IDENTIFIER_IP)
            add_doors(gathering, facts, &(struct list){ &host, 1 });
        add_doors(gathering, facts, &facts->v4.found);
        add_doors(gathering, facts, &facts->v6.found);
        gathering->doors =
            xrealloc(gathering->doors, gathering->door_count + facts->door_count + 1, sizeof *gathering->doors);
        for (size_t j = 0; j < facts->door_count; j++) {
            gathering->doors[gathering->door_count].facts = facts;
            gathering->doors[gathering->door_count++].door = &facts->doors[j];
        }
    }
}

static void look_closer(void *ctx, size_t index)
{
    struct gathering *gathering = ctx;

    if (index < gathering->door_count)
        door_try(gathering->resolvers.within.net, gathering->doors[index].facts->host, gathering->doors[index].door,
            gathering->resolvers.within.until_ms);
    else
        confirm(gathering, &gathering->facts[index - gathering->door_count]);
}

void facts_gather(struct net *net, struct surroundings *surroundings, struct facts *facts, size_t count)
{
    struct gathering gathering = {
        .resolvers = { .within = { net, clock_monotonic_ms() + FACTS_MS, LOOKUP_QUESTION_MS } },
        .around = surroundings,
        .facts = facts,
        .count = count,
    };

    parallel_wait_for(count * ASPECTS + 1, THREADS, look_up, &gathering);
    surroundings->resolvers_silent = gathering.resolvers.silent;
    own_addresses(&gathering.own, NULL);
    list_doors(&gathering);
    parallel_wait_for(gathering.door_count + count, THREADS, look_closer, &gathering);
    free(gathering.doors);
    list_clear(&gathering.own);
}
