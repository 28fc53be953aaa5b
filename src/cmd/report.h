#pragma once
/*
 * What certonly and run say about a certificate they have obtained (contract 7.6).
 */
#include "lifecycle/obtain.h"

/* Where it is saved and when it expires. */
void report_saved(struct context *context, const struct obtain_result *result);
/* What remains to be done. */
void report_next_steps(struct context *context, const struct obtain_result *result);
/* "https://a", "https://a and https://b", "https://a, https://b, and https://c"; of the caller's. */
char *report_urls(const struct list *names) __attribute__((returns_nonnull));
