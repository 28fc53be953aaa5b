/* A web server as authenticator: the proofs of orders, and what is in the site meanwhile. */
#include "webplugin/test_server.h"

#define PROOFS 2

static struct proof proof_of(const char *identifier, const char *token)
{
    return (struct proof){
        .type = "http-01", .kind = PROOF_FILE, .identifier = identifier, .token = token, .key_authorization = "content"
    };
}

TEST(one_order)
{
    static const struct {
        const char *name, *hosts[PROOFS], *tokens[PROOFS];
        const char *refuses_word;
        bool ok;
        enum proof_state states[PROOFS];
        const char *site, *why; /* why: of all, or of one that failed */
    } rows[] = {
        { "two names", { "a.test", "b.test" }, { "one", "two" }, NULL, true, { PROOF_PRESENTED, PROOF_PRESENTED },
            "a.test one\nb.test two\n", NULL },
        { "a token that is none fails alone", { "a.test", "b.test" }, { "../one", "two" }, NULL, true,
            { PROOF_FAILED, PROOF_PRESENTED }, "b.test two\n", "token" },
        { "none that can be answered: the server is left alone", { "a.test", "b.test" }, { "", "." }, NULL, true,
            { PROOF_FAILED, PROOF_FAILED }, "", "token" },
        { "a name without a place", { "bad.test", "b.test" }, { "one", "two" }, NULL, false,
            { PROOF_WANTED, PROOF_WANTED }, "", "no place for bad.test" },
        { "the server refuses it", { "a.test", "b.test" }, { "one", "two" }, "b.test", false,
            { PROOF_WANTED, PROOF_WANTED }, "", "site:1: b.test" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct web_plugin *plugin = begin();
        struct plugin_context context = context_of(plugin, NULL);
        struct proof proofs[PROOFS], *at[PROOFS];
        struct error err = { 0 };
        void *self = NULL;
        bool ok;

        for (size_t k = 0; k < PROOFS; k++) {
            proofs[k] = proof_of(rows[i].hosts[k], rows[i].tokens[k]);
            at[k] = &proofs[k];
        }
        played.refuses_word = rows[i].refuses_word;
        REQUIRE(web_authenticator.prepare(&context, &self, &err), "%s", err.why);
        ok = web_authenticator.present(self, at, PROOFS, &err);
        CHECK(ok == rows[i].ok, "%s: %s", rows[i].name, err.why);
        CHECK(ok || strstr(err.why, rows[i].why) != NULL, "%s: %s", rows[i].name, err.why);
        check_site(rows[i].site, rows[i].name);
        CHECK((strstr(buf_text(&played.said), "answer") == NULL) == (rows[i].states[1] == PROOF_FAILED), "%s",
            rows[i].name);
        for (size_t k = 0; k < PROOFS; k++) {
            CHECK_INT(proofs[k].state, rows[i].states[k], rows[i].name);
            CHECK(proofs[k].state != PROOF_FAILED || strstr(proofs[k].error->why, rows[i].why) != NULL, "%s",
                rows[i].name);
        }
        CHECK(web_authenticator.wait(self, at, PROOFS, &err), "%s: %s", rows[i].name, err.why);
        for (size_t k = 0; k < PROOFS; k++)
            CHECK(proofs[k].state == (rows[i].states[k] == PROOF_PRESENTED ? PROOF_READY : rows[i].states[k]), "%s",
                rows[i].name);
        CHECK(web_authenticator.cleanup(self, at, PROOFS, &err), "%s: %s", rows[i].name, err.why);
        CHECK(proofs[0].state == PROOF_WANTED && proofs[1].state == PROOF_WANTED, "%s", rows[i].name);
        check_site("", rows[i].name);
        CHECK(web_authenticator.cleanup(self, at, PROOFS, &err), "%s, again: %s", rows[i].name, err.why);
        for (size_t k = 0; k < PROOFS; k++)
            proof_clear(&proofs[k]);
        web_authenticator.release(self);
        end(plugin);
    }
}

/* The end of one leaves the other; the last one restores the site. */
TEST(two_orders)
{
    struct web_plugin *plugin = begin();
    struct plugin_context context = context_of(plugin, NULL);
    struct proof a = proof_of("a.test", "one"), b = proof_of("a.test", "two"), *at_a = &a, *at_b = &b;
    struct error err = { 0 };
    void *first = NULL, *second = NULL;

    REQUIRE(web_authenticator.prepare(&context, &first, &err) && web_authenticator.prepare(&context, &second, &err));
    REQUIRE(web_authenticator.present(first, &at_a, 1, &err) && web_authenticator.present(second, &at_b, 1, &err));
    check_site("a.test one\na.test two\n", "one name in two orders");
    CHECK(web_authenticator.cleanup(first, &at_a, 1, &err) && plugin->live.count == 1, "%s", err.why);
    check_site("a.test one\na.test two\n", "what costs a reload waits for the last one");
    CHECK(web_authenticator.cleanup(second, &at_b, 1, &err) && plugin->live.count == 0, "%s", err.why);
    check_site("", "all");
    CHECK(web_has_to_tell(&plugin->service), "by a reload that comes anyway");
    web_authenticator.release(first);
    web_authenticator.release(second);
    end(plugin);
}

TEST(before_and_after)
{
    struct web_plugin *plugin = begin();
    struct plugin_context context = context_of(plugin, NULL);
    struct proof proof = proof_of("left.example", "token"), *at_proof = &proof;
    AUTO(free) char *hint = NULL;
    struct error err = { 0 };
    void *self = NULL;

    played.cannot_prepare = true;
    CHECK(!web_authenticator.prepare(&context, &self, &err) && self == NULL && strstr(err.why, "too old") != NULL);
    web_authenticator.release(self);
    played.cannot_prepare = false;
    leave_challenge();
    proof.state = PROOF_PRESENTED;
    CHECK(web_authenticator.sweep(&context, &at_proof, 1, &err) && proof.state == PROOF_WANTED, "%s", err.why);
    check_said("locate reload", "swept by whoever has the server");
    check_site("", "swept");
    REQUIRE(web_authenticator.prepare(&context, &self, &err), "%s", err.why);
    hint = web_authenticator.hint(self, "http-01");
    CHECK(strstr(hint, "the server itself answers on port 80") != NULL, "%s", hint);
    web_authenticator.release(self);
    end(plugin);
}

TEST_MAIN()
