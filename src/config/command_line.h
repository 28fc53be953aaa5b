#pragma once
/*
 * From argv and configuration files to settings and a subcommand.
 *
 * Accepts what Certbot's parser accepts: prefixes, clusters, options before or after the subcommand; suggests
 * the nearest name for a mistyped one.
 */
#include "config/option.h"

struct command_line {
    const struct verb *verb;  /* NULL when help or version was asked for */
    bool help, version;
    char *help_topic;         /* NULL: the overview */
    struct settings *settings;
};

/*
 * verbs: NULL-ended; the first is the default. program: the name for messages. Reads cli.ini in the two
 * default places and the last -c file first, unless help or version is asked for. ERROR_USAGE (exit 2) for what
 * cannot be understood; ERROR_CONFIG (exit 1) for a name that is no domain. out is the caller's, for
 * command_line_clear.
 */
MUST_USE bool command_line_read(int argc, char **argv, const struct verb *const *verbs, bool as_certbot,
    struct command_line *out, struct error *err);
void command_line_clear(struct command_line *line);
static inline void command_line_clear_at(struct command_line *line)
{
    command_line_clear(line);
}

/*
 * What follows from settings, by contract 1.4, 1.7 and 4.5: --quiet and renew never ask, --staging and
 * --dry-run choose the server, flags like --standalone become authenticator and installer, certonly has
 * places for the files of --csr. Part of command_line_read. ERROR_CONFIG, ERROR_PLUGIN for what contradicts
 * itself.
 */
MUST_USE bool settings_derive(struct settings *settings, const struct verb *verb, struct error *err);

/* Combinations that make no sense, bad sizes and names: said before any network traffic (contract 1.4). */
MUST_USE bool settings_check(struct settings *settings, const struct verb *verb, struct error *err);

/* One file of settings, as cli.ini; fills only what is still at its default or came from an earlier file.
 * ERROR_USAGE with argparse's words. */
MUST_USE bool cli_ini_read(struct view text, const char *path, struct settings *settings, struct error *err);
