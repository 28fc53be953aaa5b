#include "base/identifier.h"

#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"

const char *identifier_type_name(enum identifier_type type)
{
    switch (type) {
    case IDENTIFIER_DNS:
        return "dns";
    case IDENTIFIER_IP:
        return "ip";
    }
    return "dns";
}

bool identifier_is_wildcard(const struct identifier *identifier)
{
    return identifier->type == IDENTIFIER_DNS && text_starts(identifier->value, "*.");
}

void identifiers_add(struct identifiers *list, enum identifier_type type, const char *value)
{
    list->at = xrealloc(list->at, list->len + 1, sizeof *list->at);
    list->at[list->len++] = (struct identifier){ type, xstrdup(value) };
}

struct identifiers identifiers_of(const struct list *dns, const struct list *ips)
{
    struct identifiers all = { 0 };

    for (size_t i = 0; dns != NULL && i < dns->len; i++)
        identifiers_add(&all, IDENTIFIER_DNS, dns->at[i]);
    for (size_t i = 0; ips != NULL && i < ips->len; i++)
        identifiers_add(&all, IDENTIFIER_IP, ips->at[i]);
    return all;
}

struct identifiers identifiers_typed(const struct list *names)
{
    struct identifiers all = { 0 };

    for (int type = IDENTIFIER_DNS; type <= IDENTIFIER_IP; type++)
        for (size_t i = 0; i < names->len; i++)
            if (address_is(names->at[i]) == (type == IDENTIFIER_IP))
                identifiers_add(&all, (enum identifier_type)type, names->at[i]);
    return all;
}

void identifiers_add_all(struct identifiers *list, const struct identifiers *more)
{
    for (size_t i = 0; i < more->len; i++)
        identifiers_add(list, more->at[i].type, more->at[i].value);
}

struct identifiers identifiers_dup(const struct identifiers *list)
{
    struct identifiers copy = { 0 };

    identifiers_add_all(&copy, list);
    return copy;
}

static int compare(const void *a, const void *b)
{
    const struct identifier *one = a, *other = b;

    return one->type != other->type ? (one->type < other->type ? -1 : 1) : strcmp(one->value, other->value);
}

bool identifiers_has(const struct identifiers *list, const struct identifier *identifier)
{
    for (size_t i = 0; i < list->len; i++)
        if (compare(&list->at[i], identifier) == 0)
            return true;
    return false;
}

bool identifiers_is_subset(const struct identifiers *part, const struct identifiers *whole)
{
    AUTO(free) struct identifier *sorted = NULL; /* borrows the values; a certificate may have thousands of names */

    if (part->len == 0 || whole->len == 0)
        return part->len == 0;
    sorted = xcalloc(whole->len, sizeof *sorted);
    memcpy(sorted, whole->at, whole->len * sizeof *sorted);
    qsort(sorted, whole->len, sizeof *sorted, compare);
    for (size_t i = 0; i < part->len; i++)
        if (bsearch(&part->at[i], sorted, whole->len, sizeof *sorted, compare) == NULL)
            return false;
    return true;
}

bool identifiers_same_set(const struct identifiers *a, const struct identifiers *b)
{
    return identifiers_is_subset(a, b) && identifiers_is_subset(b, a);
}

void identifiers_remove(struct identifiers *list, size_t index)
{
    free(list->at[index].value);
    memmove(&list->at[index], &list->at[index + 1], (list->len - index - 1) * sizeof *list->at);
    list->len--;
}

void identifiers_names(const struct identifiers *list, struct list *out)
{
    for (size_t i = 0; i < list->len; i++)
        list_add(out, list->at[i].value);
}

void identifiers_clear(struct identifiers *list)
{
    for (size_t i = 0; i < list->len; i++)
        free(list->at[i].value);
    free(list->at);
    *list = (struct identifiers){ 0 };
}
