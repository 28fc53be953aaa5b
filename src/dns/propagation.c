#include "dns/propagation.h"

#include "base/interrupt.h"
#include "base/log.h"
#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"
#include "dns/rcode.h"
#include "dns/zones.h"

#define GRACE_MS 15000   /* for servers that do not answer */
#define PRIVATE_MS 60000 /* at least, see VERDICT_ELSEWHERE */
#define TELL_AFTER_MS 30000

void spread_clear(struct spread *spread)
{
    free(spread->why);
    free(spread->left_out);
    spread->why = spread->left_out = NULL;
}

/* An address of a name server, asked for one name. */
struct watched {
    struct look look;
    const char *server, *address; /* of the zone */
    char *said;                   /* of its last answer: "has no such record" */
};

struct place { /* a name, and all its values */
    const char *name;
    struct spread **spreads;
    size_t spread_count;
    const struct zone *zone; /* NULL: not known, see why */
    char *why;
    struct watched *watched;
    size_t watched_count;
    enum verdict verdict;
};

struct wait {
    const struct asker *asker;
    const struct propagation *how;
    struct patience patience;
    struct place *places;
    size_t place_count;
    struct zones zones;
    int64_t begun_ms;
    bool told;
};

static void place_clear(struct place *place)
{
    for (size_t i = 0; i < place->watched_count; i++)
        free(place->watched[i].said);
    free(place->watched);
    free(place->spreads);
    free(place->why);
}

static void wait_clear_at(struct wait *wait)
{
    for (size_t i = 0; i < wait->place_count; i++)
        place_clear(&wait->places[i]);
    free(wait->places);
    zones_clear(&wait->zones);
}

/* ---- names and their zones ---- */

static void take_spread(struct wait *wait, struct spread *spread)
{
    struct place *place = NULL;

    for (size_t i = 0; i < wait->place_count; i++)
        if (host_equal(wait->places[i].name, spread->place))
            place = &wait->places[i];
    if (place == NULL) {
        place = &wait->places[wait->place_count++];
        place->name = spread->place;
    }
    place->spreads = xrealloc(place->spreads, place->spread_count + 1, sizeof *place->spreads);
    place->spreads[place->spread_count++] = spread;
}

static void watch_servers(struct place *place)
{
    const struct zone *zone = place->zone;
    size_t room = zone->count * (2 * ZONE_ADDRESSES_MAX + 1);

    place->watched = xcalloc(room, sizeof *place->watched);
    for (size_t i = 0; i < zone->count; i++) {
        const struct name_server *server = &zone->servers[i];

        for (size_t k = 0; k < server->addresses.len; k++)
            place->watched[place->watched_count++] = (struct watched){
                .look = { .server = i, .is_public = address_place_of_text(server->addresses.at[k]) == ADDRESS_PUBLIC },
                .server = server->name,
                .address = server->addresses.at[k],
            };
        if (server->addresses.len == 0) /* nobody can ask it, and it is told so */
            place->watched[place->watched_count++] = (struct watched){
                .look = { .server = i, .state = LOOK_USELESS },
                .server = server->name,
                .said = xstrdup(server->unknown ? "has no address that could be found" : "has no address"),
            };
    }
}

struct round {
    struct ask *asks;
    struct dns_reply *replies;
    size_t count;
};

static void round_clear_at(struct round *round)
{
    free(round->asks);
    replies_free(round->replies, round->count);
}

static void zoned_all_clear(struct zoned *zoned, size_t count)
{
    for (size_t i = 0; i < count; i++)
        zoned_clear(&zoned[i]);
}

/* The servers of each place. One whose zone nobody can tell of has its verdict. */
static bool find_all(struct wait *wait, struct error *err)
{
    AUTO(free) struct zoned *soas = xcalloc(wait->place_count + 1, sizeof *soas);
    bool ok;

    for (size_t i = 0; i < wait->place_count; i++)
        soas[i].name = wait->places[i].name;
    ok = zones_ask(&wait->zones, DNS_SOA, soas, wait->place_count, err);
    for (size_t i = 0; ok && i < wait->place_count; i++) {
        struct place *place = &wait->places[i];

        place->zone = soas[i].zone;
        if (place->zone != NULL) {
            watch_servers(place);
            continue;
        }
        place->why = xstrdup_or_null(soas[i].why);
        place->verdict = VERDICT_BLIND;
    }
    zoned_all_clear(soas, wait->place_count);
    return ok;
}

/* ---- a round of questions ---- */

static size_t count_values(const struct place *place, const struct dns_answer *answer)
{
    size_t have = 0;

    for (size_t i = 0; i < place->spread_count; i++) {
        bool found = false;

        for (size_t k = 0; !found && k < answer->len; k++) {
            AUTO(free) char *text = answer->at[k].section == DNS_IN_ANSWER ? record_text(&answer->at[k]) : NULL;

            found = text_equal(text, place->spreads[i]->value);
        }
        have += found;
    }
    return have;
}

static void take_answer(const struct place *place, struct watched *watched, const struct dns_answer *answer)
{
    size_t have = count_values(place, answer);
    bool no = answer->rcode == DNS_NXDOMAIN || (answer->rcode == DNS_NOERROR && have == 0);
    char room[RCODE_NAME_SIZE];
    const char *rcode = rcode_name(answer->rcode, room);

    if (answer->rcode != DNS_NOERROR && answer->rcode != DNS_NXDOMAIN) {
        watched->look.state = LOOK_USELESS;
        watched->said = xprintf("answers with %s", rcode);
    } else if (!answer->aa) { /* a resolver that stands in the way, or a server that does not have the zone */
        watched->look.state = LOOK_USELESS;
        watched->said = xstrdup("answers without authority for this zone");
    } else {
        watched->look.state = have == place->spread_count ? LOOK_HAS_ALL : LOOK_LACKS;
        watched->look.some = watched->look.some || have > 0;
        watched->said =
            no ? xstrdup("does not have the record") : xprintf("has %zu of %zu values", have, place->spread_count);
    }
}

static void take_reply(const struct place *place, struct watched *watched, const struct dns_reply *reply)
{
    free(watched->said);
    watched->said = NULL;
    if (reply->error == NULL) {
        take_answer(place, watched, &reply->answer);
        return;
    }
    watched->look.state = LOOK_USELESS;
    watched->said = xprintf("does not answer (%s)", reply->error->why);
}

static bool is_to_be_asked(const struct place *place, const struct watched *watched)
{
    return place->verdict == VERDICT_WAIT && watched->address != NULL && watched->look.state != LOOK_HAS_ALL;
}

static struct round make_round(const struct wait *wait)
{
    struct round round = { 0 };
    size_t room = 1;

    for (size_t i = 0; i < wait->place_count; i++)
        room += wait->places[i].watched_count;
    round.asks = xcalloc(room, sizeof *round.asks);
    for (size_t i = 0; i < wait->place_count; i++)
        for (size_t k = 0; k < wait->places[i].watched_count; k++)
            if (is_to_be_asked(&wait->places[i], &wait->places[i].watched[k]))
                round.asks[round.count++] =
                    (struct ask){ wait->places[i].watched[k].address, wait->places[i].name, DNS_TXT };
    round.replies = replies_new(round.count);
    return round;
}

static bool look_around(struct wait *wait, struct error *err)
{
    AUTO(round_clear) struct round round = make_round(wait);
    size_t at = 0;

    TRY(ask_all(wait->asker, round.asks, round.count, round.replies, err));
    for (size_t i = 0; i < wait->place_count; i++)
        for (size_t k = 0; k < wait->places[i].watched_count; k++)
            if (is_to_be_asked(&wait->places[i], &wait->places[i].watched[k]))
                take_reply(&wait->places[i], &wait->places[i].watched[k], &round.replies[at++]);
    return true;
}

/* ---- verdicts ---- */

/* "ns1.example (192.0.2.1) answers with REFUSED, ns2 ...", of the caller's: addresses in a state. NULL: there are none.
 */
static char *list_servers(const struct place *place, enum look_state state)
{
    AUTO(buf_clear) struct buf text = BUF(2048);

    for (size_t i = 0; i < place->watched_count && text.len < 1024; i++) {
        const struct watched *watched = &place->watched[i];

        if (watched->look.state != state || watched->said == NULL)
            continue;
        buf_putf(&text, "%s%s", text.len > 0 ? "; " : "", watched->server);
        if (watched->address != NULL)
            buf_putf(&text, " (%s)", watched->address);
        buf_putf(&text, " %s", watched->said);
    }
    return text.len == 0 ? NULL : buf_take(&text);
}

static enum verdict decide(const struct wait *wait, const struct place *place, int64_t elapsed_ms)
{
    AUTO(free) struct look *looks = xcalloc(place->watched_count + 1, sizeof *looks);

    for (size_t i = 0; i < place->watched_count; i++)
        looks[i] = place->watched[i].look;
    return propagation_decide(looks, place->watched_count, elapsed_ms, &wait->patience);
}

/* Once, what there is to be waited for. */
static void tell_behind(struct wait *wait, const struct place *place, int64_t elapsed_ms)
{
    AUTO(free) char *servers = NULL, *text = NULL;

    if (wait->told || elapsed_ms < TELL_AFTER_MS || wait->how->tell == NULL)
        return;
    servers = list_servers(place, LOOK_LACKS);
    if (servers == NULL)
        return;
    text = xprintf("%s: %s", place->name, servers);
    wait->how->tell(wait->how->arg, text);
    wait->told = true;
}

static bool judge_all(struct wait *wait)
{
    int64_t elapsed_ms = wait->asker->now_ms(wait->asker->self) - wait->begun_ms;
    bool open = false;

    for (size_t i = 0; i < wait->place_count; i++) {
        struct place *place = &wait->places[i];

        if (place->verdict != VERDICT_WAIT)
            continue;
        place->verdict = decide(wait, place, elapsed_ms);
        if (place->verdict != VERDICT_WAIT)
            continue;
        open = true;
        tell_behind(wait, place, elapsed_ms);
    }
    return open;
}

static void report(const struct place *place)
{
    enum look_state cause = place->verdict == VERDICT_BLIND ? LOOK_USELESS : LOOK_LACKS;

    for (size_t i = 0; i < place->spread_count; i++) {
        struct spread *spread = place->spreads[i];

        spread->verdict = place->verdict;
        if (place->verdict == VERDICT_THERE)
            spread->left_out = list_servers(place, LOOK_USELESS);
        else
            spread->why = place->why != NULL ? xstrdup(place->why) : list_servers(place, cause);
    }
}

/* ---- from outside ---- */

static bool pause_ms(const struct wait *wait, unsigned rounds, struct error *err)
{
    int64_t left = wait->begun_ms + wait->patience.limit - wait->asker->now_ms(wait->asker->self);
    int64_t ms = propagation_pause_ms(rounds);

    if (left > 0 && ms > left)
        ms = left;
    return wait->asker->sleep_ms(wait->asker->self, ms) || interrupt_check(err);
}

bool propagation_wait(
    const struct asker *asker, const struct propagation *how, struct spread *spreads, size_t count, struct error *err)
{
    AUTO(wait_clear)
    struct wait wait = {
        .asker = asker,
        .how = how,
        .zones = { .asker = asker },
        .patience = { .limit = (int64_t)how->limit_s * 1000, .grace = GRACE_MS, .private = PRIVATE_MS },
        .places = xcalloc(count + 1, sizeof(struct place)),
        .begun_ms = asker->now_ms(asker->self),
    };

    if (wait.patience.private < (int64_t)how->fixed_s * 1000)
        wait.patience.private = (int64_t)how->fixed_s * 1000;
    for (size_t i = 0; i < count; i++)
        take_spread(&wait, &spreads[i]);
    TRY(find_all(&wait, err));
    for (unsigned rounds = 0;; rounds++) {
        TRY(look_around(&wait, err));
        if (!judge_all(&wait))
            break;
        TRY(pause_ms(&wait, rounds, err));
    }
    for (size_t i = 0; i < wait.place_count; i++)
        report(&wait.places[i]);
    return true;
}
