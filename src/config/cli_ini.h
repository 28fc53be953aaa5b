#pragma once
/*
 * cli.ini: lines of option and value, without sections.
 */
#include "config/option.h"

/* Reads one file of settings, as cli.ini; fills only what is still at its default or came from an earlier file.
 * ERROR_USAGE with argparse's words, about the first line that is wrong; the lines behind it are read all the same, so
 * that it is known who is to be told. */
MUST_USE bool cli_ini_read(struct view text, const char *path, struct settings *settings, struct error *err);

/* ---- its lines, for an editor of such files ---- */

/* Whether a line has an option: it is neither empty nor a comment, and no heading. */
bool cli_ini_is_pair(struct view line);
/* Splits "key = value", "key: value", "key value" or "key" (which means true), without blanks around it. Key and value
 * are parts of the line, or constant. False when there is no key. */
bool cli_ini_split(struct view line, struct view *key, struct view *value);
/* The option that a key means, whose dashes in front are cut off; as option_resolve. */
const struct option *cli_ini_option(struct view *key, struct error *err);

/* Paths of the two files that are read without being asked for: the system's, and the user's own (of the caller's; NULL
 * without a home). */
#define CLI_INI_SYSTEM "/etc/letsencrypt/cli.ini" /* wherever --config-dir leads */
char *cli_ini_of_user(void);
