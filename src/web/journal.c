#include "web/journal.h"

#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/checkpoint.h"

const struct web_calls *journal_calls(const struct web_service *service)
{
    return service->calls != NULL ? service->calls : &web_calls_real;
}

static bool reload(const struct web_service *service, struct error *err)
{
    return journal_calls(service)->reload(service->server, NULL, err) ||
           error_in(err, "%s could not be reloaded with its old configuration", service->server->name);
}

bool journal_take_back(const struct web_service *service, const char *dir, bool tell, struct error *err)
{
    struct error failed = { 0 };
    bool told;

    if (!file_is_dir(dir))
        return true;
    TRY(checkpoint_restore(dir, RESTORE_OURS, service, err));
    told = !tell || reload(service, &failed);
    TRY(checkpoint_drop(dir, err));
    if (!told)
        *err = failed;
    return told;
}

bool web_temporary_end(const struct web_service *service, struct error *err)
{
    AUTO(free) char *dir = file_join(service->work_dir, CHECKPOINT_TEMPORARY);
    bool ok;

    interrupt_shield();
    ok = journal_take_back(service, dir, true, err);
    interrupt_unshield();
    return ok;
}

/* ---- what a killed run has left ---- */

bool web_is_unfinished(const struct web_service *service)
{
    AUTO(free) char *temporary = file_join(service->work_dir, CHECKPOINT_TEMPORARY);
    AUTO(free) char *progress = file_join(service->work_dir, CHECKPOINT_IN_PROGRESS);

    return file_is_dir(temporary) || file_is_dir(progress);
}

/* The challenge first: it was put into files that had the other changes already. */
static bool recover(const struct web_service *service, const char *temporary, const char *progress, struct error *err)
{
    struct error failed = { 0 };

    if (file_is_dir(temporary))
        TRY(checkpoint_restore(temporary, RESTORE_OURS, service, err));
    if (file_is_dir(progress))
        TRY(checkpoint_restore(progress, RESTORE_OURS, service, err));
    log_warning("A run that was interrupted had left changes in the configuration of %s. They were taken back.",
        service->server->name);
    if (!reload(service, &failed))
        log_warning("%s: %s", failed.what, failed.why);
    TRY(checkpoint_drop(temporary, err));
    return checkpoint_drop(progress, err);
}

bool web_recover(const struct web_service *service, struct error *err)
{
    AUTO(free) char *temporary = file_join(service->work_dir, CHECKPOINT_TEMPORARY);
    AUTO(free) char *progress = file_join(service->work_dir, CHECKPOINT_IN_PROGRESS);
    bool ok;

    checkpoint_sweep(service->work_dir);
    if (!web_is_unfinished(service))
        return true;
    interrupt_shield();
    ok = recover(service, temporary, progress, err);
    interrupt_unshield();
    return ok || error_in(err, "taking back what an interrupted run had left");
}
