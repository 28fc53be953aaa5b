#pragma once
/*
 * The challenges that are to be answered, and with what: http-01 by token, tls-alpn-01 by server name. A hash table:
 * thousands may be open at one time.
 */
#include "base/bytes.h"

struct tokens;

struct tokens *tokens_new(void) __attribute__((returns_nonnull));
void tokens_free(struct tokens *tokens);
DEFINE_AUTO(struct tokens, tokens_free)

void tokens_add(struct tokens *tokens, struct view token, struct view content); /* replaces what was there */
void tokens_remove(struct tokens *tokens, struct view token);                   /* an unknown one is fine */
/* Borrowed until the table is changed. False when there is no such token. */
bool tokens_find(const struct tokens *tokens, struct view token, struct view *content);
