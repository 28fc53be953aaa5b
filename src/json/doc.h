#pragma once
/*
 * JSON documents, reading (RFC 8259). The only place that includes jansson, with json/out.
 *
 * Strict: invalid UTF-8, NUL in strings, trailing text and nesting beyond 32 are errors. Of a member that stands twice
 * in an object the last one counts.
 * Values are looked up by member name in an object; an error names the member by its path
 * ("authorizations[3]"), and never quotes what could be a secret. Memory is wiped when a document is freed:
 * keys come as JSON, too.
 */
#include "base/bytes.h"

#define DOC_MAX (4 * 1024 * 1024)

struct doc;  /* an owned document */
struct node; /* a value in it, borrowed: lives as long as the document */

/* name says what is being read, for messages ("directory", a path). ERROR_CONFIG; callers change the kind. */
MUST_USE bool doc_read(struct view text, const char *name, struct doc **out, struct error *err);
void doc_free(struct doc *doc);
DEFINE_AUTO(struct doc, doc_free)
const struct node *doc_root(const struct doc *doc);

bool node_is_object(const struct node *node);
bool node_is_array(const struct node *node);
bool node_is_string(const struct node *node);
/* A member of an object: NULL when absent or JSON null, or when node is no object. */
const struct node *node_member(const struct node *node, const char *name);
size_t node_count(const struct node *node);                        /* elements of an array, else 0 */
const struct node *node_at(const struct node *node, size_t index); /* element of an array */

/* The string of a value, NULL when it is none; borrowed. */
const char *node_text(const struct node *node);
/* The same of a value that is a URL as node_get_url has them, else NULL; borrowed. */
const char *node_url(const struct node *node);
bool node_is_true(const struct node *node);
MUST_USE bool node_number(const struct node *node, int64_t *out); /* integers only */
/* The same of a number with a fraction, too, which is cut off: instants of other programs. */
MUST_USE bool node_whole_number(const struct node *node, int64_t *out);
/* Appends the value, with all in it, as JSON text of one line: for what is written back without being understood. */
void node_put(const struct node *node, struct buf *to);

/* The member of an object at a position, in the order of the text (JSON null too); false behind the last one:
 * for (size_t i = 0; node_each(object, i, &name, &value); i++). */
MUST_USE bool node_each(const struct node *object, size_t index, const char **name, const struct node **value);

/* Required and optional members, by type. The _or_null kinds accept an absent member (and JSON null). What
 * they give is of the caller's. Errors say "NAME: member 'x' is missing" or "... is not a string". */
MUST_USE bool node_get_text(const struct node *object, const char *name, char **out, struct error *err);
MUST_USE bool node_get_text_or_null(const struct node *object, const char *name, char **out, struct error *err);
MUST_USE bool node_get_texts_or_none(const struct node *object, const char *name, struct list *out, struct error *err);
MUST_USE bool node_get_bool_or(
    const struct node *object, const char *name, bool otherwise, bool *out, struct error *err);
/* RFC 3339 instant; 0 when absent. */
MUST_USE bool node_get_time_or_zero(const struct node *object, const char *name, int64_t *out, struct error *err);
/* Reads one of choices (ended by NULL): *out is its index. The error names the foreign value. */
MUST_USE bool node_get_choice(
    const struct node *object, const char *name, const char *const *choices, int *out, struct error *err);
/* An absolute https URL (http is accepted too, as for private test CAs; nothing else), at most 2048 bytes. */
MUST_USE bool node_get_url(const struct node *object, const char *name, char **out, struct error *err);
MUST_USE bool node_get_url_or_null(const struct node *object, const char *name, char **out, struct error *err);
MUST_USE bool node_get_urls(const struct node *object, const char *name, struct list *out, struct error *err);
