/* Chains as a CA may send them: what passes the gate is whole. */
#include "crypto/accept.h"
#include "crypto/csr.h"
#include "crypto/fuzz_certs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The request of the certificates in the corpus. */
static const char csr_pem[] = "-----BEGIN CERTIFICATE REQUEST-----\n"
                              "MIHrMIGSAgEAMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARgexnJghZyW3uG\n"
                              "MNp07HDvY5bSLXhsuGzpvP6toVu3qRL+IGfQKSov8mHbpBEKktUQcVCdvL2vnJfu\n"
                              "ECKvrsO/oDAwLgYJKoZIhvcNAQkOMSEwHzAdBgNVHREEFjAUggxsZWFmLmV4YW1w\n"
                              "bGWHBMAAAgEwCgYIKoZIzj0EAwIDSAAwRQIgOcAr+1oMfm9bAopqw7ogb6q7qrZz\n"
                              "DIR0kY96cvIi+awCIQDPT+yo8tg+RRJ3PmpAr2ZBs88yT8vKt2aQxx+9S8Qv8A==\n"
                              "-----END CERTIFICATE REQUEST-----\n";

static void check(const struct accepted *accepted)
{
    AUTO(cert_free) struct cert *cert = NULL;
    struct error err = { 0 };

    if (accepted->leaf.len == 0 || accepted->leaf.len + accepted->chain.len != accepted->fullchain.len ||
        accepted->top_issuer == NULL || accepted->cert->dns.len != 1 || accepted->cert->ips.len != 1)
        abort();
    if (!cert_from_pem(buf_view(&accepted->fullchain), "fuzz", &cert, &err) ||
        !view_equal(buf_view(&cert->der), buf_view(&accepted->cert->der)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct csr *csr; /* read once */
    struct view input = { (const char *)data, size };
    AUTO(accepted_clear) struct accepted accepted = { 0 };
    struct error err = { 0 };
    bool found;

    if (csr == NULL && !csr_read(view_of(csr_pem), "fuzz", &csr, &err))
        abort();
    if (!accept_chain(input, &(struct accept_order){ buf_view(&csr->der), FUZZ_NOW, 0 }, &accepted, &err))
        return 0;
    check(&accepted);
    if (accept_is_anothers(input, buf_view(&csr->der)))
        abort();
    if (accepted.chain.len == 0 && accept_issuers(&accepted, input, &found, &err) && !found && accepted.chain.len > 0)
        abort();
    check(&accepted);
    return 0;
}
