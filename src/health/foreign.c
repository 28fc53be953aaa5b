/*
 * Files of another certificate: an archive that two keep versions in, directories that were exchanged, versions of
 * others among one's own.
 */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "disk/certbot_links.h"
#include "disk/sharing.h"
#include "health/private.h"
#include "store/lineage_conf.h"
#include "store/lineage_waiting.h"
#include "store/store_private.h"

/* ---- one archive, two certificates ---- */

static bool repair_archive_dir(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(conf_free) struct conf *conf = NULL;

    TRY(lineage_open(health->store, finding->lineage, &lineage, err));
    TRY(lineage_copy_conf(lineage, &conf, err));
    conf_set(conf, "", "archive_dir", finding->to);
    return lineage_write_conf(lineage, conf, err);
}

/* Whether what is live leads there: in Certbot's layout all four links do. Else a version of the same names is there.
 */
static bool is_own_archive(const struct subject *subject, const char *dir)
{
    const struct lineage *lineage = subject->lineage;
    AUTO(cert_free) struct cert *live = NULL, *kept = NULL;

    if (!file_is_dir(dir))
        return false;
    if (lineage->layout->live_are_links)
        return health_links_lead_to(lineage, dir);
    live = health_read_cert(lineage->live[KIND_CERT]);
    kept = health_archive_cert(dir);
    return live != NULL && kept != NULL && list_same_set(&live->names, &kept->names);
}

/* The archive that the live links lead to, if it has this lineage's names and no renewal file names it: the other half
 * of an interrupted repair. Of the caller's; NULL when there is none. */
static char *led_archive(const struct subject *subject)
{
    struct lineage as = *subject->lineage;
    AUTO(free) char *dir = as.layout->live_are_links ? links_dir(&as, KIND_CERT) : NULL;
    AUTO(cert_free) struct cert *live = dir == NULL ? NULL : health_read_cert(as.live[KIND_CERT]);
    struct error unknown = { 0 };

    if (live == NULL || strcmp(dir, as.archive_dir) == 0 || !lineage_has_names(subject->lineage, live))
        return NULL;
    as.archive_dir = dir;
    return lineage_sharing(&as, &unknown) == SHARING_NOT ? TAKE(dir) : NULL;
}

/* Whether both use the same files: a copied renewal file, which another check reports. */
static bool is_same_live(const struct subject *subject, const char *name)
{
    AUTO(lineage_free) struct lineage *other = NULL;
    struct error err = { 0 };

    return lineage_open(subject->health->store, name, &other, &err) && other->live_dir != NULL &&
           text_equal(other->live_dir, subject->lineage->live_dir);
}

static bool is_shared(const struct subject *subject)
{
    struct error unknown = { 0 };

    return health_other_user(subject->health, subject->lineage->archive_dir, subject->name) != NULL &&
           lineage_sharing(subject->lineage, &unknown) == SHARING;
}

void check_archive_users(struct subject *subject)
{
    const struct lineage *lineage = subject->lineage;
    const char *other = health_other_user(subject->health, lineage->archive_dir, subject->name);
    AUTO(free) char *own = store_path_in(subject->health->store, "archive", subject->name), *led = NULL;
    struct finding *finding;

    if (!is_shared(subject) || is_same_live(subject, other))
        return;
    led = led_archive(subject);
    if (led != NULL)
        xreplace(&own, led);
    finding = health_find(subject->health, subject, "archive-shared", HEALTH_WARNING, lineage->conf_path,
        "nobody can tell whose a version is: nothing is removed there, restored or finished",
        "%s names %s as archive_dir, which is that of %s, too", lineage->conf_path, lineage->archive_dir, other);
    if (strcmp(own, lineage->archive_dir) != 0 && is_own_archive(subject, own) &&
        (led != NULL || health_other_user(subject->health, own, subject->name) == NULL)) {
        finding_answer(finding, "write archive_dir = %s into %s: its versions are there", own, lineage->conf_path);
        finding->to = xstrdup(own);
        finding->repair = repair_archive_dir;
        subject->broken = true;
        return;
    }
    finding_answer(finding, "correct archive_dir in %s or in the renewal file of %s", lineage->conf_path, other);
    finding_answer(
        finding, "`delete --cert-name` the one that is only a copy, after giving it an archive_dir of its own");
}

/* ---- directories that were exchanged ---- */

/* The lineage that has the name of what this certificate is for, and a certificate for this one's names: they have each
 * other's. Of the caller's; NULL when there is none. */
static struct lineage *exchanged_with(
    const struct subject *subject, const struct cert *cert, struct cert *(*read)(const struct lineage *))
{
    struct store *store = subject->health->store;

    if (lineage_has_names(subject->lineage, cert))
        return NULL;
    for (size_t i = 0; i < cert->names.len; i++) {
        AUTO(lineage_free) struct lineage *other = NULL;
        AUTO(cert_free) struct cert *its = NULL;
        struct error err = { 0 };

        if (strcmp(cert->names.at[i], subject->name) == 0 || !store_has_lineage(store, cert->names.at[i]) ||
            !lineage_open(store, cert->names.at[i], &other, &err) || other->live[KIND_CERT] == NULL)
            continue;
        its = read(other);
        if (its != NULL && lineage_has_names(other, cert) && lineage_has_names(subject->lineage, its))
            return TAKE(other);
    }
    return NULL;
}

static struct cert *read_live(const struct lineage *lineage)
{
    return health_read_cert(lineage->live[KIND_CERT]);
}

static struct cert *read_archived(const struct lineage *lineage)
{
    return health_archive_cert(lineage->archive_dir);
}

static bool repair_exchange(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(free) char *above = file_dirname(finding->from);

    (void)health;
    TRY(file_exchange(finding->from, finding->to, err));
    return file_sync_dir(above, err);
}

/* At renewal the other lineage is not locked: the finding is only reported. */
static void report_exchanged(struct subject *subject, const char *dir, const char *its, const char *other)
{
    struct finding *finding =
        health_break(subject, "exchanged", dir, "servers show the certificate of another name, and renewal renews that",
            "%s has what belongs in %s, and the other way round", dir, its);

    finding_answer(finding, "exchange %s and %s", dir, its);
    finding->from = xstrdup(dir);
    finding->to = xstrdup(its);
    if (subject->health->mode == HEALTH_REVIVE)
        finding_answer(finding, "leave it, if %s and %s are called so on purpose", subject->name, other);
    else
        finding->repair = repair_exchange;
}

void check_exchanged(struct subject *subject)
{
    const struct lineage *lineage = subject->lineage;
    AUTO(cert_free) struct cert *live = read_live(lineage), *archived = NULL;
    AUTO(lineage_free) struct lineage *other = NULL;

    if (!lineage->layout->live_are_links && live != NULL) {
        other = exchanged_with(subject, live, read_live);
        if (other != NULL && other->layout == lineage->layout) {
            report_exchanged(subject, lineage->live_dir, other->live_dir, other->name);
            return;
        }
        lineage_free(TAKE(other));
    }
    archived = lineage->layout->live_are_links || subject->version_count > 1 ? read_archived(lineage) : NULL;
    other = archived == NULL ? NULL : exchanged_with(subject, archived, read_archived);
    if (other != NULL && other->layout == lineage->layout)
        report_exchanged(subject, lineage->archive_dir, other->archive_dir, other->name);
}

/* ---- versions that are not in use ---- */

/* The lineage among whose versions the very certificate is, by one of its names; of the caller's. */
static char *owner_of(struct subject *subject, const struct cert *cert)
{
    for (size_t i = 0; i < cert->names.len; i++) {
        AUTO(lineage_free) struct lineage *other = NULL;
        struct subject its = { .health = subject->health, .name = cert->names.at[i] };
        struct error err = { 0 };
        bool same = false;

        if (strcmp(its.name, subject->name) == 0 || !store_has_lineage(subject->health->store, its.name) ||
            !lineage_open(subject->health->store, its.name, &other, &err) || other->live_dir == NULL)
            continue;
        its.lineage = other;
        subject_list_versions(&its);
        for (size_t k = 0; k < its.version_count && !same; k++) {
            AUTO(cert_free) struct cert *kept = health_read_cert(its.versions[k].path[KIND_CERT]);

            same = kept != NULL && view_equal(buf_view(&kept->der), buf_view(&cert->der));
        }
        subject_forget_versions(&its);
        if (same)
            return xstrdup(its.name);
    }
    return NULL;
}

static void report_superseded(
    struct subject *subject, const struct parts *parts, const char *code, const char *path, const char *what)
{
    struct finding *finding = health_find(subject->health, subject, code, HEALTH_WARNING, path,
        "nothing uses this version now, and nobody could go back to it", "version %s: %s", parts->id, what);

    finding_answer(finding, "put the right files back from a backup");
    finding_answer(finding, "remove the files of version %s from %s", parts->id, subject->lineage->archive_dir);
}

/* Overwritten with zeros, as keys are before they are removed. */
static bool is_wiped(const char *path)
{
    AUTO(buf_clear) struct buf key = BUF_SECRET(FILE_MAX_TEXT);
    struct error err = { 0 };

    if (!file_read(path, &key, &err))
        return false;
    for (size_t i = 0; i < key.len; i++)
        if (key.at[i] != '\0')
            return false;
    return key.len > 0;
}

static bool repair_half_removed(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    TRY(lineage_load(health->store, finding->lineage, &lineage, err));
    return lineage->layout->drop(lineage, finding->from, err);
}

static void report_half_removed(struct subject *subject, const struct parts *parts)
{
    struct finding *finding = health_find(subject->health, subject, "version-half-removed", HEALTH_WARNING,
        parts->path[KIND_PRIVKEY], "what is left of it is of no use to anybody",
        "version %s was being removed when that was interrupted: its key is overwritten", parts->id);

    finding_answer(finding, "remove the rest of version %s", parts->id);
    finding->from = xstrdup(parts->id);
    finding->repair = repair_half_removed;
}

static void check_version(struct subject *subject, const struct parts *parts)
{
    AUTO(cert_free) struct cert *cert = health_read_cert(parts->path[KIND_CERT]);
    AUTO(free) char *owner = NULL, *what = NULL;

    if (cert == NULL) {
        what = xprintf("%s is no certificate", parts->path[KIND_CERT]);
        report_superseded(subject, parts, "version-damaged", parts->path[KIND_CERT], what);
    } else if (is_wiped(parts->path[KIND_PRIVKEY])) {
        report_half_removed(subject, parts);
    } else if (!health_key_fits(parts->path[KIND_PRIVKEY], cert)) {
        what = xprintf("%s is not the key of its certificate", parts->path[KIND_PRIVKEY]);
        report_superseded(subject, parts, "version-damaged", parts->path[KIND_PRIVKEY], what);
    } else if (!lineage_has_names(subject->lineage, cert)) {
        owner = owner_of(subject, cert);
        if (owner == NULL)
            return;
        what = xprintf("it is a version of %s", owner);
        report_superseded(subject, parts, "version-foreign", parts->path[KIND_CERT], what);
    }
}

/* Checks superseded versions that are complete; incomplete ones are reported by the checks of files. */
void check_superseded(struct subject *subject)
{
    for (size_t i = 0; i < subject->version_count && !is_shared(subject); i++) {
        const struct parts *parts = &subject->versions[i];

        if (!parts->live && parts_are_whole(parts) && strcmp(parts->id, subject->lineage->version) != 0)
            check_version(subject, parts);
    }
}
