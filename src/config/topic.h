#pragma once
/*
 * Topics: the pages on which options are grouped. For help, manual and completions.
 */
#include "config/option.h"

struct topic {
    enum option_topic topic;
    const char *name; /* argument of --help; NULL: only on the page of all */
    const char *title;
    const char *text; /* a sentence under the title */
    bool of_plugin;   /* its options count for that plugin alone, and are saved by keys that begin with its name */
};

extern const struct topic topics[]; /* in the order of --help all; ended by TOPIC_HIDDEN */

const struct topic *topic_find(enum option_topic topic) __attribute__((returns_nonnull));

/* "-d DOMAIN, --domains DOMAIN": before and behind are put around each name and value ("*", "_"). */
void topic_put_names(const struct option *option, const char *around_name, const char *around_value, struct buf *out);
/* The default worth telling, NULL when there is none. */
const char *topic_default(const struct option *option, const struct voice *voice);
