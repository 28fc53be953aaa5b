#include "run/reloads.h"

#include <string.h>

#include "base/mem.h"
#include "base/mutex.h"

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
        deployment_free(reload->to[i].deployment);
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

/* Under the lock. */
static struct reload *get(struct reloads *reloads, const struct settings *settings)
{
    AUTO(free) char *server = plugin_server(settings);
    struct reload *reload;

    for (size_t i = 0; i < reloads->len; i++)
        if (strcmp(reloads->at[i].server, server) == 0)
            return &reloads->at[i];
    reloads->at = xrealloc(reloads->at, reloads->len + 1, sizeof *reloads->at);
    reload = &reloads->at[reloads->len++];
    *reload = (struct reload){ .server = TAKE(server), .settings = settings_dup(settings) };
    return reload;
}

void reloads_add(struct reloads *reloads, const struct settings *settings, const struct deployment *deployment,
    size_t index, const char *version, bool alone)
{
    MUTEX_HOLD(&reloads->lock);
    struct reload *reload = get(reloads, settings);

    reload->to = xrealloc(reload->to, reload->len + 1, sizeof *reload->to);
    reload->to[reload->len++] = (struct owed){ deployment_dup(deployment), index, xstrdup_or_null(version), alone };
}

void reloads_add_server(struct reloads *reloads, const struct settings *settings)
{
    MUTEX_HOLD(&reloads->lock);
    (void)get(reloads, settings);
}

const struct reload *reloads_at(const struct reloads *reloads, size_t i)
{
    return i < reloads->len ? &reloads->at[i] : NULL;
}
