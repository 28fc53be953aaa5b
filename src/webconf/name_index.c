#include "webconf/name_index.h"

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"

struct chain { /* all entries of one name */
    size_t first, last;
};

struct name_index {
    struct name_entry *entries;
    size_t count, size;
    size_t *regexes; /* entries that are such */
    size_t regex_count, regex_size;
    struct chain *slots; /* open addressing; empty: first is NAME_INDEX_END */
    size_t slot_count, names;
};

struct name_index *name_index_new(void)
{
    return xcalloc(1, sizeof(struct name_index));
}

void name_index_free(struct name_index *index)
{
    free(index->entries);
    free(index->regexes);
    free(index->slots);
    free(index);
}

/* The slot of the name, or the empty one where it belongs. */
static struct chain *slot_of(const struct name_index *index, const char *name)
{
    size_t mask = index->slot_count - 1, at = view_hash_quick(view_of(name), HASH_START) & mask;

    while (index->slots[at].first != NAME_INDEX_END && strcmp(index->entries[index->slots[at].first].name, name) != 0)
        at = (at + 1) & mask;
    return &index->slots[at];
}

static void resize(struct name_index *index)
{
    struct chain *old = index->slots;
    size_t old_count = index->slot_count;

    index->slot_count = old_count == 0 ? 64 : old_count * 2;
    index->slots = xcalloc(index->slot_count, sizeof *index->slots);
    for (size_t i = 0; i < index->slot_count; i++)
        index->slots[i] = (struct chain){ NAME_INDEX_END, NAME_INDEX_END };
    for (size_t i = 0; i < old_count; i++)
        if (old[i].first != NAME_INDEX_END)
            *slot_of(index, index->entries[old[i].first].name) = old[i];
    free(old);
}

static void add_regex(struct name_index *index, size_t entry)
{
    if (index->regex_count == index->regex_size) {
        index->regex_size = index->regex_size * 2 + 8;
        index->regexes = xrealloc(index->regexes, index->regex_size, sizeof *index->regexes);
    }
    index->regexes[index->regex_count++] = entry;
}

void name_index_add(struct name_index *index, const char *name, size_t block)
{
    size_t entry = index->count;
    struct chain *chain;

    if (index->names * 2 >= index->slot_count)
        resize(index);
    if (entry == index->size) {
        index->size = index->size * 2 + 64;
        index->entries = xrealloc(index->entries, index->size, sizeof *index->entries);
    }
    chain = slot_of(index, name);
    index->entries[index->count++] = (struct name_entry){ name, block, NAME_INDEX_END };
    if (chain->first == NAME_INDEX_END) {
        chain->first = entry;
        index->names++;
    } else {
        index->entries[chain->last].next = entry;
    }
    chain->last = entry;
    if (name[0] == '~')
        add_regex(index, entry);
}

size_t name_index_first(const struct name_index *index, const char *name)
{
    return index->slot_count == 0 ? NAME_INDEX_END : slot_of(index, name)->first;
}

const struct name_entry *name_index_at(const struct name_index *index, size_t i)
{
    return i < index->count ? &index->entries[i] : NULL;
}

const struct name_entry *name_index_regex(const struct name_index *index, size_t i)
{
    return i < index->regex_count ? &index->entries[index->regexes[i]] : NULL;
}

/* ---- pointers ---- */

struct name_set {
    const void **slots;
    size_t slot_count, count;
};

struct name_set *name_set_new(void)
{
    return xcalloc(1, sizeof(struct name_set));
}

void name_set_free(struct name_set *set)
{
    free(set->slots);
    free(set);
}

static const void **pointer_slot(const struct name_set *set, const void *pointer)
{
    size_t mask = set->slot_count - 1;
    size_t at = view_hash_quick((struct view){ (const char *)&pointer, sizeof pointer }, HASH_START) & mask;

    while (set->slots[at] != NULL && set->slots[at] != pointer)
        at = (at + 1) & mask;
    return &set->slots[at];
}

static void widen(struct name_set *set)
{
    const void **old = set->slots;
    size_t old_count = set->slot_count;

    set->slot_count = old_count == 0 ? 64 : old_count * 2;
    set->slots = xcalloc(set->slot_count, sizeof *set->slots);
    for (size_t i = 0; i < old_count; i++)
        if (old[i] != NULL)
            *pointer_slot(set, old[i]) = old[i];
    free(old);
}

bool name_set_add(struct name_set *set, const void *pointer)
{
    const void **slot;

    if (set->count * 2 >= set->slot_count)
        widen(set);
    slot = pointer_slot(set, pointer);
    if (*slot != NULL)
        return false;
    *slot = pointer;
    set->count++;
    return true;
}
