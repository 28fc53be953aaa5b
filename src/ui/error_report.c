#include <signal.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "ui/state.h"

#define REPORT_MAX ((size_t)64 * 1024)
#define LABEL_COLUMNS 9 /* "  why:   " */
#define LEAST_COLUMNS 40
#define MOST_COLUMNS 100

/* The first line: program and what happened; a cause of several lines keeps them. */
static void put_head(struct buf *out, const char *program, const char *text, unsigned columns)
{
    AUTO(buf_clear) struct buf line = BUF(REPORT_MAX);

    buf_putf(&line, "%s: %s", program, text);
    ui_wrap(buf_view(&line), columns, out);
    buf_put_char(out, '\n');
}

/* Writes one part: its label, and the text aligned behind it. */
static void put_part(struct buf *out, const char *label, const char *text, unsigned columns)
{
    AUTO(buf_clear) struct buf wrapped = BUF(REPORT_MAX);
    struct view rest, line;

    ui_wrap(view_of(text), columns - LABEL_COLUMNS, &wrapped);
    rest = buf_view(&wrapped);
    for (bool first = true; view_cut(&rest, '\n', &line); first = false) {
        if (line.len == 0 && !first)
            buf_put_char(out, '\n');
        else
            buf_putf(out, "%-*s%.*s\n", LABEL_COLUMNS, first ? label : "", (int)line.len, line.at);
    }
}

/* Three parts for a person: what failed, why, and what to do now; then where to read more. */
static void report_explained(struct buf *out, const struct ui *ui, const struct error *error, const char *log_path)
{
    bool has_what = error->what[0] != '\0' && error->kind != ERROR_CANCELED; /* the user stopped it, and knows */
    unsigned columns = ui_columns(ui);

    if (columns > MOST_COLUMNS)
        columns = MOST_COLUMNS;
    if (columns < LEAST_COLUMNS)
        columns = LEAST_COLUMNS; /* the terminal breaks the lines then */
    put_head(out, ui_voice(ui)->command, has_what ? error->what : error->why, columns);
    if (has_what && error->why[0] != '\0')
        put_part(out, "  why:", error->why, columns);
    if (error->next[0] != '\0')
        put_part(out, "  next:", error->next, columns);
    if (log_path != NULL && error->kind != ERROR_USAGE && error->kind != ERROR_CANCELED)
        put_part(out, "  log:", log_path, columns);
}

/* Certbot introduces what its authors did not foresee: refusals of the CA, the network, the file system. */
static bool is_unexpected(const struct error *error)
{
    switch (error->kind) {
    case ERROR_NETWORK:
    case ERROR_INTERNAL:
        return true;
    case ERROR_ACME:
        return error->problem[0] != '\0';
    case ERROR_STORE:
        return error->sys != 0;
    case ERROR_NONE:
    case ERROR_USAGE:
    case ERROR_CONFIG:
    case ERROR_PLUGIN:
    case ERROR_HOOK:
    case ERROR_CANCELED:
        return false;
    }
    return true;
}

/* Writes a message as Certbot logs it. */
static void put_line(struct buf *out, const char *text)
{
    bool red = log_has_colours(STDERR_FILENO);

    buf_putf(out, "%s%s%s\n", red ? "\033[31m" : "", text, red ? "\033[0m" : "");
}

bool ui_cause_has_step(const struct error *error)
{
    return error->what[0] != '\0' && error->kind != ERROR_ACME && error->kind != ERROR_PLUGIN &&
           error->kind != ERROR_CANCELED && !text_has_lines(error->why);
}

static void report_cause(struct buf *out, const struct ui *ui, const struct error *error, const char *log_path)
{
    bool has_what = ui_cause_has_step(error);
    AUTO(free) char *text = NULL;

    if (error->kind == ERROR_CANCELED && interrupt_signal() == SIGINT) {
        put_line(out, "Exiting due to user request.");
        return;
    }
    if (error->kind == ERROR_USAGE) {
        buf_putf(
            out, "%s: error: %s\n", ui_voice(ui)->command, error->why); /* argparse's form; the usage stands in front */
        return;
    }
    if (is_unexpected(error))
        put_line(out, "An unexpected error occurred:");
    text = xprintf("%s%s%s", has_what ? error->what : "", has_what ? ": " : "", error->why + error->detail);
    if (error->expected)
        buf_putf(out, "%s\n", text); /* the program's last word, not one of the log's */
    else
        put_line(out, text);
    if (error->kind == ERROR_STORE && error->next[0] != '\0')
        buf_putf(out, "%s\n",
            error->next); /* Certbot's own advice for files; the rest is ours and not printed under its name */
    if (ui->options.quiet || error->expected)
        return;
    buf_put_text(out, "Ask for help or search for solutions at https://community.letsencrypt.org.");
    if (log_path != NULL)
        buf_putf(out, " See the logfile %s or re-run Certbot with -v for more details.", log_path);
    buf_put_char(out, '\n');
}

void ui_error(struct ui *ui, const struct error *error, const char *log_path)
{
    AUTO(buf_clear) struct buf out = BUF(REPORT_MAX);

    if (ui_voice(ui)->explains)
        report_explained(&out, ui, error, log_path);
    else
        report_cause(&out, ui, error, log_path);
    ui_put(ui, STDERR_FILENO, buf_view(&out));
}
