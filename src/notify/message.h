#pragma once
/*
 * Messages: what is told, in words, and as variables for the templates of forms. Pure.
 */
#include "notify/decide.h"
#include "tree/vars.h"

#define MESSAGE_TITLE_MAX 200 /* bytes */
#define MESSAGE_TEXT_MAX 16384
#define MESSAGE_ITEMS 50 /* that are told one by one; of the others the number */

enum event { EVENT_PROBLEM, EVENT_RECOVERED, EVENT_TEST };

struct about { /* what the news are about */
    const char *host, *config_dir;
    enum event event;
    int64_t now;
    struct fractions at; /* of which the last one, and the end, are critical */
    bool foreign;        /* certificates of others, instead of our own and their renewal */
};

struct message {
    enum event event;
    const char *severity; /* "critical", "error", "warning", "info" */
    char *title, *text;   /* text: lines */
    struct vars vars;     /* docs/alarms.md lists them */
};

void message_clear(struct message *message);
static inline void message_clear_at(struct message *message)
{
    message_clear(message);
}

/* limit: bytes of the text, at most MESSAGE_TEXT_MAX; what does not fit is told by its number. News are NULL for
 * EVENT_TEST. *out is the caller's. */
void message_make(const struct about *about, const struct news *news, size_t limit, struct message *out);

/* The variables as one JSON object, of the caller's. */
char *message_json(const struct message *message) __attribute__((returns_nonnull));
