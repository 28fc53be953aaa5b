#pragma once
/*
 * Small allocations that cannot fail: they end the program with one line when memory is gone.
 *
 * Sizes that come from outside go through a struct buf with its limit (base/bytes.h), not through these.
 */
#include <stddef.h>

#include "base/auto.h"

void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *at, size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
char *xstrdup_or_null(const char *text);
char *xstrndup(const char *text, size_t len) __attribute__((malloc, returns_nonnull));

/* A formatted string of the caller's. */
char *xprintf(const char *format, ...) PRINTF(1, 2) __attribute__((malloc, returns_nonnull));

/* Replaces *at by a copy of text (or NULL), freeing what was there. */
void xreplace(char **at, const char *text);

/* Overwrites len bytes in a way the compiler does not optimise away. */
void wipe(void *at, size_t len);

/* Wipes and frees a secret string; NULL is fine. */
void wipe_free(char *secret);
DEFINE_AUTO(char, wipe_free)
