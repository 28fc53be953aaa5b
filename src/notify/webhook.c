#include "notify/webhook.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "notify/send.h"
#include "recipe/step.h"

struct way { /* outside, for one message */
    struct context *context;
    int64_t end_ms; /* of clock_monotonic_ms */
};

static bool ask(void *arg, const struct http_request *request, struct http_response *out, struct error *err)
{
    const struct way *way = arg;
    struct http_request bounded = *request;
    int64_t left = way->end_ms - clock_monotonic_ms();
    struct net *net = NULL;

    TRY(request_check_url(request->url, way->context->settings->notify_plain_http, err) ||
        error_next(err, "use https, or allow it with --notify-plain-http"));
    if (left <= 0)
        return error_set(err, ERROR_NETWORK, "it took more than %d seconds", SEND_MS / 1000);
    bounded.timeout_ms = (int)left;
    bounded.max_body = SEND_ANSWER_MAX;
    bounded.follow = false;
    TRY(context_net(way->context, &net, err));
    if (net == NULL)
        return error_set(err, ERROR_NETWORK, "there is no network here");
    return net_http(net, &bounded, out, err);
}

static bool sleep_for(void *arg, int64_t ms)
{
    (void)arg;
    return clock_sleep_ms(ms);
}

static int64_t now_ms(void *arg)
{
    return context_now(((struct way *)arg)->context) * 1000;
}

static int64_t monotonic(void *arg)
{
    (void)arg;
    return clock_monotonic_ms();
}

static bool carry_out(struct service *service, const struct way *way, const struct description *form, struct error *err)
{
    AUTO(work_end) struct work work = work_begin(service);
    AUTO(reply_clear) struct reply reply = { 0 };
    enum step_result result;

    work.deadline_ms = way->end_ms;
    work.once = true; /* the next run tries again */
    TRY(step_run(&work, value_member(&form->top, "send"), NULL, &reply, &result, err));
    return result != STEP_ABSENT || error_set(err, ERROR_PLUGIN, "%s answered with status %d: there is no such address",
                                        form->title, reply.status);
}

bool webhook_send(
    struct context *context, const struct target *target, const struct message *message, struct error *err)
{
    struct way way = { context, clock_monotonic_ms() + SEND_MS };
    AUTO(vars_clear) struct vars vars = { 0 };
    AUTO(service_close) struct service *service = NULL;
    bool ok;

    vars_set_all(&vars, &message->vars);
    vars_set_all(&vars, &target->keys);
    ok = service_open(target->form, &vars, &service, err);
    if (ok) {
        service->outside = (struct service_outside){
            .http = ask, .sleep_ms = sleep_for, .now_ms = now_ms, .monotonic_ms = monotonic, .arg = &way
        };
        ok = carry_out(service, &way, target->form, err);
    }
    if (!ok)
        vars_redact_error(&target->keys, err);
    return ok;
}
