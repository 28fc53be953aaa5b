#pragma once
/*
 * Ctrl-C, SIGTERM and kin: noticed everywhere, acted on where it is safe.
 *
 * A signal only sets a flag and makes one descriptor readable. Code that waits watches that descriptor; code
 * that works looks at the flag between steps. Everything unwinds as for any other error, so challenges are
 * cleaned up and the store stays whole; main then dies from the same signal.
 */
#include <stdbool.h>

#include "base/error.h"

/* Installs the handlers; once, by main. SIGPIPE is ignored from then on, SIGCHLD is not. */
void interrupt_init(void);

/* The signal that came, 0 when none. */
int interrupt_signal(void);

/* Readable as soon as a signal has come, and from then on; -1 before interrupt_init. */
int interrupt_fd(void);

/* Fails with ERROR_CANCELED when a signal has come. Call between steps that can be left undone. */
MUST_USE bool interrupt_check(struct error *err);

/* Cleaning up may use the network although a signal came: between these two calls (which nest, per thread)
 * interrupt_check succeeds and waits do not end early. */
void interrupt_shield(void);
void interrupt_unshield(void);
bool interrupt_is_shielded(void); /* this thread */
bool interrupt_pending(void);     /* a signal came and this thread is not shielded */
