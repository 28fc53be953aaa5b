#pragma once
/*
 * URLs in headers: making them absolute, and what we are willing to follow. Private to acme/; url_resolve,
 * link_urls and retry_after_of are in session.h.
 */
#include "base/bytes.h"

#define URL_MAX 2048
#define LINKS_MAX 64 /* of one kind in one answer */

/* Whether text is an absolute http(s) URL with a host, without blanks and control characters, within URL_MAX.
 */
bool url_is_http(const char *text);
/* Whether both are, with one scheme and authority (RFC 3986 section 3.2) as they are written. */
bool url_same_origin(const char *a, const char *b);

/* Whether url may be asked for in a session whose directory is at directory_url: http(s), and never less safe
 * than the directory. ERROR_ACME. */
MUST_USE bool url_check(const char *directory_url, const char *url, struct error *err);

/* Links of one Link header field (RFC 8288 section 3) with that relation; what is malformed ends the field.
 */
void link_parse(struct view field, const char *base, const char *rel, struct list *out);
