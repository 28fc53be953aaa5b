#include "lifecycle/forget.h"

#include "base/log.h"
#include "base/mem.h"
#include "run/questions.h"
#include "store/lineage_conf.h"
#include "store/lineage_gone.h"

static bool named(struct context *context, struct list *out, struct error *err)
{
    const char *name = context->settings->cert_name;
    bool revoked;

    if (!store_has_lineage(context->store, name) && !lineage_is_half_deleted(context->store, name, &revoked))
        return lineage_missing(context->store, name, err);
    list_add(out, name);
    return true;
}

bool forget_choose(struct context *context, struct list *out, struct error *err)
{
    AUTO(free) char *text = NULL, *names = NULL;
    struct question question = { .has_default = true };
    bool yes;

    TRY(context->settings->cert_name != NULL
            ? named(context, out, err)
            : question_cert_names(context, "Which certificate(s) would you like to delete?", out, err));
    names = list_join(out, "\n  * ");
    text = xprintf(
        "The following certificate(s) are selected for deletion:\n\n  * %s\n\nA server that still names these files "
        "in its configuration will fail at its next start: look there before you go on.\n\nAre you sure you want "
        "to delete the above certificate(s)?",
        names);
    question.text = text;
    TRY(ui_yes_no(context->ui, &question, "Yes", "No", true, &yes, err));
    if (yes)
        return true;
    log_info("Deletion of certificate(s) canceled.");
    list_clear(out);
    return true;
}
