/*
 * PEM blocks. Tolerant of what stands between blocks and of line ends, strict about the blocks themselves.
 */
#include "crypto/pem.h"

#include <string.h>

#include "base/text.h"

static const char begin_mark[] = "-----BEGIN ";
static const char end_mark[] = "-----END ";
static const char dashes[] = "-----";

#define LABEL_MAX 64

static const char *find_text(struct view in, const char *text)
{
    return memmem(in.at, in.len, text, strlen(text));
}

static struct view view_from(struct view whole, const char *at)
{
    return (struct view){ at, whole.len - (size_t)(at - whole.at) };
}

/* Whether a line begins there, but for blanks (what stood in a YAML file) and the byte order mark of Windows editors.
 */
static bool begins_line(struct view in, const char *at)
{
    static const char mark[] = "\xef\xbb\xbf";

    while (at > in.at && (at[-1] == ' ' || at[-1] == '\t'))
        at--;
    if (at == in.at || at[-1] == '\n' || at[-1] == '\r')
        return true;
    return at - in.at == (ptrdiff_t)strlen(mark) && memcmp(in.at, mark, strlen(mark)) == 0;
}

/* Finds mark at the start of a line. NULL when there is none. */
static const char *find_line(struct view in, const char *mark)
{
    struct view rest = in;
    const char *at;

    while ((at = find_text(rest, mark)) != NULL) {
        if (begins_line(in, at))
            return at;
        rest = view_from(rest, at + 1);
    }
    return NULL;
}

/* The label behind a mark: up to the dashes, in the same line. */
static bool read_label(struct view after_mark, struct view *label)
{
    const char *end;

    after_mark.len = after_mark.len < LABEL_MAX + sizeof dashes ? after_mark.len : LABEL_MAX + sizeof dashes;
    end = find_text(after_mark, dashes);
    if (end == NULL || memchr(after_mark.at, '\n', (size_t)(end - after_mark.at)) != NULL)
        return false;
    *label = (struct view){ after_mark.at, (size_t)(end - after_mark.at) };
    return true;
}

/* RFC 1421 headers end with an empty line; "Proc-Type: 4,ENCRYPTED" is the only one that matters to us. */
static void skip_headers(struct pem_block *block)
{
    struct view rest = block->body, line;

    if (!view_has(block->body, ':'))
        return;
    while (view_cut(&rest, '\n', &line)) {
        line = view_trim(line);
        if (line.len == 0) {
            block->body = rest.at == NULL ? (struct view){ line.at, 0 } : rest;
            return;
        }
        if (view_starts(line, "Proc-Type:") && find_text(line, "ENCRYPTED") != NULL)
            block->encrypted = true;
    }
}

/* Finds the next mark. */
typedef const char *finder(struct view in, const char *mark);

static bool next_block(struct view *rest, finder *find_mark, struct pem_block *out, struct error *err)
{
    const char *begin = find_mark(*rest, begin_mark), *end;
    struct pem_block block = { .label = { NULL, 0 } };
    struct view after, end_label;

    if (begin == NULL) {
        *rest = (struct view){ rest->at + rest->len, 0 };
        *out = block;
        return true;
    }
    after = view_from(*rest, begin + strlen(begin_mark));
    if (!read_label(after, &block.label))
        return error_set(err, ERROR_CONFIG, "a line that starts with \"-----BEGIN\" does not end with \"-----\"");
    after = view_from(after, block.label.at + block.label.len + strlen(dashes));
    end = find_mark(after, end_mark);
    if (end == NULL || !read_label(view_from(after, end + strlen(end_mark)), &end_label) ||
        !view_equal(block.label, end_label))
        return error_set(err, ERROR_CONFIG, "the PEM block \"%.*s\" has no end", (int)block.label.len, block.label.at);

    block.body = view_trim((struct view){ after.at, (size_t)(end - after.at) });
    block.encrypted = view_is(block.label, "ENCRYPTED PRIVATE KEY");
    skip_headers(&block);
    *rest = view_from(after, end_label.at + end_label.len + strlen(dashes));
    *out = block;
    return true;
}

bool pem_next(struct view *rest, struct pem_block *out, struct error *err)
{
    return next_block(rest, find_line, out, err);
}

bool pem_next_anywhere(struct view *rest, struct pem_block *out, struct error *err)
{
    const char *begin = find_text(*rest, begin_mark);
    struct view before = { rest->at, begin == NULL ? rest->len : (size_t)(begin - rest->at) };

    if (find_text(before, end_mark) != NULL)
        return error_set(err, ERROR_CONFIG, "a PEM block has an end, but no beginning");
    return next_block(rest, find_text, out, err);
}

bool pem_find(struct view *rest, const char *a, const char *b, struct pem_block *out, struct error *err)
{
    struct pem_block block;

    do {
        TRY(pem_next(rest, &block, err));
        if (block.label.at == NULL)
            return error_set(err, ERROR_CONFIG, "no PEM block \"%s\" found", a);
    } while (!view_is(block.label, a) && (b == NULL || !view_is(block.label, b)));
    *out = block;
    return true;
}

bool pem_decode(const struct pem_block *block, struct buf *der, struct error *err)
{
    const char *why = "not valid base64";
    size_t before = der->len;

    if (der->failed || block->body.len / 4 * 3 > der->max - before + 1024)
        return error_set(
            err, ERROR_CONFIG, "the PEM block \"%.*s\" is too large", (int)block->label.len, block->label.at);
    if (buf_put_unbase64(der, block->body) && der->len > before)
        return true;
    buf_cut(der, before);
    if (block->body.len == 0)
        why = "empty";
    return error_set(err, ERROR_CONFIG, "the PEM block \"%.*s\" is %s", (int)block->label.len, block->label.at,
        der->failed ? "too large" : why);
}

void pem_put(struct buf *out, const char *label, struct view der)
{
    AUTO(buf_clear) struct buf text = { .max = der.len / 3 * 4 + 8, .secret = out->secret };

    buf_put_base64(&text, der);
    buf_putf(out, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < text.len; at += 64) {
        buf_put(out, (struct view){ text.at + at, text.len - at < 64 ? text.len - at : 64 });
        buf_put_char(out, '\n');
    }
    buf_putf(out, "-----END %s-----\n", label);
}
