#include "acme/nonce.h"

#include <string.h>

#include "base/mem.h"

void nonce_pool_init(struct nonce_pool *pool)
{
    *pool = (struct nonce_pool){ 0 };
    mutex_init(&pool->mutex);
}

void nonce_pool_clear(struct nonce_pool *pool)
{
    while (pool->len > 0)
        free(pool->at[--pool->len]);
    mutex_destroy(&pool->mutex);
}

bool nonce_is_good(const char *text)
{
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    return len > 0 && len <= NONCE_MAX_LEN && text[len] == '\0';
}

void nonce_pool_put(struct nonce_pool *pool, char *nonce)
{
    if (nonce == NULL)
        return;
    MUTEX_HOLD(&pool->mutex);
    if (pool->len == NONCE_STOCK) {
        free(pool->at[0]);
        memmove(&pool->at[0], &pool->at[1], (NONCE_STOCK - 1) * sizeof pool->at[0]);
        pool->len--;
    }
    pool->at[pool->len++] = nonce;
}

char *nonce_pool_take(struct nonce_pool *pool)
{
    char *nonce = NULL;
    MUTEX_HOLD(&pool->mutex);

    if (pool->len > 0)
        nonce = pool->at[--pool->len];
    return nonce;
}
