#pragma once
/*
 * Values of renewal files (ConfigObj): quotes, lists, comments; reading and writing of one value.
 *
 * Knows the syntax behind the equals sign; knows nothing of sections and lines. For conf.c only.
 */
#include "base/bytes.h"

enum conf_kind {
    CONF_SCALAR,    /* one text, quoted or not */
    CONF_LIST,      /* texts with commas */
    CONF_MULTILINE, /* one text in triple quotes */
};

/*
 * Finds the kind of a value and where it ends; what follows in text is blank or a comment. text starts behind
 * the equals sign and its blanks and ends before the line feed, except for triple quotes, which take what
 * lines they need: text then reaches to the end of the file. False: not in the syntax.
 */
MUST_USE bool conf_value_scan(struct view text, enum conf_kind *kind, size_t *len);

/* The texts of a scanned value, quotes and line ends resolved. */
void conf_value_decode(struct view value, enum conf_kind kind, struct list *out);
/* The same for a value that is not a list; of the caller's. */
char *conf_value_text(struct view value, enum conf_kind kind) __attribute__((returns_nonnull));
/* The text without its pair of quotes, if any. */
struct view conf_unquote(struct view text);

/* Writes a value so that reading gives it back, with the quotes that Certbot would use. */
void conf_value_write(struct buf *out, const char *text);
void conf_value_write_list(struct buf *out, const struct list *texts);
