#include "dns/persist_look.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "dns/delegation.h"

void persist_seen_clear(struct persist_seen *seen)
{
    free(seen->said);
    seen->said = NULL;
}

struct questions { /* one for each address */
    struct ask *asks;
    const char **servers; /* whose address it is; NULL: the resolvers' */
    struct dns_reply *replies;
    size_t count;
};

static void questions_clear_at(struct questions *questions)
{
    replies_free(questions->replies, questions->count);
    free(questions->asks);
    free(questions->servers);
}

static struct questions questions_of(const struct zone *zone, const char *place)
{
    size_t room = zone->count * 2 * ZONE_ADDRESSES_MAX + 1;
    struct questions questions = { xcalloc(room, sizeof(struct ask)), xcalloc(room, sizeof(char *)), replies_new(room),
        0 };

    for (size_t i = 0; i < zone->count; i++)
        for (size_t k = 0; k < zone->servers[i].addresses.len; k++) {
            questions.servers[questions.count] = zone->servers[i].name;
            questions.asks[questions.count++] = (struct ask){ zone->servers[i].addresses.at[k], place, DNS_TXT };
        }
    return questions;
}

/* The record that is nearest to what is wanted. */
static enum persist_fit best_of(const struct dns_answer *answer, const struct persist_want *want, int64_t *until)
{
    enum persist_fit best = PERSIST_OTHER;

    for (size_t i = 0; i < answer->len; i++) {
        AUTO(free) char *text = answer->at[i].section == DNS_IN_ANSWER ? record_text(&answer->at[i]) : NULL;
        AUTO(persist_record_clear) struct persist_record record = { 0 };
        enum persist_fit fit;

        if (text == NULL || !persist_record_read(text, &record))
            continue;
        fit = persist_record_fit(&record, want);
        if (fit > best || (fit == best && fit == PERSIST_FITS && record.until > *until)) {
            best = fit;
            *until = record.until;
        }
    }
    return best;
}

static const char *words_of(enum persist_fit fit)
{
    switch (fit) {
    case PERSIST_OVER:
        return "has it, but its persistUntil has passed";
    case PERSIST_NARROW:
        return "has it, but without policy=wildcard";
    case PERSIST_OTHER:
    case PERSIST_FITS:
        break;
    }
    return "does not have it";
}

/* The worst of what servers have; false when none of them said anything of use. */
static bool judge(const struct questions *questions, const struct persist_want *want, struct persist_seen *out)
{
    bool any = false;

    for (size_t i = 0; i < questions->count; i++) {
        const struct dns_reply *reply = &questions->replies[i];
        const struct dns_answer *answer = &reply->answer;
        bool usable = reply->error == NULL && (answer->rcode == DNS_NOERROR || answer->rcode == DNS_NXDOMAIN) &&
                      (answer->aa || questions->servers[i] == NULL);
        int64_t until = INT64_MAX;
        enum persist_fit fit;

        if (!usable)
            continue;
        fit = best_of(answer, want, &until);
        if (any && fit >= out->fit)
            continue;
        any = true;
        persist_seen_clear(out);
        *out = (struct persist_seen){ .fit = fit,
            .until = until,
            .said = xprintf("%s (%s) %s", questions->servers[i] != NULL ? questions->servers[i] : "the resolver",
                answer->server, words_of(fit)) };
    }
    return any;
}

static bool ask_questions(const struct asker *asker, struct questions *questions, const struct persist_want *want,
    struct persist_seen *out, bool *any, struct error *err)
{
    TRY(ask_all(asker, questions->asks, questions->count, questions->replies, err));
    *any = judge(questions, want, out);
    return true;
}

static bool ask_servers(struct zones *zones, const char *place, const struct persist_want *want,
    struct persist_seen *out, bool *any, struct error *err)
{
    struct zoned soa = { .name = place };
    bool ok = zones_ask(zones, DNS_SOA, &soa, 1, err);

    if (ok && soa.zone != NULL) {
        AUTO(questions_clear) struct questions questions = questions_of(soa.zone, place);

        ok = ask_questions(zones->asker, &questions, want, out, any, err);
    }
    zoned_clear(&soa);
    return ok;
}

static bool ask_resolvers(const struct asker *asker, const char *place, const struct persist_want *want,
    struct persist_seen *out, struct error *err)
{
    struct zone none = { 0 };
    AUTO(questions_clear) struct questions questions = questions_of(&none, place);
    bool any = false;

    questions.asks[questions.count++] = (struct ask){ NULL, place, DNS_TXT };
    TRY(ask_questions(asker, &questions, want, out, &any, err));
    if (any)
        return true;
    if (questions.replies[0].error == NULL)
        return error_set(err, ERROR_NETWORK, "no name server says what records %s has", place);
    *err = *questions.replies[0].error;
    return false;
}

static bool look(const struct asker *asker, struct delegation *delegation, const struct persist_want *want,
    struct persist_seen *out, struct error *err)
{
    AUTO(zones_clear) struct zones zones = { .asker = asker };
    const struct delegation_way way = { .zones = &zones };
    bool any = false;

    TRY(delegations_follow(&way, delegation, 1, err));
    if (delegation->error != NULL) {
        *err = *delegation->error;
        return false;
    }
    TRY(ask_servers(&zones, delegation->place, want, out, &any, err));
    return any || ask_resolvers(asker, delegation->name, want, out, err); /* who follow CNAMEs by themselves */
}

bool persist_look(const struct asker *asker, const char *name, const struct persist_want *want,
    struct persist_seen *out, struct error *err)
{
    struct delegation delegation = { .name = name };
    struct persist_seen seen = { 0 };
    bool ok = look(asker, &delegation, want, &seen, err);

    delegation_clear(&delegation);
    if (ok)
        *out = seen;
    else
        persist_seen_clear(&seen);
    return ok;
}
