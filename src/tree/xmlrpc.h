#pragma once
/* Replies of XML-RPC, as the values that they say: structs are objects, arrays lists, all else texts. Pure. */
#include "tree/value.h"

/* *out is what the method gave, or of a fault the struct with its faultCode and faultString. ERROR_NETWORK. */
MUST_USE bool xmlrpc_read(struct view text, struct value *out, struct error *err);
