#pragma once
/*
 * Plain questions to name servers, several at the same time, and what their answers say. Knows the ways to ask and the
 * data of records; knows nothing of zones.
 */
#include "net/dns.h"

struct ask {            /* one question; borrowed */
    const char *server; /* an address; NULL: the system's resolvers, which are to find the answer */
    const char *name;
    enum dns_type type;
    unsigned flags; /* besides DNS_RECURSE, which the system's resolvers get */
};

/* The way to name servers, and the clock by which they are waited for; a test plays both. */
struct asker {
    /* False, with ERROR_CANCELED, only when the user interrupts. Replies are to be cleared in any case. */
    bool (*ask)(void *self, const struct ask *asks, size_t count, struct dns_reply *replies, struct error *err);
    int64_t (*now_ms)(void *self);            /* never jumps */
    bool (*sleep_ms)(void *self, int64_t ms); /* false at once when the user interrupts */
    void *self;
};

struct asker asker_of_net(struct net *net);

struct ask_within { /* the network, for some time */
    struct net *net;
    int64_t until_ms; /* of clock_monotonic_ms: then nobody is asked any more, which is ERROR_NETWORK */
    int most_ms;      /* that one question is waited for */
};
/* within is borrowed. */
struct asker asker_within(const struct ask_within *within);

/* Asks one question. False when there is no answer: ERROR_NETWORK, ERROR_CANCELED. *answer must be zero. */
MUST_USE bool ask_one(const struct asker *asker, const struct ask *ask, struct dns_answer *answer, struct error *err);

/* Asks in portions that the network process takes. As asker->ask. */
MUST_USE bool ask_all(
    const struct asker *asker, const struct ask *asks, size_t count, struct dns_reply *replies, struct error *err);
struct dns_reply *replies_new(size_t count) __attribute__((returns_nonnull));
void replies_free(struct dns_reply *replies, size_t count);

/* Names of hosts are equal whatever their case, and with or without a dot at the end. */
bool host_equal(const char *a, const char *b);
/* Whether name is the zone or below it. */
bool host_is_below(const char *name, const char *zone);

/* The data of a record as text, of the caller's; NULL when it is of another type or cannot be read. */
char *record_host(const struct dns_record *record);    /* NS, CNAME: in lower case, without a dot at the end */
char *record_address(const struct dns_record *record); /* A, AAAA */
char *record_text(const struct dns_record *record);    /* TXT: its strings one after the other; NULL with a NUL in it */
