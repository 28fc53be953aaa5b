#include <string.h>

#include "base/mem.h"
#include "ui/answer.h"
#include "ui/prompt.h"
#include "ui/state.h"

/* Title and numbered choices, the numbers from 1. Certbot leaves a title as it is. */
static void show_choices(struct ui *ui, const char *title, const struct list *choices)
{
    AUTO(buf_clear) struct buf out = BUF(UI_MAX_TEXT);
    unsigned columns = ui_text_columns(ui);

    buf_put_char(&out, '\n');
    ui_put_paragraph(&out, ui_voice(ui)->fits_terminal ? columns : 0, title);
    ui_put_frame(ui, &out);
    for (size_t i = 0; i < choices->len; i++) {
        AUTO(free) char *entry = xprintf("%zu: %s", i + 1, choices->at[i]);

        ui_put_paragraph(&out, columns, entry);
    }
    ui_put_frame(ui, &out);
    if (ui_hears(ui, buf_text(&out)))
        ui_put_lines(ui, buf_view(&out));
}

static bool read_number(struct view text, size_t count, size_t *out)
{
    uint64_t number;

    if (!view_to_number(text, 1, count, &number))
        return false;
    *out = (size_t)number - 1;
    return true;
}

bool ui_menu(struct ui *ui, const struct question *question, const struct list *choices, size_t otherwise, size_t *out,
    struct error *err)
{
    AUTO(free) char *joined = list_join(choices, "', '"), *listed = xprintf("Choices: ['%s']", joined);
    AUTO(free) char *prompt = NULL, *hint = NULL;
    bool ask;

    TRY(prompt_decide(ui, question, listed, &ask, err));
    if (!ask) {
        *out = otherwise;
        return true;
    }
    show_choices(ui, question->text, choices);
    prompt = choices->len == 1
                 ? xstrdup("Press 1 [enter] to confirm the selection (press 'c' to cancel):")
                 : xprintf("Select the appropriate number [1-%zu] then [enter] (press 'c' to cancel):", choices->len);
    hint = choices->len == 1 ? xstrdup("Please type 1 or c, then Enter.")
                             : xprintf("Please type a number from 1 to %zu or c, then Enter.", choices->len);
    for (;;) {
        AUTO(free) char *answer = NULL;

        TRY(prompt_answer(ui, prompt, &answer, err));
        if (answer_is_cancel(answer))
            return prompt_canceled(ui, question, err);
        if (read_number(view_of(answer), choices->len, out))
            return true;
        prompt_reject(ui, "\n** Invalid input **", hint);
    }
}

/* Marks what "1,3 4" names; false when something in it is no choice. Nothing but blanks and commas names all. */
static bool mark_answer(const char *answer, size_t count, bool *marks)
{
    size_t named = 0;

    memset(marks, 0, count * sizeof *marks);
    while (*answer != '\0') {
        size_t len = strcspn(answer, ", \t"), index;

        if (len > 0) {
            if (!read_number((struct view){ answer, len }, count, &index))
                return false;
            marks[index] = true;
            named++;
        }
        answer += len + (answer[len] != '\0');
    }
    for (size_t i = 0; named == 0 && i < count; i++)
        marks[i] = true;
    return true;
}

bool ui_checklist(
    struct ui *ui, const struct question *question, const struct list *choices, bool *chosen, struct error *err)
{
    static const char prompt[] = "Select the appropriate numbers separated by commas and/or spaces, or leave input "
                                 "blank to select all options shown (Enter 'c' to cancel):";
    AUTO(free)
    char *hint = xprintf("Please type numbers from 1 to %zu, nothing for all of them, or c; then Enter.", choices->len);
    AUTO(free) char *joined = list_join(choices, "? "), *listed = xprintf("%s?", joined);
    AUTO(free) bool *marks = xcalloc(choices->len, sizeof *marks);
    bool ask, marked = false;

    TRY(prompt_decide(ui, question, listed, &ask, err));
    while (!marked) {
        AUTO(free) char *answer = NULL;

        if (ask)
            show_choices(ui, question->text, choices);
        if (ask)
            TRY(prompt_answer(ui, prompt, &answer, err));
        if (ask && answer_is_cancel(answer))
            return prompt_canceled(ui, question, err);
        marked = mark_answer(ask ? answer : "", choices->len, marks);
        if (!marked)
            prompt_reject(ui, "** Error - Invalid selection **", hint);
    }
    memcpy(chosen, marks, choices->len * sizeof *chosen);
    return true;
}
