/*
 * The plugin: what its uses share, and what it is called.
 */
#include "apache/apache.h"
#include "apache/authenticator.h"
#include "apache/commit.h"
#include "apache/live_challenges.h"
#include "apache/private.h"
#include "base/log.h"
#include "base/mem.h"

static bool clerks_recover(void *self, struct error *err)
{
    struct apache_server *server = self;

    return web_recover(&server->service, err);
}

static bool keeps_lock(void *self)
{
    return apache_challenges_are_live(self);
}

static bool owes(void *self)
{
    const struct apache_server *server = self;

    return web_has_to_tell(&server->service);
}

static bool settle(void *self, struct error *err)
{
    const struct apache_server *server = self;

    return web_tell(&server->service, err);
}

/* Challenges that are in place are taken away for it: what is installed is to stay. */
static bool commit_installs(
    struct apache_server *server, void *const *plans, size_t count, struct error **each, struct error *err)
{
    struct error again = { 0 };
    bool ok;

    TRY(apache_challenges_suspend(server, err));
    ok = apache_commit(server, plans, count, each, err);
    if (!apache_challenges_resume(server, &again))
        log_warning("Apache does not answer the challenges of other certificates any more: %s", again.why);
    return ok;
}

static bool commit_kind(struct apache_server *server, enum apache_plan_kind kind, void *const *plans, size_t count,
    struct error **each, struct error *err)
{
    return kind == APACHE_PLAN_CHALLENGE ? apache_commit_challenges(server, plans, count, err)
                                         : commit_installs(server, plans, count, each, err);
}

/* Those of one kind that come with others: where they fail, the others are not concerned. */
static bool commit_some(struct apache_server *server, enum apache_plan_kind kind, void *const *plans, size_t count,
    struct error **each, struct error *err)
{
    AUTO(free) void **some = xcalloc(count, sizeof *some);
    AUTO(free) struct error **failed = xcalloc(count, sizeof *failed);
    size_t found = 0;
    bool ok;

    for (size_t i = 0; i < count; i++)
        if (*(const enum apache_plan_kind *)plans[i] == kind)
            some[found++] = plans[i];
    if (found == count)
        return commit_kind(server, kind, plans, count, each, err);
    ok = found == 0 || commit_kind(server, kind, some, found, failed, err);
    found = 0;
    for (size_t i = 0; i < count; i++)
        if (*(const enum apache_plan_kind *)plans[i] == kind) {
            each[i] = failed[found++];
            if (!ok && each[i] == NULL)
                each[i] = error_dup(err);
        }
    return ok || err->kind != ERROR_CANCELED;
}

static bool commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    return commit_some(self, APACHE_PLAN_INSTALL, plans, count, each, err) &&
           commit_some(self, APACHE_PLAN_CHALLENGE, plans, count, each, err);
}

static const struct clerk_work work = {
    .recover = clerks_recover,
    .commit = commit,
    .keeps_lock = keeps_lock,
    .owes = owes,
    .settle = settle,
};

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
    struct apache_server *server = shared;
    struct apache_live *live = server->live;

    apache_server_free(server);
    apache_challenges_free(live);
}

static const struct plugin_share share = { .key = apache_server_key, .make = make, .end = end };

const struct plugin plugin_apache = {
    .name = "apache",
    .description = "With the Apache of this machine",
    .authenticator = &apache_authenticator,
    .installer = &apache_installer,
    .is_here = apache_server_is_here,
    .share = &share,
};
