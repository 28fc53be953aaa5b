#include "acme/authz.h"

#include "acme/script.h"

#define ID "\"identifier\":{\"type\":\"dns\",\"value\":\"example.org\"}"
#define CHALL "{\"type\":\"http-01\",\"url\":\"" CA "/chall/1\",\"status\":\"pending\",\"token\":\"abc\"}"

static const struct {
    const char *name, *body, *why; /* why: NULL when it parses */
} cases[] = {
    { "nothing", "", "not valid JSON" },
    { "an array", "[]", "not a JSON object" },
    { "no status", "{" ID ",\"challenges\":[]}", "'status' is missing" },
    { "status of a later RFC", "{\"status\":\"paused\"," ID ",\"challenges\":[]}", "paused" },
    { "no identifier", "{\"status\":\"pending\",\"challenges\":[]}", "'identifier' is missing" },
    { "identifier of another type", "{\"status\":\"pending\",\"identifier\":{\"type\":\"email\",\"value\":\"a\"}}",
        "email" },
    { "a path as identifier", "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"../x\"}}",
        "a domain that is none" },
    { "33 challenges", NULL, "more than 32" },
    { "wildcard is text", "{\"status\":\"pending\"," ID ",\"wildcard\":\"no\",\"challenges\":[]}", NULL },
    { "expires is no time", "{\"status\":\"pending\"," ID ",\"expires\":\"tomorrow\",\"challenges\":[]}", NULL },
    { "challenges is an object", "{\"status\":\"pending\"," ID ",\"challenges\":{}}", NULL },
    { "a challenge is a number", "{\"status\":\"pending\"," ID ",\"challenges\":[" CHALL ",7]}", NULL },
    { "status twice", "{\"status\":\"later\",\"status\":\"pending\"," ID "}", NULL },
    { "valid without challenges", "{\"status\":\"valid\"," ID "}", NULL },
    { "unknown challenges are passed over",
        "{\"status\":\"pending\"," ID ",\"challenges\":[{\"type\":\"new-09\"}," CHALL "]}", NULL },
};

static const char *many_challenges(struct buf *buf)
{
    buf_put_text(buf, "{\"status\":\"pending\"," ID ",\"challenges\":[" CHALL);
    for (int i = 0; i < 32; i++)
        buf_put_text(buf, "," CHALL);
    buf_put_text(buf, "]}");
    return buf_text(buf);
}

TEST(authz_parse)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(authz_clear) struct authz authz = { 0 };
        AUTO(buf_clear) struct buf many = BUF(1 << 20);
        struct error err = { 0 };
        bool ok = authz_parse(view_of(cases[i].body != NULL ? cases[i].body : many_challenges(&many)), &authz, &err);

        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(ok || err.kind == ERROR_ACME, "%s", cases[i].name);
        CHECK(ok == (authz.identifier.value != NULL), "%s: *out", cases[i].name);
    }
}

TEST(once_it_is_decided_the_name_is_known)
{
    static const char *const bodies[] = { "{\"status\":\"valid\"}", "{\"status\":\"invalid\",\"identifier\":7}",
        "{\"status\":\"valid\",\"identifier\":{\"type\":\"dns\",\"value\":\"../x\"}}" };

    for (size_t i = 0; i < COUNT(bodies); i++) {
        AUTO(authz_clear) struct authz authz = { 0 };
        struct error err = { 0 };

        CHECK(authz_parse(view_of(bodies[i]), &authz, &err), "%s: %s", bodies[i], err.why);
        CHECK(authz.identifier.value == NULL, "%s", bodies[i]);
        CHECK_TEXT(authz_name(&authz), "one of the names", bodies[i]);
    }
}

TEST(the_challenge_without_a_fault_is_taken)
{
    AUTO(authz_clear) struct authz authz = { 0 };
    const struct challenge *chosen;
    struct error err = { 0 };

    REQUIRE(
        authz_parse(view_of("{\"status\":\"pending\"," ID ",\"challenges\":[{\"type\":\"http-01\",\"token\":\"abc\"},"
                            "{\"type\":\"dns-01\"}," CHALL "]}"),
            &authz, &err),
        "%s", err.why);
    chosen = authz_challenge(&authz, CHALLENGE_HTTP_01);
    CHECK_TEXT(chosen->url, CA "/chall/1", "the second one of its type");
    CHECK(strstr(authz_challenge(&authz, CHALLENGE_DNS_01)->fault, "'challenges[1].url' is missing") != NULL);
    chosen = authz_keep_only(&authz, chosen);
    CHECK_INT((int64_t)authz.challenge_count, 1, "kept");
    CHECK_TEXT(chosen->url, CA "/chall/1", "that one");
    CHECK(authz_challenge(&authz, CHALLENGE_HTTP_01) == chosen);
}

TEST(wildcards_by_either_spelling)
{
    static const char *const bodies[] = {
        "{\"status\":\"pending\"," ID ",\"wildcard\":true,\"challenges\":[" CHALL "]}",
        "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"*.example.org\"},"
        "\"challenges\":[" CHALL "]}",
    };

    for (size_t i = 0; i < COUNT(bodies); i++) {
        AUTO(authz_clear) struct authz authz = { 0 };
        struct error err = { 0 };

        REQUIRE(authz_parse(view_of(bodies[i]), &authz, &err), "%s", err.why);
        CHECK_TEXT(authz.identifier.value, "example.org", "name");
        CHECK(authz.wildcard, "body %zu", i);
        CHECK(authz_challenge(&authz, CHALLENGE_HTTP_01) != NULL, "body %zu", i);
        CHECK(authz_challenge(&authz, CHALLENGE_DNS_01) == NULL, "body %zu", i);
    }
}

/* ---- waiting ---- */

#define A(n) "POST " CA "/authz/" n
#define PENDING "{\"status\":\"pending\"," ID ",\"challenges\":[]}"
#define VALID "{\"status\":\"valid\"," ID ",\"challenges\":[]}"
#define INVALID "{\"status\":\"invalid\"," ID ",\"challenges\":[]}"
#define NAMELESS "{\"status\":\"invalid\",\"challenges\":[]}"

static void start_three(struct authz authzs[3])
{
    for (int i = 0; i < 3; i++)
        authzs[i] = (struct authz){ .url = xprintf(CA "/authz/%d", i + 1),
            .identifier = { IDENTIFIER_DNS, xstrdup("example.org") } };
}

static void clear_three(struct authz authzs[3])
{
    for (int i = 0; i < 3; i++)
        authz_clear(&authzs[i]);
}

TEST(all_are_waited_for_together)
{
    static const struct step steps[] = {
        { A("1"), "", 200, NULL, PENDING }, /* after 40 ms */
        { A("3"), "", 200, "Retry-After: 5", PENDING },
        { A("1"), "", 200, NULL, VALID }, /* after 100 ms; from here on it is left alone */
        { A("3"), "", 200, "Retry-After: 5", PENDING },
        { A("3"), "", 200, "Retry-After: 5", PENDING }, /* after 250 ms */
        { A("3"), "", 200, NULL, NAMELESS },            /* after 5 s, as asked */
    };
    SCRIPT(script, steps);
    struct signer signer = script_signer();
    struct authz authzs[3];
    struct error err = { 0 };

    start_three(authzs);
    authzs[1].status = AUTHZ_VALID; /* was valid before: not asked for */
    CHECK(authz_wait(script.session, script_who(&signer), authzs, 3, 90, &err), "%s", err.why);
    CHECK_INT(script.now_ms - SCRIPT_NOW * 1000LL, 5390, "time");
    CHECK_INT(authzs[0].status, AUTHZ_VALID, "first");
    CHECK_INT(authzs[2].status, AUTHZ_INVALID, "last");
    CHECK_TEXT(authzs[2].url, CA "/authz/3", "the URL stays");
    CHECK_TEXT(authzs[2].identifier.value, "example.org", "and the name, whether it is said again or not");
    clear_three(authzs);
}

TEST(each_is_asked_for_when_it_is_due)
{
    static const struct step steps[] = {
        { A("1"), "", 200, "Retry-After: 2", PENDING }, { A("2"), "", 200, "Retry-After: 6", PENDING },
        { A("1"), "", 200, "Retry-After: 2", PENDING }, { A("2"), "", 200, "Retry-After: 6", PENDING },
        { A("1"), "", 200, "Retry-After: 2", PENDING }, { A("2"), "", 200, "Retry-After: 6", PENDING }, /* 390 ms */
        { A("1"), "", 200, "Retry-After: 2", PENDING },                                                 /* 2.39 s */
        { A("1"), "", 200, NULL, VALID },                                                               /* 4.39 s */
        { A("2"), "", 200, NULL, VALID },                                                               /* 6.39 s */
    };
    SCRIPT(script, steps);
    struct signer signer = script_signer();
    struct authz authzs[3];
    struct error err = { 0 };

    start_three(authzs);
    CHECK(authz_wait(script.session, script_who(&signer), authzs, 2, 90, &err), "%s", err.why);
    CHECK_INT(script.now_ms - SCRIPT_NOW * 1000LL, 6390, "time");
    clear_three(authzs);
}

static const struct {
    const char *name;
    struct step step;
    size_t interrupt_at;
    int timeout_s;
    enum error_kind kind;
    const char *what, *why;
} bad_waits[] = {
    { "no time", { 0 }, 0, 0, ERROR_NETWORK, "waiting for the CA to validate example.org", "within 0 seconds" },
    { "interrupt", { 0 }, 1, 90, ERROR_CANCELED, "validate example.org", "interrupted" },
    { "refused",
        { A("1"), "", 404, NULL, "{\"type\":\"urn:ietf:params:acme:error:malformed\",\"detail\":\"expired\"}" }, 0, 90,
        ERROR_ACME, "example.org", "expired" },
    { "garbage", { A("1"), "", 200, NULL, "{}" }, 0, 90, ERROR_ACME, "example.org", "'status' is missing" },
};

TEST(waits_that_fail)
{
    struct signer signer = script_signer();

    for (size_t i = 0; i < COUNT(bad_waits); i++) {
        AUTO(script_clear) struct script script = { 0 };
        struct authz authzs[3];
        struct error err = { 0 };

        start_three(authzs);
        script_open(&script, &bad_waits[i].step, bad_waits[i].step.request == NULL ? 0 : 1);
        script.interrupt_at = bad_waits[i].interrupt_at;
        CHECK(!authz_wait(script.session, script_who(&signer), authzs, 1, bad_waits[i].timeout_s, &err), "%s",
            bad_waits[i].name);
        CHECK_INT(err.kind, bad_waits[i].kind, bad_waits[i].name);
        CHECK(strstr(err.what, bad_waits[i].what) != NULL, "%s: %s", bad_waits[i].name, err.what);
        CHECK(strstr(err.why, bad_waits[i].why) != NULL, "%s: %s", bad_waits[i].name, err.why);
        CHECK_TEXT(authzs[0].url, CA "/authz/1", "left as it was");
        clear_three(authzs);
    }
}

TEST(authz_deactivate)
{
    static const struct step steps[] = { { A("1"), "{\"status\":\"deactivated\"}", 200, NULL,
        "{\"status\":\"deactivated\"," ID "}" } };
    SCRIPT(script, steps);
    struct signer signer = script_signer();
    struct error err = { 0 };

    CHECK(authz_deactivate(script.session, script_who(&signer), CA "/authz/1", &err), "%s", err.why);
}

TEST(where_the_ca_was_led_to)
{
    AUTO(authz_clear) struct authz authz = { 0 };
    struct error err = { 0 };
    AUTO(free) char *urls = NULL;

    REQUIRE(authz_parse(
                view_of("{\"status\":\"invalid\"," ID ",\"challenges\":[{\"type\":\"http-01\",\"validationRecord\":[{"
                        "\"url\":\"http://example.org/x\",\"addressUsed\":\"192.0.2.7\"},{\"url\":7},7,"
                        "{\"url\":\"https://example.org/\\u001b\"}]}]}"),
                &authz, &err),
        "%s", err.why);
    urls = list_join(&authz.challenges[0].urls, " -> ");
    CHECK_TEXT(urls, "http://example.org/x -> https://example.org/?", "printable, and nothing but text");
    CHECK_INT((int64_t)authz.challenges[0].records.len, 1, "addresses");
}

TEST_MAIN()
