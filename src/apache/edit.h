#pragma once
/*
 * Edits of one virtual host in the text of its file: lines come and go, with the indentation and line ends of those
 * around them. What is not touched stays the same to the byte.
 *
 * Pure: text in, text out. A host is found by which <VirtualHost> of the text it is, which no edit here changes.
 */
#include "webconf/apache_tree.h"
#include "webconf/patch.h"

#define APACHE_EDIT_MAX ((size_t)16 * 1024 * 1024) /* bytes of a file */

struct apache_edit {
    struct view text; /* borrowed */
    struct apache_tree *tree;
    const struct apache_node *vhost;
    struct patch patch;
};

/* name stands in errors. ERROR_PLUGIN when the text cannot be parsed or has no such host: it has been changed by
 * somebody else. *out is the caller's, for apache_edit_close. */
MUST_USE bool apache_edit_open(
    struct view text, const char *name, size_t ordinal, struct apache_edit *out, struct error *err);
void apache_edit_close(struct apache_edit *edit);
static inline void apache_edit_close_at(struct apache_edit *edit)
{
    apache_edit_close(edit);
}

/* Appends the text with all edits to out. */
void apache_edit_put(const struct apache_edit *edit, struct buf *out);

/* The next directive or section of the host in the text, at any depth, behind `after` (NULL: the first); NULL at the
 * end. */
const struct apache_node *apache_edit_next(const struct apache_edit *edit, const struct apache_node *after);
/* The same, of that name. */
const struct apache_node *apache_edit_find(
    const struct apache_edit *edit, const struct apache_node *after, const char *name);

/* A line of its own, without line end: as the host's last, its first, in front of or behind one of its directives. */
void apache_edit_append(struct apache_edit *edit, const char *line);
void apache_edit_prepend(struct apache_edit *edit, const char *line);
void apache_edit_before(struct apache_edit *edit, const struct apache_node *node, const char *line);
void apache_edit_behind(struct apache_edit *edit, const struct apache_node *node, const char *line);
/* Its whole line, or lines. */
void apache_edit_remove(struct apache_edit *edit, const struct apache_node *node);
/* Becomes a comment, with the lines that continue it. */
void apache_edit_comment_out(struct apache_edit *edit, const struct apache_node *node);
/* Another text for a word, in quotes where it needs them. The same text changes nothing. */
void apache_edit_word(struct apache_edit *edit, const struct apache_node *node, size_t index, const char *text);

/* The ordinal'th <VirtualHost> of a text; NULL when there are not as many. */
const struct apache_node *apache_vhost_in(const struct apache_tree *tree, size_t ordinal);
size_t apache_vhosts_in(const struct apache_tree *tree);

/* "Name argument", the argument in quotes where it needs them; of the caller's. */
char *apache_line(const char *name, const char *argument) __attribute__((returns_nonnull));
