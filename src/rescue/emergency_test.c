/* The whole way, with a CA in memory: what is done by which words, what is told, and what a key that leaked brings
 * about. */
#include "rescue/emergency.h"

#include "base/file.h"
#include "base/mem.h"
#include "fixture.h"
#include "rescue/key_compromise.h"

static const struct verb renew_verb = { .name = "renew", .traits = VERB_TRAITS_RENEW };

static void remove_at(struct fixture *fixture, const char *below)
{
    AUTO(free) char *path = file_join(store_config_dir(fixture->store), below);
    struct error err = { 0 };

    REQUIRE(file_is_dir(path) ? file_remove_tree(path, &err) : file_remove(path, &err), "%s: %s", below, err.why);
}

static const struct {
    const char *name, *options, *step; /* step: the operand; NULL: none */
    bool well;
    const char *says[3], *never;
} cases[] = {
    { "without a terminal", "", NULL, false,
        { "a.test: its files are missing", "what helps: evercert emergency --yes --cert-name a.test" },
        "stop-gap for 7 days" },
    { "look", "yes", "look", false, { "Nothing was changed" }, "What was done" },
    { "dry run", "yes dry-run", NULL, false, { "Nothing was changed" }, "What was done" },
    { "no backup, nobody to ask", "", "stop-gap", false, { "no safety backup was made", "so nothing was changed" },
        "stop-gap for 7 days" },
    { "stop-gap", "yes", "stop-gap", false,
        { "a.test has a self-signed stop-gap for 7 days", "what helps: evercert renew --cert-name a.test" },
        "issued anew" },
    { "all", "yes", NULL, true, { "a.test has a self-signed stop-gap", "a.test was issued anew", "all is well" },
        "what helps" },
    { "JSON", "yes json", NULL, true, { "\"well\": true", "\"state\": \"well\"", "\"a.test was issued anew\"" },
        "Obtaining" },
};

TEST(a_lost_certificate)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct setup setup = { .options = cases[i].options };
        AUTO(fixture_clear) struct fixture fixture;
        struct error err = { 0 };
        bool ok;

        fixture_open(&fixture, &setup);
        lineage_free(fixture_lineage(&fixture, "a.test", "a.test", 10 * FIXTURE_DAY));
        remove_at(&fixture, "live/a.test");
        remove_at(&fixture, "archive/a.test");
        xreplace(&fixture.settings->nginx_server_root, fixture.dir);
        xreplace(&fixture.settings->apache_server_root, fixture.dir);
        if (cases[i].step != NULL)
            list_add(&fixture.settings->operands, cases[i].step);
        ok = emergency(&fixture.context, &renew_verb, &err);
        CHECK(ok == cases[i].well && (ok || err.expected), "%s: %d %s", cases[i].name, ok, err.why);
        for (size_t k = 0; k < COUNT(cases[i].says) && cases[i].says[k] != NULL; k++)
            CHECK(fixture_has_said(&fixture, cases[i].says[k]), "%s: \"%s\" is not in: %s", cases[i].name,
                cases[i].says[k], buf_text(&fixture.said));
        CHECK(!fixture_has_said(&fixture, cases[i].never), "%s: %s", cases[i].name, buf_text(&fixture.said));
    }
}

TEST(words_that_are_no_step)
{
    AUTO(fixture_clear) struct fixture fixture;
    const struct setup setup = { 0 };
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    list_add(&fixture.settings->operands, "panic");
    CHECK(!emergency(&fixture.context, &renew_verb, &err) && err.kind == ERROR_USAGE && err.next[0] != '\0');
}

/* Nothing is begun without a yes; a name that is not there, or none, is told. */
TEST(a_key_that_leaked)
{
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(free) char *notes = NULL;
    const struct setup setup = { 0 };
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    lineage_free(fixture_lineage(&fixture, "a.test", "a.test", 10 * FIXTURE_DAY));
    CHECK(!key_compromise(&fixture.context, &renew_verb, &err) && err.kind == ERROR_USAGE, "%s", err.why);
    xreplace(&fixture.settings->cert_name, "b.test");
    CHECK(!key_compromise(&fixture.context, &renew_verb, &err) && err.kind == ERROR_CONFIG, "%s", err.why);
    xreplace(&fixture.settings->cert_name, "a.test");
    error_clear(&err);
    CHECK(!key_compromise(&fixture.context, &renew_verb, &err) && err.kind == ERROR_USAGE, "%s", err.why);
    notes = file_join(store_config_dir(fixture.store), ".compromised/a.test");
    CHECK(!file_exists(notes), "what was not begun leaves nothing");
    fixture.settings->dry_run = true;
    error_clear(&err);
    CHECK(key_compromise(&fixture.context, &renew_verb, &err), "%s", err.why);
    CHECK(fixture_has_said(&fixture, "would be revoked") && !file_exists(notes));
}

TEST_MAIN()
