#pragma once
/*
 * Keys and certificates as they pass by in an archive: whether each fits the other. Private to this room.
 *
 * A pair is two files of one directory whose names differ in nothing but "cert" and "privkey", as in every layout of a
 * lineage. What is another thing is passed over.
 */
#include "backup/archive.h"

struct pairs;

/* seen: told of each pair that fits; NULL: nobody. */
struct pairs *pairs_new(const struct archive_pairs *seen) __attribute__((returns_nonnull));
void pairs_free(struct pairs *pairs);
DEFINE_AUTO(struct pairs, pairs_free)

/* A file begins, whose content follows by pairs_data. Whether its content is wanted. */
bool pairs_begin(struct pairs *pairs, struct view path);
void pairs_data(struct pairs *pairs, struct view bytes);
/* It ends. Paths of certificates whose key does not fit, or that cannot be read, are added to unfit. */
void pairs_end(struct pairs *pairs, struct list *unfit);
/* How many files were not kept for their other half: there were too many in one directory. */
uint64_t pairs_uncompared(const struct pairs *pairs);
