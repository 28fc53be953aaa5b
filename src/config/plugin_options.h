#pragma once
/*
 * Options of third-party plugins: they are in no table, since only the plugin knows them.
 *
 * A plugin is a program whose file name is the plugin's name. Its option `root` is --NAME-root on the command line and
 * NAME_root in a renewal file, with underscores for dashes; all take a value. Knows names and the directory; never runs
 * a plugin: whether it has such an option is asked when it is used.
 */
#include "config/settings.h"

/* Lower case letters, digits and dashes, a letter or digit first, at most 64 bytes: what a plugin, or an option of it,
 * may be called. */
bool plugin_name_is_good(struct view name);
/* A name of the table: "webroot", "nginx", "dns-ovh"; whether or not it is built in yet. */
bool plugin_name_is_ours(const char *name);

/*
 * Plugins that are built in without a row of the table: rooms above this one tell which names are such. They have
 * options as third-party plugins have, and a --NAME of their own. Registered once, before anything is read.
 */
void plugin_names_from(bool (*exists)(const struct settings *settings, const char *name));
bool plugin_name_exists(const struct settings *settings, const char *name); /* name may be NULL */

/* Takes --NAME of such a plugin; *taken is false when it is none. */
void plugin_flag_give(struct settings *settings, struct view name, enum origin from, bool *taken);

/* "certbot-dns-hetzner:dns-hetzner" and "certbot_dns_hetzner:dns_hetzner_credentials" are what older versions of
 * Certbot and its third-party plugins call "dns-hetzner" and "dns_hetzner_credentials", "certbot-route53:auth" is
 * "dns-route53". Of the caller's. */
char *plugin_name_now(const char *name) __attribute__((returns_nonnull));

/* "example-http" and "web-root" give "example_http_web_root", of the caller's. */
char *plugin_option_key(const char *plugin, const char *option) __attribute__((returns_nonnull));
/* Whether a key starts with the plugin's name and an underscore. */
bool plugin_option_is_for(const char *key, const char *plugin);

/*
 * Takes an option that the table does not know: name is without the leading dashes, value NULL when there was none.
 * *taken is false when the name starts with no plugin's name in settings->plugin_dir; of several such plugins the one
 * with the longest name counts. ERROR_USAGE in argparse's words for a value that is missing or cannot be saved.
 */
MUST_USE bool plugin_option_give(
    struct settings *settings, struct view name, const char *value, enum origin from, bool *taken, struct error *err);

/* Sets a value unless one of a higher origin is there. plugin: the plugin that it was given for, NULL when unknown. */
void plugin_options_put(
    struct plugin_options *all, const char *plugin, const char *key, const char *value, enum origin from);
const char *plugin_options_get(const struct plugin_options *all, const char *key); /* NULL when there is none */
struct plugin_options plugin_options_dup(const struct plugin_options *all);
void plugin_options_clear(struct plugin_options *all); /* wipes the values */
