#include "outlook/lookups.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"
#include "typed/names.h"

#define URL_MAX 8192

void lookups_clear(struct lookups *lookups)
{
    for (size_t i = 0; i < lookups->len; i++)
        free(lookups->at[i].name);
    free(lookups->at);
    *lookups = (struct lookups){ 0 };
}

/* ---- sorted lists ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool sorted_has(const struct list *sorted, const char *text)
{
    return sorted->len > 0 && bsearch(&text, sorted->at, sorted->len, sizeof *sorted->at, compare) != NULL;
}

static void sort_once(struct list *list)
{
    size_t kept = 0;

    list_sort(list);
    for (size_t i = 0; i < list->len; i++) {
        if (kept > 0 && strcmp(list->at[kept - 1], list->at[i]) == 0)
            free(list->at[i]);
        else
            list->at[kept++] = list->at[i];
    }
    list->len = kept;
}

/* ---- questions ---- */

static const char *without_wildcard(const char *name)
{
    return is_wildcard(name) ? name + 2 : name;
}

/* What follows the first label; NULL: there is none. */
static const char *parent_of(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot == NULL || dot[1] == '\0' ? NULL : dot + 1;
}

static bool has_dot(const char *name)
{
    return parent_of(name) != NULL;
}

/* Whether a name above it is in the list, which answers for it. */
static bool is_below_another(const struct list *sorted, const char *name)
{
    for (const char *above = parent_of(name); above != NULL && has_dot(above); above = parent_of(above))
        if (sorted_has(sorted, above))
            return true;
    return false;
}

struct planning {
    struct lookups *out;
    const struct ct_record *record;
    int64_t due_before; /* last answers before that instant are old */
};

static void plan(struct planning *planning, const char *name, bool exact)
{
    int64_t last = ct_record_looked_at(planning->record, name);
    struct lookups *out = planning->out;

    out->all++;
    if (last > planning->due_before)
        return;
    out->at = xrealloc(out->at, out->len + 1, sizeof *out->at);
    out->at[out->len++] = (struct lookup_name){ xstrdup(name), exact, last };
}

static int oldest_first(const void *a, const void *b)
{
    const struct lookup_name *left = a, *right = b;

    if (left->last != right->last)
        return left->last < right->last ? -1 : 1;
    return strcmp(left->name, right->name);
}

/* The names that are asked for by themselves: addresses, and wildcards above names that no other question finds. */
static void find_exact(const struct list *names, const struct list *bases, struct list *out)
{
    for (size_t i = 0; i < names->len; i++) {
        const char *parent = parent_of(names->at[i]);
        AUTO(free) char *wildcard = parent == NULL ? NULL : xprintf("*.%s", parent);

        if (address_is(names->at[i]))
            list_add(out, names->at[i]);
        else if (parent != NULL && has_dot(parent) && !sorted_has(bases, parent) && !is_below_another(bases, parent))
            list_add(out, wildcard);
    }
    sort_once(out);
}

void lookups_plan(
    const struct list *names, const struct ct_record *record, int64_t now, int64_t max_age_s, struct lookups *out)
{
    struct planning planning = { out, record, now - max_age_s };
    AUTO(list_clear) struct list bases = { 0 }, exact = { 0 };

    for (size_t i = 0; i < names->len; i++) {
        const char *base = without_wildcard(names->at[i]);

        if (!address_is(base) && has_dot(base))
            list_add(&bases, base);
    }
    sort_once(&bases);
    find_exact(names, &bases, &exact);
    for (size_t i = 0; i < bases.len; i++)
        if (!is_below_another(&bases, bases.at[i]))
            plan(&planning, bases.at[i], false);
    for (size_t i = 0; i < exact.len; i++)
        plan(&planning, exact.at[i], true);
    if (out->len > 1)
        qsort(out->at, out->len, sizeof *out->at, oldest_first);
}

/* RFC 3986 section 2.3 */
static void put_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL)
            buf_put_char(out, *text);
        else
            buf_putf(out, "%%%02X", (unsigned char)*text);
    }
}

char *lookup_url(const char *form, const struct lookup_name *lookup)
{
    AUTO(buf_clear) struct buf out = BUF(URL_MAX);

    while (*form != '\0') {
        if (text_starts(form, "{name}")) {
            put_escaped(&out, lookup->name);
            form += strlen("{name}");
        } else if (text_starts(form, "{match}")) {
            put_escaped(&out, lookup->exact ? "=" : "ILIKE");
            form += strlen("{match}");
        } else {
            buf_put_char(&out, *form++);
        }
    }
    return buf_take(&out);
}

/* ---- what concerns us ---- */

void wanted_set(struct wanted *wanted, const struct list *names, bool below)
{
    *wanted = (struct wanted){ .below = below };
    for (size_t i = 0; i < names->len; i++) {
        AUTO(free) char *name = xstrdup(names->at[i]);
        const char *parent;

        text_lower(name);
        list_add(&wanted->names, name);
        parent = address_is(name) || is_wildcard(name) ? NULL : parent_of(name);
        if (parent != NULL)
            list_add(&wanted->parents, parent);
    }
    sort_once(&wanted->names);
    sort_once(&wanted->parents);
}

void wanted_clear(struct wanted *wanted)
{
    list_clear(&wanted->names);
    list_clear(&wanted->parents);
}

static bool is_below_wanted(const struct wanted *wanted, const char *name)
{
    for (const char *above = parent_of(name); above != NULL; above = parent_of(above)) {
        AUTO(free) char *wildcard = xprintf("*.%s", above);

        if (sorted_has(&wanted->names, above) || sorted_has(&wanted->names, wildcard))
            return true;
    }
    return false;
}

static bool concerns(const struct wanted *wanted, const char *name)
{
    char address[ADDRESS_TEXT_SIZE];
    const char *parent = parent_of(name);
    AUTO(free) char *wildcard = parent == NULL ? NULL : xprintf("*.%s", parent);

    if (address_canonical(name, address))
        return sorted_has(&wanted->names, address);
    if (sorted_has(&wanted->names, name) || (wildcard != NULL && sorted_has(&wanted->names, wildcard)))
        return true;
    if (is_wildcard(name) && sorted_has(&wanted->parents, name + 2))
        return true;
    return wanted->below &&
           (sorted_has(&wanted->names, without_wildcard(name)) || is_below_wanted(wanted, without_wildcard(name)));
}

bool wanted_concerns(const struct wanted *wanted, const struct list *names)
{
    for (size_t i = 0; i < names->len; i++)
        if (concerns(wanted, names->at[i]))
            return true;
    return false;
}
