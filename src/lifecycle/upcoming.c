#include "lifecycle/upcoming.h"

#include <stdlib.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "lifecycle/facts.h"
#include "store/failures.h"

/* What the CA said counts as `renew` would count it that cannot ask it now. */
static bool add_renewal_info(const struct lineage *lineage, struct due_facts *facts, struct error *err)
{
    struct renewal_memory memory;

    TRY(lineage_renewal_info(lineage, &memory, err));
    if (memory.instant == 0 || facts_stale(&memory, facts->not_after - facts->not_before, facts->now))
        return true;
    facts->instant = memory.instant;
    facts->predecessor = facts_predecessor(lineage);
    return true;
}

/* One that cannot be read puts nothing off: `renew` writes it anew. */
static void add_failures(const struct store *store, const char *name, int64_t now, struct upcoming *out)
{
    AUTO(failures_clear) struct failures failures = { 0 };
    struct error err = { 0 };
    bool found = false;

    if (!failures_any(store))
        return;
    if (!failures_load(store, name, &failures, &found, &err))
        log_debug("%s", err.why);
    if (!found)
        return;
    out->put_off = backoff_waits(&failures.backoff, now) ? failures.backoff.not_before : 0;
    out->tried = failures.tried;
    out->failures = failures.failures;
}

int64_t upcoming_at(const struct upcoming *upcoming)
{
    return upcoming->due > upcoming->put_off ? upcoming->due : upcoming->put_off;
}

bool upcoming_of(struct store *store, const struct voice *voice, const char *name, int64_t now, struct upcoming *out,
    struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct upcoming upcoming = { 0 };
    struct due_facts facts = { .now = now };

    TRY(lineage_load(store, name, &lineage, err));
    facts.not_before = upcoming.not_before = lineage->cert->not_before;
    facts.not_after = upcoming.not_after = lineage->cert->not_after;
    facts.autorenew = facts_autorenew(lineage);
    TRY(facts_renew_before(lineage, voice, &facts, err));
    TRY(add_renewal_info(lineage, &facts, err));
    upcoming.due = due_at(&facts);
    add_failures(store, name, now, &upcoming);
    *out = upcoming;
    return true;
}

static void count(struct upcoming_all *all, const char *name, int64_t after, const struct upcoming *one)
{
    int64_t life = one->not_after - one->not_before;

    if (one->due == UPCOMING_NEVER)
        return;
    if (upcoming_at(one) < all->next && upcoming_at(one) > after) {
        all->next = upcoming_at(one);
        xreplace(&all->next_name, name);
    }
    if (life > 0 && (all->shortest == 0 || life < all->shortest)) {
        all->shortest = life;
        xreplace(&all->shortest_name, name);
    }
}

bool upcoming_of_all(struct store *store, const struct voice *voice, int64_t now, int64_t after,
    struct upcoming_all *out, struct error *err)
{
    AUTO(upcoming_all_clear) struct upcoming_all all = { .next = UPCOMING_NEVER };
    AUTO(list_clear) struct list names = { 0 };

    TRY(store_lineage_names(store, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        struct upcoming one;
        struct error failure = { 0 };

        TRY(interrupt_check(err));
        all.lineages++;
        if (upcoming_of(store, voice, names.at[i], now, &one, &failure)) {
            count(&all, names.at[i], after, &one);
        } else {
            log_debug("%s: %s", names.at[i], failure.why);
            all.unreadable++;
        }
    }
    upcoming_all_clear(out);
    *out = all;
    all = (struct upcoming_all){ 0 };
    return true;
}

void upcoming_all_clear(struct upcoming_all *all)
{
    free(all->next_name);
    free(all->shortest_name);
    *all = (struct upcoming_all){ .next = UPCOMING_NEVER };
}
