#include "dns/delegation.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "dns/rcode.h"

#define RANDOM_LABEL "_acme-challenge-is-this-a-wildcard" /* that nobody has */

void delegation_clear(struct delegation *delegation)
{
    free(delegation->place);
    free(delegation->error);
    *delegation = (struct delegation){ 0 };
}

struct round { /* one question for each delegation that is still open */
    struct delegation **open;
    struct ask *asks;
    struct dns_reply *replies;
    size_t count;
    char **others; /* names of wildcards to be tried; side by side with open, NULL in the other rounds */
};

static struct round round_new(size_t count)
{
    return (struct round){ .open = xcalloc(count + 1, sizeof(struct delegation *)),
        .asks = xcalloc(count + 1, sizeof(struct ask)),
        .replies = replies_new(count),
        .others = xcalloc(count + 1, sizeof(char *)) };
}

static void round_clear_at(struct round *round)
{
    for (size_t i = 0; i < round->count; i++)
        free(round->others[i]);
    replies_free(round->replies, round->count);
    free(round->open);
    free(round->asks);
    free(round->others);
}

/* Where the CNAME at name leads, of the caller's; NULL: there is none. */
static char *target(const struct dns_reply *reply, const char *name)
{
    for (size_t i = 0; reply->error == NULL && i < reply->answer.len; i++) {
        const struct dns_record *record = &reply->answer.at[i];

        if (record->section == DNS_IN_ANSWER && record->type == DNS_CNAME && host_equal(record->name, name))
            return record_host(record);
    }
    return NULL;
}

static void fail(struct delegation *delegation, const char *what, const char *at)
{
    struct error why = { 0 };

    (void)error_set(&why, ERROR_CONFIG, "%s %s %s", delegation->name, what, at);
    (void)error_next(&why, "`dig CNAME %s` shows where it leads", delegation->name);
    delegation->error = error_dup(&why);
}

static void tell_unknown(const struct dns_reply *reply, const char *name)
{
    char room[RCODE_NAME_SIZE];
    const char *rcode = reply->error != NULL ? NULL : rcode_name(reply->answer.rcode, room);

    if (reply->error != NULL)
        log_info("Whether %s is a CNAME cannot be seen: %s", name, reply->error->why);
    else if (reply->answer.rcode != DNS_NOERROR && reply->answer.rcode != DNS_NXDOMAIN)
        log_info("Whether %s is a CNAME cannot be seen: the resolver %s says %s", name, reply->answer.server, rcode);
}

/* ---- wildcards ---- */

/* The name with another first label, below the same names; of the caller's. */
static char *sibling(const char *name)
{
    const char *dot = strchr(name, '.');

    return xprintf("%s%s", RANDOM_LABEL, dot != NULL ? dot : "");
}

/* Takes back the first step of those whose CNAME a wildcard has made (RFC 4592 section 2.2): any other name there has
 * it, too. */
static bool take_back_wildcards(
    const struct asker *asker, struct delegation *delegations, size_t count, struct error *err)
{
    AUTO(round_clear) struct round round = round_new(count);

    for (size_t i = 0; i < count; i++) {
        if (host_equal(delegations[i].name, delegations[i].place))
            continue;
        round.others[round.count] = sibling(delegations[i].name);
        round.asks[round.count] = (struct ask){ NULL, round.others[round.count], DNS_CNAME };
        round.open[round.count++] = &delegations[i];
    }
    TRY(ask_all(asker, round.asks, round.count, round.replies, err));
    for (size_t i = 0; i < round.count; i++) {
        AUTO(free) char *to = target(&round.replies[i], round.others[i]);

        if (to == NULL || !host_equal(to, round.open[i]->place))
            continue;
        log_debug("%s leads to %s by a wildcard, and gets a record of its own", round.open[i]->name, to);
        xreplace(&round.open[i]->place, round.open[i]->name);
        round.open[i]->ended = true;
    }
    return true;
}

/* ---- steps ---- */

static void take_step(struct delegation *delegation, const struct dns_reply *reply)
{
    AUTO(free) char *to = target(reply, delegation->place);

    if (to == NULL) {
        tell_unknown(reply, delegation->place);
        delegation->ended = true;
    } else if (host_equal(to, delegation->name) || host_equal(to, delegation->place)) {
        fail(delegation, "is a CNAME that leads back to", to);
    } else {
        xreplace(&delegation->place, to);
    }
}

/* Makes one step from each place that may lead on; *open: how many may still do so. */
static bool step(
    const struct asker *asker, struct delegation *delegations, size_t count, size_t *open, struct error *err)
{
    AUTO(round_clear) struct round round = round_new(count);

    for (size_t i = 0; i < count; i++) {
        if (delegations[i].ended || delegations[i].error != NULL)
            continue;
        round.asks[round.count] = (struct ask){ NULL, delegations[i].place, DNS_CNAME };
        round.open[round.count++] = &delegations[i];
    }
    TRY(ask_all(asker, round.asks, round.count, round.replies, err));
    *open = 0;
    for (size_t i = 0; i < round.count; i++) {
        take_step(round.open[i], &round.replies[i]);
        *open += !round.open[i]->ended && round.open[i]->error == NULL;
    }
    return true;
}

bool delegations_follow(const struct asker *asker, struct delegation *delegations, size_t count, struct error *err)
{
    size_t open = count;

    for (size_t i = 0; i < count; i++)
        xreplace(&delegations[i].place, delegations[i].name);
    for (size_t steps = 0; open > 0 && steps <= DELEGATION_STEPS_MAX; steps++) {
        TRY(step(asker, delegations, count, &open, err));
        TRY(steps > 0 || open == 0 || take_back_wildcards(asker, delegations, count, err));
    }
    for (size_t i = 0; i < count; i++)
        if (!delegations[i].ended && delegations[i].error == NULL)
            fail(&delegations[i], "leads through too many CNAMEs, at last to", delegations[i].place);
    return true;
}
