#pragma once
/*
 * The TLS files that are kept up to date beside the certificates: options-ssl-nginx.conf, options-ssl-apache.conf,
 * ssl-dhparams.pem, under Certbot's names and by its rule, as existing configurations include them.
 *
 * One that is missing is written. One that holds any text that we or Certbot have released is replaced by today's,
 * unless it is Certbot's current one, whose settings are as good. Anything else is the user's, and stays: a warning
 * once for each release, remembered in the digest file beside it.
 */
#include "base/bytes.h"

enum managed_file { MANAGED_OPTIONS_NGINX, MANAGED_DHPARAMS, MANAGED_OPTIONS_APACHE, MANAGED_COUNT };

/* What the server that is to read them understands. */
struct managed_facts {
    bool tls13;   /* nginx: TLS 1.3 may be named */
    bool tickets; /* session tickets can be turned off */
};

/* The facts of an nginx or Apache by the versions (web/version.h) of it and of its OpenSSL; 0: not known. */
struct managed_facts managed_facts_nginx(unsigned nginx, unsigned openssl);
struct managed_facts managed_facts_apache(unsigned apache, unsigned openssl);

/* Where it is, of the caller's: CONFIG_DIR/options-ssl-nginx.conf. */
char *managed_file_path(const char *config_dir, enum managed_file file) __attribute__((returns_nonnull));

/* Today's text for such a server; borrowed for ever. */
struct view managed_file_text(enum managed_file file, const struct managed_facts *facts);

/* Brings it and its digest file up to date by the rule above. facts may be NULL for MANAGED_DHPARAMS. ERROR_STORE. */
MUST_USE bool managed_file_keep(
    const char *config_dir, enum managed_file file, const struct managed_facts *facts, struct error *err);
