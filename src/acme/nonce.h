#pragma once
/*
 * Nonces in stock (RFC 8555 section 6.5). Private to acme/.
 *
 * Knows what a nonce may look like and keeps the youngest ones; knows nothing of where they come from.
 * Thread-safe.
 */

#include "base/bytes.h"
#include "base/mutex.h"

#define NONCE_STOCK 128 /* more than requests are ever under way at once: one each comes back */
#define NONCE_MAX_LEN 1024

struct nonce_pool {
    struct mutex mutex;
    char *at[NONCE_STOCK]; /* a stack: the youngest is the likeliest to be good still */
    size_t len;
};

void nonce_pool_init(struct nonce_pool *pool);
void nonce_pool_clear(struct nonce_pool *pool);

/* base64url (section 6.5.1), of bounded length: nothing else may enter a signed header. */
bool nonce_is_good(const char *text);

/* Takes nonce over; NULL is fine. When the pool is full the oldest goes. */
void nonce_pool_put(struct nonce_pool *pool, char *nonce);

/* The youngest, of the caller's; NULL when there is none. */
char *nonce_pool_take(struct nonce_pool *pool);
