#pragma once
/*
 * Whether a standing record of dns-persist-01 is where the CA will look.
 */
#include "dns/ask.h"
#include "dns/persist_record.h"

struct persist_seen {
    enum persist_fit fit; /* the best record of the server that has the worst */
    int64_t until;        /* of a record that fits: INT64_MAX for ever */
    char *said;           /* what is there instead, and who says so: "ns1.example (192.0.2.1) has no such record" */
};

/*
 * Asks all name servers of the zone (where a CNAME at name leads, there), and the system's resolvers where none of them
 * can be asked: that these may remember a record to be missing keeps nobody else from it, as the CA is asked only when
 * they have it. ERROR_NETWORK when nobody answers; ERROR_CANCELED.
 */
MUST_USE bool persist_look(const struct asker *asker, const char *name, const struct persist_want *want,
    struct persist_seen *out, struct error *err);
void persist_seen_clear(struct persist_seen *seen);
static inline void persist_seen_clear_at(struct persist_seen *seen)
{
    persist_seen_clear(seen);
}
