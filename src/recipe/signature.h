#pragma once
/* What a description says of signing, carried out by the functions of crypto. Pure. */
#include "recipe/request.h"

/* Whether it is a scheme over the whole request, which sets fields itself. sign NULL: no. */
bool signature_is_canonical(const struct value *sign);
/* Makes the variables of signatures empty ones. */
void signature_leave_blank(const struct value *sign, struct vars *vars);
/* Makes them, of texts. ERROR_CONFIG. */
MUST_USE bool signature_make(const struct value *sign, struct vars *vars, struct error *err);
/* Adds the fields of a canonical scheme to the request. */
MUST_USE bool signature_add(const struct value *sign, const struct request_moment *moment, const struct vars *vars,
    struct request *request, struct error *err);
/* Sets {jwt}: a signed token (RFC 7519) of a step's "jwt". */
MUST_USE bool signature_token(const struct value *jwt, struct vars *vars, struct error *err);
