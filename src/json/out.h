#pragma once
/*
 * JSON documents, writing. Streams into a buf: no tree, escaping in one place.
 *
 *     struct out out = out_to(&buf);
 *     out_object(&out, NULL);
 *       out_text(&out, "status", "valid");
 *       out_array(&out, "contact");
 *         out_text(&out, NULL, "mailto:a@example.org");
 *       out_end(&out);
 *     out_end(&out);
 *
 * name is the member's name inside an object and NULL inside an array or at the top. Output is compact unless
 * pretty. What is not valid UTF-8 is written with U+FFFD. A full buffer shows as buf->failed.
 */
#include "base/bytes.h"

#define OUT_DEPTH 16

struct out {
    struct buf *to;
    bool pretty; /* two blanks a level, for people */
    int depth;   /* open objects and arrays */
    bool filled[OUT_DEPTH + 1];
    bool is_array[OUT_DEPTH + 1];
};

struct out out_to(struct buf *to);
struct out out_pretty_to(struct buf *to);

void out_object(struct out *out, const char *name);
void out_array(struct out *out, const char *name);
void out_end(struct out *out);                                      /* closes the innermost object or array */
void out_text(struct out *out, const char *name, const char *text); /* NULL writes null */
void out_view(struct out *out, const char *name, struct view text);
void out_base64url(struct out *out, const char *name, struct view bytes);
void out_number(struct out *out, const char *name, int64_t number);
void out_bool(struct out *out, const char *name, bool value);
void out_null(struct out *out, const char *name);
void out_time(struct out *out, const char *name, int64_t at); /* RFC 3339, null for 0 */
void out_texts(struct out *out, const char *name, const struct list *texts);
/* Text that is JSON already (a jwk, an inner JWS). */
void out_raw(struct out *out, const char *name, struct view json);
