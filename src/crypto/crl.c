/*
 * Revocation lists. All of a list is read and checked once; then each certificate is a search among the
 * sorted serial numbers.
 */
#include "crypto/crl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/cert_names.h"
#include "crypto/der.h"
#include "crypto/pem.h"
#include "crypto/signed_data.h"

#define SKEW_S 300       /* between the CA's clock and ours */
#define REASON_REMOVED 8 /* removeFromCRL: no longer on hold (RFC 5280 section 5.3.1) */

struct entry {
    struct view serial; /* content of the INTEGER, inside der */
    bool removed;
};

struct crl {
    struct buf der, signer_spki;      /* the whole list; the key that it was checked with */
    struct view issuer;               /* Name */
    int64_t this_update, next_update; /* next_update 0: none given */
    struct view full_names;           /* of the distribution point that it is about; at NULL when it is about all */
    bool other_point;                 /* it is about a point that we have no word for */
    bool other_certs;                 /* only about CAs or attributes */
    struct entry *entries;            /* sorted */
    size_t count, size;
};

void crl_free(struct crl *crl)
{
    if (crl == NULL)
        return;
    buf_clear(&crl->der);
    buf_clear(&crl->signer_spki);
    free(crl->entries);
    free(crl);
}

/* Any order will do, as long as it is the same for sorting and searching. */
static int compare(const void *a, const void *b)
{
    const struct view *x = &((const struct entry *)a)->serial, *y = &((const struct entry *)b)->serial;

    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return memcmp(x->at, y->at, x->len);
}

/* ---- entries ---- */

/* RFC 5280 section 5.3 */
static bool read_entry_extensions(struct view wrapped, struct entry *entry, struct error *err)
{
    static const char what[] = "entry's extensions";
    struct view list, oid, value, reason;
    bool critical;

    TRY(der_take(&wrapped, DER_SEQUENCE, &list, what, err));
    TRY(der_end(wrapped, what, err));
    while (list.len > 0) {
        TRY(names_extension(&list, &oid, &critical, &value, err));
        if (view_equal(oid, OID("\x55\x1d\x15"))) { /* 2.5.29.21, reasonCode */
            TRY(der_take(&value, DER_ENUMERATED, &reason, "reason", err));
            entry->removed = reason.len == 1 && reason.at[0] == REASON_REMOVED;
        } else if (critical) {
            return error_set(err, ERROR_NETWORK, "an entry of the list has a critical extension that is not known");
        }
    }
    return true;
}

static void add_entry(struct crl *crl, const struct entry *entry)
{
    if (crl->count == crl->size) { /* bounded by CRL_MAX: an entry takes more than twenty bytes there */
        crl->size = crl->size == 0 ? 64 : 2 * crl->size;
        crl->entries = xrealloc(crl->entries, crl->size, sizeof *crl->entries);
    }
    crl->entries[crl->count++] = *entry;
}

static bool read_entries(struct crl *crl, struct view list, struct error *err)
{
    while (list.len > 0) {
        struct entry entry = { 0 };
        struct view fields;
        int64_t revoked_at;

        TRY(der_take(&list, DER_SEQUENCE, &fields, "entry", err));
        TRY(der_take(&fields, DER_INTEGER, &entry.serial, "entry's serial number", err));
        TRY(der_time(&fields, &revoked_at, "entry's date", err));
        if (fields.len > 0)
            TRY(read_entry_extensions(fields, &entry, err));
        add_entry(crl, &entry);
    }
    if (crl->count > 0)
        qsort(crl->entries, crl->count, sizeof *crl->entries, compare);
    return true;
}

/* ---- extensions of the list ---- */

static bool is_true(struct view flag)
{
    return flag.len > 0 && flag.at[0] != 0;
}

static bool read_point_name(struct crl *crl, struct view name, struct error *err)
{
    if (!der_is(name, DER_CONTEXT_CONSTRUCTED(0))) { /* relative to the issuer's name: not what is in a URL */
        crl->other_point = true;
        return true;
    }
    return der_take(&name, DER_CONTEXT_CONSTRUCTED(0), &crl->full_names, "distribution point", err);
}

/* IssuingDistributionPoint, RFC 5280 section 5.2.5 */
static bool read_scope(struct crl *crl, struct view value, struct error *err)
{
    static const char what[] = "issuing distribution point";
    struct view fields, content;
    unsigned tag;

    TRY(der_take(&value, DER_SEQUENCE, &fields, what, err));
    while (fields.len > 0) {
        TRY(der_any(&fields, &tag, &content, what, err));
        switch (tag) {
        case DER_CONTEXT_CONSTRUCTED(0):
            TRY(read_point_name(crl, content, err));
            break;
        case DER_CONTEXT(1): /* onlyContainsUserCerts: ours is one */
        case DER_CONTEXT(3): /* onlySomeReasons: certificates listed are revoked all the same */
            break;
        case DER_CONTEXT(2): /* onlyContainsCACerts */
        case DER_CONTEXT(5): /* onlyContainsAttributeCerts */
            crl->other_certs = crl->other_certs || is_true(content);
            break;
        case DER_CONTEXT(4):
            if (is_true(content))
                return error_set(err, ERROR_NETWORK, "an indirect list, which other issuers share");
            break;
        default: /* a tag from outside */
            return error_set(err, ERROR_NETWORK, "%s: tag 0x%02x is not known", what, tag);
        }
    }
    return true;
}

static bool read_extensions(struct crl *crl, struct view wrapped, struct error *err)
{
    struct view list, oid, value;
    bool critical;

    TRY(der_take(&wrapped, DER_SEQUENCE, &list, "list's extensions", err));
    TRY(der_end(wrapped, "list's extensions", err));
    while (list.len > 0) {
        TRY(names_extension(&list, &oid, &critical, &value, err));
        if (view_equal(oid, OID("\x55\x1d\x1c"))) { /* 2.5.29.28 */
            TRY(read_scope(crl, value, err));
        } else if (view_equal(oid, OID("\x55\x1d\x1b"))) { /* 2.5.29.27 */
            return error_set(err, ERROR_NETWORK, "a delta list, which is no use without its base");
        } else if (critical) { /* RFC 5280 section 5.2: such a list tells nothing about anybody */
            return error_set(err, ERROR_NETWORK, "the list has a critical extension that is not known");
        }
    }
    return true;
}

/* ---- the list ---- */

/* TBSCertList, RFC 5280 section 5.1.2 */
static bool read_content(struct crl *crl, struct view whole, struct error *err)
{
    static const char what[] = "list's content";
    struct view fields, skipped, entries, wrapped;

    TRY(der_take(&whole, DER_SEQUENCE, &fields, what, err));
    if (der_is(fields, DER_INTEGER))
        TRY(der_take(&fields, DER_INTEGER, &skipped, "version", err));
    TRY(der_take(&fields, DER_SEQUENCE, &skipped, "signature algorithm", err));
    TRY(der_whole(&fields, DER_SEQUENCE, &crl->issuer, "list's issuer", err));
    TRY(der_time(&fields, &crl->this_update, "thisUpdate", err));
    if (der_is(fields, DER_UTC_TIME) || der_is(fields, DER_GENERALIZED_TIME))
        TRY(der_time(&fields, &crl->next_update, "nextUpdate", err));
    if (der_is(fields, DER_SEQUENCE)) {
        TRY(der_take(&fields, DER_SEQUENCE, &entries, "list's entries", err));
        TRY(read_entries(crl, entries, err));
    }
    if (der_is(fields, DER_CONTEXT_CONSTRUCTED(0))) {
        TRY(der_take(&fields, DER_CONTEXT_CONSTRUCTED(0), &wrapped, "list's extensions", err));
        TRY(read_extensions(crl, wrapped, err));
    }
    return der_end(fields, what, err);
}

/* Most servers send DER (RFC 5280 section 4.2.1.13 wants it), some PEM. */
static bool take_bytes(struct view bytes, struct buf *der, struct error *err)
{
    struct pem_block block;

    if (!der_is(bytes, DER_SEQUENCE)) {
        TRY(pem_find(&bytes, "X509 CRL", NULL, &block, err));
        return pem_decode(&block, der, err);
    }
    buf_put(der, bytes);
    return !der->failed || error_set(err, ERROR_NETWORK, "a list larger than %zu bytes", der->max);
}

static bool read_crl(struct crl *crl, struct view bytes, const struct cert *issuer, struct error *err)
{
    struct view subject = { issuer->der.at + issuer->subject_at, issuer->subject_len };
    struct view rest, fields;
    struct signed_data data;

    TRY(take_bytes(bytes, &crl->der, err));
    rest = buf_view(&crl->der);
    TRY(der_take(&rest, DER_SEQUENCE, &fields, "revocation list", err));
    TRY(der_end(rest, "revocation list", err));
    TRY(signed_data_take(&fields, &data, "list's content", err));
    TRY(der_end(fields, "revocation list", err));
    TRY(read_content(crl, data.content, err));
    if (!view_equal(crl->issuer, subject))
        return error_set(err, ERROR_NETWORK, "the list is of another issuer");
    TRY(signed_data_check(&data, issuer, err));
    buf_put(&crl->signer_spki, (struct view){ issuer->der.at + issuer->spki_at, issuer->spki_len });
    return true;
}

bool crl_read(struct view bytes, const struct cert *issuer, struct crl **out, struct error *err)
{
    AUTO(crl_free) struct crl *crl = xcalloc(1, sizeof *crl);

    crl->der = BUF(CRL_MAX);
    crl->signer_spki = BUF(issuer->spki_len);
    if (!read_crl(crl, bytes, issuer, err)) {
        if (err->kind != ERROR_INTERNAL)
            return error_as(err, ERROR_NETWORK); /* any error in it: it came from outside */
        return false;
    }
    *out = TAKE(crl);
    return true;
}

/* ---- looking up ---- */

static bool check_times(const struct crl *crl, int64_t now, struct error *err)
{
    if (crl->this_update > now + SKEW_S)
        return error_set(err, ERROR_NETWORK, "the revocation list is from the future");
    if (crl->next_update != 0 && crl->next_update < now - SKEW_S)
        return error_set(err, ERROR_NETWORK, "the revocation list is out of date");
    return true;
}

bool crl_is_current(const struct crl *crl, int64_t now)
{
    struct error err = { 0 };

    return check_times(crl, now, &err);
}

/* Whether the list would tell of cert. A part that lies at another URL than the certificate names would
 * not. */
static bool is_about(const struct crl *crl, const struct cert *cert)
{
    struct view names = crl->full_names, name, url = view_of(cert->crl_url);
    struct error ignored = { 0 };
    unsigned tag;

    if (crl->other_certs || crl->other_point)
        return false;
    if (names.at == NULL)
        return true;
    while (names.len > 0 && der_any(&names, &tag, &name, "distribution point", &ignored))
        if (tag == DER_CONTEXT(6) && view_equal(name, url))
            return true;
    return false;
}

bool crl_lookup(const struct crl *crl, const struct cert *cert, const struct cert *issuer, int64_t now, bool *revoked,
    struct error *err)
{
    struct entry want = { .serial = buf_view(&cert->serial_der) };
    struct view spki = { issuer->der.at + issuer->spki_at, issuer->spki_len };
    struct view name = { cert->der.at + cert->issuer_at, cert->issuer_len };
    const struct entry *found = NULL;

    if (!view_equal(crl->issuer, name) || !view_equal(buf_view(&crl->signer_spki), spki))
        return error_set(err, ERROR_NETWORK, "the revocation list is of another issuer");
    TRY(check_times(crl, now, err));
    if (crl->count > 0)
        found = bsearch(&want, crl->entries, crl->count, sizeof *crl->entries, compare);
    if (found == NULL && !is_about(crl, cert))
        return error_set(err, ERROR_NETWORK, "the revocation list is about other certificates");
    *revoked = found != NULL && !found->removed;
    return true;
}
