#pragma once
/*
 * How long to wait before asking again, the only place that decides it. Others begin one and hand it on, so that
 * several waits have one time-out together.
 */
#include "acme/session.h"

struct poll {
    struct session *session;
    int timeout_s;
    int64_t left_ms;  /* of the time-out; waiting counts, by its length: setting the clock does no harm */
    int64_t until;    /* of clock_monotonic_ms: the CA's slow answers count, too, once they take as long again */
    int64_t delay_ms; /* the next step of our own */
    unsigned looks;   /* waits so far */
};

struct poll poll_start(struct session *session, int timeout_s);
/* Another thing is waited for in what is left of the time: the first looks come soon again. */
void poll_go_on(struct poll *poll);

/*
 * Waits before the next look. retry_at: the instant the CA named with the last answer, 0 when none.
 * ERROR_NETWORK when the time is used up (err->retry_at is then retry_at), ERROR_CANCELED on an interrupt. A CA that
 * draws out each answer gets twice the time-out.
 */
MUST_USE bool poll_wait(struct poll *poll, int64_t retry_at, struct error *err);

/* Whether Retry-After is obeyed already, so that what is not due yet should not be asked for. */
bool poll_heeds_retry_after(const struct poll *poll);
