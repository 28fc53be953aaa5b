/*
 * Record sets and whole zones: read, changed and written under a lock, and read once more.
 */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/range_lock.h"
#include "base/text.h"
#include "recipe/listing.h"
#include "recipe/records.h"
#include "tree/template.h"

#define LIST_MAX 2000
#define LOCK_S 300 /* to wait for others */
#define ROUNDS 3   /* of writing, when others write meanwhile */
#define LOOKS 5    /* for a change that was accepted, 1, 2, 4, 8 and 16 s apart */

struct edit {
    struct work *work;
    const struct value *edit;
    bool add;
    struct txt *const *txts;
    size_t count;

    struct value doc;  /* what was read */
    bool empty;        /* nothing was there */
    bool blind;        /* the service does not say what is there: `list` is what this run has added */
    struct value sel;  /* the object that is changed, as it was */
    struct value list; /* the list in it, as it is to be */
    struct value old;  /* the list as it was */

    bool written;     /* the last write was accepted; `before` is then the list that it changed */
    bool stale;       /* that list was read once more: the change does not show yet */
    unsigned unclear; /* how often it was left open whether a write was carried out */
    struct value before;
};

static void edit_end_at(struct edit *edit)
{
    value_free_all(&edit->doc);
    value_free_all(&edit->sel);
    value_free_all(&edit->list);
    value_free_all(&edit->old);
    value_free_all(&edit->before);
}

static const char *path_of(const struct edit *edit, const char *name)
{
    const char *path = value_member_text(edit->edit, name);

    return path != NULL ? path : "";
}

/* ---- services that do not let us read ---- */

static bool own_has(const struct value *own, const char *value)
{
    for (size_t i = 0; own != NULL && i < own->len; i++)
        if (strcmp(value_text(&own->at[i]), value) == 0)
            return true;
    return false;
}

/* What this run has at the name, of the service's memory; a copy. */
static void copy_own(const struct edit *edit, struct value *out)
{
    struct service *service = edit->work->service;
    const struct value *own;

    MUTEX_HOLD(&service->lock);
    own = value_member(&service->own, edit->txts[0]->name);
    value_set_list(out);
    if (own != NULL)
        value_copy(out, own);
}

/* Keeps in mind what this run has at the name now. */
static void keep_own(const struct edit *edit)
{
    struct service *service = edit->work->service;
    struct value *own;

    MUTEX_HOLD(&service->lock);
    if (service->own.type != VALUE_OBJECT)
        value_set_object(&service->own);
    own = value_member_for(&service->own, edit->txts[0]->name);
    if (own->type != VALUE_LIST)
        value_set_list(own);
    for (size_t n = 0; n < edit->count; n++) {
        for (size_t i = own->len; i-- > 0;)
            if (strcmp(value_text(&own->at[i]), edit->txts[n]->value) == 0)
                value_remove(own, i);
        if (edit->add)
            value_set_text(value_add(own), view_of(edit->txts[n]->value));
    }
}

static bool recall_one(struct edit *edit, const char *value, struct error *err)
{
    bool left_out;

    vars_set_text(&edit->work->vars, "value", value);
    return template_value(value_member(edit->edit, "entry"), &edit->work->vars, value_add(&edit->list), &left_out, err);
}

/* The list as far as this run has made it. What is to be removed is in it, though an earlier run may have put it there.
 */
static bool recall_list(struct edit *edit, struct error *err)
{
    AUTO(value_clear) struct value own = { 0 };

    value_clear(&edit->doc);
    value_clear(&edit->sel);
    value_set_list(&edit->list);
    copy_own(edit, &own);
    for (size_t i = 0; i < own.len; i++)
        TRY(recall_one(edit, value_text(&own.at[i]), err));
    for (size_t i = 0; i < edit->count && !edit->add; i++)
        if (!own_has(&own, edit->txts[i]->value))
            TRY(recall_one(edit, edit->txts[i]->value, err));
    value_copy(&edit->old, &edit->list);
    edit->empty = edit->list.len == 0;
    return true;
}

/* Whether the reply means that we may write, but not read. */
static bool is_blind(struct edit *edit, const struct reply *reply)
{
    edit->blind = predicate_is(value_member(edit->edit, "blind"), reply);
    if (edit->blind)
        log_info("%s does not let these credentials see what is at %s: only values of this run are written, and those "
                 "of others that may be there are lost or in the way",
            edit->work->service->description->title, edit->txts[0]->name);
    return edit->blind;
}

/* ---- reading ---- */

static bool collect_item(void *arg, const struct value *item, const struct vars *vars, bool *stop, struct error *err)
{
    (void)vars;
    (void)stop;
    (void)err;
    value_copy(value_add(arg), item);
    return true;
}

static bool read_doc(struct edit *edit, struct error *err)
{
    const struct value *read = value_member(edit->edit, "read");
    AUTO(reply_clear) struct reply reply = { 0 };
    enum step_result result;
    bool absent = false;

    value_clear(&edit->doc);
    if (value_member(read, "items") != NULL || value_member(read, "page") != NULL) {
        value_set_list(&edit->doc);
        TRY(listing_each(edit->work, read, collect_item, &edit->doc, &absent, err));
    } else {
        if (!step_run(edit->work, read, NULL, &reply, &result, err))
            return is_blind(edit, &reply);
        absent = result != STEP_DONE;
        if (!absent)
            value_copy(&edit->doc, &reply.value);
    }
    edit->empty = absent;
    return true;
}

/* Finds the object in what was read; *index is where it stands in its list. */
static bool select_object(struct edit *edit, struct value **out, struct error *err)
{
    const struct value *select = value_member(edit->edit, "select");
    struct value *all = value_walk_to(&edit->doc, path_of(edit, "in"));

    *out = NULL;
    if (edit->empty || all == NULL)
        return true;
    if (select == NULL) {
        *out = all;
        return true;
    }
    for (size_t i = 0; all->type == VALUE_LIST && i < all->len; i++) {
        bool fits;

        TRY(item_fits(select, &all->at[i], &edit->work->vars, &fits, err));
        if (fits) {
            *out = &all->at[i];
            return true;
        }
    }
    if (all->type == VALUE_OBJECT) { /* XML: it stands once */
        bool fits;

        TRY(item_fits(select, all, &edit->work->vars, &fits, err));
        if (fits)
            *out = all;
    }
    return true;
}

/* What is longer than the service takes would be cut short: neither read nor written. */
static bool check_length(const struct edit *edit, struct error *err)
{
    int64_t max = LIST_MAX;

    if (!value_number(value_member(edit->edit, "max"), &max))
        max = LIST_MAX;
    return (int64_t)edit->list.len <= max ||
           error_set(err, ERROR_PLUGIN, "the list has %zu elements, more than are changed safely", edit->list.len);
}

/* The list in the selected object, as a list, whatever it was. */
static bool take_list(struct edit *edit, const struct value *object, struct error *err)
{
    const struct value *list = value_walk(object, path_of(edit, "list"));

    value_set_list(&edit->list);
    if (list != NULL && list->type == VALUE_LIST)
        value_copy(&edit->list, list);
    else if (list != NULL && value_is_set(list) && !(list->type == VALUE_OBJECT && list->len == 0))
        value_copy(value_add(&edit->list), list);
    value_copy(&edit->old, &edit->list);
    return check_length(edit, err);
}

/* Where all of a zone is written, a reply that does not have its records where they should be is no empty zone. */
static bool check_whole(const struct edit *edit, const struct value *object, struct error *err)
{
    const char *path = path_of(edit, "list"), *dot = strrchr(path, '.');
    AUTO(free) char *way = dot != NULL ? xstrndup(path, (size_t)(dot - path)) : xstrdup("");

    if (!value_truth(value_member(edit->edit, "whole")) || (edit->empty && !edit->add) ||
        value_walk(object, way) != NULL)
        return true;
    return error_set(err, ERROR_PLUGIN,
        "the reply of %s does not have the zone's records at '%s': nothing is written, as the others might be lost",
        edit->work->service->description->title, path);
}

static bool read_list(struct edit *edit, struct error *err)
{
    struct value *object;

    TRY(read_doc(edit, err));
    if (edit->blind)
        return recall_list(edit, err);
    TRY(select_object(edit, &object, err));
    TRY(check_whole(edit, object, err));
    edit->empty = object == NULL;
    value_clear(&edit->sel);
    if (object != NULL)
        value_copy(&edit->sel, object);
    return take_list(edit, object, err);
}

/* ---- changing ---- */

static void set_names(struct edit *edit, const struct txt *txt)
{
    struct vars *vars = &edit->work->vars;
    const char *zone = value_text(vars_get(vars, view_of("zone")));
    const char *apex = value_member_text(&edit->work->service->description->top, "apex");
    size_t len = strlen(txt->name), zone_len = zone != NULL ? strlen(zone) : len;

    vars_set_text(vars, "fqdn", txt->name);
    vars_set_text(vars, "value", txt->value);
    if (zone == NULL)
        return;
    if (len <= zone_len)
        vars_set_text(vars, "rel", apex != NULL ? apex : "");
    else
        value_set_text(vars_place(vars, "rel"), (struct view){ txt->name, len - zone_len - 1 });
}

/* Whether an element is that value. */
static bool is_ours(
    const struct edit *edit, const struct value *element, const char *value, bool *is, struct error *err)
{
    const struct value *match = value_member(edit->edit, "match");

    if (match != NULL)
        return item_fits(match, element, &edit->work->vars, is, err);
    *is = value_same_text(value_text(element), value);
    return true;
}

/* Adds the value unless it is there, or takes out what is it. */
static bool change_list(struct edit *edit, const struct txt *txt, bool *changed, struct error *err)
{
    bool there = false, left_out, is;

    set_names(edit, txt);
    for (size_t i = edit->list.len; i-- > 0;) {
        TRY(is_ours(edit, &edit->list.at[i], txt->value, &is, err));
        there = there || is;
        if (!is || edit->add)
            continue;
        value_remove(&edit->list, i);
        *changed = true;
    }
    if (!edit->add || there)
        return true;
    *changed = true;
    return template_value(value_member(edit->edit, "entry"), &edit->work->vars, value_add(&edit->list), &left_out, err);
}

/* ---- writing ---- */

/* The object with the changed list in it. A list that was not there is put where its path leads, as far as that is. */
static void put_list(struct value *object, const char *path, const struct value *list)
{
    struct value *place = value_walk_to(object, path);
    const char *dot = strrchr(path, '.');
    AUTO(free) char *way = dot != NULL ? xstrndup(path, (size_t)(dot - path)) : xstrdup("");

    if (place == NULL) {
        struct value *parent = value_walk_to(object, way);

        if (parent == NULL || parent->type != VALUE_OBJECT)
            return;
        place = value_member_for(parent, dot != NULL ? dot + 1 : path);
    }
    value_copy(place, list);
}

static bool set_results(struct edit *edit, struct vars *vars, struct error *err)
{
    AUTO(value_clear) struct value changed = { 0 };
    struct value *object;

    vars_set(vars, "list", &edit->list, false);
    vars_set(vars, "old", &edit->old, false);
    if (edit->empty)
        return true;
    vars_set(vars, "was", &edit->sel, false);
    value_copy(&changed, &edit->sel);
    put_list(&changed, path_of(edit, "list"), &edit->list);
    vars_set(vars, "sel", &changed, false);
    TRY(select_object(edit, &object, err));
    if (object != NULL)
        put_list(object, path_of(edit, "list"), &edit->list);
    vars_set(vars, "doc", &edit->doc, false);
    return true;
}

static bool write_list(struct edit *edit, struct error *err)
{
    const struct value *create = value_member(edit->edit, "create"), *clear = value_member(edit->edit, "clear");
    const struct value *step = value_member(edit->edit, "write");
    AUTO(work_end) struct work work = work_inside(edit->work);
    AUTO(reply_clear) struct reply reply = { 0 };
    enum step_result result;

    set_names(edit, edit->txts[0]);
    if (edit->list.len == 0 && clear != NULL)
        step = clear;
    else if ((edit->empty || edit->old.len == 0) && create != NULL)
        step = create;
    TRY(set_results(edit, &work.vars, err));
    work.looks = true;
    work.unclear = edit->unclear;
    TRY(step_run(&work, step, NULL, &reply, &result, err));
    edit->unclear = work.unclear;
    if (result == STEP_ABSENT && step != clear)
        return error_set(err, ERROR_PLUGIN, "%s does not know where to write the records (status %d)",
            work.service->description->title, reply.status);
    edit->written = result != STEP_UNCLEAR;
    if (edit->blind && edit->written)
        keep_own(edit);
    value_copy(&edit->before, &edit->old);
    return true;
}

/* ---- all of it ---- */

/* One round: *left is false when nothing was left to change. */
static bool one_round(struct edit *edit, bool *left, struct error *err)
{
    *left = false;
    set_names(edit, edit->txts[0]);
    TRY(read_list(edit, err));
    for (size_t i = 0; i < edit->count; i++)
        TRY(change_list(edit, edit->txts[i], left, err));
    edit->stale = *left && edit->written && value_equal(&edit->old, &edit->before);
    return !*left || edit->stale || (check_length(edit, err) && write_list(edit, err));
}

/*
 * Looks whether the list is as it was written. Another one than that and than the one before is somebody else's, whose
 * change has undone ours: it is made again. The one before is what services answer that are not of one mind yet:
 * writing again would change nothing, and whether the record is there is looked at in the DNS afterwards.
 */
static bool check_list(struct edit *edit, struct error *err)
{
    const char *title = edit->work->service->description->title;
    bool left = true;

    for (int64_t rounds = 0, looks = 0; left;) {
        if (edit->stale && looks == LOOKS) {
            log_info("%s has accepted the change, but does not show it yet", title);
            return true;
        }
        if (!edit->stale && edit->written && rounds == ROUNDS)
            return error_set(
                err, ERROR_PLUGIN, "%s takes changes but does not keep them: somebody else may be writing", title);
        if (edit->stale)
            TRY(work_sleep(edit->work, (int64_t)1000 << looks++, err));
        else if (edit->written && rounds++ > 0)
            TRY(work_sleep(edit->work, rounds * 1000, err));
        TRY(one_round(edit, &left, err));
    }
    return true;
}

/* Keeps other threads and processes off: two changes at once would lose one of them. */
static bool lock(const struct work *work, struct range_lock **out, struct error *err)
{
    const char *zone = value_text(vars_get(&work->vars, view_of("zone")));
    const struct service *service = work->service;
    AUTO(free) char *what = xprintf("the zone %s at %s", zone != NULL ? zone : "", service->description->title);
    uint64_t at = view_hash(view_of(zone), view_hash(view_of(service->description->name), HASH_START));

    *out = NULL;
    if (service->lock_path == NULL)
        return true;
    return range_lock_take(
        service->lock_path, (struct range){ at >> 1, 1 }, lock_wait_of(LOCK_S, NULL), what, out, err);
}

bool edit_change(struct work *work, bool add, struct txt *const *txts, size_t count, struct error *err)
{
    AUTO(edit_end)
    struct edit edit = { .work = work,
        .edit = value_member(&work->service->description->top, "edit"),
        .add = add,
        .txts = txts,
        .count = count };
    const struct value *check = value_member(edit.edit, "check");
    bool checks = check == NULL || check->type == VALUE_TRUE, left;
    AUTO(range_lock_release) struct range_lock *held = NULL;

    TRY(lock(work, &held, err));
    work_restart(work);
    TRY(one_round(&edit, &left, err));
    return !left || (edit.written && (edit.blind || !checks)) || check_list(&edit, err);
}
