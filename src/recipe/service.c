#include "recipe/service.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "tree/template.h"
#include "recipe/zone.h"

const struct value *service_keys(const struct description *description)
{
    return value_member(&description->top, "keys");
}

/* The first alternative whose key is set. */
static bool make_pick(const struct value *choices, struct vars *vars, struct error *err)
{
    for (size_t i = 0; i < choices->len; i++) {
        AUTO(wipe_free) char *text = NULL;
        AUTO(value_clear) struct value value = { 0 };

        if (!vars_is_set(vars, value_text(&choices->at[i].at[0])))
            continue;
        TRY(template_text(value_text(&choices->at[i].at[1]), vars, &text, err));
        value_set_text(&value, view_of(text));
        vars_set(vars, choices->key, &value, true);
        return true;
    }
    return true;
}

static bool make_map(const struct value *map, struct vars *vars, struct error *err)
{
    const char *from = value_member_text(map, "from"), *have = value_text(vars_get(vars, view_of(from)));
    AUTO(buf_clear) struct buf known = BUF(4096);
    AUTO(wipe_free) char *text = NULL;

    for (size_t i = 0; i < map->len; i++) {
        if (strcmp(map->at[i].key, "from") == 0)
            continue;
        if (have != NULL && strcmp(map->at[i].key, have) == 0) {
            TRY(template_text(value_text(&map->at[i]), vars, &text, err));
            vars_set_text(vars, map->key, text);
            return true;
        }
        buf_putf(&known, "%s%s", known.len > 0 ? ", " : "", map->at[i].key);
    }
    return error_set(err, ERROR_PLUGIN, "'%s' must be one of %s", from, buf_text(&known));
}

static bool make_let(const struct value *let, struct vars *vars, struct error *err)
{
    AUTO(wipe_free) char *text = NULL;
    AUTO(value_clear) struct value value = { 0 };

    if (!template_text(value_text(let), vars, &text, err))
        return false;
    value_set_text(&value, view_of(text));
    vars_set(vars, let->key, &value, true);
    return true;
}

static bool make_each(const struct value *all, bool (*make)(const struct value *, struct vars *, struct error *),
    struct vars *vars, struct error *err)
{
    for (size_t i = 0; all != NULL && i < all->len; i++)
        TRY(make(&all->at[i], vars, err));
    return true;
}

bool service_open(const struct description *description, struct vars *keys, struct service **out, struct error *err)
{
    AUTO(service_close) struct service *service = xcalloc(1, sizeof *service);
    const struct value *top = &description->top;
    const char *trust = value_member_text(top, "trust");

    service->description = description;
    service->keys = *keys;
    *keys = (struct vars){ 0 };
    mutex_init(&service->lock);
    mutex_init(&service->login_lock);
    mutex_init(&service->asked.lock);
    vars_set_number(&service->keys, "ttl", description->ttl);
    TRY(make_each(value_member(top, "map"), make_map, &service->keys, err));
    TRY(make_each(value_member(top, "pick"), make_pick, &service->keys, err));
    TRY(make_each(value_member(top, "let"), make_let, &service->keys, err));
    if (trust != NULL && !template_text(trust, &service->keys, &service->trust, err))
        TRY(err->expected); /* the user gave none */
    *out = TAKE(service);
    return true;
}

void service_close(struct service *service)
{
    named_clear(&service->asked, work_forget_zone);
    vars_clear(&service->keys);
    vars_clear(&service->login);
    value_free_all(&service->own);
    mutex_destroy(&service->lock);
    mutex_destroy(&service->login_lock);
    mutex_destroy(&service->asked.lock);
    free(service->lock_path);
    free(service->trust);
    free(service->where_from);
    free(service);
}
