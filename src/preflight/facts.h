#pragma once
/*
 * Facts about the names that are to be in a certificate: gathered here, judged by rules (rules.h).
 */
#include "acme/authz.h"
#include "dns/delegation.h"
#include "preflight/lookup.h"
#include "preflight/preflight.h"

enum door_state {
    DOOR_UNTRIED,     /* no time was left */
    DOOR_OPEN,        /* answers as it should: HTTP, or TLS */
    DOOR_REFUSED,     /* there is a machine, and nobody listens */
    DOOR_SILENT,      /* nothing took the connection in time */
    DOOR_UNREACHABLE, /* no way leads there from this machine: nothing is known of it */
    DOOR_MUTE,        /* took the connection, and gave no answer that could be read */
    DOOR_TLS,         /* speaks TLS where HTTP belongs */
};

enum door_page {
    PAGE_NONE,
    PAGE_WEB,   /* a page in HTML, for an address that nobody has put anything at */
    PAGE_LOGIN, /* one that asks for a password */
};

enum door_way { /* where redirects ended */
    WAY_STAYS,
    WAY_AWAY,    /* at another host */
    WAY_REFUSED, /* at an address that CAs do not ask */
    WAY_ENDLESS, /* there were too many */
    WAY_DEAD,    /* at port 443, which does not speak TLS */
};

struct door { /* a port of one of the name's addresses */
    char *address;
    bool is_own; /* of this machine */
    int port;    /* 80 or 443 */
    enum door_state state;
    int status; /* port 80: of the last answer */
    enum door_page page;
    enum door_way way;
    char *url; /* where a redirect led last; NULL: there was none */
};

struct facts {
    const struct identifier *identifier;
    const char *host;         /* without "*." */
    enum challenge_type type; /* of the proof; CHALLENGE_OTHER: none of those that there are is possible */
    struct lookup v4, v6;     /* its addresses, where a server is asked for the proof */
    struct lookup caa;        /* of the first name that has them, or else of the last one that was asked */
    char *caa_at;             /* that name */
    char *proof_at;           /* the name of the proof's record, NULL: there is none */
    struct delegation proof;  /* where that leads, by the servers of its zone */
    struct lookup proof_zone; /* the SOA record of the zone where the record is to be */
    struct door *doors;
    size_t door_count;
};
void facts_clear(struct facts *facts);

/* Of a run as a whole. */
struct surroundings {
    const struct preflight_request *request;
    bool resolvers_silent;
    bool ca_is_public; /* its servers have public addresses: what the public sees is what it sees */
};

/* How long all of it may take. */
#define FACTS_MS 6000

/* Gathers them for all names at once. facts has a row for each, with identifier, host and type set. */
void facts_gather(struct net *net, struct surroundings *surroundings, struct facts *facts, size_t count);

/* Knocks at one port, until that instant. */
void door_try(struct net *net, const char *host, struct door *door, int64_t until_ms);
void door_clear(struct door *door);
