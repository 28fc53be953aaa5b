#pragma once
/*
 * Tries whether this program would understand the commands that a machine runs by itself: one that it does not ends
 * each time before anything is renewed, and where the settings with the targets of alarms stand behind what is wrong,
 * nobody hears of it.
 */
#include "config/option.h"
#include "health/health.h"
#include "ops/scheduled.h"

/* verbs: ended by NULL. Adds findings ("schedule-command-wrong"); of what stands on such a line only names of options
 * are told, as the rest may be secret. Runs nothing; reads the files of settings that the commands name. */
void scheduled_try(const struct scheduled_entries *entries, const struct verb *const *verbs, struct findings *findings);
