#include "nginx/targets.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

void nginx_targets_clear(struct nginx_targets *targets)
{
    for (size_t i = 0; i < targets->len; i++)
        list_clear(&targets->at[i].names);
    free(targets->at);
    list_clear(&targets->missing);
    *targets = (struct nginx_targets){ 0 };
}

static struct nginx_target *find_target(const struct nginx_targets *targets, const struct nginx_block *block)
{
    for (size_t i = 0; i < targets->len; i++)
        if (targets->at[i].block == block)
            return &targets->at[i];
    return NULL;
}

bool nginx_targets_has(const struct nginx_targets *targets, const struct nginx_block *block)
{
    return find_target(targets, block) != NULL;
}

static void add_target(struct nginx_targets *targets, struct nginx_block *block, const char *name, bool becomes_default)
{
    struct nginx_target *known = find_target(targets, block);

    if (known == NULL) {
        targets->at = xrealloc(targets->at, targets->len + 1, sizeof *targets->at);
        known = &targets->at[targets->len++];
        *known = (struct nginx_target){ .block = block };
    }
    known->becomes_default |= becomes_default;
    if (!list_has(&known->names, name))
        list_add(&known->names, name);
}

char *nginx_block_names(const struct nginx_block *block)
{
    return list_join(&block->names, " ");
}

/* ---- names of a deployment ---- */

void nginx_task_names(const struct nginx_model *model, const struct nginx_task *task,
    const struct identifier *identifier, struct list *out)
{
    AUTO(free) char *text = nginx_host_text(identifier);

    if (!identifier_is_wildcard(identifier)) {
        list_add(out, text);
        return;
    }
    if (task->wildcard_names == NULL) {
        nginx_names_covered(model, text, out);
        return;
    }
    for (size_t i = 0; i < task->wildcard_names->len; i++)
        if (nginx_name_is_covered(task->wildcard_names->at[i], text))
            list_add(out, task->wildcard_names->at[i]);
}

bool nginx_task_covers(const struct nginx_task *task, const char *name)
{
    const struct identifiers *names = task->deployment->names;

    for (size_t i = 0; i < names->len; i++) {
        AUTO(free) char *text = nginx_host_text(&names->at[i]);

        if (nginx_name_is_covered(name, text))
            return true;
    }
    return false;
}

bool nginx_name_is_asked_for(const char *name)
{
    return name[0] != '\0' && strcmp(name, "_") != 0;
}

/* Whether all names of a block are served by the deployment, or are none that a client would ask for. */
static bool is_free_for(const struct nginx_task *task, const struct nginx_block *block)
{
    for (size_t i = 0; i < block->names.len; i++) {
        const char *name = block->names.at[i];

        if (nginx_name_is_asked_for(name) && !nginx_task_covers(task, name))
            return false;
    }
    return true;
}

/* ---- addresses as names ---- */

/* Clients ask for no server when they connect to an IP address: nginx takes the address's default. */
static bool find_for_address(const struct nginx_model *model, const struct nginx_task *task,
    const struct identifier *identifier, struct nginx_targets *out, struct error *err)
{
    AUTO(free) char *host = nginx_host_text(identifier);
    AUTO(nginx_chosen_clear) struct nginx_chosen named = { 0 };
    const struct nginx_address *address;
    struct nginx_block *served = nginx_choose_nameless(model, identifier->value, task->ports.https, &address);
    struct nginx_block *plain;

    if (served != NULL && (is_free_for(task, served) || nginx_targets_has(out, served))) {
        add_target(out, served, host, false);
        return true;
    }
    nginx_choose(model, host, task->ports, &named);
    if (served != NULL && address->flagged && !nginx_chosen_has(&named, served)) {
        AUTO(free) char *place = nginx_block_place(served), *names = nginx_block_names(served);

        (void)error_set(err, ERROR_PLUGIN,
            "nginx shows clients that ask for %s the certificate of its default server at %s, which is for %s", host,
            place, names);
        return error_next(
            err, "Get one certificate for all of these names, or give %s a default server of its own", host);
    }
    if (named.len > 0 && named.match == NGINX_EXACT) {
        add_target(out, named.at[0], host, served != NULL && named.at[0] != served);
        return true;
    }
    plain = nginx_choose_fallback(model, identifier->value, task->ports.http);
    if (plain != NULL && served == NULL && is_free_for(task, plain)) {
        add_target(out, plain, host, false);
        return true;
    }
    list_add(&out->missing, host);
    if (out->template == NULL)
        out->template = plain != NULL ? plain : served;
    return true;
}

/* ---- names ---- */

static bool find_for_name(
    const struct nginx_model *model, const struct nginx_task *task, const char *name, struct nginx_targets *out)
{
    AUTO(nginx_chosen_clear) struct nginx_chosen chosen = { 0 };

    nginx_choose(model, name, task->ports, &chosen);
    for (size_t i = 0; i < chosen.len; i++)
        add_target(out, chosen.at[i], name, false);
    return chosen.len > 0;
}

static bool find_for_wildcard(const struct nginx_model *model, const struct nginx_task *task,
    const struct identifier *identifier, struct nginx_targets *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    bool any = false;

    nginx_task_names(model, task, identifier, &names);
    for (size_t i = 0; i < names.len; i++)
        any |= find_for_name(model, task, names.at[i], out);
    if (any)
        return true;
    (void)error_set(err, ERROR_PLUGIN, "No server block in %s has a name that %s covers", model->conf->files[0]->path,
        identifier->value);
    return error_next(err, "Give a server block such a name with server_name, then install the certificate");
}

static struct nginx_block *picked_template(const struct nginx_model *model, const struct nginx_task *task)
{
    for (size_t i = 0; task->template_path != NULL && i < model->count; i++) {
        struct nginx_block *block = &model->blocks[i];
        AUTO(free) char *names = NULL;

        if (strcmp(block->node->file->path, task->template_path) != 0)
            continue;
        names = nginx_block_names(block);
        if (strcmp(names, task->template_names) == 0)
            return block;
    }
    return NULL;
}

static bool find_template(
    const struct nginx_model *model, const struct nginx_task *task, struct nginx_targets *out, struct error *err)
{
    AUTO(free) char *names = list_join(&out->missing, ", ");
    struct nginx_block *picked = picked_template(model, task);

    if (picked == NULL && out->template == NULL)
        picked = nginx_choose_template(model, task->ports.https);
    if (picked != NULL)
        out->template = picked;
    if (out->template != NULL)
        return true;
    (void)error_set(err, ERROR_PLUGIN,
        "No server block in %s answers for %s, and there is no single default server to make one of",
        model->conf->files[0]->path, names);
    return error_next(err, "Name it with server_name in the block that is to serve it, then install the certificate");
}

bool nginx_targets_find(
    const struct nginx_model *model, const struct nginx_task *task, struct nginx_targets *out, struct error *err)
{
    const struct identifiers *names = task->deployment->names;

    for (size_t i = 0; i < names->len; i++) {
        const struct identifier *identifier = &names->at[i];
        AUTO(free) char *host = NULL;

        if (identifier->type == IDENTIFIER_IP) {
            TRY(find_for_address(model, task, identifier, out, err));
        } else if (identifier_is_wildcard(identifier)) {
            TRY(find_for_wildcard(model, task, identifier, out, err));
        } else {
            host = nginx_host_text(identifier);
            if (!find_for_name(model, task, host, out))
                list_add(&out->missing, host);
        }
    }
    return out->missing.len == 0 || find_template(model, task, out, err);
}
