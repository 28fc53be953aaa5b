/*
 * The null installer: accepts everything and changes nothing. For tests, and for hooks that do an installer's work.
 */
#include "plugin/builtin.h"

static bool supports(void *self, enum enhancement enhancement)
{
    (void)self;
    (void)enhancement;
    return false; /* as Certbot's: what is asked for is reported and passed over */
}

static bool plan(void *self, const struct deployment *deployment, void **out, struct error *err)
{
    (void)self;
    (void)deployment;
    (void)err;
    *out = NULL;
    return true;
}

static bool commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    (void)self;
    (void)plans;
    (void)count;
    (void)each;
    (void)err;
    return true;
}

static bool rollback(void *self, int checkpoints, struct error *err)
{
    (void)self;
    (void)checkpoints;
    (void)err;
    return true;
}

static const struct installer null_installer = {
    .supports = supports,
    .plan = plan,
    .commit = commit,
    .rollback = rollback,
};

const struct plugin plugin_null = {
    .name = "null",
    .description = "Install nothing",
    .hidden = true,
    .installer = &null_installer,
};
