#pragma once
/* What is wrong with the targets of alarms, for doctor. Sends nothing. */
#include "health/health.h"
#include "notify/target.h"

/* Adds findings: targets that are wrong, that have taken nothing of late, and files with secrets in them that others
 * may read. */
void notify_examine(const struct settings *settings, const struct targets *targets, struct findings *out);
