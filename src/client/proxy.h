#pragma once
/*
 * Which proxy the environment names for a URL: http_proxy, https_proxy, all_proxy, and the exceptions in no_proxy.
 *
 * Decided here and not by libcurl, because no_proxy may name a port ("ca.example:14000"), and because who guards where
 * a connection leads must know whether it leads to a proxy.
 */
#include <stdbool.h>

/* The proxy's address, borrowed from the environment; NULL: none. */
const char *proxy_of(const char *url);

/*
 * Whether host and port are among the exceptions: a list by commas or blanks of names (which stand for what is below
 * them, too), addresses, networks ("10.0.0.0/8"), each with or without ":port"; "*" is all. An IPv6 host may be in
 * brackets.
 */
bool proxy_is_exempt(const char *no_proxy, const char *host, const char *port);
