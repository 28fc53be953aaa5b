#pragma once
/*
 * Additions to OpenSSL: release at the end of the scope, and its error queue as our error.
 *
 * Private to this room: no header that others include needs OpenSSL.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"

DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)
DEFINE_AUTO(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
DEFINE_AUTO(EVP_MD_CTX, EVP_MD_CTX_free)
DEFINE_AUTO(EVP_MD, EVP_MD_free)
DEFINE_AUTO(ECDSA_SIG, ECDSA_SIG_free)
DEFINE_AUTO(BIGNUM, BN_clear_free)
DEFINE_AUTO(BN_CTX, BN_CTX_free)
DEFINE_AUTO(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
DEFINE_AUTO(OSSL_PARAM, OSSL_PARAM_free)
DEFINE_AUTO(PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
DEFINE_AUTO(X509, X509_free)
DEFINE_AUTO(X509_REQ, X509_REQ_free)
DEFINE_AUTO(X509_EXTENSION, X509_EXTENSION_free)
DEFINE_AUTO(GENERAL_NAME, GENERAL_NAME_free)
DEFINE_AUTO(GENERAL_NAMES, GENERAL_NAMES_free)
DEFINE_AUTO(ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)

static inline void exts_free(STACK_OF(X509_EXTENSION) * exts)
{
    sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
}
DEFINE_AUTO(STACK_OF(X509_EXTENSION), exts_free)

static inline const unsigned char *view_bytes(struct view view)
{
    return (const unsigned char *)view.at;
}

/* Starts an error: why, then the words of the oldest entry of OpenSSL's queue, which is emptied. Returns
 * false. */
bool error_openssl(struct error *err, enum error_kind kind, const char *why, ...) PRINTF(3, 4);
#ifdef __clang_analyzer__ /* as in base/error.h */
#define error_openssl(...) ((void)error_openssl(__VA_ARGS__), false)
#endif
