/*
 * The live files of the versioned layout, and whether what is live is the newest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "disk/sharing.h"
#include "disk/version_dir.h"
#include "disk/version_switch.h"
#include "health/private.h"
#include "store/lineage_waiting.h"

#define DATE_LEN 16 /* of a version's ID */

/* ---- files that are links ---- */

static bool repair_link_to_file(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(buf_clear) struct buf content = BUF_SECRET(FILE_MAX_TEXT);

    (void)health;
    TRY(file_read(finding->path, &content, err));
    return health_replace(finding->path, (enum kind)finding->number, buf_view(&content), err);
}

void check_live_files(struct subject *subject)
{
    const struct lineage *lineage = subject->lineage;

    if (lineage->layout->live_are_links)
        return;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        struct finding *finding;
        struct stat st;

        if (lstat(lineage->live[kind], &st) != 0 || S_ISREG(st.st_mode))
            continue;
        finding = health_break(subject, "live-file-is-link", lineage->live[kind],
            "a renewal that replaces the file would leave what the link leads to as it is", "%s should be a file",
            lineage->live[kind]);
        finding->number = (unsigned long)kind;
        if (S_ISLNK(st.st_mode) && stat(lineage->live[kind], &st) == 0 && S_ISREG(st.st_mode)) {
            finding_answer(finding, "replace the link by a file with the same content");
            finding->repair = repair_link_to_file;
        } else {
            finding_answer(finding, "put the file back from a backup");
        }
        return;
    }
}

/* ---- the newest ---- */

static bool repair_deploy(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    TRY(lineage_load(health->store, finding->lineage, &lineage, err));
    return !lineage->pending_deployment || lineage_fix_deployment(lineage, err);
}

/* Something older was made live on purpose (`history restore`); that it has expired since is worth a word. */
static void report_restored(struct subject *subject, const struct cert *live, const struct parts *newer)
{
    AUTO(cert_free) struct cert *cert = health_read_cert(newer->path[KIND_CERT]);
    bool expired = live->not_after < subject->health->now && cert != NULL && cert->not_after > subject->health->now;
    struct finding *finding = health_find(subject->health, subject, "live-not-newest",
        expired ? HEALTH_WARNING : HEALTH_NOTE, subject->lineage->live_dir,
        expired ? "clients refuse an expired certificate" : "this is right if it was chosen",
        "an older version is live, %sand %s is newer", expired ? "it has expired, " : "", newer->id);

    finding_answer(finding, "leave it, if `history restore` was meant; the next renewal replaces it");
    finding_answer(finding, "make the newer one live: history restore %s %s", subject->name, newer->id);
}

/* Newer than what is live, and nothing that anybody should make live by himself. */
static void report_useless(struct subject *subject, const char *objection)
{
    const struct lineage *lineage = subject->lineage;
    struct finding *finding =
        health_find(subject->health, subject, "newer-not-usable", HEALTH_WARNING, lineage->archive_dir,
            lineage->layout->numbered ? "Certbot makes the newest version live whenever it looks"
                                      : "it is in the way of nothing, but somebody has put it there",
            "version %s is newer than what is live, and is not made live: %s", lineage->version, objection);

    finding_answer(finding, "leave it: the next renewal is newer still");
    finding_answer(finding, "move the files of version %s out of %s", lineage->version, lineage->archive_dir);
}

static void check_waiting(struct subject *subject)
{
    struct lineage *lineage = subject->lineage;
    AUTO(free) char *objection = NULL;
    struct error unknown = { 0 };
    struct finding *finding;

    if (health_other_user(subject->health, lineage->archive_dir, subject->name) != NULL &&
        lineage_sharing(lineage, &unknown) == SHARING) /* it is the other's */
        return;
    objection = lineage_objection(subject->health->store, lineage);
    if (objection != NULL) {
        report_useless(subject, objection);
        return;
    }
    finding = health_break(subject, "live-not-newest", lineage->live_dir,
        "servers go on with a certificate that was replaced", "version %s was issued, but is not live",
        lineage->version);
    finding_answer(finding, "make version %s live", lineage->version);
    finding->repair = repair_deploy;
}

void check_newest(struct subject *subject)
{
    struct lineage *lineage = subject->lineage;
    const struct parts *newest = NULL;
    AUTO(free) char *pending = NULL;
    struct error err = { 0 };

    if (lineage->pending_deployment) {
        check_waiting(subject);
        return;
    }
    if (lineage->layout->numbered || lineage->cert == NULL)
        return;
    if (!switch_pending(lineage, &pending, &err)) /* one look may have been refused, where another was not */
        health_note_trouble(&err);
    else if (pending != NULL && !subject->goes_by_live && lineage->layout->find(lineage, &err) &&
             lineage->pending_deployment) {
        check_waiting(subject);
        return;
    }
    for (size_t i = 0; i < subject->version_count; i++)
        if (!subject->versions[i].live && parts_are_whole(&subject->versions[i]))
            newest = &subject->versions[i];
    if (newest != NULL && strncmp(newest->id, lineage->version, DATE_LEN) > 0)
        report_restored(subject, lineage->cert, newest);
}
