#pragma once
/*
 * Reads server name and ALPN protocols of a TLS ClientHello (RFC 8446 section 4.1.2), as far as tls-alpn-01 needs them.
 * Pure.
 */
#include "base/bytes.h"

/*
 * The server name in the data of a server_name extension (RFC 6066 section 3); borrowed. False when the data is not one
 * host name alone, as RFC 8737 section 3 wants it.
 */
MUST_USE bool client_hello_name(struct view extension, struct view *name);

/* Whether the data of an ALPN extension (RFC 7301 section 3.1) offers "acme-tls/1" and nothing else. */
bool client_hello_is_acme(struct view extension);

/* The protocols that it offers, with ", " between, for people: any bytes may be in them. False when the data is
 * malformed; then what stands in front of the fault is there. */
bool client_hello_put_protocols(struct view extension, struct buf *out);
