#pragma once
/*
 * Which virtual hosts serve a name: pure decisions over a model.
 *
 * As the server itself decides: of the hosts that share an address the first one with the name, by ServerName or by a
 * ServerAlias, patterns among them. Certbot prefers exact names over patterns instead, and so may edit a host that is
 * never asked for that name. Where no host has the name, Certbot's rules decide whether there is only one that can be
 * meant.
 */
#include "apache/model.h"
#include "base/identifier.h"

struct apache_ports {
    int http, https; /* 80 and 443, or what options say */
};

enum apache_choice {
    APACHE_CHOSEN,    /* these serve it */
    APACHE_AMBIGUOUS, /* no host has the name, and more than one could be meant: the user knows */
    APACHE_NO_HOST,   /* there is none at all */
};

struct apache_chosen { /* indices of vhosts, each once, in reading order */
    size_t *at;
    size_t count;
};

/*
 * The hosts for a name, which are either all of them with TLS or all without: of those that have the name those that
 * speak TLS on the https port, one for each address; else one with TLS elsewhere; else those on the http port,
 * likewise; else any. For an IP address the host that has it as its name, or that answers at it without a name being
 * asked for. A wildcard name stands for all names of hosts that it covers. *out must be empty; on APACHE_CHOSEN it is
 * the caller's.
 */
enum apache_choice apache_choose(const struct apache_model *model, const struct identifier *name,
    const struct apache_ports *ports, struct apache_chosen *out);
void apache_chosen_clear(struct apache_chosen *chosen);
static inline void apache_chosen_clear_at(struct apache_chosen *chosen)
{
    apache_chosen_clear(chosen);
}
void apache_chosen_add(struct apache_chosen *chosen, size_t vhost); /* once */

/* The plain hosts that a TLS host stands in for: those on the http port with one of its names, in reading order. */
void apache_choose_plain(const struct apache_model *model, const struct apache_vhost *tls,
    const struct apache_ports *ports, struct apache_chosen *out);

/* Whether a wildcard name covers that one: the same labels but the first. Both in lower case. */
bool apache_wildcard_covers(const char *wildcard, const char *name);
