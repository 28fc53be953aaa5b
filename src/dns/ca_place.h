#pragma once
/*
 * Where a CA is: what it sees, and whom it asks, depends on it.
 */
#include "dns/ask.h"

/* Whether all addresses of that host are public, and there are some: such a CA has resolvers of its own. False where
 * that cannot be seen. */
bool ca_is_public(const struct asker *asker, const char *url);
