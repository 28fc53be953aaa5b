#include "acme/order.h"

#include "acme/script.h"

#define REST "\"authorizations\":[\"" CA "/authz/1\"],\"finalize\":\"" CA "/order/1/finalize\""
#define ORDER(status) "{\"status\":\"" status "\"," REST "}"
#define DONE "{\"status\":\"valid\"," REST ",\"certificate\":\"" CA "/cert/1\"}"
#define URN "urn:ietf:params:acme:error:"

static const struct {
    const char *name, *body, *why; /* why: NULL when it parses */
} cases[] = {
    { "nothing", "", "not valid JSON" },
    { "an array", "[]", "not a JSON object" },
    { "cut short", "{\"status\":\"rea", "not valid JSON" },
    { "no status", "{" REST "}", "'status' is missing" },
    { "status of a later RFC", "{\"status\":\"paused\"," REST "}", "paused" },
    { "status is a number", "{\"status\":1," REST "}", "not a string" },
    { "no authorizations", "{\"status\":\"pending\",\"finalize\":\"" CA "/f\"}", NULL },
    { "no finalize", "{\"status\":\"pending\",\"authorizations\":[]}", NULL },
    { "status twice: the last one counts", "{\"status\":7,\"status\":\"valid\"," REST "}", NULL },
    { "ready without names", "{\"status\":\"ready\",\"authorizations\":[],\"finalize\":\"" CA "/f\"}", NULL },
    { "error of a wrong kind", "{\"status\":\"invalid\"," REST ",\"error\":\"x\"}", NULL },
    { "null members", "{\"status\":\"pending\"," REST ",\"error\":null,\"certificate\":null,\"expires\":null}", NULL },
    { "valid", DONE, NULL },
};

TEST(order_parse)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(order_clear) struct order order = { 0 };
        struct error err = { 0 };
        bool ok = order_parse(view_of(cases[i].body), &order, &err);

        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(ok || err.kind == ERROR_ACME, "%s", cases[i].name);
        CHECK(ok || order.finalize_url == NULL, "%s: *out", cases[i].name);
    }
}

TEST(everything_that_an_order_may_say)
{
    AUTO(order_clear) struct order order = { 0 };
    struct error err = { 0 };

    REQUIRE(order_parse(
                view_of("{\"status\":\"invalid\"," REST
                        ",\"expires\":\"2027-01-15T09:00:00.5+01:00\",\"profile\":\"short\","
                        "\"replaces\":\"a.b\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"*."
                        "Example.org\"},{\"type\":\"new\",\"value\":1},"
                        "{\"type\":\"ip\",\"value\":\"::1\"}],\"error\":{\"type\":\"" URN "caa\",\"detail\":\"no\"}}"),
                &order, &err),
        "%s", err.why);
    CHECK_INT(order.status, ORDER_INVALID, "status");
    CHECK_TEXT(order.profile, "short", "profile");
    CHECK_TEXT(order.error.type, "caa", "error");
    REQUIRE(order.identifiers.len == 2, "%zu: unknown types are passed over", order.identifiers.len);
    CHECK_TEXT(order.identifiers.at[0].value, "*.example.org", "lower case");
    CHECK_INT(order.identifiers.at[1].type, IDENTIFIER_IP, "ip");
}

TEST(what_an_order_may_lack)
{
    static const char *const members[] = { /* one each that no step but its own needs */
        "\"authorizations\":null", "\"authorizations\":\"" CA "/a\"", "\"authorizations\":[\"" CA "/a\",3]",
        "\"authorizations\":[\"file:///x\"]", "\"finalize\":\"\"", "\"finalize\":\"ftp://x/\"", "\"certificate\":\"\"",
        "\"certificate\":\"javascript:1\"", "\"expires\":123456789012345678", "\"expires\":\"2027-13-01T00:00:00Z\"",
        "\"identifiers\":[{\"type\":\"dns\",\"value\":\"a/b\"}]", "\"identifiers\":{}", "\"profile\":\"\"",
        "\"profile\":{}", "\"replaces\":\"\"", "\"error\":\"x\""
    };

    for (size_t i = 0; i < COUNT(members); i++) {
        AUTO(free) char *body = xprintf("{\"status\":\"ready\",%s}", members[i]);
        AUTO(order_clear) struct order order = { 0 };
        struct error err = { 0 };

        CHECK(order_parse(view_of(body), &order, &err), "%s: %s", members[i], err.why);
        CHECK(order.authz_urls.len == 0 && order.finalize_url == NULL && order.certificate_url == NULL &&
                  order.identifiers.len == 0 && order.profile == NULL && order.error.type == NULL,
            "%s: taken all the same", members[i]);
    }
}

/* ---- newOrder ---- */

#define NEW "POST " CA "/new-order"
#define WANTED "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.org\"},{\"type\":\"ip\",\"value\":\"::1\"}]"

static const struct {
    const char *name, *profile, *replaces;
    struct step step;
    const char *url, *why; /* url: NULL when it fails */
    bool problem;
} orders[] = {
    { "a profile that the CA does not tell of is the CA's to refuse", "long", NULL,
        { NEW, WANTED ",\"profile\":\"long\"}", 400, NULL,
            "{\"type\":\"" URN "invalidProfile\",\"detail\":\"never heard of it\"}" },
        NULL, "never heard of it", true },
    { "no Location", NULL, NULL, { NEW, WANTED "}", 201, NULL, ORDER("pending") }, NULL, "(Location)", false },
    { "Location is a file", NULL, NULL, { NEW, WANTED "}", 201, "Location: file:///x", ORDER("pending") }, NULL,
        "(Location)", false },
    { "garbage", NULL, NULL, { NEW, WANTED "}", 201, "Location: /order/1", "<html>" }, NULL, "not valid JSON", false },
    { "one name refused", NULL, NULL,
        { NEW, WANTED "}", 403, NULL,
            "{\"type\":\"" URN "rejectedIdentifier\",\"subproblems\":[{\"type\":\"" URN
            "rejectedIdentifier\",\"detail\":\"reserved\",\"identifier\":{\"type\":\"ip\",\"value\":\"::1\"}}"
            "]}" },
        NULL, "for this name; ::1: reserved", true },
    { "replaced before", NULL, "a.b",
        { NEW, WANTED ",\"replaces\":\"a.b\"}", 409, NULL, "{\"type\":\"" URN "alreadyReplaced\"}" }, NULL,
        "replaced by another order", true },
    { "plain", NULL, NULL, { NEW, WANTED "}", 201, "Location: " CA "/order/1", ORDER("pending") }, CA "/order/1", NULL,
        false },
    { "relative Location, 200", NULL, NULL, { NEW, WANTED "}", 200, "Location: order/1", ORDER("ready") },
        CA "/order/1", NULL, false },
    { "profile and replaces", "short", "a.b",
        { NEW, WANTED ",\"profile\":\"short\",\"replaces\":\"a.b\"}", 201,
            "Location: /order/1\n"
            "Retry-After: 4",
            ORDER("pending") },
        CA "/order/1", NULL, false },
};

TEST(order_new)
{
    struct signer signer = script_signer();
    AUTO(identifiers_clear) struct identifiers wanted = { 0 };

    identifiers_add(&wanted, IDENTIFIER_DNS, "example.org");
    identifiers_add(&wanted, IDENTIFIER_IP, "::1");
    for (size_t i = 0; i < COUNT(orders); i++) {
        const struct order_request request = { &wanted, orders[i].profile, orders[i].replaces };
        AUTO(script_clear) struct script script = { 0 };
        AUTO(order_clear) struct order order = { 0 };
        AUTO(problem_clear) struct problem problem = { 0 };
        struct error err = { 0 };
        bool ok;

        script_open(&script, &orders[i].step, orders[i].step.request == NULL ? 0 : 1);
        ok = order_new(script.session, script_who(&signer), &request, &order, &problem, &err);
        CHECK(ok == (orders[i].url != NULL), "%s: %s", orders[i].name, err.why);
        CHECK_TEXT(order.url, orders[i].url, orders[i].name);
        CHECK(ok || strstr(err.why, orders[i].why) != NULL, "%s: %s", orders[i].name, err.why);
        CHECK((problem.type != NULL) == orders[i].problem, "%s: *problem", orders[i].name);
        CHECK_INT(order.retry_at,
            orders[i].step.headers != NULL && strstr(orders[i].step.headers, "Retry") != NULL ? SCRIPT_NOW + 4 : 0,
            orders[i].name);
    }
}

static const struct {
    const char *type, *detail;
    int status;
    bool want;
} refusals[] = {
    { NULL, NULL, 0, false },
    { "rateLimited", "too many certificates; see replaces", 429, false },
    { "malformed", "cannot parse the payload", 400, false },
    { "malformed", NULL, 400, false },
    { "unauthorized", "account is deactivated", 403, false },
    { "serverInternal", "try again", 500, false },
    { "rejectedIdentifier", "policy forbids", 400, false },
    { "alreadyReplaced", "", 409, true },
    { "about:blank", "", 409, true },
    { "malformed", "parsing ARI CertID failed: x", 400, true },
    { "malformed", "the identifiers do not overlap with the certificate indicated by the 'replaces' field", 400, true },
    { "unauthorized", "requester account did not request the certificate being replaced by this order", 403, true },
    { "serverInternal", "could not find an order for the given certificate: x", 500, true },
};

TEST(order_replaces_refused)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const struct problem problem = { .type = (char *)(uintptr_t)refusals[i].type,
            .detail = (char *)(uintptr_t)refusals[i].detail,
            .status = refusals[i].status };

        CHECK(order_replaces_refused(&problem) == refusals[i].want, "%s: %s", refusals[i].type, refusals[i].detail);
    }
}

/* ---- finalize and wait ---- */

#define FIN "POST " CA "/order/1/finalize"
#define CSR "{\"csr\":\"AQI\"}"
#define LOOK "POST " CA "/order/1"
#define NOT_READY "{\"type\":\"" URN "orderNotReady\",\"detail\":\"not yet\"}"
#define BAD_CSR "{\"type\":\"" URN "badCSR\",\"detail\":\"weak\"}"

static const struct {
    const char *name;
    struct step steps[8];
    size_t count;
    enum order_status status; /* when it succeeds */
    const char *why;          /* NULL when it succeeds */
    bool problem;
} finals[] = {
    { "refused", { { FIN, CSR, 400, NULL, BAD_CSR } }, 1, 0, "weak", true },
    { "garbage, and the request was taken", { { FIN, CSR, 200, NULL, "[]" }, { LOOK, "", 200, NULL, DONE } }, 2,
        ORDER_VALID, NULL, false },
    { "trouble of its own, and the request was taken",
        { { FIN, CSR, 500, NULL, "{\"type\":\"" URN "serverInternal\"}" },
            { LOOK, "", 200, NULL, ORDER("processing") } },
        2, ORDER_PROCESSING, NULL, false },
    { "trouble of its own for ever",
        { { FIN, CSR, 502, NULL, "<html>" }, { LOOK, "", 200, NULL, ORDER("ready") },
            { FIN, CSR, 502, NULL, "<html>" } },
        3, 0, "HTTP status 502", true },
    { "not ready for ever",
        { { FIN, CSR, 403, NULL, NOT_READY }, { LOOK, "", 200, NULL, ORDER("pending") },
            { LOOK, "", 200, "Retry-After: 100", ORDER("pending") },
            { LOOK, "", 200, "Retry-After: 100", ORDER("pending") },
            { LOOK, "", 200, "Retry-After: 100", ORDER("pending") }, { LOOK, "", 200, NULL, ORDER("pending") } },
        6, 0, "within 60 seconds", false },
    { "not ready, then invalid",
        { { FIN, CSR, 403, NULL, NOT_READY },
            { LOOK, "", 200, NULL,
                "{\"status\":\"invalid\"," REST ",\"error\":{\"type\":\"" URN "caa\",\"detail\":\"denied\"}}" } },
        2, 0, "denied", false },
    { "not ready, twice",
        { { FIN, CSR, 403, NULL, NOT_READY }, { LOOK, "", 200, NULL, ORDER("ready") },
            { FIN, CSR, 403, NULL, NOT_READY } },
        3, 0, "not yet", true },
    { "not ready, and the look fails", { { FIN, CSR, 403, NULL, NOT_READY }, { LOOK, "", 404, NULL, "gone" } }, 2, 0,
        "gone", false },
    { "no answer, and then not either",
        { { FIN, CSR, 0, NULL, NULL }, { LOOK, "", 0, NULL, NULL }, { LOOK, "", 0, NULL, NULL } }, 3, 0,
        "connection reset", false },
    { "no answer, twice",
        { { FIN, CSR, 0, NULL, NULL }, { LOOK, "", 200, NULL, ORDER("ready") }, { FIN, CSR, 0, NULL, NULL } }, 3, 0,
        "connection reset", false },
    { "no answer, but it was taken", { { FIN, CSR, 0, NULL, NULL }, { LOOK, "", 200, NULL, ORDER("processing") } }, 2,
        ORDER_PROCESSING, NULL, false },
    { "no answer, and it got lost",
        { { FIN, CSR, 0, NULL, NULL }, { LOOK, "", 200, NULL, ORDER("ready") }, { FIN, CSR, 200, NULL, DONE } }, 3,
        ORDER_VALID, NULL, false },
    { "at once", { { FIN, CSR, 200, NULL, DONE } }, 1, ORDER_VALID, NULL, false },
    { "processing", { { FIN, CSR, 200, "Retry-After: 3", ORDER("processing") } }, 1, ORDER_PROCESSING, NULL, false },
    { "not ready, then ready",
        { { FIN, CSR, 403, NULL, NOT_READY }, { LOOK, "", 200, NULL, ORDER("pending") },
            { LOOK, "", 200, NULL, ORDER("ready") }, { FIN, CSR, 200, NULL, DONE } },
        4, ORDER_VALID, NULL, false },
    { "not ready for a long time",
        { { FIN, CSR, 403, NULL, NOT_READY }, { LOOK, "", 200, NULL, ORDER("pending") },
            { LOOK, "", 200, NULL, ORDER("pending") }, { LOOK, "", 200, NULL, ORDER("pending") },
            { LOOK, "", 200, "Retry-After: 50", ORDER("pending") }, { LOOK, "", 200, NULL, ORDER("ready") },
            { FIN, CSR, 200, NULL, DONE } },
        7, ORDER_VALID, NULL, false },
    { "looked at without an address, which it had before",
        { { FIN, CSR, 403, NULL, NOT_READY }, { LOOK, "", 200, NULL, "{\"status\":\"ready\"}" },
            { FIN, CSR, 200, NULL, "{\"status\":\"processing\"}" } },
        3, ORDER_PROCESSING, NULL, false },
    { "not ready because the first one was taken",
        { { FIN, CSR, 403, NULL, NOT_READY }, { LOOK, "", 200, NULL, ORDER("processing") } }, 2, ORDER_PROCESSING, NULL,
        false },
    { "not ready because it is done", { { FIN, CSR, 403, NULL, NOT_READY }, { LOOK, "", 200, NULL, DONE } }, 2,
        ORDER_VALID, NULL, false },
};

static struct order start(enum order_status status)
{
    return (struct order){
        .status = status, .url = xstrdup(CA "/order/1"), .finalize_url = xstrdup(CA "/order/1/finalize")
    };
}

TEST(order_fetch_if_known)
{
    static const struct {
        const char *name;
        struct step step;
        bool ok, known;
        const char *why; /* NULL: ok */
    } looks[] = {
        { "no such order", { LOOK, "", 404, NULL, "{\"type\":\"" URN "malformed\",\"detail\":\"none\"}" }, true, false,
            NULL },
        { "not found, in no words of ACME", { LOOK, "", 404, NULL, "<html>" }, true, false, NULL },
        { "another account's", { LOOK, "", 403, NULL, "{\"type\":\"" URN "unauthorized\"}" }, true, false, NULL },
        { "gone", { LOOK, "", 410, NULL, "" }, true, false, NULL },
        { "what it cannot read", { LOOK, "", 400, NULL, "{\"type\":\"" URN "malformed\",\"detail\":\"nonsense\"}" },
            false, false, "nonsense" },
        { "trouble of its own", { LOOK, "", 500, NULL, "{\"type\":\"" URN "serverInternal\",\"detail\":\"oops\"}" },
            false, true, "oops" },
        { "an answer that is no order", { LOOK, "", 200, NULL, "[]" }, false, false, "not a JSON object" },
        { "an order", { LOOK, "", 200, NULL, DONE }, true, true, NULL },
    };
    struct signer signer = script_signer();

    for (size_t i = 0; i < COUNT(looks); i++) {
        AUTO(script_clear) struct script script = { 0 };
        AUTO(order_clear) struct order order = { .url = xstrdup(CA "/order/1") };
        struct error err = { 0 };
        bool known = !looks[i].known, ok;

        script_open(&script, &looks[i].step, 1);
        ok = order_fetch_if_known(script.session, script_who(&signer), &order, &known, &err);
        CHECK(ok == looks[i].ok, "%s: %s", looks[i].name, err.why);
        CHECK(ok || strstr(err.why, looks[i].why) != NULL, "%s: %s", looks[i].name, err.why);
        CHECK(known == looks[i].known, "%s", looks[i].name);
        CHECK_INT(order.status == ORDER_VALID, ok && looks[i].known, looks[i].name);
        CHECK_TEXT(order.url, CA "/order/1", looks[i].name);
    }
}

TEST(order_finalize)
{
    struct signer signer = script_signer();

    for (size_t i = 0; i < COUNT(finals); i++) {
        AUTO(script_clear) struct script script = { 0 };
        AUTO(order_clear) struct order order = start(ORDER_READY);
        AUTO(problem_clear) struct problem problem = { 0 };
        struct error err = { 0 };
        struct poll poll;
        bool ok;

        script_open(&script, finals[i].steps, finals[i].count);
        poll = poll_start(script.session, 60);
        ok = order_finalize(
            script.session, script_who(&signer), &order, (struct view){ "\1\2", 2 }, &poll, &problem, &err);
        CHECK(ok == (finals[i].why == NULL), "%s: %s", finals[i].name, err.why);
        CHECK(ok || strstr(err.why, finals[i].why) != NULL, "%s: %s", finals[i].name, err.why);
        CHECK(!ok || order.status == finals[i].status, "%s: status %d", finals[i].name, order.status);
        CHECK((problem.type != NULL) == finals[i].problem, "%s: *problem", finals[i].name);
        CHECK_TEXT(order.url, CA "/order/1", finals[i].name);
    }
}

static const struct {
    const char *name;
    enum order_status first;
    struct step steps[8];
    size_t count;
    int timeout_s;
    enum error_kind kind; /* ERROR_NONE when it succeeds */
    const char *why;
    int64_t waited_ms;
} waits[] = {
    { "invalid", ORDER_PROCESSING,
        { { LOOK, "", 200, NULL,
            "{\"status\":\"invalid\"," REST ",\"error\":{\"type\":\"" URN "compound\",\"subproblems\":[{\"type\":\"" URN
            "caa\",\"identifier\":{\"type\":\"dns\",\"value\":\"example.org\"}}]}}" } },
        1, 90, ERROR_ACME, "example.org: a CAA record", 40 },
    { "invalid without a reason", ORDER_INVALID, { { 0 } }, 0, 90, ERROR_ACME, "does not say why", 0 },
    { "never done", ORDER_PROCESSING,
        { { LOOK, "", 200, NULL, ORDER("processing") }, { LOOK, "", 200, NULL, ORDER("processing") },
            { LOOK, "", 200, NULL, ORDER("processing") }, { LOOK, "", 200, NULL, ORDER("processing") },
            { LOOK, "", 200, NULL, ORDER("processing") } },
        5, 1, ERROR_NETWORK, "within 1 seconds", 1000 },
    { "ready for ever", ORDER_READY,
        { { FIN, CSR, 200, NULL, ORDER("ready") }, { LOOK, "", 200, NULL, ORDER("ready") },
            { FIN, CSR, 200, NULL, ORDER("ready") }, { LOOK, "", 200, NULL, ORDER("ready") },
            { FIN, CSR, 200, NULL, ORDER("ready") }, { LOOK, "", 200, NULL, ORDER("ready") } },
        6, 90, ERROR_ACME, "keeps asking", 390 },
    { "valid, and the address comes a moment later", ORDER_PROCESSING,
        { { LOOK, "", 200, NULL, ORDER("valid") },
            { LOOK, "", 200, NULL, "{\"status\":\"valid\",\"certificate\":\"\"}" }, { LOOK, "", 200, NULL, DONE } },
        3, 90, ERROR_NONE, NULL, 390 },
    { "valid, and the address never comes", ORDER_VALID,
        { { LOOK, "", 200, "Retry-After: 2", ORDER("valid") }, { LOOK, "", 200, "Retry-After: 2", ORDER("valid") },
            { LOOK, "", 200, "Retry-After: 2", ORDER("valid") }, { LOOK, "", 200, NULL, ORDER("valid") } },
        4, 1, ERROR_NETWORK, "within 1 seconds", 1000 },
    { "a fast CA that says three seconds", ORDER_PROCESSING,
        { { LOOK, "", 200, "Retry-After: 3", ORDER("processing") }, { LOOK, "", 200, NULL, DONE } }, 2, 90, ERROR_NONE,
        NULL, 140 },
    { "a slow CA that says three seconds", ORDER_PROCESSING,
        { { LOOK, "", 200, "Retry-After: 3", ORDER("processing") },
            { LOOK, "", 200, "Retry-After: 3", ORDER("processing") },
            { LOOK, "", 200, "Retry-After: Fri, 15 Jan 2027 08:00:03 GMT", ORDER("processing") },
            { LOOK, "", 200, NULL, DONE } },
        4, 90, ERROR_NONE, NULL, 3390 },
    { "ready: the request is sent", ORDER_READY, { { FIN, CSR, 200, NULL, DONE } }, 1, 90, ERROR_NONE, NULL, 0 },
    { "pending, then ready", ORDER_PENDING,
        { { LOOK, "", 200, NULL, ORDER("ready") }, { FIN, CSR, 200, NULL, ORDER("processing") },
            { LOOK, "", 200, NULL, DONE } },
        3, 90, ERROR_NONE, NULL, 140 },
};

TEST(nowhere_to_send_the_request)
{
    AUTO(script_clear) struct script script = { 0 };
    AUTO(order_clear) struct order order = { .status = ORDER_READY };
    struct signer signer = script_signer();
    struct error err = { 0 };
    struct poll poll;

    script_open(&script, NULL, 0);
    poll = poll_start(script.session, 60);
    CHECK(!order_finalize(script.session, script_who(&signer), &order, (struct view){ "\1\2", 2 }, &poll, NULL, &err));
    CHECK(strstr(err.why, "'finalize' is missing") != NULL, "%s", err.why);
}

TEST(order_wait)
{
    struct signer signer = script_signer();

    for (size_t i = 0; i < COUNT(waits); i++) {
        AUTO(script_clear) struct script script = { 0 };
        AUTO(order_clear) struct order order = start(waits[i].first);
        struct error err = { 0 };
        struct poll poll;
        bool ok;

        script_open(&script, waits[i].steps, waits[i].count);
        poll = poll_start(script.session, waits[i].timeout_s);
        ok = order_wait(script.session, script_who(&signer), &order, (struct view){ "\1\2", 2 }, &poll, &err);
        CHECK(ok == (waits[i].kind == ERROR_NONE), "%s: %s", waits[i].name, err.why);
        CHECK_INT(err.kind, waits[i].kind, waits[i].name);
        CHECK(ok || strstr(err.why, waits[i].why) != NULL, "%s: %s", waits[i].name, err.why);
        CHECK(!ok || order.status == ORDER_VALID, "%s", waits[i].name);
        CHECK_INT(script.now_ms - SCRIPT_NOW * 1000LL, waits[i].waited_ms, waits[i].name);
    }
}

TEST(to_become_ready_and_to_be_issued_have_one_time_out)
{
    static const struct step steps[] = {
        { FIN, CSR, 403, NULL, NOT_READY },
        { LOOK, "", 200, NULL, ORDER("pending") },
        { LOOK, "", 200, NULL, ORDER("pending") },
        { LOOK, "", 200, NULL, ORDER("pending") },
        { LOOK, "", 200, "Retry-After: 2", ORDER("pending") },
        { LOOK, "", 200, NULL, ORDER("ready") },
        { FIN, CSR, 200, NULL, ORDER("processing") },
        { LOOK, "", 200, "Retry-After: 2", ORDER("processing") },
        { LOOK, "", 200, "Retry-After: 2", ORDER("processing") },
        { LOOK, "", 200, "Retry-After: 2", ORDER("processing") },
        { LOOK, "", 200, "Retry-After: 2", ORDER("processing") },
    };
    SCRIPT(script, steps);
    AUTO(order_clear) struct order order = start(ORDER_READY);
    struct poll poll = poll_start(script.session, 3);
    struct signer signer = script_signer();
    const struct view csr = { "\1\2", 2 };
    struct error err = { 0 };

    REQUIRE(order_finalize(script.session, script_who(&signer), &order, csr, &poll, NULL, &err), "%s", err.why);
    CHECK(!order_wait(script.session, script_who(&signer), &order, csr, &poll, &err), "went on");
    CHECK_INT(err.kind, ERROR_NETWORK, err.why);
    CHECK_INT(script.now_ms - SCRIPT_NOW * 1000LL, 3000, "together");
}

/* ---- download ---- */

#define PEM(body) "-----BEGIN CERTIFICATE-----\n" body "\n-----END CERTIFICATE-----\n"
#define GET_CERT(n) "POST " CA "/cert/" n

static const struct {
    const char *name, *head, *body;
    int64_t ca_now;
} downloads[] = {
    { "no time", "Link: </cert/2>; rel=\"alternate\"", PEM("AA=="), 0 },
    { "the CA's time", "Date: Sun, 06 Nov 1994 08:49:37 GMT", PEM("AA==") PEM("AQ=="), 784111777 },
    { "a time that is none", "Date: noon", "whatever it is: it is looked at elsewhere", 0 },
};

TEST(order_download)
{
    struct signer signer = script_signer();
    const struct order order = { .certificate_url = (char[]){ CA "/cert/1" } };

    for (size_t i = 0; i < COUNT(downloads); i++) {
        const struct step step = { GET_CERT("1"), "", 200, downloads[i].head, downloads[i].body };
        AUTO(script_clear) struct script script = { 0 };
        AUTO(buf_clear) struct buf chain = BUF(65536);
        int64_t ca_now = -1;
        struct error err = { 0 };

        script_open(&script, &step, 1);
        CHECK(order_download(script.session, script_who(&signer), &order, &chain, NULL, &ca_now, &err), "%s: %s",
            downloads[i].name, err.why);
        CHECK_TEXT(buf_text(&chain), downloads[i].body, downloads[i].name);
        CHECK_INT(ca_now, downloads[i].ca_now, downloads[i].name);
        CHECK_TEXT(script.accept, "application/pem-certificate-chain", downloads[i].name);
    }
}

TEST(alternate_chains)
{
    static const struct step steps[] = {
        { GET_CERT("1"), "", 200,
            "Link: <" CA "/dir>;rel=\"index\"\nLink: </cert/2>; rel=\"alternate\", </cert/3>; rel=alternate\n"
            "Link: <http://ca.example/cert/4>;rel=alternate\nLink: <5>;rel=alternate",
            PEM("AA==") },
        { GET_CERT("2"), "", 200, NULL, PEM("AQ==") },
        { GET_CERT("3"), "", 404, NULL, "gone" }, /* no reason to lose a certificate that was issued */
        { GET_CERT("5"), "", 200, NULL, PEM("Ag==") },
    };
    SCRIPT(script, steps);
    struct signer signer = script_signer();
    const struct order order = { .certificate_url = (char[]){ CA "/cert/1" } };
    AUTO(buf_clear) struct buf chain = BUF(65536);
    AUTO(list_clear) struct list alternates = { 0 };
    int64_t ca_now;
    struct error err = { 0 };

    CHECK(
        order_download(script.session, script_who(&signer), &order, &chain, &alternates, &ca_now, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&chain), PEM("AA=="), "default");
    REQUIRE(alternates.len == 2, "%zu", alternates.len);
    CHECK_TEXT(alternates.at[0], PEM("AQ=="), "first");
    CHECK_TEXT(alternates.at[1], PEM("Ag=="), "second");
}

TEST_MAIN()
