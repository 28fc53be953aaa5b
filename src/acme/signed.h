#pragma once
/*
 * Signed request bodies (RFC 8555 section 6.2): the JSON around crypto/jws. Private to acme/.
 */
#include "acme/account.h"

/* The body of a POST to url: header with alg, kid or jwk, nonce (NULL in the inner JWS of a key change), url.
 */
MUST_USE bool signed_body(
    struct identity who, const char *nonce, const char *url, struct view payload, struct buf *out, struct error *err);

/* The external account binding for the key in jwk (section 7.3.4). ERROR_CONFIG for an algorithm that is
 * none. */
MUST_USE bool signed_binding(const struct external_account *external, const struct jwk *jwk, const char *url,
    struct buf *out, struct error *err);
