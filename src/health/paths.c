/*
 * Renewal files: whether they can be read, and whether the paths in them are those of this store.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "health/private.h"
#include "store/lineage_conf.h"
#include "store/store_private.h"

/* ---- the file ---- */

static bool repair_remove_conf(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(free) char *dir = store_path(health->store, "renewal");

    TRY(file_remove(finding->path, err));
    return file_sync_dir(dir, err);
}

/* An empty renewal file: an interruption between reserving a name and filling it leaves one. */
static void report_empty(struct subject *subject, const char *path)
{
    AUTO(free) char *live = store_path_in(subject->health->store, "live", subject->name);
    AUTO(free) char *archive = store_path_in(subject->health->store, "archive", subject->name);
    bool taken = layout_is_taken(live) || layout_is_taken(archive);
    /* A mere leftover does not stop anything. */
    struct finding *finding = health_find(subject->health, subject, "renewal-file-empty",
        taken ? HEALTH_ERROR : HEALTH_WARNING, path, "nothing can be renewed by it", "%s is empty", path);

    subject->broken = true;
    if (taken) {
        finding_answer(finding, "put %s back from a backup", path);
        finding_answer(finding, "obtain the certificate again, by the name --cert-name %s, after moving %s and %s away",
            subject->name, live, archive);
        return;
    }
    finding_answer(finding, "remove %s", path);
    finding->repair = repair_remove_conf;
}

void check_renewal_file(struct subject *subject)
{
    AUTO(free) char *path = store_conf_path(subject->health->store, subject->name);
    struct finding *finding;
    struct stat st;

    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0) {
        report_empty(subject, path);
    } else if (subject->lineage == NULL && !health_report_hidden(subject, path, subject->reading.sys)) {
        finding = health_break(subject, "renewal-file-unreadable", path, "nothing can be renewed by it", "%s%s%s",
            subject->reading.what, subject->reading.what[0] == '\0' ? "" : ": ", subject->reading.why);
        finding_answer(finding, "correct %s by hand, or put it back from a backup", path);
    }
}

/* ---- its paths ---- */

static bool is_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && path[len] == '/';
}

/* The two directories that the paths are to be written for. */
static bool repair_paths(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(free) char *old_above = NULL, *old_root = NULL;
    const char *config_dir;

    TRY(lineage_open(health->store, finding->lineage, &lineage, err));
    TRY(lineage_copy_conf(lineage, &conf, err));
    conf_set(conf, "", "archive_dir", finding->to);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = xprintf("%s/%s.pem", finding->from, kind_name((enum kind)kind));

        conf_set(conf, "", kind_name((enum kind)kind), path);
    }
    if (lineage->live_dir != NULL) {
        old_above = file_dirname(lineage->live_dir);
        old_root = file_dirname(old_above);
        config_dir = conf_get(conf, "renewalparams", "config_dir");
        if (config_dir != NULL && strcmp(config_dir, old_root) == 0)
            conf_set(conf, "renewalparams", "config_dir", store_config_dir(health->store));
    }
    return lineage_write_conf(lineage, conf, err);
}

static const char *const why_paths = "renewal looks for the files where the renewal file says, and does not find them";

static void report_old_paths(struct subject *subject, const char *live, const char *archive)
{
    const struct lineage *lineage = subject->lineage;
    const char *other = health_other_user(subject->health, live, subject->name);
    struct finding *finding;

    finding = health_break(subject, "renewal-file-old-paths", lineage->conf_path, why_paths,
        "%s names %s and %s, which are not both there; the files are in %s and %s", lineage->conf_path,
        lineage->live_dir == NULL ? "no live files" : lineage->live_dir, lineage->archive_dir, live, archive);
    finding->from = xstrdup(live);
    finding->to = xstrdup(archive);
    finding_answer(finding, "write the paths of %s and %s into %s", live, archive, lineage->conf_path);
    if (other == NULL)
        finding->repair = repair_paths;
    else
        finding_answer(
            finding, "remove %s, if it is only a copy: %s uses these files already", lineage->conf_path, other);
}

/* A store that was copied, not moved: both are there, and the copy renews the original. */
static void report_other_store(struct subject *subject, const char *live)
{
    const struct lineage *lineage = subject->lineage;
    struct finding *finding = health_find(subject->health, subject, "renewal-file-other-store", HEALTH_WARNING,
        lineage->conf_path, "a renewal here changes the files there, and those here grow old",
        "%s names %s, outside of this store, although %s is there", lineage->conf_path, lineage->live_dir, live);

    finding_answer(finding, "write the paths of this store into %s", lineage->conf_path);
    finding_answer(finding, "remove this store, if it is only a copy");
}

static void report_renamed(struct subject *subject)
{
    const struct lineage *lineage = subject->lineage;
    const char *was = file_basename(lineage->live_dir);
    const char *other = health_other_user(subject->health, lineage->live_dir, subject->name);
    AUTO(free) char *back = store_conf_path(subject->health->store, was);
    struct finding *finding;

    if (other != NULL) {
        finding = health_find(subject->health, subject, "files-shared", HEALTH_WARNING, lineage->conf_path,
            "each renewal of one replaces the files of the other", "%s uses the files of %s, as %s does",
            lineage->conf_path, was, other);
        finding_answer(finding, "remove %s, if it is only a copy", lineage->conf_path);
        finding_answer(finding, "remove the renewal file of %s", other);
        return;
    }
    finding = health_find(subject->health, subject, "renewal-file-renamed", HEALTH_NOTE, lineage->conf_path,
        "it is renewed all the same; only its name and its paths differ", "%s is about the files in %s",
        lineage->conf_path, lineage->live_dir);
    finding_answer(finding,
        "leave it: the certificate is called %s now, and its files stay where servers look for them", subject->name);
    finding_answer(finding, "rename it back to %s", back);
}

/* A directory that the renewal file names, or the one with the lineage's own name when that is missing. */
static const char *there(const char *named, const char *own)
{
    return named != NULL && file_is_dir(named) ? named : file_is_dir(own) ? own : NULL;
}

void check_paths(struct subject *subject)
{
    const struct lineage *lineage = subject->lineage;
    const char *config_dir = store_config_dir(subject->health->store);
    AUTO(free) char *own_live = store_path_in(subject->health->store, "live", subject->name);
    AUTO(free) char *own_archive = store_path_in(subject->health->store, "archive", subject->name);
    const char *live = there(lineage->live_dir, own_live), *archive = there(lineage->archive_dir, own_archive);
    bool complete = true, optional = !lineage->layout->live_are_links;

    for (int kind = 0; kind < KIND_COUNT; kind++)
        complete = complete && lineage->live[kind] != NULL;
    if (optional && archive == NULL) /* the history alone is there; made anew with the next version */
        archive = live == own_live ? own_archive : lineage->archive_dir;
    if (live != NULL && archive != NULL &&
        (!complete || strcmp(live, lineage->live_dir) != 0 || strcmp(archive, lineage->archive_dir) != 0)) {
        report_old_paths(subject, live, archive);
    } else if (!complete) {
        struct finding *finding = health_break(subject, "renewal-file-incomplete", lineage->conf_path, why_paths,
            "%s does not name all four files, and %s is not there", lineage->conf_path, own_live);

        finding_answer(finding, "put %s and the directories back from a backup", lineage->conf_path);
    } else if (!is_below(lineage->live_dir, config_dir)) {
        if (file_is_dir(lineage->live_dir) && file_is_dir(own_live))
            report_other_store(subject, own_live);
    } else if (strcmp(lineage->live_dir, own_live) != 0 && file_is_dir(lineage->live_dir)) {
        report_renamed(subject);
    }
}
