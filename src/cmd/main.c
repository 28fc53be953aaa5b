/*
 * The program: options in, one command run, an exit status out.
 *
 * 0 success, also when nothing was to be done; 1 an error; 2 the command line cannot be understood; after SIGTERM and kin the
 * program dies from the same signal, once everything is cleaned up.
 */
#include <signal.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cmd/command.h"
#include "config/command_line.h"
#include "config/help.h"
#include "lifecycle/hooks.h"

#define HELP_MAX (1024 * 1024)
#define CERTBOT_VERSION "5.5.0" /* whose command line we have; scripts compare it before they use an option */

static bool is_certbot(const char *argv0)
{
    const char *name = file_basename(argv0 != NULL ? argv0 : "");

    return strcmp(name, "certbot") == 0 || strcmp(name, "letsencrypt") == 0;
}

static struct ui *open_ui(const struct settings *settings, bool as_certbot)
{
    struct ui_options wanted = { .as_certbot = as_certbot };

    if (settings != NULL) {
        wanted.quiet = settings->quiet;
        wanted.non_interactive = settings->non_interactive || settings->quiet;
        wanted.force_interactive = settings->force_interactive;
    }
    return ui_new(&wanted);
}

static bool open_log(const struct settings *settings, bool as_certbot, struct error *err)
{
    TRY(log_open(settings->logs_dir, (unsigned)settings->max_log_backups, err));
    if (as_certbot && !settings->quiet)
        fprintf(stderr, "Saving debug log to %s\n", log_path());
    log_debug("evercert %s", EVERCERT_VERSION);
    return true;
}

static bool run_command(const struct command *command, struct settings *settings, struct ui *ui, bool as_certbot,
    struct error *err)
{
    AUTO(store_close) struct store *store = NULL;
    AUTO(world_free) struct world *world = world_new();
    struct context context = {
        .settings = settings, .ui = ui, .world = world, .verb = command->verb.name,
        .program = as_certbot ? "Certbot" : "Evercert", .as_certbot = as_certbot,
    };

    TRY(settings_check(settings, &command->verb, err));
    TRY(hooks_check(settings, err)); /* whatever the subcommand, as Certbot does */
    if (command->store_needs != 0) {
        TRY(store_open(settings, command->store_needs, &store, err));
        TRY(open_log(settings, as_certbot, err));
    }
    context.store = store;
    return command->run(&context, err);
}

static bool show_help(const struct command_line *line, const char *program)
{
    AUTO(buf_clear) struct buf text = BUF(HELP_MAX);
    AUTO(free) const struct verb **verbs = command_verbs();

    if (line->version)
        buf_putf(&text, "%s %s\n", program, strcmp(program, "certbot") == 0 ? CERTBOT_VERSION : EVERCERT_VERSION);
    else
        help_write(verbs, program, line->help_topic, 80, &text);
    return fwrite(text.at, 1, text.len, stdout) == text.len;
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

static void report(struct ui *ui, const char *program, const struct error *err)
{
    log_debug("%s: %s: %s", error_kind_name(err->kind), err->what, err->why);
    if (err->kind == ERROR_USAGE) {
        AUTO(buf_clear) struct buf usage = BUF(HELP_MAX);

        help_usage(program, &usage);
        fputs(buf_text(&usage), stderr);
    }
    ui_error(ui, program, err, log_path());
}

static bool run(int argc, char **argv, const char *program, bool as_certbot, struct ui **ui, struct error *err)
{
    AUTO(command_line_clear) struct command_line line = { 0 };
    AUTO(free) const struct verb **verbs = command_verbs();

    TRY(command_line_read(argc, argv, verbs, as_certbot, &line, err));
    if (line.help || line.version)
        return show_help(&line, program) || error_errno(err, ERROR_INTERNAL, "cannot write to standard output");
    ui_free(*ui);
    *ui = open_ui(line.settings, as_certbot);
    log_terminal_level((enum log_level)settings_terminal_level(line.settings));
    return run_command(command_of(line.verb), line.settings, *ui, as_certbot, err);
}

int main(int argc, char **argv)
{
    bool as_certbot = is_certbot(argv[0]);
    const char *program = as_certbot ? "certbot" : "evercert";
    struct error err = { 0 };
    struct ui *ui;
    int status = 0;

    file_fill_standard();
    interrupt_init();
    ui = open_ui(NULL, as_certbot);
    if (!run(argc, argv, program, as_certbot, &ui, &err)) {
        report(ui, program, &err);
        status = exit_status(&err);
    } else if (!ui_check_output(ui, &err)) {
        report(ui, program, &err);
        status = 1;
    }
    ui_free(ui);
    log_close();
    return status;
}
