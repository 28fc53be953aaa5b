/*
 * Random bytes and numbers.
 */
#include <openssl/rand.h>

#include "crypto/key.h"
#include "crypto/openssl.h"

bool random_bytes(void *to, size_t len, struct error *err)
{
    unsigned char *at = to;

    while (len > 0) {
        size_t part = len < 4096 ? len : 4096;

        if (RAND_bytes(at, (int)part) != 1)
            return error_openssl(err, ERROR_INTERNAL, "the system gives no random bytes");
        at += part;
        len -= part;
    }
    return true;
}

bool random_below(uint64_t bound, uint64_t *out, struct error *err)
{
    uint64_t value, excess;

    if (bound == 0)
        return error_set(err, ERROR_INTERNAL, "a random number below 0 was asked for");
    excess = (UINT64_MAX % bound + 1) % bound; /* values on top that would make the low results likelier */
    do {
        TRY(random_bytes(&value, sizeof value, err));
    } while (value > UINT64_MAX - excess);
    *out = value % bound;
    return true;
}
