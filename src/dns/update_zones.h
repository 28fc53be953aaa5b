#pragma once
/*
 * Values of TXT records in the zones of a server that takes updates: in which zone a name is, and all values of a zone
 * in one update. Thread-safe.
 */
#include "base/mutex.h"
#include "dns/update_server.h"

struct update_zones {
    struct update_server server; /* set before the first change; what it points to is the caller's */
    struct mutex lock;           /* guards what follows */
    struct list zones, no_zones; /* what the server has said of names, in this run */
};

void update_zones_init(struct update_zones *zones);
void update_zones_clear(struct update_zones *zones);

/* As add and remove of dns/provider.h. Where nobody answers, or the user interrupts, the rest is not tried. */
MUST_USE bool update_zones_change(
    struct update_zones *zones, enum update_action action, struct txt *const *txts, size_t count, struct error *err);
