#include "acme/poll.h"

#include "base/clock.h"

/*
 * A CA that validates and issues at once still likes to send "Retry-After: 3" or 5 with the first answer: it
 * speaks of servers that take a while. RFC 8555 section 7.5.1 says that clients SHOULD honour it, so a few
 * looks before that are allowed; three of them within 0.4 s find the fast CA, and cost a slow one next to
 * nothing. From then on the CA's instant is kept to exactly. Where it names none, we look again after steps
 * that grow up to 3 s.
 */
static const int64_t early_ms[] = { 40, 100, 250 };
#define STEP_FIRST_MS 400
#define STEP_MAX_MS 3000

struct poll poll_start(struct session *session, int timeout_s)
{
    return (struct poll){
        .session = session,
        .timeout_s = timeout_s,
        .left_ms = (int64_t)timeout_s * 1000,
        .until = clock_monotonic_ms() + (int64_t)timeout_s * 2000,
        .delay_ms = STEP_FIRST_MS,
    };
}

void poll_go_on(struct poll *poll)
{
    poll->delay_ms = STEP_FIRST_MS;
    poll->looks = 0;
}

bool poll_heeds_retry_after(const struct poll *poll)
{
    return poll->looks > COUNT(early_ms);
}

/* The pause in ms, time limits apart. */
static int64_t poll_delay(struct poll *poll, int64_t retry_at)
{
    int64_t delay = poll->delay_ms, now;

    if (poll->looks < COUNT(early_ms))
        return early_ms[poll->looks];
    poll->delay_ms = poll->delay_ms * 8 / 5 < STEP_MAX_MS ? poll->delay_ms * 8 / 5 : STEP_MAX_MS;
    now = session_now(poll->session);
    return retry_at > now ? (retry_at - now) * 1000 : delay;
}

bool poll_wait(struct poll *poll, int64_t retry_at, struct error *err)
{
    int64_t delay, until_ms = poll->until - clock_monotonic_ms();

    if (poll->left_ms > until_ms)
        poll->left_ms = until_ms;
    if (poll->left_ms <= 0) {
        (void)error_set(err, ERROR_NETWORK, "the CA has not come to a decision within %d seconds", poll->timeout_s);
        (void)error_retry_at(err, retry_at);
        return error_next_default(err, "try again later; the CA may be busy");
    }
    delay = poll_delay(poll, retry_at);
    if (delay > poll->left_ms) /* some CAs name a whole day: one last look when our time is up may still find
                                  it done */
        delay = poll->left_ms;
    TRY(session_sleep_ms(poll->session, delay, err));
    poll->left_ms -= delay;
    poll->looks++;
    return true;
}
