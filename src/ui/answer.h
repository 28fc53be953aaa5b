#pragma once
/*
 * Reads one line that a person types. Knows standard input; knows nothing of questions.
 */
#include "ui/ui.h"

#define ANSWER_MAX 4096 /* bytes of a line; a terminal hands over no longer one */
#define ANSWER_LINES_MAX (64 * 1024)

/*
 * Waits for a line of standard input and takes no byte beyond it: a hook or the next question may want to read on.
 * *out is the caller's, without blanks at either end, and with
 * each tab and other white space, the invisible too, as a blank; NULL when the line is too long or holds what cannot be
 * printed, so that it has to be asked for again. ERROR_CANCELED on end of file, on an interrupt, and after ten hours.
 */
MUST_USE bool answer_read(char **out, struct error *err);

/* The same for a list: on a terminal, lines that come right behind the first one were pasted with it and belong to the
 * answer, joined by blanks. */
MUST_USE bool answer_read_lines(char **out, struct error *err);

/* The answer is (the beginning of) a label, whatever its case: "y", "Ye", "yes" for "Yes". Never when empty. */
bool answer_means(const char *answer, const char *label);

/* "c": the user has changed his mind. */
bool answer_is_cancel(const char *answer);
