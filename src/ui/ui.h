#pragma once
/*
 * Output for people and their answers: lines on standard output, prompts, errors.
 *
 * Knows terminals; knows nothing of certificates. A worker of `renew` has a ui of its own that collects, so that the
 * output about one lineage stays together.
 */
#include "base/bytes.h"
#include "voice/voice.h"

struct ui;

struct ui_options {
    bool quiet; /* nothing on standard output but what is in the log, no prompts */
    bool non_interactive;
    bool force_interactive;    /* prompt although there is no terminal */
    const struct voice *voice; /* NULL: our own */
    /* Gets what would be written on standard output (fd 1) and standard error (2): for tests. NULL: it is written. */
    void (*put)(void *ctx, int fd, struct view text);
    void *put_ctx;
};

struct ui *ui_new(const struct ui_options *options) __attribute__((returns_nonnull));
void ui_free(struct ui *ui); /* says what was still collected; NULL is fine */
DEFINE_AUTO(struct ui, ui_free)

/* Makes a ui that collects output and never prompts; it also takes this thread's log messages for the terminal
 * (log_thread_sink). One thread writes to it, up to ui_done; any thread may call the other three. */
struct ui *ui_collect(struct ui *parent) __attribute__((returns_nonnull));
/* Ends the collecting in the thread that began it. What was collected stays until the worker is freed. */
void ui_done(struct ui *worker);
/* Passes output on at once from now on, after what was collected so far. */
void ui_release(struct ui *worker);
/* Forgets what was collected and not yet handed over. */
void ui_forget(struct ui *worker);
/* Hands everything collected to the terminal as one piece, standard error and standard output in the order they were
 * said. */
void ui_flush(struct ui *worker);

const struct voice *ui_voice(const struct ui *ui) __attribute__((returns_nonnull));
bool ui_is_interactive(const struct ui *ui); /* every question is asked: there is a terminal, or --force-interactive */
bool ui_may_ask(const struct ui *ui);        /* forced questions are: not with -n, not with -q, not in a worker */
bool ui_is_terminal(const struct ui *ui);    /* standard output is one */
unsigned ui_columns(const struct ui *ui);    /* 80 when unknown */

/* A line (or several) on standard output, never wrapped; the final newline is added. Foreign text in it is made
 * printable, as in all that follows but ui_write. */
void ui_say(struct ui *ui, const char *format, ...) PRINTF(2, 3);
/* The same for a sentence within a question: wrapped. */
void ui_explain(struct ui *ui, const char *text);
/* Text between two frame lines, preceded by an empty line; wrapped when wrap. A final line feed of the text counts for
 * nothing. As certbot, lines are wrapped at 80 columns and frames are 79 characters long; else both keep within a
 * narrower terminal. */
void ui_frame(struct ui *ui, bool wrap, const char *text);
void ui_frame_line(struct ui *ui);
/* The same for text that comes in parts, each of whole lines and never wrapped. */
void ui_frame_begin(struct ui *ui);
void ui_frame_part(struct ui *ui, const char *text);
void ui_frame_end(struct ui *ui);
/* Prints the steps that remain for the user, set off from the rest on a terminal. */
void ui_next_steps(struct ui *ui, const struct list *steps);
/* Raw output for scripts (--json): as it is, also with --quiet. */
void ui_write(struct ui *ui, struct view text);
/* ERROR_STORE when something could not be written on standard output (disk full, reader gone): what a script reads
 * is then cut short. Call before ui_free. */
MUST_USE bool ui_check_output(const struct ui *ui, struct error *err);

/* Wraps text at columns between words, keeping its line feeds; no final newline is added. */
void ui_wrap(struct view text, unsigned columns, struct buf *out);

/* Reports an error on standard error: what, why, next. The one place where errors become text; log_path (may be
 * NULL) is named for details. program: what the user called us. */
void ui_error(struct ui *ui, const struct error *error, const char *log_path);
/* Whether, under the name certbot, the failed steps precede the cause: not for a CA's refusal, a plugin's failure or an
 * unanswered question, of which Certbot prints the cause alone. */
bool ui_cause_has_step(const struct error *error);

/* ---- prompts ---- */

/*
 * A question. Without interaction the default is taken silently; where there is none (or fallback is not set) the
 * call fails with ERROR_CONFIG: "Missing command line flag or config entry for this setting:", the question, and the
 * flag that answers it. Without a terminal and without -n, a question that is not forced takes its default too, after
 * one warning; a forced one is read from standard input. End of file and Ctrl-C mean cancel: ERROR_CANCELED.
 */
struct question {
    const char *text;
    const char *flag; /* "--expand"; NULL: no flag answers it */
    bool has_default;
    bool forced;
    bool is_list;         /* the answer is one: lines that are pasted together are one answer (not as Certbot) */
    const char *canceled; /* Certbot's answer to "c"; NULL: "User ended interaction." */
};

MUST_USE bool ui_yes_no(struct ui *ui, const struct question *question, const char *yes, const char *no, bool otherwise,
    bool *out, struct error *err); /* labels such as "Expand", "Cancel": their first letters are the answers */
MUST_USE bool ui_menu(struct ui *ui, const struct question *question, const struct list *choices, size_t otherwise,
    size_t *out, struct error *err);
/* Marks in chosen (one bool for each choice). An empty answer chooses all; the default (has_default) is all, too. */
MUST_USE bool ui_checklist(
    struct ui *ui, const struct question *question, const struct list *choices, bool *chosen, struct error *err);
/* otherwise is what is taken without interaction; an empty answer is the empty string. *out is the caller's. */
MUST_USE bool ui_text(
    struct ui *ui, const struct question *question, const char *otherwise, char **out, struct error *err);
/* Shows text and waits for Enter; without interaction fails as above. */
MUST_USE bool ui_pause(struct ui *ui, const char *text, struct error *err);
