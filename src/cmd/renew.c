/* renew: every lineage that is due. */
#include "lifecycle/renew.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "health/health.h"
#include "lifecycle/last_run.h"
#include "notify/notify.h"
#include "run/hooks.h"

struct tally {
    size_t skipped, done, failed, broken, undelivered;
    size_t put_off;
    size_t stopped; /* and those that were not begun */
};

static struct tally count(const struct renewals *all)
{
    struct tally tally = { 0 };

    for (size_t i = 0; i < all->len; i++) {
        tally.skipped += all->at[i].what == RENEWED_SKIPPED;
        tally.done += all->at[i].what == RENEWED_DONE;
        tally.failed += all->at[i].what == RENEWED_FAILED;
        tally.broken += all->at[i].what == RENEWED_BROKEN;
        tally.put_off += all->at[i].what == RENEWED_PUT_OFF;
        tally.undelivered += all->at[i].undelivered;
        tally.stopped += all->at[i].what == RENEWED_STOPPED || all->at[i].what == RENEWED_WAITING;
    }
    return tally;
}

static void say_skipped(struct context *context, const struct renewals *all)
{
    ui_say(context->ui, "The following certificates are not due for renewal yet:");
    for (size_t i = 0; i < all->len; i++) {
        char date[CLOCK_TEXT_SIZE];

        if (all->at[i].what != RENEWED_SKIPPED)
            continue;
        clock_format_date(all->at[i].not_after, date);
        ui_say(context->ui, "  %s expires on %s (skipped)", all->at[i].fullchain_path, date);
    }
}

static void say_done(struct context *context, const struct renewals *all)
{
    for (size_t i = 0; i < all->len; i++)
        if (all->at[i].what == RENEWED_DONE)
            ui_say(context->ui, "  %s (success)", all->at[i].fullchain_path);
}

static void say_failed(const struct renewals *all)
{
    for (size_t i = 0; i < all->len; i++)
        if (all->at[i].what == RENEWED_FAILED)
            log_error("  %s (failure)", all->at[i].fullchain_path);
}

static void say_put_off(const struct renewals *all)
{
    log_error("The following certificates are due, but were not tried, because their renewals keep failing:");
    for (size_t i = 0; i < all->len; i++)
        if (all->at[i].what == RENEWED_PUT_OFF)
            log_error("  %s (put off)", all->at[i].fullchain_path);
}

static void say_undelivered(const struct renewals *all)
{
    log_error("The following certificates are live, but what follows that (deploy hooks, reload) was not done for all; "
              "the next renewal tries again:");
    for (size_t i = 0; i < all->len; i++)
        if (all->at[i].undelivered)
            log_error("  %s (not delivered)", all->at[i].fullchain_path);
}

static void say_stopped(const struct renewals *all)
{
    for (size_t i = 0; i < all->len; i++)
        if (all->at[i].what == RENEWED_STOPPED || all->at[i].what == RENEWED_WAITING)
            log_error("  %s (%s)", all->at[i].fullchain_path,
                all->at[i].what == RENEWED_STOPPED ? "interrupted" : "not begun");
}

static bool any_hook(const struct settings *settings)
{
    return settings->pre_hook != NULL || settings->post_hook != NULL || settings->deploy_hook != NULL;
}

static void say_attempts(struct context *context, const struct renewals *all, struct tally tally)
{
    const char *kind = context->settings->dry_run ? "simulated renewal" : "renewal";

    if (tally.done == 0 && tally.failed == 0 && tally.stopped == 0) {
        ui_say(context->ui, "No %ss were attempted.", kind);
        if (any_hook(context->settings))
            ui_say(context->ui, "No hooks were run.");
    } else if (tally.failed == 0 && tally.stopped == 0 && tally.put_off == 0) {
        ui_say(context->ui, "Congratulations, all %ss succeeded: ", kind);
        say_done(context, all);
    } else if (tally.done == 0 && tally.stopped == 0) {
        log_error("All %ss failed. The following certificates could not be renewed:", kind);
        say_failed(all);
    } else if (tally.done > 0) {
        ui_say(context->ui, "The following %ss succeeded:", kind);
        say_done(context, all);
        ui_say(context->ui, "%s", "");
    }
    if (tally.failed > 0 && (tally.done > 0 || tally.stopped > 0)) {
        log_error("The following %ss failed:", kind);
        say_failed(all);
    }
    if (tally.stopped > 0) {
        log_error("The following %ss were not made, because the run was interrupted:", kind);
        say_stopped(all);
    }
}

/* Certbot's summary, which scripts read. */
static void say_all(struct context *context, const struct renewals *all, struct tally tally)
{
    ui_say(context->ui, "%s", "");
    ui_frame_line(context->ui);
    if (tally.skipped > 0)
        say_skipped(context, all);
    say_attempts(context, all, tally);
    if (tally.put_off > 0)
        say_put_off(all);
    if (tally.undelivered > 0)
        say_undelivered(all);
    if (tally.broken > 0) {
        ui_say(context->ui, "\nAdditionally, the following renewal configurations were invalid: ");
        for (size_t i = 0; i < all->len; i++)
            if (all->at[i].what == RENEWED_BROKEN)
                ui_say(context->ui, "  %s (parsefail)", all->at[i].conf_path);
    }
    ui_frame_line(context->ui);
}

/* Prints the summary in one piece, with a line for each lineage. */
static void say_summary(struct context *context, const struct renewals *all, struct tally tally)
{
    AUTO(ui_free) struct ui *ui = ui_collect(context->ui);
    struct context collecting = *context;

    collecting.ui = ui;
    say_all(&collecting, all, tally);
}

static bool run_post_hooks(struct context *context, const struct renewals *all, struct error *err)
{
    AUTO(list_clear) struct list renewed = { 0 }, failed = { 0 };

    for (size_t i = 0; i < all->len; i++) {
        if (all->at[i].what == RENEWED_DONE)
            identifiers_names(&all->at[i].names, &renewed);
        if (all->at[i].what == RENEWED_FAILED || all->at[i].what == RENEWED_STOPPED)
            identifiers_names(&all->at[i].names, &failed);
    }
    return hooks_at_end(context, &renewed, &failed, err);
}

/* The certificates are issued; a server that still serves the old one must show in a timer's log. */
static bool not_delivered(const struct context *context, struct tally tally, struct error *err)
{
    if (!context->voice->redelivers)
        return true;
    (void)error_set(err, ERROR_HOOK, "%zu certificate(s) not delivered", tally.undelivered);
    return error_next(err,
        "see above for what failed; `evercert renew --force-renewal` is not needed, `evercert renew` does it again");
}

static bool put_off(struct tally tally, struct error *err)
{
    (void)error_set(err, ERROR_ACME, "%zu renewal(s) put off after failures", tally.put_off);
    return error_next(err,
        "see above for what failed and until when; once it is mended, `evercert renew --force-renewal` tries at once");
}

/* A store that has lost its renewal files looks as one in which there is nothing to renew. True: it has not, or
 * Certbot's name says so and goes on. */
static bool check_not_lost(struct context *context, const struct renewals *all, struct error *err)
{
    AUTO(free) char *lost = all->len == 0 ? health_lost(context->store) : NULL;

    if (lost == NULL)
        return true;
    if (!context->voice->misses_renewal_files)
        log_warning("Nothing can be renewed: %s", lost);
    (void)error_set(err, ERROR_STORE, "%s", lost);
    return error_next(
        err, "see that its file system is mounted, or put the renewal files back; `evercert doctor` says more");
}

static bool judge(const struct context *context, struct tally tally, struct error *err)
{
    if (tally.failed == 0 && tally.broken == 0 && tally.put_off > 0)
        return put_off(tally, err);
    if (tally.failed == 0 && tally.broken == 0)
        return tally.undelivered == 0 || not_delivered(context, tally, err);
    if (tally.put_off > 0)
        return error_set(err, ERROR_ACME, "%zu renew failure(s), %zu parse failure(s), %zu renewal(s) put off",
            tally.failed, tally.broken, tally.put_off);
    return error_set(err, ERROR_ACME, "%zu renew failure(s), %zu parse failure(s)", tally.failed, tally.broken);
}

/* before: how it is with the run before this one. */
static bool renew(struct context *context, const struct last_run *before, struct error *err)
{
    AUTO(renewals_clear) struct renewals all = { 0 };
    struct error late = { 0 }, lost = { 0 };
    bool ok = renew_all(context, &all, err), hooked, is_lost;
    struct tally tally = count(&all);

    if (ok || (err->kind == ERROR_CANCELED && all.len > 0))
        say_summary(context, &all, tally);
    hooked = run_post_hooks(context, &all, ok ? err : &late);
    is_lost = ok && !check_not_lost(context, &all, &lost);
    notify_renewed(context, &all, before, !ok ? err : is_lost ? &lost : NULL);
    if (!hooked || !ok)
        return false;
    if (is_lost && context->voice->misses_renewal_files) {
        *err = lost;
        return false;
    }
    return judge(context, tally, err);
}

static bool renew_run(struct context *context, struct error *err)
{
    const char *work_dir = store_work_dir(context->store);
    AUTO(last_run_clear) struct last_run before = { 0 };
    AUTO(range_lock_release) struct range_lock *mark = NULL;
    AUTO(free) char *trouble = NULL;
    bool ok;

    if (context->settings->dry_run)
        return renew(context, &before, err);
    last_run_begin(work_dir, context_now(context), &before, &mark);
    trouble = last_run_trouble(&before, context_now(context));
    if (trouble != NULL)
        log_warning("Before this run: %s", trouble);
    notify_begun(context, &before);
    ok = renew(context, &before, err);
    last_run_end(work_dir, context_now(context), TAKE(mark));
    return ok;
}

/* A user at a terminal sees it. */
static void not_begun(struct context *context, const struct error *err)
{
    if (!ui_is_interactive(context->ui))
        notify_not_begun(context, err);
}

static const enum option_topic topics[] = {
    TOPIC_RENEW,
    TOPIC_NOTIFY,
    TOPIC_CERTIFICATE,
    TOPIC_AUTOMATION,
    TOPIC_TESTING,
    TOPIC_HIDDEN,
};

const struct command cmd_renew = {
    .verb = {
        .name = "renew",
        .summary = "Renew all certificates that are due, or one with --cert-name",
        .usage = "[--cert-name NAME] [options]",
        .text = "Renews every certificate that is near its end or that the CA wants renewed, with the options it was obtained "
                "with. Made to run unattended (`schedule install`, `daemon`); without a terminal it waits at random for up to eight minutes first "
                "(--no-random-sleep-on-renew: not).",
        .topics = topics,
        .traits = VERB_TRAITS_RENEW,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = renew_run,
    .not_begun = not_begun,
};
