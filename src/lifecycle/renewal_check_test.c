#include "lifecycle/renewal_check.h"

#include "base/clock.h"
#include "fixture.h"
#include "store/fixture.h"

#define DAY 86400

/* No CA is asked in these tests: the renewal files name no server. */
TEST(autorenew_is_read_as_everything_else_in_the_file)
{
    static const struct {
        const char *name, *line;
        enum due want;
    } cases[] = {
        { "absent", "", DUE_LIFETIME },
        { "True", "autorenew = True\n", DUE_LIFETIME },
        { "true", "autorenew = true\n", DUE_LIFETIME },
        { "False", "autorenew = False\n", DUE_NOT },
        { "false", "autorenew = false\n", DUE_NOT },
        { "FALSE", "autorenew = FALSE\n", DUE_NOT },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
        AUTO(conf_free) struct conf *conf = NULL;
        AUTO(free) char *text = xprintf("[renewalparams]\n%s", cases[i].line);
        struct cert cert = { .not_before = clock_now() - 80 * DAY, .not_after = clock_now() + 10 * DAY };
        struct lineage lineage = { .name = (char[]){ "a" }, .conf_path = (char[]){ "a.conf" }, .cert = &cert };
        AUTO(run_free) struct run *run = run_new(NULL);
        struct context context = { .settings = settings, .run = run, .voice = &voice_own };
        struct error err = { 0 };
        enum due due;

        REQUIRE(conf_read(view_of(text), "a.conf", &conf, &err), "%s: %s", cases[i].name, err.why);
        lineage.conf = conf;
        CHECK(lineage_due(&context, &lineage, &due, &err), "%s: %s", cases[i].name, err.why);
        CHECK_INT(due, cases[i].want, cases[i].name);
    }
}

/* ---- the CA's word ---- */

#define NONE (-1) /* the CA names no window */

/* Letters: d: is it due?, x: the same while the CA is away, f: with --force-renewal, t: in a dry run; h, D, W: an hour,
 * a day, a week goes by. */
static const struct {
    const char *name;
    int64_t age_days;
    int from_days, to_days; /* the window, from now on; NONE: there is none */
    const char *conf;       /* lines in front of the renewal file */
    const char *letters;
    enum due want;  /* the last answer */
    unsigned asked; /* how often the CA was asked for the window */
} words[] = {
    { "the window is now", 10, -2, -1, "", "d", DUE_RENEWAL_INFO, 1 },
    { "the window is later", 70, 5, 6, "", "d", DUE_NOT, 1 },
    { "so late that its life is nearly over", 80, 5, 6, "", "d", DUE_LIFETIME, 1 },
    { "no window: two thirds", 60, NONE, NONE, "", "d", DUE_LIFETIME, 0 },
    { "no window, and a day earlier", 59, NONE, NONE, "", "d", DUE_NOT, 0 },
    { "a window behind the certificate's end is none", 61, 40, 41, "", "d", DUE_LIFETIME, 1 },
    { "the CA is away: the other rules hold", 60, -2, -1, "", "x", DUE_LIFETIME, 0 },
    { "the CA is away, and they say no", 10, -2, -1, "", "x", DUE_NOT, 0 },
    { "expired: nobody is asked", 95, 5, 6, "", "d", DUE_RENEWAL_INFO, 0 },
    { "forced: nobody is asked", 10, 5, 6, "", "f", DUE_FORCED, 0 },
    { "a dry run: nobody is asked", 10, 5, 6, "", "t", DUE_DRY_RUN, 0 },

    { "an hour later it is not asked again", 10, 5, 6, "", "dhd", DUE_NOT, 1 },
    { "a day later it is", 10, 5, 6, "", "dDd", DUE_NOT, 2 },
    { "what it said is kept while it is away", 60, 5, 6, "", "dDx", DUE_NOT, 1 },
    { "but not for longer than a week", 60, 5, 6, "", "dWDx", DUE_LIFETIME, 1 },

    { "renew_before_expiry: not yet", 70, NONE, NONE, "renew_before_expiry = 10 days", "d", DUE_NOT, 0 },
    { "renew_before_expiry: now", 81, NONE, NONE, "renew_before_expiry = 10 days", "d", DUE_RENEW_BEFORE, 0 },
    { "longer than its life: it does not count", 10, NONE, NONE, "renew_before_expiry = 100 days", "d", DUE_NOT, 0 },
    { "the window counts beside it", 10, -2, -1, "renew_before_expiry = 10 days", "d", DUE_RENEWAL_INFO, 1 },
};

static enum due ask(struct fixture *fixture, char letter, const char *name)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    static const struct ca_fault none = { 0 }, away = { CA_THE_DIRECTORY };
    struct error err = { 0 };
    enum due due = DUE_NOT;

    fixture_next_run(fixture);
    fixture->settings->force_renewal = letter == 'f';
    fixture->settings->dry_run = letter == 't';
    fixture->ca.ways.faults[0] = letter == 'x' ? away : none;
    REQUIRE(lineage_load(fixture->store, "a.test", &lineage, &err), "%s: %s", name, err.why);
    CHECK(lineage_due(&fixture->context, lineage, &due, &err), "%s: %s", name, err.why);
    CHECK(due_reason(due)[0] != '\0', "%s", name);
    return due;
}

static void put_lines(struct fixture *fixture, const char *lines)
{
    AUTO(free) char *path = store_conf_path(fixture->store, "a.test"), *text = read_text(path);
    AUTO(free) char *more = xprintf("%s\n%s", lines, text);

    write_text(path, more);
}

TEST(what_the_ca_says_and_for_how_long_it_counts)
{
    for (size_t i = 0; i < COUNT(words); i++) {
        const struct setup setup = { .verb = "renew",
            .ca = { .no_renewal_info = words[i].from_days == NONE && words[i].to_days == NONE,
                .window_from_s = words[i].from_days * FIXTURE_DAY,
                .window_to_s = words[i].to_days * FIXTURE_DAY } };
        AUTO(fixture_clear) struct fixture fixture;
        enum due due = DUE_NOT;
        unsigned asked = 0;

        fixture_open(&fixture, &setup);
        lineage_free(fixture_lineage(&fixture, "a.test", "a.test", words[i].age_days * FIXTURE_DAY));
        put_lines(&fixture, words[i].conf);
        for (const char *letter = words[i].letters; *letter != '\0'; letter++) {
            int64_t hours = *letter == 'h' ? 1 : *letter == 'D' ? 24 : *letter == 'W' ? 7 * 24 : 0;

            if (hours > 0) {
                (void)acme_ca_sleep_ms(&fixture.ca, hours * 3600 * 1000);
                continue;
            }
            due = ask(&fixture, *letter, words[i].name);
            asked += fixture.ca.requests[CA_RENEWAL_INFO];
        }
        CHECK_INT(due, words[i].want, words[i].name);
        CHECK_INT(asked, words[i].asked, words[i].name);
    }
}

/* A CA that calls the window of each new certificate past is obeyed once. */
TEST(a_window_that_is_past_for_every_certificate)
{
    static const struct setup setup = { .verb = "renew",
        .ca = { .window_from_s = -2 * FIXTURE_DAY, .window_to_s = -1 } };
    AUTO(fixture_clear) struct fixture fixture;

    fixture_open(&fixture, &setup);
    lineage_free(fixture_lineage(&fixture, "a.test", "a.test", 3600));
    CHECK_INT(ask(&fixture, 'd', "the first"), DUE_RENEWAL_INFO, "the first");
    {
        AUTO(lineage_free) struct lineage *other = fixture_lineage(&fixture, "b.test", "a.test", 60);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        AUTO(free) char *cert = read_text(other->live[KIND_CERT]), *chain = read_text(other->live[KIND_CHAIN]);
        AUTO(free)
        char *fullchain = read_text(other->live[KIND_FULLCHAIN]), *key = read_text(other->live[KIND_PRIVKEY]);
        const struct issued issued = { view_of(cert), view_of(chain), view_of(fullchain), view_of(key), NULL, NULL };
        struct error err = { 0 };

        REQUIRE(lineage_load(fixture.store, "a.test", &lineage, &err), "%s", err.why);
        REQUIRE(lineage_add_version(fixture.store, lineage, &issued, fixture.settings, &err), "%s", err.why);
    }
    CHECK_INT(ask(&fixture, 'd', "its successor"), DUE_NOT, "its successor, an hour younger");
    CHECK(fixture_has_said(&fixture, "which was hardly older"), "%s", buf_text(&fixture.said));
    (void)acme_ca_sleep_ms(&fixture.ca, FIXTURE_DAY * 1000);
    CHECK_INT(ask(&fixture, 'd', "a day later"), DUE_RENEWAL_INFO, "a day later");
}

TEST(whose_renewal_file_says_no_is_asked_nothing)
{
    static const struct setup setup = {
        .verb = "renew", .options = "no-autorenew", .ca = { .window_from_s = -2 * FIXTURE_DAY, .window_to_s = -1 }
    };
    AUTO(fixture_clear) struct fixture fixture;

    fixture_open(&fixture, &setup);
    lineage_free(fixture_lineage(&fixture, "a.test", "a.test", 80 * FIXTURE_DAY));
    CHECK_INT(ask(&fixture, 'd', "autorenew = False"), DUE_NOT, "autorenew = False");
    CHECK_INT(fixture.ca.requests[CA_THE_DIRECTORY], 0, "nobody was asked");
    CHECK_INT(ask(&fixture, 'f', "forced"), DUE_FORCED, "who forces it has it");
}

TEST(a_renewal_file_that_cannot_be_read_is_an_error)
{
    static const char *const lines[] = { "renew_before_expiry = soon", "renew_before_expiry = -3 days" };

    for (size_t i = 0; i < COUNT(lines); i++) {
        static const struct setup setup = { .verb = "renew" };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct error err = { 0 };
        enum due due;

        fixture_open(&fixture, &setup);
        lineage_free(fixture_lineage(&fixture, "a.test", "a.test", 0));
        put_lines(&fixture, lines[i]);
        REQUIRE(lineage_load(fixture.store, "a.test", &lineage, &err), "%s", err.why);
        CHECK(!lineage_due(&fixture.context, lineage, &due, &err) && err.kind == ERROR_CONFIG, "%s: %s", lines[i],
            err.why);
    }
}

TEST_MAIN()
