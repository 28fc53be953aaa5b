#pragma once
/* Encodings that requests need, besides those of base/text.h. Pure. */
#include "base/bytes.h"

void encode_url(struct view text, struct buf *to);  /* RFC 3986: all but unreserved characters */
void encode_form(struct view text, struct buf *to); /* the same, a blank as "+" */
void encode_xml(struct view text, struct buf *to);
void encode_json(struct view text, struct buf *to); /* without the quotes around */
void decode_form(struct view text, struct buf *to); /* tolerant: what is no escape stays */
