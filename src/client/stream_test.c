/* Answers that are read in pieces, from servers that are slow, endless, broken, and gone in the middle. */
#include <signal.h>
#include <sys/wait.h>

#include "base/interrupt.h"
#include "client/test_server.h"

#define HANG_MS 60000

static struct net *net;

static void begin(void)
{
    net = netd_start((struct net_options){ .user_agent = "t", .silence_timeout_ms = HANG_MS });
    server_start();
}

static void end(void)
{
    net_stop(net);
    net = NULL;
    server_stop();
}

static struct net_stream *open_path(const char *path, struct http_response *head, struct error *err)
{
    AUTO(free) char *url = server_url(path);
    struct net_stream *stream = NULL;

    return net_stream_open(net, &(struct http_request){ .url = url }, head, &stream, err) ? stream : NULL;
}

/* "PIECE one|PIECE two|END" and so on, of at most count steps. */
static char *hear_lines(struct net_stream *stream, int count, int timeout_ms, size_t max)
{
    AUTO(buf_clear) struct buf heard = BUF(4096);

    for (int i = 0; i < count; i++) {
        AUTO(buf_clear) struct buf line = BUF(max);
        enum stream_step step;
        struct error err = { 0 };

        if (!net_stream_line(stream, timeout_ms, &line, &step, &err)) {
            buf_putf(&heard, "FAILED %s|", err.why);
            break;
        }
        buf_putf(&heard, "%s%s|",
            step == STREAM_PIECE ? "PIECE "
            : step == STREAM_END ? "END"
                                 : "SILENT",
            buf_text(&line));
    }
    return buf_take(&heard);
}

static const struct {
    const char *name, *path;
    int status, count, timeout_ms;
    size_t max;
    const char *heard; /* begins with it */
} cases[] = {
    { "lines", "/lines", 200, 6, HANG_MS, 100, "PIECE one|PIECE two|PIECE |PIECE |PIECE last :)|END|" },
    { "the end again and again", "/ok", 200, 3, HANG_MS, 100, "PIECE hello|END|END|" },
    { "nothing at all", "/none-such", 404, 2, HANG_MS, 100, "PIECE no such path|END|" },
    { "silent in the middle", "/event", 200, 3, 50, 100, "PIECE first|SILENT|SILENT|" },
    { "too long a line", "/lines", 200, 9, HANG_MS, 6,
        "PIECE one|PIECE two|PIECE |PIECE |FAILED a line of the answer is longer" },
    { "an endless line", "/big", 200, 1, HANG_MS, 1000, "FAILED a line of the answer is longer than 1000 bytes|" },
    { "broken in the middle", "/partial", 200, 2, HANG_MS, 100, "FAILED 127.0.0.1:" },
    { "no redirect", "/redirect", 302, 2, HANG_MS, 100, "PIECE moved|END|" },
    { "as it comes", "/not-gzip", 200, 2, HANG_MS, 100, "PIECE hello|END|" },
    { "an interim answer first", "/interim", 200, 2, HANG_MS, 100, "PIECE done|END|" },
};

TEST(stream_lines)
{
    begin();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(http_response_clear) struct http_response head = { 0 };
        struct error err = { 0 };
        AUTO(net_stream_close) struct net_stream *stream = open_path(cases[i].path, &head, &err);
        AUTO(free) char *heard = NULL;

        CHECK(stream != NULL, "%s: %s", cases[i].name, err.why);
        if (stream == NULL)
            continue;
        CHECK_INT(head.status, cases[i].status, cases[i].name);
        CHECK_INT(head.body.len, 0, cases[i].name);
        heard = hear_lines(stream, cases[i].count, cases[i].timeout_ms, cases[i].max);
        CHECK(strncmp(heard, cases[i].heard, strlen(cases[i].heard)) == 0, "%s: %s", cases[i].name, heard);
    }
    end();
}

static const struct {
    const char *name, *path;
    const char *why;
} refused[] = {
    { "not HTTP", "/garbage", "does not answer in HTTP" },
    { "closed without an answer", "/close", "broke the connection" },
    { "endless headers", "/headers", "header field" },
};

TEST(stream_without_a_head)
{
    begin();
    for (size_t i = 0; i < COUNT(refused); i++) {
        AUTO(http_response_clear) struct http_response head = { 0 };
        struct error err = { 0 };

        CHECK(open_path(refused[i].path, &head, &err) == NULL, "%s", refused[i].name);
        CHECK(strstr(err.why, refused[i].why) != NULL, "%s: %s", refused[i].name, err.why);
    }
    end();
}

/* Until the server can send no more; returns how many lines have left it. */
static int flooded(void)
{
    int before, same = 0;

    for (int i = 0; i < 3000 && same < 25; i++) {
        before = server_flooded;
        (void)poll(NULL, 0, 20);
        same = server_flooded == before && before > 0 ? same + 1 : 0;
    }
    return server_flooded;
}

/* Nothing runs ahead of the reader but what the kernel's buffers take; and nothing is lost. */
TEST(stream_has_credit)
{
    AUTO(http_response_clear) struct http_response head = { 0 };
    struct error err = { 0 };
    struct net_stream *stream;
    enum stream_step step = STREAM_PIECE;
    size_t got = 0, largest = 0;

    begin();
    server_flooded = 0;
    stream = open_path("/flood", &head, &err);
    REQUIRE(stream != NULL, "%s", err.why);
    CHECK(flooded() < SERVER_FLOOD_LINES / 2, "%d lines of %d have gone to nobody", (int)server_flooded,
        SERVER_FLOOD_LINES);
    while (step != STREAM_END) {
        AUTO(buf_clear) struct buf piece = BUF(HTTP_CHUNK);

        REQUIRE(net_stream_read(stream, HANG_MS, &piece, &step, &err) && step != STREAM_SILENT, "%s", err.why);
        for (size_t i = 0; i < piece.len; i += 997)
            CHECK(piece.at[i] == SERVER_FLOOD_LINE[(got + i) % 64], "byte %zu", got + i);
        got += piece.len;
        largest = piece.len > largest ? piece.len : largest;
    }
    CHECK_INT(got, (int64_t)64 * SERVER_FLOOD_LINES, "all of it");
    CHECK(largest <= HTTP_CHUNK, "%zu bytes in one piece", largest);
    net_stream_close(stream);
    end();
}

/* The server sees the end of it, and so does the process: all its streams are free again. */
TEST(stream_closed_in_the_middle)
{
    begin();
    for (int i = 0; i < 2 * NET_STREAMS; i++) {
        AUTO(http_response_clear) struct http_response head = { 0 };
        AUTO(buf_clear) struct buf piece = BUF(HTTP_CHUNK);
        struct error err = { 0 };
        struct net_stream *stream = open_path(i % 2 == 0 ? "/flood" : "/event", &head, &err);
        enum stream_step step;

        REQUIRE(stream != NULL, "%d: %s", i, err.why);
        CHECK(i % 3 != 0 || net_stream_read(stream, HANG_MS, &piece, &step, &err), "%d: %s", i, err.why);
        net_stream_close(stream);
    }
    end();
}

TEST(stream_bounded_in_number)
{
    struct net_stream *streams[NET_STREAMS];
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(free) char *url = NULL;
    struct error err = { 0 };

    begin();
    url = server_url("/ok");
    for (int i = 0; i < NET_STREAMS; i++) {
        AUTO(http_response_clear) struct http_response head = { 0 };

        streams[i] = open_path("/event", &head, &err);
        REQUIRE(streams[i] != NULL, "%d: %s", i, err.why);
    }
    CHECK(open_path("/event", &response, &err) == NULL && strstr(err.why, "as can be at one time") != NULL, "%s",
        err.why);
    CHECK(net_http(net, &(struct http_request){ .url = url }, &response, &err), "others go on: %s", err.why);
    for (int i = 0; i < NET_STREAMS; i++)
        net_stream_close(streams[i]);
    http_response_clear(&response);
    streams[0] = open_path("/ok", &response, &err);
    CHECK(streams[0] != NULL, "one is free: %s", err.why);
    net_stream_close(streams[0]);
    end();
}

TEST(stream_of_a_process_that_dies)
{
    AUTO(http_response_clear) struct http_response head = { 0 };
    AUTO(buf_clear) struct buf line = BUF(100);
    struct error err = { 0 };
    struct net_stream *stream;
    enum stream_step step;

    begin();
    stream = open_path("/event", &head, &err);
    REQUIRE(stream != NULL && net_stream_line(stream, HANG_MS, &line, &step, &err), "%s", err.why);
    (void)kill(net_pid(net), SIGKILL);
    CHECK(!net_stream_line(stream, HANG_MS, &line, &step, &err) && strstr(err.why, "killed by signal 9") != NULL, "%s",
        err.why);
    CHECK(!net_stream_line(stream, HANG_MS, &line, &step, &err), "and again");
    net_stream_close(stream);
    end();
}

/* In a child: a signal comes while a piece is waited for. The stream is of no more use; cleaning up is. */
static int interrupted_run(void)
{
    AUTO(http_response_clear) struct http_response head = { 0 };
    AUTO(buf_clear) struct buf line = BUF(100);
    struct error err = { 0 };
    struct net_stream *stream;
    enum stream_step step;
    bool canceled, again, shielded;

    net = netd_start((struct net_options){ .user_agent = "t" });
    interrupt_init();
    stream = open_path("/event", &head, &err);
    if (stream == NULL || !net_stream_line(stream, HANG_MS, &line, &step, &err))
        return 2;
    if (fork() == 0) {
        (void)poll(NULL, 0, 200);
        (void)kill(getppid(), SIGTERM);
        _exit(0);
    }
    canceled = !net_stream_line(stream, HANG_MS, &line, &step, &err) && err.kind == ERROR_CANCELED;
    again = net_stream_line(stream, HANG_MS, &line, &step, &err);
    net_stream_close(stream);
    interrupt_shield();
    http_response_clear(&head);
    stream = open_path("/ok", &head, &err);
    shielded = stream != NULL && net_stream_line(stream, HANG_MS, &line, &step, &err) && step == STREAM_PIECE;
    net_stream_close(stream);
    interrupt_unshield();
    net_stop(net);
    return !canceled ? 3 : again ? 4 : !shielded ? 5 : 0;
}

TEST(stream_interrupted)
{
    int status = 0;
    pid_t pid;

    server_start();
    pid = fork();
    if (pid == 0)
        _exit(interrupted_run());
    REQUIRE(waitpid(pid, &status, 0) == pid, "waitpid");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
    server_stop();
}

/* A large answer that is read as a whole comes in pieces, too, and has its bound. */
TEST(stream_under_a_whole_answer)
{
    static const struct {
        size_t max;
        bool ok;
    } bounds[] = { { SERVER_LARGE, true }, { SERVER_LARGE - 1, false }, { HTTP_CHUNK, false },
        { HTTP_MAX_LARGE_BODY, true } };
    AUTO(free) char *url = NULL;

    begin();
    url = server_url("/large");
    for (size_t i = 0; i < COUNT(bounds); i++) {
        AUTO(http_response_clear) struct http_response response = { 0 };
        struct error err = { 0 };
        bool ok = net_http(net, &(struct http_request){ .url = url, .max_body = bounds[i].max }, &response, &err);

        CHECK(ok == bounds[i].ok, "%zu: %s", bounds[i].max, err.why);
        CHECK(ok || strstr(err.why, "larger than the") != NULL, "%zu: %s", bounds[i].max, err.why);
        CHECK(!ok || response.body.len == SERVER_LARGE, "%zu: %zu bytes", bounds[i].max, response.body.len);
    }
    end();
}

/* The body beside a redirect is nobody's; that of an answer which leads nowhere is whole. */
TEST(stream_under_a_large_redirect)
{
    static const struct {
        const char *path;
        int status;
        size_t len;
    } answers[] = { { "/large-redirect", 200, 5 }, { "/large-redirect-nowhere", 302, SERVER_LARGE } };

    begin();
    for (size_t i = 0; i < COUNT(answers); i++) {
        AUTO(free) char *url = server_url(answers[i].path);
        AUTO(http_response_clear) struct http_response response = { 0 };
        struct error err = { 0 };

        CHECK(net_http(net, &(struct http_request){ .url = url, .follow = true }, &response, &err), "%s: %s",
            answers[i].path, err.why);
        CHECK_INT(response.status, answers[i].status, answers[i].path);
        CHECK_INT(response.body.len, (int64_t)answers[i].len, answers[i].path);
    }
    end();
}

TEST_MAIN()
