/* What a server's log says of a refused reload. */
#include <fcntl.h>
#include <unistd.h>

#include "base/test.h"
#include "web/server_log.h"

#define N "2026/11/30 15:08:07 "
#define A "[Mon Nov 30 15:08:07.123456 2026] "

static void append(const char *path, const char *text)
{
    AUTO(close) int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);

    REQUIRE(fd >= 0 && file_write_all(fd, view_of(text)));
}

TEST(lines)
{
    static const struct {
        const char *name, *news, *said;
        bool refused;
    } cases[] = {
        { "nothing", "", NULL, false },
        { "notices", N "[notice] 71#71: signal process started\n" N "[error] 71#71: *1 open() failed\n", NULL, false },
        { "nginx", N "[emerg] 71#71: cannot load certificate \"/x.pem\": BIO_new_file() failed\n",
            "cannot load certificate \"/x.pem\": BIO_new_file() failed", true },
        { "nginx, a connection", N "[crit] 71#71: *9 SSL_do_handshake() failed, client: 192.0.2.1\n", NULL, false },
        { "nginx tries again",
            N "[emerg] 71#71: bind() to 0.0.0.0:443 failed (98: Address already in use)\n" N
              "[notice] 71#71: try again to bind() after 500ms\n" N
              "[emerg] 71#71: bind() to 0.0.0.0:443 failed (98: Address already in use)\n",
            "bind() to 0.0.0.0:443 failed (98: Address already in use)", false },
        { "nginx gives up",
            N "[emerg] 71#71: bind() to 0.0.0.0:443 failed (98: Address already in use)\n" N
              "[emerg] 71#71: still could not bind()\n",
            "bind() to 0.0.0.0:443 failed (98: Address already in use); still could not bind()", true },
        { "Apache", A "[ssl:emerg] [pid 71:tid 71] AH02561: Failed to configure certificate a:443:0, check /x.pem\n",
            "AH02561: Failed to configure certificate a:443:0, check /x.pem", true },
        { "Apache, in use",
            A
            "[core:crit] [pid 71] (98)Address already in use: AH00072: make_sock: could not bind to address [::]:443\n",
            "(98)Address already in use: AH00072: make_sock: could not bind to address [::]:443", true },
        { "Apache, a request", A "[core:alert] [pid 71] [client 192.0.2.1:999] /w/.htaccess: Invalid command 'X'\n",
            NULL, false },
        { "Apache, errors", A "[core:error] [pid 71] AH00095: failed to remove PID file\n", NULL, false },
        { "control characters", N "[emerg] 71#71: \033[31m in /x\n", "?[31m in /x", true },
        { "no end", N "[emerg] 71#71: a", "a", true },
        { "no form", "[emerg]\n[:emerg]\n[\n[core:emerg] [pid\n[core:emerg]\n\n", NULL, false },
        { "many",
            N "[emerg] 1#1: a\n" N "[emerg] 1#1: b\n" N "[emerg] 1#1: c\n" N "[emerg] 1#1: d\n" N "[emerg] 1#1: e\n",
            "a; b; c; d", true },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *path = test_path("error.log"), *said = NULL;
        AUTO(web_log_clear) struct web_log log = { 0 };
        struct error err = { 0 };

        REQUIRE(file_remove(path, &err), "%s", err.why);
        append(path, N "[emerg] 71#71: an old story\n");
        web_log_mark(&log, path);
        append(path, cases[i].news);
        said = web_log_refusal(&log);
        CHECK_TEXT(said, cases[i].said, cases[i].name);
        CHECK(web_log_has_refused(&log) == cases[i].refused, "%s", cases[i].name);
    }
}

TEST(files)
{
    AUTO(free) char *path = test_path("error.log"), *moved = test_path("error.log.1"), *said = NULL;
    AUTO(web_log_clear) struct web_log none = { 0 }, missing = { 0 }, rotated = { 0 }, shrunk = { 0 };
    struct error err = { 0 };

    web_log_mark(&none, NULL);
    CHECK(web_log_refusal(&none) == NULL);
    web_log_mark(&missing, path);
    CHECK(web_log_refusal(&missing) == NULL);
    append(path, N "[emerg] 71#71: it is new\n");
    said = web_log_refusal(&missing);
    CHECK_TEXT(said, "it is new", "a log that was not there");
    free(TAKE(said));

    web_log_mark(&rotated, path);
    REQUIRE(rename(path, moved) == 0);
    append(path, N "[emerg] 71#71: after that\n");
    said = web_log_refusal(&rotated);
    CHECK_TEXT(said, "after that", "rotated");
    free(TAKE(said));

    append(path, N "a line more\n");
    web_log_mark(&shrunk, path);
    REQUIRE(truncate(path, 0) == 0);
    append(path, N "[emerg] 71#71: anew\n");
    CHECK(!web_log_tell(&shrunk, "nginx", &err));
    CHECK_TEXT(err.why, "nginx's error log says: anew", "shrunk");
    CHECK(!web_log_tell(&shrunk, "nginx", &err));
    CHECK_TEXT(err.why, "nginx's error log says: anew; nginx's error log says: anew", "behind what is there");
}

TEST(only_the_end_of_a_long_one)
{
    AUTO(free) char *path = test_path("error.log"), *said = NULL;
    AUTO(web_log_clear) struct web_log log = { 0 };
    AUTO(free) char *filler = xcalloc(200 * 1024 + 1, 1);

    memset(filler, 'x', 200 * 1024);
    append(path, "");
    web_log_mark(&log, path);
    append(path, N "[emerg] 71#71: too far up\n");
    append(path, filler);
    append(path, "\n" N "[emerg] 71#71: last\n");
    said = web_log_refusal(&log);
    CHECK_TEXT(said, "last", "long");
}

TEST(any_words)
{
    AUTO(free) char *path = test_path("error.log");
    AUTO(web_log_clear) struct web_log log = { 0 }, none = { 0 };

    append(path, A "[mpm_event:notice] AH00489: resuming normal operations\n");
    web_log_mark(&log, path);
    CHECK(!web_log_says(&log, "resuming"), "an old story");
    append(path, A "[mpm_event:notice] AH00489: resuming normal operations\n");
    CHECK(web_log_says(&log, "resuming normal"), "news");
    CHECK(!web_log_says(&log, "caught SIGTERM"), "other words");
    web_log_mark(&none, NULL);
    CHECK(!web_log_says(&none, "resuming"), "no log");
}

TEST_MAIN()
