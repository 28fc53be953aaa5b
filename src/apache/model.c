#include "apache/model.h"

#include <arpa/inet.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

#define NONE SIZE_MAX

/* ---- names and addresses ---- */

char *apache_name_of(const char *server_name)
{
    const char *scheme = strstr(server_name, "://"), *host = scheme != NULL ? scheme + 3 : server_name;
    const char *colon = strrchr(host, ':');
    size_t len = strlen(host), port = colon != NULL ? strspn(colon + 1, "0123456789") : 0;
    char *name;

    if (colon != NULL && colon[1 + port] == '\0' && (host[0] == '[' ? colon > host && colon[-1] == ']' : true) &&
        (host[0] == '[' || strchr(host, ':') == colon))
        len = (size_t)(colon - host);
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    name = xstrndup(host, len);
    text_lower(name);
    return name;
}

bool apache_alias_matches(const char *alias, const char *name)
{
    const char *star = NULL, *from = NULL;

    while (*name != '\0') {
        if (*alias == '*') {
            star = alias++;
            from = name;
        } else if (*alias == '?' || (*alias != '\0' && strncasecmp(alias, name, 1) == 0)) {
            alias++;
            name++;
        } else if (star != NULL) {
            alias = star + 1;
            name = ++from;
        } else {
            return false;
        }
    }
    while (*alias == '*')
        alias++;
    return *alias == '\0';
}

bool apache_vhost_has_name(const struct apache_vhost *vhost, const char *name)
{
    if (vhost->name != NULL && strcmp(vhost->name, name) == 0)
        return true;
    for (size_t i = 0; i < vhost->aliases.len; i++)
        if (apache_alias_matches(vhost->aliases.at[i], name))
            return true;
    return false;
}

static char *canonical_host(struct view host)
{
    AUTO(free) char *text = view_dup(host);
    char canonical[INET6_ADDRSTRLEN];
    struct in6_addr v6;

    text_lower(text);
    if (inet_pton(AF_INET6, text, &v6) == 1 && inet_ntop(AF_INET6, &v6, canonical, sizeof canonical) != NULL)
        return xstrdup(canonical);
    return TAKE(text);
}

/* Cuts the port off: ":443", ":*" or nothing. False when what follows a colon is no port. */
static bool cut_port(struct view *text, int *port)
{
    size_t at = text->len;
    uint64_t number = 0;
    struct view digits;

    *port = 0;
    while (at > 0 && text->at[at - 1] != ':' && text->at[at - 1] != ']')
        at--;
    if (at == 0 || text->at[at - 1] == ']')
        return true;
    digits = (struct view){ text->at + at, text->len - at };
    if (!view_is(digits, "*") && !view_to_number(digits, 0, 65535, &number))
        return false;
    *port = (int)number;
    text->len = at - 1;
    return true;
}

bool apache_address_read(const char *text, bool is_listen, struct apache_address *out)
{
    struct view host = view_of(text);
    uint64_t number;
    int port;

    if (is_listen && view_to_number(host, 1, 65535, &number)) {
        *out = (struct apache_address){ .host = xstrdup("*"), .port = (int)number };
        return true;
    }
    if (!cut_port(&host, &port) || host.len == 0)
        return false;
    if (host.len >= 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
        host = (struct view){ host.at + 1, host.len - 2 };
    out->is_default = host.len == 9 && strncasecmp(host.at, "_default_", 9) == 0;
    out->host = out->is_default ? xstrdup("*") : canonical_host(host);
    out->port = port;
    return true;
}

void apache_address_put(const struct apache_address *address, int port, struct buf *out)
{
    const char *host = address->is_default ? "_default_" : address->host;

    buf_putf(out, strchr(host, ':') != NULL ? "[%s]" : "%s", host);
    if (port != 0)
        buf_putf(out, ":%d", port);
}

bool apache_address_equal(const struct apache_address *a, const struct apache_address *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* ---- a host, from what is in effect ---- */

static void read_addresses(struct apache_model *model, struct apache_vhost *vhost)
{
    const struct apache_item *item = &model->conf->items[vhost->item];

    vhost->addresses = xcalloc(item->word_count, sizeof *vhost->addresses);
    for (size_t i = 1; i < item->word_count; i++) {
        struct apache_address *address = &vhost->addresses[vhost->address_count];

        if (apache_address_read(apache_item_word(item, i), false, address))
            vhost->address_count++;
    }
}

static void read_directive(struct apache_vhost *vhost, const struct apache_item *item)
{
    bool on;

    if (item->word_count < 2)
        return;
    if (apache_item_is(item, "ServerName")) {
        free(vhost->name);
        vhost->name = apache_name_of(apache_item_word(item, 1));
    } else if (apache_item_is(item, "ServerAlias")) {
        for (size_t i = 1; i < item->word_count; i++) {
            list_add(&vhost->aliases, apache_item_word(item, i));
            text_lower(vhost->aliases.at[vhost->aliases.len - 1]);
        }
    } else if (apache_item_is(item, "SSLEngine")) {
        on = strcasecmp(apache_item_word(item, 1), "off") != 0;
        vhost->tls = on;
        vhost->mixed = vhost->mixed && !on;
    }
}

static void read_vhost(struct apache_model *model, size_t item, int tls_port)
{
    const struct apache_conf *conf = model->conf;
    struct apache_vhost *vhost = &model->vhosts[model->count++];
    bool plain = false;

    *vhost = (struct apache_vhost){
        .node = conf->items[item].node,
        .item = item,
        .enabled = item < conf->enabled_count,
        .macro = conf->items[item].node->file->real == NULL,
    };
    read_addresses(model, vhost);
    for (size_t i = 0; i < vhost->address_count; i++) {
        bool tls = vhost->addresses[i].port == 443 || vhost->addresses[i].port == tls_port;

        vhost->tls |= tls;
        plain |= !tls;
    }
    vhost->mixed = vhost->tls && plain;
    for (size_t i = item + 1; i < conf->items[item].end; i++)
        if (conf->items[i].section == item)
            read_directive(vhost, &conf->items[i]);
}

/* ---- all of them ---- */

static int by_node(const void *a, const void *b)
{
    const struct apache_vhost *const *one = a, *const *two = b;
    uintptr_t left = (uintptr_t)(*one)->node, right = (uintptr_t)(*two)->node;

    if (left != right)
        return left < right ? -1 : 1;
    return *one < *two ? -1 : 1;
}

static void vhost_clear(struct apache_vhost *vhost)
{
    for (size_t i = 0; i < vhost->address_count; i++)
        free(vhost->addresses[i].host);
    free(vhost->addresses);
    free(vhost->name);
    list_clear(&vhost->aliases);
}

/* A file that is read twice has its hosts once: where they are found first. */
static void drop_repeated(struct apache_model *model)
{
    AUTO(free) struct apache_vhost **sorted = xcalloc(model->count + 1, sizeof *sorted);
    size_t kept = 0;

    for (size_t i = 0; i < model->count; i++)
        sorted[i] = &model->vhosts[i];
    qsort(sorted, model->count, sizeof *sorted, by_node);
    for (size_t i = 1; i < model->count; i++)
        if (sorted[i]->node == sorted[i - 1]->node)
            sorted[i]->item = NONE;
    for (size_t i = 0; i < model->count; i++) {
        if (model->vhosts[i].item == NONE)
            vhost_clear(&model->vhosts[i]);
        else
            model->vhosts[kept++] = model->vhosts[i];
    }
    model->count = kept;
}

static struct apache_vhost *find_node(struct apache_vhost *const *sorted, size_t count, const struct apache_node *node)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if ((uintptr_t)sorted[middle]->node < (uintptr_t)node)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && sorted[low]->node == node ? sorted[low] : NULL;
}

/* Numbers the sections of each file in the order of its text, those that do not hold included. */
static void set_ordinals(struct apache_model *model)
{
    AUTO(free) struct apache_vhost **sorted = xcalloc(model->count + 1, sizeof *sorted);

    for (size_t i = 0; i < model->count; i++)
        sorted[i] = &model->vhosts[i];
    qsort(sorted, model->count, sizeof *sorted, by_node);
    for (const struct apache_file *file = model->conf->files; file != NULL; file = file->next) {
        const struct apache_node *node = file->tree != NULL ? apache_tree_first(file->tree) : NULL;

        for (size_t ordinal = 0; node != NULL; node = apache_node_after(node)) {
            struct apache_vhost *vhost;

            if (node->kind != APACHE_SECTION || !apache_node_is(node, "VirtualHost"))
                continue;
            vhost = find_node(sorted, model->count, node);
            if (vhost != NULL)
                vhost->ordinal = ordinal;
            ordinal++;
        }
    }
}

static void read_listens(struct apache_model *model)
{
    const struct apache_conf *conf = model->conf;
    size_t size = 0;

    for (size_t i = 0; i < conf->enabled_count; i++) {
        struct apache_address address = { 0 };

        if (conf->items[i].section != APACHE_TOP || !apache_item_is(&conf->items[i], "Listen") ||
            !apache_address_read(apache_item_word(&conf->items[i], 1), true, &address))
            continue;
        if (model->listen_count == size) {
            size = size == 0 ? 4 : 2 * size;
            model->listens = xrealloc(model->listens, size, sizeof *model->listens);
        }
        model->listens[model->listen_count++] = address;
    }
}

/* ---- the table of names ---- */

static size_t *slot_of(const struct apache_model *model, const char *name)
{
    return &model->slots[view_hash_quick(view_of(name), HASH_START) & (model->slot_count - 1)];
}

static void add_name(struct apache_model *model, size_t vhost, const char *name)
{
    size_t *slot = slot_of(model, name), at = model->name_count++;

    model->names[at] = name;
    model->names_of[at] = vhost;
    model->next_same[at] = *slot;
    *slot = at;
}

static bool is_pattern(const char *alias)
{
    return strpbrk(alias, "*?") != NULL;
}

static void make_table(struct apache_model *model)
{
    size_t total = 0;

    for (size_t i = 0; i < model->count; i++)
        total += 1 + model->vhosts[i].aliases.len;
    for (model->slot_count = 16; model->slot_count < 2 * total;)
        model->slot_count *= 2;
    model->slots = xcalloc(model->slot_count, sizeof *model->slots);
    memset(model->slots, 0xff, model->slot_count * sizeof *model->slots); /* NONE */
    model->names = xcalloc(total + 1, sizeof *model->names);
    model->names_of = xcalloc(total + 1, sizeof *model->names_of);
    model->next_same = xcalloc(total + 1, sizeof *model->next_same);
    model->with_patterns = xcalloc(model->count + 1, sizeof *model->with_patterns);
    for (size_t i = 0; i < model->count; i++) {
        const struct apache_vhost *vhost = &model->vhosts[i];
        bool patterns = false;

        if (vhost->name != NULL)
            add_name(model, i, vhost->name);
        for (size_t j = 0; j < vhost->aliases.len; j++) {
            patterns |= is_pattern(vhost->aliases.at[j]);
            if (!is_pattern(vhost->aliases.at[j]))
                add_name(model, i, vhost->aliases.at[j]);
        }
        if (patterns)
            model->with_patterns[model->pattern_count++] = i;
    }
}

struct apache_model *apache_model_new(struct apache_conf *conf, int tls_port)
{
    struct apache_model *model = xcalloc(1, sizeof *model);
    size_t count = 0;

    model->conf = conf;
    for (size_t i = 0; i < conf->item_count; i++)
        count += apache_item_is(&conf->items[i], "VirtualHost");
    model->vhosts = xcalloc(count + 1, sizeof *model->vhosts);
    for (size_t i = 0; i < conf->item_count; i++)
        if (conf->items[i].node->kind == APACHE_SECTION && apache_item_is(&conf->items[i], "VirtualHost"))
            read_vhost(model, i, tls_port);
    drop_repeated(model);
    set_ordinals(model);
    read_listens(model);
    make_table(model);
    return model;
}

void apache_model_free(struct apache_model *model)
{
    for (size_t i = 0; i < model->count; i++)
        vhost_clear(&model->vhosts[i]);
    for (size_t i = 0; i < model->listen_count; i++)
        free(model->listens[i].host);
    free(model->listens);
    free(model->vhosts);
    free(model->slots);
    free(model->next_same);
    free(model->names);
    free(model->names_of);
    free(model->with_patterns);
    free(model);
}

struct apache_vhost *apache_model_named(const struct apache_model *model, const char *name, size_t *place)
{
    size_t at = *place == 0 ? *slot_of(model, name) : model->next_same[*place - 1];

    while (at != NONE && strcmp(model->names[at], name) != 0)
        at = model->next_same[at];
    if (at == NONE)
        return NULL;
    *place = at + 1;
    return &model->vhosts[model->names_of[at]];
}

struct apache_vhost *apache_model_find(const struct apache_model *model, const char *real, size_t ordinal)
{
    for (size_t i = 0; i < model->count; i++) {
        const struct apache_file *file = model->vhosts[i].node->file;

        if (model->vhosts[i].ordinal == ordinal && file != NULL && text_equal(file->real, real))
            return &model->vhosts[i];
    }
    return NULL;
}

const struct apache_item *apache_vhost_directive(const struct apache_model *model, const struct apache_vhost *vhost,
    bool (*is)(const struct apache_item *item, void *arg), void *arg)
{
    const struct apache_conf *conf = model->conf;

    for (size_t i = vhost->item + 1; i < conf->items[vhost->item].end; i++)
        if (is(&conf->items[i], arg))
            return &conf->items[i];
    return NULL;
}

char *apache_vhost_title(const struct apache_vhost *vhost)
{
    const char *name = vhost->name != NULL        ? vhost->name
                       : vhost->aliases.len > 0   ? vhost->aliases.at[0]
                       : vhost->address_count > 0 ? vhost->addresses[0].host
                                                  : "a virtual host";

    return xprintf("%s in %s", name, vhost->node->file->path);
}
