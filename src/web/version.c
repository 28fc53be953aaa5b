#include "web/version.h"

#define PARTS 3

/* Reads up to three numbers with dots between, each below limit; returns how many, and leaves in *rest what follows. */
static size_t read_numbers(struct view *rest, unsigned limit, unsigned numbers[static PARTS])
{
    size_t count = 0;

    while (count < PARTS) {
        size_t digits = 0;
        uint64_t number;

        while (digits < rest->len && rest->at[digits] >= '0' && rest->at[digits] <= '9')
            digits++;
        if (!view_to_number((struct view){ rest->at, digits }, 0, limit - 1, &number))
            return 0;
        numbers[count++] = (unsigned)number;
        *rest = (struct view){ rest->at + digits, rest->len - digits };
        if (rest->len < 2 || rest->at[0] != '.' || rest->at[1] < '0' || rest->at[1] > '9')
            return count;
        *rest = (struct view){ rest->at + 1, rest->len - 1 };
    }
    return count;
}

unsigned web_version(struct view text)
{
    unsigned numbers[PARTS] = { 0 };

    if (read_numbers(&text, 1000, numbers) < 2)
        return 0;
    return (numbers[0] * 1000 + numbers[1]) * 1000 + numbers[2];
}

unsigned web_openssl_version(struct view text)
{
    unsigned numbers[PARTS] = { 0 }, letter = 0;

    if (read_numbers(&text, 100, numbers) < 2)
        return 0;
    if (text.len > 0 && text.at[0] >= 'a' && text.at[0] <= 'z')
        letter = (unsigned)(text.at[0] - 'a' + 1);
    return ((numbers[0] * 100 + numbers[1]) * 100 + numbers[2]) * 100 + letter;
}
