#include "nginx/enhance.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "nginx/redirect.h"

#define ROUNDS_MAX 64

struct header {
    const char *name, *value;
};

static const struct header hsts[] = { { "Strict-Transport-Security", "max-age=31536000" } };
static const struct header security[] = {
    { "Strict-Transport-Security", "max-age=31536000; includeSubDomains" },
    { "X-Content-Type-Options", "nosniff" },
    { "X-Frame-Options", "DENY" },
    { "X-XSS-Protection", "1; mode=block" },
    { "Referrer-Policy", "strict-origin-when-cross-origin" },
};

/* ---- headers ---- */

static bool is_header(const struct nginx_node *node, const char *name)
{
    return nginx_is(node, "add_header") && node->word_count > 2 && strcasecmp(node->words[1].text, name) == 0;
}

/* At any depth: what a location says is meant so. */
static bool has_header_in(const struct nginx_node *node, const char *name)
{
    if (is_header(node, name))
        return true;
    for (const struct nginx_node *child = node->child; child != NULL; child = child->next)
        if (has_header_in(child, name))
            return true;
    return false;
}

static bool has_header(const struct nginx_block *block, const char *name)
{
    for (size_t i = 0; i < block->item_count; i++)
        if (has_header_in(block->items[i].node, name))
            return true;
    return false;
}

/* The first header of a block ends what it has from http: those are written beside it. */
static void put_inherited(const struct nginx_model *model, const struct nginx_block *block,
    const struct header *headers, size_t count, struct buf *lines)
{
    struct nginx_walk walk;
    const struct nginx_node *node;

    if (model->http == NULL || nginx_block_has(block, "add_header"))
        return;
    walk = nginx_walk_block(model->http);
    while ((node = nginx_walk_next(&walk)) != NULL) {
        bool ours = false;

        for (size_t i = 0; i < count; i++)
            ours |= is_header(node, headers[i].name);
        if (!ours && nginx_is(node, "add_header"))
            nginx_put_line(lines, "%.*s", (int)(node->end - node->start), node->file->text.at + node->start);
    }
}

static void put_headers(
    struct nginx_editing *editing, const struct nginx_block *block, const struct header *headers, size_t count)
{
    AUTO(buf_clear) struct buf lines = BUF(NGINX_TEXT_MAX), all = BUF(NGINX_TEXT_MAX);

    for (size_t i = 0; i < count; i++)
        if (!has_header(block, headers[i].name))
            nginx_put_line(&lines, "add_header %s \"%s\" always;", headers[i].name, headers[i].value);
    if (lines.len == 0)
        return;
    if (nginx_is_mixed(editing->model, block)) { /* they are for TLS alone */
        (void)nginx_split(editing, block, false, (struct view){ "", 0 });
        return;
    }
    put_inherited(editing->model, block, headers, count, &all);
    nginx_put_lines(&all, &lines);
    nginx_add_lines(editing, block, false, buf_view(&all));
}

/* ---- stapling ---- */

static void put_directive(struct nginx_editing *editing, const struct nginx_block *block, const char *name,
    const char *value, struct buf *lines)
{
    AUTO(buf_clear) struct buf directive = BUF(NGINX_TEXT_MAX);
    const struct nginx_item *item;
    size_t from = 0;
    const char *had;

    buf_putf(&directive, "%s ", name);
    nginx_put_word(&directive, value);
    buf_put_char(&directive, ';');
    item = nginx_block_find(block, name, &from);
    had = item != NULL ? nginx_word(item->node, 1) : NULL;
    if (item == NULL)
        nginx_put_line(lines, "%s", buf_text(&directive));
    else if (had == NULL || strcmp(had, value) == 0 || nginx_editing_touches(editing, item->node))
        return;
    else if (item->include == NULL)
        nginx_change(editing, item->node, buf_text(&directive));
    else if (!nginx_editing_touches(editing, item->include))
        nginx_inline(editing, item->include);
}

static void put_stapling(struct nginx_editing *editing, const struct nginx_task *task, const struct nginx_block *block)
{
    AUTO(buf_clear) struct buf lines = BUF(NGINX_TEXT_MAX);

    put_directive(editing, block, "ssl_trusted_certificate", task->deployment->pairs[0].chain, &lines);
    put_directive(editing, block, "ssl_stapling", "on", &lines);
    put_directive(editing, block, "ssl_stapling_verify", "on", &lines);
    if (lines.len > 0)
        nginx_add_lines(editing, block, false, buf_view(&lines));
}

/* ---- all blocks of a deployment ---- */

static void enhance_block(struct nginx_editing *editing, const struct nginx_task *task, enum enhancement enhancement,
    const struct nginx_block *block)
{
    if (enhancement == ENHANCE_HSTS)
        put_headers(editing, block, hsts, COUNT(hsts));
    else if (enhancement == ENHANCE_SECURITY_HEADERS)
        put_headers(editing, block, security, COUNT(security));
    else if (enhancement == ENHANCE_STAPLE_OCSP)
        put_stapling(editing, task, block);
}

static bool no_tls(const struct nginx_targets *targets, enum enhancement enhancement, struct error *err)
{
    AUTO(free) char *missing = list_join(&targets->missing, ", ");
    const char *names = missing;

    for (size_t i = 0; i < targets->len && missing[0] == '\0'; i++)
        if (!targets->at[i].block->tls)
            names = targets->at[i].names.at[0];
    (void)error_set(err, ERROR_PLUGIN, "nginx does not serve %s over TLS, so there is nothing to add %s to", names,
        enhancement_name(enhancement));
    return error_next(err, "`install` makes it serve a certificate for these names");
}

static bool enhance_round(struct nginx_editing *editing, const struct nginx_task *task, enum enhancement enhancement,
    bool *any, struct error *err)
{
    AUTO(nginx_targets_clear) struct nginx_targets targets = { 0 };
    bool all_tls;

    TRY(nginx_targets_find(editing->model, task, &targets, err));
    all_tls = targets.missing.len == 0;
    for (size_t i = 0; i < targets.len; i++)
        all_tls &= targets.at[i].block->tls;
    if (!all_tls)
        return no_tls(&targets, enhancement, err);
    for (size_t i = 0; i < targets.len; i++)
        enhance_block(editing, task, enhancement, targets.at[i].block);
    return nginx_editing_apply(editing, any, err);
}

bool nginx_enhance(
    struct nginx_editing *editing, const struct nginx_task *task, enum enhancement enhancement, struct error *err)
{
    const struct deployment *deployment = task->deployment;
    bool any = true;

    if (enhancement == ENHANCE_STAPLE_OCSP && (deployment->pair_count == 0 || deployment->pairs[0].chain == NULL)) {
        (void)error_set(err, ERROR_PLUGIN, "nginx needs the chain of the certificate to staple OCSP answers");
        return error_next(err, "Name it with --chain-path");
    }
    for (int round = 0; any; round++) {
        if (round == ROUNDS_MAX)
            return error_set(err, ERROR_INTERNAL, "the configuration of nginx does not come to rest");
        TRY(enhance_round(editing, task, enhancement, &any, err));
    }
    return true;
}
