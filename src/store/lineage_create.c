/*
 * New lineages, and new versions of them. Knows in which order things are written; where is up to the layout.
 */
#include <errno.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "typed/names.h"
#include "config/renewal_params.h"
#include "disk/layouts.h"
#include "store/history.h"
#include "store/lineage_access.h"
#include "store/lineage_conf.h"
#include "store/lineage_create.h"
#include "store/lineage_gone.h"
#include "store/lineage_lock.h"
#include "store/lineage_new.h"
#include "store/store_private.h"

#define MAX_SUFFIX 9999 /* Certbot's names have four digits */

static bool has_room_for_suffix(const char *name, struct error *err)
{
    if (strlen(name) + strlen("-0001.conf") <= FILE_NAME_MAX)
        return true;
    (void)error_set(err, ERROR_CONFIG,
        "there is a certificate named %.40s... already, and its name has no room for the number "
        "that tells another one apart",
        name);
    return error_next(err, "choose another name with --cert-name");
}

bool lineage_check_name(struct store *store, const char *name, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *gone = NULL;
    const char *taken;

    TRY(lineage_name_check(name, err));
    if (store_has_lineage(store, name)) /* a new one gets a suffix */
        return has_room_for_suffix(name, err);
    lineage = lineage_new(store, name, layout_find(NULL));
    gone = lineage_gone_path(store, name);
    taken = layout_taken(lineage);
    if (taken == NULL)
        return true;
    (void)error_set(
        err, ERROR_STORE, "%s directory exists for %s", taken == lineage->live_dir ? "live" : "archive", name);
    if (file_exists(gone))
        return error_next(err, "its deletion was cut short: `delete --cert-name %s` finishes it", name);
    return error_next(err,
        "no certificate has that name, but there is something in %s: move it away, or "
        "choose another name with --cert-name",
        taken);
}

static bool make_dirs(const struct store *store, struct error *err)
{
    static const struct {
        const char *name;
        mode_t mode;
    } dirs[] = { { "renewal", 0755 }, { "archive", 0700 }, { "live", 0700 } };

    for (size_t i = 0; i < COUNT(dirs); i++) {
        AUTO(free) char *path = store_path(store, dirs[i].name);

        if (!file_is_dir(path))
            TRY(file_mkdirs(path, dirs[i].mode, err));
    }
    return true;
}

bool lineage_reclaim(const struct lineage *planned, struct error *err)
{
    if (layouts_have_version(planned))
        return true;
    log_info("Removing what an interrupted run has left of %s", planned->name);
    TRY(layouts_remove(planned, err));
    TRY(lineage_drop_temporary(planned, err));
    return file_remove(planned->conf_path, err);
}

/* Takes the first free name by creating its renewal file, and its lock. A name whose directories are in use is not
 * free: what was issued must find a place. Nor is one that another process is at: it may be making the lineage. */
static bool reserve(struct store *store, const char *name, const struct layout *layout, const struct settings *settings,
    struct lineage **out, struct range_lock **out_lock, struct error *err)
{
    for (unsigned suffix = 0; suffix <= MAX_SUFFIX; suffix++) {
        AUTO(free) char *tried = suffix == 0 ? xstrdup(name) : xprintf("%s-%04u", name, suffix);
        AUTO(lineage_free) struct lineage *lineage = lineage_new(store, tried, layout);
        AUTO(range_lock_release) struct range_lock *lock = NULL;
        bool taken;

        TRY(lineage_lock_try(store, tried, &lock, &taken, err));
        if (!taken)
            continue;
        if (lineage_is_unfinished(store, tried))
            TRY(lineage_reclaim(lineage, err));
        if (file_exists(lineage->conf_path) || layout->taken(lineage) != NULL)
            continue;
        if (lineage_create_conf(lineage, settings, err)) {
            *out = TAKE(lineage);
            *out_lock = TAKE(lock);
            return true;
        }
        if (err->sys != EEXIST)
            return false;
    }
    return error_set(err, ERROR_STORE, "all names from %s to %s-%d are taken", name, name, MAX_SUFFIX);
}

/* A store keeps to one layout unless told otherwise: the program that made it must be able to read it. */
const struct layout *layout_for_new(struct store *store, const struct settings *settings)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!SETTING_IS_SET(settings, store_layout) && store_lineage_names(store, &names, &err))
        for (size_t i = 0; i < names.len; i++) {
            AUTO(lineage_free) struct lineage *first = NULL;

            /* one without paths is a name that is only reserved */
            if (lineage_open(store, names.at[i], &first, &err) && first->live_dir != NULL)
                return first->layout;
        }
    return layout_find(settings->store_layout);
}

static void tell_live(const struct lineage *lineage)
{
    AUTO(buf_clear) struct buf digest = BUF(64), hex = BUF(128);
    AUTO(free) char *names = list_join(&lineage->cert->names, ",");
    char until[CLOCK_TEXT_SIZE];
    struct error err = { 0 };

    clock_format_rfc3339(lineage->cert->not_after, until);
    if (digest_sha256(buf_view(&lineage->cert->der), &digest, &err))
        buf_put_hex(&hex, buf_view(&digest));
    audit_done(ACT_CERTIFICATE_LIVE, lineage->name, "version", lineage->version, "serial", lineage->cert->serial,
        "names", names, "until", until, "sha256", hex.len > 0 ? buf_text(&hex) : NULL, NULL);
}

bool lineage_create(struct store *store, const char *name, const struct issued *issued, const struct settings *settings,
    struct lineage **out, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL; /* until all is undone, too */
    AUTO(undo) struct undo undo = { 0 };
    AUTO(lineage_free) struct lineage *planned = NULL;
    AUTO(lineage_free) struct lineage *made = NULL;
    struct access access;

    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
        return lineage_check_name(store, name, err);
    TRY(access_of_next(NULL, settings, &access, err));
    TRY(make_dirs(store, err));
    TRY(reserve(store, name, layout_for_new(store, settings), settings, &planned, &lock, err));
    undo_add(&undo, planned->conf_path);
    TRY(planned->layout->create(planned, issued, &access, &undo, err));
    planned->conf = conf_new();
    lineage_fill_conf(planned, settings, planned->conf);
    TRY(lineage_write_conf(planned, planned->conf, err));
    TRY(lineage_load(store, planned->name, &made, err));
    undo_keep(&undo);
    tell_live(made);
    lineage_finish_access(store, made, settings, &access);
    *out = TAKE(made);
    return true;
}

bool lineage_add_version(struct store *store, struct lineage *lineage, const struct issued *issued,
    const struct settings *settings, struct error *err)
{
    AUTO(undo) struct undo undo = { 0 };
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(settings_free) struct settings *own = settings_dup(settings);
    AUTO(free) char *version = NULL;
    struct error pruning = { 0 };
    struct access access;

    TRY(renewal_params_remember(lineage->conf, lineage->conf_path, own, err));
    TRY(lineage_copy_conf(lineage, &conf, err));
    lineage_fill_conf(lineage, own, conf);
    conf_remove_section(conf, "acme_renewal_info"); /* it was about the certificate before */
    TRY(access_of_next(lineage->current[KIND_PRIVKEY], own, &access, err));
    TRY(lineage->layout->add(lineage, issued, &access, &undo, &version, err));
    TRY(lineage_write_conf(lineage, conf, err));
    undo_keep(&undo); /* from here on the certificate is kept, even if it cannot be made live now */
    if (!lineage->layout->deploy(lineage, version, err)) {
        (void)error_next_default(err,
            "the new certificate is kept as version %s in %s; the next `renew` "
            "makes it live",
            version, lineage->archive_dir);
        return error_in(err, "making version %s of %s live", version, lineage->name);
    }
    TRY(lineage_reload(store, lineage, err));
    tell_live(lineage);
    lineage_finish_access(store, lineage, own, &access);
    if (!lineage_prune(store, lineage, own->history_keep, NULL, &pruning))
        log_warning("Could not remove old versions of %s: %s", lineage->name, pruning.why);
    return true;
}
