/* doctor: what is wrong in the store, and putting it right. */
#include "health/health.h"

#include <errno.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "issuance/traces.h"
#include "json/out.h"
#include "lifecycle/last_run.h"
#include "lifecycle/rehearse.h"
#include "net/net.h"
#include "notify/examine.h"
#include "ops/checkup.h"
#include "status/findings.h"
#include "ops/schedule_look.h"
#include "ops/scheduled_try.h"
#include "store/lineage_lock.h"

#define FINDING_MAX (64 * 1024)

/* ---- the network process ---- */

struct network { /* it is started, and asked for nothing */
    bool works;
    char *protection; /* net_protection_describe */
    struct error failed;
};

static void network_clear_at(struct network *network)
{
    free(network->protection);
}

static bool look_at_network(struct context *context, struct network *out, struct error *err)
{
    struct net_protection protection;
    struct net *net;

    out->works = context_net(context, &net, &out->failed) && net_protection(net, &protection, &out->failed);
    if (out->works)
        out->protection = net_protection_describe(&protection);
    else if (out->failed.kind == ERROR_CANCELED)
        return interrupt_check(err);
    return true;
}

static void say_network(struct context *context, const struct network *network)
{
    if (network->works)
        ui_say(context->ui, "The network process is locked in: %s.", network->protection);
    else
        ui_say(context->ui, "The network process does not work, and no certificate can be obtained or renewed: %s.%s%s",
            network->failed.why, network->failed.next[0] != '\0' ? "\n    Try this: " : "", network->failed.next);
}

/* ---- alarms ---- */

static void say_alarms(struct context *context, const struct targets *targets)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *all = NULL;

    for (size_t i = 0; i < targets->len; i++)
        list_add(&names, targets->at[i].shown);
    all = list_join(&names, ", ");
    if (targets->len > 0)
        ui_say(context->ui, "When certificates are not renewed, these are told: %s.", all);
    else
        ui_say(context->ui, "When certificates are not renewed, nobody is told.\n    Try this: echo 'notify = "
                            "mailto:YOU@example.org' >>/etc/letsencrypt/cli.ini, and then evercert notify test");
}

static void out_alarms(struct out *out, const struct targets *targets)
{
    out_array(out, "alarms");
    for (size_t i = 0; i < targets->len; i++)
        out_text(out, NULL, targets->at[i].shown);
    out_end(out);
}

/* ---- for people ---- */

static void put_answers(struct buf *text, const struct finding *finding)
{
    if (finding->repaired) {
        buf_putf(text, "    Done: %s.\n", finding->answers.at[0]);
        return;
    }
    if (finding->failed != NULL)
        buf_putf(text, "    Tried, and failed: %s.\n", finding->failed);
    if (finding_is_repairable(finding))
        buf_putf(text, "    With --fix: %s.\n", finding->answers.at[0]);
    else
        for (size_t i = 0; i < finding->answers.len; i++)
            buf_putf(text, "    %s: %s.\n", i == 0 ? "Either" : "or", finding->answers.at[i]);
}

static void put_finding(struct buf *text, const struct finding *finding)
{
    buf_putf(text, "  [%s] %s: %s.\n    Why it matters: %s.\n",
        finding->repaired ? "repaired" : health_severity_name(finding->severity), finding->code, finding->what,
        finding->why);
    put_answers(text, finding);
}

static void say_findings(struct context *context, const struct findings *findings)
{
    const char *last = NULL;

    for (size_t i = 0; i < findings->len; i++) {
        const struct finding *finding = &findings->at[i];
        AUTO(buf_clear) struct buf text = BUF(FINDING_MAX);

        if (i == 0 || !text_equal(finding->lineage, last))
            buf_putf(&text, "%s%s%s\n", i == 0 ? "" : "\n", finding->lineage == NULL ? "The store" : "Certificate ",
                finding->lineage == NULL ? "" : finding->lineage);
        last = finding->lineage;
        put_finding(&text, finding);
        ui_say(context->ui, "%.*s", (int)text.len - 1, text.at);
    }
}

static void say_summary(struct context *context, const struct findings *findings, size_t open)
{
    size_t repaired = 0, fixable = 0;

    for (size_t i = 0; i < findings->len; i++) {
        repaired += findings->at[i].repaired;
        fixable += !findings->at[i].repaired && finding_is_repairable(&findings->at[i]);
    }
    ui_say(context->ui, "%s%zu certificate(s) examined; %zu problem(s) repaired, %zu remain(s).",
        findings->len == 0 ? "" : "\n", findings->examined, repaired, open);
    if (fixable > 0 && !context->settings->fix)
        ui_say(context->ui, "`doctor --fix` repairs %zu of what was found.", fixable);
}

/* ---- for scripts ---- */

static void out_finding(struct out *out, const struct finding *finding)
{
    out_object(out, NULL);
    out_text(out, "code", finding->code);
    out_text(out, "severity", health_severity_name(finding->severity));
    out_text(out, "certificate", finding->lineage);
    out_text(out, "path", finding->path);
    out_text(out, "what", finding->what);
    out_text(out, "why", finding->why);
    out_texts(out, "answers", &finding->answers);
    out_bool(out, "repairable", finding_is_repairable(finding));
    out_bool(out, "repaired", finding->repaired);
    out_text(out, "failure", finding->failed);
    out_end(out);
}

static void say_json(struct context *context, const struct findings *findings, const struct network *network,
    const struct targets *targets, struct buf *text)
{
    struct out out = out_pretty_to(text);

    out_object(&out, NULL);
    out_bool(&out, "healthy", findings_open(findings) == 0 && network->works);
    out_number(&out, "certificates", (int64_t)findings->examined);
    out_text(&out, "network_process", network->protection);
    out_text(&out, "network_failure", network->works ? NULL : network->failed.why);
    out_alarms(&out, targets);
    out_array(&out, "findings");
    for (size_t i = 0; i < findings->len; i++)
        out_finding(&out, &findings->at[i]);
    report_document(context, &out);
}

/* ---- the command ---- */

/* Locks the store, so that work in progress is not taken for a leftover. Without --fix the lock is tried once, not
 * waited for. */
static bool lock_store(struct context *context, struct range_lock **lock, struct error *err)
{
    bool taken;

    if (context->settings->fix)
        return store_lock_all(context->store, lock, err);
    if (!store_lock_all_try(context->store, lock, &taken, err)) {
        if (!store_may_go_without(STORE_READ, err->sys) && err->sys != ENOENT) /* there is no store */
            return false;
        log_info("Going on without a lock: %s", err->why);
        error_clear(err);
        return true;
    }
    if (!taken)
        log_warning("Another process is at work here: what it has not finished may be among the following.");
    return true;
}

/* What servers show, and whether the CAs answer. */
static bool look_at_servers(struct context *context, struct findings *findings, struct error *err)
{
    AUTO(status_clear) struct status status = { 0 };

    TRY(status_gather_online(context, &status, err));
    status_find(&status, findings);
    return true;
}

struct helper { /* of the examination */
    struct context *context;
    struct checkup checkup;
};

static void helper_clear_at(struct helper *helper)
{
    checkup_clear(&helper->checkup);
}

static bool rehearse(void *ctx, const char *lineage, struct error *err)
{
    struct helper *helper = ctx;
    struct settings *restored = NULL;
    bool ok = lineage_rehearse(helper->context, lineage, &restored, err);

    if (restored != NULL)
        checkup_note(&helper->checkup, lineage, restored);
    return ok;
}

static bool sweep(void *ctx, const char *name, struct error *err)
{
    const struct helper *helper = ctx;

    return traces_sweep_one(helper->context, name, err);
}

/* Who renews, beside the store's own health. */
static bool look_at_schedule(struct context *context, struct findings *findings, struct error *err)
{
    AUTO(schedule_look_clear) struct schedule_look look = { 0 };
    AUTO(free) const struct verb **verbs = command_verbs();

    if (context->settings->cert_name != NULL)
        return true;
    last_run_tell(store_work_dir(context->store), context_now(context), findings);
    TRY(schedule_look(context->settings, context->store, NULL, &look, err));
    schedule_judge(&look, findings);
    scheduled_try(&look.renewers, verbs, findings);
    return true;
}

static bool doctor_run(struct context *context, struct error *err)
{
    const struct settings *settings = context->settings;
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(findings_clear) struct findings findings = { 0 };
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX);
    AUTO(helper_clear) struct helper helper = { .context = context };
    const struct rehearsal rehearsal = { rehearse, &helper, sweep };
    AUTO(network_clear) struct network network = { 0 };
    AUTO(targets_clear) struct targets targets = { 0 };
    size_t open;

    TRY(lock_store(context, &lock, err));
    TRY(health_examine_all(context->store, settings, settings->cert_name, settings->fix ? HEALTH_FIX : HEALTH_LOOK,
        &rehearsal, &findings, err));
    TRY(checkup(context, settings->cert_name, settings->online, &helper.checkup, &findings, err));
    TRY(!settings->online || look_at_servers(context, &findings, err));
    TRY(look_at_schedule(context, &findings, err));
    TRY(look_at_network(context, &network, err));
    targets_read(settings, &targets);
    if (settings->cert_name == NULL)
        notify_examine(settings, &targets, &findings);
    open = findings_open(&findings) + !network.works;
    if (settings->json) {
        say_json(context, &findings, &network, &targets, &text);
    } else {
        say_findings(context, &findings);
        say_summary(context, &findings, open);
        say_network(context, &network);
        say_alarms(context, &targets);
    }
    if (open == 0)
        return true;
    (void)error_set(err, ERROR_STORE, "%zu problem(s) remain in %s", open, store_config_dir(context->store));
    return error_is_answer(err);
}

static const enum option_topic topics[] = { TOPIC_CERTIFICATE, TOPIC_HIDDEN };

static bool only_looks(const struct settings *settings)
{
    return !settings->fix;
}

const struct command cmd_doctor = {
    .verb = {
        .name = "doctor",
        .summary = "Find what is wrong in the store, and repair it with --fix",
        .usage = "[--fix] [--cert-name NAME] [--online] [--json]",
        .text = "Examines every certificate's files, links, versions, keys, renewal file and permissions, and what lies in the "
                "store besides. With --fix it repairs what has exactly one right answer, and says what it did; what has "
                "several is reported with all of them. It also tries the web servers that certificates are installed in, and tells how "
                "the network process is protected. With --online it looks at names, ports and CA as `preflight` does, too. The "
                "exit status is 1 while an error or a warning remains; notes do not count. With --json for monitoring.",
        .topics = topics,
        .ours = true,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .only_reads = only_looks,
    .run = doctor_run,
};
