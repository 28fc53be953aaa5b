#include "preflight/caa.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define FLAG_CRITICAL 0x80
#define TAG_MAX 15
#define LABEL_MAX 63

/* ---- records ---- */

static bool is_alnum(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

/* Tags are ASCII letters and digits (RFC 8659 section 4.1). */
static bool is_tag(struct view tag)
{
    for (size_t i = 0; i < tag.len; i++)
        if (!is_alnum(tag.at[i]))
            return false;
    return tag.len > 0 && tag.len <= TAG_MAX;
}

static bool record_read(struct view data, struct caa_record *out)
{
    struct view tag, value;
    size_t len;

    if (data.len < 2)
        return false;
    len = (unsigned char)data.at[1];
    if (len > data.len - 2)
        return false;
    tag = (struct view){ data.at + 2, len };
    value = (struct view){ data.at + 2 + len, data.len - 2 - len };
    if (!is_tag(tag) || value.len > CAA_MAX_VALUE)
        return false;
    *out = (struct caa_record){
        .critical = ((unsigned char)data.at[0] & FLAG_CRITICAL) != 0, .tag = view_dup(tag), .value = BUF(CAA_MAX_VALUE)
    };
    text_lower(out->tag);
    buf_put(&out->value, value);
    return true;
}

void caa_add(struct caa_set *set, struct view data)
{
    struct caa_record record;

    if (set->len == CAA_MAX_RECORDS || !record_read(data, &record)) {
        set->unreadable++;
        return;
    }
    set->at = xrealloc(set->at, set->len + 1, sizeof *set->at);
    set->at[set->len++] = record;
}

void caa_clear(struct caa_set *set)
{
    for (size_t i = 0; i < set->len; i++) {
        free(set->at[i].tag);
        buf_clear(&set->at[i].value);
    }
    free(set->at);
    *set = (struct caa_set){ 0 };
}

void caa_put_text(const struct caa_record *record, struct buf *out)
{
    buf_putf(out, "%d %s \"", record->critical ? FLAG_CRITICAL : 0, record->tag);
    for (size_t i = 0; i < record->value.len; i++) {
        char byte = record->value.at[i];

        if (byte == '"' || byte == '\\')
            buf_putf(out, "\\%c", byte);
        else if (byte < ' ' || byte > '~')
            buf_putf(out, "\\%03u", (unsigned)(unsigned char)byte);
        else
            buf_put_char(out, byte);
    }
    buf_put_char(out, '"');
}

/* ---- the value of issue and issuewild ---- */

/* Letters, digits and hyphens that end in no hyphen, with dots between (RFC 8659 section 4.2). */
static bool is_domain(struct view name)
{
    struct view label;

    while (view_cut(&name, '.', &label)) {
        if (label.len == 0 || label.len > LABEL_MAX || !is_alnum(label.at[0]) || !is_alnum(label.at[label.len - 1]))
            return false;
        for (size_t i = 0; i < label.len; i++)
            if (!is_alnum(label.at[i]) && label.at[i] != '-')
                return false;
    }
    return true;
}

/* Visible ASCII without the semicolon, which view_cut has taken out. */
static bool is_parameter_value(struct view value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] <= ' ' || value.at[i] > '~')
            return false;
    return true;
}

static bool is_named(struct view tag, const char *name)
{
    return tag.len == strlen(name) && strncasecmp(tag.at, name, tag.len) == 0;
}

/* A value that is said twice permits nothing (RFC 8657 section 3). */
static bool set_once(char **to, struct view value)
{
    if (*to != NULL)
        return false;
    *to = view_dup(value);
    return true;
}

static bool parameter_read(struct view text, struct caa_issuer *out)
{
    struct view tag, value = text;

    if (!view_has(text, '=') || !view_cut(&value, '=', &tag))
        return false;
    tag = view_trim(tag);
    value = view_trim(value);
    if (!is_domain(tag) || view_has(tag, '.') || !is_parameter_value(value))
        return false;
    if (is_named(tag, "accounturi"))
        return value.len > 0 && set_once(&out->account, value);
    if (is_named(tag, "validationmethods"))
        return set_once(&out->methods, value);
    return true;
}

/* Tells whether there was anything in it that only the parameters' grammar may say. */
static bool parameters_read(struct view rest, struct caa_issuer *out)
{
    struct view part;

    while (view_cut(&rest, ';', &part)) {
        part = view_trim(part);
        if (part.len > 0 && !parameter_read(part, out))
            return false;
    }
    return true;
}

void caa_issuer_read(struct view value, struct caa_issuer *out)
{
    struct view domain;

    *out = (struct caa_issuer){ 0 };
    if (!view_cut(&value, ';', &domain))
        domain = view_of("");
    domain = view_trim(domain);
    if (domain.len > 0 && !is_domain(domain)) {
        out->unsatisfiable = true;
        domain = view_of("");
    }
    out->domain = view_dup(domain);
    text_lower(out->domain);
    if (value.at != NULL && !parameters_read(value, out))
        out->unsatisfiable = true;
}

void caa_issuer_clear(struct caa_issuer *issuer)
{
    free(issuer->domain);
    free(issuer->account);
    free(issuer->methods);
    *issuer = (struct caa_issuer){ 0 };
}

/* ---- what is permitted ---- */

/* Tags whose meaning is known, though most of them say nothing about certificates of servers. */
static bool is_known(const char *tag)
{
    static const char *const known[] = { "issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail",
        "issuevmc" };
    bool found = false;

    for (size_t i = 0; i < COUNT(known); i++)
        found = found || strcmp(tag, known[i]) == 0;
    return found;
}

static bool has_tag(const struct caa_set *set, const char *tag)
{
    for (size_t i = 0; i < set->len; i++)
        if (strcmp(set->at[i].tag, tag) == 0)
            return true;
    return false;
}

static bool has_method(const char *methods, const char *method)
{
    struct view rest = view_of(methods), one;

    while (view_cut(&rest, ',', &one))
        if (view_is(one, method))
            return true;
    return false;
}

/* What one record says, and to *culprit why it permits nothing. */
static enum caa_verdict judge_issuer(
    const struct caa_issuer *issuer, const struct caa_asked *asked, const char **culprit)
{
    *culprit = issuer->domain;
    if (issuer->unsatisfiable || issuer->domain[0] == '\0')
        return CAA_FORBIDDEN;
    if (asked->identities->len == 0)
        return CAA_CA_UNKNOWN;
    if (!list_has(asked->identities, issuer->domain))
        return CAA_FORBIDDEN;
    *culprit = issuer->account;
    if (issuer->account != NULL && asked->account != NULL && strcmp(issuer->account, asked->account) != 0)
        return CAA_ACCOUNT;
    *culprit = issuer->methods;
    if (issuer->methods != NULL && !has_method(issuer->methods, asked->method))
        return CAA_METHOD;
    *culprit = issuer->account;
    return issuer->account != NULL && asked->account == NULL ? CAA_ACCOUNT_UNKNOWN : CAA_ALLOWED;
}

static void rule(struct caa_ruling *out, enum caa_verdict verdict, const char *tag, const char *culprit)
{
    out->verdict = verdict;
    out->tag = tag;
    xreplace(&out->culprit, culprit);
}

/* The record that is nearest to a permission decides. */
static void judge_tag(const struct caa_set *set, const struct caa_asked *asked, const char *tag, struct caa_ruling *out)
{
    AUTO(list_clear) struct list others = { 0 };
    AUTO(free) char *all = NULL;

    rule(out, CAA_FORBIDDEN, tag, "");
    for (size_t i = 0; i < set->len; i++) {
        AUTO(caa_issuer_clear) struct caa_issuer issuer = { 0 };
        enum caa_verdict verdict;
        const char *culprit;

        if (strcmp(set->at[i].tag, tag) != 0)
            continue;
        caa_issuer_read(buf_view(&set->at[i].value), &issuer);
        verdict = judge_issuer(&issuer, asked, &culprit);
        if (verdict == CAA_FORBIDDEN && culprit[0] != '\0' && !list_has(&others, culprit))
            list_add(&others, culprit);
        if (verdict > out->verdict)
            rule(out, verdict, tag, verdict == CAA_ALLOWED || verdict == CAA_CA_UNKNOWN ? NULL : culprit);
    }
    all = list_join(&others, ", ");
    if (out->verdict == CAA_FORBIDDEN)
        rule(out, CAA_FORBIDDEN, tag, all);
}

void caa_judge(const struct caa_set *set, const struct caa_asked *asked, struct caa_ruling *out)
{
    const char *tag = asked->wildcard && has_tag(set, "issuewild") ? "issuewild" : "issue";

    *out = (struct caa_ruling){ .verdict = CAA_ALLOWED };
    for (size_t i = 0; i < set->len; i++)
        if (set->at[i].critical && !is_known(set->at[i].tag)) {
            rule(out, CAA_CRITICAL, NULL, set->at[i].tag);
            return;
        }
    if (has_tag(set, tag))
        judge_tag(set, asked, tag, out);
}

void caa_ruling_clear(struct caa_ruling *ruling)
{
    free(ruling->culprit);
    *ruling = (struct caa_ruling){ 0 };
}
