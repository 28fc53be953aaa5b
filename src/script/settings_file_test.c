/* Tests settings files of scripts, and that their values are not shown. */
#include "base/test.h"
#include "base/text.h"
#include "script/settings_file.h"

static const struct {
    const char *name, *text, *env, *why; /* env: joined by "|"; NULL: refused with why */
} cases[] = {
    { "plain", "A=b\nC_1 = d e \n", "A=b|C_1=d e", NULL },
    { "quoted", "A='b c'\nexport B=\"d'e\"\nC=''\n", "A=b c|B=d'e|C=", NULL },
    { "nothing is expanded", "A=$HOME/`x`\\n\n", "A=$HOME/`x`\\n", NULL },
    { "comments and empty lines", "# x\n\n ; y\nA=#b\r\n", "A=#b", NULL },
    { "account.conf", "SAVED_CF_Token='abc'\nUPGRADE_HASH='1'\n", "UPGRADE_HASH=1|CF_Token=abc", NULL },
    { "the key itself counts more", "A=new\nSAVED_A='old'\n", "A=new", NULL },
    { "also when it comes last", "SAVED_A='old'\nA=new\n", "A=new", NULL },
    { "the last one counts", "A=1\nA=2\n", "A=2", NULL },
    { "in base64", "SAVED_A='__ACME_BASE64__START_aXQncw==__ACME_BASE64__END_'\n", "A=it's", NULL },
    { "of one line", "A='__ACME_BASE64__START___ACME_BASE64__END_'", "A=", NULL },
    { "an equals sign in the value", "A=b=c", "A=b=c", NULL },
    { "nothing at all", "", "", NULL },
    { "no setting", "A=b\nsecret\n", NULL, "/f, line 2: not of the form KEY=VALUE" },
    { "no key", "=b\n", NULL, "/f, line 1: not of the form KEY=VALUE" },
    { "a key that is none", "a-b=c\n", NULL, "/f, line 1: not of the form KEY=VALUE" },
    { "a quote that does not end", "A='b\n", NULL, "/f, line 1: not of the form KEY=VALUE" },
    { "broken base64", "A='__ACME_BASE64__START_!__ACME_BASE64__END_'", NULL, "/f, line 1: not of the form KEY=VALUE" },
};

TEST(settings_files_are_read)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(script_settings_clear) struct script_settings settings = { 0 };
        struct error err = { 0 };
        bool ok = script_settings_read(view_of(cases[i].text), "/f", &settings, &err);
        AUTO(free) char *env = list_join(&settings.env, "|");

        CHECK(ok == (cases[i].env != NULL), "%s: %s", cases[i].name, err.why);
        CHECK_TEXT(ok ? env : err.why, ok ? cases[i].env : cases[i].why, cases[i].name);
    }
}

TEST(values_are_hidden)
{
    AUTO(script_settings_clear) struct script_settings settings = { 0 };
    struct error err = { 0 };
    AUTO(free) char *hidden = NULL, *more = NULL;

    REQUIRE(script_settings_read(view_of("A=token\nB=token12\nC=1\n"), "/f", &settings, &err), "%s", err.why);
    hidden = secrets_hide(&settings.secrets, view_of("1 xtokeny token12\ntok token"));
    CHECK_TEXT(hidden, "1 x[hidden]y [hidden]\ntok [hidden]", "longest first, short ones not");
    script_settings_add_secrets(&settings, view_of("SAVED_S='session'\nbroken\nT=other\n"));
    more = secrets_hide(&settings.secrets, view_of("session other broken"));
    CHECK_TEXT(more, "[hidden] [hidden] broken", "what the script has saved");
    CHECK_INT((int64_t)settings.env.len, 3, "which is no setting");
}

TEST_MAIN()
