#include "nginx/self_redirect.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nginx/choice.h"

void nginx_redirects_clear(struct nginx_redirects *redirects)
{
    free(redirects->at);
    *redirects = (struct nginx_redirects){ 0 };
}

static void add(struct nginx_redirects *out, const struct nginx_node *node, const struct nginx_node *include)
{
    out->at = xrealloc(out->at, out->len + 1, sizeof *out->at);
    out->at[out->len++] = (struct nginx_item){ node, include };
}

/* ---- where a redirect goes ---- */

static bool is_own_name(const struct nginx_block *block, struct view host)
{
    AUTO(free) char *name = view_dup(host);

    text_lower(name);
    for (size_t i = 0; i < block->names.len; i++) {
        const char *own = block->names.at[i];

        if (nginx_name_is_covered(name, own) || (own[0] == '.' && strcmp(own + 1, name) == 0))
            return true;
    }
    return false;
}

enum self { SELF_NOT, SELF_BY_NAME, SELF_BY_VARIABLE };

struct self_target {
    enum self self;
    bool fixed; /* the path behind host and port is the same whatever was asked for */
};

/* "https://$host$request_uri": to the same host, at the port where we serve. */
static struct self_target read_target(const struct nginx_block *block, const char *target, int https_port)
{
    struct self_target out = { SELF_NOT, false };
    static const char *const same[] = { "$host", "${host}", "$http_host", "${http_host}", "$server_name",
        "${server_name}", "$hostname" };
    const char *host = target + strlen("https://"), *end;
    bool own = false, named = false;

    if (!text_starts(target, "https://"))
        return out;
    end = host;
    for (size_t i = 0; i < COUNT(same) && !own; i++) {
        end = host + strlen(same[i]);
        own = text_starts(host, same[i]) && strchr("$/:?", *end) != NULL; /* or the end */
    }
    if (!own) {
        end = host + strcspn(host, "$/:?");
        named = end > host && is_own_name(block, (struct view){ host, (size_t)(end - host) });
    }
    if ((own || named) && (*end != ':' || strtol(end + 1, NULL, 10) == https_port))
        out.self = own ? SELF_BY_VARIABLE : SELF_BY_NAME;
    if (*end == ':')
        end += 1 + strspn(end + 1, "0123456789");
    out.fixed = strchr(end, '$') == NULL && strlen(end) > 1;
    return out;
}

/* The value that `set $name VALUE` gives at the level of the server block; NULL: none does. */
static const char *set_value(const struct nginx_block *block, const char *variable)
{
    const struct nginx_item *item;

    for (size_t from = 0; (item = nginx_block_find(block, "set", &from)) != NULL;)
        if (item->node->word_count == 3 && strcmp(item->node->words[1].text, variable) == 0)
            return item->node->words[2].text;
    return NULL;
}

/* What `default` stands for in the body of a map, which is raw; NULL: nothing. Of the arena. */
static const char *map_default(const struct nginx_node *map, struct arena *arena)
{
    struct view body = { map->file->text.at + map->open + 1, map->close - map->open - 1 };
    struct nginx_node *entry = NULL;
    struct error ignored = { 0 };

    if (!nginx_parse(body, "map", NULL, arena, &entry, &ignored))
        return NULL;
    for (; entry != NULL; entry = entry->next)
        if (nginx_is(entry, "default"))
            return nginx_word(entry, 1);
    return NULL;
}

/* `map $host $name { default VALUE; }`. */
static const char *map_value(const struct nginx_model *model, const char *variable, struct arena *arena)
{
    struct nginx_walk walk;
    const struct nginx_node *node;

    if (model->http == NULL)
        return NULL;
    walk = nginx_walk_block(model->http);
    while ((node = nginx_walk_next(&walk)) != NULL)
        if (node->block && nginx_is(node, "map") && node->word_count == 3 && strcmp(node->words[2].text, variable) == 0)
            return map_default(node, arena);
    return NULL;
}

/* The same for a target that may be one variable whose value is known. */
static struct self_target look_up_target(
    const struct nginx_model *model, const struct nginx_block *block, const char *target, int https_port)
{
    AUTO(arena_clear) struct arena arena = { 0 };
    const char *value = NULL;

    if (target[0] == '$')
        value = set_value(block, target);
    if (value == NULL && target[0] == '$')
        value = map_value(model, target, &arena);
    return read_target(block, value != NULL ? value : target, https_port);
}

/* The target of `return CODE URL`, `return URL` or `rewrite REGEX URL [FLAG]`; NULL when it is none of these. */
static const char *target_of(const struct nginx_node *node)
{
    const char *code = nginx_word(node, 1);

    if (nginx_is(node, "rewrite"))
        return nginx_word(node, 2);
    if (!nginx_is(node, "return") || code == NULL)
        return NULL;
    if (node->word_count == 2)
        return code;
    return strcmp(code, "301") == 0 || strcmp(code, "302") == 0 || strcmp(code, "303") == 0 ||
                   strcmp(code, "307") == 0 || strcmp(code, "308") == 0
               ? node->words[2].text
               : NULL;
}

/* Of `error_page CODE ... [=[CODE]] URL`, where it is for more than plain requests at a port for TLS (497). */
static const char *error_target_of(const struct nginx_node *node)
{
    bool any = false;

    if (!nginx_is(node, "error_page") || node->word_count < 3)
        return NULL;
    for (size_t i = 1; i + 1 < node->word_count; i++)
        any = any || (node->words[i].text[0] != '=' && strcmp(node->words[i].text, "497") != 0);
    return any ? node->words[node->word_count - 1].text : NULL;
}

static struct self_target self_of(
    const struct nginx_model *model, const struct nginx_block *block, const struct nginx_node *node, int https_port)
{
    const char *target = target_of(node);

    return target != NULL ? look_up_target(model, block, target, https_port) : (struct self_target){ SELF_NOT, false };
}

static bool is_self(
    const struct nginx_model *model, const struct nginx_block *block, const struct nginx_node *node, int https_port)
{
    return self_of(model, block, node, https_port).self != SELF_NOT;
}

static bool mentions(const struct nginx_node *node, const char *const *texts, size_t count)
{
    for (size_t i = 1; i < node->word_count; i++)
        for (size_t k = 0; k < count; k++)
            if (strstr(node->words[i].text, texts[k]) != NULL)
                return true;
    return false;
}

/* An `if` that is not true of requests that come by TLS. */
static bool asks_for_plain(const struct nginx_node *node)
{
    static const char *const variables[] = { "$scheme", "$https", "$server_port", "$ssl_protocol" };

    return mentions(node, variables, COUNT(variables));
}

/* An `if` that looks at the host: what it sends elsewhere by name is not sent there again. */
static bool asks_for_a_host(const struct nginx_node *node)
{
    static const char *const variables[] = { "$host", "$http_host" };

    return nginx_is(node, "if") && mentions(node, variables, COUNT(variables));
}

static bool is_within(const struct nginx_node *node, const char *name)
{
    for (node = node->parent; node != NULL; node = node->parent)
        if (nginx_is(node, name))
            return true;
    return false;
}

/* Whether a client that comes by TLS comes to the same directive again. */
static bool goes_in_circles(
    const struct nginx_model *model, const struct nginx_block *block, const struct nginx_node *node, int https_port)
{
    const char *of_errors = error_target_of(node);
    struct self_target target = of_errors != NULL ? look_up_target(model, block, of_errors, https_port)
                                                  : self_of(model, block, node, https_port);

    if (target.self == SELF_NOT)
        return false;
    if (of_errors != NULL) /* what was refused is refused again; a page that tells of it need not be */
        return !target.fixed;
    if (target.self == SELF_BY_NAME && node->parent != NULL && asks_for_a_host(node->parent))
        return false;
    /* One location may send to another. */
    return !is_within(node, "location") || !target.fixed;
}

/* ---- those in a block ---- */

struct search {
    const struct nginx_model *model;
    const struct nginx_block *block;
    int https_port;
    struct nginx_redirects *out;
};

static bool only_child(const struct nginx_node *node, const struct nginx_node *child)
{
    return node->child == child && child->next == NULL;
}

/* item: at the level of the server block, around node or the same. */
static void search_in(
    const struct search *search, const struct nginx_node *node, const struct nginx_item *item, unsigned depth)
{
    const struct nginx_node *around = node != item->node ? node->parent : NULL;

    if (goes_in_circles(search->model, search->block, node, search->https_port)) {
        const struct nginx_node *out = node;

        if (item->include != NULL && around != NULL) /* a copy takes what is included as a whole */
            out = item->node;
        else if (node->parent != NULL && nginx_is(node->parent, "if") && only_child(node->parent, node))
            out = node->parent;
        add(search->out, out, item->include);
        if (nginx_is(node, "error_page")) /* other requests are answered */
            return;
        if (around == NULL || (nginx_is(around, "location") && around == item->node &&
                                  strcmp(item->node->words[item->node->word_count - 1].text, "/") == 0))
            search->out->whole = true;
    }
    if (!node->block || node->raw || depth == 0 || (nginx_is(node, "if") && asks_for_plain(node)))
        return;
    for (const struct nginx_node *child = node->child; child != NULL; child = child->next)
        search_in(search, child, item, depth - 1);
}

void nginx_redirects_find(
    const struct nginx_model *model, const struct nginx_block *block, int https_port, struct nginx_redirects *out)
{
    struct search search = { model, block, https_port, out };

    for (size_t i = 0; i < block->item_count; i++)
        search_in(&search, block->items[i].node, &block->items[i], NGINX_DEPTH_MAX);
}

/* `if ($host = name) {`: words are "if", "($host", "=", "name)". */
static bool asks_for_host(const struct nginx_node *node, const char *name)
{
    AUTO(free) char *last = NULL;
    size_t len;

    if (node->word_count != 4 || strcmp(node->words[1].text, "($host") != 0)
        return false;
    last = xstrdup(node->words[3].text);
    len = strlen(last);
    if (len > 0 && last[len - 1] == ')')
        last[len - 1] = '\0';
    return strcmp(last, name) == 0 && (strcmp(node->words[2].text, "=") == 0 || strcmp(node->words[2].text, "~") == 0);
}

bool nginx_redirects_name(
    const struct nginx_model *model, const struct nginx_block *block, const char *name, int https_port)
{
    for (size_t i = 0; i < block->item_count; i++) {
        const struct nginx_node *node = block->items[i].node;

        if (is_self(model, block, node, https_port))
            return true;
        if (!node->block || !nginx_is(node, "if") || !(asks_for_plain(node) || asks_for_host(node, name)))
            continue;
        for (const struct nginx_node *child = node->child; child != NULL; child = child->next)
            if (is_self(model, block, child, https_port))
                return true;
    }
    return false;
}
