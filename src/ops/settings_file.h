#pragma once
/*
 * Changes of a file of settings (cli.ini): the lines of the options concerned change, all else keeps its bytes.
 */
#include "base/bytes.h"
#include "config/settings.h"

struct setting_change {
    const char *name;  /* of an option, as cli.ini has it */
    const char *value; /* NULL: the option is not to be set there any more */
};

/*
 * Appends the text with the changes made to out. Of several lines for the same option, or for its opposite
 * (reuse-key, no-reuse-key), one is left, unless such lines add up; what was not there yet comes behind the rest. path:
 * for messages. ERROR_USAGE: there is no such option, it cannot stand in a file, or the value is none for it.
 */
MUST_USE bool settings_file_edit(struct view text, const char *path, const struct setting_change *changes, size_t count,
    struct buf *out, struct error *err);

/* The file that a change of settings belongs into, of the caller's: the one given by --config, else the system's for
 * root, else the user's own. NULL: an ordinary user without a home. */
char *settings_file_of(const struct settings *settings);

/*
 * Reads the file, which need not be there, makes the changes and replaces it as a whole, keeping owner, mode and access
 * control list; a symbolic link is followed, also one whose file is missing yet. Two who change it at the same time do
 * so one after the other; ERROR_CONFIG when another has it for ten seconds. *changed: something was to
 * be changed at all.
 */
MUST_USE bool settings_file_change(
    const char *path, const struct setting_change *changes, size_t count, bool *changed, struct error *err);
