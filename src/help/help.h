#pragma once
/*
 * Help, completions and the manual's list of options, all from the table.
 */
#include "config/option.h"

/* The page for a topic: NULL the overview, "all" everything, a verb or a topic's name its page, anything else
 * the overview. columns: width of the terminal. */
void help_write(
    const struct verb *const *verbs, const struct voice *voice, const char *topic, unsigned columns, struct buf *out);
/* Whether a topic has a page of its own. */
bool help_has_page(const struct verb *const *verbs, const char *topic);

/* For a page that no table knows, a third-party plugin's: its title with a sentence, then its options,
 * wrapped at help_columns(columns). */
unsigned help_columns(unsigned columns);
void help_put_title(const char *title, const char *text, unsigned columns, struct buf *out);
void help_put_option(const char *names, const char *text, unsigned columns, struct buf *out);

/* "usage: ..." for errors of usage. */
void help_usage(const char *program, struct buf *out);
/* Parts of the manual page, in scdoc's syntax. */
void help_write_manual_commands(const struct verb *const *verbs, struct buf *out);
void help_write_manual_options(struct buf *out);
/* The page of one subcommand, evercert-NAME(1), likewise. */
void help_write_manual_page(const struct verb *verb, struct buf *out);
/* shell: "bash", "zsh" or "fish"; false for another. */
bool help_write_completion(const struct verb *const *verbs, const char *program, const char *shell, struct buf *out);
