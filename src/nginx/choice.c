#include "nginx/choice.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "webconf/name_index.h"
#include "nginx/regex.h"

/* ---- blocks by name ---- */

static void add(struct nginx_candidates *out, struct nginx_block *block, enum nginx_match match)
{
    if (out->len == out->size) {
        out->size = out->size * 2 + 8;
        out->at = xrealloc(out->at, out->size, sizeof *out->at);
    }
    out->at[out->len++] = (struct nginx_candidate){ block, match };
}

static void add_named(
    const struct nginx_model *model, const char *name, enum nginx_match match, struct nginx_candidates *out)
{
    const struct name_entry *entry;

    for (size_t i = name_index_first(model->names, name); i != NAME_INDEX_END; i = entry->next) {
        entry = name_index_at(model->names, i);
        add(out, &model->blocks[entry->block], match);
    }
}

/* "a.b.c" by "*.b.c" and ".b.c", then "*.c" and ".c", at last "*". */
static void add_front(const struct nginx_model *model, const char *name, struct nginx_candidates *out)
{
    for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        AUTO(free) char *wildcard = xprintf("*%s", dot);

        if (dot == name)
            continue;
        add_named(model, wildcard, NGINX_FRONT, out);
        add_named(model, dot, NGINX_FRONT, out);
    }
    add_named(model, "*", NGINX_FRONT, out);
}

/* "a.b.c" by "a.b.*", then "a.*". */
static void add_behind(const struct nginx_model *model, const char *name, struct nginx_candidates *out)
{
    AUTO(free) char *part = xstrdup(name);

    for (char *dot = strrchr(part, '.'); dot != NULL && dot != part; dot = strrchr(part, '.')) {
        AUTO(free) char *wildcard = NULL;

        dot[1] = '\0';
        wildcard = xprintf("%s*", part);
        add_named(model, wildcard, NGINX_BEHIND, out);
        *dot = '\0';
    }
}

static void add_regexes(const struct nginx_model *model, const char *name, struct nginx_candidates *out)
{
    const struct name_entry *entry;

    for (size_t i = 0; (entry = name_index_regex(model->names, i)) != NULL; i++)
        if (nginx_regex_matches(entry->name + 1, name))
            add(out, &model->blocks[entry->block], NGINX_REGEX);
}

void nginx_candidates_find(const struct nginx_model *model, const char *name, struct nginx_candidates *out)
{
    AUTO(free) char *bare = xprintf(".%s", name); /* ".example.com" is for example.com, too */

    add_named(model, name, NGINX_EXACT, out);
    if (name[0] == '*')
        add_named(model, name + 1, NGINX_EXACT, out);
    else
        add_named(model, bare, NGINX_EXACT, out);
    if (name[0] == '*')
        return;
    add_front(model, name, out);
    add_behind(model, name, out);
    add_regexes(model, name, out);
}

void nginx_candidates_clear(struct nginx_candidates *candidates)
{
    free(candidates->at);
    *candidates = (struct nginx_candidates){ 0 };
}

struct nginx_candidate nginx_candidate_at(
    const struct nginx_model *model, const struct nginx_candidates *candidates, size_t address)
{
    for (size_t i = 0; i < candidates->len; i++)
        if (nginx_block_listens(candidates->at[i].block, address))
            return candidates->at[i];
    return (struct nginx_candidate){ &model->blocks[model->addresses[address].fallback], NGINX_DEFAULT };
}

/* ---- sets of blocks ---- */

bool nginx_chosen_has(const struct nginx_chosen *chosen, const struct nginx_block *block)
{
    for (size_t i = 0; i < chosen->len; i++)
        if (chosen->at[i] == block)
            return true;
    return false;
}

void nginx_chosen_add(struct nginx_chosen *chosen, struct nginx_block *block)
{
    if (nginx_chosen_has(chosen, block))
        return;
    chosen->at = xrealloc(chosen->at, chosen->len + 1, sizeof(struct nginx_block *));
    chosen->at[chosen->len++] = block;
}

void nginx_chosen_clear(struct nginx_chosen *chosen)
{
    free(chosen->at);
    *chosen = (struct nginx_chosen){ 0 };
}

/* ---- the choice for a certificate ---- */

enum way { WAY_TLS, WAY_PLAIN };

static bool serves(const struct nginx_address *address, enum way way, int port)
{
    if (address->quic || (port != 0 && address->port != port))
        return false;
    return way == WAY_TLS ? address->tls : !address->tls && address->family != NGINX_UNIX;
}

/* The best match that wins at an address of that kind; port 0: any. */
static enum nginx_match best_match(
    const struct nginx_model *model, const struct nginx_candidates *candidates, enum way way, int port)
{
    enum nginx_match best = NGINX_DEFAULT;

    for (size_t i = 0; i < candidates->len && best == NGINX_DEFAULT; i++) {
        const struct nginx_block *block = candidates->at[i].block;

        for (size_t k = 0; k < block->listen_count; k++) {
            size_t address = block->listens[k].address;

            if (serves(&model->addresses[address], way, port) &&
                nginx_candidate_at(model, candidates, address).block == block)
                best = candidates->at[i].match;
        }
    }
    return best;
}

/* Adds those that win at such addresses with that match; all of them, or the first. */
static void add_winners(const struct nginx_model *model, const struct nginx_candidates *candidates, enum way way,
    int port, enum nginx_match match, struct nginx_chosen *out)
{
    for (size_t i = 0; i < candidates->len && candidates->at[i].match <= match; i++) {
        struct nginx_block *block = candidates->at[i].block;

        for (size_t k = 0; candidates->at[i].match == match && k < block->listen_count; k++) {
            size_t address = block->listens[k].address;

            if (serves(&model->addresses[address], way, port) &&
                nginx_candidate_at(model, candidates, address).block == block)
                nginx_chosen_add(out, block);
        }
        if (port == 0 && out->len > 0)
            return;
    }
}

static bool choose_by(const struct nginx_model *model, const struct nginx_candidates *candidates, enum way way,
    int port, struct nginx_chosen *out)
{
    enum nginx_match match = best_match(model, candidates, way, port);

    if (match == NGINX_DEFAULT)
        return false;
    out->match = match;
    add_winners(model, candidates, way, port, match, out);
    return out->len > 0;
}

void nginx_choose(const struct nginx_model *model, const char *name, struct nginx_ports ports, struct nginx_chosen *out)
{
    AUTO(nginx_candidates_clear) struct nginx_candidates candidates = { 0 };

    out->match = NGINX_NOTHING;
    nginx_candidates_find(model, name, &candidates);
    if (choose_by(model, &candidates, WAY_TLS, ports.https, out) || choose_by(model, &candidates, WAY_TLS, 0, out) ||
        choose_by(model, &candidates, WAY_PLAIN, ports.http, out) || choose_by(model, &candidates, WAY_PLAIN, 0, out))
        return;
    if (candidates.len > 0) { /* at sockets in the file system, or by quic alone */
        out->match = candidates.at[0].match;
        nginx_chosen_add(out, candidates.at[0].block);
    }
}

bool nginx_serves_tls(const struct nginx_model *model, const char *name, int port)
{
    AUTO(nginx_candidates_clear) struct nginx_candidates candidates = { 0 };

    nginx_candidates_find(model, name, &candidates);
    return best_match(model, &candidates, WAY_TLS, port) != NGINX_DEFAULT;
}

void nginx_choose_plain(const struct nginx_model *model, const char *name, int port, struct nginx_chosen *out)
{
    AUTO(nginx_candidates_clear) struct nginx_candidates candidates = { 0 };

    nginx_candidates_find(model, name, &candidates);
    for (size_t i = 0; i < candidates.len; i++) {
        struct nginx_block *block = candidates.at[i].block;

        for (size_t k = 0; k < block->listen_count; k++) {
            size_t address = block->listens[k].address;

            if (serves(&model->addresses[address], WAY_PLAIN, port) &&
                nginx_candidate_at(model, &candidates, address).block == block)
                nginx_chosen_add(out, block);
        }
    }
}

/* Where a client arrives that connects to an IP address; NULL: nobody listens. */
static const struct nginx_address *arrival(const struct nginx_model *model, const char *ip, int port)
{
    enum nginx_family family = strchr(ip, ':') != NULL ? NGINX_IP6 : NGINX_IP4;
    const struct nginx_address *found = nginx_address_find(model, family, ip, port, false);

    if (found == NULL)
        found = nginx_address_find(model, family, family == NGINX_IP6 ? "::" : "0.0.0.0", port, false);
    if (found == NULL && family == NGINX_IP4) { /* one socket may be for both */
        found = nginx_address_find(model, NGINX_IP6, "::", port, false);
        if (found != NULL && found->ipv6only != 0)
            found = NULL;
    }
    return found;
}

struct nginx_block *nginx_choose_nameless(
    const struct nginx_model *model, const char *ip, int port, const struct nginx_address **address)
{
    const struct nginx_address *found = arrival(model, ip, port);

    if (address != NULL)
        *address = found;
    return found != NULL && found->tls ? &model->blocks[found->fallback] : NULL;
}

struct nginx_block *nginx_choose_fallback(const struct nginx_model *model, const char *ip, int port)
{
    const struct nginx_address *found = arrival(model, ip, port);

    return found != NULL && !found->tls ? &model->blocks[found->fallback] : NULL;
}

struct nginx_block *nginx_choose_template(const struct nginx_model *model, int https_port)
{
    AUTO(nginx_chosen_clear) struct nginx_chosen all = { 0 }, at_port = { 0 };

    for (size_t i = 0; i < model->count; i++) {
        struct nginx_block *block = &model->blocks[i];

        for (size_t k = 0; k < block->listen_count; k++) {
            if (!block->listens[k].is_default)
                continue;
            nginx_chosen_add(&all, block);
            if (nginx_address_of(model, &block->listens[k])->port == https_port)
                nginx_chosen_add(&at_port, block);
        }
    }
    if (at_port.len == 1)
        return at_port.at[0];
    return all.len == 1 ? all.at[0] : NULL;
}

/* ---- names ---- */

bool nginx_name_is_covered(const char *name, const char *by)
{
    const char *dot = strchr(name, '.');

    if (strcmp(name, by) == 0)
        return true;
    return by[0] == '*' && by[1] == '.' && dot != NULL && dot != name && name[0] != '*' && name[0] != '~' &&
           !text_ends(name, "*") && strcmp(dot, by + 1) == 0;
}

void nginx_names_covered(const struct nginx_model *model, const char *wildcard, struct list *out)
{
    const struct name_entry *entry;
    const char *bare = wildcard + 1;

    if (name_index_first(model->names, wildcard) != NAME_INDEX_END ||
        name_index_first(model->names, bare) != NAME_INDEX_END)
        list_add(out, wildcard);
    for (size_t i = 0; (entry = name_index_at(model->names, i)) != NULL; i++)
        if (entry->name[0] != '*' && nginx_name_is_covered(entry->name, wildcard) &&
            name_index_first(model->names, entry->name) == i)
            list_add(out, entry->name);
}

char *nginx_host_text(const struct identifier *identifier)
{
    char *text;

    if (identifier->type == IDENTIFIER_IP && strchr(identifier->value, ':') != NULL)
        return xprintf("[%s]", identifier->value);
    text = xstrdup(identifier->value);
    text_lower(text);
    return text;
}
