/*
 * In which order an installer is called, what is undone when it fails, and what is refused before anything is asked of
 * a CA.
 */
#include "lifecycle/install.h"

#include "run/stage.h"

/* ---- an installer that writes down what it is asked ---- */

static struct buf calls;
static const char *can;   /* the enhancements it supports: "redirect hsts" */
static const char *fails; /* the call that fails: "deploy b.test"; NULL: none does */

static bool called(struct error *err, const char *what, const char *of)
{
    char call[128];

    (void)snprintf(call, sizeof call, "%s%s%s", what, *of != '\0' ? " " : "", of);
    buf_putf(&calls, "%s%s", calls.len > 0 ? ", " : "", call);
    return fails == NULL || strcmp(call, fails) != 0 || error_set(err, ERROR_PLUGIN, "no %s", call);
}

static bool play_deploy(void *self, const struct deployment *deployment, struct error *err)
{
    (void)self;
    CHECK_TEXT(deployment->cert_path, "c", "cert");
    CHECK_TEXT(deployment->key_path, "k", "key");
    CHECK_TEXT(deployment->chain_path, "ch", "chain");
    CHECK_TEXT(deployment->fullchain_path, "f", "fullchain");
    return called(err, "deploy", deployment->domain);
}

static bool play_supports(void *self, enum enhancement enhancement)
{
    (void)self;
    return strstr(can, enhancement_name(enhancement)) != NULL;
}

static bool play_enhance(void *self, const char *domain, enum enhancement enhancement, struct error *err)
{
    (void)self;
    return called(err, enhancement_name(enhancement), domain);
}

static bool play_save(void *self, const char *title, struct error *err)
{
    (void)self;
    return called(err, "save", title);
}

static bool play_restart(void *self, struct error *err)
{
    (void)self;
    return called(err, "restart", "");
}

static void play_recover(void *self)
{
    struct error err = { 0 };

    (void)self;
    (void)called(&err, "recover", "");
}

static void play_release(void *self)
{
    struct error err = { 0 };

    (void)self;
    (void)called(&err, "release", "");
}

static const struct installer installer = {
    .deploy = play_deploy,
    .supports = play_supports,
    .enhance = play_enhance,
    .save = play_save,
    .restart = play_restart,
    .recover = play_recover,
    .release = play_release,
};
static const struct plugin plugin = { .name = "played", .installer = &installer };

static struct stage stage_of(const char *verb, const char *supported, const char *failing)
{
    buf_clear(&calls);
    calls = BUF(4096);
    can = supported;
    fails = failing;
    return stage_new(verb, false);
}

/* "redirect hsts -redirect": what was asked for, and what was refused. */
static void ask_for(struct settings *settings, const char *options)
{
    const struct {
        const char *word;
        enum tristate *member;
    } known[] = { { "redirect", &settings->redirect }, { "hsts", &settings->hsts }, { "uir", &settings->uir },
        { "staple-ocsp", &settings->staple_ocsp } };
    struct view rest = view_of(options), word;

    while (rest.len > 0 && view_cut(&rest, ' ', &word)) {
        bool no = word.at[0] == '-';
        struct view name = { word.at + no, word.len - no };

        settings->must_staple = settings->must_staple || view_equal(name, view_of("must-staple"));
        settings->auto_hsts = settings->auto_hsts || view_equal(name, view_of("auto-hsts"));
        for (size_t i = 0; i < COUNT(known); i++)
            if (view_equal(name, view_of(known[i].word)))
                *known[i].member = no ? NO : YES;
    }
}

static struct list names_of(const char *text)
{
    struct list names = { 0 };
    struct view rest = view_of(text), word;

    while (rest.len > 0 && view_cut(&rest, ' ', &word))
        list_add_view(&names, word);
    return names;
}

/* ---- deploying ---- */

#define SAVED "save Deployed ACME Certificate, restart"
#define SAVED_ALONE "save Enhanced configuration, restart"

static const struct {
    const char *name, *verb, *names, *can, *options, *fails;
    const char *calls;
    const char *why, *said; /* NULL: it succeeds, nothing is said */
} rows[] = {
    { "each name, then once the rest", "install", "a.test b.test", "", "", NULL, "deploy a.test, deploy b.test, " SAVED,
        NULL, NULL },
    { "a redirect unless told not to", "run", "a.test", "redirect", "", NULL, "deploy a.test, redirect a.test, " SAVED,
        NULL, NULL },
    { "told not to", "run", "a.test", "redirect", "-redirect", NULL, "deploy a.test, " SAVED, NULL, NULL },
    { "hsts only when told to", "run", "a.test", "redirect hsts", "hsts", NULL,
        "deploy a.test, hsts a.test, redirect a.test, " SAVED, NULL, NULL },
    { "each enhancement for each name", "run", "a.test b.test", "uir", "uir", NULL,
        "deploy a.test, deploy b.test, uir a.test, uir b.test, " SAVED, NULL, NULL },
    { "must-staple wants stapling", "run", "a.test", "staple-ocsp", "must-staple", NULL,
        "deploy a.test, staple-ocsp a.test, " SAVED, NULL, NULL },
    { "what it cannot do is told and left out", "run", "a.test", "", "hsts", NULL, "deploy a.test, " SAVED, NULL,
        "Option hsts is not supported" },
    { "a redirect that nobody asked for is not missed", "run", "a.test", "", "", NULL, "deploy a.test, " SAVED, NULL,
        NULL },
    { "the second name fails", "run", "a.test b.test", "", "", "deploy b.test", "deploy a.test, deploy b.test, recover",
        "no deploy b.test", NULL },
    { "an enhancement fails", "run", "a.test", "hsts", "hsts", "hsts a.test", "deploy a.test, hsts a.test, recover",
        "no hsts a.test", NULL },
    { "it cannot save", "run", "a.test", "", "", "save Deployed ACME Certificate",
        "deploy a.test, save Deployed ACME Certificate, recover", "no save", NULL },
    { "the server does not restart", "run", "a.test", "", "", "restart", "deploy a.test, " SAVED ", recover",
        "no restart", NULL },
    { "an IP address", "run", "a.test 192.0.2.1", "", "", NULL, "deploy a.test, recover",
        "installation of IP address certificate not supported", NULL },
    { "an IP address of the other kind", "run", "2001:db8::1", "", "", NULL, "recover",
        "installation of IP address certificate not supported", NULL },

    { "enhance: what it is told", "enhance", "a.test b.test", "hsts redirect", "redirect", NULL,
        "redirect a.test, redirect b.test, " SAVED_ALONE, NULL, NULL },
    { "enhance: no redirect by itself", "enhance", "a.test", "hsts redirect", "hsts", NULL, "hsts a.test, " SAVED_ALONE,
        NULL, NULL },
    { "enhance: what it cannot do changes nothing", "enhance", "a.test", "", "hsts", NULL, "", NULL,
        "Option hsts is not supported" },
    { "enhance: a failure is undone", "enhance", "a.test b.test", "hsts", "hsts", "hsts b.test",
        "hsts a.test, hsts b.test, recover", "no hsts b.test", NULL },
};

TEST(what_is_called)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(stage_clear) struct stage stage = stage_of(rows[i].verb, rows[i].can, rows[i].fails);
        AUTO(list_clear) struct list names = names_of(rows[i].names);
        struct installation installation = { .plugin = &plugin };
        struct error err = { 0 };
        bool ok;

        ask_for(stage.settings, rows[i].options);
        ok = strcmp(rows[i].verb, "enhance") == 0 ? installation_enhance(&stage.context, &installation, &names, &err)
                                                  : installation_deploy(&stage.context, &installation, &names,
                                                        (struct install_paths){ "c", "k", "ch", "f" }, &err);
        CHECK(ok == (rows[i].why == NULL), "%s: %s", rows[i].name, err.why);
        CHECK(ok || strstr(err.why, rows[i].why) != NULL, "%s: %s", rows[i].name, err.why);
        CHECK_TEXT(buf_text(&calls), rows[i].calls, rows[i].name);
        check_said(rows[i].said, rows[i].name);
    }
}

TEST(an_installation_is_released_once)
{
    AUTO(stage_clear) struct stage stage = stage_of("run", "", NULL);
    struct installation installation = { .plugin = &plugin };

    installation_close(&installation);
    installation_close(&installation);
    CHECK_TEXT(buf_text(&calls), "release", "closed twice");
}

/* ---- what is refused ---- */

TEST(enhancements_that_are_asked_for)
{
    static const struct {
        const char *options;
        bool want;
    } asked[] = { { "", false }, { "-redirect", false }, { "-hsts -uir", false }, { "redirect", true },
        { "hsts", true }, { "uir", true }, { "staple-ocsp", true }, { "must-staple", true }, { "auto-hsts", true } };

    for (size_t i = 0; i < COUNT(asked); i++) {
        AUTO(settings_free) struct settings *settings = settings_new(false);

        ask_for(settings, asked[i].options);
        CHECK(enhancements_requested(settings) == asked[i].want, "'%s'", asked[i].options);
    }
}

TEST(what_no_installer_does_is_refused_before_issuance)
{
    static const struct {
        const char *name, *options, *can;
        bool as_certbot;
        const char *why; /* NULL: goes on */
    } refused[] = {
        { "nothing asked", "", "", false, NULL },
        { "must-staple, and it staples", "must-staple", "staple-ocsp", false, NULL },
        { "must-staple, and it does not", "must-staple", "redirect", false,
            "not supported by the selected installer (played)" },
        { "stapling alone is only left out", "staple-ocsp", "", false, NULL },
        { "certbot tells the ways out", "must-staple", "", true, "You can either:" },
        { "--auto-hsts", "auto-hsts", "hsts", false, "One or more of the requested enhancements are not supported" },
    };

    for (size_t i = 0; i < COUNT(refused); i++) {
        AUTO(stage_clear) struct stage stage = stage_of("run", refused[i].can, NULL);
        struct installation installation = { .plugin = &plugin };
        struct error err = { 0 };
        bool ok;

        ask_for(stage.settings, refused[i].options);
        stage.context.as_certbot = refused[i].as_certbot;
        ok = installation_check_staple(&stage.context, &installation, &err) &&
             installation_check_auto_hsts(&stage.context, &err);
        CHECK(ok == (refused[i].why == NULL), "%s: %s", refused[i].name, err.why);
        CHECK(ok || strstr(err.why, refused[i].why) != NULL, "%s: %s", refused[i].name, err.why);
        CHECK_TEXT(buf_text(&calls), "", refused[i].name);
    }
}

/* ---- opening ---- */

TEST(opening)
{
    static const struct {
        const char *name, *verb, *authenticator, *installer;
        bool interactive;
        const char *opened, *why, *said; /* opened NULL: it fails, or there is none */
    } cases[] = {
        { "the one that is named", "install", NULL, "web", false, "web", NULL, NULL },
        { "nobody to ask which", "install", NULL, NULL, false, NULL, "you will need to specify a plugin", NULL },
        { "the only one there is, with somebody there", "install", NULL, NULL, true, "web", NULL, NULL },
        { "one that is not there", "install", NULL, "apache9", false, NULL, "requested apache9 plugin does not appear",
            NULL },
        { "one that installs nothing", "install", NULL, "standalone", false, NULL, "standalone", NULL },
        { "an authenticator makes no sense", "enhance", "standalone", "web", false, "web", NULL,
            "Specifying an authenticator doesn't make sense when running Evercert with verb \"enhance\"" },
        { "unless it is the installer, too", "enhance", "web", "web", false, "web", NULL, NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(stage_clear) struct stage stage = stage_of(cases[i].verb, "", NULL);
        AUTO(installation_close) struct installation installation = { 0 };
        AUTO(ui_free) struct ui *terminal = ui_new(&(struct ui_options){ .force_interactive = true });
        struct error err = { 0 };
        bool ok;

        if (cases[i].interactive)
            stage.context.ui = terminal;
        add_installer("web", ANSWER_YES);
        xreplace(&stage.settings->authenticator, cases[i].authenticator);
        xreplace(&stage.settings->installer, cases[i].installer);
        ok = installation_open(&stage.context, &installation, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || cases[i].why == NULL || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK_TEXT(installation.plugin == NULL ? NULL : installation.plugin->name, cases[i].opened, cases[i].name);
        check_said(cases[i].said, cases[i].name);
    }
}

TEST(no_installer_at_all)
{
    static const struct {
        const char *verb;
        bool as_certbot, ok;
        const char *why, *next;
    } cases[] = {
        { "rollback", false, true, "", "" }, /* nothing is there to be taken back */
        { "install", false, false, "there is no plugin here that could put a certificate into a web server",
            "certonly" },
        { "install", true, false, "Certbot doesn't know how to automatically configure the web server", "" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(stage_clear) struct stage stage = stage_of(cases[i].verb, "", NULL);
        AUTO(installation_close) struct installation installation = { 0 };
        AUTO(ui_free) struct ui *terminal = ui_new(&(struct ui_options){ .force_interactive = true });
        struct error err = { 0 };

        stage.context.ui = terminal;
        xreplace(&stage.settings->authenticator, NULL);
        stage.context.as_certbot = cases[i].as_certbot;
        CHECK(installation_open(&stage.context, &installation, &err) == cases[i].ok, "%s: %s", cases[i].verb, err.why);
        CHECK(strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].verb, err.why);
        CHECK(strstr(err.next, cases[i].next) != NULL, "%s: %s", cases[i].verb, err.next);
        CHECK(err.expected == !cases[i].ok, "%s", cases[i].verb);
        CHECK(installation.plugin == NULL, "%s", cases[i].verb);
    }
}

/* ---- after a renewal ---- */

TEST(the_server_of_a_renewed_certificate)
{
    static const struct {
        const char *name, *installer, *ran, *why, *said;
    } cases[] = {
        { "none", NULL, "", NULL, NULL },
        { "as Certbot saves none", "None", "", NULL, NULL },
        { "one", "web", "web reloads\n", NULL, NULL },
        { "one that is gone", "gone", "", NULL, "no server was told: there is no installer named gone" },
        { "one that installs nothing", "standalone", "", NULL, "no server was told" },
        { "one that says no", "asleep", "asleep reloads\n", "the server is asleep", NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(stage_clear) struct stage stage = stage_of("renew", "", NULL);
        struct error err = { 0 };
        bool ok;

        add_installer("web", ANSWER_YES);
        add_installer("asleep", ANSWER_NO);
        xreplace(&stage.settings->installer, cases[i].installer);
        ok = installer_restart(&stage.context, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        check_ran_since(cases[i].ran, cases[i].name);
        check_said(cases[i].said, cases[i].name);
    }
}

TEST_MAIN()
