#include "crypto/memory.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <string.h>

#include "base/mem.h"

static void *get(size_t size, const char *file __attribute__((unused)), int line __attribute__((unused)))
{
    return malloc(size);
}

static void drop(void *at, const char *file __attribute__((unused)), int line __attribute__((unused)))
{
    if (at == NULL)
        return;
    wipe(at, malloc_usable_size(at));
    free(at);
}

/* Moves by hand: realloc leaves the old place as it was. As OpenSSL's own: size 0 frees. */
static void *resize(void *at, size_t size, const char *file, int line)
{
    size_t old = at == NULL ? 0 : malloc_usable_size(at);
    void *fresh;

    if (size == 0) {
        drop(at, file, line);
        return NULL;
    }
    fresh = malloc(size);
    if (fresh == NULL || at == NULL)
        return fresh;
    memcpy(fresh, at, old < size ? old : size);
    drop(at, file, line);
    return fresh;
}

bool crypto_wipe_freed(void)
{
    return CRYPTO_set_mem_functions(get, resize, drop) == 1;
}
