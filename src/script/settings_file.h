#pragma once
/*
 * The file of --dns-script-credentials: lines KEY=VALUE, which become variables of the script's environment; or what
 * acme.sh keeps in its account.conf, SAVED_KEY='VALUE'. And what of it must not be shown.
 */
#include "script/secrets.h"

#define SETTINGS_FILE_MAX (256 * 1024)
#define SETTINGS_FILE_MAX_LINES 1000

struct script_settings {
    struct list env; /* "KEY=VALUE" */
    struct secrets secrets;
};

/*
 * Lines are KEY=VALUE or KEY='VALUE' or KEY="VALUE", perhaps with "export" in front and blanks around the sign; what
 * stands in quotes is taken as it is, nothing is expanded. Of a key that is there twice the last value counts; SAVED_
 * in front of a key goes, and yields to the key without. A value that acme.sh wrote in base64 is decoded. Empty lines
 * and those that begin with # or ; are passed over. ERROR_PLUGIN names path and line of what is none of these; it never
 * shows values.
 */
MUST_USE bool script_settings_read(struct view text, const char *path, struct script_settings *out, struct error *err);
void script_settings_clear(struct script_settings *settings); /* wipes */
static inline void script_settings_clear_at(struct script_settings *settings)
{
    script_settings_clear(settings);
}

/* Adds the values of the files that scripts save settings in, as far as they can be read. */
void script_settings_add_secrets(struct script_settings *settings, struct view text);
