#pragma once
/*
 * Pieces of the page. Everything that comes from outside goes through html_put_text; nothing needs a script.
 */
#include "status/status.h"

/* Foreign text, printable and escaped: fit for content and for attributes in quotes. */
void html_put_text(struct buf *to, const char *text);
/* The same for names of hosts, which may be broken behind their dots. */
void html_put_name(struct buf *to, const char *name);
/* "<time datetime=...>28 Nov 2026, 04:11 UTC</time>" */
void html_put_time(struct buf *to, int64_t at);
/* The sign of a level, whose shape differs as its colour does. */
void html_put_sign(struct buf *to, enum level level);

/* The head's style sheet, and what drawings refer to, which belongs at the beginning of the body. */
void html_put_style(struct buf *to);
void html_put_symbols(struct buf *to);

/* ---- drawings of lives ---- */

struct axis { /* of time, on which all lives of a page are drawn; UTC seconds */
    int64_t from, to, now;
};

/* One on which the lives of these certificates can be seen, whatever their length. */
struct axis axis_of(const struct cert_status *at, size_t count, int64_t now);
/* The dates above the drawings. */
void html_put_axis(struct buf *to, const struct axis *axis);
/* A certificate's life: issued, renewal due, expiry, failures. Nothing where it could not be read. */
void html_put_life(struct buf *to, const struct axis *axis, const struct cert_status *cert);
/* What the marks mean. */
void html_put_legend(struct buf *to);
/* How many certificates have how much of their life left. */
void html_put_bands(struct buf *to, const struct status *status);
