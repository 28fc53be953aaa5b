#pragma once
/*
 * What all screens say in the same words. What comes from outside (names, reasons) is in it as it is: each screen makes
 * it fit for where it goes.
 */
#include "status/status.h"

#define WORDS_MAX (16 * 1024)

/* "89 days", "23 hours", "5 minutes", "less than a minute", "2 years"; seconds, whichever way. */
void words_put_span(struct buf *to, int64_t seconds);
/* "3 days ago", "in 5 hours", "now". */
void words_put_when(struct buf *to, int64_t at, int64_t now);
/* "2026-11-28 04:11 UTC" */
void words_put_time(struct buf *to, int64_t at);
/* "a.example, b.example and 3 more" */
void words_put_names(struct buf *to, const struct cert_status *cert, size_t most);

/* How it is with a certificate, as a part of a sentence: "expired 3 days ago", "88 days left". */
void words_put_state(struct buf *to, const struct cert_status *cert, int64_t now);
/* What more there is to say of it, a sentence each: failures, what is outstanding, what servers show. */
void words_add_details(const struct cert_status *cert, int64_t now, struct list *to);

/* "2 need attention": the sum, of which what follows are the parts. */
void words_put_sum(struct buf *to, const struct status *status);
/* What is to be said beside the certificates, in the order of these rows. */
enum words_row {
    ROW_RUNS, /* of renew, where something is wrong with them */
    ROW_LAST, /* renewal */
    ROW_NEXT,
    ROW_SCHEDULE,
    ROW_DELIVERIES,
    ROW_PERMISSIONS,
    ROW_BACKUPS,
    ROW_SERVERS, /* --online */
    ROW_VERSION,
    ROW_COUNT,
};
const char *words_row_title(enum words_row row);
/* Its text; false: there is nothing to say. */
bool words_put_row(struct buf *to, const struct status *status, enum words_row row);
enum level words_row_level(const struct status *status, enum words_row row);
/* How it is with a CA. */
void words_put_authority(struct buf *to, const struct authority *authority);
