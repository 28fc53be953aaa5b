#include "base/test.h"

#include "acme/problem.h"
#include "base/text.h"

#define URN "urn:ietf:params:acme:error:"

static void from_answer(int status, const char *body, struct problem *out)
{
    struct http_response response = { .status = status,
        .body = { .at = (char *)(uintptr_t)body, .len = strlen(body) } };

    problem_from_response(&response, out);
}

static const struct {
    const char *name;
    int status;
    const char *body, *type, *detail; /* detail: a part of it */
    int want_status;
    size_t subproblems;
} answers[] = {
    { "nothing", 502, "", "about:blank", "HTTP status 502 without an explanation", 502, 0 },
    { "a proxy's page", 502, "<html><h1>Bad \x1b[31mGateway</h1>", "about:blank", "<h1>Bad ?[31mGateway", 502, 0 },
    { "an array", 400, "[1]", "about:blank", "HTTP status 400", 400, 0 },
    { "an object of another kind", 404, "{\"x\":1}", "about:blank", "HTTP status 404", 404, 0 },
    { "cut short", 400, "{\"type\":\"" URN "caa\",", "about:blank", "HTTP status 400", 400, 0 },
    { "types are wrong", 400, "{\"type\":7,\"detail\":[],\"status\":\"x\",\"subproblems\":{}}", "about:blank", "", 400,
        0 },
    { "a huge number", 400, "{\"type\":\"" URN "caa\",\"status\":99999999999999999}", "caa", "", 400, 0 },
    { "a status that is none", 400, "{\"type\":\"" URN "caa\",\"status\":-3}", "caa", "", 400, 0 },
    { "escapes", 403, "{\"type\":\"" URN "\\u001b[2J\",\"detail\":\"a\\u001b[2Jb\\nc\"}", "?[2J", "a?[2Jb c", 403, 0 },
    { "subproblems of wrong kinds", 400, "{\"type\":\"" URN "compound\",\"subproblems\":[1,null,[],{}]}", "compound",
        "", 400, 1 },
    { "nested subproblems are not followed", 400,
        "{\"type\":\"a:b\",\"subproblems\":[{\"type\":\"" URN "dns\",\"subproblems\":[{}]}]}", "a:b", "", 400, 1 },
    { "whole", 403, "{\"type\":\"" URN "caa\",\"detail\":\"no\",\"status\":400}", "caa", "no", 400, 0 },
    { "older CAs", 403, "{\"type\":\"urn:acme:error:caa\",\"detail\":\"no\"}", "caa", "no", 403, 0 },
    { "a vendor's own", 403, "{\"type\":\"https://ca.example/errors/9\",\"title\":\"pay\"}",
        "https://ca.example/errors/9", "pay", 403, 0 },
    { "detail only", 403, "{\"detail\":\"no\"}", "about:blank", "no", 403, 0 },
    { "a place for a person to go", 403,
        "{\"type\":\"" URN "userActionRequired\",\"detail\":\"New terms\",\"instance\":"
        "\"https://ca.example/agree\"}",
        "userActionRequired", "New terms (see https://ca.example/agree)", 403, 0 },
};

TEST(problem_from_response)
{
    for (size_t i = 0; i < COUNT(answers); i++) {
        AUTO(problem_clear) struct problem problem = { 0 };

        from_answer(answers[i].status, answers[i].body, &problem);
        CHECK_TEXT(problem.type, answers[i].type, answers[i].name);
        CHECK(strstr(problem.detail, answers[i].detail) != NULL, "%s: %s", answers[i].name, problem.detail);
        CHECK_INT(problem.status, answers[i].want_status, answers[i].name);
        CHECK_INT((int64_t)problem.subproblem_count, (int64_t)answers[i].subproblems, answers[i].name);
    }
}

#define SUB(name)                                                                                                      \
    "{\"type\":\"" URN                                                                                                 \
    "rejectedIdentifier\",\"detail\":\"reserved\",\"identifier\":{\"type\":\"dns\",\"value\":\"" name "\"}}"

static const struct {
    const char *name, *body, *problem, *why, *next; /* why, next: parts */
    int64_t retry_at;
} tellings[] = {
    { "subproblems", "{\"type\":\"" URN "compound\",\"subproblems\":[" SUB("a.invalid") "," SUB("b.invalid") "]}",
        "compound", "several faults; a.invalid: the CA issues no certificate for this name: reserved; b.invalid: ",
        "leave the name out", 0 },
    { "unknown type", "{\"type\":\"" URN "brandNew\",\"detail\":\"oh\"}", "brandNew",
        "refused the request (brandNew): oh", "", 0 },
    { "rate limit", "{\"type\":\"" URN "rateLimited\",\"detail\":\"too many\"}", "rateLimited",
        "limit for such requests is reached: too many", "(2027-01-15T08:00:00Z)", 1800000000 },
    { "rate limit without a time", "{\"type\":\"" URN "rateLimited\"}", "rateLimited", "limit", "--staging", 0 },
    { "new terms",
        "{\"type\":\"" URN "userActionRequired\",\"detail\":\"Agree\",\"instance\":\"https://ca.example/t\"}",
        "userActionRequired", "Agree (see https://ca.example/t)", "go to https://ca.example/t", 0 },
    { "http is not always an address", "{\"type\":\"" URN "rateLimited\",\"detail\":\"http https: httpx\"}",
        "rateLimited", "httpx", "--staging", 0 },
    { "external account", "{\"type\":\"" URN "externalAccountRequired\"}", "externalAccountRequired", "bound",
        "--eab-kid", 0 },
    { "not this account's", "{\"type\":\"" URN "unauthorized\",\"detail\":\"deactivated\"}", "unauthorized",
        "deactivated", "whether the account is in order", 0 },
    { "percent signs", "{\"type\":\"" URN "caa\",\"detail\":\"100%s%n\"}", "caa", "100%s%n", "CAA", 0 },
};

TEST(problem_to_error)
{
    for (size_t i = 0; i < COUNT(tellings); i++) {
        AUTO(problem_clear) struct problem problem = { 0 };
        struct error err = { 0 };

        from_answer(403, tellings[i].body, &problem);
        CHECK(!problem_to_error(&problem, tellings[i].retry_at, &err), "%s", tellings[i].name);
        CHECK_INT(err.kind, ERROR_ACME, tellings[i].name);
        CHECK_TEXT(err.problem, tellings[i].problem, tellings[i].name);
        CHECK(strstr(err.why, tellings[i].why) != NULL, "%s: %s", tellings[i].name, err.why);
        CHECK(err.detail == 0 ||
                  (strncmp(err.why + err.detail - 2, ": ", 2) == 0 && strstr(tellings[i].body, "\"detail\":") != NULL),
            "%s", tellings[i].name);
        CHECK(strstr(err.next, tellings[i].next) != NULL, "%s: %s", tellings[i].name, err.next);
        CHECK(strstr(err.next, "go to") == NULL || text_ends(err.next, tellings[i].next), "%s: %s", tellings[i].name,
            err.next);
        CHECK_INT(err.retry_at, tellings[i].retry_at, tellings[i].name);
    }
}

TEST(problem_to_error_says_where_the_CA_speaks)
{
    AUTO(problem_clear) struct problem problem = { 0 };
    struct error err = { 0 };

    from_answer(403, "{\"type\":\"" URN "caa\",\"detail\":\"forbidden: by you\"}", &problem);
    CHECK(!problem_to_error(&problem, 0, &err), "succeeded");
    CHECK_TEXT(err.why + err.detail, "forbidden: by you", err.why);
    CHECK(err.detail > 0, "nothing of ours stands before");
}

/* A paused account is told an address with all its names in it (forty of them make 1,600 bytes). */
TEST(an_address_to_go_to_is_whole)
{
    static const size_t words[] = { 0, 1, 40, 400, 2000, 9000 };
    AUTO(buf_clear) struct buf address = BUF(4096);

    buf_put_text(&address, "https://portal.example/unpause?jwt=");
    for (int i = 0; i < 100; i++)
        buf_put_text(&address, "abcDEF0123456789");
    for (size_t i = 0; i < COUNT(words); i++) {
        AUTO(buf_clear) struct buf body = BUF(1 << 20);
        AUTO(problem_clear) struct problem problem = { 0 };
        AUTO(free) char *go = xprintf("go to %s", buf_text(&address));
        struct error err = { 0 };

        buf_put_text(&body, "{\"type\":\"" URN "rateLimited\",\"detail\":\"Paused.");
        for (size_t k = 0; k < words[i]; k++)
            buf_put_text(&body, " word");
        buf_putf(&body, " Please visit: %s. Bye\"}", buf_text(&address));
        from_answer(429, buf_text(&body), &problem);
        CHECK(!problem_to_error(&problem, 0, &err), "succeeded");
        CHECK(strstr(err.why, buf_text(&address)) != NULL, "%zu words before it: %s", words[i], err.why);
        CHECK(strstr(err.why, "Paused.") != NULL, "%zu words before it: %s", words[i], err.why);
        CHECK_TEXT(err.next, go, "that is what to do");
        CHECK(!problem_to_error(&problem, 1800000000, &err), "succeeded");
        CHECK(strstr(err.next, "try again after") != NULL, "unless the CA says when: %s", err.next);
    }
}

TEST(many_subproblems_are_counted_not_lost)
{
    AUTO(buf_clear) struct buf body = BUF(1 << 20);
    AUTO(problem_clear) struct problem problem = { 0 };
    struct error err = { 0 };

    buf_put_text(&body, "{\"type\":\"" URN "compound\",\"subproblems\":[" SUB("a0.invalid"));
    for (int i = 1; i < 5000; i++)
        buf_putf(&body, ",{\"type\":\"" URN "caa\",\"identifier\":{\"type\":\"dns\",\"value\":\"a%d.invalid\"}}", i);
    buf_put_text(&body, "]}");
    from_answer(400, buf_text(&body), &problem);
    CHECK_INT((int64_t)problem.subproblem_count, 200, "bounded");
    CHECK(!problem_to_error(&problem, 0, &err), "succeeded");
    CHECK(strstr(err.why, " more") != NULL, "%s", err.why);
}

TEST(every_rule_is_whole_and_named_once)
{
    size_t count = 0;

    for (const struct problem_rule *rule = problem_rules; rule->type != NULL; rule++, count++) {
        CHECK(rule->title[0] != '\0' && rule->next != NULL, "%s", rule->type);
        CHECK(problem_rule_of(rule->type) == rule, "%s is there twice", rule->type);
        CHECK(rule == problem_rules || strcmp(rule[-1].type, rule->type) < 0, "%s is not in its place", rule->type);
        CHECK(strlen(rule->type) < sizeof((struct error *)NULL)->problem, "%s", rule->type);
    }
    CHECK(count >= 32, "only %zu rules", count);
    CHECK(problem_rule_of(NULL) == problem_rule_of("brandNew"), "NULL");
    CHECK_INT(problem_rule_of("badNonce")->retry, RETRY_FRESH_NONCE, "badNonce");
    CHECK_INT(problem_rule_of("rateLimited")->retry, RETRY_LATER, "rateLimited");
    CHECK_INT(problem_rule_of("caa")->retry, RETRY_NEVER, "caa");
}

TEST_MAIN()
