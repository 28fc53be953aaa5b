/*
 * The program: options in, one command run, an exit status out.
 *
 * 0 success, also when nothing was to be done; 1 an error; 2 the command line cannot be understood; after SIGTERM and
 * kin the program dies from the same signal, once everything is cleaned up. A command may be asked for others.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "audit/audit.h"
#include "audit/syslog.h"
#include "restore/restore.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/sanitizer.h"
#include "base/text.h"
#include "cmd/command.h"
#include "config/command_line.h"
#include "help/help.h"
#include "crypto/memory.h"
#include "plugin/plugin.h"
#include "recipe/document.h"
#include "run/hooks.h"
#include "script/helper.h"

#define STORE_NO_TRACE (STORE_READ | STORE_AS_IT_IS) /* without directories, locks and log of its own */
#define HELP_MAX (1024 * 1024)
#define HELP_COLUMNS 80

static struct ui *open_ui(const struct settings *settings, const struct voice *voice)
{
    struct ui_options wanted = { .voice = voice };

    if (settings != NULL) {
        wanted.quiet = settings->quiet;
        wanted.non_interactive = settings->non_interactive || settings->quiet;
        wanted.force_interactive = settings->force_interactive;
    }
    return ui_new(&wanted);
}

/* Opens the log. Where it cannot be written the run goes on without: the certificate matters more. */
static bool open_log(const struct settings *settings, unsigned needs, struct error *err)
{
    if (!log_open(settings->logs_dir, (unsigned)settings->max_log_backups, err)) {
        bool reads = (needs & STORE_READ) != 0; /* its directory may be one that this user could not make */

        if (!store_may_go_without(needs, err->sys) && !(reads && err->sys == ENOENT))
            return false;
        if (!reads)
            log_warning("Going on without a log: %s", err->why);
        error_clear(err);
        return true;
    }
    if (settings->voice->names_log && !settings->quiet)
        fprintf(stderr, "Saving debug log to %s\n", log_path());
    return true;
}

/* A directory that cannot be made or locked is nothing unexpected; Certbot has a form of its own for it, and one advice
 * whatever the cause is. */
static bool tell_unusable(const struct voice *voice, struct error *err)
{
    return err->sys != 0 && VOICE_ERROR(err, err->kind, voice->unusable_dirs, err->why);
}

/* Opens the logs directory and the log first, as Certbot does, so that the rest is logged. Under our own name other
 * runs of ours may use the store at the same time. */
static bool open_store(const struct settings *settings, unsigned needs, struct store **out, struct error *err)
{
    AUTO(store_close) struct store *store = NULL;

    if (needs & STORE_LOCK && settings->voice->shares_store)
        needs |= STORE_SHARE;
    if (settings->dry_run)
        needs |= STORE_AS_IT_IS;
    if (!store_open_logs(settings, needs, &store, err))
        return tell_unusable(settings->voice, err);
    if (needs != STORE_NO_TRACE)
        TRY(open_log(settings, needs, err));
    if (!store_open_rest(store, err))
        return tell_unusable(settings->voice, err);
    *out = TAKE(store);
    return true;
}

/* Opens what the command works with: the store, which is the caller's, and the settings as they hold in the end. What
 * it does already is told to the audit trail, which the caller ends. */
static bool begin(const struct command *command, struct settings *settings, struct store **out, struct error *err)
{
    AUTO(store_close) struct store *store = NULL;
    unsigned needs = command->store_needs;

    TRY(settings_check(settings, &command->verb, err));
    TRY(hooks_check(settings, err)); /* whatever the subcommand, as Certbot does */
    if (settings->voice->reads_without_writing && command->only_reads != NULL && command->only_reads(settings))
        needs = command->leaves_no_trace ? STORE_NO_TRACE : needs | STORE_READ;
    if (!command->without_log && !open_store(settings, needs, &store, err)) {
        if (!command->without_store)
            return false;
        log_debug("%s: %s", err->what, err->why);
        error_clear(err);
    }
    if (store != NULL && !settings->dry_run)
        audit_begin(settings->logs_dir, command->verb.name, SYSLOG_SOCKET);
    if (store != NULL && !(needs & STORE_READ) && !settings->dry_run)
        TRY(restore_settle(store, err));
    TRY(settings_resolve(settings, &command->verb, err));
    *out = TAKE(store);
    return true;
}

/* Whether a failure is worth a line of the audit trail: of a command that was to change something, and no answer. */
static bool is_failed_attempt(const struct store *store, const struct error *err)
{
    return store != NULL && !store_only_reads(store) && !err->expected && err->kind != ERROR_USAGE &&
           err->kind != ERROR_CANCELED;
}

static bool run_command(const struct command *command, struct settings *settings, const char *arguments, struct ui *ui,
    int *status, struct error *err)
{
    AUTO(store_close) struct store *store = NULL;
    AUTO(run_free) struct run *run = run_new(NULL);
    AUTO(answers_clear) struct answers answers = { 0 };
    struct context context = {
        .settings = settings,
        .answers = &answers,
        .ui = ui,
        .run = run,
        .verb = &command->verb,
        .arguments = arguments,
        .voice = settings->voice,
    };
    bool ok;

    if (!begin(command, settings, &store, err)) {
        if (command->not_begun != NULL)
            command->not_begun(&context, err);
        audit_end();
        return false;
    }
    context.store = store;
    ok = command->run(&context, err);
    if (ok)
        *status = context.exit_status;
    else if (is_failed_attempt(store, err))
        audit_command_failed(err);
    audit_end();
    return ok;
}

/* The command line or a file of settings is wrong, which may have nobody looking at it. The line itself is not told: a
 * secret may stand in it. */
static void tell_not_begun(
    const struct command_line *line, const char *arguments, struct ui *ui, const struct error *err)
{
    const struct command *command = line->verb == NULL ? NULL : command_of(line->verb);
    AUTO(run_free) struct run *run = NULL;
    AUTO(answers_clear) struct answers answers = { 0 };
    struct context context = {
        .settings = line->settings,
        .answers = &answers,
        .ui = ui,
        .verb = line->verb,
        .arguments = arguments,
        .voice = ui_voice(ui),
    };
    struct error told = { 0 };

    if (command == NULL || command->not_begun == NULL)
        return;
    (void)error_set(&told, err->kind, "%s cannot be understood",
        err->what[0] != '\0' ? err->what : "the command line or a file of settings");
    context.run = run = run_new(NULL);
    command->not_begun(&context, &told);
}

static bool put_help(const struct command_line *line, const struct voice *voice, struct buf *text, struct error *err)
{
    AUTO(free) const struct verb **verbs = command_verbs();
    const char *topic = line->help_topic;

    if (topic != NULL && !help_has_page(verbs, topic)) {
        AUTO(buf_clear) struct buf page = BUF(HELP_MAX);
        bool found;

        TRY(document_help_page(line->settings, topic, &page, &found, err));
        if (!found)
            TRY(plugin_put_help(line->settings, topic, HELP_COLUMNS, &page, &found, err));
        if (found) {
            help_usage(voice->command, text);
            buf_put(text, buf_view(&page));
            return true;
        }
    }
    help_write(verbs, voice, topic, HELP_COLUMNS, text);
    return true;
}

static bool show_help(const struct command_line *line, const struct voice *voice, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(HELP_MAX);

    if (line->version)
        buf_putf(&text, "%s %s\n", voice->command, voice->version);
    else
        TRY(put_help(line, voice, &text, err));
    if (fwrite(text.at, 1, text.len, stdout) == text.len)
        return true;
    return error_errno(err, ERROR_INTERNAL, "cannot write to standard output");
}

static int exit_status(const struct error *err)
{
    int signal_number = interrupt_signal();

    if (err->kind == ERROR_USAGE)
        return 2;
    if (err->kind == ERROR_CANCELED && signal_number != 0 && signal_number != SIGINT) {
        log_close();
        (void)fflush(NULL);
        (void)signal(signal_number, SIG_DFL);
        (void)raise(signal_number);
    }
    return 1;
}

static void report(struct ui *ui, const struct error *err)
{
    log_debug("%s: %s: %s%s%s", error_kind_name(err->kind), err->what, err->why, err->next[0] != '\0' ? "\nnext: " : "",
        err->next);
    if (err->kind == ERROR_USAGE) {
        AUTO(buf_clear) struct buf usage = BUF(HELP_MAX);

        help_usage(ui_voice(ui)->command, &usage);
        fputs(buf_text(&usage), stderr);
    }
    ui_error(ui, err, log_path());
}

/* The first lines of the log, whatever becomes of the run. */
static void log_start(int argc, char **argv)
{
    AUTO(free) char *arguments = command_line_describe(argc, argv);

    log_debug("evercert version: %s (certbot version: %s)", voice_own.version, voice_certbot.version);
    log_debug("Arguments: %s", arguments);
}

/* A failure before the log is open gets a log of its own, unless it is a typing error. */
static void report_failure(struct ui *ui, const struct error *err)
{
    if (err->kind != ERROR_USAGE && err->kind != ERROR_CANCELED && err->kind != ERROR_INTERNAL && !err->expected)
        log_open_early();
    report(ui, err);
}

/* *status: of the program, when it succeeds; also when it fails, unless it is 0. */
static bool run(int argc, char **argv, const struct voice *voice, struct ui **ui, int *status, struct error *err)
{
    AUTO(command_line_clear) struct command_line line = { 0 };
    AUTO(free) const struct verb **verbs = command_verbs();
    AUTO(free) char *arguments = NULL;
    const struct command *command;
    bool ok;

    log_start(argc, argv);
    ok = command_line_read(argc, argv, verbs, voice, &line, err);
    arguments = command_line_join(argc, argv);
    command_line_hide(argc, argv);
    if (!ok) {
        tell_not_begun(&line, arguments, *ui, err);
        return false;
    }
    if (line.help || line.version)
        return show_help(&line, voice, err);
    ui_free(*ui);
    *ui = open_ui(line.settings, voice);
    log_terminal_level((enum log_level)settings_terminal_level(line.settings));
    command = command_of(line.verb);
    ok = run_command(command, line.settings, arguments, *ui, status, err);
    if (!ok && command->tell_failure != NULL && err->kind != ERROR_CANCELED)
        *status = command->tell_failure(*ui, line.settings, err);
    return ok;
}

/* Keys are in here: no core file, no debugger of the same user, and nothing left behind by what is freed. Programs that
 * we start are not concerned, since exec undoes the first. */
static void guard_memory(void)
{
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        log_warning("This process's memory can be looked into by others who run as the same user: %s", strerror(errno));
    if (!crypto_wipe_freed())
        log_warning("OpenSSL has begun before us: what it frees is not overwritten");
}

/* The sanitizer's search for leaks is a debugger. Nothing is left to protect by then. */
static void unguard_memory(void)
{
#if SANITIZED_ADDRESS
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
}

int main(int argc, char **argv)
{
    const struct voice *voice = voice_of(argv[0]);
    struct error err = { 0 };
    struct ui *ui;
    int status = 0;

    guard_memory();
    program_is_called(argv[0]);
    file_fill_standard();
    file_set_elsewhere("set --config-dir, --work-dir and --logs-dir to directories");
    interrupt_init();
    if (helper_is_called(argc, argv))
        return helper_main(argc, argv);
    plugins_use(command_plugins);
    plugins_from(&command_plugin_source);
    ui = open_ui(NULL, voice);
    if (!run(argc, argv, voice, &ui, &status, &err)) {
        report_failure(ui, &err);
        status = status != 0 ? status : exit_status(&err);
    } else if (!ui_check_output(ui, &err)) {
        report(ui, &err);
        status = 1;
    }
    ui_free(ui);
    log_close();
    unguard_memory();
    return status;
}
