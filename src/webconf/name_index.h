#pragma once
/*
 * Which server blocks have a name: an index, so that a name is found among many thousands at once.
 *
 * Names are kept as they stand in server_name, in lower case; what they match is for others to decide.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"

#define NAME_INDEX_END SIZE_MAX

struct name_index;

struct name_index *name_index_new(void) __attribute__((returns_nonnull));
void name_index_free(struct name_index *index);
/* name is borrowed until the index is freed. Blocks are added in the order in which nginx reads them. */
void name_index_add(struct name_index *index, const char *name, size_t block);

struct name_entry {
    const char *name;
    size_t block;
    size_t next; /* entry of the same name, NAME_INDEX_END: none */
};
/* The first entry of that name, NAME_INDEX_END: none. */
size_t name_index_first(const struct name_index *index, const char *name);
/* Entry i of all, in the order in which they were added; NULL behind the last. */
const struct name_entry *name_index_at(const struct name_index *index, size_t i);
/* Entry i of the regular expressions among them, likewise. */
const struct name_entry *name_index_regex(const struct name_index *index, size_t i);

/* A set of pointers. */
struct name_set;
struct name_set *name_set_new(void) __attribute__((returns_nonnull));
void name_set_free(struct name_set *set);
bool name_set_add(struct name_set *set, const void *pointer); /* false: it was there already */
