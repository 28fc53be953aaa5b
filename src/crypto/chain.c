#include "crypto/chain.h"

#include <string.h>

#include "crypto/pem.h"

void chain_clear(struct chain *chain)
{
    for (size_t i = 0; i < chain->len; i++) {
        cert_free(chain->at[i].cert);
        X509_free(chain->at[i].x509);
    }
    chain->len = 0;
}

/* ---- reading ---- */

static bool has(const struct chain *chain, struct view der)
{
    for (size_t i = 0; i < chain->len; i++)
        if (view_equal(buf_view(&chain->at[i].cert->der), der))
            return true;
    return false;
}

bool chain_add(struct view der, struct chain *chain, struct error *err)
{
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(X509_free) X509 *x509 = NULL;
    const unsigned char *at = view_bytes(der);

    if (has(chain, der))
        return true;
    if (chain->len == CHAIN_MAX)
        return error_set(err, ERROR_ACME, "more than %d certificates", CHAIN_MAX);
    if (!cert_from_der(der, "of the chain", &cert, err))
        return error_as(err, ERROR_ACME); /* any error in it: the CA sent it */
    x509 = d2i_X509(NULL, &at, (long)der.len);
    if (x509 == NULL || X509_get0_pubkey(x509) == NULL)
        return error_openssl(err, ERROR_ACME, "a certificate that OpenSSL does not take");
    ERR_clear_error();
    chain->at[chain->len].cert = TAKE(cert);
    chain->at[chain->len++].x509 = TAKE(x509);
    return true;
}

static bool read_blocks(struct view text, struct chain *chain, struct error *err)
{
    struct pem_block block;

    for (;;) {
        AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER);

        TRY(pem_next_anywhere(&text, &block, err));
        if (block.label.at == NULL)
            return true;
        if (!view_is(block.label, "CERTIFICATE"))
            return error_set(
                err, ERROR_ACME, "a PEM block \"%.*s\" among certificates", (int)block.label.len, block.label.at);
        TRY(pem_decode(&block, &der, err));
        TRY(chain_add(buf_view(&der), chain, err));
    }
}

bool chain_read(struct view text, struct chain *chain, struct error *err)
{
    size_t before = chain->len;

    if (!read_blocks(text, chain, err))
        return error_as(err, ERROR_ACME);
    return chain->len > before || before > 0 || error_set(err, ERROR_ACME, "no certificate in PEM");
}

/* ---- who signed whom ---- */

size_t chain_find_key(const struct chain *chain, EVP_PKEY *key)
{
    size_t i = 0;

    while (i < chain->len && EVP_PKEY_eq(X509_get0_pubkey(chain->at[i].x509), key) != 1)
        i++;
    ERR_clear_error();
    return i;
}

/* Moves one certificate forward; those between make room. */
static void move(struct chain *chain, size_t from, size_t to)
{
    struct cert *cert = chain->at[from].cert;
    X509 *x509 = chain->at[from].x509;

    for (; from > to; from--)
        chain->at[from] = chain->at[from - 1];
    chain->at[to].cert = cert;
    chain->at[to].x509 = x509;
}

static bool bears_name(X509 *issuer, X509 *subject)
{
    return X509_NAME_cmp(X509_get_subject_name(issuer), X509_get_issuer_name(subject)) == 0;
}

/* Whether the issuer is a CA that may sign certificates (RFC 5280 sections 4.2.1.3 and 4.2.1.9) and did sign. Key
 * identifiers only help to find it. */
static bool has_signed(X509 *issuer, X509 *subject)
{
    bool ok = X509_check_ca(issuer) != 0 && X509_verify(subject, X509_get0_pubkey(issuer)) == 1;

    ERR_clear_error();
    return ok;
}

/* The issuer of at[last] among those behind it; chain->len when there is none. *named: one has its name. */
static size_t find_issuer(const struct chain *chain, size_t last, bool *named)
{
    X509 *subject = chain->at[last].x509;
    size_t i;

    *named = false;
    for (i = last + 1; i < chain->len; i++) {
        if (!bears_name(chain->at[i].x509, subject))
            continue;
        *named = true;
        if (has_signed(chain->at[i].x509, subject))
            break;
    }
    return i;
}

static const char *name_of(const struct cert *cert)
{
    if (cert->common_name != NULL)
        return cert->common_name;
    return cert->names.len > 0 ? cert->names.at[0] : "";
}

static bool not_signed(const struct cert *cert, struct error *err)
{
    return error_set(err, ERROR_ACME,
        "signature: the certificate of \"%s\" says that \"%s\" issued it, but the certificate of that name that came "
        "with it did not sign it, or must not sign any",
        name_of(cert), cert->issuer_common_name == NULL ? "" : cert->issuer_common_name);
}

bool chain_sort(struct chain *chain, size_t leaf, size_t *len, struct error *err)
{
    size_t last = 0;

    move(chain, leaf, 0);
    for (;; last++) {
        X509 *x509 = chain->at[last].x509;
        bool is_root = bears_name(x509, x509), named;
        size_t issuer;

        if (is_root && last > 0)
            break;
        issuer = find_issuer(chain, last, &named);
        if (issuer == chain->len && (named || is_root)) /* a key other than the CA's cannot have signed itself */
            return not_signed(chain->at[last].cert, err);
        if (issuer == chain->len)
            break;
        move(chain, issuer, last + 1);
    }
    *len = last + 1;
    return true;
}
