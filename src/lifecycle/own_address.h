#pragma once
/*
 * --ip-address auto: this machine's own public addresses as names of a certificate.
 */
#include "preflight/public_address.h"
#include "run/context.h"

/* Looks by which addresses this machine is reached, as settings say. ERROR_NETWORK where the network process fails.
 * *out is the caller's. */
MUST_USE bool own_addresses_look(struct context *context, struct public_addresses *out, struct error *err);

/* Adds the addresses, one of each family at most, and tells the user which. ERROR_CONFIG when none is sure. */
MUST_USE bool own_addresses_add(struct context *context, struct identifiers *names, struct error *err);
