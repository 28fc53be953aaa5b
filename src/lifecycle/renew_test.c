/*
 * A run of `renew` over a store: what becomes of each lineage, what the CA is asked, and what is left for the next run.
 */
#include "lifecycle/renew.h"

#include "fixture.h"
#include "run/hooks.h"
#include "run/stage.h"
#include "store/delivery.h"
#include "store/failures.h"
#include "store/lineage_conf.h"

static const char *const words[] = {
    [RENEWED_WAITING] = "waiting",
    [RENEWED_SKIPPED] = "skipped",
    [RENEWED_DONE] = "done",
    [RENEWED_FAILED] = "failed",
    [RENEWED_BROKEN] = "broken",
    [RENEWED_STOPPED] = "stopped",
    [RENEWED_PUT_OFF] = "put off",
    [RENEWED_GONE] = "gone",
    [RENEWED_LATER] = "later",
};

/* "a.test=70 b.test=5": made so many days ago, for 90. */
static void put_lineages(struct fixture *fixture, const char *text)
{
    AUTO(list_clear) struct list list = fixture_words(text);

    for (size_t i = 0; i < list.len; i++) {
        char *days = strchr(list.at[i], '=');

        *days++ = '\0';
        lineage_free(fixture_lineage(fixture, list.at[i], list.at[i], strtol(days, NULL, 10) * FIXTURE_DAY));
    }
}

/* "a.test skipped, b.test done": what became of each; of the caller's. */
static char *renew(struct fixture *fixture, const char *name)
{
    AUTO(renewals_clear) struct renewals renewals = { 0 };
    AUTO(buf_clear) struct buf text = BUF(4096);
    struct error err = { 0 };

    if (!renew_all(&fixture->context, &renewals, &err))
        return xprintf("error: %s", err.why);
    for (size_t i = 0; i < renewals.len; i++) {
        struct renewal *renewal = &renewals.at[i];

        buf_putf(&text, "%s%s %s%s", i == 0 ? "" : ", ", renewal->name, words[renewal->what],
            renewal->undelivered ? "+" : "");
        CHECK(renewal->what == RENEWED_BROKEN || renewal->fullchain_path != NULL, "%s", name);
    }
    return buf_take(&text);
}

/* How many days ago what is live was issued, by the played clock. */
static int64_t age_days(struct fixture *fixture, const char *name)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    if (!lineage_load(fixture->store, name, &lineage, &err))
        return -1;
    return (acme_ca_now(&fixture->ca) - lineage->cert->not_before) / FIXTURE_DAY;
}

/* ---- one run ---- */

static void lose_all(const char *name)
{
    struct error err = { 0 };

    REQUIRE(
        file_remove_tree(at("archive/%s", name), &err) && file_remove_tree(at("live/%s", name), &err), "%s", err.why);
}

/* A lineage with one possible repair is repaired and renewed. */
static void lose_link(const char *name)
{
    (void)unlink(at("live/%s/chain.pem", name));
}

static void no_authenticator(const char *name)
{
    AUTO(free) char *text = read_text(at("renewal/%s.conf", name));
    char *line = strstr(text, "authenticator");

    REQUIRE(line != NULL, "%s", text);
    memcpy(line, "authenticated", strlen("authenticated"));
    write_text(at("renewal/%s.conf", name), text);
}

#define AS_IT_IS                                                                                                       \
    {                                                                                                                  \
        .options = NULL                                                                                                \
    }

static const struct {
    const char *name;
    const char *lineages; /* age in days */
    struct setup setup;
    void (*damage)(const char *name); /* done to a.test */
    const char *want;
    unsigned orders;
    const char *said; /* NULL: anything */
} runs[] = {
    { "an empty store", "", AS_IT_IS, NULL, "", 0, NULL },
    { "nothing is due", "a.test=5 b.test=20", AS_IT_IS, NULL, "a.test skipped, b.test skipped", 0,
        "not yet due for renewal" },
    { "one is", "a.test=5 b.test=70", AS_IT_IS, NULL, "a.test skipped, b.test done", 1, NULL },
    { "two thirds of its life, not a day earlier", "a.test=59 b.test=71", { .ca.no_renewal_info = true }, NULL,
        "a.test skipped, b.test done", 1, NULL },
    { "expired", "a.test=100", AS_IT_IS, NULL, "a.test done", 1, NULL },
    { "the CA wants it now", "a.test=1", { .ca.window_from_s = -FIXTURE_DAY, .ca.window_to_s = -3600 }, NULL,
        "a.test done", 1, NULL },
    { "the CA wants it later", "a.test=65", { .ca.window_from_s = 5 * FIXTURE_DAY, .ca.window_to_s = 6 * FIXTURE_DAY },
        NULL, "a.test skipped", 0, NULL },
    { "--force-renewal", "a.test=1 b.test=1", { .options = "force-renewal" }, NULL, "a.test done, b.test done", 2,
        NULL },
    { "--cert-name", "a.test=70 b.test=70", { .options = "cert-name=b.test" }, NULL, "b.test done", 1, NULL },
    { "--cert-name of none", "a.test=70", { .options = "cert-name=c.test" }, NULL,
        "error: No certificate found with name c.test (expected /", 0, NULL },
    { "--dry-run tries those that are not due, too", "a.test=1 b.test=70", { .options = "dry-run" }, NULL,
        "a.test done, b.test done", 2, "Simulating renewal" },
    { "autorenew = False", "a.test=70", { .options = "no-autorenew" }, NULL, "a.test skipped", 0, NULL },

    { "the CA refuses: the others are renewed", "a.test=70 b.test=70",
        { .options = "jobs=1",
            .ca.faults = { { CA_NEW_ORDER, .times = 1, .status = 403, .problem = "rejectedIdentifier" } } },
        NULL, "a.test failed, b.test done", 1, "Failed to renew certificate a.test" },
    { "the proof is refused", "a.test=70 b.test=70", { .options = "jobs=1", .ca.refuses = "a.test" }, NULL,
        "a.test failed, b.test done", 2, "Failed to renew certificate a.test" },
    { "the CA is away", "a.test=70", { .ca.faults = { { CA_THE_DIRECTORY } } }, NULL, "a.test failed", 0, NULL },
    { "a CA that is away is asked for nothing where nothing is due", "a.test=5",
        { .ca.faults = { { CA_THE_DIRECTORY } } }, NULL, "a.test skipped", 0, NULL },
    { "the plugin cannot work", "a.test=70", { .plugin.prepare_fails = true }, NULL, "a.test failed", 0,
        "the plugin cannot work here" },

    { "one whose files are gone", "a.test=70 b.test=70", AS_IT_IS, lose_all, "a.test broken, b.test done", 1,
        "a.test.conf is broken" },
    { "one that can be repaired", "a.test=70 b.test=5", AS_IT_IS, lose_link, "a.test done, b.test skipped", 1,
        "Repaired a.test" },
    { "certbot repairs nothing", "a.test=70 b.test=5", { .as_certbot = true }, lose_link,
        "a.test broken, b.test skipped", 0, "a.test.conf is broken" },
    { "one without an authenticator", "a.test=70 b.test=70", AS_IT_IS, no_authenticator, "a.test broken, b.test done",
        1, "authenticator" },

    { "certbot: the same", "a.test=5 b.test=70", { .as_certbot = true }, NULL, "a.test skipped, b.test done", 1, NULL },
    { "certbot: its words for a refusal", "a.test=70",
        { .as_certbot = true,
            .ca.faults = { { CA_NEW_ORDER, .status = 429, .problem = "rateLimited", .detail = "too many" } } },
        NULL, "a.test failed", 0,
        "Failed to renew certificate a.test with error: urn:ietf:params:acme:error:rateLimited :: "
        "the CA's limit for such requests is reached :: too many" },
};

TEST(what_becomes_of_each)
{
    for (size_t i = 0; i < COUNT(runs); i++) {
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(free) char *got = NULL;

        fixture_open(&fixture, &runs[i].setup);
        fixture.context.verb = test_verb("renew");
        put_lineages(&fixture, runs[i].lineages);
        if (runs[i].damage != NULL)
            runs[i].damage("a.test");
        got = renew(&fixture, runs[i].name);
        if (text_starts(runs[i].want, "error"))
            got[strlen(runs[i].want)] = '\0';
        CHECK_TEXT(got, runs[i].want, runs[i].name);
        CHECK_INT((int64_t)fixture.ca.order_count, runs[i].orders, runs[i].name);
        CHECK(runs[i].said == NULL || fixture_has_said(&fixture, runs[i].said), "%s: %s", runs[i].name,
            buf_text(&fixture.said));
    }
}

/* ---- what a dry run leaves ---- */

TEST(a_dry_run_changes_nothing)
{
    static const struct setup setup = { .options = "dry-run" };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(free) char *before = NULL, *after = NULL, *got = NULL;

    fixture_open(&fixture, &setup);
    fixture.context.verb = test_verb("renew");
    put_lineages(&fixture, "a.test=70");
    before = read_text(at("renewal/a.test.conf"));
    got = renew(&fixture, "dry run");
    CHECK_TEXT(got, "a.test done", "it would work");
    after = read_text(at("renewal/a.test.conf"));
    CHECK_TEXT(after, before, "the renewal file");
    CHECK_INT(age_days(&fixture, "a.test"), 70, "the certificate");
    CHECK(!failures_any(fixture.store) && !delivery_any(fixture.store), "records");
}

/* ---- one run after another ---- */

/* Letters: r: a run, of which the CA refuses all orders; g: one in which it takes them; f: a run that is forced and
 * refused; o: one in which the network is away; m, h, d: a minute, an hour, a day goes by. */
static const struct {
    const char *name, *letters;
    const char *want; /* of the last run */
} stories[] = {
    { "the first failure", "r", "a.test failed" },
    { "tried again at once: somebody may have mended something", "rr", "a.test failed" },
    { "the third time it is left alone", "rrr", "a.test put off" },
    { "for a minute", "rrmr", "a.test failed" },
    { "and then for ten", "rrmrmr", "a.test put off" },
    { "an hour is enough for that", "rrmrhr", "a.test failed" },
    { "a day is enough for all", "rrmrhrdrdr", "a.test failed" },
    { "and within a day it is not tried twice", "rrmrhrdrdrhr", "a.test put off" },
    { "who forces it does not wait", "rrf", "a.test failed" },
    { "once the CA takes it, it is renewed", "rrmg", "a.test done" },
    { "and is not due again", "rrmgg", "a.test skipped" },
    { "what fails before the CA has seen an order makes nobody wait", "oooo", "a.test failed" },
};

static char *step(struct fixture *fixture, char letter, const char *name)
{
    static const struct ca_fault none = { 0 },
                                 refused = { CA_NEW_ORDER, .status = 403, .problem = "rejectedIdentifier" },
                                 away = { CA_THE_DIRECTORY };

    fixture_next_run(fixture);
    fixture->context.verb = test_verb("renew");
    fixture->settings->force_renewal = letter == 'f';
    fixture->ca.ways.faults[0] = letter == 'g' ? none : letter == 'o' ? away : refused;
    return renew(fixture, name);
}

TEST(one_run_after_another)
{
    for (size_t i = 0; i < COUNT(stories); i++) {
        static const struct setup setup = { 0 };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(free) char *last = NULL;

        fixture_open(&fixture, &setup);
        put_lineages(&fixture, "a.test=70");
        for (const char *letter = stories[i].letters; *letter != '\0'; letter++) {
            if (strchr("mhd", *letter) != NULL) {
                (void)acme_ca_sleep_ms(&fixture.ca, *letter == 'm' ? 60000 : *letter == 'h' ? 3600000 : 86400000);
                continue;
            }
            free(last);
            last = step(&fixture, *letter, stories[i].name);
        }
        CHECK_TEXT(last, stories[i].want, stories[i].name);
    }
}

/* Under the name certbot each run tries: Certbot's has no memory of failures. */
TEST(certbot_tries_each_time)
{
    static const struct setup setup = { .as_certbot = true };
    AUTO(fixture_clear) struct fixture fixture;

    fixture_open(&fixture, &setup);
    put_lineages(&fixture, "a.test=70");
    for (int i = 0; i < 4; i++) {
        AUTO(free) char *got = step(&fixture, 'r', "certbot");

        CHECK_TEXT(got, "a.test failed", "each");
    }
}

/* ---- what follows ---- */

static void hook_in_conf(const char *name, const char *command)
{
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(buf_clear) struct buf text = BUF(CONF_MAX);
    AUTO(free) char *before = read_text(at("renewal/%s.conf", name));
    struct error err = { 0 };

    REQUIRE(conf_read(view_of(before), name, &conf, &err), "%s", err.why);
    conf_set(conf, "renewalparams", "renew_hook", command);
    conf_write(conf, &text);
    write_text(at("renewal/%s.conf", name), buf_text(&text));
}

static const struct {
    const char *name, *lineages;
    const char *options; /* "certbot" in front: under that name */
    const char *hook;    /* saved with a.test; NULL: none */
    const char *ran, *want;
} followed[] = {
    { "a hook is told what was renewed", "a.test=70 b.test=5", "", "ok", "hook a.test\n",
        "a.test done, b.test skipped" },
    { "not where nothing was renewed", "a.test=5", "", "ok", "", "a.test skipped" },
    { "a hook that fails leaves a renewal undelivered", "a.test=70", "", "bad", "hook a.test\n", "a.test done+" },
    { "two with one server: one reload", "a.test=70 b.test=70", "installer=web", NULL, "web reloads\n",
        "a.test done, b.test done" },
    { "a server that does not reload: all of its lineages", "a.test=70 b.test=70", "installer=asleep", NULL,
        "asleep reloads\n", "a.test done+, b.test done+" },
    { "a hook is of its lineage alone", "a.test=70 b.test=70", "jobs=1", "ok", "hook a.test\n",
        "a.test done, b.test done" },
    { "a dry run tells no server", "a.test=70", "dry-run installer=web", "ok", "", "a.test done" },
    { "certbot: a server that does not reload is a renewal that failed", "a.test=70 b.test=5",
        "certbot installer=asleep", NULL, "asleep reloads\n", "a.test failed, b.test skipped" },
    { "certbot: a hook that fails is one that ran", "a.test=70", "certbot", "bad", "hook a.test\n", "a.test done" },
    { "no reload where nothing was renewed", "a.test=5", "installer=web", NULL, "", "a.test skipped" },
};

static void use_plugins(struct fixture *fixture)
{
    free(fixture->settings->plugin_dir);
    fixture->settings->plugin_dir = test_path("plugins");
    add_installer("web", ANSWER_YES);
    add_installer("asleep", ANSWER_NO);
}

TEST(what_follows_a_renewal)
{
    for (size_t i = 0; i < COUNT(followed); i++) {
        bool as_certbot = text_starts(followed[i].options, "certbot");
        const struct setup setup = { .as_certbot = as_certbot,
            .options = followed[i].options + (as_certbot ? strlen("certbot") : 0) };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(free) char *got = NULL, *line = note("hook $RENEWED_DOMAINS");
        AUTO(free) char *bad = xprintf("%s; exit 1", line);

        fixture_open(&fixture, &setup);
        fixture.context.verb = test_verb("renew");
        use_plugins(&fixture);
        put_lineages(&fixture, followed[i].lineages);
        if (followed[i].hook != NULL)
            hook_in_conf("a.test", strcmp(followed[i].hook, "ok") == 0 ? line : bad);
        got = renew(&fixture, followed[i].name);
        CHECK_TEXT(got, followed[i].want, followed[i].name);
        check_ran_since(followed[i].ran, followed[i].name);
        CHECK(as_certbot || delivery_any(fixture.store) == (strchr(followed[i].want, '+') != NULL), "%s",
            followed[i].name);
    }
}

/* The certificate that is live is delivered although its successor cannot be had. */
TEST(the_rest_is_done_although_the_next_renewal_fails)
{
    static const struct setup setup = { 0 };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(free) char *line = note("hook"), *bad = xprintf("%s; exit 1", line), *first = NULL, *second = NULL;

    fixture_open(&fixture, &setup);
    put_lineages(&fixture, "a.test=70");
    hook_in_conf("a.test", bad);
    first = step(&fixture, 'g', "the hook fails");
    CHECK_TEXT(first, "a.test done+", "the hook fails");
    (void)acme_ca_sleep_ms(&fixture.ca, 80 * FIXTURE_DAY * 1000);
    hook_in_conf("a.test", line); /* repaired by hand */
    second = step(&fixture, 'r', "the CA refuses");
    CHECK_TEXT(second, "a.test failed", "the CA refuses");
    check_ran_since("hook\nhook\n", "both times");
    CHECK(!delivery_any(fixture.store), "it is delivered");
}

/* ---- the random sleep ---- */

static const struct {
    const char *name, *lineages, *options;
    unsigned interrupt_at;
    bool sleeps;
    const char *want;
} sleeps[] = {
    { "nothing is due: no sleep", "a.test=5", "", 0, false, "a.test skipped" },
    { "one sleep, however many are due", "a.test=70 b.test=70 c.test=70", "", 0, true,
        "a.test done, b.test done, c.test done" },
    { "--no-random-sleep-on-renew", "a.test=70", "no-random-sleep-on-renew", 0, false, "a.test done" },
    { "Ctrl-C meanwhile: nothing was begun", "a.test=70", "", 1, true, "a.test waiting" },
};

TEST(a_random_sleep)
{
    for (size_t i = 0; i < COUNT(sleeps); i++) {
        const struct setup setup = { .options = sleeps[i].options, .answers = "", .verb = "renew" };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(free) char *got = NULL;

        fixture_open(&fixture, &setup); /* answers: standard input is no terminal, whoever runs this test */
        put_lineages(&fixture, sleeps[i].lineages);
        fixture.ca.interrupt_at = sleeps[i].interrupt_at;
        got = renew(&fixture, sleeps[i].name);
        CHECK_TEXT(got, sleeps[i].want, sleeps[i].name);
        /* each order waits once for its proofs */
        CHECK_INT(fixture.ca.sleeps, sleeps[i].sleeps + (int64_t)fixture.ca.order_count, sleeps[i].name);
        CHECK(fixture.ca.slept_ms < 500 * 1000 && fixture_has_said(&fixture, "waits at random") == sleeps[i].sleeps,
            "%s: %s", sleeps[i].name, buf_text(&fixture.said));
    }
}

TEST_MAIN()
