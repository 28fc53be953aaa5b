/*
 * New lineages, and new versions of them. Knows in which order things are written; where is up to the layout.
 */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/names.h"
#include "store/layout.h"

#define MAX_SUFFIX 9999 /* Certbot's names have four digits */

bool lineage_check_name(struct store *store, const char *name, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    const char *taken;

    TRY(lineage_name_check(name, err));
    if (store_has_lineage(store, name)) /* a new one gets a suffix */
        return true;
    lineage = lineage_new(store, name);
    taken = layout_certbot.taken(lineage);
    if (taken == NULL)
        return true;
    (void)error_set(err, ERROR_STORE, "%s directory exists for %s",
                    taken == lineage->live_dir ? "live" : "archive", name);
    return error_next(err, "no certificate has that name, but there is something in %s: move it away, or "
                           "choose another name with --cert-name", taken);
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

/* Takes the first free name by creating its renewal file, empty. A name whose directories are in use is not
 * free: what was issued must find a place. */
static bool reserve(struct store *store, const char *name, struct lineage **out, struct error *err)
{
    for (unsigned suffix = 0; suffix <= MAX_SUFFIX; suffix++) {
        AUTO(free) char *tried = suffix == 0 ? xstrdup(name) : xprintf("%s-%04u", name, suffix);
        AUTO(lineage_free) struct lineage *lineage = lineage_new(store, tried);

        if (file_exists(lineage->conf_path) || layout_certbot.taken(lineage) != NULL)
            continue;
        if (file_create(lineage->conf_path, view_of(""), FILE_PUBLIC, err)) {
            *out = TAKE(lineage);
            return true;
        }
        if (err->sys != EEXIST)
            return false;
    }
    return error_set(err, ERROR_STORE, "all names from %s to %s-%d are taken", name, name, MAX_SUFFIX);
}

bool lineage_create(struct store *store, const char *name, const struct issued *issued,
                    const struct settings *settings, struct lineage **out, struct error *err)
{
    AUTO(undo) struct undo undo = { 0 };
    AUTO(lineage_free) struct lineage *planned = NULL;
    AUTO(lineage_free) struct lineage *made = NULL;

    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
        return lineage_check_name(store, name, err);
    TRY(make_dirs(store, err));
    TRY(reserve(store, name, &planned, err));
    undo_add(&undo, planned->conf_path);
    TRY(layout_certbot.create(planned, issued, &undo, err));
    planned->conf = conf_new();
    lineage_fill_conf(planned, settings, planned->conf);
    TRY(lineage_write_conf(planned, planned->conf, err));
    TRY(lineage_load(store, planned->name, &made, err));
    undo_keep(&undo);
    *out = TAKE(made);
    return true;
}

static bool reload(struct store *store, struct lineage *lineage, struct error *err)
{
    AUTO(lineage_free) struct lineage *fresh = NULL;
    struct lineage old = *lineage;

    TRY(lineage_load(store, lineage->name, &fresh, err));
    *lineage = *fresh;
    *fresh = old; /* freed on the way out */
    return true;
}

bool lineage_add_version(struct store *store, struct lineage *lineage, const struct issued *issued,
                         const struct settings *settings, struct error *err)
{
    AUTO(undo) struct undo undo = { 0 };
    AUTO(conf_free) struct conf *conf = NULL;
    struct error pruning = { 0 };
    unsigned version;

    TRY(lineage_copy_conf(lineage, &conf, err));
    lineage_fill_conf(lineage, settings, conf);
    conf_remove_section(conf, "acme_renewal_info"); /* it was about the certificate before */
    TRY(layout_certbot.add(lineage, issued, &undo, &version, err));
    TRY(lineage_write_conf(lineage, conf, err));
    undo_keep(&undo); /* from here on the certificate is kept, even if it cannot be made live now */
    if (!layout_certbot.deploy(lineage, version, err)) {
        (void)error_next_default(err, "the new certificate is kept as version %u in %s; the next `renew` "
                                      "makes it live", version, lineage->archive_dir);
        return error_in(err, "making version %u of %s live", version, lineage->name);
    }
    if (!layout_certbot.prune(lineage, version, &pruning))
        log_warning("Could not remove old versions of %s: %s", lineage->name, pruning.why);
    return reload(store, lineage, err);
}
