#include "webconf/patch.h"

#include <assert.h>

#include "base/mem.h"

/* At one place: what is inserted in the order of the calls, then what stays the last, then what takes the place of
 * bytes. */
static int rank(const struct splice *splice)
{
    if (splice->remove > 0)
        return 2;
    return splice->last ? 1 : 0;
}

static size_t place_of(const struct patch *patch, const struct splice *splice)
{
    size_t place = patch->count;

    while (place > 0) {
        const struct splice *before = &patch->splices[place - 1];

        if (before->at < splice->at || (before->at == splice->at && rank(before) <= rank(splice)))
            break;
        place--;
    }
    return place;
}

static void add(struct patch *patch, struct splice splice, struct view text)
{
    size_t place = place_of(patch, &splice);

    assert(place == 0 || patch->splices[place - 1].at + patch->splices[place - 1].remove <= splice.at);
    assert(place == patch->count || splice.at + splice.remove <= patch->splices[place].at);
    if (patch->count == patch->size) {
        patch->size = patch->size == 0 ? 8 : 2 * patch->size;
        patch->splices = xrealloc(patch->splices, patch->size, sizeof *patch->splices);
    }
    splice.insert = xcalloc(text.len + 1, 1);
    splice.insert_len = text.len;
    if (text.len > 0)
        memcpy(splice.insert, text.at, text.len);
    memmove(&patch->splices[place + 1], &patch->splices[place], (patch->count - place) * sizeof splice);
    patch->splices[place] = splice;
    patch->count++;
}

void patch_replace(struct patch *patch, size_t at, size_t remove, struct view text)
{
    add(patch, (struct splice){ .at = at, .remove = remove }, text);
}

void patch_insert(struct patch *patch, size_t at, struct view text)
{
    add(patch, (struct splice){ .at = at }, text);
}

void patch_insert_last(struct patch *patch, size_t at, struct view text)
{
    add(patch, (struct splice){ .at = at, .last = true }, text);
}

bool patch_has_last(const struct patch *patch, size_t at)
{
    for (size_t i = 0; i < patch->count && patch->splices[i].at <= at; i++)
        if (patch->splices[i].at == at && patch->splices[i].last)
            return true;
    return false;
}

bool patch_is_empty(const struct patch *patch)
{
    return patch->count == 0;
}

bool patch_touches(const struct patch *patch, size_t start, size_t end)
{
    for (size_t i = 0; i < patch->count; i++)
        if (patch->splices[i].at < end && patch->splices[i].at + patch->splices[i].remove >= start)
            return true;
    return false;
}

void patch_apply(const struct patch *patch, struct view text, struct buf *out)
{
    size_t from = 0;

    for (size_t i = 0; i < patch->count; i++) {
        const struct splice *splice = &patch->splices[i];

        assert(splice->at >= from && splice->remove <= text.len && splice->at <= text.len - splice->remove);
        buf_put(out, (struct view){ text.at + from, splice->at - from });
        buf_put(out, (struct view){ splice->insert, splice->insert_len });
        from = splice->at + splice->remove;
    }
    buf_put(out, (struct view){ text.at + from, text.len - from });
}

void patch_clear(struct patch *patch)
{
    for (size_t i = 0; i < patch->count; i++)
        free(patch->splices[i].insert);
    free(patch->splices);
    *patch = (struct patch){ 0 };
}

/* ---- how a text is laid out around a place ---- */

size_t text_line_start(struct view text, size_t at)
{
    while (at > 0 && text.at[at - 1] != '\n')
        at--;
    return at;
}

/* Offset of the line feed that ends the line of `at`, the text's end when there is none. */
static size_t line_feed(struct view text, size_t at)
{
    const char *found = at < text.len ? memchr(text.at + at, '\n', text.len - at) : NULL;

    return found == NULL ? text.len : (size_t)(found - text.at);
}

size_t text_line_end(struct view text, size_t at)
{
    size_t end = line_feed(text, at);

    return end < text.len && end > at && text.at[end - 1] == '\r' ? end - 1 : end;
}

size_t text_next_line(struct view text, size_t at)
{
    size_t end = line_feed(text, at);

    return end < text.len ? end + 1 : end;
}

struct view text_indent(struct view text, size_t at)
{
    size_t start = text_line_start(text, at), end = start;

    while (end < text.len && (text.at[end] == ' ' || text.at[end] == '\t'))
        end++;
    return (struct view){ text.at + start, end - start };
}

const char *text_line_end_at(struct view text, size_t at)
{
    size_t end = line_feed(text, at);

    if (end == text.len) { /* the last line: as the one before it ends */
        size_t start = text_line_start(text, at);

        if (start == 0)
            return "\n";
        end = start - 1;
    }
    return end > 0 && text.at[end - 1] == '\r' ? "\r\n" : "\n";
}

size_t text_line_number(struct view text, size_t at)
{
    size_t number = 1;

    for (size_t i = 0; i < at && i < text.len; i++)
        if (text.at[i] == '\n')
            number++;
    return number;
}
