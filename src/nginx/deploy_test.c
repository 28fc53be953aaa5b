#include "nginx/test_conf.h"

#include "nginx/deploy.h"

#define PAIR(in) in "ssl_certificate /l/ecdsa/full;@\n" in "ssl_certificate_key /l/ecdsa/key;@\n"
#define OPTIONS(in) in "include /c/options;@\n" in "ssl_dhparam /c/dhparams;@\n"

/* /n/site before and after, and /n/more; '@' stands for " # managed by Certbot". "!...": the error. */
static const struct {
    const char *name, *names, *before, *after;
    const char *more, *more_after; /* NULL: as before */
} cases[] = {
    { "plain", "a.test", "server {\n    listen 80;\n    listen [::]:80;\n    server_name a.test;\n    root /x;\n}\n",

        "server {\n"
        "    listen 80;\n"
        "    listen [::]:80;\n"
        "    server_name a.test;\n"
        "    root /x;\n"
        "\n"
        "    listen 443 ssl;@\n"
        "    listen [::]:443 ssl ipv6only=on;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "one line", "a.test", "server { listen 80; server_name a.test; }",
        "server { listen 80; server_name a.test; \n"
        "    listen 443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}" },
    { "CR LF, tabs", "a.test", "server {\r\n\tlisten 80;\r\n\tserver_name a.test;\r\n}\r\n",
        "server {\r\n"
        "\tlisten 80;\r\n"
        "\tserver_name a.test;\r\n"
        "\r\n"
        "\tlisten 443 ssl;@\r\n"
        "\tssl_certificate /l/ecdsa/full;@\r\n"
        "\tssl_certificate_key /l/ecdsa/key;@\r\n"
        "\tinclude /c/options;@\r\n"
        "\tssl_dhparam /c/dhparams;@\r\n"
        "}\r\n" },
    { "own comment", "a.test",
        "server {\n  listen 443 ssl;\n  server_name a.test;\n  ssl_certificate /old.pem; # mine\n  ssl_certificate_key "
        "/old.key;\n}\n",

        "server {\n"
        "  listen 443 ssl;\n"
        "  server_name a.test;\n"
        "  ssl_certificate /l/ecdsa/full;@ # mine\n"
        "  ssl_certificate_key /l/ecdsa/key;@\n"
        "}\n" },
    { "both on a line", "a.test",
        "server {\n  listen 443 ssl;\n  server_name a.test;\n  ssl_certificate /old.pem; ssl_certificate_key /old.key; "
        "root /x;\n}\n",

        "server {\n"
        "  listen 443 ssl;\n"
        "  server_name a.test;\n" PAIR("  ") "  root /x;\n"
                                             "}\n" },
    { "same option", "a.test", "server {\n    listen 80;\n    server_name a.test;\n    ssl_session_timeout 1440m;\n}\n",

        "server {\n"
        "    listen 80;\n"
        "    server_name a.test;\n"
        "    # ssl_session_timeout 1440m; # duplicated in /c/options\n"
        "\n"
        "    listen 443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "other option", "a.test",
        "server {\n    listen 80;\n    server_name a.test;\n    ssl_protocols TLSv1.3;\n    ssl_dhparam /x;\n}\n",

        "server {\n"
        "    listen 80;\n"
        "    server_name a.test;\n"
        "    ssl_protocols TLSv1.3;\n"
        "    ssl_dhparam /x;\n"
        "\n"
        "    listen 443 ssl;@\n" PAIR("    ") "    ssl_session_timeout 1440m;@\n"
                                              "}\n" },
    { "other port", "a.test", "server {\n    listen 8080;\n    server_name a.test;\n}\n",
        "server {\n"
        "    listen 8080;\n"
        "    server_name a.test;\n"
        "\n"
        "    listen 443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "backlog", "a.test", "server {\n    listen *:80 backlog=100;\n    server_name a.test;\n}\n",
        "server {\n"
        "    listen *:80 backlog=100;\n"
        "    server_name a.test;\n"
        "\n"
        "    listen *:443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "address without port", "a.test", "server {\n    listen 10.0.0.1;\n    server_name a.test;\n}\n",
        "server {\n"
        "    listen 10.0.0.1;\n"
        "    server_name a.test;\n"
        "\n"
        "    listen 10.0.0.1:443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "ipv6only=off", "a.test", "server {\n    listen [::]:80 ipv6only=off;\n    server_name a.test;\n}\n",
        "server {\n"
        "    listen [::]:80 ipv6only=off;\n"
        "    server_name a.test;\n"
        "\n"
        "    listen [::]:443 ssl ipv6only=off;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "no listen", "a.test", "server {\n    server_name a.test;\n}\n",
        "server {\n"
        "    server_name a.test;\n"
        "\n"
        "    listen 80;@\n"
        "    listen 443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "clone", "a.test b.test", "server {\n    listen 80 default_server reuseport;\n    server_name _;\n}\n",
        "server {\n"
        "    listen 80 default_server reuseport;\n"
        "    server_name _;\n"
        "}\n"
        "server {\n"
        "    listen 80;@\n"
        "    server_name a.test b.test;@\n"
        "\n"
        "    listen 443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "clone of an included listen", "a.test", "server {\n    include more;\n    root /x;\n}\n",
        "server {\n"
        "    include more;\n"
        "    root /x;\n"
        "}\n"
        "server {\n"
        "    listen 80;@\n"
        "    server_name a.test;@\n"
        "    root /x;\n"
        "\n"
        "    listen 443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n",
        "listen 80 default_server;\nserver_name _;\n",
        "listen 80 default_server;\n"
        "server_name _;\n" },
    { "quic", "a.test",
        "server {\n    listen 443 quic reuseport;\n    server_name a.test;\n    ssl_certificate /old;\n    "
        "ssl_certificate_key /old;\n}\n",

        "server {\n"
        "    listen 443 quic reuseport;\n"
        "    server_name a.test;\n" PAIR("    ") "\n"
                                                 "    listen 443 ssl;@\n" OPTIONS("    ") "}\n" },
    { "ssl taken out", "a.test",
        "server {\n    listen 443;\n    listen 80;\n    server_name a.test;\n    ssl_certificate /old;\n    "
        "ssl_certificate_key /old;\n}\n",

        "server {\n"
        "    listen 443 ssl;@\n"
        "    listen 80;\n"
        "    server_name a.test;\n" PAIR("    ") "\n" OPTIONS("    ") "}\n" },
    { "redirect without sibling", "a.test",
        "server {\n    listen 80;\n    server_name a.test;\n    root /x;\n    return 301 "
        "https://$host$request_uri;\n}\n",

        "server {\n"
        "    listen 80;\n"
        "    server_name a.test;\n"
        "    root /x;\n"
        "    return 301 https://$host$request_uri;\n"
        "}\n"
        "server {\n"
        "    server_name a.test;@\n"
        "    root /x;\n"
        "\n"
        "    listen 443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "redirect by a map", "a.test",
        "map $host $to {\n    default 'https://$host$request_uri';\n}\nserver {\n    listen 80;\n    server_name "
        "a.test;\n    return 301 $to;\n}\n",
        "map $host $to {\n    default 'https://$host$request_uri';\n}\nserver {\n    listen 80;\n    server_name "
        "a.test;\n    return 301 $to;\n}\n"
        "server {\n    server_name a.test;@\n"
        "\n"
        "    listen 443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "redirect by a variable", "a.test",
        "server {\n    listen 80;\n    server_name a.test;\n    set $to https://$host$request_uri;\n    return 301 "
        "$to;\n}\n",
        "server {\n    listen 80;\n    server_name a.test;\n    set $to https://$host$request_uri;\n    return 301 "
        "$to;\n}\n"
        "server {\n    server_name a.test;@\n    set $to https://$host$request_uri;\n"
        "\n"
        "    listen 443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "a map of pages is no circle", "a.test",
        "map $uri $to {\n    /old https://$host/new;\n}\nserver {\n    listen 80;\n    server_name a.test;\n    if "
        "($to) {\n        return 301 $to;\n    }\n}\n",
        "map $uri $to {\n    /old https://$host/new;\n}\nserver {\n    listen 80;\n    server_name a.test;\n    if "
        "($to) {\n        return 301 $to;\n    }\n\n    listen 443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "redirect with default TLS", "a.test",
        "server {\n    listen 80;\n    server_name a.test;\n    return 301 https://$host$request_uri;\n}\nserver {\n   "
        " listen 443 ssl default_server;\n    server_name b.test;\n    ssl_certificate /old;\n    ssl_certificate_key "
        "/old;\n    root /y;\n}\n",

        "server {\n"
        "    listen 80;\n"
        "    server_name a.test;\n"
        "    return 301 https://$host$request_uri;\n"
        "}\n"
        "server {\n"
        "    listen 443 ssl;@\n"
        "    server_name a.test;@\n" PAIR("    ") "    root /y;\n"
                                                  "}\n"
                                                  "server {\n"
                                                  "    listen 443 ssl default_server;\n"
                                                  "    server_name b.test;\n"
                                                  "    ssl_certificate /old;\n"
                                                  "    ssl_certificate_key /old;\n"
                                                  "    root /y;\n"
                                                  "}\n" },
    { "redirect in location", "a.test",
        "server {\n    listen 80;\n    server_name a.test www.a.test;\n    location / {\n        return 301 "
        "https://$host$request_uri;\n    }\n    location /x {\n        root /x;\n    }\n}\n",

        "server {\n"
        "    listen 80;\n"
        "    server_name a.test www.a.test;\n"
        "    location / {\n"
        "        return 301 https://$host$request_uri;\n"
        "    }\n"
        "    location /x {\n"
        "        root /x;\n"
        "    }\n"
        "}\n"
        "server {\n"
        "    server_name a.test;@\n"
        "    location / {\n"
        "    }\n"
        "    location /x {\n"
        "        root /x;\n"
        "    }\n"
        "\n"
        "    listen 443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "two pairs", "+a.test",
        "server {\n    listen 443 ssl;\n    server_name a.test;\n    ssl_certificate /old;\n    ssl_certificate_key "
        "/old;\n}\n",

        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n" PAIR("    ") "    ssl_certificate /l/rsa/full;@\n"
                                                 "    ssl_certificate_key /l/rsa/key;@\n"
                                                 "}\n" },
    { "both types replaced", "a.test",
        "server {\n    listen 443 ssl;\n    server_name a.test;\n    ssl_certificate /u/rsa;\n    ssl_certificate_key "
        "/u/rsak;\n    ssl_certificate /u/ecdsa;\n    ssl_certificate_key /u/ecdsak;\n}\n",

        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n" PAIR("    ") "}\n" },
    { "other type kept", "a.test",
        "server {\n    listen 443 ssl;\n    server_name a.test;\n    ssl_certificate /l/rsa2/full;\n    "
        "ssl_certificate_key /l/rsa2/key;\n}\n",

        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "    ssl_certificate /l/rsa2/full;\n"
        "    ssl_certificate_key /l/rsa2/key;\n" PAIR("    ") "}\n" },
    { "other type, of no use", "a.test",
        "server {\n    listen 443 ssl;\n    server_name a.test;\n    ssl_certificate /l/rsaold/full;\n    "
        "ssl_certificate_key /l/rsaold/key;\n}\n",

        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n" PAIR("    ") "}\n" },
    { "snippet alone", "a.test", "server {\n    listen 443 ssl;\n    server_name a.test;\n    include more;\n}\n",
        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "    include more;\n"
        "}\n",
        "ssl_certificate /old;\nssl_certificate_key /old;\n", PAIR("") },
    { "snippet shared", "a.test",
        "server {\n    listen 443 ssl;\n    server_name a.test;\n    include more;\n}\nserver {\n    listen 443 ssl;\n "
        "   server_name b.test;\n    include more;\n}\n",

        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "    # include more; its text, for this block alone:@\n" PAIR("") "ssl_protocols TLSv1.3;\n"
                                                                          "}\n"
                                                                          "server {\n"
                                                                          "    listen 443 ssl;\n"
                                                                          "    server_name b.test;\n"
                                                                          "    include more;\n"
                                                                          "}\n",
        "ssl_certificate /old;\nssl_certificate_key /old;\nssl_protocols TLSv1.3;",
        "ssl_certificate /old;\n"
        "ssl_certificate_key /old;\n"
        "ssl_protocols TLSv1.3;" },
    { "snippet shared by both", "a.test b.test",
        "server {\n    listen 443 ssl;\n    server_name a.test;\n    include more;\n}\nserver {\n    listen 443 ssl;\n "
        "   server_name b.test;\n    include more;\n}\n",

        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "    include more;\n"
        "}\n"
        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name b.test;\n"
        "    include more;\n"
        "}\n",
        "ssl_certificate /old;\nssl_certificate_key /old;\n", PAIR("") },
    { "hidden address", "a.test",
        "server {\n    listen 80;\n    server_name a.test;\n}\nserver {\n    listen 10.0.0.1:443 ssl;\n    server_name "
        "b.test;\n}\n",

        "server {\n"
        "    listen 80;\n"
        "    server_name a.test;\n"
        "\n"
        "    listen 443 ssl;@\n"
        "    listen 10.0.0.1:443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n"
                                                                       "server {\n"
                                                                       "    listen 10.0.0.1:443 ssl;\n"
                                                                       "    server_name b.test;\n"
                                                                       "}\n" },
    { "wildcard", "*.b.test",
        "server {\n    listen 443 ssl;\n    server_name a.b.test;\n}\nserver {\n    listen 443 ssl;\n    server_name "
        "b.test;\n}\n",

        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.b.test;\n" PAIR("    ") "}\n"
                                                   "server {\n"
                                                   "    listen 443 ssl;\n"
                                                   "    server_name b.test;\n"
                                                   "}\n" },
    { "wildcard for nobody", "*.b.test", "server {\n    listen 443 ssl;\n    server_name b.test;\n}\n",
        "!No server block in /n/nginx.conf has a name that *.b.test covers" },
    { "nobody", "x.test", "server {\n    listen 443 ssl;\n    server_name b.test;\n}\n",
        "!No server block in /n/nginx.conf answers for x.test, and there is no single default server to make one of" },
    { "address: nobody else", "10.0.0.1", "server {\n    listen 80;\n    server_name _;\n}\n",
        "server {\n"
        "    listen 80;\n"
        "    server_name _;\n"
        "\n"
        "    listen 443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "address: its own block", "10.0.0.1",
        "server {\n    listen 80;\n    server_name b.test;\n}\nserver {\n    listen 80;\n    server_name "
        "10.0.0.1;\n}\n",

        "server {\n"
        "    listen 80;\n"
        "    server_name b.test;\n"
        "}\n"
        "server {\n"
        "    listen 80;\n"
        "    server_name 10.0.0.1;\n"
        "\n"
        "    listen 443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "address: default TLS of others", "10.0.0.1",
        "server {\n    listen 80;\n    listen 443 ssl;\n    server_name b.test;\n}\n",
        "server {\n"
        "    listen 80;\n"
        "    listen 443 ssl;\n"
        "    server_name b.test;\n"
        "}\n"
        "server {\n"
        "    listen 80;\n"
        "    listen 443 ssl default_server;@\n"
        "    server_name 10.0.0.1;@\n" PAIR("    ") "}\n" },
    { "address: flagged", "10.0.0.1", "server {\n    listen 443 ssl default_server;\n    server_name b.test;\n}\n",
        "!nginx shows clients that ask for 10.0.0.1 the certificate of its default server at /n/site:1, which is for "
        "b.test" },
    { "address and name", "b.test ::1", "server {\n    listen [::]:80;\n    server_name b.test;\n}\n",
        "server {\n"
        "    listen [::]:80;\n"
        "    server_name b.test;\n"
        "\n"
        "    listen [::]:443 ssl ipv6only=on;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
    { "two blocks, IPv6", "a.test b.test",
        "server {\n    listen [::]:80;\n    server_name a.test;\n}\nserver {\n    listen [::]:80;\n    server_name "
        "b.test;\n}\n",

        "server {\n"
        "    listen [::]:80;\n"
        "    server_name a.test;\n"
        "\n"
        "    listen [::]:443 ssl ipv6only=on;@\n" PAIR("    ")
            OPTIONS("    ") "}\n"
                            "server {\n"
                            "    listen [::]:80;\n"
                            "    server_name b.test;\n"
                            "\n"
                            "    listen [::]:443 ssl;@\n" PAIR("    ") OPTIONS("    ") "}\n" },
};

static bool deploy(struct nginx_conf *conf, const char *names, struct error *err)
{
    AUTO(nginx_editing_clear) struct nginx_editing editing = { 0 };
    struct test_task task;
    bool ok;

    test_task_init(&task, names);
    nginx_editing_begin(&editing, conf);
    ok = nginx_deploy(&editing, &task.task, err);
    test_task_clear(&task);
    return ok;
}

static void check_texts(struct nginx_conf *conf, size_t i)
{
    AUTO(free) char *site = test_marked(cases[i].after);
    AUTO(free) char *more = test_marked(cases[i].more_after != NULL ? cases[i].more_after : "");

    CHECK_TEXT(test_conf_text(conf, "/n/site"), site, cases[i].name);
    if (cases[i].more_after != NULL)
        CHECK_TEXT(test_conf_text(conf, "/n/more"), more, cases[i].name);
}

TEST(blocks_get_the_certificate_once)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = test_conf_load(cases[i].before, cases[i].more);
        struct error err = { 0 };

        if (cases[i].after[0] == '!') {
            CHECK(!deploy(conf, cases[i].names, &err), "%s", cases[i].name);
            CHECK_TEXT(err.why, cases[i].after + 1, cases[i].name);
            continue;
        }
        for (int times = 0; times < 2; times++) { /* the second time nothing is edited */
            CHECK(deploy(conf, cases[i].names, &err), "%s: %s", cases[i].name, err.why);
            check_texts(conf, i);
        }
    }
}

TEST(names_that_the_certificate_is_not_for)
{
    static const struct {
        const char *name, *names, *site, *uncovered;
    } rows[] = {
        { "all covered", "*.a.test a.test", "server { listen 80; server_name a.test www.a.test; }", "" },
        { "others", "*.a.test", "server { listen 80; server_name www.a.test a.test b.test _ ~^c; }", "a.test b.test" },
        { "TLS", "a.test", "server { listen 443 ssl; server_name a.test b.test; ssl_certificate /old; }", "b.test" },
        { "it is there already", "a.test",
            "server { listen 443 ssl; server_name a.test b.test; ssl_certificate /l/ecdsa/full; ssl_certificate_key "
            "/l/ecdsa/key; }",
            "" },
        { "another block", "a.test",
            "server { listen 80; server_name a.test; } server { listen 80; server_name b.test; }", "" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = test_conf_load(rows[i].site, NULL);
        AUTO(nginx_editing_clear) struct nginx_editing editing = { 0 };
        AUTO(list_clear) struct list uncovered = { 0 };
        AUTO(free) char *text = NULL;
        struct test_task task;
        struct error err = { 0 };

        test_task_init(&task, rows[i].names);
        task.task.uncovered = &uncovered;
        nginx_editing_begin(&editing, conf);
        CHECK(nginx_deploy(&editing, &task.task, &err), "%s: %s", rows[i].name, err.why);
        text = list_join(&uncovered, " ");
        CHECK_TEXT(text, rows[i].uncovered, rows[i].name);
        test_task_clear(&task);
    }
}

TEST_MAIN()
