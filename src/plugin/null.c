/*
 * The null installer: accepts everything and changes nothing. For tests, and for hooks that do an installer's work.
 */
#include "plugin/builtin.h"

static bool null_deploy(void *self, const struct deployment *deployment, struct error *err)
{
    (void)self;
    (void)deployment;
    (void)err;
    return true;
}

static bool null_supports(void *self, enum enhancement enhancement)
{
    (void)self;
    (void)enhancement;
    return false; /* as Certbot's: what is asked for is reported and passed over */
}

static bool null_enhance(void *self, const char *domain, enum enhancement enhancement, struct error *err)
{
    (void)self;
    (void)domain;
    (void)enhancement;
    (void)err;
    return true;
}

static bool null_save(void *self, const char *title, struct error *err)
{
    (void)self;
    (void)title;
    (void)err;
    return true;
}

static bool null_restart(void *self, struct error *err)
{
    (void)self;
    (void)err;
    return true;
}

static void null_recover(void *self)
{
    (void)self;
}

static bool null_rollback(void *self, int checkpoints, struct error *err)
{
    (void)self;
    (void)checkpoints;
    (void)err;
    return true;
}

static const struct installer null_installer = {
    .deploy = null_deploy,
    .supports = null_supports,
    .enhance = null_enhance,
    .save = null_save,
    .restart = null_restart,
    .recover = null_recover,
    .rollback = null_rollback,
};

const struct plugin plugin_null = {
    .name = "null",
    .description = "Install nothing",
    .hidden = true,
    .installer = &null_installer,
};
