/*
 * Finds the public half of a key in SubjectPublicKeyInfo, PKCS#8, PKCS#1 and SEC 1.
 */
#include "crypto/public_part.h"

#include "crypto/der.h"

#define OID_RSA OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01") /* 1.2.840.113549.1.1.1 */
#define OID_EC OID("\x2a\x86\x48\xce\x3d\x02\x01")          /* 1.2.840.10045.2.1 */

static unsigned curve_bits(struct view oid)
{
    if (view_equal(oid, OID("\x2a\x86\x48\xce\x3d\x03\x01\x07"))) /* 1.2.840.10045.3.1.7, P-256 */
        return 256;
    if (view_equal(oid, OID("\x2b\x81\x04\x00\x22"))) /* 1.3.132.0.34, P-384 */
        return 384;
    if (view_equal(oid, OID("\x2b\x81\x04\x00\x23"))) /* 1.3.132.0.35, P-521 */
        return 521;
    return 0;
}

/* Modulus and exponent stand at the front of RSAPublicKey, and of RSAPrivateKey behind its version. */
static bool read_rsa(struct view *numbers, struct public_part *out, struct error *err)
{
    TRY(der_unsigned(numbers, &out->modulus, "RSA modulus", err));
    TRY(der_unsigned(numbers, &out->exponent, "RSA exponent", err));
    if (out->modulus.len == 0)
        return error_set(err, ERROR_CONFIG, "RSA modulus: it is zero");
    if (out->modulus.len > 8192)
        return error_set(err, ERROR_CONFIG, "RSA modulus: %zu bytes are more than any real key has", out->modulus.len);
    out->type = KEY_RSA;
    out->bits = (unsigned)(out->modulus.len - 1) * 8;
    for (unsigned top = (unsigned char)out->modulus.at[0]; top > 0; top >>= 1)
        out->bits++;
    out->known = true;
    return true;
}

static void set_ec(struct view curve, struct view point, struct public_part *out)
{
    unsigned bits = curve_bits(curve);

    if (bits == 0 || point.len == 0)
        return;
    *out = (struct public_part){ true, KEY_EC, bits, .curve = curve, .point = point };
}

/* AlgorithmIdentifier: the algorithm, and for EC the named curve (empty when it has no name). */
static bool read_algorithm(struct view *rest, struct view *oid, struct view *curve, struct error *err)
{
    struct view content;

    TRY(der_take(rest, DER_SEQUENCE, &content, "key algorithm", err));
    TRY(der_take(&content, DER_OID, oid, "key algorithm's identifier", err));
    *curve = (struct view){ "", 0 };
    if (view_equal(*oid, OID_EC) && der_is(content, DER_OID))
        TRY(der_take(&content, DER_OID, curve, "curve", err));
    return true;
}

bool public_part_of_spki(struct view spki, struct public_part *out, struct error *err)
{
    struct public_part part = { .known = false };
    struct view content, oid, curve, bits, numbers;

    TRY(der_take(&spki, DER_SEQUENCE, &content, "public key", err));
    TRY(der_end(spki, "public key", err));
    TRY(read_algorithm(&content, &oid, &curve, err));
    TRY(der_bits(&content, &bits, "public key's bits", err));
    TRY(der_end(content, "public key", err));
    if (view_equal(oid, OID_RSA)) {
        TRY(der_take(&bits, DER_SEQUENCE, &numbers, "RSA public key", err));
        TRY(der_end(bits, "RSA public key", err));
        TRY(read_rsa(&numbers, &part, err));
        TRY(der_end(numbers, "RSA public key", err));
    } else if (view_equal(oid, OID_EC)) {
        set_ec(curve, bits, &part);
    }
    *out = part;
    return true;
}

static bool read_pkcs1(struct view der, struct public_part *out, struct error *err)
{
    struct view content, version;

    TRY(der_take(&der, DER_SEQUENCE, &content, "RSA private key", err));
    TRY(der_end(der, "RSA private key", err));
    TRY(der_unsigned(&content, &version, "RSA private key's version", err));
    return read_rsa(&content, out, err);
}

/* curve: what the PKCS#8 around it named, empty when there was none. */
static bool read_sec1(struct view der, struct view curve, struct public_part *out, struct error *err)
{
    struct view content, version, secret, wrapped, point = { "", 0 };

    TRY(der_take(&der, DER_SEQUENCE, &content, "EC private key", err));
    TRY(der_end(der, "EC private key", err));
    TRY(der_unsigned(&content, &version, "EC private key's version", err));
    TRY(der_take(&content, DER_OCTET_STRING, &secret, "EC private key's number", err));
    if (der_is(content, DER_CONTEXT_CONSTRUCTED(0))) {
        TRY(der_take(&content, DER_CONTEXT_CONSTRUCTED(0), &wrapped, "EC private key's curve", err));
        if (curve.len == 0 && der_is(wrapped, DER_OID))
            TRY(der_take(&wrapped, DER_OID, &curve, "EC private key's curve", err));
    }
    if (der_is(content, DER_CONTEXT_CONSTRUCTED(1))) {
        TRY(der_take(&content, DER_CONTEXT_CONSTRUCTED(1), &wrapped, "EC private key's public half", err));
        TRY(der_bits(&wrapped, &point, "EC private key's public half", err));
        TRY(der_end(wrapped, "EC private key's public half", err));
    }
    TRY(der_end(content, "EC private key", err));
    set_ec(curve, point, out);
    return true;
}

static bool read_pkcs8(struct view der, struct public_part *out, struct error *err)
{
    struct view content, version, oid, curve, inner;

    TRY(der_take(&der, DER_SEQUENCE, &content, "private key", err));
    TRY(der_end(der, "private key", err));
    TRY(der_unsigned(&content, &version, "private key's version", err));
    TRY(read_algorithm(&content, &oid, &curve, err));
    TRY(der_take(&content, DER_OCTET_STRING, &inner, "private key's content", err));
    if (view_equal(oid, OID_RSA))
        return read_pkcs1(inner, out, err);
    if (view_equal(oid, OID_EC))
        return read_sec1(inner, curve, out, err);
    return true;
}

bool public_part_of_private(struct view der, enum private_form form, struct public_part *out, struct error *err)
{
    struct public_part part = { .known = false };
    bool ok = false;

    switch (form) {
    case PRIVATE_PKCS8:
        ok = read_pkcs8(der, &part, err);
        break;
    case PRIVATE_PKCS1:
        ok = read_pkcs1(der, &part, err);
        break;
    case PRIVATE_SEC1:
        ok = read_sec1(der, (struct view){ "", 0 }, &part, err);
        break;
    }
    if (ok)
        *out = part;
    return ok;
}

bool private_form_of_label(struct view label, enum private_form *out)
{
    static const struct {
        const char *label;
        enum private_form form;
    } forms[] = {
        { "PRIVATE KEY", PRIVATE_PKCS8 },
        { "RSA PRIVATE KEY", PRIVATE_PKCS1 },
        { "EC PRIVATE KEY", PRIVATE_SEC1 },
        { "ENCRYPTED PRIVATE KEY", PRIVATE_PKCS8 },
    };

    for (size_t i = 0; i < COUNT(forms); i++) {
        if (view_is(label, forms[i].label)) {
            *out = forms[i].form;
            return true;
        }
    }
    return false;
}

bool public_part_equal(const struct public_part *a, const struct public_part *b, bool *comparable)
{
    *comparable = a->known && b->known;
    if (!*comparable || a->type != b->type)
        return false;
    if (a->type == KEY_RSA)
        return view_equal(a->modulus, b->modulus) && view_equal(a->exponent, b->exponent);
    *comparable = a->point.len == b->point.len || !view_equal(a->curve, b->curve);
    return view_equal(a->curve, b->curve) && view_equal(a->point, b->point);
}
