#include "acme/signed.h"

#include "base/text.h"
#include "crypto/jws.h"
#include "json/out.h"

#define HEADER_MAX (16 * 1024) /* an RSA key of 8192 bits takes 1.4 KB */

static bool write_header(struct identity who, const char *nonce, const char *url, struct buf *header, struct error *err)
{
    AUTO(buf_clear) struct buf jwk = BUF(HEADER_MAX);
    struct out out = out_to(header);

    if (who.kid == NULL)
        TRY(jwk_public_json(who.signer->jwk, &jwk, err));
    out_object(&out, NULL);
    out_text(&out, "alg", who.signer->alg);
    if (who.kid != NULL)
        out_text(&out, "kid", who.kid);
    else
        out_raw(&out, "jwk", buf_view(&jwk));
    if (nonce != NULL)
        out_text(&out, "nonce", nonce);
    out_text(&out, "url", url);
    out_end(&out);
    return true;
}

static bool write_jws(
    struct view header64, struct view payload64, struct view signature64, struct buf *to, struct error *err)
{
    struct out out = out_to(to);

    out_object(&out, NULL);
    out_view(&out, "protected", header64);
    out_view(&out, "payload", payload64);
    out_view(&out, "signature", signature64);
    out_end(&out);
    if (to->failed)
        return error_set(err, ERROR_INTERNAL, "a signed request is larger than %zu bytes", to->max);
    return true;
}

bool signed_body(
    struct identity who, const char *nonce, const char *url, struct view payload, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf header = BUF(HEADER_MAX);
    AUTO(buf_clear) struct buf header64 = BUF(JWS_MAX);
    AUTO(buf_clear) struct buf payload64 = BUF(JWS_MAX);
    AUTO(buf_clear) struct buf signature64 = BUF(JWS_MAX);

    TRY(write_header(who, nonce, url, &header, err));
    TRY(jws_sign(who.signer, buf_view(&header), payload, &header64, &payload64, &signature64, err));
    return write_jws(buf_view(&header64), buf_view(&payload64), buf_view(&signature64), out, err);
}

bool signed_binding(
    const struct external_account *external, const struct jwk *jwk, const char *url, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf header = BUF(HEADER_MAX);
    AUTO(buf_clear) struct buf payload = BUF(HEADER_MAX);
    AUTO(buf_clear) struct buf input = BUF(JWS_MAX); /* header64 "." payload64 */
    AUTO(buf_clear) struct buf mac = BUF(256);
    AUTO(buf_clear) struct buf mac64 = BUF(512);
    struct out json = out_to(&header);
    size_t header_len;

    out_object(&json, NULL);
    out_text(&json, "alg", external->alg);
    out_text(&json, "kid", external->kid);
    out_text(&json, "url", url);
    out_end(&json);
    TRY(jwk_public_json(jwk, &payload, err));
    buf_put_base64url(&input, buf_view(&header));
    header_len = input.len;
    buf_put_char(&input, '.');
    buf_put_base64url(&input, buf_view(&payload));
    if (header.failed || payload.failed || input.failed)
        return error_set(err, ERROR_CONFIG, "the external account's key identifier is too long");
    TRY(jws_hmac(external->alg, external->hmac_key, buf_view(&input), &mac, err));
    buf_put_base64url(&mac64, buf_view(&mac));
    return write_jws((struct view){ input.at, header_len },
        (struct view){ input.at + header_len + 1, input.len - header_len - 1 }, buf_view(&mac64), out, err);
}
