#pragma once
/*
 * Why a CA could not verify: what its words usually mean, and one thing to try.
 */
#include "acme/authz.h"

struct explanation {     /* each one or two clauses, without a full stop; static */
    const char *means;   /* "": not known */
    const char *attempt; /* "" when there is nothing to try */
};

/* Explains a failed authorization by its challenge, problem type, detail and the address that the CA used. */
struct explanation authz_explain(const struct authz *authz);
/*
 * Sets the error about an authorization that is not valid: ERROR_ACME with the name, the challenge, the CA's words, the
 * addresses that it used if it says so, and one thing to try. Returns false.
 */
bool authz_to_error(const struct authz *authz, struct error *err);
