/*
 * Leftovers of interrupted work.
 *
 * Only called while no other process works on the store: otherwise they could be its work in progress.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "disk/convert_settle.h"
#include "disk/layouts.h"
#include "disk/live_switch.h"
#include "disk/remove.h"
#include "disk/version_dir.h"
#include "health/private.h"
#include "store/convert.h"
#include "store/lineage_conf.h"
#include "store/lineage_create.h"
#include "store/pending.h"
#include "store/store_private.h"

#define TEMPORARY ".evercert-" /* name of a file that base/file.c has not completed: ".NAME.evercert-XXXXXX" */
#define TEMPORARY_LETTERS "abcdefghijklmnopqrstuvwxyz234567" /* as file_replace makes them */

/* ---- conversions ---- */

static bool repair_conversion(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    TRY(lineage_open(health->store, finding->lineage, &lineage, err));
    return lineage_drop_temporary(lineage, err) && convert_settle(lineage, err);
}

/* Checks for an interrupted conversion before the directories are judged: the renewal file says which layout they are
 * to have. */
void check_conversion(struct subject *subject)
{
    const struct lineage *lineage = subject->lineage;
    struct finding *finding;

    if (!convert_is_unsettled(lineage))
        return;
    finding = health_find(subject->health, subject, "conversion-interrupted", HEALTH_WARNING, lineage->archive_dir,
        "until then nobody can say which of the files there are to stay",
        "the conversion of %s from one layout to the other was interrupted", lineage->name);
    finding_answer(
        finding, "complete or undo it, to the layout that %s names (%s)", lineage->conf_path, lineage->layout->name);
    finding->repair = repair_conversion;
    subject->broken = true;
}

/* ---- lineages that were being made ---- */

static bool repair_first(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    return lineage_load(health->store, finding->lineage, &lineage, err);
}

static bool repair_reclaim(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    TRY(lineage_open(health->store, finding->lineage, &lineage, err));
    return lineage_reclaim(lineage, err);
}

void check_first(struct subject *subject)
{
    AUTO(pending_clear) struct pending pending = { 0 };
    const struct lineage *lineage = subject->lineage;
    struct finding *finding;
    struct error err = { 0 };

    if (!lineage_is_new(lineage))
        return;
    finding = health_break(subject, "first-issue-interrupted", lineage->conf_path,
        "there is a certificate of that name only once it is saved",
        "something was interrupted while the first certificate of %s was saved", lineage->name);
    if (layouts_have_version(lineage)) {
        finding_answer(finding, "complete it");
        finding->repair = repair_first;
    } else if (pending_look(subject->health->store, lineage->name, &pending, &err) == PENDING_WHOLE) {
        finding->severity = HEALTH_WARNING;
        finding_answer(finding, "run `renew`: it fetches the certificate from %s, and saves it", pending.server);
        finding_answer(finding, "`delete --cert-name %s`, if it is not wanted", lineage->name);
    } else {
        finding_answer(finding, "remove what there is of it, as nothing tells any more which order it was");
        finding->repair = repair_reclaim;
    }
}

/* ---- switches ---- */

static bool repair_settle(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    TRY(lineage_open(health->store, finding->lineage, &lineage, err));
    return lineage->layout->settle(lineage, err);
}

/* A whole version that waits to become live is no leftover; check_newest tells of it. */
static bool only_waits(const struct lineage *lineage)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (lineage->layout->numbered || live_has_stand_in(lineage->live_dir) ||
        !health_list_dir(lineage->archive_dir, &names))
        return false;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(lineage->archive_dir, names.at[i]);
        AUTO(free) char *within = NULL;
        struct view id;

        if (version_is_leftover(names.at[i]))
            return false;
        if (version_is_next(names.at[i], &id) &&
            (!version_dir_id(path, &within, &err) || !view_equal(id, view_of(within))))
            return false;
    }
    return true;
}

void check_unsettled(struct subject *subject)
{
    struct lineage *lineage = subject->lineage;
    struct finding *finding;

    if (!lineage->layout->is_unsettled(lineage) || only_waits(lineage))
        return;
    finding = health_find(subject->health, subject, "work-interrupted", HEALTH_WARNING, lineage->archive_dir,
        "it is completed or undone at the next start all the same",
        "something was interrupted while it changed the versions of %s", lineage->name);
    finding_answer(finding, "complete or undo it");
    finding->repair = repair_settle;
    subject->broken = true;
}

/* ---- files ---- */

static bool is_temporary(const char *name)
{
    const char *suffix = strstr(name, TEMPORARY);

    return name[0] == '.' && suffix != NULL && strlen(suffix) == strlen(TEMPORARY) + 6 &&
           strspn(suffix + strlen(TEMPORARY), TEMPORARY_LETTERS) == 6;
}

/* "fullchain7.pem.new", ".cert.pem.new", ".NAME.conf.new": what becomes a file, or a link, by a rename. */
static bool is_unnamed(const char *name)
{
    if (name[0] == '.' && text_ends(name, ".conf.new"))
        return true;
    name += name[0] == '.';
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        size_t len = strlen(kind_name((enum kind)kind));

        if (text_starts(name, kind_name((enum kind)kind)) &&
            strcmp(name + len + strspn(name + len, "0123456789"), ".pem.new") == 0)
            return true;
    }
    return false;
}

static bool repair_remove(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(free) char *dir = file_dirname(finding->path);

    (void)health;
    wipe_file(finding->path); /* it may be a part of a key */
    TRY(file_remove(finding->path, err));
    return file_sync_dir(dir, err);
}

static void check_dir(struct health *health, const struct subject *subject, const char *dir)
{
    AUTO(list_clear) struct list names = { 0 };

    if (dir == NULL || !health_list_dir(dir, &names))
        return;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);
        struct finding *finding;
        struct stat st;

        if ((!is_temporary(names.at[i]) && !is_unnamed(names.at[i]) && !text_starts(names.at[i], ".evercert-probe.")) ||
            lstat(path, &st) != 0 || S_ISDIR(st.st_mode))
            continue;
        finding = health_find(health, subject, "leftover", HEALTH_NOTE, path, "it is in nobody's way",
            "%s was left by work that was interrupted", path);
        finding_answer(finding, "remove it");
        finding->repair = repair_remove;
    }
}

void check_lineage_leftovers(struct subject *subject)
{
    check_dir(subject->health, subject, subject->lineage->live_dir);
    check_dir(subject->health, subject, subject->lineage->archive_dir);
}

void check_store_leftovers(struct health *health)
{
    static const char *const parts[] = { "live", "archive", "renewal" };

    check_dir(health, NULL, store_config_dir(health->store));
    for (size_t i = 0; i < COUNT(parts); i++) {
        AUTO(free) char *dir = store_path(health->store, parts[i]);

        check_dir(health, NULL, dir);
    }
}
