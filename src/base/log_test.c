#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>

#include "base/bytes.h"
#include "base/test.h"
#include "base/text.h"

/* The log of a process is one, so each scene plays in a child of its own; what it prints comes back in
 * text. */
static void play(void (*scene)(const char *dir), struct buf *text)
{
    AUTO(free) char *path = test_path("stderr");
    struct error err = { 0 };
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        AUTO(free) char *dir = xstrdup(test_dir());

        (void)dup2(fd, STDERR_FILENO);
        scene(dir);
        log_close();
        _exit(0);
    }
    REQUIRE(waitpid(pid, &status, 0) == pid);
    buf_clear(text);
    REQUIRE(file_read(path, text, &err), "%s", err.why);
    CHECK(status == 0, "status %d: %s", status, buf_text(text));
}

static void open_log(const char *dir, unsigned backups)
{
    struct error err = { 0 };

    if (!log_open(dir, backups, &err)) {
        fprintf(stderr, "%s", err.why);
        _exit(1);
    }
}

static char *read_log(const char *name)
{
    AUTO(free) char *path = test_path(name);
    AUTO(buf_clear) struct buf text = BUF(4 * 1024 * 1024);
    struct error err = { 0 };

    return file_read(path, &text, &err) ? buf_take(&text) : xstrdup("(missing)");
}

static void lines_scene(const char *dir)
{
    (void)umask(0);
    log_debug("early %d", 1);
    if (log_path() != NULL)
        _exit(2);
    open_log(dir, 0);
    log_terminal_level(LOG_LEVEL_INFO);
    log_debug("quiet");
    log_info("first\nsecond \033[1m");
    log_error("loud");
    if (!strstr(log_path(), "/letsencrypt.log"))
        _exit(3);
    log_close();
    log_debug("after the end");
    log_warning("only the terminal");
}

TEST(log_lines)
{
    AUTO(buf_clear) struct buf text = BUF(10000);
    AUTO(free) char *log = NULL;
    struct view rest, line;
    static const char *const want[] = { ":DEBUG:lines_scene:early 1", ":DEBUG:lines_scene:quiet",
        ":INFO:lines_scene:first", "second ?[1m", ":ERROR:lines_scene:loud", "" };
    AUTO(free) char *path = test_path("letsencrypt.log");
    struct stat st;

    play(lines_scene, &text);
    CHECK_TEXT(buf_text(&text), "first\nsecond ?[1m\nloud\nonly the terminal\n", "terminal");
    log = read_log("letsencrypt.log");
    rest = view_of(log);
    for (size_t i = 0; i < COUNT(want); i++) {
        bool stamped = want[i][0] == ':';

        REQUIRE(view_cut(&rest, '\n', &line), "line %zu is missing: %s", i, log);
        if (stamped) { /* "2026-11-22 02:21:54,123" */
            static const char form[] = "dddd-dd-dd dd:dd:dd,ddd";

            REQUIRE(line.len > strlen(form), "%s", log);
            for (size_t j = 0; j < strlen(form); j++)
                CHECK(form[j] == 'd' ? line.at[j] >= '0' && line.at[j] <= '9' : line.at[j] == form[j], "%s", log);
            line.at += strlen(form);
            line.len -= strlen(form);
        }
        CHECK(view_is(line, want[i]), "line %zu is %.*s", i, (int)line.len, line.at);
    }
    CHECK(!view_cut(&rest, '\n', &line), "more lines: %s", log);
    REQUIRE(stat(path, &st) == 0);
    CHECK_INT(st.st_mode & 07777, 0600, "mode");
}

static void fifo_scene(const char *dir)
{
    AUTO(free) char *path = file_join(dir, "letsencrypt.log");
    struct error err = { 0 };

    if (mkfifo(path, 0600) != 0 || log_open(dir, 0, &err) || err.sys != ENXIO || strstr(err.next, "FIFO") == NULL)
        _exit(4);
    if (!file_remove(path, &err)) /* as the advice says */
        _exit(5);
    open_log(dir, 0);
}

TEST(log_does_not_wait_for_the_reader_of_a_fifo)
{
    AUTO(buf_clear) struct buf text = BUF(10000);
    AUTO(free) char *path = test_path("letsencrypt.log");
    struct stat st;

    play(fifo_scene, &text);
    CHECK(stat(path, &st) == 0 && S_ISREG(st.st_mode), "a file");
}

static void rotate_scene(const char *dir)
{
    open_log(dir, 3);
    log_info("pid %ld", (long)getpid());
}

TEST(log_moves_older_files_along)
{
    AUTO(buf_clear) struct buf text = BUF(10000);
    static const char *const names[] = { "letsencrypt.log", "letsencrypt.log.1", "letsencrypt.log.2",
        "letsencrypt.log.3" };
    AUTO(free) char *fourth = test_path("letsencrypt.log.4");
    struct list seen = { 0 };

    play(rotate_scene, &text);
    for (size_t i = 0; i < 2; i++)
        list_add_view(&seen, view_of("")), free(seen.at[i]), seen.at[i] = read_log(names[i]);
    CHECK(strstr(seen.at[0], "pid ") != NULL, "%s", seen.at[0]);
    CHECK_TEXT(seen.at[1], "", "the first run leaves an empty .1");
    list_clear(&seen);
    for (int run = 0; run < 4; run++)
        play(rotate_scene, &text);
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *log = read_log(names[i]);

        CHECK(strstr(log, "pid ") != NULL, "%s: %s", names[i], log);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(log, seen.at[j]) != 0, "%s and %s are the same", names[i], names[j]);
        list_add(&seen, log);
    }
    CHECK(!file_exists(fourth), "one backup too many");
    list_clear(&seen);
}

#define CROWD 4
#define RUNS_EACH 30

/* One that begins and ends, and is rotated and rotates, among others that do the same. */
static bool one_of_a_crowd(const char *dir, int number)
{
    for (int run = 0; run < RUNS_EACH; run++) {
        pid_t pid = fork();
        int status = -1;

        if (pid == 0) {
            open_log(dir, 1000);
            log_debug("line of %d.%d;", number, run);
            log_close();
            _exit(0);
        }
        if (waitpid(pid, &status, 0) != pid || status != 0)
            return false;
    }
    return true;
}

TEST(log_of_several_processes_at_once)
{
    const char *dir = test_dir();
    pid_t pids[CROWD];
    int lines = 0;

    for (int i = 0; i < CROWD; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(one_of_a_crowd(dir, i) ? 0 : 1);
    }
    for (int i = 0; i < CROWD; i++) {
        int status = -1;

        REQUIRE(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
    }
    for (int i = 0; i <= CROWD * RUNS_EACH; i++) {
        AUTO(free) char *name = i == 0 ? xstrdup("letsencrypt.log") : xprintf("letsencrypt.log.%d", i);
        AUTO(free) char *log = read_log(name);

        CHECK(strcmp(log, "(missing)") != 0, "%s is missing", name);
        for (const char *at = log; (at = strstr(at, "line of ")) != NULL; at++)
            lines++;
    }
    CHECK_INT(lines, CROWD * RUNS_EACH, "lines: a log was moved onto another");
}

static void grow_scene(const char *dir)
{
    char much[10001];

    open_log(dir, 5);
    memset(much, 'x', sizeof much - 1);
    much[sizeof much - 1] = '\0';
    for (int i = 0; i < 110; i++)
        log_debug("%s", much);
    log_debug("last");
}

static void append_scene(const char *dir)
{
    open_log(dir, 0);
    log_debug("appended");
}

TEST(log_rotates_while_in_use)
{
    AUTO(buf_clear) struct buf text = BUF(10000);
    AUTO(free) char *current = NULL, *full = NULL, *appended = NULL, *third = test_path("letsencrypt.log.3");

    play(grow_scene, &text);
    current = read_log("letsencrypt.log");
    full = read_log("letsencrypt.log.1");
    CHECK(strlen(full) > 1000000 && strlen(full) <= 1024 * 1024, "%zu bytes", strlen(full));
    CHECK(strstr(current, "last\n") != NULL && strlen(current) < 100000, "%zu bytes", strlen(current));
    play(append_scene, &text);
    appended = read_log("letsencrypt.log");
    CHECK(strncmp(appended, current, strlen(current)) == 0 && strstr(appended, "appended") != NULL, "not appended");
    CHECK(!file_exists(third), "rotated although max_backups is 0");
}

static void early_scene(const char *dir)
{
    for (int i = 0; i < 1000; i++)
        log_debug("early %d.", i);
    open_log(dir, 0);
    log_debug("late");
}

TEST(log_early_messages_are_bounded)
{
    AUTO(buf_clear) struct buf text = BUF(10000);
    AUTO(free) char *log = NULL;

    play(early_scene, &text);
    log = read_log("letsencrypt.log");
    CHECK(strstr(log, "early 0.") != NULL && strstr(log, "early 299.") != NULL, "%s", log);
    CHECK(strstr(log, "early 300.") == NULL && strstr(log, "late") != NULL, "%s", log);
}

static void collect(void *ctx, enum log_level level, const char *message)
{
    buf_putf(ctx, "%d:%s;", (int)level, message);
}

static void *worker(void *ctx)
{
    log_thread_sink(collect, ctx);
    log_warning("of the worker");
    log_debug("not for the terminal");
    log_error("once more");
    return NULL;
}

TEST(log_sink_is_of_one_thread)
{
    AUTO(buf_clear) struct buf seen = BUF(1000);
    pthread_t thread;

    REQUIRE(pthread_create(&thread, NULL, worker, &seen) == 0 && pthread_join(thread, NULL) == 0);
    log_debug("of nobody");
    CHECK_TEXT(buf_text(&seen), "30:of the worker;40:once more;", "sink");
}

static void red_scene(const char *dir)
{
    char seen[200] = "";
    int terminal = posix_openpt(O_RDWR | O_NOCTTY), fd;

    (void)dir;
    (void)setenv("TERM", "xterm", 1); /* whatever we are run in */
    (void)unsetenv("NO_COLOR");
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
        _exit(2);
    fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    (void)dup2(fd, STDERR_FILENO);
    log_terminal_level(LOG_LEVEL_INFO);
    log_info("calm");
    log_warning("\033[32mgreen");
    for (size_t len = 0; strstr(seen, "green\033[0m\r\n") == NULL;) { /* the terminal makes CR LF of LF */
        ssize_t got = read(terminal, seen + len, sizeof seen - 1 - len);

        if (got <= 0)
            _exit(3);
        len += (size_t)got;
    }
    _exit(strcmp(seen, "calm\r\n\033[31m?[32mgreen\033[0m\r\n") == 0 ? 0 : 4);
}

TEST(log_is_red_on_a_terminal)
{
    AUTO(buf_clear) struct buf text = BUF(10000);

    play(red_scene, &text);
}

static void missing_scene(const char *dir)
{
    AUTO(free) char *missing = file_join(dir, "missing");
    struct error err = { 0 };

    if (log_open(missing, 10, &err) || err.kind != ERROR_STORE || strstr(err.why, "missing/letsencrypt.log") == NULL)
        _exit(2);
    open_log(dir, 0); /* what came before is still there */
}

TEST(log_open_fails)
{
    AUTO(buf_clear) struct buf text = BUF(10000);

    play(missing_scene, &text);
}

static void early_file_scene(const char *dir)
{
    struct error err = { 0 };

    (void)umask(0);
    (void)setenv("TMPDIR", dir, 1);
    log_debug("before \033[1m");
    log_open_early();
    if (log_path() == NULL || strncmp(log_path(), dir, strlen(dir)) != 0)
        _exit(2);
    fprintf(stderr, "%s\n", log_path());
    log_open_early(); /* once is enough */
    log_debug("and after");
    if (log_open(dir, 0, &err))
        _exit(3);
}

TEST(log_of_who_fails_early)
{
    AUTO(buf_clear) struct buf text = BUF(10000), log = BUF(10000);
    AUTO(free) char *dir = NULL;
    struct error err = { 0 };
    struct view rest, path;
    struct stat st;

    play(early_file_scene, &text);
    rest = buf_view(&text);
    REQUIRE(view_cut(&rest, '\n', &path), "%s", buf_text(&text));
    text.at[path.len] = '\0';
    dir = file_dirname(text.at);
    CHECK(text_starts(file_basename(dir), "certbot-log-") && text_ends(text.at, "/log"), "%s", text.at);
    REQUIRE(stat(dir, &st) == 0, "%s", dir);
    CHECK_INT(st.st_mode & 07777, 0700, "the directory");
    REQUIRE(stat(text.at, &st) == 0, "%s", text.at);
    CHECK_INT(st.st_mode & 07777, 0600, "the file");
    REQUIRE(file_read(text.at, &log, &err), "%s", err.why);
    CHECK(strstr(buf_text(&log), ":before ?[1m\n") != NULL && strstr(buf_text(&log), ":and after\n") != NULL, "%s",
        buf_text(&log));
}

static void no_early_file_scene(const char *dir)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    (void)setenv("TMPDIR", dir, 1);
    log_debug("early");
    open_log(dir, 0);
    log_open_early();
    if (!file_list_dir(dir, &names, &err))
        _exit(2);
    for (size_t i = 0; i < names.len; i++)
        if (text_starts(names.at[i], "certbot-log-"))
            _exit(3);
    if (!text_ends(log_path(), "/letsencrypt.log"))
        _exit(4);
    log_close();
    log_open_early();
    if (log_path() != NULL)
        _exit(5);
}

TEST(log_of_its_own_needs_no_early_file)
{
    AUTO(buf_clear) struct buf text = BUF(10000);

    play(no_early_file_scene, &text);
}

static void nowhere_scene(const char *dir)
{
    AUTO(free) char *missing = file_join(dir, "missing");

    (void)setenv("TMPDIR", missing, 1); /* what the user named does not work: another place does */
    log_open_early();
    if (log_path() == NULL || !text_starts(log_path(), "/tmp/certbot-log-"))
        _exit(2);
    fprintf(stderr, "%s", log_path());
}

TEST(log_of_who_fails_early_without_a_good_tmpdir)
{
    AUTO(buf_clear) struct buf text = BUF(10000);
    AUTO(free) char *dir = NULL;
    struct error err = { 0 };

    play(nowhere_scene, &text);
    dir = file_dirname(buf_text(&text));
    REQUIRE(text_starts(dir, "/tmp/certbot-log-"), "%s", dir);
    CHECK(file_remove_tree(dir, &err), "%s", err.why);
}

TEST(colours)
{
    static const struct {
        const char *name, *term, *never;
        bool want;
    } cases[] = {
        { "no type", NULL, NULL, false },
        { "empty type", "", NULL, false },
        { "dumb", "dumb", NULL, false },
        { "not wanted", "xterm", "1", false },
        { "empty is no wish", "xterm", "", true },
        { "usual", "linux", NULL, true },
    };
    int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), theirs;

    REQUIRE(ours >= 0 && grantpt(ours) == 0 && unlockpt(ours) == 0, "no pseudo terminal");
    theirs = open(ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)(cases[i].term != NULL ? setenv("TERM", cases[i].term, 1) : unsetenv("TERM"));
        (void)(cases[i].never != NULL ? setenv("NO_COLOR", cases[i].never, 1) : unsetenv("NO_COLOR"));
        CHECK_INT(log_has_colours(theirs), cases[i].want, cases[i].name);
    }
    (void)close(theirs);
    (void)close(ours);
    CHECK(!log_has_colours(ours), "no terminal");
}

TEST_MAIN()
