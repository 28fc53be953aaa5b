#include "recipe/signature.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/request_sign.h"
#include "crypto/sign.h"
#include "tree/template.h"

bool signature_is_canonical(const struct value *sign)
{
    enum request_scheme scheme;

    return value_is_object(sign) && request_scheme_find(value_member_text(sign, "alg"), &scheme);
}

static const char *variable_of(const struct value *sign)
{
    const char *to = value_member_text(sign, "to");

    return to != NULL ? to : "sig";
}

void signature_leave_blank(const struct value *sign, struct vars *vars)
{
    if (sign->type == VALUE_LIST) {
        for (size_t i = 0; i < sign->len; i++)
            signature_leave_blank(&sign->at[i], vars);
        return;
    }
    vars_set_text(vars, variable_of(sign), "");
}

/* ---- of a text ---- */

static bool sign_by_key(struct view pem, enum digest digest, struct view text, struct buf *out, struct error *err)
{
    AUTO(key_free) struct key *key = NULL;

    return key_from_pem(pem, "the private key", &key, err) && sign_rsa(key, digest, SIGN_PKCS1, text, out, err);
}

static bool compute(const char *alg, struct view key, struct view text, struct buf *out, struct error *err)
{
    const char *name = text_starts(alg, "hmac-") ? alg + 5 : text_starts(alg, "rsa-") ? alg + 4 : alg;
    enum digest digest;

    if (strcmp(alg, "none") == 0) {
        buf_put(out, text);
        return true;
    }
    if (!digest_find(view_of(name), &digest))
        return error_set(err, ERROR_CONFIG, "'%s' is no way to sign", alg);
    if (text_starts(alg, "hmac-"))
        return hmac_of(digest, key, text, out, err);
    if (text_starts(alg, "rsa-"))
        return sign_by_key(key, digest, text, out, err);
    return digest_of(digest, text, out, err);
}

static void put_as(const char *as, struct view bytes, struct buf *out)
{
    size_t start = out->len;

    if (as != NULL && strcmp(as, "b64") == 0) {
        buf_put_base64(out, bytes);
    } else if (as != NULL && strcmp(as, "b64url") == 0) {
        buf_put_base64url(out, bytes);
    } else {
        buf_put_hex(out, bytes);
        for (size_t i = start; as != NULL && strcmp(as, "HEX") == 0 && i < out->len; i++)
            if (out->at[i] >= 'a')
                out->at[i] = (char)(out->at[i] - 'a' + 'A');
    }
}

bool signature_make(const struct value *sign, struct vars *vars, struct error *err)
{
    AUTO(buf_clear)
    struct buf key = BUF_SECRET(TEMPLATE_MAX), text = BUF_SECRET(REQUEST_MAX * 2), bytes = BUF_SECRET(SIGN_MAX),
               out = BUF_SECRET(4 * SIGN_MAX);
    const char *key_template;

    if (sign->type == VALUE_LIST) {
        for (size_t i = 0; i < sign->len; i++)
            TRY(signature_make(&sign->at[i], vars, err));
        return true;
    }
    key_template = value_member_text(sign, "key");
    if (value_member_text(sign, "text") == NULL)
        return error_set(err, ERROR_CONFIG, "a signature needs a 'text'");
    if (key_template != NULL)
        TRY(template_expand(key_template, false, vars, &key, err));
    TRY(template_expand(value_member_text(sign, "text"), false, vars, &text, err));
    TRY(compute(value_member_text(sign, "alg"), buf_view(&key), buf_view(&text), &bytes, err));
    put_as(value_member_text(sign, "as"), buf_view(&bytes), &out);
    value_set_text(vars_place(vars, variable_of(sign)), buf_view(&out));
    return true;
}

/* ---- of a whole request ---- */

static bool expand_member(
    const struct value *sign, const char *name, const struct vars *vars, char **out, struct error *err)
{
    const char *template = value_member_text(sign, name);

    return template == NULL || template_text(template, vars, out, err);
}

bool signature_add(const struct value *sign, const struct request_moment *moment, const struct vars *vars,
    struct request *request, struct error *err)
{
    AUTO(wipe_free) char *key = NULL, *secret = NULL, *token = NULL, *region = NULL, *service = NULL;
    AUTO(list_clear) struct list added = { 0 };
    enum request_scheme scheme;
    struct request_parts parts = {
        .method = value_text(vars_get(vars, view_of("method"))),
        .host = value_text(vars_get(vars, view_of("host"))),
        .path = value_text(vars_get(vars, view_of("path"))),
        .query = value_text(vars_get(vars, view_of("querytext"))),
        .content_type = request->type,
        .body = buf_view(&request->body),
        .fields = &request->fields,
    };
    struct request_keys keys;

    if (!request_scheme_find(value_member_text(sign, "alg"), &scheme))
        return error_set(err, ERROR_INTERNAL, "no such scheme");
    TRY(expand_member(sign, "key", vars, &key, err) && expand_member(sign, "secret", vars, &secret, err) &&
        expand_member(sign, "token", vars, &token, err) && expand_member(sign, "region", vars, &region, err) &&
        expand_member(sign, "service", vars, &service, err));
    keys = (struct request_keys){ .key = key, .secret = secret, .token = token, .region = region, .service = service };
    TRY(request_sign(scheme, &parts, &keys, moment->now_ms / 1000, moment->nonce, &added, err));
    list_add_all(&request->fields, &added);
    return true;
}

/* ---- tokens ---- */

static bool put_part(const struct value *part, const struct vars *vars, struct buf *out, struct error *err)
{
    AUTO(value_clear) struct value value = { 0 };
    AUTO(buf_clear) struct buf json = BUF_SECRET(REQUEST_MAX);
    bool left_out;

    TRY(template_value(part, vars, &value, &left_out, err));
    value_put_json(&value, &json);
    buf_put_base64url(out, buf_view(&json));
    return true;
}

static bool put_header(const struct value *jwt, const struct vars *vars, struct buf *out, struct error *err)
{
    static const char plain[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";
    const struct value *header = value_member(jwt, "header");
    AUTO(value_clear) struct value whole = { 0 };

    if (header == NULL) {
        buf_put_base64url(out, view_of(plain));
        return true;
    }
    value_copy(&whole, header);
    value_set_text(value_member_for(&whole, "alg"), view_of("RS256"));
    value_set_text(value_member_for(&whole, "typ"), view_of("JWT"));
    return put_part(&whole, vars, out, err);
}

bool signature_token(const struct value *jwt, struct vars *vars, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(REQUEST_MAX), bytes = BUF_SECRET(SIGN_MAX);
    AUTO(wipe_free) char *key = NULL;

    TRY(expand_member(jwt, "key", vars, &key, err));
    if (key == NULL || value_member(jwt, "claims") == NULL)
        return error_set(err, ERROR_CONFIG, "'jwt' needs 'key' and 'claims'");
    TRY(put_header(jwt, vars, &text, err));
    buf_put_char(&text, '.');
    TRY(put_part(value_member(jwt, "claims"), vars, &text, err));
    TRY(sign_by_key(view_of(key), DIGEST_SHA256, buf_view(&text), &bytes, err));
    buf_put_char(&text, '.');
    buf_put_base64url(&text, buf_view(&bytes));
    value_set_text(vars_place(vars, "jwt"), buf_view(&text));
    return true;
}
