/*
 * Certbot's layout: archive/NAME/KINDn.pem, and links to one version of them in live/NAME.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "disk/certbot_links.h"
#include "disk/certbot_versions.h"
#include "disk/layout.h"
#include "disk/sharing.h"

/* ---- finding ---- */

/* The version that a link points to. */
static bool live_version(const struct lineage *lineage, const struct links *links, const struct versions *versions,
    int kind, unsigned *out, struct error *err)
{
    struct version_file file;

    if (!version_parse(file_basename(links->target[kind]), &file) || file.kind != (enum kind)kind) {
        if (file_exists(links->target[kind]))
            return error_set(err, ERROR_STORE, "target %s of symlink %s does not have the name of a version (%s1.pem)",
                links->target[kind], lineage->live[kind], kind_name((enum kind)kind));
    } else if (versions_have(versions, file)) {
        *out = file.version;
        return true;
    }
    return error_set(
        err, ERROR_STORE, "target %s of symlink %s does not exist", links->target[kind], lineage->live[kind]);
}

/* Whether there is something of the version after the newest that is whole: what was cut short when it was added. */
static bool is_begun(const struct versions *versions, unsigned newest_complete)
{
    return versions_newest(versions) == newest_complete + 1;
}

static bool find_live(struct lineage *lineage, struct error *err)
{
    AUTO(links_clear) struct links links = { 0 };
    AUTO(versions_clear) struct versions versions = { 0 };
    unsigned oldest = UINT_MAX, version = 0;

    TRY(links_read(lineage, &links, err));
    TRY(versions_list(links.dir, &versions, err));
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        TRY(live_version(lineage, &links, &versions, kind, &version, err));
        if (version < oldest)
            oldest = version;
    }
    version = versions_newest_complete(&versions);
    if (version == 0)
        return error_set(
            err, ERROR_STORE, "no version of %s in %s has all four files", lineage->name, links.dir[KIND_CERT]);
    free(lineage->version);
    lineage->version = xprintf("%u", version);
    lineage->unsettled = links_is_unsettled(lineage) || is_begun(&versions, version);
    lineage->pending_deployment = oldest < version;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        free(lineage->current[kind]);
        lineage->current[kind] = version_path(links.dir[kind], (enum kind)kind, version);
    }
    return true;
}

/* The path of a version's file: in the directory that its kind's link leads to, else in archive_dir. */
static char *path(const struct lineage *lineage, const char *id, enum kind kind)
{
    AUTO(free) char *name = xprintf("%s%s.pem", kind_name(kind), id);
    AUTO(free) char *dir = links_dir(lineage, kind);

    return file_join(dir != NULL ? dir : lineage->archive_dir, name);
}

static bool list(const struct lineage *lineage, struct list *ids, struct error *err)
{
    AUTO(links_clear) struct links links = { 0 };
    AUTO(versions_clear) struct versions versions = { 0 };
    unsigned kinds = 0;

    TRY(links_read(lineage, &links, err));
    TRY(versions_list(links.dir, &versions, err));
    for (size_t i = 0; i < versions.len; i++) {
        bool first = i == 0 || versions.at[i].version != versions.at[i - 1].version;

        kinds = first ? 1 : kinds + 1;
        if (kinds == KIND_COUNT) {
            AUTO(free) char *id = xprintf("%u", versions.at[i].version);

            list_add(ids, id);
        }
    }
    return true;
}

/* Where the links disagree, the oldest: nothing newer is certain. */
static bool live(const struct lineage *lineage, char **id, struct error *err)
{
    AUTO(links_clear) struct links links = { 0 };
    unsigned oldest = UINT_MAX;

    TRY(links_read(lineage, &links, err));
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        struct version_file file;

        if (!version_parse(file_basename(links.target[kind]), &file))
            return error_set(err, ERROR_STORE, "target %s of symlink %s does not have the name of a version",
                links.target[kind], lineage->live[kind]);
        if (file.version < oldest)
            oldest = file.version;
    }
    *id = xprintf("%u", oldest);
    return true;
}

static bool has_version_file(const struct lineage *lineage, const char *path)
{
    AUTO(free) char *dir = file_dirname(path);
    struct version_file file;

    return strcmp(dir, lineage->archive_dir) == 0 && version_parse(file_basename(path), &file) &&
           (file.kind == KIND_CERT || file.kind == KIND_FULLCHAIN) && file_exists(path);
}

/* ---- writing ---- */

/* A version counts as soon as it has four names. So the last of them comes up when it is whole: what was cut
 * short is never taken for a version. */
static bool write_part(
    const char *path, enum kind kind, const struct issued *issued, const struct access *access, struct error *err)
{
    AUTO(free) char *fresh = NULL;

    if (kind != KIND_COUNT - 1)
        return access_create_part(path, kind, issued_part(issued, kind), access, err);
    fresh = xprintf("%s.new", path);
    TRY(file_remove(fresh, err));
    TRY(access_create(fresh, issued_part(issued, kind), access_of_kind(access, kind), err));
    if (rename(fresh, path) == 0)
        return true;
    (void)file_error(err, "create", path);
    (void)unlink(fresh);
    return false;
}

static bool sync_dirs(char *const dirs[KIND_COUNT], struct error *err)
{
    AUTO(list_clear) struct list synced = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        if (list_has(&synced, dirs[kind]))
            continue;
        TRY(file_sync_dir(dirs[kind], err));
        list_add(&synced, dirs[kind]);
    }
    return true;
}

static bool write_version(char *const dirs[KIND_COUNT], unsigned version, const struct issued *issued,
    const struct access *access, struct undo *undo, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = version_path(dirs[kind], (enum kind)kind, version);

        TRY(write_part(path, (enum kind)kind, issued, access, err));
        undo_add(undo, path);
    }
    return sync_dirs(dirs, err);
}

static bool add(const struct lineage *lineage, const struct issued *issued, const struct access *access,
    struct undo *undo, char **id, struct error *err)
{
    AUTO(links_clear) struct links links = { 0 };
    AUTO(versions_clear) struct versions versions = { 0 };
    unsigned next;

    TRY(links_read(lineage, &links, err));
    TRY(versions_list(links.dir, &versions, err));
    next = versions_newest(&versions) + 1;
    if (next > VERSION_MAX)
        return error_set(err, ERROR_STORE, "%s has a file of version %u, which is the last that can be",
            links.dir[KIND_CERT], versions_newest(&versions));
    TRY(write_version(links.dir, next, issued, access, undo, err));
    *id = xprintf("%u", next);
    return true;
}

static bool deploy(const struct lineage *lineage, const char *id, struct error *err)
{
    return links_switch(lineage, (unsigned)strtoul(id, NULL, 10), err);
}

/* Whether a link may lead to the version after a failure: true unless it is certain that none does. */
static bool may_be_live(const struct lineage *lineage, const char *id)
{
    AUTO(links_clear) struct links links = { 0 };
    struct error err = { 0 };

    if (links_is_unsettled(lineage) || !links_read(lineage, &links, &err))
        return true;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = version_path(links.dir[kind], (enum kind)kind, (unsigned)strtoul(id, NULL, 10));

        if (strcmp(links.target[kind], path) == 0)
            return true;
    }
    return false;
}

/* The newest number is what Certbot makes live whenever it looks: so an old version becomes the newest once more. */
static bool restore(const struct lineage *lineage, const char *id, char **now, struct error *err)
{
    AUTO(undo) struct undo undo = { 0 };
    struct buf text[KIND_COUNT] = { BUF(FILE_MAX_TEXT), BUF(FILE_MAX_TEXT), BUF(FILE_MAX_TEXT), BUF(FILE_MAX_TEXT) };
    struct access access;
    bool ok = true;

    text[KIND_PRIVKEY].secret = true;
    for (int kind = 0; kind < KIND_COUNT && ok; kind++) {
        AUTO(free) char *file = path(lineage, id, (enum kind)kind);

        ok = file_read(file, &text[kind], err);
    }
    if (ok) {
        struct issued issued = { .cert = buf_view(&text[KIND_CERT]),
            .chain = buf_view(&text[KIND_CHAIN]),
            .fullchain = buf_view(&text[KIND_FULLCHAIN]),
            .privkey = buf_view(&text[KIND_PRIVKEY]) };
        AUTO(free) char *made = NULL;

        ok = access_of_live(lineage->current[KIND_PRIVKEY], &access, err) &&
             add(lineage, &issued, &access, &undo, &made, err);
        ok = ok && deploy(lineage, made, err);
        if (ok || (made != NULL && may_be_live(lineage, made)))
            undo_keep(&undo); /* a version that live may lead to is not removed */
        if (ok)
            *now = TAKE(made);
    }
    for (int kind = 0; kind < KIND_COUNT; kind++)
        buf_clear(&text[kind]);
    return ok;
}

/* ---- settling ---- */

/* Certificate, key and chain are there and belong together: then the fullchain, which is written last, can be made. */
static bool finish_version(char *const dirs[KIND_COUNT], unsigned version, struct error *err)
{
    AUTO(free) char *cert_path = version_path(dirs[KIND_CERT], KIND_CERT, version);
    AUTO(free) char *chain_path = version_path(dirs[KIND_CHAIN], KIND_CHAIN, version);
    AUTO(free) char *key_path = version_path(dirs[KIND_PRIVKEY], KIND_PRIVKEY, version);
    AUTO(free) char *path = version_path(dirs[KIND_FULLCHAIN], KIND_FULLCHAIN, version);
    AUTO(free) char *fresh = xprintf("%s.new", path); /* which settle removes, if this is cut short, too */
    AUTO(buf_clear) struct buf whole = BUF(2 * FILE_MAX_TEXT), key = BUF_SECRET(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(cert_free) struct cert *issuer = NULL;
    size_t cert_len;

    TRY(file_read(cert_path, &whole, err));
    cert_len = whole.len;
    TRY(cert_from_pem(buf_view(&whole), cert_path, &cert, err));
    TRY(file_read(key_path, &key, err));
    TRY(cert_check_key_pem(cert, buf_view(&key), key_path, err));
    TRY(file_read(chain_path, &whole, err));
    TRY(cert_from_pem((struct view){ buf_view(&whole).at + cert_len, whole.len - cert_len }, chain_path, &issuer, err));
    TRY(cert_check_signed_by(cert, issuer, err));
    return file_create_whole(path, fresh, buf_view(&whole), access_public(path), err);
}

static bool remove_begun(char *const dirs[KIND_COUNT], unsigned version, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = version_path(dirs[kind], (enum kind)kind, version);
        AUTO(free) char *fresh = xprintf("%s.new", path);

        TRY(remove_version_file(path, (enum kind)kind, err));
        TRY(file_remove(fresh, err));
    }
    return true;
}

static bool settle(const struct lineage *lineage, struct error *err)
{
    AUTO(links_clear) struct links links = { 0 };
    AUTO(versions_clear) struct versions versions = { 0 };
    struct error useless = { 0 };
    unsigned newest, next;

    TRY(links_recover(lineage, err));
    TRY(links_read(lineage, &links, err));
    TRY(versions_list(links.dir, &versions, err));
    newest = versions_newest_complete(&versions);
    next = newest + 1;
    if (!is_begun(&versions, newest))
        return true;
    if (lineage_shares_archive(lineage))
        return lineage_refuse_shared(lineage, err);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        struct version_file live;

        if (version_parse(file_basename(links.target[kind]), &live) && live.version == next)
            return true; /* it is live, so a file was removed */
    }
    if (finish_version(links.dir, next, &useless)) {
        log_info("Completed version %u of %s, which had been interrupted", next, lineage->name);
        return true;
    }
    if (useless.sys != 0 && useless.sys != ENOENT) { /* no room, no access: it may be good all the same */
        *err = useless;
        return false;
    }
    log_info("Removing what there is of version %u of %s, which had been interrupted (%s)", next, lineage->name,
        useless.why);
    return remove_begun(links.dir, next, err);
}

/* ---- creating ---- */

static bool make_links(const struct lineage *lineage, struct undo *undo, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free)
        char *text =
            xprintf("../../archive/%s/%s1.pem", file_basename(lineage->archive_dir), kind_name((enum kind)kind));

        if (symlink(text, lineage->live[kind]) != 0)
            return file_error(err, "create the link", lineage->live[kind]);
        undo_add(undo, lineage->live[kind]);
    }
    return true;
}

static bool sync_above(const char *dir, struct error *err)
{
    AUTO(free) char *above = file_dirname(dir);

    return file_sync_dir(above, err);
}

static bool create(const struct lineage *lineage, const struct issued *issued, const struct access *access,
    struct undo *undo, struct error *err)
{
    AUTO(free) char *live_above = file_dirname(lineage->live_dir);
    char *const archive = lineage->archive_dir;
    char *const dirs[KIND_COUNT] = { archive, archive, archive, archive };

    TRY(layout_make_dir(lineage->archive_dir, 0755, undo, err));
    TRY(layout_make_dir(lineage->live_dir, 0755, undo, err));
    TRY(make_links(lineage, undo, err)); /* first: so all is there as soon as the version is */
    TRY(layout_write_readme(lineage->live_dir, "", undo, err));
    TRY(write_version(dirs, 1, issued, access, undo, err));
    TRY(layout_write_readme(live_above, "[cert name]/", NULL, err));
    TRY(file_sync_dir(lineage->live_dir, err));
    TRY(sync_above(lineage->archive_dir, err));
    return file_sync_dir(live_above, err);
}

/* ---- removing ---- */

/* Whether a file of another version is a link to this one, as some Certbots made them when a key was kept. */
static bool is_linked_to(const char *file, const struct links *links, const struct versions *versions)
{
    struct stat st, other;

    if (lstat(file, &st) != 0)
        return false;
    for (size_t i = 0; i < versions->len; i++) {
        AUTO(free)
        char *path = version_path(links->dir[versions->at[i].kind], versions->at[i].kind, versions->at[i].version);

        if (file_is_link(path) && strcmp(path, file) != 0 && stat(path, &other) == 0 && other.st_dev == st.st_dev &&
            other.st_ino == st.st_ino)
            return true;
    }
    return false;
}

/* The key first: what has none is never taken for a version, and sweep knows it again. */
static bool drop(const struct lineage *lineage, const char *id, struct error *err)
{
    static const enum kind order[KIND_COUNT] = { KIND_PRIVKEY, KIND_CERT, KIND_CHAIN, KIND_FULLCHAIN };
    AUTO(links_clear) struct links links = { 0 };
    AUTO(versions_clear) struct versions versions = { 0 };

    TRY(links_read(lineage, &links, err));
    TRY(versions_list(links.dir, &versions, err));
    for (size_t i = 0; i < KIND_COUNT; i++) {
        AUTO(free) char *file = path(lineage, id, order[i]);

        if (is_linked_to(file, &links, &versions))
            continue;
        TRY(remove_version_file(file, order[i], err));
    }
    return sync_dirs(links.dir, err);
}

static bool has_version(const struct lineage *lineage)
{
    char *const dir = lineage->archive_dir;
    char *const dirs[KIND_COUNT] = { dir, dir, dir, dir };
    AUTO(versions_clear) struct versions versions = { 0 };
    struct error err = { 0 };

    return !versions_list(dirs, &versions, &err) || versions_newest_complete(&versions) != 0;
}

static bool sweep(const struct lineage *lineage, struct error *err)
{
    AUTO(links_clear) struct links links = { 0 };
    AUTO(versions_clear) struct versions versions = { 0 };
    unsigned long newest = strtoul(lineage->version, NULL, 10);

    TRY(links_read(lineage, &links, err));
    TRY(versions_list(links.dir, &versions, err));
    for (size_t i = 0; i < versions.len && versions.at[i].version < newest; i++) {
        AUTO(free) char *id = xprintf("%u", versions.at[i].version);

        if (!versions_have(&versions, (struct version_file){ versions.at[i].version, KIND_PRIVKEY }))
            TRY(drop(lineage, id, err));
    }
    return true;
}

/* README and directory go only with the last of the four. */
static bool remove_live(const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *readme = NULL;
    bool together = true;

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *dir = lineage->live[kind] == NULL ? NULL : file_dirname(lineage->live[kind]);

        together = together && dir != NULL && strcmp(dir, lineage->live_dir) == 0;
        if (dir != NULL && !remove_version_file(lineage->live[kind], (enum kind)kind, err) && err->sys != ENOTDIR)
            return false;
    }
    TRY(links_remove_leftovers(lineage, err));
    if (!together)
        return true;
    readme = file_join(lineage->live_dir, "README");
    if (!file_remove(readme, err) && err->sys != ENOTDIR)
        return false;
    return file_remove_dir_if_empty(lineage->live_dir, err);
}

static bool remove_versions(const char *dir, struct error *err)
{
    AUTO(versions_clear) struct versions versions = { 0 };
    AUTO(free) char *same = xstrdup(dir);
    char *const dirs[KIND_COUNT] = { same, same, same, same };

    TRY(versions_list(dirs, &versions, err));
    for (size_t i = 0; i < versions.len; i++) {
        AUTO(free) char *path = version_path(dir, versions.at[i].kind, versions.at[i].version);

        TRY(remove_version_file(path, versions.at[i].kind, err));
    }
    return file_remove_dir_if_empty(dir, err);
}

static bool remove_lineage(const struct lineage *lineage, bool whole_archive, struct error *err)
{
    TRY(remove_live(lineage, err));
    return whole_archive && !file_is_link(lineage->archive_dir) ? remove_version_tree(lineage->archive_dir, err)
                                                                : remove_versions(lineage->archive_dir, err);
}

const struct layout layout_certbot = {
    .name = "certbot",
    .live_are_links = true,
    .numbered = true,
    .taken = layout_taken,
    .create = create,
    .is_unsettled = links_is_unsettled,
    .settle = settle,
    .find = find_live,
    .list = list,
    .path = path,
    .live = live,
    .add = add,
    .deploy = deploy,
    .restore = restore,
    .drop = drop,
    .sweep = sweep,
    .has_version = has_version,
    .has_version_file = has_version_file,
    .remove = remove_lineage,
};
