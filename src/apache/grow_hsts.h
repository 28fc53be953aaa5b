#pragma once
/*
 * The steps of --auto-hsts, in the clerk's thread alone.
 */
#include "apache/server.h"

/* One step: headers whose time has come grow, or, of hosts that a renewed deployment has the key of, become permanent.
 * Quick when nothing is due. */
MUST_USE bool apache_grow_hsts(
    struct apache_server *server, const struct deployment *const *renewed, size_t count, struct error *err);
