/*
 * Reads names and extensions from certificates and requests.
 */
#include "crypto/cert_names.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/csr.h"
#include "crypto/der.h"

#define COMMON_NAME_MAX 1024 /* bytes of UTF-8; RFC 5280 appendix A.1 has 64 characters, old roots more */

enum { GENERAL_DNS = DER_CONTEXT(2), GENERAL_IP = DER_CONTEXT(7) };

static void put_utf8(struct buf *out, uint32_t code)
{
    if (code < 0x80) {
        buf_put_char(out, (char)code);
    } else if (code < 0x800) {
        buf_put_char(out, (char)(0xc0 | code >> 6));
        buf_put_char(out, (char)(0x80 | (code & 0x3f)));
    } else {
        buf_put_char(out, (char)(0xe0 | code >> 12));
        buf_put_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buf_put_char(out, (char)(0x80 | (code & 0x3f)));
    }
}

/* A directory string as UTF-8. Roots from before 2004 use T61String (in fact Latin-1) and BMPString. */
static bool put_directory_string(unsigned tag, struct view text, struct buf *out)
{
    if (tag == DER_BMP_STRING) {
        for (size_t i = 0; i + 1 < text.len; i += 2)
            put_utf8(out, (uint32_t)(unsigned char)text.at[i] << 8 | (unsigned char)text.at[i + 1]);
        return text.len % 2 == 0;
    }
    if (tag == DER_T61_STRING) {
        for (size_t i = 0; i < text.len; i++)
            put_utf8(out, (unsigned char)text.at[i]);
        return true;
    }
    buf_put(out, text);
    return tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING || tag == DER_IA5_STRING;
}

/* Reads one AttributeTypeAndValue: *out is set when it is a common name. */
static bool read_attribute(struct view attribute, char **out, const char *what, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(COMMON_NAME_MAX);
    char shown[COMMON_NAME_MAX + 1];
    struct view oid, value;
    unsigned tag;

    TRY(der_take(&attribute, DER_OID, &oid, what, err));
    TRY(der_any(&attribute, &tag, &value, what, err));
    TRY(der_end(attribute, what, err));
    if (*out != NULL || !view_equal(oid, OID("\x55\x04\x03"))) /* 2.5.4.3 */
        return true;
    if (!put_directory_string(tag, value, &text) || text.failed)
        return error_set(err, ERROR_CONFIG, "the common name of the %s is not a text of bearable length", what);
    text_printable(shown, sizeof shown, buf_view(&text), false);
    if (!view_is(buf_view(&text), shown)) /* a text with unprintable characters is no name */
        return error_set(
            err, ERROR_CONFIG, "the common name \"%s\" of the %s has control characters in it", shown, what);
    if (text.len > 0)
        *out = buf_take(&text);
    return true;
}

bool names_common(struct view name, char **out, const char *what, struct error *err)
{
    AUTO(free) char *common = NULL;
    struct view rdn, attribute;

    while (name.len > 0) {
        TRY(der_take(&name, DER_SET, &rdn, what, err));
        while (rdn.len > 0) {
            TRY(der_take(&rdn, DER_SEQUENCE, &attribute, what, err));
            TRY(read_attribute(attribute, &common, what, err));
        }
    }
    *out = TAKE(common);
    return true;
}

/* Names of hosts are visible ASCII (RFC 5280 section 4.2.1.6 allows no blank either). */
static bool add_dns(struct view name, struct list *dns, struct error *err)
{
    bool plain = name.len > 0;
    char shown[256];

    for (size_t i = 0; i < name.len; i++)
        plain = plain && name.at[i] > ' ' && name.at[i] < 0x7f;
    if (!plain) {
        text_printable(shown, sizeof shown, name, false); /* a NUL must not hide what follows it */
        return error_set(err, ERROR_CONFIG, "the DNS name \"%s\" has characters in it that no DNS name has", shown);
    }
    list_add_view(dns, name);
    return true;
}

static bool add_ip(struct view address, struct list *ips, struct error *err)
{
    char text[64];
    int family = address.len == 4 ? AF_INET : AF_INET6;

    if ((address.len != 4 && address.len != 16) || inet_ntop(family, address.at, text, sizeof text) == NULL)
        return error_set(err, ERROR_CONFIG, "an IP address of %zu bytes", address.len);
    list_add(ips, text);
    return true;
}

bool names_alternative(struct view value, struct list *dns, struct list *ips, struct error *err)
{
    struct view names, name;
    unsigned tag;

    TRY(der_take(&value, DER_SEQUENCE, &names, "alternative names", err));
    TRY(der_end(value, "alternative names", err));
    while (names.len > 0) {
        TRY(der_any(&names, &tag, &name, "alternative name", err));
        if (tag == GENERAL_DNS)
            TRY(add_dns(name, dns, err));
        if (tag == GENERAL_IP)
            TRY(add_ip(name, ips, err));
        if (dns->len + ips->len > NAMES_MAX)
            return error_set(err, ERROR_CONFIG, "more than %d names", NAMES_MAX);
    }
    return true;
}

const struct view names_tls_feature_oid = { "\x2b\x06\x01\x05\x05\x07\x01\x18", 8 };

bool names_extension(struct view *list, struct view *oid, bool *critical, struct view *value, struct error *err)
{
    struct view extension, flag = { NULL, 0 };

    TRY(der_take(list, DER_SEQUENCE, &extension, "extension", err));
    TRY(der_take(&extension, DER_OID, oid, "extension's identifier", err));
    if (der_is(extension, DER_BOOLEAN))
        TRY(der_take(&extension, DER_BOOLEAN, &flag, "extension's criticality", err));
    if (critical != NULL)
        *critical = flag.len > 0 && flag.at[0] != 0;
    TRY(der_take(&extension, DER_OCTET_STRING, value, "extension's value", err));
    return der_end(extension, "extension", err);
}

bool names_must_staple(struct view value, bool *out, struct error *err)
{
    struct view features, feature;

    TRY(der_take(&value, DER_SEQUENCE, &features, "TLS feature", err));
    while (features.len > 0) {
        TRY(der_unsigned(&features, &feature, "TLS feature", err));
        if (feature.len == 1 && feature.at[0] == 5) /* status_request, RFC 6066 section 8 */
            *out = true;
    }
    return true;
}

static void add_once(struct list *out, const struct list *names)
{
    for (size_t i = 0; i < names->len; i++) {
        if (!list_has(out, names->at[i]))
            list_add(out, names->at[i]);
    }
}

void names_join(const char *common, const struct list *dns, const struct list *ips, struct list *out)
{
    if (common != NULL && !list_has(out, common))
        list_add(out, common);
    add_once(out, dns);
    add_once(out, ips);
}
