#pragma once
/*
 * Reads argv and configuration files into settings and a subcommand.
 *
 * Accepts what Certbot's parser accepts: prefixes, clusters, options before or after the subcommand; suggests the
 * nearest name for a mistyped one.
 */
#include "config/option.h"

struct command_line {
    const struct verb *verb; /* NULL when help or version was asked for */
    bool help, version;
    char *help_topic; /* NULL: the overview */
    struct settings *settings;
};

/*
 * verbs: NULL-ended; the first is the default. voice: by which name the program was called. Reads cli.ini in the two
 * default places and the last -c file first, unless help or version is asked for. ERROR_USAGE (exit 2) for what
 * cannot be understood; ERROR_CONFIG (exit 1) for a name that is no domain. out is the caller's, for
 * command_line_clear; when a file or what it leads to is wrong, it has the subcommand and the settings that were read,
 * by which others can be told, and else nothing.
 */
MUST_USE bool command_line_read(int argc, char **argv, const struct verb *const *verbs, const struct voice *voice,
    struct command_line *out, struct error *err);
void command_line_clear(struct command_line *line);
static inline void command_line_clear_at(struct command_line *line)
{
    command_line_clear(line);
}

/* Overwrites the values of secret options, once they are read: the list of processes shows them to everybody. */
void command_line_hide(int argc, char **argv);

/* The arguments for the log, "['certonly', '--eab-hmac-key', '(secret)']", of the caller's: the values of options that
 * are secret are left out, whichever way they are written. */
char *command_line_describe(int argc, char *const *argv) __attribute__((returns_nonnull));
/* The same with blanks between the arguments, to be shown to the user. */
char *command_line_join(int argc, char *const *argv) __attribute__((returns_nonnull));

/*
 * Derives settings from others: --quiet and renew never ask, --staging and --dry-run choose the server, certonly has
 * places for the files of --csr. Part of command_line_read. ERROR_CONFIG for what contradicts itself.
 */
MUST_USE bool settings_derive(struct settings *settings, const struct verb *verb, struct error *err);

/* Combinations that make no sense; for Certbot these are part of reading the command line, and are told
 * before there is a log. */
MUST_USE bool settings_check(const struct settings *settings, const struct verb *verb, struct error *err);

/*
 * The rest, which Certbot finds in the subcommand, so that it stands in the log: flags like --standalone become
 * authenticator and installer, names that have no web root get the last one, and bad sizes and names are
 * refused before any network traffic. ERROR_CONFIG, ERROR_PLUGIN.
 */
MUST_USE bool settings_resolve(struct settings *settings, const struct verb *verb, struct error *err);
