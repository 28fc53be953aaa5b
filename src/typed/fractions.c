#include "typed/fractions.h"

/* ".75", "0.75": in thousandths. */
static bool read_one(struct view text, unsigned *out)
{
    uint64_t number;

    if (view_starts(text, "0"))
        text = (struct view){ text.at + 1, text.len - 1 };
    if (text.len < 2 || text.len > 4 || text.at[0] != '.')
        return false;
    text = (struct view){ text.at + 1, text.len - 1 };
    if (!view_to_number(text, 0, 999, &number))
        return false;
    for (size_t digits = text.len; digits < 3; digits++)
        number *= 10;
    *out = (unsigned)number;
    return number > 0;
}

bool fractions_read(const char *text, struct fractions *out)
{
    struct fractions all = { 0 };
    struct view rest = view_of(text), part = { 0 };

    while (text[0] != '\0' && view_cut(&rest, ',', &part)) {
        if (all.len == FRACTIONS_MAX || !read_one(view_trim(part), &all.per_mille[all.len]))
            return false;
        if (all.len > 0 && all.per_mille[all.len] <= all.per_mille[all.len - 1])
            return false;
        all.len++;
    }
    *out = all;
    return true;
}
