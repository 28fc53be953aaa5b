/* Tests what scripts are called with, by each protocol. */
#include "base/test.h"
#include "base/text.h"
#include "script/call.h"

#define NAME "_acme-challenge.a.example"

static const struct {
    const char *name;
    enum script_kind kind;
    bool add;
    const char *settings, *type, *output, *cleanup;
    enum proof_state state;
    const char *argv; /* joined by blanks; NULL: nothing is called */
    const char *env;  /* a variable that is there; NULL: none in particular */
} cases[] = {
    { "acme.sh", SCRIPT_ACME_SH, true, "K=v", "dns-01", NULL, NULL, PROOF_WANTED, "/bin/sh /shim add " NAME " value",
        "EVERCERT_GIVEN= K " },
    { "acme.sh, account", SCRIPT_ACME_SH, false, "K=v", "dns-account-01", NULL, NULL, PROOF_READY,
        "/bin/sh /shim rm " NAME " value", "EVERCERT_SCRIPT=/script" },
    { "dehydrated", SCRIPT_DEHYDRATED, true, "K=v", "dns-01", NULL, NULL, PROOF_WANTED,
        "/script deploy_challenge a.example token value", "K=v" },
    { "dehydrated, end", SCRIPT_DEHYDRATED, false, "K=v", "dns-01", NULL, NULL, PROOF_READY,
        "/script clean_challenge a.example token value", NULL },
    { "lego", SCRIPT_LEGO, true, "K=v", "dns-account-01", NULL, NULL, PROOF_WANTED, "/script present " NAME ". value",
        NULL },
    { "lego, end", SCRIPT_LEGO, false, "K=v", "dns-01", NULL, NULL, PROOF_FAILED, "/script cleanup " NAME ". value",
        "TMPDIR=/scratch" },
    { "lego, raw", SCRIPT_LEGO, true, "EXEC_MODE=RAW", "dns-01", NULL, NULL, PROOF_WANTED,
        "/script present a.example. -- token token.key", "EXEC_MODE=RAW" },
    { "uacme", SCRIPT_UACME, true, "K=v", "dns-01", NULL, NULL, PROOF_WANTED,
        "/script begin dns-01 a.example token value", "UACME_METHOD=begin" },
    { "uacme, met", SCRIPT_UACME, false, "K=v", "dns-01", NULL, NULL, PROOF_READY,
        "/script done dns-01 a.example token value", "UACME_AUTH=value" },
    { "uacme, not met", SCRIPT_UACME, false, "K=v", "dns-01", NULL, NULL, PROOF_PRESENTED,
        "/script failed dns-01 a.example token value", "UACME_METHOD=failed" },
    { "uacme, declined", SCRIPT_UACME, false, "K=v", "dns-01", CALL_DECLINED, NULL, PROOF_FAILED, NULL, NULL },
    { "Certbot", SCRIPT_CERTBOT, true, "K=v", "dns-01", NULL, NULL, PROOF_WANTED, "/script",
        "CERTBOT_VALIDATION=value" },
    { "Certbot, end", SCRIPT_CERTBOT, false, "K=v", "dns-01", "made", "/clean", PROOF_READY, "/clean",
        "CERTBOT_AUTH_OUTPUT=made" },
    { "Certbot, nothing removes", SCRIPT_CERTBOT, false, "K=v", "dns-01", NULL, NULL, PROOF_READY, NULL, NULL },
};

static struct proof proof_of(const char *type, enum proof_state state, const char *output)
{
    static const struct list none;

    return (struct proof){ .type = type,
        .kind = PROOF_RECORD,
        .identifier = "a.example",
        .token = "token",
        .key_authorization = "token.key",
        .record_name = NAME,
        .record_value = "value",
        .all_identifiers = &none,
        .state = state,
        .output = xstrdup_or_null(output) };
}

static bool make(enum script_kind kind, const char *setting, const char *cleanup, struct proof *proof, bool add,
    struct call *call, struct error *err)
{
    AUTO(list_clear) struct list settings = { 0 };
    struct script script = { .kind = kind,
        .path = "/script",
        .cleanup = cleanup,
        .shell = "/bin/sh",
        .shim = "/shim",
        .helper = "/evercert",
        .state = "/state",
        .scratch = "/scratch",
        .settings = &settings };
    struct txt txt = { .name = NAME, .value = "value", .identifier = "a.example", .proof = proof };

    list_add(&settings, setting);
    return call_make(&script, &txt, add, call, err);
}

TEST(calls_of_each_protocol)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct proof proof = proof_of(cases[i].type, cases[i].state, cases[i].output);
        AUTO(call_clear) struct call call = { 0 };
        struct error err = { 0 };
        AUTO(free) char *argv = NULL;

        CHECK(make(cases[i].kind, cases[i].settings, cases[i].cleanup, &proof, cases[i].add, &call, &err), "%s: %s",
            cases[i].name, err.why);
        argv = list_join(&call.argv, " ");
        CHECK_TEXT(call.path == NULL ? NULL : argv, cases[i].argv, cases[i].name);
        CHECK_TEXT(call.path, cases[i].argv == NULL ? NULL : call.argv.at[0], cases[i].name);
        CHECK(cases[i].env == NULL || list_has(&call.env, cases[i].env), "%s: no %s", cases[i].name, cases[i].env);
        for (size_t n = 0; n < call.env.len; n++)
            CHECK(strchr(call.env.at[n], '=') != NULL, "%s: %s is no variable", cases[i].name, call.env.at[n]);
        free(proof.output);
    }
}

TEST(what_a_protocol_has_no_way_for)
{
    static const struct {
        const char *name, *setting, *type, *token, *why;
        enum script_kind kind;
    } refusals[] = {
        { "a name that is not the domain's", "K=v", "dns-account-01", "token", "cannot answer dns-account-01",
            SCRIPT_DEHYDRATED },
        { "the same, raw", "EXEC_MODE=RAW", "dns-account-01", "token", "cannot answer dns-account-01", SCRIPT_LEGO },
        { "no token", "K=v", "dns-01", NULL, "has no token", SCRIPT_UACME },
    };

    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct proof proof = proof_of(refusals[i].type, PROOF_WANTED, NULL);
        AUTO(call_clear) struct call call = { 0 };
        struct error err = { 0 };

        proof.token = refusals[i].token;
        CHECK(!make(refusals[i].kind, refusals[i].setting, NULL, &proof, true, &call, &err), "%s", refusals[i].name);
        CHECK(
            err.kind == ERROR_PLUGIN && strstr(err.why, refusals[i].why) != NULL, "%s: %s", refusals[i].name, err.why);
    }
}

TEST_MAIN()
