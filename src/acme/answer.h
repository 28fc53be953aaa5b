#pragma once
/*
 * Habits shared by the readers of the CA's objects. Private to acme/.
 */
#include <string.h>

#include "base/identifier.h"
#include "json/doc.h"

/* Readers of JSON blame the text they are given; here that text is the CA's. Returns false. */
static inline bool answer_bad(struct error *err)
{
    return error_as(err, ERROR_ACME);
}

/* Reads a JSON answer and demands an object. */
static inline bool answer_read(struct view body, const char *name, struct doc **out, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;

    TRY(doc_read(body, name, &doc, err));
    if (!node_is_object(doc_root(doc)))
        return error_set(err, ERROR_ACME, "%s: not a JSON object", name);
    *out = TAKE(doc);
    return true;
}

/*
 * An identifier object (RFC 8555 section 9.7.7): a DNS name in lower case, perhaps with "*.", or an IP
 * address in canonical text. False for a type of a later RFC, too.
 */
MUST_USE bool identifier_read(const struct node *node, struct identifier *out, struct error *err);
