/*
 * The challenges that are to be answered.
 */
#include "netd/tokens.h"

#include <string.h>

#include "base/mem.h"

#define FIRST_SIZE 64 /* a power of two, doubled when as many tokens are there */

struct entry {
    struct entry *next;
    char *token, *content;
    size_t token_len, content_len;
};

struct tokens {
    struct entry **slots;
    size_t size, count;
};

static size_t slot_of(struct view token, size_t size)
{
    uint64_t hash = view_hash(token, HASH_START); /* tokens are random: steering them to one bucket gains nothing */

    return (size_t)(hash ^ hash >> 32) & (size - 1);
}

struct tokens *tokens_new(void)
{
    struct tokens *tokens = xcalloc(1, sizeof *tokens);

    tokens->size = FIRST_SIZE;
    tokens->slots = xcalloc(tokens->size, sizeof *tokens->slots);
    return tokens;
}

static void entry_free(struct entry *entry)
{
    free(entry->token);
    free(entry->content);
    free(entry);
}

void tokens_free(struct tokens *tokens)
{
    for (size_t i = 0; i < tokens->size; i++) {
        for (struct entry *entry = tokens->slots[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            entry_free(entry);
        }
    }
    free(tokens->slots);
    free(tokens);
}

static struct entry **find_slot(const struct tokens *tokens, struct view token)
{
    struct entry **at = &tokens->slots[slot_of(token, tokens->size)];

    while (*at != NULL && !view_equal((struct view){ (*at)->token, (*at)->token_len }, token))
        at = &(*at)->next;
    return at;
}

static void grow(struct tokens *tokens)
{
    size_t size = tokens->size * 2;
    struct entry **slots = xcalloc(size, sizeof *slots);

    for (size_t i = 0; i < tokens->size; i++) {
        for (struct entry *entry = tokens->slots[i], *next; entry != NULL; entry = next) {
            struct entry **at = &slots[slot_of((struct view){ entry->token, entry->token_len }, size)];

            next = entry->next;
            entry->next = *at;
            *at = entry;
        }
    }
    free(tokens->slots);
    tokens->slots = slots;
    tokens->size = size;
}

void tokens_add(struct tokens *tokens, struct view token, struct view content)
{
    struct entry *entry = xcalloc(1, sizeof *entry), **at;

    tokens_remove(tokens, token);
    if (tokens->count >= tokens->size)
        grow(tokens);
    *entry = (struct entry){
        .token = view_dup(token),
        .token_len = token.len,
        .content = xcalloc(content.len, 1),
        .content_len = content.len,
    };
    if (content.len > 0)
        memcpy(entry->content, content.at, content.len); /* bytes: a NUL among them ends nothing */
    at = find_slot(tokens, token);
    *at = entry;
    tokens->count++;
}

void tokens_remove(struct tokens *tokens, struct view token)
{
    struct entry **at = find_slot(tokens, token), *entry = *at;

    if (entry == NULL)
        return;
    *at = entry->next;
    entry_free(entry);
    tokens->count--;
}

bool tokens_find(const struct tokens *tokens, struct view token, struct view *content)
{
    const struct entry *entry = *find_slot(tokens, token);

    if (entry == NULL)
        return false;
    *content = (struct view){ entry->content, entry->content_len };
    return true;
}
