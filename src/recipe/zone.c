#include "recipe/zone.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "recipe/listing.h"
#include "tree/template.h"

#define GUESSES_MAX 16
#define ZONES_MAX 100000

struct hosted {
    char *name; /* lower case, without final dot */
    struct vars vars;
};

struct asked { /* an item of service->asked: the zones of one guess, or all of them ("") */
    struct named named;
    struct hosted *at;
    size_t len, size;
};

void work_forget_zone(void *item)
{
    struct asked *asked = item;

    for (size_t i = 0; i < asked->len; i++) {
        free(asked->at[i].name);
        vars_clear(&asked->at[i].vars);
    }
    free(asked->at);
}

static const struct value *zone_step(const struct service *service)
{
    return value_member(&service->description->top, "zone");
}

/* ---- what the service knows ---- */

static char *plain_name(const char *name)
{
    size_t len = strlen(name);
    char *plain = xstrndup(name, len > 0 && name[len - 1] == '.' ? len - 1 : len);

    text_lower(plain);
    return plain;
}

static struct hosted *add_zone(struct asked *asked, const char *name)
{
    if (asked->len == asked->size) {
        asked->size = asked->size == 0 ? 8 : 2 * asked->size;
        asked->at = xrealloc(asked->at, asked->size, sizeof *asked->at);
    }
    asked->at[asked->len] = (struct hosted){ .name = plain_name(name) };
    return &asked->at[asked->len++];
}

static bool set_from(struct hosted *zone, const struct value *set, const struct value *item, struct error *err)
{
    for (size_t i = 0; set != NULL && i < set->len; i++) {
        const char *path = value_text(&set->at[i]);
        size_t len = strlen(path);
        AUTO(free) char *way = xstrndup(path, len > 0 && path[len - 1] == '?' ? len - 1 : len);
        const struct value *found = value_walk(item, way);

        if (found != NULL)
            vars_set(&zone->vars, set->at[i].key, found, false);
        else if (path[len > 0 ? len - 1 : 0] != '?')
            return error_set(err, ERROR_PLUGIN, "the zone %s has no '%s'", zone->name, way);
    }
    return true;
}

struct collecting {
    struct asked *asked;
    const struct value *step;
    const char *guess; /* the only name that counts; NULL: all do */
};

/* The name of an item: what stands at "name", or the item itself. */
static const char *item_name(const struct value *step, const struct value *item)
{
    const char *path = value_member_text(step, "name");

    return value_text(item) != NULL ? value_text(item) : value_text(value_walk(item, path != NULL ? path : "name"));
}

static bool take_zone(void *arg, const struct value *item, const struct vars *vars, bool *stop, struct error *err)
{
    struct collecting *collecting = arg;
    bool by_name = collecting->guess == NULL || value_member(collecting->step, "items") != NULL ||
                   value_member(collecting->step, "name") != NULL;
    const char *name = item_name(collecting->step, item);
    AUTO(free) char *plain = by_name && name != NULL ? plain_name(name) : NULL;

    (void)vars;
    if (by_name && name == NULL)
        return true;
    if (by_name && collecting->guess != NULL && strcasecmp(plain, collecting->guess) != 0)
        return true;
    if (collecting->asked->len == ZONES_MAX)
        return error_set(err, ERROR_PLUGIN, "the list has more than %d zones", ZONES_MAX);
    *stop = collecting->guess != NULL;
    return set_from(add_zone(collecting->asked, by_name ? plain : collecting->guess),
        value_member(collecting->step, "set"), item, err);
}

/* What follows once a zone is known, whose results belong to it. */
static bool then(struct work *work, struct hosted *zone, const struct value *step, struct error *err)
{
    AUTO(work_end) struct work inner = work_inside(work);

    if (value_member(step, "then") == NULL)
        return true;
    vars_set_text(&inner.vars, "zone", zone->name);
    vars_set_all(&inner.vars, &zone->vars);
    TRY(steps_run(&inner, value_member(step, "then"), err));
    vars_unset(&inner.vars, "zone");
    vars_set_all(&zone->vars, &inner.vars);
    return true;
}

/* What the user has given instead of the service's list; NULL: nothing. */
static const struct value *given_zones(const struct work *work, const struct value *step)
{
    const char *of = value_member_text(step, "of");

    return of != NULL ? vars_get(&work->vars, view_of(of)) : NULL;
}

static bool take_given(const struct value *given, struct collecting *collecting, struct error *err)
{
    bool stop = false;

    for (size_t i = 0; i < given->len && !stop; i++)
        TRY(take_zone(collecting, &given->at[i], NULL, &stop, err));
    return true;
}

/* Asks with {guess}, or for all. A service that answers every question has that guess as its zone. */
static bool ask(void *item, void *arg, struct error *err)
{
    struct asked *asked = item;
    struct work *outer = arg;
    const struct value *step = zone_step(outer->service);
    const char *guess = asked->named.name[0] != '\0' ? asked->named.name : NULL;
    AUTO(work_end) struct work work = work_inside(outer);
    struct collecting collecting = { .asked = asked, .step = step, .guess = guess };
    bool absent;

    work_forget_zone(asked);
    asked->at = NULL;
    asked->len = asked->size = 0;
    if (guess != NULL)
        vars_set_text(&work.vars, "guess", guess);
    if (given_zones(&work, step) != NULL)
        return take_given(given_zones(&work, step), &collecting, err);
    TRY(listing_each(&work, step, take_zone, &collecting, &absent, err));
    if (guess != NULL && !absent && asked->len == 0 && value_member(step, "items") == NULL &&
        value_member(step, "name") == NULL)
        (void)add_zone(asked, guess);
    vars_unset(&work.vars, "guess");
    vars_unset(&work.vars, "page");
    if (asked->len > 0 && guess != NULL) {
        vars_set_all(&asked->at[0].vars, &work.vars); /* what "get" has got */
        TRY(then(outer, &asked->at[0], step, err));
    }
    return true;
}

static bool look_up(struct work *work, const char *guess, struct asked **out, struct error *err)
{
    struct asked *asked = named_get(&work->service->asked, guess, sizeof *asked);

    MUTEX_HOLD(&asked->named.lock);
    TRY(named_make(&asked->named, ask, work, err));
    *out = asked;
    return true;
}

/* ---- which one ---- */

static bool is_in(const char *name, const char *zone)
{
    size_t name_len = strlen(name), zone_len = strlen(zone);

    return zone_len > 0 && name_len >= zone_len && strcasecmp(name + name_len - zone_len, zone) == 0 &&
           (name_len == zone_len || name[name_len - zone_len - 1] == '.');
}

static void use_zone(struct work *work, const char *name, const struct vars *vars)
{
    const char *fqdn = value_text(vars_get(&work->vars, view_of("fqdn")));
    const char *apex = value_member_text(&work->service->description->top, "apex");
    size_t rel = strlen(fqdn) - strlen(name);

    vars_set_text(&work->vars, "zone", name);
    if (rel == 0)
        vars_set_text(&work->vars, "rel", apex != NULL ? apex : "");
    else
        value_set_text(vars_place(&work->vars, "rel"), (struct view){ fqdn, rel - 1 });
    if (vars != NULL)
        vars_set_all(&work->vars, vars);
}

static bool fail_unknown(const struct work *work, const char *fqdn, struct error *err)
{
    (void)error_set(
        err, ERROR_PLUGIN, "%s knows no zone for %s with these credentials", work->service->description->title, fqdn);
    return error_next(err, "check that the domain is hosted there, and that the credentials may see it and change it");
}

/* By guesses, the longest first: never a top-level name alone. */
static bool find_by_asking(struct work *work, const char *fqdn, struct error *err)
{
    const char *guess = fqdn;
    size_t labels = 1;

    for (const char *c = fqdn; *c != '\0'; c++)
        labels += *c == '.';
    for (; labels >= 2; labels--, guess = strchr(guess, '.') + 1) {
        struct asked *asked = NULL;

        if (labels > GUESSES_MAX)
            continue;
        TRY(look_up(work, guess, &asked, err));
        if (asked->len > 0) {
            use_zone(work, asked->at[0].name, &asked->at[0].vars);
            return true;
        }
    }
    return fail_unknown(work, fqdn, err);
}

static bool find_in_list(struct work *work, const char *fqdn, struct error *err)
{
    const struct hosted *best = NULL;
    struct asked *asked = NULL;
    struct hosted chosen;

    TRY(look_up(work, "", &asked, err));
    for (size_t i = 0; i < asked->len; i++)
        if (is_in(fqdn, asked->at[i].name) && (best == NULL || strlen(asked->at[i].name) > strlen(best->name)))
            best = &asked->at[i];
    if (best == NULL)
        return fail_unknown(work, fqdn, err);
    chosen = (struct hosted){ .name = best->name };
    vars_set_all(&chosen.vars, &best->vars);
    AUTO(vars_clear) struct vars vars = { 0 };
    bool ok = then(work, &chosen, zone_step(work->service), err);

    vars = chosen.vars;
    if (ok)
        use_zone(work, best->name, &vars);
    return ok;
}

static bool use_fixed(struct work *work, const char *fqdn, const char *fixed, struct error *err)
{
    AUTO(wipe_free) char *name = NULL;
    AUTO(free) char *plain = NULL;
    struct hosted zone = { 0 };
    AUTO(vars_clear) struct vars vars = { 0 };
    bool ok;

    TRY(template_text(fixed, &work->vars, &name, err));
    plain = plain_name(name);
    if (!is_in(fqdn, plain)) {
        (void)error_set(err, ERROR_PLUGIN, "%s is not in the zone %s that the credentials name", fqdn, plain);
        return false;
    }
    zone.name = plain;
    ok = then(work, &zone, zone_step(work->service), err);
    vars = zone.vars;
    if (ok)
        use_zone(work, plain, &vars);
    return ok;
}

bool work_find_zone(struct work *work, struct error *err)
{
    const struct value *step = zone_step(work->service);
    const char *fixed = value_member_text(step, "fixed");
    AUTO(free) char *fqdn = xstrdup(value_text(vars_get(&work->vars, view_of("fqdn"))));

    if (step == NULL)
        return true;
    if (fixed != NULL)
        return use_fixed(work, fqdn, fixed, err);
    if (given_zones(work, step) != NULL)
        return find_in_list(work, fqdn, err);
    if (value_member(step, "do") == NULL)
        return true;
    if (value_truth(value_member(step, "ask")))
        return find_by_asking(work, fqdn, err);
    return find_in_list(work, fqdn, err);
}
