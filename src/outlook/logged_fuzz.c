/* Answers of services that search the logs, which anybody may have written: read in two pieces, as they may come. */
#include "outlook/logged.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *ctx, const struct logged *logged)
{
    size_t *taken = ctx;

    (*taken)++;
    if (logged->id <= 0 || logged->serial == NULL ||
        strspn(logged->serial, "0123456789abcdef") != strlen(logged->serial) || logged->names.len == 0 ||
        logged->names.len > LOGGED_NAMES_MAX || logged->count < 1)
        abort();
}

/* How many certificates are told of, when the answer comes in two pieces. */
static size_t read_in_pieces(struct view text, size_t cut, bool *ok)
{
    AUTO(logged_reader_clear) struct logged_reader reader;
    size_t taken = 0;
    struct error err = { 0 };

    logged_begin(&reader, take, &taken);
    *ok = logged_take(&reader, (struct view){ text.at, cut }, &err) &&
          logged_take(&reader, (struct view){ text.at + cut, text.len - cut }, &err) && logged_end(&reader, &err);
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = { (const char *)data, size };
    bool whole, divided;

    if (size == 0)
        return 0;
    if (read_in_pieces(text, size, &whole) != read_in_pieces(text, data[0] % size, &divided) || whole != divided)
        abort();
    return 0;
}
