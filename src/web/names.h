#pragma once
/*
 * Which of the names that a server's configuration has are offered to the user for a certificate, and in which order.
 */
#include "base/bytes.h"

/* Whether a name, in lower case and without a dot at its end, is one that a CA could certify: letters, digits, hyphens;
 * two labels or more of 1 to 63 bytes that neither begin nor end with a hyphen; 255 bytes at most, no address. */
bool web_name_is_offered(struct view name);

/* Those of found, in that form, each once, ordered by the labels from right to left with the top-level label left out
 * (a top-level label decides only among names that are else the same); added to *out. */
void web_names_offer(const struct list *found, struct list *out);
