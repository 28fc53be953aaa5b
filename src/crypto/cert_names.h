#pragma once
/*
 * Names and extensions out of DER: what certificates and requests have in common.
 *
 * What stands there was written by somebody else: a name that is not plain printable text is an error.
 * Private to this room.
 */
#include "base/bytes.h"

#define NAMES_MAX 4096 /* in one certificate; public CAs stop at 100 */

/* The first common name of a Name (RFC 5280 section 4.1.2.4), the content of its SEQUENCE: UTF-8, of the
 * caller's; NULL when there is none. what is for messages. */
MUST_USE bool names_common(struct view name, char **out, const char *what, struct error *err);

/* Adds the dNSName and iPAddress entries of a subjectAltName extension's value (RFC 5280 section 4.2.1.6),
 * the latter in canonical text. Other kinds of names are passed over. */
MUST_USE bool names_alternative(struct view value, struct list *dns, struct list *ips, struct error *err);

/* Cuts one Extension off *list (RFC 5280 section 4.1): identifier, whether it is critical (may be NULL), and content of
 * its OCTET STRING. */
MUST_USE bool names_extension(
    struct view *list, struct view *oid, bool *critical, struct view *value, struct error *err);

/* TLS feature (RFC 7633), 1.3.6.1.5.5.7.1.24: sets *out when the value asks for status_request. */
extern const struct view names_tls_feature_oid;
MUST_USE bool names_must_staple(struct view value, bool *out, struct error *err);

/* Adds common (may be NULL), dns and ips in this order, each name once. */
void names_join(const char *common, const struct list *dns, const struct list *ips, struct list *out);
