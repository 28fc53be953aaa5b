#include "nginx/test_conf.h"

#include "nginx/self_redirect.h"

/* Directives in a block for a.test and www.a.test; how many send clients in circles, and "whole" when all of them. */
static const struct {
    const char *name, *lines, *want;
} cases[] = {
    { "none", "root /x;", "0" },
    { "the host", "return 301 https://$host$request_uri;", "1 whole" },
    { "in braces", "return 301 https://${host}$request_uri;", "1 whole" },
    { "the server's name", "return 302 https://$server_name$request_uri;", "1 whole" },
    { "without a code", "return https://$host$request_uri;", "1 whole" },
    { "by name", "return 308 https://a.test$request_uri;", "1 whole" },
    { "by name in capitals", "return 308 https://A.Test$request_uri;", "1 whole" },
    { "a rewrite", "rewrite ^/(.*)$ https://$host/$1 permanent;", "1 whole" },
    { "another host", "return 301 https://b.test$request_uri;", "0" },
    { "a longer variable", "return 301 https://$hostname2$request_uri;", "0" },
    { "http", "return 301 http://$host$request_uri;", "0" },
    { "another port", "return 301 https://$host:8443$request_uri;", "0" },
    { "the same port", "return 301 https://$host:443$request_uri;", "1 whole" },
    { "another code", "return 200 https://$host$request_uri;", "0" },
    { "in a location for all", "location / { return 301 https://$host$request_uri; }", "1 whole" },
    { "in a location", "location /x { return 301 https://$host$request_uri; }", "1" },
    { "in a location, with the port", "location /x { return 301 https://$host:443$request_uri; }", "1" },
    { "a port that is a path", "return 301 https://$host/:8443$request_uri;", "1 whole" },
    { "from a location to another", "location = / { return 301 https://$host/app/; }", "0" },
    { "to the beginning", "location / { return 301 https://$host/; }", "1 whole" },
    { "by scheme", "if ($scheme = http) { return 301 https://$host$request_uri; }", "0" },
    { "by https", "if ($https != on) { return 301 https://$host$request_uri; }", "0" },
    { "by host", "if ($host = a.test) { return 301 https://$host$request_uri; }", "1" },
    { "from one name to the other", "if ($host = www.a.test) { return 301 https://a.test$request_uri; }", "0" },
    { "by a header", "if ($http_x_forwarded_proto = http) { return 301 https://$host$request_uri; }", "1" },
    { "what is refused", "deny all; error_page 403 =301 https://$host$request_uri;", "1" },
    { "by an error's own code", "error_page 404 500 https://a.test$request_uri;", "1" },
    { "in a location, what is refused", "location / { deny all; error_page 403 = https://$host$request_uri; }", "1" },
    { "a page for errors", "error_page 404 https://$host/404.html;", "0" },
    { "errors, to another host", "error_page 403 =301 https://b.test$request_uri;", "0" },
    { "plain requests at a port for TLS", "error_page 497 https://$host$request_uri;", "0" },
    { "by an include", "include more;", "1 whole" },
};

TEST(directives_that_send_in_circles)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *site = xprintf("server { listen 80; server_name a.test www.a.test; %s }", cases[i].lines);
        AUTO(nginx_conf_free) struct nginx_conf *conf = test_conf_load(site, "return 301 https://$host$request_uri;");
        AUTO(nginx_model_free) struct nginx_model *model = nginx_model_new(conf);
        AUTO(nginx_redirects_clear) struct nginx_redirects found = { 0 };
        AUTO(free) char *got = NULL;

        nginx_redirects_find(model, &model->blocks[0], 443, &found);
        got = xprintf("%zu%s", found.len, found.whole ? " whole" : "");
        CHECK_TEXT(got, cases[i].want, cases[i].name);
    }
}

/* Whether requests for a name without TLS are redirected already. */
static const struct {
    const char *name, *lines;
    bool want;
} redirected[] = {
    { "not", "root /x;", false },
    { "all", "return 301 https://$host$request_uri;", true },
    { "the name", "if ($host = a.test) { return 301 https://$host$request_uri; }", true },
    { "another name", "if ($host = www.a.test) { return 301 https://$host$request_uri; }", false },
    { "by scheme", "if ($scheme = http) { return 301 https://$host$request_uri; }", true },
    { "what is refused alone", "error_page 403 =301 https://$host$request_uri;", false },
    { "nothing of that kind", "if ($host = a.test) { return 404; }", false },
};

TEST(what_is_redirected_already)
{
    for (size_t i = 0; i < COUNT(redirected); i++) {
        AUTO(free) char *site = xprintf("server { listen 80; server_name a.test www.a.test; %s }", redirected[i].lines);
        AUTO(nginx_conf_free) struct nginx_conf *conf = test_conf_load(site, NULL);
        AUTO(nginx_model_free) struct nginx_model *model = nginx_model_new(conf);

        CHECK(nginx_redirects_name(model, &model->blocks[0], "a.test", 443) == redirected[i].want, "%s",
            redirected[i].name);
    }
}

TEST_MAIN()
