/*
 * What is another certificate's: an archive that two keep versions in, directories that were exchanged, versions of
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
static bool is_own_archive(const struct patient *patient, const char *dir)
{
    const struct lineage *lineage = patient->lineage;
    AUTO(cert_free) struct cert *live = NULL, *kept = NULL;

    if (!file_is_dir(dir))
        return false;
    if (lineage->layout->live_are_links)
        return health_links_lead_to(lineage, dir);
    live = health_read_cert(lineage->live[KIND_CERT]);
    kept = health_archive_cert(dir);
    return live != NULL && kept != NULL && list_same_set(&live->names, &kept->names);
}

/* Where what is live leads, if that is of this lineage's names and no renewal file names it: the other half of a repair
 * that was interrupted. Of the caller's; NULL when there is none. */
static char *led_archive(const struct patient *patient)
{
    struct lineage as = *patient->lineage;
    AUTO(free) char *dir = as.layout->live_are_links ? links_dir(&as, KIND_CERT) : NULL;
    AUTO(cert_free) struct cert *live = dir == NULL ? NULL : health_read_cert(as.live[KIND_CERT]);
    struct error unknown = { 0 };

    if (live == NULL || strcmp(dir, as.archive_dir) == 0 || !lineage_has_names(patient->lineage, live))
        return NULL;
    as.archive_dir = dir;
    return lineage_sharing(&as, &unknown) == SHARING_NOT ? TAKE(dir) : NULL;
}

/* Both use the very files: a copied renewal file, of which another check tells. */
static bool is_same_live(const struct patient *patient, const char *name)
{
    AUTO(lineage_free) struct lineage *other = NULL;
    struct error err = { 0 };

    return lineage_open(patient->health->store, name, &other, &err) && other->live_dir != NULL &&
           text_equal(other->live_dir, patient->lineage->live_dir);
}

static bool is_shared(const struct patient *patient)
{
    struct error unknown = { 0 };

    return health_other_user(patient->health, patient->lineage->archive_dir, patient->name) != NULL &&
           lineage_sharing(patient->lineage, &unknown) == SHARING;
}

void check_archive_users(struct patient *patient)
{
    const struct lineage *lineage = patient->lineage;
    const char *other = health_other_user(patient->health, lineage->archive_dir, patient->name);
    AUTO(free) char *own = store_path_in(patient->health->store, "archive", patient->name), *led = NULL;
    struct finding *finding;

    if (!is_shared(patient) || is_same_live(patient, other))
        return;
    led = led_archive(patient);
    if (led != NULL)
        xreplace(&own, led);
    finding = health_find(patient->health, patient, "archive-shared", HEALTH_WARNING, lineage->conf_path,
        "nobody can tell whose a version is: nothing is removed there, restored or finished",
        "%s names %s as archive_dir, which is that of %s, too", lineage->conf_path, lineage->archive_dir, other);
    if (strcmp(own, lineage->archive_dir) != 0 && is_own_archive(patient, own) &&
        (led != NULL || health_other_user(patient->health, own, patient->name) == NULL)) {
        finding_answer(finding, "write archive_dir = %s into %s: its versions are there", own, lineage->conf_path);
        finding->to = xstrdup(own);
        finding->repair = repair_archive_dir;
        patient->broken = true;
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
    const struct patient *patient, const struct cert *cert, struct cert *(*read)(const struct lineage *))
{
    struct store *store = patient->health->store;

    if (lineage_has_names(patient->lineage, cert))
        return NULL;
    for (size_t i = 0; i < cert->names.len; i++) {
        AUTO(lineage_free) struct lineage *other = NULL;
        AUTO(cert_free) struct cert *its = NULL;
        struct error err = { 0 };

        if (strcmp(cert->names.at[i], patient->name) == 0 || !store_has_lineage(store, cert->names.at[i]) ||
            !lineage_open(store, cert->names.at[i], &other, &err) || other->live[KIND_CERT] == NULL)
            continue;
        its = read(other);
        if (its != NULL && lineage_has_names(other, cert) && lineage_has_names(patient->lineage, its))
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

/* At renewal the other lineage is not locked: then it is only told. */
static void report_exchanged(struct patient *patient, const char *dir, const char *its, const char *other)
{
    struct finding *finding =
        health_break(patient, "exchanged", dir, "servers show the certificate of another name, and renewal renews that",
            "%s has what belongs in %s, and the other way round", dir, its);

    finding_answer(finding, "exchange %s and %s", dir, its);
    finding->from = xstrdup(dir);
    finding->to = xstrdup(its);
    if (patient->health->mode == HEALTH_REVIVE)
        finding_answer(finding, "leave it, if %s and %s are called so on purpose", patient->name, other);
    else
        finding->repair = repair_exchange;
}

void check_exchanged(struct patient *patient)
{
    const struct lineage *lineage = patient->lineage;
    AUTO(cert_free) struct cert *live = read_live(lineage), *archived = NULL;
    AUTO(lineage_free) struct lineage *other = NULL;

    if (!lineage->layout->live_are_links && live != NULL) {
        other = exchanged_with(patient, live, read_live);
        if (other != NULL && other->layout == lineage->layout) {
            report_exchanged(patient, lineage->live_dir, other->live_dir, other->name);
            return;
        }
        lineage_free(TAKE(other));
    }
    archived = lineage->layout->live_are_links || patient->version_count > 1 ? read_archived(lineage) : NULL;
    other = archived == NULL ? NULL : exchanged_with(patient, archived, read_archived);
    if (other != NULL && other->layout == lineage->layout)
        report_exchanged(patient, lineage->archive_dir, other->archive_dir, other->name);
}

/* ---- versions that are not in use ---- */

/* The lineage among whose versions the very certificate is, by one of its names; of the caller's. */
static char *owner_of(struct patient *patient, const struct cert *cert)
{
    for (size_t i = 0; i < cert->names.len; i++) {
        AUTO(lineage_free) struct lineage *other = NULL;
        struct patient its = { .health = patient->health, .name = cert->names.at[i] };
        struct error err = { 0 };
        bool same = false;

        if (strcmp(its.name, patient->name) == 0 || !store_has_lineage(patient->health->store, its.name) ||
            !lineage_open(patient->health->store, its.name, &other, &err) || other->live_dir == NULL)
            continue;
        its.lineage = other;
        patient_list_versions(&its);
        for (size_t k = 0; k < its.version_count && !same; k++) {
            AUTO(cert_free) struct cert *kept = health_read_cert(its.versions[k].path[KIND_CERT]);

            same = kept != NULL && view_equal(buf_view(&kept->der), buf_view(&cert->der));
        }
        patient_forget_versions(&its);
        if (same)
            return xstrdup(its.name);
    }
    return NULL;
}

static void report_superseded(
    struct patient *patient, const struct parts *parts, const char *code, const char *path, const char *what)
{
    struct finding *finding = health_find(patient->health, patient, code, HEALTH_WARNING, path,
        "nothing uses this version now, and nobody could go back to it", "version %s: %s", parts->id, what);

    finding_answer(finding, "put the right files back from a backup");
    finding_answer(finding, "remove the files of version %s from %s", parts->id, patient->lineage->archive_dir);
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

static void report_half_removed(struct patient *patient, const struct parts *parts)
{
    struct finding *finding = health_find(patient->health, patient, "version-half-removed", HEALTH_WARNING,
        parts->path[KIND_PRIVKEY], "what is left of it is of no use to anybody",
        "version %s was being removed when that was interrupted: its key is overwritten", parts->id);

    finding_answer(finding, "remove the rest of version %s", parts->id);
    finding->from = xstrdup(parts->id);
    finding->repair = repair_half_removed;
}

static void check_version(struct patient *patient, const struct parts *parts)
{
    AUTO(cert_free) struct cert *cert = health_read_cert(parts->path[KIND_CERT]);
    AUTO(free) char *owner = NULL, *what = NULL;

    if (cert == NULL) {
        what = xprintf("%s is no certificate", parts->path[KIND_CERT]);
        report_superseded(patient, parts, "version-damaged", parts->path[KIND_CERT], what);
    } else if (is_wiped(parts->path[KIND_PRIVKEY])) {
        report_half_removed(patient, parts);
    } else if (!health_key_fits(parts->path[KIND_PRIVKEY], cert)) {
        what = xprintf("%s is not the key of its certificate", parts->path[KIND_PRIVKEY]);
        report_superseded(patient, parts, "version-damaged", parts->path[KIND_PRIVKEY], what);
    } else if (!lineage_has_names(patient->lineage, cert)) {
        owner = owner_of(patient, cert);
        if (owner == NULL)
            return;
        what = xprintf("it is a version of %s", owner);
        report_superseded(patient, parts, "version-foreign", parts->path[KIND_CERT], what);
    }
}

/* Those that are whole by their names; of others the checks of files tell. */
void check_superseded(struct patient *patient)
{
    for (size_t i = 0; i < patient->version_count && !is_shared(patient); i++) {
        const struct parts *parts = &patient->versions[i];

        if (!parts->live && parts_are_whole(parts) && strcmp(parts->id, patient->lineage->version) != 0)
            check_version(patient, parts);
    }
}
