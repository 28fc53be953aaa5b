/*
 * One change of a store, and nothing else: so that a test can kill it, or have a system call fail, at each call.
 *
 *     store-driver CONFIG_DIR create LAYOUT PEMS     lineage "a" from the four files in the directory PEMS
 *     store-driver CONFIG_DIR add PEMS
 *     store-driver CONFIG_DIR fix                    finishes what was interrupted, as `renew` does; then as `show`
 *     store-driver CONFIG_DIR restore SERIAL
 *     store-driver CONFIG_DIR prune KEEP
 *     store-driver CONFIG_DIR convert LAYOUT
 *     store-driver CONFIG_DIR delete
 *     store-driver CONFIG_DIR show                   "SERIAL live|superseded|pending" for each version, the oldest
 * first store-driver CONFIG_DIR doctor look|fix        "CODE error|warning|note|repaired" for each finding
 *
 * Exit status 1 and the error on standard error when it fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "health/health.h"
#include "store/convert.h"
#include "store/history.h"
#include "store/lineage_create.h"
#include "store/lineage_delete.h"
#include "store/lineage_lock.h"
#include "store/lineage_verify.h"

#define NAME "a"

struct work {
    struct settings *settings;
    struct store *store;
    char **args; /* behind the name of the change; ended by NULL */
};

struct pems {
    struct buf part[KIND_COUNT];
};

static void pems_clear_at(struct pems *pems)
{
    for (int kind = 0; kind < KIND_COUNT; kind++)
        buf_clear(&pems->part[kind]);
}

static bool read_pems(const char *dir, struct pems *pems, struct issued *out, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = xprintf("%s/%s.pem", dir, kind_name((enum kind)kind));

        pems->part[kind] = BUF(FILE_MAX_TEXT);
        TRY(file_read(path, &pems->part[kind], err));
    }
    *out = (struct issued){ .cert = buf_view(&pems->part[KIND_CERT]),
        .chain = buf_view(&pems->part[KIND_CHAIN]),
        .fullchain = buf_view(&pems->part[KIND_FULLCHAIN]),
        .privkey = buf_view(&pems->part[KIND_PRIVKEY]) };
    return true;
}

static bool create(struct work *work, struct error *err)
{
    AUTO(pems_clear) struct pems pems = { 0 };
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct issued issued;

    xreplace(&work->settings->store_layout, work->args[0]);
    SETTING_MARK(work->settings, store_layout, ORIGIN_COMMAND_LINE);
    TRY(read_pems(work->args[1], &pems, &issued, err));
    return lineage_create(work->store, NAME, &issued, work->settings, &lineage, err);
}

static bool add(struct work *work, struct error *err)
{
    AUTO(pems_clear) struct pems pems = { 0 };
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct issued issued;

    TRY(read_pems(work->args[0], &pems, &issued, err));
    TRY(lineage_load(work->store, NAME, &lineage, err));
    return lineage_add_version(work->store, lineage, &issued, work->settings, err);
}

static bool show(struct work *work, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(history_clear) struct history history = { 0 };

    TRY(lineage_load(work->store, NAME, &lineage, err));
    TRY(lineage_history(lineage, &history, err));
    for (size_t i = 0; i < history.len; i++)
        (void)printf("%s %s\n", history.at[i].cert == NULL ? "-" : history.at[i].cert->serial,
            history.at[i].live      ? "live"
            : history.at[i].pending ? "pending"
                                    : "superseded");
    return true;
}

static bool fix(struct work *work, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    TRY(lineage_load(work->store, NAME, &lineage, err));
    if (lineage->pending_deployment)
        TRY(lineage_fix_deployment(lineage, err));
    return lineage_verify(lineage, err) && show(work, err);
}

static bool restore(struct work *work, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(history_clear) struct history history = { 0 };
    AUTO(free) char *now = NULL;

    TRY(lineage_load(work->store, NAME, &lineage, err));
    TRY(lineage_history(lineage, &history, err));
    for (size_t i = 0; i < history.len; i++)
        if (history.at[i].cert != NULL && strcmp(history.at[i].cert->serial, work->args[0]) == 0)
            return lineage_restore(work->store, lineage, history.at[i].id, &now, err);
    return error_set(err, ERROR_USAGE, "no version has that serial number");
}

static bool prune(struct work *work, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    TRY(lineage_load(work->store, NAME, &lineage, err));
    return lineage_prune(work->store, lineage, atoi(work->args[0]), NULL, err);
}

static bool convert(struct work *work, struct error *err)
{
    AUTO(conversion_clear) struct conversion done = { 0 };

    return lineage_convert(work->store, NAME, work->args[0], false, &done, err);
}

static bool delete (struct work *work, struct error *err)
{
    return lineage_delete(work->store, NAME, err);
}

static bool doctor(struct work *work, struct error *err)
{
    AUTO(findings_clear) struct findings findings = { 0 };
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    enum health_mode mode = strcmp(work->args[0], "fix") == 0 ? HEALTH_FIX : HEALTH_LOOK;

    TRY(store_lock_all(work->store, &lock, err));
    TRY(health_examine(work->store, work->settings, NULL, mode, &findings, err));
    for (size_t i = 0; i < findings.len; i++)
        (void)printf("%s %s\n", findings.at[i].code,
            findings.at[i].repaired ? "repaired" : health_severity_name(findings.at[i].severity));
    return findings_open(&findings) == 0 ||
           error_set(err, ERROR_STORE, "%zu problem(s) remain", findings_open(&findings));
}

static const struct {
    const char *name;
    int args;
    bool (*run)(struct work *work, struct error *err);
} changes[] = {
    { "create", 2, create },
    { "add", 1, add },
    { "fix", 0, fix },
    { "restore", 1, restore },
    { "prune", 1, prune },
    { "delete", 0, delete },
    { "show", 0, show },
    { "convert", 1, convert },
    { "doctor", 1, doctor },
};

static bool run(int argc, char **argv, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    AUTO(store_close) struct store *store = NULL;
    struct work work = { .settings = settings, .args = argv + 3 };

    xreplace(&settings->config_dir, argv[1]);
    xreplace(&settings->work_dir, argv[1]);
    xreplace(&settings->logs_dir, argv[1]);
    xreplace(&settings->authenticator, "standalone");
    SETTING_MARK(settings, authenticator, ORIGIN_COMMAND_LINE);
    TRY(store_open(settings, 0, &store, err));
    work.store = store;
    for (size_t i = 0; i < COUNT(changes); i++)
        if (strcmp(changes[i].name, argv[2]) == 0 && changes[i].args == argc - 3)
            return changes[i].run(&work, err);
    return error_set(err, ERROR_USAGE, "no such change");
}

int main(int argc, char **argv)
{
    struct error err = { 0 };

    if (argc >= 3 && run(argc, argv, &err))
        return 0;
    (void)fprintf(stderr, "store-driver: %s: %s\n", err.what, err.why);
    return 1;
}
