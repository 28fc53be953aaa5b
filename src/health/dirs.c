/*
 * Directories of a lineage that are not where its renewal file says: renamed, or gone.
 *
 * A renamed one is known by what is in it, never by its name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "disk/certbot_versions.h"
#include "disk/version_dir.h"
#include "disk/version_switch.h"
#include "health/private.h"
#include "store/lineage_conf.h"
#include "store/lineage_waiting.h"

#define STRAYS_MAX 1000 /* directories that are looked into for one lineage */

static const char *const why_gone = "servers that are to use the certificate cannot start, and renewal stops at it";

/* ---- what a directory holds ---- */

struct cert *health_archive_cert(const char *dir)
{
    char *const same = xstrdup(dir);
    char *const dirs[KIND_COUNT] = { same, same, same, same };
    AUTO(versions_clear) struct versions versions = { 0 };
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *path = NULL;
    struct error err = { 0 };

    if (versions_list(dirs, &versions, &err) && versions_newest_complete(&versions) > 0)
        path = version_path(dir, KIND_CERT, versions_newest_complete(&versions));
    else if (file_list_dir(dir, &names, &err))
        for (size_t i = 0; i < names.len; i++)
            if (version_id_is(view_of(names.at[i]))) {
                free(path);
                path = xprintf("%s/%s/cert.pem", dir, names.at[i]);
            }
    health_note_trouble(&err);
    free(same);
    return path == NULL ? NULL : health_read_cert(path);
}

static struct cert *live_cert(const char *dir)
{
    AUTO(free) char *path = version_file(dir, KIND_CERT);

    return health_read_cert(path);
}

/* Whether links lead into a lineage's archive directory, wherever they are. */
static bool leads_to(const char *dir, const char *archive_dir)
{
    AUTO(free) char *link = version_file(dir, KIND_CERT);
    AUTO(free) char *real = realpath(link, NULL);
    AUTO(free) char *real_archive = realpath(archive_dir, NULL);
    AUTO(free) char *real_dir = real == NULL ? NULL : file_dirname(real);

    return file_is_link(link) && real_dir != NULL && real_archive != NULL && strcmp(real_dir, real_archive) == 0;
}

/* Whether a stray archive directory has the very certificate that is live. */
static bool has_live_cert(const struct lineage *lineage, const struct cert *found)
{
    AUTO(cert_free) struct cert *live = health_read_cert(lineage->live[KIND_CERT]);

    return live != NULL && view_equal(buf_view(&live->der), buf_view(&found->der));
}

static bool is_match(const struct subject *subject, enum stray which, const char *dir)
{
    const struct lineage *lineage = subject->lineage;
    AUTO(cert_free) struct cert *cert = which == STRAY_LIVE ? live_cert(dir) : health_archive_cert(dir);
    AUTO(cert_free) struct cert *known = NULL;

    if (which == STRAY_LIVE && lineage->layout->live_are_links && leads_to(dir, lineage->archive_dir))
        return true;
    if (cert == NULL)
        return false;
    if (lineage_has_names(lineage, cert) || (which == STRAY_ARCHIVE && has_live_cert(lineage, cert)))
        return true;
    known = which == STRAY_LIVE ? health_archive_cert(lineage->archive_dir) : live_cert(lineage->live_dir);
    return known != NULL && list_same_set(&known->names, &cert->names);
}

/* ---- renamed ---- */

static bool repair_rename(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(free) char *from_above = file_dirname(finding->from);
    AUTO(free) char *to_above = file_dirname(finding->to);

    if (layout_is_taken(finding->to))
        return error_set(err, ERROR_STORE, "something is at %s by now", finding->to);
    if (rename(finding->from, finding->to) != 0)
        return file_error(err, "rename", finding->from);
    health_stray_is_used(health, finding->from);
    TRY(file_sync_dir(from_above, err));
    return file_sync_dir(to_above, err);
}

/* Reports a missing directory when others may be what it was; false when there is none. */
static bool report_renamed(
    struct subject *subject, enum stray which, const char *missing, enum health_severity severity)
{
    const struct list *strays = health_strays(subject->health, which);
    AUTO(list_clear) struct list matches = { 0 };
    struct finding *finding;

    for (size_t i = 0; i < strays->len && i < STRAYS_MAX; i++)
        if (is_match(subject, which, strays->at[i]))
            list_add(&matches, strays->at[i]);
    if (matches.len == 0)
        return false;
    finding = health_find(subject->health, subject, which == STRAY_LIVE ? "live-renamed" : "archive-renamed", severity,
        missing, why_gone, "%s is not there, and by its content %s is what it was", missing,
        matches.len == 1 ? matches.at[0] : "one of several others");
    for (size_t i = 0; i < matches.len; i++)
        finding_answer(finding, "rename %s to %s", matches.at[i], missing);
    if (subject->health->claims_trouble.kind != ERROR_NONE) {
        finding_answer(
            finding, "mend first what may name that directory, too: %s", subject->health->claims_trouble.why);
    } else if (matches.len == 1) {
        finding->from = xstrdup(matches.at[0]);
        finding->to = xstrdup(missing);
        finding->repair = repair_rename;
    }
    subject->broken = severity == HEALTH_ERROR;
    return true;
}

/* ---- gone ---- */

/* Moves a user's files beside the live ones into the version that becomes live. */
static bool clear_live(const struct lineage *lineage, const char *version, struct error *err)
{
    AUTO(free) char *meta = file_join(lineage->live_dir, META_NAME);
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_remove(meta, err));
    TRY(file_list_dir(lineage->live_dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *from = file_join(lineage->live_dir, names.at[i]);
        AUTO(free) char *to = xprintf("%s/%s/%s", lineage->archive_dir, version, names.at[i]);

        if (rename(from, to) != 0)
            return file_error(err, "move into the version that is to become live", from);
    }
    return rmdir(lineage->live_dir) == 0 || file_error(err, "remove", lineage->live_dir);
}

static bool repair_link_again(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *now = NULL, *above = NULL;
    AUTO(free) char *version = xprintf("%s%s", finding->from, finding->number == 0 ? "" : ".next");

    TRY(lineage_open(health->store, finding->lineage, &lineage, err));
    above = file_dirname(lineage->live_dir);
    TRY(file_mkdirs(above, LIVE_MODE, err));
    if (file_is_dir(lineage->live_dir))
        TRY(clear_live(lineage, version, err));
    for (int kind = 0; kind < KIND_COUNT;
         kind++) /* users who could read the key of this version still can: it is the only one there */
        lineage->current[kind] = xprintf("%s/%s/%s.pem", lineage->archive_dir, version, kind_name((enum kind)kind));
    return finding->number == 0 ? lineage->layout->restore(lineage, finding->from, &now, err)
                                : lineage->layout->deploy(lineage, finding->from, err);
}

/* The versioned layout: what was live is gone. What waits to become live, else the newest of what was. */
static void report_gone(struct subject *subject)
{
    const struct lineage *lineage = subject->lineage;
    AUTO(free) char *pending = NULL;
    struct error err = { 0 };
    const struct parts *newest;
    struct finding *finding;

    subject_list_versions(subject);
    newest = subject_newest_whole(subject);
    if (!switch_pending(lineage, &pending, &err))
        health_note_trouble(&err);
    finding = health_break(subject, "live-missing", lineage->live_dir, why_gone, "%s is not there", lineage->live_dir);
    if (pending == NULL && newest == NULL) {
        finding_answer(finding, "put %s back from a backup", lineage->live_dir);
        finding_answer(finding, "remove %s, and obtain the certificate again with --cert-name %s", lineage->conf_path,
            subject->name);
        return;
    }
    finding->from = xstrdup(pending != NULL ? pending : newest->id);
    finding->number = pending != NULL;
    finding_answer(finding, "make version %s live, the newest that is whole", finding->from);
    finding->repair = repair_link_again;
}

/* A directory that is there, but has none of the files (deleted by hand): it is as good as gone. */
static bool is_emptied(const struct lineage *lineage)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        struct stat st;

        if (lstat(lineage->live[kind], &st) == 0)
            return false;
    }
    return true;
}

void check_directories(struct subject *subject)
{
    const struct lineage *lineage = subject->lineage;
    bool with_links = lineage->layout->live_are_links, archive = file_is_dir(lineage->archive_dir);
    bool live = file_is_dir(lineage->live_dir);

    if (!archive &&
        report_renamed(
            subject, STRAY_ARCHIVE, lineage->archive_dir, with_links || !live ? HEALTH_ERROR : HEALTH_WARNING) &&
        subject->broken)
        return;
    if (!live && report_renamed(subject, STRAY_LIVE, lineage->live_dir, HEALTH_ERROR))
        return;
    if (with_links && !archive && !live) {
        struct finding *finding = health_break(subject, "files-missing", lineage->archive_dir, why_gone,
            "neither %s nor %s is there", lineage->live_dir, lineage->archive_dir);

        finding_answer(finding, "put both back from a backup");
        finding_answer(finding, "remove %s, and obtain the certificate again with --cert-name %s", lineage->conf_path,
            subject->name);
    } else if (!with_links && is_emptied(lineage)) {
        report_gone(subject);
    }
}
