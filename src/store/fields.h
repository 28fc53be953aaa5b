#pragma once
/*
 * Small files of our own that hold "key: value" lines: what they say, by a table.
 *
 * Knows no file. Unknown keys are passed over, so that an older program reads what a newer one wrote.
 */
#include "base/bytes.h"

enum field_form {
    FIELD_TEXT,   /* char * */
    FIELD_EXACT,  /* char *: any bytes; what is no printable ASCII, and blanks at its ends, stand as \xHH, or \n */
    FIELD_LIST,   /* struct list; ", " between the entries */
    FIELD_FLAG,   /* bool: "yes", or no line at all */
    FIELD_TIME,   /* int64_t, UTC seconds; RFC 3339 */
    FIELD_NUMBER, /* unsigned */
};

struct field {
    const char *key;
    enum field_form form;
    bool needed;
    size_t at; /* offset in the structure that is filled */
};

#define FIELDS_MAX 16              /* in a table */
#define FIELD_NUMBER_MAX 999999999 /* nine digits */

/*
 * Fills the zeroed structure `out`; what a failure leaves in it is the caller's to clear. ERROR_STORE: a line or a
 * value is not what it should be, is there twice, or one that is needed is missing.
 */
MUST_USE bool fields_parse(const struct field *fields, size_t count, struct view text, void *out, struct error *err);
/* Appends the same text; what cannot be printed becomes '?', but in exact fields. What is empty, "no" or 0 has no line,
 * but for times. */
void fields_format(const struct field *fields, size_t count, const void *from, struct buf *out);
