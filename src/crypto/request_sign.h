#pragma once
/*
 * Signatures over requests, as cloud providers want them: each a small function over the same canonical form of a
 * request.
 *
 * Knows what is signed and how; knows nothing of what is asked. The secret stays in this process: what crosses over to
 * the network is the field with the signature.
 */
#include "base/bytes.h"

enum request_scheme {
    REQUEST_AWS4,     /* Amazon, Signature Version 4 */
    REQUEST_TC3,      /* Tencent Cloud */
    REQUEST_ACS3,     /* Alibaba Cloud */
    REQUEST_HUAWEI,   /* Huawei Cloud */
    REQUEST_VOLC,     /* Volcano Engine */
    REQUEST_BCE,      /* Baidu Cloud */
    REQUEST_OCI,      /* Oracle Cloud: RSA over some fields */
    REQUEST_EDGEGRID, /* Akamai */
    REQUEST_SCHEMES
};

struct request_parts { /* as they are sent; borrowed */
    const char *method;
    const char *host;
    const char *path;         /* percent-encoded, "/" at least */
    const char *query;        /* percent-encoded, in byte order of the names; "" for none */
    const char *content_type; /* NULL: there is no body */
    struct view body;
    const struct list *fields; /* of the head: name and value in turn */
};

struct request_keys {
    const char *key, *secret;     /* secret: a text, or a private key in PEM */
    const char *token;            /* of a session, or of the client; NULL: none */
    const char *region, *service; /* NULL where the scheme has none */
};

/* By the word that descriptions use: "aws4". */
MUST_USE bool request_scheme_find(const char *name, enum request_scheme *out);

/*
 * Appends the fields to be added to the request, name and value in turn; that named Authorization is secret. now: UTC
 * seconds since 1970; nonce: at least 16 letters and digits that are used once. ERROR_CONFIG for a key that cannot
 * sign.
 */
MUST_USE bool request_sign(enum request_scheme scheme, const struct request_parts *parts,
    const struct request_keys *keys, int64_t now, const char *nonce, struct list *out, struct error *err);
