#pragma once
/*
 * Questions to the name servers of the zone that a name is in, about names that are not there yet: those of challenges.
 *
 * A resolver remembers that a name is not there for as long as the zone says (RFC 2308 section 5), often an hour, and
 * a CA, or a check, may share it. So resolvers are asked only about what stands above the name, and about name servers.
 */
#include "dns/zone.h"

struct known_zone;

struct zones { /* that were found so far */
    const struct asker *asker;
    struct known_zone **at;
    size_t count;
};
void zones_clear(struct zones *zones);
static inline void zones_clear_at(struct zones *zones)
{
    zones_clear(zones);
}

enum zoned_state {
    ZONED_UNKNOWN, /* no resolver says which zone has the name */
    ZONED_SILENT,  /* none of the zone's servers can be reached from here */
    ZONED_LAME,    /* some answer, and none says anything of the name */
    ZONED_SAYS,    /* see reply */
};

struct zoned {        /* a question */
    const char *name; /* borrowed */
    /* Set by zones_ask: */
    enum zoned_state state;
    const struct zone *zone; /* that the name is in, as far as can be seen; of *zones. NULL: ZONED_UNKNOWN */
    struct dns_reply reply;  /* of a server of that zone, with authority */
    char *why;               /* "ns1.example (192.0.2.1) answers with REFUSED"; NULL: ZONED_SAYS */
};
void zoned_clear(struct zoned *zoned);

/*
 * Asks for all of them at the same time, and goes down where a zone has given a part away, to that name or above it
 * (RFC 1034 section 4.2.1). Where a server is of no use, the others are asked. False, with ERROR_CANCELED, when the
 * user interrupts. *zoned are to be cleared in any case.
 */
MUST_USE bool zones_ask(struct zones *zones, enum dns_type type, struct zoned *zoned, size_t count, struct error *err);
