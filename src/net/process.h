#pragma once
/*
 * Starting the network process: a program of its own, run with nothing of ours but one socket.
 *
 * Knows where the program lies, what it inherits and what it must not; knows nothing of messages.
 */
#include <sys/types.h>

#include "base/bytes.h"

/*
 * Finds the executable: `named` if not NULL, else evercert-net beside our own executable, else in the compiled-in
 * directory. Never by PATH or the environment: it would run as root. *path is the caller's. ERROR_NETWORK when there is
 * none.
 */
MUST_USE bool process_find(const char *named, char **path, struct error *err);

/* The executable of another program of ours: beside our own, else in the compiled-in directory; never by PATH. Of the
 * caller's, NULL when there is none. */
char *process_program(const char *name);

/*
 * The environment of the network process: proxies and resolver options out of ours, and nothing else. `ours` ends with
 * NULL, as environ does.
 */
struct list process_environment(char *const *ours);

/*
 * Runs it with a new session (a Ctrl-C on the terminal is ours to handle), the socket as descriptor 3, /dev/null as
 * standard input, output and error (with a sanitizer it keeps our standard error), and no other descriptor.
 * ERROR_NETWORK; else *pid and *fd, our end of the socket, are the caller's.
 */
MUST_USE bool process_start(const char *path, pid_t *pid, int *fd, struct error *err);
