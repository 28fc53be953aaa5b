/* Tests which protocol a script is taken to have: only what is certain. */
#include "base/test.h"
#include "base/text.h"
#include "script/recognise.h"

#define DEHYDRATED "deploy_challenge() {\n:\n}\nclean_challenge() {\n:\n}\n\"$@\"\n"
#define LEGO "case $1 in\npresent) ;;\ncleanup) ;;\nesac\n"
#define UACME "case $1 in\nbegin) [ \"$2\" = dns-01 ] ;;\ndone|failed) ;;\nesac\n"

static const struct {
    const char *name, *path, *text, *kind; /* kind NULL: not certain */
} cases[] = {
    { "a script of acme.sh", "/x/dns_my.sh", "#!/usr/bin/env sh\ndns_my_add() {\n}\n", "acme.sh" },
    { "with the word function", "/x/dns_my.sh", "function dns_my_add {\n}\n", "acme.sh" },
    { "that defines another's", "/x/dns_my.sh", "dns_mine_add() {\n}\n", NULL },
    { "that calls it only", "/x/dns_my.sh", "dns_my_add \"$1\"\n", NULL },
    { "of another file name", "/x/my.sh", "dns_my_add() {\n}\n", NULL },
    { "of a name that is no function's", "/x/dns_my-own.sh", "dns_my-own_add() {\n}\n", NULL },
    { "which mentions another protocol", "/x/dns_my.sh", "dns_my_add() {\n}\n# or\ndeploy_challenge\nclean_challenge\n",
        "acme.sh" },
    { "dehydrated", "/x/hook.sh", DEHYDRATED, "dehydrated" },
    { "dehydrated in Python", "/x/hook.py", "ops = {'deploy_challenge': add, 'clean_challenge': remove}\n",
        "dehydrated" },
    { "in comments alone", "/x/hook.sh", "# deploy_challenge\n  # clean_challenge\n", NULL },
    { "half of it", "/x/hook.sh", "deploy_challenge() {\n}\n", NULL },
    { "longer words", "/x/hook.sh", "my_deploy_challenge\nclean_challenges\n", NULL },
    { "Certbot", "/x/auth.sh", "echo $CERTBOT_DOMAIN $CERTBOT_VALIDATION\n", "certbot" },
    { "both of them", "/x/hook.sh", DEHYDRATED "[ -n \"$CERTBOT_VALIDATION\" ]\n", NULL },
    { "lego", "/x/update.sh", "# for lego's exec\n" LEGO, "lego" },
    { "not said to be lego's", "/x/update.sh", LEGO, NULL },
    { "uacme", "/x/nsupdate.sh", "# This file is part of uacme.\n" UACME, "uacme" },
    { "not said to be uacme's", "/x/nsupdate.sh", UACME, NULL },
    { "nothing", "/x/hook.sh", "", NULL },
};

TEST(protocols_are_recognised)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum script_kind kind = SCRIPT_KINDS;
        bool ok = script_recognise(cases[i].path, view_of(cases[i].text), &kind);

        CHECK_TEXT(ok ? script_kind_name(kind) : NULL, cases[i].kind, cases[i].name);
    }
}

TEST(programs_are_not_guessed)
{
    static const char elf[] = "\177ELF\0deploy_challenge\nclean_challenge\n";
    enum script_kind kind;

    CHECK(!script_recognise("/x/hook", (struct view){ elf, sizeof elf }, &kind), "a program");
}

TEST(names_of_protocols)
{
    enum script_kind kind;

    for (size_t i = 0; i < SCRIPT_KINDS; i++)
        CHECK(script_kind_find(script_kind_name((enum script_kind)i), &kind) && kind == (enum script_kind)i, "%zu", i);
    CHECK(!script_kind_find("ACME.sh", &kind) && !script_kind_find(NULL, &kind), "others");
}

TEST_MAIN()
