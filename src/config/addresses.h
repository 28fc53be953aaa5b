#pragma once
/*
 * Which IP addresses a CA can be asked for. Public CAs give certificates for public addresses alone; one's own CA, for
 * whatever it likes.
 */
#include "base/identifier.h"
#include "config/settings.h"

/*
 * Whether the URL of a CA's directory shows that it is no public one: its host is an address that is not public, a name
 * without a dot, or below a name that the public has nobody at (localhost, test, internal, home.arpa, local).
 */
bool server_is_private(const char *url);

/*
 * ERROR_CONFIG for the first address of `wanted` that the CA of these settings certifies for nobody, with the reason.
 * Those in `known` (NULL: none) are in a certificate already, so their CA does. Passes everything under the name
 * certbot, which leaves it to the CA; with --allow-private-ip; and for a CA whose URL shows that it is a private one.
 */
MUST_USE bool addresses_check(const struct settings *settings, const struct identifiers *wanted,
    const struct identifiers *known, struct error *err);
