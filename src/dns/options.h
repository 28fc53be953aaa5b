#pragma once
/*
 * Options that every DNS plugin has, --NAME-credentials and --NAME-propagation-seconds: rows of the table for Certbot's
 * plugins, options by name for all others.
 */
#include "config/settings.h"

struct dns_options {
    const char *credentials; /* path; NULL: not given. Borrowed from settings */
    int wait_s;              /* of --NAME-propagation-seconds, else otherwise; never negative */
    bool wait_is_set;        /* by the user */
};

/* name: "dns-ovh". otherwise: the wait where the table has none. ERROR_CONFIG for a wait that is no number. */
MUST_USE bool dns_options_get(
    const struct settings *settings, const char *name, int otherwise, struct dns_options *out, struct error *err);

/* Any option of the plugin by the end of its name: "credentials", "project"; *is_set: by the user. NULL when it has no
 * value. Borrowed. */
const char *dns_option(const struct settings *settings, const char *name, const char *option, bool *is_set);

/* A text that differs wherever an option of the plugin does; of the caller's. */
char *dns_options_key(const struct settings *settings, const char *name) __attribute__((returns_nonnull));
