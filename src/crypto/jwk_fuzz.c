/*
 * JSON Web Keys with any numbers. The first byte chooses type and curve; then for each member one byte for its name,
 * two for its length, and its value.
 */
#include "crypto/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "n", "e", "d", "p", "q", "dp", "dq", "qi", "x", "y" };
static const char *const curve_names[] = { "P-256", "P-384", "P-521", "P-192" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(jwk_clear) struct jwk jwk = { .kty = NULL }, back = { .kty = NULL };
    AUTO(key_free) struct key *key = NULL;
    struct error err = { 0 };

    if (size == 0)
        return 0;
    jwk.kty = data[0] & 1 ? "RSA" : "EC";
    jwk.crv = data[0] & 1 ? NULL : curve_names[data[0] >> 1 & 3];
    for (size_t at = 1; at + 3 <= size && jwk.count < COUNT(jwk.members);) {
        size_t len = (size_t)data[at + 1] << 8 | data[at + 2];
        struct jwk_member *member = &jwk.members[jwk.count++];

        *member = (struct jwk_member){ names[data[at] % COUNT(names)], BUF_SECRET(65536) };
        at += 3;
        if (len > size - at)
            len = size - at;
        buf_put(&member->value, (struct view){ (const char *)data + at, len });
        at += len;
    }
    if (key_from_jwk(&jwk, &key, &err)) {
        if (!key_to_jwk(key, &back, &err) || back.count != (data[0] & 1 ? 8 : 3))
            abort(); /* what was taken must be storable */
    } else if (key != NULL || err.why[0] == '\0') {
        abort();
    }
    return 0;
}
