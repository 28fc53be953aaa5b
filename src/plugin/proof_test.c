#include "base/test.h"
#include "plugin/builtin.h"

static char long_token[300];

TEST(proof_check_http)
{
    static const struct {
        const char *name, *type, *token, *key_authorization, *why;
    } cases[] = {
        { "up and away", "http-01", "../../etc/cron.d/x", "k", "token" },
        { "a dot", "http-01", "a.b", "k", "token" },
        { "hidden file", "http-01", ".htaccess", "k", "token" },
        { "a slash", "http-01", "a/b", "k", "token" },
        { "empty", "http-01", "", "k", "token" },
        { "a blank", "http-01", "a b", "k", "token" },
        { "a line feed", "http-01", "ab\n", "k", "token" },
        { "padding", "http-01", "ab==", "k", "token" },
        { "not ASCII", "http-01", "\xc3\xa4", "k", "token" },
        { "longer than a file name", "http-01", long_token, "k", "token" },
        { "another type", "dns-01", "abc", "k", "dns-01" },
        { "no token", "http-01", NULL, "k", "http-01" },
        { "no content", "http-01", "abc", NULL, "http-01" },
        { "fine", "http-01", "aZ09-_", "k", NULL },
    };

    memset(long_token, 'x', 256);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct proof proof = { .type = cases[i].type,
            .kind = strcmp(cases[i].type, "http-01") == 0 ? PROOF_FILE : PROOF_RECORD,
            .token = cases[i].token,
            .key_authorization = cases[i].key_authorization };
        struct error err = { 0 };
        bool ok = proof_check_http(&proof, &err);

        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
    }
}

TEST(proof_check_record)
{
    static const struct {
        const char *name;
        enum proof_kind kind;
        const char *record_name, *record_value;
        bool ok;
    } cases[] = {
        { "a record", PROOF_RECORD, "n", "v", true },
        { "one that stays", PROOF_STANDING, "n", "v", true },
        { "no name", PROOF_RECORD, NULL, "v", false },
        { "no value", PROOF_STANDING, "n", NULL, false },
        { "a file", PROOF_FILE, "n", "v", false },
        { "a certificate", PROOF_ALPN, "n", "v", false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct proof proof = { .type = "x-01",
            .kind = cases[i].kind,
            .record_name = cases[i].record_name,
            .record_value = cases[i].record_value };
        struct error err = { 0 };

        CHECK(proof_check_record(&proof, &err) == cases[i].ok, "%s: %s", cases[i].name, err.why);
    }
}

/* Plays by the token: "no" fails, "stop" is the user's wish to end. */
static bool play_step(void *self, struct proof *proof, struct error *err)
{
    ++*(size_t *)self;
    if (strcmp(proof->token, "stop") == 0)
        return error_set(err, ERROR_CANCELED, "enough");
    return strcmp(proof->token, "no") != 0 || error_set(err, ERROR_PLUGIN, "no");
}

TEST(proof_each)
{
    static const struct {
        const char *tokens[3];
        enum proof_state states[3];
        size_t steps;
        bool ok;
    } cases[] = {
        { { "a", "b", "c" }, { PROOF_READY, PROOF_READY, PROOF_READY }, 3, true },
        { { "a", "no", "c" }, { PROOF_READY, PROOF_FAILED, PROOF_READY }, 3, true },
        { { "no", "no", "no" }, { PROOF_FAILED, PROOF_FAILED, PROOF_FAILED }, 3, true },
        { { "a", "stop", "c" }, { PROOF_READY, PROOF_FAILED, PROOF_WANTED }, 2, false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct proof proofs[3] = { { .token = cases[i].tokens[0] }, { .token = cases[i].tokens[1] },
            { .token = cases[i].tokens[2] } };
        struct proof *all[] = { &proofs[0], &proofs[1], &proofs[2] };
        struct error err = { 0 };
        size_t steps = 0;

        CHECK(proof_each(&steps, all, 3, PROOF_READY, play_step, &err) == cases[i].ok, "%zu", i);
        CHECK_INT(err.kind, cases[i].ok ? ERROR_NONE : ERROR_CANCELED, "kind");
        CHECK_INT(steps, cases[i].steps, "steps");
        for (size_t k = 0; k < 3; k++) {
            CHECK(proofs[k].state == cases[i].states[k], "%zu, %zu: %d", i, k, proofs[k].state);
            CHECK((proofs[k].error != NULL) == (proofs[k].state == PROOF_FAILED), "%zu, %zu", i, k);
            proof_clear(&proofs[k]);
            CHECK(proofs[k].state == PROOF_WANTED && proofs[k].error == NULL, "cleared");
        }
    }
}

TEST_MAIN()
