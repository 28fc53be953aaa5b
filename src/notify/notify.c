#include "notify/notify.h"

#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "base/text.h"
#include "typed/fractions.h"
#include "notify/gather.h"
#include "notify/keep.h"
#include "notify/send.h"

#define HOUR_S 3600
#define HOST_MAX 64       /* bytes that are shown */
#define DIRECTORY_MAX 100 /* likewise */

struct telling {
    struct context *context;
    const struct targets *targets;
    const struct facts *facts;
    struct policy policy;
    int64_t now;
    char *host, *directory;
};

static struct policy policy_of(const struct settings *settings)
{
    struct policy policy = { .every_s = (int64_t)settings->notify_every_h * HOUR_S,
        .after = (unsigned)settings->notify_after };

    (void)!fractions_read(settings->notify_at, &policy.at); /* which was checked where it was given */
    return policy;
}

static struct telling telling_begin(struct context *context)
{
    struct telling telling = { .context = context, .policy = policy_of(context->settings) };
    char host[256] = "";

    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        (void)snprintf(host, sizeof host, "localhost");
    telling.host = text_printable_dup(view_of(host), HOST_MAX, false);
    telling.directory = text_printable_dup(view_of(context->settings->config_dir), DIRECTORY_MAX, false);
    telling.now = context_now(context);
    return telling;
}

static void telling_end_at(struct telling *telling)
{
    free(telling->host);
    free(telling->directory);
}

static struct about about_of(const struct telling *telling, enum event event)
{
    return (struct about){ telling->host, telling->directory, event, telling->now, telling->policy.at,
        telling->facts != NULL && telling->facts->foreign };
}

/* ---- one target ---- */

static bool send_news(
    const struct telling *telling, const struct target *target, const struct news *news, struct error *err)
{
    struct about about = about_of(telling, news->bad > 0 ? EVENT_PROBLEM : EVENT_RECOVERED);
    AUTO(message_clear) struct message message = { 0 };

    message_make(&about, news, send_limit(target), &message);
    return send_message(telling->context, target, &message, err);
}

/* Before anything is sent it is noted that it will be, so that a run that is killed counts, and that it is known
 * whether anything can be noted at all. */
static bool may_send(
    const struct telling *telling, const struct target *target, struct memory *told, struct memory *untold)
{
    const char *config_dir = telling->context->settings->config_dir;
    struct error err = { 0 };

    memory_note_sent(told, telling->now);
    memory_note_sent(untold, telling->now);
    if (keep_write(config_dir, target->id, untold, &err))
        return true;
    log_warning("What %s is told cannot be remembered: %s", target->shown, err.why);
    return keep_may_tell(config_dir, target->id, telling->now, telling->policy.every_s);
}

static bool save(const struct telling *telling, const struct target *target, const struct memory *memory)
{
    struct error err = { 0 };

    if (keep_write(telling->context->settings->config_dir, target->id, memory, &err))
        return true;
    log_warning("What %s was told cannot be remembered: %s", target->shown, err.why);
    return false;
}

static void tell(const struct telling *telling, const struct target *target, const struct news *news,
    struct memory *told, struct memory *untold)
{
    struct error err = { 0 };

    if (!may_send(telling, target, told, untold))
        return;
    if (send_news(telling, target, news, &err)) {
        log_info("%s was told of %zu certificate(s) or other things", target->shown, news->len);
        memory_note_result(told, telling->now, NULL);
        (void)!save(telling, target, told);
        return;
    }
    log_warning(
        "%s could not be told: %s%s%s", target->shown, err.why, err.next[0] != '\0' ? "\n  next: " : "", err.next);
    memory_note_result(untold, telling->now, err.why);
    (void)!save(telling, target, untold);
}

/* Decides, and tells or notes it. False: it was left for later runs, and they cannot know. */
static bool decide_and_tell(const struct telling *telling, const struct target *target, const struct facts *facts,
    const struct policy *policy, const struct memory *before)
{
    AUTO(memory_clear) struct memory told = { 0 }, untold = { 0 };
    AUTO(news_clear) struct news news = { 0 };

    news_decide(facts, before, policy, telling->now, &news, &told, &untold);
    if (!news.tell)
        return save(telling, target, &untold);
    tell(telling, target, &news, &told, &untold);
    return true;
}

static void tell_one(void *ctx, size_t index)
{
    const struct telling *telling = ctx;
    const struct target *target = &telling->targets->at[index];
    const char *config_dir = telling->context->settings->config_dir;
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(memory_clear) struct memory before = { 0 };
    AUTO(free) char *self = gather_target_name(target);
    struct facts facts = *telling->facts;
    struct policy at_once = telling->policy;
    struct error err = { 0 };

    if (target->kind == TARGET_BROKEN)
        return;
    interrupt_shield(); /* this thread's */
    if (!keep_lock(config_dir, target->id, &lock, &err)) {
        log_debug("%s", err.why);
        if (err.sys == 0) { /* another process is telling it something, for longer than it should */
            interrupt_unshield();
            return;
        }
    }
    keep_read(config_dir, target->id, &before);
    facts.self = self;
    at_once.counts_nothing = true; /* a disk that is full, or a file system that is read-only after an error */
    if (!decide_and_tell(telling, target, &facts, &telling->policy, &before))
        (void)!decide_and_tell(telling, target, &facts, &at_once, &before);
    interrupt_unshield();
}

/* ---- all of them ---- */

static void warn_of_broken(const struct targets *targets)
{
    for (size_t i = 0; i < targets->len; i++)
        if (targets->at[i].kind == TARGET_BROKEN)
            log_warning("%s is told nothing: %s", targets->at[i].shown, targets->at[i].why);
    if (targets->left_out > 0)
        log_warning("%zu target(s) are told nothing: no more than %d are possible", targets->left_out, TARGETS_MAX);
}

static void tell_all(struct telling *telling, const struct targets *targets, struct gathered *gathered)
{
    const char *config_dir = telling->context->settings->config_dir;
    AUTO(list_clear) struct list named = { 0 };

    for (size_t i = 0; i < targets->len; i++)
        list_add(&named, targets->at[i].id);
    warn_of_broken(targets);
    gather_targets(config_dir, targets, gathered);
    gather_end(gathered);
    telling->targets = targets;
    telling->facts = &gathered->facts;
    parallel_wait_for(targets->len, targets->len, tell_one, telling);
    keep_sweep(config_dir, &named, telling->now);
}

static bool is_wanted(const struct context *context)
{
    return targets_any(context->settings) && !context->settings->dry_run;
}

/* Tells the targets what was gathered. */
static void tell_gathered(struct context *context, struct telling *telling, struct gathered *gathered)
{
    AUTO(targets_clear) struct targets targets = { 0 };

    interrupt_shield();
    targets_read(context->settings, &targets);
    tell_all(telling, &targets, gathered);
    interrupt_unshield();
}

void notify_begun(struct context *context, const struct last_run *before)
{
    AUTO(gathered_clear) struct gathered gathered = { 0 };
    AUTO(telling_end) struct telling telling = { 0 };
    AUTO(free) char *trouble = last_run_trouble(before, context_now(context));

    if (!is_wanted(context) || trouble == NULL)
        return;
    telling = telling_begin(context);
    gather_last_run(before, telling.now, &gathered);
    tell_gathered(context, &telling, &gathered);
}

void notify_renewed(
    struct context *context, const struct renewals *renewals, const struct last_run *before, const struct error *why)
{
    static const struct last_run ended = { .state = LAST_RUN_ENDED };
    AUTO(gathered_clear) struct gathered gathered = { 0 };
    AUTO(telling_end) struct telling telling = { 0 };

    if (!is_wanted(context))
        return;
    telling = telling_begin(context);
    gather_renewals(context, renewals, &telling.policy, &gathered);
    if (why != NULL && renewals->len == 0)
        gathered.facts.whole = false;
    gather_run(why, &gathered);
    if (before != NULL) /* one that was killed is made up for by this one; one that never ends is still there */
        gather_last_run(before->state == LAST_RUN_AT_WORK ? before : &ended, telling.now, &gathered);
    tell_gathered(context, &telling, &gathered);
}

void notify_foreign(struct context *context, const struct foreign *at, size_t len)
{
    AUTO(targets_clear) struct targets targets = { 0 };
    AUTO(gathered_clear) struct gathered gathered = { 0 };
    AUTO(telling_end) struct telling telling = { 0 };

    if (!is_wanted(context))
        return;
    interrupt_shield();
    telling = telling_begin(context);
    telling.policy.after = 1; /* a certificate is there, or it is not */
    targets_read(context->settings, &targets);
    gather_foreign(at, len, &gathered);
    tell_all(&telling, &targets, &gathered);
    interrupt_unshield();
}

void notify_not_begun(struct context *context, const struct error *why)
{
    static const struct renewals none = { 0 };

    if (why->kind != ERROR_CANCELED)
        notify_renewed(context, &none, NULL, why);
}

bool notify_test(struct context *context, const struct target *target, struct error *err)
{
    AUTO(telling_end) struct telling telling = telling_begin(context);
    struct about about = about_of(&telling, EVENT_TEST);
    AUTO(message_clear) struct message message = { 0 }, over = { 0 };

    message_make(&about, NULL, send_limit(target), &message);
    TRY(send_message(context, target, &message, err));
    if (target->kind != TARGET_FORM || !value_truth(value_member(&target->form->top, "resolves")))
        return true;
    message_make(&about, NULL, send_limit(target), &over);
    vars_set_text(&over.vars, "event", "recovered");
    return send_message(context, target, &over, err);
}
