#pragma once
/*
 * The directories CONF/pending/NAME, which records of orders (pending.h) and of proofs (trace.h) share. Private to
 * store/.
 */
#include "store/store.h"

#define TRACE_NAME "proofs.txt"
#define TRACE_TEMPORARY "." TRACE_NAME ".new"

/* Makes it, open to its owner alone; an existing one is fine. */
MUST_USE bool pending_dir_make(const struct store *store, const char *name, struct error *err);
/* Syncs the directories above it, so that its name survives a crash. */
MUST_USE bool pending_dir_sync(const struct store *store, struct error *err);
/* Removes it if it is empty, and the directory of them all if that is empty then. Missing is fine. */
MUST_USE bool pending_dir_leave(const struct store *store, const char *name, struct error *err);
/* Whether a trace is all that is in it. */
bool pending_dir_is_traces(const struct store *store, const char *name);
