#pragma once
/*
 * Subject alternative names (RFC 5280 section 4.2.1.6) of what is made here. Private to this room.
 */
#include "base/identifier.h"
#include "crypto/openssl.h"

/* The identifiers in their order; of the caller's, for GENERAL_NAMES_free. */
MUST_USE bool alternative_names_make(const struct identifiers *identifiers, GENERAL_NAMES **out, struct error *err);
