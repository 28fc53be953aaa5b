#include "nginx/test_conf.h"

#include "nginx/expected.h"

#define CERT "ssl_certificate /l/ecdsa/full; ssl_certificate_key /l/ecdsa/key;"
#define BOTH CERT " ssl_certificate /l/rsa/full; ssl_certificate_key /l/rsa/key;"

/* "NAME ADDRESS PORT FILE", with an asterisk for a name that is not asked for, and the type where there are two. */
static const struct {
    const char *name, *names, *site, *want;
} cases[] = {
    { "all addresses", "a.test", "server { listen 443 ssl; server_name a.test; " CERT " }",
        "a.test 127.0.0.1 443 /l/ecdsa/full\n" },
    { "IPv6 alone", "a.test", "server { listen [::]:443 ssl; server_name a.test; " CERT " }",
        "a.test ::1 443 /l/ecdsa/full\n" },
    { "one address", "a.test", "server { listen 10.0.0.1:443 ssl; server_name a.test; " CERT " }",
        "a.test 10.0.0.1 443 /l/ecdsa/full\n" },
    { "loopback is another's", "a.test",
        "server { listen 443 ssl; server_name a.test; " CERT
        " } server { listen 127.0.0.1:443 ssl; server_name b.test; }",
        "a.test 127.0.0.2 443 /l/ecdsa/full\n" },
    { "another port", "a.test", "server { listen 8443 ssl; server_name a.test; " CERT " }",
        "a.test 127.0.0.1 8443 /l/ecdsa/full\n" },
    { "the https port first", "a.test", "server { listen 8443 ssl; listen 443 ssl; server_name a.test; " CERT " }",
        "a.test 127.0.0.1 443 /l/ecdsa/full\n" },
    { "behind a proxy", "a.test", "server { listen 443 ssl proxy_protocol; server_name a.test; " CERT " }", "" },
    { "a socket", "a.test", "server { listen unix:/run/x ssl; server_name a.test; " CERT " }", "" },
    { "other files", "a.test", "server { listen 443 ssl; server_name a.test; ssl_certificate /x; }", "" },
    { "not served over TLS", "a.test", "server { listen 80; server_name a.test; }", "" },
    { "two types of key", "+a.test", "server { listen 443 ssl; server_name a.test; " BOTH " }",
        "a.test 127.0.0.1 443 /l/ecdsa/full ecdsa\na.test 127.0.0.1 443 /l/rsa/full rsa\n" },
    { "an address", "10.0.0.1", "server { listen 443 ssl; server_name _; " CERT " }",
        "10.0.0.1* 127.0.0.1 443 /l/ecdsa/full\n" },
    { "a wildcard", "*.b.test", "server { listen 443 ssl; server_name a.b.test *.b.test; " CERT " }",
        "a.b.test 127.0.0.1 443 /l/ecdsa/full\n" },
    { "by an include", "a.test", "server { listen 443 ssl; server_name a.test; include more; }",
        "a.test 127.0.0.1 443 /l/ecdsa/full\n" },
};

TEST(what_is_to_be_seen)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = test_conf_load(cases[i].site, CERT);
        AUTO(nginx_model_free) struct nginx_model *model = nginx_model_new(conf);
        AUTO(nginx_expectations_clear) struct nginx_expectations got = { 0 };
        AUTO(buf_clear) struct buf text = BUF(4096);
        struct test_task task;

        test_task_init(&task, cases[i].names);
        nginx_expect(model, &task.task, i, &got);
        for (size_t k = 0; k < got.len; k++) {
            const struct expected *expected = &got.at[k];

            CHECK_INT((int64_t)got.plans[k], (int64_t)i, cases[i].name);
            buf_putf(&text, "%s%s %s %d %s%s\n", expected->name, expected->is_ip ? "*" : "", expected->address,
                expected->port, expected->fullchain,
                expected->key == PROBE_RSA     ? " rsa"
                : expected->key == PROBE_ECDSA ? " ecdsa"
                                               : "");
        }
        CHECK_TEXT(buf_text(&text), cases[i].want, cases[i].name);
        test_task_clear(&task);
    }
}

TEST_MAIN()
