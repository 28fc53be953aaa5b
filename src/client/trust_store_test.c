/* Tests the servers that the real evercert-net trusts: servers with every kind of wrong certificate, and right ones. */
#include "client/trust_store.h"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "client/test_tls.h"

static struct net *start(bool no_verify)
{
    return netd_start((struct net_options){ .no_verify = no_verify });
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
#define DOWN "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

enum who { GOOD, EXPIRED, FUTURE, OTHER_NAME, NAMELESS, OTHER_ISSUER, SELF_SIGNED, NO_TLS, WHO_COUNT };

static const struct {
    const char *name;
    enum who who;
    bool no_verify;
    int max_version; /* 0: the newest */
    const char *answer;
    const char *why; /* NULL: it is an answer */
} cases[] = {
    { "expired", EXPIRED, false, 0, OK, "has expired" },
    { "not yet valid", FUTURE, false, 0, OK, "is not valid yet" },
    { "another name", OTHER_NAME, false, 0, OK, "is for another name" },
    { "a common name alone", NAMELESS, false, 0, OK, "does not say for which hosts it is" },
    { "another issuer", OTHER_ISSUER, false, 0, OK, "is not trusted (unable to get local issuer certificate)" },
    { "signed by itself", SELF_SIGNED, false, 0, OK, "is not trusted (self" },
    { "no TLS", NO_TLS, false, 0, OK, "no TLS connection" },
    { "TLS 1.1", GOOD, false, TLS1_1_VERSION, OK, "no TLS connection" },
    { "TLS 1.1, not verified", GOOD, true, TLS1_1_VERSION, OK, "no TLS connection" },
    { "redirect away from https", GOOD, false, 0, DOWN, "redirects away from https" },
    { "TLS 1.2", GOOD, false, TLS1_2_VERSION, OK, NULL },
    { "the newest TLS", GOOD, false, 0, OK, NULL },
    { "another name, not verified", OTHER_NAME, true, 0, OK, NULL },
    { "expired, not verified", EXPIRED, true, 0, OK, NULL },
};

static bool fetch(struct net *net, int port, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(free) char *url = xprintf("https://127.0.0.1:%d/", port);

    return net_http(net, &(struct http_request){ .url = url, .follow = true, .timeout_ms = 10000 }, &response, err) &&
           response.status == 200;
}

TEST(trust_store_judges_servers)
{
    struct identity ca = identity_new("ca", NULL, NULL, -1, 10), other = identity_new("other", NULL, NULL, -1, 10);
    struct identity who[WHO_COUNT] = {
        [GOOD] = identity_new("good", "IP:127.0.0.1", &ca, -1, 5),
        [EXPIRED] = identity_new("expired", "IP:127.0.0.1", &ca, -5, -1),
        [FUTURE] = identity_new("future", "IP:127.0.0.1", &ca, 1, 5),
        [OTHER_NAME] = identity_new("127.0.0.1", "DNS:other.test", &ca, -1, 5),
        [NAMELESS] = identity_new("127.0.0.1", "email:operator@other.test", &ca, -1, 5),
        [OTHER_ISSUER] = identity_new("stranger", "IP:127.0.0.1", &other, -1, 5),
        [SELF_SIGNED] = identity_new("self", "IP:127.0.0.1", NULL, -1, 5),
    };
    AUTO(free) char *bundle = test_path("ca.pem");

    write_pem(bundle, &ca.cert, 1);
    (void)setenv("REQUESTS_CA_BUNDLE", bundle, 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(net_stop) struct net *net = start(cases[i].no_verify);
        struct tls_server server = { .answer = cases[i].answer };
        struct error err = { 0 };
        bool ok;

        tls_start(&server, cases[i].who == NO_TLS ? NULL : &who[cases[i].who], cases[i].max_version);
        ok = fetch(net, server.port, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        if (ok) {
            CHECK(fetch(net, server.port, &err), "%s, again: %s", cases[i].name, err.why);
            CHECK(server.connections == 2 && server.resumed == 1, "%s: %d connections, %d resumed", cases[i].name,
                (int)server.connections, (int)server.resumed);
        }
        tls_stop(&server);
    }
    for (size_t i = 0; i < WHO_COUNT; i++)
        identity_clear(&who[i]);
    identity_clear(&ca);
    identity_clear(&other);
}

/* Any root with an EC key (as ours: else it does not count as issuer) that this system has by hash; NULL when none. */
static X509 *system_root(void)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };
    X509 *root = NULL;

    if (!file_list_dir("/etc/ssl/certs", &names, &err))
        return NULL;
    for (size_t i = 0; i < names.len && root == NULL; i++) {
        AUTO(free) char *path = file_join("/etc/ssl/certs", names.at[i]);
        AUTO(fclose) FILE *file = strlen(names.at[i]) == 10 && names.at[i][8] == '.' ? fopen(path, "re") : NULL;

        root = file == NULL ? NULL : PEM_read_X509(file, NULL, NULL, NULL);
        if (root != NULL && !EVP_PKEY_is_a(X509_get0_pubkey(root), "EC")) {
            X509_free(root);
            root = NULL;
        }
    }
    return root;
}

/* A certificate in the name of a root that this system trusts, without its key: that root is found, and the signature
 * is what betrays it. */
TEST(trust_store_finds_the_roots_of_the_system)
{
    X509 *root = system_root();
    struct identity forger = { EVP_EC_gen("P-256"), root }, leaf;
    struct tls_server server = { .answer = OK };
    AUTO(net_stop) struct net *net = NULL;
    struct error err = { 0 };

    (void)unsetenv("REQUESTS_CA_BUNDLE");
    (void)unsetenv("CURL_CA_BUNDLE");
    (void)unsetenv("SSL_CERT_FILE");
    (void)unsetenv("SSL_CERT_DIR");
    if (root == NULL) {
        fprintf(stderr, "passed over here: no directory of certificates by hash\n");
        identity_clear(&forger);
        return;
    }
    leaf = identity_new("leaf", "IP:127.0.0.1", &forger, -1, 5);
    net = start(false);
    tls_start(&server, &leaf, 0);
    CHECK(!fetch(net, server.port, &err), "a forged signature");
    CHECK(strstr(err.why, "signature failure") != NULL || strstr(err.why, "asn1") != NULL,
        "the root was not found, rather than its signature checked: %s", err.why);
    tls_stop(&server);
    identity_clear(&leaf);
    identity_clear(&forger);
}

/* A bundle of many, ours the last, and one whose issuer is not in it: an intermediate is trusted for itself. */
TEST(trust_store_of_many)
{
    struct identity root = identity_new("root", NULL, NULL, -1, 10),
                    middle = identity_new("middle", NULL, &root, -1, 10);
    struct identity leaf = identity_new("leaf", "IP:127.0.0.1", &middle, -1, 5);
    struct identity others[20];
    X509 *certs[COUNT(others) + 1];
    AUTO(free) char *bundle = test_path("many.pem");
    AUTO(net_stop) struct net *net = NULL;
    struct tls_server server = { .answer = OK };
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT(others); i++) {
        others[i] = identity_new("some", NULL, NULL, -1, 10);
        certs[i] = others[i].cert;
    }
    certs[COUNT(others)] = middle.cert;
    write_pem(bundle, certs, COUNT(certs));
    (void)setenv("REQUESTS_CA_BUNDLE", bundle, 1);
    net = start(false);
    tls_start(&server, &leaf, 0);
    CHECK(fetch(net, server.port, &err), "%s", err.why);
    tls_stop(&server);
    for (size_t i = 0; i < COUNT(others); i++)
        identity_clear(&others[i]);
    identity_clear(&root);
    identity_clear(&middle);
    identity_clear(&leaf);
}

TEST_MAIN()
