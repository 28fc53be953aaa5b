#pragma once
/*
 * By which addresses this machine is reached from outside.
 *
 * Nothing that says so is believed alone: an address counts as this machine's if an interface has it, or if two
 * services of different operators have seen a connection come from it. Services are asked past any proxy, whose address
 * they would tell else, and only when the user asks for that.
 */
#include "net/net.h"

struct ip_answer {   /* of a service */
    const char *url; /* borrowed of the question */
    char *by;        /* who runs it: "ipify.org"; two answers of one count once */
    char *address;   /* canonical; NULL: none that can be used */
    char *why;       /* then */
};

struct public_address {
    char *address;
    bool is_own;     /* an interface has it ... */
    bool is_passing; /* ... for a while (own_addresses.h) */
    struct list by;  /* operators of services that say so */
    bool sure;
};

struct public_addresses {
    struct public_address *at;
    size_t len;
    struct ip_answer *answers;
    size_t answer_count;
};
void public_addresses_clear(struct public_addresses *all);
static inline void public_addresses_clear_at(struct public_addresses *all)
{
    public_addresses_clear(all);
}

struct ip_question {
    const struct list
        *services; /* URLs that are all asked, "none" for none; empty: some that there are, where no interface tells */
    bool takes_private; /* services of a site may tell private addresses, for a CA of that site */
};

/* Asks all services at once, for some seconds at most. net NULL: nobody. *out is the caller's. */
void public_addresses_find(struct net *net, const struct ip_question *question, struct public_addresses *out);

/* ---- the rule: pure ---- */

/* Who runs the service at an URL, of the caller's: the last two labels of its name, else its host and port. */
char *ip_operator(const char *url) __attribute__((returns_nonnull));
/* Sets address or why of an answer by what came with status 200. */
void ip_answer_read(struct ip_answer *answer, struct view body, bool takes_private);
/* Fills out->at from the answers in it and the machine's own addresses. */
void public_addresses_judge(const struct list *own, const struct list *passing, struct public_addresses *out);
/* The address of a family: the only one that is sure, or of several the only one that a service has seen; else NULL. */
const struct public_address *public_address_choose(const struct public_addresses *all, bool v6);
