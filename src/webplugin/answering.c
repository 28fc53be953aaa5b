#include "webplugin/answering.h"

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"

#define STEADY_MS 250 /* old workers take connections for a moment beside the new ones */
#define PAUSE_MS 10   /* between two questions meanwhile */
#define BLIND_MS 1000 /* that a reload gets where the server cannot be asked at all */

struct asking {
    struct net *net;
    const char *name;
    const struct web_question *questions;
    size_t count;
    const struct web_log *log;
    int64_t until; /* of the monotonic clock */
};

static bool ask(const struct asking *asking, size_t i, int64_t limit_ms, struct error *err)
{
    const struct web_question *question = &asking->questions[i];
    AUTO(free) char *path = xprintf("/.well-known/acme-challenge/%s", question->token);

    return question->address[0] == '\0' || web_poll_challenge(asking->net, question->address, question->port,
                                               question->host, path, question->content, asking->log, limit_ms, err);
}

static bool can_ask_any(const struct asking *asking)
{
    for (size_t i = 0; i < asking->count; i++)
        if (asking->questions[i].address[0] != '\0')
            return true;
    return false;
}

/* Asks for each, the time that is left. */
static bool ask_all(const struct asking *asking, bool *seen, struct error *err)
{
    *seen = true;
    for (size_t i = 0; i < asking->count; i++) {
        AUTO(free) char *refusal = NULL;
        struct error failure = { 0 };
        int64_t left = asking->until - clock_monotonic_ms();

        if (ask(asking, i, left > 1 ? left : 1, &failure))
            continue;
        refusal = web_log_refusal(asking->log);
        if (failure.kind == ERROR_CANCELED || refusal != NULL) {
            *err = failure;
            return false;
        }
        *seen = false;
        log_warning("%s does not seem to answer the challenge of %s yet: %s", asking->name, asking->questions[i].host,
            failure.why);
    }
    return true;
}

/* Each was answered once, by a new worker: so they are asked on, until there was no other answer for a while. */
static bool ask_until_steady(const struct asking *asking, struct error *err)
{
    int64_t steady = clock_monotonic_ms() + STEADY_MS;

    for (size_t i = 0; clock_monotonic_ms() < steady && clock_monotonic_ms() < asking->until; i++) {
        struct error failure = { 0 };

        (void)clock_sleep_ms(PAUSE_MS);
        TRY(interrupt_check(err));
        if (!ask(asking, i % asking->count, 1, &failure))
            steady = clock_monotonic_ms() + STEADY_MS;
    }
    return true;
}

bool web_wait_until_answered(struct net *net, const char *name, const struct web_question *questions, size_t count,
    const struct web_log *log, int64_t limit_ms, struct error *err)
{
    struct asking asking = { net, name, questions, count, log, clock_monotonic_ms() + limit_ms };
    bool seen;

    if (net == NULL || count == 0)
        return true;
    if (!can_ask_any(&asking)) {
        (void)clock_sleep_ms(BLIND_MS);
        return interrupt_check(err);
    }
    TRY(ask_all(&asking, &seen, err));
    return !seen || ask_until_steady(&asking, err);
}
