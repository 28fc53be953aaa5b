#include "acme/nonce.h"

#include <string.h>

#include "base/mem.h"

void nonce_pool_init(struct nonce_pool *pool)
{
    *pool = (struct nonce_pool){ 0 };
    (void)pthread_mutex_init(&pool->mutex, NULL);
}

void nonce_pool_clear(struct nonce_pool *pool)
{
    while (pool->len > 0)
        free(pool->at[--pool->len]);
    (void)pthread_mutex_destroy(&pool->mutex);
}

bool nonce_is_good(const char *text)
{
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    return len > 0 && len <= NONCE_MAX_LEN && text[len] == '\0';
}

void nonce_pool_put(struct nonce_pool *pool, char *nonce)
{
    char *oldest = NULL;

    if (nonce == NULL)
        return;
    (void)pthread_mutex_lock(&pool->mutex);
    if (pool->len == NONCE_STOCK) {
        oldest = pool->at[0];
        memmove(&pool->at[0], &pool->at[1], (NONCE_STOCK - 1) * sizeof pool->at[0]);
        pool->len--;
    }
    pool->at[pool->len++] = nonce;
    (void)pthread_mutex_unlock(&pool->mutex);
    free(oldest);
}

char *nonce_pool_take(struct nonce_pool *pool)
{
    char *nonce = NULL;

    (void)pthread_mutex_lock(&pool->mutex);
    if (pool->len > 0)
        nonce = pool->at[--pool->len];
    (void)pthread_mutex_unlock(&pool->mutex);
    return nonce;
}
