/* A manifest as an archive brings it, in pieces of all lengths: what is accepted says the same when it comes at once.
 */
#include <stdlib.h>
#include <string.h>

#include "backup/manifest.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool count_line(void *context, struct view line, struct error *err)
{
    uint64_t *lines = context;
    AUTO(free) char *difference = manifest_difference(line, line);

    (void)err;
    *lines += difference[0] != '\0';
    return true;
}

static bool read_by(struct view text, size_t piece, struct manifest *out, uint64_t *lines)
{
    AUTO(manifest_reader_free) struct manifest_reader *reader = NULL;
    struct error err = { 0 };

    if (!manifest_reader_new(count_line, lines, &reader, &err))
        abort();
    while (text.len > 0) {
        size_t len = text.len < piece ? text.len : piece;

        if (!manifest_reader_put(reader, (struct view){ text.at, len }, &err))
            return false;
        text = (struct view){ text.at + len, text.len - len };
    }
    return manifest_reader_end(reader, out, &err);
}

/* The digest at the end is of all before it, which no fuzzer finds: it is put in where its place is. */
static void with_digest(struct view text, struct buf *out)
{
    static const char mark[] = "DIGEST";
    AUTO(hash_free) struct hash *hash = NULL;
    char hex[HASH_HEX_SIZE];
    const char *at = text.len == 0 ? NULL : memmem(text.at, text.len, mark, strlen(mark));
    struct error err = { 0 };

    if (at == NULL) {
        buf_put(out, text);
        return;
    }
    if (!hash_new(&hash, &err) || !hash_put(hash, (struct view){ text.at, (size_t)(at - text.at) }, &err) ||
        !hash_end(hash, hex, &err))
        abort();
    buf_put(out, (struct view){ text.at, (size_t)(at - text.at) });
    manifest_put_digest(out, hex);
    at += strlen(mark);
    buf_put(out, (struct view){ at, (size_t)(text.at + text.len - at) });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf_clear) struct buf text = BUF(2 * MANIFEST_LINE_MAX);
    AUTO(manifest_clear) struct manifest whole = { 0 };
    AUTO(manifest_clear) struct manifest pieces = { 0 };
    uint64_t whole_lines = 0, pieces_lines = 0;
    bool ok;

    if (size == 0)
        return 0;
    with_digest((struct view){ (const char *)data + 1, size - 1 }, &text);
    ok = read_by(buf_view(&text), text.len + 1, &whole, &whole_lines);
    if (ok != read_by(buf_view(&text), 1 + data[0] % 64U, &pieces, &pieces_lines) || whole_lines != pieces_lines ||
        whole.entries != pieces.entries || whole.made != pieces.made || !list_equal(&whole.lacking, &pieces.lacking) ||
        !text_equal(whole.config_dir, pieces.config_dir))
        abort();
    if (ok && (whole.host == NULL || whole.by == NULL || whole.config_dir == NULL || whole.entries != whole_lines))
        abort();
    return 0;
}
