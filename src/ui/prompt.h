#pragma once
/*
 * Shared by all kinds of questions: whether to ask at all, and the error when not.
 */
#include "ui/ui.h"

/*
 * *ask: put the question; else its default is to be taken. ERROR_CONFIG when it can neither be put nor has a default.
 * choices: how the error shows what could have been chosen; NULL: nothing.
 */
MUST_USE bool prompt_decide(
    struct ui *ui, const struct question *question, const char *choices, bool *ask, struct error *err);

/* Shows `prompt`, wrapped, and reads until there is an answer that can be printed. *out is the caller's. */
MUST_USE bool prompt_answer(struct ui *ui, const char *prompt, char **out, struct error *err);

/* ERROR_CANCELED: the user chose not to answer. */
bool prompt_canceled(struct ui *ui, const struct question *question, struct error *err);

/* Tells that an answer is none of those offered: in Certbot's words, or what can be answered. */
void prompt_reject(struct ui *ui, const char *unhinted, const char *hint);
