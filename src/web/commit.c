#include "web/commit.h"

#include <errno.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/changes_write.h"
#include "web/checkpoint.h"
#include "web/journal.h"
#include "web/journal_owner.h"

#define VERIFY_STEP_MS 2000 /* until the first look whether the server still runs */

const struct web_calls web_calls_real = { web_test, web_reload, web_verify };

/* What is shielded from interrupts looks for them itself, where it can still turn back. */
struct run {
    const struct web_commit *commit;
    const struct web_server *server;
    const struct web_calls *calls;
    char *journal;  /* the directory of this run's */
    bool heeds;     /* an interrupt ends it: the caller was not shielded */
    bool stopped;   /* the server was not running before */
    bool reloaded;  /* the server has been told of the changes, or may have been */
    bool was_told;  /* it knows of what was in place before, and may go on answering that */
    bool is_beside; /* a challenge that is put in within another commit */
    struct web_log log;
};

static void run_clear(struct run *run)
{
    free(run->journal);
    web_log_clear(&run->log);
}

static inline void run_clear_at(struct run *run)
{
    run_clear(run);
}

static struct run run_of(const struct web_commit *commit, const char *journal)
{
    return (struct run){ .commit = commit,
        .server = commit->service->server,
        .calls = journal_calls(commit->service),
        .journal = file_join(commit->service->work_dir, journal),
        .heeds = !interrupt_is_shielded(),
        .stopped = !web_is_running(commit->service->server) };
}

static bool heed(const struct run *run, struct error *err)
{
    if (!run->heeds || interrupt_signal() == 0)
        return true;
    return error_set(err, ERROR_CANCELED, "interrupted");
}

/* ---- before anything is changed ---- */

static bool test_before(const struct run *run, struct error *err)
{
    if (run->commit->tested || journal_test(run->commit->service, err))
        return true;
    if (err->kind == ERROR_CANCELED)
        return false;
    (void)error_in(
        err, "the configuration of %s was refused by its own test before anything was changed", run->server->name);
    return error_next_default(err, "correct it, then try again");
}

/* What could not be taken back before: an earlier commit of this run has failed, and so did that. */
static bool finish_earlier(const struct run *run, struct error *err)
{
    bool ok;

    interrupt_shield();
    ok = journal_take_back(run->commit->service, run->journal, true, err);
    interrupt_unshield();
    return ok;
}

/* A file that holds a challenge now would keep it for ever. */
static bool refuse_challenges(const struct run *run, struct error *err)
{
    if (!web_holds_challenge(run->commit->service))
        return true;
    (void)error_set(err, ERROR_PLUGIN, "the configuration of %s holds a challenge at this moment", run->server->name);
    return error_next(err, "try again once the other names are validated");
}

/* ---- the changes ---- */

static bool write_changes(const struct run *run, const struct checkpoint_stage *stages, size_t count, struct error *err)
{
    AUTO(checkpoint_clear) struct checkpoint journal = CHECKPOINT_NEW;

    TRY(changes_check(run->commit->changes, err));
    TRY(changes_journal(run->commit->changes, stages, count, &journal, err));
    TRY(checkpoint_save(run->journal, &journal, err));
    TRY(journal_sign(run->commit->service, run->journal, err));
    return changes_write(run->commit->changes, run->journal, run->commit->service, err);
}

static bool test_after(const struct run *run, struct error *err)
{
    TRY(heed(run, err));
    if (journal_test(run->commit->service, err))
        return heed(run, err);
    err->next[0] = '\0'; /* the file that it says to correct is about to be as it was */
    (void)error_in(err, "%s refused the new configuration", run->server->name);
    return err->kind == ERROR_PLUGIN && error_sys(err, EAGAIN);
}

/* Where nobody compares or asks afterwards, the reload itself sees to it that the server goes on. */
static bool reload(struct run *run, struct error *err)
{
    bool looked_at = run->commit->expected_count > 0 || run->commit->log != NULL;

    run->reloaded = true;
    return journal_reload(run->commit->service, looked_at ? &run->log : NULL, err);
}

/* With the challenges that are to be answered meanwhile. */
static bool reload_with_them(struct run *run, struct error *err)
{
    const struct web_service *service = run->commit->service;

    return (service->put_beside == NULL || service->put_beside(service->beside, err)) && reload(run, err);
}

static void forget_failures(const struct web_commit *commit)
{
    for (size_t i = 0; commit->each != NULL && i < commit->expected_count; i++) {
        free(commit->each[i]);
        commit->each[i] = NULL;
    }
}

/* In steps, so that a server that has ended is not waited for. */
static bool compare(const struct run *run, struct error *err)
{
    const struct web_commit *commit = run->commit;
    int64_t until = clock_monotonic_ms() + commit->verify_ms, step_ms = VERIFY_STEP_MS, step;

    do {
        int64_t now = clock_monotonic_ms();

        step = now + 3 * step_ms < until ? now + step_ms : until; /* a slow handshake needs its time */
        step_ms *= 2;
        error_clear(err);
        forget_failures(commit);
        if (run->calls->verify(
                commit->net, commit->expected, commit->expected_count, &run->log, step - now, commit->each, err))
            return true;
    } while (step < until && clock_monotonic_ms() >= step && web_is_running(run->server));
    return false;
}

/* Waits for the network alone, so an interrupt may end it. */
static bool verify(const struct run *run, struct error *err)
{
    bool ok;

    if (run->commit->expected_count == 0)
        return true;
    if (run->heeds)
        interrupt_unshield();
    ok = compare(run, err);
    if (run->heeds)
        interrupt_shield();
    return ok;
}

/* ---- failure ---- */

/* One that was stopped, and could not be started, is as it was before. */
static bool must_reload(const struct run *run)
{
    return run->reloaded && !(run->stopped && !web_is_running(run->server));
}

/* A server that has not been told of the new is not told of the old either, if that was something else: whoever wants
 * that puts it in again. */
static bool restore(const struct run *run, struct error *err)
{
    if (run->was_told && !run->reloaded)
        return web_temporary_end(run->commit->service, err);
    return journal_take_back(run->commit->service, run->journal, must_reload(run), err);
}

/* Everything of this run; a failure of that is what the user must know. */
static bool take_back(const struct run *run, struct error *err)
{
    struct error failed = { 0 };

    if (!restore(run, &failed)) {
        log_error("Unable to take the changes back: %s", failed.why);
        if (!file_is_dir(run->journal))
            return error_next(err, "all files are as they were before, but %s could not be told so: %s",
                run->server->name, failed.why);
        return error_next(err,
            "what was changed could not all be taken back: %s. The next run tries again; the old files are "
            "in %s",
            failed.why, run->journal);
    }
    if (err->next[0] == '\0')
        return error_next(err, "all that this run had changed was taken back");
    failed = *err;
    return error_next(err, "%s; all that this run had changed was taken back", failed.next);
}

/* They were put into files that had the other changes already. */
static void take_away_beside(const struct run *run)
{
    struct error err = { 0 };

    if (run->commit->service->put_beside != NULL && !web_temporary_end(run->commit->service, &err))
        log_error("Unable to take the challenges away: %s", err.why);
}

/* ---- together ---- */

static bool put_in_effect(struct run *run, const struct checkpoint_stage *stages, size_t count, struct error *err)
{
    TRY(write_changes(run, stages, count, err));
    TRY(test_after(run, err));
    TRY(reload_with_them(run, err));
    TRY(verify(run, err));
    return checkpoint_title(run->commit->service->work_dir, stages, count, err);
}

static bool commit_changes(struct run *run, struct error *err)
{
    struct checkpoint_stage *stages;
    size_t count = changes_stages(run->commit->changes, &stages);
    bool ok;

    interrupt_shield();
    ok = put_in_effect(run, stages, count, err) || (take_away_beside(run), take_back(run, err));
    interrupt_unshield();
    changes_stages_free(stages, count);
    return ok;
}

/* Renewed files alone: there is nothing to take back. */
static bool reload_alone(struct run *run, struct error *err)
{
    bool ok;

    interrupt_shield();
    ok = heed(run, err) && reload_with_them(run, err) && verify(run, err);
    interrupt_unshield();
    return ok;
}

bool web_commit(const struct web_commit *commit, struct error *err)
{
    AUTO(run_clear) struct run run = run_of(commit, CHECKPOINT_IN_PROGRESS);
    bool is_empty = changes_are_empty(commit->changes);

    if (is_empty && !commit->force_reload)
        return true;
    TRY(interrupt_check(err));
    TRY(is_empty || (refuse_challenges(&run, err) && finish_earlier(&run, err)));
    TRY(test_before(&run, err));
    return is_empty ? reload_alone(&run, err) : commit_changes(&run, err);
}

static bool put_temporarily(struct run *run, struct error *err)
{
    struct checkpoint_stage *stages;
    size_t count = changes_stages(run->commit->changes, &stages);
    bool ok = write_changes(run, stages, count, err);

    changes_stages_free(stages, count);
    ok = ok && test_after(run, err);
    return ok && (run->is_beside || (reload(run, err) && heed(run, err)));
}

bool web_temporary(const struct web_commit *commit, struct error *err)
{
    AUTO(run_clear) struct run run = run_of(commit, CHECKPOINT_TEMPORARY);
    bool ok;

    if (changes_are_empty(commit->changes) && !commit->force_reload)
        return true;
    TRY(interrupt_check(err));
    TRY(test_before(&run, err));
    run.is_beside = commit->service->put_beside != NULL;
    run.was_told = file_is_dir(run.journal);
    interrupt_shield();
    ok = put_temporarily(&run, err) || take_back(&run, err);
    interrupt_unshield();
    if (ok && commit->log != NULL) {
        *commit->log = run.log;
        run.log = (struct web_log){ 0 };
    }
    return ok;
}
