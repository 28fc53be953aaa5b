#pragma once
/*
 * Where a redirect leads (RFC 9110 section 10.2.2, RFC 3986 section 5).
 *
 * Knows web addresses as text; knows nothing of requests.
 */
#include "base/bytes.h"

#define REDIRECT_URL_MAX 8192

/*
 * The absolute form of the Location field `location` in an answer of `base`, an http or https URL, without a fragment;
 * dots in its path are left to whoever asks for it. NULL when that is no http or https URL, has blanks or control
 * characters, or is too long. Of the caller's.
 */
char *redirect_target(const char *base, const char *location);

/* Whether two URLs have one scheme, host and port, as they are written. */
bool redirect_same_origin(const char *a, const char *b);
