#include "ops/daemon_plan.h"

#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"

#define GAP_S 60
#define GAP_MAX_S 3600
#define SILENT_S (3 * DAEMON_BEAT_S)
#define LATE_S 600
#define ENDLESS_S 86400
#define KILL_AFTER_S 300

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The longest pause after failures. */
static int64_t patience(const struct daemon_facts *facts)
{
    return most(GAP_S, least(GAP_MAX_S, facts->interval_s / 4));
}

static int64_t gap(const struct daemon_facts *facts)
{
    int64_t pause = GAP_S;

    for (unsigned i = 0; i < facts->failures && pause < GAP_MAX_S; i++)
        pause *= 2;
    return least(pause, patience(facts));
}

int64_t daemon_next(const struct daemon_facts *facts)
{
    int64_t regular;

    if (facts->began == 0 || facts->began > facts->now)
        return facts->now;
    regular = facts->began + (facts->failures > 0 ? patience(facts) : facts->interval_s);
    return most(least(facts->due, regular), facts->began + gap(facts));
}

void daemon_state_clear(struct daemon_state *state)
{
    free(state->next_for);
    *state = (struct daemon_state){ 0 };
}

int daemon_urge(int64_t at_work_s, int sent)
{
    if (at_work_s >= ENDLESS_S + KILL_AFTER_S)
        return sent == SIGKILL ? 0 : SIGKILL;
    return at_work_s >= ENDLESS_S && sent == 0 ? SIGTERM : 0;
}

char *daemon_illness(const struct daemon_state *state, int64_t now)
{
    int64_t silent = now > state->beat ? now - state->beat : state->beat - now;

    if (silent > SILENT_S)
        return xprintf("the daemon has shown no sign of life for %lld seconds", (long long)silent);
    if (state->began != 0 && state->ended == 0)
        return now - state->began > ENDLESS_S ? xstrdup("a run of renew has been at work for more than a day") : NULL;
    if (state->next != 0 && now - state->next > LATE_S)
        return xprintf("a run of renew was due %lld seconds ago, and has not begun", (long long)(now - state->next));
    return NULL;
}
