#pragma once
/*
 * A name server that takes signed updates (RFC 2136): which zones it has, and changes of them.
 *
 * Knows the exchange and whom to believe; knows nothing of credentials files and of which values belong together.
 */
#include "dns/tsig.h"
#include "dns/update.h"
#include "net/dns.h"

struct update_server {
    const char *address; /* an IP address */
    int port;
    const struct tsig_key *key;
    bool signs_questions; /* those after zones, too */
    /* As net_dns; way is a struct plugin_net for update_ask_by_net, and a test's own else. */
    bool (*ask)(void *way, const struct dns_question *question, struct dns_answer *answer, struct error *err);
    void *way;
};

bool update_ask_by_net(void *way, const struct dns_question *question, struct dns_answer *answer, struct error *err);

/*
 * Whether the server is authoritative for a zone of exactly that name, by its SOA record: asked by TCP, then by UDP.
 * ERROR_NETWORK when it cannot be reached; ERROR_PLUGIN when it does not accept the signature, or cannot tell.
 */
MUST_USE bool update_server_has_zone(
    const struct update_server *server, const char *name, bool *has, struct error *err);

/*
 * Makes one update of the zone; what it returned true for was signed by the server. ERROR_NETWORK when nothing was
 * heard that can be believed; ERROR_PLUGIN with the server's code, and what it means, when it does not do it.
 */
MUST_USE bool update_server_change(const struct update_server *server, const char *zone, enum update_action action,
    struct txt *const *txts, size_t count, struct error *err);
