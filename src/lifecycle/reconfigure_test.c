/*
 * How a certificate will be renewed is changed only after a trial has shown that it works; nothing else is changed by
 * it.
 */
#include "lifecycle/reconfigure.h"

#include "config/test_verbs.h"
#include "fixture.h"
#include "run/stage.h"
#include "store/lineage_conf.h"

#define OTHER_ACCOUNT "0123456789abcdef0123456789abcdef"

static const struct row {
    const char *name;
    struct setup setup;  /* with which a.test was obtained */
    const char *options; /* given now */
    const char *key;     /* in [renewalparams] */
    const char *want;    /* its value then; NULL: none */
    bool changed, tried; /* the renewal file is another; the CA was asked for an order */
    const char *why;     /* NULL: it succeeds */
} rows[] = {
    { "another curve", { .options = NULL }, "cert-name=a.test elliptic-curve=secp384r1", "elliptic_curve", "secp384r1",
        true, true, NULL },
    { "nothing", { .options = NULL }, "cert-name=a.test", "elliptic_curve", NULL, false, true, NULL },
    { "what it has already", { .options = "elliptic-curve=secp384r1" }, "cert-name=a.test elliptic-curve=secp384r1",
        "elliptic_curve", "secp384r1", false, true, NULL },
    { "another one than it has", { .options = "elliptic-curve=secp384r1" }, "cert-name=a.test elliptic-curve=secp256r1",
        "elliptic_curve", "secp256r1", true, true, NULL },
    { "what is not said stays", { .options = "elliptic-curve=secp384r1" }, "cert-name=a.test preferred-chain=Root",
        "elliptic_curve", "secp384r1", true, true, NULL },
    { "the only one, from the menu", { .answers = "1\n" }, "preferred-chain=Root", "preferred_chain", "Root", true,
        true, NULL },

    { "a trial that the CA refuses", { .ca.refuses = "a.test" }, "cert-name=a.test elliptic-curve=secp384r1",
        "elliptic_curve", NULL, false, true, "" },
    { "a CA that is away", { .ca.faults = { { CA_THE_DIRECTORY } } }, "cert-name=a.test elliptic-curve=secp384r1",
        "elliptic_curve", NULL, false, false, "" },
    { "an authenticator that is not here", { .options = NULL }, "cert-name=a.test authenticator=elsewhere",
        "authenticator", "test", false, false, "elsewhere" },
    { "a plugin that cannot work", { .plugin.prepare_fails = true }, "cert-name=a.test preferred-chain=Root",
        "preferred_chain", NULL, false, false, "cannot work here" },
    { "--dry-run: the trial alone", { .options = NULL }, "cert-name=a.test elliptic-curve=secp384r1 dry-run",
        "elliptic_curve", NULL, false, true, NULL },

    { "names", { .options = NULL }, "cert-name=a.test domains=b.test", "elliptic_curve", NULL, false, false,
        "cannot be used to modify the domains" },
    { "one that there is not", { .options = NULL }, "cert-name=c.test", "elliptic_curve", NULL, false, false,
        "name c.test could not be found. Run `evercert certificates`" },
    { "certbot: one that there is not", { .as_certbot = true }, "cert-name=c.test", "elliptic_curve", NULL, false,
        false, "Run `certbot certificates`" },
    { "another CA", { .options = NULL }, "cert-name=a.test server=https://other.test/dir", "server", CA_DIRECTORY,
        false, false, "change the ACME account or server" },
    { "another account", { .options = NULL }, "cert-name=a.test account=" OTHER_ACCOUNT, "account", NULL, false, false,
        "change the ACME account or server" },
    { "nobody says which", { .options = NULL }, "", "elliptic_curve", NULL, false, false, "--cert-name" },
};

static char *value_of(struct fixture *fixture, const char *key)
{
    AUTO(conf_free) struct conf *conf = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_read_conf(fixture->store, "a.test", &conf, &err), "%s", err.why);
    return xstrdup_or_null(conf_get(conf, "renewalparams", key));
}

static void make_account(struct fixture *fixture)
{
    struct error err = { 0 };
    struct ca *ca;

    REQUIRE(context_account(&fixture->context, &ca, &err), "%s", err.why);
}

static void check_row(const struct row *row)
{
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(free) char *before = NULL, *after = NULL, *value = NULL;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };
    bool ok, changed = false;

    fixture_open(&fixture, &row->setup);
    fixture.context.verb = test_verb("reconfigure");
    if (strcmp(row->key, "account") == 0)
        make_account(&fixture); /* which the renewal file then names */
    lineage = fixture_lineage(&fixture, "a.test", "a.test", 0);
    value = value_of(&fixture, row->key);
    before = read_text(lineage->conf_path);
    fixture_set(fixture.settings, row->options, ORIGIN_COMMAND_LINE);
    ok = reconfigure(&fixture.context, &changed, &err);
    CHECK(ok == (row->why == NULL), "%s: %s: %s", row->name, err.what, err.why);
    CHECK(ok || row->why == NULL || strstr(err.why, row->why) != NULL, "%s: %s", row->name, err.why);
    CHECK(changed == row->changed, "%s", row->name);
    CHECK((fixture.ca.order_count > 0) == row->tried, "%s: %zu orders", row->name, fixture.ca.order_count);
    after = read_text(lineage->conf_path);
    if (!ok || fixture.settings->dry_run)
        CHECK_TEXT(after, before, row->name);
    if (strcmp(row->key, "account") != 0) {
        free(value);
        value = value_of(&fixture, row->key);
        CHECK_TEXT(value, row->want, row->name);
    }
}

TEST(what_is_changed)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        check_row(&rows[i]);
}

/* A default is nobody's wish: the CA that is the usual one today need not be the lineage's. */
TEST(the_lineages_own_ca_is_asked)
{
    static const struct setup setup = { .options = NULL };
    AUTO(fixture_clear) struct fixture fixture;
    struct error err = { 0 };
    bool changed;

    fixture_open(&fixture, &setup);
    fixture.context.verb = test_verb("reconfigure");
    lineage_free(fixture_lineage(&fixture, "a.test", "a.test", 0));
    fixture_set(fixture.settings, "cert-name=a.test preferred-chain=Root", ORIGIN_COMMAND_LINE);
    xreplace(&fixture.settings->server, SERVER_PRODUCTION);
    SETTING_MARK(fixture.settings, server, ORIGIN_DEFAULT);
    CHECK(reconfigure(&fixture.context, &changed, &err), "%s", err.why);
    CHECK(fixture.ca.order_count == 1, "its own CA had no order");
}

/* The trial's certificate is thrown away: what is live stays, whatever came of it. */
TEST(the_certificate_stays)
{
    static const struct setup setup = { .options = NULL };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(lineage_free) struct lineage *before = NULL, *after = NULL;
    struct error err = { 0 };
    bool changed;

    fixture_open(&fixture, &setup);
    fixture.context.verb = test_verb("reconfigure");
    before = fixture_lineage(&fixture, "a.test", "a.test", 0);
    fixture_set(fixture.settings, "cert-name=a.test elliptic-curve=secp384r1", ORIGIN_COMMAND_LINE);
    REQUIRE(reconfigure(&fixture.context, &changed, &err), "%s", err.why);
    REQUIRE(lineage_load(fixture.store, "a.test", &after, &err), "%s", err.why);
    CHECK_TEXT(after->cert->serial, before->cert->serial, "the certificate");
    CHECK_TEXT(after->version, before->version, "its version");
}

/* ---- the hook of the trial ---- */

static const struct {
    const char *name, *answers, *options;
    const char *ran; /* in the trial */
} hooks[] = {
    { "nobody is there", NULL, "", "" },
    { "asked: yes", "r\n", "", "hook\n" },
    { "asked: no", "d\n", "", "" },
    { "said", NULL, "run-deploy-hooks", "hook\n" },
};

TEST(a_deploy_hook_is_tried_when_the_user_wants_that)
{
    for (size_t i = 0; i < COUNT(hooks); i++) {
        const struct setup setup = { .answers = hooks[i].answers };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(free) char *saved = NULL, *line = note("hook");
        struct error err = { 0 };
        bool changed;

        fixture_open(&fixture, &setup);
        fixture.context.verb = test_verb("reconfigure");
        lineage_free(fixture_lineage(&fixture, "a.test", "a.test", 0));
        fixture_set(fixture.settings, "cert-name=a.test", ORIGIN_COMMAND_LINE);
        fixture_set(fixture.settings, hooks[i].options, ORIGIN_COMMAND_LINE);
        xreplace(&fixture.settings->deploy_hook, line);
        SETTING_MARK(fixture.settings, deploy_hook, ORIGIN_COMMAND_LINE);
        CHECK(reconfigure(&fixture.context, &changed, &err) && changed, "%s: %s", hooks[i].name, err.why);
        check_ran_since(hooks[i].ran, hooks[i].name);
        saved = value_of(&fixture, "renew_hook");
        CHECK_TEXT(saved, line, hooks[i].name);
    }
}

TEST_MAIN()
