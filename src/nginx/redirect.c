#include "nginx/redirect.h"

#include <string.h>

#include "base/mem.h"
#include "nginx/copy.h"
#include "nginx/self_redirect.h"

#define ROUNDS_MAX 64

/* ---- splitting a block ---- */

/* A listen that redirection is for. */
static bool is_plain(const struct nginx_model *model, const struct nginx_listen *listen)
{
    const struct nginx_address *address = nginx_address_of(model, listen);

    return !address->tls && !address->quic && address->family != NGINX_UNIX && address->port == NGINX_REDIRECT_PORT;
}

bool nginx_is_mixed(const struct nginx_model *model, const struct nginx_block *block)
{
    bool plain = false, tls = false;

    for (size_t i = 0; i < block->listen_count; i++) {
        const struct nginx_address *address = nginx_address_of(model, &block->listens[i]);

        plain |= is_plain(model, &block->listens[i]);
        tls |= address->tls || address->quic;
    }
    return plain && tls;
}

/* Includes that bring such listens: what they bring is put in their place, once. */
static bool inline_plain_listens(struct nginx_editing *editing, const struct nginx_block *block)
{
    bool any = false;

    for (size_t i = 0; i < block->listen_count; i++) {
        const struct nginx_listen *listen = &block->listens[i];

        if (listen->include == NULL || !is_plain(editing->model, listen))
            continue;
        any = true;
        if (!nginx_editing_touches(editing, listen->include))
            nginx_inline(editing, listen->include);
    }
    return any;
}

/* What is of no use without TLS. */
static void drop_tls(struct nginx_copy *copy)
{
    for (size_t i = 0; i < copy->block->item_count; i++) {
        const struct nginx_item *item = &copy->block->items[i];

        if (strncmp(item->node->words[0].text, "ssl_", 4) == 0)
            nginx_copy_change(copy, item->node, item->include, NULL);
    }
}

static void put_moved(const struct nginx_node *node, struct buf *lines)
{
    struct view source = nginx_source_and_comment(node);

    buf_put_text(lines, "    ");
    for (size_t i = 0; i < source.len; i++)
        if (source.at[i] != '\r')
            buf_put_char(lines, source.at[i]);
    buf_put_char(lines, '\n');
}

/* By what the directives of a block are indented deeper than itself: four blanks where that cannot be seen. */
static struct view step_of(const struct nginx_block *block)
{
    struct view text = block->node->file->text, outer = text_indent(text, block->node->start);

    for (const struct nginx_node *child = block->node->child; child != NULL; child = child->next) {
        struct view indent = text_indent(text, child->start);

        if (text_line_start(text, child->start) + indent.len == child->start && indent.len > outer.len &&
            memcmp(indent.at, outer.at, outer.len) == 0)
            return (struct view){ indent.at + outer.len, indent.len - outer.len };
    }
    return view_of("    ");
}

/* Lines that are indented by four blanks for each step, by such steps. */
static void put_stepped(struct view lines, struct view step, struct buf *out)
{
    struct view line;

    for (bool more = false; view_cut(&lines, '\n', &line); more = true) {
        if (more)
            buf_put_char(out, '\n');
        for (; view_starts(line, "    "); line.at += 4, line.len -= 4)
            buf_put(out, step);
        buf_put(out, line);
    }
}

/* "server { ifs; listen ...; server_name ...; return 404; }" */
static void put_bare(struct nginx_editing *editing, const struct nginx_block *block, struct view first)
{
    AUTO(buf_clear) struct buf lines = BUF(NGINX_TEXT_MAX), stepped = BUF(NGINX_TEXT_MAX);
    struct view line;

    buf_put_text(&lines, "server {\n");
    while (view_cut(&first, '\n', &line)) {
        buf_put_text(&lines, line.len > 0 ? "    " : "");
        buf_put(&lines, line);
        buf_put_char(&lines, '\n');
    }
    for (size_t i = 0; i < block->listen_count; i++)
        if (block->listens[i].node != NULL && is_plain(editing->model, &block->listens[i]) &&
            (i == 0 || block->listens[i].node != block->listens[i - 1].node))
            put_moved(block->listens[i].node, &lines);
    for (size_t i = 0; i < block->item_count; i++)
        if (nginx_is(block->items[i].node, "server_name") && !block->items[i].node->block)
            put_moved(block->items[i].node, &lines);
    buf_put_text(&lines, "    return 404; " NGINX_MARK "\n}");
    put_stepped(buf_view(&lines), step_of(block), &stepped);
    nginx_insert_behind(
        nginx_editing_patch(editing, block->node), block->node->file->text, block->node, buf_text(&stepped));
}

static void put_copy(struct nginx_editing *editing, const struct nginx_block *block, struct view first)
{
    AUTO(nginx_copy_clear) struct nginx_copy copy = { 0 };
    AUTO(buf_clear) struct buf text = BUF(NGINX_TEXT_MAX);

    nginx_copy_begin(&copy, block);
    nginx_copy_listens(&copy, editing->model, is_plain, true);
    drop_tls(&copy);
    buf_put(&copy.first, first);
    nginx_copy_text(&copy, &text);
    nginx_put_block_behind(editing, block->node, buf_view(&text));
}

bool nginx_split(struct nginx_editing *editing, const struct nginx_block *block, bool bare, struct view first)
{
    if (inline_plain_listens(editing, block))
        return false;
    if (bare)
        put_bare(editing, block, first);
    else
        put_copy(editing, block, first);
    for (size_t i = 0; i < block->listen_count; i++)
        if (block->listens[i].node != NULL && is_plain(editing->model, &block->listens[i]) &&
            !nginx_editing_touches(editing, block->listens[i].node))
            nginx_move_out(editing, block->listens[i].node);
    return true;
}

/* ---- which blocks, and what they get ---- */

struct plain_block {
    struct nginx_block *block;
    struct list hosts; /* words behind "$host": "= a.test", "~ ^[^.]+\.a\.test$" */
};

struct plain_blocks {
    struct plain_block *at;
    size_t len;
};

static void plain_blocks_clear(struct plain_blocks *blocks)
{
    for (size_t i = 0; i < blocks->len; i++)
        list_clear(&blocks->at[i].hosts);
    free(blocks->at);
}

static void plain_blocks_clear_at(struct plain_blocks *blocks)
{
    plain_blocks_clear(blocks);
}

static struct plain_block *plain_block_of(struct plain_blocks *blocks, struct nginx_block *block)
{
    for (size_t i = 0; i < blocks->len; i++)
        if (blocks->at[i].block == block)
            return &blocks->at[i];
    blocks->at = xrealloc(blocks->at, blocks->len + 1, sizeof *blocks->at);
    blocks->at[blocks->len] = (struct plain_block){ .block = block };
    return &blocks->at[blocks->len++];
}

/* "*.a.test": one label of any kind. */
static char *wildcard_pattern(const char *wildcard)
{
    struct buf out = BUF(4096);

    buf_put_text(&out, "^[^.]+");
    for (const char *at = wildcard + 1; *at != '\0'; at++) {
        if (*at == '.')
            buf_put_char(&out, '\\');
        buf_put_char(&out, *at);
    }
    buf_put_char(&out, '$');
    return buf_take(&out);
}

static void add_host(const struct nginx_model *model, struct plain_blocks *blocks, struct nginx_block *block,
    const char *host, bool pattern, int port)
{
    struct plain_block *plain;
    AUTO(free) char *words = xprintf("%s %s", pattern ? "~" : "=", host);

    if (nginx_redirects_name(model, block, host, port))
        return;
    plain = plain_block_of(blocks, block);
    if (!list_has(&plain->hosts, words))
        list_add(&plain->hosts, words);
}

/* Nobody is sent to where nobody listens: a block may have TLS at another port alone. */
bool nginx_has_https(const struct nginx_model *model, const struct nginx_task *task,
    const struct identifier *identifier, const char *name)
{
    if (identifier->type == IDENTIFIER_IP)
        return nginx_choose_nameless(model, identifier->value, task->ports.https, NULL) != NULL;
    return nginx_serves_tls(model, name, task->ports.https);
}

/* No block without TLS has the name: a default server answers it, at the addresses where one with TLS has it. */
static void choose_defaults(
    const struct nginx_model *model, const struct nginx_task *task, const char *name, struct nginx_chosen *out)
{
    AUTO(nginx_chosen_clear) struct nginx_chosen served = { 0 };

    nginx_choose(model, name, task->ports, &served);
    for (size_t i = 0; i < served.len; i++) {
        for (size_t k = 0; k < served.at[i]->listen_count; k++) {
            const struct nginx_address *tls = nginx_address_of(model, &served.at[i]->listens[k]);
            const struct nginx_address *plain =
                nginx_address_find(model, tls->family, tls->host, NGINX_REDIRECT_PORT, false);
            struct nginx_block *block = plain != NULL && !plain->tls ? &model->blocks[plain->fallback] : NULL;

            if (block != NULL && !nginx_is_mixed(model, block)) /* another site is not taken apart for this */
                nginx_chosen_add(out, block);
        }
    }
}

static void find_for(const struct nginx_model *model, const struct nginx_task *task,
    const struct identifier *identifier, struct plain_blocks *blocks)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(nginx_chosen_clear) struct nginx_chosen chosen = { 0 };
    bool wildcard = identifier_is_wildcard(identifier);
    AUTO(free) char *host = wildcard ? wildcard_pattern(identifier->value) : nginx_host_text(identifier);
    struct nginx_block *fallback = NULL;

    nginx_task_names(model, task, identifier, &names);
    for (size_t i = 0; i < names.len; i++)
        if (nginx_has_https(model, task, identifier, names.at[i]))
            nginx_choose_plain(model, names.at[i], NGINX_REDIRECT_PORT, &chosen);
    if (chosen.len == 0 && identifier->type == IDENTIFIER_IP && nginx_has_https(model, task, identifier, host))
        fallback = nginx_choose_fallback(model, identifier->value, NGINX_REDIRECT_PORT);
    else if (chosen.len == 0 && !wildcard && nginx_has_https(model, task, identifier, host))
        choose_defaults(model, task, host, &chosen);
    if (fallback != NULL)
        nginx_chosen_add(&chosen, fallback);
    for (size_t i = 0; i < chosen.len; i++)
        add_host(model, blocks, chosen.at[i], host, wildcard, task->ports.https);
}

static void put_ifs(const struct list *hosts, struct buf *out)
{
    for (size_t i = 0; i < hosts->len; i++) {
        if (i > 0)
            buf_put_char(out, '\n');
        buf_putf(out, "if ($host %s) {\n    return 301 https://$host$request_uri;\n} " NGINX_MARK, hosts->at[i]);
    }
    buf_put_char(out, '\n');
}

/* Whether all that asks this block without TLS is sent on: names that are not go on being served. */
static bool is_all_redirected(
    const struct nginx_model *model, const struct nginx_task *task, const struct nginx_block *block)
{
    for (size_t i = 0; i < block->names.len; i++)
        if (!nginx_task_covers(task, block->names.at[i]))
            return false;
    for (size_t i = 0; i < block->listen_count; i++)
        if (block->listens[i].is_default && is_plain(model, &block->listens[i]))
            return false;
    return true;
}

static void redirect_block(
    struct nginx_editing *editing, const struct nginx_task *task, const struct plain_block *plain)
{
    const struct nginx_node *node = plain->block->node;
    AUTO(buf_clear) struct buf ifs = BUF(NGINX_TEXT_MAX);

    put_ifs(&plain->hosts, &ifs);
    if (nginx_is_mixed(editing->model, plain->block))
        (void)nginx_split(editing, plain->block, is_all_redirected(editing->model, task, plain->block), buf_view(&ifs));
    else
        nginx_prepend(nginx_editing_patch(editing, node), node->file->text, node, buf_text(&ifs));
}

bool nginx_redirect(struct nginx_editing *editing, const struct nginx_task *task, struct error *err)
{
    bool any = true;

    for (int round = 0; any; round++) {
        AUTO(plain_blocks_clear) struct plain_blocks blocks = { 0 };

        if (round == ROUNDS_MAX)
            return error_set(err, ERROR_INTERNAL, "the configuration of nginx does not come to rest");
        for (size_t i = 0; i < task->deployment->names->len; i++)
            find_for(editing->model, task, &task->deployment->names->at[i], &blocks);
        for (size_t i = 0; i < blocks.len; i++)
            redirect_block(editing, task, &blocks.at[i]);
        TRY(nginx_editing_apply(editing, &any, err));
    }
    return true;
}
