#include "disk/certbot_links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/reading.h"
#include "disk/certbot_versions.h"
#include "disk/live_dir.h"
#include "disk/live_switch.h"

/* ---- reading ---- */

void links_clear(struct links *links)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        free(links->text[kind]);
        free(links->target[kind]);
        free(links->dir[kind]);
    }
    *links = (struct links){ 0 };
}

/* The path that a link with that text leads to, folded as text, as Certbot does, not as the kernel would follow it. */
static char *target_of(const char *link, const char *text)
{
    AUTO(free) char *dir = file_dirname(link);
    AUTO(free) char *path = text[0] == '/' ? xstrdup(text) : file_join(dir, text);

    return file_absolute(path);
}

bool links_read(const struct lineage *lineage, struct links *out, struct error *err)
{
    AUTO(links_clear) struct links links = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        const char *link = lineage->live[kind];

        if (!file_read_link(link, &links.text[kind], err)) {
            int sys = err->sys;

            if (sys != EINVAL && sys != ENOENT && sys != ENOTDIR)
                return false;
            (void)error_set(err, ERROR_STORE, "expected %s to be a symlink", link);
            return error_sys(err, sys);
        }
        links.target[kind] = target_of(link, links.text[kind]);
        links.dir[kind] = file_dirname(links.target[kind]);
    }
    *out = links;
    links = (struct links){ 0 };
    return true;
}

char *links_dir(const struct lineage *lineage, enum kind kind)
{
    AUTO(free) char *text = NULL, *target = NULL;
    struct error err = { 0 };

    if (lineage->live[kind] == NULL || !file_read_link(lineage->live[kind], &text, &err))
        return NULL;
    target = target_of(lineage->live[kind], text);
    return file_dirname(target);
}

/* ---- switching ---- */

static char *beside(const char *link, const char *prefix, const char *suffix)
{
    AUTO(free) char *dir = file_dirname(link);

    return xprintf("%s/%s%s%s", dir, prefix, file_basename(link), suffix);
}

static char *previous_path(const struct lineage *lineage, int kind)
{
    AUTO(free) char *dir = file_dirname(lineage->live[kind]);

    return xprintf("%s/previous_%s.pem", dir, kind_name((enum kind)kind));
}

/* Each link always is there: it is replaced by a rename. */
static bool replace_link(const char *link, const char *text, struct error *err)
{
    AUTO(free) char *fresh = beside(link, ".", ".new");

    TRY(file_remove(fresh, err));
    if (symlink(text, fresh) != 0)
        return file_error(err, "create the link", fresh);
    if (rename(fresh, link) != 0) {
        int sys = errno;

        (void)unlink(fresh);
        errno = sys;
        return file_error(err, "replace the link", link);
    }
    return true;
}

static bool sync_link_dirs(const struct lineage *lineage, struct error *err)
{
    AUTO(list_clear) struct list synced = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *dir = file_dirname(lineage->live[kind]);

        if (list_has(&synced, dir))
            continue;
        TRY(file_sync_dir(dir, err));
        list_add(&synced, dir);
    }
    return true;
}

/* Removes the links in Certbot's order, by which a fullchain exists as long as all four do. */
static bool remove_previous(const struct lineage *lineage, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *previous = lineage->live[kind] == NULL ? NULL : previous_path(lineage, kind);

        if (previous != NULL && file_is_link(previous))
            TRY(file_remove(previous, err));
    }
    return true;
}

static bool make_previous(const struct lineage *lineage, const struct links *links, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *previous = previous_path(lineage, kind);

        if (symlink(links->target[kind], previous) != 0)
            return file_error(err, "create the link", previous);
    }
    return sync_link_dirs(lineage, err);
}

static bool point_to(const struct lineage *lineage, const struct links *old, unsigned version, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *dir = file_dirname(old->text[kind]);
        AUTO(free) char *text = version_path(dir, (enum kind)kind, version);

        TRY(replace_link(lineage->live[kind], text, err));
    }
    return sync_link_dirs(lineage, err);
}

/* Restores the links after a failure. If this fails too, the previous links stay, and the next load of the lineage uses
 * them. */
static void put_back(const struct lineage *lineage, const struct links *old)
{
    struct error err = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *text = NULL;

        if (!file_read_link(lineage->live[kind], &text, &err) || strcmp(text, old->text[kind]) != 0)
            if (!replace_link(lineage->live[kind], old->text[kind], &err))
                return;
    }
    (void)remove_previous(lineage, &err);
}

/* Switches one link after the other, for file systems that cannot exchange directories. */
static bool switch_links(const struct lineage *lineage, const struct links *old, unsigned version, struct error *err)
{
    if (!make_previous(lineage, old, err) || !point_to(lineage, old, version, err)) {
        put_back(lineage, old);
        return false;
    }
    TRY(remove_previous(lineage, err));
    return sync_link_dirs(lineage, err); /* else what comes back after a power failure has the old version put back */
}

/* ---- switching all four in one step ---- */

/* CONFIG/live/NAME itself: what a renewal file names elsewhere is not exchanged. */
static bool is_in_live(const struct lineage *lineage)
{
    AUTO(free) char *renewal = file_dirname(lineage->conf_path);
    AUTO(free) char *config = file_dirname(renewal);
    AUTO(free) char *live = file_join(config, "live");
    AUTO(free) char *above = file_dirname(lineage->live_dir);

    return strcmp(above, live) == 0 && !file_is_link(lineage->live_dir);
}

static bool links_are_together(const struct lineage *lineage)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *dir = file_dirname(lineage->live[kind]);
        AUTO(free) char *name = xprintf("%s.pem", kind_name((enum kind)kind));

        if (strcmp(dir, lineage->live_dir) != 0 || strcmp(file_basename(lineage->live[kind]), name) != 0)
            return false;
    }
    return is_in_live(lineage);
}

static bool fill_next(const struct links *old, const char *next, unsigned version, struct error *err)
{
    if (mkdir(next, 0755) != 0)
        return file_error(err, "create the directory", next);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *name = xprintf("%s.pem", kind_name((enum kind)kind));
        AUTO(free) char *link = file_join(next, name);
        AUTO(free) char *dir = file_dirname(old->text[kind]);
        AUTO(free) char *text = version_path(dir, (enum kind)kind, version);

        if (symlink(text, link) != 0)
            return file_error(err, "create the link", link);
    }
    return true;
}

static bool switch_dir(const struct lineage *lineage, const struct links *old, unsigned version, struct error *err)
{
    AUTO(free) char *next = live_stand_in(lineage->live_dir);
    struct error late = { 0 };

    TRY(live_settle(lineage->live_dir, next, err));
    if (fill_next(old, next, version, err) && live_switch(lineage->live_dir, next, err))
        return true;
    if (!live_drop(lineage->live_dir, next, &late)) /* the next one to load the lineage tries again */
        log_warning(
            "Could not clean up after trying to make version %u of %s live: %s", version, lineage->name, late.why);
    return false;
}

bool links_switch(const struct lineage *lineage, unsigned version, struct error *err)
{
    AUTO(links_clear) struct links old = { 0 };
    bool ok;

    TRY(links_read(lineage, &old, err));
    TRY(remove_previous(lineage, err)); /* of an attempt that ended before it had made all four */
    if (links_are_together(lineage)) {
        if (switch_dir(lineage, &old, version, err))
            return true;
        if (!live_cannot_switch(err))
            return false;
        error_clear(err);
    }
    switching_begin();
    ok = switch_links(lineage, &old, version, err);
    switching_end();
    return ok;
}

/* ---- recovering ---- */

/* The previous targets of the four links; false unless all are known and exist. */
static bool previous_targets(const struct lineage *lineage, struct links *out)
{
    struct error err = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *previous = previous_path(lineage, kind);

        if (!file_read_link(previous, &out->text[kind], &err))
            return false;
        out->target[kind] = target_of(previous, out->text[kind]);
        out->dir[kind] = file_dirname(out->target[kind]);
        if (!file_exists(out->target[kind]))
            return false;
    }
    return true;
}

/* Points one link to where it pointed, keeping it relative where the text that it has allows that. */
static bool restore_link(const char *link, const char *target, const char *target_dir, struct error *err)
{
    AUTO(free) char *text = NULL, *now = NULL, *now_dir = NULL, *text_dir = NULL, *relative = NULL;
    struct error missing = { 0 };

    if (!file_read_link(link, &text, &missing)) {
        if (missing.sys != ENOENT) /* a file: whose it is we do not know */
            return error_set(err, ERROR_STORE, "expected %s to be a symlink", link);
        return replace_link(link, target, err); /* Certbot takes links away before it makes the new ones */
    }
    now = target_of(link, text);
    if (strcmp(now, target) == 0)
        return true;
    now_dir = file_dirname(now);
    text_dir = file_dirname(text);
    relative = file_join(text_dir, file_basename(target));
    return replace_link(link, strcmp(now_dir, target_dir) == 0 ? relative : target, err);
}

bool links_is_unsettled(const struct lineage *lineage)
{
    AUTO(free) char *last = lineage->live[KIND_FULLCHAIN] == NULL ? NULL : previous_path(lineage, KIND_FULLCHAIN);

    return (last != NULL && file_is_link(last)) ||
           (lineage->live_dir != NULL && !lineage->alone && live_has_stand_in(lineage->live_dir));
}

/* Removes the file that an interrupted replace_link leaves. */
static bool remove_fresh(const struct lineage *lineage, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        const char *link = lineage->live[kind];
        AUTO(free) char *fresh = link == NULL ? NULL : beside(link, ".", ".new");

        if (fresh != NULL && !file_remove(fresh, err) && err->sys != ENOTDIR)
            return false;
    }
    return true;
}

bool links_recover(const struct lineage *lineage, struct error *err)
{
    AUTO(links_clear) struct links previous = { 0 };
    AUTO(free) char *next = live_stand_in(lineage->live_dir);

    TRY(live_settle(lineage->live_dir, next, err));
    if (!links_is_unsettled(lineage))
        return true;
    if (previous_targets(lineage, &previous)) {
        log_info("Putting back the version of %s that was live before a deployment was interrupted", lineage->name);
        for (int kind = 0; kind < KIND_COUNT; kind++)
            TRY(restore_link(lineage->live[kind], previous.target[kind], previous.dir[kind], err));
        TRY(sync_link_dirs(lineage, err));
    }
    TRY(remove_fresh(lineage, err));
    return remove_previous(lineage, err);
}

bool links_remove_leftovers(const struct lineage *lineage, struct error *err)
{
    if (lineage->live_dir != NULL)
        TRY(live_remove_passing(lineage->live_dir, err));
    TRY(remove_previous(lineage, err));
    return remove_fresh(lineage, err);
}
