#include "recipe/step.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/key.h"
#include "recipe/ambient.h"
#include "recipe/signature.h"
#include "tree/template.h"

#define TRIES_MAX 5
#define REQUEST_MS (60 * 1000)
#define WAIT_MAX_S 60
#define POLL_S 2

/* ---- operations ---- */

struct work work_begin(struct service *service)
{
    return (struct work){ .service = service,
        .vars = { .outer = &service->keys },
        .deadline_ms = service->outside.monotonic_ms(service->outside.arg) + OPERATION_MS };
}

void work_restart(struct work *work)
{
    work->deadline_ms = work->service->outside.monotonic_ms(work->service->outside.arg) + OPERATION_MS;
}

struct work work_inside(const struct work *outer)
{
    return (struct work){ .service = outer->service,
        .vars = { .outer = &outer->vars },
        .deadline_ms = outer->deadline_ms,
        .once = outer->once };
}

void work_end(struct work *work)
{
    vars_clear(&work->vars);
}

static int64_t left_ms(const struct work *work)
{
    return work->deadline_ms - work->service->outside.monotonic_ms(work->service->outside.arg);
}

bool work_check(const struct work *work, struct error *err)
{
    TRY(interrupt_check(err));
    if (left_ms(work) > 0)
        return true;
    return error_set(err, ERROR_NETWORK, "%s took more than %d minutes for one change",
        work->service->description->title, OPERATION_MS / 60000);
}

bool work_sleep(const struct work *work, int64_t ms, struct error *err)
{
    const struct service *service = work->service;

    if (ms > left_ms(work))
        return error_set(err, ERROR_NETWORK, "%s is still busy, and its time is over", service->description->title);
    if (ms > 0 && !service->outside.sleep_ms(service->outside.arg, ms))
        return interrupt_check(err) && error_set(err, ERROR_CANCELED, "interrupted");
    return true;
}

/* ---- logging in ---- */

static bool run_request_step(struct work *work, const struct value *step, const char *address, bool logging_in,
    struct reply *reply, enum step_result *result, struct error *err);

static bool run_list(struct work *work, const struct value *steps, bool logging_in, struct error *err)
{
    size_t count = value_is_list(steps) ? steps->len : steps != NULL;

    for (size_t i = 0; i < count; i++) {
        AUTO(reply_clear) struct reply reply = { 0 };
        enum step_result result;

        const struct value *step = value_is_list(steps) ? &steps->at[i] : steps;
        const char *advice = ambient_advice(step);

        if (!run_request_step(work, step, NULL, logging_in, &reply, &result, err))
            return advice != NULL && error_next_default(err, "%s", advice);
        if (result == STEP_ABSENT) {
            (void)error_set(err, ERROR_PLUGIN, "%s has nothing of that name (status %d)",
                work->service->description->title, reply.status);
            return advice != NULL && error_next_default(err, "%s", advice);
        }
    }
    return true;
}

static void take_login(struct service *service, const struct vars *got)
{
    MUTEX_HOLD(&service->lock);
    vars_clear(&service->login);
    for (size_t i = 0; i < got->len; i++)
        vars_set(&service->login, got->at[i].name, &got->at[i].value, true);
    service->logged_in = true;
    service->login_count++;
}

/* Logs in unless somebody has done so since `count` logins. */
static bool log_in(struct service *service, unsigned count, struct error *err)
{
    const struct value *login = value_member(&service->description->top, "login");
    AUTO(work_end) struct work work = { 0 };
    bool done;

    if (login == NULL)
        return true;
    MUTEX_HOLD(&service->login_lock);
    {
        MUTEX_HOLD(&service->lock);
        done = service->logged_in && service->login_count > count;
    }
    if (done)
        return true;
    if (service->lacks.kind != ERROR_NONE) {
        *err = service->lacks;
        return false;
    }
    work = work_begin(service);
    if (!run_list(&work, login, true, err)) {
        (void)error_in(err, "cannot log in at %s", service->description->title);
        if (work.nobody)
            service->lacks = *err;
        return false;
    }
    take_login(service, &work.vars);
    return true;
}

/* What logging in has got, for one request; and of how many logins it is. */
static bool use_login(struct service *service, bool logging_in, struct vars *to, unsigned *count, struct error *err)
{
    bool needed;

    if (logging_in)
        return true;
    {
        MUTEX_HOLD(&service->lock);
        needed = !service->logged_in;
    }
    if (needed)
        TRY(log_in(service, 0, err));
    MUTEX_HOLD(&service->lock);
    vars_set_all(to, &service->login);
    *count = service->login_count;
    return true;
}

void service_log_out(struct service *service)
{
    const struct value *logout = value_member(&service->description->top, "logout");
    struct error err = { 0 };

    if (logout == NULL || !service->logged_in)
        return;
    AUTO(work_end) struct work work = work_begin(service);

    work.deadline_ms += LOG_OUT_MS - OPERATION_MS; /* nothing depends on it */
    if (!run_list(&work, logout, false, &err))
        log_debug("%s: logging out failed: %s", service->description->title, err.why);
}

/* ---- one exchange ---- */

/* Services that allow few requests get them one after the other. */
static bool keep_pause(const struct work *work, struct error *err)
{
    struct service *service = work->service;
    int64_t pause = 0, now = service->outside.monotonic_ms(service->outside.arg), wait;

    if (!value_number(value_member(&service->description->top, "pause"), &pause) || pause == 0)
        return true;
    {
        MUTEX_HOLD(&service->lock);
        wait = service->last_ms + pause - now;
        service->last_ms = now + (wait > 0 ? wait : 0);
    }
    return wait <= 0 || work_sleep(work, wait, err);
}

static void set_headers(const struct http_response *response, struct vars *vars)
{
    for (size_t i = 0; i < response->header_count; i++) {
        AUTO(free) char *name = xprintf("hdr_%s", response->headers[i].name);

        for (char *c = name; *c != '\0'; c++)
            if (*c == '-')
                *c = '_';
        vars_set_text(vars, name, response->headers[i].value);
    }
}

static bool send(const struct work *work, const struct value *step, const struct request *request,
    struct http_response *response, struct error *err)
{
    const struct service *service = work->service;
    bool is_ambient = ambient_advice(step) != NULL;
    AUTO(free) char *place = is_ambient ? ambient_place(request->url) : NULL;
    struct http_field fields[HTTP_MAX_FIELDS];
    struct http_request http = { .method = request->method,
        .url = request->url,
        .content_type = request->type,
        .accept = "*/*",
        .body = request->has_body ? buf_view(&request->body) : view_of(""),
        .fields = fields,
        .trust = view_of(service->trust),
        .timeout_ms = is_ambient ? AMBIENT_MS : REQUEST_MS,
        .at = place };

    for (size_t i = 0; i + 1 < request->fields.len; i += 2) {
        if (strcasecmp(request->fields.at[i], "accept") == 0) {
            http.accept = request->fields.at[i + 1];
            continue;
        }
        if (http.field_count == HTTP_MAX_FIELDS)
            return error_set(err, ERROR_CONFIG, "a request has more than %d fields", HTTP_MAX_FIELDS);
        fields[http.field_count++] = (struct http_field){
            .name = request->fields.at[i], .value = view_of(request->fields.at[i + 1]), .secret = true
        };
    }
    return service->outside.http(service->outside.arg, &http, response, err);
}

static const char *form_of(const struct work *work, const struct value *step)
{
    const char *form = value_member_text(step, "reply");

    if (form == NULL)
        form = value_member_text(&work->service->description->top, "reply");
    return form != NULL ? form : "json";
}

/* "POST https://api.example.net/v1/zones", without the query and whatever is secret; of the caller's. */
static char *describe(const struct request *request, const struct vars *vars)
{
    AUTO(wipe_free) char *shown = vars_redact(vars, request->url);
    const char *method = value_text(vars_get(vars, view_of("method")));

    return xprintf("%s %.*s", method, (int)strcspn(shown, "?"), shown);
}

struct attempt { /* one request of a step, and what came of it */
    struct vars vars;
    unsigned login_count;
    char *what; /* for messages */
};

static void attempt_end_at(struct attempt *attempt)
{
    vars_clear(&attempt->vars);
    free(attempt->what);
}

static bool make_moment(const struct service *service, struct request_moment *moment, struct error *err)
{
    AUTO(buf_clear) struct buf hex = BUF(64);
    unsigned char bytes[16];

    TRY(random_bytes(bytes, sizeof bytes, err));
    buf_put_hex(&hex, (struct view){ (const char *)bytes, sizeof bytes });
    (void)snprintf(moment->nonce, sizeof moment->nonce, "%s", buf_text(&hex));
    moment->now_ms = service->outside.now_ms(service->outside.arg);
    return true;
}

/* Reads what came, however it is written. A reply of an error that is in another form is told by its status alone. */
static bool take_reply(const struct work *work, const struct value *step, const char *url,
    struct http_response *response, struct reply *reply, struct error *err)
{
    struct error ignored = { 0 };

    reply_clear(reply);
    reply->status = response->status;
    reply->body = response->body;
    reply->body.secret = true;
    reply->url = xstrdup(url);
    reply->link = xstrdup_or_null(http_header(response, "link", NULL));
    response->body = (struct buf){ 0 };
    if (reply->status >= 200 && reply->status < 300)
        return reply_read(reply, form_of(work, step), err);
    if (!reply_read(reply, form_of(work, step), &ignored))
        log_debug("%s", ignored.why);
    return true;
}

static bool exchange(struct work *work, const struct value *step, const char *address, bool logging_in,
    struct attempt *attempt, struct reply *reply, struct error *err)
{
    AUTO(request_clear) struct request request = { 0 };
    AUTO(http_response_clear) struct http_response response = { 0 };
    const struct value *jwt = value_member(step, "jwt");
    struct request_moment moment;
    bool ok;

    attempt->vars = (struct vars){ .outer = &work->vars };
    TRY(use_login(work->service, logging_in, &attempt->vars, &attempt->login_count, err));
    TRY(make_moment(work->service, &moment, err));
    vars_set_number(&attempt->vars, "now", moment.now_ms / 1000);
    vars_set_text(&attempt->vars, "nonce", moment.nonce);
    if (jwt != NULL)
        TRY(signature_token(jwt, &attempt->vars, err));
    TRY(request_build(work->service->description, step, address, &moment, &attempt->vars, &request, err));
    attempt->what = describe(&request, &attempt->vars);
    TRY(keep_pause(work, err));
    log_debug("%s: %s", work->service->description->title, attempt->what);
    ok = send(work, step, &request, &response, err);
    if (!ok && ambient_advice(step) != NULL && err->kind == ERROR_NETWORK)
        work->nobody = !ambient_fail(request.url, err);
    log_debug("%s: status %d", work->service->description->title, ok ? response.status : 0);
    if (ok) {
        set_headers(&response, &attempt->vars);
        ok = take_reply(work, step, request.url, &response, reply, err);
    }
    return ok || error_in(err, "%s", attempt->what);
}

/* ---- judging ---- */

/* The predicate of the step, else that of the description. */
static const struct value *predicate_of(const struct work *work, const struct value *step, const char *name)
{
    const struct value *own = value_member(step, name);

    return own != NULL ? own : value_member(&work->service->description->top, name);
}

static bool is_busy(const struct work *work, const struct value *step, const struct reply *reply)
{
    static const int busy[] = { 429, 500, 502, 503, 504 };

    for (size_t i = 0; i < COUNT(busy); i++)
        if (reply->status == busy[i])
            return true;
    return predicate_is(predicate_of(work, step, "busy"), reply);
}

/* Whether the reply leaves open if what was asked is done. What is done twice as well as once is just repeated. */
static bool is_unclear(const struct work *work, const struct value *step, const struct reply *reply)
{
    const char *what = value_member_text(step, "do");

    return work->looks && (text_starts(what, "POST ") || text_starts(what, "PATCH ")) &&
           (reply->status == 500 || reply->status == 502 || reply->status == 504) &&
           !predicate_is(predicate_of(work, step, "busy"), reply);
}

/* What Retry-After asks for, else 1, 2, 4, 8 s. */
static int64_t pause_after(const struct attempt *attempt, unsigned tries, int64_t now_s)
{
    const char *asked = value_text(vars_get(&attempt->vars, view_of("hdr_retry_after")));
    uint64_t seconds;
    int64_t at;

    if (asked != NULL && view_to_number(view_of(asked), 0, 1000000, &seconds))
        return (int64_t)(seconds < WAIT_MAX_S ? seconds : WAIT_MAX_S) * 1000;
    if (asked != NULL && clock_parse_http_date(view_of(asked), &at) && at > now_s)
        return (at - now_s < WAIT_MAX_S ? at - now_s : WAIT_MAX_S) * 1000;
    return (int64_t)1000 << (tries < 4 ? tries : 3);
}

static bool is_absent(const struct work *work, const struct value *step, const struct reply *reply)
{
    const struct value *absent = predicate_of(work, step, "absent");

    return absent != NULL ? predicate_is(absent, reply) : reply->status == 404;
}

static bool is_fine(const struct work *work, const struct value *step, const struct reply *reply)
{
    const struct value *ok = predicate_of(work, step, "ok");

    if (predicate_is(value_member(step, "exists"), reply))
        return true;
    return reply->status >= 200 && reply->status < 300 && (ok == NULL || predicate_is(ok, reply));
}

static bool fail_refused(const struct work *work, const struct value *step, const struct attempt *attempt,
    const struct reply *reply, struct error *err)
{
    const struct service *service = work->service;
    const struct value *hints = value_member(&service->description->top, "hints");
    AUTO(free) char *message = reply_message(reply, predicate_of(work, step, "error"));

    (void)error_set(err, ERROR_PLUGIN, "%s answered with status %d to %s%s%s", service->description->title,
        reply->status, attempt->what, message[0] != '\0' ? ": " : "", message);
    for (size_t i = 0; hints != NULL && i < hints->len; i++)
        if (predicate_is(value_member(&hints->at[i], "when"), reply))
            return error_next(err, "%s", value_member_text(&hints->at[i], "next"));
    if (reply->status == 401 || reply->status == 403)
        return error_next(err, "check the credentials%s%s, and what they may do",
            service->where_from != NULL ? " in " : "", service->where_from != NULL ? service->where_from : "");
    return false;
}

/* ---- what a step gets ---- */

static bool get_one(
    const struct value *get, const struct reply *reply, bool secret, struct vars *vars, struct error *err)
{
    AUTO(free) char *path = xstrdup(value_text(get));
    size_t len = strlen(path);
    bool optional = len > 0 && path[len - 1] == '?';
    const struct value *found;

    if (optional)
        path[len - 1] = '\0';
    found = value_walk(&reply->value, path);
    if (found == NULL && !optional)
        return error_set(err, ERROR_PLUGIN, "the reply has no '%s'", path);
    if (found == NULL)
        vars_unset(vars, get->key);
    else
        vars_set(vars, get->key, found, secret);
    return true;
}

static bool take_results(struct work *work, const struct value *step, const struct vars *seen,
    const struct reply *reply, bool secret, struct error *err)
{
    const struct value *get = value_member(step, "get"), *let = value_member(step, "let");
    AUTO(vars_clear) struct vars scope = { .outer = seen };

    for (size_t i = 0; get != NULL && i < get->len; i++)
        TRY(get_one(&get->at[i], reply, secret, &work->vars, err));
    for (size_t i = 0; let != NULL && i < let->len; i++) {
        AUTO(wipe_free) char *text = NULL;
        AUTO(value_clear) struct value value = { 0 };

        vars_set(&scope, "reply", &reply->value, false);
        vars_set_number(&scope, "status", reply->status);
        TRY(template_text(value_text(&let->at[i]), &scope, &text, err));
        value_set_text(&value, view_of(text));
        vars_set(&work->vars, let->at[i].key, &value, secret);
    }
    return true;
}

/* Asks again until one of its predicates is true. */
static bool poll_until(struct work *work, const struct value *poll, bool logging_in, struct error *err)
{
    int64_t every = POLL_S;

    if (value_number(value_member(poll, "every"), &every) && every == 0)
        every = POLL_S;
    for (;;) {
        AUTO(reply_clear) struct reply reply = { 0 };
        enum step_result result;

        TRY(run_request_step(work, poll, NULL, logging_in, &reply, &result, err));
        if (predicate_is(value_member(poll, "until"), &reply))
            return true;
        if (result == STEP_ABSENT || predicate_is(value_member(poll, "fail"), &reply)) {
            AUTO(free) char *message = reply_message(&reply, predicate_of(work, poll, "error"));

            return error_set(err, ERROR_PLUGIN, "%s has not carried out the change%s%s",
                work->service->description->title, message[0] != '\0' ? ": " : "", message);
        }
        TRY(work_sleep(work, every * 1000, err));
        TRY(work_check(work, err));
    }
}

/* ---- a step ---- */

static bool is_left_out(const struct work *work, const struct value *step)
{
    const char *unless = value_member_text(step, "unless"), *only_if = value_member_text(step, "if");

    return (unless != NULL && vars_is_set(&work->vars, unless)) ||
           (only_if != NULL && !vars_is_set(&work->vars, only_if));
}

/* Whether it makes sense to try once more: waits then. */
static bool again(struct work *work, const struct value *step, const struct attempt *attempt, const struct reply *reply,
    bool logging_in, unsigned tries, bool *repeat, struct error *err)
{
    struct service *service = work->service;
    bool has_login = !logging_in && value_member(&service->description->top, "login") != NULL;
    bool unclear = is_unclear(work, step, reply);

    *repeat = false;
    if (tries >= TRIES_MAX || work->once)
        return true;
    if (has_login && tries == 0 && (reply->status == 401 || predicate_is(predicate_of(work, step, "stale"), reply))) {
        *repeat = true;
        return log_in(service, attempt->login_count, err);
    }
    if (!is_busy(work, step, reply) || is_fine(work, step, reply) || (unclear && work->unclear++ >= TRIES_MAX))
        return true;
    if (unclear)
        tries = work->unclear - 1;
    *repeat = !unclear;
    return work_sleep(work, pause_after(attempt, tries, service->outside.now_ms(service->outside.arg) / 1000), err);
}

static bool judge(struct work *work, const struct value *step, const struct attempt *attempt, bool logging_in,
    struct reply *reply, enum step_result *result, struct error *err)
{
    const struct value *poll = value_member(step, "poll");

    *result = STEP_DONE;
    if (is_absent(work, step, reply)) {
        *result = STEP_ABSENT;
        return true;
    }
    if (is_unclear(work, step, reply) && work->unclear <= TRIES_MAX) {
        *result = STEP_UNCLEAR;
        return true;
    }
    if (!is_fine(work, step, reply))
        return fail_refused(work, step, attempt, reply, err);
    if (!take_results(work, step, &attempt->vars, reply, logging_in, err))
        return error_in(err, "%s", attempt->what);
    return poll == NULL || poll_until(work, poll, logging_in, err);
}

static bool run_request_step(struct work *work, const struct value *step, const char *address, bool logging_in,
    struct reply *reply, enum step_result *result, struct error *err)
{
    bool repeat = true, ok = true;

    *result = STEP_LEFT_OUT;
    if (is_left_out(work, step))
        return true;
    if (value_member(step, "do") == NULL) {
        *result = STEP_DONE;
        return take_results(work, step, &work->vars, reply, logging_in, err);
    }
    for (unsigned tries = 0; ok && repeat; tries++) {
        AUTO(attempt_end) struct attempt attempt = { 0 };

        reply_clear(reply);
        ok = work_check(work, err) && exchange(work, step, address, logging_in, &attempt, reply, err) &&
             again(work, step, &attempt, reply, logging_in, tries, &repeat, err) &&
             (repeat || judge(work, step, &attempt, logging_in, reply, result, err));
        if (!ok)
            vars_redact_error(&attempt.vars, err);
    }
    return ok;
}

bool step_run(struct work *work, const struct value *step, const char *address, struct reply *reply,
    enum step_result *result, struct error *err)
{
    return run_request_step(work, step, address, false, reply, result, err);
}

bool steps_run(struct work *work, const struct value *steps, struct error *err)
{
    return run_list(work, steps, false, err);
}
