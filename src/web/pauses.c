#include "web/pauses.h"

#include "base/clock.h"

#define FIRST_MS 20
#define LONGEST_MS 500
#define QUESTION_MIN_MS 1000
#define QUESTION_MAX_MS 5000

struct pauses pauses_begin(int64_t limit_ms)
{
    int64_t now = clock_monotonic_ms();

    return (struct pauses){ .until_ms = now + limit_ms, .round_ms = now, .next_ms = FIRST_MS };
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

bool pauses_wait(struct pauses *pauses)
{
    int64_t now = clock_monotonic_ms(), took = now - pauses->round_ms;
    int64_t pause = took > pauses->next_ms ? took : pauses->next_ms;

    if (now >= pauses->until_ms)
        return false;
    if (!clock_sleep_ms(smaller(pause, pauses->until_ms - now)))
        return false;
    pauses->next_ms = smaller(pauses->next_ms * 3 / 2, LONGEST_MS);
    pauses->round_ms = clock_monotonic_ms();
    return true;
}

int pauses_question_ms(const struct pauses *pauses)
{
    int64_t left = pauses->until_ms - clock_monotonic_ms();

    return left < QUESTION_MIN_MS ? QUESTION_MIN_MS : (int)smaller(left, QUESTION_MAX_MS);
}
