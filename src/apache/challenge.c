#include "apache/challenge.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <strings.h>

#include "apache/edit.h"
#include "base/mem.h"
#include "base/text.h"
#include "webconf/apache_edit.h"

#define FOLDER "/.well-known/acme-challenge/"
#define PATTERN "^/\\.well-known/acme-challenge/([-\\w]+)$"
#define LINES_MAX 65536

/* ---- addresses: all hosts with the same one share it ---- */

struct group {
    const struct apache_address *address;
    size_t first; /* the host that answers unknown names there */
    size_t named; /* the first one with the name that is looked for; NONE */
};
#define NONE SIZE_MAX

struct groups {
    struct group *at;
    size_t count, size;
};

static struct group *find_group(const struct groups *groups, const struct apache_address *address)
{
    for (size_t i = 0; i < groups->count; i++)
        if (apache_address_equal(groups->at[i].address, address))
            return &groups->at[i];
    return NULL;
}

static void add_to_group(struct groups *groups, const struct apache_address *address, size_t vhost)
{
    if (find_group(groups, address) != NULL)
        return;
    if (groups->count == groups->size) {
        groups->size = 2 * groups->size + 8;
        groups->at = xrealloc(groups->at, groups->size, sizeof *groups->at);
    }
    groups->at[groups->count++] = (struct group){ address, vhost, NONE };
}

static bool is_http(const struct apache_challenge *challenge, const struct apache_address *address)
{
    return address->port == challenge->ports.http || address->port == 0;
}

static bool counts(const struct apache_challenge *challenge, const struct apache_address *address)
{
    return is_http(challenge, address) || address->port == challenge->ports.https;
}

static void find_groups(const struct apache_challenge *challenge, struct groups *groups)
{
    const struct apache_model *model = challenge->model;

    for (size_t i = 0; i < model->count; i++)
        for (size_t k = 0; model->vhosts[i].enabled && k < model->vhosts[i].address_count; k++)
            if (counts(challenge, &model->vhosts[i].addresses[k]))
                add_to_group(groups, &model->vhosts[i].addresses[k], i);
}

static void note_named(const struct apache_challenge *challenge, struct groups *groups, size_t i)
{
    const struct apache_vhost *vhost = &challenge->model->vhosts[i];

    for (size_t k = 0; vhost->enabled && k < vhost->address_count; k++) {
        struct group *group = counts(challenge, &vhost->addresses[k]) ? find_group(groups, &vhost->addresses[k]) : NULL;

        if (group != NULL && i < group->named) /* NONE is the largest */
            group->named = i;
    }
}

/* As httpd does: of the hosts at an address the first one that has the name. */
static void find_named(const struct apache_challenge *challenge, struct groups *groups, const char *name)
{
    const struct apache_model *model = challenge->model;
    const struct apache_vhost *vhost;
    size_t place = 0;

    for (size_t i = 0; i < groups->count; i++)
        groups->at[i].named = NONE;
    while ((vhost = apache_model_named(model, name, &place)) != NULL)
        note_named(challenge, groups, (size_t)(vhost - model->vhosts));
    for (size_t i = 0; i < model->pattern_count; i++)
        if (apache_vhost_has_name(&model->vhosts[model->with_patterns[i]], name))
            note_named(challenge, groups, model->with_patterns[i]);
}

/* ---- what a host has ---- */

static bool is_on(const char *word)
{
    return strcasecmp(word, "on") == 0;
}

/* Items [from, to) that stand directly in that section. */
static bool engine_is_on(const struct apache_conf *conf, size_t from, size_t to, size_t section, bool before)
{
    bool on = before;

    for (size_t i = from; i < to; i++)
        if (conf->items[i].section == section && apache_item_is(&conf->items[i], "RewriteEngine"))
            on = is_on(apache_item_word(&conf->items[i], 1));
    return on;
}

/* Redirects come before aliases, and an alias of a Location before those of the server. */
static bool is_in_the_way(const struct apache_item *item, bool in_section)
{
    return strncasecmp(item->words[0].text, "Redirect", 8) == 0 || (in_section && apache_item_is(item, "Alias"));
}

static bool any_in_the_way(const struct apache_conf *conf, size_t from, size_t to, size_t section)
{
    for (size_t i = from; i < to; i++) {
        const struct apache_item *item = &conf->items[i];

        if (section == APACHE_TOP && apache_item_is(item, "VirtualHost"))
            i = item->end - 1;
        else if (is_in_the_way(item, item->section != section))
            return true;
    }
    return false;
}

static bool is_ours(const char *name, const char *pattern)
{
    return strcmp(pattern, PATTERN) == 0 &&
           (strcasecmp(name, "RewriteRule") == 0 || strcasecmp(name, "AliasMatch") == 0);
}

static bool answers_already(const struct apache_conf *conf, size_t from, size_t to, size_t section)
{
    for (size_t i = from; i < to; i++)
        if (conf->items[i].section == section &&
            is_ours(apache_item_word(&conf->items[i], 0), apache_item_word(&conf->items[i], 1)))
            return true;
    return false;
}

/* ---- targets ---- */

static struct apache_target *add_target(
    struct apache_challenge *challenge, struct apache_file *file, const struct apache_node *vhost)
{
    if (challenge->count == challenge->size) {
        challenge->size = 2 * challenge->size + 8;
        challenge->targets = xrealloc(challenge->targets, challenge->size, sizeof *challenge->targets);
    }
    challenge->targets[challenge->count] = (struct apache_target){ .vhost = vhost, .file = file, .node = vhost };
    return &challenge->targets[challenge->count++];
}

static bool has_target(const struct apache_challenge *challenge, const struct apache_node *vhost)
{
    for (size_t i = challenge->count; i > 0; i--)
        if (challenge->targets[i - 1].vhost == vhost)
            return true;
    return false;
}

/* Whether a target of another use of the macro is the same lines. */
static bool is_repeated(const struct apache_challenge *challenge, const struct apache_target *target)
{
    for (const struct apache_target *other = challenge->targets; other != target; other++)
        if (other->macro == target->macro && other->node->start == target->node->start)
            return true;
    return false;
}

/* A host that a macro gives stands in the lines of the macro, of which each gives one line. */
static void find_in_macro(struct apache_challenge *challenge, struct apache_target *target, size_t ordinal)
{
    const struct apache_node *macro = target->file->macro;
    struct view text, body;
    struct error err = { 0 };

    target->is_done = true;
    if (macro == NULL || macro->file->real == NULL) /* a macro in a macro */
        return;
    text = apache_tree_text(macro->file->tree);
    body = (struct view){ text.at + macro->open, macro->close - macro->open };
    if (!apache_parse(body, "macro", &target->body, &err))
        return;
    target->node = apache_vhost_in(target->body, ordinal);
    if (target->node == NULL)
        return;
    target->macro = macro;
    target->file = macro->file;
    target->is_done = is_repeated(challenge, target);
}

/* Which <VirtualHost> of its text it is. */
static size_t ordinal_of(const struct apache_node *vhost)
{
    size_t ordinal = 0;

    while (apache_vhost_in(vhost->file->tree, ordinal) != vhost)
        ordinal++;
    return ordinal;
}

static bool alias_is_enough(
    const struct apache_challenge *challenge, const struct apache_target *target, bool redirects)
{
    return target->engine_off && !redirects && !challenge->main_redirects &&
           apache_facts_has_module(challenge->facts, "alias_module");
}

static void add_vhost(struct apache_challenge *challenge, size_t i)
{
    const struct apache_conf *conf = challenge->model->conf;
    const struct apache_vhost *vhost = &challenge->model->vhosts[i];
    size_t from = vhost->item + 1, to = conf->items[vhost->item].end;
    struct apache_target *target;

    if (has_target(challenge, vhost->node))
        return;
    target = add_target(challenge, vhost->node->file, vhost->node);
    target->engine_off = !engine_is_on(conf, from, to, vhost->item, challenge->main_engine);
    target->by_alias = alias_is_enough(challenge, target, any_in_the_way(conf, from, to, vhost->item));
    if (answers_already(conf, from, to, vhost->item))
        target->is_done = true;
    else if (vhost->macro)
        find_in_macro(challenge, target, ordinal_of(vhost->node));
}

static void add_main(struct apache_challenge *challenge)
{
    const struct apache_conf *conf = challenge->model->conf;
    struct apache_target *target;

    if (has_target(challenge, NULL))
        return;
    target = add_target(challenge, conf->files, NULL);
    target->is_done = answers_already(conf, 0, conf->enabled_count, APACHE_TOP);
    target->engine_off = !challenge->main_engine;
    target->by_alias = alias_is_enough(challenge, target, false);
}

/* Rules of the main server that come before those of the hosts. */
static bool main_rules_come_first(const struct apache_conf *conf)
{
    for (size_t i = 0; i < conf->enabled_count; i++)
        for (size_t k = 1; apache_item_is(&conf->items[i], "RewriteOptions") && k < conf->items[i].word_count; k++)
            if (strcasecmp(apache_item_word(&conf->items[i], k), "InheritBefore") == 0 ||
                strcasecmp(apache_item_word(&conf->items[i], k), "InheritDownBefore") == 0)
                return true;
    return false;
}

/* ---- where it can be asked ---- */

static bool is_numeric(const char *host)
{
    struct in6_addr address;

    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

/* An address of this machine at which a host with the address "*" is reached; "" when none is known. */
static const char *listening(const struct apache_challenge *challenge)
{
    const char *found = challenge->listens ? "" : "127.0.0.1"; /* our own */

    for (size_t i = 0; i < challenge->model->listen_count; i++) {
        const struct apache_address *listen = &challenge->model->listens[i];

        if (listen->port != challenge->ports.http)
            continue;
        if (strcmp(listen->host, "*") == 0 || strcmp(listen->host, "0.0.0.0") == 0)
            return "127.0.0.1";
        if (is_numeric(listen->host))
            found = strcmp(listen->host, "::") == 0 ? "::1" : listen->host;
    }
    return found;
}

static void set_spot(const struct apache_challenge *challenge, struct web_spot *spot, const char *host)
{
    if (spot->address[0] != '\0')
        return;
    if (strcmp(host, "*") == 0)
        host = listening(challenge);
    if (is_numeric(host))
        (void)snprintf(spot->address, sizeof spot->address, "%s", host);
}

/* ---- all of it ---- */

/* True: a host answers at every address that has none of its own. */
static bool add_hosts(struct apache_challenge *challenge, const struct groups *groups, struct web_spot *spot)
{
    bool everywhere = false;

    for (size_t i = 0; i < groups->count; i++) {
        const struct group *group = &groups->at[i];
        bool http = is_http(challenge, group->address);

        if (!http && group->named == NONE)
            continue;
        add_vhost(challenge, group->named != NONE ? group->named : group->first);
        everywhere |= http && strcmp(group->address->host, "*") == 0;
        if (http)
            set_spot(challenge, spot, group->address->host);
    }
    return everywhere;
}

static bool listens_on(const struct apache_model *model, int port)
{
    for (size_t i = 0; i < model->listen_count; i++)
        if (model->listens[i].port == port)
            return true;
    return false;
}

void apache_challenge_find(
    struct apache_challenge *challenge, const struct web_answer *answers, size_t count, struct web_spot *spots)
{
    const struct apache_conf *conf = challenge->model->conf;
    struct groups groups = { 0 };

    challenge->listens = listens_on(challenge->model, challenge->ports.http);
    challenge->main_engine = engine_is_on(conf, 0, conf->enabled_count, APACHE_TOP, false);
    challenge->main_redirects = any_in_the_way(conf, 0, conf->enabled_count, APACHE_TOP);
    find_groups(challenge, &groups);
    for (size_t i = 0; i < count; i++) {
        spots[i] = (struct web_spot){ .port = challenge->ports.http };
        find_named(challenge, &groups, answers[i].host);
        if (add_hosts(challenge, &groups, &spots[i]))
            continue;
        if (challenge->listens)
            add_main(challenge);
        set_spot(challenge, &spots[i], "*");
    }
    free(groups.at);
    if (count > 0 && main_rules_come_first(conf))
        add_main(challenge);
}

bool apache_challenge_needs_rules(const struct apache_challenge *challenge)
{
    for (size_t i = 0; i < challenge->count; i++)
        if (!challenge->targets[i].is_done && !challenge->targets[i].by_alias)
            return true;
    return !challenge->listens &&
           (challenge->main_redirects || !apache_facts_has_module(challenge->facts, "alias_module"));
}

bool apache_challenge_use_alias(struct apache_challenge *challenge)
{
    for (size_t i = 0; i < challenge->count; i++)
        challenge->targets[i].by_alias = true;
    challenge->main_redirects = false;
    return apache_facts_has_module(challenge->facts, "alias_module");
}

bool apache_challenge_is_done(const struct apache_challenge *challenge)
{
    for (size_t i = 0; i < challenge->count; i++)
        if (!challenge->targets[i].is_done)
            return false;
    return challenge->listens;
}

/* ---- lines ---- */

/* The files of the directory as a target of mod_rewrite or mod_alias, in which some characters mean something. */
static char *files_of(const struct apache_challenge *challenge, const char *special)
{
    AUTO(buf_clear) struct buf path = BUF(LINES_MAX);

    for (const char *at = challenge->dir; *at != '\0'; at++) {
        if (strchr(special, *at) != NULL)
            buf_put_char(&path, '\\');
        buf_put_char(&path, *at);
    }
    buf_put_text(&path, "/$1");
    return buf_take(&path);
}

static void put_alias(const struct apache_challenge *challenge, struct buf *lines)
{
    AUTO(free) char *files = files_of(challenge, "$\\");

    buf_put_text(lines, "AliasMatch " PATTERN " ");
    apache_put_word(lines, view_of(files));
}

/* mod_rewrite has words of its own: quotes, but no escapes in them. */
static void put_rule(const struct apache_challenge *challenge, struct buf *lines)
{
    AUTO(free) char *files = files_of(challenge, "$%\\");
    const char *quote = strpbrk(files, " \t'\"") == NULL ? "" : strchr(files, '"') == NULL ? "\"" : "'";

    buf_putf(
        lines, "RewriteCond %s%s%s -f\nRewriteRule " PATTERN " %s%s%s [END]", quote, files, quote, quote, files, quote);
}

static void put_first(const struct apache_challenge *challenge, bool by_alias, bool engine_off, struct buf *lines)
{
    if (by_alias)
        put_alias(challenge, lines);
    else
        put_rule(challenge, lines);
    if (!by_alias && engine_off)
        buf_put_text(lines, "\nRewriteRule ^ - [L]");
}

static void put_last(const struct apache_challenge *challenge, bool by_alias, struct buf *lines)
{
    const struct apache_facts *facts = challenge->facts;

    buf_putf(lines, "%s<Location " FOLDER ">\n    SetHandler default-handler\n    ForceType text/plain",
        by_alias ? "" : "RewriteEngine on\n");
    if (apache_facts_has_module(facts, "proxy_module"))
        buf_put_text(lines, "\n    ProxyPass !");
    if (apache_facts_has_module(facts, "authz_core_module"))
        buf_put_text(lines, "\n    Require all granted");
    if (apache_facts_has_module(facts, "access_compat_module"))
        buf_put_text(lines, "\n    Order allow,deny\n    Allow from all");
    buf_put_text(lines, "\n</Location>");
}

/* The patch of a macro's lines as one of its file. */
static void shift(const struct patch *from, size_t by, struct patch *to)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct splice *splice = &from->splices[i];

        patch_replace(to, splice->at + by, splice->remove, (struct view){ splice->insert, splice->insert_len });
    }
}

void apache_challenge_edit(const struct apache_challenge *challenge, size_t index, struct patch *patch)
{
    const struct apache_target *target = &challenge->targets[index];
    AUTO(buf_clear) struct buf first = BUF(LINES_MAX), last = BUF(LINES_MAX);
    AUTO(patch_clear) struct patch edits = { 0 };
    struct view text;

    if (target->is_done)
        return;
    text = apache_tree_text(target->macro != NULL ? target->body : target->file->tree);
    put_first(challenge, target->by_alias, target->engine_off, &first);
    put_last(challenge, target->by_alias, &last);
    apache_prepend(&edits, text, target->node, buf_text(&first));
    apache_append(&edits, text, target->node, buf_text(&last));
    shift(&edits, target->macro != NULL ? target->macro->open : 0, patch);
}

void apache_challenge_listen(const struct apache_challenge *challenge, struct patch *patch)
{
    const struct apache_file *file = challenge->model->conf->files;
    bool by_alias = apache_facts_has_module(challenge->facts, "alias_module") && !challenge->main_redirects;
    AUTO(buf_clear) struct buf lines = BUF(LINES_MAX), inner = BUF(LINES_MAX);
    struct view rest, line;

    if (challenge->listens)
        return;
    put_first(challenge, by_alias, false, &inner);
    buf_put_text(&inner, "\n<Location />\n    Require all denied\n</Location>\n");
    put_last(challenge, by_alias, &inner);
    buf_putf(&lines, "Listen %d\n<VirtualHost *:%d>\n", challenge->ports.http, challenge->ports.http);
    for (rest = buf_view(&inner); view_cut(&rest, '\n', &line);)
        buf_putf(&lines, "    %.*s\n", (int)line.len, line.at);
    buf_put_text(&lines, "</VirtualHost>");
    apache_append(patch, apache_tree_text(file->tree), NULL, buf_text(&lines));
}

void apache_challenge_clear(struct apache_challenge *challenge)
{
    for (size_t i = 0; i < challenge->count; i++)
        if (challenge->targets[i].body != NULL)
            apache_tree_free(challenge->targets[i].body);
    free(challenge->targets);
    challenge->targets = NULL;
    challenge->count = challenge->size = 0;
}
