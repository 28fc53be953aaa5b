#include "nginx/test_conf.h"

#include "nginx/enhance.h"
#include "nginx/redirect.h"

#define TO_HTTPS(name)                                                                                                 \
    "    if ($host = " name ") {\n"                                                                                    \
    "        return 301 https://$host$request_uri;\n"                                                                  \
    "    }@\n"

/* What: r redirect, h HSTS, s stapling, x security headers. Texts as in deploy_test.c. */
static const struct {
    const char *name, *names, *what, *before, *more, *after;
} cases[] = {
    { "split", "a.test www.a.test", "r",
        "server {\n    listen 80; # plain\n    listen [::]:80;\n    server_name a.test www.a.test;\n    root /x;\n\n   "
        " listen 443 ssl; # managed by Certbot\n    ssl_certificate /l; # managed by Certbot\n}\n",
        NULL,
        "server {\n"
        "    server_name a.test www.a.test;\n"
        "    root /x;\n"
        "\n"
        "    listen 443 ssl;@\n"
        "    ssl_certificate /l;@\n"
        "}\n"
        "server {\n" TO_HTTPS("a.test") TO_HTTPS("www.a.test") "\n"
                                                               "    listen 80; # plain\n"
                                                               "    listen [::]:80;\n"
                                                               "    server_name a.test www.a.test;\n"
                                                               "    return 404;@\n"
                                                               "}\n" },
    { "plain with TLS sibling", "a.test", "r",
        "server {\n    listen 80;\n    server_name a.test;\n    root /x;\n}\nserver {\n    listen 443 ssl;\n    "
        "server_name a.test;\n}\n",
        NULL,
        "server {\n" TO_HTTPS("a.test") "\n"
                                        "    listen 80;\n"
                                        "    server_name a.test;\n"
                                        "    root /x;\n"
                                        "}\n"
                                        "server {\n"
                                        "    listen 443 ssl;\n"
                                        "    server_name a.test;\n"
                                        "}\n" },
    { "another name", "a.test", "r",
        "server {\n    listen 80;\n    listen 443 ssl;\n    server_name a.test b.test;\n    root /x;\n    "
        "ssl_certificate /l;\n}\n",
        NULL,
        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test b.test;\n"
        "    root /x;\n"
        "    ssl_certificate /l;\n"
        "}\n"
        "server {\n" TO_HTTPS("a.test") "\n"
                                        "    listen 80;\n"
                                        "    server_name a.test b.test;\n"
                                        "    root /x;\n"
                                        "}\n" },
    { "another name, and TLS options that are included", "a.test", "r",
        "server {\n    listen 80;\n    listen 443 ssl;\n    server_name a.test b.test;\n    include more; # managed by "
        "Certbot\n    root /x;\n}\n",
        "ssl_protocols TLSv1.3;\n",
        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test b.test;\n"
        "    include more;@\n"
        "    root /x;\n"
        "}\n"
        "server {\n" TO_HTTPS("a.test") "\n"
                                        "    listen 80;\n"
                                        "    server_name a.test b.test;\n"
                                        "    root /x;\n"
                                        "}\n" },
    { "default", "a.test", "r",
        "server {\n    listen 80 default_server;\n    listen 443 ssl;\n    server_name a.test;\n    root /x;\n}\n",
        NULL,
        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "    root /x;\n"
        "}\n"
        "server {\n" TO_HTTPS("a.test") "\n"
                                        "    listen 80 default_server;\n"
                                        "    server_name a.test;\n"
                                        "    root /x;\n"
                                        "}\n" },
    { "quic", "a.test", "r",
        "server {\n    listen 80;\n    listen 443 quic;\n    listen 443 ssl;\n    server_name a.test;\n}\n", NULL,

        "server {\n"
        "    listen 443 quic;\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "}\n"
        "server {\n" TO_HTTPS("a.test") "\n"
                                        "    listen 80;\n"
                                        "    server_name a.test;\n"
                                        "    return 404;@\n"
                                        "}\n" },
    { "included listen and name", "a.test", "r", "server {\n    include more;\n    listen 443 ssl;\n}\n",
        "listen 80;\nserver_name a.test;\n",
        "server {\n"
        "    # include more; its text, for this block alone:@\n"
        "server_name a.test;\n"
        "    listen 443 ssl;\n"
        "}\n"
        "server {\n" TO_HTTPS("a.test") "\n"
                                        "    listen 80;\n"
                                        "    server_name a.test;\n"
                                        "    return 404;@\n"
                                        "}\n" },
    { "comment at the end without newline", "a.test", "r",
        "server {\n    listen 80;\n    listen 443 ssl;\n    server_name a.test;\n}\n# end", NULL,
        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "}\n"
        "server {\n" TO_HTTPS("a.test") "\n"
                                        "    listen 80;\n"
                                        "    server_name a.test;\n"
                                        "    return 404;@\n"
                                        "}\n"
                                        "# end" },
    { "no newline at the end", "a.test", "r",
        "server {\n    listen 80;\n    listen 443 ssl;\n    server_name a.test;\n}", NULL,
        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "}\n"
        "server {\n" TO_HTTPS("a.test") "\n"
                                        "    listen 80;\n"
                                        "    server_name a.test;\n"
                                        "    return 404;@\n"
                                        "}" },
    { "one line", "a.test", "r", "server { listen 80; listen 443 ssl; server_name a.test; }", NULL,
        "server { listen 443 ssl; server_name a.test; }\n"
        "server {\n" TO_HTTPS("a.test") "\n"
                                        "    listen 80;\n"
                                        "    server_name a.test;\n"
                                        "    return 404;@\n"
                                        "}" },
    { "two on a line", "a.test", "r",
        "server { listen 80; listen 443 ssl; server_name a.test; } server { listen 80; server_name b.test; }", NULL,

        "server { listen 443 ssl; server_name a.test; } \n"
        "server {\n" TO_HTTPS("a.test") "\n"
                                        "    listen 80;\n"
                                        "    server_name a.test;\n"
                                        "    return 404;@\n"
                                        "}\n"
                                        "server { listen 80; server_name b.test; }" },
    { "CR LF", "a.test", "r", "server {\r\n  listen 80;\r\n  listen 443 ssl;\r\n  server_name a.test;\r\n}\r\n", NULL,

        "server {\r\n"
        "  listen 443 ssl;\r\n"
        "  server_name a.test;\r\n"
        "}\r\n"
        "server {\r\n"
        "  if ($host = a.test) {\r\n"
        "    return 301 https://$host$request_uri;\r\n"
        "  }@\r\n"
        "\r\n"
        "  listen 80;\r\n"
        "  server_name a.test;\r\n"
        "  return 404;@\r\n"
        "}\r\n" },
    { "by scheme already", "a.test", "r",
        "server {\n    listen 80;\n    listen 443 ssl;\n    server_name a.test;\n    if ($scheme != \"https\") {\n     "
        "   return 301 https://$host$request_uri;\n    }\n}\n",
        NULL,
        "server {\n"
        "    listen 80;\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "    if ($scheme != \"https\") {\n"
        "        return 301 https://$host$request_uri;\n"
        "    }\n"
        "}\n" },
    { "return already", "a.test", "r",
        "server {\n    listen 80;\n    server_name a.test;\n    return 301 https://a.test$request_uri;\n}\n", NULL,

        "server {\n"
        "    listen 80;\n"
        "    server_name a.test;\n"
        "    return 301 https://a.test$request_uri;\n"
        "}\n" },
    { "wildcard", "*.b.test b.test", "r",
        "server {\n    listen 80;\n    listen 443 ssl;\n    server_name a.b.test b.test;\n}\n", NULL,
        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.b.test b.test;\n"
        "}\n"
        "server {\n"
        "    if ($host ~ ^[^.]+\\.b\\.test$) {\n"
        "        return 301 https://$host$request_uri;\n"
        "    }@\n" TO_HTTPS("b.test") "\n"
                                      "    listen 80;\n"
                                      "    server_name a.b.test b.test;\n"
                                      "    return 404;@\n"
                                      "}\n" },
    { "other port", "a.test", "r", "server {\n    listen 8080;\n    listen 443 ssl;\n    server_name a.test;\n}\n",
        NULL,
        "server {\n"
        "    listen 8080;\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "}\n" },
    { "address", "::1", "r",
        "server {\n    listen [::]:80;\n    listen [::]:443 ssl;\n    server_name _;\n    root /x;\n}\n", NULL,
        "server {\n"
        "    listen [::]:443 ssl;\n"
        "    server_name _;\n"
        "    root /x;\n"
        "}\n"
        "server {\n"
        "    if ($host = [::1]) {\n"
        "        return 301 https://$host$request_uri;\n"
        "    }@\n"
        "\n"
        "    listen [::]:80;\n"
        "    server_name _;\n"
        "    root /x;\n"
        "}\n" },
    { "TLS at another port alone", "a.test", "r",
        "server {\n    listen 80;\n    listen 8443 ssl;\n    server_name a.test;\n}\n", NULL,
        "server {\n    listen 80;\n    listen 8443 ssl;\n    server_name a.test;\n}\n" },
    { "a default server has it", "a.test", "r",
        "server {\n    listen 80;\n    server_name _;\n}\nserver {\n    listen 443 ssl;\n    server_name a.test;\n}\n",
        NULL,
        "server {\n    if ($host = a.test) {\n        return 301 https://$host$request_uri;\n    }@\n\n    listen "
        "80;\n    server_name _;\n}\nserver {\n    listen 443 ssl;\n    server_name a.test;\n}\n" },
    { "hsts", "a.test", "h", "server {\n    listen 443 ssl;\n    server_name a.test;\n}\n", NULL,
        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "    add_header Strict-Transport-Security \"max-age=31536000\" always;@\n"
        "}\n" },
    { "hsts, mixed, then redirect", "a.test", "hr",
        "server {\n    listen 80;\n    server_name a.test;\n    root /x;\n    listen 443 ssl;\n    ssl_certificate "
        "/l;\n}\n",
        NULL,
        "server {\n"
        "    server_name a.test;\n"
        "    root /x;\n"
        "    listen 443 ssl;\n"
        "    ssl_certificate /l;\n"
        "    add_header Strict-Transport-Security \"max-age=31536000\" always;@\n"
        "}\n"
        "server {\n" TO_HTTPS("a.test") "\n"
                                        "    listen 80;\n"
                                        "    server_name a.test;\n"
                                        "    root /x;\n"
                                        "}\n" },
    { "hsts in a location", "a.test", "h",
        "server {\n    listen 443 ssl;\n    server_name a.test;\n    location / { add_header strict-transport-security "
        "x; }\n}\n",
        NULL,
        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "    location / { add_header strict-transport-security x; }\n"
        "}\n" },
    { "hsts, inherited headers", "a.test", "h",
        "add_header X-A b;\nadd_header Strict-Transport-Security old;\nserver {\n    listen 443 ssl;\n    server_name "
        "a.test;\n}\n",
        NULL,
        "add_header X-A b;\n"
        "add_header Strict-Transport-Security old;\n"
        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "    add_header X-A b;@\n"
        "    add_header Strict-Transport-Security \"max-age=31536000\" always;@\n"
        "}\n" },
    { "stapling", "a.test", "s", "server {\n    listen 443 ssl;\n    server_name a.test;\n    ssl_stapling off;\n}\n",
        NULL,
        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "    ssl_stapling on;@\n"
        "    ssl_trusted_certificate /l/ecdsa/chain;@\n"
        "    ssl_stapling_verify on;@\n"
        "}\n" },
    { "headers", "a.test", "x",
        "server {\n    listen 443 ssl;\n    server_name a.test;\n    add_header X-Frame-Options SAMEORIGIN;\n}\n", NULL,

        "server {\n"
        "    listen 443 ssl;\n"
        "    server_name a.test;\n"
        "    add_header X-Frame-Options SAMEORIGIN;\n"
        "    add_header Strict-Transport-Security \"max-age=31536000; includeSubDomains\" always;@\n"
        "    add_header X-Content-Type-Options \"nosniff\" always;@\n"
        "    add_header X-XSS-Protection \"1; mode=block\" always;@\n"
        "    add_header Referrer-Policy \"strict-origin-when-cross-origin\" always;@\n"
        "}\n" },
    { "hsts without TLS", "a.test", "h", "server {\n    listen 80;\n    server_name a.test;\n}\n", NULL,
        "!nginx does not serve a.test over TLS, so there is nothing to add hsts to" },
};

static bool run(struct nginx_conf *conf, const char *names, const char *what, struct error *err)
{
    AUTO(nginx_editing_clear) struct nginx_editing editing = { 0 };
    struct test_task task;
    bool ok = true;

    test_task_init(&task, names);
    nginx_editing_begin(&editing, conf);
    for (; ok && *what != '\0'; what++) {
        if (*what == 'r')
            ok = nginx_redirect(&editing, &task.task, err);
        else
            ok = nginx_enhance(&editing, &task.task,
                *what == 'h'   ? ENHANCE_HSTS
                : *what == 's' ? ENHANCE_STAPLE_OCSP
                               : ENHANCE_SECURITY_HEADERS,
                err);
    }
    test_task_clear(&task);
    return ok;
}

TEST(blocks_are_enhanced_once)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = test_conf_load(cases[i].before, cases[i].more);
        AUTO(free) char *after = test_marked(cases[i].after);
        struct error err = { 0 };

        if (cases[i].after[0] == '!') {
            CHECK(!run(conf, cases[i].names, cases[i].what, &err), "%s", cases[i].name);
            CHECK_TEXT(err.why, cases[i].after + 1, cases[i].name);
            continue;
        }
        for (int times = 0; times < 2; times++) { /* the second time nothing is edited */
            CHECK(run(conf, cases[i].names, cases[i].what, &err), "%s: %s", cases[i].name, err.why);
            CHECK_TEXT(test_conf_text(conf, "/n/site"), after, cases[i].name);
        }
    }
}

TEST_MAIN()
