#include "audit/line.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "crypto/key.h"
#include "json/out.h"

#define VALUE_MAX 2000 /* bytes of one fact */
#define NAME_MAX_SHOWN 300
#define TIME_LEN 20 /* "2026-12-01T03:45:31Z" */
#define ACT_LEN_MAX 40
#define HEAD_LEN_MAX 128 /* what stands in front of a body */

/* ---- writing ---- */

/* URLs without what may be secret in them. */
static void put_text(struct out *out, const char *name, const char *text, size_t max)
{
    AUTO(free) char *told = text != NULL ? url_redact(text) : NULL;
    AUTO(free) char *shown = told != NULL ? text_printable_dup(view_of(told), max, false) : NULL;

    if (shown != NULL)
        out_text(out, name, shown);
}

static void put_facts(struct out *out, const struct audit_said *said)
{
    if (said->count == 0)
        return;
    out_object(out, "what");
    for (size_t i = 0; i < said->count; i++)
        put_text(out, said->facts[i].name, said->facts[i].value, VALUE_MAX);
    out_end(out);
}

static void put_who(struct out *out, const struct audit_who *who)
{
    out_object(out, "who");
    out_number(out, "uid", who->uid);
    if (who->login != UINT32_MAX)
        out_number(out, "login", who->login);
    put_text(out, "sudo", who->sudo, NAME_MAX_SHOWN);
    out_number(out, "pid", who->pid);
    put_text(out, "command", who->command, NAME_MAX_SHOWN);
    out_end(out);
}

static void put_body(const struct audit_said *said, bool with_facts, struct buf *to)
{
    struct out out = out_to(to);
    char time[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(said->time, time);
    out_object(&out, NULL);
    out_text(&out, "time", time);
    out_text(&out, "act", audit_act_name(said->act));
    put_text(&out, "lineage", said->lineage, NAME_MAX_SHOWN);
    out_text(&out, "result", said->failure == NULL ? "done" : "failed");
    put_text(&out, "why", said->failure, VALUE_MAX);
    if (with_facts)
        put_facts(&out, said);
    else
        out_bool(&out, "cut", true);
    put_who(&out, said->who);
    out_end(&out);
}

void audit_line_body(const struct audit_said *said, struct buf *out)
{
    AUTO(buf_clear) struct buf body = BUF(AUDIT_LINE_MAX - HEAD_LEN_MAX);

    put_body(said, true, &body);
    if (body.failed) {
        buf_clear(&body);
        body.failed = false;
        put_body(said, false, &body);
    }
    buf_put(out, buf_view(&body));
}

bool audit_hash(struct view bytes, char out[static AUDIT_HASH_SIZE], struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(AUDIT_HASH_SIZE);
    AUTO(buf_clear) struct buf hex = BUF(AUDIT_HASH_SIZE);

    TRY(digest_sha256(bytes, &digest, err));
    buf_put_hex(&hex, buf_view(&digest));
    (void)snprintf(out, AUDIT_HASH_SIZE, "%s", buf_text(&hex));
    return true;
}

bool audit_line_put(struct audit_head *head, struct view body, struct buf *out, struct error *err)
{
    struct audit_head next = { .seq = head->seq + 1 };
    size_t start = out->len;

    buf_putf(out, "{\"seq\":%llu,\"prev\":\"%s\",", (unsigned long long)next.seq, head->hash);
    buf_put(out, (struct view){ body.at + 1, body.len - 1 }); /* without its brace */
    buf_put_char(out, '\n');
    if (out->failed)
        return error_set(err, ERROR_INTERNAL, "a line of the audit trail does not fit into %zu bytes", out->max);
    TRY(audit_hash((struct view){ out->at + start, out->len - start }, next.hash, err));
    *head = next;
    return true;
}

/* ---- reading ---- */

bool audit_is_hash(struct view text)
{
    if (text.len != AUDIT_HASH_SIZE - 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!((text.at[i] >= '0' && text.at[i] <= '9') || (text.at[i] >= 'a' && text.at[i] <= 'f')))
            return false;
    }
    return true;
}

/* Takes the text from the front of *rest. */
static bool take(struct view *rest, const char *text)
{
    if (!view_starts(*rest, text))
        return false;
    rest->at += strlen(text);
    rest->len -= strlen(text);
    return true;
}

/* Takes len bytes, and fails where there are not as many. */
static bool take_len(struct view *rest, size_t len, struct view *out)
{
    if (rest->len < len)
        return false;
    *out = (struct view){ rest->at, len };
    rest->at += len;
    rest->len -= len;
    return true;
}

static bool is_act_name(struct view text)
{
    if (text.len == 0 || text.len > ACT_LEN_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!((text.at[i] >= 'a' && text.at[i] <= 'z') || text.at[i] == '-'))
            return false;
    }
    return true;
}

bool audit_line_link(struct view line, struct audit_link *out)
{
    struct audit_link link = { 0 };
    struct view rest = line, number, prev, time;

    if (rest.len > 0 && rest.at[rest.len - 1] == '\n')
        rest.len--;
    if (rest.len == 0 || rest.at[rest.len - 1] != '}' || line.len > AUDIT_LINE_MAX || view_has(rest, '\0'))
        return false;
    if (!take(&rest, "{\"seq\":") || !view_cut(&rest, ',', &number) || rest.at == NULL ||
        !view_to_number(number, 1, INT64_MAX, &link.seq) || (number.len > 1 && number.at[0] == '0'))
        return false;
    if (!take(&rest, "\"prev\":\"") || !take_len(&rest, AUDIT_HASH_SIZE - 1, &prev) || !audit_is_hash(prev))
        return false;
    if (!take(&rest, "\",\"time\":\"") || !take_len(&rest, TIME_LEN, &time) || !clock_parse_rfc3339(time, &link.time))
        return false;
    if (!take(&rest, "\",\"act\":\"") || !view_cut(&rest, '"', &link.act) || rest.at == NULL || !is_act_name(link.act))
        return false;
    memcpy(link.prev, prev.at, prev.len);
    *out = link;
    return true;
}
