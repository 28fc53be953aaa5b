#include "rescue/older.h"

#include <string.h>

#include "audit/audit.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "crypto/stop_gap.h"
#include "disk/layout.h"
#include "disk/sharing.h"
#include "rescue/stand_in.h"
#include "run/revocation.h"
#include "store/lineage_lock.h"
#include "store/lineage_verify.h"

#define VERSIONS_MAX 1000 /* that are looked at */

struct older { /* one version */
    char *id;
    char *path[KIND_COUNT];
    struct buf text[KIND_COUNT];
    struct cert *cert;
};

static void older_clear(struct older *older)
{
    free(older->id);
    cert_free(older->cert);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        free(older->path[kind]);
        buf_clear(&older->text[kind]);
    }
    *older = (struct older){ 0 };
}
static void older_clear_at(struct older *older)
{
    older_clear(older);
}

/* ---- which there are ---- */

/* By the names in the archive alone: the links or files of live, by which a layout knows more, may be lost. */
static bool list_ids(const struct lineage *planned, struct list *ids, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(planned->archive_dir, &names, err));
    for (size_t i = 0; i < names.len && ids->len < VERSIONS_MAX; i++) {
        const char *name = names.at[i];

        if (!planned->layout->numbered && name[0] != '.')
            list_add(ids, name);
        else if (planned->layout->numbered && text_starts(name, "cert") && text_ends(name, ".pem"))
            list_add_view(ids, (struct view){ name + strlen("cert"), strlen(name) - strlen("cert.pem") });
    }
    return true;
}

static char *path_of(const struct lineage *planned, const char *id, enum kind kind)
{
    return planned->layout->numbered ? xprintf("%s/%s%s.pem", planned->archive_dir, kind_name(kind), id)
                                     : xprintf("%s/%s/%s.pem", planned->archive_dir, id, kind_name(kind));
}

static bool read_one(const struct lineage *planned, const char *id, struct older *out, struct error *err)
{
    out->id = xstrdup(id);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        out->path[kind] = path_of(planned, id, (enum kind)kind);
        out->text[kind] = kind == KIND_PRIVKEY ? BUF_SECRET(FILE_MAX_TEXT) : BUF(FILE_MAX_TEXT);
        TRY(file_read(out->path[kind], &out->text[kind], err));
    }
    return cert_from_pem(buf_view(&out->text[KIND_CERT]), out->path[KIND_CERT], &out->cert, err);
}

/* ---- which is good ---- */

static struct lineage lineage_of(const struct lineage *planned, const struct older *older)
{
    struct lineage lineage = *planned; /* the same, but for the files */

    lineage.cert = older->cert;
    lineage.version = older->id;
    for (int kind = 0; kind < KIND_COUNT; kind++)
        lineage.current[kind] = lineage.live[kind] = older->path[kind];
    return lineage;
}

static bool has_all_names(const struct cert *cert, const struct identifiers *names)
{
    AUTO(identifiers_clear) struct identifiers has = cert_identifiers(cert);

    for (size_t i = 0; i < names->len; i++)
        if (!identifiers_has(&has, &names->at[i]))
            return false;
    return true;
}

static bool is_good(const struct context *context, const struct lineage *planned, const struct trouble *trouble,
    const struct older *older, struct error *why)
{
    struct lineage lineage = lineage_of(planned, older);

    if (older->cert->not_after <= context_now(context) || cert_is_stop_gap(older->cert))
        return error_set(why, ERROR_STORE, "it has expired, or is a stop-gap");
    if (!has_all_names(older->cert, &trouble->names))
        return error_set(why, ERROR_STORE, "it is not for all names");
    return lineage_verify(&lineage, why);
}

/* The newest good one; *best stays empty where there is none. before: only older ones than that; NULL: any. */
static bool find_best(struct context *context, const struct lineage *planned, const struct trouble *trouble,
    const struct older *before, struct older *best, struct error *err)
{
    AUTO(list_clear) struct list ids = { 0 };

    TRY(list_ids(planned, &ids, err));
    for (size_t i = 0; i < ids.len; i++) {
        AUTO(older_clear) struct older one = { 0 };
        struct error why = { 0 };

        if (!read_one(planned, ids.at[i], &one, &why) || !is_good(context, planned, trouble, &one, &why)) {
            log_debug("version %s of %s is not of use: %s", ids.at[i], trouble->name, why.why);
            continue;
        }
        if ((before != NULL && one.cert->not_before >= before->cert->not_before) ||
            (best->cert != NULL && best->cert->not_before >= one.cert->not_before))
            continue;
        older_clear(best);
        *best = one;
        one = (struct older){ 0 };
    }
    return true;
}

static bool is_revoked(
    struct context *context, const struct lineage *planned, const struct older *older, bool *revoked, struct error *err)
{
    struct lineage lineage = lineage_of(planned, older);
    enum revocation found = REVOCATION_UNKNOWN;

    if (revocation_can_be_asked(older->cert, context_now(context)))
        TRY(revocation_check(context, &lineage, &found, err));
    *revoked = found == REVOCATION_REVOKED;
    if (*revoked)
        log_warning("Version %s of %s is whole, but was revoked by its CA", older->id, planned->name);
    return true;
}

static bool choose(struct context *context, const struct lineage *planned, const struct trouble *trouble,
    struct older *out, struct error *err)
{
    bool revoked = true;

    TRY(find_best(context, planned, trouble, NULL, out, err));
    while (out->cert != NULL) {
        AUTO(older_clear) struct older next = { 0 };

        TRY(is_revoked(context, planned, out, &revoked, err));
        if (!revoked)
            return true;
        TRY(find_best(context, planned, trouble, out, &next, err));
        older_clear(out);
        *out = next;
        next = (struct older){ 0 };
    }
    return true;
}

/* ---- putting it in place ---- */

static bool put(struct context *context, const struct lineage *planned, const struct settings *settings,
    const struct older *older, struct error *err)
{
    const struct issued issued = { .cert = buf_view(&older->text[KIND_CERT]),
        .chain = buf_view(&older->text[KIND_CHAIN]),
        .fullchain = buf_view(&older->text[KIND_FULLCHAIN]),
        .privkey = buf_view(&older->text[KIND_PRIVKEY]) };

    TRY(stand_in_replace(context, planned, settings, &issued, err));
    audit_done(ACT_VERSION_RESTORED, planned->name, "version", older->id, "serial", older->cert->serial, NULL);
    return true;
}

bool older_version_put(struct context *context, struct trouble *trouble, char **id, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(lineage_free) struct lineage *planned = NULL;
    AUTO(settings_free) struct settings *settings = NULL;
    AUTO(older_clear) struct older older = { 0 };

    *id = NULL;
    TRY(lineage_lock(context->store, trouble->name, &lock, err));
    trouble_look(context, trouble);
    if (trouble->kind != TROUBLE_BROKEN || trouble->keeps != NULL || trouble->names.len == 0)
        return true;
    TRY(stand_in_plan(context, trouble->name, &planned, &settings, err));
    if (lineage_shares_archive(planned)) /* others' versions would be moved away with it */
        return true;
    TRY(choose(context, planned, trouble, &older, err));
    if (older.cert == NULL)
        return true;
    TRY(put(context, planned, settings, &older, err));
    trouble_look(context, trouble);
    *id = TAKE(older.id);
    return true;
}
