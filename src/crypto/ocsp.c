/*
 * OCSP requests and responses (RFC 6960 section 4), as far as one server certificate needs them.
 */
#include "crypto/ocsp.h"

#include <string.h>

#include "crypto/der.h"
#include "crypto/signed_data.h"

#define SHA1_LEN 20
#define SKEW_S 300  /* between the responder's clock and ours */
#define CERTS_MAX 8 /* in a response; real ones have one or none */

#define OID_SHA1 OID("\x2b\x0e\x03\x02\x1a")                  /* 1.3.14.3.2.26 */
#define OID_BASIC OID("\x2b\x06\x01\x05\x05\x07\x30\x01\x01") /* 1.3.6.1.5.5.7.48.1.1 */

static const char *const response_status_names[] = {
    /* RFC 6960 section 4.2.1; number 4 is not used */
    "SUCCESSFUL",
    "MALFORMED_REQUEST",
    "INTERNAL_ERROR",
    "TRY_LATER",
    "UNUSED",
    "SIG_REQUIRED",
    "UNAUTHORIZED",
};

/* ---- CertID: which certificate is meant ---- */

struct cert_id {
    char name_hash[SHA1_LEN], key_hash[SHA1_LEN];
    struct view serial; /* content of the INTEGER */
};

static bool sha1(struct view data, char out[static SHA1_LEN], struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(SHA1_LEN);

    TRY(digest_sha1(data, &digest, err));
    memcpy(out, digest.at, SHA1_LEN);
    return true;
}

/* The hash of a public key: of the BIT STRING's content alone. */
static bool hash_key(const struct cert *cert, char out[static SHA1_LEN], struct error *err)
{
    struct view rest = { cert->der.at + cert->spki_at, cert->spki_len }, spki, algorithm, key;

    TRY(der_take(&rest, DER_SEQUENCE, &spki, "public key", err));
    TRY(der_take(&spki, DER_SEQUENCE, &algorithm, "public key", err));
    TRY(der_bits(&spki, &key, "public key", err));
    return sha1(key, out, err);
}

static bool cert_id_of(const struct cert *cert, const struct cert *issuer, struct cert_id *out, struct error *err)
{
    struct view name = { cert->der.at + cert->issuer_at, cert->issuer_len };

    out->serial = buf_view(&cert->serial_der);
    return sha1(name, out->name_hash, err) && hash_key(issuer, out->key_hash, err);
}

/* Puts one element around what was put since start. Everything in a request is shorter than 128 bytes. */
static void wrap(struct buf *out, size_t start, unsigned tag)
{
    size_t len = out->len - start;

    if (len > 127)
        out->failed = true;
    buf_put_text(out, "  ");
    if (out->failed)
        return;
    memmove(out->at + start + 2, out->at + start, len);
    out->at[start] = (char)tag;
    out->at[start + 1] = (char)len;
}

static void put(struct buf *out, unsigned tag, struct view content)
{
    size_t start = out->len;

    buf_put(out, content);
    wrap(out, start, tag);
}

bool ocsp_request(const struct cert *cert, const struct cert *issuer, struct buf *out, struct error *err)
{
    struct cert_id id;
    size_t start = out->len;

    TRY(cert_id_of(cert, issuer, &id, err));
    put(out, DER_OID, OID_SHA1);
    put(out, DER_NULL, view_of(""));
    wrap(out, start, DER_SEQUENCE); /* hashAlgorithm */
    put(out, DER_OCTET_STRING, (struct view){ id.name_hash, SHA1_LEN });
    put(out, DER_OCTET_STRING, (struct view){ id.key_hash, SHA1_LEN });
    put(out, DER_INTEGER, id.serial);
    wrap(out, start, DER_SEQUENCE); /* CertID */
    wrap(out, start, DER_SEQUENCE); /* Request */
    wrap(out, start, DER_SEQUENCE); /* requestList */
    wrap(out, start, DER_SEQUENCE); /* TBSRequest */
    wrap(out, start, DER_SEQUENCE); /* OCSPRequest */
    return !out->failed || error_set(err, ERROR_INTERNAL, "an OCSP request does not fit into %zu bytes", out->max);
}

/* ---- reading ---- */

struct response { /* BasicOCSPResponse; all borrowed */
    struct signed_data signed_data;
    unsigned responder_tag; /* [1] by name, [2] by hash of the key */
    struct view responder, singles, certs;
};

struct single { /* SingleResponse */
    bool ours;
    enum ocsp_status status;
    int64_t this_update, next_update; /* next_update 0: none given */
};

/* OCSPResponse: whether there is an answer at all. */
static bool read_envelope(struct view bytes, struct view *basic, struct error *err)
{
    static const char what[] = "OCSP response";
    struct view whole, status, wrapped, fields, type;

    TRY(der_take(&bytes, DER_SEQUENCE, &whole, what, err));
    TRY(der_end(bytes, what, err));
    TRY(der_take(&whole, DER_ENUMERATED, &status, what, err));
    if (status.len != 1 || (unsigned char)status.at[0] >= COUNT(response_status_names))
        return error_set(err, ERROR_CONFIG, "%s: a status that does not exist", what);
    if (status.at[0] != 0)
        return error_set(err, ERROR_ACME, "OCSPResponseStatus.%s", response_status_names[(int)status.at[0]]);
    TRY(der_take(&whole, DER_CONTEXT_CONSTRUCTED(0), &wrapped, what, err));
    TRY(der_end(whole, what, err));
    TRY(der_take(&wrapped, DER_SEQUENCE, &fields, what, err));
    TRY(der_take(&fields, DER_OID, &type, what, err));
    if (!view_equal(type, OID_BASIC))
        return error_set(err, ERROR_CONFIG, "%s: of another type than the basic one", what);
    TRY(der_take(&fields, DER_OCTET_STRING, basic, what, err));
    return der_end(fields, what, err);
}

/* ResponseData */
static bool read_data(struct view whole, struct response *out, struct error *err)
{
    static const char what[] = "OCSP response's content";
    struct view data, skipped, wrapped;
    int64_t produced_at;

    TRY(der_take(&whole, DER_SEQUENCE, &data, what, err));
    if (der_is(data, DER_CONTEXT_CONSTRUCTED(0)))
        TRY(der_take(&data, DER_CONTEXT_CONSTRUCTED(0), &skipped, "version", err));
    TRY(der_any(&data, &out->responder_tag, &wrapped, "responder", err));
    if (out->responder_tag == DER_CONTEXT_CONSTRUCTED(1)) {
        TRY(der_whole(&wrapped, DER_SEQUENCE, &out->responder, "responder's name", err));
    } else if (out->responder_tag == DER_CONTEXT_CONSTRUCTED(2)) {
        TRY(der_take(&wrapped, DER_OCTET_STRING, &out->responder, "responder's key", err));
    } else {
        return error_set(err, ERROR_CONFIG, "responder: neither a name nor a key");
    }
    TRY(der_time(&data, &produced_at, "time of the response", err));
    TRY(der_take(&data, DER_SEQUENCE, &out->singles, what, err));
    if (der_is(data, DER_CONTEXT_CONSTRUCTED(1))) /* extensions: none that we would need */
        TRY(der_take(&data, DER_CONTEXT_CONSTRUCTED(1), &skipped, what, err));
    return der_end(data, what, err);
}

static bool read_response(struct view basic, struct response *out, struct error *err)
{
    struct view fields, wrapped;

    TRY(der_take(&basic, DER_SEQUENCE, &fields, "basic OCSP response", err));
    TRY(der_end(basic, "basic OCSP response", err));
    TRY(signed_data_take(&fields, &out->signed_data, "OCSP response's content", err));
    out->certs = (struct view){ "", 0 };
    if (der_is(fields, DER_CONTEXT_CONSTRUCTED(0))) {
        TRY(der_take(&fields, DER_CONTEXT_CONSTRUCTED(0), &wrapped, "responder's certificates", err));
        TRY(der_take(&wrapped, DER_SEQUENCE, &out->certs, "responder's certificates", err));
    }
    TRY(der_end(fields, "basic OCSP response", err));
    return read_data(out->signed_data.content, out, err);
}

static bool read_cert_id(struct view *fields, const struct cert_id *want, bool *same, struct error *err)
{
    static const char what[] = "certificate's id in the OCSP response";
    struct view id, algorithm, oid, name_hash, key_hash, serial;

    TRY(der_take(fields, DER_SEQUENCE, &id, what, err));
    TRY(der_take(&id, DER_SEQUENCE, &algorithm, what, err));
    TRY(der_take(&algorithm, DER_OID, &oid, what, err));
    TRY(der_take(&id, DER_OCTET_STRING, &name_hash, what, err));
    TRY(der_take(&id, DER_OCTET_STRING, &key_hash, what, err));
    TRY(der_take(&id, DER_INTEGER, &serial, what, err));
    *same = view_equal(oid, OID_SHA1) && view_equal(name_hash, (struct view){ want->name_hash, SHA1_LEN }) &&
            view_equal(key_hash, (struct view){ want->key_hash, SHA1_LEN }) && view_equal(serial, want->serial);
    return der_end(id, what, err);
}

static bool read_status(struct view *fields, enum ocsp_status *out, struct error *err)
{
    struct view content;
    unsigned tag;

    TRY(der_any(fields, &tag, &content, "certificate's status", err));
    switch (tag) {
    case DER_CONTEXT(0):
        *out = OCSP_GOOD;
        return true;
    case DER_CONTEXT_CONSTRUCTED(1): /* RevokedInfo: when and why make no difference to us */
        *out = OCSP_REVOKED;
        return true;
    case DER_CONTEXT(2):
        *out = OCSP_UNKNOWN;
        return true;
    default: /* a tag from outside */
        return error_set(err, ERROR_CONFIG, "certificate's status: tag 0x%02x, which is none", tag);
    }
}

static bool read_single(struct view *list, const struct cert_id *want, struct single *out, struct error *err)
{
    struct view fields, wrapped;

    *out = (struct single){ 0 };
    TRY(der_take(list, DER_SEQUENCE, &fields, "single response", err));
    TRY(read_cert_id(&fields, want, &out->ours, err));
    TRY(read_status(&fields, &out->status, err));
    TRY(der_time(&fields, &out->this_update, "thisUpdate", err));
    if (der_is(fields, DER_CONTEXT_CONSTRUCTED(0))) {
        TRY(der_take(&fields, DER_CONTEXT_CONSTRUCTED(0), &wrapped, "nextUpdate", err));
        TRY(der_time(&wrapped, &out->next_update, "nextUpdate", err));
        TRY(der_end(wrapped, "nextUpdate", err));
    }
    if (der_is(fields, DER_CONTEXT_CONSTRUCTED(1)))
        TRY(der_take(&fields, DER_CONTEXT_CONSTRUCTED(1), &wrapped, "single response's extensions", err));
    return der_end(fields, "single response", err);
}

/* Reads all of them, so that what is broken is seen; the first about our certificate counts. */
static bool find_single(
    const struct response *response, const struct cert_id *want, struct single *out, struct error *err)
{
    struct view list = response->singles;
    struct single single = { 0 }, found = { 0 };

    while (list.len > 0) {
        TRY(read_single(&list, want, &single, err));
        if (single.ours && !found.ours)
            found = single;
    }
    if (!found.ours)
        return error_set(err, ERROR_NETWORK, "the response is about another certificate or issuer");
    *out = found;
    return true;
}

/* ---- judging ---- */

static bool is_responder(const struct response *response, const struct cert *cert)
{
    struct view subject = { cert->der.at + cert->subject_at, cert->subject_len };
    char hash[SHA1_LEN];
    struct error ignored = { 0 };

    if (response->responder_tag == DER_CONTEXT_CONSTRUCTED(1))
        return view_equal(response->responder, subject);
    return hash_key(cert, hash, &ignored) && view_equal(response->responder, (struct view){ hash, SHA1_LEN });
}

/* A responder that the issuer has put in its place (RFC 6960 section 4.2.2.2). */
static bool check_delegate(const struct cert *delegate, const struct cert *issuer, int64_t now, struct error *err)
{
    if (!cert_check_signed_by(delegate, issuer, err))
        return error_set(err, ERROR_NETWORK, "the issuer did not sign the responder's certificate");
    if (!delegate->signs_ocsp)
        return error_set(err, ERROR_NETWORK, "the responder's certificate is not meant for OCSP signing");
    if (now < delegate->not_before - SKEW_S || now > delegate->not_after + SKEW_S)
        return error_set(err, ERROR_NETWORK, "the responder's certificate is not valid now");
    return true;
}

static bool find_delegate(const struct response *response, struct cert **out, struct error *err)
{
    struct view list = response->certs, der;

    for (size_t i = 0; i < CERTS_MAX && list.len > 0; i++) {
        AUTO(cert_free) struct cert *cert = NULL;

        TRY(der_whole(&list, DER_SEQUENCE, &der, "responder's certificates", err));
        TRY(cert_from_der(der, "of the responder", &cert, err));
        if (is_responder(response, cert)) {
            *out = TAKE(cert);
            return true;
        }
    }
    return error_set(err, ERROR_NETWORK, "signed by a responder that is neither the issuer nor shows a certificate");
}

static bool check_signature(const struct response *response, const struct cert *issuer, int64_t now, struct error *err)
{
    AUTO(cert_free) struct cert *delegate = NULL;

    if (is_responder(response, issuer))
        return signed_data_check(&response->signed_data, issuer, err);
    TRY(find_delegate(response, &delegate, err));
    TRY(check_delegate(delegate, issuer, now, err));
    return signed_data_check(&response->signed_data, delegate, err);
}

static bool check_times(const struct single *single, int64_t now, struct error *err)
{
    if (single->this_update > now + SKEW_S)
        return error_set(err, ERROR_NETWORK, "the response is from the future");
    if (single->next_update != 0 && single->next_update < now - SKEW_S)
        return error_set(err, ERROR_NETWORK, "the response is out of date");
    return true;
}

static bool judge(struct view bytes, const struct cert *cert, const struct cert *issuer, int64_t now,
    enum ocsp_status *out, struct error *err)
{
    struct response response;
    struct single single = { 0 };
    struct cert_id id;
    struct view basic;

    TRY(read_envelope(bytes, &basic, err));
    TRY(read_response(basic, &response, err));
    TRY(cert_id_of(cert, issuer, &id, err));
    TRY(find_single(&response, &id, &single, err));
    TRY(check_signature(&response, issuer, now, err));
    TRY(check_times(&single, now, err));
    *out = single.status;
    return true;
}

bool ocsp_judge(struct view response, const struct cert *cert, const struct cert *issuer, int64_t now,
    enum ocsp_status *out, struct error *err)
{
    if (judge(response, cert, issuer, now, out, err))
        return true;
    if (err->kind != ERROR_ACME && err->kind != ERROR_INTERNAL)
        return error_as(err, ERROR_NETWORK); /* any error in it: it came from outside */
    return false;
}
