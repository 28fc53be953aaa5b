#include "dns/persist_record.h"

#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "dns/ask.h"

#define STRING_MAX 255 /* bytes of a character-string */

void persist_record_clear(struct persist_record *record)
{
    free(record->issuer);
    free(record->account_uri);
    *record = (struct persist_record){ 0 };
}

static bool is_tag(struct view part, const char *tag)
{
    return part.len == strlen(tag) && strncasecmp(part.at, tag, part.len) == 0;
}

/* Values are printable, without blanks and semicolons. */
static bool is_value(struct view value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] <= ' ' || value.at[i] > '~')
            return false;
    return true;
}

/* Whether the parameter is taken; what is not known is left out (RFC 8659 section 4.2). */
static bool take_parameter(struct view tag, struct view value, struct persist_record *record)
{
    uint64_t until;

    if (is_tag(tag, "accounturi")) {
        if (record->account_uri != NULL)
            return false;
        record->account_uri = view_dup(value);
    } else if (is_tag(tag, "policy")) {
        record->wildcard = record->wildcard || is_tag(value, "wildcard");
    } else if (is_tag(tag, "persistuntil")) {
        if (record->until != INT64_MAX || !view_to_number(value, 0, INT64_MAX - 1, &until))
            return false;
        record->until = (int64_t)until;
    }
    return true;
}

static bool take_issuer(struct view text, struct persist_record *record)
{
    text = view_trim(text);
    if (!is_value(text) || text.len == 0)
        return false;
    if (text.at[text.len - 1] == '.')
        text.len--;
    record->issuer = view_dup(text);
    text_lower(record->issuer);
    return true;
}

bool persist_record_read(const char *text, struct persist_record *out)
{
    AUTO(persist_record_clear) struct persist_record record = { .until = INT64_MAX };
    struct view rest = view_of(text), part;

    if (!view_cut(&rest, ';', &part) || !take_issuer(part, &record))
        return false;
    while (view_cut(&rest, ';', &part)) {
        struct view value = view_trim(part), tag;

        if (value.len == 0) /* behind the last semicolon */
            continue;
        if (!view_cut(&value, '=', &tag) || value.at == NULL)
            return false;
        tag = view_trim(tag);
        value = view_trim(value);
        if (tag.len == 0 || !is_value(tag) || !is_value(value) || !take_parameter(tag, value, &record))
            return false;
    }
    *out = record;
    record = (struct persist_record){ 0 };
    return true;
}

enum persist_fit persist_record_fit(const struct persist_record *record, const struct persist_want *want)
{
    bool ours = false;

    for (size_t i = 0; i < want->issuers->len; i++)
        ours = ours || host_equal(want->issuers->at[i], record->issuer);
    if (!ours || !text_equal(record->account_uri, want->account_uri))
        return PERSIST_OTHER;
    if (record->until <= want->now)
        return PERSIST_OVER;
    return want->wildcard && !record->wildcard ? PERSIST_NARROW : PERSIST_FITS;
}

char *persist_record_line(const char *name, const char *value)
{
    AUTO(buf_clear) struct buf line = BUF(8192);
    struct view rest = view_of(value);

    buf_putf(&line, "%s. IN TXT", name);
    do {
        size_t len = rest.len < STRING_MAX ? rest.len : STRING_MAX;

        buf_put_text(&line, " \"");
        buf_put(&line, (struct view){ rest.at, len });
        buf_put_char(&line, '"');
        rest = (struct view){ rest.at + len, rest.len - len };
    } while (rest.len > 0);
    return buf_take(&line);
}
