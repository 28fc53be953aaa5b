/* Certificates as DER and as PEM; whatever is accepted must be usable. */
#include "crypto/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct cert *cert)
{
    AUTO(buf_clear) struct buf id = BUF(1024), fingerprint = BUF(128);
    struct error err = { 0 };

    if (cert->spki_at + cert->spki_len > cert->der.len || cert->issuer_at + cert->issuer_len > cert->der.len ||
        cert->subject_at + cert->subject_len > cert->der.len || cert->serial[0] == '\0')
        abort();
    if (cert_ari_id(cert, &id) != (cert->key_identifier.len > 0) || !cert_fingerprint(cert, &fingerprint, &err))
        abort();
    for (size_t i = 0; i < cert->names.len; i++) {
        for (const char *at = cert->names.at[i]; *at != '\0'; at++) {
            if ((unsigned char)*at < 0x20 || *at == 0x7f)
                abort(); /* would reach a terminal */
        }
    }
    if (!cert_check_signed_by(cert, cert, &err) && err.why[0] == '\0')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view input = { (const char *)data, size };
    AUTO(cert_free) struct cert *der = NULL, *pem = NULL;
    struct error err = { 0 };

    if (cert_from_der(input, "fuzz", &der, &err))
        check(der);
    if (cert_from_pem(input, "fuzz", &pem, &err))
        check(pem);
    return 0;
}
