/* Messages: their words, their size, their variables. */
#include "base/test.h"

#include "base/text.h"
#include "notify/message.h"

#define NOW 1764547752 /* 2025-12-01 */
#define DAY 86400
#define MANY 3000

static struct about about = { "web1", "/etc/letsencrypt", EVENT_PROBLEM, NOW, { { 750, 850, 950 }, 3 } };

static void make(struct item *items, size_t len, size_t bad, size_t limit, struct message *out)
{
    struct news news = { .at = items, .len = len, .bad = bad, .tell = true };

    about.event = bad > 0 ? EVENT_PROBLEM : EVENT_RECOVERED;
    message_make(&about, &news, limit, out);
}

TEST(words)
{
    static const struct fact renewal = { .why = "the CA\nsaid no", .not_after = NOW + 9 * DAY + 60 },
                             run = { .why = "locked" }, gone = { .not_after = NOW - 3600 - 60 },
                             delivery = { .why = NULL };
    static const struct {
        struct item item;
        const char *title, *line, *severity;
    } cases[] = {
        { { "a.test", &renewal, TIDINGS_FIRST, TROUBLE_RENEWAL, 0, 1, NOW },
            "[web1] a.test expires in 9 days (2025-12-10), and could not be renewed",
            "- a.test: expires in 9 days (2025-12-10); could not be renewed: the CA said no\n", "warning" },
        { { "a.test", &renewal, TIDINGS_STILL, TROUBLE_RENEWAL, 1, 4, NOW - 2 * DAY },
            "[web1] a.test expires in 9 days (2025-12-10), and could not be renewed, 4 times since 2025-11-29",
            "- a.test: expires in 9 days (2025-12-10); could not be renewed, 4 times since 2025-11-29: the CA said "
            "no\n",
            "error" },
        { { "a.test", &gone, TIDINGS_WORSE, TROUBLE_LATE, 4, 1, NOW },
            "[web1] a.test expired 1 hour ago (2025-11-30), and is not renewed",
            "- a.test: expired 1 hour ago (2025-11-30); is not renewed\n", "critical" },
        { { "a.test", &delivery, TIDINGS_FIRST, TROUBLE_DELIVERY, 0, 1, NOW },
            "[web1] a.test is renewed, but not everything that follows was done",
            "- a.test: is renewed, but not everything that follows was done\n", "error" },
        { { "/renew", &run, TIDINGS_FIRST, TROUBLE_RUN, 0, 2, NOW }, "[web1] renew could not do its work",
            "- all certificates: renew could not do its work, 2 times since 2025-12-01: locked\n", "critical" },
        { { "/target/slack-1", &run, TIDINGS_FIRST, TROUBLE_TARGET, 0, 1, NOW }, "[web1] a target of alarms takes none",
            "- slack-1: takes no alarms: locked\n", "warning" },
        { { "a.test", &renewal, TIDINGS_WELL, TROUBLE_RENEWAL, 0, 1, NOW }, "[web1] a.test: in order again",
            "- a.test: in order again\n", "info" },
        { { "a.test", NULL, TIDINGS_GONE, TROUBLE_RENEWAL, 0, 1, NOW }, "[web1] a.test: not here any more",
            "- a.test: not here any more\n", "info" },
        { { "/target/slack-1", NULL, TIDINGS_GONE, TROUBLE_TARGET, 0, 1, NOW }, "[web1] slack-1: not a target any more",
            "- slack-1: not a target any more\n", "info" },
        { { "/certificate 14", &run, TIDINGS_FIRST, TROUBLE_FOREIGN, 0, 1, NOW },
            "[web1] certificate 14 is in the public logs, and not of this store",
            "- certificate 14: is in the public logs, and not of this store: locked\n", "error" },
        { { "/certificate 14", NULL, TIDINGS_GONE, TROUBLE_FOREIGN, 0, 3, NOW },
            "[web1] certificate 14: is known now, or has expired", "- certificate 14: is known now, or has expired\n",
            "info" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(message_clear) struct message message = { 0 };
        struct item item = cases[i].item;

        make(&item, 1, item.tidings < TIDINGS_WELL, 10000, &message);
        CHECK_TEXT(message.title, cases[i].title, "title");
        CHECK(strstr(message.text, cases[i].line) != NULL, "%s", message.text);
        CHECK(text_starts(message.text, "On web1 (/etc/letsencrypt):\n\n"), "%s", message.text);
        CHECK_TEXT(message.severity, cases[i].severity, "severity");
    }
}

/* Whatever the limit is, and however long the names and reasons are. */
TEST(no_message_is_larger_than_its_limit)
{
    static const size_t limits[] = { 0, 200, 250, 400, 1000, 2900, 4000, 16384, 1000000 };
    static char why[2000], name[300];
    static struct fact fact = { .not_after = NOW + DAY };
    static struct item items[MANY];

    memset(why, 'w', sizeof why - 1);
    memset(name, 'n', sizeof name - 1);
    fact.why = why;
    for (size_t i = 0; i < MANY; i++)
        items[i] =
            (struct item){ name, &fact, i < MANY / 2 ? TIDINGS_FIRST : TIDINGS_WELL, TROUBLE_RENEWAL, 0, 999999999, 1 };
    for (size_t i = 0; i < COUNT(limits); i++) {
        size_t limit = limits[i] < 200 ? 200 : limits[i] > MESSAGE_TEXT_MAX ? MESSAGE_TEXT_MAX : limits[i];

        for (size_t bad = 0; bad <= MANY; bad += MANY / 2) {
            AUTO(message_clear) struct message message = { 0 };
            AUTO(free) char *json = NULL;

            make(bad == 0 ? items + MANY / 2 : items, bad == MANY / 2 ? MANY : MANY / 2, bad > 0 ? MANY / 2 : 0,
                limits[i], &message);
            CHECK(strlen(message.text) <= limit, "%zu of %zu", strlen(message.text), limit);
            CHECK(strlen(message.title) <= MESSAGE_TITLE_MAX, "%zu", strlen(message.title));
            CHECK(
                strstr(message.text, "more\n") != NULL || strstr(message.text, "\n1500\n") != NULL, "%s", message.text);
            json = message_json(&message);
            CHECK(strlen(json) < 128 * 1024, "%zu", strlen(json));
        }
    }
}

TEST(variables)
{
    static const struct fact fact = { .why = "no", .not_after = NOW + DAY };
    struct item items[] = { { "a.test", &fact, TIDINGS_FIRST, TROUBLE_RENEWAL, 3, 2, NOW - DAY },
        { "b.test", NULL, TIDINGS_GONE, TROUBLE_DELIVERY, 0, 1, NOW - DAY } };
    AUTO(message_clear) struct message message = { 0 };
    AUTO(free) char *json = NULL;

    make(items, 2, 1, 1000, &message);
    json = message_json(&message);
    CHECK(strstr(json, "\"event\":\"problem\",\"severity\":\"critical\",\"host\":\"web1\",\"alarm\":\"evercert web1 "
                       "/etc/letsencrypt\","
                       "\"time\":\"2025-12-01T00:09:12Z\",") != NULL,
        "%s", json);
    CHECK(strstr(json, "\"problems\":[{\"name\":\"a.test\",\"trouble\":\"renewal\",\"since\":\"2025-11-30T00:09:12Z\","
                       "\"severity\":\"critical\","
                       "\"times\":2,\"expires\":\"2025-12-02T00:09:12Z\",\"why\":\"no\"}],\"more_problems\":0,"
                       "\"recovered\":[{\"name\":\"b.test\",\"trouble\":\"delivery\",\"since\":\"2025-11-30T00:09:"
                       "12Z\",\"gone\":true}],"
                       "\"more_recovered\":0}") != NULL,
        "%s", json);
}

TEST(certificates_of_others_are_an_incident_of_their_own)
{
    static const struct fact fact = { .why = "of \"E5\" for a.test" };
    struct item items[] = { { "/certificate 14", &fact, TIDINGS_FIRST, TROUBLE_FOREIGN, 0, 1, NOW },
        { "/certificate 15", &fact, TIDINGS_FIRST, TROUBLE_FOREIGN, 0, 1, NOW } };
    AUTO(message_clear) struct message message = { 0 };
    AUTO(free) char *json = NULL;

    about.foreign = true;
    make(items, COUNT(items), COUNT(items), 10000, &message);
    about.foreign = false;
    json = message_json(&message);
    CHECK_TEXT(message.title, "[web1] 2 certificates are in the public logs, and not of this store", "title");
    CHECK(strstr(message.text, "`evercert ct acknowledge ID`") != NULL, "%s", message.text);
    CHECK(strstr(json, "\"alarm\":\"evercert web1 /etc/letsencrypt transparency\"") != NULL, "%s", json);
    CHECK(strstr(json, "\"trouble\":\"foreign\"") != NULL, "%s", json);
}

TEST(a_test)
{
    AUTO(message_clear) struct message message = { 0 };

    about.event = EVENT_TEST;
    message_make(&about, NULL, 1000, &message);
    CHECK_TEXT(message.title, "[web1] a test: alarms of certificates arrive here", "title");
    CHECK_TEXT(value_text(vars_get(&message.vars, view_of("alarm"))), "evercert web1 /etc/letsencrypt test",
        "an alarm of its own");
}

TEST_MAIN()
