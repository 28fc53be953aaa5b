#pragma once
/*
 * Renewing: every lineage that is due, several at a time.
 *
 * A renewal is plain sequential code in a worker; what is said about one lineage stays together and appears in the
 * order of the renewal files: of the first that is not done at once, of those behind it when their turn comes. A
 * failure stays with its lineage.
 */
#include "run/context.h"

enum renewed {
    RENEWED_WAITING, /* not begun: the user interrupted before its turn came */
    RENEWED_SKIPPED,
    RENEWED_DONE,
    RENEWED_FAILED,
    RENEWED_BROKEN,
    RENEWED_STOPPED, /* the user interrupted it */
    RENEWED_PUT_OFF, /* due, but it keeps failing: not tried again yet */
    RENEWED_GONE,    /* deleted by another process */
    RENEWED_LATER,   /* while it is at work only: due, after the random sleep */
};

struct renewal {
    char *name, *conf_path, *fullchain_path;
    enum renewed what;
    int64_t not_before, not_after; /* of the certificate that was live at the beginning; 0: it could not be read */
    struct identifiers names;
    bool undelivered; /* live, but not everything that follows that could be done */
    bool by_hand;     /* a skipped one: the user has it renewed by hand alone (autorenew) */
    char *why;        /* it failed, is broken or put off: the cause, of one line; else NULL */
};

struct renewals {
    struct renewal *at; /* in the order of the renewal files */
    size_t len;
};

/* True when all was tried, also when some failed: the caller looks. False when nothing could be started, or the user
 * interrupted (ERROR_CANCELED): *out then tells how far each has come. */
MUST_USE bool renew_all(struct context *context, struct renewals *out, struct error *err);
void renewals_clear(struct renewals *renewals);
static inline void renewals_clear_at(struct renewals *renewals)
{
    renewals_clear(renewals);
}
