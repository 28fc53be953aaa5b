#pragma once
/*
 * Third-party plugins: programs in settings->plugin_dir that speak the line protocol (docs/plugins.md).
 *
 * Finds them, checks that only root and the user who runs us could have written them, and asks what they are: each at
 * most once in a run, and only when its name is asked for or all are to be listed. Thread-safe. How one is used is in
 * external_ask.h.
 */
#include "base/pipe_child.h"
#include "plugin/line_protocol.h"
#include "plugin/plugin.h"

struct external {
    struct plugin plugin; /* first: what the rest of the program sees */
    struct authenticator authenticator;
    const char **types;
    struct line_description about;
    char *path; /* with links resolved */
};

/*
 * The plugin of that name; *out is NULL when there is no such file. It lives until the end of the program. ERROR_PLUGIN
 * when there is one that must not be run or that is no plugin; then every later call fails alike.
 */
MUST_USE bool external_find(
    const struct settings *settings, const char *name, const struct plugin **out, struct error *err);

/* Adds all of them to found, by name, up to room; returns how many. One that cannot be used is warned about. */
size_t external_list(const struct settings *settings, const struct plugin **found, size_t room);

/* Options that the user gave, against those that the plugin has: ERROR_USAGE for one that it does not have,
 * ERROR_PLUGIN for one that it needs. */
MUST_USE bool external_check_options(
    const struct external *external, const struct settings *settings, struct error *err);

/* ERROR_PLUGIN when another user could have written the program, or could put another in its place. *real (may be NULL)
 * gets its path with links resolved, of the caller's. */
MUST_USE bool external_check_file(const char *dir, const char *name, char **real, struct error *err);

extern const struct authenticator external_authenticator; /* without types */
extern const struct installer external_installer;
extern const struct plugin_share external_share; /* of the installer */

/* The options of the plugin, in an order of their own: which server its installer is to configure. Of the caller's. */
char *external_server(const struct settings *settings, const char *name) __attribute__((returns_nonnull));

static inline const struct external *external_of(const struct plugin *plugin)
{
    return (const struct external *)plugin; /* its first member; only where plugin->path is set */
}

/* Writes what the plugin said on standard error to the log. */
void external_log_said(const char *name, struct pipe_child *child);
