#pragma once
/*
 * Domain names: as text, and as labels with their lengths (RFC 1035 section 3.1).
 */
#include "base/bytes.h"

#define DNS_NAME_SIZE 255       /* of labels and lengths */
#define DNS_NAME_TEXT_SIZE 1024 /* of the longest as text, every byte of it written "\255" */

/*
 * Appends the name in lower or upper case as it is: "a.example", with or without a dot at the end, "." for the root;
 * "\." and "\DDD" in it stand for a byte. False when it is none (RFC 1035 section 2.3.4); out is then of no use.
 */
MUST_USE bool dns_name_put(struct buf *out, const char *text);

/*
 * Reads the name at *at of bytes, which moves behind it, and appends it as text without a dot at the end; "." for the
 * root. False when it is cut, too long or compressed.
 */
MUST_USE bool dns_name_get(struct view bytes, size_t *at, struct buf *text);

/*
 * Appends the labels of the name at *at of a message, which moves behind it, without compression (RFC 1035 section
 * 4.1.4): a pointer leads back only. False when it is cut or too long.
 */
MUST_USE bool dns_name_follow(struct view message, size_t *at, struct buf *labels);

/* Labels in lower case (ASCII), in place: the form in which they are compared and signed. */
void dns_name_lower(struct buf *labels);

/* Appends one label as text: what is no letter, digit, hyphen, underscore or asterisk is escaped. */
void dns_label_put_text(struct buf *text, struct view label);
