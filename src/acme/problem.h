#pragma once
/*
 * Problem documents (RFC 7807, RFC 8555 section 6.7) and what a person should make of them.
 */
#include "base/identifier.h"
#include "json/doc.h"
#include "net/net.h"

struct problem {
    char *type;   /* without "urn:ietf:params:acme:error:", else the whole URI; "about:blank" when absent */
    char *detail; /* printable; "" when absent */
    int status;   /* HTTP status in the document, 0 when absent */
    struct identifier identifier; /* of a subproblem; value NULL when absent */
    struct problem *subproblems;
    size_t subproblem_count;
};

enum problem_retry { RETRY_NEVER, RETRY_FRESH_NONCE, RETRY_LATER };

struct problem_rule { /* one row per type of RFC 8555 section 6.7 and later RFCs */
    const char *type;
    enum problem_retry retry;
    const char *title; /* meaning of the type */
    const char *next;  /* advice to the user; "" when there is none */
};
extern const struct problem_rule problem_rules[];             /* ended by a NULL type */
const struct problem_rule *problem_rule_of(const char *type); /* never NULL: an unknown type has a general rule */

/* From a JSON object (an "error" member, or a whole body). Tolerant: a body that is no problem document gives
 * one with what can be said of it. */
void problem_from_node(const struct node *node, struct problem *out);
/* From an HTTP answer that is not a success. */
void problem_from_response(const struct http_response *response, struct problem *out);

/* Turns it into an error of kind ERROR_ACME: why = title and detail and each subproblem's, next from the
 * rule, err->problem = type, err->retry_at from Retry-After when the answer has one. Returns false. */
bool problem_to_error(const struct problem *problem, int64_t retry_at, struct error *err);

void problem_clear(struct problem *problem);
static inline void problem_clear_at(struct problem *problem)
{
    problem_clear(problem);
}
