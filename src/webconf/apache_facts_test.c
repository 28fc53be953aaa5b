#include "base/test.h"

#include "webconf/apache_facts.h"

TEST(read_all_dumps)
{
    AUTO(apache_facts_clear) struct apache_facts facts = { 0 };
    AUTO(free) char *text = NULL;

    CHECK(!apache_facts_read(&facts, view_of("AH00558: apache2: Could not reliably determine\nSyntax OK\n")),
        "nothing of it");
    CHECK(apache_facts_read(&facts, view_of("AH00558: apache2: Could not reliably determine the server's name\n"
                                            "Included configuration files:\n"
                                            "  (*) /etc/apache2/apache2.conf\n"
                                            "    (146) /etc/apache2/mods-enabled/alias load\n"
                                            "      (9) /etc/apache2/ports.conf\n"
                                            "ServerRoot: \"/etc/apache2\"\r\n"
                                            "Main DocumentRoot: \"/var/www/html\"\n"
                                            "Main ErrorLog: \"/var/log/apache2/error.log\"\n"
                                            "Mutex default: dir=\"/var/run/apache2/\" mechanism=default \n"
                                            "PidFile: \"/var/run/apache2/apache2.pid\"\n"
                                            "Define: DUMP_RUN_CFG\n"
                                            "Define: A=x y=z\n"
                                            "User: name=\"www-data\" id=33\n"
                                            "Group: name=\"www-data\" id=33 not_used\n"
                                            "Loaded Modules:\n"
                                            " core_module (static)\n"
                                            " ssl_module (shared)\n")),
        "read");
    CHECK(apache_facts_read(&facts, view_of("Server version: Apache/2.4.62 (Debian)\nServer built:   x")), "version");
    CHECK_TEXT(facts.server_root, "/etc/apache2", "ServerRoot");
    CHECK_TEXT(facts.error_log, "/var/log/apache2/error.log", "ErrorLog");
    CHECK_TEXT(facts.pid_file, "/var/run/apache2/apache2.pid", "PidFile");
    CHECK_TEXT(facts.user, "www-data", "User");
    text = list_join(&facts.defines, "|");
    CHECK_TEXT(text, "DUMP_RUN_CFG|A=x y=z", "defines");
    free(text);
    text = list_join(&facts.modules, "|");
    CHECK_TEXT(text, "core_module|ssl_module", "modules");
    CHECK(facts.version[0] == 2 && facts.version[1] == 4 && facts.version[2] == 62, "version");
    CHECK(apache_facts_has_module(&facts, "mod_ssl.c") && apache_facts_has_module(&facts, "ssl_module") &&
              apache_facts_has_module(&facts, "core.c") && !apache_facts_has_module(&facts, "ssl"),
        "has module");
}

TEST(version)
{
    static const struct {
        const char *line;
        unsigned version[3];
    } cases[] = {
        { "Server version: Apache/2.4.62 (Debian)", { 2, 4, 62 } },
        { "Server version: Apache/2.4.6", { 2, 4, 6 } },
        { "Server version: Apache/2.4", { 2, 4, 0 } },
        { "Server version: Apache/2.5.1-dev (Unix)", { 2, 5, 0 } },
        { "Server version: Apache", { 0, 0, 0 } },
        { "Server version: Apache/", { 0, 0, 0 } },
        { "Server version: ", { 0, 0, 0 } },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(apache_facts_clear) struct apache_facts facts = { 0 };

        CHECK(apache_facts_read(&facts, view_of(cases[i].line)), "%s", cases[i].line);
        CHECK(memcmp(facts.version, cases[i].version, sizeof facts.version) == 0, "%s: %u.%u.%u", cases[i].line,
            facts.version[0], facts.version[1], facts.version[2]);
    }
}

TEST(hostile_lines)
{
    static const char *const lines[] = { "(", "  (", "  (1) relative", " module", "  (x", " (static)",
        "Define: ", "ServerRoot: ", "ServerRoot: \"", "PidFile: \"\"", "User: name=", "", "\r", "  \n\n (",
        " a b (static)" };

    for (size_t i = 0; i < COUNT(lines); i++) {
        AUTO(apache_facts_clear) struct apache_facts facts = { 0 };

        (void)apache_facts_read(&facts, view_of(lines[i]));
        CHECK(facts.modules.len == 0 && facts.defines.len == 0, "%s", lines[i]);
    }
}

TEST(environment)
{
    AUTO(apache_facts_clear) struct apache_facts facts = { 0 };
    AUTO(free) char *text = NULL;

    apache_facts_read_environment(
        &facts, view_of("# envvars\n"
                        "unset HOME\n"
                        "if [ \"${APACHE_CONFDIR##/etc/apache2-}\" != \"${APACHE_CONFDIR}\" ] ; then\n"
                        "\tSUFFIX=\"-${APACHE_CONFDIR##/etc/apache2-}\"\n"
                        "else\n"
                        "\tSUFFIX=\n"
                        "fi\n"
                        "export APACHE_RUN_USER=www-data\n"
                        "export APACHE_PID_FILE=/var/run/apache2$SUFFIX/apache2.pid # x\n"
                        "export APACHE_LOG_DIR=\"/var/log/apache2${SUFFIX}\"\n"
                        "export LANG=C\n"
                        "export LANG=D\n"
                        "export A='$SUFFIX b'\n"
                        "#export B=c\n"
                        "export T=`date`\n"
                        "export U=$(date)\n"
                        "export V=a;b\n"
                        "export W=\"x\n"
                        "export LANG\n"));
    text = list_join(&facts.environment, "|");
    CHECK_TEXT(text,
        "SUFFIX=|APACHE_RUN_USER=www-data|APACHE_PID_FILE=/var/run/apache2/apache2.pid|"
        "APACHE_LOG_DIR=/var/log/apache2|LANG=C|A=$SUFFIX b",
        "environment");
}

TEST(module_identifiers)
{
    static const char *const cases[][2] = { { "mod_ssl.c", "ssl_module" }, { "ssl_module", "ssl_module" },
        { "mod_pagespeed.cc", "pagespeed_module" }, { "core.c", "core_module" }, { "http_core.c", "http_module" },
        { "prefork.c", "mpm_prefork_module" }, { "util_ldap.c", "ldap_module" }, { "mod_ssl", "mod_ssl" }, { "", "" },
        { "mod_.c", "_module" }, { "MOD_SSL.C", "MOD_SSL.C" } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *got = apache_module_identifier(cases[i][0]);

        CHECK_TEXT(got, cases[i][1], cases[i][0]);
    }
}

TEST_MAIN()
