#pragma once
/*
 * Which server block answers for a name: decided as nginx decides. The address that a client connected to comes first;
 * among the blocks that listen there an exact name, then the longest wildcard at the front, the longest at the end, the
 * first regular expression in reading order that matches (PCRE, in no case when it has capitals, not anchored), and
 * else the default server of the address.
 */
#include "base/identifier.h"
#include "nginx/model.h"

enum nginx_match { NGINX_EXACT, NGINX_FRONT, NGINX_BEHIND, NGINX_REGEX, NGINX_DEFAULT, NGINX_NOTHING };

struct nginx_candidate { /* a block that has a name that matches */
    struct nginx_block *block;
    enum nginx_match match;
};

/* All of them, best first: the first one that listens at an address answers there. */
struct nginx_candidates {
    struct nginx_candidate *at;
    size_t len, size;
};

/* name: in lower case, as in a Host field ("[::1]"); a wildcard "*.example.com" only finds blocks that say so. Adds to
 * out, which is cleared by the caller. */
void nginx_candidates_find(const struct nginx_model *model, const char *name, struct nginx_candidates *out);
void nginx_candidates_clear(struct nginx_candidates *candidates);
static inline void nginx_candidates_clear_at(struct nginx_candidates *candidates)
{
    nginx_candidates_clear(candidates);
}

/* Which of them answers at an address; the default server where none does, then match is NGINX_DEFAULT. */
struct nginx_candidate nginx_candidate_at(
    const struct nginx_model *model, const struct nginx_candidates *candidates, size_t address);

/* Blocks, each once, in the order in which they were added. */
struct nginx_chosen {
    struct nginx_block **at;
    size_t len;
    enum nginx_match match; /* that of the best */
};
void nginx_chosen_add(struct nginx_chosen *chosen, struct nginx_block *block);
bool nginx_chosen_has(const struct nginx_chosen *chosen, const struct nginx_block *block);
void nginx_chosen_clear(struct nginx_chosen *chosen);
static inline void nginx_chosen_clear_at(struct nginx_chosen *chosen)
{
    nginx_chosen_clear(chosen);
}

struct nginx_ports {
    int http, https; /* --http-01-port, --https-port */
};

/*
 * The blocks that are to have the certificate for a name: those by which it is served over TLS at the https port, at
 * all addresses where it matches best; else by a block with TLS elsewhere; else those that serve it without TLS, at the
 * http port if there are such. None: no block has a name that matches.
 */
void nginx_choose(
    const struct nginx_model *model, const char *name, struct nginx_ports ports, struct nginx_chosen *out);
/* Whether it is served over TLS at that port, by a block that has the name. */
bool nginx_serves_tls(const struct nginx_model *model, const char *name, int port);
/* The blocks that serve it without TLS at that port. */
void nginx_choose_plain(const struct nginx_model *model, const char *name, int port, struct nginx_chosen *out);

/* The block that gives clients that name no server their certificate at an IP address, to whose names it belongs; NULL:
 * none serves TLS there. *address (may be NULL) is where it listens. */
struct nginx_block *nginx_choose_nameless(
    const struct nginx_model *model, const char *ip, int port, const struct nginx_address **address);

/* The default server at an IP address without TLS; NULL: nothing listens there. */
struct nginx_block *nginx_choose_fallback(const struct nginx_model *model, const char *ip, int port);

/* The block to make one like it for a name that no block has: the one that is flagged as default at the https port if
 * there is one alone, else the only one that is flagged at all; NULL: no such. */
struct nginx_block *nginx_choose_template(const struct nginx_model *model, int https_port);

/* Adds the names that blocks have and "*.example.com" covers (RFC 6125: one label), each once, and the wildcard itself
 * where some block has it. */
void nginx_names_covered(const struct nginx_model *model, const char *wildcard, struct list *out);
/* Whether a certificate's name (which may be a wildcard) covers a name of a configuration: all that it can match. */
bool nginx_name_is_covered(const char *name, const char *by);

/* As it stands in a Host field: an IPv6 address in brackets. Of the caller's. */
char *nginx_host_text(const struct identifier *identifier) __attribute__((returns_nonnull));
