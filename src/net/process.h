#pragma once
/*
 * Starting the network process: a program of its own, run with nothing of ours but one socket.
 *
 * Knows where the program lies, what it inherits and what it must not; knows nothing of messages.
 */
#include <sys/types.h>

#include "base/bytes.h"

/* Whether this build has a sanitizer: then its reports, and what it is told in the environment, pass between the two. */
#if defined(__SANITIZE_ADDRESS__)
#define PROCESS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define PROCESS_SANITIZED 1
#endif
#endif
#ifndef PROCESS_SANITIZED
#define PROCESS_SANITIZED 0
#endif

/*
 * Finds the executable: `named` if not NULL, else evercert-net beside our own executable, else in the compiled-in
 * directory. Never by PATH or the environment: it would run as root. *path is the caller's. ERROR_NETWORK when there is
 * none.
 */
MUST_USE bool process_find(const char *named, char **path, struct error *err);

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
