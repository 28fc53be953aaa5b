#include "base/named.h"

#include <string.h>

#include "base/mem.h"

void *named_get(struct named_table *table, const char *name, size_t size)
{
    struct named *item;
    MUTEX_HOLD(&table->lock);

    for (item = table->first; item != NULL; item = item->next)
        if (strcmp(item->name, name) == 0)
            return item;
    item = xcalloc(1, size);
    item->name = xstrdup(name);
    mutex_init(&item->lock);
    item->next = table->first;
    table->first = item;
    return item;
}

bool named_make(
    struct named *item, bool (*make)(void *item, void *arg, struct error *err), void *arg, struct error *err)
{
    if (!item->tried) {
        error_clear(&item->failure);
        item->made = make(item, arg, &item->failure);
        item->tried = item->made || item->failure.kind != ERROR_CANCELED;
    }
    if (!item->made)
        *err = item->failure;
    return item->made;
}

void named_clear(struct named_table *table, void (*clear)(void *item))
{
    while (table->first != NULL) {
        struct named *item = table->first;

        table->first = item->next;
        if (clear != NULL)
            clear(item);
        mutex_destroy(&item->lock);
        free(item->name);
        free(item);
    }
}
