#include "nginx/test_conf.h"

#include "nginx/model.h"

/* Of each block its names and where it listens: "host:port", with s TLS, q quic, d default, p a proxy's greeting. */
static const struct {
    const char *name, *site, *want;
} cases[] = {
    { "port", "server { listen 80; server_name A.Test; }", "a.test: 0.0.0.0:80\n" },
    { "star", "server { listen *:80; }", ": 0.0.0.0:80\n" },
    { "address", "server { listen 10.0.0.1; listen 10.0.0.2:81; }", ": 10.0.0.1:80 10.0.0.2:81\n" },
    { "IPv6", "server { listen [::]:80 ipv6only=off; listen [0:0::1]; }", ": :::80 ::1:80\n" },
    { "host", "server { listen LocalHost:80; listen other; }", ": localhost:80 other:80\n" },
    { "socket", "server { listen unix:/run/x; }", ": /run/x:0\n" },
    { "ports", "server { listen 80-82; }", ": 0.0.0.0:80 0.0.0.0:81 0.0.0.0:82\n" },
    { "nothing", "server { server_name a; }", "a: 0.0.0.0:80\n" },
    { "TLS of another block", "server { listen 443; } server { listen 443 ssl; }", ": 0.0.0.0:443s\n: 0.0.0.0:443s\n" },
    { "quic beside TLS", "server { listen 443 ssl; listen 443 quic reuseport; }", ": 0.0.0.0:443s 0.0.0.0:443q\n" },
    { "default", "server { listen 80; } server { listen 80 default; }", ": 0.0.0.0:80\n: 0.0.0.0:80d\n" },
    { "proxy", "server { listen 80 proxy_protocol; }", ": 0.0.0.0:80p\n" },
    { "names", "server { server_name b \"A\" 'c' # d\n ~^X; server_name e; }", "b a c ~^X e: 0.0.0.0:80\n" },
    { "included", "server { include more; }", "m.test: 0.0.0.0:81\n" },
    { "included blocks", "include more2;", "" },
    { "upstream's server", "upstream x { server 10.0.0.1; }", "" },
    { "IPv6 without a port", "server { listen [::1]; }", ": ::1:80\n" },
    { "IPv6 with an empty port", "server { listen [::1]:; }", ": ::1:80\n" },
    { "a port of a host", "server { listen a.test:8080 backlog=5; }", ": a.test:8080\n" },
    { "ports of an address", "server { listen 10.0.0.1:80-81 ssl; }", ": 10.0.0.1:80s 10.0.0.1:81s\n" },
    { "empty name", "server { server_name \"\"; }", ": 0.0.0.0:80\n" },
    { "a dot at the end", "server { server_name a.test. .B.Test; }", "a.test. .b.test: 0.0.0.0:80\n" },
    { "twice included", "server { include more; } server { include more; }",
        "m.test: 0.0.0.0:81\nm.test: 0.0.0.0:81\n" },
};

static void put_block(const struct nginx_model *model, const struct nginx_block *block, struct buf *out)
{
    for (size_t i = 0; i < block->names.len; i++)
        buf_putf(out, "%s%s", i > 0 ? " " : "", block->names.at[i]);
    buf_put_char(out, ':');
    for (size_t i = 0; i < block->listen_count; i++) {
        const struct nginx_address *address = nginx_address_of(model, &block->listens[i]);

        buf_putf(out, " %s:%d%s%s%s%s", address->host, address->port, address->tls ? "s" : "", address->quic ? "q" : "",
            block->listens[i].is_default ? "d" : "", address->proxied ? "p" : "");
    }
    buf_put_char(out, '\n');
}

TEST(server_blocks)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = test_conf_load(cases[i].site, "server_name m.test; listen 81;");
        AUTO(nginx_model_free) struct nginx_model *model = nginx_model_new(conf);
        AUTO(buf_clear) struct buf got = BUF(4096);

        for (size_t k = 0; k < model->count; k++)
            put_block(model, &model->blocks[k], &got);
        CHECK_TEXT(buf_text(&got), cases[i].want, cases[i].name);
    }
}

TEST(many_names_are_found_at_once)
{
    AUTO(buf_clear) struct buf site = BUF(8 * 1024 * 1024);
    AUTO(nginx_conf_free) struct nginx_conf *conf = NULL;
    AUTO(nginx_model_free) struct nginx_model *model = NULL;

    for (int i = 0; i < 5000; i++)
        buf_putf(&site, "server { listen 80; server_name n%d.test *.n%d.test; }\n", i, i);
    conf = test_conf_load(buf_text(&site), NULL);
    model = nginx_model_new(conf);
    CHECK_INT((int64_t)model->count, 5000, "blocks");
    for (int i = 0; i < 5000; i++) {
        AUTO(free) char *name = xprintf("x.n%d.test", i);
        AUTO(nginx_chosen_clear) struct nginx_chosen chosen = { 0 };

        nginx_choose(model, name, (struct nginx_ports){ 80, 443 }, &chosen);
        CHECK(chosen.len == 1 && chosen.at[0]->index == (size_t)i, "%s", name);
    }
}

TEST_MAIN()
