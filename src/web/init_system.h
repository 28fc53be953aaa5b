#pragma once
/*
 * What starts services on this machine: systemd, OpenRC, scripts in /etc/init.d, or nothing (a container).
 *
 * A server that was stopped is started through it, else it would not know the server as its own: would not stop it, and
 * would fail to start a second one.
 */
#include "base/error.h"

enum unit_state {
    UNIT_UNKNOWN, /* there is no such service, or nobody to ask */
    UNIT_STOPPED,
    UNIT_RUNNING,
};

#define INIT_ARGS 5

struct init_service {
    char *start[INIT_ARGS], *reload[INIT_ARGS]; /* argument vectors with absolute programs, ended by NULL; of the
                                   caller's. NULL first: that is no way here */
    enum unit_state state;
};

/*
 * Finds how a service is started here. unit: of systemd; service: the name of its init script; NULL each where the
 * server's configuration is not that service's. root: "" but in tests. Asks systemd, for ten seconds at most. *out must
 * be zero or cleared; it is all zero where there is no such service.
 */
void init_service_find(const char *root, const char *unit, const char *service, struct init_service *out);
void init_service_clear(struct init_service *service);
static inline void init_service_clear_at(struct init_service *service)
{
    init_service_clear(service);
}
