/* Text for the terminal, and the three encodings. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Making printable text printable changes nothing, and the result has no control characters. */
static void check_printable(struct view text, size_t max, bool keep_lines)
{
    AUTO(free) char *once = text_printable_dup(text, max, keep_lines);
    AUTO(free) char *twice = text_printable_dup(view_of(once), max, keep_lines);

    if (strcmp(once, twice) != 0 || strlen(once) > max)
        abort();
    for (const char *at = once; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' && !(keep_lines && (*at == '\n' || *at == '\t')))
            abort();
}

static void check_decoders(struct view text)
{
    AUTO(buf_clear) struct buf bytes = BUF(1 << 20), again = BUF(1 << 21);

    if (buf_put_unbase64url(&bytes, text)) { /* canonical: there is one spelling only */
        buf_put_base64url(&again, buf_view(&bytes));
        if (!view_equal(buf_view(&again), text))
            abort();
    }
    buf_clear(&bytes);
    buf_clear(&again);
    if (buf_put_unbase64(&bytes, text)) {
        AUTO(buf_clear) struct buf back = BUF(1 << 20);

        buf_put_base64(&again, buf_view(&bytes));
        if (!buf_put_unbase64(&back, buf_view(&again)) || !view_equal(buf_view(&back), buf_view(&bytes)))
            abort();
    }
    buf_clear(&bytes);
    if (buf_put_unhex(&bytes, text) && bytes.len * 2 != text.len)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = { (const char *)data, size };

    for (size_t max = 0; max < 10; max++)
        check_printable(text, max, false);
    check_printable(text, 1 << 20, false);
    check_printable(text, 1 << 20, true);
    check_decoders(text);
    return 0;
}
