#include "crypto/request_sign.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/sign.h"

#define TEXT_MAX (8 * 1024 * 1024)

struct signing {
    const struct request_parts *parts;
    const struct request_keys *keys;
    int64_t now;
    const char *nonce;
    struct list *out; /* fields that are added */
    struct error *err;
};

/* ---- pieces ---- */

static bool put_sha256_hex(struct view text, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(DIGEST_MAX);

    TRY(digest_of(DIGEST_SHA256, text, &digest, err));
    buf_put_hex(out, buf_view(&digest));
    return true;
}

/* hmac of each text under the result of the one before: how most schemes derive their keys. Ended by NULL. */
static bool derive(struct view first, const char *const *texts, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf key = BUF_SECRET(TEXT_MAX);

    buf_put(&key, first);
    for (size_t i = 0; texts[i] != NULL; i++) {
        AUTO(buf_clear) struct buf next = BUF_SECRET(DIGEST_MAX);

        TRY(hmac_of(DIGEST_SHA256, buf_view(&key), view_of(texts[i]), &next, err));
        buf_cut(&key, 0);
        buf_put(&key, buf_view(&next));
    }
    buf_put(out, buf_view(&key));
    return true;
}

static bool put_hmac_hex(struct view key, struct view text, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf mac = BUF_SECRET(DIGEST_MAX);

    TRY(hmac_of(DIGEST_SHA256, key, text, &mac, err));
    buf_put_hex(out, buf_view(&mac));
    return true;
}

static void add_field(const struct signing *signing, const char *name, const char *value)
{
    list_add(signing->out, name);
    list_add(signing->out, value);
}

/* "20150830T123600Z" and its day, "20150830". */
static void compact(int64_t now, char instant[static CLOCK_TEXT_SIZE], char day[static 9])
{
    clock_format_compact(now, instant);
    (void)snprintf(day, 9, "%.8s", instant);
}

/* ---- the canonical form ---- */

struct canonical {
    struct list fields; /* "name:value", names in lower case, sorted */
    char *names;        /* "host;x-amz-date" */
};

static void canonical_clear_at(struct canonical *canonical)
{
    list_clear(&canonical->fields);
    free(canonical->names);
}

static void add_canonical(struct canonical *canonical, const char *name, const char *value)
{
    AUTO(free) char *lower = xstrdup(name), *field = NULL, *trimmed = view_dup(view_trim(view_of(value)));

    text_lower(lower);
    field = xprintf("%s:%s", lower, trimmed);
    list_add(&canonical->fields, field);
}

static void name_fields(struct canonical *canonical)
{
    AUTO(buf_clear) struct buf names = BUF(TEXT_MAX);

    list_sort(&canonical->fields);
    for (size_t i = 0; i < canonical->fields.len; i++) {
        const char *field = canonical->fields.at[i], *colon = strchr(field, ':');

        buf_putf(&names, "%s%.*s", i > 0 ? ";" : "", (int)(colon - field), field);
    }
    canonical->names = buf_take(&names);
}

/* Host, type of the body and those fields, of the request and of what was added, whose name begins so. */
static void choose_fields(const struct signing *signing, bool with_type, const char *prefix, struct canonical *out)
{
    const struct list *all[] = { signing->parts->fields, signing->out };

    add_canonical(out, "host", signing->parts->host);
    if (with_type && signing->parts->content_type != NULL)
        add_canonical(out, "content-type", signing->parts->content_type);
    for (size_t i = 0; i < COUNT(all) && prefix != NULL; i++) {
        for (size_t k = 0; all[i] != NULL && k + 1 < all[i]->len; k += 2) {
            AUTO(free) char *name = xstrdup(all[i]->at[k]);

            text_lower(name);
            if (text_starts(name, prefix))
                add_canonical(out, name, all[i]->at[k + 1]);
        }
    }
    name_fields(out);
}

/* Method, path, query, fields, their names and the digest of the body, each on a line. */
static bool put_canonical(
    const struct signing *signing, const char *path, const struct canonical *canonical, struct buf *out)
{
    buf_putf(out, "%s\n%s\n%s\n", signing->parts->method, path, signing->parts->query);
    for (size_t i = 0; i < canonical->fields.len; i++)
        buf_putf(out, "%s\n", canonical->fields.at[i]);
    buf_putf(out, "\n%s\n", canonical->names);
    TRY(put_sha256_hex(signing->parts->body, out, signing->err));
    return !out->failed || error_set(signing->err, ERROR_CONFIG, "the request is too large to be signed");
}

/* Percent-encodes once more what stands in the path, as most schemes want it. */
static char *encoded_again(const char *path)
{
    AUTO(buf_clear) struct buf out = BUF(TEXT_MAX);

    for (const char *c = path; *c != '\0'; c++) {
        bool stays = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                     strchr("-._~/", *c) != NULL;

        if (stays)
            buf_put_char(&out, *c);
        else
            buf_putf(&out, "%%%02X", (unsigned char)*c);
    }
    return buf_take(&out);
}

struct style { /* of a scheme with a scope and a derived key */
    const char *algorithm;
    const char *key_prefix; /* in front of the secret */
    const char *last;       /* of the scope */
};

/* The field Authorization of such a scheme. instant: as the scheme writes it; day: of the scope. */
static bool authorize(const struct signing *signing, const struct style *style, const char *instant, const char *day,
    const char *path, const struct canonical *canonical)
{
    const struct request_keys *keys = signing->keys;
    const char *steps[] = { day, keys->region, keys->service, style->last, NULL };
    const char *without_region[] = { day, keys->service, style->last, NULL };
    AUTO(buf_clear)
    struct buf request = BUF_SECRET(TEXT_MAX), text = BUF(TEXT_MAX), key = BUF_SECRET(DIGEST_MAX),
               signature = BUF(2 * DIGEST_MAX);
    AUTO(wipe_free) char *secret = xprintf("%s%s", style->key_prefix, keys->secret);
    AUTO(free) char *scope = NULL, *value = NULL;

    if (keys->service == NULL)
        return error_set(signing->err, ERROR_CONFIG, "a signature of this kind needs a service");
    scope = keys->region != NULL ? xprintf("%s/%s/%s/%s", day, keys->region, keys->service, style->last)
                                 : xprintf("%s/%s/%s", day, keys->service, style->last);
    TRY(put_canonical(signing, path, canonical, &request));
    buf_putf(&text, "%s\n%s\n%s\n", style->algorithm, instant, scope);
    TRY(put_sha256_hex(buf_view(&request), &text, signing->err));
    TRY(derive(view_of(secret), keys->region != NULL ? steps : without_region, &key, signing->err));
    TRY(put_hmac_hex(buf_view(&key), buf_view(&text), &signature, signing->err));
    value = xprintf("%s Credential=%s/%s, SignedHeaders=%s, Signature=%s", style->algorithm, keys->key, scope,
        canonical->names, buf_text(&signature));
    add_field(signing, "Authorization", value);
    return true;
}

/* ---- the schemes ---- */

static bool sign_aws4(const struct signing *signing)
{
    static const struct style style = { "AWS4-HMAC-SHA256", "AWS4", "aws4_request" };
    AUTO(canonical_clear) struct canonical canonical = { 0 };
    AUTO(free) char *path = encoded_again(signing->parts->path);
    char instant[CLOCK_TEXT_SIZE], day[9];

    compact(signing->now, instant, day);
    add_field(signing, "X-Amz-Date", instant);
    if (text_is_given(signing->keys->token))
        add_field(signing, "X-Amz-Security-Token", signing->keys->token);
    choose_fields(signing, true, "x-amz-", &canonical);
    return authorize(signing, &style, instant, day, path, &canonical);
}

static bool sign_volc(const struct signing *signing)
{
    static const struct style style = { "HMAC-SHA256", "", "request" };
    AUTO(canonical_clear) struct canonical canonical = { 0 };
    AUTO(buf_clear) struct buf digest = BUF(2 * DIGEST_MAX);
    char instant[CLOCK_TEXT_SIZE], day[9];

    compact(signing->now, instant, day);
    TRY(put_sha256_hex(signing->parts->body, &digest, signing->err));
    add_field(signing, "X-Date", instant);
    add_field(signing, "X-Content-Sha256", buf_text(&digest));
    choose_fields(signing, true, "x-", &canonical);
    return authorize(signing, &style, instant, day, signing->parts->path, &canonical);
}

static bool sign_tc3(const struct signing *signing)
{
    static const struct style style = { "TC3-HMAC-SHA256", "TC3", "tc3_request" };
    AUTO(canonical_clear) struct canonical canonical = { 0 };
    char instant[CLOCK_TEXT_SIZE], day[CLOCK_TEXT_SIZE];

    (void)snprintf(instant, sizeof instant, "%" PRId64, signing->now);
    clock_format_date(signing->now, day);
    add_field(signing, "X-TC-Timestamp", instant);
    choose_fields(signing, true, NULL, &canonical);
    return authorize(signing, &style, instant, day, signing->parts->path, &canonical);
}

/* The digest of the canonical request is signed with the secret itself. form: how the field is put together, of key,
 * names and signature. */
static bool authorize_plain(const struct signing *signing, const char *algorithm, const char *instant, const char *path,
    const struct canonical *canonical, const char *word, const char *between)
{
    AUTO(buf_clear) struct buf request = BUF_SECRET(TEXT_MAX), text = BUF(TEXT_MAX), signature = BUF(2 * DIGEST_MAX);
    AUTO(free) char *value = NULL;

    TRY(put_canonical(signing, path, canonical, &request));
    buf_putf(&text, "%s\n", algorithm);
    if (instant != NULL)
        buf_putf(&text, "%s\n", instant);
    TRY(put_sha256_hex(buf_view(&request), &text, signing->err));
    TRY(put_hmac_hex(view_of(signing->keys->secret), buf_view(&text), &signature, signing->err));
    value = xprintf("%s %s=%s%sSignedHeaders=%s%sSignature=%s", algorithm, word, signing->keys->key, between,
        canonical->names, between, buf_text(&signature));
    add_field(signing, "Authorization", value);
    return true;
}

static bool sign_acs3(const struct signing *signing)
{
    AUTO(canonical_clear) struct canonical canonical = { 0 };
    AUTO(buf_clear) struct buf digest = BUF(2 * DIGEST_MAX);
    char instant[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(signing->now, instant);
    TRY(put_sha256_hex(signing->parts->body, &digest, signing->err));
    add_field(signing, "x-acs-date", instant);
    add_field(signing, "x-acs-signature-nonce", signing->nonce);
    add_field(signing, "x-acs-content-sha256", buf_text(&digest));
    if (text_is_given(signing->keys->token))
        add_field(signing, "x-acs-security-token", signing->keys->token);
    choose_fields(signing, true, "x-acs-", &canonical);
    return authorize_plain(signing, "ACS3-HMAC-SHA256", NULL, signing->parts->path, &canonical, "Credential", ",");
}

static bool sign_huawei(const struct signing *signing)
{
    AUTO(canonical_clear) struct canonical canonical = { 0 };
    AUTO(free) char *path = xprintf("%s%s", signing->parts->path, text_ends(signing->parts->path, "/") ? "" : "/");
    char instant[CLOCK_TEXT_SIZE], day[9];

    compact(signing->now, instant, day);
    add_field(signing, "X-Sdk-Date", instant);
    choose_fields(signing, true, "x-sdk-", &canonical);
    return authorize_plain(signing, "SDK-HMAC-SHA256", instant, path, &canonical, "Access", ", ");
}

static bool sign_bce(const struct signing *signing)
{
    AUTO(buf_clear) struct buf key = BUF_SECRET(2 * DIGEST_MAX), text = BUF(TEXT_MAX), signature = BUF(2 * DIGEST_MAX);
    AUTO(free) char *prefix = NULL, *value = NULL;
    char instant[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(signing->now, instant);
    add_field(signing, "x-bce-date", instant);
    prefix = xprintf("bce-auth-v1/%s/%s/1800", signing->keys->key, instant);
    TRY(put_hmac_hex(view_of(signing->keys->secret), view_of(prefix), &key, signing->err));
    buf_putf(&text, "%s\n%s\n%s\nhost:%s\nx-bce-date:", signing->parts->method, signing->parts->path,
        signing->parts->query, signing->parts->host);
    for (const char *c = instant; *c != '\0'; c++)
        buf_putf(&text, *c == ':' ? "%%3A" : "%c", *c);
    TRY(put_hmac_hex(buf_view(&key), buf_view(&text), &signature, signing->err));
    value = xprintf("%s/host;x-bce-date/%s", prefix, buf_text(&signature));
    add_field(signing, "Authorization", value);
    return true;
}

/* RSA over the fields themselves (draft-cavage-http-signatures): key names tenancy, user and fingerprint. */
static bool sign_oci(const struct signing *signing)
{
    const struct request_parts *parts = signing->parts;
    AUTO(buf_clear)
    struct buf digest = BUF(DIGEST_MAX), hash = BUF(2 * DIGEST_MAX), text = BUF(TEXT_MAX), bytes = BUF(4096),
               signature = BUF(8192);
    AUTO(free) char *method = xstrdup(parts->method), *value = NULL;
    char date[CLOCK_TEXT_SIZE];
    AUTO(key_free) struct key *key = NULL;
    bool has_body = parts->content_type != NULL;

    text_lower(method);
    clock_format_http_date(signing->now, date);
    add_field(signing, "Date", date);
    buf_putf(&text, "date: %s\n(request-target): %s %s%s%s\nhost: %s", date, method, parts->path,
        parts->query[0] != '\0' ? "?" : "", parts->query, parts->host);
    if (has_body) {
        TRY(digest_of(DIGEST_SHA256, parts->body, &digest, signing->err));
        buf_put_base64(&hash, buf_view(&digest));
        add_field(signing, "x-content-sha256", buf_text(&hash));
        buf_putf(&text, "\ncontent-length: %zu\ncontent-type: %s\nx-content-sha256: %s", parts->body.len,
            parts->content_type, buf_text(&hash));
    }
    TRY(key_from_pem(view_of(signing->keys->secret), "the private key", &key, signing->err));
    TRY(sign_rsa(key, DIGEST_SHA256, SIGN_PKCS1, buf_view(&text), &bytes, signing->err));
    buf_put_base64(&signature, buf_view(&bytes));
    value = xprintf("Signature version=\"1\",keyId=\"%s\",algorithm=\"rsa-sha256\",headers=\"date (request-target) "
                    "host%s\",signature=\"%s\"",
        signing->keys->key, has_body ? " content-length content-type x-content-sha256" : "", buf_text(&signature));
    add_field(signing, "Authorization", value);
    return true;
}

static bool sign_edgegrid(const struct signing *signing)
{
    const struct request_parts *parts = signing->parts;
    AUTO(buf_clear)
    struct buf digest = BUF(DIGEST_MAX), hash = BUF(2 * DIGEST_MAX), mac = BUF_SECRET(DIGEST_MAX),
               key = BUF_SECRET(2 * DIGEST_MAX), signature = BUF(2 * DIGEST_MAX), text = BUF(TEXT_MAX);
    AUTO(free) char *head = NULL, *value = NULL;
    char instant[CLOCK_TEXT_SIZE], stamp[CLOCK_TEXT_SIZE];

    compact(signing->now, instant, stamp); /* "20261122T002912Z" becomes "20261122T00:29:12+0000" */
    (void)snprintf(stamp, sizeof stamp, "%.11s:%.2s:%.2s+0000", instant, instant + 11, instant + 13);
    head = xprintf("EG1-HMAC-SHA256 client_token=%s;access_token=%s;timestamp=%s;nonce=%s;",
        signing->keys->token != NULL ? signing->keys->token : "", signing->keys->key, stamp, signing->nonce);
    if (strcmp(parts->method, "POST") == 0 && parts->body.len > 0) {
        TRY(digest_of(DIGEST_SHA256, parts->body, &digest, signing->err));
        buf_put_base64(&hash, buf_view(&digest));
    }
    TRY(hmac_of(DIGEST_SHA256, view_of(signing->keys->secret), view_of(stamp), &mac, signing->err));
    buf_put_base64(&key, buf_view(&mac));
    buf_putf(&text, "%s\thttps\t%s\t%s%s%s\t\t%s\t%s", parts->method, parts->host, parts->path,
        parts->query[0] != '\0' ? "?" : "", parts->query, buf_text(&hash), head);
    buf_cut(&mac, 0);
    TRY(hmac_of(DIGEST_SHA256, buf_view(&key), buf_view(&text), &mac, signing->err));
    buf_put_base64(&signature, buf_view(&mac));
    value = xprintf("%ssignature=%s", head, buf_text(&signature));
    add_field(signing, "Authorization", value);
    return true;
}

static const struct {
    const char *name;
    bool (*sign)(const struct signing *signing);
} schemes[REQUEST_SCHEMES] = {
    [REQUEST_AWS4] = { "aws4", sign_aws4 },
    [REQUEST_TC3] = { "tc3", sign_tc3 },
    [REQUEST_ACS3] = { "acs3", sign_acs3 },
    [REQUEST_HUAWEI] = { "huawei", sign_huawei },
    [REQUEST_VOLC] = { "volc", sign_volc },
    [REQUEST_BCE] = { "bce", sign_bce },
    [REQUEST_OCI] = { "oci", sign_oci },
    [REQUEST_EDGEGRID] = { "edgegrid", sign_edgegrid },
};

bool request_scheme_find(const char *name, enum request_scheme *out)
{
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (strcmp(schemes[i].name, name) == 0) {
            *out = (enum request_scheme)i;
            return true;
        }
    return false;
}

bool request_sign(enum request_scheme scheme, const struct request_parts *parts, const struct request_keys *keys,
    int64_t now, const char *nonce, struct list *out, struct error *err)
{
    struct signing signing = { .parts = parts, .keys = keys, .now = now, .nonce = nonce, .out = out, .err = err };

    if (!text_is_given(keys->key) || !text_is_given(keys->secret))
        return error_set(err, ERROR_CONFIG, "a signature of this kind needs a key and a secret");
    return schemes[scheme].sign(&signing);
}
