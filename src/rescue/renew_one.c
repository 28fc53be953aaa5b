#include "rescue/renew_one.h"

#include "base/log.h"
#include "base/mem.h"
#include "lifecycle/renew.h"
#include "run/hooks.h"

static bool renew(struct context *own, struct renewals *all, struct error *err)
{
    AUTO(ui_free) struct ui *ui = ui_collect(own->ui);
    AUTO(list_clear) struct list renewed = { 0 }, failed = { 0 };
    struct error late = { 0 };
    bool ok;

    own->ui = ui;
    ok = renew_all(own, all, err);
    for (size_t i = 0; i < all->len; i++)
        identifiers_names(&all->at[i].names, all->at[i].what == RENEWED_DONE ? &renewed : &failed);
    if (!hooks_at_end(own, &renewed, &failed, &late))
        log_warning("%s", late.why);
    ui_done(ui);
    ui_forget(ui);
    return ok;
}

void renewed_one_clear(struct renewed_one *one)
{
    free(one->why);
    *one = (struct renewed_one){ 0 };
}

static void judge(const struct renewals *all, struct renewed_one *out)
{
    const struct renewal *one = all->len == 1 ? &all->at[0] : NULL;

    out->issued = one != NULL && one->what == RENEWED_DONE;
    out->delivered = one != NULL && (out->issued || one->what == RENEWED_SKIPPED) && !one->undelivered;
    if (out->issued && out->delivered)
        return;
    out->why = xstrdup(one == NULL                    ? "it is not there"
                       : one->undelivered             ? "not everybody who uses it was told (deploy hooks, reload)"
                       : one->what == RENEWED_SKIPPED ? "it is not due"
                       : one->why == NULL             ? "the log tells more"
                                                      : one->why);
}

bool renew_one(struct context *context, const struct verb *verb, const char *name, bool forced, struct renewed_one *out,
    struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_dup(context->settings);
    AUTO(renewals_clear) struct renewals all = { 0 };
    struct context own = *context;
    struct error failure = { 0 };

    xreplace(&settings->cert_name, name);
    list_clear(&settings->operands);
    settings->random_sleep = false;
    settings->force_renewal = settings->new_key = forced;
    own.settings = settings;
    own.verb = verb;
    *out = (struct renewed_one){ 0 };
    if (renew(&own, &all, &failure)) {
        judge(&all, out);
        return true;
    }
    if (failure.kind == ERROR_CANCELED) {
        *err = failure;
        return false;
    }
    out->why = xstrdup(failure.why);
    return true;
}
