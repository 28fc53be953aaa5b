#pragma once
/*
 * The certificates that need attention first, of however many there are: a bounded number is kept.
 */
#include "status/cert.h"

struct worst {
    struct cert_status *at; /* a heap until worst_sort: the least grave one is the first */
    size_t len, room, max;
    size_t left_out; /* that there was no room for */
};

/* Takes what *cert has over, which is left empty; the least grave goes when there are too many. */
void worst_add(struct worst *worst, struct cert_status *cert);
/* Brings them into order, the gravest first: when all were added. */
void worst_sort(struct worst *worst);
void worst_clear(struct worst *worst);
