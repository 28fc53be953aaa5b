#include "notify/decide.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define DAY_S 86400
#define HOUR_S 3600
#define FAILURES_AT_ONCE 3 /* attempts that fail in a row, before there is an hour between them */
#define AHEAD_S 3600       /* by which another process, that was told the time later, may be ahead of this one */

void news_clear(struct news *news)
{
    free(news->at);
    *news = (struct news){ 0 };
}

unsigned level_of(const struct fact *fact, const struct policy *policy, int64_t now)
{
    int64_t life = fact->not_after - fact->not_before;
    unsigned level = 0;

    if (fact->not_after == 0 || life <= 0)
        return 0;
    if (now >= fact->not_after)
        return (unsigned)policy->at.len + 1;
    for (; level < policy->at.len; level++)
        if (now - fact->not_before < life / 1000 * policy->at.per_mille[level])
            break;
    return level;
}

struct decision { /* while it is made */
    const struct policy *policy;
    int64_t now;
    struct news *news;
    struct memory *told, *untold;
};

static struct item *add_item(struct decision *decision, const struct item *item)
{
    struct news *news = decision->news; /* its room was made at the beginning */

    news->at[news->len] = *item;
    return &news->at[news->len++];
}

/* Whether something that was told then may be told again. An instant that is still far ahead was noted by a clock that
 * was wrong. */
static bool is_time(const struct decision *decision, int64_t told)
{
    int64_t every = decision->policy->every_s;

    return told == 0 || told > decision->now + AHEAD_S || (every > 0 && decision->now - told >= every);
}

/* The same for what is told for the first time after it was over once: a day, where nothing is repeated. */
static bool may_return(const struct decision *decision, int64_t told)
{
    return is_time(decision, told) || (decision->policy->every_s == 0 && decision->now - told >= DAY_S);
}

static enum tidings tidings_of(
    const struct decision *decision, const struct fact *fact, const struct known *known, unsigned level)
{
    if (known->standing == STANDING_TOLD && level > known->level)
        return TIDINGS_WORSE;
    if (known->standing == STANDING_TOLD)
        return !fact->once && is_time(decision, known->told) ? TIDINGS_STILL : TIDINGS_ALSO;
    if (level > known->level)
        return TIDINGS_FIRST;
    return may_return(decision, known->told) ? TIDINGS_FIRST : TIDINGS_ALSO;
}

/* before NULL: nothing is known of it. */
static void decide_bad(struct decision *decision, const struct fact *fact, const struct known *before)
{
    unsigned level = level_of(fact, decision->policy, decision->now);
    struct known known = { .name = (char *)fact->name, .since = decision->now };
    unsigned after = decision->policy->after > fact->patience ? decision->policy->after : fact->patience;
    struct item item;

    if (before != NULL)
        known = *before;
    if (known.standing == STANDING_WELL) {
        known.standing = STANDING_UNTOLD;
        known.since = decision->now;
        known.runs = 0;
    }
    known.trouble = fact->trouble;
    known.runs += fact->attempted || known.runs == 0;
    if (known.level > level) /* a certificate that is younger */
        known.level = level;
    memory_add(decision->untold, &known);
    if (known.runs < after && !decision->policy->counts_nothing && level == 0 && known.standing == STANDING_UNTOLD) {
        memory_add(decision->told, &known);
        return;
    }
    item = (struct item){ fact->name, fact, tidings_of(decision, fact, &known, level), fact->trouble, level, known.runs,
        known.since };
    add_item(decision, &item);
    decision->news->bad++;
    decision->news->tell = decision->news->tell || item.tidings != TIDINGS_ALSO;
    known.standing = STANDING_TOLD;
    known.told = decision->now;
    known.level = level;
    memory_add(decision->told, &known);
}

/* before: what was known of something that is well now, or gone (fact NULL). */
static void decide_well(struct decision *decision, const struct fact *fact, const struct known *before)
{
    struct known known = *before;

    if (known.standing == STANDING_WELL) {
        if (!may_return(decision, known.told)) { /* else it is forgotten */
            memory_add(decision->told, &known);
            memory_add(decision->untold, &known);
        }
        return;
    }
    if (known.standing == STANDING_UNTOLD) {
        if (known.told == 0 || may_return(decision, known.told))
            return;
        known.standing = STANDING_WELL;
        memory_add(decision->told, &known);
        memory_add(decision->untold, &known);
        return;
    }
    memory_add(decision->untold, &known);
    add_item(decision, &(struct item){ .name = before->name,
                           .fact = fact,
                           .tidings = fact == NULL ? TIDINGS_GONE : TIDINGS_WELL,
                           .trouble = known.trouble,
                           .runs = known.runs,
                           .since = known.since });
    decision->news->tell = true;
    known.standing = STANDING_WELL;
    known.told = decision->now;
    memory_add(decision->told, &known);
}

static void keep(struct decision *decision, const struct known *known)
{
    memory_add(decision->told, known);
    memory_add(decision->untold, known);
}

static void decide_one(struct decision *decision, const struct fact *fact, const struct known *before)
{
    if (fact->unknown) {
        if (before != NULL)
            keep(decision, before);
    } else if (fact->trouble != TROUBLE_NONE) {
        decide_bad(decision, fact, before);
    } else if (before != NULL) {
        decide_well(decision, fact, before);
    }
}

static int64_t time_left(const struct item *item)
{
    return item->fact == NULL || item->fact->not_after == 0 ? INT64_MAX : item->fact->not_after;
}

static int worst_first(const void *a, const void *b)
{
    const struct item *left = a, *right = b;
    bool left_over = left->tidings >= TIDINGS_WELL, right_over = right->tidings >= TIDINGS_WELL;

    if (left_over != right_over)
        return left_over ? 1 : -1;
    if (left->level != right->level)
        return left->level > right->level ? -1 : 1;
    if ((left->trouble == TROUBLE_RUN) != (right->trouble == TROUBLE_RUN)) /* it concerns all of them */
        return left->trouble == TROUBLE_RUN ? -1 : 1;
    if (time_left(left) != time_left(right))
        return time_left(left) < time_left(right) ? -1 : 1;
    return strcmp(left->name, right->name);
}

/* Whether a day's messages have been sent. */
static bool is_enough(const struct memory *before, int64_t now)
{
    size_t recent = 0;

    for (size_t i = 0; i < before->sent_len; i++)
        recent += before->sent[i] <= now + AHEAD_S && now - before->sent[i] < DAY_S;
    return recent >= MEMORY_SENT;
}

/* Whether it has taken nothing of late: then it is tried seldom, so that one that takes a message without saying so
 * gets no storm either. */
static bool is_rested(const struct memory *before, int64_t now)
{
    int64_t since = now - before->failing.last;

    return before->failing.times < FAILURES_AT_ONCE || since >= HOUR_S || since < -AHEAD_S;
}

static void copy_attempts(const struct memory *from, struct memory *to)
{
    memcpy(to->sent, from->sent, sizeof to->sent);
    to->sent_len = from->sent_len;
    to->failing = from->failing;
    to->failing.why = xstrdup_or_null(from->failing.why);
}

/* Whether what is not among the facts is no more. */
static bool is_gone(const struct facts *facts, const struct known *known)
{
    return facts->whole && (known->trouble == TROUBLE_FOREIGN) == facts->foreign;
}

void news_decide(const struct facts *facts, const struct memory *before, const struct policy *policy, int64_t now,
    struct news *news, struct memory *told, struct memory *untold)
{
    struct decision decision = { policy, now, news, told, untold };
    size_t i = 0, k = 0;

    news->at = xcalloc(facts->len + before->len + 1, sizeof *news->at);
    while (i < facts->len || k < before->len) {
        int order = i == facts->len ? 1 : k == before->len ? -1 : strcmp(facts->at[i].name, before->at[k].name);

        if (order > 0 && is_gone(facts, &before->at[k]))
            decide_well(&decision, NULL, &before->at[k++]);
        else if (order > 0)
            keep(&decision, &before->at[k++]);
        else if (order < 0 && text_equal(facts->at[i].name, facts->self))
            i++;
        else if (order < 0)
            decide_one(&decision, &facts->at[i++], NULL);
        else
            decide_one(&decision, &facts->at[i++], &before->at[k++]);
    }
    copy_attempts(before, told);
    copy_attempts(before, untold);
    if (news->len > 1)
        qsort(news->at, news->len, sizeof *news->at, worst_first);
    if (is_enough(before, now) || !is_rested(before, now))
        news->tell = false;
}
