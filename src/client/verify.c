#include "client/verify.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>

#include "base/auto.h"

#define LEVEL_ANY 0
#define LEVEL_TODAYS 2 /* 112 bits of security: RSA of 2048 bits, SHA-2 (SSL_CTX_set_security_level(3)) */

DEFINE_AUTO(X509_STORE_CTX, X509_STORE_CTX_free)
DEFINE_AUTO(X509_STORE, X509_STORE_free)

/* X509_V_OK, or the first error, and how far from the server's own certificate that is. */
static int check(X509_STORE *roots, X509 *leaf, STACK_OF(X509) * shown, int level, bool by_time, int *depth)
{
    AUTO(X509_STORE_CTX_free) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;
    int error;

    if (ctx == NULL || X509_STORE_CTX_init(ctx, roots, leaf, shown) != 1 ||
        X509_STORE_CTX_set_default(ctx, "ssl_server") != 1)
        return X509_V_ERR_UNSPECIFIED;
    param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_auth_level(param, level);
    if (!by_time)
        (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
    error = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
    *depth = X509_STORE_CTX_get_error_depth(ctx);
    ERR_clear_error();
    return error;
}

static enum probe_trust trust_of(int error, int depth)
{
    switch (error) {
    case X509_V_OK:
        return PROBE_TRUSTED;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return PROBE_SELF_SIGNED;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return depth == 0 ? PROBE_INCOMPLETE : PROBE_UNKNOWN_CA;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return PROBE_UNKNOWN_CA;
    default:
        return PROBE_UNTRUSTED;
    }
}

static bool is_weakness(int error)
{
    return error == X509_V_ERR_EE_KEY_TOO_SMALL || error == X509_V_ERR_CA_KEY_TOO_SMALL ||
           error == X509_V_ERR_CA_MD_TOO_WEAK;
}

static bool is_of_time(int error)
{
    return error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID;
}

static void say(int error, int depth, char to[static VERIFY_WHY])
{
    (void)snprintf(
        to, VERIFY_WHY, "%s%s", X509_verify_cert_error_string(error), depth > 0 ? ", of an issuer's certificate" : "");
}

void verify_shown(X509_STORE *roots, X509 *leaf, STACK_OF(X509) * shown, struct verified *out)
{
    AUTO(X509_STORE_free) X509_STORE *none = roots == NULL ? X509_STORE_new() : NULL;
    X509_STORE *by = roots == NULL ? none : roots;
    int depth = 0, error = check(by, leaf, shown, LEVEL_ANY, true, &depth);

    *out = (struct verified){ .trust = PROBE_UNTRUSTED };
    if (is_of_time(error) && depth == 0)
        error = check(by, leaf, shown, LEVEL_ANY, false, &depth);
    out->trust = trust_of(error, depth);
    if (error != X509_V_OK)
        say(error, depth, out->why);
    error = check(by, leaf, shown, LEVEL_TODAYS, false, &depth);
    if (is_weakness(error))
        say(error, depth, out->weak);
}
