#include "web/journal.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/reading.h"
#include "web/checkpoint.h"
#include "web/checkpoint_dir.h"
#include "web/checkpoint_lists.h"
#include "web/command.h"
#include "web/control.h"
#include "web/journal_owner.h"

#define SWITCH_MS 300 /* after which another process has made its pair live */

const struct web_calls *journal_calls(const struct web_service *service)
{
    return service->calls != NULL ? service->calls : &web_calls_real;
}

/* Whether the server has found a certificate and a key that do not belong together: in the words of OpenSSL, nginx and
 * mod_ssl. Another process may have been about to make a pair live. */
static bool has_met_a_switch(const char *words)
{
    return strstr(words, "key values mismatch") != NULL || strstr(words, "AH02565") != NULL;
}

static bool test_once(const struct web_service *service, struct error *err)
{
    bool ok;

    reading_begin();
    ok = journal_calls(service)->test(service->server, err);
    reading_end();
    return ok;
}

bool journal_test(const struct web_service *service, struct error *err)
{
    if (test_once(service, err))
        return true;
    if (!has_met_a_switch(err->why) || !clock_sleep_ms(SWITCH_MS))
        return false;
    error_clear(err);
    return test_once(service, err);
}

static bool reload_once(const struct web_service *service, struct web_log *log, struct error *err)
{
    bool ok;

    reading_begin();
    ok = journal_calls(service)->reload(service->server, log, err);
    reading_end();
    return ok;
}

static bool reload_again(const struct web_service *service, struct web_log *log, struct error *err)
{
    bool ok = reload_once(service, log, err);
    AUTO(free) char *refusal = !ok ? xstrdup(err->why) : log != NULL ? web_log_refusal(log) : NULL;

    if (refusal == NULL || !has_met_a_switch(refusal) || !clock_sleep_ms(SWITCH_MS))
        return ok;
    error_clear(err);
    if (log != NULL)
        web_log_clear(log);
    return reload_once(service, log, err);
}

/* What was restored before is known to the server then. */
bool journal_reload(const struct web_service *service, struct web_log *log, struct error *err)
{
    AUTO(free) char *temporary = file_join(service->work_dir, CHECKPOINT_TEMPORARY);
    struct error failed = { 0 };

    TRY(reload_again(service, log, err));
    if (checkpoint_has_ended(temporary) && !checkpoint_drop(temporary, &failed))
        log_debug("%s", failed.why);
    return true;
}

static bool reload(const struct web_service *service, struct error *err)
{
    return journal_reload(service, NULL, err) ||
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

    if (!file_is_dir(dir))
        return true;
    interrupt_shield();
    ok = checkpoint_restore(dir, RESTORE_OURS, service, err) && checkpoint_end(dir, err);
    interrupt_unshield();
    return ok;
}

bool web_holds_challenge(const struct web_service *service)
{
    AUTO(free) char *dir = file_join(service->work_dir, CHECKPOINT_TEMPORARY);

    return file_is_dir(dir) && !checkpoint_has_ended(dir);
}

/* Not of a challenge: of one of this server's that has ended. */
static bool is_to_be_told(const struct web_service *service, const char *dir)
{
    AUTO(journal_owner_clear) struct journal_owner owner = { 0 };

    if (!checkpoint_has_ended(dir))
        return false;
    journal_owner_find(service, dir, &owner);
    return !owner.is_another;
}

bool web_has_to_tell(const struct web_service *service)
{
    AUTO(free) char *dir = file_join(service->work_dir, CHECKPOINT_TEMPORARY);

    return is_to_be_told(service, dir);
}

bool web_tell(const struct web_service *service, struct error *err)
{
    AUTO(free) char *dir = file_join(service->work_dir, CHECKPOINT_TEMPORARY);
    bool ok;

    if (!web_has_to_tell(service))
        return true;
    interrupt_shield();
    ok = web_is_running(service->server) ? reload(service, err) : checkpoint_drop(dir, err);
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

/* A server that was stopped is not told: it reads its files when whoever stopped it starts it. One that has ended of
 * what it read in between is started. */
static bool is_concerned(const struct journal_owner *owner, const struct web_server *server)
{
    return owner->start_again || web_is_running(server);
}

static bool tell_another(
    const struct web_service *service, const char *dir, const struct journal_owner *owner, struct error *err)
{
    const struct web_server another = { .pid_file = owner->pid_file };

    if (!is_concerned(owner, &another) || !checkpoint_may_run(dir, CHECKPOINT_RELOAD))
        return true;
    return web_is_running(&another) ? web_command(&owner->reload, service, err)
                                    : web_command_start(&owner->reload, owner->pid_file, service, err);
}

/* Whose files they were. Where its configuration could not be read before, the journal knows its process. */
static bool tell_owner(
    const struct web_service *service, const char *dir, const struct journal_owner *owner, struct error *err)
{
    struct web_server server = *service->server;
    struct web_service known = *service;

    if (owner->is_another)
        return tell_another(service, dir, owner, err);
    known.server = &server;
    if (server.pid_file == NULL)
        server.pid_file = owner->pid_file;
    return !is_concerned(owner, &server) || reload(&known, err);
}

static bool restore_left(const struct web_service *service, const char *dir, struct error *err)
{
    AUTO(journal_owner_clear) struct journal_owner owner = { 0 };
    struct error failed = { 0 };

    if (!file_is_dir(dir) || is_to_be_told(service, dir))
        return true;
    journal_owner_find(service, dir, &owner);
    TRY(checkpoint_restore(dir, RESTORE_OURS, service, err));
    if (checkpoint_has_ended(dir))
        log_debug("telling another server that its files are as they were");
    else
        log_warning("A run that was interrupted had left changes in the configuration of %s. They were taken back.",
            owner.is_another ? "another server" : service->server->name);
    if (!tell_owner(service, dir, &owner, &failed))
        log_warning("%s%s%s", failed.what, failed.what[0] != '\0' ? ": " : "", failed.why);
    return true;
}

/* The challenge first: it was put into files that had the other changes already. */
static bool recover(const struct web_service *service, const char *temporary, const char *progress, struct error *err)
{
    TRY(restore_left(service, temporary, err) && restore_left(service, progress, err));
    TRY(is_to_be_told(service, temporary) || checkpoint_drop(temporary, err));
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
