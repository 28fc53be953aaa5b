#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nginx/private.h"

#define PAIRS_MAX 8 /* a block with more of them keeps what is behind */

enum fate { FATE_REPLACED, FATE_KEPT, FATE_GONE };

struct existing {                        /* a pair that a block names */
    const struct nginx_item *cert, *key; /* key: NULL when it is lacking */
    enum fate fate;
    size_t by; /* index of the deployment's pair, of FATE_REPLACED */
};

struct pairs {
    struct existing at[PAIRS_MAX];
    size_t len;
    bool placed[PAIRS_MAX]; /* by pair of the deployment */
};

static const char *path_of(const struct nginx_item *item)
{
    const char *path = item != NULL ? nginx_word(item->node, 1) : NULL;

    return path != NULL ? path : "";
}

static void read_existing(const struct nginx_block *block, struct pairs *out)
{
    size_t cert_from = 0, key_from = 0;
    const struct nginx_item *cert;

    while (out->len < PAIRS_MAX && (cert = nginx_block_find(block, "ssl_certificate", &cert_from)) != NULL)
        out->at[out->len++] = (struct existing){
            .cert = cert, .key = nginx_block_find(block, "ssl_certificate_key", &key_from), .fate = FATE_GONE
        };
}

static struct nginx_cert look(const struct nginx_task *task, struct nginx_conf *conf, const char *path)
{
    AUTO(free) char *absolute = nginx_conf_path(conf, path);
    struct nginx_cert cert = { 0 };

    task->look(task->look_arg, absolute, &cert);
    return cert;
}

static void place(struct pairs *pairs, size_t existing, size_t by)
{
    pairs->at[existing].fate = FATE_REPLACED;
    pairs->at[existing].by = by;
    pairs->placed[by] = true;
}

static size_t wanted_count(const struct nginx_task *task)
{
    return task->deployment->pair_count < PAIRS_MAX ? task->deployment->pair_count : PAIRS_MAX;
}

/* First those that are there already, then those of the same type of key. */
static void match_pairs(
    const struct nginx_task *task, const struct nginx_cert *wanted, const struct nginx_cert *had, struct pairs *pairs)
{
    for (size_t i = 0; i < wanted_count(task); i++)
        for (size_t k = 0; k < pairs->len && !pairs->placed[i]; k++)
            if (pairs->at[k].fate == FATE_GONE &&
                strcmp(path_of(pairs->at[k].cert), task->deployment->pairs[i].fullchain) == 0)
                place(pairs, k, i);
    for (size_t i = 0; i < wanted_count(task); i++)
        for (size_t k = 0; k < pairs->len && !pairs->placed[i]; k++)
            if (pairs->at[k].fate == FATE_GONE && had[k].known && wanted[i].known && had[k].type == wanted[i].type)
                place(pairs, k, i);
}

/* One of ours by another type of key stays when the deployment says so, and when it still is of use. */
static bool stays(const struct nginx_task *task, const struct nginx_cert *wanted, const struct nginx_cert *had,
    const struct existing *existing)
{
    if (!task->deployment->keeps_other_type || !text_starts(path_of(existing->cert), task->live_dir) || !had->known ||
        !had->covers)
        return false;
    for (size_t i = 0; i < wanted_count(task); i++)
        if (!wanted[i].known || wanted[i].type == had->type)
            return false;
    return true;
}

static void settle_rest(
    const struct nginx_task *task, const struct nginx_cert *wanted, const struct nginx_cert *had, struct pairs *pairs)
{
    for (size_t k = 0; k < pairs->len; k++) {
        if (pairs->at[k].fate != FATE_GONE)
            continue;
        if (stays(task, wanted, &had[k], &pairs->at[k])) {
            pairs->at[k].fate = FATE_KEPT;
            continue;
        }
        for (size_t i = 0; i < wanted_count(task) && pairs->at[k].fate == FATE_GONE; i++)
            if (!pairs->placed[i])
                place(pairs, k, i);
    }
}

static bool is_settled(const struct nginx_task *task, const struct pairs *pairs)
{
    if (pairs->len != wanted_count(task))
        return false;
    for (size_t i = 0; i < pairs->len; i++)
        if (strcmp(path_of(pairs->at[i].cert), task->deployment->pairs[i].fullchain) != 0)
            return false;
    return true;
}

static void decide(const struct nginx_task *task, struct nginx_conf *conf, struct pairs *pairs)
{
    struct nginx_cert wanted[PAIRS_MAX] = { 0 }, had[PAIRS_MAX] = { 0 };

    if (pairs->len > 0 && !is_settled(task, pairs)) { /* else no file needs to be read */
        for (size_t i = 0; i < wanted_count(task); i++)
            wanted[i] = look(task, conf, task->deployment->pairs[i].fullchain);
        for (size_t k = 0; k < pairs->len; k++)
            had[k] = look(task, conf, path_of(pairs->at[k].cert));
    }
    match_pairs(task, wanted, had, pairs);
    settle_rest(task, wanted, had, pairs);
}

static void put_directive(struct buf *out, const char *name, const char *path)
{
    buf_put_text(out, name);
    buf_put_char(out, ' ');
    nginx_put_word(out, path);
    buf_put_char(out, ';');
}

static void put_pair(const struct pair *pair, struct buf *lines)
{
    AUTO(buf_clear) struct buf cert = BUF(NGINX_TEXT_MAX), key = BUF(NGINX_TEXT_MAX);

    put_directive(&cert, "ssl_certificate", pair->fullchain);
    put_directive(&key, "ssl_certificate_key", pair->key);
    nginx_put_line(lines, "%s", buf_text(&cert));
    nginx_put_line(lines, "%s", buf_text(&key));
}

void nginx_pairs_put_all(const struct nginx_task *task, struct buf *lines)
{
    for (size_t i = 0; i < wanted_count(task); i++)
        put_pair(&task->deployment->pairs[i], lines);
}

/* Whether an included file may be edited for these blocks: no other block has it. */
static bool is_ours(const struct nginx_model *model, const struct nginx_targets *targets, const struct nginx_file *file)
{
    size_t count = 0;

    for (size_t i = 0; i < targets->len; i++) {
        const struct nginx_block *block = targets->at[i].block;
        bool has = false;

        for (size_t k = 0; k < block->item_count && !has; k++)
            has = block->items[k].include != NULL && block->items[k].node->file == file;
        count += has;
    }
    return count == model->users[file->index];
}

/* Puts one directive right. True: it can be edited where it is, or was edited before. */
static bool put_item(struct nginx_editing *editing, const struct nginx_targets *targets, const struct nginx_item *item,
    const char *name, const char *path)
{
    AUTO(buf_clear) struct buf out = BUF(NGINX_TEXT_MAX);

    if (item == NULL || (path != NULL && strcmp(path_of(item), path) == 0))
        return true;
    if (item->include != NULL && !is_ours(editing->model, targets, item->node->file)) {
        if (!nginx_editing_touches(editing, item->include))
            nginx_inline(editing, item->include);
        return false;
    }
    if (nginx_editing_touches(editing, item->node))
        return true;
    if (path == NULL) {
        nginx_take_out(editing, item->node);
        return true;
    }
    put_directive(&out, name, path);
    nginx_change(editing, item->node, buf_text(&out));
    return true;
}

bool nginx_pairs_put(struct nginx_editing *editing, const struct nginx_task *task, const struct nginx_targets *targets,
    const struct nginx_block *block, struct buf *lines)
{
    struct pairs pairs = { 0 };
    bool ok = true;

    read_existing(block, &pairs);
    decide(task, editing->conf, &pairs);
    for (size_t k = 0; k < pairs.len && ok; k++) {
        const struct existing *existing = &pairs.at[k];
        const struct pair *pair = existing->fate == FATE_REPLACED ? &task->deployment->pairs[existing->by] : NULL;

        if (existing->fate == FATE_KEPT)
            continue;
        ok = put_item(editing, targets, existing->cert, "ssl_certificate", pair != NULL ? pair->fullchain : NULL) &&
             put_item(editing, targets, existing->key, "ssl_certificate_key", pair != NULL ? pair->key : NULL);
        if (ok && pair != NULL && existing->key == NULL) {
            AUTO(buf_clear) struct buf key = BUF(NGINX_TEXT_MAX);

            put_directive(&key, "ssl_certificate_key", pair->key);
            nginx_put_line(lines, "%s", buf_text(&key));
        }
    }
    for (size_t i = 0; i < wanted_count(task) && ok; i++)
        if (!pairs.placed[i])
            put_pair(&task->deployment->pairs[i], lines);
    return ok;
}
