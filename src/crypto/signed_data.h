#pragma once
/*
 * Data signed by a CA: certificates, CRLs and OCSP responses have the same outside, SIGNED { content, algorithm,
 * signature }.
 *
 * Private to this room.
 */
#include "crypto/cert.h"

struct signed_data {     /* borrowed */
    struct view content; /* with its tag and length: what the signature covers */
    struct view algorithm, signature;
};

/* Cuts the three off *fields. ERROR_CONFIG. */
MUST_USE bool signed_data_take(struct view *fields, struct signed_data *out, const char *what, struct error *err);
/* Whether signer's key made the signature: ERROR_STORE when not, ERROR_CONFIG for an algorithm that we do
 * not take (SHA-1 among them). Verification keys are kept and reused between calls (thread-safe). */
MUST_USE bool signed_data_check(const struct signed_data *data, const struct cert *signer, struct error *err);
