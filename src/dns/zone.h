#pragma once
/*
 * Zones: where the cut above a name is, and who answers for the zone with authority, by what the system's resolvers
 * say. They are asked about the name itself, which they may remember as missing: see dns/zones.h.
 */
#include "dns/ask.h"

#define ZONE_SERVERS_MAX 16
#define ZONE_ADDRESSES_MAX 4 /* of a server, of each family */

struct name_server {
    char *name;
    struct list addresses; /* IPv4 and IPv6; may be empty */
    bool unknown;          /* nobody could say which ones it has */
};

struct zone {
    char *name; /* in lower case, without a dot at the end */
    struct name_server servers[ZONE_SERVERS_MAX];
    size_t count;
};

/*
 * The zone that a name is in (the name need not exist), with its name servers: at least one. ERROR_NETWORK when
 * resolvers do not answer, or answer with something else; ERROR_CANCELED.
 */
MUST_USE bool zone_find(const struct asker *asker, const char *name, struct zone *out, struct error *err);
/* The same where the cut is known. */
MUST_USE bool zone_of_cut(const struct asker *asker, const char *cut, struct zone *out, struct error *err);
/* The same by what a server of the zone above, or of the zone, says of NS at cut; resolvers are asked for addresses
 * that do not come along. */
MUST_USE bool zone_of_referral(
    const struct asker *asker, const char *cut, const struct dns_answer *answer, struct zone *out, struct error *err);
/* The name of the zone alone, of the caller's. first: what the resolvers say of CNAME at name; NULL: they are to
 * be asked. Same errors. */
MUST_USE bool zone_cut(
    const struct asker *asker, const char *name, const struct dns_reply *first, char **out, struct error *err);
void zone_clear(struct zone *zone);
static inline void zone_clear_at(struct zone *zone)
{
    zone_clear(zone);
}
