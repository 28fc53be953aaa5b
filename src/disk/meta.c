#include "disk/meta.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/key.h"

#define VALUE_MAX 16384

static void put_time(struct buf *out, const char *key, int64_t at)
{
    char text[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(at, text);
    buf_putf(out, "%s: %s\n", key, text);
}

/* Writes a value of a CA or certificate in printable form: a line feed in it would begin another key. */
static void put_text(struct buf *out, const char *key, const char *value)
{
    AUTO(free) char *text = NULL;

    if (value == NULL || value[0] == '\0')
        return;
    text = text_printable_dup(view_of(value), VALUE_MAX, false);
    buf_putf(out, "%s: %s\n", key, text);
}

bool meta_text(const struct issued *issued, struct buf *out, struct error *err)
{
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(free) char *names = NULL;
    AUTO(buf_clear) struct buf fingerprint = BUF(128);
    AUTO(buf_clear) struct buf digest = BUF(64), spki = BUF(128);

    TRY(cert_from_pem(issued->cert, "the new certificate", &cert, err));
    TRY(cert_fingerprint(cert, &fingerprint, err));
    TRY(digest_sha256((struct view){ buf_view(&cert->der).at + cert->spki_at, cert->spki_len }, &digest, err));
    buf_put_hex(&spki, buf_view(&digest));
    names = list_join(&cert->names, ", ");
    put_text(out, "names", names);
    put_time(out, "not before", cert->not_before);
    put_time(out, "not after", cert->not_after);
    put_text(out, "serial", cert->serial);
    if (cert->key_known)
        buf_putf(out, "key type: %s %u\n", cert->key_type == KEY_RSA ? "RSA" : "ECDSA", cert->key_bits);
    put_text(out, "issuer", cert->issuer_common_name);
    put_text(out, "certificate sha256", buf_text(&fingerprint));
    put_text(out, "public key sha256", buf_text(&spki));
    put_text(out, "profile", issued->profile);
    put_text(out, "order", issued->order_url);
    return true;
}
