#pragma once
/*
 * The files of what targets were told: CONF/alarms/TARGET.txt, and the locks on them.
 */
#include "base/range_lock.h"
#include "notify/memory.h"

/* Waits for another process that is telling the target something, half a minute at most; ERROR_STORE. */
MUST_USE bool keep_lock(const char *config_dir, const char *target, struct range_lock **out, struct error *err);
/* *memory must be zero. What is not there, or cannot be read, is nothing. */
void keep_read(const char *config_dir, const char *target, struct memory *memory);
/* Whole or not at all; writes only what has changed, and removes the file when nothing is to be remembered. */
MUST_USE bool keep_write(const char *config_dir, const char *target, const struct memory *memory, struct error *err);
/*
 * Where keep_write fails (no room, read-only): whether the target may be told all the same, which is so once in every_s
 * (at least an hour), by the time of an empty file.
 */
bool keep_may_tell(const char *config_dir, const char *target, int64_t now, int64_t every_s);
/* Removes what was kept of targets that no settings have named for two months; of those in `named` nothing. */
void keep_sweep(const char *config_dir, const struct list *named, int64_t now);
