#include "ui/prompt.h"

#include <ctype.h>
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
    char shown[sizeof err->why / 2];

    buf_putf(&text, "Missing command line flag or config entry for this setting:\n%s", question->text);
    if (choices != NULL) { /* of thousands, the first; the flag is what matters */
        text_printable(shown, sizeof shown, view_of(choices), true);
        buf_putf(&text, "\n%s", shown);
    }
    if (question->flag != NULL)
        buf_putf(&text, "\n\n(You can set this with the %s flag)", question->flag);
    return error_set_lines(err, ERROR_CONFIG, text.failed ? "Missing command line flag" : buf_text(&text));
}

bool prompt_decide(struct ui *ui, const struct question *question, const char *choices, bool *ask, struct error *err)
{
    *ask = ui_is_interactive(ui) || (question->forced && ui_may_ask(ui));
    if (!*ask && ui_may_ask(ui) && !ui->warned) {
        ui->warned = true;
        log_warning("Skipped user interaction because %s doesn't appear to be running in a terminal. You should "
                    "probably include --non-interactive or --force-interactive on the command line.",
            ui_voice(ui)->program);
    }
    if (*ask || question->has_default)
        return true;
    return missing_flag(question, choices, err);
}

static void show(struct ui *ui, const char *prompt)
{
    if (ui_hears(ui, prompt))
        ui_put_lines(ui, view_of(prompt));
}

void prompt_reject(struct ui *ui, const char *unhinted, const char *hint)
{
    ui_explain(ui, ui_voice(ui)->hints ? hint : unhinted);
}

bool prompt_canceled(struct ui *ui, const struct question *question, struct error *err)
{
    if (ui_voice(ui)->canceled != NULL)
        return error_set(err, ERROR_CANCELED, "%s", ui_voice(ui)->canceled);
    return error_set(
        err, ERROR_CANCELED, "%s", question->canceled != NULL ? question->canceled : "User ended interaction.");
}

static bool ask_for(
    struct ui *ui, const char *prompt, bool (*read)(char **out, struct error *err), char **out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(UI_MAX_TEXT);

    ui_wrap(view_of(prompt), ui_text_columns(ui), &text);
    if (text_ends(prompt, ":"))
        buf_put_char(&text, ' ');
    for (;;) {
        char *answer = NULL;

        show(ui, buf_text(&text));
        TRY(read(&answer, err));
        if (answer != NULL) {
            *out = answer;
            return true;
        }
        show(ui, "That line is too long, or holds characters that cannot be printed.\n");
    }
}

bool prompt_answer(struct ui *ui, const char *prompt, char **out, struct error *err)
{
    return ask_for(ui, prompt, answer_read, out, err);
}

static bool means(const struct ui *ui, const char *answer, const char *label)
{
    if (ui_voice(ui)->reads_first_letter)
        return tolower((unsigned char)answer[0]) == tolower((unsigned char)label[0]);
    return answer_means(answer, label);
}

bool ui_yes_no(struct ui *ui, const struct question *question, const char *yes, const char *no, bool otherwise,
    bool *out, struct error *err)
{
    AUTO(free) char *prompt = xprintf("(%c)%s/(%c)%s:", yes[0], yes + 1, no[0], no + 1);
    AUTO(free)
    char *hint =
        xprintf("Please type %c or %c, then Enter.", tolower((unsigned char)yes[0]), tolower((unsigned char)no[0]));
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
        if (means(ui, answer, yes) || means(ui, answer, no)) {
            *out = means(ui, answer, yes);
            return true;
        }
        if (ui_voice(ui)->hints)
            ui_explain(ui, hint);
    }
}

bool ui_text(struct ui *ui, const struct question *question, const char *otherwise, char **out, struct error *err)
{
    AUTO(free) char *prompt = xprintf("%s (Enter 'c' to cancel):", question->text), *answer = NULL;
    bool ask;

    TRY(prompt_decide(ui, question, NULL, &ask, err));
    if (!ask) {
        *out = xstrdup(otherwise != NULL ? otherwise : "");
        return true;
    }
    TRY(ask_for(ui, prompt, question->is_list && ui_voice(ui)->reads_pasted_lines ? answer_read_lines : answer_read,
        &answer, err));
    if (answer_is_cancel(answer))
        return prompt_canceled(ui, question, err);
    *out = TAKE(answer);
    return true;
}

bool ui_pause(struct ui *ui, const char *text, struct error *err)
{
    struct question question = { .text = text, .forced = true };
    AUTO(free) char *answer = NULL;
    bool ask;

    TRY(prompt_decide(ui, &question, NULL, &ask, err));
    ui_frame(ui, ui_voice(ui)->fits_terminal, text);
    return prompt_answer(ui, "Press Enter to Continue", &answer, err);
}
