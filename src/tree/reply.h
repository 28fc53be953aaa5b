#pragma once
/* Replies as values, in whatever form they come. Pure. */
#include "tree/predicate.h"

void reply_clear(struct reply *reply);
static inline void reply_clear_at(struct reply *reply)
{
    reply_clear(reply);
}

/* Reads reply->body into reply->value; form: "json", "xml", "xmlrpc", "form", "lines", "text". An empty body is null in
 * any form. ERROR_NETWORK. */
MUST_USE bool reply_read(struct reply *reply, const char *form, struct error *err);

/* What the reply says went wrong: the values at the paths, else the beginning of a short text; "" when it says nothing.
 * Of the caller's; printable. */
char *reply_message(const struct reply *reply, const struct value *paths) __attribute__((returns_nonnull));
