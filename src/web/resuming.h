#pragma once
/*
 * A server that may end of a reload (struct web_server, may_end): it tells nobody that it goes on, but writes its pid
 * file anew each time it has read all that its configuration names.
 */
#include <sys/stat.h>

#include "web/control.h"

struct resuming {
    bool running; /* before the reload */
    dev_t dev;    /* of its pid file then; all zero: there was none */
    ino_t ino;
    struct timespec at;
};

/* Before the reload. */
struct resuming resuming_note(const struct web_server *server);
/* After it: waits until the server has read its configuration and certificates, some seconds at most. False when it was
 * running, and has ended instead. True at once of a server that never ends, or whose pid file is not known. */
bool resuming_wait(const struct web_server *server, const struct resuming *before);
