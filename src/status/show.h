#pragma once
/*
 * Screens: the same status for people, programs, monitoring and browsers. Each appends its whole output to *to; what
 * comes from outside is made fit for that form, whatever it is.
 */
#include "status/status.h"

#define SHOW_MAX ((size_t)64 * 1024 * 1024) /* bytes of any of them */

/* Within so many columns, most important first. */
void show_text(const struct status *status, unsigned columns, struct buf *to);
/* One document: docs/status.md has its keys. */
void show_json(const struct status *status, struct buf *to);
/* One line, and performance data: the form of Nagios' plugins. The exit status is status->level. */
void show_nagios(const struct status *status, struct buf *to);
/* What stands before the performance data, without a line's end. */
void show_nagios_line(enum level level, const char *said, struct buf *to);
/* The same, for a status that could not be gathered: unknown. */
void show_nagios_unknown(const struct error *err, struct buf *to);
/* Prometheus' text format, version 0.0.4. */
void show_prometheus(const struct status *status, struct buf *to);
/* A page that needs nothing else. */
void show_html(const struct status *status, struct buf *to);
