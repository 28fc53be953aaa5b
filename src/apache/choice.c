#include "apache/choice.h"

#include "base/mem.h"
#include "base/text.h"

void apache_chosen_clear(struct apache_chosen *chosen)
{
    free(chosen->at);
    *chosen = (struct apache_chosen){ 0 };
}

void apache_chosen_add(struct apache_chosen *chosen, size_t vhost)
{
    size_t place = chosen->count;

    while (place > 0 && chosen->at[place - 1] > vhost)
        place--;
    if (place > 0 && chosen->at[place - 1] == vhost)
        return;
    if ((chosen->count & (chosen->count - 1)) == 0) /* full at each power of two */
        chosen->at = xrealloc(chosen->at, chosen->count == 0 ? 1 : 2 * chosen->count, sizeof *chosen->at);
    memmove(chosen->at + place + 1, chosen->at + place, (chosen->count - place) * sizeof *chosen->at);
    chosen->at[place] = vhost;
    chosen->count++;
}

bool apache_wildcard_covers(const char *wildcard, const char *name)
{
    const char *dot = strchr(name, '.');

    return text_starts(wildcard, "*.") && dot != NULL && dot != name && strcmp(dot, wildcard + 1) == 0;
}

/* ---- those that have the name ---- */

/* All hosts that have it, but those of macros. */
static void find_named(const struct apache_model *model, const char *name, struct apache_chosen *out)
{
    const struct apache_vhost *vhost;
    size_t place = 0;

    while ((vhost = apache_model_named(model, name, &place)) != NULL)
        if (!vhost->macro)
            apache_chosen_add(out, (size_t)(vhost - model->vhosts));
    for (size_t i = 0; i < model->pattern_count; i++)
        if (!model->vhosts[model->with_patterns[i]].macro &&
            apache_vhost_has_name(&model->vhosts[model->with_patterns[i]], name))
            apache_chosen_add(out, model->with_patterns[i]);
}

static bool is_on(const struct apache_address *address, int port)
{
    return address->port == port || address->port == 0;
}

/* Whether one of the named hosts in front of this one has the same address: then that one answers there. */
static bool is_hidden(const struct apache_model *model, const struct apache_chosen *named, size_t at,
    const struct apache_address *address)
{
    for (size_t i = 0; i < at; i++) {
        const struct apache_vhost *vhost = &model->vhosts[named->at[i]];

        for (size_t j = 0; j < vhost->address_count; j++)
            if (apache_address_equal(&vhost->addresses[j], address))
                return true;
    }
    return false;
}

struct kind {
    bool tls;
    int port; /* 0: any; then the first host alone counts */
};

/* Those of the named hosts that answer for the name. */
static void find_answering(const struct apache_model *model, const struct apache_chosen *named, bool enabled,
    const struct kind *kind, struct apache_chosen *out)
{
    for (size_t i = 0; i < named->count; i++) {
        const struct apache_vhost *vhost = &model->vhosts[named->at[i]];

        if (vhost->tls != kind->tls || vhost->enabled != enabled)
            continue;
        if (kind->port == 0) {
            apache_chosen_add(out, named->at[i]);
            return;
        }
        for (size_t j = 0; j < vhost->address_count; j++)
            if (is_on(&vhost->addresses[j], kind->port) && !is_hidden(model, named, i, &vhost->addresses[j]))
                apache_chosen_add(out, named->at[i]);
    }
}

static bool choose_of(const struct apache_model *model, const struct apache_chosen *named,
    const struct apache_ports *ports, struct apache_chosen *out)
{
    const struct kind kinds[] = { { true, ports->https }, { true, 443 }, { true, 0 }, { false, ports->http },
        { false, 0 } };

    for (size_t i = 0; i < 2 * COUNT(kinds) && out->count == 0; i++)
        find_answering(model, named, i < COUNT(kinds), &kinds[i % COUNT(kinds)], out);
    return out->count > 0;
}

static bool choose_by_name(
    const struct apache_model *model, const char *name, const struct apache_ports *ports, struct apache_chosen *out)
{
    AUTO(apache_chosen_clear) struct apache_chosen named = { 0 };

    find_named(model, name, &named);
    return choose_of(model, &named, ports, out);
}

/* ---- where none has it ---- */

static bool choose_by_address(
    const struct apache_model *model, const char *name, const struct apache_ports *ports, struct apache_chosen *out)
{
    AUTO(apache_chosen_clear) struct apache_chosen there = { 0 };

    for (size_t i = 0; i < model->count; i++)
        for (size_t j = 0; !model->vhosts[i].macro && j < model->vhosts[i].address_count; j++)
            if (strcmp(model->vhosts[i].addresses[j].host, name) == 0)
                apache_chosen_add(&there, i);
    return choose_of(model, &there, ports, out);
}

static bool is_default_only(const struct apache_vhost *vhost)
{
    for (size_t i = 0; i < vhost->address_count; i++)
        if (!vhost->addresses[i].is_default)
            return false;
    return true;
}

static enum apache_choice choose_the_only_one(const struct apache_model *model, struct apache_chosen *out)
{
    size_t found = 0, which = 0;

    for (size_t i = 0; i < model->count; i++) {
        if (model->vhosts[i].macro || is_default_only(&model->vhosts[i]))
            continue;
        which = i;
        found++;
    }
    if (found == 1)
        apache_chosen_add(out, which);
    return found == 1 ? APACHE_CHOSEN : model->count == 0 ? APACHE_NO_HOST : APACHE_AMBIGUOUS;
}

/* The first host at an address that every interface has: it answers where no name is asked for. It is taken for an IP
 * address only if it has no name, as it would get another certificate for it. */
static bool choose_unnamed(const struct apache_model *model, bool tls, int port, struct apache_chosen *out)
{
    for (size_t i = 0; i < model->count; i++) {
        const struct apache_vhost *vhost = &model->vhosts[i];

        for (size_t j = 0; vhost->tls == tls && vhost->enabled && j < vhost->address_count; j++) {
            if (strcmp(vhost->addresses[j].host, "*") != 0 || !is_on(&vhost->addresses[j], port))
                continue;
            if (vhost->name == NULL && !vhost->macro)
                apache_chosen_add(out, i);
            return out->count > 0;
        }
    }
    return false;
}

/* Those that have the wildcard itself as a ServerAlias. */
static void choose_with_pattern(
    const struct apache_model *model, const char *wildcard, const struct apache_ports *ports, struct apache_chosen *out)
{
    AUTO(apache_chosen_clear) struct apache_chosen with = { 0 };

    for (size_t i = 0; i < model->pattern_count; i++) {
        const struct apache_vhost *vhost = &model->vhosts[model->with_patterns[i]];

        if (!vhost->macro && list_has(&vhost->aliases, wildcard))
            apache_chosen_add(&with, model->with_patterns[i]);
    }
    (void)choose_of(model, &with, ports, out);
}

static void choose_covered(
    const struct apache_model *model, const char *wildcard, const struct apache_ports *ports, struct apache_chosen *out)
{
    for (size_t i = 0; i < model->name_count; i++) {
        AUTO(apache_chosen_clear) struct apache_chosen one = { 0 };

        if (!apache_wildcard_covers(wildcard, model->names[i]))
            continue;
        if (choose_by_name(model, model->names[i], ports, &one))
            for (size_t j = 0; j < one.count; j++)
                apache_chosen_add(out, one.at[j]);
    }
    if (out->count == 0)
        choose_with_pattern(model, wildcard, ports, out);
}

enum apache_choice apache_choose(const struct apache_model *model, const struct identifier *name,
    const struct apache_ports *ports, struct apache_chosen *out)
{
    AUTO(free) char *text = xstrdup(name->value);

    text_lower(text);
    if (identifier_is_wildcard(name)) {
        choose_covered(model, text, ports, out);
        return out->count > 0 ? APACHE_CHOSEN : model->count == 0 ? APACHE_NO_HOST : APACHE_AMBIGUOUS;
    }
    if (choose_by_name(model, text, ports, out) || choose_by_address(model, text, ports, out))
        return APACHE_CHOSEN;
    if (name->type == IDENTIFIER_IP &&
        (choose_unnamed(model, true, ports->https, out) || choose_unnamed(model, false, ports->http, out)))
        return APACHE_CHOSEN;
    return choose_the_only_one(model, out);
}

/* ---- the plain host of a TLS host ---- */

static bool share_a_name(const struct apache_vhost *a, const struct apache_vhost *b)
{
    if (a->name != NULL && apache_vhost_has_name(b, a->name))
        return true;
    for (size_t i = 0; i < a->aliases.len; i++)
        if (list_has(&b->aliases, a->aliases.at[i]) || apache_vhost_has_name(b, a->aliases.at[i]))
            return true;
    return false;
}

static void add_plain(
    const struct apache_model *model, const char *name, const struct apache_ports *ports, struct apache_chosen *out)
{
    AUTO(apache_chosen_clear) struct apache_chosen named = { 0 };
    const struct kind kind = { false, ports->http };

    find_named(model, name, &named);
    find_answering(model, &named, true, &kind, out);
}

void apache_choose_plain(const struct apache_model *model, const struct apache_vhost *tls,
    const struct apache_ports *ports, struct apache_chosen *out)
{
    if (tls->name != NULL)
        add_plain(model, tls->name, ports, out);
    for (size_t i = 0; i < tls->aliases.len; i++) {
        if (strpbrk(tls->aliases.at[i], "*?") == NULL) {
            add_plain(model, tls->aliases.at[i], ports, out);
            continue;
        }
        for (size_t j = 0; j < model->pattern_count; j++) {
            const struct apache_vhost *vhost = &model->vhosts[model->with_patterns[j]];

            if (!vhost->tls && vhost->enabled && !vhost->macro && share_a_name(tls, vhost))
                apache_chosen_add(out, model->with_patterns[j]);
        }
    }
}
