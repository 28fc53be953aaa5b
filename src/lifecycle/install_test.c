/*
 * In which order an installer is called, what is undone when it fails, and what is refused before anything is asked of
 * a CA.
 */
#include "lifecycle/test_installer.h"

/* ---- deploying ---- */

static const struct {
    const char *name, *verb, *names, *can, *options, *fails;
    const char *plan;       /* NULL: nothing is planned, or asked at all */
    const char *why, *said; /* NULL: it succeeds, nothing is said */
} rows[] = {
    { "all names at once", "install", "a.test b.test", "", "", NULL, "a.test,b.test c beside", NULL, NULL },
    { "a redirect unless told not to", "run", "a.test", "redirect", "", NULL, "a.test c beside +redirect", NULL, NULL },
    { "told not to", "run", "a.test", "redirect", "-redirect", NULL, "a.test c beside", NULL, NULL },
    { "hsts only when told to", "run", "a.test", "redirect hsts", "hsts", NULL, "a.test c beside +hsts +redirect", NULL,
        NULL },
    { "each enhancement", "run", "a.test b.test", "uir staple-ocsp", "uir staple-ocsp", NULL,
        "a.test,b.test c beside +staple-ocsp +uir", NULL, NULL },
    { "ours come after Certbot's", "run", "a.test", "hsts auto-hsts security-headers uir",
        "auto-hsts security-headers uir", NULL, "a.test c beside +uir +security-headers +auto-hsts", NULL, NULL },
    { "must-staple wants stapling", "run", "a.test", "staple-ocsp", "must-staple", NULL, "a.test c beside +staple-ocsp",
        NULL, NULL },
    { "what it cannot do is told and left out", "run", "a.test", "", "hsts", NULL, "a.test c beside", NULL,
        "Option hsts is not supported" },
    { "a redirect that nobody asked for is not missed", "run", "a.test", "", "", NULL, "a.test c beside", NULL, NULL },
    { "it does not know what to do", "run", "a.test", "", "", "plan a.test c beside", "a.test c beside",
        "no plan a.test c beside", NULL },
    { "the plan fails", "run", "a.test", "", "", "commit a.test c beside", "a.test c beside",
        "no commit a.test c beside", NULL },
    { "everything fails", "run", "a.test", "", "", "commit", "a.test c beside", "no commit", NULL },
    { "an IP address", "run", "a.test 192.0.2.1", "", "", NULL, NULL,
        "installation of IP address certificate not supported", NULL },
    { "an IP address of the other kind", "run", "2001:db8::1", "", "", NULL, NULL,
        "installation of IP address certificate not supported", NULL },

    { "enhance: what it is told", "enhance", "a.test b.test", "hsts redirect", "redirect", NULL,
        "a.test,b.test c again +redirect", NULL, NULL },
    { "enhance: no redirect by itself", "enhance", "a.test", "hsts redirect", "hsts", NULL, "a.test c again +hsts",
        NULL, NULL },
    { "enhance: what it cannot do changes nothing", "enhance", "a.test", "", "hsts", NULL, NULL, NULL,
        "Option hsts is not supported" },
    { "enhance: a failure", "enhance", "a.test", "hsts", "hsts", "commit a.test c again +hsts", "a.test c again +hsts",
        "no commit a.test c again +hsts", NULL },
};

/* The calls for a plan, up to the one that fails. */
static char *calls_for(const char *plan, const char *failing)
{
    if (plan == NULL)
        return xstrdup("");
    if (failing != NULL && text_starts(failing, "plan"))
        return xprintf("plan %s", plan);
    if (failing != NULL && strcmp(failing, "commit") == 0)
        return xprintf("plan %s, commit", plan);
    return xprintf("plan %s, commit, commit %s", plan, plan);
}

TEST(what_is_called)
{
    static const struct pair pair = { "c", "k", "ch", "f" };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(stage_clear) struct stage stage = stage_of(rows[i].verb, rows[i].can, rows[i].fails);
        AUTO(identifiers_clear) struct identifiers names = names_of(rows[i].names);
        AUTO(free) char *want = calls_for(rows[i].plan, rows[i].fails);
        struct installation installation = { .plugin = &plugin };
        struct deployment deployment = { .names = &names, .pairs = &pair, .pair_count = 1 };
        struct error err = { 0 };
        bool ok;

        ask_for(stage.settings, rows[i].options);
        if (strcmp(rows[i].verb, "enhance") == 0) {
            deployment.in_use = true;
            ok = installation_enhance(&stage.context, &installation, &deployment, &err);
        } else {
            ok = installation_deploy(&stage.context, &installation, &deployment, &err);
        }
        CHECK(ok == (rows[i].why == NULL), "%s: %s", rows[i].name, err.why);
        CHECK(ok || strstr(err.why, rows[i].why) != NULL, "%s: %s", rows[i].name, err.why);
        CHECK_TEXT(buf_text(&calls), want, rows[i].name);
        check_said(rows[i].said, rows[i].name);
    }
}

TEST(an_installation_is_released_once)
{
    AUTO(stage_clear) struct stage stage __attribute__((unused)) = stage_of("run", "", NULL);
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
        { "hsts", true }, { "uir", true }, { "staple-ocsp", true }, { "must-staple", true }, { "auto-hsts", true },
        { "security-headers", true } };

    for (size_t i = 0; i < COUNT(asked); i++) {
        AUTO(settings_free) struct settings *settings = settings_new(&voice_own);

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
        { "stapling alone", "staple-ocsp", "", false, "The played plugin cannot do what --staple-ocsp asks for" },
        { "certbot leaves stapling alone out", "staple-ocsp", "", true, NULL },
        { "certbot tells the ways out", "must-staple", "", true, "You can either:" },
        { "--auto-hsts", "auto-hsts", "hsts", false, "The played plugin cannot do what --auto-hsts asks for" },
        { "certbot refuses it, too", "auto-hsts", "hsts", true, "One or more of the requested enhancements are not" },
        { "--auto-hsts, and it does", "auto-hsts", "auto-hsts", false, NULL },
        { "--security-headers", "security-headers", "hsts", false, "cannot do what --security-headers asks for" },
        { "--uir", "uir redirect", "hsts redirect", false, "The played plugin cannot do what --uir asks for" },
        { "certbot fails at it where headers can be sent", "uir", "hsts", true, "Upgrade-Insecure-Requests is not" },
        { "certbot leaves it out where none can", "uir", "", true, NULL },
        { "a redirect that nobody asked for", "", "hsts", false, NULL },
    };

    for (size_t i = 0; i < COUNT(refused); i++) {
        AUTO(stage_clear) struct stage stage = stage_of("run", refused[i].can, NULL);
        struct installation installation = { .plugin = &plugin };
        struct error err = { 0 };
        bool ok;

        ask_for(stage.settings, refused[i].options);
        stage.context.voice = refused[i].as_certbot ? &voice_certbot : &voice_own;
        ok = installation_check_staple(&stage.context, &installation, &err) &&
             installation_check_enhancements(&stage.context, &installation, &err);
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
        stage.context.voice = cases[i].as_certbot ? &voice_certbot : &voice_own;
        CHECK(installation_open(&stage.context, &installation, &err) == cases[i].ok, "%s: %s", cases[i].verb, err.why);
        CHECK(strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].verb, err.why);
        CHECK(strstr(err.next, cases[i].next) != NULL, "%s: %s", cases[i].verb, err.next);
        CHECK(err.expected == !cases[i].ok, "%s", cases[i].verb);
        CHECK(installation.plugin == NULL, "%s", cases[i].verb);
    }
}

/* Leftovers of an earlier run are undone first; when that fails, the installer is asked nothing. */
TEST(made_ready)
{
    static const struct {
        const char *name, *fails, *calls;
    } cases[] = {
        { "recovered and prepared", NULL, "recover, prepare" },
        { "what was left cannot be undone", "recover", "recover" },
        { "its configuration is broken", "prepare", "recover, prepare" },
    };
    static const struct plugin *const table[] = { &plugin, NULL };
    const struct plugin *const *built_in = plugins;

    plugins_use(table);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(stage_clear) struct stage stage = stage_of("rollback", "", cases[i].fails);
        struct installation installation = { 0 };
        struct error err = { 0 };
        bool ok;

        xreplace(&stage.settings->installer, "played");
        ok = installation_open(&stage.context, &installation, &err);
        CHECK(ok == (cases[i].fails == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.what, "The played plugin is not working") != NULL, "%s: %s", cases[i].name, err.what);
        CHECK_TEXT(buf_text(&calls), cases[i].calls, cases[i].name);
        if (ok) {
            stage.settings->checkpoints = 3;
            CHECK(installation_rollback(&stage.context, &installation, &err), "%s", err.why);
            installation_close(&installation);
            CHECK_TEXT(buf_text(&calls), "recover, prepare, rollback 3, release", cases[i].name);
        }
    }
    plugins_use(built_in);
}

TEST(made_ready_for_a_rollback)
{
    static const struct {
        const char *verb, *calls;
    } cases[] = { { "rollback", "prepare_rollback" }, { "enhance", "prepare" } };
    static const struct plugin *const table[] = { &tolerant, NULL };
    const struct plugin *const *built_in = plugins;

    plugins_use(table);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(stage_clear) struct stage stage = stage_of(cases[i].verb, "", NULL);
        AUTO(installation_close) struct installation installation = { 0 };
        struct error err = { 0 };

        xreplace(&stage.settings->installer, "tolerant");
        CHECK(installation_open(&stage.context, &installation, &err), "%s: %s", cases[i].verb, err.why);
        CHECK_TEXT(buf_text(&calls), cases[i].calls, cases[i].verb);
    }
    plugins_use(built_in);
}

TEST(names_of_a_server)
{
    static const struct {
        const char *installer, *fails, *names, *calls;
    } cases[] = {
        { "played", NULL, "a.test b.test", "recover, prepare, names, release" },
        { "played", "prepare", NULL, "recover, prepare" },
        { "played", "names", NULL, "recover, prepare, names, release" },
        { "web", NULL, "", "" }, /* it does not know */
        { "standalone", NULL, "", "" },
        { "gone", NULL, "", "" },
        { NULL, NULL, "", "" },
    };
    static const struct plugin *const table[] = { &plugin, NULL };
    const struct plugin *const *built_in = plugins;

    plugins_use(table);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(stage_clear) struct stage stage = stage_of("certonly", "", cases[i].fails);
        AUTO(list_clear) struct list names = { 0 };
        AUTO(free) char *text = NULL;
        struct error err = { 0 };
        bool ok;

        add_installer("web", ANSWER_YES);
        xreplace(&stage.settings->installer, cases[i].installer);
        ok = installer_names(&stage.context, &names, &err);
        text = list_join(&names, " ");
        CHECK(ok == (cases[i].names != NULL), "%zu: %s", i, err.why);
        CHECK(!ok || strcmp(text, cases[i].names) == 0, "%zu: %s", i, text);
        CHECK_TEXT(buf_text(&calls), cases[i].calls, "calls");
    }
    plugins_use(built_in);
}

/* ---- after renewals ---- */

TEST(the_server_of_a_renewed_certificate)
{
    static const struct {
        const char *name, *installer, *ran, *why, *said;
    } cases[] = {
        { "one", "web", "web reloads\n", NULL, NULL },
        { "one that is gone", "gone", "", NULL, "no server was told: there is no installer named gone" },
        { "one that installs nothing", "standalone", "", NULL, "no server was told" },
        { "one that says no", "asleep", "asleep reloads\n", "the server is asleep", NULL },
    };
    static const struct pair pair = { "c", "k", "ch", "f" };
    static const struct identifiers names = { 0 };
    static const struct deployment deployment = { .names = &names, .pairs = &pair, .pair_count = 1, .in_use = true },
                                   *const deployments[] = { &deployment };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(stage_clear) struct stage stage = stage_of("renew", "", NULL);
        AUTO(free) struct error *each = NULL;
        struct error err = { 0 };
        bool ok;

        add_installer("web", ANSWER_YES);
        add_installer("asleep", ANSWER_NO);
        xreplace(&stage.settings->installer, cases[i].installer);
        ok = installer_renewed(&stage.context, deployments, 1, false, &each, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(each == NULL, "%s: nobody is to blame", cases[i].name);
        check_ran_since(cases[i].ran, cases[i].name);
        check_said(cases[i].said, cases[i].name);
    }
}

/* Several lineages of one server: one commit; each has its own error. Then the step of this renewal. */
TEST(the_server_of_many)
{
    static const struct {
        const char *name, *fails;
        size_t count; /* of a.test and b.test */
        bool step, no_updates, dry_run, ok;
        bool fails_alone;  /* b.test, with an error of its own */
        const char *calls; /* between those of opening and release */
        const char *said;
    } cases[] = {
        { "both", NULL, 2, false, false, false, true, false,
            ", plan a.test c again, plan b.test c again, commit, commit a.test c again, commit b.test c again", NULL },
        { "one cannot be planned", "plan b.test c again", 2, false, false, false, true, true,
            ", plan a.test c again, plan b.test c again, commit, commit a.test c again", NULL },
        { "one cannot be put into effect", "commit b.test c again", 2, false, false, false, true, true,
            ", plan a.test c again, plan b.test c again, commit, commit a.test c again, commit b.test c again", NULL },
        { "none of it", "commit", 2, true, false, false, false, false,
            ", plan a.test c again, plan b.test c again, commit", NULL },
        { "a step", NULL, 1, true, false, false, true, false,
            ", plan a.test c again, commit, commit a.test c again, step a.test", NULL },
        { "a step without the one that failed", "commit a.test c again", 1, true, false, false, true, false,
            ", plan a.test c again, commit, commit a.test c again, step", NULL },
        { "a step alone", NULL, 0, true, false, false, true, false, ", step", NULL },
        { "a step that fails is told", "step", 0, true, false, false, true, false, ", step",
            "What the played plugin changes with time could not be changed" },
        { "--disable-renew-updates", NULL, 0, true, true, false, true, false, "", NULL },
        { "--dry-run", NULL, 0, true, false, true, true, false, "", NULL },
    };
    static const struct pair pair = { "c", "k", "ch", "f" };
    static const struct plugin *const table[] = { &plugin, NULL };
    const struct plugin *const *built_in = plugins;
    AUTO(identifiers_clear) struct identifiers a = names_of("a.test"), b = names_of("b.test");
    const struct deployment first = { .names = &a, .pairs = &pair, .pair_count = 1, .in_use = true },
                            second = { .names = &b, .pairs = &pair, .pair_count = 1, .in_use = true },
                            *const deployments[] = { &first, &second };

    plugins_use(table);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(stage_clear) struct stage stage = stage_of("renew", "", cases[i].fails);
        AUTO(free)
        char *want = xprintf("recover%s%s%s", cases[i].count > 0 ? ", prepare" : "", cases[i].calls,
            cases[i].count > 0 ? ", release" : "");
        struct error err = { 0 }, *each[2] = { NULL, NULL };

        xreplace(&stage.settings->installer, "played");
        stage.settings->disable_renew_updates = cases[i].no_updates;
        stage.settings->dry_run = cases[i].dry_run;
        CHECK(installer_acts_at_renewals(stage.settings->installer), "%s", cases[i].name);
        CHECK(installer_renewed(&stage.context, deployments, cases[i].count, cases[i].step, each, &err) == cases[i].ok,
            "%s: %s", cases[i].name, err.why);
        CHECK((each[0] != NULL) == (cases[i].count == 1 && cases[i].fails != NULL) &&
                  (each[1] != NULL) == cases[i].fails_alone,
            "%s", cases[i].name);
        CHECK_TEXT(buf_text(&calls), want, cases[i].name);
        check_said(cases[i].said, cases[i].name);
        free(each[0]);
        free(each[1]);
    }
    plugins_use(built_in);
}

TEST_MAIN()
