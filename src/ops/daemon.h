#pragma once
/*
 * The daemon: stays in the foreground and runs `renew`, as a process of its own, whenever a certificate of the store is
 * due. It keeps nothing in memory but the time of the next run, so there is nothing in it that ages.
 */
#include "config/settings.h"

/*
 * Returns when it was told to stop (SIGTERM, SIGINT, SIGQUIT): a run that is at work is let finish; the second such
 * signal interrupts it as Ctrl-C does. SIGHUP has it look at the store anew, and try again what has failed. Takes
 * signals over for the rest of the process. ERROR_STORE when another daemon runs for this store, or its files cannot be
 * written.
 */
MUST_USE bool daemon_run(const struct settings *settings, struct error *err);
