#include "notify/gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "notify/keep.h"
#include "store/delivery.h"

#define RUN_NAME "/renew" /* no lineage's name has a slash */
#define LAST_NAME "/renew/last"
#define TARGET_PREFIX "/target/"
#define NOT_BEGUN 2     /* in a row: another process may have the store for a while */
#define INTERRUPTIONS 3 /* in a row, before they are told: a machine that is switched off is none */

void gathered_clear(struct gathered *gathered)
{
    free(gathered->facts.at);
    list_clear(&gathered->texts);
    *gathered = (struct gathered){ 0 };
}

static const char *keep_text(struct gathered *out, const char *text)
{
    list_add(&out->texts, text);
    return out->texts.at[out->texts.len - 1]; /* the strings stay where they are */
}

static struct fact *add(struct gathered *out)
{
    struct facts *facts = &out->facts;

    if (facts->len == out->room) {
        out->room = out->room == 0 ? 64 : out->room * 2;
        facts->at = xrealloc(facts->at, out->room, sizeof *facts->at);
    }
    facts->at[facts->len] = (struct fact){ 0 };
    return &facts->at[facts->len++];
}

/* What is outstanding says its record. */
static void set_undelivered(
    const struct context *context, const struct renewal *renewal, struct fact *fact, struct gathered *out)
{
    AUTO(delivery_clear) struct delivery delivery = { 0 };
    struct error ignored = { 0 };
    bool found = false;

    fact->trouble = TROUBLE_DELIVERY;
    fact->attempted = true;
    fact->not_before = fact->not_after = 0; /* of the certificate that others still use nothing is known */
    if (delivery_load(context->store, renewal->name, &delivery, &found, &ignored) && found &&
        delivery.backoff.why != NULL)
        fact->why = keep_text(out, delivery.backoff.why);
}

/* One that is not renewed, though nothing failed: it matters once a fraction has passed. */
static void set_late(const struct policy *policy, int64_t now, const char *why, struct fact *fact)
{
    if (level_of(fact, policy, now) == 0)
        return;
    fact->trouble = TROUBLE_LATE;
    fact->attempted = true;
    fact->why = why;
}

static void gather_one(const struct context *context, const struct renewal *renewal, const struct policy *policy,
    struct fact *fact, struct gathered *out)
{
    int64_t now = context_now(context);

    *fact = (struct fact){
        .name = renewal->name, .not_before = renewal->not_before, .not_after = renewal->not_after, .why = renewal->why
    };
    switch (renewal->what) {
    case RENEWED_FAILED:
    case RENEWED_BROKEN:
        fact->attempted = true;
        fact->trouble = TROUBLE_RENEWAL;
        return;
    case RENEWED_PUT_OFF:
        fact->trouble = TROUBLE_RENEWAL;
        return;
    case RENEWED_DONE:
    case RENEWED_SKIPPED:
        if (renewal->undelivered)
            set_undelivered(context, renewal, fact, out);
        else if (renewal->by_hand)
            set_late(policy, now, "it is renewed by hand alone (autorenew = False in its renewal file)", fact);
        fact->once = renewal->by_hand;
        return;
    case RENEWED_STOPPED:
        set_late(policy, now, "the run was interrupted", fact);
        break;
    case RENEWED_WAITING:
    case RENEWED_LATER:
    case RENEWED_GONE:
        break;
    }
    fact->unknown = fact->trouble == TROUBLE_NONE;
}

void gather_renewals(
    const struct context *context, const struct renewals *renewals, const struct policy *policy, struct gathered *out)
{
    out->facts.whole = context->settings->cert_name == NULL;
    for (size_t i = 0; i < renewals->len; i++) {
        struct fact fact;

        if (renewals->at[i].what == RENEWED_GONE)
            continue;
        gather_one(context, &renewals->at[i], policy, &fact, out);
        *add(out) = fact;
    }
}

void gather_run(const struct error *why, struct gathered *out)
{
    struct fact *fact = add(out);

    fact->name = RUN_NAME;
    if (why == NULL)
        return;
    fact->trouble = TROUBLE_RUN;
    fact->attempted = true;
    if (why->kind == ERROR_CANCELED) {
        fact->patience = INTERRUPTIONS;
        fact->why = "the runs are interrupted before they are done";
    } else {
        fact->patience = NOT_BEGUN;
        fact->why = keep_text(out, why->why);
    }
}

/* A machine may lose its power once. */
void gather_last_run(const struct last_run *last, int64_t now, struct gathered *out)
{
    AUTO(free) char *why = last_run_trouble(last, now);
    struct fact *fact = add(out);

    fact->name = LAST_NAME;
    if (why == NULL)
        return;
    fact->trouble = TROUBLE_RUN;
    fact->attempted = true;
    fact->patience = last->state == LAST_RUN_CUT && last->with_machine ? NOT_BEGUN : 0;
    fact->why = keep_text(out, why);
}

char *gather_target_name(const struct target *target)
{
    return xprintf(TARGET_PREFIX "%s", target->id);
}

void gather_targets(const char *config_dir, const struct targets *targets, struct gathered *out)
{
    for (size_t i = 0; i < targets->len; i++) {
        AUTO(memory_clear) struct memory memory = { 0 };
        AUTO(free) char *name = gather_target_name(&targets->at[i]);
        struct fact *fact = add(out);

        keep_read(config_dir, targets->at[i].id, &memory);
        fact->name = keep_text(out, name);
        fact->attempted = true;
        if (targets->at[i].kind != TARGET_BROKEN && memory.failing.times == 0)
            continue;
        fact->trouble = TROUBLE_TARGET;
        fact->why = keep_text(out, targets->at[i].kind == TARGET_BROKEN ? targets->at[i].why : memory.failing.why);
    }
}

void gather_foreign(const struct foreign *at, size_t len, struct gathered *out)
{
    out->facts.whole = true;
    out->facts.foreign = true;
    for (size_t i = 0; i < len; i++) {
        AUTO(free) char *name = xprintf("/certificate %s", at[i].id);
        struct fact *fact = add(out);

        fact->name = keep_text(out, name);
        fact->why = keep_text(out, at[i].what);
        fact->trouble = TROUBLE_FOREIGN;
        fact->attempted = true;
        fact->once = true;
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct fact *)a)->name, ((const struct fact *)b)->name);
}

void gather_end(struct gathered *out)
{
    if (out->facts.len > 1)
        qsort(out->facts.at, out->facts.len, sizeof *out->facts.at, by_name);
}
