#include "recipe/listing.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "tree/template.h"

struct listing {
    struct work *work;
    const struct value *step;
    bool (*take)(void *arg, const struct value *item, const struct vars *vars, bool *stop, struct error *err);
    void *arg;
    char *address; /* of the next page; NULL: that of the step */
    char *first;   /* where the first page came from, for addresses of later ones */
    int64_t seen;  /* items */
    size_t count;  /* of the page */
    bool stop;
};

static void listing_end_at(struct listing *listing)
{
    wipe_free(listing->address);
    wipe_free(listing->first);
}

/* ---- items ---- */

/* In an object that is no item itself, all values are objects. */
static bool is_table(const struct value *object)
{
    for (size_t i = 0; i < object->len; i++)
        if (object->at[i].type != VALUE_OBJECT)
            return false;
    return object->len > 0;
}

/* The list that holds the items, NULL when there is none; *single: it is the only item itself. */
static const struct value *items_of(const struct value *step, bool is_xml, const struct value *reply, bool *single)
{
    const char *path = value_member_text(step, "items");
    const struct value *items = value_walk(reply, path != NULL ? path : "");

    *single = false;
    if (!value_is_set(items))
        return NULL;
    *single = items->type != VALUE_LIST && (items->type != VALUE_OBJECT || is_xml || !is_table(items));
    return items;
}

/* ---- one item ---- */

static bool fetch_detail(struct listing *listing, const struct vars *vars, struct value *item, struct error *err)
{
    const char *detail = value_member_text(listing->step, "detail");
    AUTO(value_clear) struct value step = { 0 };
    AUTO(work_end) struct work work = work_inside(listing->work);
    AUTO(reply_clear) struct reply reply = { 0 };
    enum step_result result;

    value_set_object(&step);
    value_set_text(value_member_for(&step, "do"), view_of(detail));
    vars_set_all(&work.vars, vars);
    TRY(step_run(&work, &step, NULL, &reply, &result, err));
    if (result == STEP_DONE)
        value_copy(item, &reply.value);
    else
        value_clear(item); /* gone meanwhile */
    return true;
}

static void set_item(struct vars *vars, const struct value *step, const struct value *item, bool keep_id)
{
    const char *path = value_member_text(step, "id");
    const struct value *id = value_text(item) != NULL ? item : value_walk(item, path != NULL ? path : "id");

    vars_set(vars, "item", item, false);
    if (id != NULL && !keep_id)
        vars_set(vars, "id", id, false);
}

static bool take_item(struct listing *listing, const struct value *from, struct error *err)
{
    const struct value *except = value_member(listing->step, "except");
    AUTO(vars_clear) struct vars vars = { .outer = &listing->work->vars };
    AUTO(value_clear) struct value item = { 0 };
    bool fits, excepted = false;

    value_copy(&item, from);
    set_item(&vars, listing->step, &item, false);
    if (value_member(listing->step, "detail") != NULL) {
        TRY(fetch_detail(listing, &vars, &item, err));
        set_item(&vars, listing->step, &item, true);
    }
    TRY(item_fits(value_member(listing->step, "where"), &item, &vars, &fits, err));
    if (fits && except != NULL)
        TRY(item_fits(except, &item, &vars, &excepted, err));
    if (!fits || excepted || listing->take == NULL)
        return true;
    return listing->take(listing->arg, &item, &vars, &listing->stop, err);
}

static bool take_items(struct listing *listing, const struct reply *reply, struct error *err)
{
    const char *form = value_member_text(listing->step, "reply");
    bool is_xml, single;
    const struct value *items;

    if (form == NULL)
        form = value_member_text(&listing->work->service->description->top, "reply");
    is_xml = form != NULL && strcmp(form, "xml") == 0;
    items = items_of(listing->step, is_xml, &reply->value, &single);
    listing->count = items == NULL ? 0 : single ? 1 : items->len;
    listing->seen += (int64_t)listing->count;
    for (size_t i = 0; i < listing->count && !listing->stop; i++)
        TRY(take_item(listing, single ? items : &items->at[i], err));
    return true;
}

/* ---- pages ---- */

/* An address from a reply: it must lead to where the credentials belong. */
static bool follow(struct listing *listing, const char *url, struct error *err)
{
    bool plain = value_truth(value_member(&listing->work->service->description->top, "plain"));

    if (url[0] == '/' && url[1] != '/') { /* relative to the server */
        const char *slash = strchr(strstr(listing->first, "://") + 3, '/');
        size_t len = slash != NULL ? (size_t)(slash - listing->first) : strlen(listing->first);

        listing->address = xprintf("%.*s%s", (int)len, listing->first, url);
        return true;
    }
    TRY(request_check_url(url, plain, err));
    if (!request_same_server(url, listing->first))
        return error_set(err, ERROR_PLUGIN, "the next page is said to be at another server, which is not asked");
    listing->address = xstrdup(url);
    return true;
}

/* The address with rel="next" in a field Link (RFC 8288); NULL: none. Of the caller's. */
static char *linked(const char *field)
{
    struct view rest = view_of(field), link = { 0 };

    while (field != NULL && view_cut(&rest, ',', &link)) {
        const char *start = memchr(link.at, '<', link.len), *end;

        if (start == NULL || memmem(link.at, link.len, "rel=\"next\"", 10) == NULL)
            continue;
        end = memchr(start, '>', link.len - (size_t)(start - link.at));
        if (end != NULL)
            return xstrndup(start + 1, (size_t)(end - start) - 1);
    }
    return NULL;
}

static int64_t number_at(const struct value *from, const char *path, int64_t otherwise)
{
    int64_t number;

    return value_number(value_walk(from, path), &number) ? number : otherwise;
}

/* Whether there is a further page by numbers. */
static bool more_by_number(const struct listing *listing, const struct value *page, const struct reply *reply)
{
    const char *last = value_member_text(page, "last"), *total = value_member_text(page, "total");
    int64_t now = number_at(vars_get(&listing->work->vars, view_of("page")), "", 1);
    int64_t size = number_at(page, "size", 0);

    if (listing->count == 0)
        return false;
    if (last != NULL)
        return now - number_at(page, "from", 1) + 1 < number_at(&reply->value, last, 1);
    if (total != NULL)
        return listing->seen < number_at(&reply->value, total, 0);
    return size > 0 && (int64_t)listing->count >= size;
}

static bool next_page(
    struct listing *listing, const struct reply *reply, const char *link, bool *more, struct error *err)
{
    const struct value *page = value_member(listing->step, "page");
    const char *next = value_member_text(page, "next"), *cursor = value_member_text(page, "cursor");
    const struct value *found;
    struct vars *vars = &listing->work->vars;
    int64_t now = number_at(vars_get(&listing->work->vars, view_of("page")), "", 1);

    *more = false;
    wipe_free(TAKE(listing->address));
    if (page == NULL || listing->stop)
        return true;
    if (next != NULL || value_truth(value_member(page, "link"))) {
        AUTO(free)
        char *url = next != NULL ? xstrdup_or_null(value_text(value_walk(&reply->value, next))) : linked(link);

        *more = text_is_given(url);
        return !*more || follow(listing, url, err);
    }
    if (cursor != NULL) {
        found = value_walk(&reply->value, cursor);
        *more = value_is_set(found) && value_text(found) != NULL && !value_equal(found, vars_place(vars, "page"));
        if (*more)
            vars_set(vars, "page", found, false);
        return true;
    }
    *more = more_by_number(listing, page, reply);
    vars_set_number(vars, "page", value_truth(value_member(page, "offset")) ? listing->seen : now + 1);
    return true;
}

/* The first page is 1, or what "from" says; with offsets 0; a cursor is not there yet. */
static void begin_pages(const struct listing *listing)
{
    const struct value *page = value_member(listing->step, "page");
    struct vars *vars = &listing->work->vars;

    vars_unset(vars, "page");
    if (value_member(page, "cursor") != NULL || value_member(page, "next") != NULL)
        return;
    vars_set_number(vars, "page", value_truth(value_member(page, "offset")) ? 0 : number_at(page, "from", 1));
}

static bool one_page(struct listing *listing, bool *more, bool *absent, struct error *err)
{
    AUTO(reply_clear) struct reply reply = { 0 };
    enum step_result result;

    TRY(step_run(listing->work, listing->step, listing->address, &reply, &result, err));
    *more = false;
    *absent = result != STEP_DONE;
    if (*absent)
        return true;
    if (listing->first == NULL)
        listing->first = xstrdup(reply.url);
    TRY(take_items(listing, &reply, err));
    return next_page(listing, &reply, reply.link, more, err);
}

bool listing_each(struct work *work, const struct value *step,
    bool (*take)(void *arg, const struct value *item, const struct vars *vars, bool *stop, struct error *err),
    void *arg, bool *absent, struct error *err)
{
    AUTO(listing_end) struct listing listing = { .work = work, .step = step, .take = take, .arg = arg };
    bool more = true, no_page = false;

    *absent = false;
    begin_pages(&listing);
    for (int pages = 0; more && !listing.stop; pages++) {
        if (pages == PAGES_MAX)
            return error_set(
                err, ERROR_PLUGIN, "%s has more than %d pages of a list", work->service->description->title, PAGES_MAX);
        TRY(one_page(&listing, &more, &no_page, err));
        if (pages == 0)
            *absent = no_page;
    }
    return true;
}
