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
    { "a star in the middle is no wildcard", "server { listen 80; server_name a.*.test; }", "a.b.test", "" },
    { "the star alone", "server { listen 80; server_name *; } server { listen 80; server_name *.test; }", "a.example",
        "0" },
    { "any wildcard before the star alone",
        "server { listen 80; server_name *; } server { listen 80; server_name *.test; }", "a.test", "1" },
    { "the longest at the end", "server { listen 80; server_name a.*; } server { listen 80; server_name a.b.*; }",
        "a.b.test", "1" },
    { "one at the end needs a label more", "server { listen 80; server_name a.b.*; }", "a.b", "" },
    { "the star and the dot are one wildcard: the first",
        "server { listen 80; server_name *.b.test; } server { listen 80; server_name .b.test; }", "a.b.test", "0" },
    { "the bare name is exact behind a dot",
        "server { listen 80; server_name ~b; } server { listen 80; server_name .b.test; }", "b.test", "1" },
    { "a wildcard goes before a regex", "server { listen 80; server_name ~a; } server { listen 80; server_name a.*; }",
        "a.test", "1" },
    { "each address by its own rule",
        "server { listen 127.0.0.1:443 ssl; server_name a.test; } server { listen 127.0.0.2:443 ssl; server_name "
        "*.test; } server { listen 127.0.0.2:443 ssl; server_name a.test; }",
        "a.test", "0 2" },
    { "only the best match over all addresses",
        "server { listen 127.0.0.1:443 ssl; server_name *.test; } server { listen 127.0.0.2:443 ssl; server_name "
        "a.test; }",
        "a.test", "1" },
    { "hidden by an earlier one with the name at each of its addresses",
        "server { listen 80; listen 81; server_name a.test; } server { listen 81; server_name a.test; }", "a.test",
        "0" },
    { "a wildcard as it stands", "server { listen 80; server_name *.b.test; }", "*.b.test", "0" },
    { "a wildcard by the dot", "server { listen 80; server_name .b.test; }", "*.b.test", "0" },
    { "a wildcard is not what it covers", "server { listen 80; server_name a.b.test ~b; }", "*.b.test", "" },
    { "an address in brackets", "server { listen [::1]:80; server_name [::1]; }", "[::1]", "0" },
    { "the catch-all name is no match", "server { listen 80 default_server; server_name _; }", "a.test", "" },
    { "a TLS host of another port is one, however many there are",
        "server { listen 8443 ssl; server_name a.test; } server { listen 9443 ssl; server_name a.test; }", "a.test",
        "0" },
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

/* Who answers a client that names no server, at an address: "t2" the block with that number, with TLS; "p2" without;
 * "-" nobody listens. */
static const struct {
    const char *name, *site, *ip;
    int port;
    const char *want;
} nameless[] = {
    { "the first one", "server { listen 443 ssl; } server { listen 443 ssl; }", "192.0.2.1", 443, "t0" },
    { "the flagged one", "server { listen 443 ssl; } server { listen 443 ssl default_server; }", "192.0.2.1", 443,
        "t1" },
    { "the address goes before all addresses",
        "server { listen 443 ssl default_server; } server { listen 192.0.2.1:443 ssl; }", "192.0.2.1", 443, "t1" },
    { "another address", "server { listen 443 ssl; } server { listen 192.0.2.1:443 ssl; }", "192.0.2.2", 443, "t0" },
    { "an address alone", "server { listen 192.0.2.1:443 ssl; }", "192.0.2.2", 443, "-" },
    { "without TLS", "server { listen 80; }", "192.0.2.1", 80, "p0" },
    { "TLS by another block", "server { listen 443; } server { listen 443 ssl; }", "192.0.2.1", 443, "t0" },
    { "another port", "server { listen 443 ssl; }", "192.0.2.1", 8443, "-" },
    { "quic is not TCP", "server { listen 443 quic; }", "192.0.2.1", 443, "-" },
    { "IPv6 by all addresses", "server { listen [::]:443 ssl; }", "2001:db8::1", 443, "t0" },
    { "IPv6 by its address", "server { listen [::]:443 ssl; } server { listen [2001:DB8:0::1]:443 ssl; }",
        "2001:db8::1", 443, "t1" },
    { "IPv4 is not for IPv6", "server { listen 443 ssl; }", "2001:db8::1", 443, "-" },
    { "IPv6 is not for IPv4", "server { listen [::]:443 ssl; }", "192.0.2.1", 443, "-" },
    { "one socket for both", "server { listen [::]:443 ssl ipv6only=off; }", "192.0.2.1", 443, "t0" },
    { "one socket for both, and one for IPv4",
        "server { listen [::]:443 ssl ipv6only=off; } server { listen 443 ssl; }", "192.0.2.1", 443, "t1" },
    { "one socket for both is not what one address has", "server { listen [::1]:443 ssl ipv6only=off; }", "192.0.2.1",
        443, "-" },
};

TEST(who_answers_without_a_name)
{
    for (size_t i = 0; i < COUNT(nameless); i++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = test_conf_load(nameless[i].site, NULL);
        AUTO(nginx_model_free) struct nginx_model *model = nginx_model_new(conf);
        const struct nginx_address *address = NULL;
        const struct nginx_block *tls = nginx_choose_nameless(model, nameless[i].ip, nameless[i].port, &address);
        const struct nginx_block *plain = nginx_choose_fallback(model, nameless[i].ip, nameless[i].port);
        AUTO(free)
        char *got = tls != NULL     ? xprintf("t%zu", tls->index)
                    : plain != NULL ? xprintf("p%zu", plain->index)
                                    : xstrdup("-");

        CHECK_TEXT(got, nameless[i].want, nameless[i].name);
        CHECK((address != NULL) == (tls != NULL || plain != NULL), "%s: where it listens", nameless[i].name);
        CHECK(tls == NULL || plain == NULL, "%s: one of the two", nameless[i].name);
    }
}

/* For a.test: the blocks that serve it without TLS at port 80, and whether it is served with TLS at 443 ("+"). */
static const struct {
    const char *name, *site, *want;
} served[] = {
    { "both", "server { listen 80; listen 443 ssl; server_name a.test; }", "0 +" },
    { "no TLS", "server { listen 80; server_name a.test; }", "0" },
    { "TLS at another port", "server { listen 80; listen 8443 ssl; server_name a.test; }", "0 +8443" },
    { "plain at another port", "server { listen 8080; server_name a.test; }", "" },
    { "the default alone", "server { listen 80 default_server; listen 443 ssl; }", "" },
    { "one for each address",
        "server { listen 127.0.0.1:80; server_name a.test; } server { listen 80; server_name *.test; } server { "
        "listen 80; server_name a.test; }",
        "0 2" },
    { "a wildcard where nothing better is",
        "server { listen 127.0.0.1:80; server_name a.test; } server { listen 80; server_name *.test; }", "0 1" },
    { "a socket in the file system", "server { listen unix:/run/x; server_name a.test; }", "" },
    { "TLS at port 80", "server { listen 80 ssl; server_name a.test; }", "" },
};

TEST(where_a_name_is_served)
{
    for (size_t i = 0; i < COUNT(served); i++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = test_conf_load(served[i].site, NULL);
        AUTO(nginx_model_free) struct nginx_model *model = nginx_model_new(conf);
        AUTO(nginx_chosen_clear) struct nginx_chosen chosen = { 0 };
        AUTO(free) char *plain = NULL, *got = NULL;

        nginx_choose_plain(model, "a.test", 80, &chosen);
        plain = chosen_text(&chosen);
        got = xprintf("%s%s%s", plain, nginx_serves_tls(model, "a.test", 443) ? " +" : "",
            nginx_serves_tls(model, "a.test", 8443) ? " +8443" : "");
        CHECK_TEXT(got, served[i].want, served[i].name);
    }
}

static const struct {
    const char *name, *site, *wildcard, *want;
} covered[] = {
    { "one label", "server { server_name a.b.test x.a.b.test b.test; }", "*.b.test", "a.b.test" },
    { "each once", "server { server_name a.b.test; } server { listen 81; server_name a.b.test; }", "*.b.test",
        "a.b.test" },
    { "the wildcard itself", "server { server_name *.b.test; }", "*.b.test", "*.b.test" },
    { "the wildcard by the dot, with names", "server { server_name c.b.test .b.test; }", "*.b.test",
        "*.b.test c.b.test" },
    { "neither regexes nor other wildcards", "server { server_name ~a.b.test *.a.b.test a.*; }", "*.b.test", "" },
};

TEST(which_names_a_wildcard_stands_for)
{
    for (size_t i = 0; i < COUNT(covered); i++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = test_conf_load(covered[i].site, NULL);
        AUTO(nginx_model_free) struct nginx_model *model = nginx_model_new(conf);
        AUTO(list_clear) struct list names = { 0 };
        AUTO(free) char *got = NULL;

        nginx_names_covered(model, covered[i].wildcard, &names);
        got = list_join(&names, " ");
        CHECK_TEXT(got, covered[i].want, covered[i].name);
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
