#pragma once
/*
 * Decides which superseded versions are kept. Pure: no files, no clock.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct version_age {
    int64_t not_before, not_after; /* of its certificate, UTC seconds since 1970 */
    bool in_use;                   /* live, or about to be: always kept */
    bool copy;                     /* has the certificate of one that is in use: never kept */
    bool keep;                     /* the answer */
};

/*
 * Decides for versions in the order of their age, the oldest first. Of those that are not in use the youngest is kept,
 * and up to `max` (at least 1) of those that had not expired when the newest certificate of all began to be valid: the
 * result is the same without a clock, or with a wrong one.
 */
void retention_decide(struct version_age *versions, size_t len, size_t max);
