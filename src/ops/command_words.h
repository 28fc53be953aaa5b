#pragma once
/*
 * The words of commands as crontabs, units and property lists have them: the inverse of unit_command.
 *
 * Of the shell's language only what makes words is known; what would have to be run to be known (variables, the output
 * of commands) is left as it stands, and said to be uncertain.
 */
#include "ops/unit_text.h"

struct command_words {
    struct list words;
    bool is_certain; /* they are what the program would get */
};
void command_words_clear(struct command_words *command);
static inline void command_words_clear_at(struct command_words *command)
{
    command_words_clear(command);
}

/*
 * Takes the next simple command out of a text: a line of cron's (with the times and the user that stand before it) or
 * of a script, the value of ExecStart, a whole property list. False: there is no more. Redirections are left out. *out
 * is the caller's, and cleared first.
 */
bool command_words_next(struct view *text, enum quoting quoting, struct command_words *out);
