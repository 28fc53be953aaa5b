#pragma once
/*
 * A configuration that is being edited: its model, one patch for each file, and the texts that come of them.
 *
 * Edits are collected in patches, against the texts that the model was made of; then they are applied, the files that
 * changed are parsed anew, and there is a new model. What a certificate or an enhancement needs is repeated until there
 * is nothing left to edit, so an edit may rely on another one being made first.
 */
#include "nginx/model.h"
#include "webconf/nginx_edit.h"

#define NGINX_MARK "# managed by Certbot"

struct nginx_editing {
    struct nginx_conf *conf;   /* borrowed */
    struct nginx_model *model; /* owned */
    /* Gets each text that comes of an edit. NULL: they are kept in memory alone. */
    void (*put)(void *arg, const char *path, struct view text);
    void *put_arg;
    struct patch *patches; /* by index of the file */
    size_t patch_count;
    struct list given_ipv6only; /* addresses that have got ipv6only in these patches */
};

void nginx_editing_begin(struct nginx_editing *editing, struct nginx_conf *conf);
void nginx_editing_clear(struct nginx_editing *editing);
static inline void nginx_editing_clear_at(struct nginx_editing *editing)
{
    nginx_editing_clear(editing);
}

/* The patch for the file that a directive stands in. */
struct patch *nginx_editing_patch(struct nginx_editing *editing, const struct nginx_node *node);
/* Whether this directive, or something in it, is edited already. */
bool nginx_editing_touches(const struct nginx_editing *editing, const struct nginx_node *node);

/* Puts the edits into effect; *any: there were some. ERROR_INTERNAL when a text that came of it is none that parses. */
MUST_USE bool nginx_editing_apply(struct nginx_editing *editing, bool *any, struct error *err);

/* ---- edits; the mark is put behind each directive that comes ---- */

/* The source text of a directive, with its ';' or '}'. */
struct view nginx_source(const struct nginx_node *node);
/* Another directive in its place, on its line. A comment behind it stays. */
void nginx_change(struct nginx_editing *editing, const struct nginx_node *node, const char *directive);
/* Makes a comment of it, with a note behind it. */
void nginx_comment_out(struct nginx_editing *editing, const struct nginx_node *node, const char *note);
/* The same with the comment behind it on its line: what has been moved elsewhere. */
struct view nginx_source_and_comment(const struct nginx_node *node);
void nginx_move_out(struct nginx_editing *editing, const struct nginx_node *node);
/* Takes a directive out. */
void nginx_take_out(struct nginx_editing *editing, const struct nginx_node *node);
/* Puts what an include brings in its place, for this block alone. */
void nginx_inline(struct nginx_editing *editing, const struct nginx_node *include);
/* Puts a block's text (from its name to its '}') behind another block, on lines of its own. */
void nginx_put_block_behind(struct nginx_editing *editing, const struct nginx_node *node, struct view block);

/* A line "directive; # managed by Certbot" for nginx_append and the like; lines are parted by LF. */
void nginx_put_line(struct buf *lines, const char *format, ...) PRINTF(2, 3);
/* Lines at the end of a block; apart: behind an empty line, where the block has lines. */
void nginx_add_lines(struct nginx_editing *editing, const struct nginx_block *block, bool apart, struct view lines);
/* Further lines, likewise. */
void nginx_put_lines(struct buf *lines, const struct buf *more);
