#include "base/test.h"

#include <pthread.h>

#include "acme/nonce.h"

static const struct {
    const char *text;
    bool good;
} nonces[] = {
    { "", false },
    { "a b", false },
    { "a\"", false },
    { "a\r\nx", false },
    { "a+b/", false },
    { "ab==", false },
    { "\xc3\xa4", false },
    { "oFvnlFP1wIhRlYS2jTaXbA", true },
    { "-_", true },
};

TEST(nonce_is_good)
{
    char longest[NONCE_MAX_LEN + 2];

    for (size_t i = 0; i < COUNT(nonces); i++)
        CHECK(nonce_is_good(nonces[i].text) == nonces[i].good, "'%s'", nonces[i].text);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    CHECK(!nonce_is_good(longest), "%zu bytes", strlen(longest));
    CHECK(nonce_is_good(longest + 1), "%zu bytes", strlen(longest + 1));
}

TEST(the_youngest_comes_first_and_the_oldest_goes)
{
    struct nonce_pool pool;
    AUTO(free) char *first = NULL;

    nonce_pool_init(&pool);
    CHECK(nonce_pool_take(&pool) == NULL, "an empty pool gave a nonce");
    nonce_pool_put(&pool, NULL);
    for (int i = 0; i < NONCE_STOCK + 5; i++)
        nonce_pool_put(&pool, xprintf("n%d", i));
    CHECK_INT((int64_t)pool.len, NONCE_STOCK, "full");
    first = nonce_pool_take(&pool);
    CHECK_TEXT(first, "n132", "youngest");
    CHECK_TEXT(pool.at[0], "n5", "oldest");
    nonce_pool_clear(&pool);
}

static atomic_int taken;

static void *take_and_put(void *shared)
{
    for (int i = 0; i < 2000; i++) {
        char *nonce = nonce_pool_take(shared);

        if (nonce == NULL)
            continue;
        taken++;
        nonce_pool_put(shared, nonce);
    }
    return NULL;
}

TEST(many_threads)
{
    struct nonce_pool pool;
    pthread_t threads[4];

    nonce_pool_init(&pool);
    for (int i = 0; i < 3; i++)
        nonce_pool_put(&pool, xprintf("n%d", i));
    for (size_t i = 0; i < COUNT(threads); i++)
        REQUIRE(pthread_create(&threads[i], NULL, take_and_put, &pool) == 0, "thread %zu", i);
    for (size_t i = 0; i < COUNT(threads); i++)
        (void)pthread_join(threads[i], NULL);
    CHECK_INT((int64_t)pool.len, 3, "none lost, none doubled");
    CHECK(taken >= 2000, "only %d", (int)taken);
    nonce_pool_clear(&pool);
}

TEST_MAIN()
