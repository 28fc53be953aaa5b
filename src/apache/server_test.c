/* An Apache that is played by a shell script: what is asked of it, and what counts of its answers. */
#include "apache/test_script.h"

#define DUMP "-t -D DUMP_RUN_CFG -D DUMP_MODULES\n"

TEST(preparing)
{
    static const struct {
        const char *name;
        struct script answers;
        const char *calls, *why, *pid_file; /* why NULL: it is prepared */
    } rows[] = {
        { "it answers", { RUN_CFG, "Server version: Apache/2.4.62 (Debian)\n", "" }, DUMP "-v\n", NULL,
            "/run/apache2.pid" },
        { "the next one", { RUN_CFG, "Server version: Apache/2.6.0 (Unix)\n", "" }, DUMP "-v\n", NULL,
            "/run/apache2.pid" },
        { "too old", { RUN_CFG, "Server version: Apache/2.2.34 (Unix)\n", "" }, DUMP "-v\n",
            "Version 2.2.34 not supported", NULL },
        { "another program", { RUN_CFG, "nginx version: nginx/1.22.1\n", "" }, DUMP "-v\n",
            "says nothing of the server", NULL },
        { "its test says why in fewer words", { NULL, "Server version: Apache/2.4.62\n", NULL }, DUMP "configtest\n",
            "Syntax error on line 7 of /a.conf", NULL },
        { "the test passes all the same", { NULL, "Server version: Apache/2.4.62\n", "" }, DUMP "configtest\n",
            "failed: AH00526", NULL },
        { "it says nothing of itself", { "Syntax OK\n", "Server version: Apache/2.4.62\n", "" }, DUMP "configtest\n",
            "says nothing of the server", NULL },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(apache_server_free) struct apache_server *server = open_server(&rows[i].answers);
        AUTO(free) char *options = apache_server_options_file(server);
        struct error err = { 0 };
        bool ok = apache_server_prepare(server, &err);

        CHECK(ok == (rows[i].why == NULL), "%s: %s", rows[i].name, err.why);
        CHECK(ok || strstr(err.why, rows[i].why) != NULL, "%s: %s", rows[i].name, err.why);
        CHECK(file_exists(options) == ok, "%s: options", rows[i].name);
        CHECK_TEXT(server->control.pid_file != NULL ? server->control.pid_file : "",
            rows[i].pid_file != NULL ? rows[i].pid_file : "", rows[i].name);
        check_calls(rows[i].calls, rows[i].name);
        CHECK(!ok || apache_server_prepare(server, &err), "%s", err.why);
        check_calls("", "once in a run");
        (void)unlink(options);
    }
}

/* Where its configuration is broken, what can be known is known. */
TEST(locating)
{
    static const struct script broken = { NULL, NULL, NULL };
    AUTO(apache_server_free) struct apache_server *server = open_server(&broken);
    AUTO(apache_facts_clear) struct apache_facts facts = { 0 };
    struct error err = { 0 };

    apache_server_locate(server);
    CHECK(server->control.pid_file == NULL, "it does not answer");
    (void)unlink(at("calls"));
    write_script(&fine);
    CHECK(apache_server_prepare_rollback(server, &err), "%s", err.why);
    CHECK_TEXT(server->control.pid_file, "/run/apache2.pid", "its process");
    CHECK_TEXT(server->control.error_log, "/var/log/apache2/error.log", "its log");
    check_calls(DUMP "-v\n", "asked");
    REQUIRE(apache_server_ask(server, 60000, &facts, &err), "%s", err.why);
    check_calls(DUMP "-v\n", "what it has said counts no longer: the configuration was about to change");
    CHECK(apache_server_prepare(server, &err), "%s", err.why);
    check_calls(DUMP "-v\n", "asked once more");
    apache_server_locate(server);
    check_calls("", "it is known");
}

TEST(asking)
{
    AUTO(apache_server_free) struct apache_server *server = open_server(&fine);
    struct error err = { 0 };

    write_text(at("etc/envvars"), "export APACHE_LOG_DIR=/var/log/apache2\n");
    for (int i = 0; i < 3; i++) {
        AUTO(apache_facts_clear) struct apache_facts facts = { 0 };

        if (i == 2)
            apache_server_forget(server);
        REQUIRE(apache_server_ask(server, 60000, &facts, &err), "%s", err.why);
        check_calls(i == 1 ? "" : DUMP "-v\n", i == 0 ? "first" : i == 1 ? "again" : "its configuration was changed");
        CHECK(list_has(&facts.modules, "ssl_module") && list_has(&facts.built_in, "core_module"), "modules");
        CHECK(list_has(&facts.environment, "APACHE_LOG_DIR=/var/log/apache2"), "of the control script");
        CHECK(facts.version[0] == 2 && facts.version[1] == 4 && facts.version[2] == 62, "version");
    }
}

TEST(which_server)
{
    static const struct {
        const char *name, *root, *ctl, *vhost_root;
        int http, https;
        bool same;
    } rows[] = {
        { "the same", "/r", "/c", NULL, 80, 443, true },
        { "another root", "/s", "/c", NULL, 80, 443, false },
        { "another program", "/r", "/d", NULL, 80, 443, false },
        { "new hosts go elsewhere", "/r", "/c", "/v", 80, 443, false },
        { "another port of challenges", "/r", "/c", NULL, 8080, 443, false },
        { "another port of TLS", "/r", "/c", NULL, 80, 8443, false },
    };
    AUTO(free) char *first = NULL;

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(free) char *key = NULL;

        xreplace(&settings->apache_server_root, rows[i].root);
        xreplace(&settings->apache_ctl, rows[i].ctl);
        xreplace(&settings->apache_vhost_root, rows[i].vhost_root);
        settings->http_01_port = rows[i].http;
        settings->https_port = rows[i].https;
        key = apache_server_key(NULL, settings);
        if (first == NULL)
            first = xstrdup(key);
        CHECK((strcmp(first, key) == 0) == rows[i].same, "%s: %s", rows[i].name, key);
    }
}

TEST(no_server)
{
    static const struct {
        const char *name, *ctl, *main, *why;
    } rows[] = {
        { "no program", "none", "etc/apache2.conf", "there is no program" },
        { "no configuration", "ctl", "etc/other.conf", "neither apache2.conf nor httpd.conf" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(apache_server_free) struct apache_server *server = NULL;
        struct error err = { 0 };

        REQUIRE(file_remove_tree(at("etc"), &err) && file_mkdirs(at("etc"), 0755, &err), "%s", err.why);
        write_script(&fine);
        write_text(at("%s", rows[i].main), "");
        xreplace(&settings->apache_ctl, at("%s", rows[i].ctl));
        CHECK(apache_server_is_here(settings) == (i == 1), "%s", rows[i].name);
        CHECK(!apache_server_new(settings, &script_kind, &server, &err) && strstr(err.why, rows[i].why) != NULL,
            "%s: %s", rows[i].name, err.why);
        CHECK(err.next[0] != '\0', "%s: what to do", rows[i].name);
    }
}

TEST_MAIN()
