#pragma once
/*
 * Edits of nginx configurations that fit in: indented as their neighbours are, with the line ends of the file, and on
 * lines of their own.
 *
 * `lines` below is one or more directives, one a line, with LF between and four blanks for each block that they open
 * themselves, without indentation of the place and without a final LF: "listen 443 ssl;\nssl_certificate x;". Line
 * ends and indentation are made those of the place. All offsets are of the text that the nodes were parsed from, so
 * that many edits may go into one patch.
 */
#include "webconf/nginx_tree.h"
#include "webconf/patch.h"

/* At the end of a block, in front of its '}'. */
void nginx_append(struct patch *patch, struct view text, const struct nginx_node *block, const char *lines);
/* Behind the '{' of a block. */
void nginx_prepend(struct patch *patch, struct view text, const struct nginx_node *block, const char *lines);
/* On a line of its own in front of the one that the directive begins in, or behind the one that it ends in; in the
 * same line where a neighbour stands there, too. */
void nginx_insert_before(struct patch *patch, struct view text, const struct nginx_node *node, const char *lines);
void nginx_insert_behind(struct patch *patch, struct view text, const struct nginx_node *node, const char *lines);
/* Takes the directive out, with its line where nothing else stands on it but the mark `comment` (NULL: none). Comments
 * of the user's stay. */
void nginx_remove(struct patch *patch, struct view text, const struct nginx_node *node, const char *comment);
