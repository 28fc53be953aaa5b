#pragma once
/*
 * The TLS files that we keep up to date beside the certificates: options-ssl-nginx.conf, options-ssl-apache.conf,
 * ssl-dhparams.pem, under Certbot's names and by its rule, as existing configurations include them.
 *
 * One that is missing is written. One that holds any text that we or Certbot have released is replaced by today's,
 * unless it is Certbot's current one, which says the same. Anything else is the user's, and stays: a warning once for
 * each release, remembered in the digest file beside it.
 */
#include "base/bytes.h"

enum managed_file { MANAGED_OPTIONS_NGINX, MANAGED_DHPARAMS, MANAGED_OPTIONS_APACHE, MANAGED_COUNT };

/* What the server that is to read them understands. */
struct managed_facts {
    bool tls13;   /* TLS 1.3 may be named: nginx >= 1.13.0 with OpenSSL >= 1.1.1 (Apache needs no such fact) */
    bool tickets; /* session tickets can be turned off: OpenSSL >= 1.0.2l, nginx >= 1.5.9 or Apache >= 2.4.11 */
    bool curves;  /* Apache: SSLOpenSSLConfCmd Curves (2.4.8, mod_ssl with OpenSSL >= 1.0.2) */
};

/* The facts of an nginx or Apache by their versions, as numbers 1.22.1 = 1022001; 0: not known. OpenSSL 1.0.2l =
 * 1000212 (the letter's number in the last two places). */
struct managed_facts managed_facts_nginx(unsigned nginx, unsigned openssl);
struct managed_facts managed_facts_apache(unsigned apache, unsigned openssl);

/* "1.22.1" as above, 0 when it is none; "3.0.15", "1.1.1n" likewise: 1.1.1n = 1010114. */
unsigned managed_version(struct view text);
unsigned managed_openssl_version(struct view text);

/* Where it is, of the caller's: CONFIG_DIR/options-ssl-nginx.conf. */
char *managed_file_path(const char *config_dir, enum managed_file file) __attribute__((returns_nonnull));

/* Brings it and its digest file up to date by the rule above. ERROR_STORE. */
MUST_USE bool managed_file_keep(
    const char *config_dir, enum managed_file file, const struct managed_facts *facts, struct error *err);

/* Today's text for such a server; borrowed for ever. */
struct view managed_file_text(enum managed_file file, const struct managed_facts *facts);
