/*
 * The plugin: what its uses share, and what it is called.
 */
#include "apache/apache.h"
#include "apache/commit.h"
#include "apache/private.h"
#include "apache/server.h"

static bool clerks_recover(void *self, struct error *err)
{
    struct apache_server *server = self;

    return web_recover(&server->service, err);
}

static const struct clerk_work work = { .recover = clerks_recover, .commit = apache_commit };

static bool make(const struct plugin_context *context, void **shared, struct error *err)
{
    struct apache_server *server;

    TRY(apache_server_new(context->settings, &work, &server, err));
    server->net_when_needed = context->when_needed;
    *shared = server;
    return true;
}

static void end(void *shared)
{
    apache_server_free(shared);
}

static const struct plugin_share share = { .key = apache_server_key, .make = make, .end = end };

const struct plugin plugin_apache = {
    .name = "apache",
    .description = "With the Apache of this machine",
    .installer = &apache_installer,
    .is_here = apache_server_is_here,
    .share = &share,
};
