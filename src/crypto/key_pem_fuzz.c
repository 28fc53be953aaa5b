/* Key files: the PEM reader, the search for the public half, and building the key. */
#include "crypto/key_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view input = { (const char *)data, size };
    AUTO(buf_clear) struct buf der = BUF_SECRET(PEM_MAX_DER), pem = BUF_SECRET(PEM_MAX_DER);
    AUTO(key_free) struct key *key = NULL;
    struct public_part part;
    struct error err = { 0 };
    enum private_form form;

    if (!key_pem_find(input, &der, &form, &err))
        return 0;
    if (public_part_of_private(buf_view(&der), form, &part, &err) && part.known && part.bits == 0)
        abort();
    if (key_from_private_der(buf_view(&der), form, "fuzz", &key, &err)) {
        if (key_bits(key) <= 16384 && !key_to_pem(key, &pem, &err) && err.why[0] == '\0')
            abort();
    } else if (key != NULL || err.why[0] == '\0') {
        abort();
    }
    return 0;
}
