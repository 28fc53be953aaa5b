#pragma once
/*
 * The two certificates to which the corpora of crypto_ocsp and crypto_crl belong. Included by fuzz targets and tests
 * only.
 */
#include "crypto/cert.h"

#define FUZZ_NOW 1800000000 /* 2027-01-15 */

static const char fuzz_issuer_pem[] = "-----BEGIN CERTIFICATE-----\n"
                                      "MIIBeDCCAR+gAwIBAgIUE1WhFEZiPUggiHbVwCAM5WcQvEowCgYIKoZIzj0EAwIw\n"
                                      "EjEQMA4GA1UEAwwHRnV6eiBDQTAeFw0yNjExMjIwMzU5NTBaFw0zNTAyMDgwMzU5\n"
                                      "NTBaMBIxEDAOBgNVBAMMB0Z1enogQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
                                      "AARP4Hh2NBIsuNX2LlCGuA8wiZswGyjA347cjaBK/vNt2Vci7hKuto4rlfDzWngo\n"
                                      "2qAlTYZ2QeftfAmh/CoeZkFco1MwUTAdBgNVHQ4EFgQU7vy66De1Iey786xnUKSB\n"
                                      "snwoQ+UwHwYDVR0jBBgwFoAU7vy66De1Iey786xnUKSBsnwoQ+UwDwYDVR0TAQH/\n"
                                      "BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiB3Ebe6PP+9pnAucu4UE1fwLQnQxQxr\n"
                                      "me/dhnAVoidzqgIgfHnCmp+oa1FzrgucXE3yukay92RD9A+FZGZbQA6FoWc=\n"
                                      "-----END CERTIFICATE-----\n";

static const char fuzz_leaf_pem[] = "-----BEGIN CERTIFICATE-----\n"
                                    "MIIB1TCCAXugAwIBAgIEAI+lzDAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdGdXp6\n"
                                    "IENBMB4XDTI2MTEyMjAzNTk1MFoXDTM1MDIwODAzNTk1MFowFzEVMBMGA1UEAwwM\n"
                                    "bGVhZi5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsWP/emCoGPl+\n"
                                    "Npn1bayki1g8rdnBjv+SnJ/0LoXhBn7nT+4/vpQP3osOlW431O0HpbAMJYmRB6aO\n"
                                    "KNznH1lHS6OBuTCBtjAXBgNVHREEEDAOggxsZWFmLmV4YW1wbGUwKQYDVR0fBCIw\n"
                                    "IDAeoBygGoYYaHR0cDovL2NybC5leGFtcGxlLzcuY3JsMDAGCCsGAQUFBwEBBCQw\n"
                                    "IjAgBggrBgEFBQcwAYYUaHR0cDovL29jc3AuZXhhbXBsZS8wHQYDVR0OBBYEFKx/\n"
                                    "tFTbmnQjuvhxHwv/XUVZyszYMB8GA1UdIwQYMBaAFO78uug3tSHsu/OsZ1CkgbJ8\n"
                                    "KEPlMAoGCCqGSM49BAMCA0gAMEUCIFZfpylSETqQTgszhfVkq1hMfhNNVUfhi3ni\n"
                                    "an/J3Oh2AiEAovu3kfaxUmhK4mCVUrh+Zm2SMJ0VHoK2UEcQXHsLqRM=\n"
                                    "-----END CERTIFICATE-----\n";

/* Reads them once. */
static inline bool fuzz_certs(struct cert **leaf, struct cert **issuer)
{
    struct error err = { 0 };

    return *leaf != NULL || (cert_from_pem(view_of(fuzz_leaf_pem), "leaf", leaf, &err) &&
                                cert_from_pem(view_of(fuzz_issuer_pem), "issuer", issuer, &err));
}
