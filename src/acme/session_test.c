#include "acme/session.h"

#include <pthread.h>

#include "acme/script.h"

#define X "POST " CA "/x"
#define OK_STEP                                                                                                        \
    {                                                                                                                  \
        X, "{\"a\":1}", 200, "Replay-Nonce: next", "{}"                                                                \
    }

static bool post(struct script *script, const char *payload, struct problem *problem, struct error *err)
{
    struct signer signer = script_signer();
    AUTO(http_response_clear) struct http_response response = { 0 };

    return session_post(script->session, script_who(&signer), CA "/x", view_of(payload), &response, problem, err);
}

/* ---- opening ---- */

static const struct {
    const char *name, *url;
    struct step step;
    enum error_kind kind;
    const char *why, *next;
} openings[] = {
    { "no URL", "ca.example", { 0 }, ERROR_CONFIG, "'ca.example' is none", "" },
    { "another kind of URL", "file:///etc/passwd", { 0 }, ERROR_CONFIG, "is none", "" },
    { "no network", CA "/dir", { "GET " CA "/dir", NULL, 0, NULL, NULL }, ERROR_NETWORK, "connection reset", "" },
    { "a web page", CA "/dir", { "GET " CA "/dir", NULL, 200, NULL, "<html>" }, ERROR_ACME, "not valid JSON",
        "--server" },
    { "not found", CA "/dir", { "GET " CA "/dir", NULL, 404, NULL, "nope" }, ERROR_ACME,
        "HTTP status 404 from " CA "/dir, which says: nope", "--server" },
    { "newNonce by http", CA "/dir",
        { "GET " CA "/dir", NULL, 200, NULL,
            "{\"newNonce\":\"http://ca.example/n\","
            "\"newAccount\":\"" CA "/a\",\"newOrder\":\"" CA "/o\"}" },
        ERROR_ACME, "which is not", "" },
    { "newOrder by http", CA "/dir",
        { "GET " CA "/dir", NULL, 200, NULL,
            "{\"newNonce\":\"" CA "/n\",\"newAccount\":\"" CA "/a\",\"newOrder\":\"http://ca.example/o\"}" },
        ERROR_ACME, "which is not", "" },
    { "busy for an hour", CA "/dir", { "GET " CA "/dir", NULL, 503, "Retry-After: 3600", "" }, ERROR_ACME,
        "HTTP status 503", "2027-01-15T09:00:00Z" },
};

TEST(session_open_failures)
{
    for (size_t i = 0; i < COUNT(openings); i++) {
        AUTO(script_clear) struct script script = { 0 };
        struct error err = { 0 };

        script_start(&script, &openings[i].step, openings[i].step.request == NULL ? 0 : 1);
        CHECK(!session_open(&script.transport, openings[i].url, &script.session, &err), "%s", openings[i].name);
        CHECK_INT(err.kind, openings[i].kind, openings[i].name);
        CHECK(strstr(err.why, openings[i].why) != NULL, "%s: %s", openings[i].name, err.why);
        CHECK(strstr(err.next, openings[i].next) != NULL, "%s: %s", openings[i].name, err.next);
        CHECK(script.session == NULL, "%s: *out was touched", openings[i].name);
    }
}

TEST(session_open)
{
    SCRIPT(script, ((struct step[]){ { 0 } }));

    script.at = script.count;
    CHECK_TEXT(session_directory(script.session)->new_order, CA "/new-order", "directory");
    CHECK_TEXT(session_url(script.session), CA "/dir", "url");
    CHECK_INT(session_now(script.session), SCRIPT_NOW, "clock");
}

/* ---- nonces ---- */

static const struct {
    const char *name, *headers;
    bool known;
    int64_t ahead;
} clocks[] = {
    { "none", NULL, false, 0 },
    { "the same", "Date: Fri, 15 Jan 2027 08:00:00 GMT", true, 0 },
    { "an hour ahead", "Date: Fri, 15 Jan 2027 09:00:00 GMT", true, 3600 },
    { "behind", "Date: Fri, 15 Jan 2027 07:59:00 GMT", true, -60 },
    { "from a cache", "Date: Fri, 15 Jan 2027 07:00:00 GMT\nAge: 3600", true, 0 },
    { "an age that is none", "Date: Fri, 15 Jan 2027 07:00:00 GMT\nAge: old", true, -3600 },
    { "no date", "Date: yesterday", false, 0 },
};

TEST(the_clock_of_the_ca)
{
    for (size_t i = 0; i < COUNT(clocks); i++) {
        const struct step step = { "GET " CA "/dir", NULL, 200, clocks[i].headers, SCRIPT_DIRECTORY };
        AUTO(script_clear) struct script script = { 0 };
        struct error err = { 0 };
        int64_t ahead;

        script_start(&script, &step, 1);
        REQUIRE(session_open(&script.transport, CA "/dir", &script.session, &err), "%s: %s", clocks[i].name, err.why);
        CHECK(session_clock_ahead(script.session, &ahead) == clocks[i].known, "%s", clocks[i].name);
        CHECK_INT(ahead, clocks[i].ahead, clocks[i].name);
    }
}

TEST(a_nonce_is_fetched_once_and_then_comes_with_each_answer)
{
    static const struct step steps[] = {
        { "HEAD " CA "/nonce", NULL, 204, "Replay-Nonce: first", NULL },
        { X, "{\"a\":1}", 200, "Replay-Nonce: second", "{}" },
        { X, "{\"a\":1}", 200, NULL, "{}" }, /* none with this answer: that is no error */
        { "HEAD " CA "/nonce", NULL, 200, "Replay-Nonce: third", NULL },
        { X, "{\"a\":1}", 200, NULL, "{}" },
    };
    SCRIPT(script, steps);
    struct error err = { 0 };

    script.nonces_by_hand = true;
    for (int i = 0; i < 3; i++)
        CHECK(post(&script, "{\"a\":1}", NULL, &err), "%s", err.why);
    CHECK_INT((int64_t)script.nonces.len, 0, "unused nonces");
}

TEST(a_bad_nonce_is_repeated_with_the_one_that_came_with_the_refusal)
{
    static const struct step steps[] = {
        { X, "{\"a\":1}", 400, "Replay-Nonce: r1", BAD_NONCE },
        { X, "{\"a\":1}", 400, "Replay-Nonce: r2", BAD_NONCE },
        OK_STEP,
    };
    SCRIPT(script, steps);
    struct error err = { 0 };

    CHECK(post(&script, "{\"a\":1}", NULL, &err), "%s", err.why);
    CHECK_INT(script.nonces_made, 1, "nonces fetched");
    CHECK_INT((int64_t)script.sleep_count, 0, "waits");
    CHECK_INT((int64_t)script.nonces.len, 1, "the last one is kept");
}

TEST(a_storm_of_bad_nonces_passes)
{
    struct step steps[32];
    AUTO(script_clear) struct script script = { 0 };
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT(steps); i++)
        steps[i] = (struct step){ X, "{\"a\":1}", 400,
            i % 3 == 0   ? NULL
            : i % 3 == 1 ? "Replay-Nonce: a"
                         : "Replay-Nonce: b",
            BAD_NONCE };
    steps[COUNT(steps) - 1] = (struct step)OK_STEP;
    script_open(&script, steps, COUNT(steps));
    CHECK(post(&script, "{\"a\":1}", NULL, &err), "%s", err.why);
    CHECK(
        script.nonces_made >= 8, "%u fetched: those that come with refusals may all be of a kind", script.nonces_made);
    CHECK(script.now_ms - SCRIPT_NOW * 1000LL < 5000, "took too long");
}

TEST(a_storm_without_end_ends)
{
    struct step steps[32];
    AUTO(script_clear) struct script script = { 0 };
    AUTO(problem_clear) struct problem problem = { 0 };
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT(steps); i++)
        steps[i] = (struct step){ X, "{\"a\":1}", 400, "Replay-Nonce: a", BAD_NONCE };
    script_open(&script, steps, COUNT(steps));
    CHECK(!post(&script, "{\"a\":1}", &problem, &err), "succeeded");
    CHECK_TEXT(err.problem, "badNonce", "problem");
    CHECK_TEXT(problem.type, "badNonce", "problem");
    CHECK(err.next[0] != '\0', "no advice");
}

static const struct {
    const char *name;
    struct step step;
    const char *why;
} nonce_answers[] = {
    { "none", { "HEAD " CA "/nonce", NULL, 200, NULL, NULL }, "no Replay-Nonce" },
    { "not base64url", { "HEAD " CA "/nonce", NULL, 200, "Replay-Nonce: a\"b", NULL }, "no Replay-Nonce" },
    { "empty", { "HEAD " CA "/nonce", NULL, 200, "Replay-Nonce: ", NULL }, "no Replay-Nonce" },
    { "refused", { "HEAD " CA "/nonce", NULL, 405, NULL, NULL }, "HTTP status 405" },
    { "no network", { "HEAD " CA "/nonce", NULL, 0, NULL, NULL }, "connection reset" },
};

TEST(nonces_that_cannot_be_had)
{
    for (size_t i = 0; i < COUNT(nonce_answers); i++) {
        AUTO(script_clear) struct script script = { 0 };
        struct error err = { 0 };

        script_open(&script, &nonce_answers[i].step, 1);
        script.nonces_by_hand = true;
        CHECK(!post(&script, "{}", NULL, &err), "%s", nonce_answers[i].name);
        CHECK(strstr(err.why, nonce_answers[i].why) != NULL, "%s: %s", nonce_answers[i].name, err.why);
        CHECK(strstr(err.what, "nonce") != NULL, "%s: %s", nonce_answers[i].name, err.what);
    }
}

/* ---- refusals, waiting, repeating ---- */

#define LIMITED "{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"slow down\"}"

static const struct {
    const char *name, *payload;
    struct step steps[4];
    size_t count;
    bool ok;
    const char *why; /* of a failure */
    int64_t waited_ms, retry_at;
} refusals[] = {
    { "rate limit with a short wait", "{}", { { X, "{}", 429, "Retry-After: 2", LIMITED }, { X, "{}", 200, NULL, "" } },
        2, true, NULL, 2000, 0 },
    { "busy with a date", "{}",
        { { X, "{}", 503, "Retry-After: Fri, 15 Jan 2027 08:00:07 GMT", "" }, { X, "{}", 200, NULL, "" } }, 2, true,
        NULL, 7000, 0 },
    { "busy again and again", "{}",
        { { X, "{}", 503, "Retry-After: 1", "" }, { X, "{}", 503, "Retry-After: 1", "" },
            { X, "{}", 503, "Retry-After: 1", "" } },
        3, false, "HTTP status 503", 2000, SCRIPT_NOW + 3 },
    { "rate limit for an hour", "{}", { { X, "{}", 429, "Retry-After: 3600", LIMITED } }, 1, false, "slow down", 0,
        SCRIPT_NOW + 3600 },
    { "rate limit without a time", "{}", { { X, "{}", 429, NULL, LIMITED } }, 1, false, "slow down", 0, 0 },
    { "rate limit with nonsense", "{}", { { X, "{}", 429, "Retry-After: soon", LIMITED } }, 1, false, "slow down", 0,
        0 },
    { "server error when changing something", "{}", { { X, "{}", 500, NULL, "oops" } }, 1, false, "oops", 0, 0 },
    { "server error when reading", "", { { X, "", 500, NULL, "oops" }, { X, "", 200, NULL, "" } }, 2, true, NULL, 500,
        0 },
    { "server error when reading, twice", "", { { X, "", 500, NULL, "oops" }, { X, "", 502, NULL, "oops" } }, 2, false,
        "HTTP status 502", 500, 0 },
    { "server error with an ACME problem", "",
        { { X, "", 500, NULL, "{\"type\":\"urn:ietf:params:acme:error:serverInternal\"}" } }, 1, false,
        "trouble of its own", 0, 0 },
    { "no answer when changing something", "{}", { { X, "{}", 0, NULL, NULL } }, 1, false, "connection reset", 0, 0 },
    { "no answer when reading", "", { { X, "", 0, NULL, NULL }, { X, "", 200, NULL, "" } }, 2, true, NULL, 500, 0 },
    { "no answer when reading, twice", "", { { X, "", 0, NULL, NULL }, { X, "", 0, NULL, NULL } }, 2, false,
        "connection reset", 500, 0 },
    { "a redirect is not followed", "{}", { { X, "{}", 307, "Location: https://other.example/", "" } }, 1, false,
        "HTTP status 307", 0, 0 },
    { "bad nonce, then busy, then bad nonce", "{}",
        { { X, "{}", 400, NULL, BAD_NONCE }, { X, "{}", 503, "Retry-After: 0", "" },
            { X, "{}", 400, "Replay-Nonce: q", BAD_NONCE }, { X, "{}", 200, NULL, "" } },
        4, true, NULL, 500, 0 },
};

TEST(refusals)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        AUTO(script_clear) struct script script = { 0 };
        struct error err = { 0 };
        bool ok;

        script_open(&script, refusals[i].steps, refusals[i].count);
        ok = post(&script, refusals[i].payload, NULL, &err);
        CHECK(ok == refusals[i].ok, "%s: %s", refusals[i].name, err.why);
        CHECK(ok || strstr(err.why, refusals[i].why) != NULL, "%s: %s", refusals[i].name, err.why);
        CHECK_INT(script.now_ms - SCRIPT_NOW * 1000LL, refusals[i].waited_ms, refusals[i].name);
        CHECK_INT(ok ? 0 : err.retry_at, refusals[i].retry_at, refusals[i].name);
        CHECK(script.at == script.count, "%s: %zu of %zu steps", refusals[i].name, script.at, script.count);
        script.at = script.count;
    }
}

TEST(an_interrupt_while_waiting_wins)
{
    static const struct step steps[] = { { X, "{}", 429, "Retry-After: 2", LIMITED } };
    SCRIPT(script, steps);
    struct error err = { 0 };

    script.interrupt_at = 1;
    CHECK(!post(&script, "{}", NULL, &err), "succeeded");
    CHECK_INT(err.kind, ERROR_CANCELED, "kind");
}

/* ---- what is sent ---- */

TEST(a_bare_key_signs_with_its_jwk)
{
    static const struct step steps[] = { { X, "{}", 200, NULL, "{}" } };
    SCRIPT(script, steps);
    struct signer signer = script_signer();
    AUTO(http_response_clear) struct http_response response = { 0 };
    struct error err = { 0 };

    script.kid = NULL;
    CHECK(session_post_accept(script.session, (struct identity){ &signer, NULL }, CA "/x", view_of("{}"), "text/x",
              &response, NULL, &err),
        "%s", err.why);
    CHECK_TEXT(script.accept, "text/x", "accept");
    CHECK_TEXT(response.url, CA "/x", "the URL is known even if the transport does not tell it");
}

TEST(no_step_down_to_http)
{
    AUTO(script_clear) struct script script = { 0 };
    struct signer signer = script_signer();
    AUTO(http_response_clear) struct http_response response = { 0 };
    struct error err = { 0 };

    script_open(&script, NULL, 0);
    CHECK(!session_post(script.session, script_who(&signer), "http://ca.example/x", view_of(""), &response, NULL, &err),
        "asked");
    CHECK(strstr(err.why, "which is not") != NULL, "%s", err.why);
    CHECK(!session_get(script.session, "http://ca.example/x", &response, &err), "asked");
    CHECK(strstr(err.why, "which is not") != NULL, "%s", err.why);
    CHECK_INT(script.nonces_made, 0, "a nonce was wasted");
}

/* The address in Location obeys what those in documents obey. */
TEST(addresses_of_what_was_made)
{
    static const struct {
        const char *location, *want; /* NULL: refused */
        const char *why;
    } cases[] = {
        { "/order/7", CA "/order/7", NULL },
        { "https://other.example/7", "https://other.example/7", NULL },
        { "http://ca.example/order/7", NULL, "which is not" },
        { "https://ca.example@evil.example/7", NULL, "no http(s) URL" },
        { "file:///etc/passwd", NULL, "no http(s) URL" },
        { NULL, NULL, "does not name the order's address" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(script_clear) struct script script = { 0 };
        AUTO(http_response_clear) struct http_response response = { .url = xstrdup(CA "/x") };
        AUTO(free) char *url = NULL;
        struct error err = { 0 };

        script_open(&script, NULL, 0);
        if (cases[i].location != NULL)
            script_put_header(&script, &response, view_of("Location"), view_of(cases[i].location));
        CHECK(location_of(script.session, &response, "order", &url, &err) == (cases[i].want != NULL), "%s: %s",
            cases[i].location, err.why);
        CHECK_TEXT(url, cases[i].want, cases[i].location);
        CHECK(cases[i].why == NULL || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].location, err.why);
    }
}

/* ---- many threads, half of the nonces refused ---- */

struct crowd {
    struct transport transport;
    struct signer signer;
    struct session *session;
    atomic_uint made, asked;
};

static bool crowd_http(void *self, const struct http_request *request, struct http_response *out, struct error *err)
{
    struct crowd *crowd = self;
    unsigned number = ++crowd->made;

    (void)err;
    out->body.max = HTTP_MAX_BODY;
    out->status = 200;
    if (request->method == HTTP_GET) {
        buf_put_text(&out->body, SCRIPT_DIRECTORY);
        return true;
    }
    out->headers[out->header_count++] = (struct http_header){ xstrdup("replay-nonce"), xprintf("n%u", number) };
    if (request->method == HTTP_POST && (crowd->asked++ * 2654435761u >> 16) % 2 == 0) {
        out->status = 400;
        buf_put_text(&out->body, BAD_NONCE);
    }
    return true;
}

static int64_t crowd_now(void *self)
{
    (void)self;
    return SCRIPT_NOW;
}

static bool crowd_sleep_ms(void *self, int64_t ms, struct error *err)
{
    (void)self, (void)ms, (void)err;
    return true;
}

static void *crowd_run(void *self)
{
    struct crowd *crowd = self;
    struct error err = { 0 };

    for (int i = 0; i < 100; i++) {
        AUTO(http_response_clear) struct http_response response = { 0 };

        CHECK(session_post(crowd->session, script_who(&crowd->signer), CA "/x", view_of("{}"), &response, NULL, &err),
            "%s", err.why);
    }
    return NULL;
}

TEST(many_threads_with_half_of_the_nonces_refused)
{
    struct crowd crowd = { .signer = script_signer() };
    pthread_t threads[8];
    struct error err = { 0 };

    crowd.transport = (struct transport){ crowd_http, crowd_sleep_ms, crowd_now, &crowd };
    REQUIRE(session_open(&crowd.transport, CA "/dir", &crowd.session, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(threads); i++)
        REQUIRE(pthread_create(&threads[i], NULL, crowd_run, &crowd) == 0, "thread");
    for (size_t i = 0; i < COUNT(threads); i++)
        (void)pthread_join(threads[i], NULL);
    CHECK(crowd.asked > 1200, "%u requests: too few were refused", crowd.asked);
    session_close(crowd.session);
}

/* ---- one order's part of it ---- */

TEST(all_that_an_order_waits_for_has_one_limit)
{
    static const struct step steps[] = {
        { "POST " CA "/x", "", 200, NULL, "1" },
        { "POST " CA "/x", "", 429, "Retry-After: 8", "{\"type\":\"urn:ietf:params:acme:error:rateLimited\"}" },
    };
    SCRIPT(script, steps);
    AUTO(session_close) struct session *part = session_limited(script.session, 65000, 1000);
    AUTO(http_response_clear) struct http_response response = { 0 };
    struct signer signer = script_signer();
    struct error err = { 0 };

    CHECK(session_sleep_ms(part, 60000, &err), "%s", err.why);
    REQUIRE(session_post(part, script_who(&signer), CA "/x", view_of(""), &response, NULL, &err), "%s", err.why);
    CHECK(!session_post(part, script_who(&signer), CA "/x", view_of(""), &response, NULL, &err));
    CHECK_INT(err.kind, ERROR_NETWORK, "the pause is cut short, and then there is no more time");
    CHECK(strstr(err.why, "all of the 1 minutes") != NULL, "%s", err.why);
    CHECK(script.now_ms - SCRIPT_NOW * 1000LL <= 65000, "waited %lld ms", (long long)script.now_ms);
    CHECK(!session_sleep_ms(part, 1, &err) && err.kind == ERROR_NETWORK);
    CHECK(session_sleep_ms(script.session, 1, &err), "the session itself goes on: %s", err.why);
}

TEST(all_that_an_order_brings_has_one_limit)
{
    static const struct step steps[] = {
        { "POST " CA "/x", "", 200, NULL, "12345678" },
        { "POST " CA "/x", "", 200, NULL, "12345678" },
    };
    SCRIPT(script, steps);
    AUTO(session_close) struct session *part = session_limited(script.session, 60000, 12);
    struct signer signer = script_signer();
    struct error err = { 0 };

    for (int i = 0; i < 2; i++) {
        AUTO(http_response_clear) struct http_response response = { 0 };

        REQUIRE(session_post(part, script_who(&signer), CA "/x", view_of(""), &response, NULL, &err), "%s", err.why);
        CHECK_INT((int64_t)script.max_body, i == 0 ? 12 : 4, "what is left");
    }
    CHECK(!session_post(part, script_who(&signer), CA "/x", view_of(""), NULL, NULL, &err));
    CHECK_INT(err.kind, ERROR_ACME, err.why);
    CHECK(strstr(err.why, "has sent all of") != NULL, "%s", err.why);
}

TEST_MAIN()
