#include "recipe/records.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "recipe/listing.h"
#include "recipe/zone.h"

static const struct value *part_of(const struct work *work, const char *name)
{
    return value_member(&work->service->description->top, name);
}

static void set_record(struct work *work, const struct txt *txt)
{
    vars_set_text(&work->vars, "fqdn", txt->name);
    vars_set_text(&work->vars, "value", txt->value);
}

/* ---- records with an id ---- */

struct finding {
    struct value items; /* of what fits: list of {"id", "item"} */
};

static bool keep_item(void *arg, const struct value *item, const struct vars *vars, bool *stop, struct error *err)
{
    struct finding *finding = arg;
    const struct value *id = vars_get(vars, view_of("id"));
    struct value *found = value_add(&finding->items);

    (void)stop;
    (void)err;
    value_set_object(found);
    if (id != NULL)
        value_copy(value_member_for(found, "id"), id);
    value_copy(value_member_for(found, "item"), item);
    return true;
}

static bool find_records(struct work *work, struct finding *finding, struct error *err)
{
    AUTO(work_end) struct work inner = work_inside(work);
    bool absent;

    value_set_list(&finding->items);
    return listing_each(&inner, part_of(work, "find"), keep_item, finding, &absent, err);
}

static bool is_there(struct work *work, bool *there, struct error *err)
{
    AUTO(value_clear) struct value items = { 0 };
    struct finding finding = { 0 };
    bool ok = find_records(work, &finding, err);

    items = finding.items;
    *there = items.len > 0;
    return ok;
}

/* *unclear: the service left open whether it is added. */
static bool try_to_add(struct work *work, bool can_look, bool *unclear, struct error *err)
{
    AUTO(reply_clear) struct reply reply = { 0 };
    enum step_result result;
    struct error ignored = { 0 };
    bool there = false, ok;

    work->looks = can_look;
    ok = step_run(work, part_of(work, "add"), NULL, &reply, &result, err);
    work->looks = false;
    *unclear = ok && result == STEP_UNCLEAR;
    if (ok && result == STEP_ABSENT)
        return error_set(err, ERROR_PLUGIN, "%s does not know where to add the record (status %d)",
            work->service->description->title, reply.status);
    /* Many services refuse what is there already, each in its own words. */
    return ok || (can_look && err->kind == ERROR_PLUGIN && reply.status >= 400 && reply.status < 500 &&
                     reply.status != 401 && reply.status != 403 && is_there(work, &there, &ignored) && there);
}

static bool add_record(struct work *work, struct error *err)
{
    bool can_look = part_of(work, "find") != NULL;
    bool look = value_truth(value_member(part_of(work, "add"), "look"));

    for (bool unclear = true, there = false; unclear; look = true) {
        if (can_look && look)
            TRY(is_there(work, &there, err));
        if (there)
            return true;
        TRY(try_to_add(work, can_look, &unclear, err));
    }
    return true;
}

static bool del_one(struct work *work, const struct value *found, bool *unclear, struct error *err)
{
    AUTO(reply_clear) struct reply reply = { 0 };
    enum step_result result;
    bool ok;

    if (found != NULL) {
        vars_set(&work->vars, "item", value_member(found, "item"), false);
        if (value_member(found, "id") != NULL)
            vars_set(&work->vars, "id", value_member(found, "id"), false);
    }
    work->looks = found != NULL;
    ok = step_run(work, part_of(work, "del"), NULL, &reply, &result, err); /* what is absent is removed */
    work->looks = false;
    *unclear = *unclear || (ok && result == STEP_UNCLEAR);
    return ok;
}

static bool del_found(struct work *work, bool *unclear, struct error *err)
{
    AUTO(value_clear) struct value items = { 0 };
    struct finding finding = { 0 };
    bool ok = find_records(work, &finding, err);

    items = finding.items;
    TRY(ok);
    for (size_t i = 0; i < items.len; i++)
        TRY(del_one(work, &items.at[i], unclear, err));
    return true;
}

static bool del_record(struct work *work, struct error *err)
{
    bool unclear = true;

    if (part_of(work, "find") == NULL)
        return del_one(work, NULL, &unclear, err);
    while (unclear) {
        unclear = false;
        TRY(del_found(work, &unclear, err));
    }
    return true;
}

static bool change_each_record(struct work *work, bool add, struct txt *const *txts, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        set_record(work, txts[i]);
        TRY(add ? add_record(work, err) : del_record(work, err));
    }
    return true;
}

/* ---- groups: what is changed by one write ---- */

struct group {
    struct txt **at;
    size_t count;
};

static bool is_whole(const struct service *service)
{
    return value_truth(value_walk(&service->description->top, "edit.whole"));
}

static bool same_group(const struct service *service, const struct work *work, const struct txt *first,
    const struct txt *other, bool *same, struct error *err)
{
    AUTO(work_end) struct work inner = work_inside(work);

    inner.vars = (struct vars){ .outer = &service->keys };
    *same = strcasecmp(first->name, other->name) == 0;
    if (*same || !is_whole(service))
        return true;
    set_record(&inner, other);
    TRY(work_find_zone(&inner, err));
    *same = strcmp(value_text(vars_get(&inner.vars, view_of("zone"))),
                value_text(vars_get(&work->vars, view_of("zone")))) == 0;
    return true;
}

/* One commit for all of the group. */
static bool finish(struct work *work, struct error *err)
{
    return steps_run(work, part_of(work, "finish"), err);
}

/* More values of one name than the service keeps would take each other's place, and be waited for in vain. */
static bool check_slots(const struct work *work, const struct group *group, struct error *err)
{
    int64_t slots;

    if (!value_number(part_of(work, "slots"), &slots) || slots <= 0 || (uint64_t)slots >= group->count)
        return true;
    (void)error_set(err, ERROR_PLUGIN, "%s keeps no more than %d value%s at one name, and %zu are needed at %s",
        work->service->description->title, (int)slots, slots == 1 ? "" : "s", group->count, group->at[0]->name);
    return error_next(err, "obtain one certificate for the name, and another one for its wildcard");
}

static bool change_group(struct work *work, bool add, const struct group *group, struct error *err)
{
    bool edits = part_of(work, "edit") != NULL;

    set_record(work, group->at[0]);
    TRY(!add || check_slots(work, group, err));
    TRY(edits ? edit_change(work, add, group->at, group->count, err)
              : change_each_record(work, add, group->at, group->count, err));
    set_record(work, group->at[0]);
    return finish(work, err);
}

static void tell(const struct group *group, bool ok, const struct error *why)
{
    for (size_t i = 0; i < group->count; i++) {
        if (ok)
            txt_done(group->at[i]);
        else
            txt_fail(group->at[i], why);
    }
}

/* Takes the first value that nothing was said of, and all that go with it; one that cannot be placed fails alone. */
static void next_group(struct service *service, struct work *work, struct txt *const *txts, size_t count,
    struct group *group, struct error *err)
{
    struct txt *first = NULL;

    group->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct error why = { 0 };
        bool same = false;

        if (txts[i]->state != TXT_WANTED)
            continue;
        if (first == NULL) {
            first = txts[i];
            set_record(work, first);
            if (!work_find_zone(work, err)) {
                if (err->kind != ERROR_CANCELED)
                    txt_fail(first, err);
                return;
            }
            same = true;
        } else if (!same_group(service, work, first, txts[i], &same, &why)) {
            continue; /* it will be first once, and fail then */
        }
        if (same)
            group->at[group->count++] = txts[i];
    }
}

bool records_change(struct service *service, bool add, struct txt *const *txts, size_t count, struct error *err)
{
    AUTO(free) struct txt **members = xcalloc(count + 1, sizeof *members);
    struct group group = { .at = members };

    for (size_t i = 0; i < count; i++) {
        AUTO(work_end) struct work work = work_begin(service);
        struct error why = { 0 };
        bool ok;

        if (txts[i]->state != TXT_WANTED)
            continue;
        next_group(service, &work, txts, count, &group, &why);
        ok = group.count > 0 && change_group(&work, add, &group, &why);
        if (!ok && why.kind == ERROR_CANCELED) {
            *err = why;
            return false;
        }
        tell(&group, ok, &why);
    }
    return true;
}

/* ---- looking ---- */

bool records_look(
    struct service *service, const char *name, const char *value, bool *there, bool *can, struct error *err)
{
    AUTO(work_end) struct work work = work_begin(service);
    struct txt txt = { .name = name, .value = value };

    *there = false;
    *can = part_of(&work, "find") != NULL;
    if (!*can)
        return true;
    set_record(&work, &txt);
    return work_find_zone(&work, err) && is_there(&work, there, err);
}
