#pragma once
/*
 * The one table of options. Command line, cli.ini, renewal files, --help, manual page and completions all
 * walk it.
 *
 * A new option is one row in options.c and, for a value, one member of struct settings.
 */
#include "config/settings.h"
#include "config/verb.h"

enum option_type {
    OPTION_FLAG,    /* sets a bool true */
    OPTION_UNSET,   /* sets a bool false */
    OPTION_YES,     /* sets a tristate to YES */
    OPTION_NO,      /* sets a tristate to NO */
    OPTION_COUNTER, /* adds one to an int */
    OPTION_TEXT,    /* char *; the last one wins */
    OPTION_PATH,    /* char *, made absolute */
    OPTION_COMMAND, /* char *: a hook */
    OPTION_NUMBER,  /* int within [min, max] */
    OPTION_CHOICE,  /* char *, one of choices */
    OPTION_LIST,    /* struct list: each value is a comma list */
    OPTION_REPEAT,  /* struct list: each value is one element */
    OPTION_PLUGIN,  /* --standalone: adds its name to a struct list */
    OPTION_SPECIAL, /* `read` does it all; takes a value when `value` names one */
};

enum option_asks { /* output instead of running a subcommand */
    ASKS_NOTHING,
    ASKS_HELP,
    ASKS_VERSION,
};

struct option {
    const char *names[4];  /* long names without dashes; the first is the one we show */
    const char *shorts;    /* letters: "d", "nv"; NULL: none */
    const char *addresses; /* short: values that are IP addresses are those of this option; NULL: it takes all itself */
    bool long_first;       /* how Certbot's messages name it: --webroot-path/-w, but -d/--domains */
    enum option_type type;
    size_t at;                    /* offsetof(struct settings, ...) */
    const char *value;            /* name of the value in help: "FILE" */
    const char *fallback;         /* the default as text, NULL: empty, 0 or false */
    const char *certbot_fallback; /* the default under the name certbot, NULL: the same */
    const char *const *choices;   /* OPTION_CHOICE, ended by NULL */
    bool any_case;                /* OPTION_CHOICE: upper case is taken for lower case */
    int min, max;                 /* OPTION_NUMBER */
    bool installs;                /* OPTION_PLUGIN: the plugin is an installer, too */
    bool selects;                 /* OPTION_PATH: giving it chooses the plugin of its name as authenticator */
    enum option_asks asks;        /* OPTION_SPECIAL */
    const char *saved;            /* key in [renewalparams], NULL: not saved */
    const char *saved_before;     /* key that other versions have used for it, NULL: none */
    const char *saved_by_none;    /* what a file without the key means, NULL: nothing */
    bool saved_always;            /* saved even when it was not set */
    enum option_topic topic;
    const char *also; /* further pages of help that show it, with blanks between: "run testing" */
    bool ours;        /* Certbot does not have it */
    bool per_lineage; /* the renewal file takes precedence over cli.ini, whose value is not copied there */
    bool secret;      /* its value never reaches the log */
    bool adds; /* OPTION_REPEAT: each line of cli.ini is one more. Else the last line counts, as Certbot has it */
    const char *help; /* one or two sentences */
    /* Gets the value (NULL for flags). For OPTION_SPECIAL and lists it changes settings itself; for the
     * others it is a check in front of the change. */
    bool (*read)(struct settings *settings, const struct option *option, const char *value, struct error *err);
};

#define OPTION_NO_MEMBER SIZE_MAX /* `at` of options that keep no value */

extern const struct option options[]; /* ended by an empty row */
