#pragma once
/*
 * For tests: an Apache that is played by a shell script, conf/ctl, with its configuration in conf/etc. Included by test
 * programs only, once each.
 */
#include "base/test_files.h"

#include "apache/server.h"
#include "config/settings.h"
#include "voice/voice.h"

#define RUN_CFG                                                                                                        \
    "ServerRoot: \"/etc/apache2\"\nMain ErrorLog: \"/var/log/apache2/error.log\"\nPidFile: \"/run/apache2.pid\"\n"     \
    "User: name=\"www-data\" id=33\nLoaded Modules:\n core_module (static)\n ssl_module (shared)\n"                    \
    " rewrite_module (shared)\n headers_module (shared)\n"

/* The script: what it says to -t -D ..., to -v, and to configtest; NULL: it fails, and says why on its errors. */
struct script {
    const char *dump, *version, *test;
};

static const struct script fine = { RUN_CFG, "Server version: Apache/2.4.62 (Debian)\n", "" };

static void write_script(const struct script *script)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    const char *const words[] = { "-t", "-v", "configtest" };
    const char *const says[] = { script->dump, script->version, script->test };

    buf_putf(&text, "#!/bin/sh\necho \"$*\" >>%s\ncase $1 in\n", at("calls"));
    for (size_t i = 0; i < COUNT(words); i++)
        if (says[i] != NULL)
            buf_putf(&text, "%s) cat <<'.'\n%s.\n;;\n", words[i], says[i]);
        else
            buf_putf(&text, "%s) echo 'AH00526: Syntax error on line 7 of /a.conf:' >&2; exit 1;;\n", words[i]);
    buf_put_text(&text, "esac\n");
    write_text(at("ctl"), buf_text(&text));
    if (chmod(at("ctl"), 0755) != 0)
        fail_msg("ctl");
}

/* The calls since the last time, a line each. */
__attribute__((unused)) static void check_calls(const char *want, const char *name)
{
    AUTO(free) char *calls = read_text(at("calls"));

    CHECK_TEXT(calls != NULL ? calls : "", want, name);
    (void)unlink(at("calls"));
}

static struct settings *settings_here(void)
{
    struct settings *settings = settings_new(NULL);

    xreplace(&settings->apache_server_root, at("etc"));
    xreplace(&settings->apache_ctl, at("ctl"));
    xreplace(&settings->config_dir, at("c"));
    xreplace(&settings->work_dir, at("w"));
    settings->http_01_port = 80;
    settings->https_port = 443;
    return settings;
}

static const struct web_kind script_kind = { .locate = apache_server_locate };

static struct apache_server *open_server(const struct script *script)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    struct apache_server *server = NULL;
    struct error err = { 0 };

    REQUIRE(file_mkdirs(at("etc"), 0755, &err) && file_mkdirs(at("c"), 0755, &err) && file_mkdirs(at("w"), 0755, &err),
        "%s", err.why);
    write_text(at("etc/apache2.conf"), "ServerName a.example\n");
    write_script(script);
    REQUIRE(apache_server_new(settings, &script_kind, &server, &err), "%s", err.why);
    return server;
}
