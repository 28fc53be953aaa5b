#pragma once
/*
 * Values that nobody shall read in what a script prints, in each form in which programs write them.
 *
 * Pure. Knows no scripts and no files.
 */
#include "base/bytes.h"

#define SECRET_MIN 4 /* bytes: what is shorter is no secret, and stands everywhere */

struct secrets {
    struct list values; /* as they are */
    struct list forms;  /* all that is looked for, longer ones first: one may be a part of another */
};

/*
 * Adds a value: as it is; percent-encoded, also with digits in lower case and with "+" for a blank; as JSON escapes it,
 * also with "\/"; in hexadecimal digits, also with blanks between; in Base64 of both alphabets, by itself and wherever
 * it stands in something longer. What is shorter than SECRET_MIN is passed over, and so are forms that are too short to
 * be told from other text.
 */
void secrets_add(struct secrets *secrets, const char *value);

/* The text with "[hidden]" for each of them; of the caller's. */
char *secrets_hide(const struct secrets *secrets, struct view text) __attribute__((returns_nonnull));

void secrets_clear(struct secrets *secrets); /* wipes */
