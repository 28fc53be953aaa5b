#include "webconf/apache_known.h"

#include "base/mem.h"
#include "base/text.h"

struct known_name {
    struct known_name *next;
    char *name, *value, *given_value;
    bool given, likely_made; /* what the server tells */
    bool made;               /* by a file, at some moment of some reading */
    bool known, asked;       /* at this moment of reading */
};

static struct known_name **find(const struct apache_known *known, struct view name)
{
    struct known_name **at = &known->slots[view_hash_quick(name, HASH_START) % known->slot_count];

    while (*at != NULL && !view_is(name, (*at)->name))
        at = &(*at)->next;
    return at;
}

static struct known_name *find_known(struct apache_known *known, struct view name)
{
    struct known_name *entry = known->slot_count > 0 ? *find(known, name) : NULL;

    if (entry == NULL)
        return NULL;
    entry->asked = true;
    return entry->known ? entry : NULL;
}

static void grow(struct apache_known *known)
{
    struct apache_known larger = { .slot_count = known->slot_count * 2 + 64 };

    larger.slots = xcalloc(larger.slot_count, sizeof *larger.slots);
    for (size_t i = 0; i < known->slot_count; i++)
        for (struct known_name *entry = known->slots[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            entry->next = NULL;
            *find(&larger, view_of(entry->name)) = entry;
        }
    free(known->slots);
    known->slots = larger.slots;
    known->slot_count = larger.slot_count;
}

static struct known_name *find_or_add(struct apache_known *known, struct view name)
{
    struct known_name **at;

    if (known->count >= known->slot_count)
        grow(known);
    at = find(known, name);
    if (*at == NULL) {
        *at = xcalloc(1, sizeof **at);
        (*at)->name = view_dup(name);
        known->count++;
    }
    return *at;
}

/* As it is before anything is read. */
static void begin(struct known_name *entry)
{
    entry->asked = false;
    entry->known = entry->given && !entry->made && !entry->likely_made;
    xreplace(&entry->value, entry->known ? entry->given_value : NULL);
}

void known_give(struct apache_known *known, struct view name, const char *value, bool likely_made)
{
    struct known_name *entry = find_or_add(known, name);

    entry->given = true;
    entry->likely_made = likely_made;
    xreplace(&entry->given_value, value);
    begin(entry);
}

void known_make(struct apache_known *known, const char *name, const char *value)
{
    struct known_name *entry = find_or_add(known, view_of(name));

    if (entry->known && !entry->made && entry->asked)
        known->stale = true;
    entry->made = entry->known = true;
    if (value != NULL || entry->given)
        xreplace(&entry->value, value);
}

void known_forget(struct apache_known *known, const char *name)
{
    struct known_name *entry = find_known(known, view_of(name));

    if (entry == NULL)
        return;
    entry->known = false;
    xreplace(&entry->value, NULL);
}

bool known_has(struct apache_known *known, struct view name)
{
    return find_known(known, name) != NULL;
}

const char *known_value(struct apache_known *known, struct view name)
{
    const struct known_name *entry = find_known(known, name);

    return entry != NULL ? entry->value : NULL;
}

/* Whether a file has made of it what the server tells. */
static bool is_as_told(const struct known_name *entry)
{
    return entry->made && text_equal(entry->value, entry->given_value);
}

void known_finish(struct apache_known *known)
{
    for (size_t i = 0; i < known->slot_count; i++)
        for (struct known_name *entry = known->slots[i]; entry != NULL; entry = entry->next)
            if (entry->likely_made && !is_as_told(entry)) {
                entry->likely_made = entry->made = false;
                known->stale |= entry->asked;
            }
}

void known_restart(struct apache_known *known)
{
    known->stale = false;
    for (size_t i = 0; i < known->slot_count; i++)
        for (struct known_name *entry = known->slots[i]; entry != NULL; entry = entry->next)
            begin(entry);
}

void known_clear(struct apache_known *known)
{
    for (size_t i = 0; i < known->slot_count; i++)
        for (struct known_name *entry = known->slots[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            free(entry->name);
            free(entry->value);
            free(entry->given_value);
            free(entry);
        }
    free(known->slots);
    *known = (struct apache_known){ 0 };
}

/* ---- ${NAME} ---- */

static const char *environment_value(const struct list *environment, struct view name)
{
    for (size_t i = 0; environment != NULL && i < environment->len; i++) {
        const char *entry = environment->at[i];

        if (strncmp(entry, name.at, name.len) == 0 && entry[name.len] == '=')
            return entry + name.len + 1;
    }
    return NULL;
}

/* The name in the "${NAME}" that a text begins with; false when it begins otherwise. */
static bool read_variable(struct view text, struct view *name)
{
    const char *end = text.len > 2 && text.at[1] == '{' ? memchr(text.at + 2, '}', text.len - 2) : NULL;

    if (end == NULL)
        return false;
    *name = (struct view){ text.at + 2, (size_t)(end - text.at) - 2 };
    return true;
}

void known_expand(struct apache_known *known, const struct list *environment, struct view line, struct buf *out)
{
    struct view name;
    const char *dollar, *value;

    while ((dollar = memchr(line.at, '$', line.len)) != NULL) {
        buf_put(out, (struct view){ line.at, (size_t)(dollar - line.at) });
        line.len -= (size_t)(dollar - line.at);
        line.at = dollar;
        if (!read_variable(line, &name)) {
            buf_put_char(out, '$');
            line.at++;
            line.len--;
            continue;
        }
        value = known_value(known, name);
        if (value == NULL)
            value = environment_value(environment, name);
        if (text_is_given(value))
            buf_put_text(out, value);
        else
            buf_put(out, (struct view){ line.at, name.len + 3 });
        line.at += name.len + 3;
        line.len -= name.len + 3;
    }
    buf_put(out, line);
}
