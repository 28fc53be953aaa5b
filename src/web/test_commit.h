#pragma once
/*
 * For tests of transactions: what is left of one after a kill at each of its steps. Included by test programs only.
 */
#include "base/test_faults.h"
#include "web/test_scene.h"

#define STEPS_MAX 400

__attribute__((unused)) static void check_untouched(const char *name, int step, const char *before)
{
    AUTO(free) char *now = scene(), *work = names_in(at("work")), *where = xprintf("%s, step %d", name, step);

    CHECK_TEXT(now, before, where);
    CHECK(strcmp(work, "") == 0 || strcmp(work, "backups") == 0, "%s: %s", where, work);
}

__attribute__((unused)) static size_t backup_count(void)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    REQUIRE(checkpoint_list(work_dir, &names, &err), "%s", err.why);
    return names.len;
}

__attribute__((unused)) static void check_rolls_back(const char *name, const char *before)
{
    AUTO(free) char *now = NULL;
    struct error err = { 0 };

    CHECK(web_rollback(&service, 9, NULL, NULL, &err), "%s: %s", name, err.why);
    now = scene();
    CHECK_TEXT(now, before, name);
    CHECK_INT(backup_count(), 0, name);
}

/* Runs it in a process that is killed at that step; true when it was, false when it had ended before. */
__attribute__((unused)) static bool killed_at(int step, bool (*work)(struct error *err))
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        struct error err = { 0 };

        faults.calls = 0;
        faults.crash = step;
        faults.dies = true;
        _exit(work(&err) ? 0 : 1);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        fail_msg("step %d: it failed, and was not killed", step);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

__attribute__((unused)) static bool commit_all(struct error *err)
{
    AUTO(changes_free) struct changes *changes = all_changes();

    return commit(changes, err);
}

__attribute__((unused)) static bool recover(struct error *err)
{
    return web_recover(&service, err);
}

/* After a kill: the next run recovers; then all is as before, or done. */
__attribute__((unused)) static void check_recovered(const char *name, int step, const char *before)
{
    AUTO(free) char *a = NULL;
    struct error err = { 0 };

    CHECK(web_recover(&service, &err) && web_tell(&service, &err), "%s, step %d: %s", name, step, err.why);
    a = scene_of("etc/sites/a.conf");
    if (strcmp(a, "site a with TLS, redirected\n") == 0)
        check_rolls_back(name, before);
    else
        check_untouched(name, step, before);
}
