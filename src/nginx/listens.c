#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nginx/private.h"

/* ---- listen ---- */

/* The address of a listen without its port, as it is written: "", "*", "10.0.0.1", "[::]". */
static struct view host_part(const char *word)
{
    const char *end;
    uint64_t port;

    if (word[0] == '[')
        end = strchr(word, ']') != NULL ? strchr(word, ']') + 1 : word + strlen(word);
    else if (strchr(word, ':') != NULL)
        end = strchr(word, ':');
    else if (view_to_number(view_of(word), 1, 65535, &port) || strspn(word, "0123456789-") == strlen(word))
        end = word;
    else
        end = word + strlen(word);
    return (struct view){ word, (size_t)(end - word) };
}

struct listening { /* what is needed for the directives of one block */
    struct nginx_editing *editing;
    const struct nginx_task *task;
    const struct nginx_target *target;
    bool in_place;
    struct buf *lines;
    struct list done; /* addresses that have got one */
};

static char *address_key(enum nginx_family family, const char *host)
{
    return xprintf("%d %s", (int)family, host);
}

/* Whether an address needs ipv6only, which one block alone may say: as at the http port, else on, as Certbot has it. */
static const char *ipv6only(struct listening *listening, const struct nginx_address *like, const char *key)
{
    const struct nginx_model *model = listening->editing->model;
    const struct nginx_address *there =
        nginx_address_find(model, like->family, like->host, listening->task->ports.https, false);
    bool given = list_has(&listening->editing->given_ipv6only, key);

    if (like->family != NGINX_IP6 || !like->any || given || (there != NULL && (there->ipv6only >= 0 || there->once)))
        return "";
    list_add(&listening->editing->given_ipv6only, key);
    return like->ipv6only == 0 ? " ipv6only=off" : " ipv6only=on";
}

static const struct nginx_listen *own_listen(const struct listening *listening, const struct nginx_address *like)
{
    const struct nginx_block *block = listening->target->block;

    for (size_t i = 0; i < block->listen_count; i++) {
        const struct nginx_address *address = nginx_address_of(listening->editing->model, &block->listens[i]);

        if (!address->quic && address->family == like->family && address->port == listening->task->ports.https &&
            strcmp(address->host, like->host) == 0)
            return &block->listens[i];
    }
    return NULL;
}

/* One that is there already gets ssl. */
static void add_ssl(struct listening *listening, const struct nginx_listen *listen)
{
    struct view source = nginx_source(listen->node);
    AUTO(free) char *directive = xprintf("%.*s ssl;", (int)source.len - 1, source.at);

    if (listen->ssl || nginx_editing_touches(listening->editing, listen->node))
        return;
    if (listen->include != NULL)
        nginx_inline(listening->editing, listen->include);
    else
        nginx_change(listening->editing, listen->node, directive);
}

/* A directive for TLS at the address of another one. host: as it is to be written. */
static void put_listen(struct listening *listening, const struct nginx_address *like, struct view host)
{
    AUTO(free) char *key = address_key(like->family, like->host);
    const struct nginx_listen *there = own_listen(listening, like);

    if (list_has(&listening->done, key))
        return;
    list_add(&listening->done, key);
    if (there != NULL && there->node != NULL && listening->in_place) {
        add_ssl(listening, there);
        return;
    }
    nginx_put_line(listening->lines, "listen %.*s%s%d ssl%s%s;", (int)host.len, host.at, host.len > 0 ? ":" : "",
        listening->task->ports.https, listening->target->becomes_default ? " default_server" : "",
        ipv6only(listening, like, key));
}

/*
 * Addresses of other blocks at the https port hide those for all addresses. Where this block serves without TLS by
 * listening at all addresses, it has to listen at such, too.
 */
static void put_hidden(struct listening *listening, const struct nginx_address *all)
{
    const struct nginx_model *model = listening->editing->model;
    size_t count = model->address_count;

    for (size_t i = 0; i < count; i++) {
        const struct nginx_address *address = &model->addresses[i];
        AUTO(free) char *host = NULL;

        if (address->any || address->quic || address->family != all->family || !address->tls ||
            address->port != listening->task->ports.https ||
            nginx_address_find(model, address->family, address->host, listening->task->ports.http, false) != NULL)
            continue;
        host = xprintf(address->family == NGINX_IP6 ? "[%s]" : "%s", address->host);
        put_listen(listening, address, view_of(host));
    }
}

/* One for each address at the http port. */
static bool put_for_http(struct listening *listening)
{
    const struct nginx_model *model = listening->editing->model;
    const struct nginx_block *block = listening->target->block;
    bool any = false;

    for (size_t i = 0; i < block->listen_count; i++) {
        const struct nginx_listen *listen = &block->listens[i];
        const struct nginx_address *address = nginx_address_of(model, listen);

        if (address->quic || address->family == NGINX_UNIX || address->port != listening->task->ports.http)
            continue;
        put_listen(listening, address, listen->node != NULL ? host_part(listen->node->words[1].text) : view_of(""));
        if (address->any)
            put_hidden(listening, address);
        any = true;
    }
    return any;
}

/* It has none there: for all addresses, by the families that it listens with. */
static void put_for_families(struct listening *listening)
{
    const struct nginx_model *model = listening->editing->model;
    const struct nginx_block *block = listening->target->block;
    static const struct nginx_address all6 = { .family = NGINX_IP6, .host = "::", .any = true, .ipv6only = -1 };
    static const struct nginx_address all4 = { .family = NGINX_IP4, .host = "0.0.0.0", .any = true, .ipv6only = -1 };
    bool has6 = false, has4 = false;

    for (size_t i = 0; i < block->listen_count; i++) {
        enum nginx_family family = nginx_address_of(model, &block->listens[i])->family;

        has6 |= family == NGINX_IP6;
        has4 |= family == NGINX_IP4 || family == NGINX_HOST;
    }
    if (has6)
        put_listen(listening, &all6, view_of("[::]"));
    if (has4 || !has6)
        put_listen(listening, &all4, view_of(""));
}

void nginx_listens_put(struct nginx_editing *editing, const struct nginx_task *task, const struct nginx_target *target,
    bool in_place, struct buf *lines)
{
    struct listening listening = { editing, task, target, in_place, lines, { 0 } };

    if (in_place && target->block->listen_count == 1 && target->block->listens[0].node == NULL)
        nginx_put_line(lines, "listen 80;"); /* what nginx assumed so far */
    if (!put_for_http(&listening))
        put_for_families(&listening);
    list_clear(&listening.done);
}

/* ---- options ---- */

struct options { /* of options-ssl-nginx.conf, taken apart */
    struct arena arena;
    struct nginx_node *first;
};

/* The directive of a block that an option would be a second one of; NULL: none. */
static const struct nginx_item *clash(const struct nginx_block *block, const struct nginx_node *option)
{
    size_t from = 0;

    return nginx_block_find(block, option->words[0].text, &from);
}

static bool same_words(const struct nginx_node *a, const struct nginx_node *b)
{
    if (a->word_count != b->word_count)
        return false;
    for (size_t i = 0; i < a->word_count; i++)
        if (strcmp(a->words[i].text, b->words[i].text) != 0)
            return false;
    return true;
}

static bool includes_options(const struct nginx_block *block, const char *path)
{
    for (size_t i = 0; i < block->item_count; i++)
        if (block->items[i].include != NULL && strcmp(block->items[i].node->file->path, path) == 0)
            return true;
    return false;
}

/* Whether all clashes are lines of the block itself that say the same; *any: there is one. */
static bool are_duplicates(const struct options *options, const struct nginx_block *block, bool *any)
{
    bool all = true;

    for (const struct nginx_node *option = options->first; option != NULL; option = option->next) {
        const struct nginx_item *item = clash(block, option);

        if (item == NULL)
            continue;
        *any = true;
        all &= item->include == NULL && same_words(item->node, option);
    }
    return all;
}

static void comment_out_duplicates(
    struct nginx_editing *editing, const struct options *options, const struct nginx_block *block, const char *path)
{
    AUTO(free) char *note = xprintf("duplicated in %s", path);

    for (const struct nginx_node *option = options->first; option != NULL; option = option->next) {
        const struct nginx_item *item = clash(block, option);

        if (item != NULL && !nginx_editing_touches(editing, item->node))
            nginx_comment_out(editing, item->node, note);
    }
}

/* The user's own stay, and the others are written beside them. */
static void put_others(
    const struct options *options, struct view text, const struct nginx_block *block, struct buf *lines)
{
    for (const struct nginx_node *option = options->first; option != NULL; option = option->next)
        if (clash(block, option) == NULL)
            nginx_put_line(lines, "%.*s", (int)(option->end - option->start), text.at + option->start);
}

void nginx_options_put(struct nginx_editing *editing, const struct nginx_task *task, const struct nginx_block *block,
    bool in_place, struct buf *lines)
{
    struct options options = { 0 };
    AUTO(buf_clear) struct buf include = BUF(NGINX_TEXT_MAX), dhparam = BUF(NGINX_TEXT_MAX);
    struct error ignored;
    bool any = false, duplicates;

    if (!includes_options(block, task->options_path)) {
        if (!nginx_parse(task->options, task->options_path, NULL, &options.arena, &options.first, &ignored))
            options.first = NULL;
        duplicates = are_duplicates(&options, block, &any);
        if (any && !(duplicates && in_place)) {
            put_others(&options, task->options, block, lines);
        } else {
            if (any)
                comment_out_duplicates(editing, &options, block, task->options_path);
            buf_put_text(&include, "include ");
            nginx_put_word(&include, task->options_path);
            nginx_put_line(lines, "%s;", buf_text(&include));
        }
        arena_clear(&options.arena);
    }
    if (!nginx_block_has(block, "ssl_dhparam")) {
        buf_put_text(&dhparam, "ssl_dhparam ");
        nginx_put_word(&dhparam, task->dhparams_path);
        nginx_put_line(lines, "%s;", buf_text(&dhparam));
    }
}
