#include "nginx/test_conf.h"

#include "nginx/choice.h"

/* Which blocks, numbered from 0, are chosen for a name; "d" in front: it was made by the default. */
static const struct {
    const char *name, *site, *for_name, *want;
} cases[] = {
    { "exact", "server { listen 80; server_name a.test; }\nserver { listen 80; server_name b.test; }", "b.test", "1" },
    { "none", "server { listen 80; server_name a.test; }", "b.test", "" },
    { "TLS before exact",
        "server { listen 80; server_name a.b.test; } server { listen 443 ssl; server_name *.b.test; }", "a.b.test",
        "1" },
    { "the longest wildcard", "server { listen 80; server_name *.test; } server { listen 80; server_name *.b.test; }",
        "a.b.test", "1" },
    { "wildcard of several labels", "server { listen 80; server_name *.test; }", "x.a.b.test", "0" },
    { "a dot: the bare name", "server { listen 80; server_name .b.test; }", "b.test", "0" },
    { "a dot: what is below", "server { listen 80; server_name .b.test; }", "a.b.test", "0" },
    { "wildcard at the end", "server { listen 80; server_name www.*; }", "www.b.test", "0" },
    { "the front goes before the end",
        "server { listen 80; server_name www.*; } server { listen 80; server_name *.b.test; }", "www.b.test", "1" },
    { "exact goes before all",
        "server { listen 80; server_name *.b.test ~a; } server { listen 80; server_name a.b.test; }", "a.b.test", "1" },
    { "regex, first in the file",
        "server { listen 80; server_name ~^x; } server { listen 80; server_name ~b ~a; } server "
        "{ listen 80; server_name ~a; }",
        "a.test", "1" },
    { "regex is not anchored", "server { listen 80; server_name ~est$; }", "a.test", "0" },
    { "regex of PCRE alone", "server { listen 80; server_name ~^(?<sub>[a-z]+)\\.test$; }", "a.test", "0" },
    { "regex with capitals", "server { listen 80; server_name ~^A\\.test; }", "a.test", "0" },
    { "regex that is none", "server { listen 80; server_name ~(; }", "a.test", "" },
    { "capitals", "server { listen 80; server_name A.Test; }", "a.test", "0" },
    { "quoted", "server { listen 80; server_name \"a.test\" 'b.test'; }", "b.test", "0" },
    { "several directives", "server { listen 80; server_name x.test; server_name a.test; }", "a.test", "0" },
    { "in an include", "server { include more; }", "m.test", "0" },
    { "by address first",
        "server { listen 80; server_name a.test; } server { listen 127.0.0.1:80; server_name a.test; }", "a.test",
        "0 1" },
    { "the same address twice", "server { listen 80; server_name a.test; } server { listen *:80; server_name a.test; }",
        "a.test", "0" },
    { "TLS by another block's address",
        "server { listen 443; server_name a.test; } server { listen 443 ssl; server_name "
        "b.test; } server { listen 80; server_name a.test; }",
        "a.test", "0" },
    { "TLS at another port",
        "server { listen 8443 ssl; server_name a.test; } server { listen 80; server_name a.test; }", "a.test", "0" },
    { "TLS at the https port first",
        "server { listen 8443 ssl; server_name a.test; } server { listen 443 ssl; server_name "
        "a.test; }",
        "a.test", "1" },
    { "ssl on", "server { listen 443; ssl on; server_name a.test; } server { listen 80; server_name a.test; }",
        "a.test", "0" },
    { "IPv6 in two spellings",
        "server { listen [0:0::0]:443 ssl; server_name b.test; } server { listen [::]:443; "
        "server_name a.test; } server { listen 80; server_name a.test; }",
        "a.test", "1" },
    { "quic is no TLS of ours", "server { listen 443 quic; listen 80; server_name a.test; }", "a.test", "0" },
    { "no listen", "server { server_name a.test; }", "a.test", "0" },
    { "at a socket alone", "server { listen unix:/run/x; server_name a.test; }", "a.test", "0" },
    { "plain at another port", "server { listen 8080; server_name a.test; }", "a.test", "0" },
    { "the http port first", "server { listen 8080; server_name a.test; } server { listen 80; server_name a.test; }",
        "a.test", "1" },
    { "an address without a port", "server { listen 127.0.0.1; server_name a.test; }", "a.test", "0" },
};

static char *chosen_text(const struct nginx_chosen *chosen)
{
    struct buf out = BUF(1000);

    for (size_t i = 0; i < chosen->len; i++)
        buf_putf(&out, "%s%zu", i > 0 ? " " : "", chosen->at[i]->index);
    return buf_take(&out);
}

TEST(which_block_has_the_certificate)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = test_conf_load(cases[i].site, "listen 80; server_name m.test;");
        AUTO(nginx_model_free) struct nginx_model *model = nginx_model_new(conf);
        AUTO(nginx_chosen_clear) struct nginx_chosen chosen = { 0 };
        AUTO(free) char *got = NULL;

        nginx_choose(model, cases[i].for_name, (struct nginx_ports){ 80, 443 }, &chosen);
        got = chosen_text(&chosen);
        CHECK_TEXT(got, cases[i].want, cases[i].name);
    }
}

/* Whether a name of a configuration is covered by one of a certificate. */
static const struct {
    const char *name, *by;
    bool want;
} covers[] = {
    { "a.test", "a.test", true },
    { "a.test", "b.test", false },
    { "a.b.test", "*.b.test", true },
    { "b.test", "*.b.test", false },
    { "x.a.b.test", "*.b.test", false },
    { "*.b.test", "*.b.test", true },
    { "*.a.b.test", "*.b.test", false },
    { ".b.test", "*.b.test", false },
    { "~a.b.test", "*.b.test", false },
    { "a.b.*", "*.b.*", false },
};

TEST(which_names_are_covered)
{
    for (size_t i = 0; i < COUNT(covers); i++)
        CHECK(nginx_name_is_covered(covers[i].name, covers[i].by) == covers[i].want, "%s by %s", covers[i].name,
            covers[i].by);
}

static const struct {
    const char *name, *site, *want;
} templates[] = {
    { "none", "server { listen 80; }", "" },
    { "one", "server { listen 80; } server { listen 80 default_server; }", "1" },
    { "the old word", "server { listen 80 default; }", "0" },
    { "two of one block", "server { listen 80 default_server; listen [::]:80 default_server; }", "0" },
    { "two", "server { listen 80 default_server; } server { listen 81 default_server; }", "" },
    { "at the https port", "server { listen 80 default_server; } server { listen 443 ssl default_server; }", "1" },
};

TEST(which_block_is_the_template)
{
    for (size_t i = 0; i < COUNT(templates); i++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = test_conf_load(templates[i].site, NULL);
        AUTO(nginx_model_free) struct nginx_model *model = nginx_model_new(conf);
        struct nginx_block *found = nginx_choose_template(model, 443);
        AUTO(free) char *got = found != NULL ? xprintf("%zu", found->index) : xstrdup("");

        CHECK_TEXT(got, templates[i].want, templates[i].name);
    }
}

TEST_MAIN()
