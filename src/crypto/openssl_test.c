/* OpenSSL's error queue as our error. */
#include "base/test.h"
#include "crypto/openssl.h"

TEST(error_openssl_takes_the_queue)
{
    struct error err = { 0 };

    ERR_raise_data(ERR_LIB_X509, X509_R_CERT_ALREADY_IN_HASH_TABLE, "detail=%d", 7);
    ERR_raise(ERR_LIB_X509, X509_R_INVALID_TRUST);
    CHECK(!error_openssl(&err, ERROR_STORE, "cannot do %s", "it"));
    CHECK(err.kind == ERROR_STORE);
    CHECK_TEXT(err.why, "cannot do it: cert already in hash table (detail=7)", "the oldest entry");
    CHECK(ERR_peek_error() == 0, "the queue is not empty");
}

TEST(error_openssl_without_a_queue)
{
    struct error err = { 0 };

    CHECK(!error_openssl(&err, ERROR_INTERNAL, "cannot do it"));
    CHECK_TEXT(err.why, "cannot do it", "no entry");
}

TEST_MAIN()
