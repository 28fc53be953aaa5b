/* audit: what was done with certificates here, by whom and when; and whether the record of it is whole. */
#include "audit/select.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/verify.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/report.h"

#define LAST_SHOWN 50 /* where nothing else is asked for */
#define LINE_SHOWN (2 * AUDIT_LINE_MAX)

/* ---- show ---- */

struct shown {
    struct ui *ui;
    bool json;
    size_t count;
};

static void put_facts(const struct node *what, struct buf *to)
{
    const char *name;
    const struct node *value;

    for (size_t i = 0; node_each(what, i, &name, &value); i++)
        if (node_text(value) != NULL)
            buf_putf(to, "%s%s=%s", i == 0 ? ": " : ", ", name, node_text(value));
}

static void put_number(const struct node *who, const char *name, struct buf *to)
{
    int64_t number;

    if (node_number(node_member(who, name), &number))
        buf_putf(to, " %s %" PRId64, name, number);
}

static void put_who(const struct node *who, struct buf *to)
{
    const char *sudo = node_text(node_member(who, "sudo")), *command = node_text(node_member(who, "command"));

    buf_put_text(to, "; by");
    put_number(who, "uid", to);
    put_number(who, "login", to);
    if (sudo != NULL)
        buf_putf(to, " sudo %s", sudo);
    buf_putf(to, " with %s", command != NULL ? command : "?");
}

static bool show_line(void *arg, struct view line, const struct node *record, struct error *err)
{
    struct shown *shown = arg;
    AUTO(buf_clear) struct buf text = BUF(LINE_SHOWN);
    const char *lineage = node_text(node_member(record, "lineage")), *why = node_text(node_member(record, "why"));
    const char *time = node_text(node_member(record, "time")), *act = node_text(node_member(record, "act"));

    (void)err;
    if (shown->json) {
        ui_write(shown->ui, view_of(shown->count++ == 0 ? "\n" : ",\n"));
        ui_write(shown->ui, line);
        return true;
    }
    shown->count++;
    buf_putf(&text, "%s  %s%s%s", time, act, lineage != NULL ? "  " : "", lineage != NULL ? lineage : "");
    if (text_equal(node_text(node_member(record, "result")), "failed"))
        buf_putf(&text, "  FAILED: %s", why != NULL ? why : "");
    put_facts(node_member(record, "what"), &text);
    put_who(node_member(record, "who"), &text);
    ui_say(shown->ui, "%s", buf_text(&text));
    return true;
}

static bool usage(struct error *err, const char *value, const char *why)
{
    (void)error_set(err, ERROR_USAGE, "\"%s\" is %s", value, why);
    return error_next(err, "audit show [--since WHEN] [--act ACT] [--cert-name NAME] [--last N], audit verify");
}

static bool choose(const struct context *context, struct audit_choice *out, struct error *err)
{
    const struct settings *settings = context->settings;
    enum audit_act act;

    *out = (struct audit_choice){ .since = INT64_MIN, .act = settings->act, .lineage = settings->cert_name };
    out->failed = text_equal(settings->act, "failed");
    if (out->failed)
        out->act = NULL;
    else if (settings->act != NULL && !audit_act_of(view_of(settings->act), &act))
        return usage(err, settings->act, "no act: docs/audit.md lists them");
    if (settings->since != NULL && !audit_since(settings->since, context_now(context), &out->since))
        return usage(err, settings->since, "no time: 2026-12-01, 2026-12-01T10:00:00Z, or 30m, 12h, 7d ago");
    out->last = SETTING_IS_SET(settings, last) ? (size_t)settings->last
                : settings->act != NULL || settings->since != NULL || settings->cert_name != NULL ? 0
                                                                                                  : LAST_SHOWN;
    return true;
}

static bool show(struct context *context, struct error *err)
{
    struct shown shown = { .ui = context->ui, .json = context->settings->json };
    struct audit_choice choice;
    uint64_t unread = 0;
    bool ok;

    TRY(choose(context, &choice, err));
    if (shown.json)
        ui_write(context->ui, view_of("{\"acts\": ["));
    ok = audit_select(context->settings->logs_dir, &choice, show_line, &shown, &unread, err);
    if (shown.json)
        ui_write(context->ui, view_of("\n]}\n"));
    TRY(ok);
    if (shown.count == 0 && !shown.json)
        ui_say(context->ui, "Nothing of that kind is in the audit trail in %s.", context->settings->logs_dir);
    if (unread > 0)
        log_warning("%" PRIu64 " line(s) or file(s) cannot be read: `%s audit verify` says which", unread,
            context->voice->command);
    return true;
}

/* ---- verify: heads to compare with ---- */

static bool add_given(const struct settings *settings, struct audit_heads *heads, struct error *err)
{
    for (size_t i = 0; i < settings->heads.len; i++) {
        struct audit_head head;

        if (!audit_head_parse(view_of(settings->heads.at[i]), &head))
            return usage(err, settings->heads.at[i], "no head: NUMBER:HASH, or HASH, of 64 hexadecimal digits");
        if (!audit_heads_add(heads, &head))
            return error_set(err, ERROR_USAGE, "too many heads");
    }
    return true;
}

static bool add_file(const char *path, const char *trail, struct audit_heads *heads, struct error *err)
{
    AUTO(audit_reader_close) struct audit_reader *reader = NULL;

    if (strcmp(path, "-") == 0)
        reader = audit_reader_of(dup(STDIN_FILENO), "standard input");
    else
        TRY(audit_reader_open(path, &reader, err));
    return audit_heads_read(reader, trail, heads, err);
}

/* Only what the owner of the trail has told the journal: anybody may tell it something. */
static bool add_journal(struct context *context, const char *trail, struct audit_heads *heads, struct error *err)
{
    AUTO(audit_reader_close) struct audit_reader *reader = NULL;
    AUTO(free) char *uid = NULL;
    AUTO(free) char *since = NULL;
    struct stat st = { .st_uid = geteuid() };
    int64_t at = 0;

    (void)stat(trail, &st);
    uid = xprintf("_UID=%lld", (long long)st.st_uid);
    if (context->settings->since != NULL && !audit_since(context->settings->since, context_now(context), &at))
        return usage(err, context->settings->since, "no time");
    since = xprintf("@%lld", (long long)at);
    {
        char *argv[] = { (char[]){ "journalctl" }, (char[]){ "-q" }, (char[]){ "--no-pager" }, (char[]){ "-o" },
            (char[]){ "cat" }, (char[]){ "--since" }, since, (char[]){ "SYSLOG_IDENTIFIER=evercert" }, uid, NULL };

        if (!audit_reader_run(argv, &reader, err))
            return error_next(err, "name a file of the system's log: --heads-from /var/log/auth.log");
    }
    return audit_heads_read(reader, trail, heads, err);
}

static bool gather_heads(struct context *context, struct audit_heads *heads, struct error *err)
{
    const struct settings *settings = context->settings;
    AUTO(free) char *dir = file_absolute(settings->logs_dir);
    AUTO(free) char *trail = file_join(dir, AUDIT_NAME);
    bool asked = settings->journal || settings->heads_from != NULL;

    TRY(add_given(settings, heads, err));
    if (settings->heads_from != NULL)
        TRY(add_file(settings->heads_from, trail, heads, err));
    if (settings->journal)
        TRY(add_journal(context, trail, heads, err));
    audit_heads_sort(heads);
    if (!asked || heads->count > 0)
        return true;
    (void)error_set(err, ERROR_CONFIG, "the system's log has no head of %s to compare with", trail);
    return error_next(err, "look whether it keeps messages of evercert (facility authpriv), and as whom this is run");
}

/* ---- verify: what was found ---- */

static void say_verdict(struct context *context, const struct audit_verdict *verdict)
{
    char first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(verdict->first_at, first);
    clock_format_rfc3339(verdict->last_at, last);
    for (uint64_t i = 0; i < verdict->problem_count && i < AUDIT_PROBLEMS_KEPT; i++) {
        const struct audit_problem *problem = &verdict->problems[i];

        if (problem->line > 0)
            ui_say(context->ui, "%s:%" PRIu64 ": %s.", problem->file, problem->line, problem->what);
        else
            ui_say(context->ui, "%s: %s.", problem->file, problem->what);
    }
    if (verdict->problem_count > AUDIT_PROBLEMS_KEPT)
        ui_say(context->ui, "... and %" PRIu64 " more.", verdict->problem_count - AUDIT_PROBLEMS_KEPT);
    ui_say(context->ui,
        "%" PRIu64 " line(s) in %" PRIu64 " file(s), from line %" PRIu64 " (%s) to line %" PRIu64 " (%s).",
        verdict->lines, verdict->files, verdict->first, first, verdict->last.seq, last);
    if (verdict->first > 1)
        ui_say(
            context->ui, "Lines before %" PRIu64 " are not here any more: rotated away, or removed.", verdict->first);
    if (verdict->torn > 0)
        ui_say(context->ui, "%" PRIu64 " line(s) were cut short, by a crash or a full disk.", verdict->torn);
    if (verdict->ends_torn)
        ui_say(context->ui, "The last line is cut short; the next act will close it.");
    if (verdict->clock_back > 0)
        ui_say(context->ui, "The clock went back %" PRIu64 " time(s).", verdict->clock_back);
    if (verdict->compared + verdict->older > 0)
        ui_say(context->ui, "%" PRIu64 " head(s) fit; %" PRIu64 " are of lines that are not here any more.",
            verdict->compared, verdict->older);
    ui_say(context->ui, "Head: %" PRIu64 ":%s", verdict->last.seq, verdict->last.hash);
}

static void out_verdict(struct context *context, const struct audit_verdict *verdict)
{
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX);
    struct out out = out_pretty_to(&text);

    out_object(&out, NULL);
    out_bool(&out, "whole", verdict->problem_count == 0);
    out_number(&out, "problem_count", (int64_t)verdict->problem_count);
    out_array(&out, "problems");
    for (uint64_t i = 0; i < verdict->problem_count && i < AUDIT_PROBLEMS_KEPT; i++) {
        out_object(&out, NULL);
        out_text(&out, "file", verdict->problems[i].file);
        out_number(&out, "line", (int64_t)verdict->problems[i].line);
        out_text(&out, "what", verdict->problems[i].what);
        out_end(&out);
    }
    out_end(&out);
    out_number(&out, "files", (int64_t)verdict->files);
    out_number(&out, "lines", (int64_t)verdict->lines);
    out_number(&out, "first", (int64_t)verdict->first);
    out_number(&out, "last", (int64_t)verdict->last.seq);
    out_text(&out, "head", verdict->last.hash);
    out_time(&out, "first_time", verdict->first_at);
    out_time(&out, "last_time", verdict->last_at);
    out_number(&out, "torn", (int64_t)verdict->torn);
    out_bool(&out, "ends_torn", verdict->ends_torn);
    out_number(&out, "clock_went_back", (int64_t)verdict->clock_back);
    out_number(&out, "heads_compared", (int64_t)verdict->compared);
    out_number(&out, "heads_older", (int64_t)verdict->older);
    report_document(context, &out);
}

static bool verify(struct context *context, struct error *err)
{
    AUTO(audit_heads_clear) struct audit_heads heads = { 0 };
    AUTO(audit_verdict_clear) struct audit_verdict verdict = { 0 };

    TRY(gather_heads(context, &heads, err));
    TRY(audit_verify(context->settings->logs_dir, &heads, &verdict, err));
    if (context->settings->json)
        out_verdict(context, &verdict);
    else if (verdict.lines == 0 && verdict.problem_count == 0)
        ui_say(context->ui, "There is no audit trail in %s.", context->settings->logs_dir);
    else
        say_verdict(context, &verdict);
    if (verdict.problem_count == 0)
        return true;
    (void)error_set(err, ERROR_STORE, "the audit trail in %s is not whole", context->settings->logs_dir);
    (void)error_next(err, "compare it with a copy elsewhere; docs/audit.md says what each of these can mean");
    return error_is_answer(err);
}

/* ---- the command ---- */

static bool audit_run(struct context *context, struct error *err)
{
    const struct list *words = &context->settings->operands;
    const char *what = words->len > 0 ? words->at[0] : "show";

    if (strcmp(what, "show") == 0)
        return show(context, err);
    if (strcmp(what, "verify") == 0)
        return verify(context, err);
    return usage(err, what, "no action of audit");
}

static const enum option_topic topics[] = { TOPIC_AUDIT, TOPIC_PATHS, TOPIC_HIDDEN };

static const char *const actions[] = { "show", "verify", NULL };

const struct command cmd_audit = {
    .verb = {
        .name = "audit",
        .summary = "What was done here, by whom and when; and whether that record is whole",
        .usage = "[show] [--since WHEN] [--act ACT] [--cert-name NAME] [--last N] [--json] | verify [--journal] [--head HEAD] "
                 "[--heads-from FILE] [--json]",
        .text = "`audit show` prints the acts that security depends on, the oldest first: keys made, certificates issued, "
                "delivered, revoked and deleted, settings and accounts changed, failed attempts; the last 50 where nothing "
                "else is asked for. They are lines of LOGS/audit.log, each with the hash of the one before it. `audit "
                "verify` follows that chain over all files, also those that were rotated, and says file and line of "
                "whatever was changed, taken away or put in another order; its exit status is 1 then. With --journal it "
                "also compares with the heads that the system's log has, which shows what was cut off at the end.",
        .topics = topics,
        .actions = actions,
        .max_operands = 1,
        .ours = true,
    },
    .store_needs = STORE_READ,
    .only_reads = command_always_reads,
    .without_store = true,
    .without_log = true,
    .run = audit_run,
};
