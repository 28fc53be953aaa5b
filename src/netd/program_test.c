/* The real evercert-net, locked in, against a server that behaves in every bad way, and killed while it works. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/interrupt.h"
#include "net/message.h"
#include "client/test_server.h"

#define HANG_MS 60000 /* more than any machine needs: where no limit is to be reached */

static struct net *start(int connect_ms, int silence_ms)
{
    return netd_start((struct net_options){
        .user_agent = "test-agent", .connect_timeout_ms = connect_ms, .silence_timeout_ms = silence_ms });
}

static bool get(struct net *net, const char *path, struct http_response *response, struct error *err)
{
    AUTO(free) char *url = server_url(path);

    return net_http(net, &(struct http_request){ .url = url, .follow = true, .timeout_ms = HANG_MS }, response, err);
}

static const struct {
    const char *name, *path;
    int status;       /* 0: it fails */
    const char *text; /* body, or part of why */
    int repeat;
} exchanges[] = {
    { "not HTTP", "/garbage", 0, "does not answer in HTTP", 1 },
    { "closed without an answer", "/close", 0, "broke the connection", 1 },
    { "half an answer", "/partial", 0, "broke the connection", 1 },
    { "endless body", "/big", 0, "larger than the 4194304 bytes", 1 },
    { "endless headers", "/headers", 0, "header field", 1 },
    { "one endless header", "/header", 0, "too long a header field", 1 },
    { "redirects for ever", "/loop", 0, "redirects more than five times", 1 },
    { "redirect to a file", "/file", 0, "not a web address", 1 },
    { "compressed without being asked for", "/gzip", 200, "hello", 2 },
    { "eight megabytes in a hundred bytes", "/bomb", 0, "larger than the 4194304 bytes", 1 },
    { "said to be compressed", "/not-gzip", 200, "hello", 1 },
    { "in a coding of its own", "/own-coding", 200, "uryyb", 2 },
    { "fine after all that", "/ok", 200, "hello", 20 },
    { "unknown path", "/none", 404, "no such path", 3 },
    { "redirect", "/redirect", 200, "hello", 3 },
    { "an interim answer first", "/interim", 200, "done", 1 },
};

TEST(program_exchanges)
{
    AUTO(net_stop) struct net *net = start(HANG_MS, HANG_MS);

    server_start();
    for (size_t i = 0; i < COUNT(exchanges); i++) {
        for (int n = 0; n < exchanges[i].repeat; n++) {
            AUTO(http_response_clear) struct http_response response = { 0 };
            struct error err = { 0 };
            bool ok = get(net, exchanges[i].path, &response, &err);

            CHECK(ok == (exchanges[i].status != 0), "%s: %s", exchanges[i].name, err.why);
            CHECK_INT(response.status, exchanges[i].status, exchanges[i].name);
            CHECK(!ok || strcmp(buf_text(&response.body), exchanges[i].text) == 0, "%s: %s", exchanges[i].name,
                buf_text(&response.body));
            CHECK(ok || (strstr(err.why, exchanges[i].text) != NULL && err.kind == ERROR_NETWORK), "%s: %s",
                exchanges[i].name, err.why);
        }
    }
    server_stop();
}

TEST(program_answers_in_full)
{
    AUTO(net_stop) struct net *net = start(HANG_MS, HANG_MS);
    AUTO(http_response_clear)
    struct http_response got = { 0 }, posted = { 0 }, moved = { 0 }, head = { 0 }, far = { 0 };
    AUTO(free) char *echo = NULL, *ok = NULL, *redirect = NULL, *nonce = NULL, *elsewhere = NULL;
    struct error err = { 0 };
    size_t from = 0;

    server_start();
    echo = server_url("/echo");
    ok = server_url("/ok");
    redirect = server_url("/redirect");
    nonce = server_url("/nonce");
    elsewhere = server_url("/nonce-elsewhere");
    CHECK(net_http(net, &(struct http_request){ .url = ok }, &got, &err), "%s", err.why);
    CHECK_TEXT(http_header(&got, "replay-nonce", NULL), "abc", "nonce");
    CHECK_TEXT(http_header(&got, "link", &from), "<a>", "first link");
    CHECK_TEXT(http_header(&got, "link", &from), "<b>", "second link");
    CHECK_TEXT(got.url, ok, "final address");
    CHECK(net_http(net,
              &(struct http_request){ .method = HTTP_POST,
                  .url = echo,
                  .content_type = "application/jose+json",
                  .body = view_of("{\"a\":1}") },
              &posted, &err),
        "%s", err.why);
    CHECK_TEXT(buf_text(&posted.body), "{\"a\":1}", "what was posted");
    CHECK_TEXT(http_header(&posted, "x-good", NULL), "yes", "headers that we send");
    CHECK(net_http(net, &(struct http_request){ .url = redirect }, &moved, &err), "%s", err.why);
    CHECK_INT(moved.status, 302, "a redirect that is not to be followed");
    CHECK_TEXT(http_header(&moved, "location", NULL), "/ok", "location");
    CHECK(net_http(net, &(struct http_request){ .method = HTTP_HEAD, .url = nonce }, &head, &err), "%s", err.why);
    CHECK_TEXT(http_header(&head, "replay-nonce", NULL), "n", "nonce");
    CHECK_INT(head.body.len, 0, "HEAD has no body");
    CHECK(net_http(net, &(struct http_request){ .method = HTTP_HEAD, .url = elsewhere, .follow = true }, &far, &err),
        "%s", err.why);
    CHECK_TEXT(http_header(&far, "replay-nonce", NULL), "n", "a nonce that is elsewhere");
    CHECK_TEXT(far.url, nonce, "where it is");
    server_stop();
}

/* Cookies of the CA come back for the run; those who are asked by an address in a certificate neither set nor see any,
 * and a request that brings its own has no others. */
TEST(program_cookies)
{
    static const struct {
        const char *path, *named_by, *body, *own;
    } steps[] = {
        { "/cookie", NULL, "none" },
        { "/set-cookie", "http://127.0.0.1:1/", "set" },
        { "/cookie", NULL, "none" },
        { "/set-cookie", NULL, "set" },
        { "/cookie", NULL, "mine" },
        { "/cookie", "http://127.0.0.1:1/", "none" },
        { "/cookie", NULL, "none", "session=1" },
    };

    server_start();
    for (int run = 0; run < 2; run++) {
        AUTO(net_stop) struct net *net = start(HANG_MS, HANG_MS);

        for (size_t i = 0; i < COUNT(steps); i++) {
            AUTO(http_response_clear) struct http_response response = { 0 };
            AUTO(free) char *url = server_url(steps[i].path);
            struct http_field cookie = { .name = "Cookie", .value = view_of(steps[i].own) };
            struct http_request request = { .url = url, .named_by = steps[i].named_by };
            struct error err = { 0 };

            if (steps[i].own != NULL) {
                request.fields = &cookie;
                request.field_count = 1;
            }
            CHECK(net_http(net, &request, &response, &err), "%s", err.why);
            CHECK(strcmp(buf_text(&response.body), steps[i].body) == 0, "step %zu: %s", i, buf_text(&response.body));
        }
    }
    server_stop();
}

/* "Content-Encoding: UTF-8" and the like: a GET is asked again, and what follows is taken as it comes. */
TEST(program_codings_that_are_none)
{
    AUTO(net_stop) struct net *net = start(HANG_MS, HANG_MS);
    AUTO(free) char *url = NULL;
    static const struct {
        enum http_method method;
        const char *named_by;
        bool ok;
    } steps[] = {
        { HTTP_POST, NULL, false },
        { HTTP_GET, "http://127.0.0.1:1/", true }, /* no CA's: says nothing of what the CA sends */
        { HTTP_POST, NULL, false },
        { HTTP_GET, NULL, true },
        { HTTP_POST, NULL, true },
    };

    server_start();
    url = server_url("/own-coding");
    for (size_t i = 0; i < COUNT(steps); i++) {
        AUTO(http_response_clear) struct http_response response = { 0 };
        struct http_request request = { .method = steps[i].method, .url = url, .named_by = steps[i].named_by };
        struct error err = { 0 };

        request.content_type = "text/plain";
        request.body = view_of("x");
        CHECK(net_http(net, &request, &response, &err) == steps[i].ok, "step %zu: %s", i, err.why);
        CHECK(steps[i].ok || strstr(err.why, "compressed in a way") != NULL, "step %zu: %s", i, err.why);
        CHECK(!steps[i].ok || strcmp(buf_text(&response.body), "uryyb") == 0, "step %zu: %s", i,
            buf_text(&response.body));
    }
    server_stop();
}

TEST(program_limits_of_one_request)
{
    AUTO(net_stop) struct net *net = start(HANG_MS, HANG_MS);
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(free) char *ok = NULL, *silent = NULL;
    struct error err = { 0 };

    server_start();
    ok = server_url("/ok");
    silent = server_url("/silent");
    CHECK(!net_http(net, &(struct http_request){ .url = ok, .max_body = 4 }, &response, &err), "too large");
    CHECK(strstr(err.why, "larger than the 4 bytes") != NULL, "%s", err.why);
    CHECK(net_http(net, &(struct http_request){ .url = ok, .max_body = 5 }, &response, &err), "just small enough");
    http_response_clear(&response);
    CHECK(!net_http(net, &(struct http_request){ .url = silent, .timeout_ms = 200 }, &response, &err), "too late");
    CHECK(strstr(err.why, "did not finish its answer in time") != NULL, "%s", err.why);
    CHECK(!net_http(net, &(struct http_request){ .url = silent, .silence_ms = 200 }, &response, &err), "silent");
    CHECK(strstr(err.why, "sent nothing for 0.2 s") != NULL, "%s", err.why);
    server_stop();
}

/* libcurl may make an address longer than it was: no reason to think that this process lies. */
TEST(program_longest_address)
{
    AUTO(net_stop) struct net *net = start(HANG_MS, HANG_MS);
    AUTO(http_response_clear) struct http_response first = { 0 }, second = { 0 };
    AUTO(free) char *server = NULL, *query = xcalloc(MESSAGE_MAX_URL + 1, 1), *url = NULL;
    struct error err = { 0 };

    server_start();
    server = server_url("");
    memset(query, 'a', MESSAGE_MAX_URL - strlen(server) - 1);
    url = xprintf("%s?%s", server, query);
    CHECK(net_http(net, &(struct http_request){ .url = url }, &first, &err), "%s", err.why);
    CHECK(get(net, "/ok", &second, &err), "afterwards: %s", err.why);
    server_stop();
}

TEST(program_silence)
{
    AUTO(net_stop) struct net *net = start(HANG_MS, 300);
    AUTO(http_response_clear) struct http_response response = { 0 };
    struct error err = { 0 };

    server_start();
    CHECK(!get(net, "/silent", &response, &err), "silent");
    CHECK(strstr(err.why, "sent nothing for 0.3 s") != NULL && err.kind == ERROR_NETWORK, "%s", err.why);
    server_stop();
}

TEST(program_cannot_connect)
{
    AUTO(net_stop) struct net *net = start(HANG_MS, HANG_MS);
    static const struct {
        const char *name, *url, *why;
    } cases[] = {
        { "nobody listens", "http://127.0.0.1:1/", "127.0.0.1:1 refused the connection" },
        { "no such name", "http://no-such-name.invalid/", "cannot be resolved" },
        { "no address", "http://[::1/", "not a web address" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(http_response_clear) struct http_response response = { 0 };
        struct error err = { 0 };

        CHECK(!net_http(net, &(struct http_request){ .url = cases[i].url }, &response, &err), "%s", cases[i].name);
        CHECK(strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(err.next[0] != '\0', "%s: says what to do", cases[i].name);
    }
}

/* The server waits for the end of a request, the client for the server's part of TLS. */
TEST(program_connection_that_is_not_made)
{
    AUTO(net_stop) struct net *net = start(300, HANG_MS);
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(free) char *url = NULL, *why = NULL;
    struct error err = { 0 };

    server_start();
    url = xprintf("https://127.0.0.1:%d/", server_port);
    why = xprintf("no connection to 127.0.0.1:%d within 0.3 s", server_port);
    CHECK(!net_http(net, &(struct http_request){ .url = url }, &response, &err), "an answer in TLS");
    CHECK(strstr(err.why, why) != NULL, "%s", err.why);
    server_stop();
}

/* A server is asked where it is, for what it is to serve: past any proxy, on a connection of its own. */
TEST(program_server_at_an_address)
{
    AUTO(free) char *at = NULL, *plain = NULL;

    server_start();
    at = xprintf("127.0.0.1:%d", server_port);
    plain = server_url("/ok");
    (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
    (void)setenv("no_proxy", "127.0.0.1", 1);
    {
        static const char *const hosts[] = { "www.example.org", "192.0.2.1", "[2001:db8::1]" };
        AUTO(net_stop) struct net *net = start(HANG_MS, HANG_MS);
        struct error err = { 0 };

        for (size_t i = 0; i < COUNT(hosts); i++) {
            AUTO(http_response_clear) struct http_response response = { 0 };
            AUTO(free) char *url = xprintf("http://%s/host", hosts[i]);

            CHECK(net_http(net, &(struct http_request){ .url = url, .at = at }, &response, &err), "%s", err.why);
            CHECK_TEXT(buf_text(&response.body), hosts[i], "the host field");
        }
        CHECK_INT(server_connections, COUNT(hosts), "each on its own");
        for (int i = 0; i < 2; i++) {
            AUTO(http_response_clear) struct http_response response = { 0 };

            CHECK(net_http(net, &(struct http_request){ .url = plain }, &response, &err), "%s", err.why);
        }
        CHECK_INT(server_connections, COUNT(hosts) + 1, "which nobody else uses");
    }
    (void)unsetenv("http_proxy");
    (void)unsetenv("no_proxy");
    server_stop();
}

/* The environment's proxy: named in either case, refusing, and not there at all. */
TEST(program_proxy)
{
    static const struct {
        const char *name, *variable;
        bool there;
        const char *url, *why; /* NULL: it is used, and answers */
    } cases[] = {
        { "nobody there", "https_proxy", false, "https://ca.test/", "no connection to ca.test by way of the proxy" },
        { "no tunnel", "https_proxy", true, "https://ca.test/", "no connection to ca.test by way of the proxy" },
        { "plain", "http_proxy", true, "http://ca.test/ok", NULL },
        { "plain, upper case", "HTTP_PROXY", true, "http://ca.test/ok", NULL },
    };

    server_start();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(net_stop) struct net *net = NULL;
        AUTO(http_response_clear) struct http_response response = { 0 };
        AUTO(free) char *proxy = cases[i].there ? server_url("") : xstrdup("http://127.0.0.1:1");
        struct error err = { 0 };
        bool ok;

        (void)setenv(cases[i].variable, proxy, 1);
        net = start(HANG_MS, HANG_MS);
        (void)unsetenv(cases[i].variable);
        ok = net_http(net, &(struct http_request){ .url = cases[i].url }, &response, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(!ok || response.status == 200, "%s: %d", cases[i].name, response.status);
    }
    server_stop();
}

/* ---- many at once ---- */

#define THREADS 16
#define ROUNDS 13 /* 208 requests */

static void *get_often(void *ctx)
{
    for (int i = 0; i < ROUNDS; i++) {
        AUTO(http_response_clear) struct http_response response = { 0 };
        struct error err = { 0 };

        if (!get(ctx, i % 2 == 0 ? "/ok" : "/delay", &response, &err) || response.status != 200)
            return xprintf("round %d: %d %s", i, response.status, err.why);
    }
    return NULL;
}

static void in_threads(size_t count, void *(*run)(void *ctx), void *ctx)
{
    pthread_t threads[64];

    for (size_t i = 0; i < count; i++)
        REQUIRE(pthread_create(&threads[i], NULL, run, ctx) == 0, "thread");
    for (size_t i = 0; i < count; i++) {
        void *why = NULL;

        REQUIRE(pthread_join(threads[i], &why) == 0, "join");
        CHECK(why == NULL, "thread %zu: %s", i, (char *)why);
        free(why);
    }
}

TEST(program_many_requests_few_connections)
{
    AUTO(net_stop) struct net *net = start(HANG_MS, HANG_MS);

    server_start();
    in_threads(THREADS, get_often, net);
    CHECK(server_connections <= 16, "%d connections for %d requests", (int)server_connections, THREADS * ROUNDS);
    server_stop();
}

static void *get_moody(void *ctx)
{
    for (int i = 0; i < ROUNDS; i++) {
        AUTO(http_response_clear) struct http_response response = { 0 };
        struct error err = { 0 };

        if (!get(ctx, "/moody", &response, &err) || response.body.len != SERVER_LARGE)
            return xprintf("round %d: %zu bytes, %s", i, response.body.len, err.why);
    }
    return NULL;
}

/* No answer is lost, and none comes late: what waits for room on the way to us, and what libcurl waits for, go on. */
TEST(program_large_answers_on_connections_that_are_closed)
{
    AUTO(net_stop) struct net *net = start(HANG_MS, HANG_MS);

    server_start();
    in_threads(THREADS, get_moody, net);
    server_stop();
}

static void *get_second(void *ctx)
{
    static atomic_uint count;
    AUTO(http_response_clear) struct http_response response = { 0 };
    struct error err = { 0 };
    bool last = count++ % 2 != 0; /* the next exchange must connect anew */

    return get(ctx, last ? "/second-and-last" : "/second", &response, &err) ? NULL : xstrdup(err.why);
}

/* Waiting for one of the connections is not time spent on connecting. */
TEST(program_queue_is_no_timeout)
{
    AUTO(net_stop) struct net *net = start(3000, HANG_MS);

    server_start();
    in_threads(64, get_second, net); /* four seconds on 16 connections */
    server_stop();
}

/* ---- the end ---- */

static void *get_killed(void *ctx)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    struct error err = { 0 };

    if (get(ctx, "/silent", &response, &err))
        return xstrdup("an answer from a killed process");
    return strstr(err.why, "killed by signal 9") != NULL ? NULL : xstrdup(err.why);
}

static void *kill_soon(void *ctx)
{
    server_wait(200);
    (void)kill(net_pid(ctx), SIGKILL);
    return NULL;
}

TEST(program_killed)
{
    AUTO(net_stop) struct net *net = start(HANG_MS, HANG_MS);
    AUTO(http_response_clear) struct http_response response = { 0 };
    struct error err = { 0 };
    pthread_t killer;

    server_start();
    REQUIRE(pthread_create(&killer, NULL, kill_soon, net) == 0, "thread");
    in_threads(8, get_killed, net);
    CHECK(!get(net, "/ok", &response, &err), "afterwards");
    CHECK(strstr(err.why, "killed by signal 9") != NULL, "afterwards: %s", err.why);
    (void)pthread_join(killer, NULL);
    server_stop();
}

/* An exchange cannot begin while others keep all connections busy; its own limit ends the wait. */
TEST(program_queue_has_an_end)
{
    AUTO(net_stop) struct net *net = start(HANG_MS, HANG_MS);
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(free) char *url = NULL;
    struct error err = { 0 };
    pthread_t busy[16];

    server_start();
    url = server_url("/ok"); /* once before: libcurl waits to see whether the first connection can be shared */
    CHECK(net_http(net, &(struct http_request){ .url = url }, &response, &err), "%s", err.why);
    http_response_clear(&response);
    for (size_t i = 0; i < COUNT(busy); i++)
        REQUIRE(pthread_create(&busy[i], NULL, get_killed, net) == 0, "thread");
    for (int i = 0; i < HANG_MS / 10 && server_connections < (int)COUNT(busy); i++)
        server_wait(10);
    CHECK(!net_http(net, &(struct http_request){ .url = url, .timeout_ms = 300 }, &response, &err), "out of turn");
    CHECK(strstr(err.why, "earlier requests kept all connections to it busy") != NULL, "%s", err.why);
    CHECK_INT(server_connections, COUNT(busy), "connections");
    (void)kill(net_pid(net), SIGKILL);
    for (size_t i = 0; i < COUNT(busy); i++) {
        void *why = NULL;

        REQUIRE(pthread_join(busy[i], &why) == 0, "join");
        CHECK(why == NULL, "%s", (char *)why);
        free(why);
    }
    server_stop();
}

TEST(program_ends_with_its_socket)
{
    struct net *net = start(0, 0);
    struct net_protection protection;
    struct error err = { 0 };
    int pid = net_pid(net);

    CHECK(net_protection(net, &protection, &err), "%s", err.why);
    CHECK(geteuid() != 0 || protection.uid != 0, "gave up root");
    CHECK(kill(pid, SIGTERM) == 0 && kill(pid, SIGINT) == 0 && net_protection(net, &protection, &err),
        "signals are for its parent");
    net_stop(net);
    CHECK(kill(pid, 0) != 0 && errno == ESRCH, "gone and reaped");
}

/* In a child: a signal comes while a request is under way, and cleaning up still can use the network. */
static int interrupted_run(void)
{
    struct net *net = start(HANG_MS, HANG_MS);
    struct http_response response = { 0 };
    struct error err = { 0 };
    bool canceled, refused, shielded;

    interrupt_init();
    (void)alarm(0);
    if (fork() == 0) {
        (void)poll(NULL, 0, 200);
        (void)kill(getppid(), SIGTERM);
        _exit(0);
    }
    canceled = !get(net, "/silent", &response, &err) && err.kind == ERROR_CANCELED;
    refused = !get(net, "/ok", &response, &err) && err.kind == ERROR_CANCELED;
    interrupt_shield();
    shielded = get(net, "/ok", &response, &err) && response.status == 200;
    interrupt_unshield();
    http_response_clear(&response);
    net_stop(net);
    return !canceled ? 3 : !refused ? 4 : !shielded ? 5 : 0;
}

TEST(program_interrupt)
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

TEST_MAIN()
