#pragma once
/*
 * Looking whether a server does what it was told: serves a certificate for a name, answers a challenge.
 *
 * A reload takes a while to show, so everything here looks again, with pauses that grow, until it is so or the time is
 * up. Asks the server itself, over the network process.
 */
#include "net/probe.h"
#include "web/server_log.h"

struct expected {        /* all borrowed */
    const char *name;    /* that is asked for (SNI), and for people */
    bool is_ip;          /* then nothing is asked for */
    const char *address; /* IP address on which the server answers for it */
    int port;
    const char *fullchain; /* path: the first certificate in it is to be served */
    enum probe_key key;    /* the type of its key, where the server has one of each; else PROBE_ANY */
};

/*
 * Probes until each name is answered with its certificate, many names at once, for limit_ms at most; it gives up as
 * soon as log (NULL: none) tells that the reload was refused. True when all are. Else each[i] (NULL before; allocated,
 * the caller's) has an error for every name that is not: which address, what was served instead; and *err sums them up,
 * with what the log says. ERROR_PLUGIN; ERROR_STORE for a fullchain that cannot be read, at once; ERROR_CANCELED
 * (shielded callers: never).
 */
MUST_USE bool web_verify(struct net *net, const struct expected *expected, size_t count, const struct web_log *log,
    int64_t limit_ms, struct error **each, struct error *err);

/*
 * Asks http://ADDRESS:PORT/PATH with that host in its Host field, past any proxy and following no redirect, until the
 * answer is 200 with that body (white space at its end aside), for limit_ms at most. host: a name or an IP address.
 * path begins with a slash. Otherwise ERROR_PLUGIN, with what came instead; log as above.
 */
MUST_USE bool web_poll_challenge(struct net *net, const char *address, int port, const char *host, const char *path,
    const char *body, const struct web_log *log, int64_t limit_ms, struct error *err);
