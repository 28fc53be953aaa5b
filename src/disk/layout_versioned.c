/*
 * The versioned layout: live/NAME is a directory of regular files, and each version that it held before is a directory
 * of its own in archive/NAME.
 *
 * archive/NAME and what is in it are the owner's alone, whoever may read the live files.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/layout.h"
#include "disk/live_dir.h"
#include "disk/live_switch.h"
#include "disk/sharing.h"
#include "disk/version_dir.h"
#include "disk/version_switch.h"

#define ARCHIVE_MODE 0700

/* ---- finding ---- */

static char *superseded_dir(const struct lineage *lineage, const char *id)
{
    return file_join(lineage->archive_dir, id);
}

/* The directory of a version: live, waiting or superseded. */
static char *dir_of(const struct lineage *lineage, const char *id)
{
    AUTO(free) char *live = NULL, *next = xprintf("%s/%s.next", lineage->archive_dir, id);
    struct error err = { 0 };

    if (version_dir_id(lineage->live_dir, &live, &err) && strcmp(live, id) == 0)
        return xstrdup(lineage->live_dir);
    return file_is_dir(next) ? TAKE(next) : superseded_dir(lineage, id);
}

static char *path(const struct lineage *lineage, const char *id, enum kind kind)
{
    AUTO(free) char *dir = dir_of(lineage, id);

    return version_file(dir, kind);
}

static bool live(const struct lineage *lineage, char **id, struct error *err)
{
    return version_dir_id(lineage->live_dir, id, err);
}

/* The renewal file names four files in one directory, or it is none of ours. */
static bool check_live(const struct lineage *lineage, struct error *err)
{
    if (file_is_link(lineage->live_dir)) {
        (void)error_set(err, ERROR_STORE, "%s is a link, where a directory of files belongs", lineage->live_dir);
        return error_next(err, "move the directory that it leads to in its place");
    }
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *expected = version_file(lineage->live_dir, (enum kind)kind);
        struct stat st;

        if (strcmp(lineage->live[kind], expected) != 0)
            return error_set(
                err, ERROR_STORE, "%s names %s where %s belongs", lineage->conf_path, lineage->live[kind], expected);
        if (file_is_closed(expected, err))
            return false;
        if (lstat(expected, &st) != 0 || !S_ISREG(st.st_mode)) {
            (void)error_set(err, ERROR_STORE, "expected %s to be a file", expected);
            return error_next(err, "`doctor` tells what is wrong, and `doctor --fix` mends what can be mended");
        }
    }
    return true;
}

static bool find_live(struct lineage *lineage, struct error *err)
{
    AUTO(free) char *pending = NULL;
    char *dir;

    TRY(check_live(lineage, err));
    lineage->unsettled = switch_is_unsettled(lineage);
    if (lineage->unsettled)
        TRY(switch_pending(lineage, &pending, err));
    lineage->pending_deployment = pending != NULL;
    if (pending == NULL)
        TRY(live(lineage, &pending, err));
    dir =
        lineage->pending_deployment ? xprintf("%s/%s.next", lineage->archive_dir, pending) : xstrdup(lineage->live_dir);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        free(lineage->current[kind]);
        lineage->current[kind] = version_file(dir, (enum kind)kind);
    }
    free(dir);
    xreplace(&lineage->version, pending);
    return true;
}

static bool list(const struct lineage *lineage, struct list *ids, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *live_id = NULL, *pending = NULL;

    TRY(file_list_dir(lineage->archive_dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *dir = superseded_dir(lineage, names.at[i]);

        if (version_id_is(view_of(names.at[i])) && version_dir_is_whole(dir))
            list_add(ids, names.at[i]);
    }
    TRY(live(lineage, &live_id, err));
    TRY(switch_pending(lineage, &pending, err));
    if (!list_has(ids, live_id))
        list_add(ids, live_id);
    if (pending != NULL && !list_has(ids, pending))
        list_add(ids, pending);
    list_sort(ids);
    return true;
}

static bool has_version_file(const struct lineage *lineage, const char *file)
{
    AUTO(free) char *dir = file_dirname(file);
    AUTO(free) char *above = file_dirname(dir);
    const char *name = file_basename(file);

    return strcmp(above, lineage->archive_dir) == 0 && version_id_is(view_of(file_basename(dir))) &&
           (strcmp(name, "cert.pem") == 0 || strcmp(name, "fullchain.pem") == 0) && file_exists(file);
}

/* ---- writing ---- */

static bool id_of(const struct issued *issued, char **id, struct error *err)
{
    AUTO(cert_free) struct cert *cert = NULL;

    TRY(cert_from_pem(issued->cert, "the new certificate", &cert, err));
    *id = version_id(cert);
    return true;
}

/* Whether a version is what was issued, whole. */
static bool holds(const char *dir, const struct issued *issued)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = version_file(dir, (enum kind)kind);
        AUTO(buf_clear) struct buf text = BUF_SECRET(FILE_MAX_TEXT);
        struct error err = { 0 };

        if (!file_read(path, &text, &err) || !view_equal(buf_view(&text), issued_part(issued, (enum kind)kind)))
            return false;
    }
    return true;
}

static bool add(const struct lineage *lineage, const struct issued *issued, const struct access *access,
    struct undo *undo, char **id, struct error *err)
{
    AUTO(free) char *made = NULL, *fresh = NULL, *next = NULL;
    struct error removing = { 0 };

    TRY(id_of(issued, &made, err));
    fresh = xprintf("%s/.%s.new", lineage->archive_dir, made);
    next = xprintf("%s/%s.next", lineage->archive_dir, made);
    if (!file_is_dir(lineage->archive_dir))
        TRY(file_mkdirs(lineage->archive_dir, ARCHIVE_MODE, err));
    TRY(remove_version_tree(fresh, err));
    TRY(version_dir_write(fresh, issued, access, err));
    if (rename(fresh, next) == 0) {
        undo_add_tree(undo, next);
    } else {
        (void)file_error(err, "create", next);
        if (!remove_version_tree(fresh, &removing) || !holds(next, issued))
            return false;
        error_clear(err); /* added by a run that ended too early */
    }
    TRY(file_sync_dir(lineage->archive_dir, err));
    *id = TAKE(made);
    return true;
}

/* ---- switching ---- */

/* A version that waits to become live must not do so after another one has: it joins those that are superseded. */
static bool give_up_pending(const struct lineage *lineage, const char *chosen, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(lineage->archive_dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *next = file_join(lineage->archive_dir, names.at[i]);
        AUTO(free) char *own = NULL;
        struct view id;

        if (!version_is_next(names.at[i], &id) || view_equal(id, view_of(chosen)))
            continue;
        if (lineage_shares_archive(lineage)) /* the other's */
            return true;
        own = view_dup(id);
        TRY(switch_file_away(lineage, next, own, err));
    }
    return true;
}

static bool deploy(const struct lineage *lineage, const char *id, struct error *err)
{
    TRY(give_up_pending(lineage, id, err));
    return switch_live(lineage, id, err);
}

static bool restore(const struct lineage *lineage, const char *id, char **now, struct error *err)
{
    AUTO(free) char *dir = superseded_dir(lineage, id);
    AUTO(free) char *next = xprintf("%s.next", dir);
    AUTO(free) char *kept = xstrdup(id);
    AUTO(free) char *is_live = NULL, *key = version_file(dir, KIND_PRIVKEY);

    if (!file_is_dir(dir) && version_dir_is_whole(next)) { /* it waits, and was not made live by hand */
        TRY(deploy(lineage, id, err));
        *now = TAKE(kept);
        return true;
    }
    TRY(access_hand_on(lineage->current[KIND_PRIVKEY], key, err));
    TRY(live_set_apart(lineage->live_dir, dir, id, err));
    TRY(switch_move(lineage, dir, next, err));
    if (!deploy(lineage, id, err)) {
        struct error unknown = { 0 };

        /* unless some of its files are live */
        if (version_dir_id(lineage->live_dir, &is_live, &unknown) && strcmp(is_live, id) != 0)
            (void)!rename(next, dir);
        return false;
    }
    *now = TAKE(kept);
    return true;
}

/* Issued twice, or restored and then added once more from elsewhere. */
static bool has_copy(const struct lineage *lineage, const char *id)
{
    AUTO(free) char *dir = superseded_dir(lineage, id);

    return version_dir_equal(dir, lineage->live_dir);
}

static bool drop(const struct lineage *lineage, const char *id, struct error *err)
{
    TRY(version_dir_drop(lineage->archive_dir, id, err));
    return file_sync_dir(lineage->archive_dir, err);
}

static bool has_version(const struct lineage *lineage)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };
    struct view id;

    if (version_dir_is_whole(lineage->live_dir) || !file_list_dir(lineage->archive_dir, &names, &err))
        return true;
    for (size_t i = 0; i < names.len; i++)
        if (version_id_is(view_of(names.at[i])) || version_is_next(names.at[i], &id))
            return true;
    return false;
}

/* ---- creating ---- */

/* It is not looked for before there is a renewal file; but the files in live/NAME are complete all the same. */
static bool create(const struct lineage *lineage, const struct issued *issued, const struct access *access,
    struct undo *undo, struct error *err)
{
    AUTO(free) char *above = file_dirname(lineage->live_dir);
    AUTO(free) char *archive_above = file_dirname(lineage->archive_dir);
    AUTO(free) char *id = NULL, *next = NULL;

    TRY(layout_make_dir(lineage->archive_dir, ARCHIVE_MODE, undo, err));
    TRY(add(lineage, issued, access, undo, &id, err));
    next = xprintf("%s/%s.next", lineage->archive_dir, id);
    undo_add_tree(undo, lineage->live_dir); /* missing, or an empty directory */
    TRY(switch_first(lineage, next, err));
    TRY(layout_write_readme(above, "[cert name]/", NULL, err));
    TRY(file_sync_dir(archive_above, err));
    return file_sync_dir(above, err);
}

/* ---- removing ---- */

/* Removes the live files that the renewal file names, and meta.txt when all four are there; other files are the user's.
 */
static bool remove_live(const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *meta = NULL;
    bool together = true;

    if (lineage->live_dir == NULL)
        return true;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *expected = version_file(lineage->live_dir, (enum kind)kind);

        together = together && text_equal(lineage->live[kind], expected);
    }
    TRY(live_remove_passing(lineage->live_dir, err));
    meta = file_join(lineage->live_dir, META_NAME);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (lineage->live[kind] != NULL && !remove_version_file(lineage->live[kind], (enum kind)kind, err) &&
            err->sys != ENOTDIR)
            return false;
    if (!together)
        return true;
    TRY(file_remove(meta, err));
    return file_remove_dir_if_empty(lineage->live_dir, err);
}

static bool remove_lineage(const struct lineage *lineage, bool whole_archive, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(remove_live(lineage, err));
    TRY(file_list_dir(lineage->archive_dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        struct view id;

        if (version_id_is(view_of(names.at[i])) || version_is_next(names.at[i], &id) ||
            version_is_leftover(names.at[i]))
            TRY(version_dir_drop(lineage->archive_dir, names.at[i], err));
    }
    return whole_archive && !file_is_link(lineage->archive_dir) ? remove_version_tree(lineage->archive_dir, err)
                                                                : file_remove_dir_if_empty(lineage->archive_dir, err);
}

const struct layout layout_versioned = {
    .name = "versioned",
    .taken = layout_taken,
    .create = create,
    .is_unsettled = switch_is_unsettled,
    .settle = switch_settle,
    .find = find_live,
    .list = list,
    .path = path,
    .live = live,
    .add = add,
    .deploy = deploy,
    .restore = restore,
    .has_copy = has_copy,
    .drop = drop,
    .has_version = has_version,
    .has_version_file = has_version_file,
    .remove = remove_lineage,
};
