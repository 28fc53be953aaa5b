/*
 * The only file that hands a time to libevent. On a machine of 32 bits, the system's libraries may have been built with
 * a time_t of 32 bits where ours has 64 (meson.build): this file then uses theirs, so that both mean the same by a
 * struct timeval.
 */
#ifdef EVERCERT_TIME_BITS
#undef _TIME_BITS
#endif

#include "client/event_timeout.h"

int event_add_ms(struct event *event, int64_t ms)
{
    struct timeval limit = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

    return event_add(event, &limit);
}
