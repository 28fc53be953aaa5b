/*
 * The plugin: what its uses share, and what it is called.
 */
#include "apache/apache.h"
#include "apache/commit.h"
#include "apache/private.h"
#include "webplugin/authenticator.h"

static void forget(void *self)
{
    apache_server_forget(self);
}

static const struct web_kind kind = {
    .prepare = apache_server_prepare,
    .prepare_rollback = apache_server_prepare_rollback,
    .locate = apache_server_locate,
    .install = apache_commit,
    .answer = apache_answer,
    .forget = forget,
    .host = apache_host,
    .opposite = apache_opposite,
};

static bool make(const struct plugin_context *context, void **shared, struct error *err)
{
    struct apache_server *server;

    TRY(apache_server_new(context->settings, &kind, &server, err));
    server->net = context->when_needed;
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
    .authenticator = &web_authenticator,
    .installer = &apache_installer,
    .is_here = apache_server_is_here,
    .share = &share,
};
