/* An nginx that is played by a shell script: where it is, what it says of itself, and what is remembered of its files.
 */
#include "base/test_files.h"

#include "config/settings.h"
#include "nginx/server.h"
#include "voice/voice.h"

#define VERSION "nginx version: nginx/1.22.1\nbuilt with OpenSSL 3.0.8 7 Feb 2023\nTLS SNI support enabled\n"
#define CONFIGURED(more) VERSION "configure arguments: --with-http_ssl_module --prefix=/p " more "\n"
#define PLACES "--conf-path=/p/nginx.conf --error-log-path=/var/log/error.log --pid-path=/run/nginx.pid"

static void check_calls(const char *want, const char *name)
{
    AUTO(free) char *calls = read_text(at("calls"));

    CHECK_TEXT(calls != NULL ? calls : "", want, name);
    (void)unlink(at("calls"));
}

/* said: to -V; refused: its test fails, and says so. */
static void write_script(const char *said, bool refused)
{
    AUTO(free) char *calls = xstrdup(at("calls"));
    AUTO(free)
    char *text =
        xprintf("#!/bin/sh\nshift 2\necho \"$*\" >>%s\ncase $1 in\n-V) cat <<'.' >&2\n%s.\n;;\n-t) %s;;\nesac\n", calls,
            said, refused ? "echo 'nginx: [emerg] unknown directive \"x\" in /n.conf:7' >&2; exit 1" : "exit 0");

    write_text(at("ctl"), text);
    if (chmod(at("ctl"), 0755) != 0)
        fail_msg("ctl");
}

static struct settings *settings_here(void)
{
    struct settings *settings = settings_new(NULL);

    xreplace(&settings->nginx_server_root, at("n"));
    xreplace(&settings->nginx_ctl, at("ctl"));
    xreplace(&settings->config_dir, at("c"));
    xreplace(&settings->work_dir, at("w"));
    xreplace(&settings->logs_dir, at("l"));
    return settings;
}

/* With that text in its nginx.conf, beside an http block of two sites. */
static struct nginx_server *open_server(const char *said, bool refused, const char *top)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(free) char *text = xprintf("%s\nevents {}\nhttp {\n    include sites/*;\n}\n", top);
    struct plugin_context context = { .settings = settings };
    struct error err = { 0 };
    void *server = NULL;

    REQUIRE(file_mkdirs(at("n/sites"), 0755, &err) && file_mkdirs(at("c"), 0755, &err), "%s", err.why);
    REQUIRE(file_mkdirs(at("w"), 0755, &err), "%s", err.why);
    write_text(at("n/nginx.conf"), text);
    write_text(at("n/sites/a"), "server {\n    server_name a.example;\n}\n");
    write_text(at("n/sites/b"), "server {\n    server_name b.example;\n}\n");
    write_script(said, refused);
    REQUIRE(nginx_share.make(&context, &server, &err), "%s", err.why);
    return server;
}

TEST(preparing)
{
    static const struct {
        const char *name, *said, *top;
        bool refused;
        const char *calls, *why;          /* why NULL: it is prepared */
        const char *pid_file, *error_log; /* "": not known */
    } rows[] = {
        { "as it was built", CONFIGURED(PLACES), "", false, "-V\n-t\n", NULL, "/run/nginx.pid", "/var/log/error.log" },
        { "as its configuration says", CONFIGURED(PLACES), "pid /x/pid;\nerror_log /x/log info;", false, "-V\n-t\n",
            NULL, "/x/pid", "/x/log" },
        { "below its prefix", CONFIGURED(PLACES), "pid run/pid;\nerror_log logs/e;", false, "-V\n-t\n", NULL,
            "/p/run/pid", "/p/logs/e" },
        { "the last one", CONFIGURED(PLACES), "error_log /x/1;\nerror_log /x/2;", false, "-V\n-t\n", NULL,
            "/run/nginx.pid", "/x/2" },
        { "a log that is no file", CONFIGURED("--prefix=/p"), "error_log syslog:server=unix:/dev/log;", false,
            "-V\n-t\n", NULL, "", "" },
        { "without TLS", "nginx version: nginx/1.22.1\nconfigure arguments: " PLACES "\n", "", false, "-V\n",
            "without TLS", "", "" },
        { "its test refuses its configuration", CONFIGURED(PLACES), "", true, "-V\n-t\n", "/n.conf:7", "/run/nginx.pid",
            "/var/log/error.log" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct nginx_server *server = open_server(rows[i].said, rows[i].refused, rows[i].top);
        struct error err = { 0 };
        bool ok = server->plugin.kind->prepare(server, &err);

        CHECK(ok == (rows[i].why == NULL), "%s: %s", rows[i].name, err.why);
        CHECK(ok || strstr(err.why, rows[i].why) != NULL, "%s: %s", rows[i].name, err.why);
        check_calls(rows[i].calls, rows[i].name);
        CHECK_TEXT(server->web.pid_file != NULL ? server->web.pid_file : "", rows[i].pid_file, rows[i].name);
        CHECK_TEXT(server->web.error_log != NULL ? server->web.error_log : "", rows[i].error_log, rows[i].name);
        CHECK(file_exists(at("c/options-ssl-nginx.conf")) == ok, "%s", rows[i].name);
        CHECK(!ok || server->plugin.kind->prepare(server, &err), "%s", err.why);
        check_calls("", "once in a run");
        (void)unlink(at("c/options-ssl-nginx.conf"));
        nginx_share.end(server);
    }
}

TEST(locating)
{
    struct nginx_server *server = open_server(CONFIGURED(PLACES), true, "pid /x/pid;");
    struct error err = { 0 };

    write_text(at("n/sites/a"), "server {\n");
    server->plugin.kind->locate(server);
    CHECK(server->web.pid_file == NULL, "half a configuration tells nothing");
    write_text(at("n/sites/a"), "");
    server->plugin.kind->locate(server);
    CHECK_TEXT(server->web.pid_file, "/x/pid", "refused, but it can be read");
    write_text(at("n/nginx.conf"), "pid /y/pid;\nhttp {}\n");
    (void)unlink(at("calls"));
    CHECK(server->plugin.kind->prepare_rollback(server, &err), "%s", err.why);
    CHECK_TEXT(server->web.pid_file, "/y/pid", "what was taken back is read anew");
    check_calls("-V\n", "and need not pass a test");
    nginx_share.end(server);
}

static void edit(const char *how)
{
    struct error err = { 0 };

    if (strcmp(how, "a file") == 0)
        write_text(at("n/sites/b"), "server {\n    server_name c.example;\n}\n");
    else if (strcmp(how, "a new file") == 0)
        write_text(at("n/sites/c"), "");
    else if (strcmp(how, "a file less") == 0)
        REQUIRE(unlink(at("n/sites/b")) == 0, "b");
    else if (strcmp(how, "a file elsewhere") == 0)
        REQUIRE(file_mkdirs(at("n/others"), 0755, &err), "%s", err.why);
}

/* What has passed the test need not be tested, nor read, again: as long as no file is another one. */
TEST(what_is_remembered)
{
    static const struct {
        const char *edit;
        bool kept;
    } rows[] = {
        { "nothing", true },
        { "a file elsewhere", true },
        { "a file", false },
        { "a new file", false },
        { "a file less", false },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct nginx_server *server = open_server(CONFIGURED(PLACES), false, "");
        AUTO(nginx_reading_clear) struct nginx_reading first = { 0 }, second = { 0 };
        const struct nginx_conf *kept;
        struct error err = { 0 };

        (void)unlink(at("n/sites/c"));
        REQUIRE(server->plugin.kind->prepare(server, &err), "%s", err.why);
        kept = server->kept.conf;
        edit(rows[i].edit);
        REQUIRE(nginx_read(server, &first, &err), "%s", err.why);
        CHECK((first.conf == kept) == rows[i].kept, "%s", rows[i].edit);
        CHECK(nginx_is_tested(server, &first) == rows[i].kept, "%s", rows[i].edit);
        CHECK(server->kept.conf == NULL, "%s: it has one owner", rows[i].edit);
        REQUIRE(nginx_read(server, &second, &err), "%s", err.why);
        CHECK(second.conf != first.conf && second.conf->count == first.conf->count, "%s: read by two", rows[i].edit);
        nginx_keep(server, &first);
        CHECK(first.conf == NULL && server->kept.conf != NULL, "%s: given back", rows[i].edit);
        nginx_share.end(server);
    }
}

TEST(which_server)
{
    static const struct {
        const char *name, *root, *ctl;
        int http, https;
        bool same;
    } rows[] = {
        { "the same", "/r", "/c", 80, 443, true },
        { "another root", "/s", "/c", 80, 443, false },
        { "another program", "/r", "/d", 80, 443, false },
        { "another port of challenges", "/r", "/c", 8080, 443, false },
        { "another port of TLS", "/r", "/c", 80, 8443, false },
    };
    const struct plugin plugin = { .name = "nginx" };
    AUTO(free) char *first = NULL;

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(free) char *key = NULL;

        xreplace(&settings->nginx_server_root, rows[i].root);
        xreplace(&settings->nginx_ctl, rows[i].ctl);
        settings->http_01_port = rows[i].http;
        settings->https_port = rows[i].https;
        key = nginx_share.key(&plugin, settings);
        if (first == NULL)
            first = xstrdup(key);
        CHECK((strcmp(first, key) == 0) == rows[i].same, "%s: %s", rows[i].name, key);
    }
}

TEST(no_server)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    struct plugin_context context = { .settings = settings };
    struct error err = { 0 };
    void *server = NULL;

    REQUIRE(file_mkdirs(at("n"), 0755, &err), "%s", err.why);
    write_script("", false);
    CHECK(!nginx_share.make(&context, &server, &err) && strstr(err.why, "n/nginx.conf") != NULL, "%s", err.why);
    CHECK(strstr(err.next, "--nginx-server-root") != NULL, "%s", err.next);
    xreplace(&settings->nginx_ctl, at("none"));
    error_clear(&err);
    CHECK(!nginx_share.make(&context, &server, &err) && strstr(err.why, "there is no program") != NULL, "%s", err.why);
    CHECK(strstr(err.next, "--nginx-ctl") != NULL && server == NULL, "%s", err.next);
}

TEST_MAIN()
