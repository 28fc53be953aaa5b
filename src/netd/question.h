#pragma once
/*
 * A request to the responder: the head of an HTTP request (RFC 9112 section 3), parsed as far as http-01 needs it.
 *
 * It comes from anyone who reaches the port, and may hold anything. Knows nothing of sockets and tokens.
 */
#include "base/bytes.h"

#define QUESTION_MAX 8192 /* request line and all header fields */

enum question_step {
    QUESTION_MORE,   /* the head is not complete yet */
    QUESTION_WHOLE,  /* *out is filled */
    QUESTION_BROKEN, /* not HTTP, or too large */
};

enum question_method { QUESTION_GET, QUESTION_HEAD, QUESTION_OTHER };

struct question {
    enum question_method method;
    struct view path;  /* without query, in either form of the target; borrowed */
    struct view token; /* empty when the path is none of a challenge; borrowed */
};

enum question_step question_read(struct view head, struct question *out);
