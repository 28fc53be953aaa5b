#pragma once
/*
 * The settings that are in effect, for people and programs: each with its value and where that comes from.
 */
#include "config/settings.h"
#include "json/out.h"

/* The value of an option as cli.ini has it: "a.test,b.test", "true", "4096". Of the caller's; NULL: it has none, or was
 * not decided. */
char *option_text(const struct settings *settings, const struct option *option);

/* One line for each, those that were set first. A secret one shows only that it is set. */
void settings_show(const struct settings *settings, struct buf *text);
/* The same as members of an object that is begun. */
void settings_out(const struct settings *settings, struct out *out);
