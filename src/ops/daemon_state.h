#pragma once
/*
 * What is on disk of a daemon: a lock in the store's directory, which one daemon holds as long as it lives, and in the
 * work directory what it has told of itself (daemon.txt).
 */
#include "base/range_lock.h"
#include "ops/daemon_plan.h"

/* The store's only daemon. ERROR_STORE when another one runs. *out is the caller's, for range_lock_release. */
MUST_USE bool daemon_lock(const char *config_dir, struct range_lock **out, struct error *err);
/* Whether some process holds that lock; false also where that cannot be told. */
bool daemon_is_running(const char *config_dir);
/* ERROR_STORE when that cannot be told, since the lock belongs to somebody else. */
MUST_USE bool daemon_may_be_seen(const char *config_dir, struct error *err);

/* Replaces the file; beat is its time of change. */
MUST_USE bool daemon_state_save(const char *work_dir, const struct daemon_state *state, struct error *err);
/* A sign of life: changes that time alone. */
MUST_USE bool daemon_state_beat(const char *work_dir, int64_t now, struct error *err);
/* *found false: there is none. */
MUST_USE bool daemon_state_load(const char *work_dir, struct daemon_state *out, bool *found, struct error *err);
