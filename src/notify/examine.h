#pragma once
/* What is wrong with the targets of alarms, for doctor. Sends nothing. */
#include "health/health.h"
#include "notify/target.h"

/* Whether a word of a command, or a whole command, looks as if there were a password, key or token in it. */
bool looks_secret(const char *text);

/* Adds findings: targets that are wrong, that have taken nothing of late, and files with secrets in them that others
 * may read. */
void notify_examine(const struct settings *settings, const struct targets *targets, struct findings *out);
