#include "dns/delegation.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "dns/ca_place.h"
#include "dns/rcode.h"

#define RANDOM_LABEL "_acme-challenge-is-this-a-wildcard" /* that nobody has */

void delegation_clear(struct delegation *delegation)
{
    free(delegation->place);
    free(delegation->error);
    free(delegation->unseen);
    free(delegation->zone);
    *delegation = (struct delegation){ 0 };
}

/* ---- asking ---- */

struct step { /* of one delegation */
    struct delegation *of;
    char *name; /* that is asked about */
    struct zoned zoned;
    struct dns_reply by_resolver;
    const struct dns_reply *reply; /* one of both; NULL: nobody says anything */
};

struct steps {
    struct step *at;
    size_t count;
};

static struct steps steps_new(size_t count)
{
    return (struct steps){ xcalloc(count + 1, sizeof(struct step)), 0 };
}

static void steps_clear_at(struct steps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        free(steps->at[i].name);
        zoned_clear(&steps->at[i].zoned);
        dns_reply_clear(&steps->at[i].by_resolver);
    }
    free(steps->at);
}

/* name is the step's. */
static void steps_add(struct steps *steps, struct delegation *of, char *name)
{
    steps->at[steps->count++] = (struct step){ .of = of, .name = name, .zoned = { .name = name } };
}

static bool ask_servers(const struct delegation_way *way, struct steps *steps, struct error *err)
{
    AUTO(free) struct zoned *zoned = xcalloc(steps->count + 1, sizeof *zoned);
    bool ok;

    for (size_t i = 0; i < steps->count; i++)
        zoned[i].name = steps->at[i].name;
    ok = zones_ask(way->zones, DNS_CNAME, zoned, steps->count, err);
    for (size_t i = 0; i < steps->count; i++) {
        steps->at[i].zoned = zoned[i];
        if (ok && zoned[i].state == ZONED_SAYS)
            steps->at[i].reply = &steps->at[i].zoned.reply;
    }
    return ok;
}

/* Those of whom no server of their zone has said anything. */
static bool ask_resolvers(const struct delegation_way *way, struct steps *steps, struct error *err)
{
    AUTO(free) struct ask *asks = xcalloc(steps->count + 1, sizeof *asks);
    struct dns_reply *replies = replies_new(steps->count);
    size_t count = 0, at = 0;
    bool ok;

    for (size_t i = 0; i < steps->count; i++)
        if (steps->at[i].reply == NULL)
            asks[count++] = (struct ask){ NULL, steps->at[i].name, DNS_CNAME };
    ok = ask_all(way->zones->asker, asks, count, replies, err);
    for (size_t i = 0; i < steps->count; i++)
        if (steps->at[i].reply == NULL) {
            steps->at[i].by_resolver = replies[at++];
            steps->at[i].reply = &steps->at[i].by_resolver;
        }
    free(replies);
    return ok;
}

static bool lacks_replies(const struct steps *steps)
{
    for (size_t i = 0; i < steps->count; i++)
        if (steps->at[i].reply == NULL)
            return true;
    return false;
}

static bool ask(const struct delegation_way *way, struct steps *steps, struct error *err)
{
    TRY(ask_servers(way, steps, err));
    return !lacks_replies(steps) || way->ca_url == NULL || !ca_is_public(way->zones->asker, way->ca_url) ||
           ask_resolvers(way, steps, err);
}

/* Where the CNAME that was asked for leads, of the caller's; NULL: there is none. */
static char *target(const struct step *step)
{
    const struct dns_reply *reply = step->reply;

    for (size_t i = 0; reply != NULL && reply->error == NULL && i < reply->answer.len; i++) {
        const struct dns_record *record = &reply->answer.at[i];

        if (record->section == DNS_IN_ANSWER && record->type == DNS_CNAME && host_equal(record->name, step->name))
            return record_host(record);
    }
    return NULL;
}

/* ---- wildcards ---- */

/* The name with another first label, below the same names; of the caller's. */
static char *sibling(const char *name)
{
    const char *dot = strchr(name, '.');

    return xprintf("%s%s", RANDOM_LABEL, dot != NULL ? dot : "");
}

/* Marks those whose first CNAME a wildcard has made (RFC 4592 section 2.2): any other name there has it, too. */
static bool mark_wildcards(
    const struct delegation_way *way, struct delegation *delegations, size_t count, struct error *err)
{
    AUTO(steps_clear) struct steps steps = steps_new(count);

    for (size_t i = 0; i < count; i++)
        if (!host_equal(delegations[i].name, delegations[i].place))
            steps_add(&steps, &delegations[i], sibling(delegations[i].name));
    TRY(ask(way, &steps, err));
    for (size_t i = 0; i < steps.count; i++) {
        AUTO(free) char *to = target(&steps.at[i]);

        steps.at[i].of->by_wildcard = to != NULL && host_equal(to, steps.at[i].of->place);
    }
    return true;
}

/* A wildcard's CNAME that leads nowhere keeps nobody from a record of his own. */
static void forget_useless_wildcard(struct delegation *delegation)
{
    if (!delegation->by_wildcard || delegation->error == NULL)
        return;
    log_debug("%s; a record of its own takes the place of that wildcard's CNAME", delegation->error->why);
    free(delegation->error);
    delegation->error = NULL;
    xreplace(&delegation->place, delegation->name);
    free(TAKE(delegation->zone));
    delegation->by_wildcard = false;
    delegation->same_zone = true;
}

/* ---- steps ---- */

static void fail(struct delegation *delegation, const char *what, const char *at)
{
    struct error why = { 0 };

    (void)error_set(&why, ERROR_CONFIG, "%s %s %s", delegation->name, what, at);
    (void)error_next(&why, "`dig CNAME %s` shows where it leads", delegation->name);
    delegation->error = error_dup(&why);
}

/* Why it is not known whether the place leads on, of the caller's; NULL: it is known. */
static char *say_unseen(const struct step *step)
{
    const struct dns_reply *reply = step->reply;
    char room[RCODE_NAME_SIZE];

    if (reply == NULL)
        return xstrdup_or_null(step->zoned.why);
    if (reply->error != NULL)
        return xstrdup(reply->error->why);
    if (reply->answer.rcode != DNS_NOERROR && reply->answer.rcode != DNS_NXDOMAIN)
        return xprintf("the resolver %s says %s", reply->answer.server, rcode_name(reply->answer.rcode, room));
    return NULL;
}

/* True when the next step is to be made. */
static bool take_step(const struct step *step)
{
    struct delegation *delegation = step->of;
    AUTO(free) char *to = target(step);

    delegation->state = step->zoned.state;
    if (to == NULL)
        delegation->unseen = say_unseen(step);
    else if (host_equal(to, delegation->name) || host_equal(to, delegation->place))
        fail(delegation, "is a CNAME that leads back to", to);
    else
        xreplace(&delegation->place, to);
    return to != NULL && delegation->error == NULL;
}

/* Makes one step from each that may lead on. first: the zones of their names; side by side with delegations, as open
 * is.
 */
static bool make_steps(const struct delegation_way *way, struct delegation *delegations, bool *open,
    const struct zone **first, size_t count, struct error *err)
{
    AUTO(steps_clear) struct steps steps = steps_new(count);

    for (size_t i = 0; i < count; i++)
        if (open[i])
            steps_add(&steps, &delegations[i], xstrdup(delegations[i].place));
    TRY(ask(way, &steps, err));
    for (size_t i = 0, at = 0; i < count; i++) {
        const struct step *step = &steps.at[at];

        if (!open[i])
            continue;
        at++;
        if (host_equal(step->name, delegations[i].name))
            first[i] = step->zoned.zone;
        free(delegations[i].zone);
        delegations[i].zone = step->zoned.zone != NULL ? xstrdup(step->zoned.zone->name) : NULL;
        delegations[i].same_zone = step->zoned.zone != NULL && step->zoned.zone == first[i];
        open[i] = take_step(step);
    }
    return true;
}

static bool any(const bool *open, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (open[i])
            return true;
    return false;
}

bool delegations_follow(
    const struct delegation_way *way, struct delegation *delegations, size_t count, struct error *err)
{
    AUTO(free) bool *open = xcalloc(count + 1, sizeof *open);
    AUTO(free) const struct zone **first = xcalloc(count + 1, sizeof *first);

    for (size_t i = 0; i < count; i++) {
        xreplace(&delegations[i].place, delegations[i].name);
        open[i] = true;
    }
    for (size_t steps = 0; any(open, count) && steps <= DELEGATION_STEPS_MAX; steps++) {
        TRY(make_steps(way, delegations, open, first, count, err));
        if (steps == 0)
            TRY(mark_wildcards(way, delegations, count, err));
    }
    for (size_t i = 0; i < count; i++) {
        if (open[i])
            fail(&delegations[i], "leads through too many CNAMEs, at last to", delegations[i].place);
        forget_useless_wildcard(&delegations[i]);
    }
    return true;
}
