#include "nginx/model.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "webconf/name_index.h"

#define RANGE_MAX 1000 /* ports of one listen */
#define ANY_IP4 "0.0.0.0"

/* A directive of that name that is no block: nginx knows none of both kinds, but a broken text may have it. */
static bool is_simple(const struct nginx_node *node, const char *name)
{
    return !node->block && nginx_is(node, name);
}

/* ---- addresses ---- */

struct parsed { /* of the first word of a listen */
    enum nginx_family family;
    const char *host; /* of the word or constant, but for what is owned */
    char *owned;
    int port, last;
};

static void set_host(struct parsed *parsed, char *owned)
{
    parsed->host = parsed->owned = owned;
}

static bool read_ports(struct view text, struct parsed *out)
{
    struct view first = text;
    uint64_t port, last;

    (void)view_cut(&text, '-', &first);
    if (!view_to_number(first, 1, 65535, &port))
        return false;
    out->port = out->last = (int)port;
    if (text.at != NULL && view_to_number(text, port, 65535, &last) && last - port < RANGE_MAX)
        out->last = (int)last;
    return true;
}

/* The canonical text of an IP address; NULL when it is none. Of the caller's. */
static char *canonical(int family, struct view text)
{
    AUTO(free) char *copy = view_dup(text);
    char out[INET6_ADDRSTRLEN];
    unsigned char bytes[16];

    if (inet_pton(family, copy, bytes) != 1 || inet_ntop(family, bytes, out, sizeof out) == NULL)
        return NULL;
    return xstrdup(out);
}

static void read_ip6(struct view text, struct parsed *out)
{
    const char *close = memchr(text.at, ']', text.len);
    size_t len = close != NULL ? (size_t)(close - text.at) : text.len;

    out->family = NGINX_IP6;
    set_host(out, canonical(AF_INET6, (struct view){ text.at + 1, len - 1 }));
    if (out->host == NULL)
        set_host(out, view_dup((struct view){ text.at + 1, len - 1 }));
    if (len + 2 < text.len)
        (void)read_ports((struct view){ text.at + len + 2, text.len - len - 2 }, out);
}

/* As nginx reads it: a port, or an address with or without one. */
static struct parsed read_listen(const char *word)
{
    struct parsed out = { .family = NGINX_IP4, .host = ANY_IP4, .port = 80, .last = 80 };
    struct view text = view_of(word), host;

    if (text_starts(word, "unix:"))
        return (struct parsed){ .family = NGINX_UNIX, .host = word + 5 };
    if (word[0] == '[') {
        read_ip6(text, &out);
        return out;
    }
    if (!view_has(text, ':') && read_ports(text, &out))
        return out;
    (void)view_cut(&text, ':', &host);
    if (text.at != NULL)
        (void)read_ports(text, &out);
    if (view_is(host, "*"))
        return out;
    set_host(&out, canonical(AF_INET, host));
    if (out.host == NULL) {
        out.family = NGINX_HOST;
        set_host(&out, view_dup(host));
        text_lower(out.owned);
    }
    return out;
}

static bool is_any(enum nginx_family family, const char *host)
{
    return (family == NGINX_IP4 && strcmp(host, ANY_IP4) == 0) || (family == NGINX_IP6 && strcmp(host, "::") == 0);
}

static bool is_address(
    const struct nginx_address *address, enum nginx_family family, const char *host, int port, bool quic)
{
    return address->port == port && address->family == family && address->quic == quic &&
           strcmp(address->host, host) == 0;
}

const struct nginx_address *nginx_address_find(
    const struct nginx_model *model, enum nginx_family family, const char *host, int port, bool quic)
{
    for (size_t i = 0; i < model->address_count; i++)
        if (is_address(&model->addresses[i], family, host, port, quic))
            return &model->addresses[i];
    return NULL;
}

/* ---- making it ---- */

struct making {
    struct nginx_model *model;
    size_t block_size, address_size;
    struct nginx_item *items; /* of the block at hand */
    size_t item_count, item_size;
    struct nginx_listen *listens;
    size_t listen_count, listen_size;
    char **names;
    size_t name_count, name_size;
    struct name_set *seen; /* nodes of server blocks: a file may be included twice */
    size_t *last_user;     /* by file: the last block that was counted, and one more; 0: none */
};

static void *grow(void *at, size_t count, size_t *size, size_t element)
{
    if (count < *size)
        return at;
    *size = *size == 0 ? 16 : *size * 2;
    return xrealloc(at, *size, element);
}

static size_t address_index(struct making *making, const struct parsed *parsed, int port, bool quic)
{
    struct nginx_model *model = making->model;
    const struct nginx_address *found = nginx_address_find(model, parsed->family, parsed->host, port, quic);

    if (found != NULL)
        return (size_t)(found - model->addresses);
    model->addresses = grow(model->addresses, model->address_count, &making->address_size, sizeof *model->addresses);
    model->addresses[model->address_count] = (struct nginx_address){
        .family = parsed->family,
        .host = arena_dup(&model->arena, view_of(parsed->host)),
        .port = port,
        .any = is_any(parsed->family, parsed->host),
        .quic = quic,
        .ipv6only = -1,
        .fallback = model->count,
    };
    return model->address_count++;
}

/* A parameter of listen that only one block may give for an address. */
static bool is_given_once(const char *word)
{
    static const char *const names[] = { "setfib=", "fastopen=", "backlog=", "rcvbuf=", "sndbuf=", "accept_filter=",
        "deferred", "bind", "ipv6only=", "reuseport", "so_keepalive=" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (text_starts(word, names[i]))
            return true;
    return false;
}

bool nginx_listen_word_is_single(const char *word)
{
    return is_given_once(word) || strcmp(word, "default_server") == 0 || strcmp(word, "default") == 0;
}

static void note_word(struct nginx_listen *listen, struct nginx_address *address, const char *word)
{
    if (strcmp(word, "ssl") == 0)
        listen->ssl = address->tls = true;
    else if (strcmp(word, "default_server") == 0 || strcmp(word, "default") == 0)
        listen->is_default = true;
    else if (strcmp(word, "proxy_protocol") == 0)
        address->proxied = true;
    else if (text_starts(word, "ipv6only="))
        address->ipv6only = strcmp(word, "ipv6only=on") == 0;
    if (is_given_once(word))
        listen->once = address->once = true;
}

static void add_listen(struct making *making, const struct parsed *parsed, int port, const struct nginx_item *item)
{
    struct nginx_model *model = making->model;
    bool quic = item != NULL && nginx_has_word(item->node, "quic");
    struct nginx_listen listen = { .address = address_index(making, parsed, port, quic) };
    struct nginx_address *address = &model->addresses[listen.address];

    if (item != NULL) {
        listen.node = item->node;
        listen.include = item->include;
        for (size_t i = 2; i < item->node->word_count; i++)
            note_word(&listen, address, item->node->words[i].text);
    }
    if (listen.is_default && !address->flagged) {
        address->flagged = true;
        address->fallback = model->count;
    }
    making->listens = grow(making->listens, making->listen_count, &making->listen_size, sizeof *making->listens);
    making->listens[making->listen_count++] = listen;
}

static void read_listens(struct making *making)
{
    struct parsed assumed = { .family = NGINX_IP4, .host = ANY_IP4, .port = 80 };

    making->listen_count = 0;
    for (size_t i = 0; i < making->item_count; i++) {
        const struct nginx_item *item = &making->items[i];

        if (is_simple(item->node, "listen") && item->node->word_count > 1) {
            struct parsed parsed = read_listen(item->node->words[1].text);

            for (int port = parsed.port; port <= parsed.last; port++)
                add_listen(making, &parsed, port, item);
            free(parsed.owned);
        }
    }
    if (making->listen_count == 0)
        add_listen(making, &assumed, 80, NULL);
}

/* The old `ssl on;` makes TLS of all addresses of the block. */
static void read_ssl_on(struct making *making)
{
    for (size_t i = 0; i < making->item_count; i++) {
        const char *word = nginx_word(making->items[i].node, 1);

        if (nginx_is(making->items[i].node, "ssl") && word != NULL && strcmp(word, "on") == 0)
            for (size_t k = 0; k < making->listen_count; k++)
                making->model->addresses[making->listens[k].address].tls = true;
    }
}

static void add_name(struct making *making, const char *word)
{
    char *name = arena_dup(&making->model->arena, view_of(word));

    if (!nginx_name_is_regex(name))
        text_lower(name);
    making->names = grow(making->names, making->name_count, &making->name_size, sizeof *making->names);
    making->names[making->name_count++] = name;
}

static void read_names(struct making *making)
{
    making->name_count = 0;
    for (size_t i = 0; i < making->item_count; i++) {
        const struct nginx_node *node = making->items[i].node;

        if (!is_simple(node, "server_name"))
            continue;
        for (size_t k = 1; k < node->word_count; k++) {
            const char *word = node->words[k].text;

            add_name(making, strcasecmp(word, "$hostname") == 0 ? making->model->hostname : word);
        }
    }
    if (making->name_count == 0)
        add_name(making, "");
}

static void add_item(struct making *making, const struct nginx_node *node, const struct nginx_node *include)
{
    making->items = grow(making->items, making->item_count, &making->item_size, sizeof *making->items);
    making->items[making->item_count++] = (struct nginx_item){ node, include };
}

static struct nginx_walk walk_include(const struct nginx_node *include)
{
    struct nginx_walk walk = { .depth = 1 };

    walk.level[0].include = (struct nginx_node *)include;
    return walk;
}

/* Counts a block, or http (SIZE_MAX - 1), as one that has a file's directives. */
static void count_user(struct making *making, const struct nginx_node *node, size_t block)
{
    size_t file = node->file->index;

    if (making->last_user[file] != block + 1)
        making->model->users[file]++;
    making->last_user[file] = block + 1;
}

/* Its own directives in order, and in place of each include what a walk finds there. */
static void read_items(struct making *making, const struct nginx_node *server)
{
    making->item_count = 0;
    for (const struct nginx_node *node = server->child; node != NULL; node = node->next) {
        struct nginx_walk walk;
        const struct nginx_node *found;

        if (node->included_count == 0) {
            add_item(making, node, NULL);
            continue;
        }
        walk = walk_include(node);
        while ((found = nginx_walk_next(&walk)) != NULL) {
            add_item(making, found, node);
            count_user(making, found, making->model->count);
        }
    }
}

static void *keep(struct nginx_model *model, const void *from, size_t count, size_t element)
{
    void *copy = arena_alloc(&model->arena, count + 1, element);

    if (count > 0)
        memcpy(copy, from, count * element);
    return copy;
}

static void add_block(struct making *making, const struct nginx_node *node)
{
    struct nginx_model *model = making->model;
    struct nginx_block block = { .index = model->count, .node = node };

    read_items(making, node);
    read_listens(making);
    read_ssl_on(making);
    read_names(making);
    block.items = keep(model, making->items, making->item_count, sizeof *making->items);
    block.item_count = making->item_count;
    block.listens = keep(model, making->listens, making->listen_count, sizeof *making->listens);
    block.listen_count = making->listen_count;
    block.names.at = keep(model, making->names, making->name_count, sizeof *making->names);
    block.names.len = making->name_count;
    model->blocks = grow(model->blocks, model->count, &making->block_size, sizeof *model->blocks);
    model->blocks[model->count++] = block;
}

static void read_http(struct making *making, const struct nginx_node *http)
{
    struct nginx_walk walk = nginx_walk_block(http);
    const struct nginx_node *node;

    making->model->http = http;
    while ((node = nginx_walk_next(&walk)) != NULL) {
        if (!node->block || !nginx_is(node, "server"))
            count_user(making, node, SIZE_MAX - 1);
        else if (name_set_add(making->seen, node))
            add_block(making, node);
    }
}

/* Once all is read: which blocks are TLS, by their addresses; and the names of all. */
static void conclude(struct nginx_model *model)
{
    for (size_t i = 0; i < model->count; i++) {
        struct nginx_block *block = &model->blocks[i];

        for (size_t k = 0; k < block->listen_count; k++) {
            const struct nginx_address *address = &model->addresses[block->listens[k].address];

            if (!address->quic && address->tls)
                block->tls = true;
            else if (!address->quic && address->family != NGINX_UNIX)
                block->plain = true;
        }
        for (size_t k = 0; k < block->names.len; k++)
            name_index_add(model->names, block->names.at[k], i);
    }
}

static char *own_hostname(void)
{
    char name[HOST_NAME_MAX + 1] = "";

    if (gethostname(name, sizeof name - 1) != 0)
        name[0] = '\0';
    text_lower(name);
    return xstrdup(name);
}

struct nginx_model *nginx_model_new(struct nginx_conf *conf)
{
    struct nginx_model *model = xcalloc(1, sizeof *model);
    struct making making = { .model = model, .seen = name_set_new() };
    struct nginx_walk walk = nginx_walk_main(conf);
    const struct nginx_node *node;

    model->conf = conf;
    model->hostname = own_hostname();
    model->names = name_index_new();
    model->users = xcalloc(conf->count + 1, sizeof *model->users);
    making.last_user = xcalloc(conf->count + 1, sizeof *making.last_user);
    while ((node = nginx_walk_next(&walk)) != NULL)
        if (node->block && nginx_is(node, "http"))
            read_http(&making, node);
    conclude(model);
    name_set_free(making.seen);
    free(making.items);
    free(making.listens);
    free(making.names);
    free(making.last_user);
    return model;
}

void nginx_model_free(struct nginx_model *model)
{
    if (model == NULL)
        return;
    free(model->blocks);
    free(model->addresses);
    free(model->hostname);
    free(model->users);
    name_index_free(model->names);
    arena_clear(&model->arena);
    free(model);
}

/* ---- looking at it ---- */

const struct nginx_item *nginx_block_find(const struct nginx_block *block, const char *name, size_t *from)
{
    for (; *from < block->item_count; ++*from)
        if (is_simple(block->items[*from].node, name))
            return &block->items[(*from)++];
    return NULL;
}

bool nginx_block_has(const struct nginx_block *block, const char *name)
{
    size_t from = 0;

    return nginx_block_find(block, name, &from) != NULL;
}

bool nginx_block_listens(const struct nginx_block *block, size_t address)
{
    for (size_t i = 0; i < block->listen_count; i++)
        if (block->listens[i].address == address)
            return true;
    return false;
}

char *nginx_block_place(const struct nginx_block *block)
{
    return xprintf("%s:%zu", block->node->file->path, block->node->line);
}
