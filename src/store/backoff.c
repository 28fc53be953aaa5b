#include "store/backoff.h"

#include "base/mem.h"
#include "store/fields.h"

void backoff_clear(struct backoff *backoff)
{
    free(backoff->why);
    *backoff = (struct backoff){ 0 };
}

void backoff_failed(struct backoff *backoff, const char *why, int64_t now, int64_t longest)
{
    static const int64_t pauses[] = { 0, 60, 600, 6000, BACKOFF_MAX_S };
    size_t which = backoff->failures < COUNT(pauses) ? backoff->failures : COUNT(pauses) - 1;

    backoff->failures += backoff->failures < FIELD_NUMBER_MAX;
    backoff->not_before = now + (pauses[which] < longest ? pauses[which] : longest);
    xreplace(&backoff->why, why);
}

bool backoff_waits(const struct backoff *backoff, int64_t now)
{
    return backoff->not_before > now && backoff->not_before <= now + BACKOFF_MAX_S;
}
