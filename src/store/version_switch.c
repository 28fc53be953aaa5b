#include "store/version_switch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/layout.h"
#include "store/live_dir.h"
#include "store/version_dir.h"

/* ---- switching ---- */

static char *next_path(const struct lineage *lineage, const char *id)
{
    return xprintf("%s/%s.next", lineage->archive_dir, id);
}

/* After a step other than an exchange. */
static bool sync_both(const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *above = file_dirname(lineage->live_dir);

    TRY(file_sync_dir(above, err));
    return file_sync_dir(lineage->archive_dir, err);
}

bool switch_advise(const char *name, struct error *err)
{
    if (name == NULL)
        return error_next(err, "put both on one file system, or use --store-layout certbot");
    return error_next(err,
        "put both on one file system, or run `store convert --layout certbot --cert-name %s` (for new "
        "certificates: --store-layout certbot)",
        name);
}

bool switch_error(const struct lineage *lineage, struct error *err)
{
    bool is_new = lineage->conf == NULL || lineage_is_new(lineage);

    (void)file_error(err, "make the new version live in", lineage->live_dir);
    if (err->sys != EXDEV)
        return false;
    (void)error_in(err, "%s and %s are on different file systems", lineage->live_dir, lineage->archive_dir);
    return switch_advise(is_new ? NULL : lineage->name, err);
}

/* Without an exchange there is a moment without a live version, of two system calls. */
static bool exchange_by_steps(const struct lineage *lineage, const char *next, struct error *err)
{
    AUTO(free) char *aside = xprintf("%s.was", next);

    if (rename(lineage->live_dir, aside) != 0 && errno != ENOENT)
        return switch_error(lineage, err);
    if (rename(next, lineage->live_dir) != 0) {
        (void)switch_error(lineage, err);
        (void)!rename(aside, lineage->live_dir);
        return false;
    }
    if (rename(aside, next) != 0 &&
        errno != ENOENT) /* the new one is live; the next one to load it goes on from here */
        log_warning("Could not put %s away: %s", aside, strerror(errno));
    return true;
}

static bool exchange(const struct lineage *lineage, const char *next, struct error *err)
{
    struct error late = { 0 };

    if (live_exchange(lineage->live_dir, next, err))
        return true;
    if (file_exchange_is_missing(err) || err->sys == ENOENT) {
        TRY(exchange_by_steps(lineage, next, err));
        if (!sync_both(lineage, &late))
            log_warning("Could not sync the directories of %s: %s", lineage->name, late.why);
        return true;
    }
    errno = err->sys;
    return switch_error(lineage, err);
}

bool switch_file_away(const struct lineage *lineage, const char *next, const char *id, struct error *err)
{
    AUTO(free) char *place = file_join(lineage->archive_dir, id);

    if (rename(next, place) == 0)
        return true;
    if (errno != EEXIST && errno != ENOTEMPTY)
        return file_error(err, "put away", next);
    if (version_dir_equal(next, place)) /* it is there already */
        return version_dir_drop(lineage->archive_dir, file_basename(next), err);
    if (version_dir_is_whole(place))
        return error_set(err, ERROR_STORE, "%s and %s differ, but have the same date and serial number", next, place);
    TRY(live_hand_over(place, next, err));
    TRY(version_dir_drop(lineage->archive_dir, id, err)); /* the rest of a version */
    return rename(next, place) == 0 || file_error(err, "put away", next);
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

bool switch_live(const struct lineage *lineage, const char *id, struct error *err)
{
    AUTO(free) char *next = next_path(lineage, id);
    struct error late = { 0 };

    TRY(live_prepare(lineage->live_dir, next, err));
    TRY(exchange(lineage, next, err));
    if (!put_away(lineage, next, &late) ||
        !file_sync_dir(lineage->archive_dir, &late)) /* the next one to load it does */
        log_warning("Could not put the version of %s away that was live before: %s", lineage->name, late.why);
    return true;
}

/* ---- settling ---- */

bool switch_is_unsettled(const struct lineage *lineage)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    /* What is live can be read where superseded versions are another user's. With any other trouble nobody knows, and
     * whoever looks closer is told which it is. */
    if (!file_list_dir(lineage->archive_dir, &names, &err))
        return err.sys != ENOENT && err.sys != ENOTDIR && err.sys != ELOOP && err.sys != EACCES && err.sys != EPERM;
    for (size_t i = 0; i < names.len; i++) {
        struct view id;

        if (names.at[i][0] == '.' || version_is_next(names.at[i], &id) || text_ends(names.at[i], ".next.was"))
            return true;
    }
    return false;
}

/* What was exchanged by steps and cut short: ".was" is the version that was live. */
static bool settle_steps(const struct lineage *lineage, const char *name, struct error *err)
{
    AUTO(free) char *aside = file_join(lineage->archive_dir, name);
    AUTO(free) char *next = xstrdup(aside);

    next[strlen(next) - strlen(".was")] = '\0';
    if (!file_exists(lineage->live_dir)) {
        const char *chosen = file_is_dir(next) ? next : aside;

        log_info("Making a version of %s live, as a switch was interrupted", lineage->name);
        if (rename(chosen, lineage->live_dir) != 0)
            return file_error(err, "make live", chosen);
        if (chosen == aside)
            return true;
    }
    if (!file_exists(next) && rename(aside, next) != 0)
        return file_error(err, "put away", aside);
    return true;
}

/* Nothing was ever live, as the lineage was being made. */
static bool make_first_live(const struct lineage *lineage, const char *next, struct error *err)
{
    if (rename(next, lineage->live_dir) != 0)
        return switch_error(lineage, err);
    return sync_both(lineage, err);
}

/* What is in ID.next: the version ID, which waits to become live, or the one that was live before it. */
static bool settle_next(const struct lineage *lineage, const char *name, struct view id, struct error *err)
{
    AUTO(free) char *path = file_join(lineage->archive_dir, name);
    AUTO(free) char *within = NULL;

    TRY(version_dir_id(path, &within, err));
    if (view_equal(id, view_of(within)))
        return layout_is_taken(lineage->live_dir) || make_first_live(lineage, path, err);
    TRY(sync_both(lineage, err));
    return put_away(lineage, path, err);
}

bool switch_settle(const struct lineage *lineage, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    struct view id;
    bool ok = true;

    if (lineage_shares_archive(lineage))
        return lineage_refuse_shared(lineage, err);
    TRY(file_list_dir(lineage->archive_dir, &names, err));
    for (size_t i = 0; i < names.len; i++)
        if (text_ends(names.at[i], ".next.was"))
            TRY(settle_steps(lineage, names.at[i], err));
    TRY(file_list_dir(lineage->archive_dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        if (version_is_next(names.at[i], &id))
            ok = settle_next(lineage, names.at[i], id, err) && ok; /* one that is broken is not in the way of others */
        else if (version_is_leftover(names.at[i]))
            ok = version_dir_drop(lineage->archive_dir, names.at[i], err) && ok;
    }
    return ok && file_sync_dir(lineage->archive_dir, err);
}

bool switch_pending(const struct lineage *lineage, char **id, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    *id = NULL;
    TRY(file_list_dir(lineage->archive_dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(lineage->archive_dir, names.at[i]);
        AUTO(free) char *within = NULL;
        struct error broken = { 0 };
        struct view named;

        if (!version_is_next(names.at[i], &named) || !version_dir_id(path, &within, &broken) ||
            !view_equal(named, view_of(within)) || !version_dir_is_whole(path))
            continue;
        xreplace(id, within); /* several: the last by time */
    }
    return true;
}
