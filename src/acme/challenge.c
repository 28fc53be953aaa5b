#include "acme/challenge.h"

#include <inttypes.h>
#include <string.h>

#include "acme/answer.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/key.h"

#define TOKEN_MAX 512
#define RECORDS_MAX 20
#define ADDRESS_MAX 64
#define RECORD_URL_MAX 500
#define LABEL_HASH_LEN 10 /* octets of the account's hash in a dns-account-01 label */

static const struct challenge_kind {
    const char *name;
    bool has_token;
} kinds[] = {
    [CHALLENGE_HTTP_01] = { "http-01", true },         /* RFC 8555 section 8.3 */
    [CHALLENGE_DNS_01] = { "dns-01", true },           /* RFC 8555 section 8.4 */
    [CHALLENGE_TLS_ALPN_01] = { "tls-alpn-01", true }, /* RFC 8737 */
    [CHALLENGE_DNS_ACCOUNT_01] = { "dns-account-01", true },
    [CHALLENGE_DNS_PERSIST_01] = { "dns-persist-01", false },
    [CHALLENGE_OTHER] = { "other", false },
};

static const char *const status_names[] = { "pending", "processing", "valid", "invalid", NULL };

const char *challenge_type_name(enum challenge_type type)
{
    return kinds[type].name;
}

enum challenge_type challenge_type_of(const char *name)
{
    for (size_t i = 0; i < CHALLENGE_OTHER; i++)
        if (text_equal(kinds[i].name, name))
            return (enum challenge_type)i;
    return CHALLENGE_OTHER;
}

/* ---- reading ---- */

/* Section 8.1: base64url and nothing else. Tokens become names of files and answers of servers. */
static bool token_read(const struct node *node, char **out, struct error *err)
{
    AUTO(free) char *token = NULL;
    size_t len;

    TRY(node_get_text(node, "token", &token, err));
    len = strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    if (len == 0 || len > TOKEN_MAX || token[len] != '\0')
        return error_set(err, ERROR_ACME, "the CA's challenge has a token that is not base64url: '%s'", token);
    *out = TAKE(token);
    return true;
}

static void record_add(const struct node *record, const char *member, size_t max, struct list *out)
{
    const char *text = node_text(node_member(record, member));
    AUTO(free) char *printable = text == NULL ? NULL : text_printable_dup(view_of(text), max, false);

    if (text_is_given(printable) && !list_has(out, printable))
        list_add(out, printable);
}

/* validationRecord (Boulder and Pebble add it): what was asked of whom, for people. Tolerant. */
static void records_read(const struct node *records, struct challenge *out)
{
    for (size_t i = 0; i < node_count(records) && i < RECORDS_MAX; i++) {
        record_add(node_at(records, i), "addressUsed", ADDRESS_MAX, &out->records);
        record_add(node_at(records, i), "url", RECORD_URL_MAX, &out->urls);
    }
}

/* What answering it takes. */
static bool needs_read(const struct node *node, struct challenge *out, struct error *err)
{
    TRY(node_get_url(node, "url", &out->url, err));
    if (kinds[out->type].has_token)
        TRY(token_read(node, &out->token, err));
    if (out->type == CHALLENGE_DNS_PERSIST_01) {
        TRY(node_get_texts_or_none(node, "issuer-domain-names", &out->issuer_names, err));
        TRY(node_get_text_or_null(node, "accounturi", &out->account_url, err));
    }
    return true;
}

void challenge_read(const struct node *node, struct challenge *out)
{
    const struct node *problem = node_member(node, "error");
    struct error fault = { 0 };
    int status = CHALLENGE_PENDING;

    *out = (struct challenge){ .type = challenge_type_of(node_text(node_member(node, "type"))) };
    if (node_get_choice(node, "status", status_names, &status, &fault))
        out->status = (enum challenge_status)status;
    if (out->type != CHALLENGE_OTHER && !needs_read(node, out, &fault))
        out->fault = xstrdup(fault.why);
    if (node_is_object(problem))
        problem_from_node(problem, &out->error);
    records_read(node_member(node, "validationRecord"), out);
}

void challenge_clear(struct challenge *challenge)
{
    free(challenge->url);
    free(challenge->token);
    free(challenge->fault);
    free(challenge->account_url);
    problem_clear(&challenge->error);
    list_clear(&challenge->issuer_names);
    list_clear(&challenge->records);
    list_clear(&challenge->urls);
    *challenge = (struct challenge){ 0 };
}

/* ---- answering ---- */

/* Whether the challenge has left "pending" without us. */
static bool is_under_way(struct session *session, struct identity who, const char *url)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(doc_free) struct doc *doc = NULL;
    AUTO(challenge_clear) struct challenge now = { 0 };
    struct error ignored = { 0 };

    if (!session_post(session, who, url, view_of(""), &response, NULL, &ignored) ||
        !answer_read(buf_view(&response.body), "challenge", &doc, &ignored))
        return false;
    challenge_read(doc_root(doc), &now);
    return now.status != CHALLENGE_PENDING;
}

bool challenge_answer(
    struct session *session, struct identity who, const struct challenge *challenge, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };

    if (challenge->type == CHALLENGE_OTHER)
        return error_set(err, ERROR_INTERNAL, "a challenge of an unknown type cannot be answered");
    if (challenge->fault != NULL)
        return error_set(err, ERROR_ACME, "%s", challenge->fault);
    if (session_post(session, who, challenge->url, view_of("{}"), &response, NULL, err))
        return true;
    if (err->kind == ERROR_ACME && text_equal(err->problem, "malformed") &&
        is_under_way(session, who, challenge->url)) {
        error_clear(err);
        return true;
    }
    return error_in(err, "answering the %s challenge", challenge_type_name(challenge->type));
}

/* ---- what to put where ---- */

bool key_authorization(const char *token, const struct jwk *jwk, struct buf *out, struct error *err)
{
    buf_put_text(out, token);
    buf_put_char(out, '.');
    TRY(jwk_thumbprint(jwk, out, err));
    if (out->failed)
        return error_set(err, ERROR_INTERNAL, "a key authorization is larger than %zu bytes", out->max);
    return true;
}

bool dns_01_value(struct view authorization, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(64);

    TRY(digest_sha256(authorization, &digest, err));
    buf_put_base64url(out, buf_view(&digest));
    if (out->failed)
        return error_set(err, ERROR_INTERNAL, "a TXT value is larger than %zu bytes", out->max);
    return true;
}

bool tls_alpn_01_digest(struct view authorization, uint8_t out[static ALPN_DIGEST_SIZE], struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(64);

    TRY(digest_sha256(authorization, &digest, err));
    memcpy(out, digest.at, ALPN_DIGEST_SIZE);
    return true;
}

/* A value of a semicolon-separated list: no separators, no blanks. */
static bool is_plain_value(const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++)
        if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f || text[i] == ';' || text[i] == '"')
            return false;
    return text[0] != '\0';
}

bool dns_persist_01_value(
    const char *issuer_name, const char *account_url, bool wildcard, int64_t until, struct buf *out, struct error *err)
{
    if (!is_plain_value(issuer_name) || !is_plain_value(account_url))
        return error_set(err, ERROR_ACME, "the CA names an issuer or account that does not fit in a TXT record: %s, %s",
            issuer_name, account_url);
    buf_putf(out, "%s; accounturi=%s", issuer_name, account_url);
    if (wildcard)
        buf_put_text(out, "; policy=wildcard");
    if (until > 0)
        buf_putf(out, "; persistUntil=%" PRId64, until);
    if (out->failed)
        return error_set(err, ERROR_INTERNAL, "a TXT value is larger than %zu bytes", out->max);
    return true;
}

/* RFC 4648 section 6, in lower case; bytes is a multiple of five. */
static void put_base32(struct buf *out, struct view bytes)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint64_t group = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        group = group << 8 | (unsigned char)bytes.at[i];
        if (i % 5 == 4)
            for (int shift = 35; shift >= 0; shift -= 5)
                buf_put_char(out, digits[group >> shift & 31]);
    }
}

/* Draft ietf-acme-dns-account-label section 3.2: where several accounts prove control of one name side by
 * side. */
static bool put_account_label(const char *account_url, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(64);

    TRY(digest_sha256(view_of(account_url), &digest, err));
    buf_put_char(out, '_');
    put_base32(out, (struct view){ digest.at, LABEL_HASH_LEN });
    buf_put_char(out, '.');
    return true;
}

bool challenge_record_name(
    enum challenge_type type, const char *domain, const char *account_url, struct buf *out, struct error *err)
{
    const char *name = text_starts(domain, "*.") ? domain + 2 : domain;

    switch (type) {
    case CHALLENGE_DNS_ACCOUNT_01:
        TRY(put_account_label(account_url, out, err));
        buf_putf(out, "_acme-challenge.%s", name);
        break;
    case CHALLENGE_DNS_01:
        buf_putf(out, "_acme-challenge.%s", name);
        break;
    case CHALLENGE_DNS_PERSIST_01:
        buf_putf(out, "_validation-persist.%s", name);
        break;
    case CHALLENGE_HTTP_01:
    case CHALLENGE_TLS_ALPN_01:
    case CHALLENGE_OTHER:
        return error_set(err, ERROR_INTERNAL, "a %s challenge has no DNS record", challenge_type_name(type));
    }
    if (out->failed)
        return error_set(err, ERROR_CONFIG, "the name of the DNS record for %s is too long", domain);
    return true;
}
