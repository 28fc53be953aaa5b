#pragma once
/* What a look into the logs has found, for people and for programs. Foreign text in it is made fit for each. */
#include "outlook/ct.h"

#define CT_SHOW_MAX ((size_t)64 * 1024 * 1024)

/* Certificates of others, several lines each; only_new: those that no earlier run has found; known: also those that
 * somebody has acknowledged. How many there are. */
size_t ct_show_found(
    const struct settings *settings, const struct ct_record *record, bool only_new, bool known, struct buf *to);
/* What came of the questions, a line or a few. */
void ct_show_sum(const struct ct_look *look, struct buf *to);
/* One document: docs/transparency.md has its keys. look NULL: nobody was asked. */
void ct_show_json(const struct settings *settings, const struct ct_record *record, const struct ct_look *look,
    int64_t now, struct buf *to);
