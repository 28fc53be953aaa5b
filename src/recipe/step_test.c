/* One step: how a reply is judged, what is taken from it, when it is tried again and for how long, logging in and out;
 * and that no error shows a secret. */
#include "recipe/step.h"

#include "recipe/played_api.h"

#define TOP                                                                                                            \
    "{\"name\":\"x\",\"title\":\"X\",\"ttl\":60,\"wait\":10,\"base\":\"https://x.test\",\"keys\":{\"token\":{}},"      \
    "\"error\":[\"why\"],\"add\":{\"do\":\"PUT /\"},\"del\":{\"do\":\"DELETE /\"}"
#define REPLY(status, text)                                                                                            \
    {                                                                                                                  \
        NULL, status, text, NULL, NULL                                                                                 \
    }
#define ASKED(request, text)                                                                                           \
    {                                                                                                                  \
        request, 200, text, NULL, NULL                                                                                 \
    }

static struct service *open_step(const char *more, const char *step)
{
    AUTO(free) char *text = xprintf("%s%s%s,\"finish\":{%s}}", TOP, more[0] != '\0' ? "," : "", more, step);

    api.slept = 0;
    return api_open(text, (const char *const[]){ "token", "s3cret", NULL });
}

static const char *const results[] = {
    [STEP_DONE] = "done", [STEP_ABSENT] = "absent", [STEP_LEFT_OUT] = "left out", [STEP_UNCLEAR] = "unclear"
};

/* "done a=..., b=...", "absent", or "failed: why|next"; of the caller's. */
static char *run(struct service *service, struct error *err)
{
    AUTO(work_end) struct work work = work_begin(service);
    AUTO(reply_clear) struct reply reply = { 0 };
    AUTO(buf_clear) struct buf text = BUF(65536);
    enum step_result result = STEP_DONE;

    vars_set_text(&work.vars, "value", "v");
    if (!step_run(&work, value_member(&service->description->top, "finish"), NULL, &reply, &result, err)) {
        buf_putf(&text, "failed: %s%s%s", err->why, err->next[0] != '\0' ? "|" : "", err->next);
        return buf_take(&text);
    }
    buf_put_text(&text, results[result]);
    for (const char *name = "ab"; *name != '\0'; name++) {
        const struct value *value = vars_get(&work.vars, (struct view){ name, 1 });

        if (value != NULL)
            buf_putf(&text, " %c=%s", *name, value_text(value));
    }
    return buf_take(&text);
}

static const struct {
    const char *top, *step; /* more members of the description, and those of the step */
    struct exchange exchanges[6];
    const char *outcome;
} rows[] = {
    /* judging */
    { "", "\"do\":\"GET /\"", { REPLY(200, "{}") }, "done" },
    { "", "\"do\":\"GET /\"", { REPLY(299, "") }, "done" },
    { "", "\"do\":\"GET /\"", { REPLY(300, "{}") }, "failed: X answered with status 300 to GET https://x.test/: {}" },
    { "", "\"do\":\"GET /\"", { REPLY(404, "{\"why\":\"gone\"}") }, "absent" },
    { "", "\"do\":\"GET /\"", { REPLY(400, "{\"why\":\"bad\"}") },
        "failed: X answered with status 400 to GET https://x.test/: bad" },
    { "", "\"do\":\"GET /\",\"error\":[\"a\",\"b.0\"]", { REPLY(400, "{\"a\":1,\"b\":[\"two\"]}") },
        "failed: X answered with status 400 to GET https://x.test/: 1: two" },
    { "", "\"do\":\"GET /\"", { REPLY(400, "<html>") }, "failed: X answered with status 400 to GET https://x.test/" },
    { "", "\"do\":\"GET /\"", { REPLY(200, "<html>") }, "failed: the reply is not valid JSON" },
    { "", "\"do\":\"GET /\",\"reply\":\"text\"", { REPLY(200, "<html>") }, "done" },
    { "\"ok\":{\"path\":\"s\",\"is\":\"ok\"}", "\"do\":\"GET /\"", { REPLY(200, "{\"s\":\"ok\"}") }, "done" },
    { "\"ok\":{\"path\":\"s\",\"is\":\"ok\"}", "\"do\":\"GET /\"", { REPLY(200, "{\"s\":\"no\",\"why\":\"because\"}") },
        "failed: X answered with status 200 to GET https://x.test/: because" },
    { "\"ok\":{\"path\":\"s\",\"is\":\"ok\"}", "\"do\":\"GET /\"", { REPLY(400, "{\"s\":\"ok\"}") },
        "failed: X answered with status 400 to GET https://x.test/: {\"s\":\"ok\"}" },
    { "\"ok\":{\"path\":\"s\",\"is\":\"ok\"}", "\"do\":\"GET /\",\"ok\":{\"path\":\"t\",\"set\":true}",
        { REPLY(200, "{\"t\":1}") }, "done" },
    { "", "\"do\":\"GET /\",\"exists\":{\"status\":409}", { REPLY(409, "{}") }, "done" },
    { "", "\"do\":\"GET /\",\"absent\":{\"path\":\"c\",\"is\":5}", { REPLY(200, "{\"c\":5}") }, "absent" },
    { "", "\"do\":\"GET /\",\"absent\":{\"path\":\"c\",\"is\":5}", { REPLY(404, "{}") },
        "failed: X answered with status 404 to GET https://x.test/: {}" },
    { "\"absent\":{\"status\":410}", "\"do\":\"GET /\"", { REPLY(410, "{}") }, "absent" },

    /* advice */
    { "", "\"do\":\"GET /\"", { REPLY(401, "") },
        "failed: X answered with status 401 to GET https://x.test/|check the credentials, and what they may do" },
    { "", "\"do\":\"GET /\"", { REPLY(403, "") },
        "failed: X answered with status 403 to GET https://x.test/|check the credentials, and what they may do" },
    { "\"hints\":[{\"when\":{\"path\":\"c\",\"is\":1},\"next\":\"one\"},{\"when\":{\"status\":403},\"next\":\"two\"}]",
        "\"do\":\"GET /\"", { REPLY(403, "{\"c\":1}") },
        "failed: X answered with status 403 to GET https://x.test/: {\"c\":1}|one" },
    { "\"hints\":[{\"when\":{\"path\":\"c\",\"is\":1},\"next\":\"one\"},{\"when\":{\"status\":403},\"next\":\"two\"}]",
        "\"do\":\"GET /\"", { REPLY(403, "") }, "failed: X answered with status 403 to GET https://x.test/|two" },

    /* what is taken from it */
    { "", "\"do\":\"GET /\",\"get\":{\"a\":\"x.0.y\"}", { REPLY(200, "{\"x\":[{\"y\":\"z\"}]}") }, "done a=z" },
    { "", "\"do\":\"GET /\",\"get\":{\"a\":\"x.0.y\"}", { REPLY(200, "{\"x\":[]}") },
        "failed: the reply has no 'x.0.y'" },
    { "", "\"do\":\"GET /\",\"get\":{\"a\":\"x?\",\"b\":\"y?\"}", { REPLY(200, "{\"y\":1}") }, "done b=1" },
    { "", "\"do\":\"GET /\",\"get\":{\"a\":\"x\"},\"let\":{\"b\":\"{a}-{reply.y}-{status}-{hdr_x_y}-{method}\"}",
        { { NULL, 201, "{\"x\":1,\"y\":2}", "x-y", "3" } }, "done a=1 b=1-2-201-3-GET" },
    { "", "\"let\":{\"a\":\"{value}!\"}", { { 0 } }, "done a=v!" },
    { "", "\"do\":\"GET /\",\"let\":{\"a\":\"{hdr_none}\"}", { REPLY(200, "") }, "failed: 'hdr_none' is not set" },

    /* steps that are not for all */
    { "", "\"do\":\"GET /\",\"if\":\"value\"", { REPLY(200, "") }, "done" },
    { "", "\"do\":\"GET /\",\"if\":\"nothing\"", { { 0 } }, "left out" },
    { "", "\"do\":\"GET /\",\"unless\":\"value\"", { { 0 } }, "left out" },
    { "", "\"do\":\"GET /\",\"unless\":\"nothing\"", { REPLY(200, "") }, "done" },

    /* what takes its time */
    { "",
        "\"do\":\"PUT /\",\"get\":{\"a\":\"j\"},\"poll\":{\"do\":\"GET "
        "/{a}\",\"until\":{\"path\":\"s\",\"is\":\"ok\"}}",
        { ASKED("PUT https://x.test/", "{\"j\":7}"), ASKED("GET https://x.test/7", "{}"),
            ASKED("GET https://x.test/7", "{\"s\":\"ok\"}") },
        "done a=7" },
    { "", "\"do\":\"PUT /\",\"poll\":{\"do\":\"GET /\",\"until\":{\"status\":200},\"fail\":{\"status\":202}}",
        { REPLY(200, ""), REPLY(202, "{\"why\":\"broken\"}") }, "failed: X has not carried out the change: broken" },
    { "", "\"do\":\"PUT /\",\"poll\":{\"do\":\"GET /\",\"until\":{\"path\":\"s\",\"set\":true}}",
        { REPLY(200, ""), REPLY(404, "") }, "failed: X has not carried out the change" },
    { "", "\"do\":\"PUT /\",\"poll\":{\"do\":\"GET /\",\"until\":{\"path\":\"s\",\"set\":true}}",
        { REPLY(200, ""), REPLY(400, "no") }, "failed: X answered with status 400 to GET https://x.test/: no" },

    /* secrets */
    { "\"headers\":{\"A\":\"{token}\"}", "\"do\":\"GET /{token}/{value}?t={token}\"",
        { { "GET https://x.test/s3cret/v?t=s3cret A: s3cret", 400, "you said s3cret", NULL, NULL } },
        "failed: X answered with status 400 to GET https://x.test/***/v: you said ***" },
    { "", "\"do\":\"GET /\",\"let\":{\"a\":\"{token}\"}", { REPLY(200, "") }, "done a=s3cret" },
};

TEST(one_step)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct service *service = open_step(rows[i].top, rows[i].step);
        struct error err = { 0 };
        AUTO(free) char *outcome = NULL;

        REQUIRE(service != NULL, "row %zu", i);
        api_play(rows[i].exchanges);
        outcome = run(service, &err);
        if (strstr(rows[i].outcome, "valid JSON") != NULL)
            CHECK(strncmp(outcome, rows[i].outcome, strlen(rows[i].outcome)) == 0, "%s", outcome);
        else
            CHECK_TEXT(outcome, rows[i].outcome, rows[i].step);
        api_played(rows[i].step);
        api_close(service);
    }
}

/* ---- a busy service ---- */

static const struct {
    const char *name, *top;
    struct exchange exchanges[8];
    int64_t slept;
    const char *outcome;
} busy[] = {
    { "longer and longer", "",
        { REPLY(500, ""), REPLY(502, ""), REPLY(503, ""), REPLY(504, ""), REPLY(429, ""), REPLY(200, "") },
        1000 + 2000 + 4000 + 8000 + 8000, "done" },
    { "for so many times", "",
        { REPLY(500, ""), REPLY(500, ""), REPLY(500, ""), REPLY(500, ""), REPLY(500, ""), REPLY(500, "") },
        1000 + 2000 + 4000 + 8000 + 8000, "failed: X answered with status 500 to GET https://x.test/" },
    { "as it asks for", "", { { NULL, 429, "", "retry-after", "3" }, REPLY(200, "") }, 3000, "done" },
    { "at once", "", { { NULL, 429, "", "retry-after", "0" }, REPLY(200, "") }, 0, "done" },
    { "not for an hour", "", { { NULL, 503, "", "retry-after", "3600" }, REPLY(200, "") }, 60000, "done" },
    { "until an instant", "", { { NULL, 503, "", "retry-after", "Thu, 01 Jan 1970 01:00:20 GMT" }, REPLY(200, "") },
        60000, "done" },
    { "until one that is past", "",
        { { NULL, 503, "", "retry-after", "Wed, 31 Dec 1969 00:00:00 GMT" }, REPLY(200, "") }, 1000, "done" },
    { "an odd field", "", { { NULL, 503, "", "retry-after", "soon" }, REPLY(200, "") }, 1000, "done" },
    { "in its own words", "\"busy\":{\"path\":\"c\",\"is\":\"slow\"}",
        { REPLY(400, "{\"c\":\"slow\"}"), REPLY(200, "") }, 1000, "done" },
    { "what is fine is not busy", "\"busy\":{\"path\":\"c\",\"is\":\"slow\"}", { REPLY(200, "{\"c\":\"slow\"}") }, 0,
        "done" },
    { "not another error", "", { REPLY(501, "") }, 0, "failed: X answered with status 501 to GET https://x.test/" },
    { "nor one of ours", "", { REPLY(400, "") }, 0, "failed: X answered with status 400 to GET https://x.test/" },
};

TEST(busy_services)
{
    for (size_t i = 0; i < COUNT(busy); i++) {
        struct service *service = open_step(busy[i].top, "\"do\":\"GET /\"");
        struct error err = { 0 };
        AUTO(free) char *outcome = NULL;

        REQUIRE(service != NULL, "%s", busy[i].name);
        api.ms = 0;
        api_play(busy[i].exchanges);
        outcome = run(service, &err);
        CHECK_TEXT(outcome, busy[i].outcome, busy[i].name);
        CHECK_INT(api.slept, busy[i].slept, busy[i].name);
        api_played(busy[i].name);
        api_close(service);
    }
}

TEST(one_change_has_an_end)
{
    static struct exchange exchanges[200];
    struct service *service = open_step(
        "", "\"do\":\"PUT /\",\"poll\":{\"do\":\"GET /\",\"every\":7,\"until\":{\"path\":\"s\",\"set\":true}}");
    struct error err = { 0 };
    AUTO(free) char *outcome = NULL;

    REQUIRE(service != NULL, "open");
    for (size_t i = 0; i < 1 + OPERATION_MS / 7000 + 1; i++)
        exchanges[i] = (struct exchange)REPLY(200, "{}");
    api_play(exchanges);
    outcome = run(service, &err);
    CHECK_TEXT(outcome, "failed: X is still busy, and its time is over", "five minutes");
    CHECK_INT(api.slept, OPERATION_MS / 7000 * 7000, "every seven seconds");
    api_played("polls");
    api_close(service);
}

/* Requests of services that allow few keep apart, whatever they are for. */
TEST(pauses)
{
    static const struct exchange two[] = { REPLY(200, ""), REPLY(200, ""), { 0 } };
    struct service *service = open_step("\"pause\":1500", "\"do\":\"GET /\"");
    struct error err = { 0 };

    REQUIRE(service != NULL, "open");
    api.ms = 1000000;
    api_play(two);
    for (int i = 0; i < 2; i++) {
        AUTO(free) char *outcome = run(service, &err);

        CHECK_TEXT(outcome, "done", "pause");
    }
    CHECK_INT(api.slept, 1500, "between them");
    api.ms += 1500;
    api_play(two + 1);
    {
        AUTO(free) char *outcome = run(service, &err);

        CHECK_TEXT(outcome, "done", "later");
    }
    CHECK_INT(api.slept, 1500, "not when it was long ago");
    api_close(service);
}

/* ---- logging in and out ---- */

#define LOGIN                                                                                                          \
    "\"headers\":{\"A\":\"{session}\"},\"login\":{\"do\":\"POST "                                                      \
    "/in\",\"text\":\"{token}\",\"get\":{\"session\":\"s\"}},"                                                         \
    "\"logout\":{\"do\":\"POST /out\"}"
#define LOGGED_IN(session)                                                                                             \
    {                                                                                                                  \
        "POST https://x.test/in s3cret", 200, "{\"s\":\"" session "\"}", NULL, NULL                                    \
    }

TEST(sessions)
{
    static const struct {
        const char *name;
        struct exchange exchanges[8];
        const char *outcome;
    } sessions[] = {
        { "once", { LOGGED_IN("one-1"), { "GET https://x.test/ A: one-1", 200, "", NULL, NULL } }, "done" },
        { "again when it has ended",
            { LOGGED_IN("one-1"), REPLY(401, ""), LOGGED_IN("two-2"),
                { "GET https://x.test/ A: two-2", 200, "", NULL, NULL } },
            "done" },
        { "not for ever", { LOGGED_IN("one-1"), REPLY(401, ""), LOGGED_IN("two-2"), REPLY(401, "with two-2") },
            "failed: X answered with status 401 to GET https://x.test/: with ***|check the credentials, and what they "
            "may do" },
        { "refused", { REPLY(401, "no s3cret") },
            "failed: X answered with status 401 to POST https://x.test/in: no ***|check the credentials, and what they "
            "may do" },
        { "without what is needed", { REPLY(200, "{}") }, "failed: the reply has no 's'" },
        { "nobody there", { REPLY(404, "") }, "failed: X has nothing of that name (status 404)" },
        { "busy", { REPLY(503, ""), LOGGED_IN("one-1"), REPLY(200, "") }, "done" },
    };

    for (size_t i = 0; i < COUNT(sessions); i++) {
        struct service *service = open_step(LOGIN, "\"do\":\"GET /\"");
        struct error err = { 0 };
        AUTO(free) char *outcome = NULL;

        REQUIRE(service != NULL, "%s", sessions[i].name);
        api_play(sessions[i].exchanges);
        outcome = run(service, &err);
        CHECK_TEXT(outcome, sessions[i].outcome, sessions[i].name);
        CHECK(strstr(err.what, "s3cret") == NULL, "%s: %s", sessions[i].name, err.what);
        api_played(sessions[i].name);
        api_close(service);
    }
}

/* Nothing depends on a logout: it is not waited for as long as a change is, and only who is logged in does it. */
TEST(logging_out)
{
    static const struct {
        const char *name;
        bool logged_in;
        struct exchange exchanges[8];
        int64_t slept;
    } rounds[] = {
        { "nobody is in", false, { { 0 } }, 0 },
        { "once", true, { { "POST https://x.test/out A: one-1", 200, "", NULL, NULL } }, 0 },
        { "refused", true, { REPLY(400, "") }, 0 },
        { "no answer", true, { { "POST https://x.test/out A: one-1", 0, NULL, NULL, NULL } }, 0 },
        { "busy for almost as long as there is", true, { { NULL, 503, "", "retry-after", "29" }, REPLY(200, "") },
            29000 },
        { "busy for longer", true, { { NULL, 503, "", "retry-after", "31" } }, 0 },
        { "busy again and again", true,
            { REPLY(503, ""), REPLY(503, ""), REPLY(503, ""), REPLY(503, ""), REPLY(503, ""), REPLY(503, "") },
            1000 + 2000 + 4000 + 8000 + 8000 },
        { "busy till the end", true, { { NULL, 503, "", "retry-after", "20" }, { NULL, 503, "", "retry-after", "11" } },
            20000 },
    };
    static const struct exchange in[] = { LOGGED_IN("one-1"), REPLY(200, ""), { 0 } };

    for (size_t i = 0; i < COUNT(rounds); i++) {
        struct service *service = open_step(LOGIN, "\"do\":\"GET /\"");
        struct error err = { 0 };

        REQUIRE(service != NULL, "%s", rounds[i].name);
        if (rounds[i].logged_in) {
            AUTO(free) char *outcome = NULL;

            api_play(in);
            outcome = run(service, &err);
            CHECK_TEXT(outcome, "done", rounds[i].name);
        }
        api.slept = 0;
        api_play(rounds[i].exchanges);
        service_log_out(service);
        CHECK_INT(api.slept, rounds[i].slept, rounds[i].name);
        api_played(rounds[i].name);
        api_close(service);
    }
}

/* ---- several ---- */

TEST(steps_in_a_row)
{
    static const struct exchange all[] = { ASKED("GET https://x.test/1", "{\"n\":2}"),
        ASKED("GET https://x.test/2", ""), { 0 } };
    static const struct exchange gone[] = { ASKED("GET https://x.test/1", "{\"n\":2}"), REPLY(404, ""), { 0 } };
    struct service *service = api_open(TOP ",\"finish\":[{\"do\":\"GET /1\",\"get\":{\"a\":\"n\"}},{\"do\":\"GET "
                                           "/3\",\"if\":\"b\"},{\"do\":\"GET /{a}\"}]}",
        (const char *const[]){ "token", "s3cret", NULL });
    struct error err = { 0 };

    REQUIRE(service != NULL, "open");
    for (int i = 0; i < 2; i++) {
        AUTO(work_end) struct work work = work_begin(service);
        bool ok;

        api_play(i == 0 ? all : gone);
        ok = steps_run(&work, value_member(&service->description->top, "finish"), &err);
        CHECK(ok == (i == 0), "%s", err.why);
        api_played("steps");
    }
    CHECK_TEXT(err.why, "X has nothing of that name (status 404)", "what is absent is an error here");
    {
        AUTO(work_end) struct work work = work_begin(service);

        CHECK(steps_run(&work, NULL, &err), "none");
    }
    api_close(service);
}

TEST_MAIN()
