#pragma once
/*
 * What the name servers of a zone say, asked directly: whether it is what the resolvers of this machine say.
 *
 * A server with a private address belongs to somebody's inside, and confirms nothing.
 */
#include "dns/ask.h"
#include "preflight/lookup.h"

/* Sets lookup->confirmed when every server of the zone that answers says the same, at least one does, and all have
 * public addresses. An alias is not followed, and so never confirmed. */
void zone_view_confirm(const struct asker *asker, const char *name, enum dns_type type, struct lookup *lookup);

/* The same for CAA records of `at`, which is name or stands above it: those between must have none. */
void zone_view_confirm_caa(const struct asker *asker, const char *name, const char *at, struct lookup *lookup);
