/* Revocation lists of an issuer whose key is thrown away, so only the corpus has signatures that fit. */
#include "crypto/crl.h"
#include "crypto/fuzz_certs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cert *leaf, *issuer;
    AUTO(crl_free) struct crl *crl = NULL;
    struct error err = { 0 };
    bool revoked = false;

    if (!fuzz_certs(&leaf, &issuer))
        abort();
    if (!crl_read((struct view){ (const char *)data, size }, issuer, &crl, &err)) {
        if (crl != NULL || err.kind != ERROR_NETWORK || err.why[0] == '\0')
            abort();
        return 0;
    }
    if (!crl_lookup(crl, leaf, issuer, FUZZ_NOW, &revoked, &err) && (revoked || err.why[0] == '\0'))
        abort();
    return 0;
}
