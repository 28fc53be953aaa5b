/*
 * Tests the questions before a certificate is obtained, and their answers by options or without a user.
 */
#include "run/questions.h"

#include "base/text.h"
#include "config/test_verbs.h"
#include "fixture.h"

static void check_said(struct fixture *fixture, const char *said, const char *name)
{
    CHECK(said == NULL || fixture_has_said(fixture, said), "%s: %s", name, buf_text(&fixture->said));
}

static void check_result(bool ok, const char *why, const struct error *err, const char *name)
{
    CHECK(ok == (why == NULL), "%s: %s", name, err->why);
    CHECK(ok || why == NULL || strstr(err->why, why) != NULL, "%s: %s", name, err->why);
}

/* ---- names ---- */

static const struct {
    const char *name;
    bool as_certbot;
    const char *answers; /* NULL: nobody is there */
    const char *want, *why, *said;
} names[] = {
    { "one", false, "a.test\n", "a.test", NULL, NULL },
    { "blanks and commas", false, "a.test, b.test c.test\n", "a.test b.test c.test", NULL, NULL },
    { "semicolons", false, "a.test;b.test\n", "a.test b.test", NULL, NULL },
    { "certbot knows no semicolons", true, "a.test;b.test\n", "a.test;b.test", NULL, NULL },
    { "twice is once", false, "a.test A.test a.test\n", "a.test", NULL, NULL },
    { "addresses, as they are written", false, "192.0.2.1 2001:DB8::0:1\n", "192.0.2.1 2001:db8::1", NULL, NULL },
    { "a wildcard", false, "*.a.test\n", "*.a.test", NULL, NULL },
    { "what is none is asked again", false, "a..test\na.test\n", "a.test", NULL, NULL },
    { "no public CA gives those", false, "localhost\na.test\n", "a.test", NULL, "has no dot in it" },
    { "certbot takes them", true, "localhost\n", "localhost", NULL, NULL },
    { "a slip beside a good one: all again", false, "a.test b\nb.test\n", "b.test", NULL, "\"b\" has no dot" },
    { "Enter alone is asked again", false, "\na.test\n", "a.test", NULL, NULL },
    { "c cancels", false, "c\n", "", "not answered", NULL },
    { "nobody is there", false, NULL, "", "--domains", NULL },
};

TEST(names_that_are_typed)
{
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct setup setup = { .as_certbot = names[i].as_certbot, .answers = names[i].answers };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(identifiers_clear) struct identifiers got = { 0 };
        AUTO(list_clear) struct list texts = { 0 };
        AUTO(free) char *text = NULL;
        struct error err = { 0 };
        bool ok;

        fixture_open(&fixture, &setup);
        ok = question_names(&fixture.context, NULL, &got, &err);
        check_result(ok, names[i].why, &err, names[i].name);
        identifiers_names(&got, &texts);
        text = list_join(&texts, " ");
        if (ok)
            CHECK_TEXT(text, names[i].want, names[i].name);
        check_said(&fixture, names[i].said, names[i].name);
    }
}

TEST(names_that_are_offered)
{
    static const struct {
        const char *name;
        bool as_certbot;
        const char *answers; /* NULL: nobody is there */
        const char *want, *why, *said;
    } cases[] = {
        { "the second", false, "2\n", "b.test", NULL, "These are the names in the configuration of the" },
        { "Enter for all", false, "\n", "a.test b.test", NULL, NULL },
        { "a number that there is not", false, "3\n1,2\n", "a.test b.test", NULL, NULL },
        { "c cancels", false, "c\n", NULL, "not answered", NULL },
        { "nobody is there", false, NULL, NULL, "a.test? b.test?\n\n(You can set this with the --domains flag)", NULL },
        { "certbot", true, "1\n", "a.test", NULL, "Which names would you like to activate HTTPS for?\nWe recommend" },
        { "certbot with nobody", true, NULL, NULL, "VirtualHost/server block.\na.test? b.test?\n", NULL },
    };
    AUTO(list_clear) struct list offered = fixture_words("a.test b.test");

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct setup setup = { .as_certbot = cases[i].as_certbot, .answers = cases[i].answers };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(identifiers_clear) struct identifiers got = { 0 };
        AUTO(list_clear) struct list texts = { 0 };
        AUTO(free) char *text = NULL;
        struct error err = { 0 };
        bool ok;

        fixture_open(&fixture, &setup);
        ok = question_names(&fixture.context, &offered, &got, &err);
        check_result(ok, cases[i].why, &err, cases[i].name);
        identifiers_names(&got, &texts);
        text = list_join(&texts, " ");
        if (ok)
            CHECK_TEXT(text, cases[i].want, cases[i].name);
        check_said(&fixture, cases[i].said, cases[i].name);
    }
}

/* ---- lineages ---- */

static const struct {
    const char *name, *lineages, *options, *answers, *one, *many; /* one, many: what the two questions give */
    const char *why;                                              /* of both; NULL: they succeed */
} lineages[] = {
    { "the second", "a.test b.test", "", "2\n", "b.test", "b.test", NULL },
    { "none is there", "", "", "1\n", NULL, NULL, "No existing certificates found" },
    { "nobody is there", "a.test", "", NULL, NULL, NULL, "--cert-name" },
    { "a number that there is not", "a.test", "", "2\n1\n", "a.test", "a.test", NULL },
    { "c cancels", "a.test", "", "c\n", NULL, NULL, "not answered" },
};

TEST(lineages_that_are_chosen)
{
    for (size_t i = 0; i < COUNT(lineages) * 2; i++) {
        size_t k = i / 2;
        const struct setup setup = { .options = lineages[k].options, .answers = lineages[k].answers };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(list_clear) struct list all = fixture_words(lineages[k].lineages), many = { 0 };
        AUTO(free) char *one = NULL, *got = NULL;
        struct error err = { 0 };
        bool ok, single = i % 2 == 0;

        fixture_open(&fixture, &setup);
        for (size_t n = 0; n < all.len; n++)
            lineage_free(fixture_lineage(&fixture, all.at[n], all.at[n], 0));
        ok = single ? question_cert_name(&fixture.context, "Which?", &one, &err)
                    : question_cert_names(&fixture.context, "Which?", &many, &err);
        check_result(ok, lineages[k].why, &err, lineages[k].name);
        got = single ? xstrdup_or_null(one) : ok ? list_join(&many, " ") : NULL;
        CHECK_TEXT(got, single ? lineages[k].one : lineages[k].many, lineages[k].name);
    }
}

TEST(a_name_that_was_given_is_not_asked_for)
{
    static const struct setup setup = { .options = "cert-name=c.test" };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(free) char *name = NULL;
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    CHECK(question_cert_name(&fixture.context, "Which?", &name, &err), "%s", err.why);
    CHECK_TEXT(name, "c.test", "as it was given");
}

/* ---- a certificate that is there ---- */

static const struct {
    const char *name, *verb, *answers;
    bool renew;
    const char *why, *said;
} same[] = {
    { "nobody is there: it is kept", "certonly", NULL, false, NULL, NULL },
    { "keep", "certonly", "1\n", false, NULL, "Keep the existing certificate for now" },
    { "renew", "certonly", "2\n", true, NULL, "Renew & replace the certificate" },
    { "run installs it again", "run", "1\n", false, NULL, "Attempt to reinstall this existing certificate" },
    { "neither", "certonly", "c\n", false, "Operation canceled. You may re-run the client.", NULL },
};

TEST(the_same_names)
{
    for (size_t i = 0; i < COUNT(same); i++) {
        const struct setup setup = { .as_certbot = true, .verb = same[i].verb, .answers = same[i].answers };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct error err = { 0 };
        bool renew = false;

        fixture_open(&fixture, &setup);
        lineage = fixture_lineage(&fixture, "a.test", "a.test", 0);
        check_result(question_same_names(&fixture.context, lineage, &renew, &err), same[i].why, &err, same[i].name);
        CHECK(renew == same[i].renew, "%s", same[i].name);
        check_said(&fixture, same[i].said, same[i].name);
    }
}

static const struct {
    const char *name, *options, *answers, *wanted;
    bool expand, as_certbot;
    const char *why, *said;
} changed[] = {
    { "more names: yes", "", "e\n", "a.test b.test c.test", true, false, NULL, "(E)xpand/(C)ancel" },
    { "more names: no", "", "c\n", "a.test b.test c.test", true, false, "User chose to cancel", "--duplicate" },
    { "more names, and --expand", "expand", NULL, "a.test b.test c.test", true, false, NULL, NULL },
    { "more names, and --force-renewal", "force-renewal", NULL, "a.test b.test c.test", true, false, NULL, NULL },
    { "more names, and nobody is there", "", NULL, "a.test b.test c.test", true, false, "--expand", NULL },
    { "other names: yes", "", "u\n", "a.test c.test", false, false, NULL, "- b.test" },
    { "other names: no", "", "c\n", "a.test c.test", false, false, "the certificate a.test stays as it is",
        "+ c.test" },
    { "certbot: other names: no", "", "c\n", "a.test c.test", false, true,
        "Specified mismatched certificate name and domains.", NULL },
    { "other names, and nobody is there", "", NULL, "a.test c.test", false, false, NULL, NULL },
    { "other names, and --renew-with-new-domains", "renew-with-new-domains", NULL, "a.test", false, false, NULL, NULL },
    { "fewer names", "", "u\n", "a.test", false, false, NULL, "(None)" },
};

TEST(other_names)
{
    for (size_t i = 0; i < COUNT(changed); i++) {
        const struct setup setup = {
            .as_certbot = changed[i].as_certbot, .options = changed[i].options, .answers = changed[i].answers
        };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(lineage_free) struct lineage *lineage = NULL;
        AUTO(identifiers_clear) struct identifiers wanted = fixture_identifiers(changed[i].wanted);
        struct error err = { 0 };

        fixture_open(&fixture, &setup);
        lineage = fixture_lineage(&fixture, "a.test", "a.test b.test", 0);
        check_result(question_changed_names(&fixture.context, lineage, &wanted, changed[i].expand, &err),
            changed[i].why, &err, changed[i].name);
        check_said(&fixture, changed[i].said, changed[i].name);
    }
}

/* ---- other options ---- */

static const struct {
    const char *name, *before, *now; /* options */
    bool as_certbot, differs;
    const char *said;
} others[] = {
    { "none", "", "", false, false, NULL },
    { "a profile", "", "preferred-profile=short", false, true, "(short, not none)" },
    { "the same profile", "preferred-profile=short", "preferred-profile=short", false, false, NULL },
    { "another one", "required-profile=long", "required-profile=short", false, true, "(short, not long)" },
    { "silence asks for nothing", "preferred-profile=short", "", false, false, NULL },
    { "a chain", "", "preferred-chain=Root", false, true, "Another chain is asked for" },
    { "certbot waits for the renewal", "", "preferred-chain=Root", true, false, NULL },
};

TEST(profiles_and_chains)
{
    for (size_t i = 0; i < COUNT(others); i++) {
        const struct setup setup = { .as_certbot = others[i].as_certbot, .options = others[i].before };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(lineage_free) struct lineage *lineage = NULL;

        fixture_open(&fixture, &setup);
        lineage = fixture_lineage(&fixture, "a.test", "a.test", 0);
        settings_free(fixture.settings);
        fixture.context.settings = fixture.settings = settings_new(others[i].as_certbot ? &voice_certbot : &voice_own);
        fixture_set(fixture.settings, others[i].now, ORIGIN_COMMAND_LINE);
        CHECK(question_other_options(&fixture.context, lineage) == others[i].differs, "%s", others[i].name);
        check_said(&fixture, others[i].said, others[i].name);
    }
}

static const struct {
    const char *name, *options, *answers;
    bool as_certbot, changes;
    const char *then; /* the type that is configured then */
    const char *why, *said;
} types[] = {
    { "the type that it has", "key-type=ecdsa", NULL, false, false, "ecdsa", NULL, NULL },
    { "another one, of the certificate that is named", "key-type=rsa cert-name=a.test", NULL, false, true, "rsa", NULL,
        NULL },
    { "another one: said is enough", "key-type=rsa", NULL, false, true, "rsa", NULL,
        "has an ECDSA key, and RSA is asked for" },
    { "another one: yes", "key-type=rsa", "u\n", false, true, "rsa", NULL, "(U)pdate key type" },
    { "another one: no", "key-type=rsa", "k\n", false, false, "rsa", "Please provide both --cert-name and --key-type",
        NULL },
    { "certbot: it has to be named", "key-type=rsa", NULL, true, false, "rsa",
        "Please provide both --cert-name and --key-type", NULL },
};

TEST(types_of_keys)
{
    for (size_t i = 0; i < COUNT(types); i++) {
        const struct setup setup = {
            .as_certbot = types[i].as_certbot, .options = types[i].options, .answers = types[i].answers
        };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct error err = { 0 };
        bool changes = false;

        fixture_open(&fixture, &setup);
        lineage = fixture_lineage(&fixture, "a.test", "a.test", 0); /* ECDSA */
        check_result(question_key_type(&fixture.context, lineage, &changes, &err), types[i].why, &err, types[i].name);
        CHECK(changes == types[i].changes, "%s", types[i].name);
        CHECK_TEXT(fixture.settings->key_type, types[i].then, types[i].name);
        check_said(&fixture, types[i].said, types[i].name);
    }
}

/* A default that differs is no wish: the certificate keeps what it has. */
TEST(a_default_changes_no_type)
{
    static const struct setup setup = { .options = NULL };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };
    bool changes = true;

    fixture_open(&fixture, &setup);
    lineage = fixture_lineage(&fixture, "a.test", "a.test", 0);
    xreplace(&fixture.settings->key_type, "rsa");
    CHECK(question_key_type(&fixture.context, lineage, &changes, &err) && !changes, "%s", err.why);
    CHECK_TEXT(fixture.answers.key_type, "ecdsa", "as it is");
}

TEST_MAIN()
