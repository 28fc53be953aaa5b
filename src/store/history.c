#include "store/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/log.h"
#include "base/mem.h"
#include "disk/layout.h"
#include "disk/sharing.h"
#include "store/lineage_users.h"
#include "store/lineage_verify.h"
#include "store/retention.h"

#define KEPT_BY_CERTBOT 5 /* before the newest, by number */
#define HISTORY_KEEP 3

void history_clear(struct history *history)
{
    for (size_t i = 0; i < history->len; i++) {
        free(history->at[i].id);
        cert_free(history->at[i].cert);
        for (int kind = 0; kind < KIND_COUNT; kind++)
            free(history->at[i].path[kind]);
    }
    free(history->at);
    *history = (struct history){ 0 };
}

/* ---- listing ---- */

static void read_version(const struct lineage *lineage, const char *id, const char *live, struct version *out)
{
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    out->id = xstrdup(id);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        out->path[kind] = lineage->layout->path(lineage, id, (enum kind)kind);
    out->live = strcmp(id, live) == 0;
    out->pending = lineage->pending_deployment && strcmp(id, lineage->version) == 0;
    if (!file_read(out->path[KIND_CERT], &pem, &err) ||
        !cert_from_pem(buf_view(&pem), out->path[KIND_CERT], &out->cert, &err))
        log_debug("version %s of %s: %s", id, lineage->name, err.why);
    out->unreadable = err.sys != 0 && err.sys != ENOENT;
}

static int compare_age(const void *left, const void *right)
{
    const struct version *a = left, *b = right;
    int64_t at_a = a->cert == NULL ? INT64_MIN : a->cert->not_before,
            at_b = b->cert == NULL ? INT64_MIN : b->cert->not_before;

    if (at_a != at_b)
        return at_a < at_b ? -1 : 1;
    if (strlen(a->id) != strlen(b->id)) /* numbers: 10 comes after 9 */
        return strlen(a->id) < strlen(b->id) ? -1 : 1;
    return strcmp(a->id, b->id);
}

bool lineage_history(const struct lineage *lineage, struct history *out, struct error *err)
{
    AUTO(list_clear) struct list ids = { 0 };
    AUTO(free) char *live = NULL;

    TRY(lineage->layout->list(lineage, &ids, err));
    TRY(lineage->layout->live(lineage, &live, err));
    out->at = xcalloc(ids.len + 1, sizeof *out->at);
    for (; out->len < ids.len; out->len++)
        read_version(lineage, ids.at[out->len], live, &out->at[out->len]);
    qsort(out->at, out->len, sizeof *out->at, compare_age);
    return true;
}

/* ---- making an old one live ---- */

static const struct version *find_version(const struct history *history, const char *id)
{
    for (size_t i = 0; i < history->len; i++)
        if (strcmp(history->at[i].id, id) == 0)
            return &history->at[i];
    return NULL;
}

struct lineage lineage_at(const struct lineage *lineage, const struct version *version)
{
    struct lineage old = *lineage; /* the same, but for the files */

    old.cert = version->cert;
    old.version = version->id;
    for (int kind = 0; kind < KIND_COUNT; kind++)
        old.current[kind] = old.live[kind] = version->path[kind];
    return old;
}

/* Its key fits, its chain signed it: else servers could not start with it. */
static bool check_version(const struct lineage *lineage, const struct version *version, struct error *err)
{
    struct lineage old = lineage_at(lineage, version);

    if (version->cert == NULL)
        return error_set(err, ERROR_STORE, "%s is no certificate", version->path[KIND_CERT]);
    return lineage_verify(&old, err);
}

bool lineage_restore(struct store *store, struct lineage *lineage, const char *id, char **now, struct error *err)
{
    AUTO(history_clear) struct history history = { 0 };
    const struct version *version;

    TRY(lineage_history(lineage, &history, err));
    version = find_version(&history, id);
    if (version == NULL) {
        (void)error_set(err, ERROR_CONFIG, "%s has no version %s", lineage->name, id);
        return error_next(err, "`history %s` lists the versions there are", lineage->name);
    }
    if (version->live)
        return error_set(err, ERROR_CONFIG, "version %s of %s is live", id, lineage->name);
    TRY(check_version(lineage, version, err));
    if (lineage_shares_archive(lineage))
        return lineage_refuse_shared(lineage, err);
    TRY(version->pending ? lineage->layout->deploy(lineage, id, err) : lineage->layout->restore(lineage, id, now, err));
    if (version->pending)
        *now = xstrdup(id);
    audit_done(ACT_VERSION_RESTORED, lineage->name, "version", id, "now", *now, "serial", version->cert->serial, NULL);
    return lineage_reload(store, lineage, err);
}

/* ---- removing ---- */

static void decide_as_certbot(const struct lineage *lineage, const struct history *history, struct version_age *ages)
{
    unsigned long newest = strtoul(lineage->version, NULL, 10);

    for (size_t i = 0; i < history->len; i++)
        ages[i].keep = ages[i].in_use || strtoul(history->at[i].id, NULL, 10) + KEPT_BY_CERTBOT >= newest;
}

static bool same_cert(const struct version *a, const struct version *b)
{
    return a->cert != NULL && b->cert != NULL && view_equal(buf_view(&a->cert->der), buf_view(&b->cert->der));
}

/* Whether the version is a copy of another, as after `history restore` in Certbot's layout. */
static bool is_copy(const struct history *history, const struct version *version)
{
    for (size_t i = 0; i < history->len; i++) {
        const struct version *other = &history->at[i];

        if (other != version && (other->live || other->pending) && same_cert(other, version))
            return true;
    }
    return false;
}

static bool drop(const struct lineage *lineage, const char *id, struct list *removed, struct error *err)
{
    TRY(lineage->layout->drop(lineage, id, err));
    audit_done(ACT_VERSIONS_REMOVED, lineage->name, "version", id, NULL);
    if (removed != NULL)
        list_add(removed, id);
    return true;
}

/* Issued twice, or restored and then added once more. */
static bool has_copy(const struct lineage *lineage, const char *id)
{
    return lineage->layout->has_copy != NULL && lineage->layout->has_copy(lineage, id);
}

/* Lists the versions that retention removes. */
static void list_useless(
    const struct lineage *lineage, const struct history *history, const struct version_age *ages, struct list *out)
{
    for (size_t i = 0; i < history->len; i++) {
        const struct version *version = &history->at[i];

        if (version->cert == NULL) /* an unreadable version may be good: `doctor` reports it */
            continue;
        if (!ages[i].keep || (ages[i].in_use && has_copy(lineage, version->id)))
            list_add(out, version->id);
    }
}

bool lineage_prune(struct store *store, const struct lineage *lineage, int max, struct list *removed, struct error *err)
{
    AUTO(history_clear) struct history history = { 0 };
    AUTO(free) struct version_age *ages = NULL;
    AUTO(list_clear) struct list useless = { 0 };
    bool shared = false;

    TRY(lineage_history(lineage, &history, err));
    ages = xcalloc(history.len + 1, sizeof *ages);
    for (size_t i = 0; i < history.len; i++) {
        const struct cert *cert = history.at[i].cert;

        if (history.at[i].unreadable)
            log_warning("Whether version %s of %s is still of use is not known, as %s cannot be read now: it is kept",
                history.at[i].id, lineage->name, history.at[i].path[KIND_CERT]);
        ages[i] = (struct version_age){ .not_before = cert == NULL ? INT64_MIN : cert->not_before,
            .not_after = cert == NULL ? INT64_MIN : cert->not_after,
            .in_use = history.at[i].live || history.at[i].pending,
            .copy = is_copy(&history, &history.at[i]) };
    }
    if (max == HISTORY_AS_CERTBOT && lineage->layout->numbered)
        decide_as_certbot(lineage, &history, ages);
    else
        retention_decide(ages, history.len, max > 0 ? (size_t)max : HISTORY_KEEP);
    list_useless(lineage, &history, ages, &useless);
    if (useless.len > 0) /* only then is the whole store looked through */
        TRY(store_archive_is_shared(store, lineage, &shared, err));
    if (shared) {
        log_info(
            "No versions of %s are removed: another certificate uses %s, too", lineage->name, lineage->archive_dir);
        return true;
    }
    for (size_t i = 0; i < useless.len; i++)
        TRY(drop(lineage, useless.at[i], removed, err));
    return lineage->layout->sweep == NULL || lineage->layout->sweep(lineage, err);
}
