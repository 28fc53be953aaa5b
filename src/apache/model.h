#pragma once
/*
 * The virtual hosts of a configuration: what names and addresses each has, and whether it speaks TLS.
 *
 * Those in a condition that does not hold are none. Knows nothing of certificates, and decides nothing.
 */
#include "webconf/apache_conf.h"

struct apache_address {
    char *host;      /* "*", a name, or an IP address in canonical text, without brackets */
    int port;        /* 0: any */
    bool is_default; /* written "_default_" */
};

struct apache_vhost {
    const struct apache_node *node; /* its section; node->file has it */
    size_t item;                    /* of the section, in conf->items */
    size_t ordinal; /* which <VirtualHost> of its file, from 0: finds it again in a text that was edited */
    struct apache_address *addresses;
    size_t address_count;
    char *name;          /* its ServerName in lower case, without scheme and port; NULL: none */
    struct list aliases; /* its ServerAlias words in lower case */
    bool tls, enabled;
    bool mixed; /* it has plain addresses besides, and nothing turns TLS on in it: with a certificate, none would be
                   plain */
    bool macro; /* made by a macro: there is no section of its own that could be edited */
};

struct apache_model {
    struct apache_conf *conf;    /* borrowed; the model dies with its next update */
    struct apache_vhost *vhosts; /* in reading order: those that the server reads first */
    size_t count;
    struct apache_address *listens; /* where the server listens */
    size_t listen_count;
    size_t *slots, *next_same; /* of the table of names: names[i] is one of vhost names_of[i] */
    const char **names;
    size_t *names_of, name_count, slot_count;
    size_t *with_patterns, pattern_count; /* vhosts that have an alias with '*' or '?' */
};

/* tls_port: addresses with that port, and with 443, make a host one that speaks TLS. The caller's. */
struct apache_model *apache_model_new(struct apache_conf *conf, int tls_port) __attribute__((returns_nonnull));
void apache_model_free(struct apache_model *model);
DEFINE_AUTO(struct apache_model, apache_model_free)

/* The next of the hosts that have that name (in lower case) as ServerName or, without patterns, as ServerAlias, in no
 * order; *place is 0 at first. NULL when there is none left. */
struct apache_vhost *apache_model_named(const struct apache_model *model, const char *name, size_t *place);

/* Whether ServerName or a ServerAlias is that name, or a pattern of these matches it. name: in lower case. */
bool apache_vhost_has_name(const struct apache_vhost *vhost, const char *name);
/* Whether a word of ServerAlias matches, as httpd does: '*' any text, '?' one byte, in any case. */
bool apache_alias_matches(const char *alias, const char *name);
/* The host of ServerName, in lower case: no scheme, no port. Of the caller's. */
char *apache_name_of(const char *server_name) __attribute__((returns_nonnull));

/* An address as VirtualHost and Listen have it: "*:80", "_default_", "[::1]:443", "80" with is_listen. False when it is
 * none. *out is the caller's (its host). */
MUST_USE bool apache_address_read(const char *text, bool is_listen, struct apache_address *out);
/* As it stands in a configuration, with that port; appends to out. */
void apache_address_put(const struct apache_address *address, int port, struct buf *out);
bool apache_address_equal(const struct apache_address *a, const struct apache_address *b);

/* The host that stands in that file (by its real path) as its ordinal'th section; NULL when there is none any more. */
struct apache_vhost *apache_model_find(const struct apache_model *model, const char *real, size_t ordinal);

/* The first directive or section within it, in the files that it includes as well, of which that is true; else NULL. */
const struct apache_item *apache_vhost_directive(const struct apache_model *model, const struct apache_vhost *vhost,
    bool (*is)(const struct apache_item *item, void *arg), void *arg);

/* What people call it: "www.example.com in /etc/apache2/sites-enabled/x.conf". Of the caller's. */
char *apache_vhost_title(const struct apache_vhost *vhost) __attribute__((returns_nonnull));
