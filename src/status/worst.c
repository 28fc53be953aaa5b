#include "status/worst.h"

#include "base/mem.h"

static void swap(struct cert_status *a, struct cert_status *b)
{
    struct cert_status kept = *a;

    *a = *b;
    *b = kept;
}

/* Restores the heap, of which the last one may be graver or less grave than its parents. */
static void rise(struct worst *worst)
{
    size_t at = worst->len - 1;

    while (at > 0 && cert_compare(&worst->at[at], &worst->at[(at - 1) / 2]) > 0) {
        swap(&worst->at[at], &worst->at[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

/* The same, of which the first one may be. */
static void sink(struct worst *worst)
{
    size_t at = 0;

    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < worst->len; child++)
            if (cert_compare(&worst->at[child], &worst->at[least]) > 0)
                least = child;
        if (least == at)
            return;
        swap(&worst->at[at], &worst->at[least]);
        at = least;
    }
}

static void append(struct worst *worst, struct cert_status *cert)
{
    if (worst->len == worst->room) {
        worst->room = worst->room == 0 ? 64 : 2 * worst->room;
        worst->at = xrealloc(worst->at, worst->room, sizeof *worst->at);
    }
    worst->at[worst->len++] = *cert;
    rise(worst);
}

void worst_add(struct worst *worst, struct cert_status *cert)
{
    if (worst->len < worst->max) {
        append(worst, cert);
        *cert = (struct cert_status){ 0 };
        return;
    }
    worst->left_out++;
    if (worst->max > 0 && cert_compare(cert, &worst->at[0]) < 0) {
        swap(cert, &worst->at[0]);
        sink(worst);
    }
    cert_status_clear(cert);
}

static int compare(const void *a, const void *b)
{
    return cert_compare(a, b);
}

void worst_sort(struct worst *worst)
{
    if (worst->len > 0)
        qsort(worst->at, worst->len, sizeof *worst->at, compare);
}

void worst_clear(struct worst *worst)
{
    for (size_t i = 0; i < worst->len; i++)
        cert_status_clear(&worst->at[i]);
    free(worst->at);
    *worst = (struct worst){ 0 };
}
