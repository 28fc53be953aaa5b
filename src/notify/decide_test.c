/* What is told, over runs of a played clock. */
#include "base/test.h"

#include "notify/decide.h"

#define HOUR 3600
#define DAY (24 * HOUR)
#define BEGIN 1000000000

/* One run: hours after BEGIN, and for each of two names what is the case; a message if want is not NULL. */
struct step {
    int hour;
    char is[3]; /* 'w' well, 'f' a failed renewal, 'd' delivery, 'l' late, 'o' late and told once, 'u' not known, '-'
                   gone, 'p' put off */
    const char *want; /* tidings of what stands in the message: "first a" */
    bool lost;        /* nobody takes it */
};

struct play {
    const char *name;
    int life_days; /* of both certificates, which began at BEGIN; 0: nothing is known of it */
    unsigned after, patience;
    int every_h;
    struct step steps[16];
    bool counts_nothing;
};

static const char *word(enum tidings tidings)
{
    static const char *const words[] = { "first", "worse", "still", "also", "well", "gone" };

    return words[tidings];
}

static bool make_fact(const struct play *play, char is, struct fact *fact)
{
    *fact = (struct fact){ .name = fact->name, .patience = play->patience };
    if (play->life_days > 0) {
        fact->not_before = BEGIN;
        fact->not_after = BEGIN + play->life_days * (int64_t)DAY;
    }
    fact->unknown = is == 'u';
    fact->attempted = strchr("fd", is) != NULL;
    fact->once = is == 'o';
    fact->trouble = is == 'f' || is == 'p'   ? TROUBLE_RENEWAL
                    : is == 'd'              ? TROUBLE_DELIVERY
                    : is == 'l' || is == 'o' ? TROUBLE_LATE
                                             : TROUBLE_NONE;
    return is != '-' && is != '\0';
}

static void run_step(const struct play *play, const struct step *step, struct memory *memory)
{
    static const char *const names[] = { "a", "b" };
    struct policy policy = { .at = { { 750, 850, 950 }, 3 },
        .every_s = play->every_h * HOUR,
        .after = play->after,
        .counts_nothing = play->counts_nothing };
    int64_t now = BEGIN + (int64_t)step->hour * HOUR;
    AUTO(memory_clear) struct memory told = { 0 }, untold = { 0 };
    AUTO(news_clear) struct news news = { 0 };
    AUTO(list_clear) struct list got = { 0 };
    AUTO(free) char *text = NULL, *where = NULL;
    struct fact at[2];
    struct facts facts = { .at = at, .whole = true };

    for (size_t i = 0; i < 2; i++) {
        at[facts.len].name = names[i];
        facts.len += make_fact(play, step->is[i], &at[facts.len]);
    }
    news_decide(&facts, memory, &policy, now, &news, &told, &untold);
    for (size_t i = 0; news.tell && i < news.len; i++) {
        AUTO(free) char *item = xprintf("%s %s", word(news.at[i].tidings), news.at[i].name);

        list_add(&got, item);
    }
    text = list_join(&got, ", ");
    where = xprintf("%s, hour %d", play->name, step->hour);
    CHECK_TEXT(text, step->want == NULL ? "" : step->want, where);
    memory_clear(memory);
    if (news.tell && !step->lost) {
        memory_note_sent(&told, now);
        *memory = told;
        told = (struct memory){ 0 };
    } else {
        *memory = untold;
        untold = (struct memory){ 0 };
    }
}

static const struct play plays[] = {
    { "told once, repeated daily, over once", 0, 1, 0, 24,
        { { 0, "ww", NULL, false }, { 12, "fw", "first a", false }, { 24, "fw", NULL, false },
            { 36, "fw", "still a", false }, { 48, "fw", NULL, false }, { 50, "ww", "well a", false },
            { 62, "ww", NULL, false } } },
    { "what is new brings the rest along, and repetitions come together", 0, 1, 0, 24,
        { { 0, "fw", "first a", false }, { 12, "ff", "also a, first b", false }, { 24, "ff", NULL, false },
            { 36, "ff", "still a, still b", false }, { 48, "wf", "also b, well a", false },
            { 72, "wf", "still b", false } } },
    { "nobody took it", 0, 1, 0, 24,
        { { 0, "fw", "first a", true }, { 12, "fw", "first a", false }, { 24, "ww", "well a", true },
            { 36, "ww", "well a", false }, { 48, "ww", NULL, false } } },
    { "comes and goes", 0, 1, 0, 24,
        { { 0, "fw", "first a", false }, { 2, "ww", "well a", false }, { 4, "fw", NULL, false },
            { 6, "ww", NULL, false }, { 8, "fw", NULL, false }, { 10, "ww", NULL, false },
            { 28, "fw", "first a", false }, { 30, "ww", "well a", false } } },
    { "comes back and stays", 0, 1, 0, 24,
        { { 0, "fw", "first a", false }, { 2, "ww", "well a", false }, { 4, "fw", NULL, false },
            { 14, "fw", NULL, false }, { 26, "fw", "first a", false }, { 28, "fw", NULL, false } } },
    { "only what happens three times", 0, 3, 0, 24,
        { { 0, "fw", NULL, false }, { 12, "ww", NULL, false }, { 24, "fw", NULL, false }, { 36, "fw", NULL, false },
            { 48, "pw", NULL, false }, { 60, "fw", "first a", false }, { 72, "ww", "well a", false } } },
    { "what needs patience", 0, 1, 2, 24, { { 0, "fw", NULL, false }, { 12, "fw", "first a", false } } },
    { "nothing waits where runs cannot be counted", 0, 3, 2, 24, { { 0, "fw", "first a", false } }, true },
    { "never repeated", 0, 1, 0, 0,
        { { 0, "fw", "first a", false }, { 240, "fw", NULL, false }, { 250, "ww", "well a", false },
            { 260, "fw", NULL, false }, { 280, "fw", "first a", false } } },
    { "a certificate of 90 days", 90, 1, 0, 0,
        { { 60 * 24, "fw", "first a", false }, { 67 * 24, "fw", NULL, false }, { 68 * 24, "fw", "worse a", false },
            { 76 * 24, "pw", NULL, false }, { 77 * 24, "pw", "worse a", false }, { 86 * 24, "fw", "worse a", false },
            { 89 * 24, "fw", NULL, false }, { 90 * 24, "fw", "worse a", false }, { 100 * 24, "fw", NULL, false } } },
    { "one of six days", 6, 1, 0, 24,
        { { 72, "fw", "first a", false }, { 75, "fw", NULL, false }, { 108, "fw", "worse a", false },
            { 120, "fw", NULL, false }, { 123, "fw", "worse a", false }, { 137, "fw", "worse a", false },
            { 144, "fw", "worse a", false }, { 150, "fw", NULL, false }, { 168, "fw", "still a", false } } },
    { "late is told however often it has failed", 90, 9, 0, 24,
        { { 60 * 24, "fw", NULL, false }, { 68 * 24, "fw", "first a", false } } },
    { "not renewed because the user has said so", 90, 1, 0, 24,
        { { 70 * 24, "ow", "first a", false }, { 72 * 24, "ow", NULL, false }, { 77 * 24, "ow", "worse a", false },
            { 78 * 24, "ww", "well a", false } } },
    { "deleted", 0, 1, 0, 24,
        { { 0, "ff", "first a, first b", false }, { 12, "-f", "also b, gone a", false }, { 24, "-f", NULL, false } } },
    { "a run that found nothing out", 0, 1, 0, 24,
        { { 0, "fu", "first a", false }, { 12, "uu", NULL, false }, { 36, "uf", "first b", false },
            { 48, "ww", "well a, well b", false } } },
    { "another trouble in its place", 0, 1, 0, 24,
        { { 0, "fw", "first a", false }, { 12, "dw", NULL, false }, { 24, "dw", "still a", false },
            { 36, "ww", "well a", false } } },
    { "the clock was wrong, and was set back", 0, 1, 0, 24,
        { { 90000, "fw", "first a", false }, { 0, "fw", "still a", false }, { 2, "fw", NULL, false } } },
};

TEST(plays)
{
    for (size_t i = 0; i < COUNT(plays); i++) {
        AUTO(memory_clear) struct memory memory = { 0 };

        for (const struct step *step = plays[i].steps; step->is[0] != '\0'; step++)
            run_step(&plays[i], step, &memory);
    }
}

/* Of ever more names one fails anew each minute. */
TEST(no_more_than_a_days_messages)
{
    struct policy policy = { .every_s = DAY, .after = 1 };
    AUTO(memory_clear) struct memory memory = { 0 };
    struct fact at[100] = { 0 };
    char names[100][8];
    size_t sent = 0;

    for (size_t i = 0; i < 100; i++) {
        AUTO(memory_clear) struct memory told = { 0 }, untold = { 0 };
        AUTO(news_clear) struct news news = { 0 };
        struct facts facts = { at, i + 1, true };

        (void)snprintf(names[i], sizeof names[i], "%03zu", i);
        at[i] = (struct fact){ .name = names[i], .trouble = TROUBLE_RENEWAL, .attempted = true };
        news_decide(&facts, &memory, &policy, BEGIN + 60 * (int64_t)i, &news, &told, &untold);
        sent += news.tell;
        memory_clear(&memory);
        if (news.tell)
            memory_note_sent(&told, BEGIN + 60 * (int64_t)i);
        memory = memory_dup(news.tell ? &told : &untold);
    }
    CHECK_INT((int)sent, MEMORY_SENT, "messages");
    CHECK_INT((int)memory.len, 100, "and all is known, to be told later");
}

/* A target is away for two days, and each minute something else fails. */
TEST(a_target_that_comes_back_is_told_at_once)
{
    struct policy policy = { .every_s = DAY, .after = 1 };
    AUTO(memory_clear) struct memory memory = { 0 };
    struct fact at[] = { { .name = "a", .trouble = TROUBLE_RENEWAL, .attempted = true } };
    size_t attempts = 0;
    bool taken = false;

    for (int64_t now = BEGIN; !taken && now < BEGIN + 3 * DAY; now += 60) {
        AUTO(memory_clear) struct memory told = { 0 }, untold = { 0 };
        AUTO(news_clear) struct news news = { 0 };

        news_decide(&(struct facts){ at, 1, true }, &memory, &policy, now, &news, &told, &untold);
        attempts += news.tell && now < BEGIN + DAY;
        taken = news.tell && now >= BEGIN + 2 * DAY;
        CHECK(!taken || now < BEGIN + 2 * DAY + HOUR, "within an hour, not later");
        if (news.tell) {
            memory_note_sent(&untold, now);
            memory_note_result(&untold, now, "away");
        }
        memory_clear(&memory);
        memory = memory_dup(&untold);
    }
    CHECK(taken, "it is told");
    CHECK_INT((int)attempts, 3 + 23, "attempts in the first day");
}

TEST(the_worst_stands_first)
{
    struct policy policy = { .at = { { 500 }, 1 }, .every_s = DAY, .after = 1 };
    AUTO(memory_clear) struct memory memory = { 0 }, told = { 0 }, untold = { 0 };
    AUTO(news_clear) struct news news = { 0 };
    struct fact at[] = {
        { .name = "/renew", .trouble = TROUBLE_RUN, .attempted = true },
        { .name = "a", .trouble = TROUBLE_RENEWAL, .not_before = BEGIN, .not_after = BEGIN + 100 * DAY },
        { .name = "b", .trouble = TROUBLE_RENEWAL, .not_before = BEGIN - DAY, .not_after = BEGIN },
        { .name = "c", .trouble = TROUBLE_RENEWAL, .not_before = BEGIN, .not_after = BEGIN + 50 * DAY },
        { .name = "d", .trouble = TROUBLE_RENEWAL },
        { .name = "e", .trouble = TROUBLE_LATE, .not_before = BEGIN - 60 * DAY, .not_after = BEGIN + 40 * DAY },
        { .name = "f" },
    };
    static const char *const order[] = { "b", "e", "/renew", "c", "a", "d", "f" };

    memory_parse(view_of("renewal told 2000-01-01T00:00:00Z 2000-01-01T00:00:00Z 0 1 f"), &memory);
    news_decide(&(struct facts){ at, COUNT(at), true }, &memory, &policy, BEGIN, &news, &told, &untold);
    REQUIRE(news.len == COUNT(order) && news.bad == 6, "%zu", news.len);
    for (size_t i = 0; i < COUNT(order); i++)
        CHECK_TEXT(news.at[i].name, order[i], "place");
}

/* Another process took the time after us, and told it before us. */
TEST(told_a_moment_ahead)
{
    struct policy policy = { .every_s = DAY, .after = 1 };
    AUTO(memory_clear) struct memory memory = { 0 }, told = { 0 }, untold = { 0 };
    AUTO(news_clear) struct news news = { 0 };
    struct fact at[] = { { .name = "a", .trouble = TROUBLE_RENEWAL, .attempted = true } };

    memory_add(&memory, &(struct known){ (char[]){ "a" }, TROUBLE_RENEWAL, STANDING_TOLD, BEGIN + 1, BEGIN + 1, 0, 1 });
    news_decide(&(struct facts){ .at = at, .len = 1, .whole = true }, &memory, &policy, BEGIN, &news, &told, &untold);
    CHECK(!news.tell, "it is told already");
}

TEST(of_some_lineages_only)
{
    struct policy policy = { .every_s = DAY, .after = 1 };
    AUTO(memory_clear) struct memory memory = { 0 }, told = { 0 }, untold = { 0 };
    AUTO(news_clear) struct news news = { 0 };
    struct fact at[] = { { .name = "b" } };

    memory_parse(
        view_of("renewal told - 2001-09-09T01:46:40Z 0 1 a\nrenewal told - 2001-09-09T01:46:40Z 0 1 b"), &memory);
    news_decide(&(struct facts){ at, 1, false }, &memory, &policy, BEGIN, &news, &told, &untold);
    REQUIRE(news.tell && news.len == 1, "one is over");
    CHECK_TEXT(news.at[0].name, "b", "it");
    CHECK(told.len == 2 && told.at[0].standing == STANDING_TOLD && told.at[1].standing == STANDING_WELL,
        "the other stays");
}

/* A look into the logs knows nothing of lineages, and a run of renew nothing of others' certificates. */
TEST(each_leaves_alone_what_the_other_knows)
{
    static struct fact lineage = { .name = "a.test", .trouble = TROUBLE_RENEWAL, .attempted = true }, stranger = {
        .name = "/certificate 14", .trouble = TROUBLE_FOREIGN, .attempted = true, .once = true
    };
    const struct facts runs[] = { { .at = &lineage, .len = 1, .whole = true },
        { .at = &stranger, .len = 1, .whole = true, .foreign = true }, { .at = &lineage, .len = 1, .whole = true },
        { .at = &stranger, .len = 1, .whole = true, .foreign = true }, { .len = 0, .whole = true, .foreign = true } };
    static const struct {
        bool tell;
        size_t len, bad;
    } wanted[] = { { true, 1, 1 }, { true, 1, 1 }, { false, 1, 1 }, { false, 1, 1 }, { true, 1, 0 } };
    const struct policy policy = { .every_s = 0, .after = 1 };
    struct memory known = { 0 };

    for (size_t i = 0; i < COUNT(runs); i++) {
        AUTO(news_clear) struct news news = { 0 };
        AUTO(memory_clear) struct memory told = { 0 }, untold = { 0 }, before = known;

        known = (struct memory){ 0 };
        news_decide(&runs[i], &before, &policy, 1000000 + (int64_t)i, &news, &told, &untold);
        CHECK(news.tell == wanted[i].tell && news.len == wanted[i].len && news.bad == wanted[i].bad,
            "run %zu: %d, %zu, %zu", i, (int)news.tell, news.len, news.bad);
        known = memory_dup(news.tell ? &told : &untold);
    }
    CHECK_INT(known.len, 2, "both are remembered, each as it is");
    memory_clear(&known);
}

TEST_MAIN()
