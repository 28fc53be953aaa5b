#pragma once
/*
 * Edits of Apache's configurations that fit in: indented as their neighbours are, with the line ends of the file.
 *
 * `lines` is one or more directives, one a line, with LF between and four blanks for each section that they open
 * themselves, without indentation of the place and without a final LF: "SSLEngine on\nSSLCertificateFile x". An empty
 * line stays empty. All offsets are of the text that the nodes were parsed from, so that many edits may go into one
 * patch.
 */
#include "webconf/apache_tree.h"
#include "webconf/patch.h"

/* As the last lines of a section; section NULL: of the text, not indented. */
void apache_append(struct patch *patch, struct view text, const struct apache_node *section, const char *lines);
/* As the first ones. */
void apache_prepend(struct patch *patch, struct view text, const struct apache_node *section, const char *lines);
void apache_insert_before(struct patch *patch, struct view text, const struct apache_node *node, const char *lines);
void apache_insert_behind(struct patch *patch, struct view text, const struct apache_node *node, const char *lines);
/* In the place of a directive or section, whose indentation and line end stay. */
void apache_replace(struct patch *patch, struct view text, const struct apache_node *node, const char *lines);
/* Takes its lines out. */
void apache_remove(struct patch *patch, const struct apache_node *node);
