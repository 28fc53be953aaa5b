/* The server's programs: their test, reload and start, played by scripts. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/test.h"
#include "web/control.h"

static void put(const char *name, const char *text, mode_t mode)
{
    AUTO(free) char *path = test_path(name), *dir = file_dirname(path);
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0755, &err), "%s", err.why);
    REQUIRE(file_replace(path, view_of(text), (struct file_access){ .mode = mode }, &err), "%s", err.why);
}

static char *get(const char *name)
{
    AUTO(free) char *path = test_path(name);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    if (!file_exists(path))
        return xstrdup("");
    REQUIRE(file_read(path, &text, &err), "%s", err.why);
    return buf_take(&text);
}

/* What was run, in one line: each script writes its words to the file "ran". */
static char *ran(void)
{
    char *text = get("ran");

    for (char *at = text; *at != '\0'; at++)
        if (*at == '\n')
            *at = at[1] == '\0' ? '\0' : '|';
    return text;
}

#define SCRIPT "#!/bin/sh\ncd \"${0%/*}\"/.. || exit 9\necho \"${0##*/}${*:+ $*}\" >> ran\n"

/* A server with its files in the test's directory: bin/ctl is its program, whose words are test, reload, too, start. */
struct played {
    struct web_server server;
    char *ctl, *pid_file, *error_log, *start_log;
    char *argv[4][3];
};

static struct played *play(const char *script)
{
    static const char *const words[] = { "test", "reload", "too", "start" };
    struct played *played = xcalloc(1, sizeof *played);

    AUTO(free) char *text = xprintf("%s%s\n", SCRIPT, script);
    put("bin/ctl", text, 0755);
    played->ctl = test_path("bin/ctl");
    played->pid_file = test_path("pid");
    played->error_log = test_path("error.log");
    played->start_log = test_path("start.log");
    for (size_t i = 0; i < COUNT(words); i++) {
        played->argv[i][0] = played->ctl;
        played->argv[i][1] = (char *)words[i];
    }
    played->server = (struct web_server){ .name = "nginx",
        .test = played->argv[0],
        .reload = played->argv[1],
        .start = played->argv[3],
        .pid_file = played->pid_file,
        .error_log = played->error_log,
        .root = test_dir(),
        .start_log = played->start_log };
    return played;
}

static void play_end(struct played *played)
{
    free(played->ctl);
    free(played->pid_file);
    free(played->error_log);
    free(played->start_log);
    free(played);
}
DEFINE_AUTO(struct played, play_end)

TEST(programs)
{
    AUTO(free) char *found = NULL, *ctl = test_path("bin/ctl"), *plain = test_path("bin/plain"), *open_to_all = NULL;
    struct error err = { 0 };

    put("bin/ctl", "#!/bin/sh\n", 0755);
    put("bin/plain", "#!/bin/sh\n", 0644);
    put("bin/open", "#!/bin/sh\n", 0777);
    REQUIRE(web_program_find(ctl, true, &found, &err), "%s", err.why);
    CHECK_TEXT(found, ctl, "a path");
    CHECK(!web_program_find("evercert-has-no-such-program", true, &found, &err) && err.kind == ERROR_PLUGIN &&
              err.sys == ENOENT,
        "%s", err.why);
    CHECK(!web_program_find(plain, true, &found, &err) && err.sys == ENOENT, "%s", err.why);
    free(TAKE(found));
    REQUIRE(web_program_find("sh", true, &found, &err), "%s", err.why);
    CHECK(found[0] == '/', "%s", found);
    open_to_all = test_path("bin/open");
    if (geteuid() == 0) {
        free(TAKE(found));
        CHECK(!web_program_find(open_to_all, true, &found, &err) && err.kind == ERROR_CONFIG, "%s", err.why);
        CHECK(web_program_find(open_to_all, false, &found, &err), "%s", err.why);
    }
}

TEST(configuration_test)
{
    static const struct {
        const char *name, *script, *in[2]; /* in: what the error says first, and somewhere; NULL: it passes */
    } cases[] = {
        { "passes", "echo noise; echo more >&2", { NULL } },
        { "nginx", "echo 'nginx: [emerg] unknown directive \"x\" in /etc/n.conf:3' >&2; exit 1",
            { "/etc/n.conf:3: unknown directive \"x\"\n", "ctl test ended with status 1: nginx: [emerg] unknown" } },
        { "no line", "echo oh no; exit 3", { "", "ctl test ended with status 3: oh no" } },
        { "silent", "kill -9 $$", { "", "ctl test ended with status 137, and said nothing" } },
        { "foreign bytes", "printf 'a\\033[1mb\\n' >&2; exit 1", { "", "a?[1mb" } },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(play_end) struct played *played = play(cases[i].script);
        struct error err = { 0 };
        bool ok = web_test(&played->server, &err);

        CHECK(ok == (cases[i].in[0] == NULL), "%s: %s", cases[i].name, err.why);
        if (cases[i].in[0] == NULL)
            continue;
        CHECK(err.kind == ERROR_PLUGIN && strncmp(err.why, cases[i].in[0], strlen(cases[i].in[0])) == 0 &&
                  strstr(err.why, cases[i].in[1]) != NULL,
            "%s: %s", cases[i].name, err.why);
        CHECK_TEXT(err.what, "nginx refuses its configuration", cases[i].name);
    }
}

TEST(reloads)
{
    static const struct {
        const char *name, *script; /* $1 is the word */
        bool running, has_pid_file, has_too;
        const char *ran, *why; /* why NULL: it succeeds */
    } cases[] = {
        { "runs", "", true, true, false, "ctl reload", NULL },
        { "runs, no pid file known", "", false, false, false, "ctl reload", NULL },
        { "refuses", "echo bad >&2; [ $1 = start ]", true, true, false, "ctl reload",
            "ctl reload ended with status 1: bad" },
        { "refuses, but restarts", "[ $1 != reload ]", true, true, true, "ctl reload|ctl too", NULL },
        { "refuses both", "echo bad $1; exit 1", true, true, true, "ctl reload|ctl too",
            "ctl reload ended with status 1: bad reload" },
        { "stopped", "", false, true, true, "ctl start", NULL },
        { "stopped, no pid file known", "[ $1 = start ]", false, false, false, "ctl reload|ctl start", NULL },
        { "cannot be started", "echo $1 failed; exit 2", false, true, false, "ctl start",
            "ctl start ended with status 2: start failed" },
        { "ends while it is told", "rm pid; [ $1 = start ]", true, true, false, "ctl reload|ctl start", NULL },
        { "its log says why", "echo '2026/11/30 15:08:07 [emerg] 7#7: it is so' >> error.log; exit 1", true, true,
            false, "ctl reload", "ctl reload ended with status 1, and said nothing; nginx's error log says: it is so" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(play_end) struct played *played = NULL;
        AUTO(free) char *commands = NULL, *pid = NULL;
        struct error err = { 0 };
        bool ok;

        test_drop_dir();
        played = play(cases[i].script);
        pid = xprintf("%d\n", (int)getpid());
        if (cases[i].running)
            put("pid", pid, 0644);
        if (!cases[i].has_pid_file)
            played->server.pid_file = NULL;
        if (cases[i].has_too)
            played->server.reload_too = played->argv[2];
        ok = web_reload(&played->server, NULL, &err);
        commands = ran();
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK_TEXT(commands, cases[i].ran, cases[i].name);
        if (cases[i].why != NULL)
            CHECK(err.kind == ERROR_PLUGIN && strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
    }
}

TEST(is_running)
{
    static const struct {
        const char *pid;
        bool running;
    } cases[] = { { NULL, false }, { "", false }, { "x\n", false }, { "0", false }, { "-1", false },
        { "2147483646\n", false }, { "1\n", true } };
    AUTO(play_end) struct played *played = play("");
    pid_t child;

    for (size_t i = 0; i < COUNT(cases); i++) {
        if (cases[i].pid != NULL)
            put("pid", cases[i].pid, 0644);
        CHECK(web_is_running(&played->server) == cases[i].running, "%s", cases[i].pid);
    }
    child = fork();
    REQUIRE(child >= 0);
    if (child == 0)
        _exit(0);
    AUTO(free) char *pid = xprintf("%d", (int)child);
    put("pid", pid, 0644);
    for (int i = 0; i < 500 && web_is_running(&played->server); i++)
        usleep(10000);
    CHECK(!web_is_running(&played->server), "a zombie");
    played->server.pid_file = NULL;
    CHECK(web_is_running(&played->server), "not known");
}

static void end_of_pid_file(void)
{
    AUTO(free) char *pid = get("pid");
    int number = atoi(pid);

    REQUIRE(number > 1, "%s", pid);
    CHECK(kill(number, SIGKILL) == 0);
}

TEST(a_server_in_the_foreground)
{
    AUTO(play_end)
    struct played *played =
        play("[ $1 = start ] || exit 0; echo started; echo $$ > pid.new; mv pid.new pid; exec sleep 1000");
    AUTO(free) char *said = NULL, *pid = NULL;
    struct error err = { 0 };

    REQUIRE(web_reload(&played->server, NULL, &err), "%s", err.why);
    CHECK(web_is_running(&played->server));
    said = get("start.log");
    CHECK_TEXT(said, "started\n", "its output");
    pid = get("pid");
    CHECK(getsid(atoi(pid)) == atoi(pid), "it has a session of its own");
    end_of_pid_file();
}

/* It ends of a reload; where nobody else looks, it is started. */
TEST(a_server_that_ends_of_a_reload)
{
    static const struct {
        const char *name, *script;
        bool looked_at, ends, ok;
        const char *ran;
    } cases[] = {
        { "goes on", "cp pid pid.new; mv pid.new pid", false, true, true, "ctl reload" },
        { "nobody looks", "[ $1 = start ] && { echo $$ > pid; exec echo started; }; kill -9 $(cat pid); rm pid", false,
            true, true, "ctl reload|ctl start" },
        { "does not start", "[ $1 = start ] && exit 1; kill -9 $(cat pid); rm pid", false, true, false,
            "ctl reload|ctl start" },
        { "looked at", "kill -9 $(cat pid); rm pid", true, true, false, "ctl reload" },
        { "never ends of it", "kill -9 $(cat pid); rm pid", false, false, true, "ctl reload" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(play_end) struct played *played = play(cases[i].script);
        AUTO(web_log_clear) struct web_log log = { 0 };
        AUTO(free) char *commands = NULL, *pid = NULL;
        struct error err = { 0 };
        pid_t child = fork();

        if (child == 0)
            for (;;)
                pause();
        pid = xprintf("%d", (int)child);
        put("ran", "", 0644);
        put("pid", pid, 0644);
        played->server.may_end = cases[i].ends;
        CHECK(web_reload(&played->server, cases[i].looked_at ? &log : NULL, &err) == cases[i].ok, "%s: %s",
            cases[i].name, err.why);
        commands = ran();
        CHECK_TEXT(commands, cases[i].ran, cases[i].name);
        CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    }
}

TEST(a_daemon_that_keeps_its_output_open)
{
    AUTO(play_end) struct played *played = play("[ $1 = start ] || exit 0; sleep 1000 & echo $! > pid");
    struct error err = { 0 };

    played->server.start_log = NULL;
    REQUIRE(web_reload(&played->server, NULL, &err), "%s", err.why);
    CHECK(web_is_running(&played->server));
    end_of_pid_file();
}

TEST(an_address_that_is_still_in_use)
{
    AUTO(play_end)
    struct played *played =
        play("[ -e second ] || { : > second; echo '(98)Address already in use: AH00072'; exit 1; }");
    AUTO(free) char *commands = NULL;
    struct error err = { 0 };

    REQUIRE(web_reload(&played->server, NULL, &err), "%s", err.why);
    commands = ran();
    CHECK_TEXT(commands, "ctl start|ctl start", "again");
}

TEST(an_address_that_another_program_has)
{
    AUTO(play_end)
    struct played *played = play("for i in 1 2 3 4 5; do echo 'bind() to 0.0.0.0:80 failed (98: Address already in "
                                 "use)'; done; echo 'still could not bind()'; exit 1");
    struct error err = { 0 };

    CHECK(!web_reload(&played->server, NULL, &err), "it has it");
    CHECK(
        strstr(err.why, "1:\nbind() to 0.0.0.0:80 failed (98: Address already in use)\nstill could not bind()") != NULL,
        "%s", err.why);
    CHECK(strstr(err.next, "ss -ltnp") != NULL, "%s", err.next);
}

TEST(by_what_starts_services)
{
    static const struct {
        const char *name, *systemctl; /* script */
        const char *files[3];         /* that are there, "!" before those that can be run */
        bool reload_fails, running;
        const char *ran;
    } cases[] = {
        { "nothing", "", { NULL }, false, false, "ctl start" },
        { "systemd, stopped", "echo LoadState=loaded; echo ActiveState=inactive", { "run/systemd/system/x" }, false,
            false,
            "systemctl show --property=LoadState,ActiveState nginx.service|systemctl --no-ask-password start "
            "nginx.service" },
        { "systemd, failed before", "echo ActiveState=failed; echo LoadState=loaded", { "run/systemd/system/x" }, false,
            false,
            "systemctl show --property=LoadState,ActiveState nginx.service|systemctl --no-ask-password start "
            "nginx.service" },
        { "systemd, no such unit", "echo LoadState=not-found; echo ActiveState=inactive", { "run/systemd/system/x" },
            false, false, "systemctl show --property=LoadState,ActiveState nginx.service|ctl start" },
        { "systemd does not answer", "exit 1", { "run/systemd/system/x" }, false, false,
            "systemctl show --property=LoadState,ActiveState nginx.service|ctl start" },
        { "systemd, another pid file", "echo LoadState=loaded; echo ActiveState=active", { "run/systemd/system/x" },
            false, false,
            "systemctl show --property=LoadState,ActiveState nginx.service|systemctl --no-ask-password reload "
            "nginx.service" },
        { "systemd, running", "", { "run/systemd/system/x" }, false, true, "ctl reload" },
        { "systemd, the reload fails", "echo LoadState=loaded; echo ActiveState=active", { "run/systemd/system/x" },
            true, true,
            "ctl reload|systemctl show --property=LoadState,ActiveState nginx.service|systemctl --no-ask-password "
            "reload "
            "nginx.service" },
        { "OpenRC", "", { "!etc/init.d/nginx", "run/openrc/softlevel" }, false, false, "rc-service nginx start" },
        { "a script in a container", "", { "!etc/init.d/nginx" }, false, false, "ctl start" },
        { "a script with init", "", { "!etc/init.d/nginx", "proc/1/comm" }, false, false, "nginx start" },
        { "a script that cannot be run", "", { "etc/init.d/nginx", "proc/1/comm" }, false, false, "ctl start" },
    };
    AUTO(free) char *before = xstrdup_or_null(getenv("PATH"));

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(play_end) struct played *played = NULL;
        AUTO(free) char *path = NULL, *systemctl = NULL, *commands = NULL, *pid = xprintf("%d", (int)getpid());
        struct error err = { 0 };

        test_drop_dir();
        played = play(cases[i].reload_fails ? "[ $1 != reload ]" : "");
        played->server.unit = "nginx.service";
        played->server.service = "nginx";
        systemctl = xprintf("%s%s\n", SCRIPT, cases[i].systemctl);
        put("bin/systemctl", systemctl, 0755);
        put("bin/rc-service", SCRIPT, 0755);
        for (size_t j = 0; j < COUNT(cases[i].files) && cases[i].files[j] != NULL; j++)
            if (cases[i].files[j][0] == '!')
                put(cases[i].files[j] + 1, "#!/bin/sh\ncd \"${0%/*}\"/../.. && echo \"${0##*/} $*\" >> ran\n", 0755);
            else
                put(cases[i].files[j], "init\n", 0644);
        if (cases[i].running)
            put("pid", pid, 0644);
        path = xprintf("%s/bin:/usr/bin:/bin", test_dir());
        REQUIRE(setenv("PATH", path, 1) == 0);
        CHECK(web_reload(&played->server, NULL, &err), "%s: %s", cases[i].name, err.why);
        commands = ran();
        CHECK_TEXT(commands, cases[i].ran, cases[i].name);
    }
    if (before != NULL)
        REQUIRE(setenv("PATH", before, 1) == 0);
}

TEST(environment)
{
    AUTO(play_end)
    struct played *played = play("echo \"$LC_ALL,$NOTIFY_SOCKET,$APACHE_CONFDIR,$SITE\"; echo \"$PATH\" >&2");
    AUTO(child_result_clear) struct child_result result = { 0 };
    AUTO(list_clear) struct list env = { 0 };
    struct error err = { 0 };

    list_add(&env, "APACHE_CONFDIR=/scratch");
    played->server.env = &env;
    REQUIRE(setenv("NOTIFY_SOCKET", "/run/x", 1) == 0 && setenv("SITE", "mine", 1) == 0 &&
            setenv("APACHE_CONFDIR", "/etc/apache2", 1) == 0 && setenv("LC_ALL", "de_DE.UTF-8", 1) == 0);
    REQUIRE(web_run(&played->server, played->server.test, WEB_RUN_MS, &result, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&result.out), "C,,/scratch,mine\n", "variables");
    CHECK(strstr(buf_text(&result.err), "/usr/sbin") != NULL, "%s", buf_text(&result.err));
}

TEST_MAIN()
