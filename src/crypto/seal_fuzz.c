/* Sealed streams, in pieces: the first byte says of which size. Opened by a key, so that no derivation costs time; the
 * corpus has streams that it opens. */
#include "crypto/seal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg72kLkYGrHBFO7cqW\n"
                              "H66Ml9q2I0rvv4wndtI3XLZX43ehRANCAAQY5JgJLHHSG+Vqskfn2SbklSEh6gqy\n"
                              "N9igzvHdTHhq3olbwJLiqzmULEpXKYzLflmkrPrN8M5Q7rsaItNaR89A\n"
                              "-----END PRIVATE KEY-----\n";

struct got {
    size_t len, fed;
};

static bool count(void *context, struct view bytes, struct error *err __attribute__((unused)))
{
    struct got *got = context;

    got->len += bytes.len;
    if (got->len > got->fed) /* nothing comes out that was not put in */
        abort();
    return true;
}

static bool feed(struct unseal *unseal, struct view rest, size_t piece, struct got *got, struct error *err)
{
    while (rest.len > 0) {
        size_t len = rest.len < piece ? rest.len : piece;

        got->fed += len;
        TRY(unseal_put(unseal, (struct view){ rest.at, len }, err));
        rest = (struct view){ rest.at + len, rest.len - len };
    }
    return unseal_end(unseal, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct key *key;
    AUTO(unseal_free) struct unseal *unseal = NULL;
    struct error err = { 0 };
    struct got got = { 0 };

    if (size == 0)
        return 0;
    if (key == NULL && !key_from_pem(view_of(key_pem), "key", &key, &err))
        abort();
    const struct key *keys[] = { key };
    if (!unseal_new(
            &(struct unseal_by){ .keys = keys, .keys_len = 1 }, (struct seal_sink){ count, &got }, &unseal, &err))
        abort();
    (void)seal_is((struct view){ (const char *)data + 1, size - 1 });
    if (!feed(unseal, (struct view){ (const char *)data + 1, size - 1 }, data[0] == 0 ? size : data[0], &got, &err) &&
        err.why[0] == '\0')
        abort();
    return 0;
}
