#include "run/shares.h"

#include "base/mem.h"
#include "base/named.h"

struct share {
    struct named named; /* by plugin and key */
    const struct plugin *plugin;
    void *object;
};

struct shares {
    struct named_table table;
};

struct shares *shares_new(void)
{
    struct shares *shares = xcalloc(1, sizeof *shares);

    mutex_init(&shares->table.lock);
    return shares;
}

static void share_clear(void *item)
{
    struct share *share = item;

    if (share->named.made)
        share->plugin->share->end(share->object);
}

void shares_free(struct shares *shares)
{
    if (shares == NULL)
        return;
    named_clear(&shares->table, share_clear);
    mutex_destroy(&shares->table.lock);
    free(shares);
}

static bool make(void *item, void *arg, struct error *err)
{
    const struct plugin_context *context = arg;
    struct share *share = item;

    share->plugin = context->plugin;
    return context->plugin->share->make(context, &share->object, err);
}

bool shares_get(struct shares *shares, struct plugin_context *context, struct error *err)
{
    const struct plugin *plugin = context->plugin;
    AUTO(free) char *key = NULL, *name = NULL;
    struct share *share;

    context->shared = NULL;
    if (plugin->share == NULL)
        return true;
    key = plugin->share->key(plugin, context->settings);
    name = xprintf("%s\n%s\n%s", plugin->name, plugin->path != NULL ? plugin->path : "", key);
    share = named_get(&shares->table, name, sizeof *share);
    MUTEX_HOLD(&share->named.lock);
    TRY(named_make(&share->named, make, context, err));
    context->shared = share->object;
    return true;
}
