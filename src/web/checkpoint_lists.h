#pragma once
/*
 * The lists in a checkpoint's directory, as Certbot writes and reads them: a path a line, and commands as CSV.
 *
 * Pure. A path with a line feed has no form there.
 */
#include "base/bytes.h"

#define CHECKPOINT_LIST_MAX ((size_t)16 * 1024 * 1024) /* bytes of one list */
#define CHECKPOINT_WORDS_MAX 256                       /* of one command */

struct commands { /* each a list of words; owned */
    struct list *at;
    size_t len;
};

/* One path a line; empty lines are none. */
void paths_parse(struct view text, struct list *out);
bool path_fits_line(const char *path);

/* A line, ended by CR LF; words with a comma, a quote or a line end are quoted (RFC 4180). */
void command_put(const struct list *command, struct buf *out);
/* Appends what is there; false at a quote that is not closed, or too many words. Any line end will do. */
MUST_USE bool commands_parse(struct view text, struct commands *out);
void commands_add(struct commands *commands, const struct list *command);
void commands_clear(struct commands *commands);
static inline void commands_clear_at(struct commands *commands)
{
    commands_clear(commands);
}
