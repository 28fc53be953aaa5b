/*
 * A third-party plugin as installer.
 */
#include "plugin/external_ask.h"

static bool ask_deployment(
    struct use *use, enum line_request request, const struct deployment *deployment, struct error *err)
{
    AUTO(buf_clear) struct buf question = BUF_SECRET(LINE_MAX_QUESTION);

    line_put_deployment(&question, &use->external->about, use->external->plugin.name, use->settings, deployment);
    return use_ask(use, request, &question, NULL, err);
}

static bool deploy(void *self, const struct deployment *deployment, struct error *err)
{
    return ask_deployment(self, LINE_DEPLOY, deployment, err);
}

static bool restart(void *self, struct error *err)
{
    return ask_deployment(self, LINE_RELOAD, NULL, err);
}

/* The protocol has no enhancements and no checkpoints: a plugin keeps what it deploys by itself. */
static bool supports(void *self, enum enhancement enhancement)
{
    (void)self;
    (void)enhancement;
    return false;
}

static bool enhance(void *self, const char *domain, enum enhancement enhancement, struct error *err)
{
    const struct use *use = self;

    return error_set(err, ERROR_PLUGIN, "The %s plugin cannot add %s for %s", use->external->plugin.name,
        enhancement_name(enhancement), domain);
}

static bool save(void *self, const char *title, struct error *err)
{
    (void)self;
    (void)title;
    (void)err;
    return true;
}

static void recover(void *self)
{
    (void)self;
}

static bool rollback(void *self, int checkpoints, struct error *err)
{
    const struct use *use = self;

    (void)checkpoints;
    return error_set(err, ERROR_PLUGIN, "The %s plugin keeps no checkpoints", use->external->plugin.name);
}

const struct installer external_installer = {
    .prepare = use_prepare,
    .deploy = deploy,
    .supports = supports,
    .enhance = enhance,
    .save = save,
    .restart = restart,
    .recover = recover,
    .rollback = rollback,
    .release = use_release,
};
