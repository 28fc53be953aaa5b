/*
 * The real evercert-net, asked for addresses that stand in a certificate. There is no public address to be had in a
 * test: what may be reached is always at loopback, and a CA that lives there, too.
 */
#include "client/test_server.h"

#define CA_HERE "http://127.0.0.1:1/directory"

static bool get(struct net *net, const char *url, const char *named_by, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };

    return net_http(net,
               &(struct http_request){ .url = url, .follow = true, .timeout_ms = 20000, .named_by = named_by },
               &response, err) &&
           response.status == 200;
}

static const struct {
    const char *name, *url; /* %d: the server's port */
    const char *named_by;
    const char *why; /* NULL: it answers */
} exchanges[] = {
    { "not from a certificate", "http://127.0.0.1:%d/ok", NULL, NULL },
    { "CA unknown; a connection is open already", "http://127.0.0.1:%d/ok", "", "is a loopback address" },
    { "CA elsewhere", "http://127.0.0.1:%d/ok", "http://192.0.2.1/directory", "is a loopback address" },
    { "CA at a place of another kind", "http://127.0.0.1:%d/ok", "http://10.0.0.1/directory", "is a loopback address" },
    { "CA that cannot be found", "http://127.0.0.1:%d/ok", "http://no-such-name.invalid/", "is a loopback address" },
    { "CA that is no URL", "http://127.0.0.1:%d/ok", "directory", "is a loopback address" },
    { "CA here, too", "http://127.0.0.1:%d/ok", CA_HERE, NULL },
    { "CA here, by name", "http://127.0.0.1:%d/ok", "https://localhost:1/directory", NULL },
    { "a name that leads here", "http://localhost:%d/ok", "", "is a loopback address" },
    { "a name that leads here, CA here, too", "http://localhost:%d/ok", CA_HERE, NULL },
    { "short for 127.0.0.1", "http://127.1:%d/ok", "", "is a loopback address" },
    { "a number for 127.0.0.1", "http://0x7f000001:%d/ok", "", "is a loopback address" },
    { "every address of this host", "http://0.0.0.0:%d/ok", CA_HERE, "is an address that no host can have" },
    { "IPv4 in IPv6", "http://[::ffff:127.0.0.1]:%d/ok", "", "is a loopback address" },
    { "a private address", "http://10.0.0.1:%d/ok", CA_HERE, "is a private address" },
    { "of the cloud", "http://169.254.169.254/latest", CA_HERE, "is a link-local address" },
    { "redirect to the same place", "http://127.0.0.1:%d/redirect", CA_HERE, NULL },
    { "redirect to a private address", "http://127.0.0.1:%d/private", CA_HERE, "10.0.0.1:1 is a private address" },
    { "redirect to the cloud", "http://127.0.0.1:%d/metadata", CA_HERE, "is a link-local address" },
};

TEST(guard_of_addresses_in_certificates)
{
    AUTO(net_stop) struct net *net = NULL;

    server_start();
    net = netd_start((struct net_options){ .user_agent = "t", .connect_timeout_ms = 2000 });
    for (size_t i = 0; i < COUNT(exchanges); i++) {
        const char *mark = strstr(exchanges[i].url, "%d");
        AUTO(free)
        char *url = mark == NULL
                        ? xstrdup(exchanges[i].url)
                        : xprintf("%.*s%d%s", (int)(mark - exchanges[i].url), exchanges[i].url, server_port, mark + 2);
        struct error err = { 0 };
        int connections = server_connections;
        bool ok = get(net, url, exchanges[i].named_by, &err);

        CHECK(ok == (exchanges[i].why == NULL), "%s: %s", exchanges[i].name, err.why);
        CHECK(ok || strstr(err.why, exchanges[i].why) != NULL, "%s: %s", exchanges[i].name, err.why);
        CHECK(ok || server_connections <= connections + (strstr(url, "/ok") == NULL), "%s: a connection was made",
            exchanges[i].name); /* one for the redirect itself */
    }
    server_stop();
}

/* A POST is refused like a GET, and is sent whole where it is permitted once the CA was looked up. */
TEST(guard_of_what_is_posted)
{
    AUTO(net_stop) struct net *net = NULL;
    AUTO(free) char *url = NULL;
    AUTO(http_response_clear) struct http_response response = { 0 };
    struct http_request request = { .method = HTTP_POST, .content_type = "application/ocsp-request" };
    struct error err = { 0 };

    server_start();
    net = netd_start((struct net_options){ .user_agent = "t" });
    url = server_url("/echo");
    request.url = url;
    request.body = view_of("question");
    request.named_by = "";
    CHECK(!net_http(net, &request, &response, &err), "refused");
    request.named_by = CA_HERE;
    CHECK(net_http(net, &request, &response, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&response.body), "question", "what came back");
    server_stop();
}

/* A proxy may be anywhere; it resolves names itself, so that only an address in the URL tells where it leads. */
static const struct {
    const char *url, *named_by, *why;
} by_proxy[] = {
    { "http://ca.test/ok", "", NULL },
    { "http://127.0.0.1:1/ok", "", "127.0.0.1:1 is a loopback address" },
    { "http://localhost:1/ok", "", "localhost:1 is a loopback address" },
    { "http://a.localhost:1/ok", "", "a.localhost:1 is a loopback address" },
    { "http://10.0.0.1/", CA_HERE, "10.0.0.1 is a private address" },
};

TEST(guard_behind_a_proxy)
{
    AUTO(net_stop) struct net *net = NULL;
    AUTO(free) char *proxy = NULL;

    server_start();
    proxy = server_url("");
    (void)setenv("http_proxy", proxy, 1);
    (void)unsetenv("no_proxy");
    net = netd_start((struct net_options){ .user_agent = "t" });
    (void)unsetenv("http_proxy");
    for (size_t i = 0; i < COUNT(by_proxy); i++) {
        struct error err = { 0 };
        bool ok = get(net, by_proxy[i].url, by_proxy[i].named_by, &err);

        CHECK(ok == (by_proxy[i].why == NULL), "%s: %s", by_proxy[i].url, err.why);
        CHECK(ok || strstr(err.why, by_proxy[i].why) != NULL, "%s: %s", by_proxy[i].url, err.why);
    }
    server_stop();
}

TEST_MAIN()
