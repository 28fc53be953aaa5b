#pragma once
/*
 * Starting a server that stays: as a daemon, or in the foreground of a session of its own.
 */
#include "web/control.h"

/*
 * Runs a command that starts the server, and returns as soon as it has succeeded, or is the server itself: it stays,
 * and server->pid_file names a process or three seconds are over. Its output goes to a file, so that nothing waits for
 * a daemon to close it. After ten seconds what still runs counts as the server. ERROR_PLUGIN with what it said. Not
 * ended by an interrupt.
 */
MUST_USE bool web_start(const struct web_server *server, char *const *argv, struct error *err);
