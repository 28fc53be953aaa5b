#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "nginx/private.h"
#include "nginx/self_redirect.h"

static void put_behind(struct nginx_editing *editing, const struct nginx_block *block, struct nginx_copy *copy)
{
    AUTO(buf_clear) struct buf text = BUF(NGINX_TEXT_MAX);

    nginx_copy_text(copy, &text);
    nginx_put_block_behind(editing, block->node, buf_view(&text));
}

/* Whether a block answers all that it is asked with a refusal or nothing. */
static bool is_useless(const struct nginx_block *block)
{
    size_t from = 0;
    const struct nginx_item *item = nginx_block_find(block, "return", &from);
    const char *code = item != NULL ? nginx_word(item->node, 1) : NULL;

    return code != NULL && (code[0] == '4' || code[0] == '5');
}

static void drop_all(struct nginx_copy *copy, const char *name)
{
    const struct nginx_item *item;

    for (size_t from = 0; (item = nginx_block_find(copy->block, name, &from)) != NULL;)
        nginx_copy_change(copy, item->node, item->include, NULL);
}

void nginx_put_clone(struct nginx_editing *editing, const struct nginx_targets *targets)
{
    AUTO(nginx_copy_clear) struct nginx_copy copy = { 0 };
    AUTO(free) char *names = list_join(&targets->missing, ", "), *place = nginx_block_place(targets->template);

    if (is_useless(targets->template))
        log_warning("The default server at %s, which a server block for %s is made of, refuses all requests: what "
                    "it is to serve has to be added.",
            place, names);
    nginx_copy_begin(&copy, targets->template);
    nginx_copy_listens(&copy, editing->model, NULL, false);
    nginx_copy_names(&copy, &targets->missing);
    drop_all(&copy, "ssl_reject_handshake");
    put_behind(editing, targets->template, &copy);
}

/* ---- beside a block that sends clients to https ---- */

static bool is_tls_at(const struct nginx_model *model, const struct nginx_listen *listen)
{
    const struct nginx_address *address = nginx_address_of(model, listen);

    return address->tls || address->quic;
}

/* The block by which its names are served over TLS so far, as a default server; NULL: not at all. */
static const struct nginx_block *served_by(
    const struct nginx_model *model, const struct nginx_task *task, const struct nginx_block *block)
{
    for (size_t i = 0; i < block->listen_count; i++) {
        const struct nginx_address *address = nginx_address_of(model, &block->listens[i]);
        const struct nginx_address *tls =
            nginx_address_find(model, address->family, address->host, task->ports.https, false);

        if (tls != NULL && tls->tls && &model->blocks[tls->fallback] != block &&
            !nginx_block_has(&model->blocks[tls->fallback], "ssl_reject_handshake"))
            return &model->blocks[tls->fallback];
    }
    return NULL;
}

static void copy_for_tls(struct nginx_editing *editing, const struct nginx_task *task,
    const struct nginx_target *target, const struct nginx_redirects *redirects, struct nginx_copy *copy)
{
    const struct nginx_block *block = target->block;

    for (size_t i = 0; i < block->listen_count; i++)
        if (block->listens[i].node != NULL)
            nginx_copy_change(copy, block->listens[i].node, block->listens[i].include, NULL);
    for (size_t i = 0; i < redirects->len; i++)
        nginx_copy_change(copy, redirects->at[i].node, redirects->at[i].include, NULL);
    drop_all(copy, "ssl_certificate");
    drop_all(copy, "ssl_certificate_key");
    copy->apart = true;
    nginx_listens_put(editing, task, target, false, &copy->lines);
    nginx_pairs_put_all(task, &copy->lines);
    nginx_options_put(editing, task, block, false, &copy->lines);
}

void nginx_put_sibling(struct nginx_editing *editing, const struct nginx_task *task, const struct nginx_target *target)
{
    AUTO(nginx_redirects_clear) struct nginx_redirects redirects = { 0 };
    AUTO(nginx_copy_clear) struct nginx_copy copy = { 0 };
    const struct nginx_block *served = NULL;

    nginx_redirects_find(editing->model, target->block, task->ports.https, &redirects);
    if (redirects.whole)
        served = served_by(editing->model, task, target->block);
    nginx_copy_begin(&copy, served != NULL ? served : target->block);
    if (served != NULL)
        nginx_copy_listens(&copy, editing->model, is_tls_at, false);
    else
        copy_for_tls(editing, task, target, &redirects, &copy);
    nginx_copy_names(&copy, &target->names);
    put_behind(editing, target->block, &copy);
}
