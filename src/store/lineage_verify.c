/*
 * Reading the files of a lineage's current version, and whether they belong together.
 */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/lineage_verify.h"

bool lineage_read(const struct lineage *lineage, enum kind kind, struct buf *out, struct error *err)
{
    return file_read(lineage->current[kind], out, err);
}

bool lineage_read_key(const struct lineage *lineage, struct buf *out, struct error *err)
{
    out->secret = true; /* even if the caller forgot */
    return lineage_read(lineage, KIND_PRIVKEY, out, err);
}

static bool check_signature(const struct lineage *lineage, struct view chain, struct error *err)
{
    AUTO(cert_free) struct cert *issuer = NULL;

    return cert_from_pem(chain, lineage->current[KIND_CHAIN], &issuer, err) &&
           cert_check_signed_by(lineage->cert, issuer, err);
}

/* The same, unless it was found good before. */
static bool recall_signature(
    const struct lineage *lineage, struct view chain, struct checked *checked, struct error *err)
{
    uint8_t digest[CHECKED_DIGEST];

    TRY(checked_name("signature", buf_view(&lineage->cert->der), chain, digest, err));
    if (checked_has(checked, digest))
        return true;
    TRY(check_signature(lineage, chain, err));
    checked_add(checked, digest);
    return true;
}

static bool verify_signature(
    const struct lineage *lineage, struct view chain, struct checked *checked, struct error *err)
{
    if (view_trim(chain).len == 0) /* a CA whose root signs may send nothing but the certificate */
        return true;
    if (checked != NULL ? recall_signature(lineage, chain, checked, err) : check_signature(lineage, chain, err))
        return true;
    (void)error_as(err, ERROR_STORE);
    return error_in(
        err, "verifying the signature of the certificate located at %s has failed", lineage->live[KIND_CERT]);
}

static bool is_concatenation(struct view whole, struct view first, struct view second)
{
    return whole.len == first.len + second.len && memcmp(whole.at, first.at, first.len) == 0 &&
           memcmp(whole.at + first.len, second.at, second.len) == 0;
}

static bool verify_key(const struct lineage *lineage, struct error *err)
{
    AUTO(buf_clear) struct buf key = BUF_SECRET(FILE_MAX_TEXT);

    TRY(lineage_read_key(lineage, &key, err));
    if (cert_check_key_pem(lineage->cert, buf_view(&key), lineage->live[KIND_PRIVKEY], err))
        return true;
    (void)error_as(err, ERROR_STORE);
    return error_in(err, "verifying the certificate located at %s matches the private key located at %s has failed",
        lineage->live[KIND_CERT], lineage->live[KIND_PRIVKEY]);
}

/* checked: NULL, each is checked. */
static bool verify(const struct lineage *lineage, struct view cert, struct checked *checked, struct error *err)
{
    AUTO(buf_clear) struct buf chain = BUF(FILE_MAX_TEXT);
    AUTO(buf_clear) struct buf fullchain = BUF(FILE_MAX_TEXT);

    TRY(lineage_read(lineage, KIND_CHAIN, &chain, err));
    TRY(verify_signature(lineage, buf_view(&chain), checked, err));
    TRY(lineage_read(lineage, KIND_FULLCHAIN, &fullchain, err));
    if (!is_concatenation(buf_view(&fullchain), cert, buf_view(&chain)))
        return error_set(err, ERROR_STORE, "fullchain does not match cert + chain for %s!", lineage->name);
    return verify_key(lineage, err);
}

bool lineage_verify(const struct lineage *lineage, struct error *err)
{
    AUTO(buf_clear) struct buf cert = BUF(FILE_MAX_TEXT);

    TRY(lineage_read(lineage, KIND_CERT, &cert, err));
    return verify(lineage, buf_view(&cert), NULL, err);
}

bool lineage_verify_once(const struct lineage *lineage, struct checked *checked, struct error *err)
{
    return verify(lineage, buf_view(&lineage->cert_pem), checked, err);
}
