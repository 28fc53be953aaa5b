/* Tests what is thought of certificates: by themselves, and of a server's, by the real evercert-net. */
#include "client/verify.h"

#include "client/test_tls.h"
#include "net/probe.h"

#define SHOWN 3

static struct identity root, middle, other, old_middle, weak_middle;

static void begin(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    root = identity_new("root", NULL, NULL, -20, 20);
    other = identity_new("other root", NULL, NULL, -20, 20);
    middle = identity_of_key(EVP_EC_gen("P-256"), "middle", NULL, &root, -10, 10);
    old_middle = identity_of_key(EVP_EC_gen("P-256"), "old middle", NULL, &root, -10, -1);
    weak_middle = identity_of_key(EVP_RSA_gen(1024), "weak middle", NULL, &root, -10, 10);
}

static void end(void)
{
    struct identity *all[] = { &root, &other, &middle, &old_middle, &weak_middle };

    for (size_t i = 0; i < COUNT(all); i++)
        identity_clear(all[i]);
}

static void judge(X509 *const *shown, bool has_roots, struct verified *out)
{
    STACK_OF(X509) *stack = sk_X509_new_null();
    X509_STORE *roots = X509_STORE_new();

    for (size_t i = 0; i < SHOWN && shown[i] != NULL; i++)
        (void)sk_X509_push(stack, shown[i]);
    (void)X509_STORE_add_cert(roots, root.cert);
    verify_shown(has_roots ? roots : NULL, shown[0], stack, out);
    X509_STORE_free(roots);
    sk_X509_free(stack);
}

TEST(what_is_shown_is_judged)
{
    static const struct {
        const char *name;
        struct identity *by; /* NULL: itself */
        int from, to;        /* days, of its own */
        struct identity *behind[SHOWN - 1];
        enum probe_trust want;
        const char *weak; /* NULL: nothing is */
        unsigned rsa_bits;
    } rows[] = {
        { "whole", &middle, -1, 5, { &middle }, PROBE_TRUSTED, NULL, 0 },
        { "with the root", &middle, -1, 5, { &middle, &root }, PROBE_TRUSTED, NULL, 0 },
        { "by the root itself", &root, -1, 5, { NULL }, PROBE_TRUSTED, NULL, 0 },
        { "expired, by its own time alone", &middle, -5, -1, { &middle }, PROBE_TRUSTED, NULL, 0 },
        { "not yet valid", &middle, 1, 5, { &middle }, PROBE_TRUSTED, NULL, 0 },
        { "the issuer is not shown", &middle, -1, 5, { NULL }, PROBE_INCOMPLETE, NULL, 0 },
        { "expired, and the issuer is not shown", &middle, -5, -1, { NULL }, PROBE_INCOMPLETE, NULL, 0 },
        { "another issuer is shown", &middle, -1, 5, { &old_middle }, PROBE_INCOMPLETE, NULL, 0 },
        { "the issuer has expired", &old_middle, -1, 5, { &old_middle }, PROBE_UNTRUSTED, NULL, 0 },
        { "signed by itself", NULL, -1, 5, { NULL }, PROBE_SELF_SIGNED, NULL, 0 },
        { "signed by itself, and expired", NULL, -5, -1, { NULL }, PROBE_SELF_SIGNED, NULL, 0 },
        { "of a CA that is not trusted, and shown", &other, -1, 5, { &other }, PROBE_UNKNOWN_CA, NULL, 0 },
        { "of a CA that is not trusted, not shown", &other, -1, 5, { NULL }, PROBE_INCOMPLETE, NULL, 0 },
        { "a weak key", &middle, -1, 5, { &middle }, PROBE_TRUSTED, "EE certificate key too weak", 1024 },
        { "an issuer's weak key", &weak_middle, -1, 5, { &weak_middle }, PROBE_TRUSTED, "CA certificate key too weak",
            0 },
    };

    begin();
    for (size_t i = 0; i < COUNT(rows); i++) {
        EVP_PKEY *key = rows[i].rsa_bits > 0 ? EVP_RSA_gen(rows[i].rsa_bits) : EVP_EC_gen("P-256");
        struct identity leaf = identity_of_key(key, "leaf", "DNS:a.test", rows[i].by, rows[i].from, rows[i].to);
        X509 *shown[SHOWN] = { leaf.cert };
        struct verified verified = { 0 };

        for (size_t k = 0; k < SHOWN - 1 && rows[i].behind[k] != NULL; k++)
            shown[k + 1] = rows[i].behind[k]->cert;
        judge(shown, true, &verified);
        CHECK(verified.trust == rows[i].want, "%s: %d, %s", rows[i].name, (int)verified.trust, verified.why);
        CHECK((verified.trust == PROBE_TRUSTED) == (verified.why[0] == '\0'), "%s: %s", rows[i].name, verified.why);
        CHECK(strstr(verified.weak, rows[i].weak == NULL ? "" : rows[i].weak) != NULL, "%s: %s", rows[i].name,
            verified.weak);
        CHECK(rows[i].weak != NULL || verified.weak[0] == '\0', "%s: %s", rows[i].name, verified.weak);
        identity_clear(&leaf);
    }
    end();
}

TEST(without_roots_nothing_is_trusted)
{
    struct identity leaf;
    struct verified verified = { 0 };

    begin();
    leaf = identity_new("leaf", "DNS:a.test", &middle, -1, 5);
    judge((X509 *[SHOWN]){ leaf.cert, middle.cert, root.cert }, false, &verified);
    CHECK_INT(verified.trust, PROBE_UNKNOWN_CA, "the root is shown alone");
    identity_clear(&leaf);
    end();
}

/* A server that shows its own certificate alone. */
TEST(a_server_is_judged_when_asked)
{
    AUTO(free) char *bundle = test_path("ca.pem");
    struct identity leaf[2];

    begin();
    leaf[0] = identity_new("leaf", "DNS:a.test", &root, -1, 5);
    leaf[1] = identity_new("leaf", "DNS:a.test", &middle, -1, 5);
    write_pem(bundle, &root.cert, 1);
    (void)setenv("REQUESTS_CA_BUNDLE", bundle, 1);
    for (size_t i = 0; i < 2 * COUNT(leaf); i++) {
        AUTO(net_stop) struct net *net = netd_start((struct net_options){ 0 });
        AUTO(probed_clear) struct probed probed = { 0 };
        struct tls_server server = { .answer = "" };
        struct error err = { 0 };
        bool asks = i >= COUNT(leaf);
        enum probe_trust want = i % COUNT(leaf) == 0 ? PROBE_TRUSTED : PROBE_INCOMPLETE;

        tls_start(&server, &leaf[i % COUNT(leaf)], 0);
        REQUIRE(net_probe(
                    net, &(struct probe){ .address = "127.0.0.1", .port = server.port, .verify = asks }, &probed, &err),
            "%s", err.why);
        tls_stop(&server);
        CHECK(probed.trust == (asks ? want : PROBE_UNVERIFIED), "%zu: %d, %s", i, (int)probed.trust, probed.why);
        CHECK(probed.why != NULL && probed.weak != NULL && probed.weak[0] == '\0', "%zu", i);
    }
    (void)unsetenv("REQUESTS_CA_BUNDLE");
    identity_clear(&leaf[0]);
    identity_clear(&leaf[1]);
    end();
}

TEST_MAIN()
