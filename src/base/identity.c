#include "base/identity.h"

#include <stdint.h>

static char *put_number(uint64_t number, char *to)
{
    int shift = 60;

    while (shift > 0 && number >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *to++ = "0123456789abcdef"[number >> shift & 15];
    return to;
}

void identity_of(const struct stat *st, char out[static IDENTITY_SIZE])
{
    char *to = put_number(st->st_dev, out);

    *to++ = ':';
    *put_number(st->st_ino, to) = '\0';
}
