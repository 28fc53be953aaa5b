#include "disk/version_switch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/reading.h"
#include "base/text.h"
#include "disk/layout.h"
#include "disk/live_dir.h"
#include "disk/live_switch.h"
#include "disk/sharing.h"
#include "disk/version_dir.h"

/* ---- switching ---- */

static char *next_path(const struct lineage *lineage, const char *id)
{
    return xprintf("%s/%s.next", lineage->archive_dir, id);
}

static bool sync_both(const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *above = file_dirname(lineage->live_dir);

    TRY(file_sync_dir(above, err));
    return file_sync_dir(lineage->archive_dir, err);
}

/* Removes what an interruption left. What a user keeps in ID may be in ".ID.new" by then: it goes back to ID, or, where
 * that is gone already, to live/NAME. */
static bool drop_leftover(const struct lineage *lineage, const char *fresh, struct error *err)
{
    const char *name = file_basename(fresh);
    struct view id;

    if (version_is_new(name, &id) && file_is_dir(fresh) && !file_is_link(fresh)) {
        AUTO(free) char *place = xprintf("%s/%.*s", lineage->archive_dir, (int)id.len, id.at);

        TRY(live_hand_over(fresh, file_is_dir(place) ? place : lineage->live_dir, err));
    }
    return version_dir_drop(lineage->archive_dir, name, err);
}

bool switch_move(const struct lineage *lineage, const char *from, const char *to, struct error *err)
{
    AUTO(free) char *fresh = file_beside(to, "new");

    if (rename(from, to) == 0)
        return true;
    if (errno != EXDEV)
        return file_error(err, "rename", from);
    TRY(drop_leftover(lineage, fresh, err));
    if (mkdir(fresh, 0755) != 0)
        return file_error(err, "create the directory", fresh);
    TRY(live_refill(fresh, from, false, err) && live_hand_over(from, fresh, err));
    if (rename(fresh, to) != 0)
        return file_error(err, "rename", fresh);
    return version_dir_drop(lineage->archive_dir, file_basename(from), err);
}

/* The rest of a version, with what a user keeps in it, gives way to the whole one. */
static bool take_place(const struct lineage *lineage, const char *whole, const char *place, struct error *err)
{
    TRY(live_hand_over(place, whole, err));
    TRY(version_dir_drop(lineage->archive_dir, file_basename(place), err));
    return rename(whole, place) == 0 || file_error(err, "put away", whole);
}

bool switch_file_away(const struct lineage *lineage, const char *next, const char *id, struct error *err)
{
    AUTO(free) char *place = file_join(lineage->archive_dir, id);

    if (rename(next, place) == 0)
        return true;
    if (errno != EEXIST && errno != ENOTEMPTY)
        return file_error(err, "put away", next);
    if (version_dir_equal(next, place)) /* it is there already */
        return live_hand_over(next, place, err) && version_dir_drop(lineage->archive_dir, file_basename(next), err);
    if (version_dir_is_whole(place))
        return error_set(err, ERROR_STORE, "%s and %s differ, but have the same date and serial number", next, place);
    return take_place(lineage, next, place, err);
}

/* `next` holds the version that was live before: it gets its own name. */
static bool put_away(const struct lineage *lineage, const char *next, struct error *err)
{
    AUTO(free) char *id = NULL;

    if (!file_is_dir(next) || file_is_link(next)) /* nothing was live */
        return true;
    TRY(live_hand_over(next, lineage->live_dir, err));
    TRY(version_dir_id(next, &id, err));
    return switch_file_away(lineage, next, id, err);
}

/* A place for the version that is live, so that it is superseded once it is not. What lies there already gives way,
 * unless it is the same. */
static bool keep_live(const struct lineage *lineage, const char *id, struct error *err)
{
    AUTO(free) char *place = file_join(lineage->archive_dir, id), *fresh = file_beside(place, "new");
    struct error late = { 0 };

    if (version_dir_equal(place, lineage->live_dir) ||
        (file_exists(place) && !version_dir_is_whole(lineage->live_dir))) /* files were removed by hand */
        return true;
    if (version_dir_is_whole(place))
        return error_set(
            err, ERROR_STORE, "%s and %s differ, but have the same date and serial number", lineage->live_dir, place);
    TRY(drop_leftover(lineage, fresh, err));
    if (mkdir(fresh, 0755) != 0)
        return file_error(err, "create the directory", fresh);
    if (!live_refill(fresh, lineage->live_dir, false, err) || !take_place(lineage, fresh, place, err)) {
        (void)!drop_leftover(lineage, fresh, &late); /* the error that led here is the one to report */
        return false;
    }
    return file_sync_dir(lineage->archive_dir, err);
}

/* Switches the files in place where live/NAME cannot be exchanged. The certificate goes first and comes back last:
 * after a crash the certificate of ID.next is live, and the next start replaces the rest. */
static bool replace_in_place(const struct lineage *lineage, const char *next, const char *old_id, struct error *err)
{
    AUTO(free) char *old = old_id == NULL ? NULL : file_join(lineage->archive_dir, old_id), *now = NULL;
    struct error late = { 0 };

    if (live_refill(lineage->live_dir, next, false, err))
        return true;
    if (old == NULL)
        return false;
    if (version_dir_id(lineage->live_dir, &now, &late) && strcmp(now, old_id) == 0)
        return false; /* nothing was replaced */
    if (!live_refill(lineage->live_dir, old, true, &late))
        log_warning("Only some files in %s are the new ones; the next run replaces the others: %s", lineage->live_dir,
            late.why);
    return false;
}

static bool switch_in_place(const struct lineage *lineage, const char *next, const char *old_id, struct error *err)
{
    bool ok;

    switching_begin();
    ok = replace_in_place(lineage, next, old_id, err);
    switching_end();
    return ok;
}

/* Switches with a directory that stands in for live/NAME meanwhile. */
static bool switch_by_stand_in(const struct lineage *lineage, const char *next, struct error *err)
{
    AUTO(free) char *stand_in = live_stand_in(lineage->live_dir);
    struct error late = { 0 };

    TRY(live_settle(lineage->live_dir, stand_in, err));
    if (mkdir(stand_in, 0700) != 0)
        return file_error(err, "create the directory", stand_in);
    if (live_refill(stand_in, next, false, err) && live_switch(lineage->live_dir, stand_in, err))
        return true;
    if (!live_drop(lineage->live_dir, stand_in, &late)) /* the next one to load the lineage tries again */
        log_warning("Could not clean up after trying to make a version of %s live: %s", lineage->name, late.why);
    return false;
}

/* ID.next is live: what a user keeps in it goes there, too. */
static bool drop_next(const struct lineage *lineage, const char *next, struct error *err)
{
    TRY(live_hand_over(next, lineage->live_dir, err));
    return version_dir_drop(lineage->archive_dir, file_basename(next), err);
}

bool switch_first(const struct lineage *lineage, const char *next, struct error *err)
{
    if (rename(next, lineage->live_dir) == 0)
        return sync_both(lineage, err);
    (void)file_error(err, "make the new version live in", lineage->live_dir);
    if (!live_cannot_switch(err))
        return false;
    error_clear(err);
    if (mkdir(lineage->live_dir, 0755) != 0 && errno != EEXIST)
        return file_error(err, "create the directory", lineage->live_dir);
    TRY(live_refill(lineage->live_dir, next, false, err));
    TRY(drop_next(lineage, next, err));
    return sync_both(lineage, err);
}

bool switch_live(const struct lineage *lineage, const char *id, struct error *err)
{
    AUTO(free) char *next = next_path(lineage, id), *old_id = NULL;
    struct error late = { 0 };

    if (!file_exists(lineage->live_dir))
        return switch_first(lineage, next, err);
    if (!version_dir_id(lineage->live_dir, &old_id, err)) { /* none that could be read */
        if (err->sys != 0 && err->sys != ENOENT)
            return false;
        error_clear(err);
    }
    TRY(old_id == NULL || strcmp(old_id, id) == 0 || keep_live(lineage, old_id, err));
    if (!switch_by_stand_in(lineage, next, err)) {
        if (!live_cannot_switch(err))
            return false;
        log_debug("The files in %s are replaced one by one: %s", lineage->live_dir, err->why);
        error_clear(err);
        TRY(switch_in_place(lineage, next, old_id, err));
    }
    if (!drop_next(lineage, next, &late) ||
        !file_sync_dir(lineage->archive_dir, &late)) /* the next one to load it does */
        log_warning("Could not clean up after making version %s of %s live: %s", id, lineage->name, late.why);
    return true;
}

/* ---- settling ---- */

bool switch_is_unsettled(const struct lineage *lineage)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (live_has_stand_in(lineage->live_dir))
        return true;
    /* A superseded version may belong to another user while the live one is readable. With other errors the state is
     * unknown; callers that look closer report the error. */
    if (!file_list_dir(lineage->archive_dir, &names, &err))
        return err.sys != ENOENT && err.sys != ENOTDIR && err.sys != ELOOP && err.sys != EACCES && err.sys != EPERM;
    for (size_t i = 0; i < names.len; i++) {
        struct view id;

        if (names.at[i][0] == '.' || version_is_next(names.at[i], &id))
            return true;
    }
    return false;
}

/* Whether both have the same files; a meta.txt in one alone would describe another version. */
static bool is_same(const char *a, const char *b)
{
    AUTO(free) char *meta_a = file_join(a, META_NAME), *meta_b = file_join(b, META_NAME);

    return version_dir_equal(a, b) && file_exists(meta_a) == file_exists(meta_b);
}

/* Settles ID.next. It holds version ID, which waits to become live or has just become live, or a version that was live
 * before. */
static bool settle_next(const struct lineage *lineage, const char *name, struct view id, struct error *err)
{
    AUTO(free) char *path = file_join(lineage->archive_dir, name);
    AUTO(free) char *within = NULL, *live = NULL;
    struct error unknown = { 0 };

    TRY(version_dir_id(path, &within, err));
    if (!view_equal(id, view_of(within)))
        return sync_both(lineage, err) && put_away(lineage, path, err);
    if (!version_dir_id(lineage->live_dir, &live, &unknown))
        return layout_is_taken(lineage->live_dir) || switch_first(lineage, path, err);
    if (strcmp(live, within) != 0) /* it waits */
        return true;
    if (!is_same(path, lineage->live_dir))
        TRY(live_refill(lineage->live_dir, path, false, err));
    return drop_next(lineage, path, err);
}

bool switch_settle(const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *stand_in = live_stand_in(lineage->live_dir);
    AUTO(list_clear) struct list names = { 0 };
    struct view id;
    bool ok = true;

    if (lineage_shares_archive(lineage))
        return lineage_refuse_shared(lineage, err);
    TRY(live_settle(lineage->live_dir, stand_in, err) && live_remove_passing(lineage->live_dir, err));
    TRY(file_list_dir(lineage->archive_dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(lineage->archive_dir, names.at[i]);

        if (version_is_next(names.at[i], &id))
            ok = settle_next(lineage, names.at[i], id, err) && ok; /* one that is broken is not in the way of others */
        else if (version_is_leftover(names.at[i]))
            ok = drop_leftover(lineage, path, err) && ok;
    }
    return ok && file_sync_dir(lineage->archive_dir, err);
}

bool switch_pending(const struct lineage *lineage, char **id, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *live = NULL;
    struct error unknown = { 0 };

    *id = NULL;
    if (!version_dir_id(lineage->live_dir, &live, &unknown))
        live = xstrdup("");
    TRY(file_list_dir(lineage->archive_dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(lineage->archive_dir, names.at[i]);
        AUTO(free) char *within = NULL;
        struct error broken = { 0 };
        struct view named;

        if (!version_is_next(names.at[i], &named) || !version_dir_id(path, &within, &broken) ||
            !view_equal(named, view_of(within)) || !version_dir_is_whole(path) || strcmp(within, live) == 0)
            continue;
        xreplace(id, within); /* several: the last by time */
    }
    return true;
}
