#include "dns/persist.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "dns/persist_look.h"
#include "plugin/builtin.h"

/* Of a certificate of 90 days, so many go by until it is renewed, when the record is looked at for the next time. */
#define WARN_DAYS 75
#define DAY_S (24 * 60 * 60)

/* ---- what is wanted ---- */

struct wish { /* the record of a name: one for its wildcard, too */
    const char *name;
    const struct proof *proof;    /* the one that asks for most */
    struct persist_record record; /* as the CA asks for it */
    char *value;                  /* with persistUntil where the user wants that */
};

static void wish_clear_at(struct wish *wish)
{
    persist_record_clear(&wish->record);
    free(wish->value);
}

static bool make_wish(const struct plugin_context *context, struct proof *const *proofs, size_t count,
    const struct proof *of, struct wish *out, struct error *err)
{
    AUTO(wish_clear) struct wish wish = { .name = of->record_name, .proof = of };
    int days = context->settings->dns_persist_days;

    TRY(proof_check_record(of, err));
    for (size_t i = 0; i < count; i++)
        if (proofs[i]->wildcard && text_equal(proofs[i]->record_name, of->record_name))
            wish.proof = proofs[i];
    if (!persist_record_read(wish.proof->record_value, &wish.record))
        return error_set(err, ERROR_INTERNAL, "not a record of dns-persist-01: %s", wish.proof->record_value);
    wish.value = days > 0 ? xprintf("%s; persistUntil=%lld", wish.proof->record_value,
                                (long long)clock_now() + (long long)days * DAY_S)
                          : xstrdup(wish.proof->record_value);
    *out = wish;
    wish = (struct wish){ 0 };
    return true;
}

static bool look(
    const struct plugin_context *context, const struct wish *wish, struct persist_seen *seen, struct error *err)
{
    const struct asker asker = asker_of_net(context->net);
    const struct persist_want want = { .issuers = &wish->proof->issuers,
        .account_uri = wish->record.account_uri,
        .wildcard = wish->record.wildcard,
        .now = clock_now() };

    return persist_look(&asker, wish->name, &want, seen, err);
}

/* ---- telling ---- */

static void warn_of_end(const struct wish *wish, const struct persist_seen *seen)
{
    AUTO(free) char *line = NULL;
    char date[CLOCK_TEXT_SIZE];

    if (seen->until == INT64_MAX || seen->until - clock_now() > (int64_t)WARN_DAYS * DAY_S)
        return;
    line = persist_record_line(wish->name, wish->proof->record_value);
    clock_format_date(seen->until, date);
    log_warning(
        "The record at %s is good until %s: renewals fail from then on. Replace it by: %s", wish->name, date, line);
}

/* The record ready to be pasted: a part of zone files, and name and value for forms. */
static char *describe(const struct wish *wish)
{
    AUTO(free) char *line = persist_record_line(wish->name, wish->value);

    return xprintf("%s\n\nName: %s\nType: TXT\nValue: %s", line, wish->name, wish->value);
}

static bool ask(const struct plugin_context *context, const struct wish *wish, const char *said, struct error *err)
{
    AUTO(free) char *record = describe(wish);
    AUTO(free)
    char *text =
        xprintf("Add this record to the DNS. It stays there, and proves control of %s for all renewals by this "
                "account:\n\n%s\n\nSeen so far: %s.\nGo on when it is there.",
            wish->proof->identifier, record, said);

    return ui_pause(context->ui, text, err);
}

static bool is_missing(const struct wish *wish, const char *said, struct error *err)
{
    AUTO(free) char *record = describe(wish);
    AUTO(free)
    char *text = xprintf("The TXT record that proves control of %s is not there: %s. Add it to the DNS and run the "
                         "command again; it stays for all renewals:\n\n%s",
        wish->proof->identifier, said, record);

    return error_set_lines(err, ERROR_PLUGIN, text);
}

/* ---- as plugin/plugin.h wants it ---- */

struct persist { /* one order */
    const struct plugin_context *context;
    struct proof *const *proofs;
    size_t count;
    int64_t until; /* the first end of its records; INT64_MAX: none has one */
};

/* Kept with the lineage, so that `doctor` can tell long before the next order (health/persist.c). */
static void keep_end(const struct persist *persist)
{
    struct answers *answers = persist->context->answers;
    char text[CLOCK_TEXT_SIZE];

    if (answers == NULL)
        return;
    if (persist->until != INT64_MAX)
        clock_format_rfc3339(persist->until, text);
    xreplace(&answers->plugin_option, "dns-persist-until");
    xreplace(&answers->plugin_value, persist->until == INT64_MAX ? "never" : text);
}

static bool wait_for_one(void *self, struct proof *proof, struct error *err)
{
    struct persist *persist = self;
    const struct plugin_context *context = persist->context;
    AUTO(wish_clear) struct wish wish = { 0 };

    TRY(make_wish(context, persist->proofs, persist->count, proof, &wish, err));
    if (context->net == NULL)
        return true;
    for (;;) {
        AUTO(persist_seen_clear) struct persist_seen seen = { 0 };

        TRY(look(context, &wish, &seen, err));
        if (seen.fit == PERSIST_FITS) {
            warn_of_end(&wish, &seen);
            persist->until = seen.until < persist->until ? seen.until : persist->until;
            return true;
        }
        if (!ui_may_ask(context->ui))
            return is_missing(&wish, seen.said, err);
        TRY(ask(context, &wish, seen.said, err));
    }
}

static bool prepare(const struct plugin_context *context, void **self, struct error *err __attribute__((unused)))
{
    struct persist *persist = xcalloc(1, sizeof *persist);

    persist->context = context;
    *self = persist;
    return true;
}

static bool present_one(void *self __attribute__((unused)), struct proof *proof, struct error *err)
{
    return proof_check_record(proof, err);
}

/* It is the user who does that, now or long ago. */
static bool present(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    return proof_each(self, proofs, count, PROOF_PRESENTED, present_one, err);
}

static bool wait_for_all(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    struct persist *persist = self;

    persist->proofs = proofs;
    persist->count = count;
    persist->until = INT64_MAX;
    TRY(proof_each(persist, proofs, count, PROOF_READY, wait_for_one, err));
    if (persist->context->net != NULL)
        keep_end(persist);
    return true;
}

/* Records stay. */
static bool cleanup(void *self __attribute__((unused)), struct proof *const *proofs, size_t count,
    struct error *err __attribute__((unused)))
{
    for (size_t i = 0; i < count; i++)
        proofs[i]->state = PROOF_WANTED;
    return true;
}

static void release(void *self)
{
    free(self);
}

static char *hint(void *self __attribute__((unused)), const char *type __attribute__((unused)))
{
    return xstrdup(
        "The record at _validation-persist.NAME was there, but the CA has not taken it: check that it names the "
        "CA and this account (`show_account` prints it), and that it has not just been changed.");
}

/* Few CAs know it so far: it is offered to who has asked for such a record, not to everybody. */
static bool is_here(const struct settings *settings)
{
    return SETTING_IS_SET(settings, dns_persist_days);
}

static const char *const types[] = { "dns-persist-01", NULL };

static const struct authenticator authenticator = {
    .types = types,
    .prepare = prepare,
    .present = present,
    .wait = wait_for_all,
    .waits_long = true,
    .cleanup = cleanup,
    .release = release,
    .hint = hint,
};

const struct plugin plugin_dns_persist = {
    .name = "dns-persist",
    .description = "With one TXT record that you make once and that stays",
    .authenticator = &authenticator,
    .is_here = is_here,
};
