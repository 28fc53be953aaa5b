#pragma once
/*
 * URLs as others write them: what is looked at before they are asked, and what of them others may read.
 */

/* The host of an http(s) URL, an IPv6 address without its brackets; of the caller's. NULL: it is none, or names a
 * user. */
char *url_host(const char *url);

/* The text, in which every URL (of any scheme) has lost who logs in and what is asked:
 * "https://me:secret@ca.test/d?k=1" becomes "https://...@ca.test/d?...". A URL ends at a blank, a control character,
 * '"', '<' or '>'. Of the caller's. */
char *url_redact(const char *text) __attribute__((returns_nonnull));
