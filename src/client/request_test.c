/* Tests requests with all that they can carry, against servers with TLS: methods, header fields, trusted certificates
 * and the client's certificate. */
#include "base/log.h"
#include "client/test_tls.h"

#define SECRET "c2VjcmV0LXRva2Vu"

static struct identity ca, other_ca, server_identity, client_identity, stranger;

static void make_identities(void)
{
    ca = identity_new("ca", NULL, NULL, -1, 10);
    other_ca = identity_new("other", NULL, NULL, -1, 10);
    server_identity = identity_new("server", "IP:127.0.0.1", &ca, -1, 5);
    client_identity = identity_new("client", "DNS:client.test", &ca, -1, 5);
    stranger = identity_new("stranger", "DNS:client.test", &other_ca, -1, 5);
}

static void clear_identities(void)
{
    identity_clear(&ca);
    identity_clear(&other_ca);
    identity_clear(&server_identity);
    identity_clear(&client_identity);
    identity_clear(&stranger);
}

static const struct {
    const char *name;
    const struct identity *trust, *client, *key; /* NULL: none */
    int max_version;
    const char *why; /* NULL: it is an answer */
} cases[] = {
    { "known", &ca, &client_identity, &client_identity, 0, NULL },
    { "known, TLS 1.2", &ca, &client_identity, &client_identity, TLS1_2_VERSION, NULL },
    { "nobody", &ca, NULL, NULL, 0, "127.0.0.1" }, /* the alert may come too late to be read */
    { "nobody, TLS 1.2", &ca, NULL, NULL, TLS1_2_VERSION, "127.0.0.1" },
    { "a stranger", &ca, &stranger, &stranger, 0, "127.0.0.1" },
    { "another's key", &ca, &client_identity, &stranger, 0, "by which 127.0.0.1" },
    { "the server not trusted", &other_ca, &client_identity, &client_identity, 0, "is not trusted" },
    { "the server trusted by nobody named", NULL, &client_identity, &client_identity, 0, "is not trusted" },
};

TEST(request_with_a_client_certificate)
{
    make_identities();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(net_stop) struct net *net = netd_start((struct net_options){ 0 });
        AUTO(buf_clear) struct buf trust = BUF(65536), cert = BUF(65536), key = BUF_SECRET(65536);
        AUTO(http_response_clear) struct http_response response = { 0 };
        AUTO(free) char *url = NULL;
        struct tls_server server = { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok" };
        struct error err = { 0 };
        bool ok;

        tls_start(&server, &server_identity, cases[i].max_version);
        tls_want_client(&server, &ca);
        url = xprintf("https://127.0.0.1:%d/", server.port);
        if (cases[i].trust != NULL)
            identity_put(cases[i].trust, false, &trust);
        if (cases[i].client != NULL) {
            identity_put(cases[i].client, false, &cert);
            identity_put(cases[i].key, true, &key);
        }
        ok = net_http(net,
            &(struct http_request){
                .url = url, .trust = buf_view(&trust), .client_cert = buf_view(&cert), .client_key = buf_view(&key) },
            &response, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(!ok || response.status == 200, "%s: %d", cases[i].name, response.status);
        tls_stop(&server);
    }
    clear_identities();
}

static bool fetch(
    struct net *net, int port, const struct identity *trust, const struct identity *client, struct error *err)
{
    AUTO(buf_clear) struct buf roots = BUF(65536), cert = BUF(65536), key = BUF_SECRET(65536);
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(free) char *url = xprintf("https://127.0.0.1:%d/", port);

    if (trust != NULL)
        identity_put(trust, false, &roots);
    if (client != NULL) {
        identity_put(client, false, &cert);
        identity_put(client, true, &key);
    }
    return net_http(net,
        &(struct http_request){
            .url = url, .trust = buf_view(&roots), .client_cert = buf_view(&cert), .client_key = buf_view(&key) },
        &response, err);
}

/* A connection that one request has made is of use only to requests that trust and are the same. */
TEST(request_does_not_use_others_connections)
{
    struct tls_server server = { 0 };
    struct error err = { 0 };
    struct net *net = netd_start((struct net_options){ 0 }),
               *careless = netd_start((struct net_options){ .no_verify = true });

    make_identities();
    tls_start(&server, &server_identity, 0);
    for (int i = 0; i < 3; i++)
        CHECK(fetch(net, server.port, &ca, NULL, &err), "trusted: %s", err.why);
    CHECK_INT(server.connections, 1, "one connection");
    CHECK(!fetch(net, server.port, NULL, NULL, &err), "not trusted by this one");
    CHECK(!fetch(net, server.port, &other_ca, NULL, &err), "nor by that one");
    CHECK_INT(server.connections, 3, "each with a connection of its own");
    CHECK(fetch(net, server.port, &ca, &client_identity, &err), "as somebody: %s", err.why);
    CHECK_INT(server.connections, 4, "nobody's connection is not somebody's");
    CHECK(fetch(careless, server.port, NULL, NULL, &err), "--no-verify-ssl: %s", err.why);
    CHECK(!fetch(careless, server.port, &other_ca, NULL, &err), "--no-verify-ssl is about the CA");
    net_stop(net);
    net_stop(careless);
    tls_stop(&server);
    clear_identities();
}

static const struct {
    const char *name;
    enum http_method method;
    const char *body, *line, *other; /* line: how the request begins; other: what else is in it */
} methods[] = {
    { "PUT", HTTP_PUT, "{\"a\":1}", "PUT / HTTP/1.1\r\n", "\r\n\r\n{\"a\":1}" },
    { "PATCH", HTTP_PATCH, "[]", "PATCH / HTTP/1.1\r\n", "Content-Type: application/json\r\n" },
    { "DELETE", HTTP_DELETE, "", "DELETE / HTTP/1.1\r\n", "Authorization: Bearer " SECRET "\r\n" },
    { "DELETE with a body", HTTP_DELETE, "x", "DELETE / HTTP/1.1\r\n", "Content-Length: 1\r\n" },
    { "PUT of nothing", HTTP_PUT, "", "PUT / HTTP/1.1\r\n", "Content-Length: 0\r\n" },
    { "POST", HTTP_POST, "a", "POST / HTTP/1.1\r\n", "X-Empty:\r\n" },
    { "GET", HTTP_GET, "", "GET / HTTP/1.1\r\n", "X-Empty:\r\n" },
};

TEST(request_methods_and_fields)
{
    AUTO(free) char *log = test_path("letsencrypt.log"), *url = NULL;
    AUTO(buf_clear) struct buf trust = BUF(65536), logged = BUF(1 << 20);
    const struct http_field added[] = { { "Authorization", view_of("Bearer " SECRET), true },
        { "X-Empty", view_of(""), false } };
    struct tls_server server = { 0 };
    struct error err = { 0 };
    struct net *net = netd_start((struct net_options){ 0 });

    REQUIRE(log_open(test_dir(), 0, &err), "%s", err.why);
    make_identities();
    tls_start(&server, &server_identity, 0);
    identity_put(&ca, false, &trust);
    url = xprintf("https://127.0.0.1:%d/", server.port);
    for (size_t i = 0; i < COUNT(methods); i++) {
        AUTO(http_response_clear) struct http_response response = { 0 };
        struct http_request request = { .method = methods[i].method,
            .url = url,
            .content_type = "application/json",
            .body = view_of(methods[i].body),
            .fields = added,
            .field_count = COUNT(added),
            .trust = buf_view(&trust) };

        CHECK(net_http(net, &request, &response, &err), "%s: %s", methods[i].name, err.why);
        CHECK(strncmp(buf_text(&response.body), methods[i].line, strlen(methods[i].line)) == 0 &&
                  strstr(buf_text(&response.body), methods[i].other) != NULL,
            "%s: %s", methods[i].name, buf_text(&response.body));
    }
    net_stop(net);
    tls_stop(&server);
    clear_identities();
    log_close();
    REQUIRE(file_read(log, &logged, &err), "%s", err.why);
    CHECK(strstr(buf_text(&logged), SECRET) == NULL, "a secret in the log");
}

/* A server with more fields than are kept: what is asked for is found all the same, and nothing else crosses. */
TEST(request_for_some_fields)
{
    static const char *const wanted[] = { "retry-after", "X-None", NULL };
    AUTO(buf_clear) struct buf trust = BUF(65536), answer = BUF(65536);
    AUTO(free) char *url = NULL;
    struct tls_server server = { 0 };
    struct net *net = netd_start((struct net_options){ 0 });

    buf_put_text(&answer, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < HTTP_MAX_HEADERS; i++)
        buf_putf(&answer, "X-Field-%d: %d\r\n", i, i);
    buf_put_text(&answer, "Retry-After: 5\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    server.answer = buf_text(&answer);
    make_identities();
    tls_start(&server, &server_identity, 0);
    identity_put(&ca, false, &trust);
    url = xprintf("https://127.0.0.1:%d/", server.port);
    for (int i = 0; i < 2; i++) {
        AUTO(http_response_clear) struct http_response response = { 0 };
        struct http_request request = { .url = url, .trust = buf_view(&trust), .wanted = i == 0 ? NULL : wanted };
        struct error err = { 0 };

        CHECK(net_http(net, &request, &response, &err), "%s", err.why);
        CHECK_TEXT(http_header(&response, "retry-after", NULL), i == 0 ? NULL : "5", "behind all others");
        CHECK_INT(response.header_count, i == 0 ? HTTP_MAX_HEADERS : 1, "fields");
    }
    net_stop(net);
    tls_stop(&server);
    clear_identities();
}

static const struct {
    const char *name, *field, *value;
    size_t count;
    bool follow, secret;
    enum http_method method;
    const char *why;
} refusals[] = {
    { "a line end in a value", "X-A", "a\r\nX-B: " SECRET, 1, false, true, HTTP_GET,
        "the header field X-A cannot be sent" },
    { "a line end in a name", "X-A: b\r\nX-B", "a", 1, false, false, HTTP_GET, "cannot be sent" },
    { "ours to set", "Content-Length", "5", 1, false, false, HTTP_GET,
        "the header field Content-Length cannot be sent" },
    { "too many", "X-A", "a", HTTP_MAX_FIELDS + 1, false, false, HTTP_GET, "33 header fields" },
    { "a secret and a redirect", "X-A", SECRET, 1, true, true, HTTP_GET, "must not follow redirects" },
    { "a PUT and a redirect", "X-A", "a", 0, true, false, HTTP_PUT, "only GET and HEAD" },
};

/* A refused request is not sent, and the error repeats no value of it. */
TEST(request_refused)
{
    AUTO(net_stop) struct net *net = netd_start((struct net_options){ 0 });

    for (size_t i = 0; i < COUNT(refusals); i++) {
        AUTO(http_response_clear) struct http_response response = { 0 };
        struct http_field many[HTTP_MAX_FIELDS + 1];
        struct error err = { 0 };

        for (size_t n = 0; n < COUNT(many); n++)
            many[n] = (struct http_field){ refusals[i].field, view_of(refusals[i].value), refusals[i].secret };
        CHECK(!net_http(net,
                  &(struct http_request){ .method = refusals[i].method,
                      .url = "http://127.0.0.1:1/",
                      .fields = many,
                      .field_count = refusals[i].count,
                      .follow = refusals[i].follow },
                  &response, &err),
            "%s", refusals[i].name);
        CHECK(strstr(err.why, refusals[i].why) != NULL, "%s: %s", refusals[i].name, err.why);
        CHECK(strstr(err.why, SECRET) == NULL && strstr(err.next, SECRET) == NULL, "%s: a secret", refusals[i].name);
    }
}

TEST(request_refuses_keys_among_certificates)
{
    AUTO(net_stop) struct net *net = netd_start((struct net_options){ 0 });
    AUTO(buf_clear) struct buf key = BUF_SECRET(65536), cert = BUF(65536);
    AUTO(http_response_clear) struct http_response response = { 0 };
    struct http_request request = { .url = "https://127.0.0.1:1/" };
    struct error err = { 0 };

    make_identities();
    identity_put(&client_identity, true, &key);
    identity_put(&client_identity, false, &cert);
    request.trust = buf_view(&key);
    CHECK(!net_http(net, &request, &response, &err) && strstr(err.why, "private key among") != NULL, "%s", err.why);
    request.trust = view_of("");
    request.client_cert = buf_view(&cert);
    CHECK(
        !net_http(net, &request, &response, &err) && strstr(err.why, "and its key are needed") != NULL, "%s", err.why);
    request.client_cert = view_of("");
    for (size_t i = 0; i < 3; i++) { /* all three are C strings to the network process, which would end */
        struct http_request bad = { .url = request.url };

        *(i == 0 ? &bad.trust : i == 1 ? &bad.client_cert : &bad.client_key) = (struct view){ "a\0b", 3 };
        CHECK(!net_http(net, &bad, &response, &err) && strstr(err.why, "a NUL byte among") != NULL, "%zu: %s", i,
            err.why);
    }
    request.trust = view_of("nonsense");
    CHECK(!net_http(net, &request, &response, &err), "no certificate to trust");
    clear_identities();
}

TEST_MAIN()
