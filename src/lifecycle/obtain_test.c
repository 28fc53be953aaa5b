#include "lifecycle/obtain.h"

#include "fixture.h"
#include "lifecycle/next_version.h"

TEST(names_are_summed_up_as_certbot_does)
{
    static const struct {
        const char *names[4], *want;
    } cases[] = {
        { { NULL }, "" },
        { { "a.test" }, "a.test" },
        { { "a.test", "b.test" }, "a.test and b.test" },
        { { "a.test", "b.test", "c.test" }, "a.test and 2 more" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(list_clear) struct list names = { 0 };
        AUTO(free) char *got = NULL;

        for (size_t k = 0; cases[i].names[k] != NULL; k++)
            list_add(&names, cases[i].names[k]);
        got = names_summary(&names);
        CHECK_TEXT(got, cases[i].want, cases[i].want);
    }
}

TEST(a_first_certificate_and_its_successor)
{
    static const struct setup setup = { .options = "domains=a.test,www.a.test" };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(obtain_result_clear) struct obtain_result first = { 0 }, kept = { 0 }, next = { 0 };
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    REQUIRE(obtain(&fixture.context, &first, &err), "%s: %s", err.what, err.why);
    CHECK_INT(first.what, OBTAINED_NEW, "first");
    CHECK_TEXT(first.lineage->name, "a.test", "its name");
    fixture_next_run(&fixture);
    fixture_set(fixture.settings, "keep-until-expiring", ORIGIN_COMMAND_LINE);
    REQUIRE(obtain(&fixture.context, &kept, &err), "%s: %s", err.what, err.why);
    CHECK_INT(kept.what, OBTAINED_KEPT, "again");
    CHECK(acme_ca_sleep_ms(&fixture.ca, 65 * FIXTURE_DAY * 1000));
    fixture_next_run(&fixture);
    REQUIRE(obtain(&fixture.context, &next, &err), "%s: %s", err.what, err.why);
    CHECK_INT(next.what, OBTAINED_RENEWED, "two months later");
    CHECK(fixture.ca.replaces != NULL && fixture_has_said(&fixture, "Renewing an existing certificate for a.test"),
        "%s", buf_text(&fixture.said));
}

/* ---- one run, over lineages that there are ---- */

#define DAY FIXTURE_DAY
#define ISSUED "new-account new-order finalize cert"

struct row {
    const char *name;
    struct setup setup;
    const char *lineage, *has; /* the lineage that there is, and its names; NULL: there is none */
    int64_t age_s;
    const char *cue; /* see struct fixture */
    void (*on_cue)(struct fixture *fixture);
    enum error_kind want;
    const char *why;
    enum obtained what;
    const char *gets, *names; /* the lineage that is obtained, and its names; NULL: none */
    const char *trace, *said;
};

static void check_result(const struct row *row, const struct obtain_result *result)
{
    AUTO(list_clear) struct list texts = { 0 };
    AUTO(free) char *names = NULL, *in = NULL;

    CHECK(row->want == ERROR_NONE, "%s: it was obtained", row->name);
    CHECK_INT(result->what, row->what, row->name);
    CHECK_TEXT(result->lineage == NULL ? NULL : result->lineage->name, row->gets, row->name);
    identifiers_names(&result->names, &texts);
    names = list_join(&texts, " ");
    if (row->names != NULL)
        CHECK_TEXT(names, row->names, row->name);
    if (result->lineage == NULL || row->what == OBTAINED_SIMULATED || row->names == NULL)
        return;
    in = list_join(&result->lineage->cert->names, " ");
    CHECK_TEXT(in, row->names, row->name);
}

static void check_row(const struct row *row)
{
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(obtain_result_clear) struct obtain_result result = { 0 };
    AUTO(free) char *trace = NULL, *pending = test_path("conf/pending");
    struct error err = { 0 };

    fixture_open(&fixture, &row->setup);
    fixture.ca.ways.valid = "all";
    if (row->lineage != NULL)
        lineage_free(fixture_lineage(&fixture, row->lineage, row->has, row->age_s));
    fixture.cue = row->cue;
    fixture.on_cue = row->on_cue;
    if (obtain(&fixture.context, &result, &err)) {
        check_result(row, &result);
    } else {
        CHECK(err.kind == row->want, "%s: %s: %s: %s", row->name, error_kind_name(err.kind), err.what, err.why);
        CHECK(row->why == NULL || strstr(err.why, row->why) != NULL, "%s: %s", row->name, err.why);
    }
    trace = acme_ca_trace(&fixture.ca);
    CHECK(row->trace == NULL || strcmp(row->trace, trace) == 0, "%s: %s", row->name, trace);
    CHECK(row->said == NULL || fixture_has_said(&fixture, row->said), "%s: %s", row->name, buf_text(&fixture.said));
    CHECK(row->want != ERROR_NONE || !file_exists(pending), "%s: the order is still recorded", row->name);
    CHECK(fixture.cue == NULL, "%s: \"%s\" was not said", row->name, fixture.cue);
}

#define CHECK_ROWS(rows)                                                                                               \
    for (size_t i = 0; i < COUNT(rows); i++)                                                                           \
    check_row(&rows[i])

TEST(what_is_asked_for_is_obtained)
{
    static const struct row rows[] = {
        { .name = "a new one",
            .setup.options = "domains=a.test,www.a.test",
            .gets = "a.test",
            .names = "a.test www.a.test",
            .trace = ISSUED,
            .said = "Requesting a certificate for a.test and www.a.test" },
        { .name = "by a name that is given",
            .setup.options = "domains=a.test cert-name=mine",
            .gets = "mine",
            .names = "a.test",
            .trace = ISSUED },
        { .name = "by a name that is no file's",
            .setup.options = "domains=a.test cert-name=../mine",
            .want = ERROR_CONFIG,
            .trace = "" },
        { .name = "a wildcard", .setup.options = "domains=*.a.test", .gets = "a.test", .names = "*.a.test" },
        { .name = "beside one for other names",
            .setup.options = "domains=b.test",
            .lineage = "a.test",
            .has = "a.test",
            .gets = "b.test",
            .names = "b.test",
            .trace = ISSUED },
        { .name = "beside one for the same names",
            .setup.options = "domains=a.test duplicate",
            .lineage = "a.test",
            .has = "a.test",
            .gets = "a.test-0001",
            .names = "a.test" },
        { .name = "nothing is said",
            .want = ERROR_CONFIG,
            .why = "Missing command line flag or config entry for this setting",
            .trace = "" },
        { .name = "a name is refused, and a subset will do",
            .setup = { .options = "domains=a.test,b.test allow-subset-of-names",
                .ca.faults = { { CA_NEW_ORDER, .times = 1, .status = 400, .problem = "rejectedIdentifier",
                    .of = "b.test" } } },
            .gets = "a.test",
            .names = "a.test" },
        { .name = "the CA refuses",
            .setup = { .options = "domains=a.test",
                .ca.faults = { { CA_NEW_ORDER, .status = 403, .problem = "rejectedIdentifier" } } },
            .want = ERROR_ACME },
        { .name = "the plugin cannot work",
            .setup = { .options = "domains=a.test", .plugin.prepare_fails = true },
            .want = ERROR_PLUGIN,
            .trace = "" },
        { .name = "no such plugin",
            .setup.options = "domains=a.test authenticator=nobody",
            .want = ERROR_PLUGIN,
            .trace = "" },
        { .name = "a dry run",
            .setup.options = "domains=a.test dry-run server=" CA_DIRECTORY,
            .what = OBTAINED_SIMULATED,
            .names = "a.test",
            .said = "Simulating a certificate request for a.test" },
    };

    CHECK_ROWS(rows);
}

TEST(a_lineage_with_the_same_names_is_renewed_or_kept)
{
    static const struct row rows[] = {
        { .name = "young",
            .setup.options = "domains=a.test keep-until-expiring",
            .lineage = "a.test",
            .has = "a.test",
            .what = OBTAINED_KEPT,
            .gets = "a.test",
            .said = "Certificate not yet due for renewal" },
        { .name = "young, and nobody says what to do",
            .setup.options = "domains=a.test",
            .lineage = "a.test",
            .has = "a.test",
            .what = OBTAINED_KEPT,
            .gets = "a.test" },
        { .name = "due",
            .setup.options = "domains=a.test",
            .lineage = "a.test",
            .has = "a.test",
            .age_s = 70 * DAY,
            .what = OBTAINED_RENEWED,
            .gets = "a.test",
            .names = "a.test",
            .said = "Renewing an existing certificate for a.test" },
        { .name = "the CA wants it to be renewed",
            .setup = { .options = "domains=a.test", .ca = { .window_from_s = -2 * DAY, .window_to_s = -DAY } },
            .lineage = "a.test",
            .has = "a.test",
            .age_s = 5 * DAY,
            .what = OBTAINED_RENEWED,
            .gets = "a.test" },
        { .name = "forced",
            .setup.options = "domains=a.test force-renewal",
            .lineage = "a.test",
            .has = "a.test",
            .what = OBTAINED_RENEWED,
            .gets = "a.test" },
        { .name = "named alone",
            .setup.options = "cert-name=a.test force-renewal",
            .lineage = "a.test",
            .has = "a.test www.a.test",
            .what = OBTAINED_RENEWED,
            .gets = "a.test",
            .names = "a.test www.a.test" },
        { .name = "another kind of key is asked for",
            .setup.options = "domains=a.test key-type=rsa cert-name=a.test",
            .lineage = "a.test",
            .has = "a.test",
            .what = OBTAINED_RENEWED,
            .gets = "a.test" },
        { .name = "the user keeps it",
            .setup = { .options = "domains=a.test", .answers = "1\n" },
            .lineage = "a.test",
            .has = "a.test",
            .what = OBTAINED_KEPT,
            .gets = "a.test" },
        { .name = "the user renews it",
            .setup = { .options = "domains=a.test", .answers = "2\n" },
            .lineage = "a.test",
            .has = "a.test",
            .what = OBTAINED_RENEWED,
            .gets = "a.test" },
        { .name = "the user goes away",
            .setup = { .options = "domains=a.test", .answers = "c\n" },
            .lineage = "a.test",
            .has = "a.test",
            .want = ERROR_CANCELED,
            .trace = "renewal-info" },
        { .name = "a dry run",
            .setup.options = "domains=a.test dry-run server=" CA_DIRECTORY,
            .lineage = "a.test",
            .has = "a.test",
            .what = OBTAINED_SIMULATED,
            .gets = "a.test",
            .said = "Simulating renewal of an existing certificate for a.test" },
    };

    CHECK_ROWS(rows);
}

TEST(a_lineage_with_other_names_is_changed_on_request)
{
    static const struct row rows[] = {
        { .name = "more names",
            .setup.options = "domains=a.test,b.test expand",
            .lineage = "a.test",
            .has = "a.test",
            .what = OBTAINED_RENEWED,
            .gets = "a.test",
            .names = "a.test b.test" },
        { .name = "more names, and nobody says yes",
            .setup.options = "domains=a.test,b.test",
            .lineage = "a.test",
            .has = "a.test",
            .want = ERROR_CONFIG,
            .why = "--expand",
            .trace = "" },
        { .name = "more names: yes",
            .setup = { .options = "domains=a.test,b.test", .answers = "e\n" },
            .lineage = "a.test",
            .has = "a.test",
            .what = OBTAINED_RENEWED,
            .gets = "a.test",
            .names = "a.test b.test" },
        { .name = "more names: no",
            .setup = { .options = "domains=a.test,b.test", .answers = "c\n" },
            .lineage = "a.test",
            .has = "a.test",
            .want = ERROR_CANCELED,
            .trace = "",
            .said = "you must use the --duplicate option" },
        { .name = "other names, of one that is named",
            .setup.options = "domains=b.test cert-name=a.test renew-with-new-domains",
            .lineage = "a.test",
            .has = "a.test",
            .what = OBTAINED_RENEWED,
            .gets = "a.test",
            .names = "b.test" },
        { .name = "other names: no",
            .setup = { .options = "domains=b.test cert-name=a.test", .answers = "c\n" },
            .lineage = "a.test",
            .has = "a.test",
            .want = ERROR_CANCELED,
            .said = "- a.test" },
        { .name = "the CA refuses the new one, and the old one stays",
            .setup = { .options = "domains=a.test,b.test expand",
                .ca.faults = { { CA_FINALIZE, .status = 403, .problem = "caa" } } },
            .lineage = "a.test",
            .has = "a.test",
            .want = ERROR_ACME },
    };

    CHECK_ROWS(rows);
}

/* ---- others are at work while the user is asked ---- */

static void delete_it(struct fixture *fixture __attribute__((unused)))
{
    static const char *const gone[] = { "conf/live/a.test", "conf/archive/a.test" };
    AUTO(free) char *conf = test_path("conf/renewal/a.test.conf");

    REQUIRE(unlink(conf) == 0);
    for (size_t i = 0; i < COUNT(gone); i++) {
        AUTO(free) char *path = test_path(gone[i]);
        struct error err = { 0 };

        REQUIRE(file_remove_tree(path, &err), "%s", err.why);
    }
}

static void change_its_options(struct fixture *fixture __attribute__((unused)))
{
    AUTO(free) char *path = test_path("conf/renewal/a.test.conf");
    AUTO(buf_clear) struct buf text = BUF(65536);
    struct error err = { 0 };

    REQUIRE(file_read(path, &text, &err), "%s", err.why);
    buf_put_text(&text, "post_hook = true\n");
    REQUIRE(file_replace(path, buf_view(&text), FILE_PUBLIC, &err), "%s", err.why);
}

static void make_it(struct fixture *fixture)
{
    lineage_free(fixture_lineage(fixture, "a.test", "a.test", 0));
}

TEST(what_others_have_changed_meanwhile_is_decided_anew)
{
    static const struct row rows[] = {
        { .name = "it is deleted",
            .setup = { .options = "domains=a.test,b.test", .answers = "e\n" },
            .lineage = "a.test",
            .has = "a.test",
            .cue = "expand and replace",
            .on_cue = delete_it,
            .what = OBTAINED_NEW,
            .gets = "a.test",
            .names = "a.test b.test",
            .said = "a.test was changed by another process meanwhile" },
        { .name = "its options are changed: the question comes again",
            .setup = { .options = "domains=a.test,b.test", .answers = "e\ne\n" },
            .lineage = "a.test",
            .has = "a.test",
            .cue = "expand and replace",
            .on_cue = change_its_options,
            .what = OBTAINED_RENEWED,
            .gets = "a.test",
            .said = "a.test was changed by another process meanwhile" },
        { .name = "its options are changed, and nobody is there any more",
            .setup = { .options = "domains=a.test,b.test", .answers = "e\n" },
            .lineage = "a.test",
            .has = "a.test",
            .cue = "expand and replace",
            .on_cue = change_its_options,
            .want = ERROR_CANCELED,
            .trace = "" },
        { .name = "it is made while the account is: it is kept",
            .setup = { .options = "domains=a.test keep-until-expiring", .answers = "" },
            .cue = "Account registered",
            .on_cue = make_it,
            .what = OBTAINED_KEPT,
            .gets = "a.test" },
    };

    CHECK_ROWS(rows);
}

TEST(a_kind_of_key_that_is_kept_goes_with_the_lineage)
{
    static const struct setup setup = { .options = "domains=a.test", .answers = "k\n2\n" };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(obtain_result_clear) struct obtain_result result = { 0 };
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    lineage_free(fixture_lineage(&fixture, "a.test", "a.test", 0));
    xreplace(&fixture.settings->key_type, "rsa"); /* a default */
    REQUIRE(obtain(&fixture.context, &result, &err), "%s: %s", err.what, err.why);
    CHECK_INT(result.what, OBTAINED_RENEWED, "renewed");
    CHECK(result.lineage->cert->key_type == KEY_EC, "the kind of its key");
    CHECK_TEXT(fixture.settings->key_type, "rsa", "settings stay as they are");
    CHECK_TEXT(conf_get(result.lineage->conf, "renewalparams", "account"), fixture.answers.account, "saved");
}

/* A lineage that is gone has no say in what the new one gets. */
TEST(a_kind_of_key_that_was_kept_is_forgotten_with_the_lineage)
{
    static const struct setup setup = { .options = "domains=a.test", .answers = "k\n2\n" };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(obtain_result_clear) struct obtain_result result = { 0 };
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    lineage_free(fixture_lineage(&fixture, "a.test", "a.test", 0));
    xreplace(&fixture.settings->key_type, "rsa"); /* a default */
    fixture.cue = "exactly the same domains";
    fixture.on_cue = delete_it;
    REQUIRE(obtain(&fixture.context, &result, &err), "%s: %s", err.what, err.why);
    CHECK_INT(result.what, OBTAINED_NEW, "a new one");
    CHECK(result.lineage->cert->key_type == KEY_RSA, "the kind of its key");
}

/* ---- names that a server has ---- */

static bool offer(void *self, struct list *out, struct error *err)
{
    (void)self;
    (void)err;
    list_add(out, "a.test");
    list_add(out, "b.test");
    list_add(out, "c.test");
    return true;
}

TEST(the_names_of_a_server_are_offered)
{
    static const struct {
        const char *options, *answers;
        const char *names, *why; /* names NULL: it fails */
    } cases[] = {
        { "installer=offers", "2 3\n", "b.test c.test", NULL },
        { "installer=offers", "\n", "a.test b.test c.test", NULL },
        { "installer=offers", NULL, NULL, "a.test? b.test? c.test?" },
        { "installer=offers domains=x.test", NULL, "x.test", NULL }, { "installer=gone", "x.test\n", "x.test", NULL },
        { "", "x.test\n", "x.test", NULL }, /* -a alone */
    };
    static const struct installer installer = { .names = offer };
    static const struct plugin offers = { .name = "offers", .installer = &installer };
    const struct plugin *const table[] = { &offers, fixture_plugin(), NULL };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct setup setup = { .options = cases[i].options, .answers = cases[i].answers };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(obtain_result_clear) struct obtain_result result = { 0 };
        AUTO(list_clear) struct list texts = { 0 };
        AUTO(free) char *names = NULL;
        struct error err = { 0 };

        fixture_open(&fixture, &setup);
        plugins_use(table);
        if (obtain(&fixture.context, &result, &err)) {
            identifiers_names(&result.names, &texts);
            names = list_join(&texts, " ");
        }
        CHECK_TEXT(names, cases[i].names, cases[i].options);
        CHECK(cases[i].why == NULL || strstr(err.why, cases[i].why) != NULL, "%s", err.why);
    }
}

TEST_MAIN()
