#include "ui/prompt.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "ui/answer.h"
#include "ui/state.h"

/* Certbot's words on several lines, which error_set would join. */
static bool missing_flag(const struct question *question, const char *choices, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(2 * sizeof err->why);

    (void)error_set(err, ERROR_CONFIG, "Missing command line flag");
    buf_putf(&text, "Missing command line flag or config entry for this setting:\n%s", question->text);
    if (choices != NULL)
        buf_putf(&text, "\n%s", choices);
    if (question->flag != NULL)
        buf_putf(&text, "\n\n(You can set this with the %s flag)", question->flag);
    if (!text.failed)
        text_printable(err->why, sizeof err->why, buf_view(&text), true);
    return false;
}

bool prompt_decide(struct ui *ui, const struct question *question, const char *choices, bool *ask, struct error *err)
{
    *ask = ui_is_interactive(ui) || (question->forced && ui_may_ask(ui));
    if (!*ask && ui_may_ask(ui) && !ui->warned) {
        ui->warned = true;
        log_warning("Skipped user interaction because %s doesn't appear to be running in a terminal. You should "
                    "probably include --non-interactive or --force-interactive on the command line.",
                    ui->options.as_certbot ? "Certbot" : "Evercert");
    }
    if (*ask || question->has_default)
        return true;
    return missing_flag(question, choices, err);
}

static void show(struct ui *ui, const char *prompt)
{
    ui_put(ui, STDOUT_FILENO, view_of(prompt));
}

void prompt_reject(struct ui *ui)
{
    show(ui, "That is none of the answers possible here.\n");
}

bool prompt_canceled(struct error *err)
{
    return error_set(err, ERROR_CANCELED, "the question was not answered (canceled)");
}

bool prompt_answer(struct ui *ui, const char *prompt, char **out, struct error *err)
{
    for (;;) {
        char *answer = NULL;

        show(ui, prompt);
        TRY(answer_read(&answer, err));
        if (answer != NULL) {
            *out = answer;
            return true;
        }
        show(ui, "That line is too long, or holds characters that cannot be printed.\n");
    }
}

bool ui_yes_no(struct ui *ui, const struct question *question, const char *yes, const char *no, bool otherwise,
               bool *out, struct error *err)
{
    AUTO(free) char *prompt = xprintf("(%c)%s/(%c)%s: ", yes[0], yes + 1, no[0], no + 1);
    bool ask;

    TRY(prompt_decide(ui, question, NULL, &ask, err));
    if (!ask) {
        *out = otherwise;
        return true;
    }
    ui_frame(ui, true, question->text);
    for (;;) {
        AUTO(free) char *answer = NULL;

        TRY(prompt_answer(ui, prompt, &answer, err));
        if (answer_means(answer, yes) || answer_means(answer, no)) {
            *out = answer_means(answer, yes);
            return true;
        }
    }
}

bool ui_text(struct ui *ui, const struct question *question, const char *otherwise, char **out, struct error *err)
{
    AUTO(buf_clear) struct buf prompt = BUF(UI_MAX_TEXT);
    AUTO(free) char *line = xprintf("%s (Enter 'c' to cancel):", question->text), *answer = NULL;
    bool ask;

    TRY(prompt_decide(ui, question, NULL, &ask, err));
    if (!ask) {
        *out = xstrdup(otherwise != NULL ? otherwise : "");
        return true;
    }
    ui_wrap(view_of(line), UI_COLUMNS, &prompt);
    buf_put_char(&prompt, ' ');
    TRY(prompt_answer(ui, buf_text(&prompt), &answer, err));
    if (answer_is_cancel(answer))
        return prompt_canceled(err);
    *out = TAKE(answer);
    return true;
}

bool ui_pause(struct ui *ui, const char *text, struct error *err)
{
    struct question question = { .text = text, .forced = true };
    AUTO(free) char *answer = NULL;
    bool ask;

    TRY(prompt_decide(ui, &question, NULL, &ask, err));
    ui_frame(ui, false, text);
    return prompt_answer(ui, "Press Enter to Continue", &answer, err);
}
