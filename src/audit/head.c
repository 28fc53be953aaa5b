#include "audit/head.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/doc.h"
#include "json/out.h"

#define TAG "evercert["
#define MARK "audit head="
#define TRAIL " trail="
#define TRAIL_TEXT_MAX 32768 /* bytes of a path, with its escapes */

/* ---- writing and reading one ---- */

static void put_quoted(struct buf *to, const char *text)
{
    struct out out = out_to(to);

    out_text(&out, NULL, text);
}

char *audit_head_text(const struct audit_head *head, const char *trail, const char *what)
{
    AUTO(buf_clear) struct buf text = BUF(SIZE_MAX);

    buf_putf(&text, MARK "%llu:%s" TRAIL, (unsigned long long)head->seq, head->hash);
    put_quoted(&text, trail);
    buf_putf(&text, "%s%s", what[0] != '\0' ? " " : "", what);
    return buf_take(&text);
}

bool audit_head_parse(struct view text, struct audit_head *out)
{
    struct audit_head head = { 0 };
    struct view rest = text, first;

    if (!view_cut(&rest, ':', &first))
        return false;
    if (rest.at == NULL)
        rest = first;
    else if (!view_to_number(first, 1, INT64_MAX, &head.seq))
        return false;
    if (!audit_is_hash(rest))
        return false;
    memcpy(head.hash, rest.at, rest.len);
    *out = head;
    return true;
}

/* The JSON string at the start of the text, as far as its closing quotation mark. */
static bool read_quoted(struct view text, char **out)
{
    AUTO(buf_clear) struct buf json = BUF(TRAIL_TEXT_MAX);
    AUTO(doc_free) struct doc *doc = NULL;
    struct error err = { 0 };
    size_t end = 1;

    if (text.len == 0 || text.at[0] != '"')
        return false;
    while (end < text.len && text.at[end] != '"')
        end += text.at[end] == '\\' ? 2 : 1;
    if (end >= text.len)
        return false;
    buf_putf(&json, "[");
    buf_put(&json, (struct view){ text.at, end + 1 });
    buf_putf(&json, "]");
    if (json.failed || !doc_read(buf_view(&json), "a line of the log", &doc, &err) || node_count(doc_root(doc)) != 1)
        return false;
    *out = xstrdup(node_text(node_at(doc_root(doc), 0)));
    return true;
}

/* Whether a text ends with "evercert[PID]", as a word of its own. */
static bool ends_with_tag(struct view text)
{
    size_t at = text.len;

    if (at == 0 || text.at[--at] != ']')
        return false;
    while (at > 0 && text.at[at - 1] >= '0' && text.at[at - 1] <= '9')
        at--;
    if (at + 1 == text.len || at < strlen(TAG) || memcmp(text.at + at - strlen(TAG), TAG, strlen(TAG)) != 0)
        return false;
    at -= strlen(TAG);
    return at == 0 || text.at[at - 1] == ' ';
}

/* What stands behind the mark in a message of ours: all of the line, or what is behind the first ": " of it, if that
 * ends our name and number. Further behind is what somebody else was told, and has written down. */
static bool find_mark(struct view line, struct view *rest)
{
    const char *colon = line.len == 0 ? NULL : memmem(line.at, line.len, ": ", 2);
    size_t skip = 0;

    if (!view_starts(line, MARK)) {
        if (colon == NULL || !ends_with_tag((struct view){ line.at, (size_t)(colon - line.at) }))
            return false;
        skip = (size_t)(colon - line.at) + 2;
    }
    *rest = (struct view){ line.at + skip, line.len - skip };
    if (!view_starts(*rest, MARK))
        return false;
    rest->at += strlen(MARK);
    rest->len -= strlen(MARK);
    return true;
}

bool audit_head_read(struct view line, struct audit_head *head, char **trail)
{
    struct view rest, word;

    if (!find_mark(line, &rest))
        return false;
    if (!view_cut(&rest, ' ', &word) || rest.at == NULL || !view_has(word, ':') || !audit_head_parse(word, head) ||
        !view_starts(rest, &TRAIL[1]))
        return false;
    rest.at += strlen(TRAIL) - 1;
    rest.len -= strlen(TRAIL) - 1;
    return read_quoted(rest, trail);
}

/* ---- many ---- */

bool audit_heads_add(struct audit_heads *heads, const struct audit_head *head)
{
    if (heads->count == AUDIT_HEADS_MAX)
        return false;
    if ((heads->count & (heads->count - 1)) == 0) /* full: there is room for a power of two */
        heads->at = xrealloc(heads->at, heads->count == 0 ? 1 : heads->count * 2, sizeof *heads->at);
    heads->at[heads->count++] = *head;
    return true;
}

bool audit_heads_read(struct audit_reader *reader, const char *trail, struct audit_heads *heads, struct error *err)
{
    struct audit_raw raw;

    for (;;) {
        AUTO(free) char *of = NULL;
        struct audit_head head;

        TRY(audit_reader_next(reader, &raw, err));
        if (raw.at_end)
            return true;
        if (audit_head_read(raw.all, &head, &of) && strcmp(of, trail) == 0 && !audit_heads_add(heads, &head))
            return error_set(
                err, ERROR_STORE, "there are more than %d heads: say since when with --since", AUDIT_HEADS_MAX);
    }
}

static int lower_first(const void *a, const void *b)
{
    const struct audit_head *left = a, *right = b;

    if (left->seq != right->seq)
        return left->seq < right->seq ? -1 : 1;
    return strcmp(left->hash, right->hash);
}

void audit_heads_sort(struct audit_heads *heads)
{
    size_t kept = 0;

    if (heads->count > 0)
        qsort(heads->at, heads->count, sizeof *heads->at, lower_first);
    for (size_t i = 0; i < heads->count; i++)
        if (kept == 0 || lower_first(&heads->at[kept - 1], &heads->at[i]) != 0)
            heads->at[kept++] = heads->at[i];
    heads->count = kept;
}

void audit_heads_clear(struct audit_heads *heads)
{
    free(heads->at);
    *heads = (struct audit_heads){ 0 };
}
