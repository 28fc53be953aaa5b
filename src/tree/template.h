#pragma once
/*
 * Templates: texts with variables in braces, and values (bodies) all of whose texts are templates. The language is in
 * docs/dns-providers-format.md.
 *
 * Pure: gets variables, knows nothing of requests.
 */
#include "tree/filter.h"

/* Whether the text is a template, and of variables that are known; ERROR_CONFIG says what is wrong. */
MUST_USE bool template_check(
    const char *text, bool (*known)(void *arg, struct view name), void *arg, struct error *err);
/* Whether it mentions the variable. */
bool template_has(const char *text, const char *variable);

/* Appends what it expands to; in_url: variables are percent-encoded unless a filter says otherwise. ERROR_CONFIG. */
MUST_USE bool template_expand(
    const char *text, bool in_url, const struct vars *vars, struct buf *out, struct error *err);
/* The same as a string, of the caller's (wipe_free). */
MUST_USE bool template_text(const char *text, const struct vars *vars, char **out, struct error *err);

/* A value in which all texts are templates: {#x}, {*x}, {?x}, {!x}, and lists that are made by an object {"{*x}": ...}.
 * *left_out: it is a {?x} that is not set. *out must be zero or cleared. */
MUST_USE bool template_value(
    const struct value *from, const struct vars *vars, struct value *out, bool *left_out, struct error *err);

/* Fields (of a form, a query, a head): appends name and value in turn. Names are templates, too; a {"{*x}": {...}} is
 * expanded for each element. */
MUST_USE bool template_fields(const struct value *from, const struct vars *vars, struct list *out, struct error *err);
