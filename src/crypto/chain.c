/*
 * Chains: the text in which a CA sends a certificate and those that vouch for it (RFC 8555 section 9.1).
 */
#include <pthread.h>
#include <string.h>

#include "crypto/cert.h"
#include "crypto/openssl.h"
#include "crypto/pem.h"

#define CHAIN_MAX 64 /* certificates; real chains have two to four */

/* Reads the next certificate; *out stays NULL when there is none. */
static bool next_cert(struct view *rest, struct cert **out, struct error *err)
{
    AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER);
    struct pem_block block;

    do {
        TRY(pem_next(rest, &block, err));
        if (block.label.at == NULL)
            return true;
    } while (!view_is(block.label, "CERTIFICATE"));
    TRY(pem_decode(&block, &der, err));
    return cert_from_der(buf_view(&der), "of the chain", out, err);
}

/* What servers will load with OpenSSL must also be one for OpenSSL. */
static bool check_openssl(const struct cert *cert, struct error *err)
{
    const unsigned char *at = view_bytes(buf_view(&cert->der));
    AUTO(X509_free) X509 *x509 = d2i_X509(NULL, &at, (long)cert->der.len);

    if (x509 == NULL || X509_get0_pubkey(x509) == NULL)
        return error_openssl(err, ERROR_ACME, "a certificate that OpenSSL does not take");
    ERR_clear_error();
    return true;
}

/* The last issuer that OpenSSL took: in a run over many certificates, the same one stands in nearly every chain. */
static struct {
    pthread_mutex_t lock;
    struct buf der;
} taken = { .lock = PTHREAD_MUTEX_INITIALIZER, .der = { .max = PEM_MAX_DER } };

static bool check_issuer(const struct cert *cert, struct error *err)
{
    bool known;

    (void)pthread_mutex_lock(&taken.lock);
    known = view_equal(buf_view(&taken.der), buf_view(&cert->der));
    (void)pthread_mutex_unlock(&taken.lock);
    if (known)
        return true;
    TRY(check_openssl(cert, err));
    (void)pthread_mutex_lock(&taken.lock);
    buf_cut(&taken.der, 0);
    buf_put(&taken.der, buf_view(&cert->der));
    (void)pthread_mutex_unlock(&taken.lock);
    return true;
}

static bool split(struct view pem, struct buf *cert, struct buf *chain, struct buf *fullchain, struct error *err)
{
    size_t count = 0;

    for (;; count++) {
        AUTO(cert_free) struct cert *one = NULL;
        struct buf *to = count == 0 ? cert : chain;

        TRY(next_cert(&pem, &one, err));
        if (one == NULL)
            break;
        if (count == CHAIN_MAX)
            return error_set(err, ERROR_ACME, "more than %d certificates", CHAIN_MAX);
        TRY(count == 0 ? check_openssl(one, err) : check_issuer(one, err));
        pem_put(to, "CERTIFICATE", buf_view(&one->der));
        pem_put(fullchain, "CERTIFICATE", buf_view(&one->der));
        if (to->failed || fullchain->failed)
            return error_set(
                err, ERROR_ACME, "the chain is larger than %zu bytes", to->failed ? to->max : fullchain->max);
    }
    return count >= 2 || error_set(err, ERROR_ACME, "%zu certificates, where a chain has at least two", count);
}

bool cert_split_chain(struct view pem, struct buf *cert, struct buf *chain, struct buf *fullchain, struct error *err)
{
    const size_t before[] = { cert->len, chain->len, fullchain->len };

    if (split(pem, cert, chain, fullchain, err))
        return true;
    buf_cut(cert, before[0]);
    buf_cut(chain, before[1]);
    buf_cut(fullchain, before[2]);
    err->kind = ERROR_ACME; /* whatever is wrong with it: the CA sent it */
    return error_in(err, "the certificate chain that the CA sent");
}

bool cert_chain_top_issuer(struct view pem, char **out, struct error *err)
{
    AUTO(cert_free) struct cert *last = NULL;

    for (size_t count = 0;; count++) {
        AUTO(cert_free) struct cert *one = NULL;

        TRY(next_cert(&pem, &one, err));
        if (one == NULL)
            break;
        if (count == CHAIN_MAX)
            return error_set(err, ERROR_CONFIG, "more than %d certificates", CHAIN_MAX);
        cert_free(last);
        last = TAKE(one);
    }
    if (last == NULL)
        return error_set(err, ERROR_CONFIG, "no PEM block \"CERTIFICATE\" found");
    *out = view_dup(view_of(last->issuer_common_name));
    return true;
}
