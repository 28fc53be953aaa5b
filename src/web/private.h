#pragma once
/*
 * What control.c and start.c share: how the server's programs are run, and how their failure is told.
 */
#include "web/control.h"

#define WEB_MAX_SAID 3000 /* bytes of what a program said that an error repeats */

/* The environment of the server's programs: ours, without what concerns our process alone, with a PATH that has the
 * directories of system programs, messages in English, and the server's own variables. Of the caller's. */
struct list web_environment(const struct web_server *server);

/* ERROR_PLUGIN: the command, its status, and what it said (printable, perhaps ""). Returns false. */
bool web_failed(char *const *argv, int status, const char *said, struct error *err);
