#pragma once
/*
 * The meaning of [renewalparams] and [evercert]: settings saved for renewal and restored from there. The second holds
 * what Certbot does not know: it leaves other sections alone, but not keys in its own.
 *
 * Driven by the `saved` column of the option table.
 */
#include "conf/conf.h"
#include "config/settings.h"

#define RENEWAL_OURS "evercert" /* the section that holds what Certbot does not know */

/* The file's value of one of our own options, by its key; NULL when it has none. Borrowed. */
const char *renewal_params_own(const struct conf *conf, const char *key);

/* Writes what was set (and what is always saved) into conf's [renewalparams], its [[webroot_map]] and [evercert]; keys
 * there that are not among the new values are removed, everything else in conf stays. */
void renewal_params_save(const struct settings *settings, struct conf *conf);

/* Fills settings that the user has not set from conf, marking them ORIGIN_RENEWAL. A setting of the user's
 * wins. ERROR_CONFIG with Certbot's words for values of the wrong type, a missing [renewalparams] or
 * authenticator; name is the file's path. */
MUST_USE bool renewal_params_restore(
    const struct conf *conf, const char *name, struct settings *settings, struct error *err);

/* The same for what a lineage remembers of how its files are kept (history, owners, groups and modes), and nothing
 * else: for a command that says anew how the certificate is obtained. */
MUST_USE bool renewal_params_remember(
    const struct conf *conf, const char *name, struct settings *settings, struct error *err);
