/* OCSP responses about one certificate that never changes: its issuer's key is thrown away, so only the
 * corpus has signatures that fit. */
#include "crypto/fuzz_certs.h"
#include "crypto/ocsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cert *leaf, *issuer;
    enum ocsp_status status = (enum ocsp_status)77;
    struct error err = { 0 };
    bool ok;

    if (!fuzz_certs(&leaf, &issuer))
        abort();
    ok = ocsp_judge((struct view){ (const char *)data, size }, leaf, issuer, FUZZ_NOW, &status, &err);
    if (ok ? status > OCSP_UNKNOWN : status != (enum ocsp_status)77 || err.why[0] == '\0')
        abort();
    if (!ok && err.kind != ERROR_ACME && err.kind != ERROR_NETWORK)
        abort();
    return 0;
}
