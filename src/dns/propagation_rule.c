#include "dns/propagation_rule.h"

#include "base/auto.h"

struct tally {
    size_t have, lack, mute; /* servers */
    bool is_public, some;    /* any address is; any has had a value */
};

static enum look_state state_of_server(const struct look *looks, size_t count)
{
    enum look_state state = LOOK_USELESS;

    for (size_t i = 0; i < count; i++) { /* what its other addresses say does not make up for one that is behind */
        if (looks[i].state == LOOK_LACKS)
            return LOOK_LACKS;
        if (looks[i].state == LOOK_HAS_ALL)
            state = LOOK_HAS_ALL;
    }
    return state;
}

static struct tally count_servers(const struct look *looks, size_t count)
{
    struct tally tally = { 0 };
    size_t end;

    for (size_t i = 0; i < count; i = end) {
        enum look_state state;

        for (end = i; end < count && looks[end].server == looks[i].server; end++) {
            tally.is_public = tally.is_public || looks[end].is_public;
            tally.some = tally.some || looks[end].some;
        }
        state = state_of_server(looks + i, end - i);
        tally.have += state == LOOK_HAS_ALL;
        tally.lack += state == LOOK_LACKS;
        tally.mute += state == LOOK_USELESS;
    }
    return tally;
}

enum verdict propagation_decide(
    const struct look *looks, size_t count, int64_t elapsed_ms, const struct patience *patience)
{
    const struct tally tally = count_servers(looks, count);

    if (tally.lack > 0) {
        if (!tally.is_public && !tally.some && elapsed_ms >= patience->private)
            return VERDICT_ELSEWHERE;
        return elapsed_ms >= patience->limit ? VERDICT_BEHIND : VERDICT_WAIT;
    }
    if (tally.mute > 0 && elapsed_ms < patience->grace && elapsed_ms < patience->limit)
        return VERDICT_WAIT;
    return tally.have > 0 ? VERDICT_THERE : VERDICT_BLIND;
}

int64_t propagation_pause_ms(unsigned rounds)
{
    static const int64_t pauses_ms[] = { 1000, 1000, 2000, 3000, 5000, 7000 };

    return rounds < COUNT(pauses_ms) ? pauses_ms[rounds] : 10000;
}
