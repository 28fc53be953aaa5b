/* Certificate signing requests of users, DER or PEM. */
#include "crypto/csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(csr_free) struct csr *csr = NULL;
    struct error err = { 0 };

    if (csr_read((struct view){ (const char *)data, size }, "fuzz", &csr, &err)) {
        if (csr->names.len > csr->dns.len + csr->ips.len)
            abort();
    } else if (csr != NULL || err.why[0] == '\0') {
        abort();
    }
    return 0;
}
