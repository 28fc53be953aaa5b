#pragma once
/*
 * The directories in which renewals place files that a web server shows, by the renewal files of a store.
 */
#include "store/store.h"

#define WEB_ROOTS_MAX 32

/* Each once, sorted; those of more than WEB_ROOTS_MAX directories by the first part of their paths ("/home"). A renewal
 * file that cannot be read has none. *out is the caller's. */
MUST_USE bool web_roots(struct store *store, const struct voice *voice, struct list *out, struct error *err);
