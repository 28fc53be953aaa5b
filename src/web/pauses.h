#pragma once
/*
 * Looking again and again until something is so: pauses that grow, and an end.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"

struct pauses {
    int64_t until_ms; /* of clock_monotonic_ms */
    int64_t round_ms; /* when the look under way began */
    int64_t next_ms;  /* the least that the next pause lasts */
};

struct pauses pauses_begin(int64_t limit_ms);

/* Between two looks: waits, at least as long as the last look took. False when the time is up, or the user has
 * interrupted. */
MUST_USE bool pauses_wait(struct pauses *pauses);

/* For one question within a look, in ms: what is left, but neither so short that nobody could answer nor so long that
 * one who is silent takes all the time. */
int pauses_question_ms(const struct pauses *pauses);
