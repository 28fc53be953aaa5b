#pragma once
/*
 * URLs as others write them: the one part of them that is looked at before they are asked.
 */

/* The host of an http(s) URL, an IPv6 address without its brackets; of the caller's. NULL: it is none, or names a
 * user. */
char *url_host(const char *url);
