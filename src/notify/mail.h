#pragma once
/*
 * E-mails as they are handed to sendmail (RFC 5322). Pure: knows no program.
 */
#include "base/bytes.h"

#define MAIL_MAX (128 * 1024)
#define MAIL_LINE_MAX 76 /* of a field with encoded words (RFC 2047 section 2); others may have more */

struct mail {
    const struct list *to; /* addresses that email_check has passed */
    const char *from;      /* likewise */
    const char *from_name; /* any text */
    const char *subject;   /* any text, of one line or not */
    const char *text;      /* UTF-8, lines that end in a line feed */
    const char *id;        /* of the message, without angle brackets: printable ASCII without blanks */
    const char *severity;  /* "critical" is marked as urgent */
    int64_t now;
};

/* Lines end in a line feed alone, as sendmail takes them. Whatever stands in the texts, there are no fields but ours.
 */
void mail_put(const struct mail *mail, struct buf *out);
