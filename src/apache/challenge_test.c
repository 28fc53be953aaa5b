#include "base/test.h"

#include <unistd.h>

#include "apache/challenge.h"

#define DIR "/var/lib/x"
#define ALIAS(in) in "AliasMatch ^/\\.well-known/acme-challenge/([-\\w]+)$ " DIR "/$1\n"
#define RULE(in)                                                                                                       \
    in "RewriteCond " DIR "/$1 -f\n" in "RewriteRule ^/\\.well-known/acme-challenge/([-\\w]+)$ " DIR "/$1 [END]\n"
#define OPEN_IN(in, step)                                                                                              \
    in "<Location /.well-known/acme-challenge/>\n" in step "SetHandler default-handler\n" in step                      \
       "ForceType text/plain\n" in step "Require all granted\n" in "</Location>\n"
#define OPEN(in) OPEN_IN(in, "    ")
#define MODULES " authz_core_module (static)\n alias_module (static)\n"
#define WITH_RULES MODULES " rewrite_module (static)\n"

/* The main file; facts: modules; names: with blanks between; want: the file with its edits. */
static const struct {
    const char *name, *text, *facts, *names, *want;
    const char *spot; /* of the first name */
} cases[] = {
    { "by name",
        "Listen 80\n<VirtualHost *:80>\n  ServerName a.test\n</VirtualHost>\n<VirtualHost *:80>\n"
        "  ServerName b.test\n</VirtualHost>\n",
        MODULES, "b.test",
        "Listen 80\n<VirtualHost *:80>\n  ServerName a.test\n</VirtualHost>\n<VirtualHost *:80>\n" ALIAS(
            "  ") "  ServerName b.test\n" OPEN("  ") "</VirtualHost>\n",
        "127.0.0.1" },
    { "the first one with the name, a pattern like any other",
        "Listen 80\n<VirtualHost *:80>\n</VirtualHost>\n<VirtualHost *:80>\n  ServerAlias *.test\n</VirtualHost>\n"
        "<VirtualHost *:80>\n  ServerName a.test\n</VirtualHost>\n",
        MODULES, "a.test",
        "Listen 80\n<VirtualHost *:80>\n</VirtualHost>\n<VirtualHost *:80>\n" ALIAS("  ") "  ServerAlias *.test\n" OPEN(
            "  ") "</VirtualHost>\n<VirtualHost *:80>\n  ServerName a.test\n</VirtualHost>\n",
        "127.0.0.1" },
    { "unknown: the first one",
        "Listen 80\n<VirtualHost *:80>\n  A\n</VirtualHost>\n<VirtualHost *:80>\n</VirtualHost>\n", MODULES,
        "x.test y.test",
        "Listen 80\n<VirtualHost *:80>\n" ALIAS("  ") "  A\n" OPEN(
            "  ") "</VirtualHost>\n<VirtualHost *:80>\n</VirtualHost>\n",
        "127.0.0.1" },
    { "at each address",
        "Listen 127.0.0.2:80\n<VirtualHost 127.0.0.2:80>\n\tA\n</VirtualHost>\n<VirtualHost *:80>\n\tB\n"
        "</VirtualHost>\n",
        MODULES, "x.test",
        "Listen 127.0.0.2:80\n<VirtualHost 127.0.0.2:80>\n" ALIAS("\t") "\tA\n" OPEN_IN(
            "\t", "\t") "</VirtualHost>\n"
                        "<VirtualHost *:80>\n" ALIAS("\t") "\tB\n" OPEN_IN("\t", "\t") "</VirtualHost>\n",
        "127.0.0.2" },
    { "with TLS where it has the name",
        "Listen 80\nListen 443\n<VirtualHost *:80>\n A\n</VirtualHost>\n<VirtualHost *:443>\n A\n</VirtualHost>\n"
        "<VirtualHost *:443>\n ServerName a.test\n</VirtualHost>\n",
        MODULES, "a.test",
        "Listen 80\nListen 443\n<VirtualHost *:80>\n" ALIAS(" ") " A\n" OPEN(
            " ") "</VirtualHost>\n<VirtualHost *:443>\n"
                 " A\n</VirtualHost>\n<VirtualHost *:443>\n" ALIAS(" ") " ServerName a.test\n" OPEN(
                     " ") "</VirtualHost>\n",
        "127.0.0.1" },
    { "rules of its own", "Listen 80\n<VirtualHost *:80>\n  RewriteEngine on\n  RewriteRule ^ /x\n</VirtualHost>\n",
        WITH_RULES, "a.test",
        "Listen 80\n<VirtualHost *:80>\n" RULE(
            "  ") "  RewriteEngine on\n  RewriteRule ^ /x\n  RewriteEngine on\n" OPEN("  ") "</VirtualHost>\n",
        "127.0.0.1" },
    { "rules that are off, and a redirect",
        "Listen 80\n<VirtualHost *:80>\n  Redirect / http://x/\n  RewriteRule ^ /x\n</VirtualHost>\n", WITH_RULES,
        "a.test",
        "Listen 80\n<VirtualHost *:80>\n" RULE("  ") "  RewriteRule ^ - [L]\n  Redirect / http://x/\n"
                                                     "  RewriteRule ^ /x\n  RewriteEngine on\n" OPEN(
                                                         "  ") "</VirtualHost>\n",
        "127.0.0.1" },
    { "the main server", "Listen 80\n<VirtualHost 10.0.0.1:443>\n</VirtualHost>\n", MODULES, "a.test",
        ALIAS("") "Listen 80\n<VirtualHost 10.0.0.1:443>\n</VirtualHost>\n" OPEN(""), "127.0.0.1" },
    { "nothing listens", "Listen 443\n", MODULES, "a.test",
        "Listen 443\nListen 80\n<VirtualHost *:80>\n" ALIAS("    ") "    <Location />\n        Require all denied\n"
                                                                    "    </Location>\n" OPEN("    ") "</VirtualHost>\n",
        "127.0.0.1" },
    { "a second time", "Listen 80\n<VirtualHost *:80>\n" ALIAS("  ") "  A\n" OPEN("  ") "</VirtualHost>\n", MODULES,
        "a.test", "Listen 80\n<VirtualHost *:80>\n" ALIAS("  ") "  A\n" OPEN("  ") "</VirtualHost>\n", "127.0.0.1" },
    { "a host of a macro, once",
        "Listen 80\n<Macro M $n>\n<VirtualHost *:80>\n  ServerName $n.test\n</VirtualHost>\n"
        "</Macro>\nUse M a\nUse M b\n",
        MODULES, "a.test b.test",
        "Listen 80\n<Macro M $n>\n<VirtualHost *:80>\n" ALIAS("  ") "  ServerName $n.test\n" OPEN(
            "  ") "</VirtualHost>\n"
                  "</Macro>\nUse M a\nUse M b\n",
        "127.0.0.1" },
    { "IPv6 only", "Listen [::]:80\n<VirtualHost *:80>\n A\n</VirtualHost>\n", MODULES, "::1",
        "Listen [::]:80\n<VirtualHost *:80>\n" ALIAS(" ") " A\n" OPEN(" ") "</VirtualHost>\n", "::1" },
};

static void edit(size_t i, struct apache_challenge *challenge, struct buf *out, struct web_spot *spot)
{
    struct view names = view_of(cases[i].names), name;
    struct web_answer answers[4] = { { NULL } };
    struct web_spot spots[4];
    AUTO(patch_clear) struct patch patch = { 0 };
    size_t count = 0;

    while (view_cut(&names, ' ', &name))
        answers[count++].host = view_dup(name);
    apache_challenge_find(challenge, answers, count, spots);
    for (size_t k = 0; k < challenge->count; k++)
        apache_challenge_edit(challenge, k, &patch);
    apache_challenge_listen(challenge, &patch);
    patch_apply(&patch, view_of(cases[i].text), out);
    *spot = spots[0];
    while (count > 0)
        free(answers[--count].host);
}

TEST(edits)
{
    AUTO(free) char *main = test_path("main");

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(apache_facts_clear) struct apache_facts facts = { 0 };
        AUTO(apache_conf_free) struct apache_conf *conf = NULL;
        AUTO(apache_model_free) struct apache_model *model = NULL;
        AUTO(buf_clear) struct buf out = BUF(100000);
        struct apache_source source = { .main_file = main, .facts = &facts };
        struct apache_challenge challenge = { .ports = { 80, 443 }, .dir = DIR, .facts = &facts };
        struct web_spot spot = { .port = 0 };
        struct error err = { 0 };

        (void)apache_facts_read(&facts, view_of(cases[i].facts));
        REQUIRE(file_replace(main, view_of(cases[i].text), FILE_PUBLIC, &err), "%s", err.why);
        REQUIRE(apache_conf_load(&source, &conf, &err), "%s: %s", cases[i].name, err.why);
        challenge.model = model = apache_model_new(conf, 443);
        edit(i, &challenge, &out, &spot);
        CHECK_TEXT(buf_text(&out), cases[i].want, cases[i].name);
        CHECK_TEXT(spot.address, cases[i].spot, cases[i].name);
        CHECK_INT(spot.port, 80, cases[i].name);
        apache_challenge_clear(&challenge);
    }
}

TEST_MAIN()
