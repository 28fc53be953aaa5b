#include "run/reloads.h"

#include <string.h>

#include "base/mem.h"
#include "base/mutex.h"
#include "config/plugin_options.h"

struct reloads {
    struct mutex lock;
    struct reload *at;
    size_t len;
};

struct reloads *reloads_new(void)
{
    struct reloads *reloads = xcalloc(1, sizeof *reloads);

    mutex_init(&reloads->lock);
    return reloads;
}

static void reload_clear(struct reload *reload)
{
    for (size_t i = 0; i < reload->len; i++) {
        free(reload->to[i].lineage);
        free(reload->to[i].version);
    }
    free(reload->to);
    free(reload->server);
    settings_free(reload->settings);
}

void reloads_free(struct reloads *reloads)
{
    if (reloads == NULL)
        return;
    for (size_t i = 0; i < reloads->len; i++)
        reload_clear(&reloads->at[i]);
    free(reloads->at);
    mutex_destroy(&reloads->lock);
    free(reloads);
}

/* The installer's name and what it was told, one to a line, which no value can hold. */
static char *server_of(const struct settings *settings)
{
    const struct plugin_options *options = &settings->plugin_options;
    AUTO(list_clear) struct list parts = { 0 };
    AUTO(free) char *joined = NULL;

    for (size_t i = 0; i < options->len; i++) {
        AUTO(free) char *part = NULL;

        if (!plugin_option_is_for(options->at[i].key, settings->installer))
            continue;
        part = xprintf("%s=%s", options->at[i].key, options->at[i].value);
        list_add(&parts, part);
    }
    list_sort(&parts);
    joined = list_join(&parts, "\n");
    return xprintf("%s\n%s", settings->installer, joined);
}

static struct reload *find(struct reloads *reloads, const char *server)
{
    for (size_t i = 0; i < reloads->len; i++)
        if (strcmp(reloads->at[i].server, server) == 0)
            return &reloads->at[i];
    return NULL;
}

void reloads_add(
    struct reloads *reloads, const struct settings *settings, const char *lineage, const char *version, bool alone)
{
    AUTO(free) char *server = server_of(settings);
    struct reload *reload;
    MUTEX_HOLD(&reloads->lock);

    reload = find(reloads, server);
    if (reload == NULL) {
        reloads->at = xrealloc(reloads->at, reloads->len + 1, sizeof *reloads->at);
        reload = &reloads->at[reloads->len++];
        *reload = (struct reload){ .server = TAKE(server), .settings = settings_dup(settings) };
    }
    reload->to = xrealloc(reload->to, reload->len + 1, sizeof *reload->to);
    reload->to[reload->len++] = (struct owed){ xstrdup(lineage), xstrdup_or_null(version), alone };
}

const struct reload *reloads_at(const struct reloads *reloads, size_t i)
{
    return i < reloads->len ? &reloads->at[i] : NULL;
}
