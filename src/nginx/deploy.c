#include "nginx/deploy.h"

#include <string.h>

#include "base/mem.h"
#include "nginx/private.h"
#include "nginx/self_redirect.h"

#define ROUNDS_MAX 64 /* a block whose includes are put in their place takes one for each level */

static bool check_pairs(const struct nginx_task *task, struct error *err)
{
    for (size_t i = 0; i < task->deployment->pair_count; i++) {
        const struct pair *pair = &task->deployment->pairs[i];

        if (pair->fullchain != NULL && pair->key != NULL)
            continue;
        (void)error_set(err, ERROR_PLUGIN, "nginx needs the certificate with its chain in one file, and its key");
        return error_next(err, "Name them with --fullchain-path and --key-path");
    }
    return true;
}

static bool has_redirects(
    const struct nginx_model *model, const struct nginx_task *task, const struct nginx_block *block)
{
    AUTO(nginx_redirects_clear) struct nginx_redirects redirects = { 0 };

    nginx_redirects_find(model, block, task->ports.https, &redirects);
    return redirects.len > 0;
}

/* A block with TLS that is to serve clients that ask for no server. */
static void make_default(struct nginx_editing *editing, const struct nginx_task *task, const struct nginx_block *block)
{
    for (size_t i = 0; i < block->listen_count; i++) {
        const struct nginx_listen *listen = &block->listens[i];
        const struct nginx_address *address = nginx_address_of(editing->model, listen);
        struct view source;
        AUTO(free) char *directive = NULL;

        if (listen->node == NULL || listen->include != NULL || !address->tls || listen->is_default ||
            address->port != task->ports.https || nginx_editing_touches(editing, listen->node))
            continue;
        source = nginx_source(listen->node);
        directive = xprintf("%.*s default_server;", (int)source.len - 1, source.at);
        nginx_change(editing, listen->node, directive);
    }
}

/* Whether it has one of the deployment's certificates. */
static bool has_certificate(
    struct nginx_editing *editing, const struct nginx_task *task, const struct nginx_block *block)
{
    const struct nginx_item *item;
    size_t from = 0;

    while ((item = nginx_block_find(block, "ssl_certificate", &from)) != NULL) {
        const char *word = nginx_word(item->node, 1);
        AUTO(free) char *path = word != NULL ? nginx_conf_path(editing->conf, word) : NULL;

        for (size_t i = 0; path != NULL && i < task->deployment->pair_count; i++)
            if (strcmp(path, task->deployment->pairs[i].fullchain) == 0)
                return true;
    }
    return false;
}

/* Names that clients will not trust the block for. */
static void note_uncovered(
    struct nginx_editing *editing, const struct nginx_task *task, const struct nginx_block *block)
{
    if (task->uncovered == NULL || has_certificate(editing, task, block))
        return;
    for (size_t i = 0; i < block->names.len; i++) {
        const char *name = block->names.at[i];

        if (!nginx_name_is_regex(name) && nginx_name_is_asked_for(name) && !nginx_task_covers(task, name) &&
            !list_has(task->uncovered, name))
            list_add(task->uncovered, name);
    }
}

static void deploy_to(struct nginx_editing *editing, const struct nginx_task *task, const struct nginx_targets *targets,
    const struct nginx_target *target)
{
    const struct nginx_block *block = target->block;
    AUTO(buf_clear) struct buf lines = BUF(NGINX_TEXT_MAX), pairs = BUF(NGINX_TEXT_MAX);

    if (!block->tls && has_redirects(editing->model, task, block)) {
        nginx_put_sibling(editing, task, target);
        return;
    }
    note_uncovered(editing, task, block);
    if (!nginx_pairs_put(editing, task, targets, block, &pairs))
        return;
    if (block->tls && target->becomes_default)
        make_default(editing, task, block);
    if (!block->tls)
        nginx_listens_put(editing, task, target, true, &lines);
    nginx_put_lines(&lines, &pairs);
    if (!block->tls)
        nginx_options_put(editing, task, block, true, &lines);
    if (lines.len > 0)
        nginx_add_lines(editing, block, !block->tls, buf_view(&lines));
}

static bool deploy_round(struct nginx_editing *editing, const struct nginx_task *task, bool *any, struct error *err)
{
    AUTO(nginx_targets_clear) struct nginx_targets targets = { 0 };

    TRY(nginx_targets_find(editing->model, task, &targets, err));
    if (targets.missing.len > 0)
        nginx_put_clone(editing, &targets);
    for (size_t i = 0; i < targets.len; i++)
        deploy_to(editing, task, &targets, &targets.at[i]);
    return nginx_editing_apply(editing, any, err);
}

bool nginx_deploy(struct nginx_editing *editing, const struct nginx_task *task, struct error *err)
{
    bool any = true;

    TRY(check_pairs(task, err));
    for (int round = 0; any; round++) {
        if (round == ROUNDS_MAX)
            return error_set(err, ERROR_INTERNAL, "the configuration of nginx does not come to rest");
        TRY(deploy_round(editing, task, &any, err));
    }
    return true;
}
