#include "base/test.h"

#include "nginx/challenge.h"

/*
 * What becomes of a configuration when names are to be answered, each with a token of its own: A for the first, B for
 * the second. In the text that is wanted R stands for the rewrite and A, B for the locations, where they are alone on a
 * line.
 */
static const struct {
    const char *name, *text, *hosts[3], *want;
    const char *spots[3];
} cases[] = {
    { "a block with the name", "http {\n  server {\n    listen 80;\n    server_name a.example;\n  }\n}\n",
        { "a.example" }, "http {\n  server {\n    R\n    A\n    listen 80;\n    server_name a.example;\n  }\n}\n",
        { "127.0.0.1" } },
    { "two names of one block",
        "http {\n server {\n  listen 80;\n  server_name a.example b.example;\n  return 301 https://$host/;\n }\n}\n",
        { "a.example", "b.example" },
        "http {\n server {\n  R\n  A\n  B\n  listen 80;\n  server_name a.example b.example;\n"
        "  return 301 https://$host/;\n }\n}\n",
        { "127.0.0.1", "127.0.0.1" } },
    { "one line", "http { server { listen 80; server_name a.example; } }", { "a.example" },
        "http { server { \n    R\n    A\n    listen 80; server_name a.example; } }", { "127.0.0.1" } },
    { "no name and no listen: the only block", "http {\n\tserver {\n\t\troot /x;\n\t}\n}\n", { "a.example" },
        "http {\n\tserver {\n\t\tR\n\t\tA\n\t\troot /x;\n\t}\n}\n", { "127.0.0.1" } },
    { "other names: the default server",
        "http {\n server {\n  server_name x;\n }\n server {\n  listen 80 default_server;\n  server_name y;\n }\n}\n",
        { "a.example" },
        "http {\n server {\n  server_name x;\n }\n server {\n  R\n  A\n  listen 80 default_server;\n  server_name y;\n"
        " }\n}\n",
        { "127.0.0.1" } },
    { "CR LF", "http {\r\n server {\r\n  listen 80;\r\n }\r\n}\r\n", { "a.example" },
        "http {\r\n server {\r\n  R\r\n  A\r\n  listen 80;\r\n }\r\n}\r\n", { "127.0.0.1" } },
    { "the address comes first, each has its block",
        "http {\n server {\n  listen 192.0.2.1:80;\n  server_name x;\n }\n"
        " server {\n  listen 80;\n  server_name a.example;\n }\n}\n",
        { "a.example" },
        "http {\n server {\n  R\n  A\n  listen 192.0.2.1:80;\n  server_name x;\n }\n"
        " server {\n  R\n  A\n  listen 80;\n  server_name a.example;\n }\n}\n",
        { "192.0.2.1" } },
    { "IPv6 alone", "http {\n server {\n  listen [::]:80;\n }\n}\n", { "a.example" },
        "http {\n server {\n  R\n  A\n  listen [::]:80;\n }\n}\n", { "::1" } },
    { "IPv6 beside IPv4, one block", "http {\n server {\n  listen 80;\n  listen [::]:80;\n }\n}\n", { "a.example" },
        "http {\n server {\n  R\n  A\n  listen 80;\n  listen [::]:80;\n }\n}\n", { "127.0.0.1" } },
    { "TLS of that name, too",
        "http {\n server {\n  listen 80;\n  return 301 https://$host$request_uri;\n }\n"
        " server {\n  listen 443 ssl;\n  server_name a.example;\n }\n"
        " server {\n  listen 443 ssl;\n  server_name x;\n }\n}\n",
        { "a.example" },
        "http {\n server {\n  R\n  A\n  listen 80;\n  return 301 https://$host$request_uri;\n }\n"
        " server {\n  R\n  A\n  listen 443 ssl;\n  server_name a.example;\n }\n"
        " server {\n  listen 443 ssl;\n  server_name x;\n }\n}\n",
        { "127.0.0.1" } },
    { "a TLS default server of other names stays",
        "http {\n server {\n  listen 80;\n }\n server {\n  listen 443 ssl;\n  server_name x;\n }\n}\n", { "a.example" },
        "http {\n server {\n  R\n  A\n  listen 80;\n }\n server {\n  listen 443 ssl;\n  server_name x;\n }\n}\n",
        { "127.0.0.1" } },
    { "other ports stay", "http {\n server {\n  listen 8080;\n  server_name a.example;\n }\n server {\n }\n}\n",
        { "a.example" },
        "http {\n server {\n  listen 8080;\n  server_name a.example;\n }\n server {\n  R\n  A\n }\n}\n",
        { "127.0.0.1" } },
    { "proxy_protocol cannot be asked here",
        "http {\n server {\n  listen 80 proxy_protocol;\n  server_name a.example;\n }\n}\n", { "a.example" },
        "http {\n server {\n  R\n  A\n  listen 80 proxy_protocol;\n  server_name a.example;\n }\n}\n", { "" } },
    { "an IP address: the default server of each address",
        "http {\n server {\n  server_name x;\n }\n server {\n  server_name a.example;\n }\n}\n", { "192.0.2.7" },
        "http {\n server {\n  R\n  A\n  server_name x;\n }\n server {\n  server_name a.example;\n }\n}\n",
        { "127.0.0.1" } },
    { "an IP address that is a name",
        "http {\n server {\n  server_name x;\n }\n server {\n  server_name [2001:db8::1];\n }\n}\n",
        { "[2001:db8::1]" },
        "http {\n server {\n  server_name x;\n }\n server {\n  R\n  A\n  server_name [2001:db8::1];\n }\n}\n",
        { "127.0.0.1" } },
    { "a socket in the file system, by its name",
        "http {\n server {\n  listen unix:/run/x.sock;\n  server_name a.example;\n }\n}\n", { "a.example" },
        "http {\n server {\n  R\n  A\n  listen unix:/run/x.sock;\n  server_name a.example;\n }\n}\n", { "" } },
    { "nothing listens at the port", "http {\n    server {\n        listen 443 ssl;\n    }\n}\n", { "a.example" },
        "http {\n    server {\n        listen 443 ssl;\n    }\n"
        "    server { # managed by Certbot\n        listen 80;\n        A\n"
        "        location / { return 404; }\n    }\n}\n",
        { "127.0.0.1" } },
    { "nothing listens at the port, the name at another one",
        "http {\n  server {\n    listen 8080;\n    server_name a.example;\n  }\n  server {\n    listen 8080;\n  }\n}\n",
        { "a.example" },
        "http {\n  server {\n    R\n    A\n    listen 8080;\n    server_name a.example;\n  }\n"
        "  server {\n    listen 8080;\n  }\n"
        "  server { # managed by Certbot\n    listen 80;\n    A\n    location / { return 404; }\n  }\n}\n",
        { "127.0.0.1" } },
    { "nothing listens at the port, IPv6 elsewhere", "http {\n\tserver {\n\t\tlisten [::]:443 ssl;\n\t}\n}\n",
        { "a.example", "b.example" },
        "http {\n\tserver {\n\t\tlisten [::]:443 ssl;\n\t}\n"
        "\tserver { # managed by Certbot\n\t\tlisten 80;\n\t\tlisten [::]:80;\n\t\tA\n\t\tB\n"
        "\t\tlocation / { return 404; }\n\t}\n}\n",
        { "127.0.0.1", "127.0.0.1" } },
    { "an empty http block", "http {}", { "a.example" },
        "http {\n    server { # managed by Certbot\n        listen 80;\n        A\n"
        "        location / { return 404; }\n    }\n}",
        { "127.0.0.1" } },
    { "no http block", "events {} # e", { "a.example" },
        "events {} # e\nhttp { # managed by Certbot\n    server { # managed by Certbot\n        listen 80;\n        A\n"
        "        location / { return 404; }\n    }\n}",
        { "127.0.0.1" } },
    { "stream is another matter", "stream {\n server {\n  listen 80;\n }\n}\nhttp {\n server {\n }\n}\n",
        { "a.example" }, "stream {\n server {\n  listen 80;\n }\n}\nhttp {\n server {\n  R\n  A\n }\n}\n",
        { "127.0.0.1" } },
};

#define REWRITE "rewrite ^(/.well-known/acme-challenge/.*) $1 break; # managed by Certbot"
#define LOCATION(token)                                                                                                \
    "location = /.well-known/acme-challenge/" token " { default_type text/plain; return 200 " token                    \
    ".thumb; } # managed by Certbot"

/* The letters of the wanted text spelled out. */
static void put_wanted(const char *want, struct buf *out)
{
    struct view rest = view_of(want), line;
    bool first = true;

    while (view_cut(&rest, '\n', &line)) {
        struct view word = view_trim(line);
        const char *text = view_is(word, "R")   ? REWRITE
                           : view_is(word, "A") ? LOCATION("token-A")
                           : view_is(word, "B") ? LOCATION("token-B")
                                                : NULL;

        buf_put_text(out, first ? "" : "\n");
        first = false;
        if (text == NULL) {
            buf_put(out, line);
            continue;
        }
        buf_put(out, (struct view){ line.at, (size_t)(word.at - line.at) });
        buf_put_text(out, text);
        buf_put_text(out, view_has(line, '\r') ? "\r" : "");
    }
}

static struct nginx_conf *load(const char *text)
{
    AUTO(free) char *path = test_path("nginx.conf");
    struct nginx_conf *conf = NULL;
    struct error err = { 0 };

    REQUIRE(file_replace(path, view_of(text), FILE_PUBLIC, &err), "%s", err.why);
    REQUIRE(nginx_conf_load(path, NULL, &conf, &err), "%s", err.why);
    return conf;
}

/* As of a configuration without challenges in it. */
static struct nginx_http http_of(const struct nginx_model *model, const char *other)
{
    return (struct nginx_http){ { 80, 443 }, !nginx_challenge_has_port(model, 80), other };
}

/* Edits the one file of a configuration. */
static void edit(
    struct nginx_conf *conf, const struct web_answer *answers, size_t count, struct web_spot *spots, struct buf *out)
{
    AUTO(nginx_model_free) struct nginx_model *model = nginx_model_new(conf);
    AUTO(patch_clear) struct patch patch = { 0 };
    struct nginx_http http = http_of(model, NULL);
    struct error err = { 0 }, *each[3] = { NULL };

    REQUIRE(nginx_challenge_edit(model, &http, answers, count, &patch, spots, each, &err), "%s", err.why);
    patch_apply(&patch, conf->files[0]->text, out);
}

static const char *const tokens[][2] = { { "token-A", "token-A.thumb" }, { "token-B", "token-B.thumb" },
    { "token-C", "token-C.thumb" } };

TEST(nginx_challenge_edit)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = load(cases[i].text);
        AUTO(buf_clear) struct buf want = BUF(10000), out = BUF(10000), again = BUF(10000);
        struct web_answer answers[3];
        struct web_spot spots[3];
        struct error err = { 0 };
        size_t count = 0;

        for (; cases[i].hosts[count] != NULL; count++)
            answers[count] = (struct web_answer){ (char *)cases[i].hosts[count], (char *)tokens[count][0],
                (char *)tokens[count][1] };
        put_wanted(cases[i].want, &want);
        edit(conf, answers, count, spots, &out);
        CHECK_TEXT(buf_text(&out), buf_text(&want), cases[i].name);
        for (size_t j = 0; j < count; j++)
            CHECK_TEXT(spots[j].address, cases[i].spots[j], cases[i].name);
        REQUIRE(nginx_conf_replace_text(conf, conf->files[0], buf_view(&out), &err), "%s", err.why);
        edit(conf, answers, count, spots, &again);
        CHECK_TEXT(buf_text(&again), buf_text(&want), "once more");
    }
}

/* Another server has the port: nginx answers what it is passed on. */
TEST(behind_another_server)
{
    AUTO(nginx_conf_free)
    struct nginx_conf *conf = load("http {\n server {\n  listen 443 ssl;\n  server_name a.example;\n }\n}\n");
    AUTO(nginx_model_free) struct nginx_model *model = nginx_model_new(conf);
    AUTO(patch_clear) struct patch patch = { 0 };
    AUTO(buf_clear) struct buf want = BUF(10000), out = BUF(10000);
    struct web_answer answer = { (char *)"a.example", (char *)"token-A", (char *)"token-A.thumb" };
    struct nginx_http http = http_of(model, "caddy (process 7)");
    struct web_spot spot, spots[3];
    struct web_answer several[] = { answer, { (char *)"b.example", (char *)"token-B", (char *)"token-B.thumb" },
        { (char *)"c.example", (char *)"token-C", (char *)"token-C.thumb" } };
    struct error err = { 0 }, *each[3] = { NULL };

    CHECK(!nginx_challenge_has_port(model, 80) && !nginx_challenge_has_port(model, 443));
    CHECK(nginx_challenge_edit(model, &http, &answer, 1, &patch, &spot, each, &err), "%s", err.why);
    patch_apply(&patch, conf->files[0]->text, &out);
    put_wanted("http {\n server {\n  R\n  A\n  listen 443 ssl;\n  server_name a.example;\n }\n}\n", &want);
    CHECK_TEXT(buf_text(&out), buf_text(&want), "over TLS");
    CHECK_TEXT(spot.address, "", "not asked");
    CHECK(!nginx_challenge_edit(model, &http, several, 3, &patch, spots, each, &err));
    CHECK(each[0] == NULL && strstr(each[1]->why, "b.example") != NULL && strstr(each[2]->why, "c.example") != NULL,
        "each that is not answered says so for itself");
    for (size_t i = 1; i < 3; i++)
        free(each[i]);
    each[0] = NULL;
    answer.host = (char *)"b.example";
    CHECK(!nginx_challenge_edit(model, &http, &answer, 1, &patch, &spot, each, &err));
    CHECK(err.kind == ERROR_PLUGIN && strstr(err.why, "b.example") && strstr(err.next, "caddy"), "%s", err.next);
    free(each[0]);
}

TEST(added_later)
{
    AUTO(nginx_conf_free) struct nginx_conf *conf = load("http {\n server {\n }\n}\n");
    AUTO(buf_clear) struct buf first = BUF(10000), second = BUF(10000);
    struct web_answer a = { (char *)"a", (char *)"token-A", (char *)"token-A.thumb" };
    struct web_answer b = { (char *)"b", (char *)"token-B", (char *)"token-B.thumb" };
    struct web_spot spot;
    struct error err = { 0 };

    edit(conf, &a, 1, &spot, &first);
    REQUIRE(nginx_conf_replace_text(conf, conf->files[0], buf_view(&first), &err), "%s", err.why);
    edit(conf, &b, 1, &spot, &second);
    CHECK(strstr(buf_text(&second), "token-A.thumb") != NULL && strstr(buf_text(&second), "token-B.thumb") != NULL);
    CHECK(strstr(strstr(buf_text(&second), "rewrite") + 1, "rewrite") == NULL, "%s", buf_text(&second));
}

TEST_MAIN()
