/* An Apache that reads its configuration after its control program has ended, played by a script. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test_files.h"
#include "web/resuming.h"

#define NEW_PID_FILE "cp pid pid.new; mv pid.new pid; "
#define ENDS "kill $(cat pid); echo '[x] [ssl:emerg] [pid 1:tid 1] AH02565: they do not match' >> log; "

static const struct {
    const char *name, *script;
    bool stopped;
    const char *why; /* NULL: it is well */
} cases[] = {
    { "reads in a moment", "(sleep 0.3; : > read; " NEW_PID_FILE ") &", false, NULL },
    { "reads at once", ": > read; " NEW_PID_FILE, false, NULL },
    { "is not signalled", "exit 1", false, "ended with status 1" },
    { "ends", "(sleep 0.2; : > read; " ENDS ") &", false,
        "Apache has ended as it read its configuration; Apache's error log says: AH02565: they do not match" },
    { "is started", "(sleep 0.2; : > read; " NEW_PID_FILE ") &", true, NULL },
};

static pid_t start_server(void)
{
    AUTO(free) char *pid = NULL;
    pid_t server = fork();

    REQUIRE(server >= 0);
    if (server == 0) {
        for (;;)
            (void)pause();
    }
    pid = xprintf("%d\n", (int)server);
    write_text(at("pid"), pid);
    return server;
}

static void end_server(pid_t server)
{
    if (server == 0)
        return;
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
}

static void check_case(size_t i)
{
    AUTO(free) char *script = xprintf("#!/bin/sh\ncd \"${0%%/*}\" || exit 9\n%s\n", cases[i].script);
    AUTO(free) char *program = xstrdup(at("ctl")), *pid_file = xstrdup(at("pid")), *log = xstrdup(at("log"));
    char *const argv[] = { program, NULL };
    struct web_server server = {
        .name = "Apache",
        .reload = argv,
        .start = argv,
        .may_end = true,
        .pid_file = pid_file,
        .error_log = log,
        .root = test_dir(),
    };
    AUTO(web_log_clear) struct web_log said = { 0 };
    struct error err = { 0 };
    pid_t pid = start_server();
    bool ok;

    write_text(log, "");
    write_text(program, script);
    REQUIRE(chmod(program, 0755) == 0);
    (void)unlink(at("read"));
    if (cases[i].stopped) {
        end_server(pid);
        pid = 0;
    }
    ok = web_reload(&server, &said, &err);
    CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
    if (!ok)
        CHECK(strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
    CHECK(file_exists(at("read")) == (strstr(cases[i].script, "read") != NULL), "%s: it has read", cases[i].name);
    end_server(pid);
}

TEST(it_has_read_when_the_reload_returns)
{
    struct error err = { 0 };

    REQUIRE(file_mkdirs(at("."), 0755, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(cases); i++)
        check_case(i);
}

TEST_MAIN()
