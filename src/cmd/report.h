#pragma once
/*
 * Messages of commands about certificates: certonly and run about one they have obtained, and words that listings
 * share.
 */
#include "json/out.h"
#include "lifecycle/obtain.h"
#include "store/summary.h"

#define REPORT_MAX ((size_t)1 << 30) /* of one listing */

/* Prints where the certificate is saved and when it expires. */
void report_saved(struct context *context, const struct obtain_result *result);
/* Prints the steps that remain for the user. */
void report_next_steps(struct context *context, const struct obtain_result *result);
/* "2027-02-20 00:29:12+00:00" */
void report_put_time(struct buf *text, int64_t at);
const char *report_key_type(enum key_type type); /* "RSA" or "ECDSA" */
/* Writes a certificate's fields as members of the object that is begun. */
void report_out_summary(struct out *out, const struct summary *summary);
/* Closes what is open in a JSON document, and prints it. */
void report_document(struct context *context, struct out *out);
/* "https://a", "https://a and https://b", "https://a, https://b, and https://c"; of the caller's. */
char *report_urls(const struct identifiers *names) __attribute__((returns_nonnull));
/* Says for which names HTTPS is enabled, unless it is for none; and warns of those that have TLS at other ports alone.
 */
void report_https(struct context *context, const struct identifiers *names, const struct list *elsewhere);
