#pragma once
/*
 * The fractions of --notify-at. Knows text only.
 */
#include "base/bytes.h"

#define FRACTIONS_MAX 8

struct fractions {
    unsigned per_mille[FRACTIONS_MAX]; /* rising, each above 0 and below 1000 */
    size_t len;
};

/* Reads "0.75,0.9": each with one to three digits behind the point; "" are none. *out changes on success only. */
MUST_USE bool fractions_read(const char *text, struct fractions *out);
