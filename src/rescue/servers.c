#include "rescue/servers.h"

#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/renewal_params.h"
#include "lifecycle/install.h"
#include "store/lineage_conf.h"

/* Tries one, unless that very server was tried before. */
static void try(struct context *context, const struct plugin *plugin, struct list *tried, struct server_tests *out)
{
    AUTO(free) char *server = plugin_server(context->settings);
    AUTO(free) char *key = xprintf("%s %s", plugin->name, server == NULL ? "" : server);
    struct error why = { 0 };

    if (out->len == SERVERS_MAX || list_has(tried, key))
        return;
    list_add(tried, key);
    if (installer_check(context, plugin, NULL, &why) || why.kind == ERROR_CANCELED)
        out->at[out->len++] = (struct server_test){ plugin->name, NULL };
    else
        out->at[out->len++] = (struct server_test){ plugin->name, xstrdup(why.why) };
}

static void try_named(
    struct context *context, struct settings *settings, const char *name, struct list *tried, struct server_tests *out)
{
    struct context own = *context;
    const struct plugin *plugin = NULL;
    struct error err = { 0 };

    settings->dry_run = true; /* a plugin that is made ready for an installation writes what it needs */
    own.settings = settings;
    if (plugin_look_up(settings, name, &plugin, &err) && plugin != NULL && plugin->installer != NULL)
        try(&own, plugin, tried, out);
}

/* As the renewal file of a lineage has it. */
static void try_of(struct context *context, const char *name, struct list *tried, struct server_tests *out)
{
    AUTO(settings_free) struct settings *settings = settings_dup(context->settings);
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(free) char *path = store_conf_path(context->store, name);
    struct error err = { 0 };

    if (lineage_read_conf(context->store, name, &conf, &err) && renewal_params_restore(conf, path, settings, &err) &&
        settings->installer != NULL)
        try_named(context, settings, settings->installer, tried, out);
}

static bool test_all(struct context *context, const struct uses *uses, struct server_tests *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 }, tried = { 0 };

    for (const struct plugin *const *at = plugins; *at != NULL; at++) {
        const struct plugin *plugin = *at;
        AUTO(settings_free) struct settings *settings = settings_dup(context->settings);

        if (plugin->installer == NULL || plugin->hidden || plugin->is_here == NULL || !plugin->is_here(settings) ||
            !uses_have(uses, plugin->name))
            continue;
        xreplace(&settings->installer, plugin->name);
        try_named(context, settings, plugin->name, &tried, out);
    }
    TRY(store_lineage_names(context->store, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        TRY(interrupt_check(err));
        try_of(context, names.at[i], &tried, out);
    }
    return interrupt_check(err);
}

/* A server that was tested in several ways has to accept all of them. */
static bool has_accepted(const struct server_tests *tests, const char *server)
{
    bool accepted = false;

    for (size_t i = 0; i < tests->len; i++)
        if (strcmp(tests->at[i].name, server) == 0) {
            if (tests->at[i].why != NULL)
                return false;
            accepted = true;
        }
    return accepted;
}

/* In a run of its own: what a run has found out of a server, it does not look at again, and a plugin that was made
 * ready for a dry run stays so. */
bool servers_test(struct context *context, struct uses *uses, struct server_tests *out, struct error *err)
{
    AUTO(run_free) struct run *run = run_new(NULL);
    struct context own = *context;

    own.run = run;
    TRY(test_all(&own, uses, out, err));
    for (size_t i = 0; i < uses->len; i++)
        uses->at[i].accepted = has_accepted(out, uses->at[i].server);
    return true;
}

size_t servers_broken(const struct server_tests *tests)
{
    size_t count = 0;

    for (size_t i = 0; i < tests->len; i++)
        count += tests->at[i].why != NULL;
    return count;
}

void servers_clear(struct server_tests *tests)
{
    for (size_t i = 0; i < tests->len; i++)
        free(tests->at[i].why);
    *tests = (struct server_tests){ 0 };
}
