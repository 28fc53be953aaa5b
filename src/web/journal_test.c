#include "base/test_files.h"

#include "voice/voice.h"
#include "web/journal.h"

/* What a killed run of one server has left is found by a run of another one: nginx and Apache have one work directory.
 */

static int reloads;

static bool play_test(const struct web_server *of, struct error *err)
{
    (void)of;
    (void)err;
    return true;
}

static bool play_reload(const struct web_server *of, struct web_log *log, struct error *err)
{
    (void)of;
    (void)err;
    if (log != NULL)
        web_log_mark(log, NULL);
    reloads++;
    return true;
}

static const struct web_calls played = { play_test, play_reload, NULL };

static void make_files(void)
{
    struct error err = { 0 };

    REQUIRE(file_mkdirs(at("work"), 0755, &err), "%s", err.why);
    write_text(at("main.conf"), "main\n");
}

/* A change of conf/main.conf that is to be undone. */
static void put_challenge(const struct web_service *service)
{
    AUTO(changes_free) struct changes *changes = changes_new();
    struct web_commit commit = { .service = service, .changes = changes };
    struct error err = { 0 };
    struct view text;

    REQUIRE(changes_read(changes, at("main.conf"), &text, &err), "%s", err.why);
    changes_set(changes, at("main.conf"), view_of("challenge\n"));
    REQUIRE(web_temporary(&commit, &err), "%s", err.why);
}

static void check_restored(const char *name)
{
    AUTO(free) char *text = read_text(at("main.conf"));

    CHECK_TEXT(text, "main\n", name);
    CHECK(!file_exists(at("work/temp_checkpoint")), "%s", name);
}

TEST(a_challenge_of_another_server)
{
    struct error err = { 0 };

    make_files();
    AUTO(free) char *mark = xstrdup(at("reloaded")), *work_dir = xstrdup(at("work"));
    AUTO(free) char *link = xstrdup(at("touch"));
    static char touch[] = "/usr/bin/touch", none[] = "/bin/false";
    char *const touches[] = { touch, mark, NULL }, *const fails[] = { none, NULL };
    struct web_server apache = { .name = "Apache", .reload = touches }, nginx = { .name = "nginx", .reload = fails };
    struct web_service left = { .server = &apache, .voice = &voice_own, .work_dir = work_dir, .calls = &played };
    struct web_service next = { .server = &nginx, .voice = &voice_own, .work_dir = work_dir, .calls = &played };

    put_challenge(&left);
    CHECK_INT(reloads, 1, "in place");
    CHECK(web_recover(&next, &err), "%s", err.why);
    CHECK(file_exists(mark), "told by its own command");
    CHECK_INT(reloads, 1, "the other one need not know");
    check_restored("by another server's run");
    REQUIRE(unlink(mark) == 0);
    put_challenge(&left);
    CHECK(web_recover(&left, &err) && !file_exists(mark), "%s", err.why);
    CHECK_INT(reloads, 3, "told as ever");
    check_restored("by its own");
    char *const by_link[] = { link, mark, NULL };

    REQUIRE(symlink(touch, link) == 0);
    apache.reload = by_link;
    put_challenge(&left);
    apache.reload = touches;
    CHECK(web_recover(&left, &err) && !file_exists(mark), "%s", err.why);
    CHECK_INT(reloads, 5, "the same program by another path");
    check_restored("by another path");
    put_challenge(&left);
    CHECK(web_temporary_end(&left, &err) && !web_has_to_tell(&next), "the other's: %s", err.why);
    CHECK(web_recover(&next, &err) && file_exists(mark), "told of the end by its own command, too: %s", err.why);
    CHECK_INT(reloads, 6, "the other one need not know of that either");
    check_restored("what had ended");
}

/* ---- who is told of what was taken back ---- */

static void write_pid(const char *path, bool runs)
{
    AUTO(free) char *text = xprintf("%d\n", (int)getpid());

    (void)unlink(path);
    if (runs)
        write_text(path, text);
}

/* Which process it is, the journal knows: the run that takes it back may not. */
TEST(who_is_told)
{
    static char touch[] = "/usr/bin/touch";
    static const struct {
        const char *name;
        bool may_end, ran, runs;      /* the server whose journal it is: when that was written, and now */
        bool unsigned_, knows, other; /* by Certbot; the run knows the pid file; it is of another server */
        bool told;
    } rows[] = {
        { "it runs", false, true, true, false, true, false, true },
        { "it was stopped since", false, true, false, false, true, false, false },
        { "it may have ended of it", true, true, false, false, true, false, true },
        { "it was stopped before", true, false, false, false, true, false, false },
        { "it was stopped before, and runs now", true, false, true, false, true, false, true },
        { "the journal alone knows its process", true, false, false, false, false, false, false },
        { "the journal alone knows that it runs", false, true, true, false, false, false, true },
        { "of Certbot's, and it runs", true, true, true, true, true, false, true },
        { "of Certbot's, and it is stopped", true, true, false, true, true, false, false },
        { "another server, that runs", false, true, true, false, true, true, true },
        { "another server, that was stopped", false, true, false, false, true, true, false },
        { "another server, that may have ended", true, true, false, false, true, true, true },
        { "another server, stopped before", true, false, false, false, true, true, false },
    };
    AUTO(free) char *mark = xstrdup(at("told")), *work_dir = xstrdup(at("work")), *pid_file = xstrdup(at("server.pid"));
    AUTO(free) char *reload_file = xstrdup(at("work/temp_checkpoint/RELOAD"));
    char *const command[] = { touch, mark, NULL }, *const others[] = { touch, NULL };

    make_files();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct web_server server = {
            .name = "Apache", .reload = command, .pid_file = pid_file, .may_end = rows[i].may_end
        };
        struct web_server next = { .name = "nginx", .reload = others };
        struct web_service left = { .server = &server, .voice = &voice_own, .work_dir = work_dir, .calls = &played };
        struct web_service by = left;
        struct error err = { 0 };

        (void)unlink(mark);
        write_pid(pid_file, rows[i].ran);
        put_challenge(&left);
        if (rows[i].unsigned_)
            REQUIRE(unlink(reload_file) == 0);
        write_pid(pid_file, rows[i].runs);
        reloads = 0;
        if (!rows[i].knows)
            server.pid_file = NULL;
        if (rows[i].other)
            by.server = &next;
        CHECK(web_recover(&by, &err), "%s: %s", rows[i].name, err.why);
        check_restored(rows[i].name);
        CHECK_INT(reloads, rows[i].told && !rows[i].other, rows[i].name);
        CHECK(file_exists(mark) == (rows[i].told && rows[i].other), "%s", rows[i].name);
    }
}

/* A challenge that has ended was taken back by its own run. */
TEST(a_server_that_was_stopped_is_not_told_of_the_end)
{
    AUTO(free) char *work_dir = xstrdup(at("work")), *pid_file = xstrdup(at("server.pid"));
    static char touch[] = "/usr/bin/touch";
    char *const command[] = { touch, NULL };
    struct web_server server = { .name = "Apache", .reload = command, .pid_file = pid_file, .may_end = true };
    struct web_service service = { .server = &server, .voice = &voice_own, .work_dir = work_dir, .calls = &played };
    struct error err = { 0 };

    make_files();
    write_pid(pid_file, true);
    put_challenge(&service);
    REQUIRE(web_temporary_end(&service, &err) && web_has_to_tell(&service), "%s", err.why);
    write_pid(pid_file, false);
    reloads = 0;
    CHECK(web_tell(&service, &err) && !web_has_to_tell(&service), "%s", err.why);
    CHECK_INT(reloads, 0, "not started");
}

/* ---- a pair that another process is exchanging ---- */

static int tests;
static const char *refusal; /* of the first test or reload; NULL: none */

static bool refuse_once(struct error *err)
{
    return tests++ > 0 || refusal == NULL || error_set(err, ERROR_PLUGIN, "%s", refusal);
}

static bool meet_in_test(const struct web_server *of, struct error *err)
{
    (void)of;
    return refuse_once(err);
}

static bool meet_in_reload(const struct web_server *of, struct web_log *log, struct error *err)
{
    (void)of;
    if (log != NULL)
        web_log_mark(log, NULL);
    return refuse_once(err);
}

TEST(half_a_pair)
{
    static const struct {
        const char *refusal;
        int calls;
    } cases[] = {
        { NULL, 1 },
        { "unknown directive", 1 },
        { "SSL_CTX_use_PrivateKey(\"/l/privkey.pem\") failed (SSL: error:05800074:x509 certificate routines::key "
          "values "
          "mismatch)",
            2 },
        { "AH02565: Certificate and private key a.test:443:0 from /l/fullchain.pem and /l/privkey.pem do not match",
            2 },
    };
    static const struct web_calls meeting = { meet_in_test, meet_in_reload, NULL };
    struct web_server server = { .name = "nginx" };
    struct web_service service = { .server = &server, .voice = &voice_own, .work_dir = "/none", .calls = &meeting };

    for (size_t i = 0; i < COUNT(cases); i++)
        for (int reload = 0; reload < 2; reload++) {
            struct error err = { 0 };
            bool ok;

            tests = 0;
            refusal = cases[i].refusal;
            ok = reload ? journal_reload(&service, NULL, &err) : journal_test(&service, &err);
            CHECK(ok == (cases[i].calls == 2 || refusal == NULL), "%s: %s", refusal, err.why);
            CHECK_INT(tests, cases[i].calls, refusal);
        }
}

TEST_MAIN()
