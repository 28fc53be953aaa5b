#include "acme/challenge.h"

#include <string.h>

#include "acme/answer.h"
#include "acme/url.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/key.h"

#define TOKEN_MAX 512
#define RECORDS_MAX 20
#define ADDRESS_MAX 64
#define RECORD_URL_MAX 500
#define LABEL_HASH_LEN 10   /* octets of the account's hash in a dns-account-01 label */
#define ISSUERS_MAX 10      /* in a dns-persist-01 challenge, by its draft */
#define DOMAIN_NAME_MAX 253 /* characters */
#define EXPECTED_MAX 4096   /* bytes of each text that the CA is to find */

static const char *const status_names[] = { "pending", "processing", "valid", "invalid", NULL };

/* ---- the types ---- */

struct question { /* input of a value */
    const struct authz *authz;
    const struct challenge *challenge;
    const char *account_url;
};

typedef bool put_name(const struct question *about, struct buf *out, struct error *err);
typedef bool put_value(const struct question *about, struct challenge_expected *out, struct error *err);

static put_name name_of_dns_01, name_of_dns_account_01, name_of_dns_persist_01;
static put_value digest_of_authorization, record_of_authorization, record_of_account;

/* All knowledge about challenge types: one row for each. */
static const struct rule {
    const char *name;
    enum challenge_kind kind;
    bool has_token;
    put_name *record_name; /* NULL: there is no TXT record */
    put_value *value;      /* NULL: it is the key authorization itself (section 8.1) */
} rules[] = {
    /* RFC 8555 section 8.3 */
    [CHALLENGE_HTTP_01] = { "http-01", CHALLENGE_FILE, true, NULL, NULL },
    /* RFC 8555 section 8.4 */
    [CHALLENGE_DNS_01] = { "dns-01", CHALLENGE_RECORD, true, name_of_dns_01, record_of_authorization },
    /* RFC 8737 section 3 */
    [CHALLENGE_TLS_ALPN_01] = { "tls-alpn-01", CHALLENGE_CERTIFICATE, true, NULL, digest_of_authorization },
    /* draft-ietf-acme-dns-account-label */
    [CHALLENGE_DNS_ACCOUNT_01] = { "dns-account-01", CHALLENGE_RECORD, true, name_of_dns_account_01,
        record_of_authorization },
    /* draft-ietf-acme-dns-persist */
    [CHALLENGE_DNS_PERSIST_01] = { "dns-persist-01", CHALLENGE_STANDING_RECORD, false, name_of_dns_persist_01,
        record_of_account },
    [CHALLENGE_OTHER] = { "other", CHALLENGE_FILE, false, NULL, NULL },
};

const char *challenge_type_name(enum challenge_type type)
{
    return rules[type].name;
}

enum challenge_kind challenge_kind_of(enum challenge_type type)
{
    return rules[type].kind;
}

enum challenge_type challenge_type_of(const char *name)
{
    for (size_t i = 0; i < CHALLENGE_OTHER; i++)
        if (text_equal(rules[i].name, name))
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

/* Lower case A-labels without a final dot, as the draft of dns-persist-01 wants them. */
static bool is_issuer_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.");

    return len > 0 && len <= DOMAIN_NAME_MAX && name[len] == '\0' && name[0] != '.' && name[len - 1] != '.';
}

/* Draft ietf-acme-dns-persist, "Challenge Object": a list that is empty, too long or of anything else is refused. */
static bool issuers_read(const struct node *node, struct list *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(node_get_texts_or_none(node, "issuer-domain-names", &names, err));
    if (names.len == 0 || names.len > ISSUERS_MAX)
        return error_set(err, ERROR_ACME,
            "the CA's challenge has %zu names in 'issuer-domain-names', which should be from 1 to %d", names.len,
            ISSUERS_MAX);
    for (size_t i = 0; i < names.len; i++)
        if (!is_issuer_name(names.at[i]))
            return error_set(err, ERROR_ACME,
                "the CA's challenge has something else than a domain name in 'issuer-domain-names': '%s'", names.at[i]);
    list_add_all(out, &names);
    return true;
}

/* Reads the members that answering a challenge of this type needs (RFC 8555 section 8). */
static bool needs_read(const struct node *node, struct challenge *out, struct error *err)
{
    TRY(node_get_url(node, "url", &out->url, err));
    if (rules[out->type].has_token)
        TRY(token_read(node, &out->token, err));
    if (rules[out->type].kind == CHALLENGE_STANDING_RECORD) {
        TRY(issuers_read(node, &out->issuer_names, err));
        TRY(node_get_url_or_null(node, "accounturi", &out->account_url, err));
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

static bool key_authorization(const char *token, const struct jwk *jwk, struct buf *out, struct error *err)
{
    buf_put_text(out, token);
    buf_put_char(out, '.');
    TRY(jwk_thumbprint(jwk, out, err));
    if (out->failed)
        return error_set(err, ERROR_INTERNAL, "a key authorization is larger than %zu bytes", out->max);
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

static bool dns_persist_01_value(
    const char *issuer_name, const char *account_url, bool wildcard, struct buf *out, struct error *err)
{
    if (!is_plain_value(issuer_name) || !is_plain_value(account_url))
        return error_set(err, ERROR_ACME, "the CA names an issuer or account that does not fit in a TXT record: %s, %s",
            issuer_name, account_url);
    buf_putf(out, "%s; accounturi=%s", issuer_name, account_url);
    if (wildcard)
        buf_put_text(out, "; policy=wildcard");
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

static bool name_of_dns_01(const struct question *about, struct buf *out, struct error *err __attribute__((unused)))
{
    buf_putf(out, "_acme-challenge.%s", about->authz->identifier.value);
    return true;
}

static bool name_of_dns_account_01(const struct question *about, struct buf *out, struct error *err)
{
    TRY(put_account_label(about->account_url, out, err));
    return name_of_dns_01(about, out, err);
}

static bool name_of_dns_persist_01(
    const struct question *about, struct buf *out, struct error *err __attribute__((unused)))
{
    buf_putf(out, "_validation-persist.%s", about->authz->identifier.value);
    return true;
}

static bool digest_of_authorization(
    const struct question *about __attribute__((unused)), struct challenge_expected *out, struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(64);

    TRY(digest_sha256(view_of(out->key_authorization), &digest, err));
    memcpy(out->digest, digest.at, ALPN_DIGEST_SIZE);
    return true;
}

static bool record_of_authorization(
    const struct question *about __attribute__((unused)), struct challenge_expected *out, struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(64), value = BUF(64);

    TRY(digest_sha256(view_of(out->key_authorization), &digest, err));
    buf_put_base64url(&value, buf_view(&digest));
    out->record_value = buf_take(&value);
    return true;
}

/*
 * The record names an issuer and one of its accounts, and stays. A CA may call an account by another URI than its URL,
 * but only by one of its own: else it could have us name somebody's account at another CA, who could then order there.
 */
static bool account_uri(const struct question *about, const char **out, struct error *err)
{
    const char *uri = about->challenge->account_url;

    *out = uri == NULL ? about->account_url : uri;
    return url_same_origin(*out, about->account_url) ||
           error_set(err, ERROR_ACME, "the CA wants a record for an account elsewhere: %s, while ours is %s", uri,
               about->account_url);
}

static bool record_of_account(const struct question *about, struct challenge_expected *out, struct error *err)
{
    AUTO(buf_clear) struct buf value = BUF(EXPECTED_MAX);
    const char *uri;

    TRY(account_uri(about, &uri, err));
    TRY(dns_persist_01_value(about->challenge->issuer_names.at[0], uri, about->authz->wildcard, &value, err));
    out->record_value = buf_take(&value);
    return true;
}

void challenge_expected_clear(struct challenge_expected *expected)
{
    free(expected->key_authorization);
    free(expected->record_name);
    free(expected->record_value);
    *expected = (struct challenge_expected){ 0 };
}

static bool put_record_name(const struct rule *rule, const struct question *about, char **out, struct error *err)
{
    AUTO(buf_clear) struct buf name = BUF(EXPECTED_MAX);

    TRY(rule->record_name(about, &name, err));
    if (name.failed || name.len > DOMAIN_NAME_MAX)
        return error_set(
            err, ERROR_CONFIG, "the name of the DNS record for %s is too long", about->authz->identifier.value);
    *out = buf_take(&name);
    return true;
}

char *challenge_record_name(enum challenge_type type, const char *identifier, const char *account_url)
{
    const struct authz authz = { .identifier = { IDENTIFIER_DNS, (char *)identifier } };
    const struct question about = { .authz = &authz, .account_url = account_url };
    struct error ignored = { 0 };
    char *name = NULL;

    if (rules[type].record_name == NULL || (type == CHALLENGE_DNS_ACCOUNT_01 && account_url == NULL) ||
        !put_record_name(&rules[type], &about, &name, &ignored))
        return NULL;
    return name;
}

bool challenge_expect(const struct authz *authz, const struct challenge *challenge, const struct jwk *jwk,
    const char *account_url, struct challenge_expected *out, struct error *err)
{
    AUTO(challenge_expected_clear) struct challenge_expected expected = { 0 };
    AUTO(buf_clear) struct buf authorization = BUF(EXPECTED_MAX);
    const struct question about = { authz, challenge, account_url };
    const struct rule *rule = &rules[challenge->type];

    if (challenge->type == CHALLENGE_OTHER)
        return error_set(err, ERROR_INTERNAL, "a challenge of an unknown type cannot be answered");
    if (challenge->fault != NULL)
        return error_set(err, ERROR_ACME, "%s", challenge->fault);
    if (rule->has_token) {
        TRY(key_authorization(challenge->token, jwk, &authorization, err));
        expected.key_authorization = buf_take(&authorization);
    }
    if (rule->record_name != NULL)
        TRY(put_record_name(rule, &about, &expected.record_name, err));
    if (rule->value != NULL)
        TRY(rule->value(&about, &expected, err));
    *out = expected;
    expected = (struct challenge_expected){ 0 };
    return true;
}
