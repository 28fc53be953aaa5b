#pragma once
/* What was seen of servers, for people, programs and monitoring. Foreign text in it is made fit for each. */
#include "outlook/watch.h"

#define WATCH_SHOW_MAX ((size_t)64 * 1024 * 1024)

/* A line for each server, and its remarks; only_bad: those that are well are left out. */
void watch_show_text(const struct watch *watch, bool only_bad, struct buf *to);
/* One document: docs/transparency.md has its keys. */
void watch_show_json(const struct watch *watch, const char *version, struct buf *to);
/* The form of Nagios' plugins, as show_nagios of status. */
void watch_show_nagios(const struct watch *watch, const struct thresholds *thresholds, struct buf *to);
